/* SPDX-License-Identifier: Apache-2.0 */
/* auth: who signed the request. The credential is taken apart; the signature itself is not checked yet, and any key and
 * any region are welcome.
 *
 * In:     what the request says of its signer, in the header or, presigned, in the query.
 * Out:    access key and region, borrowing from the input or the arena; or the service's error: MissingAuthentication-
 *         Token, IncompleteSignature, InvalidSignature, UnrecognizedClient, in the service's order.
 * Never:  h2o, op.
 * Thread: [any], no state.
 */
#ifndef SERVER_AUTH_AUTH_H
#define SERVER_AUTH_AUTH_H

#include "base/arena.h"
#include "base/error.h"

/* Absent ones have .at == NULL. */
struct auth_input {
    struct bytes authorization; /* the header */
    struct bytes x_amz_date;    /* the header */
    struct bytes date;          /* the header */
    struct bytes query;         /* behind the '?' of the path */
};

struct auth_identity {
    struct bytes access_key;
    struct bytes region;
};

STATOR_MUST_CHECK enum stator_rc auth_identify(struct auth_identity *out, const struct auth_input *input,
                                               struct arena *arena, struct stator_error *err);

#endif
