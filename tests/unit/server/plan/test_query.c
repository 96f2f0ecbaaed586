/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/server/tables.h"
#include "unit/unit.h"

#include "expr/expr.h"
#include "plan/index.h"
#include "plan/query.h"

static const char schema[] = "pk:S sk:N | lsi l:S | gsi g:S h:N i:S";

static const char *const items[] = {
    "{\"pk\":{\"S\":\"a\"},\"sk\":{\"N\":\"1\"},\"l\":{\"S\":\"\\u0000\"},\"g\":{\"S\":\"x\"},\"h\":{\"N\":\"1\"},"
    "\"i\":{\"S\":\"a\"}}",
    "{\"pk\":{\"S\":\"a\"},\"sk\":{\"N\":\"2\"},\"l\":{\"S\":\"ab\"},\"g\":{\"S\":\"x\"},\"h\":{\"N\":\"1\"},\"i\":{"
    "\"S\":\"ab\"}}",
    "{\"pk\":{\"S\":\"a\"},\"sk\":{\"N\":\"-3.5\"},\"l\":{\"S\":\"abc\"},\"g\":{\"S\":\"x\"},\"h\":{\"N\":\"2\"},\"i\":"
    "{\"S\":\"b\"}}",
    "{\"pk\":{\"S\":\"a\"},\"sk\":{\"N\":\"1e100\"},\"l\":{\"S\":\"b\"},\"g\":{\"S\":\"xy\"},\"h\":{\"N\":\"1\"},\"i\":"
    "{\"S\":\"a\"}}",
    "{\"pk\":{\"S\":\"b\"},\"sk\":{\"N\":\"1\"},\"l\":{\"S\":\"ab\"},\"g\":{\"S\":\"x\"},\"h\":{\"N\":\"1\"},\"i\":{"
    "\"S\":\"abc\"}}",
    "{\"pk\":{\"S\":\"a\\u0000\"},\"sk\":{\"N\":\"1\"},\"l\":{\"S\":\"a\"},\"g\":{\"S\":\"\\u00ff\"},\"h\":{\"N\":"
    "\"0\"},\"i\":{\"S\":\"z\"}}",
};

static const char values[] = "{\":a\":{\"S\":\"a\"},\":ab\":{\"S\":\"ab\"},\":b\":{\"S\":\"b\"},\":x\":{\"S\":\"x\"},"
                             "\":n1\":{\"N\":\"1\"},\":n2\":{\"N\":\"2\"},\":neg\":{\"N\":\"-4\"},\":e\":{\"S\":\"\"}}";

static const struct expr *parse(const char *text, struct arena *arena)
{
    struct item *all = ARENA_NEW(arena, struct item);
    struct placeholders placeholders = {.values = all};
    const struct expr *out = NULL;
    struct stator_error err = {0};

    *all = item_of(values, arena);
    placeholders.values_used = ARENA_ARRAY(arena, bool, all->count);
    if (expr_parse_condition(&out, bytes_of_string(text), EXPR_LANGUAGE_KEY_CONDITION, &placeholders, arena, &err) !=
        STATOR_OK)
        fail_msg("%s: %s", text, err.message);
    return out;
}

struct fixture {
    struct arena arena;
    struct ring ring;
    struct table *table;
};

static void set_up(struct fixture *f, const char *line)
{
    arena_init(&f->arena, 1 << 24);
    assert_int_equal(ring_init(&f->ring, 4, NULL), STATOR_OK);
    f->table = table_of(line, &f->arena);
}

static void tear_down(struct fixture *f)
{
    table_release(f->table);
    ring_deinit(&f->ring);
    arena_deinit(&f->arena);
}

static const struct index *index_named(const struct table *table, const char *name)
{
    return name == NULL ? &table->base : table_index(table, bytes_of_string(name));
}

/* An item's key lies in the planned range exactly when the condition holds for the item. */
static void range_is_the_condition(void **state)
{
    static const struct {
        const char *index, *condition;
    } cases[] = {
        {NULL, "pk = :a"},
        {NULL, "pk = :a AND sk = :n1"},
        {NULL, "pk = :a AND sk < :n1"},
        {NULL, "pk = :a AND sk <= :n1"},
        {NULL, "pk = :a AND sk > :n1"},
        {NULL, "sk >= :n1 AND pk = :a"},
        {NULL, "pk = :a AND sk BETWEEN :neg AND :n1"},
        {"lsi", "pk = :a AND begins_with(l, :ab)"},
        {"lsi", "pk = :a AND begins_with(l, :e)"},
        {"lsi", "pk = :a AND l > :a"},
        {"lsi", "pk = :a AND l BETWEEN :a AND :ab"},
        {"gsi", "g = :x"},
        {"gsi", "g = :x AND h = :n1"},
        {"gsi", "g = :x AND h > :n1"},
        {"gsi", "g = :x AND h = :n1 AND begins_with(i, :ab)"},
        {"gsi", "i < :b AND g = :x AND h = :n1"},
    };

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        const struct item no_start = {0};
        struct page_request request = {.forward = true};
        struct stator_error err = {0};
        const struct expr *condition;
        struct fixture f;

        set_up(&f, schema);
        request.table = f.table;
        request.index = index_named(f.table, cases[c].index);
        condition = parse(cases[c].condition, &f.arena);
        if (plan_query(&request, &f.ring, condition, &no_start, &f.arena, &err) != STATOR_OK)
            fail_msg("%s: %s", cases[c].condition, err.message);
        for (size_t i = 0; i < COUNT_OF(items); i++) {
            struct item item = item_of(items[i], &f.arena);
            struct item_source_parsed source;
            struct location where;
            struct buf key;
            bool holds, within;

            buf_init(&key, 1 << 16);
            assert_true(index_key(&key, &where, &f.ring, f.table, request.index, &item));
            within = where.shard == request.shard && bytes_compare(buf_bytes(&key), request.lower) >= 0 &&
                     bytes_compare(buf_bytes(&key), request.upper) < 0;
            item_source_parsed_init(&source, &item);
            assert_int_equal(expr_test(&holds, condition, &source.source, NULL, &f.arena, &err), STATOR_OK);
            if (within != holds)
                fail_msg("%s: item %zu is %s the range", cases[c].condition, i, within ? "in" : "out of");
            buf_deinit(&key);
        }
        tear_down(&f);
    }
}

static void refusals(void **state)
{
    static const struct {
        const char *table, *index, *condition, *start, *message;
    } cases[] = {
        {schema, NULL, "sk = :n1", NULL, "Query condition missed key schema element: pk"},
        {schema, NULL, "pk = :a AND l = :a", NULL, "Query condition missed key schema element: sk"},
        {"pk:S", NULL, "pk = :a AND sk = :n1", NULL,
         "The number of query conditions (2) exceeds the number of key attributes defined in the schema (1)"},
        {schema, NULL, "pk = :a AND sk = :n1 AND l = :a", NULL,
         "The number of query conditions (3) exceeds the number of key attributes defined in the schema (2)"},
        {schema, "gsi", "g = :x AND h = :n1 AND i = :a AND l = :a", NULL,
         "The number of query conditions (4) exceeds the number of key attributes defined in the schema (3)"},
        {schema, NULL, "pk > :a", NULL, "Query key condition not supported"},
        {schema, NULL, "pk = :n1", NULL,
         "One or more parameter values were invalid: Condition parameter type does not match schema type"},
        {schema, NULL, "pk = :e", NULL,
         "One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty "
         "string value. Key: pk"},
        {schema, "gsi", "g = :x AND i = :a", NULL,
         "RANGE key attributes h must have equality conditions specified in the query because a condition is present "
         "on key attribute i"},
        {schema, "gsi", "g = :x AND h > :n1 AND i = :a", NULL,
         "RANGE key attributes h must have equality conditions specified in the query because a condition is present "
         "on key attribute i"},
        {schema, NULL, "pk = :a", "{\"pk\":{\"S\":\"a\"}}", "The provided starting key is invalid"},
        {schema, NULL, "pk = :a", "{\"pk\":{\"S\":\"b\"},\"sk\":{\"N\":\"1\"}}",
         "The provided starting key is outside query boundaries based on provided conditions"},
        {schema, NULL, "pk = :a AND sk > :n1", "{\"pk\":{\"S\":\"a\"},\"sk\":{\"N\":\"1\"}}",
         "The provided starting key does not match the range key predicate"},
        {schema, NULL, "pk = :a", "{\"pk\":{\"S\":\"a\"},\"sk\":{\"S\":\"1\"}}",
         "The provided key element does not match the schema"},
    };

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct page_request request = {.forward = true};
        struct stator_error err = {0};
        struct item start = {0};
        struct fixture f;

        set_up(&f, cases[c].table);
        request.table = f.table;
        request.index = index_named(f.table, cases[c].index);
        if (cases[c].start != NULL)
            start = item_of(cases[c].start, &f.arena);
        assert_int_equal(plan_query(&request, &f.ring, parse(cases[c].condition, &f.arena), &start, &f.arena, &err),
                         STATOR_VALIDATION);
        assert_string_equal(err.message, cases[c].message);
        tear_down(&f);
    }
}

/* Values that no key can have are refused, however long they are. */
static void values_too_long(void **state)
{
    static const struct {
        size_t hash_bytes, range_bytes;
        const char *message;
    } cases[] = {
        {2048, 1024, NULL},
        {2049, 1,
         "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"},
        {100000, 1,
         "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"},
        {1, 1025,
         "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of "
         "1024 bytes"},
        {1, 100000,
         "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit of "
         "1024 bytes"},
    };
    const struct item no_start = {0};

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct page_request request = {.forward = true};
        struct value *hash, *range;
        const struct expr *condition;
        struct stator_error err = {0};
        struct fixture f;

        set_up(&f, "pk:S sk:S");
        request.table = f.table;
        request.index = &f.table->base;
        condition = parse("pk = :a AND sk = :b", &f.arena);
        hash = (struct value *)condition->children[0]->children[1]->value;
        range = (struct value *)condition->children[1]->children[1]->value;
        hash->text = bytes_of(arena_calloc(&f.arena, 1, cases[c].hash_bytes), cases[c].hash_bytes);
        range->text = bytes_of(arena_calloc(&f.arena, 1, cases[c].range_bytes), cases[c].range_bytes);
        assert_int_equal(plan_query(&request, &f.ring, condition, &no_start, &f.arena, &err),
                         cases[c].message == NULL ? STATOR_OK : STATOR_VALIDATION);
        if (cases[c].message != NULL)
            assert_string_equal(err.message, cases[c].message);
        tear_down(&f);
    }
}

/* Segments cover every token once. */
static void segments_tile_the_tokens(void **state)
{
    static const uint32_t counts[] = {1, 2, 3, 7, 1000, 1000000};
    const struct item no_start = {0};
    struct fixture f;

    (void)state;
    set_up(&f, schema);
    for (size_t c = 0; c < COUNT_OF(counts); c++) {
        uint64_t next = 0;

        for (uint32_t segment = 0; segment < counts[c]; segment++) {
            struct page_request request = {.table = f.table, .index = &f.table->base, .forward = true};

            assert_int_equal(plan_scan(&request, &f.ring, segment, counts[c], &no_start, &f.arena, NULL), STATOR_OK);
            assert_true(request.token_first == next);
            assert_true(request.token_last >= request.token_first);
            next = request.token_last + 1;
        }
        assert_true(next == 0); /* the last segment ends with the last token */
    }
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(range_is_the_condition),
        cmocka_unit_test(refusals),
        cmocka_unit_test(values_too_long),
        cmocka_unit_test(segments_tile_the_tokens),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
