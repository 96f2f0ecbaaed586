/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <math.h>

#include "stator/build.h"
#include "unit/client/scarcity.h"

static void add_all_types(struct stator_builder *builder)
{
    struct stator_value map = STATOR_M(stator_attr("z", stator_n("1.0")), stator_attr("a", stator_null()));

    stator_add_s(builder, "s", "text");
    stator_add_s_len(builder, "cut", "textual", 4);
    stator_add_n(builder, "n", "+1.50e1");
    stator_add_int64(builder, "least", INT64_MIN);
    stator_add_uint64(builder, "most", UINT64_MAX);
    stator_add_double(builder, "tenth", 0.1);
    stator_add_b(builder, "b", "\0\1", 2);
    stator_add_bool(builder, "yes", true);
    stator_add_null(builder, "null");
    stator_add_set(builder, "ns", STATOR_TYPE_NS);
    stator_add_n(builder, NULL, "10");
    stator_add_int64(builder, NULL, 9);
    stator_add_n(builder, NULL, "10.0");
    stator_add_end(builder);
    stator_add_list(builder, "list");
    stator_add_s(builder, NULL, "first");
    stator_add_map(builder, NULL);
    stator_add_set(builder, "ss", STATOR_TYPE_SS);
    stator_add_s(builder, NULL, "b");
    stator_add_s(builder, NULL, "a");
    stator_add_end(builder);
    stator_add_end(builder);
    stator_add_list(builder, NULL);
    stator_add_end(builder);
    stator_add_end(builder);
    stator_add_value(builder, "map", &map);
}

static void all_types_come_out_canonical(void **state)
{
    static const struct {
        const char *path;
        enum stator_type type;
        const char *text; /* NULL: of no such type */
    } wanted[] = {
        {"s", STATOR_TYPE_S, "text"},
        {"cut", STATOR_TYPE_S, "text"},
        {"n", STATOR_TYPE_N, "15"},
        {"least", STATOR_TYPE_N, "-9223372036854775808"},
        {"most", STATOR_TYPE_N, "18446744073709551615"},
        {"tenth", STATOR_TYPE_N, "0.1"},
        {"yes", STATOR_TYPE_BOOL, NULL},
        {"null", STATOR_TYPE_NULL, NULL},
        {"ns[0]", STATOR_TYPE_N, "9"},
        {"ns[1]", STATOR_TYPE_N, "10"},
        {"list[0]", STATOR_TYPE_S, "first"},
        {"list[1].ss[0]", STATOR_TYPE_S, "a"},
        {"list[1].ss[1]", STATOR_TYPE_S, "b"},
        {"list[2]", STATOR_TYPE_L, NULL},
        {"map.z", STATOR_TYPE_N, "1"},
        {"map.a", STATOR_TYPE_NULL, NULL},
    };
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_item item;

    (void)state;
    add_all_types(builder);
    assert_int_equal(stator_builder_item(builder, &item, NULL), STATOR_OK);
    assert_true(item.set && item.count == 12);
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        const struct stator_value *value = stator_item_find(&item, wanted[i].path);

        assert_non_null(value);
        assert_int_equal(value->type, wanted[i].type);
        if (wanted[i].text != NULL)
            assert_true(stator_is(stator_value_text(value), wanted[i].text));
    }
    assert_int_equal(stator_item_get(&item, "ns")->count, 2);
    assert_int_equal(stator_item_get(&item, "b")->text.len, 2);
    assert_true(stator_value_true(stator_item_get(&item, "yes")));
    for (size_t i = 1; i < item.count; i++)
        assert_true(bytes_compare(bytes_of(item.attributes[i - 1].name.at, item.attributes[i - 1].name.len),
                                  bytes_of(item.attributes[i].name.at, item.attributes[i].name.len)) < 0);
    stator_builder_free(builder);
}

static void items_follow_each_other(void **state)
{
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_item first, second, bad = {.count = 7}, empty;
    char name[] = "pk", text[] = "one";

    (void)state;
    stator_add_s(builder, name, text);
    assert_int_equal(stator_builder_item(builder, &first, NULL), STATOR_OK);
    name[0] = text[0] = 'x'; /* it was copied */
    stator_add_n(builder, "n", "none");
    assert_int_equal(stator_builder_item(builder, &bad, NULL), STATOR_VALIDATION);
    assert_int_equal(bad.count, 7);
    stator_add_attributes(builder, &first);
    stator_add_bool(builder, "more", false);
    assert_int_equal(stator_builder_item(builder, &second, NULL), STATOR_OK);
    assert_int_equal(stator_builder_item(builder, &empty, NULL), STATOR_OK);
    assert_true(stator_is(stator_value_text(stator_item_get(&first, "pk")), "one"));
    assert_true(stator_value_equal(stator_item_get(&first, "pk"), stator_item_get(&second, "pk")));
    assert_int_equal(second.count, 2);
    assert_true(empty.set && empty.count == 0);
    stator_builder_reset(builder);
    stator_add_null(builder, "again");
    assert_int_equal(stator_builder_item(builder, &first, NULL), STATOR_OK);
    stator_builder_free(builder);
}

/* --- Failures ----------------------------------------------------------------------------------------------------- */

static void no_number(struct stator_builder *builder)
{
    stator_add_n(builder, "n", "1,5");
}
static void too_large(struct stator_builder *builder)
{
    stator_add_double(builder, "n", 1e200);
}
static void infinite(struct stator_builder *builder)
{
    stator_add_double(builder, "n", HUGE_VAL);
}
static void bad_text(struct stator_builder *builder)
{
    stator_add_s(builder, "s", "\xFF");
}
static void bad_name(struct stator_builder *builder)
{
    stator_add_null(builder, "\xFF");
}
static void empty_set(struct stator_builder *builder)
{
    stator_add_set(builder, "s", STATOR_TYPE_BS);
    stator_add_end(builder);
}
static void mixed_set(struct stator_builder *builder)
{
    stator_add_set(builder, "s", STATOR_TYPE_SS);
    stator_add_int64(builder, NULL, 1);
    stator_add_end(builder);
}
static void list_as_set(struct stator_builder *builder)
{
    stator_add_set(builder, "s", STATOR_TYPE_L);
    stator_add_end(builder);
}
static void named_twice(struct stator_builder *builder)
{
    stator_add_null(builder, "b");
    stator_add_null(builder, "a");
    stator_add_bool(builder, "b", true);
}
static void named_twice_inside(struct stator_builder *builder)
{
    stator_add_map(builder, "m");
    named_twice(builder);
    stator_add_end(builder);
}
static void null_text(struct stator_builder *builder)
{
    stator_add_s(builder, "s", NULL);
}
static void null_value(struct stator_builder *builder)
{
    stator_add_value(builder, "s", NULL);
}
static void no_name(struct stator_builder *builder)
{
    stator_add_null(builder, NULL);
}
static void name_in_list(struct stator_builder *builder)
{
    stator_add_list(builder, "l");
    stator_add_null(builder, "a");
    stator_add_end(builder);
}
static void open_map(struct stator_builder *builder)
{
    stator_add_map(builder, "m");
}
static void end_too_many(struct stator_builder *builder)
{
    stator_add_end(builder);
}
static void json_item(struct stator_builder *builder)
{
    struct stator_item item = stator_item_json("{}");

    stator_add_attributes(builder, &item);
}
static void no_type(struct stator_builder *builder)
{
    struct stator_value value = {.type = (enum stator_type)11};
    struct stator_value list = STATOR_L(value);

    stator_add_value(builder, "l", &list);
}
static void no_number_in_value(struct stator_builder *builder)
{
    struct stator_value list = STATOR_L(stator_n("1\",\"2"));

    stator_add_value(builder, "l", &list);
}
static void no_members(struct stator_builder *builder)
{
    struct stator_value set = stator_members(STATOR_TYPE_SS, NULL, 2);

    stator_add_value(builder, "l", &set);
}
static void no_attributes(struct stator_builder *builder)
{
    struct stator_value map = stator_map(NULL, 2);

    stator_add_value(builder, "m", &map);
}
static void too_deep(struct stator_builder *builder)
{
    for (int i = 0; i < 33; i++)
        stator_add_list(builder, i == 0 ? "l" : NULL);
    for (int i = 0; i < 33; i++)
        stator_add_end(builder);
}

static void the_first_failure_is_told(void **state)
{
    static const struct {
        void (*add)(struct stator_builder *builder);
        enum stator_rc rc;
        const char *message;
    } cases[] = {
        {no_number, STATOR_VALIDATION, "The parameter cannot be converted to a numeric value: 1,5"},
        {too_large, STATOR_VALIDATION,
         "Number overflow. Attempting to store a number with magnitude larger than supported range"},
        {infinite, STATOR_VALIDATION, "An infinity or what is not a number is no N"},
        {bad_text, STATOR_VALIDATION, "A string (S) is no UTF-8"},
        {bad_name, STATOR_VALIDATION, "A name is no UTF-8"},
        {empty_set, STATOR_VALIDATION, "A set (BS) may not be empty"},
        {mixed_set, STATOR_VALIDATION, "A member of type N is in a set of type SS"},
        {list_as_set, STATOR_MISUSE, "A set is of type SS, NS or BS"},
        {named_twice, STATOR_VALIDATION, "The name \"b\" is given twice"},
        {named_twice_inside, STATOR_VALIDATION, "The name \"b\" is given twice"},
        {null_text, STATOR_MISUSE, "NULL is no text and no value"},
        {null_value, STATOR_MISUSE, "NULL is no text and no value"},
        {no_name, STATOR_MISUSE, "An attribute of an item or a map has no name"},
        {name_in_list, STATOR_MISUSE, "\"a\" is a member of a list or a set, which have no names"},
        {open_map, STATOR_MISUSE, "1 maps, lists or sets are not closed"},
        {end_too_many, STATOR_MISUSE, "There is no map, list or set open to be closed"},
        {json_item, STATOR_MISUSE, "An item of finished JSON has no attributes to copy"},
        {no_type, STATOR_MISUSE, "A value has no type"},
        {no_number_in_value, STATOR_VALIDATION, "The parameter cannot be converted to a numeric value: 1\",\"2"},
        {no_members, STATOR_MISUSE, "A value has a count, but no members"},
        {no_attributes, STATOR_MISUSE, "An item has a count, but no attributes"},
        {too_deep, STATOR_VALIDATION, "Nesting Levels have exceeded supported limits"},
    };
    struct stator_builder *builder = stator_builder_new(NULL, 0);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_item item = {.count = 7};
        struct stator_error err;

        stator_add_s(builder, "pk", "x");
        cases[i].add(builder);
        if (cases[i].add != open_map && cases[i].add != named_twice) { /* which are found at the end */
            stator_add_n(builder, "later", "is not looked at");
            stator_add_end(builder);
        }
        assert_int_equal(stator_builder_item(builder, &item, &err), cases[i].rc);
        assert_int_equal(err.rc, cases[i].rc);
        assert_string_equal(err.message, cases[i].message);
        assert_int_equal(item.count, 7);
        stator_add_s(builder, "pk", "x"); /* it may go on */
        assert_int_equal(stator_builder_item(builder, &item, &err), STATOR_OK);
    }
    stator_builder_free(builder);
}

static void the_deepest_is_allowed(void **state)
{
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_item item;

    (void)state;
    for (int i = 0; i < 32; i++)
        stator_add_list(builder, i == 0 ? "l" : NULL);
    stator_add_set(builder, NULL, STATOR_TYPE_SS);
    stator_add_s(builder, NULL, "x");
    for (int i = 0; i < 33; i++)
        stator_add_end(builder);
    assert_int_equal(stator_builder_item(builder, &item, NULL), STATOR_OK);
    stator_builder_free(builder);
}

/* --- Memory ------------------------------------------------------------------------------------------------------- */

static enum stator_rc build(struct stator_builder *builder, struct stator_error *err)
{
    struct stator_item item;

    add_all_types(builder);
    for (int i = 0; i < 100; i++) {
        char name[16];

        snprintf(name, sizeof(name), "name%d", i);
        stator_add_int64(builder, name, i);
    }
    return stator_builder_item(builder, &item, err);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    assert_survives_scarcity(build);
}

static void the_limit_is_kept(void **state)
{
    struct stator_builder *builder = stator_builder_new(NULL, 1000);
    struct stator_item item;

    (void)state;
    for (int i = 0; i < 100; i++)
        stator_add_s(builder, "name", "a text that is too long when it is there a hundred times");
    assert_int_equal(stator_builder_item(builder, &item, NULL), STATOR_NO_MEMORY);
    stator_builder_reset(builder);
    stator_add_s(builder, "name", "a text");
    assert_int_equal(stator_builder_item(builder, &item, NULL), STATOR_OK);
    stator_builder_free(builder);
}

static void no_builder_is_one_without_memory(void **state)
{
    struct stator_item item;
    struct stator_error err;

    (void)state;
    add_all_types(NULL);
    stator_add_attributes(NULL, &item);
    stator_builder_reset(NULL);
    assert_int_equal(stator_builder_item(NULL, &item, &err), STATOR_NO_MEMORY);
    assert_int_equal(err.rc, STATOR_NO_MEMORY);
    stator_builder_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_come_out_canonical),     cmocka_unit_test(items_follow_each_other),
        cmocka_unit_test(the_first_failure_is_told),        cmocka_unit_test(the_deepest_is_allowed),
        cmocka_unit_test(memory_may_run_out_anywhere),      cmocka_unit_test(the_limit_is_kept),
        cmocka_unit_test(no_builder_is_one_without_memory),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
