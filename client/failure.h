/* SPDX-License-Identifier: Apache-2.0 */
/* failure: what an answer of the service with an error says.
 *
 * In:     an exchange whose status is not 200. Out: a struct stator_failure in the call's arena.
 */
#ifndef CLIENT_FAILURE_H
#define CLIENT_FAILURE_H

#include "exchange.h"

#include "stator/call.h"

/* Fills rc, type, message, item and cancellations; STATOR_BAD_ANSWER when the answer is no error of DynamoDB's. Views go
 * into the exchange's body and the arena. */
void failure_read(struct stator_failure *out, const struct exchange *exchange, struct arena *arena);

/* A failure of our own; the text is copied into the arena. Returns err->rc. */
enum stator_rc failure_local(struct stator_failure *out, const struct stator_error *err, struct arena *arena);

#endif
