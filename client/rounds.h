/* SPDX-License-Identifier: Apache-2.0 */
/* rounds: how often, and after which pauses, a batch sends again what the service did not process.
 *
 * Thread: one at a time.
 */
#ifndef CLIENT_ROUNDS_H
#define CLIENT_ROUNDS_H

#include <stdbool.h>
#include <stdint.h>

struct rounds {
    unsigned fruitless; /* in a row */
};

/* After a round: false when it is time to give up. Otherwise *pause_ms is what to wait before the next. */
bool rounds_next(struct rounds *rounds, bool progress, uint32_t *pause_ms);

#endif
