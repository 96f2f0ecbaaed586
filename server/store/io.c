/* SPDX-License-Identifier: Apache-2.0 */
#include "store/io.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

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
