/* SPDX-License-Identifier: Apache-2.0 */
/* profile: what one of the two shared files says of one profile.
 *
 * In:     the text of a config file ("[default]", "[profile x]") or of a credentials file ("[x]").
 * Out:    views into it. A property that is not there, or empty, has length 0; of a repeated one the last counts.
 *         "[profile default]" takes the place of "[default]".
 * Fails:  STATOR_VALIDATION with the file's path and a line's number, never with its text: it may be a secret.
 * Thread: [any], no state.
 */
#ifndef CLIENT_PROFILE_H
#define CLIENT_PROFILE_H

#include "base/error.h"

enum profile_file {
    PROFILE_CONFIG,
    PROFILE_CREDENTIALS,
};

struct profile {
    bool found;
    struct bytes access_key_id, secret_access_key, session_token;
    struct bytes region, endpoint_url, services, ignore_endpoints;
    struct bytes role_arn; /* comes before the keys */
    const char *other;     /* the name of a property that gives credentials in a way that is not supported, or NULL */
};

STATOR_MUST_CHECK enum stator_rc profile_read(struct profile *out, struct bytes name, enum profile_file file,
                                              struct bytes text, const char *path, struct stator_error *err);

/* "[services x]" of a config file: "dynamodb =", below it "endpoint_url = ..." */
struct profile_services {
    bool found;
    struct bytes dynamodb, streams;
};

STATOR_MUST_CHECK enum stator_rc profile_services_read(struct profile_services *out, struct bytes name,
                                                       struct bytes text, const char *path, struct stator_error *err);

#endif
