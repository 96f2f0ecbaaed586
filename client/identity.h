/* SPDX-License-Identifier: Apache-2.0 */
/* identity: as whom a client signs: credentials that may change while it works, and the signing key made of them.
 *
 * Owns:   copies of the credentials, overwritten before they are freed.
 * Thread: [any]. The lock guards all fields and is held while find_credentials is asked, so that it is asked once.
 */
#ifndef CLIENT_IDENTITY_H
#define CLIENT_IDENTITY_H

#include <pthread.h>

#include "sign/sigv4.h"

#include "stator/client.h"

struct identity {
    pthread_mutex_t lock;
    char *access_key_id, *secret_access_key, *session_token; /* the last may be NULL; the others are NULL together */
    int64_t expires_at;                                      /* seconds since 1970; 0: never */
    int64_t ask_at;                                          /* when find_credentials is to be asked (again) */
    struct sigv4_key key;                                    /* of today */
};

void identity_init(struct identity *identity);
void identity_deinit(struct identity *identity, const struct stator_allocator *allocator);

/* Replaces the credentials by a copy of these. [only before other threads know of it] */
STATOR_MUST_CHECK enum stator_rc identity_set(struct identity *identity, const struct stator_credentials *credentials,
                                              const struct stator_allocator *allocator, struct stator_error *err);

/* What one signature needs, copied so that it may outlast a change. */
struct identity_use {
    struct bytes access_key_id, session_token; /* in the arena; the token is empty when there is none */
    struct sigv4_key key;
};

/* Asks options->find_credentials first if that is due; while what it gave before has not expired, a failure of it is
 * only logged. */
STATOR_MUST_CHECK enum stator_rc identity_take(struct identity_use *out, struct stator_client *client, int64_t now,
                                               struct arena *arena, struct stator_error *err);

/* Overwrites what is secret in it. */
void identity_forget(struct identity_use *use);

#endif
