/* SPDX-License-Identifier: Apache-2.0 */
/* wording: the service checks a request in one of two layers, which differ in words. Which of them an operation meets
 * is settled here, by --validation-wording.
 *
 * Classic: every operation the older one. Current: BatchWriteItem and Scan the older one, the others the current one,
 * where PutItem, UpdateItem and DeleteItem tell nearly all that they refuse without looking at a table in an envelope:
 * "1 validation error detected: ".
 */
#ifndef SERVER_OP_WORDING_H
#define SERVER_OP_WORDING_H

#include "op/engine.h"
#include "value/value.h"

struct wording_voice {
    enum value_layer layer; /* of the faults of values */
    bool envelope;
};

struct wording_voice wording_voice(const struct engine *engine, const struct job *job);

/* Takes what the checks that need no table have returned, and puts a refusal into the envelope where there is one.
 * Requests nested too deeply for the current layer are told without. */
STATOR_MUST_CHECK enum stator_rc wording_refuse(const struct engine *engine, struct job *job, enum stator_rc rc);

#endif
