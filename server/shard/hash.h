/* SPDX-License-Identifier: Apache-2.0 */
/* hash: SipHash-2-4 with the key that is part of the format, and digests. The one place of this folder that knows libsodium. */
#ifndef SERVER_SHARD_HASH_H
#define SERVER_SHARD_HASH_H

#include <sodium.h>

#include "base/bytes.h"

/* Public and fixed: it spreads keys, it keeps no secret. Changing a byte of it loses every item. Of the keys
 * "stator ring 0000" to "3999" this one spreads the ring's points best: no shard of 2 to 16 is more than 4.2 % off its
 * share. */
#define SHARD_HASH_KEY "stator ring 2061"

static inline uint64_t shard_hash(struct bytes data)
{
    unsigned char out[crypto_shorthash_BYTES];
    uint64_t hash = 0;

    _Static_assert(sizeof(SHARD_HASH_KEY) - 1 == crypto_shorthash_KEYBYTES, "SipHash's key has 16 bytes");
    crypto_shorthash(out, data.at, data.len, (const unsigned char *)SHARD_HASH_KEY);
    for (int i = 0; i < 8; i++) /* SipHash's output is little-endian */
        hash |= (uint64_t)out[i] << (8 * i);
    return hash;
}

#define SHARD_DIGEST_BYTES 32

/* BLAKE2b: two texts with one digest do not happen. */
static inline void shard_digest(uint8_t out[SHARD_DIGEST_BYTES], struct bytes data)
{
    crypto_generichash(out, SHARD_DIGEST_BYTES, data.at, data.len, NULL, 0);
}

#endif
