/* SPDX-License-Identifier: Apache-2.0 */
#include "op/statement.h"

#include "plan/attribute.h"
#include "plan/key.h"

/* --- Reading ------------------------------------------------------------------------------------------------------ */

/* PartiQL meets the older layer, whatever the wording is. */
enum stator_rc statement_check_parameters(const struct PreparedStatementParameters *parameters,
                                          struct stator_error *err)
{
    for (size_t i = 0; i < parameters->count; i++)
        STATOR_TRY(attribute_check_value(&parameters->at[i], VALUE_LAYER_OLDER, err));
    return STATOR_OK;
}

static bool has_many_parts(const struct table *table, struct bytes index_name)
{
    const struct index *index = table_index(table, index_name);

    return index != NULL && (index->key.hash_count > 1 || index->key.range_count > 1);
}

/* An index of many key attributes. A table that is not there is told later. */
static enum stator_rc check_index(const struct partiql_statement *partiql, struct engine *engine, struct job *job)
{
    struct table *table;

    if (!bytes_present(partiql->index) || op_table(&table, engine, job, partiql->table, OP_DATA) != STATOR_OK)
        return STATOR_OK;
    if (!has_many_parts(table, partiql->index))
        return STATOR_OK;
    return stator_fail(&job->error, STATOR_VALIDATION,
                       "PartiQL statements cannot be executed on tables with multi-attribute HASH keys or "
                       "multi-attribute RANGE keys.");
}

/* The whole item of an INSERT, as far as no table is needed. */
static enum stator_rc check_item(const struct item *item, struct stator_error *err)
{
    STATOR_TRY(attribute_check_item(item, VALUE_LAYER_OLDER, err));
    if (item_size(item) > ITEM_BYTES_MAX)
        return stator_fail(err, STATOR_VALIDATION, "Item size has exceeded the maximum allowed size");
    return STATOR_OK;
}

enum stator_rc statement_read(struct statement *statement, struct engine *engine, struct job *job)
{
    struct partiql_statement *partiql = &statement->partiql;

    STATOR_TRY(partiql_read(partiql, statement->text, &job->arena, &job->error));
    if (statement->parameters->count > partiql->parameters)
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "Number of parameters in request and statement don't match.");
    STATOR_TRY(check_index(partiql, engine, job));
    STATOR_TRY(
        partiql_understand(partiql, statement->parameters->at, statement->parameters->count, &job->arena, &job->error));
    return partiql->what == PARTIQL_INSERT ? check_item(&partiql->item, &job->error) : STATOR_OK;
}

/* --- Writes ------------------------------------------------------------------------------------------------------- */

/* attribute_exists(hash) or attribute_not_exists(hash), joined with the rest. */
static enum stator_rc make_condition(const struct expr **out, enum expr_type exists, const struct table *table,
                                     enum expr_type join, const struct expr *rest, struct arena *arena,
                                     struct stator_error *err)
{
    struct path_element *name = ARENA_NEW(arena, struct path_element);
    struct expr *nodes = ARENA_ARRAY(arena, struct expr, 3);
    const struct expr **children = ARENA_ARRAY(arena, const struct expr *, 3);

    if (name == NULL || nodes == NULL || children == NULL)
        return stator_fail_memory(err);
    name->name = table->base.key.hash[0].name;
    nodes[0] = (struct expr){.type = EXPR_PATH, .path = {name, 1}};
    children[0] = &nodes[0];
    nodes[1] = (struct expr){.type = exists, .child_count = 1, .children = children};
    *out = &nodes[1];
    if (rest == NULL)
        return STATOR_OK;
    children[1] = &nodes[1];
    children[2] = rest;
    nodes[2] = (struct expr){.type = join, .child_count = 2, .children = children + 1};
    *out = &nodes[2];
    return STATOR_OK;
}

static enum stator_rc bind_insert(struct statement_write *out, const struct partiql_statement *partiql,
                                  const struct table *table, struct arena *arena, struct stator_error *err)
{
    struct write *write = &out->write;

    write->kind = WRITE_PUT;
    write->key = &partiql->item;
    write->item = &partiql->item;
    STATOR_TRY(key_check_item(table, &partiql->item, err));
    return make_condition(&write->condition, EXPR_ATTRIBUTE_NOT_EXISTS, table, EXPR_AND, NULL, arena, err);
}

static enum stator_rc bind_key(struct statement_key *out, const struct partiql_statement *partiql,
                               const struct table *table, bool transaction, struct arena *arena,
                               struct stator_error *err)
{
    if (!transaction)
        return plan_statement_write_key(out, table, partiql->where, arena, err);
    STATOR_TRY(plan_statement_key(out, table, partiql->where, STATEMENT_WRITES, arena, err));
    if (out->missing || bytes_present(out->conflict))
        return stator_fail(err, STATOR_VALIDATION, "The provided key element does not match the schema");
    return STATOR_OK;
}

static enum stator_rc bind_keyed(struct statement_write *out, const struct partiql_statement *partiql,
                                 const struct table *table, bool transaction, struct arena *arena,
                                 struct stator_error *err)
{
    struct write *write = &out->write;

    STATOR_TRY(bind_key(&out->key, partiql, table, transaction, arena, err));
    STATOR_TRY(key_check(table, &out->key.key, err));
    STATOR_TRY(key_check_paths(table, NULL, partiql->where, err));
    write->key = &out->key.key;
    if (partiql->what == PARTIQL_UPDATE) {
        write->kind = WRITE_UPDATE;
        write->update = partiql->update;
        write->flat = true; /* what the statement itself costs is not counted */
        STATOR_TRY(key_check_update(table, partiql->update, err));
        return make_condition(&write->condition, EXPR_ATTRIBUTE_EXISTS, table, EXPR_AND, out->key.rest, arena, err);
    }
    write->kind = WRITE_DELETE;
    if (out->key.rest == NULL)
        return STATOR_OK;
    return make_condition(&write->condition, EXPR_ATTRIBUTE_NOT_EXISTS, table, EXPR_OR, out->key.rest, arena, err);
}

static enum stator_rc bind_check(struct statement_write *out, const struct statement *statement,
                                 const struct table *table, struct arena *arena, struct stator_error *err)
{
    STATOR_TRY(statement_check_key(&out->key, statement, table, arena, err));
    STATOR_TRY(key_check(table, &out->key.key, err));
    STATOR_TRY(key_check_paths(table, NULL, statement->partiql.where, err));
    out->write.kind = WRITE_CHECK;
    out->write.key = &out->key.key;
    out->write.condition = out->key.rest;
    return STATOR_OK;
}

enum stator_rc statement_bind(struct statement_write *out, const struct statement *statement, const struct table *table,
                              bool transaction, struct arena *arena, struct stator_error *err)
{
    *out = (struct statement_write){.write = {.table = table}};
    if (statement->partiql.what == PARTIQL_EXISTS)
        return bind_check(out, statement, table, arena, err);
    if (statement->partiql.what == PARTIQL_INSERT)
        return bind_insert(out, &statement->partiql, table, arena, err);
    return bind_keyed(out, &statement->partiql, table, transaction, arena, err);
}

enum stator_rc statement_returned(struct item *out, const struct statement *statement,
                                  const struct write_result *result, struct arena *arena, struct stator_error *err)
{
    const struct update *update = statement->partiql.update;
    bool after = statement->partiql.returning == PARTIQL_RETURNING_MODIFIED_NEW;

    *out = (struct item){0};
    switch (statement->partiql.returning) {
    case PARTIQL_RETURNING_NOTHING:
        return STATOR_OK;
    case PARTIQL_RETURNING_ALL_OLD:
        if (result->existed)
            *out = stored_item_answer(&result->old);
        return STATOR_OK;
    case PARTIQL_RETURNING_ALL_NEW:
        *out = result->new_item;
        return STATOR_OK;
    case PARTIQL_RETURNING_MODIFIED_OLD:
    case PARTIQL_RETURNING_MODIFIED_NEW:
        STATOR_TRY(update_touched(out, update, after ? &result->new_item : &result->old_item, arena, err));
        out->set = out->count != 0;
        return STATOR_OK;
    }
    return STATOR_OK;
}

enum stator_rc statement_condition_failed(const struct statement *statement, struct stator_error *err)
{
    if (statement->partiql.what == PARTIQL_INSERT)
        return stator_fail(err, STATOR_DUPLICATE_ITEM, "Duplicate primary key exists in table");
    return stator_fail(err, STATOR_CONDITIONAL_CHECK_FAILED, "The conditional request failed");
}

/* --- Reads by key ------------------------------------------------------------------------------------------------- */

enum stator_rc statement_check_key(struct statement_key *out, const struct statement *statement,
                                   const struct table *table, struct arena *arena, struct stator_error *err)
{
    STATOR_TRY(plan_statement_key(out, table, statement->partiql.where, STATEMENT_CHECKS, arena, err));
    if (out->missing || out->rest == NULL)
        return stator_fail(err, STATOR_VALIDATION,
                           "EXISTS() must contain a single item read with additional condition");
    return STATOR_OK;
}

/* What the service tells of a WHERE that it takes for many reads, before it tells that there may be one only. */
static enum stator_rc check_ranges(const struct statement *statement, const struct table *table,
                                   const struct engine *engine, struct arena *arena, struct stator_error *err)
{
    const struct page_request request = {.table = table, .index = &table->base};
    struct statement_ranges ranges;

    return plan_statement_ranges(&ranges, &statement->partiql, &request, &engine->db.ring, arena, err);
}

enum stator_rc statement_read_key(struct statement_key *out, const struct statement *statement,
                                  const struct table *table, const struct engine *engine, const char *operation,
                                  struct arena *arena, struct stator_error *err)
{
    const struct partiql_statement *partiql = &statement->partiql;

    if (!bytes_present(partiql->index)) {
        STATOR_TRY(plan_statement_key(out, table, partiql->where, STATEMENT_READS, arena, err));
        if (!out->missing && !bytes_present(out->conflict) && out->rest == NULL)
            return STATOR_OK;
        STATOR_TRY(check_ranges(statement, table, engine, arena, err));
    }
    return stator_fail(err, STATOR_VALIDATION,
                       "Select statements within %s must specify the primary key in the where clause.", operation);
}

enum stator_rc statement_item(struct item *out, const struct statement *statement, const struct read_result *read,
                              struct arena *arena, struct stator_error *err)
{
    const struct projection *projection = statement->partiql.projection;
    struct item_source_stored source;
    struct stored_item copy;
    struct bytes bytes = arena_copy(arena, read->pinned.value);

    if (!bytes_present(bytes) || !stored_item_open(&copy, bytes))
        return stator_fail_memory(err);
    *out = stored_item_answer(&copy);
    if (projection == NULL)
        return STATOR_OK;
    if (!item_source_stored_init(&source, &copy, arena))
        return stator_fail_memory(err);
    STATOR_TRY(projection_apply(out, projection, &source.source, arena, err));
    out->set = true;
    return STATOR_OK;
}
