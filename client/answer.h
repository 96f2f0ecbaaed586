/* SPDX-License-Identifier: Apache-2.0 */
/* answer: what the operations of commands are answered.
 */
#ifndef CLIENT_ANSWER_H
#define CLIENT_ANSWER_H

#include "base/arena.h"
#include "base/error.h"
#include "stator/command.h"

/* The answer's texts are views into json and blocks of the arena. STATOR_BAD_ANSWER, STATOR_NO_MEMORY. */
STATOR_MUST_CHECK enum stator_rc answer_read(struct stator_answer *out, struct bytes json, struct arena *arena,
                                             struct stator_error *err);

#endif
