/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdalign.h>

#include "base/arena.h"
#include "unit/allocator.h"

static void blocks_are_aligned_and_apart(void **state)
{
    struct arena arena;
    uint8_t *before = NULL;

    (void)state;
    arena_init(&arena, 1 << 20);
    for (size_t len = 0; len < 300; len += 7) {
        uint8_t *block = arena_alloc(&arena, len);

        assert_non_null(block);
        assert_int_equal((uintptr_t)block % alignof(max_align_t), 0);
        assert_ptr_not_equal(block, before);
        memset(block, 0xAA, len);
        before = len == 0 ? NULL : block;
    }
    arena_deinit(&arena);
}

/* What was there before the mark stays, and the room behind it is free again. */
static void rewinding_forgets_what_came_since(void **state)
{
    struct arena arena;
    struct arena_mark start, mark;
    uint8_t *before;

    (void)state;
    arena_init(&arena, 100000);
    start = arena_mark(&arena);
    before = arena_alloc(&arena, 100);
    memset(before, 0x55, 100);
    mark = arena_mark(&arena);
    for (int round = 0; round < 3; round++) {
        for (size_t len = 1; len < 60000; len *= 3)
            assert_non_null(arena_alloc(&arena, len));
        assert_null(arena_alloc(&arena, 60000));
        assert_true(arena.exhausted);
        arena_rewind(&arena, mark);
        assert_int_equal(arena.used_bytes, mark.used_bytes);
    }
    for (size_t i = 0; i < 100; i++)
        assert_int_equal(before[i], 0x55);
    arena_rewind(&arena, start);
    assert_int_equal(arena.used_bytes, 0);
    assert_non_null(arena_alloc(&arena, 60000));
    arena_deinit(&arena);
}

static void limit_is_kept_and_reset_forgets(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 1000);
    for (int round = 0; round < 3; round++) {
        assert_non_null(arena_alloc(&arena, 600));
        assert_false(arena.failed);
        assert_null(arena_alloc(&arena, 600));
        assert_non_null(arena_alloc(&arena, 300));
        assert_true(arena.failed); /* until the reset */
        arena_reset(&arena);
        assert_false(arena.failed);
    }
    assert_null(arena_alloc(&arena, SIZE_MAX));
    assert_true(arena.failed);
    arena_reset(&arena);
    assert_null(arena_calloc(&arena, SIZE_MAX / 2, 3));
    assert_true(arena.failed);
    arena_deinit(&arena);
}

static void big_blocks_and_copies(void **state)
{
    struct arena arena;
    struct bytes copy;
    uint8_t *big;

    (void)state;
    arena_init(&arena, 64 << 20);
    big = arena_calloc(&arena, 5, 1 << 20);
    assert_non_null(big);
    assert_int_equal(big[(5 << 20) - 1], 0);
    copy = arena_copy(&arena, BYTES("text"));
    assert_bytes_are(copy, "text");
    assert_non_null(arena_copy(&arena, BYTES("")).at);
    arena_deinit(&arena);
}

static void an_allocator_may_run_out(void **state)
{
    struct scarce scarce = {.fail_at = 2};
    struct stator_allocator allocator = scarce_allocator(&scarce);
    struct arena arena;

    (void)state;
    arena_init_with(&arena, 64 << 20, &allocator);
    for (int round = 0; round < 2; round++) {
        assert_non_null(arena_alloc(&arena, 10));
        if (round == 0) {
            assert_null(arena_alloc(&arena, 1 << 20));
            assert_true(arena.failed);
        }
        assert_non_null(arena_alloc(&arena, 1 << 20));
        assert_int_equal(scarce.live, 2);
        arena_deinit(&arena); /* keeps its allocator */
        assert_int_equal(scarce.live, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_apart),    cmocka_unit_test(rewinding_forgets_what_came_since),
        cmocka_unit_test(limit_is_kept_and_reset_forgets), cmocka_unit_test(big_blocks_and_copies),
        cmocka_unit_test(an_allocator_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
