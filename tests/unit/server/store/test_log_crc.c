/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <string.h>

#include "store/log_crc.h"
#include "store/nowait.h"

#if NOWAIT

/* Bit by bit, as RFC 3720 defines it. */
static uint32_t slow(uint32_t crc, const char *data, size_t len)
{
    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc ^= (unsigned char)data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc & 1) != 0 ? crc >> 1 ^ 0x82f63b78u : crc >> 1;
    }
    return ~crc;
}

static void known(void **state)
{
    char bytes[32];

    (void)state;
    assert_int_equal(log_crc_extend(0, "123456789", 9), 0xe3069283u);
    assert_int_equal(log_crc_extend(0, "", 0), 0);
    memset(bytes, 0, sizeof(bytes)); /* these three: RFC 3720, B.4 */
    assert_int_equal(log_crc_extend(0, bytes, sizeof(bytes)), 0x8a9136aau);
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(log_crc_extend(0, bytes, sizeof(bytes)), 0x62a8ab43u);
    for (int i = 0; i < 32; i++)
        bytes[i] = (char)i;
    assert_int_equal(log_crc_extend(0, bytes, sizeof(bytes)), 0x46dd794eu);
}

static void lengths_and_places(void **state)
{
    char bytes[300];
    uint32_t seed = 1;

    (void)state;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (char)((seed = seed * 1664525u + 1013904223u) >> 24);
    for (size_t at = 0; at < 16; at++)
        for (size_t len = 0; at + len <= sizeof(bytes); len++)
            assert_int_equal(log_crc_extend(seed + (uint32_t)len, bytes + at, len),
                             slow(seed + (uint32_t)len, bytes + at, len));
    assert_int_equal(log_crc_extend(log_crc_extend(0, bytes, 101), bytes + 101, 199), slow(0, bytes, 300));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known), cmocka_unit_test(lengths_and_places)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#else /* the engine's shared library has its own */

int main(void)
{
    return 0;
}

#endif
