/* SPDX-License-Identifier: Apache-2.0 */
/* client: the inside of stator/client.h: what all calls of a client share.
 *
 * After stator_client_open nothing changes but the identity, the pool, the clock and the budget, which see to their own
 * threads.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "checksum.h"
#include "endpoint.h"
#include "identity.h"
#include "pool.h"
#include "retry.h"
#include "skew.h"

#include "stator/client.h"

struct stator_client {
    struct stator_client_options options; /* defaults filled in; its texts are not used after the client is open */
    struct stator_allocator allocator;
    struct endpoint endpoint, streams_endpoint;
    char *region, *ca_file, *user_agent;
    struct checksum_tables checksum;

    struct identity identity;
    struct pool pool;
    struct skew skew;
    struct retry_budget budget;
};

/* Seconds since 1970, as the server counts them. */
int64_t client_time(struct stator_client *client, int64_t *ahead_s);

/* Tells the caller's log, if there is one. Texts of the service are to be cut short; items and secrets never go here. */
void client_log(const struct stator_client *client, enum stator_log_level level, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
