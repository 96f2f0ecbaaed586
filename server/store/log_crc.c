/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_crc.h"

#include "store/nowait.h"

#include <string.h>

/* rocksdb::crc32c::Extend, and what the linker's --wrap calls in its place. */
#if NOWAIT /* the engine is linked statically */
uint32_t engine_extend(uint32_t crc, const char *data, size_t len) __asm__("__real__ZN7rocksdb6crc32c6ExtendEjPKcm");
uint32_t called_by_engine(uint32_t crc, const char *data, size_t len) __asm__("__wrap__ZN7rocksdb6crc32c6ExtendEjPKcm");

uint32_t called_by_engine(uint32_t crc, const char *data, size_t len)
{
    return log_crc_extend(crc, data, len);
}
#else
uint32_t engine_extend(uint32_t crc, const char *data, size_t len) __asm__("_ZN7rocksdb6crc32c6ExtendEjPKcm");
#endif

#if defined(__x86_64__)

#include <nmmintrin.h>

__attribute__((target("sse4.2"))) static uint32_t extend(uint32_t crc, const char *data, size_t len)
{
    uint64_t state = crc ^ UINT32_MAX;

    for (; len >= sizeof(uint64_t); data += sizeof(uint64_t), len -= sizeof(uint64_t)) {
        uint64_t word;

        memcpy(&word, data, sizeof(word));
        state = _mm_crc32_u64(state, word);
    }
    for (; len != 0; data++, len--)
        state = _mm_crc32_u8((uint32_t)state, (unsigned char)*data);
    return (uint32_t)state ^ UINT32_MAX;
}

uint32_t log_crc_extend(uint32_t crc, const char *data, size_t len)
{
    return __builtin_cpu_supports("sse4.2") ? extend(crc, data, len) : engine_extend(crc, data, len);
}

#else /* the engine's own */

uint32_t log_crc_extend(uint32_t crc, const char *data, size_t len)
{
    return engine_extend(crc, data, len);
}

#endif
