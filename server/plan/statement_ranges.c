/* SPDX-License-Identifier: Apache-2.0 */
/* WHERE is taken apart into alternatives, as far as ORs and INs speak of the key. When each of them gives the partition
 * key one value, each is a range of one partition, and the ranges are read one after the other; else the whole index
 * is read. As ranges may not overlap, WHERE as a whole can be the filter of each.
 */
#include <stdlib.h>

#include "plan/statement.h"

#define BRANCHES_MAX 128 /* more are too many in any case: the service reads at most STATEMENT_RANGES_MAX */

/* Conditions that all must hold. */
struct branch {
    const struct expr **conditions;
    size_t count;
    /* known once it is complete: */
    const struct value *hash;
    bool loose; /* speaks of the sort key in a way that is no range */
};

struct branches {
    struct branch *at;
    size_t count;
};

struct splitting {
    const struct key_schema *schema;
    struct bytes names[2]; /* of the key */
    size_t name_count;
    struct arena *arena;
    struct stator_error *err;
};

/* --- Alternatives ------------------------------------------------------------------------------------------------- */

static bool is_attribute(const struct expr *expr, struct bytes name)
{
    return expr->type == EXPR_PATH && expr->path.count == 1 && bytes_equal(expr->path.elements[0].name, name);
}

static bool all_values(const struct expr *expr, size_t from)
{
    for (size_t i = from; i < expr->child_count; i++)
        if (expr->children[i]->type != EXPR_VALUE)
            return false;
    return true;
}

static bool is_key_in(const struct splitting *s, const struct expr *expr)
{
    if (expr->type != EXPR_IN || !all_values(expr, 1))
        return false;
    for (size_t i = 0; i < s->name_count; i++)
        if (is_attribute(expr->children[0], s->names[i]))
            return true;
    return false;
}

/* The value that the condition gives to the attribute, or NULL. */
static const struct value *equal_value(const struct expr *expr, struct bytes name)
{
    if (expr->type == EXPR_IN && expr->child_count == 2 && is_attribute(expr->children[0], name) &&
        expr->children[1]->type == EXPR_VALUE)
        return expr->children[1]->value;
    if (expr->type != EXPR_EQ)
        return NULL;
    if (is_attribute(expr->children[0], name) && expr->children[1]->type == EXPR_VALUE)
        return expr->children[1]->value;
    if (is_attribute(expr->children[1], name) && expr->children[0]->type == EXPR_VALUE)
        return expr->children[0]->value;
    return NULL;
}

/* Whether each alternative has a condition on the partition key. */
static bool may_be_keyed(const struct splitting *s, const struct expr *expr)
{
    if (expr->type == EXPR_AND || expr->type == EXPR_OR) {
        bool any = expr->type == EXPR_AND;

        for (size_t i = 0; i < expr->child_count; i++)
            if (may_be_keyed(s, expr->children[i]) == any)
                return any;
        return !any;
    }
    if (expr->type == EXPR_IN)
        return is_attribute(expr->children[0], s->names[0]) && all_values(expr, 1);
    return equal_value(expr, s->names[0]) != NULL;
}

static enum stator_rc too_many(struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "Too many decomposed read operations for a given query.");
}

static enum stator_rc one_branch(struct splitting *s, struct branches *out, const struct expr *condition)
{
    out->at = ARENA_NEW(s->arena, struct branch);
    out->count = 1;
    if (out->at == NULL)
        return stator_fail_memory(s->err);
    out->at->conditions = ARENA_ARRAY(s->arena, const struct expr *, 1);
    if (out->at->conditions == NULL)
        return stator_fail_memory(s->err);
    out->at->conditions[0] = condition;
    out->at->count = condition != NULL;
    return STATOR_OK;
}

static enum stator_rc append(struct splitting *s, struct branches *to, const struct branches *from)
{
    struct branch *at;

    if (from->count == 0) /* IN [] */
        return STATOR_OK;
    if (to->count + from->count > BRANCHES_MAX)
        return too_many(s->err);
    at = ARENA_ARRAY(s->arena, struct branch, to->count + from->count);
    if (at == NULL)
        return stator_fail_memory(s->err);
    if (to->count != 0)
        memcpy(at, to->at, to->count * sizeof(*at));
    memcpy(at + to->count, from->at, from->count * sizeof(*at));
    *to = (struct branches){at, to->count + from->count};
    return STATOR_OK;
}

/* Each of the one with each of the other. */
static enum stator_rc multiply(struct splitting *s, struct branches *to, const struct branches *by)
{
    struct branches out = {0};

    if (to->count * by->count > BRANCHES_MAX)
        return too_many(s->err);
    out.at = ARENA_ARRAY(s->arena, struct branch, to->count * by->count);
    if (out.at == NULL)
        return stator_fail_memory(s->err);
    for (size_t i = 0; i < to->count; i++)
        for (size_t k = 0; k < by->count; k++) {
            struct branch *branch = &out.at[out.count++];

            branch->count = to->at[i].count + by->at[k].count;
            branch->conditions = ARENA_ARRAY(s->arena, const struct expr *, branch->count);
            if (branch->conditions == NULL)
                return stator_fail_memory(s->err);
            memcpy(branch->conditions, to->at[i].conditions, to->at[i].count * sizeof(struct expr *));
            memcpy(branch->conditions + to->at[i].count, by->at[k].conditions, by->at[k].count * sizeof(struct expr *));
        }
    *to = out;
    return STATOR_OK;
}

static enum stator_rc split_in(struct splitting *s, struct branches *out, const struct expr *in)
{
    for (size_t i = 1; i < in->child_count; i++) {
        struct expr *equal = ARENA_NEW(s->arena, struct expr);
        const struct expr **children = ARENA_ARRAY(s->arena, const struct expr *, 2);
        struct branches one;

        if (equal == NULL || children == NULL)
            return stator_fail_memory(s->err);
        children[0] = in->children[0];
        children[1] = in->children[i];
        *equal = (struct expr){.type = EXPR_EQ, .child_count = 2, .children = children};
        STATOR_TRY(one_branch(s, &one, equal));
        STATOR_TRY(append(s, out, &one));
    }
    return STATOR_OK;
}

static enum stator_rc split(struct splitting *s, struct branches *out, const struct expr *expr)
{
    bool keys = expr->type != EXPR_OR || bytes_present(expr_uses_any(expr, s->names, s->name_count));

    *out = (struct branches){0};
    if (is_key_in(s, expr))
        return split_in(s, out, expr);
    if ((expr->type != EXPR_AND && expr->type != EXPR_OR) || !keys)
        return one_branch(s, out, expr);
    if (expr->type == EXPR_AND)
        STATOR_TRY(one_branch(s, out, NULL));
    for (size_t i = 0; i < expr->child_count; i++) {
        struct branches child;

        STATOR_TRY(split(s, &child, expr->children[i]));
        STATOR_TRY(expr->type == EXPR_AND ? multiply(s, out, &child) : append(s, out, &child));
    }
    return STATOR_OK;
}

/* --- From an alternative to a range ------------------------------------------------------------------------------- */

/* A condition on the sort key that is a range, written with the attribute first; NULL: it is none. */
static const struct expr *sort_condition(struct splitting *s, const struct expr *expr)
{
    static const enum expr_type turned[] = {
        [EXPR_EQ] = EXPR_EQ, [EXPR_LT] = EXPR_GT, [EXPR_LE] = EXPR_GE, [EXPR_GT] = EXPR_LT, [EXPR_GE] = EXPR_LE};
    struct bytes name = s->name_count == 2 ? s->names[1] : (struct bytes){0};
    struct expr *other;
    const struct expr **children;

    if (s->name_count != 2 || expr->child_count < 2)
        return NULL;
    switch (expr->type) {
    case EXPR_EQ:
    case EXPR_LT:
    case EXPR_LE:
    case EXPR_GT:
    case EXPR_GE:
        if (!is_attribute(expr->children[1], name) || expr->children[0]->type != EXPR_VALUE)
            break;
        other = ARENA_NEW(s->arena, struct expr);
        children = ARENA_ARRAY(s->arena, const struct expr *, 2);
        if (other == NULL || children == NULL)
            return NULL; /* the arena remembers */
        children[0] = expr->children[1];
        children[1] = expr->children[0];
        *other = (struct expr){.type = turned[expr->type], .child_count = 2, .children = children};
        return other;
    case EXPR_BETWEEN:
    case EXPR_BEGINS_WITH:
        break;
    default:
        return NULL;
    }
    return is_attribute(expr->children[0], name) && all_values(expr, 1) ? expr : NULL;
}

static enum stator_rc check_type(struct splitting *s, const struct value *value, const struct key_attribute *part)
{
    if (value->type == part->type)
        return STATOR_OK;
    return stator_fail(s->err, STATOR_VALIDATION,
                       "Key attribute's data type should match its data type in table's schema: Key %.*s",
                       BYTES_ARG(part->name));
}

/* Finds the branch's partition. *keyed is cleared when it has none, or two. */
static enum stator_rc classify(struct splitting *s, struct branch *branch, bool *keyed)
{
    for (size_t i = 0; i < branch->count; i++) {
        const struct value *value = equal_value(branch->conditions[i], s->names[0]);

        if (value == NULL)
            continue;
        if (branch->hash != NULL && !value_equal(branch->hash, value))
            *keyed = false;
        branch->hash = value;
    }
    *keyed &= branch->hash != NULL;
    for (size_t i = 0; i < branch->count; i++) {
        const struct expr *condition = branch->conditions[i];

        if (s->name_count == 2 && (condition->type == EXPR_NOT || condition->type == EXPR_NE) &&
            bytes_present(expr_uses_any(condition, &s->names[1], 1)))
            branch->loose = true;
    }
    return STATOR_OK;
}

static enum stator_rc check_types(struct splitting *s, const struct branch *branch)
{
    STATOR_TRY(check_type(s, branch->hash, &s->schema->hash[0]));
    for (size_t i = 0; i < branch->count; i++) {
        const struct expr *condition = sort_condition(s, branch->conditions[i]);

        for (size_t k = 1; condition != NULL && k < condition->child_count; k++)
            STATOR_TRY(check_type(s, condition->children[k]->value, &s->schema->range[0]));
    }
    return STATOR_OK;
}

/* The keys of a partition, or of what the condition on the sort key leaves of it. */
static enum stator_rc plan_part(struct splitting *s, struct page_request *request, const struct ring *ring,
                                const struct value *hash, const struct expr *sort, const struct item *start)
{
    const struct path_element element = {.name = s->names[0]};
    const struct expr path = {.type = EXPR_PATH, .path = {&element, 1}};
    const struct expr value = {.type = EXPR_VALUE, .value = hash};
    const struct expr *pair[] = {&path, &value};
    const struct expr equal = {.type = EXPR_EQ, .child_count = 2, .children = pair};
    const struct expr *both[] = {&equal, sort};
    const struct expr all = {.type = EXPR_AND, .child_count = 2, .children = both};

    return plan_query(request, ring, sort == NULL ? &equal : &all, start, s->arena, s->err);
}

/* The range of a branch; its filters are the conditions that did not lead to it. */
static enum stator_rc make_range(struct splitting *s, struct statement_range *out, const struct branch *branch,
                                 const struct page_request *base, const struct ring *ring)
{
    const struct item none = {0};
    struct page_request request = *base;

    STATOR_TRY(plan_part(s, &request, ring, branch->hash, NULL, &none));
    *out = (struct statement_range){
        .hash = branch->hash, .shard = request.shard, .lower = request.lower, .upper = request.upper};
    out->filters = ARENA_ARRAY(s->arena, const struct expr *, branch->count);
    if (out->filters == NULL)
        return stator_fail_memory(s->err);
    for (size_t i = 0; i < branch->count; i++) {
        const struct expr *sort = sort_condition(s, branch->conditions[i]);

        if (sort == NULL && equal_value(branch->conditions[i], s->names[0]) == NULL)
            out->filters[out->filter_count++] = branch->conditions[i];
        if (sort == NULL)
            continue;
        STATOR_TRY(plan_part(s, &request, ring, branch->hash, sort, &none));
        if (bytes_compare(request.lower, out->lower) > 0)
            out->lower = request.lower;
        if (bytes_compare(request.upper, out->upper) < 0)
            out->upper = request.upper;
    }
    return s->arena->failed ? stator_fail_memory(s->err) : STATOR_OK;
}

/* --- All together ------------------------------------------------------------------------------------------------- */

static int compare_ranges(const void *a, const void *b)
{
    const struct statement_range *x = a, *y = b;
    int order = value_compare(x->hash, y->hash);

    return order != 0 ? order : bytes_compare(x->lower, y->lower);
}

/* From sorted ranges to the order in which they are read: partitions falling or rising, ranges within them as the
 * partitions are read. */
static void arrange(struct statement_ranges *ranges, bool descending)
{
    size_t count = ranges->count;
    struct statement_range *at = ranges->at;

    if (descending)
        for (size_t i = 0; i < count / 2; i++) {
            struct statement_range swap = at[i];

            at[i] = at[count - 1 - i];
            at[count - 1 - i] = swap;
        }
    if (ranges->forward != descending)
        return;
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && value_equal(at[from].hash, at[to].hash); to++)
            ;
        for (size_t i = 0; i < (to - from) / 2; i++) {
            struct statement_range swap = at[from + i];

            at[from + i] = at[to - 1 - i];
            at[to - 1 - i] = swap;
        }
    }
}

/* Sorted ranges. */
static enum stator_rc check_overlap(const struct statement_ranges *ranges, struct stator_error *err)
{
    for (size_t i = 1; i < ranges->count; i++)
        if (value_equal(ranges->at[i - 1].hash, ranges->at[i].hash) &&
            bytes_compare(ranges->at[i].lower, ranges->at[i - 1].upper) < 0)
            return stator_fail(err, STATOR_VALIDATION,
                               "Overlapping conditions with range keys are not supported in where clause");
    return STATOR_OK;
}

/* Alternatives that speak of the sort key loosely are read as whole partitions, each once. */
static size_t merge_loose(struct branches *branches)
{
    size_t count = 0;

    for (size_t i = 0; i < branches->count; i++) {
        bool known = false;

        for (size_t k = 0; k < count && !known; k++)
            known = value_equal(branches->at[k].hash, branches->at[i].hash);
        if (known)
            continue;
        branches->at[count] = branches->at[i];
        branches->at[count++].count = 0; /* WHERE as a whole is the filter */
    }
    return count;
}

static enum stator_rc make_ranges(struct splitting *s, struct statement_ranges *out, struct branches *branches,
                                  const struct page_request *request, const struct ring *ring)
{
    bool loose = false;

    for (size_t i = 0; i < branches->count; i++) {
        STATOR_TRY(check_types(s, &branches->at[i]));
        loose |= branches->at[i].loose;
    }
    if (branches->count > STATEMENT_RANGES_MAX)
        return too_many(s->err);
    if (loose && branches->count > 1) {
        branches->count = merge_loose(branches);
        out->filtered = true;
    }
    out->at = ARENA_ARRAY(s->arena, struct statement_range, branches->count);
    if (out->at == NULL)
        return stator_fail_memory(s->err);
    for (size_t i = 0; i < branches->count; i++) {
        struct statement_range *range = &out->at[out->count];

        STATOR_TRY(make_range(s, range, &branches->at[i], request, ring));
        out->filtered |= range->filter_count != 0;
        out->count += bytes_compare(range->lower, range->upper) < 0;
    }
    return STATOR_OK;
}

/* --- ORDER BY ----------------------------------------------------------------------------------------------------- */

static enum stator_rc check_order_names(const struct splitting *s, const struct partiql_statement *statement)
{
    if (statement->order_count != 0 && statement->where == NULL)
        return stator_fail(s->err, STATOR_VALIDATION,
                           "Must have WHERE clause in the statement when using ORDER BY clause.");
    for (size_t i = 0; i < statement->order_count; i++) {
        bool known = false;

        for (size_t k = 0; k < s->name_count; k++)
            known |= bytes_present(statement->order[i].name) && bytes_equal(statement->order[i].name, s->names[k]);
        if (!known)
            return stator_fail(s->err, STATOR_VALIDATION,
                               "Attribute %.*s in ORDER BY clause must be part of the primary key",
                               BYTES_ARG(statement->order[i].text));
    }
    return STATOR_OK;
}

/* The service reads a partition backwards when ORDER BY says nothing of the sort key. */
static enum stator_rc apply_order(const struct splitting *s, struct statement_ranges *out,
                                  const struct partiql_statement *statement, bool *descending)
{
    bool by_hash = false, several = false;

    out->forward = statement->order_count == 0;
    *descending = false;
    for (size_t i = 0; i < statement->order_count; i++) {
        if (bytes_equal(statement->order[i].name, s->names[0])) {
            by_hash = true;
            *descending = statement->order[i].descending;
        } else {
            out->forward = !statement->order[i].descending;
        }
    }
    if (statement->order_count == 0)
        return STATOR_OK;
    if (!out->keyed)
        return stator_fail(s->err, STATOR_VALIDATION,
                           "Must have at least one non-optional hash key condition in WHERE clause when using ORDER BY "
                           "clause.");
    for (size_t i = 1; i < out->count; i++)
        several |= !value_equal(out->at[0].hash, out->at[i].hash);
    if (several && !by_hash)
        return stator_fail(s->err, STATOR_VALIDATION,
                           "Must have hash key in ORDER BY clause when more than one hash key condition specified in "
                           "WHERE clause.");
    return STATOR_OK;
}

enum stator_rc plan_statement_ranges(struct statement_ranges *out, const struct partiql_statement *statement,
                                     const struct page_request *request, const struct ring *ring, struct arena *arena,
                                     struct stator_error *err)
{
    const struct key_schema *schema = &request->index->key;
    struct splitting s = {.schema = schema, .arena = arena, .err = err};
    struct branches branches;
    bool descending;

    *out = (struct statement_ranges){.filtered = statement->where != NULL};
    s.names[s.name_count++] = schema->hash[0].name;
    if (schema->range_count != 0)
        s.names[s.name_count++] = schema->range[0].name;
    STATOR_TRY(check_order_names(&s, statement));
    if (statement->where != NULL && may_be_keyed(&s, statement->where)) {
        STATOR_TRY(split(&s, &branches, statement->where));
        out->keyed = true;
        for (size_t i = 0; i < branches.count; i++)
            STATOR_TRY(classify(&s, &branches.at[i], &out->keyed));
        if (out->keyed) {
            out->filtered = false;
            STATOR_TRY(make_ranges(&s, out, &branches, request, ring));
        }
    }
    STATOR_TRY(apply_order(&s, out, statement, &descending));
    if (out->count > 1)
        qsort(out->at, out->count, sizeof(*out->at), compare_ranges);
    STATOR_TRY(check_overlap(out, err));
    arrange(out, descending);
    return STATOR_OK;
}

enum stator_rc plan_statement_page(struct page_request *request, const struct statement_ranges *ranges, size_t range,
                                   const struct ring *ring, const struct item *start_key, struct arena *arena,
                                   struct stator_error *err)
{
    const struct item none = {0};
    struct splitting s = {.schema = &request->index->key, .arena = arena, .err = err};
    const struct statement_range *part;

    s.names[s.name_count++] = request->index->key.hash[0].name;
    request->forward = ranges->forward;
    if (!ranges->keyed)
        return plan_scan(request, ring, 0, 1, start_key == NULL ? &none : start_key, arena, err);
    part = &ranges->at[range];
    STATOR_TRY(plan_part(&s, request, ring, part->hash, NULL, start_key == NULL ? &none : start_key));
    request->lower = part->lower;
    request->upper = part->upper;
    return STATOR_OK;
}
