/* SPDX-License-Identifier: Apache-2.0 */
/* checksum: the CRC-32 of x-amz-crc32 (that of zlib and Ethernet), eight bytes at a step.
 *
 * The tables are 8 KiB, made at run time once for a client: nothing global, nothing to carry in the library.
 */
#ifndef CLIENT_CHECKSUM_H
#define CLIENT_CHECKSUM_H

#include "base/bytes.h"

struct checksum_tables {
    uint32_t at[8][256];
};

void checksum_tables_init(struct checksum_tables *tables);

uint32_t checksum_of(const struct checksum_tables *tables, struct bytes data);

/* Whether text, the header's decimal number, is the checksum of data. */
bool checksum_agrees(const struct checksum_tables *tables, const char *text, struct bytes data);

#endif
