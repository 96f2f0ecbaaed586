/* SPDX-License-Identifier: Apache-2.0 */
#include "rounds.h"

#include <sodium.h>

#define ROUNDS_MAX_DEFAULT 10
#define PAUSE_MIN_MS       50u
#define PAUSE_MAX_MS       10000u
#define DOUBLINGS_MAX      8 /* the last that stays below it */

bool rounds_throttled(enum stator_rc rc)
{
    return rc == STATOR_PROVISIONED_THROUGHPUT_EXCEEDED || rc == STATOR_REQUEST_LIMIT_EXCEEDED ||
           rc == STATOR_THROUGHPUT_THROTTLED || rc == STATOR_THROTTLING;
}

bool rounds_next(struct rounds *rounds, bool progress, uint32_t *pause_ms)
{
    unsigned rounds_max = rounds->rounds_max == 0 ? ROUNDS_MAX_DEFAULT : rounds->rounds_max;
    uint32_t longest = PAUSE_MAX_MS;

    rounds->fruitless = progress ? 0 : rounds->fruitless + 1;
    if (rounds->fruitless >= rounds_max)
        return false;
    if (rounds->fruitless < DOUBLINGS_MAX)
        longest = PAUSE_MIN_MS << rounds->fruitless;
    *pause_ms = longest / 2 + randombytes_uniform(longest / 2 + 1);
    return true;
}
