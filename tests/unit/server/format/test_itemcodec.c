/* SPDX-License-Identifier: Apache-2.0 */
/* Stored items: the bytes of the example, attributes found by any name, decode(encode(x)) = x, and damaged bytes that
 * must never lead a reader out of them (AddressSanitizer watches).
 */
#include "unit/unit.h"

#include <stdlib.h>

#include "format/itemcodec.h"
#include "json/reader.h"

static struct arena arena;
static struct buf buf;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, (size_t)64 << 20);
    buf_init(&buf, 1 << 20);
    srand(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    buf_deinit(&buf);
    return 0;
}

static void read_item(struct item *item, const char *json)
{
    struct json_reader reader;
    struct stator_error err;

    json_reader_init(&reader, bytes_of_string(json), &arena);
    assert_int_equal(item_read(item, &reader, json_next(&reader), &arena, &err), STATOR_OK);
    assert_false(item->fault);
}

/* Stores the item in buf and opens it. */
static void store(struct stored_item *stored, const struct item *item)
{
    buf_reset(&buf);
    item_store(&buf, item);
    assert_false(buf.failed);
    assert_true(stored_item_open(stored, buf_bytes(&buf)));
    assert_int_equal(stored->attribute_count, item->count);
    assert_int_equal(stored->size_bytes, item_size(item));
}

static void store_json(struct stored_item *stored, const char *json)
{
    struct item item;

    read_item(&item, json);
    store(stored, &item);
}

static void the_example(void **state)
{
    static const char expected[] = "\x01\x02\0\0\x05\0\0\0"
                                   "\x05\0\0\0\x01\0\0\x02"
                                   "\x13\0\0\0\x01\0\0\x04"
                                   "{\"a\":{\"S\":\"x\"},\"n\":{\"N\":\"12\"}}";
    struct stored_item stored;

    (void)state;
    store_json(&stored, "{\"n\": {\"N\": \"12.0\"}, \"a\": {\"S\": \"x\"}}");
    assert_int_equal(buf.len, sizeof(expected) - 1);
    assert_memory_equal(buf.at, expected, buf.len);
    assert_bytes_are(stored.text, "{\"a\":{\"S\":\"x\"},\"n\":{\"N\":\"12\"}}");
}

static void shortened_numbers(void **state)
{
    static const struct {
        const char *given, *stored, *answered;
    } cases[] = {
        {"{\"N\":\"1E-130\"}", "{\"N\":\"1E-130\"}", NULL},
        {"{\"N\":\"-1.1E-129\"}", "{\"N\":\"-11E-130\"}", NULL},
        {"{\"N\":\"9.9E125\"}", "{\"N\":\"99E124\"}", NULL},
        {"{\"N\":\"-1E125\"}", "{\"N\":\"-1E125\"}", NULL},
        {"{\"N\":\"1E16\"}", "{\"N\":\"1E16\"}", "{\"N\":\"10000000000000000\"}"},
        {"{\"N\":\"1E15\"}", "{\"N\":\"1000000000000000\"}", "{\"N\":\"1000000000000000\"}"},
        {"{\"N\":\"1E-14\"}", "{\"N\":\"0.00000000000001\"}", "{\"N\":\"0.00000000000001\"}"},
        {"{\"N\":\"1E-15\"}", "{\"N\":\"1E-15\"}", "{\"N\":\"0.000000000000001\"}"},
        {"{\"N\":\"0\"}", "{\"N\":\"0\"}", "{\"N\":\"0\"}"},
        {"{\"N\":\"1234567890123456789012345678901234567.8\"}", "{\"N\":\"1234567890123456789012345678901234567.8\"}",
         "{\"N\":\"1234567890123456789012345678901234567.8\"}"},
        {"{\"NS\":[\"1E20\",\"2\",\"1E-20\"]}", "{\"NS\":[\"1E-20\",\"2\",\"1E20\"]}",
         "{\"NS\":[\"0.00000000000000000001\",\"2\",\"100000000000000000000\"]}"},
        {"{\"M\":{\"N\":{\"N\":\"1E20\"},\"NS\":{\"NS\":[\"1E20\"]}}}",
         "{\"M\":{\"N\":{\"N\":\"1E20\"},\"NS\":{\"NS\":[\"1E20\"]}}}",
         "{\"M\":{\"N\":{\"N\":\"100000000000000000000\"},\"NS\":{\"NS\":[\"100000000000000000000\"]}}}"},
        {"{\"L\":[{\"S\":\"\\\"N\\\":\\\"1E20\"},{\"N\":\"1E20\"},{\"S\":\"N\"},{\"SS\":[\"1E20\",\"NS\"]}]}",
         "{\"L\":[{\"S\":\"\\\"N\\\":\\\"1E20\"},{\"N\":\"1E20\"},{\"S\":\"N\"},{\"SS\":[\"1E20\",\"NS\"]}]}",
         "{\"L\":[{\"S\":\"\\\"N\\\":\\\"1E20\"},{\"N\":\"100000000000000000000\"},{\"S\":\"N\"},{\"SS\":[\"1E20\","
         "\"NS\"]}]}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stored_item stored;
        struct item item, again, answer;
        struct buf plain, answered;
        char json[512];

        snprintf(json, sizeof(json), "{\"NS\":%s}", cases[i].given);
        read_item(&item, json);
        store(&stored, &item);
        assert_bytes_are(stored_item_attribute(&stored, BYTES("NS"), NULL), cases[i].stored);
        assert_int_equal(stored.shortened, strchr(cases[i].stored, 'E') != NULL);
        assert_int_equal(buf.at[0], stored.shortened ? 2 : 1);
        assert_true(stored_item_parse(&again, &stored, &arena));
        assert_true(value_equal(&again.attributes[0].value, &item.attributes[0].value));
        buf_init(&plain, 4096);
        buf_init(&answered, stored_item_answer_bytes(&stored));
        item_write(&plain, &item);
        answer = stored_item_answer(&stored);
        item_write(&answered, &answer);
        assert_true(bytes_equal(buf_bytes(&plain), buf_bytes(&answered)));
        if (cases[i].answered != NULL) {
            snprintf(json, sizeof(json), "{\"NS\":%s}", cases[i].answered);
            assert_bytes_are(buf_bytes(&answered), json);
        }
        buf_deinit(&plain);
        buf_deinit(&answered);
    }
}

/* Only what item_store writes is read: another text of the same number is a damaged item. */
static void other_short_forms_are_damage(void **state)
{
    static const char *const texts[] = {"1e-130", "1.0E-130", "10E-131", "1E2", "11E15", "1E-130 "};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct value value;
        char json[64];

        snprintf(json, sizeof(json), "{\"N\":\"%s\"}", texts[i]);
        assert_false(value_read_stored(&value, bytes_of_string(json), &arena));
    }
}

static void every_type_is_found(void **state)
{
    static const struct {
        const char *name;
        enum value_type type;
        const char *json;
    } attributes[] = {
        {"b", VALUE_B, "{\"B\":\"AAE=\"}"},
        {"bool", VALUE_BOOL, "{\"BOOL\":false}"},
        {"bs", VALUE_BS, "{\"BS\":[\"AA==\",\"AQ==\"]}"},
        {"empty", VALUE_S, "{\"S\":\"\"}"},
        {"l", VALUE_L, "{\"L\":[{\"S\":\"},{\"},{\"L\":[]}]}"},
        {"m", VALUE_M, "{\"M\":{\"m\":{\"M\":{}}}}"},
        {"n", VALUE_N, "{\"N\":\"-0.5\"}"},
        {"ns", VALUE_NS, "{\"NS\":[\"-1\",\"2\",\"10\"]}"},
        {"null", VALUE_NULL, "{\"NULL\":true}"},
        {"s", VALUE_S, "{\"S\":\"\\\"\\\\\\n\"}"},
        {"ss", VALUE_SS, "{\"SS\":[\"\",\"x\"]}"},
    };
    char json[1024] = "{";
    struct stored_item stored;
    enum value_type type;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(attributes); i++)
        snprintf(json + strlen(json), sizeof(json) - strlen(json), "%s\"%s\":%s", i == 0 ? "" : ",", attributes[i].name,
                 attributes[i].json);
    strcat(json, "}");
    store_json(&stored, json);
    assert_bytes_are(stored.text, json);
    for (size_t i = 0; i < COUNT_OF(attributes); i++) {
        assert_bytes_are(stored_item_attribute(&stored, bytes_of_string(attributes[i].name), &type),
                         attributes[i].json);
        assert_int_equal(type, attributes[i].type);
    }
    assert_null(stored_item_attribute(&stored, BYTES("nul"), &type).at);
    assert_int_equal(type, VALUE_ABSENT);
    assert_null(stored_item_attribute(&stored, BYTES(""), NULL).at);
    assert_null(stored_item_attribute(&stored, BYTES("zzz"), NULL).at);
}

static void an_empty_item(void **state)
{
    struct stored_item stored;
    struct item item;

    (void)state;
    store_json(&stored, "{}");
    assert_bytes_are(stored.text, "{}");
    assert_null(stored_item_attribute(&stored, BYTES("a"), NULL).at);
    assert_true(stored_item_parse(&item, &stored, &arena));
    assert_int_equal(item.count, 0);
}

/* --- Names -------------------------------------------------------------------------------------------------------- */

/* Distinct names whose bytes and whose escaped bytes have different orders. Gives how many. */
static size_t random_names(struct attribute *attributes, size_t count_max)
{
    static const char *const pieces[] = {"\x01", "\x02", "\b", "\n", "\x1f", "\"",       "\\",
                                         "/",    "A",    "u",  "0",  "\x7f", "\xc3\xa9", "\xf0\x9f\x98\x80"};
    size_t count = 0;

    for (size_t i = 0; i < count_max; i++) {
        char name[32] = "";
        bool known = false;

        for (int n = rand() % 4; n >= 0; n--)
            strcat(name, pieces[(size_t)rand() % COUNT_OF(pieces)]);
        for (size_t j = 0; j < count; j++)
            known = known || bytes_equal_string(attributes[j].name, name);
        if (known)
            continue;
        attributes[count].name = arena_copy(&arena, bytes_of_string(name));
        attributes[count].value = (struct value){.type = VALUE_S, .text = attributes[count].name};
        count++;
    }
    attributes_sort(attributes, count);
    return count;
}

static void assert_all_found(const struct stored_item *stored, const struct item *item)
{
    struct item again;
    struct value value;

    assert_true(stored_item_parse(&again, stored, &arena));
    assert_int_equal(again.count, item->count);
    for (size_t i = 0; i < item->count; i++) {
        struct bytes name = item->attributes[i].name;
        struct bytes json = stored_item_attribute(stored, name, NULL);

        if (!bytes_present(json))
            fail_msg("\"%.*s\" is not found in %.*s", BYTES_ARG(name), BYTES_ARG(stored->text));
        assert_true(value_read_stored(&value, json, &arena));
        assert_true(value_equal(&value, &item->attributes[i].value));
        assert_true(bytes_equal(again.attributes[i].name, name));
        assert_true(value_equal(&again.attributes[i].value, &value));
    }
}

static void any_name_is_found(void **state)
{
    struct attribute attributes[24], others[24];

    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct item item = {.attributes = attributes};
        struct stored_item stored;
        size_t other_count;

        arena_reset(&arena);
        item.count = random_names(attributes, 1 + (size_t)rand() % COUNT_OF(attributes));
        store(&stored, &item);
        assert_all_found(&stored, &item);
        other_count = random_names(others, COUNT_OF(others));
        for (size_t i = 0; i < other_count; i++)
            assert_int_equal(bytes_present(stored_item_attribute(&stored, others[i].name, NULL)),
                             item_find(&item, others[i].name) != NULL);
    }
}

static void names_of_every_length(void **state)
{
    static char name[65535];
    static const size_t lengths[] = {1, 2, 255, 256, 65534, 65535};
    struct attribute attributes[2];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct item item = {.attributes = attributes, .count = 2};
        struct stored_item stored;

        arena_reset(&arena);
        memset(name, i % 2 == 0 ? 'n' : 1, sizeof(name));
        attributes[0].name = BYTES("\x01");
        attributes[0].value = (struct value){.type = VALUE_NULL};
        attributes[1].name = bytes_of(name, lengths[i]);
        attributes[1].value = (struct value){.type = VALUE_BOOL, .boolean = true};
        if (lengths[i] == 1)
            name[0] = 2;
        store(&stored, &item);
        assert_all_found(&stored, &item);
    }
}

/* --- Expressions -------------------------------------------------------------------------------------------------- */

static void a_source_parses_what_is_asked_for(void **state)
{
    struct stored_item stored;
    struct item_source_stored source;
    const struct value *value;

    (void)state;
    store_json(&stored, "{\"a\":{\"S\":\"x\"},\"n\":{\"N\":\"12\"}}");
    assert_true(item_source_stored_init(&source, &stored, &arena));
    value = source.source.attribute(&source.source, BYTES("n"));
    assert_non_null(value);
    assert_int_equal(value->type, VALUE_N);
    assert_bytes_are(value->text, "12");
    assert_ptr_equal(source.source.attribute(&source.source, BYTES("n")), value);
    assert_null(source.parsed[0]);
    assert_null(source.source.attribute(&source.source, BYTES("b")));
    assert_false(source.source.failed);
}

static void a_source_without_memory_fails(void **state)
{
    struct stored_item stored;
    struct item_source_stored source;
    struct arena small;

    (void)state;
    store_json(&stored, "{\"a\":{\"S\":\"a text with an escape \\n and more than is left\"}}");
    arena_init(&small, 32);
    assert_true(item_source_stored_init(&source, &stored, &small));
    assert_null(source.source.attribute(&source.source, BYTES("a")));
    assert_true(source.source.failed);
    arena_deinit(&small);
}

/* --- Failures ----------------------------------------------------------------------------------------------------- */

static void too_large_for_the_buf(void **state)
{
    struct stored_item stored;
    struct item item;
    struct buf small;

    (void)state;
    read_item(&item, "{\"a\":{\"S\":\"x\"},\"n\":{\"N\":\"12\"}}");
    store(&stored, &item);
    for (size_t max = 0; max < buf.len; max++) {
        buf_init(&small, max);
        item_store(&small, &item);
        assert_true(small.failed);
        buf_deinit(&small);
    }
}

/* Asks everything of bytes that may be anything. They are in a block of their exact size. */
static void ask_all(const uint8_t *at, size_t len)
{
    uint8_t *copy = malloc(len == 0 ? 1 : len);
    struct stored_item stored;
    struct item item;
    struct item_source_stored source;

    assert_non_null(copy);
    memcpy(copy, at, len);
    if (stored_item_open(&stored, bytes_of(copy, len))) {
        static const char *const names[] = {"", "a", "b\n", "b\x01", "m", "zz"};

        assert_true(item_source_stored_init(&source, &stored, &arena));
        for (size_t i = 0; i < COUNT_OF(names); i++) {
            struct bytes json = stored_item_attribute(&stored, bytes_of_string(names[i]), NULL);

            assert_true(json.len <= len);
            if (json.len != 0)
                assert_true(json.at >= copy && json.at + json.len <= copy + len);
            source.source.attribute(&source.source, bytes_of_string(names[i]));
        }
        (void)!stored_item_parse(&item, &stored, &arena);
    }
    free(copy);
}

static void damaged_bytes_are_never_left(void **state)
{
    static const uint8_t changes[] = {0x00, 0x01, 0x7f, 0x80, 0xff, '\\', '"', '{', '}'};
    struct stored_item stored;
    uint8_t bytes[512];
    size_t len;

    (void)state;
    store_json(&stored, "{\"a\":{\"S\":\"x\"},\"b\\n\":{\"N\":\"12\"},\"b\\u0001\":{\"L\":[]},\"m\":{\"M\":{\"a\":"
                        "{\"NULL\":true}}}}");
    len = buf.len;
    assert_true(len < sizeof(bytes));
    memcpy(bytes, buf.at, len);
    for (size_t i = 0; i < len; i++)
        ask_all(bytes, i);
    for (size_t i = 0; i < len; i++) {
        uint8_t was = bytes[i];

        for (size_t j = 0; j < COUNT_OF(changes); j++) {
            bytes[i] = changes[j];
            ask_all(bytes, len);
        }
        bytes[i] = was;
    }
    for (int round = 0; round < 20000; round++) {
        uint8_t noise[512];

        arena_reset(&arena);
        memcpy(noise, bytes, len);
        for (int n = rand() % 8; n >= 0; n--)
            noise[1 + (size_t)rand() % (round % 2 == 0 ? 40 : len - 1)] = (uint8_t)rand();
        ask_all(noise, len);
    }
}

static void what_is_no_item_is_refused(void **state)
{
    const struct bytes cases[] = {
        BYTES(""),
        BYTES("\x01\0\0\0\0\0\0\0"),                 /* no JSON */
        BYTES("\x00\0\0\0\0\0\0\0{}"),               /* version 0 */
        BYTES("\x03\0\0\0\0\0\0\0{}"),               /* a later version */
        BYTES("\x01\1\0\0\0\0\0\0{}"),               /* no table */
        BYTES("\x01\xff\xff\xff\xff\xff\xff\xff{}"), /* a table larger than all */
        BYTES("\x01\0\0\0\0\0\0\0[]"),
    };
    struct stored_item stored;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_false(stored_item_open(&stored, cases[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example),
        cmocka_unit_test(shortened_numbers),
        cmocka_unit_test(other_short_forms_are_damage),
        cmocka_unit_test(every_type_is_found),
        cmocka_unit_test(an_empty_item),
        cmocka_unit_test(any_name_is_found),
        cmocka_unit_test(names_of_every_length),
        cmocka_unit_test(a_source_parses_what_is_asked_for),
        cmocka_unit_test(a_source_without_memory_fails),
        cmocka_unit_test(too_large_for_the_buf),
        cmocka_unit_test(damaged_bytes_are_never_left),
        cmocka_unit_test(what_is_no_item_is_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
