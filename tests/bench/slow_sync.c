/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a server, makes each of its syncs take SLOW_SYNC_US longer: a disk without a cache. */
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

int fsync(int fd);
int fdatasync(int fd);

static void delay(void)
{
    const char *us = getenv("SLOW_SYNC_US");

    if (us != NULL)
        usleep((useconds_t)atol(us));
}

int fsync(int fd)
{
    delay();
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    delay();
    return (int)syscall(SYS_fdatasync, fd);
}
