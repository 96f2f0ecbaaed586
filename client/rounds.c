/* SPDX-License-Identifier: Apache-2.0 */
#include "rounds.h"

#include <sodium.h>

#define FRUITLESS_MAX 10
#define PAUSE_MIN_MS  50u
#define PAUSE_MAX_MS  10000u

bool rounds_next(struct rounds *rounds, bool progress, uint32_t *pause_ms)
{
    uint32_t longest;

    rounds->fruitless = progress ? 0 : rounds->fruitless + 1;
    if (rounds->fruitless >= FRUITLESS_MAX)
        return false;
    longest = PAUSE_MIN_MS << rounds->fruitless;
    if (longest > PAUSE_MAX_MS)
        longest = PAUSE_MAX_MS;
    *pause_ms = longest / 2 + randombytes_uniform(longest / 2 + 1);
    return true;
}
