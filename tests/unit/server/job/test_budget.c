/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/arena.h"
#include "base/buf.h"
#include "job/budget.h"

#define MIB ((size_t)1 << 20)

static void large_pieces_stop_before_small_ones(void **state)
{
    struct budget budget;

    (void)state;
    budget_init(&budget, 10 * MIB);
    assert_true(budget_take(&budget, 10 * MIB));
    assert_false(budget_take(&budget, BUDGET_SMALL + 1));
    assert_true(budget_take(&budget, BUDGET_SMALL));
    while (budget_take(&budget, BUDGET_SMALL))
        ;
    assert_int_equal(budget.used, 10 * MIB + BUDGET_MARGIN);
    assert_int_equal(budget.refused, 2);
    budget_give(&budget, 9 * MIB + BUDGET_MARGIN);
    assert_false(budget_take(&budget, 9 * MIB + 1));
    assert_true(budget_take(&budget, 9 * MIB));
    assert_false(budget_take(&budget, SIZE_MAX));
}

static void blocks_are_charged_while_they_live(void **state)
{
    struct budget budget;
    struct arena arena;
    struct buf buf;

    (void)state;
    budget_init(&budget, 5 * MIB);
    arena_init_with(&arena, 64 * MIB, &budget.allocator);
    buf_init_with(&buf, 64 * MIB, &budget.allocator);
    assert_non_null(arena_alloc(&arena, 100));
    buf_append_literal(&buf, "small");
    assert_int_equal(budget.used, 0);
    assert_non_null(arena_alloc(&arena, 2 * MIB));
    assert_true(budget.used >= 2 * MIB);
    assert_non_null(buf_reserve(&buf, MIB));
    assert_null(buf_reserve(&buf, 8 * MIB));
    assert_true(buf.failed);
    assert_null(arena_alloc(&arena, 2 * MIB));
    assert_true(arena.failed && !arena.exhausted);
    assert_true(budget.used <= 5 * MIB);
    arena_reset(&arena);
    buf_reset(&buf);
    assert_int_equal(budget.used, 0);
    arena_deinit(&arena);
    buf_deinit(&buf);
}

static void what_is_sent_goes_back(void **state)
{
    struct budget budget;
    struct buf buf;

    (void)state;
    budget_init(&budget, 64 * MIB);
    buf_init_with(&buf, 64 * MIB, &budget.allocator);
    memset(buf_reserve(&buf, 16 * MIB), 'x', 16 * MIB);
    for (size_t sent = MIB; sent <= 16 * MIB; sent += MIB) {
        budget_trim(&budget, buf.at, sent);
        assert_true(budget.used <= 16 * MIB - sent + 64 * 1024);
        if (sent < 16 * MIB)
            assert_int_equal(buf.at[sent], 'x');
    }
    buf_deinit(&buf);
    assert_int_equal(budget.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(large_pieces_stop_before_small_ones),
        cmocka_unit_test(blocks_are_charged_while_they_live),
        cmocka_unit_test(what_is_sent_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
