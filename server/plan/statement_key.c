/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/statement.h"

/* The value that the condition gives to an attribute alone, or NULL. */
static const struct value *equality(const struct expr *condition, enum statement_keying keying, struct bytes *name)
{
    const struct expr *path, *value;

    if (condition->type != EXPR_EQ &&
        !(keying == STATEMENT_READS && condition->type == EXPR_IN && condition->child_count == 2))
        return NULL;
    path = condition->children[0];
    value = condition->children[1];
    if (path->type == EXPR_VALUE && condition->type == EXPR_EQ) {
        path = condition->children[1];
        value = condition->children[0];
    }
    if (path->type != EXPR_PATH || path->path.count != 1 || value->type != EXPR_VALUE)
        return NULL;
    *name = path->path.elements[0].name;
    return value->value;
}

struct collecting {
    struct statement_key *out;
    const struct key_schema *schema;
    enum statement_keying keying;
    struct attribute *attributes; /* one for each key attribute, in the schema's order; VALUE_ABSENT: none yet */
    const struct expr **rest;
    size_t rest_count;
};

static bool take_equality(struct collecting *c, const struct expr *condition)
{
    struct bytes name;
    const struct value *value = equality(condition, c->keying, &name);

    for (uint32_t i = 0; value != NULL && i < c->schema->hash_count + c->schema->range_count; i++) {
        struct attribute *attribute = &c->attributes[i];

        if (!bytes_equal(attribute->name, name))
            continue;
        if (attribute->value.type == VALUE_ABSENT)
            attribute->value = *value;
        if (value_equal(&attribute->value, value))
            return true;
        c->out->conflict = name;
        return c->keying != STATEMENT_CHECKS;
    }
    return false;
}

static size_t count_conditions(const struct expr *where)
{
    size_t count = 0;

    if (where == NULL || where->type != EXPR_AND)
        return where != NULL;
    for (size_t i = 0; i < where->child_count; i++)
        count += count_conditions(where->children[i]);
    return count;
}

static void collect(struct collecting *c, const struct expr *where)
{
    if (where == NULL)
        return;
    if (where->type == EXPR_AND) {
        for (size_t i = 0; i < where->child_count; i++)
            collect(c, where->children[i]);
    } else if (!take_equality(c, where)) {
        c->rest[c->rest_count++] = where;
    }
}

static enum stator_rc make_rest(struct collecting *c, struct arena *arena, struct stator_error *err)
{
    struct expr *both = ARENA_NEW(arena, struct expr);

    if (both == NULL)
        return stator_fail_memory(err);
    *both = (struct expr){.type = EXPR_AND, .child_count = c->rest_count, .children = c->rest};
    if (c->rest_count != 0)
        c->out->rest = c->rest_count == 1 ? c->rest[0] : both;
    return STATOR_OK;
}

enum stator_rc plan_statement_key(struct statement_key *out, const struct table *table, const struct expr *where,
                                  enum statement_keying keying, struct arena *arena, struct stator_error *err)
{
    struct collecting c = {.out = out, .schema = &table->base.key, .keying = keying};
    size_t count = c.schema->hash_count + c.schema->range_count;

    *out = (struct statement_key){0};
    c.attributes = ARENA_ARRAY(arena, struct attribute, count);
    c.rest = ARENA_ARRAY(arena, const struct expr *, count_conditions(where));
    if (c.attributes == NULL || c.rest == NULL)
        return stator_fail_memory(err);
    c.attributes[0].name = c.schema->hash[0].name;
    if (count == 2)
        c.attributes[1].name = c.schema->range[0].name;
    collect(&c, where);
    for (size_t i = 0; i < count; i++)
        out->missing |= c.attributes[i].value.type == VALUE_ABSENT;
    attributes_sort(c.attributes, count);
    out->key = (struct item){.attributes = c.attributes, .count = count, .set = true};
    return make_rest(&c, arena, err);
}

enum stator_rc plan_statement_write_key(struct statement_key *out, const struct table *table, const struct expr *where,
                                        struct arena *arena, struct stator_error *err)
{
    STATOR_TRY(plan_statement_key(out, table, where, STATEMENT_WRITES, arena, err));
    if (bytes_present(out->conflict))
        return stator_fail(err, STATOR_VALIDATION,
                           "Multiple conditions on same key %.*s. Only single item Update/Insert/Delete are supported",
                           BYTES_ARG(out->conflict));
    if (out->missing)
        return stator_fail(err, STATOR_VALIDATION,
                           "Where clause does not contain a mandatory equality on all key attributes");
    return STATOR_OK;
}
