/* SPDX-License-Identifier: Apache-2.0 */
#include "partiql/partiql.h"

#include "partiql/lower.h"

/* --- What is to be done, and to which table ----------------------------------------------------------------------- */

static enum stator_rc invalid(struct stator_error *err, const char *text)
{
    return stator_fail(err, STATOR_VALIDATION, "%s", text);
}

/* The names that a table's path consists of. */
static enum stator_rc components(struct bytes out[2], size_t *count, const struct partiql_node *from,
                                 struct stator_error *err)
{
    static const char single[] = "Only select from a single table or index is supported.";
    bool path = from->kind == PARTIQL_NODE_PATH;

    *count = path ? from->children.count : 1;
    if (*count > 2)
        return invalid(err, "A path may contain at most 2 components in the FROM clause");
    for (size_t i = 0; i < *count; i++) {
        const struct partiql_node *node = path ? partiql_child(from, i) : from;

        if (node->kind != (i == 0 ? PARTIQL_NODE_NAME : PARTIQL_NODE_STEP_NAME))
            return invalid(err, single);
        out[i] = node->text;
        if (node->text.len == 0)
            return invalid(err, "Path component cannot be an empty string");
    }
    return STATOR_OK;
}

static enum stator_rc read_target(struct partiql_statement *out, const struct partiql_clauses *clauses,
                                  struct stator_error *err)
{
    struct bytes names[2] = {{0}};
    size_t count;

    if (clauses->unsupported != NULL) {
        struct lowering lowering = {.parser = {.err = err}};
        char word[16] = "";

        for (size_t i = 0; i < clauses->unsupported->text.len && i + 1 < sizeof(word); i++)
            word[i] = (char)(clauses->unsupported->text.at[i] & ~0x20);
        return lower_fail_at(&lowering, clauses->unsupported_at, "Unsupported clause: %s", word);
    }
    if (clauses->alias)
        return invalid(err, "Aliasing is not supported");
    if (clauses->many)
        return invalid(err, "Only select from a single table or index is supported.");
    if (clauses->from == NULL)
        return partiql_malformed(err, "Expected data manipulation");
    STATOR_TRY(components(names, &count, clauses->from, err));
    out->table = names[0];
    if (count == 2 && out->what == PARTIQL_INSERT)
        return invalid(err, "FROM clause may only contain a single table name");
    if (count == 2 && (out->what == PARTIQL_UPDATE || out->what == PARTIQL_DELETE))
        return invalid(err, "This operation is not supported on an index");
    if (count == 2)
        out->index = names[1];
    return STATOR_OK;
}

static bool is_exists(const struct partiql_node *node)
{
    const struct partiql_token as_word = {.kind = PARTIQL_NAME, .text = node->text};

    return node->kind == PARTIQL_NODE_CALL && partiql_is(&as_word, "exists") && node->children.count == 1 &&
           partiql_child(node, 0)->kind == PARTIQL_NODE_SELECT;
}

static enum stator_rc read_kind(struct partiql_statement *out, const struct partiql_node *node,
                                struct stator_error *err)
{
    struct lowering lowering = {.parser = {.err = err}};

    out->node = node;
    switch (node->kind) {
    case PARTIQL_NODE_SELECT:
        out->what = PARTIQL_SELECT;
        return STATOR_OK;
    case PARTIQL_NODE_INSERT:
        out->what = PARTIQL_INSERT;
        return STATOR_OK;
    case PARTIQL_NODE_UPDATE:
        out->what = PARTIQL_UPDATE;
        return STATOR_OK;
    case PARTIQL_NODE_DELETE:
        out->what = PARTIQL_DELETE;
        return STATOR_OK;
    default:
        if (!is_exists(node))
            return lower_unsupported(&lowering, node);
        out->what = PARTIQL_EXISTS;
        out->node = partiql_child(node, 0);
        return STATOR_OK;
    }
}

enum stator_rc partiql_read(struct partiql_statement *out, struct bytes text, struct arena *arena,
                            struct stator_error *err)
{
    struct partiql_node *node;

    *out = (struct partiql_statement){0};
    STATOR_TRY(partiql_parse(&node, &out->parameters, text, arena, err));
    STATOR_TRY(read_kind(out, node, err));
    return read_target(out, out->node->clauses, err);
}

/* --- The rest ----------------------------------------------------------------------------------------------------- */

/* "k[0]": a column's name is the last name of its path, with what stands behind it. */
static enum stator_rc column_name(struct lowering *lowering, struct bytes *out, const struct path *path)
{
    size_t last = path->count - 1;
    struct buf name;

    while (!bytes_present(path->elements[last].name))
        last--;
    buf_init(&name, PARTIQL_TEXT_MAX * 8);
    buf_append_bytes(&name, path->elements[last].name);
    for (size_t i = last + 1; i < path->count; i++)
        buf_printf(&name, "[%u]", path->elements[i].index);
    *out = arena_copy(lowering->parser.arena, buf_bytes(&name));
    if (name.failed)
        *out = (struct bytes){0};
    buf_deinit(&name);
    return bytes_present(*out) ? STATOR_OK : stator_fail_memory(lowering->parser.err);
}

static enum stator_rc understand_columns(struct lowering *lowering, struct partiql_statement *out)
{
    const struct pointers *columns = &out->node->children;
    struct projection *projection = ARENA_NEW(lowering->parser.arena, struct projection);
    struct path *paths = ARENA_ARRAY(lowering->parser.arena, struct path, columns->count);
    struct bytes *names = ARENA_ARRAY(lowering->parser.arena, struct bytes, columns->count);

    if (projection == NULL || paths == NULL || names == NULL)
        return stator_fail_memory(lowering->parser.err);
    for (size_t i = 0; i < columns->count; i++) {
        const struct partiql_node *column = columns->at[i];

        if (!lower_is_path(column))
            return lower_fail_at(lowering, column->token, "Unexpected path component");
        STATOR_TRY(lower_path(lowering, &paths[i], column));
        STATOR_TRY(column_name(lowering, &names[i], &paths[i]));
        for (size_t k = 0; k < i; k++)
            if (bytes_equal(names[k], names[i]))
                return stator_fail(lowering->parser.err, STATOR_VALIDATION,
                                   "Duplicate identifiers in select clause: %.*s", BYTES_ARG(names[i]));
    }
    *projection = (struct projection){.paths = paths, .count = columns->count, .columns = names};
    out->projection = projection;
    return STATOR_OK;
}

static enum stator_rc understand_order(struct lowering *lowering, struct partiql_statement *out)
{
    const struct pointers *order = &out->node->clauses->order;

    out->order_count = order->count;
    out->order = ARENA_ARRAY(lowering->parser.arena, struct partiql_sort, order->count);
    if (out->order == NULL)
        return stator_fail_memory(lowering->parser.err);
    for (size_t i = 0; i < order->count; i++) {
        const struct partiql_order *one = order->at[i];

        out->order[i] = (struct partiql_sort){.text = one->by->text, .descending = one->descending};
        if (one->by->kind == PARTIQL_NODE_NAME)
            out->order[i].name = one->by->text;
    }
    return STATOR_OK;
}

static enum stator_rc understand_select(struct lowering *lowering, struct partiql_statement *out)
{
    if (!out->node->clauses->star)
        STATOR_TRY(understand_columns(lowering, out));
    return understand_order(lowering, out);
}

static enum stator_rc understand_insert(struct lowering *lowering, struct partiql_statement *out)
{
    const struct partiql_node *value = partiql_child(out->node, 0);
    struct attribute *attributes;
    size_t count = 0;

    if (!out->node->clauses->value)
        return stator_fail(lowering->parser.err, STATOR_VALIDATION, "Unsupported operation: Insert");
    if (value->kind != PARTIQL_NODE_STRUCT)
        return lower_unsupported(lowering, value);
    attributes = ARENA_ARRAY(lowering->parser.arena, struct attribute, value->children.count / 2);
    if (attributes == NULL)
        return stator_fail_memory(lowering->parser.err);
    for (size_t i = 0; i + 1 < value->children.count; i += 2) {
        const struct partiql_node *name = partiql_child(value, i);
        const struct value *one;
        size_t at = 0;

        if (name->kind != PARTIQL_NODE_STRING)
            return lower_unsupported(lowering, name);
        STATOR_TRY(lower_value(lowering, &one, partiql_child(value, i + 1)));
        while (at < count && !bytes_equal(attributes[at].name, name->text))
            at++;
        attributes[at] = (struct attribute){name->text, *one};
        count += at == count;
    }
    attributes_sort(attributes, count);
    out->item = (struct item){.attributes = attributes, .count = count, .set = true};
    return STATOR_OK;
}

static enum stator_rc check_returning(const struct partiql_statement *statement, struct stator_error *err)
{
    static const char *const texts[] = {
        [PARTIQL_RETURNING_ALL_NEW] = "ALL NEW *",
        [PARTIQL_RETURNING_MODIFIED_OLD] = "MODIFIED OLD *",
        [PARTIQL_RETURNING_MODIFIED_NEW] = "MODIFIED NEW *",
    };

    if (statement->what != PARTIQL_DELETE || statement->returning == PARTIQL_RETURNING_NOTHING ||
        statement->returning == PARTIQL_RETURNING_ALL_OLD)
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION,
                       "Invalid returning clause: RETURNING %s. Only RETURNING ALL OLD * is allowed in DELETE "
                       "statements.",
                       texts[statement->returning]);
}

enum stator_rc partiql_understand(struct partiql_statement *statement, const struct value *parameters,
                                  size_t parameter_count, struct arena *arena, struct stator_error *err)
{
    struct lowering lowering = {
        .parser = {.arena = arena, .err = err},
        .parameters = parameters,
        .parameter_count = parameter_count,
    };

    statement->returning = statement->node->clauses->returning;
    STATOR_TRY(check_returning(statement, err));
    switch (statement->what) {
    case PARTIQL_SELECT:
    case PARTIQL_EXISTS:
        STATOR_TRY(understand_select(&lowering, statement));
        break;
    case PARTIQL_INSERT:
        return understand_insert(&lowering, statement);
    case PARTIQL_UPDATE:
        STATOR_TRY(lower_update(&lowering, &statement->update, statement->node));
        break;
    case PARTIQL_DELETE:
        break;
    }
    lowering.parser.operators = 0; /* an expression of its own */
    return lower_where(&lowering, &statement->where, statement->node->clauses->where);
}
