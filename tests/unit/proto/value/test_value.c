/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>

#include "value/number.h"
#include "value/value.h"

#define LIMIT ((size_t)64 << 20)

static struct value value_of(const char *json, struct arena *arena)
{
    struct json_reader reader;
    struct stator_error err;
    struct value value;
    bool fault = false;

    json_reader_init(&reader, bytes_of_string(json), arena);
    if (value_read(&value, &reader, json_next(&reader), &fault, arena, &err) != STATOR_OK || fault)
        fail_msg("%s is no value", json);
    return value;
}

static void equality(void **state)
{
    static const struct {
        const char *a, *b;
        bool equal;
    } cases[] = {
        {"{\"N\":\"1\"}", "{\"N\":\"1.0\"}", true},
        {"{\"N\":\"1\"}", "{\"S\":\"1\"}", false},
        {"{\"S\":\"a\"}", "{\"S\":\"ab\"}", false},
        {"{\"NULL\":true}", "{\"NULL\":\"yes\"}", true},
        {"{\"BOOL\":true}", "{\"BOOL\":false}", false},
        {"{\"SS\":[\"a\",\"b\"]}", "{\"SS\":[\"b\",\"a\"]}", true},
        {"{\"SS\":[\"a\",\"b\"]}", "{\"SS\":[\"b\",\"c\"]}", false},
        {"{\"NS\":[\"1\",\"20\"]}", "{\"NS\":[\"2e1\",\"1\"]}", true},
        {"{\"NS\":[\"1\"]}", "{\"SS\":[\"1\"]}", false},
        {"{\"L\":[{\"N\":\"1\"},{\"N\":\"2\"}]}", "{\"L\":[{\"N\":\"2\"},{\"N\":\"1\"}]}", false},
        {"{\"L\":[]}", "{\"L\":[]}", true},
        {"{\"L\":[]}", "{\"M\":{}}", false},
        {"{\"M\":{\"a\":{\"N\":\"1\"},\"b\":{\"L\":[]}}}", "{\"M\":{\"b\":{\"L\":[]},\"a\":{\"N\":\"1.00\"}}}", true},
        {"{\"M\":{\"a\":{\"N\":\"1\"}}}", "{\"M\":{\"b\":{\"N\":\"1\"}}}", false},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, LIMIT);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct value a = value_of(cases[i].a, &arena);
        struct value b = value_of(cases[i].b, &arena);

        assert_int_equal(value_equal(&a, &b), cases[i].equal);
        assert_int_equal(value_equal(&b, &a), cases[i].equal);
    }
    arena_deinit(&arena);
}

/* Each list is in order. */
static void order(void **state)
{
    static const char *const lists[][8] = {
        {"{\"S\":\"\"}", "{\"S\":\"A\"}", "{\"S\":\"a\"}", "{\"S\":\"a\\u0000\"}", "{\"S\":\"aa\"}",
         "{\"S\":\"\\u00e9\"}", "{\"S\":\"\\uFFFD\"}", "{\"S\":\"\\uD83D\\uDE00\"}"},
        {"{\"N\":\"-1e125\"}", "{\"N\":\"-10\"}", "{\"N\":\"-9.5\"}", "{\"N\":\"-1e-130\"}", "{\"N\":\"0\"}",
         "{\"N\":\"0.001\"}", "{\"N\":\"0.0011\"}", "{\"N\":\"100\"}"},
        {"{\"B\":\"\"}", "{\"B\":\"AA==\"}", "{\"B\":\"AAA=\"}", "{\"B\":\"AAE=\"}", "{\"B\":\"fw==\"}",
         "{\"B\":\"gA==\"}", "{\"B\":\"/w==\"}", "{\"B\":\"//8=\"}"},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, LIMIT);
    for (size_t list = 0; list < COUNT_OF(lists); list++) {
        for (size_t i = 0; i < 8; i++) {
            for (size_t j = 0; j < 8; j++) {
                struct value a = value_of(lists[list][i], &arena);
                struct value b = value_of(lists[list][j], &arena);
                int compared = value_compare(&a, &b);

                assert_int_equal((compared > 0) - (compared < 0), (i > j) - (i < j));
            }
        }
    }
    arena_deinit(&arena);
}

/* numberByteSize.test.ts of the conformance suite. */
static void sizes(void **state)
{
    static const struct {
        const char *json;
        size_t size;
    } cases[] = {
        {"{\"S\":\"\"}", 0},
        {"{\"S\":\"\\u20ac\"}", 3},
        {"{\"B\":\"AAA=\"}", 2},
        {"{\"BOOL\":false}", 1},
        {"{\"NULL\":true}", 1},
        {"{\"N\":\"0\"}", 1},
        {"{\"N\":\"42\"}", 2},
        {"{\"N\":\"-42\"}", 3},
        {"{\"N\":\"3.14159\"}", 5},
        {"{\"N\":\"123456\"}", 4},
        {"{\"N\":\"1E125\"}", 2},
        {"{\"N\":\"1E-130\"}", 2},
        {"{\"N\":\"0042.1200\"}", 3},
        {"{\"N\":\"100.001\"}", 5},
        {"{\"SS\":[\"a\",\"bc\"]}", 3},
        {"{\"NS\":[\"1\",\"234\"]}", 2 + 3},
        {"{\"BS\":[\"\",\"AAA=\"]}", 2},
        {"{\"L\":[]}", 3},
        {"{\"L\":[{\"S\":\"ab\"},{\"NULL\":true}]}", 3 + 1 + 2 + 1 + 1},
        {"{\"M\":{}}", 3},
        {"{\"M\":{\"ab\":{\"S\":\"cde\"}}}", 3 + 1 + 2 + 3},
        {"{\"M\":{\"a\":{\"L\":[{\"N\":\"1\"}]}}}", 3 + 1 + 1 + (3 + 1 + 2)},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, LIMIT);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct value value = value_of(cases[i].json, &arena);

        if (value_size(&value) != cases[i].size)
            fail_msg("%s counts %zu, not %zu", cases[i].json, value_size(&value), cases[i].size);
    }
    arena_deinit(&arena);
}

static void sets(void **state)
{
    static const char *const given[] = {"{\"N\":\"10\"}", "{\"N\":\"9\"}", "{\"N\":\"10.0\"}", "{\"N\":\"-1\"}"};
    struct value members[COUNT_OF(given)], set, other;
    struct arena arena, tiny;

    (void)state;
    arena_init(&arena, LIMIT);
    for (size_t i = 0; i < COUNT_OF(given); i++)
        members[i] = value_of(given[i], &arena);
    assert_true(value_set_make(&set, VALUE_NS, members, COUNT_OF(given), &arena));
    other = value_of("{\"NS\":[\"-1\",\"9\",\"10\"]}", &arena);
    assert_true(value_equal(&set, &other));
    for (size_t i = 0; i < COUNT_OF(given); i++)
        assert_true(value_set_has(&set, &members[i]));
    other = value_of("{\"N\":\"9.5\"}", &arena);
    assert_false(value_set_has(&set, &other));
    other = value_of("{\"S\":\"9\"}", &arena);
    assert_false(value_set_has(&set, &other));
    assert_true(value_set_make(&set, VALUE_SS, NULL, 0, &arena));
    assert_int_equal(set.count, 0);
    arena_init(&tiny, 8);
    assert_false(value_set_make(&set, VALUE_NS, members, COUNT_OF(given), &tiny));
    arena_deinit(&tiny);
    arena_deinit(&arena);
}

static uint64_t random_of(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Numbers of all lengths and signs, many alike in their first digits. */
static void sets_of_numbers_are_in_order(void **state)
{
    enum { COUNT = 3000 };
    struct number before = {0};
    struct value *members, set;
    uint64_t seed = 20261121;
    struct arena arena;

    (void)state;
    arena_init(&arena, LIMIT);
    members = ARENA_ARRAY(&arena, struct value, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t drawn = random_of(&seed);
        struct number number;
        char text[NUMBER_TEXT_MAX];

        snprintf(text, sizeof(text), "%s%s%ue%d", drawn & 1 ? "-" : "", drawn & 2 ? "1234567" : "",
                 (unsigned)(drawn >> 2 & 0xFF), (int)(drawn >> 10) % (drawn & 0x100 ? 3 : 110));
        assert_int_equal(number_parse(&number, bytes_of_string(text), NULL), STATOR_OK);
        members[i] = (struct value){.type = VALUE_N};
        members[i].text = arena_copy(&arena, bytes_of(text, number_format(text, &number)));
    }
    assert_true(value_set_make(&set, VALUE_NS, members, COUNT, &arena));
    for (size_t i = 0; i < set.count; i++) {
        struct number number;

        assert_int_equal(number_parse(&number, set.members[i].text, NULL), STATOR_OK);
        assert_true(i == 0 || number_compare(&before, &number) < 0);
        before = number;
    }
    for (size_t i = 0; i < COUNT; i++)
        assert_true(value_set_has(&set, &members[i]));
    arena_deinit(&arena);
}

/* Names that agree in their first eight bytes, or end within them, in every number that sorts differently. */
static void attributes_of_any_number_are_sorted_and_found(void **state)
{
    static const char *const heads[] = {"",         "a",         "a\\u0000",        "abcdefg",
                                        "abcdefgh", "abcdefghi", "abcdefgh\\u0000", "\\u00ff"};
    struct arena arena;
    struct buf buf;

    (void)state;
    arena_init(&arena, LIMIT);
    buf_init(&buf, LIMIT);
    for (unsigned count = 1; count < 80; count++) {
        struct value map;
        struct attribute *copy;

        buf_reset(&buf);
        for (unsigned i = 0; i < count; i++) {
            unsigned mixed = i * 37 % count;

            buf_printf(&buf, "%s\"%s%u\":{\"N\":\"%u\"}", i == 0 ? "{\"M\":{" : ",", heads[mixed % COUNT_OF(heads)],
                       mixed, i);
        }
        buf_append(&buf, "}}", 3);
        map = value_of((const char *)buf.at, &arena);
        for (size_t i = 0; i < map.count; i++) {
            assert_ptr_equal(value_find(&map, map.attributes[i].name), &map.attributes[i].value);
            assert_true(i == 0 || bytes_compare(map.attributes[i - 1].name, map.attributes[i].name) < 0);
        }
        copy = ARENA_ARRAY(&arena, struct attribute, map.count);
        for (size_t i = 0; i < map.count; i++)
            copy[i] = map.attributes[(i + map.count / 2) % map.count];
        attributes_sort(copy, map.count);
        assert_memory_equal(copy, map.attributes, map.count * sizeof(*copy));
    }
    buf_deinit(&buf);
    arena_deinit(&arena);
}

static void source_over_an_item(void **state)
{
    struct attribute attributes[] = {{.name = BYTES("a"), .value = {.type = VALUE_NULL}}};
    struct item item = {.attributes = attributes, .count = 1, .set = true};
    struct item_source_parsed parsed;
    struct item_source *source = &parsed.source;

    (void)state;
    item_source_parsed_init(&parsed, &item);
    assert_ptr_equal(source->attribute(source, BYTES("a")), &attributes[0].value);
    assert_null(source->attribute(source, BYTES("b")));
    assert_false(source->failed);
}

static void prepared_json_is_copied(void **state)
{
    struct item item = {.set = true, .json = BYTES("{\"a\":{\"S\":\"b\"}}")};
    struct buf buf;

    (void)state;
    buf_init(&buf, LIMIT);
    item_write(&buf, &item);
    assert_bytes_are(buf_bytes(&buf), "{\"a\":{\"S\":\"b\"}}");
    buf_deinit(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equality),
        cmocka_unit_test(order),
        cmocka_unit_test(sizes),
        cmocka_unit_test(sets),
        cmocka_unit_test(sets_of_numbers_are_in_order),
        cmocka_unit_test(attributes_of_any_number_are_sorted_and_found),
        cmocka_unit_test(source_over_an_item),
        cmocka_unit_test(prepared_json_is_copied),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
