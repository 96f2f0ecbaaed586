/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/proto/expr/expr_unit.h"

#define ITEM                                                                                                           \
    "{\"b\":{\"B\":\"YWJj\"},\"bs\":{\"BS\":[\"YQ==\",\"Yg==\"]},\"e\":{\"S\":\"\"},\"l\":{\"L\":[{\"S\":\"x\"},"      \
    "{\"N\":\"10\"},{\"SS\":[\"p\",\"q\"]}]},\"m\":{\"M\":{\"k\":{\"M\":{\"j\":{\"N\":\"7\"}}}}},"                     \
    "\"n\":{\"N\":\"10\"},\"ns\":{\"NS\":[\"2\",\"10\"]},\"s\":{\"S\":\"abcdef\"},\"ss\":{\"SS\":[\"x\",\"y\"]},"      \
    "\"t\":{\"BOOL\":true},\"u\":{\"S\":\"ab\xc3\xbf\"},\"w\":{\"S\":\"\xf0\x9f\x98\x80\"},\"z\":{\"NULL\":true}}"
#define VALUES                                                                                                         \
    "{\":ab\":{\"S\":\"ab\"},\":b\":{\"B\":\"YmM=\"},\":b0\":{\"B\":\"YQ==\"},\":e\":{\"S\":\"\"},"                    \
    "\":list\":{\"L\":[{\"S\":\"x\"},{\"N\":\"1e1\"},{\"SS\":[\"q\",\"p\"]}]},\":n10\":{\"N\":\"10.0\"},"              \
    "\":n2\":{\"N\":\"2\"},\":n3\":{\"N\":\"3\"},\":n9\":{\"N\":\"9\"},\":pq\":{\"SS\":[\"q\",\"p\"]},"                \
    "\":s\":{\"S\":\"abcdef\"},\":t\":{\"BOOL\":true},\":x\":{\"S\":\"x\"},\":xy\":{\"SS\":[\"y\",\"x\"]},"            \
    "\":type\":{\"S\":\"SS\"},\":map\":{\"M\":{\"k\":{\"M\":{\"j\":{\"N\":\"7\"}}}}},\":z\":{\"NULL\":true}}"

static enum stator_rc evaluate(bool *holds, struct fixture *fixture, const char *text, const struct item *item,
                               struct expr_budget *budget)
{
    struct item_source_parsed source;
    const struct expr *expr;

    item_source_parsed_init(&source, item);
    STATOR_TRY(expr_parse_condition(&expr, bytes_of_string(text), EXPR_LANGUAGE_CONDITION, &fixture->placeholders,
                                    &fixture->arena, &fixture->err));
    return expr_test(holds, expr, &source.source, budget, &fixture->arena, &fixture->err);
}

static void test_conditions(void **state)
{
    static const struct {
        const char *text;
        bool holds;
    } cases[] = {
        {"s = :s", true},
        {"s = :ab", false},
        {"n = :n10", true}, /* numbers by value */
        {"n = :s", false},
        {"n <> :s", true},
        {"q = :s", false},
        {"q <> :s", true},
        {"q = r", false}, /* nothing equals nothing */
        {"q <> r", true},
        {"ss = :xy", true}, /* sets have no order */
        {"l = :list", true},
        {"m = :map", true},
        {"z = :z", true},
        {"t = :t", true},
        {"n > :n9", true}, /* not as text */
        {"n < :n9", false},
        {"s < :ab", false},
        {"s > :ab", true},
        {"s >= :s", true},
        {"n > :ab", false},
        {"q > :ab", false},
        {"q < :ab", false},
        {"NOT q < :ab", true},
        {"n between :n9 and :n10", true},
        {"n between :n2 and :n9", false},
        {"q between :n2 and :n9", false},
        {":n9 between :n2 and n", true},
        {"n in (:s, :n10)", true},
        {"n in (:s, :n9)", false},
        {"q in (:s, r)", false},
        {"attribute_exists(m.k.j)", true},
        {"attribute_exists(m.k.q)", false},
        {"attribute_exists(l[2])", true},
        {"attribute_exists(l[3])", false},
        {"attribute_not_exists(s.x)", true},
        {"attribute_not_exists(m[0])", true},
        {"m.k.j > :n3", true},
        {"attribute_type(ss, :type)", true},
        {"attribute_type(s, :type)", false},
        {"attribute_type(q, :type)", false},
        {"begins_with(s, :ab)", true},
        {"begins_with(s, :e)", true},
        {"begins_with(n, :ab)", false},
        {"begins_with(b, :b0)", true},
        {"begins_with(b, :b)", false},
        {"contains(s, :ab)", true},
        {"contains(s, :x)", false},
        {"contains(s, :e)", true},
        {"contains(b, :b)", true},
        {"contains(ss, :x)", true},
        {"contains(ss, :ab)", false},
        {"contains(ns, :n10)", true},
        {"contains(ns, :x)", false},
        {"contains(bs, :b0)", true},
        {"contains(l, :n10)", true},
        {"contains(l, :pq)", true},
        {"contains(l, :n9)", false},
        {"contains(m, :x)", false},
        {"contains(n, :n10)", false},
        {"contains(:s, u)", false},
        {"size(s) > :n3", true},
        {"size(u) = :n3", true}, /* characters, not bytes: vectors of dynalite's scan */
        {"size(w) = :n2", true}, /* a surrogate pair counts two */
        {"size(b) = :n3", true},
        {"size(ss) = :n2", true},
        {"size(l) = :n3", true},
        {"size(m) = :n3", false},
        {"size(e) < :n2", true},
        {"size(n) > :n2", false}, /* numbers have no size */
        {"size(n) <> :n2", true},
        {"size(q) = :n2", false},
        {"s = :ab OR s = :s AND n = :n10", true},
        {"(s = :ab OR s = :s) AND n = :n9", false},
        {"NOT s = :ab AND NOT (n = :n9 OR t = :z)", true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture fixture;
        struct item item;
        bool holds;
        enum stator_rc rc;

        fixture_init(&fixture, NULL, VALUES);
        item = item_of_json(&fixture.arena, ITEM);
        rc = evaluate(&holds, &fixture, cases[i].text, &item, NULL);
        assert_outcome(&fixture, cases[i].text, rc, NULL);
        if (holds != cases[i].holds)
            fail_msg("%s is %s", cases[i].text, holds ? "true" : "false");
        fixture_deinit(&fixture);
    }
}

/* The budget is spent a little less than is left, or all of it and the answer is an error. */
static void test_budget(void **state)
{
    static const char *const texts[] = {"s = :s",          "s > :ab",          "contains(s, :s)",
                                        "contains(l, :s)", "contains(ss, :s)", "begins_with(s, :s)",
                                        "size(s) > :n2",   "s IN (:x, :s)",    "NOT attribute_exists(q)"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        uint64_t needed = 0;

        for (uint64_t left = 1; needed == 0; left++) {
            struct expr_budget budget = {.left = left, .later = left % 2 == 0};
            struct fixture fixture;
            struct item item;
            bool holds;
            enum stator_rc rc;

            fixture_init(&fixture, NULL, VALUES);
            item = item_of_json(&fixture.arena, ITEM);
            rc = evaluate(&holds, &fixture, texts[i], &item, &budget);
            if (rc == STATOR_OK) {
                assert_true(budget.left > 0 && budget.left + EXPR_STEP_COST <= left);
                needed = left;
            } else {
                assert_int_equal(rc, left % 2 == 0 ? STATOR_AGAIN : STATOR_VALIDATION);
                assert_false(holds);
                assert_int_equal(budget.left, 0);
            }
            fixture_deinit(&fixture);
        }
    }
}

/* Once all is over an evaluation ends with an error, whatever it has left; until then what is spent does not depend on
 * how often that is looked at. */
static void test_over(void **state)
{
    static const uint64_t lefts[] = {1000, 1024 * 1024, 1024 * 1024 + 1, 32 * 1024 * 1024};
    uint64_t spent = 0;

    (void)state;
    for (size_t i = 0; i < 2 * COUNT_OF(lefts); i++) {
        const _Atomic bool over = i >= COUNT_OF(lefts);
        uint64_t left = lefts[i % COUNT_OF(lefts)];
        struct expr_budget budget = {.left = left, .later = i % 2 == 0, .over = &over};
        struct fixture fixture;
        struct item item;
        bool holds;
        enum stator_rc rc;

        fixture_init(&fixture, NULL, VALUES);
        item = item_of_json(&fixture.arena, ITEM);
        rc = evaluate(&holds, &fixture, "contains(s, :s) AND s = :s", &item, &budget);
        assert_int_equal(rc, over ? STATOR_INTERNAL_SERVER_ERROR : STATOR_OK);
        assert_int_equal(holds, !over);
        if (over)
            assert_string_equal(fixture.err.message, EXPR_OVER_TEXT);
        else if (spent == 0)
            spent = left - budget.left;
        else
            assert_int_equal(left - budget.left, spent);
        fixture_deinit(&fixture);
    }
}

/* Each allocation fails once: an error, nothing worse. */
static void test_memory(void **state)
{
    static const char text[] = "size(s) > :n3 AND (#a.b[1] IN (:x, :s) OR NOT begins_with(s, :ab))";
    bool done = false;

    (void)state;
    for (size_t bytes = 0; !done; bytes += 8) {
        struct fixture fixture;
        struct item item;
        bool holds;
        enum stator_rc rc;

        assert_true(bytes < 65536);
        fixture_init(&fixture, "#a=a", VALUES);
        item = item_of_json(&fixture.arena, ITEM);
        fixture.arena.max_bytes = fixture.arena.used_bytes + bytes;
        rc = evaluate(&holds, &fixture, text, &item, NULL);
        assert_true(rc == STATOR_OK || rc == STATOR_NO_MEMORY);
        done = rc == STATOR_OK;
        fixture_deinit(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_conditions), cmocka_unit_test(test_budget),
                                       cmocka_unit_test(test_over), cmocka_unit_test(test_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
