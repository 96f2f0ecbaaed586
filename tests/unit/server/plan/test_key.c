/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/key.h"

#include "unit/server/expressions.h"
#include "unit/server/json.h"
#include "unit/server/tables.h"
#include "unit/unit.h"

#define BOTH   "pk:S sk:N | lsi l:B - | gsi g:S h:N -"
#define KEY    S("pk", "p") "," N("sk", "1")
#define SCHEMA "The provided key element does not match the schema"
#define TOO_BIG                                                                                                        \
    "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"
#define TOO_BIG_RANGE                                                                                                  \
    "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of "     \
    "1024 bytes"

/* `~` in an item stands for so many letters. */
static const char *filled(const char *text, size_t count, char *out, size_t size)
{
    size_t len = 0;

    for (; *text != '\0'; text++) {
        size_t times = *text == '~' ? count : 1;

        assert_true(len + times < size);
        memset(out + len, *text == '~' ? 'x' : *text, times);
        len += times;
    }
    out[len] = '\0';
    return out;
}

struct case_ {
    const char *table, *item;
    size_t count;        /* of ~ */
    const char *message; /* NULL: accepted */
};

typedef enum stator_rc check(const struct table *table, const struct item *item, struct stator_error *err);

static void run(const struct case_ *cases, size_t count, check *key_is_good)
{
    static char text[8192];

    for (size_t c = 0; c < count; c++) {
        struct stator_error err = {0};
        struct arena arena;
        struct table *table;
        struct item item;
        enum stator_rc rc;

        arena_init(&arena, 1 << 22);
        table = table_of(cases[c].table, &arena);
        item = item_of(filled(cases[c].item, cases[c].count, text, sizeof(text)), &arena);
        rc = key_is_good(table, &item, &err);
        if (rc != (cases[c].message == NULL ? STATOR_OK : STATOR_VALIDATION))
            fail_msg("case %zu: rc %d, %s", c, (int)rc, err.message);
        if (cases[c].message != NULL)
            assert_string_equal(err.message, cases[c].message);
        table_release(table);
        arena_deinit(&arena);
    }
}

static void keys_of_requests(void **state)
{
    static const struct case_ cases[] = {
        {"pk:S", ITEM(S("pk", "p")), 0, NULL},
        {BOTH, ITEM(KEY), 0, NULL},
        {"pk:S", "{}", 0, SCHEMA},
        {"pk:S", ITEM(S("a", "p")), 0, SCHEMA},
        {"pk:S", ITEM(N("pk", "1")), 0, SCHEMA},
        {"pk:S", ITEM(S("a", "x"), S("pk", "p")), 0, SCHEMA},
        {BOTH, ITEM(S("pk", "p")), 0, SCHEMA},
        {BOTH, ITEM(S("pk", "p"), S("sk", "1")), 0, SCHEMA},
        {BOTH, ITEM(S("pk", "p"), N("sl", "1")), 0, SCHEMA},
        {BOTH, ITEM("\"pk\":{\"M\":{}}", N("sk", "1")), 0, SCHEMA},
        {BOTH, ITEM(S("pk", ""), N("sk", "1")), 0,
         "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
         "string value. Key: pk"},
        {"pk:S sk:B", ITEM(S("pk", "p"), "\"sk\":{\"B\":\"\"}"), 0,
         "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
         "binary value. Key: sk"},
        {"pk:S", ITEM(S("pk", "~")), 2048, NULL},
        {"pk:S", ITEM(S("pk", "~")), 2049, TOO_BIG},
        {"pk:S sk:S", ITEM(S("pk", "p"), S("sk", "~")), 1024, NULL},
        {"pk:S sk:S", ITEM(S("pk", "p"), S("sk", "~")), 1025, TOO_BIG_RANGE},
    };

    (void)state;
    run(cases, COUNT_OF(cases), key_check);
}

static void items_to_put(void **state)
{
    static const struct case_ cases[] = {
        {BOTH, ITEM(KEY), 0, NULL},
        {BOTH, ITEM(S("g", "x"), N("h", "1"), "\"l\":{\"B\":\"AA==\"}", KEY), 0, NULL},
        {BOTH, ITEM(S("pk", "p")), 0, "One or more parameter values were invalid: Missing the key sk in the item"},
        {BOTH, ITEM(N("sk", "1")), 0, "One or more parameter values were invalid: Missing the key pk in the item"},
        {BOTH, ITEM("\"pk\":{\"NS\":[\"1\"]}", N("sk", "1")), 0,
         "One or more parameter values were invalid: Type mismatch for key pk expected: S actual: NS"},
        {BOTH, ITEM(S("pk", ""), N("sk", "1")), 0,
         "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
         "string value. Key: pk"},
        {BOTH, ITEM(N("g", "1"), KEY), 0,
         "One or more parameter values were invalid: Type mismatch for Index Key g Expected: S Actual: N IndexName: "
         "gsi"},
        {BOTH, ITEM(S("l", "x"), KEY), 0,
         "One or more parameter values were invalid: Type mismatch for Index Key l Expected: B Actual: S IndexName: "
         "lsi"},
        {BOTH, ITEM("\"h\":{\"NULL\":true}", KEY), 0,
         "One or more parameter values were invalid: Type mismatch for Index Key h Expected: N Actual: NULL IndexName: "
         "gsi"},
        {BOTH, ITEM(S("g", ""), KEY), 0,
         "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
         "The "
         "AttributeValue for a key attribute cannot contain an empty string value. IndexName: gsi, IndexKey: g"},
        {BOTH, ITEM("\"l\":{\"B\":\"\"}", KEY), 0,
         "One or more parameter values are not valid. A value specified for a secondary index key is not supported. "
         "The "
         "AttributeValue for a key attribute cannot contain an empty binary value. IndexName: lsi, IndexKey: l"},
        {"pk:S", ITEM(S("pk", "~")), 2048, NULL},
        {"pk:S", ITEM(S("pk", "~")), 2049, TOO_BIG},
        {BOTH, ITEM(S("g", "~"), KEY), 2048, NULL},
        {BOTH, ITEM(S("g", "~"), KEY), 2049, TOO_BIG},
        {"pk:S | g g:S h:S", ITEM(S("pk", "p"), S("h", "~")), 1024, NULL},
        {"pk:S | g g:S h:S", ITEM(S("pk", "p"), S("h", "~")), 1025, TOO_BIG_RANGE},
        {"pk:S", ITEM(S("pk", "p"), S("other", "~")), 5000, NULL},
    };

    (void)state;
    run(cases, COUNT_OF(cases), key_check_item);
}

#define PART_OF_KEY(name)                                                                                              \
    "One or more parameter values were invalid: Cannot update attribute " name ". This attribute is part of the key"
#define MISMATCH(name, expected, actual, index)                                                                        \
    "One or more parameter values were invalid: Type mismatch for Index Key " name " Expected: " expected              \
    " Actual: " actual " IndexName: " index
#define SCALARS "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "

static void updates(void **state)
{
    static const struct {
        const char *update, *message;
    } cases[] = {
        {"SET a = :v, b.pk = :v REMOVE c[1] ADD d :v", NULL},
        {"SET h = :v REMOVE l", NULL}, /* an index's key attribute as a whole */
        {"SET g = :v", MISMATCH("g", "S", "N", "gsi")},
        {"SET g = if_not_exists(g, :v)", MISMATCH("g", "S", "N", "gsi")},
        {"SET l = list_append(a, b), x = :v", MISMATCH("l", "B", "L", "lsi")},
        {"SET l = a - b, g = a + :v", MISMATCH("g", "S", "N", "gsi")}, /* the first index by name */
        {"ADD g :v", MISMATCH("g", "S", "N", "gsi")},
        {"SET g = a, l = if_not_exists(a, b), x = :v", NULL}, /* it depends on the item */
        {"SET g.a = :v, l = :v", MISMATCH("l", "B", "N", "lsi")},
        {"SET a = pk", NULL},
        {"SET pk = :v", PART_OF_KEY("pk")},
        {"SET a = :v REMOVE sk", PART_OF_KEY("sk")},
        {"ADD pk.a :v", PART_OF_KEY("pk")},
        {"SET g.a = :v", SCALARS "IndexKey: g"},
        {"REMOVE l[0]", SCALARS "IndexKey: l"},
        {"SET g.a = :v, sk = :v", PART_OF_KEY("sk")},
    };

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct stator_error err = {0};
        struct arena arena;
        struct table *table;
        struct update *update;

        arena_init(&arena, 1 << 22);
        table = table_of(BOTH, &arena);
        update = update_of(cases[c].update, ITEM(N(":v", "1")), &arena);
        assert_int_equal(key_check_update(table, update, &err),
                         cases[c].message == NULL ? STATOR_OK : STATOR_VALIDATION);
        if (cases[c].message != NULL)
            assert_string_equal(err.message, cases[c].message);
        table_release(table);
        arena_deinit(&arena);
    }
}

static void paths(void **state)
{
    static const struct {
        const char *projection, *condition, *message;
    } cases[] = {
        {NULL, NULL, NULL},
        {"pk, sk, g, a.b, a.pk[1]", "pk = :v AND size(g) > :v", NULL},
        {"a, pk.a", NULL, SCALARS "Key: pk"},
        {"sk[0]", NULL, SCALARS "Key: sk"},
        {"h.x", NULL, SCALARS "IndexKey: h"},
        {NULL, "a = :v OR NOT attribute_exists(l.x)", SCALARS "IndexKey: l"},
        {NULL, "a IN (:v, pk[3])", SCALARS "Key: pk"},
        {"g.a", "pk.a = :v", SCALARS "IndexKey: g"}, /* the projection first */
    };

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct stator_error err = {0};
        struct arena arena;
        struct table *table;
        enum stator_rc rc;

        arena_init(&arena, 1 << 22);
        table = table_of(BOTH, &arena);
        rc = key_check_paths(table, projection_of(cases[c].projection, &arena),
                             condition_of(cases[c].condition, EXPR_LANGUAGE_CONDITION, ITEM(N(":v", "1")), &arena),
                             &err);
        assert_int_equal(rc, cases[c].message == NULL ? STATOR_OK : STATOR_VALIDATION);
        if (cases[c].message != NULL)
            assert_string_equal(err.message, cases[c].message);
        table_release(table);
        arena_deinit(&arena);
    }
}

static void key_of_an_item(void **state)
{
    struct arena arena, none;
    struct table *table;
    struct item item, key;

    (void)state;
    arena_init(&arena, 1 << 22);
    table = table_of("zk:S ak:N", &arena);
    item = item_of(ITEM(S("zk", "z"), S("m", "m"), N("ak", "1")), &arena);
    key = key_of_item(table, &item, &arena);
    assert_int_equal(key.count, 2);
    assert_true(key.set);
    assert_bytes_are(key.attributes[0].name, "ak"); /* sorted, as items are */
    assert_bytes_are(key.attributes[1].value.text, "z");
    arena_init(&none, 8);
    assert_int_equal(key_of_item(table, &item, &none).count, 0);
    arena_deinit(&none);
    table_release(table);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_requests), cmocka_unit_test(items_to_put),
        cmocka_unit_test(updates),          cmocka_unit_test(paths),
        cmocka_unit_test(key_of_an_item),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
