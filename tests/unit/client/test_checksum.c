/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "checksum.h"

static struct checksum_tables tables;

static int make_tables(void **state)
{
    (void)state;
    checksum_tables_init(&tables);
    return 0;
}

static void test_known(void **state)
{
    static const struct {
        const char *text;
        uint32_t checksum;
    } cases[] = {
        {"", 0},
        {"a", 0xE8B7BE43},
        {"123456789", 0xCBF43926}, /* the check value of every CRC catalogue */
        {"{}", 2745614147U},       /* DynamoDB's most frequent answer */
        {"The quick brown fox jumps over the lazy dog", 0x414FA339},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(checksum_of(&tables, bytes_of_string(cases[i].text)), cases[i].checksum);
}

/* By the definition: a bit at a time. */
static uint32_t slow(const uint8_t *at, size_t len)
{
    uint32_t crc = 0xFFFFFFFFU;

    for (size_t i = 0; i < len; i++) {
        crc ^= at[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320U : 0);
    }
    return ~crc;
}

static void test_every_length(void **state)
{
    uint8_t data[64];

    (void)state;
    for (size_t i = 0; i < sizeof(data); i++)
        data[i] = (uint8_t)(i * 37 + 11);
    for (size_t from = 0; from < 8; from++)
        for (size_t len = 0; from + len <= sizeof(data); len++)
            assert_int_equal(checksum_of(&tables, bytes_of(data + from, len)), slow(data + from, len));
}

static void test_headers(void **state)
{
    static const struct {
        const char *text;
        bool agrees;
    } cases[] = {
        {"2745614147", true},
        {"02745614147", true},
        {"2745614148", false},
        {"", false},
        {"2745614147 ", false},
        {"-1", false},
        {"7040581443", false},
        /* + 2^32 */ {"0xa3a6bf43", false},
        {"99999999999999999999999999", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        if (checksum_agrees(&tables, cases[i].text, BYTES("{}")) != cases[i].agrees)
            fail_msg("\"%s\"", cases[i].text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_headers),
    };

    return cmocka_run_group_tests(tests, make_tables, NULL);
}
