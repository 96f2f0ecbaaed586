/* SPDX-License-Identifier: Apache-2.0 */
#include "store/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define SECTOR_BYTES 512

int io_open_file(int parent, const char *path, int flags)
{
    int fd = openat(parent, path, flags | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC, 0600);
    struct stat info;

    if (fd < 0) {
        errno = errno == ENXIO ? EINVAL : errno; /* a socket's, or a pipe's that nobody reads */
        return -1;
    }
    if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode))
        return fd;
    close(fd);
    errno = S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
    return -1;
}

const char *io_open_error(int error)
{
    return error == EINVAL  ? "it is not a file, but a pipe, a socket or a device"
           : error == ELOOP ? "it is not a file, but a link"
                            : strerror(error);
}

ssize_t io_read_at(int fd, uint8_t *out, size_t len, uint64_t offset)
{
    size_t had = 0;

    while (had < len) {
        ssize_t got = pread(fd, out + had, len - had, (off_t)(offset + had));

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        had += (size_t)got;
    }
    return (ssize_t)had;
}

ssize_t io_read_past_bad(int fd, uint8_t *out, size_t len, uint64_t offset, uint64_t *bad_at)
{
    struct stat info;

    *bad_at = UINT64_MAX;
    if (fstat(fd, &info) != 0)
        return -1;
    if (offset >= (uint64_t)info.st_size)
        return 0;
    len = len < (uint64_t)info.st_size - offset ? len : (size_t)((uint64_t)info.st_size - offset);
    for (size_t had = 0; had < len; had += SECTOR_BYTES) {
        const size_t part = len - had < SECTOR_BYTES ? len - had : SECTOR_BYTES;

        if (io_read_at(fd, out + had, part, offset + had) >= 0)
            continue;
        if (errno != EIO)
            return -1;
        memset(out + had, 0, part);
        *bad_at = *bad_at != UINT64_MAX ? *bad_at : offset + had;
    }
    return (ssize_t)len;
}

int io_write_at(int fd, struct bytes bytes, uint64_t offset)
{
    while (bytes.len != 0) {
        ssize_t put = pwrite(fd, bytes.at, bytes.len, (off_t)offset);

        if (put < 0 && errno != EINTR)
            return errno;
        if (put > 0) {
            bytes = bytes_of(bytes.at + put, bytes.len - (size_t)put);
            offset += (uint64_t)put;
        }
    }
    return 0;
}

uint64_t io_monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
