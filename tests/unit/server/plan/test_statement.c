/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/server/tables.h"
#include "unit/unit.h"

#include "plan/index.h"
#include "plan/statement.h"

static const char schema[] = "pk:S sk:N | lsi l:S | gsi g:S";

struct fixture {
    struct arena arena;
    struct ring ring;
    struct table *table;
    struct partiql_statement statement;
    struct stator_error err;
};

/* The table and the statement, understood. */
static void set_up(struct fixture *f, const char *line, const char *text)
{
    *f = (struct fixture){0};
    arena_init(&f->arena, 1 << 24);
    assert_int_equal(ring_init(&f->ring, 4, NULL), STATOR_OK);
    f->table = table_of(line, &f->arena);
    if (partiql_read(&f->statement, bytes_of_string(text), &f->arena, &f->err) != STATOR_OK ||
        partiql_understand(&f->statement, NULL, 0, &f->arena, &f->err) != STATOR_OK)
        fail_msg("%s: %s", text, f->err.message);
}

static void tear_down(struct fixture *f)
{
    table_release(f->table);
    ring_deinit(&f->ring);
    arena_deinit(&f->arena);
}

static const struct index *index_named(const struct table *table, struct bytes name)
{
    return bytes_present(name) ? table_index(table, name) : &table->base;
}

/* --- Ranges ------------------------------------------------------------------------------------------------------- */

static const char *const partitions[] = {"a", "ab", "b"};
static const char *const sorts[] = {"-1", "0", "1", "1.5", "2", "3"};

/* In how many of the ranges the item is. */
static size_t ranges_with(struct fixture *f, const struct statement_ranges *ranges, const struct index *index,
                          const struct item *item)
{
    struct location where;
    struct buf key;
    size_t count = 0;

    buf_init(&key, 1 << 16);
    assert_true(index_key(&key, &where, &f->ring, f->table, index, item));
    for (size_t i = 0; i < ranges->count; i++)
        count += where.shard == ranges->at[i].shard && bytes_compare(buf_bytes(&key), ranges->at[i].lower) >= 0 &&
                 bytes_compare(buf_bytes(&key), ranges->at[i].upper) < 0;
    buf_deinit(&key);
    return count;
}

/* What WHERE wants is in one range, each time; and without a filter there is nothing else in them. */
static void check_items(struct fixture *f, const char *text, const struct statement_ranges *ranges,
                        const struct index *index)
{
    for (size_t p = 0; p < COUNT_OF(partitions); p++)
        for (size_t s = 0; s < COUNT_OF(sorts); s++) {
            char json[200];
            struct item item;
            struct item_source_parsed source;
            size_t within;
            bool holds;

            snprintf(json, sizeof(json),
                     "{\"pk\":{\"S\":\"%s\"},\"sk\":{\"N\":\"%s\"},\"g\":{\"S\":\"%s\"},\"l\":{\"S\":\"%s\"},"
                     "\"n\":{\"N\":\"%zu\"}}",
                     partitions[p], sorts[s], partitions[s % 3], sorts[s], p);
            item = item_of(json, &f->arena);
            item_source_parsed_init(&source, &item);
            assert_int_equal(expr_test(&holds, f->statement.where, &source.source, NULL, &f->arena, &f->err), STATOR_OK);
            within = ranges_with(f, ranges, index, &item);
            if (within > 1 || (holds && within == 0) || (!holds && within != 0 && !ranges->filtered))
                fail_msg("%s: %s is in %zu ranges", text, json, within);
        }
}

static void ranges_are_the_condition(void **state)
{
    static const struct {
        const char *text;
        size_t count; /* 0: nothing can be there, or it is a scan */
        bool keyed, filtered;
        const char *order; /* the ranges' partitions, as they are read */
    } cases[] = {
        {"SELECT * FROM t WHERE pk = 'a'", 1, true, false, "a"},
        {"SELECT * FROM t WHERE 'a' = pk AND 1 < sk", 1, true, false, "a"},
        {"SELECT * FROM t WHERE pk = 'a' AND sk = 1", 1, true, false, "a"},
        {"SELECT * FROM t WHERE pk = 'a' AND sk BETWEEN 0 AND 1.5", 1, true, false, "a"},
        {"SELECT * FROM t WHERE pk = 'a' AND sk > 0 AND sk <= 2", 1, true, false, "a"},
        {"SELECT * FROM t WHERE pk = 'a' AND sk > 2 AND sk < 1", 0, true, false, ""},
        {"SELECT * FROM t WHERE pk = 'a' AND n = 1", 1, true, true, "a"},
        {"SELECT * FROM t WHERE pk = 'a' AND sk <> 1", 1, true, true, "a"},
        {"SELECT * FROM t WHERE pk = 'a' AND NOT (sk = 1)", 1, true, true, "a"},
        {"SELECT * FROM t WHERE pk = 'a' AND (n = 1 OR n = 2)", 1, true, true, "a"},
        {"SELECT * FROM t WHERE pk IN ['b', 'a']", 2, true, false, "a b"},
        {"SELECT * FROM t WHERE pk IN [] OR pk = 'a'", 1, true, false, "a"},
        {"SELECT * FROM t WHERE pk IN []", 0, true, false, ""},
        {"SELECT * FROM t WHERE pk IN ['b', 'a'] AND sk IN [3, 1, 0]", 6, true, false, "a a a b b b"},
        {"SELECT * FROM t WHERE pk = 'b' OR pk = 'a'", 2, true, false, "a b"},
        {"SELECT * FROM t WHERE (pk = 'b' AND sk = 1) OR (pk = 'a' AND sk > 1 AND n = 0)", 2, true, true, "a b"},
        {"SELECT * FROM t WHERE pk = 'a' AND (sk < 0 OR sk > 1)", 2, true, false, "a a"},
        {"SELECT * FROM t WHERE (pk = 'a' OR pk = 'b') AND (sk = 1 OR sk <> 2)", 2, true, true, "a b"},
        {"SELECT * FROM t WHERE pk IN ['b', 'a'] ORDER BY pk DESC", 2, true, false, "b a"},
        {"SELECT * FROM t WHERE n = 1", 0, false, true, ""},
        {"SELECT * FROM t WHERE sk = 1", 0, false, true, ""},
        {"SELECT * FROM t WHERE pk = 'a' OR n = 1", 0, false, true, ""},
        {"SELECT * FROM t WHERE pk = 'a' AND pk = 'b'", 0, false, true, ""},
        {"SELECT * FROM t WHERE NOT (pk = 'a')", 0, false, true, ""},
        {"SELECT * FROM t WHERE pk IN ['a', n]", 0, false, true, ""},
        {"SELECT * FROM t.lsi WHERE pk = 'a' AND begins_with(l, '1')", 1, true, false, "a"},
        {"SELECT * FROM t.lsi WHERE pk = 'a' AND sk = 1", 1, true, true, "a"},
        {"SELECT * FROM t.gsi WHERE g IN ['a', 'b'] AND pk = 'b'", 2, true, true, "a b"},
    };

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct fixture f;
        struct page_request request = {0};
        struct statement_ranges ranges;
        struct buf order;

        set_up(&f, schema, cases[c].text);
        request.table = f.table;
        request.index = index_named(f.table, f.statement.index);
        if (plan_statement_ranges(&ranges, &f.statement, &request, &f.ring, &f.arena, &f.err) != STATOR_OK)
            fail_msg("%s: %s", cases[c].text, f.err.message);
        if (ranges.count != cases[c].count || ranges.keyed != cases[c].keyed || ranges.filtered != cases[c].filtered)
            fail_msg("%s: %zu ranges%s%s", cases[c].text, ranges.count, ranges.keyed ? "" : ", a scan",
                     ranges.filtered ? ", filtered" : "");
        buf_init(&order, 1 << 10);
        for (size_t i = 0; i < ranges.count; i++)
            buf_printf(&order, "%s%.*s", i == 0 ? "" : " ", BYTES_ARG(ranges.at[i].hash->text));
        if (!bytes_equal(buf_bytes(&order), bytes_of_string(cases[c].order)))
            fail_msg("%s: reads %.*s", cases[c].text, BYTES_ARG(buf_bytes(&order)));
        if (ranges.keyed)
            check_items(&f, cases[c].text, &ranges, request.index);
        buf_deinit(&order);
        tear_down(&f);
    }
}

/* Ranges of one partition are read as the partition is. */
static void directions(void **state)
{
    static const struct {
        const char *order;
        bool forward, rising;
    } cases[] = {
        {"", true, true},
        {" ORDER BY sk", true, true},
        {" ORDER BY sk DESC", false, false},
        {" ORDER BY pk", false, false}, /* says nothing of the sort key */
        {" ORDER BY pk DESC, sk ASC", true, true},
        {" ORDER BY pk, sk DESC", false, false},
    };

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        char text[200];
        struct fixture f;
        struct page_request request = {0};
        struct statement_ranges ranges;

        snprintf(text, sizeof(text), "SELECT * FROM t WHERE pk = 'a' AND sk IN [2, 1]%s", cases[c].order);
        set_up(&f, schema, text);
        request.table = f.table;
        request.index = &f.table->base;
        assert_int_equal(plan_statement_ranges(&ranges, &f.statement, &request, &f.ring, &f.arena, &f.err), STATOR_OK);
        assert_int_equal(ranges.count, 2);
        if (ranges.forward != cases[c].forward ||
            (bytes_compare(ranges.at[0].lower, ranges.at[1].lower) < 0) != cases[c].rising)
            fail_msg("%s is read in another order", text);
        tear_down(&f);
    }
}

static void ranges_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"SELECT * FROM t WHERE pk = 1",
         "Key attribute's data type should match its data type in table's schema: Key pk"},
        {"SELECT * FROM t WHERE pk = 'a' AND sk = '1'",
         "Key attribute's data type should match its data type in table's schema: Key sk"},
        {"SELECT * FROM t WHERE pk = 'a' AND sk IN [1, 1]",
         "Overlapping conditions with range keys are not supported in where clause"},
        {"SELECT * FROM t WHERE pk = 'a' AND (sk < 2 OR sk > 1)",
         "Overlapping conditions with range keys are not supported in where clause"},
        {"SELECT * FROM t WHERE pk = 'a' OR pk = 'a'",
         "Overlapping conditions with range keys are not supported in where clause"},
        {"SELECT * FROM t WHERE pk IN ['a','b','c','d','e','f','g','h'] AND sk IN [1,2,3,4,5,6,7]",
         "Too many decomposed read operations for a given query."},
        {"SELECT * FROM t WHERE pk IN ['a','b','c','d','e','f','g','h','i','j','k','l'] AND sk IN [1,2,3,4,5,6,7,8,9,"
         "10,11,12]",
         "Too many decomposed read operations for a given query."},
        {"SELECT * FROM t ORDER BY pk", "Must have WHERE clause in the statement when using ORDER BY clause."},
        {"SELECT * FROM t WHERE pk = 'a' ORDER BY n", "Attribute n in ORDER BY clause must be part of the primary key"},
        {"SELECT * FROM t WHERE n = 1 ORDER BY sk",
         "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY clause."},
        {"SELECT * FROM t WHERE pk IN ['a', 'b'] ORDER BY sk",
         "Must have hash key in ORDER BY clause when more than one hash key condition specified in WHERE clause."},
    };

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct fixture f;
        struct page_request request = {0};
        struct statement_ranges ranges;

        set_up(&f, schema, cases[c].text);
        request.table = f.table;
        request.index = &f.table->base;
        if (plan_statement_ranges(&ranges, &f.statement, &request, &f.ring, &f.arena, &f.err) != STATOR_VALIDATION ||
            strcmp(f.err.message, cases[c].message) != 0)
            fail_msg("%s: %s", cases[c].text, f.err.message);
        tear_down(&f);
    }
}

/* --- One item's key ----------------------------------------------------------------------------------------------- */

static void keys(void **state)
{
    static const struct {
        const char *table, *where;
        enum statement_keying keying;
        const char *key;      /* NULL: something is missing */
        const char *conflict; /* NULL: none */
        bool rest;
    } cases[] = {
        {schema, "pk = 'a' AND sk = 1", STATEMENT_WRITES, "{\"pk\":{\"S\":\"a\"},\"sk\":{\"N\":\"1\"}}", NULL, false},
        {schema, "1 = sk AND (n = 2 AND 'a' = pk)", STATEMENT_WRITES, "{\"pk\":{\"S\":\"a\"},\"sk\":{\"N\":\"1\"}}",
         NULL, true},
        {"pk:S", "pk = 'a'", STATEMENT_WRITES, "{\"pk\":{\"S\":\"a\"}}", NULL, false},
        {"pk:S", "pk = 'a' AND sk = 1", STATEMENT_WRITES, "{\"pk\":{\"S\":\"a\"}}", NULL, true},
        {"pk:S", "pk = 'a' AND pk = 'a'", STATEMENT_WRITES, "{\"pk\":{\"S\":\"a\"}}", NULL, false},
        {"pk:S", "pk = 'a' AND pk = 'b'", STATEMENT_WRITES, "{\"pk\":{\"S\":\"a\"}}", "pk", false},
        {"pk:S", "pk = 'a' AND pk = 'b'", STATEMENT_CHECKS, "{\"pk\":{\"S\":\"a\"}}", "pk", true},
        {"pk:S", "pk IN ['a']", STATEMENT_READS, "{\"pk\":{\"S\":\"a\"}}", NULL, false},
        {"pk:S", "pk IN ['a']", STATEMENT_WRITES, NULL, NULL, true},
        {"pk:S", "pk IN ['a', 'b']", STATEMENT_READS, NULL, NULL, true},
        {"pk:S", "pk = n", STATEMENT_WRITES, NULL, NULL, true},
        {"pk:S", "pk = 'a' OR pk = 'a'", STATEMENT_WRITES, NULL, NULL, true},
        {schema, "pk = 'a' AND sk > 1", STATEMENT_WRITES, NULL, NULL, true},
    };

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        char text[200];
        struct fixture f;
        struct statement_key key;

        snprintf(text, sizeof(text), "DELETE FROM t WHERE %s", cases[c].where);
        set_up(&f, cases[c].table, text);
        assert_int_equal(plan_statement_key(&key, f.table, f.statement.where, cases[c].keying, &f.arena, &f.err),
                         STATOR_OK);
        if (key.missing != (cases[c].key == NULL) || (key.rest != NULL) != cases[c].rest ||
            !bytes_equal(key.conflict, bytes_of_string(cases[c].conflict == NULL ? "" : cases[c].conflict)))
            fail_msg("%s:%s%s, conflict %.*s", text, key.missing ? " missing" : "", key.rest != NULL ? " rest" : "",
                     BYTES_ARG(key.conflict));
        if (cases[c].key != NULL) {
            struct item expected = item_of(cases[c].key, &f.arena);

            assert_int_equal(key.key.count, expected.count);
            for (size_t i = 0; i < expected.count; i++) {
                assert_true(bytes_equal(key.key.attributes[i].name, expected.attributes[i].name));
                assert_true(value_equal(&key.key.attributes[i].value, &expected.attributes[i].value));
            }
        }
        tear_down(&f);
    }
}

static void write_keys_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"DELETE FROM t WHERE pk = 'a'", "Where clause does not contain a mandatory equality on all key attributes"},
        {"DELETE FROM t WHERE pk = 'a' AND sk IN [1]",
         "Where clause does not contain a mandatory equality on all key attributes"},
        {"DELETE FROM t WHERE pk = 'a' AND sk = 1 AND sk = 2",
         "Multiple conditions on same key sk. Only single item Update/Insert/Delete are supported"},
        {"DELETE FROM t WHERE pk = 'a' AND pk = 'b'",
         "Multiple conditions on same key pk. Only single item Update/Insert/Delete are supported"},
    };

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct fixture f;
        struct statement_key key;

        set_up(&f, schema, cases[c].text);
        if (plan_statement_write_key(&key, f.table, f.statement.where, &f.arena, &f.err) != STATOR_VALIDATION ||
            strcmp(f.err.message, cases[c].message) != 0)
            fail_msg("%s: %s", cases[c].text, f.err.message);
        tear_down(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_the_condition), cmocka_unit_test(directions),
        cmocka_unit_test(ranges_refused),           cmocka_unit_test(keys),
        cmocka_unit_test(write_keys_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
