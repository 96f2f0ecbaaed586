/* SPDX-License-Identifier: Apache-2.0 */
/* Preloaded into a program, makes its disk fail.
 *
 *      FAIL_SYNC_AT=n    the n-th fsync or fdatasync fails with EIO
 *      FAIL_WRITE_AT=n   the n-th write or pwrite of a file below FAIL_DIR fails with ENOSPC, and so do all after it
 *      FAIL_EIO_AT=n     the n-th of them alone fails, with EIO
 *      FAIL_SHORT_AT=n   the n-th of them writes half of what it is given, and says so
 *      FAIL_EVER=1       FAIL_SYNC_AT and FAIL_EIO_AT: so do all after it
 *      FAIL_FROM=file    the calls are counted from when there is such a file
 *      SLOW_SYNC=file    each sync of a file below FAIL_DIR begins as many milliseconds late as this file says
 *      SLOW_ENDS=text    only of one whose name ends so
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

static atomic_long syncs, writes, writes_once, writes_short;
static atomic_bool begun; /* FAIL_FROM is there */

static long number_of(const char *name)
{
    const char *text = getenv(name);

    return text != NULL ? atol(text) : 0;
}

/* The path of an open file, in out, which has room for PATH_MAX. */
static bool path_of(int fd, char *out)
{
    char link[64];
    ssize_t len;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, out, PATH_MAX - 1);
    out[len > 0 ? len : 0] = '\0';
    return len > 0;
}

static bool counts(int fd)
{
    const char *dir = getenv("FAIL_DIR");
    char path[PATH_MAX];

    return dir != NULL && path_of(fd, path) && strncmp(path, dir, strlen(dir)) == 0;
}

static bool is_slow(int fd)
{
    const char *end = getenv("SLOW_ENDS");
    char path[PATH_MAX];

    if (!counts(fd) || end == NULL)
        return counts(fd);
    return path_of(fd, path) && strlen(path) >= strlen(end) && strcmp(path + strlen(path) - strlen(end), end) == 0;
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

static bool is_counted(int fd)
{
    if (!atomic_load(&begun))
        atomic_store(&begun, getenv("FAIL_FROM") == NULL || is_there("FAIL_FROM"));
    return atomic_load(&begun) && counts(fd);
}

/* Whether it is the turn of a call to fail: the one whose number the environment has, and with FAIL_EVER each after it. */
static bool is_its_turn(int fd, const char *name, atomic_long *calls)
{
    long turn = number_of(name), number;

    if (turn == 0 || !is_counted(fd))
        return false;
    number = atomic_fetch_add(calls, 1) + 1;
    return number == turn || (number > turn && number_of("FAIL_EVER") != 0);
}

static bool sync_fails(int fd)
{
    while (is_there("SLOW_SYNC_WHEN") && counts(fd))
        usleep(1000);
    if (is_there("FAIL_SYNC_WHEN") && counts(fd)) {
        errno = EIO;
        return true;
    }
    if (!is_its_turn(fd, "FAIL_SYNC_AT", &syncs))
        return false;
    report();
    errno = EIO;
    return true;
}

static bool write_fails_once(int fd)
{
    if (!is_its_turn(fd, "FAIL_EIO_AT", &writes_once))
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

    if (name == NULL || !is_slow(fd) || (file = open(name, O_RDONLY | O_CLOEXEC)) < 0)
        return;
    (void)!read(file, text, sizeof(text) - 1);
    close(file);
    usleep((useconds_t)atol(text) * 1000);
}

static bool write_fails(int fd)
{
    if (number_of("FAIL_WRITE_AT") == 0 || !is_counted(fd) ||
        atomic_fetch_add(&writes, 1) + 1 < number_of("FAIL_WRITE_AT"))
        return false;
    report();
    errno = ENOSPC;
    return true;
}

/* How much of len a write is to take. */
static size_t taken(int fd, size_t len)
{
    if (len < 2 || !is_its_turn(fd, "FAIL_SHORT_AT", &writes_short))
        return len;
    report();
    return len / 2;
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
    return write_fails(fd) || write_fails_once(fd) ? -1 : syscall(SYS_write, fd, data, taken(fd, len));
}

ssize_t pwrite(int fd, const void *data, size_t len, off_t offset)
{
    return write_fails(fd) || write_fails_once(fd) ? -1 : syscall(SYS_pwrite64, fd, data, taken(fd, len), offset);
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
