/* SPDX-License-Identifier: Apache-2.0 */
#include "store/unsynced.h"

#include <stdbool.h>

#include "store/log_ahead.h"
#include "store/nowait.h"

static _Thread_local bool active;

void unsynced_begin(void)
{
    active = true;
}

void unsynced_end(void)
{
    active = false;
}

#if NOWAIT /* the engine is linked statically */

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);

int __wrap_fsync(int fd)
{
    log_ahead_note_sync();
    return active ? 0 : __real_fsync(fd);
}

int __wrap_fdatasync(int fd)
{
    log_ahead_note_sync();
    return active ? 0 : __real_fdatasync(fd);
}

#endif
