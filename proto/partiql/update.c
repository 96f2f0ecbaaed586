/* SPDX-License-Identifier: Apache-2.0 */
/* SET and REMOVE become an update of proto/expr; set_add and set_delete are its ADD and DELETE. */
#include "expr/update_parser.h"
#include "partiql/lower.h"

static bool is_called(const struct partiql_node *node, const char *name)
{
    const struct partiql_token as_word = {.kind = PARTIQL_NAME, .text = node->text};

    return node->kind == PARTIQL_NODE_CALL && partiql_is(&as_word, name);
}

static enum stator_rc operand(struct lowering *lowering, struct draft **out, const struct partiql_node *node);

static enum stator_rc operands(struct lowering *lowering, struct draft **out, const struct partiql_node *node,
                               enum draft_kind kind, enum expr_type type, const char *name)
{
    struct draft *one;

    STATOR_TRY(lower_draft(lowering, out, kind, type, bytes_of_string(name)));
    for (size_t i = 0; i < node->children.count; i++) {
        STATOR_TRY(operand(lowering, &one, partiql_child(node, i)));
        STATOR_TRY(lower_operand(lowering, *out, one));
    }
    STATOR_TRY(lower_finish(lowering, *out));
    return update_check_operand(&lowering->parser, *out);
}

static enum stator_rc operand(struct lowering *lowering, struct draft **out, const struct partiql_node *node)
{
    if (node->kind == PARTIQL_NODE_PLUS)
        return operands(lowering, out, node, DRAFT_OPERATOR, EXPR_PLUS, "+");
    if (node->kind == PARTIQL_NODE_MINUS)
        return operands(lowering, out, node, DRAFT_OPERATOR, EXPR_MINUS, "-");
    if (is_called(node, "list_append"))
        return operands(lowering, out, node, DRAFT_CALL, EXPR_LIST_APPEND, "list_append");
    if (node->kind == PARTIQL_NODE_CALL)
        return lower_fail_at(lowering, node->token, "Unrecognized function: %s", lower_letters(lowering, node->text));
    return lower_leaf(lowering, out, node);
}

/* SET a = set_add(a, <<...>>) */
static enum stator_rc set_function(struct lowering *lowering, struct update_clause *clause,
                                   const struct partiql_node *call, const char *name)
{
    const struct partiql_node *first;
    struct path path = {0};
    struct draft *added;

    if (call->children.count != 2)
        return lower_fail_at(lowering, call->token, "%s must have exactly two arguments", name);
    first = partiql_child(call, 0);
    if (lower_is_path(first))
        STATOR_TRY(lower_path(lowering, &path, first));
    if (!path_equal(&path, &clause->path))
        return lower_fail_at(lowering, call->token, "The first argument to %s must equal the assignment value", name);
    if (!lower_is_value(partiql_child(call, 1)))
        return lower_fail_at(lowering, first->token, "The second argument to %s must be a value with type SET", name);
    STATOR_TRY(lower_leaf(lowering, &added, partiql_child(call, 1)));
    clause->operand = added->expr;
    switch (added->expr->value->type) {
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return STATOR_OK;
    default:
        return lower_fail_at(lowering, first->token, "The second argument to %s must be a value with type SET", name);
    }
}

static enum stator_rc assign(struct lowering *lowering, struct update_clause *clause, const struct partiql_node *target,
                             const struct partiql_node *value)
{
    struct draft *draft;

    STATOR_TRY(lower_path(lowering, &clause->path, target));
    if (is_called(value, "set_add")) {
        clause->action = UPDATE_ADD;
        return set_function(lowering, clause, value, "SET_ADD");
    }
    if (is_called(value, "set_delete")) {
        clause->action = UPDATE_DELETE;
        return set_function(lowering, clause, value, "SET_DELETE");
    }
    clause->action = UPDATE_SET;
    STATOR_TRY(operand(lowering, &draft, value));
    clause->operand = draft->expr;
    return STATOR_OK;
}

static size_t count_clauses(const struct partiql_node *statement)
{
    size_t count = 0;

    for (size_t i = 0; i < statement->children.count; i++) {
        const struct partiql_node *change = partiql_child(statement, i);

        count += change->kind == PARTIQL_NODE_SET ? change->children.count / 2 : 1;
    }
    return count;
}

static enum stator_rc check_paths(struct lowering *lowering, const struct update_clause *clauses, size_t count)
{
    const struct path **paths = ARENA_ARRAY(lowering->parser.arena, const struct path *, count);

    if (paths == NULL)
        return stator_fail_memory(lowering->parser.err);
    for (size_t i = 0; i < count; i++)
        paths[i] = &clauses[i].path;
    return check_path_overlap(&lowering->parser, paths, count);
}

enum stator_rc lower_update(struct lowering *lowering, struct update **out, const struct partiql_node *statement)
{
    size_t count = count_clauses(statement), at = 0;
    struct update_clause *clauses = ARENA_ARRAY(lowering->parser.arena, struct update_clause, count);
    struct update *update = ARENA_NEW(lowering->parser.arena, struct update);

    if (clauses == NULL || update == NULL)
        return stator_fail_memory(lowering->parser.err);
    for (size_t i = 0; i < statement->children.count; i++) {
        const struct partiql_node *change = partiql_child(statement, i);

        if (change->kind == PARTIQL_NODE_REMOVE) {
            clauses[at].action = UPDATE_REMOVE;
            STATOR_TRY(lower_path(lowering, &clauses[at++].path, partiql_child(change, 0)));
            continue;
        }
        for (size_t k = 0; k + 1 < change->children.count; k += 2)
            STATOR_TRY(assign(lowering, &clauses[at++], partiql_child(change, k), partiql_child(change, k + 1)));
    }
    STATOR_TRY(check_paths(lowering, clauses, count));
    STATOR_TRY(check_operator_count(&lowering->parser));
    *update = (struct update){.clauses = clauses, .count = count};
    update->statement_bytes = update_cost(update);
    *out = update;
    return STATOR_OK;
}
