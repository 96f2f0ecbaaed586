/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "json/reader.h"
#include "json/writer.h"

#define BUF_BYTES ((size_t)1 << 20)

static void commas_and_nesting(void **state)
{
    struct buf buf;
    struct json_writer writer;

    (void)state;
    buf_init(&buf, BUF_BYTES);
    writer = json_writer_of(&buf);
    json_object_begin(&writer);
    json_key(&writer, BYTES("a"));
    json_array_begin(&writer);
    json_integer(&writer, 1);
    json_object_begin(&writer);
    json_object_end(&writer);
    json_array_begin(&writer);
    json_array_end(&writer);
    json_null(&writer);
    json_array_end(&writer);
    json_key(&writer, BYTES("b\n"));
    json_bool(&writer, true);
    json_key(&writer, BYTES("c"));
    json_raw(&writer, BYTES("{\"S\":\"x\"}"));
    json_key(&writer, BYTES("d"));
    json_string(&writer, BYTES(""));
    json_object_end(&writer);
    assert_bytes_are(buf_bytes(&buf), "{\"a\":[1,{},[],null],\"b\\n\":true,\"c\":{\"S\":\"x\"},\"d\":\"\"}");
    buf_deinit(&buf);
}

static void escapes_are_the_shortest(void **state)
{
    static const struct {
        struct bytes text;
        const char *quoted;
    } cases[] = {
        {{(const uint8_t *)"", 0}, "\"\""},
        {{(const uint8_t *)"\"\\/", 3}, "\"\\\"\\\\/\""},
        {{(const uint8_t *)"\b\f\n\r\t", 5}, "\"\\b\\f\\n\\r\\t\""},
        {{(const uint8_t *)"\0\x01\x1F\x7F", 4}, "\"\\u0000\\u0001\\u001f\x7F\""},
        {{(const uint8_t *)"12345678\n", 9}, "\"12345678\\n\""},
        {{(const uint8_t *)"1234567\"90", 10}, "\"1234567\\\"90\""},
        {{(const uint8_t *)"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 9}, "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\""},
    };
    struct buf buf;

    (void)state;
    buf_init(&buf, BUF_BYTES);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        buf_reset(&buf);
        json_quote(&buf, cases[i].text);
        assert_bytes_are(buf_bytes(&buf), cases[i].quoted);
    }
    buf_deinit(&buf);
}

/* Each ASCII byte at each place of a text long enough for the word-wise path reads back as it was. */
static void quoted_text_reads_back(void **state)
{
    struct arena arena;
    struct buf buf;

    (void)state;
    arena_init(&arena, BUF_BYTES);
    buf_init(&buf, BUF_BYTES);
    for (size_t place = 0; place < 20; place++) {
        for (int byte = 0; byte < 0x80; byte++) {
            uint8_t text[20];
            struct json_reader reader;

            memset(text, 'x', sizeof(text));
            text[place] = (uint8_t)byte;
            buf_reset(&buf);
            json_quote(&buf, bytes_of(text, sizeof(text)));
            arena_reset(&arena);
            json_reader_init(&reader, buf_bytes(&buf), &arena);
            assert_int_equal(json_next(&reader), JSON_STRING);
            assert_true(bytes_equal(reader.text, bytes_of(text, sizeof(text))));
        }
    }
    buf_deinit(&buf);
    arena_deinit(&arena);
}

static void integers(void **state)
{
    struct buf buf;
    struct json_writer writer;

    (void)state;
    buf_init(&buf, BUF_BYTES);
    writer = json_writer_of(&buf);
    json_array_begin(&writer);
    json_integer(&writer, 0);
    json_integer(&writer, -7);
    json_integer(&writer, 1000);
    json_integer(&writer, INT64_MAX);
    json_integer(&writer, INT64_MIN);
    json_array_end(&writer);
    assert_bytes_are(buf_bytes(&buf), "[0,-7,1000,9223372036854775807,-9223372036854775808]");
    buf_deinit(&buf);
}

static const char *double_text(struct buf *buf, double value)
{
    struct json_writer writer = json_writer_of(buf);

    buf_reset(buf);
    json_double(&writer, value);
    buf_append_byte(buf, 0);
    assert_false(buf->failed);
    return (const char *)buf->at;
}

static void doubles_as_the_service_writes_them(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0.0"},
        {-0.0, "0.0"},
        {1, "1.0"},
        {0.5, "0.5"},
        {-2.5, "-2.5"},
        {0.1, "0.1"},
        {1731940176.149, "1731940176.149"},
        {1e15, "1000000000000000.0"},
        {123456789012345680.0, "123456789012345680.0"},
        {1e20, "100000000000000000000.0"},
        {1e21, "1.0E21"},
        {1.5e300, "1.5E300"},
        {0.000001, "0.000001"},
        {1e-7, "1.0E-7"},
        {1.0 / 3, "0.3333333333333333"},
        {DBL_MAX, "1.7976931348623157E308"},
        {5e-324, "5.0E-324"},
    };
    struct buf buf;

    (void)state;
    buf_init(&buf, BUF_BYTES);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_string_equal(double_text(&buf, cases[i].value), cases[i].text);
    buf_deinit(&buf);
}

static void doubles_read_back(void **state)
{
    uint64_t seed = 88172645463325252;
    struct buf buf;

    (void)state;
    buf_init(&buf, BUF_BYTES);
    for (int i = 0; i < 20000; i++) {
        double value;

        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        memcpy(&value, &seed, sizeof(value));
        if (!isfinite(value))
            continue;
        assert_true(strtod(double_text(&buf, value), NULL) == value);
        assert_true(json_valid(bytes_of(buf.at, buf.len - 1)));
    }
    buf_deinit(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commas_and_nesting),
        cmocka_unit_test(escapes_are_the_shortest),
        cmocka_unit_test(quoted_text_reads_back),
        cmocka_unit_test(integers),
        cmocka_unit_test(doubles_as_the_service_writes_them),
        cmocka_unit_test(doubles_read_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
