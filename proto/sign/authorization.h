/* SPDX-License-Identifier: Apache-2.0 */
/* authorization: an Authorization header of Signature Version 4, taken apart.
 *
 * In:     "AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/dynamodb/aws4_request, SignedHeaders=host;x-amz-date,
 *         Signature=5f...". The parameters may come in any order, separated by commas, blanks or both; unknown ones are
 *         ignored, and of a repeated one the last counts.
 * Out:    views into it. What is not there is empty; nothing is checked beyond the form, that is for those who answer.
 * Thread: [any], no state.
 */
#ifndef PROTO_SIGN_AUTHORIZATION_H
#define PROTO_SIGN_AUTHORIZATION_H

#include "base/bytes.h"

struct authorization {
    struct bytes algorithm; /* up to the first blank */
    struct bytes credential, signed_headers, signature;
};

struct authorization authorization_of(struct bytes header);

struct credential {
    struct bytes access_key_id, day, region, service, terminator;
    struct bytes scope; /* from day to terminator */
};

/* "AKID/20150830/us-east-1/dynamodb/aws4_request", from the right, for the key may have slashes of its own. False when
 * there are fewer than four. */
bool credential_split(struct credential *out, struct bytes text);

/* Cuts text at the first separator; what follows it stays in *rest. */
struct bytes authorization_cut(struct bytes *rest, char separator);

#endif
