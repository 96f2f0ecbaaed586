/* SPDX-License-Identifier: Apache-2.0 */
/* expr: the five expression languages: condition, filter, key condition, projection, update.
 *
 * In:     the text, and the request's ExpressionAttributeNames and ExpressionAttributeValues as struct placeholders.
 * Out:    trees in the request's arena, which borrow names and values from it.
 * Never:  reads a clock, a table or a request. Legacy parameters become the same trees in server/plan.
 *
 * All messages are those of the service; each parse function is told the member's name ("ConditionExpression") that its
 * messages begin with.
 */
#ifndef PROTO_EXPR_EXPR_H
#define PROTO_EXPR_EXPR_H

#include "base/arena.h"
#include "base/error.h"
#include "expr/budget.h"
#include "value/value.h"

/* --- Trees -------------------------------------------------------------------------------------------------------- */

/* One step of a document path: the first is always a name. */
struct path_element {
    struct bytes name; /* .at == NULL: an index */
    uint32_t index;
};

/* info.tags[3].x */
struct path {
    const struct path_element *elements;
    size_t count; /* at least 1 */
};

enum expr_type {
    /* operands */
    EXPR_PATH,
    EXPR_VALUE,
    EXPR_SIZE, /* size(path): children[0] is the path */
    /* conditions; children as counted by child_count */
    EXPR_EQ,
    EXPR_NE,
    EXPR_LT,
    EXPR_LE,
    EXPR_GT,
    EXPR_GE,
    EXPR_BETWEEN, /* 3 */
    EXPR_IN,      /* 1 + 1..100 */
    EXPR_AND,
    EXPR_OR,
    EXPR_NOT,
    EXPR_ATTRIBUTE_EXISTS,
    EXPR_ATTRIBUTE_NOT_EXISTS,
    EXPR_ATTRIBUTE_TYPE,
    EXPR_BEGINS_WITH,
    EXPR_CONTAINS,
    /* operands of updates */
    EXPR_PLUS,
    EXPR_MINUS,
    EXPR_IF_NOT_EXISTS,
    EXPR_LIST_APPEND,
    /* legacy conditions that have no expression form */
    EXPR_LEGACY_NOT_CONTAINS,
};

struct expr {
    enum expr_type type;
    size_t child_count;
    const struct expr *const *children;
    struct path path;          /* EXPR_PATH */
    const struct value *value; /* EXPR_VALUE; borrowed from the request */
};

enum update_action { UPDATE_SET, UPDATE_REMOVE, UPDATE_ADD, UPDATE_DELETE };

struct update_clause {
    enum update_action action;
    struct path path;
    const struct expr *operand; /* SET: any operand; ADD, DELETE: EXPR_VALUE; REMOVE: NULL */
};

struct update {
    const struct update_clause *clauses; /* in the order of the text */
    size_t count;
    size_t statement_bytes; /* what the statement costs towards the item size limit when it adds to empty sets; 0 for
                             * legacy updates, which cost nothing of their own. See update_statement_bytes. */
    bool legacy;            /* from AttributeUpdates: ADD takes lists too, and a wrong type is told in other words */
};

struct projection {
    const struct path *paths;
    size_t count;
    const struct bytes *columns; /* PartiQL: each path's value stands under this name, all beside each other; NULL: the
                                  * values stay within the maps and lists that they lie in */
};

/* --- Parsing ------------------------------------------------------------------------------------------------------ */

struct placeholder_name {
    struct bytes key;  /* "#n" */
    struct bytes name; /* "status" */
    bool used;
};

/* The request's names and values, and which of them an expression has used. One struct serves all expressions of a
 * request: what none of them used is an error (expr_check_unused). */
struct placeholders {
    struct placeholder_name *names;
    size_t name_count;
    bool names_set;
    const struct item *values; /* attribute names are ":v"; NULL or !set when absent */
    bool *values_used;         /* one for each of values->count */
    enum value_layer layer;    /* OLDER: a value's fault is told with "ExpressionAttributeValues contains ..." around */
    /* private; start with NULL */
    struct placeholder_name **sorted; /* by key, made when first needed */
    const struct expr *key_condition; /* waits for expr_check_unused */
};

enum expr_language { EXPR_LANGUAGE_CONDITION, EXPR_LANGUAGE_FILTER, EXPR_LANGUAGE_KEY_CONDITION };

/* "ConditionExpression", "FilterExpression", "KeyConditionExpression". After expr_check_unused a key condition consists
 * of ANDs of conditions whose first operand is an attribute's name and whose others are values: a comparison written
 * value first has been turned round. */
STATOR_MUST_CHECK enum stator_rc expr_parse_condition(const struct expr **out, struct bytes text,
                                                      enum expr_language language, struct placeholders *placeholders,
                                                      struct arena *arena, struct stator_error *err);

STATOR_MUST_CHECK enum stator_rc expr_parse_projection(struct projection **out, struct bytes text,
                                                       struct placeholders *placeholders, struct arena *arena,
                                                       struct stator_error *err);

STATOR_MUST_CHECK enum stator_rc expr_parse_update(struct update **out, struct bytes text,
                                                   struct placeholders *placeholders, struct arena *arena,
                                                   struct stator_error *err);

/* Checks the keys of both maps ("#..." and ":..." well formed) and the values' faults; the order is the service's.
 * Called before the expressions are parsed. `expression_given`: whether the request has any expression at all. (That
 * values need one too, of the members that take them, server/plan/legacy.h checks: it knows the members' names.) */
STATOR_MUST_CHECK enum stator_rc expr_check_placeholders(const struct placeholders *placeholders, bool expression_given,
                                                         struct stator_error *err);

/* What the service looks at when all of a request's expressions are known to be well formed: placeholders that none of
 * them uses ("Value provided in ExpressionAttributeNames unused in expressions: keys: {#a, #b}" and its like for
 * values); then what a key condition parsed with these placeholders may not say, as far as no table is needed to know
 * it. */
STATOR_MUST_CHECK enum stator_rc expr_check_unused(const struct placeholders *placeholders, struct stator_error *err);

/* The first attribute name used in the condition that is among `names` (key attributes in a filter), or absent. */
struct bytes expr_uses_any(const struct expr *expr, const struct bytes *names, size_t count);

/* Calls visit for each path in the expression. */
void expr_each_path(const struct expr *expr, void (*visit)(void *context, const struct path *path), void *context);

/* --- Evaluating --------------------------------------------------------------------------------------------------- */

/* Whether the condition holds for the item. budget may be NULL: there is none. STATOR_VALIDATION, or
 * STATOR_AGAIN, when it is spent. STATOR_VALIDATION for what the service only sees in the data (an operand of
 * the wrong type is simply false, not an error). */
STATOR_MUST_CHECK enum stator_rc expr_test(bool *out, const struct expr *condition, struct item_source *item,
                                           struct expr_budget *budget, struct arena *arena, struct stator_error *err);

/* The value at path in the item, or NULL. */
const struct value *expr_path_value(struct item_source *item, const struct path *path);

/* The parts of the item that the projection names, put together as the service does (list elements close up). */
STATOR_MUST_CHECK enum stator_rc projection_apply(struct item *out, const struct projection *projection,
                                                  struct item_source *item, struct arena *arena,
                                                  struct stator_error *err);

#define UPDATE_ITEM_BYTES_MAX ((size_t)400 * 1024) /* the service's limit of an item */

/* The new item. `old` is the whole parsed item before; when there was none, !old->set, and its attributes are those of
 * the key. Operands see the old item only. Of an item that is far over the limit not all is made: it is `cut`. */
STATOR_MUST_CHECK enum stator_rc update_apply(struct item *out, const struct update *update, const struct item *old,
                                              struct arena *arena, struct stator_error *err);

/* What the statement costs towards the item size limit, checked before the condition: the larger of this and of the
 * finished item's size may not pass it. Members that a set has already are not charged. */
size_t update_statement_bytes(const struct update *update, const struct item *old);

/* For ReturnValues UPDATED_OLD / UPDATED_NEW: the parts of `item` at the paths the update names. */
STATOR_MUST_CHECK enum stator_rc update_touched(struct item *out, const struct update *update, const struct item *item,
                                                struct arena *arena, struct stator_error *err);

#endif
