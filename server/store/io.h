/* SPDX-License-Identifier: Apache-2.0 */
/* io: reads and writes of a file's part that are whole, past interruptions; and the time that passes meanwhile.
 *
 * Thread: [any].
 */
#ifndef SERVER_STORE_IO_H
#define SERVER_STORE_IO_H

#include <sys/types.h>

#include "base/bytes.h"

/* Opens a file, and nothing else that may be under its name: a pipe would wait for somebody to write into it. parent is of a directory,
 * or AT_FDCWD. -1: errno tells; EINVAL or ELOOP for what is no file, EISDIR for a folder. */
int io_open_file(int parent, const char *path, int flags);
/* What errno says of io_open_file. */
const char *io_open_error(int error);

/* Bytes read: fewer than asked for at the file's end alone. -1: errno tells. */
ssize_t io_read_at(int fd, uint8_t *out, size_t len, uint64_t offset);

/* The same for a file of which the disk cannot read some sectors (EIO): these are zeros in out, and the first of them begins at
 * *bad_at. UINT64_MAX: there is none. */
ssize_t io_read_past_bad(int fd, uint8_t *out, size_t len, uint64_t offset, uint64_t *bad_at);

/* 0, or errno's value. */
int io_write_at(int fd, struct bytes bytes, uint64_t offset);

/* Milliseconds of a clock that only goes forwards. */
uint64_t io_monotonic_ms(void);

#endif
