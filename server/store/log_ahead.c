/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_ahead.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "store/nowait.h"

static _Thread_local bool active;
static _Thread_local void (*on_sync)(void *context); /* NULL once it was called */
static _Thread_local void *on_sync_context;

void log_ahead_begin(void (*before_sync)(void *context), void *context)
{
    active = true;
    on_sync = before_sync;
    on_sync_context = context;
}

void log_ahead_note_sync(void)
{
    void (*call)(void *context) = on_sync;

    on_sync = NULL;
    if (call != NULL)
        call(on_sync_context);
}

void log_ahead_end(void)
{
    active = false;
    log_ahead_note_sync();
}

bool log_ahead_sees_sync(void)
{
    return NOWAIT;
}

#if NOWAIT /* the engine is linked statically */

#define AHEAD_BYTES ((size_t)256 << 10) /* some hundred small items; a restart after a crash reads them in no time */

ssize_t __real_write(int fd, const void *data, size_t len);
ssize_t __wrap_write(int fd, const void *data, size_t len);

/* FIONREAD tells how much of the file is ahead. Not fstat: a write after a look at the times of a file must change them,
 * which is the write of an inode again. It is no failure if there can be no zeros: the log itself is written. */
static void write_zeros(int fd)
{
    static char zeros[AHEAD_BYTES]; /* not const: that would be so many bytes of the program */
    int ahead = 0;
    off_t at;

    if (ioctl(fd, FIONREAD, &ahead) != 0 || ahead > 0)
        return;
    at = lseek(fd, 0, SEEK_CUR);
    if (at >= 0)
        (void)!pwrite(fd, zeros, sizeof(zeros) - (size_t)at % sizeof(zeros), at);
}

/* The linker's --wrap=write makes this the engine's write. */
ssize_t __wrap_write(int fd, const void *data, size_t len)
{
    ssize_t written = __real_write(fd, data, len);
    int error = errno;

    if (active && written > 0)
        write_zeros(fd);
    errno = error;
    return written;
}

#endif
