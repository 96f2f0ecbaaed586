/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>

#include "base/buf.h"
#include "json/reader.h"

#define ARENA_BYTES ((size_t)1 << 20)

/* Writes what the reader gives: brackets, k:name, s:text, n:text, t, f, z; "!" when the text is bad. */
static void trace(struct buf *out, struct bytes text, struct arena *arena)
{
    static const char *const marks[] = {
        [JSON_BAD] = "!",         [JSON_END] = ".",       [JSON_OBJECT_BEGIN] = "{", [JSON_OBJECT_END] = "}",
        [JSON_ARRAY_BEGIN] = "[", [JSON_ARRAY_END] = "]", [JSON_KEY] = "k:",         [JSON_STRING] = "s:",
        [JSON_NUMBER] = "n:",     [JSON_TRUE] = "t",      [JSON_FALSE] = "f",        [JSON_NULL] = "z",
    };
    struct json_reader reader;
    enum json_token token;

    json_reader_init(&reader, text, arena);
    do {
        token = json_next(&reader);
        buf_printf(out, "%s", marks[token]);
        if (token == JSON_KEY || token == JSON_STRING || token == JSON_NUMBER)
            buf_append_bytes(out, reader.text);
        if (token != JSON_END && token != JSON_BAD)
            buf_append_byte(out, ' ');
    } while (token != JSON_END && token != JSON_BAD);
    assert_int_equal(json_next(&reader), token == JSON_BAD ? JSON_BAD : JSON_END);
}

static const struct {
    const char *text;
    const char *tokens;
} good[] = {
    {"{}", "{ } ."},
    {" [ ] ", "[ ] ."},
    {"\"\"", "s: ."},
    {"0", "n:0 ."},
    {"-0", "n:-0 ."},
    {"-12.50e+07", "n:-12.50e+07 ."},
    {"1E5", "n:1E5 ."},
    {"true", "t ."},
    {"\t\r\n null \n", "z ."},
    {"{\"a\":[1,false,{}],\"b\":\"c\"}", "{ k:a [ n:1 f { } ] k:b s:c } ."},
    {"{ \"a\" : 1 , \"a\" : 2 }", "{ k:a n:1 k:a n:2 } ."},
    {"[[[[]]],{\"\":\"\"}]", "[ [ [ [ ] ] ] { k: s: } ] ."},
    {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "s:\"\\/\b\f\n\r\t ."},
    {"\"\\u0041\\u00e9\\u20AC\\uD83D\\uDe00\"", "s:A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80 ."},
    {"\"long enough for two words \\u0021 and more text behind it\"",
     "s:long enough for two words ! and more text behind it ."},
    {"{\"\\u006b\":1}", "{ k:k n:1 } ."},
    {"\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F\"", "s:\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F ."},
};

static void tokens_of_good_text(void **state)
{
    struct arena arena;
    struct buf out;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&out, ARENA_BYTES);
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        buf_reset(&out);
        trace(&out, bytes_of_string(good[i].text), &arena);
        assert_bytes_are(buf_bytes(&out), good[i].tokens);
        assert_true(json_valid(bytes_of_string(good[i].text)));
    }
    buf_deinit(&out);
    arena_deinit(&arena);
}

static const char *const bad[] = {
    "",
    " ",
    "{",
    "[",
    "}",
    "]",
    "{]",
    "[}",
    "[1",
    "[1,",
    "[1,]",
    "[,1]",
    "[1 2]",
    "{,}",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{\"a\":1 \"b\":2}",
    "{\"a\" 1}",
    "{a:1}",
    "{1:1}",
    "{\"a\":1]",
    "1 2",
    "{} x",
    "tru",
    "trueX",
    "True",
    "nul",
    "+1",
    "01",
    "-",
    "-01",
    "1.",
    ".5",
    "1.e1",
    "1e",
    "1e+",
    "0x10",
    "NaN",
    "\"",
    "\"abc",
    "\"\\\"",
    "\"\\x\"",
    "\"\\u12\"",
    "\"\\u12G4\"",
    "\"\\uD800\"",         /* a lone high surrogate */
    "\"\\uDC00\"",         /* a lone low one */
    "\"\\uD800\\u0041\"",  /* a high one and no low one */
    "\"\\uD800x1234567\"", /* the same, with text behind it */
    "\"a\nb\"",
    "\"a\x01\"",
    "\"1234567\x1F\"",
    "\"\x80\"",
    "\"\xC0\x80\"",
    "\"\xED\xA0\x80\"",
    "\"\xF5\x80\x80\x80\"",
    "\"\xC3\"",
    "'a'",
    "/**/1",
    "\xEF\xBB\xBF{}", /* a byte order mark */
};

static void bad_text_is_refused(void **state)
{
    struct arena arena;
    struct buf out;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    buf_init(&out, ARENA_BYTES);
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        buf_reset(&out);
        trace(&out, bytes_of_string(bad[i]), &arena);
        if (out.at[out.len - 1] != '!')
            fail_msg("<%s> is taken", bad[i]);
        assert_false(json_valid(bytes_of_string(bad[i])));
    }
    assert_false(json_valid((struct bytes){0}));
    buf_deinit(&out);
    arena_deinit(&arena);
}

/* Every byte at every place of a string of up to 24 bytes: the fast path and the slow one agree on what a string is. */
static void every_byte_at_every_place(void **state)
{
    char text[32];

    (void)state;
    for (size_t len = 1; len <= 24; len++) {
        for (size_t place = 0; place < len; place++) {
            for (int byte = 0; byte < 256; byte++) {
                bool plain = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';

                memset(text, 'x', sizeof(text));
                text[0] = text[len + 1] = '"';
                text[place + 1] = (char)byte;
                assert_int_equal(json_valid(bytes_of(text, len + 2)), plain || (byte == '"' && len == 0));
            }
        }
    }
}

/* Every prefix of a good object is bad. */
static void truncation(void **state)
{
    static const char text[] = "{\"a\":[1.5e3,true,null,\"\\uD83D\\uDE00 \xE2\x82\xAC\"],\"b\":{\"c\":false}}";

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len++)
        assert_false(json_valid(bytes_of(text, len)));
    assert_true(json_valid(bytes_of(text, sizeof(text) - 1)));
}

static bool nested_is_valid(size_t depth, char open, char close)
{
    char *text = malloc(2 * depth);
    bool valid;

    assert_non_null(text);
    memset(text, open, depth);
    memset(text + depth, close, depth);
    valid = json_valid(bytes_of(text, 2 * depth));
    free(text);
    return valid;
}

static void depth_is_bounded(void **state)
{
    (void)state;
    assert_true(nested_is_valid(JSON_DEPTH_MAX, '[', ']'));
    assert_false(nested_is_valid(JSON_DEPTH_MAX + 1, '[', ']'));
    assert_false(nested_is_valid(8 * 1000 * 1000, '[', ']'));
    assert_false(nested_is_valid(3, '[', '}'));
}

static void strings_without_escapes_are_views(void **state)
{
    struct bytes text = BYTES("[\"abc\",\"a\\u0000c\"]");
    struct json_reader reader;
    struct arena arena;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    json_reader_init(&reader, text, &arena);
    assert_int_equal(json_next(&reader), JSON_ARRAY_BEGIN);
    assert_int_equal(json_next(&reader), JSON_STRING);
    assert_ptr_equal(reader.text.at, text.at + 2);
    assert_int_equal(arena.used_bytes, 0);
    assert_int_equal(json_next(&reader), JSON_STRING);
    assert_true(bytes_equal(reader.text, bytes_of("a\0c", 3)));
    arena_deinit(&arena);
}

static void full_arena_is_told_apart(void **state)
{
    struct json_reader reader;
    struct arena arena;

    (void)state;
    arena_init(&arena, 4);
    json_reader_init(&reader, BYTES("\"12345\\n\""), &arena);
    assert_int_equal(json_next(&reader), JSON_BAD);
    assert_true(reader.out_of_memory);
    arena_deinit(&arena);
}

static void skipping(void **state)
{
    struct bytes text = BYTES("[{\"a\":[1,{\"b\":\"\\n\"}],\"c\":2},7,\"x\",[]]");
    struct json_reader reader;
    struct arena arena;

    (void)state;
    arena_init(&arena, ARENA_BYTES);
    json_reader_init(&reader, text, &arena);
    assert_int_equal(json_next(&reader), JSON_ARRAY_BEGIN);
    assert_true(json_skip(&reader, json_next(&reader)));
    assert_int_equal(arena.used_bytes, 0);
    assert_true(json_skip(&reader, json_next(&reader)));
    assert_bytes_are(reader.text, "7");
    assert_true(json_skip(&reader, json_next(&reader)));
    assert_true(json_skip(&reader, json_next(&reader)));
    assert_int_equal(json_next(&reader), JSON_ARRAY_END);
    assert_int_equal(json_next(&reader), JSON_END);

    json_reader_init(&reader, BYTES("[[1,2"), &arena);
    assert_int_equal(json_next(&reader), JSON_ARRAY_BEGIN);
    assert_false(json_skip(&reader, json_next(&reader)));
    assert_false(json_skip(&reader, json_next(&reader)));
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_of_good_text),       cmocka_unit_test(bad_text_is_refused),
        cmocka_unit_test(every_byte_at_every_place), cmocka_unit_test(truncation),
        cmocka_unit_test(depth_is_bounded),          cmocka_unit_test(strings_without_escapes_are_views),
        cmocka_unit_test(full_arena_is_told_apart),  cmocka_unit_test(skipping),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
