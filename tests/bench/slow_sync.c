/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a server, makes each of its syncs take SLOW_SYNC_US longer: a disk without a cache. And each write of the
 * engine's log SLOW_WRITE_US: a system that has as much unwritten as it may have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int fsync(int fd);
int fdatasync(int fd);

ssize_t write(int fd, const void *data, size_t len);

static void delay(const char *name)
{
    const char *us = getenv(name);

    if (us != NULL)
        usleep((useconds_t)atol(us));
}

static int is_log(int fd)
{
    char link[64], path[4096];
    ssize_t len;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path));
    return len > 4 && memcmp(path + len - 4, ".log", 4) == 0;
}

ssize_t write(int fd, const void *data, size_t len)
{
    if (is_log(fd))
        delay("SLOW_WRITE_US");
    return syscall(SYS_write, fd, data, len);
}

int fsync(int fd)
{
    delay("SLOW_SYNC_US");
    return (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    delay("SLOW_SYNC_US");
    return (int)syscall(SYS_fdatasync, fd);
}
