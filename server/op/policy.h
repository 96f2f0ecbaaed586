/* SPDX-License-Identifier: Apache-2.0 */
/* policy: resource policies as texts: checked in the service's words and brought into the form in which the service
 * keeps and shows them. Nobody is refused anything by them here. Pure.
 */
#ifndef SERVER_OP_POLICY_H
#define SERVER_OP_POLICY_H

#include "base/arena.h"
#include "base/error.h"

#define POLICY_BYTES_MAX 20480

enum policy_target { POLICY_OF_TABLE, POLICY_OF_STREAM };

struct policy {
    struct bytes text; /* canonical: two policies that say the same in the same order are the same bytes */
    bool locks_out;    /* it denies the account to ever put another one */
};

/* STATOR_VALIDATION when the service would not take it. */
STATOR_MUST_CHECK enum stator_rc policy_read(struct policy *out, struct bytes text, enum policy_target target,
                                             struct arena *arena, struct stator_error *err);

/* A canonical policy as it is shown: a missing version is the oldest one. Absent when the arena is full. */
struct bytes policy_shown(struct bytes text, struct arena *arena);

#endif
