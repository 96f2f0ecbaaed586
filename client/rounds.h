/* SPDX-License-Identifier: Apache-2.0 */
/* rounds: how often, and after which pauses, a batch sends again what the service did not process.
 *
 * Thread: one at a time.
 */
#ifndef CLIENT_ROUNDS_H
#define CLIENT_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

#include "stator/error.h"

/* Whether a call failed for lack of throughput alone, so that a round has done nothing, and may later. */
bool rounds_throttled(enum stator_rc rc);

struct rounds {
    unsigned rounds_max; /* without progress; 0: 10 */
    unsigned fruitless;  /* so many in a row */
};

/* After a round: false when it is time to give up. Otherwise *pause_ms is what to wait before the next. */
bool rounds_next(struct rounds *rounds, bool progress, uint32_t *pause_ms);

#endif
