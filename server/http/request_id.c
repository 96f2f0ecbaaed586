/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request_id.h"

#include <sodium.h>

void request_ids_init(struct request_ids *ids)
{
    do
        randombytes_buf(ids->state, sizeof(ids->state));
    while ((ids->state[0] | ids->state[1] | ids->state[2] | ids->state[3]) == 0);
}

static inline uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static uint64_t next(uint64_t s[4])
{
    uint64_t result = rotate(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;

    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate(s[3], 45);
    return result;
}

void request_id_next(struct request_ids *ids, char out[REQUEST_ID_LEN + 1])
{
    static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

    /* 13 characters of 64 bits: each step takes the top of bits * 36 and goes on with the rest. 36^13 > 2^64, so the
     * last of them is not quite even; nobody minds. */
    for (int i = 0; i < REQUEST_ID_LEN; i += 13) {
        uint64_t bits = next(ids->state);

        for (int j = 0; j < 13; j++) {
            unsigned __int128 product = (unsigned __int128)bits * 36;

            out[i + j] = digits[(unsigned)(product >> 64)];
            bits = (uint64_t)product;
        }
    }
    out[REQUEST_ID_LEN] = '\0';
}
