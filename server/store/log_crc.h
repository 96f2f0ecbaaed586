/* SPDX-License-Identifier: Apache-2.0 */
/* log_crc: the checksum of the engine's log by the processor's own instruction.
 *
 * Debian builds the engine for the oldest x86-64, without it, and the engine does not look again when it runs: CRC-32C by
 * tables was a seventh of what a PutItem of 64 KB costs. Where the engine is linked statically the linker sends
 * its calls here.
 * Thread: [any], pure.
 */
#ifndef SERVER_STORE_LOG_CRC_H
#define SERVER_STORE_LOG_CRC_H

#include <stddef.h>
#include <stdint.h>

/* CRC-32C (Castagnoli) of some bytes of which crc is the checksum (0: of none), and these behind them. */
uint32_t log_crc_extend(uint32_t crc, const char *data, size_t len);

#endif
