/* SPDX-License-Identifier: Apache-2.0 */
/* What an update statement counts towards the 400 KB of an item, beside the finished item itself: a base, and for each
 * clause a fixed charge, its target and its operands. Measured on the service to the byte by the public
 * conformance suite (tests/tier3/limits/itemSizeBySurface).
 */
#include "expr/update_parser.h"

enum {
    STATEMENT_BYTES = 3,
    WRITE_BYTES = 19,         /* a SET or an ADD */
    TAKE_BYTES = 1,           /* a REMOVE or a DELETE */
    TARGET_ELEMENT_BYTES = 4, /* each after the first */
    OPERAND_PATH_BYTES = 1,
    OPERAND_ELEMENT_BYTES = 14,
    PLUS_BYTES = 34,
    MINUS_BYTES = 37,
    LIST_APPEND_BYTES = 37,
    IF_NOT_EXISTS_BYTES = 39,
};

/* A name's bytes or an index's digits. */
static size_t element_bytes(const struct path_element *element)
{
    size_t digits = 1;

    if (bytes_present(element->name))
        return element->name.len;
    for (uint32_t index = element->index; index >= 10; index /= 10)
        digits++;
    return digits;
}

static size_t target_bytes(const struct path *path)
{
    size_t bytes = 0;

    for (size_t i = 0; i < path->count; i++)
        bytes += element_bytes(&path->elements[i]) + (i == 0 ? 0 : TARGET_ELEMENT_BYTES);
    return bytes;
}

static size_t path_bytes(const struct path *path)
{
    size_t bytes = OPERAND_PATH_BYTES;

    for (size_t i = 0; i < path->count; i++)
        bytes += element_bytes(&path->elements[i]) + OPERAND_ELEMENT_BYTES;
    return bytes;
}

static size_t operator_bytes(enum expr_type type)
{
    switch (type) {
    case EXPR_PLUS:
        return PLUS_BYTES;
    case EXPR_MINUS:
        return MINUS_BYTES;
    case EXPR_LIST_APPEND:
        return LIST_APPEND_BYTES;
    default:
        return IF_NOT_EXISTS_BYTES;
    }
}

/* Nested no deeper than EXPR_OPERATORS_MAX. */
static size_t operand_bytes(const struct expr *operand)
{
    size_t bytes;

    if (operand->type == EXPR_PATH)
        return path_bytes(&operand->path);
    if (operand->type == EXPR_VALUE)
        return value_size(operand->value);
    bytes = operator_bytes(operand->type);
    for (size_t i = 0; i < operand->child_count; i++)
        bytes += operand_bytes(operand->children[i]);
    return bytes;
}

static size_t clause_bytes(const struct update_clause *clause)
{
    size_t target = target_bytes(&clause->path);

    if (clause->action == UPDATE_REMOVE || clause->action == UPDATE_DELETE)
        return TAKE_BYTES + target;
    return WRITE_BYTES + target + operand_bytes(clause->operand);
}

size_t update_cost(const struct update *update)
{
    size_t bytes = STATEMENT_BYTES;

    for (size_t i = 0; i < update->count; i++)
        bytes += clause_bytes(&update->clauses[i]);
    return bytes;
}

/* Members that the set has already are not charged. */
static size_t members_there(const struct update_clause *clause, const struct item *old)
{
    const struct value *added = clause->operand->value;
    struct item_source_parsed source;
    const struct value *set;
    size_t bytes = 0;

    item_source_parsed_init(&source, old);
    set = expr_path_value(&source.source, &clause->path);
    if (set == NULL || set->type != added->type)
        return 0;
    for (size_t i = 0; i < added->count; i++)
        if (value_set_has(set, &added->members[i]))
            bytes += value_size(&added->members[i]);
    return bytes;
}

size_t update_statement_bytes(const struct update *update, const struct item *old)
{
    size_t bytes = update->statement_bytes;

    for (size_t i = 0; bytes != 0 && i < update->count; i++) {
        const struct update_clause *clause = &update->clauses[i];

        if (clause->action == UPDATE_ADD && clause->operand->value->type != VALUE_N)
            bytes -= members_there(clause, old);
    }
    return bytes;
}
