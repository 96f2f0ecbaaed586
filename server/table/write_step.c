/* SPDX-License-Identifier: Apache-2.0 */
#include "table/write_step.h"

#include "plan/attribute.h"
#include "table/expiry.h"
#include "table/tell.h"

/* Of the budget, which has an end on a loop only: a byte of the old item that is read, one that is parsed, one that a clause of
 * an update may copy, an attribute of an index entry and a byte of it. */
#define READ_COST(bytes)        ((bytes) / 4)
#define PARSE_COST              2
#define CLAUSE_COST(bytes)      ((bytes) / 16)
#define ENTRY_ATTRIBUTE_COST    32
#define ENTRY_BYTES_COST(bytes) ((bytes) / 4)

static uint32_t units(size_t bytes)
{
    return (uint32_t)((bytes + 1023) / 1024);
}

static enum stator_rc read_old(struct write_step *s, enum store_tier tier, struct stator_error *err)
{
    const struct database *db = s->site->db;
    struct write_result *result = s->result;

    STATOR_TRY(store_get(db->store, STORE_SHARD(s->base.shard), s->key, tier, NULL, &result->pinned, err));
    durable_mark_look(latch_mark(db->latches, s->latch), db->durability);
    if (!bytes_present(result->pinned.value))
        return STATOR_OK;
    if (!stored_item_open(&result->old, result->pinned.value))
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "A stored item is damaged");
    result->existed = true;
    result->old_bytes = result->old.size_bytes;
    return expr_budget_allows(s->write->budget, READ_COST(stored_item_answer_bytes(&result->old))) ? STATOR_OK
                                                                                                   : STATOR_AGAIN;
}

static enum stator_rc test_condition(struct write_step *s, struct stator_error *err)
{
    struct item nothing = {0};
    struct item_source_parsed absent;
    struct item_source_stored present;
    struct item_source *source = &absent.source;
    bool holds = true;

    if (s->write->condition == NULL)
        return STATOR_OK;
    item_source_parsed_init(&absent, &nothing);
    if (s->result->existed) {
        if (!item_source_stored_init(&present, &s->result->old, s->site->arena))
            return stator_fail_memory(err);
        source = &present.source;
    }
    STATOR_TRY(expr_test(&holds, s->write->condition, source, s->write->budget, s->site->arena, err));
    s->result->condition_failed = !holds;
    return STATOR_OK;
}

static enum stator_rc parse_old(struct write_step *s, struct stator_error *err)
{
    if (!s->result->existed || s->result->old_item.set)
        return STATOR_OK;
    if (!expr_budget_allows(s->write->budget, PARSE_COST * stored_item_answer_bytes(&s->result->old)))
        return STATOR_AGAIN;
    if (!stored_item_parse(&s->result->old_item, &s->result->old, s->site->arena))
        return stator_fail_memory(err);
    s->result->old_item.set = true;
    return STATOR_OK;
}

/* A value that an update has given to a key attribute of an index. */
static enum stator_rc check_index_key(const struct value *value, const struct key_attribute *part, bool is_hash,
                                      struct stator_error *err)
{
    if (value->type != part->type)
        return stator_fail(err, STATOR_VALIDATION,
                           "The update expression attempted to update the secondary index key to unsupported type");
    if (value->type != VALUE_N && value->text.len == 0)
        return stator_fail(err, STATOR_VALIDATION,
                           "One or more parameter values are not valid. The update expression attempted to update a "
                           "secondary index key to a value that is not supported. The AttributeValue for a key "
                           "attribute cannot contain an empty %s value.",
                           value->type == VALUE_S ? "string" : "binary");
    if (value->type != VALUE_N && value->text.len > (is_hash ? KEY_HASH_BYTES_MAX : KEY_RANGE_BYTES_MAX))
        return stator_fail(err, STATOR_VALIDATION,
                           "The update expression attempted to update the secondary index key beyond allowed size "
                           "limits");
    return STATOR_OK;
}

static enum stator_rc check_index_keys(const struct table *table, struct bytes name, const struct value *value,
                                       struct stator_error *err)
{
    for (size_t i = 0; i < table->index_count; i++) {
        const struct key_schema *key = &table->indexes[i].key;

        for (uint32_t k = 0; k < key->hash_count; k++)
            if (bytes_equal(key->hash[k].name, name))
                STATOR_TRY(check_index_key(value, &key->hash[k], true, err));
        for (uint32_t k = 0; k < key->range_count; k++)
            if (bytes_equal(key->range[k].name, name))
                STATOR_TRY(check_index_key(value, &key->range[k], false, err));
    }
    return STATOR_OK;
}

/* Only what the update wrote: what else there is may be older than the index, which then has no entry for it. */
static enum stator_rc check_written_keys(const struct write *write, const struct item *item, struct stator_error *err)
{
    for (size_t i = 0; i < write->update->count; i++) {
        struct bytes name = write->update->clauses[i].path.elements[0].name;
        const struct value *value = item_find(item, name);

        if (value != NULL)
            STATOR_TRY(check_index_keys(write->table, name, value, err));
    }
    return STATOR_OK;
}

/* What an update starts from: the item, or the key of one that is not there. */
static enum stator_rc before_update(struct item *before, struct write_step *s, struct stator_error *err)
{
    STATOR_TRY(parse_old(s, err));
    *before = s->result->existed ? s->result->old_item : *s->write->key;
    before->set = s->result->existed;
    return STATOR_OK;
}

static enum stator_rc fail_update_size(struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "Item size to update has exceeded the maximum allowed size");
}

/* The service measures what the statement writes before it looks at the condition. */
static enum stator_rc check_statement(struct write_step *s, struct stator_error *err)
{
    const struct write *write = s->write;
    struct item before;

    if (write->kind != WRITE_UPDATE || write->update == NULL || write->flat ||
        write->update->statement_bytes <= ITEM_BYTES_MAX) /* what it writes at most */
        return STATOR_OK;
    STATOR_TRY(before_update(&before, s, err));
    return update_statement_bytes(write->update, &before) > ITEM_BYTES_MAX ? fail_update_size(err) : STATOR_OK;
}

static enum stator_rc make_updated(struct write_step *s, struct stator_error *err)
{
    const struct write *write = s->write;
    struct item *after = &s->result->new_item;
    struct item before;

    STATOR_TRY(before_update(&before, s, err));
    if (write->update == NULL) {
        *after = before;
        return STATOR_OK;
    }
    if (!expr_budget_allows(write->budget,
                            write->update->count * CLAUSE_COST(stored_item_answer_bytes(&s->result->old))))
        return STATOR_AGAIN;
    STATOR_TRY(update_apply(after, write->update, &before, s->site->arena, err));
    STATOR_TRY(check_written_keys(write, after, err));
    if (after->cut || item_size(after) > ITEM_BYTES_MAX)
        return fail_update_size(err);
    return attribute_check_updated(after, err);
}

/* Where no item is, an update that only removes makes none. One without any action does, and so does one that also
 * writes; a DELETE within something that is not there is an error. */
static bool removes_nothing(const struct write_step *s)
{
    const struct update *update = s->write->update;

    if (s->write->kind != WRITE_UPDATE || s->result->existed || update == NULL || update->count == 0)
        return false;
    for (size_t i = 0; i < update->count; i++) {
        const struct update_clause *clause = &update->clauses[i];

        if (clause->action != UPDATE_REMOVE && (clause->action != UPDATE_DELETE || clause->path.count > 1))
            return false;
    }
    return true;
}

static enum stator_rc make_new(struct write_step *s, struct stator_error *err)
{
    switch (s->write->kind) {
    case WRITE_PUT:
        s->result->new_item = *s->write->item;
        break;
    case WRITE_UPDATE:
        STATOR_TRY(make_updated(s, err));
        break;
    case WRITE_DELETE:
    case WRITE_CHECK:
        return STATOR_OK;
    }
    s->result->new_item.set = true;
    s->result->new_bytes = item_size(&s->result->new_item);
    return STATOR_OK;
}

#define CHARGED_AT_ONCE ((size_t)64 * 1024)

/* The batch is the engine's memory: as much of the arena is taken, and not touched, so that it counts as the request's. */
static enum stator_rc charge_batch(struct write_step *s, struct stator_error *err)
{
    size_t bytes = store_batch_bytes(s->site->batch);

    if (bytes <= *s->site->charged + CHARGED_AT_ONCE)
        return STATOR_OK;
    if (arena_alloc(s->site->arena, bytes - *s->site->charged) == NULL)
        return stator_fail_memory(err);
    *s->site->charged = bytes;
    return STATOR_OK;
}

/* Puts base and counters of the base into the batch. */
static enum stator_rc change_base(struct write_step *s, struct stator_error *err)
{
    struct write_result *result = s->result;

    if (result->new_item.set) {
        struct buf *stored = &s->site->scratch->stored;

        buf_reset(stored);
        item_store(stored, &result->new_item);
        if (stored->failed)
            return stator_fail_memory(err);
        store_batch_put(s->site->batch, STORE_SHARD(s->base.shard), s->key, buf_bytes(stored));
    } else if (result->existed) {
        store_batch_delete(s->site->batch, STORE_SHARD(s->base.shard), s->key);
    }
    s->count_deltas[0] = (int64_t)result->new_item.set - (int64_t)result->existed;
    s->byte_deltas[0] = (int64_t)result->new_bytes - (int64_t)result->old_bytes;
    return STATOR_OK;
}

/* The entry that an item has in an index, encoded; false when it has none. */
static bool entry_of(struct buf *key, struct buf *entry, struct location *where, size_t *bytes, struct write_step *s,
                     const struct index *index, const struct item *item, bool *failed)
{
    struct item projected;

    buf_reset(key);
    buf_reset(entry);
    *bytes = 0;
    if (!item->set || !index_key(key, where, &s->site->db->ring, s->write->table, index, item)) {
        *failed |= key->failed;
        return false;
    }
    if (!index_project(&projected, s->write->table, index, item, s->site->arena)) {
        *failed = true;
        return false;
    }
    item_store(entry, &projected);
    *bytes = item_size(&projected);
    *failed |= entry->failed;
    return true;
}

/* Whether the old item's entry is there: an index that is still being filled may not have it yet. */
static enum stator_rc find_old_entry(struct write_step *s, const struct location *where, enum store_tier tier,
                                     bool *there, struct stator_error *err)
{
    struct store_pinned pinned = {0};

    STATOR_TRY(store_get(s->site->db->store, STORE_SHARD(where->shard), buf_bytes(&s->site->scratch->old_key), tier,
                         NULL, &pinned, err));
    *there = bytes_present(pinned.value);
    store_release(&pinned);
    return STATOR_OK;
}

/* What making the old and the new entry costs. */
static uint64_t entries_cost(const struct write_step *s)
{
    const struct write_result *result = s->result;
    uint64_t attributes = result->old_item.count + result->new_item.count;

    return attributes * ENTRY_ATTRIBUTE_COST + ENTRY_BYTES_COST(result->old_bytes + result->new_bytes);
}

/* An unchanged entry costs nothing, one changed in place its larger image, a moved one a delete and a put. */
static enum stator_rc change_index(struct write_step *s, size_t i, enum store_tier tier, struct stator_error *err)
{
    const struct index *index = &s->write->table->indexes[i];
    struct location old_where, new_where;
    size_t old_bytes, new_bytes;
    bool failed = false;
    bool was = entry_of(&s->site->scratch->old_key, &s->site->scratch->old_entry, &old_where, &old_bytes, s, index,
                        &s->result->old_item, &failed);
    bool is = entry_of(&s->site->scratch->new_key, &s->site->scratch->new_entry, &new_where, &new_bytes, s, index,
                       &s->result->new_item, &failed);
    bool in_place;

    if (failed)
        return stator_fail_memory(err);
    if (was && index->status == IndexStatus_CREATING)
        STATOR_TRY(find_old_entry(s, &old_where, tier, &was, err));
    if (!was)
        old_bytes = 0;
    in_place = was && is && bytes_equal(buf_bytes(&s->site->scratch->old_key), buf_bytes(&s->site->scratch->new_key));
    if (in_place && bytes_equal(buf_bytes(&s->site->scratch->old_entry), buf_bytes(&s->site->scratch->new_entry)))
        return STATOR_OK;
    if (was && !in_place) {
        store_batch_delete(s->site->batch, STORE_SHARD(old_where.shard), buf_bytes(&s->site->scratch->old_key));
        s->result->index_units[i] += units(old_bytes);
    }
    if (is) {
        store_batch_put(s->site->batch, STORE_SHARD(new_where.shard), buf_bytes(&s->site->scratch->new_key),
                        buf_bytes(&s->site->scratch->new_entry));
        s->result->index_units[i] += units(in_place && old_bytes > new_bytes ? old_bytes : new_bytes);
    }
    s->count_deltas[1 + i] = (int64_t)is - (int64_t)was;
    s->byte_deltas[1 + i] = (int64_t)new_bytes - (int64_t)old_bytes;
    return STATOR_OK;
}

/* The item's entry in the expiry index follows its value. One that the backfill has not yet made is deleted in vain. */
static enum stator_rc change_expiry(struct write_step *s, struct stator_error *err)
{
    const struct time_to_live *ttl = &s->write->table->extras->ttl;
    struct buf *old_key = &s->site->scratch->old_key, *new_key = &s->site->scratch->new_key;
    uint64_t old_seconds = 0, new_seconds = 0;
    bool was = s->result->existed && expiry_of_stored(&old_seconds, ttl, &s->result->old);
    bool is = s->result->new_item.set && expiry_of_item(&new_seconds, ttl, &s->result->new_item);

    if (was == is && old_seconds == new_seconds)
        return STATOR_OK;
    buf_reset(old_key);
    buf_reset(new_key);
    if (was) {
        expiry_key(old_key, ttl, old_seconds, s->key);
        store_batch_delete(s->site->batch, STORE_SHARD(s->base.shard), buf_bytes(old_key));
    }
    if (is) {
        expiry_key(new_key, ttl, new_seconds, s->key);
        store_batch_put(s->site->batch, STORE_SHARD(s->base.shard), buf_bytes(new_key), BYTES(""));
    }
    return old_key->failed || new_key->failed ? stator_fail_memory(err) : STATOR_OK;
}

static void add_counter(struct write_step *s, const struct index_state *state, enum catalog_counter counter,
                        int64_t delta)
{
    uint8_t key[8];

    if (delta != 0)
        store_batch_add(s->site->batch, catalog_counter_key(key, state->id, counter), delta);
}

static const struct index *index_at(const struct table *table, size_t i)
{
    return i == 0 ? &table->base : &table->indexes[i - 1];
}

static void add_counters(struct write_step *s)
{
    for (size_t i = 0; i <= s->write->table->index_count; i++) {
        const struct index_state *state = index_at(s->write->table, i)->state;

        add_counter(s, state, COUNTER_ITEMS, s->count_deltas[i]);
        add_counter(s, state, COUNTER_BYTES, s->byte_deltas[i]);
    }
}

void write_step_publish(const struct write_step *s)
{
    for (size_t i = 0; i <= s->write->table->index_count; i++) {
        struct index_state *state = index_at(s->write->table, i)->state;

        atomic_fetch_add_explicit(&state->item_count, s->count_deltas[i], memory_order_relaxed);
        atomic_fetch_add_explicit(&state->size_bytes, s->byte_deltas[i], memory_order_relaxed);
    }
}

enum stator_rc write_step_prepare(struct write_step *s, enum store_tier tier, struct stator_error *err)
{
    const struct table *table = s->write->table;
    enum write_kind kind = s->write->kind;

    STATOR_TRY(read_old(s, tier, err));
    STATOR_TRY(check_statement(s, err));
    STATOR_TRY(test_condition(s, err));
    s->nothing = s->result->condition_failed || kind == WRITE_CHECK || (kind == WRITE_DELETE && !s->result->existed) ||
                 removes_nothing(s);
    if (s->nothing)
        return STATOR_OK;
    STATOR_TRY(make_new(s, err));
    STATOR_TRY(change_base(s, err));
    STATOR_TRY(charge_batch(s, err));
    if (table->index_count != 0) {
        STATOR_TRY(parse_old(s, err));
        for (size_t i = 0; i < table->index_count; i++) {
            if (!expr_budget_allows(s->write->budget, entries_cost(s)))
                return STATOR_AGAIN;
            STATOR_TRY(change_index(s, i, tier, err));
            STATOR_TRY(charge_batch(s, err));
        }
    }
    if (table->extras->ttl.id != 0)
        STATOR_TRY(change_expiry(s, err));
    add_counters(s);
    STATOR_TRY(tell_change(s, err));
    return charge_batch(s, err);
}

enum stator_rc write_step_init(struct write_step *s, const struct write_site *site, const struct write *write,
                               struct write_result *result, struct stator_error *err)
{
    const struct table *table = write->table;
    struct buf *key = &site->scratch->key;
    size_t count = table->index_count;

    *result = (struct write_result){0};
    *s = (struct write_step){.site = site, .write = write, .result = result};
    s->count_deltas = ARENA_ARRAY(site->arena, int64_t, 1 + count);
    s->byte_deltas = ARENA_ARRAY(site->arena, int64_t, 1 + count);
    if (count != 0)
        result->index_units = ARENA_ARRAY(site->arena, uint32_t, count);
    if (s->count_deltas == NULL || s->byte_deltas == NULL || (count != 0 && result->index_units == NULL))
        return stator_fail_memory(err);
    buf_reset(key);
    if (!index_key(key, &s->base, &site->db->ring, table, &table->base, write->key))
        return stator_fail(err, STATOR_VALIDATION, "The provided key element does not match the schema");
    s->key = arena_copy(site->arena, buf_bytes(key));
    if (s->key.at == NULL)
        return stator_fail_memory(err);
    s->hash = ring_token(s->key);
    s->latch = latch_of(site->db->latches, s->hash);
    return STATOR_OK;
}
