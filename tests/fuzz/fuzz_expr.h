/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzzers of expressions share: a few names, values and one item. */
#ifndef TESTS_FUZZ_FUZZ_EXPR_H
#define TESTS_FUZZ_FUZZ_EXPR_H

#include <stdlib.h>

#include "expr/expr.h"

struct world {
    struct arena arena;
    struct stator_error err;
    struct placeholder_name names[3];
    struct item values, item;
    struct item_source_parsed source;
    struct placeholders placeholders;
};

static inline void check(bool condition)
{
    if (!condition)
        abort();
}

static inline struct item world_item(struct arena *arena, const char *json)
{
    struct json_reader reader;
    struct stator_error err;
    struct item item;

    json_reader_init(&reader, bytes_of_string(json), arena);
    check(item_read(&item, &reader, json_next(&reader), arena, &err) == STATOR_OK && !item.fault);
    return item;
}

static inline void world_init(struct world *world)
{
    *world = (struct world){.names = {{BYTES("#a"), BYTES("a"), false},
                                      {BYTES("#l"), BYTES("l"), false},
                                      {BYTES("#m"), BYTES("m"), false}}};
    arena_init(&world->arena, (size_t)64 << 20);
    world->values = world_item(&world->arena, "{\":n\":{\"N\":\"3\"},\":s\":{\"S\":\"ab\"},\":b\":{\"B\":\"YWI=\"},"
                                              "\":l\":{\"L\":[{\"N\":\"1\"}]},\":t\":{\"SS\":[\"a\",\"b\"]}}");
    world->item = world_item(&world->arena, "{\"a\":{\"S\":\"abc\"},\"b\":{\"B\":\"YWJj\"},\"l\":{\"L\":[{\"N\":\"3\"},"
                                            "{\"L\":[{\"S\":\"x\"}]},{\"M\":{\"m\":{\"N\":\"1\"}}}]},"
                                            "\"m\":{\"M\":{\"a\":{\"N\":\"7\"},\"m\":{\"M\":{\"l\":{\"L\":[]}}}}},"
                                            "\"n\":{\"N\":\"5\"},\"t\":{\"SS\":[\"a\"]}}");
    item_source_parsed_init(&world->source, &world->item);
    world->placeholders = (struct placeholders){
        .names = world->names,
        .name_count = 3,
        .names_set = true,
        .values = &world->values,
        .values_used = ARENA_ARRAY(&world->arena, bool, world->values.count),
    };
}

/* An outcome is success, or a message of the service about the text. */
static inline bool parsed(const struct world *world, enum stator_rc rc)
{
    check(rc == STATOR_OK || (rc == STATOR_VALIDATION && world->err.message[0] != '\0'));
    return rc == STATOR_OK;
}

/* Sorted names, and JSON that reads back as the same JSON. */
static inline void check_canonical(struct world *world, const struct item *item)
{
    struct buf once, twice;
    struct item again;

    buf_init(&once, (size_t)64 << 20);
    buf_init(&twice, (size_t)64 << 20);
    item_write(&once, item);
    check(item_read_stored(&again, buf_bytes(&once), &world->arena));
    item_write(&twice, &again);
    check(bytes_equal(buf_bytes(&once), buf_bytes(&twice)));
    for (size_t i = 1; i < item->count; i++)
        check(bytes_compare(item->attributes[i - 1].name, item->attributes[i].name) < 0);
    buf_deinit(&once);
    buf_deinit(&twice);
}

#endif
