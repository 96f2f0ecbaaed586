/* SPDX-License-Identifier: Apache-2.0 */
/* memory: how much of it there is for this process. */
#ifndef SERVER_CONFIG_MEMORY_H
#define SERVER_CONFIG_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Bytes: the least of the limits of the cgroup (version 2, or 1) that the process is in, of those around it, and of the
 * machine. root is put before each path; "" but for tests. */
size_t memory_limit(const char *root);

/* What all requests together may take of that by default: a third, and no more than LIMIT_MEMORY_MOST_BYTES: the rest is
 * the store's, the system's cache, and what is free but not given back. */
size_t memory_for_requests(size_t limit);

/* How many connections there may be by default, by what they take while they say little. */
uint32_t memory_for_connections(size_t limit);

/* And what the definitions of tables may take: a sixth, and no less than LIMIT_TABLES_LEAST_BYTES. */
size_t memory_for_tables(size_t limit);

#endif
