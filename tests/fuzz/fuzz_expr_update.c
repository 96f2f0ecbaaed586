/* SPDX-License-Identifier: Apache-2.0 */
/* Parses any text as an update and applies it: the old item stays as it was, the new one is canonical, and so is the
 * part of it that was touched. */
#include "fuzz_expr.h"

static void apply(struct world *world, const struct update *update)
{
    struct item new, touched;

    check(update_statement_bytes(update, &world->item) <= update->statement_bytes);
    if (!parsed(world, update_apply(&new, update, &world->item, &world->arena, &world->err)))
        return;
    check_canonical(world, &new);
    check_canonical(world, &world->item);
    check(update_touched(&touched, update, &new, &world->arena, &world->err) == STATOR_OK);
    check_canonical(world, &touched);
    check(touched.count <= new.count &&item_size(&touched) <= item_size(&new));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world;
    struct update *update;

    world_init(&world);
    if (parsed(&world, expr_parse_update(&update, bytes_of(data, size), &world.placeholders, &world.arena, &world.err)))
        apply(&world, update);
    arena_deinit(&world.arena);
    return 0;
}
