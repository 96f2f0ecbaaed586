/* SPDX-License-Identifier: Apache-2.0 */
/* Parses any text as a condition, checks it as a key condition, and tests an item with it: the second answer must be
 * the first one, and NOT (text) the opposite. */
#include <stdio.h>

#include "fuzz_expr.h"

static bool test(struct world *world, const struct expr *expr)
{
    bool holds;

    check(expr_test(&holds, expr, &world->source.source, NULL, &world->arena, &world->err) == STATOR_OK);
    return holds;
}

static void test_opposite(struct world *world, struct bytes text, bool holds)
{
    char opposite[4096];
    const struct expr *expr;
    int len = snprintf(opposite, sizeof(opposite), "NOT (%.*s)", BYTES_ARG(text));

    if (len < 0 || (size_t)len >= sizeof(opposite) || memchr(text.at, '\0', text.len) != NULL)
        return;
    /* the parentheses may have become redundant, or the operators too many */
    if (expr_parse_condition(&expr, bytes_of(opposite, (size_t)len), EXPR_LANGUAGE_CONDITION, &world->placeholders,
                             &world->arena, &world->err) == STATOR_OK)
        check(test(world, expr) == !holds);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes text = bytes_of(data, size);
    struct world world;
    const struct expr *expr;
    bool holds;

    world_init(&world);
    if (parsed(&world, expr_parse_condition(&expr, text, EXPR_LANGUAGE_KEY_CONDITION, &world.placeholders, &world.arena,
                                            &world.err))) {
        parsed(&world, expr_check_unused(&world.placeholders, &world.err));
        holds = test(&world, expr);
        check(test(&world, expr) == holds);
        test_opposite(&world, text, holds);
    }
    arena_deinit(&world.arena);
    return 0;
}
