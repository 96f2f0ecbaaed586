/* SPDX-License-Identifier: Apache-2.0 */
/* Reads any text as a statement. What comes out must be usable: a condition holds for an item or not, and its opposite
 * the other way round; an update, a projection and an item are canonical. The same text gives the same answer again. */
#include "base/utf8.h"
#include "fuzz_expr.h"
#include "partiql/partiql.h"

static const char *const parameters[] = {"{\"S\":\"abc\"}", "{\"N\":\"5\"}", "{\"SS\":[\"a\"]}",
                                         "{\"L\":[{\"N\":\"1\"}]}"};

#define PARAMETERS (sizeof(parameters) / sizeof(parameters[0]))

static void read_parameters(struct value out[PARAMETERS], struct arena *arena)
{
    for (size_t i = 0; i < PARAMETERS; i++)
        check(value_read_stored(&out[i], bytes_of_string(parameters[i]), arena));
}

static bool test(struct world *world, const struct expr *expr)
{
    bool holds;

    check(expr_test(&holds, expr, &world->source.source, NULL, &world->arena, &world->err) == STATOR_OK);
    return holds;
}

static void use_condition(struct world *world, const struct expr *where)
{
    const struct expr *child[] = {where};
    const struct expr opposite = {.type = EXPR_NOT, .child_count = 1, .children = child};

    check(test(world, where) != test(world, &opposite));
}

static void use(struct world *world, const struct partiql_statement *statement)
{
    struct item out;

    check(bytes_present(statement->table) && statement->table.len != 0);
    if (statement->where != NULL)
        use_condition(world, statement->where);
    if (statement->what == PARTIQL_INSERT)
        check_canonical(world, &statement->item);
    if (statement->projection != NULL) {
        check(projection_apply(&out, statement->projection, &world->source.source, &world->arena, &world->err) ==
              STATOR_OK);
        check_canonical(world, &out);
    }
    if (statement->update != NULL &&
        parsed(world, update_apply(&out, statement->update, &world->item, &world->arena, &world->err)))
        check_canonical(world, &out);
}

static bool understand(struct world *world, struct partiql_statement *out, struct bytes text)
{
    struct value *values = ARENA_ARRAY(&world->arena, struct value, PARAMETERS);

    check(values != NULL);
    read_parameters(values, &world->arena);
    return parsed(world, partiql_read(out, text, &world->arena, &world->err)) &&
           parsed(world, partiql_understand(out, values, PARAMETERS, &world->arena, &world->err));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct partiql_statement statement, again;
    struct bytes text = bytes_of(data, size);
    struct world world;
    char message[STATOR_ERROR_MESSAGE_MAX];

    if (size > 8192 || !utf8_valid(text)) /* a request's texts are UTF-8 */
        return 0;
    world_init(&world);
    if (understand(&world, &statement, text)) {
        use(&world, &statement);
        check(understand(&world, &again, text) && again.what == statement.what &&
              bytes_equal(again.table, statement.table));
    } else {
        memcpy(message, world.err.message, sizeof(message));
        check(utf8_valid(bytes_of_string(message)));
        check(!understand(&world, &again, text) && strcmp(message, world.err.message) == 0);
    }
    arena_deinit(&world.arena);
    return 0;
}
