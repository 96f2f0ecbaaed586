/* SPDX-License-Identifier: Apache-2.0 */
/* io: reads and writes of a file's part that are whole, past interruptions; and the time that passes meanwhile.
 *
 * Thread: [any].
 */
#ifndef SERVER_STORE_IO_H
#define SERVER_STORE_IO_H

#include <sys/types.h>

#include "base/bytes.h"

/* Bytes read: fewer than asked for at the file's end alone. -1: errno tells. */
ssize_t io_read_at(int fd, uint8_t *out, size_t len, uint64_t offset);

/* 0, or errno's value. */
int io_write_at(int fd, struct bytes bytes, uint64_t offset);

/* Milliseconds of a clock that only goes forwards. */
uint64_t io_monotonic_ms(void);

#endif
