/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a program, makes its disk fail.
 *
 *      FAIL_SYNC_AT=n    the n-th fsync or fdatasync fails with EIO
 *      FAIL_WRITE_AT=n   the n-th write or pwrite of a file below FAIL_DIR fails with ENOSPC, and so do all after it
 *      FAIL_EIO_AT=n     the n-th of them alone fails, with EIO
 *      SLOW_SYNC=file    each sync of a file below FAIL_DIR begins as many milliseconds late as this file says
 *      FAIL_SYNC_WHEN=file   every sync fails while there is such a file
 *      SLOW_SYNC_WHEN=file   a sync does not end while there is such a file
 *      FAIL_DIR=dir      count only files below this directory
 *      FAIL_REPORT=file  gets "hit" when a call was made to fail
 *      FREE_SPACE_LIE=1  statvfs says that there is much space
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_long syncs, writes, writes_once;

static long number_of(const char *name)
{
    const char *text = getenv(name);

    return text != NULL ? atol(text) : 0;
}

static bool counts(int fd)
{
    const char *dir = getenv("FAIL_DIR");
    char link[64], path[PATH_MAX];
    ssize_t len;

    if (dir == NULL)
        return false;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path) - 1);
    return len >= (ssize_t)strlen(dir) && strncmp(path, dir, strlen(dir)) == 0;
}

static void report(void)
{
    const char *name = getenv("FAIL_REPORT");
    int fd = name != NULL ? open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600) : -1;

    if (fd >= 0) {
        (void)!syscall(SYS_write, fd, "hit", 3);
        close(fd);
    }
}

static bool is_there(const char *name)
{
    const char *file = getenv(name);

    return file != NULL && access(file, F_OK) == 0;
}

static bool sync_fails(int fd)
{
    while (is_there("SLOW_SYNC_WHEN") && counts(fd))
        usleep(1000);
    if (is_there("FAIL_SYNC_WHEN") && counts(fd)) {
        errno = EIO;
        return true;
    }
    if (number_of("FAIL_SYNC_AT") == 0 || !counts(fd) || atomic_fetch_add(&syncs, 1) + 1 != number_of("FAIL_SYNC_AT"))
        return false;
    report();
    errno = EIO;
    return true;
}

static bool write_fails_once(int fd)
{
    if (number_of("FAIL_EIO_AT") == 0 || !counts(fd) ||
        atomic_fetch_add(&writes_once, 1) + 1 != number_of("FAIL_EIO_AT"))
        return false;
    report();
    errno = EIO;
    return true;
}

static void be_slow(int fd)
{
    const char *name = getenv("SLOW_SYNC");
    char text[16] = "";
    int file;

    if (name == NULL || !counts(fd) || (file = open(name, O_RDONLY | O_CLOEXEC)) < 0)
        return;
    (void)!read(file, text, sizeof(text) - 1);
    close(file);
    usleep((useconds_t)atol(text) * 1000);
}

static bool write_fails(int fd)
{
    if (number_of("FAIL_WRITE_AT") == 0 || !counts(fd) || atomic_fetch_add(&writes, 1) + 1 < number_of("FAIL_WRITE_AT"))
        return false;
    report();
    errno = ENOSPC;
    return true;
}

int fsync(int fd)
{
    be_slow(fd);
    return sync_fails(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd)
{
    be_slow(fd);
    return sync_fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

ssize_t write(int fd, const void *data, size_t len)
{
    return write_fails(fd) || write_fails_once(fd) ? -1 : syscall(SYS_write, fd, data, len);
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    return write_fails(fd) || write_fails_once(fd) ? -1 : syscall(SYS_pwrite64, fd, data, len, offset);
}

int statvfs(const char *path, struct statvfs *out)
{
    static int (*real)(const char *, struct statvfs *);

    if (real == NULL)
        *(void **)&real = dlsym(RTLD_NEXT, "statvfs");
    if (real(path, out) != 0)
        return -1;
    if (number_of("FREE_SPACE_LIE") != 0)
        out->f_bfree = out->f_bavail = out->f_blocks;
    return 0;
}
