/* SPDX-License-Identifier: Apache-2.0 */
/* client: the inside of stator/client.h: what all calls of a client share.
 *
 * After stator_client_open nothing changes but the pool and what `lock` guards.
 */
#ifndef CLIENT_CLIENT_H
#define CLIENT_CLIENT_H

#include "pool.h"
#include "sign/sigv4.h"

#include "stator/client.h"

/* Where requests of one of the two services go. */
struct endpoint {
    char *url;         /* with a path, "http://localhost:8000/" */
    struct bytes host; /* of url, as the Host header says it: with the port unless it is the scheme's own */
    struct bytes path; /* of url: "/" */
};

struct stator_client {
    struct stator_client_options options; /* defaults filled in; its texts are not used after the client is open */
    struct endpoint endpoint, streams_endpoint;
    char *region, *ca_file, *user_agent;
    char *access_key_id, *secret_access_key, *session_token;
    struct pool pool;

    pthread_mutex_t lock;
    struct sigv4_key key; /* of today */
};

/* The signing key for that time; the caller wipes its copy. */
STATOR_MUST_CHECK enum stator_rc client_key(struct sigv4_key *out, struct stator_client *client, int64_t now,
                                            struct stator_error *err);

#endif
