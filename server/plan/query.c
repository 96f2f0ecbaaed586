/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/query.h"

#include "value/number.h"

#include "format/keycodec.h"
#include "plan/index.h"
#include "plan/key.h"

#define BAD_START  "The provided starting key is invalid"
#define LEAVES_MAX 64 /* clauses of one key condition; more than any schema has keys */

/* One clause: attribute, operator, values. */
struct clause {
    struct bytes name;
    const struct expr *expr;
};

struct condition {
    struct clause clauses[LEAVES_MAX];
    size_t count;
};

static void collect(struct condition *out, const struct expr *expr)
{
    if (expr->type == EXPR_AND) {
        for (size_t i = 0; i < expr->child_count; i++)
            collect(out, expr->children[i]);
        return;
    }
    if (out->count < LEAVES_MAX) {
        out->clauses[out->count].name = expr->children[0]->path.elements[0].name;
        out->clauses[out->count].expr = expr;
    }
    out->count++; /* check_count refuses what has no place */
}

/* One condition for a key attribute at most: more of them than there are attributes cannot all be on the key. */
static enum stator_rc check_count(const struct condition *condition, const struct key_schema *key,
                                  struct stator_error *err)
{
    size_t attributes = key->hash_count + key->range_count;

    if (condition->count <= attributes)
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION,
                       "The number of query conditions (%zu) exceeds the number of key attributes defined in the "
                       "schema (%zu)",
                       condition->count, attributes);
}

static const struct expr *clause_on(const struct condition *condition, struct bytes name)
{
    for (size_t i = 0; i < condition->count; i++)
        if (bytes_equal(condition->clauses[i].name, name))
            return condition->clauses[i].expr;
    return NULL;
}

static const struct value *clause_value(const struct expr *clause, size_t i)
{
    return clause->children[1 + i]->value;
}

static bool indexable(enum expr_type type)
{
    switch (type) {
    case EXPR_EQ:
    case EXPR_LT:
    case EXPR_LE:
    case EXPR_GT:
    case EXPR_GE:
    case EXPR_BETWEEN:
    case EXPR_BEGINS_WITH:
        return true;
    default:
        return false;
    }
}

static enum stator_rc check_clause(const struct expr *clause, const struct key_attribute *part, bool is_hash,
                                   struct stator_error *err)
{
    if (!indexable(clause->type))
        return stator_fail(err, STATOR_VALIDATION, "Attempted conditional constraint is not an indexable operation");
    for (size_t i = 0; i + 1 < clause->child_count; i++) {
        const struct value *value = clause_value(clause, i);

        if (value->type != part->type)
            return stator_fail(err, STATOR_VALIDATION,
                               "One or more parameter values were invalid: Condition parameter type does not match "
                               "schema type");
        if (value->type != VALUE_N && value->text.len == 0 && (is_hash || clause->type == EXPR_EQ))
            return stator_fail(err, STATOR_VALIDATION,
                               "One or more parameter values are not valid. The AttributeValue for a key attribute "
                               "cannot contain an empty %s value. Key: %.*s",
                               value->type == VALUE_S ? "string" : "binary", BYTES_ARG(part->name));
        STATOR_TRY(key_check_length(value, is_hash, err));
    }
    if (is_hash && clause->type != EXPR_EQ)
        return stator_fail(err, STATOR_VALIDATION, "Query key condition not supported");
    return STATOR_OK;
}

static enum stator_rc missed(struct bytes name, struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "Query condition missed key schema element: %.*s", BYTES_ARG(name));
}

/* With several hash attributes the service says which of them has no equality. */
static enum stator_rc check_hash_equalities(const struct key_schema *key, const struct condition *condition,
                                            struct stator_error *err)
{
    for (uint32_t i = 0; key->hash_count > 1 && i < key->hash_count; i++) {
        const struct expr *clause = clause_on(condition, key->hash[i].name);

        if (clause == NULL || (indexable(clause->type) && clause->type != EXPR_EQ))
            return stator_fail(err, STATOR_VALIDATION,
                               "HASH key attributes %.*s must have equality conditions specified in the query",
                               BYTES_ARG(key->hash[i].name));
    }
    return STATOR_OK;
}

/* Every hash attribute has an equality; each start key attribute of the index fits. */
static enum stator_rc check_hash(const struct key_schema *key, const struct condition *condition,
                                 const struct item *start, struct stator_error *err)
{
    STATOR_TRY(check_hash_equalities(key, condition, err));
    for (uint32_t i = 0; i < key->hash_count; i++) {
        const struct key_attribute *part = &key->hash[i];
        const struct expr *clause = clause_on(condition, part->name);

        if (start->set)
            STATOR_TRY(key_check_attribute(start, part, true, err));
        if (clause == NULL)
            return missed(part->name, err);
        STATOR_TRY(check_clause(clause, part, true, err));
    }
    return STATOR_OK;
}

/* Range attributes are used from the left without a gap, all but the last by equality. *used counts
 * them. */
static enum stator_rc check_range(uint32_t *used, const struct key_schema *key, const struct condition *condition,
                                  const struct item *start, struct stator_error *err)
{
    uint32_t matched = 0;
    int last = -1;

    for (uint32_t i = 0; i < key->range_count; i++) {
        if (start->set)
            STATOR_TRY(key_check_attribute(start, &key->range[i], false, err));
        if (clause_on(condition, key->range[i].name) != NULL) {
            last = (int)i;
            matched++;
        }
    }
    if (condition->count > key->hash_count + matched) /* a clause on what is no key: there is a key without one */
        for (uint32_t i = 0; i < key->range_count; i++)
            if (clause_on(condition, key->range[i].name) == NULL)
                return missed(key->range[i].name, err);
    for (int i = 0; i < last; i++) {
        const struct expr *clause = clause_on(condition, key->range[i].name);

        if (clause == NULL || clause->type != EXPR_EQ)
            return stator_fail(err, STATOR_VALIDATION,
                               "RANGE key attributes %.*s must have equality conditions specified in the query "
                               "because a condition is present on key attribute %.*s",
                               BYTES_ARG(key->range[i].name), BYTES_ARG(key->range[last].name));
    }
    for (int i = 0; i <= last; i++)
        STATOR_TRY(check_clause(clause_on(condition, key->range[i].name), &key->range[i], false, err));
    *used = (uint32_t)(last + 1);
    return STATOR_OK;
}

/* A condition's values as an item with the hash attributes, for the codec. */
static bool hash_item(struct item *out, const struct key_schema *key, const struct condition *condition,
                      struct arena *arena)
{
    struct attribute *attributes = ARENA_ARRAY(arena, struct attribute, key->hash_count);

    if (attributes == NULL)
        return false;
    for (uint32_t i = 0; i < key->hash_count; i++) {
        attributes[i].name = key->hash[i].name;
        attributes[i].value = *clause_value(clause_on(condition, key->hash[i].name), 0);
    }
    attributes_sort(attributes, key->hash_count);
    *out = (struct item){.attributes = attributes, .count = key->hash_count, .set = true};
    return true;
}

/* lower and upper hold the common prefix; the clause narrows them. */
static void narrow(struct buf *lower, struct buf *upper, const struct expr *clause)
{
    const struct value *value = clause == NULL ? NULL : clause_value(clause, 0);

    switch (clause == NULL ? EXPR_NOT : clause->type) {
    case EXPR_EQ:
        key_append_value(lower, value);
        key_append_value(upper, value);
        key_successor(upper);
        break;
    case EXPR_LT:
        key_append_value(upper, value);
        break;
    case EXPR_LE:
        key_append_value(upper, value);
        key_successor(upper);
        break;
    case EXPR_GT:
        key_append_value(lower, value);
        key_successor(lower);
        key_successor(upper);
        break;
    case EXPR_GE:
        key_append_value(lower, value);
        key_successor(upper);
        break;
    case EXPR_BETWEEN:
        key_append_value(lower, value);
        key_append_value(upper, clause_value(clause, 1));
        key_successor(upper);
        break;
    case EXPR_BEGINS_WITH:
        key_append_value_prefix(lower, value);
        key_append_value_prefix(upper, value);
        key_successor(upper);
        break;
    default: /* no clause: the whole prefix */
        key_successor(upper);
        break;
    }
}

struct bounds {
    struct buf prefix, lower, upper, start;
};

static enum stator_rc make_bounds(struct page_request *request, struct bounds *b, const struct ring *ring,
                                  const struct condition *condition, uint32_t used, struct arena *arena,
                                  struct stator_error *err)
{
    const struct key_schema *key = &request->index->key;
    struct location where;
    struct item hash;

    if (!hash_item(&hash, key, condition, arena) || !index_hash_prefix(&b->prefix, &where, ring, request->index, &hash))
        return stator_fail_memory(err);
    for (uint32_t i = 0; i + 1 < used; i++)
        key_append_value(&b->prefix, clause_value(clause_on(condition, key->range[i].name), 0));
    buf_append_bytes(&b->lower, buf_bytes(&b->prefix));
    buf_append_bytes(&b->upper, buf_bytes(&b->prefix));
    narrow(&b->lower, &b->upper, used == 0 ? NULL : clause_on(condition, key->range[used - 1].name));
    request->one_shard = true;
    request->shard = where.shard;
    request->lower = arena_copy(arena, buf_bytes(&b->lower));
    request->upper = arena_copy(arena, buf_bytes(&b->upper));
    if (b->prefix.failed || b->lower.failed || b->upper.failed || !bytes_present(request->lower) ||
        !bytes_present(request->upper))
        return stator_fail_memory(err);
    return STATOR_OK;
}

/* The encoded start key, and its shard. */
static enum stator_rc encode_start(struct page_request *request, struct buf *encoded, struct location *where,
                                   const struct ring *ring, const struct item *start, struct arena *arena,
                                   struct stator_error *err)
{
    if (!index_key(encoded, where, ring, request->table, request->index, start))
        return stator_fail(err, STATOR_VALIDATION, BAD_START);
    request->start_after = arena_copy(arena, buf_bytes(encoded));
    request->start_shard = where->shard;
    return bytes_present(request->start_after) ? STATOR_OK : stator_fail_memory(err);
}

/* The table's own key inside a start key. */
static enum stator_rc check_table_key(const struct table *table, const struct item *start, bool brief,
                                      struct stator_error *err)
{
    const struct key_schema *key = &table->base.key;
    struct stator_error why;
    enum stator_rc rc = key_check_attribute(start, &key->hash[0], true, &why);

    if (rc == STATOR_OK && key->range_count != 0)
        rc = key_check_attribute(start, &key->range[0], false, &why);
    if (rc != STATOR_OK)
        return stator_fail(err, rc, "%s%s%s", BAD_START, brief ? "" : ": ", brief ? "" : why.message);
    return STATOR_OK;
}

static size_t start_key_parts(const struct table *table, const struct index *index)
{
    const struct key_schema *base = &table->base.key;
    size_t count = index->key.hash_count + index->key.range_count;

    if (index->kind == INDEX_BASE)
        return count;
    for (uint32_t i = 0; i < base->hash_count + base->range_count; i++) {
        struct bytes name = i < base->hash_count ? base->hash[i].name : base->range[i - base->hash_count].name;
        bool own = false;

        for (uint32_t k = 0; k < index->key.hash_count; k++)
            own |= bytes_equal(index->key.hash[k].name, name);
        for (uint32_t k = 0; k < index->key.range_count; k++)
            own |= bytes_equal(index->key.range[k].name, name);
        count += !own;
    }
    return count;
}

static enum stator_rc check_start_in_bounds(struct page_request *request, struct bounds *b, const struct ring *ring,
                                            const struct item *start, bool ranged, struct arena *arena,
                                            struct stator_error *err)
{
    struct location where;
    struct bytes key;

    STATOR_TRY(check_table_key(request->table, start, false, err));
    STATOR_TRY(encode_start(request, &b->start, &where, ring, start, arena, err));
    key = request->start_after;
    if (bytes_compare(key, request->lower) >= 0 && bytes_compare(key, request->upper) < 0)
        return STATOR_OK;
    if (ranged && bytes_starts_with(key, buf_bytes(&b->prefix)))
        return stator_fail(err, STATOR_VALIDATION, "The provided starting key does not match the range key predicate");
    return stator_fail(err, STATOR_VALIDATION,
                       "The provided starting key is outside query boundaries based on provided conditions");
}

/* One value as the service prints it in messages. */
static void append_java(struct buf *out, const struct attribute *attribute)
{
    const struct value *value = &attribute->value;

    buf_printf(out, "%.*s=AttributeValue: {%s:", BYTES_ARG(attribute->name), value_type_name(value->type));
    if (value->type == VALUE_B)
        buf_printf(out, "java.nio.HeapByteBuffer[pos=0 lim=%zu cap=%zu]", value->text.len, value->text.len);
    else
        buf_append_bytes(out, value->text);
    buf_append_byte(out, '}');
}

/* A partition of a table without a sort key has one item at most: there is nothing behind any key. */
static enum stator_rc check_start_has_range(const struct page_request *request, const struct item *start,
                                            struct stator_error *err)
{
    struct buf text;
    enum stator_rc rc;

    if (!start->set || !plan_query_finds_one(request))
        return STATOR_OK;
    buf_init(&text, KEY_BYTES_MAX);
    append_java(&text, &start->attributes[0]);
    rc = stator_fail(err, STATOR_VALIDATION, "The provided exclusive start key is invalid: ExclusiveStartKey: {%.*s}",
                     BYTES_ARG(buf_bytes(&text)));
    buf_deinit(&text);
    return rc;
}

bool plan_query_finds_one(const struct page_request *request)
{
    return request->index->kind == INDEX_BASE && request->index->key.range_count == 0;
}

static enum stator_rc plan_with(struct page_request *request, struct bounds *b, const struct ring *ring,
                                const struct expr *expr, const struct item *start, struct arena *arena,
                                struct stator_error *err)
{
    const struct key_schema *key = &request->index->key;
    struct condition condition = {.count = 0};
    uint32_t used = 0;

    collect(&condition, expr);
    STATOR_TRY(check_count(&condition, key, err));
    if (start->set && start->count != start_key_parts(request->table, request->index))
        return stator_fail(err, STATOR_VALIDATION, BAD_START);
    STATOR_TRY(check_hash(key, &condition, start, err));
    STATOR_TRY(check_range(&used, key, &condition, start, err));
    STATOR_TRY(check_start_has_range(request, start, err));
    STATOR_TRY(make_bounds(request, b, ring, &condition, used, arena, err));
    if (start->set)
        STATOR_TRY(check_start_in_bounds(request, b, ring, start, used != 0, arena, err));
    return STATOR_OK;
}

static void bounds_init(struct bounds *b)
{
    buf_init(&b->prefix, KEY_BYTES_MAX);
    buf_init(&b->lower, KEY_BYTES_MAX);
    buf_init(&b->upper, KEY_BYTES_MAX);
    buf_init(&b->start, KEY_BYTES_MAX);
}

static void bounds_deinit(struct bounds *b)
{
    buf_deinit(&b->prefix);
    buf_deinit(&b->lower);
    buf_deinit(&b->upper);
    buf_deinit(&b->start);
}

enum stator_rc plan_query(struct page_request *request, const struct ring *ring, const struct expr *condition,
                          const struct item *start_key, struct arena *arena, struct stator_error *err)
{
    struct bounds b;
    enum stator_rc rc;

    bounds_init(&b);
    rc = plan_with(request, &b, ring, condition, start_key, arena, err);
    bounds_deinit(&b);
    return rc;
}

/* Segment s of n has the tokens from s * 2^64 / n up to the next one's first. */
static uint64_t segment_first(uint32_t segment, uint32_t segments)
{
    return (uint64_t)(((uint128)segment << 64) / segments);
}

static enum stator_rc plan_start(struct page_request *request, const struct ring *ring, uint32_t segment,
                                 uint32_t segments, const struct item *start, struct arena *arena,
                                 struct stator_error *err)
{
    struct location where;
    struct buf encoded;
    enum stator_rc rc;

    buf_init(&encoded, KEY_BYTES_MAX);
    rc = encode_start(request, &encoded, &where, ring, start, arena, err);
    buf_deinit(&encoded);
    if (rc == STATOR_OK && (where.token < request->token_first || where.token > request->token_last))
        return stator_fail(err, STATOR_VALIDATION,
                           "The provided starting key is invalid: Invalid ExclusiveStartKey. Please use "
                           "ExclusiveStartKey with correct Segment. TotalSegments: %u Segment: %u",
                           segments, segment);
    return rc;
}

enum stator_rc plan_scan(struct page_request *request, const struct ring *ring, uint32_t segment, uint32_t segments,
                         const struct item *start_key, struct arena *arena, struct stator_error *err)
{
    const struct key_schema *key = &request->index->key;

    request->token_first = segment_first(segment, segments);
    request->token_last = segment + 1 == segments ? UINT64_MAX : segment_first(segment + 1, segments) - 1;
    if (!start_key->set)
        return STATOR_OK;
    if (start_key->count != start_key_parts(request->table, request->index))
        return stator_fail(err, STATOR_VALIDATION,
                           request->index->kind == INDEX_BASE && !request->start_in_brief ? BAD_START
                               ": The provided key element does not match the schema"
                                                                                          : BAD_START);
    if (request->index->kind != INDEX_BASE) {
        for (uint32_t i = 0; i < key->hash_count; i++)
            STATOR_TRY(key_check_attribute(start_key, &key->hash[i], true, err));
        for (uint32_t i = 0; i < key->range_count; i++)
            STATOR_TRY(key_check_attribute(start_key, &key->range[i], false, err));
    }
    STATOR_TRY(check_table_key(request->table, start_key, request->start_in_brief, err));
    return plan_start(request, ring, segment, segments, start_key, arena, err);
}
