/* SPDX-License-Identifier: Apache-2.0 */
/* Parses any text as a projection and takes that part of an item: it is canonical and no larger than the item. */
#include "fuzz_expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world;
    struct projection *projection;
    struct item part;

    world_init(&world);
    if (parsed(&world, expr_parse_projection(&projection, bytes_of(data, size), &world.placeholders, &world.arena,
                                             &world.err))) {
        check(projection_apply(&part, projection, &world.source.source, &world.arena, &world.err) == STATOR_OK);
        check_canonical(&world, &part);
        check(item_size(&part) <= item_size(&world.item));
    }
    arena_deinit(&world.arena);
    return 0;
}
