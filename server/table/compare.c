/* SPDX-License-Identifier: Apache-2.0 */
#include "table/compare.h"

#include "format/itemcodec.h"
#include "format/keycodec.h"
#include "plan/index.h"
#include "table/expiry.h"

#define ARENA_BYTES_MAX (8 * STORED_ITEM_BYTES_MAX) /* an item parsed is larger than its JSON */

struct comparing {
    struct database *db;
    struct compare *compare;
    const struct compare_request *request;
    /* Of the item or entry being looked at. */
    struct arena arena;
    struct buf base_key, key, value;
    struct item projected; /* of which value is the stored form; not of the table itself, nor of expiry */
};

/* What an item calls for, in c->key and c->value. */
struct call {
    bool readable, wanted;
    uint32_t shard;
    uint64_t bytes;
};

void compare_init(struct compare *compare)
{
    *compare = (struct compare){.entries_now = false};
    walk_init(&compare->walk);
}

void compare_restart(struct compare *compare)
{
    struct walk walk = compare->walk;

    walk_restart(&walk);
    *compare = (struct compare){.walk = walk};
}

void compare_deinit(struct compare *compare)
{
    walk_deinit(&compare->walk);
}

/* --- What should be ----------------------------------------------------------------------------------------------- */

static enum stator_rc call_of_expiry(struct call *out, struct comparing *c, uint32_t shard, struct bytes base_key,
                                     const struct stored_item *view, struct stator_error *err)
{
    const struct time_to_live *ttl = &c->request->table->extras->ttl;
    uint64_t seconds;

    out->shard = shard;
    out->wanted = expiry_of_stored(&seconds, ttl, view);
    if (out->wanted)
        expiry_key(&c->key, ttl, seconds, base_key);
    return c->key.failed ? stator_fail_memory(err) : STATOR_OK;
}

/* What the item stored under base_key calls for. */
static enum stator_rc call_of(struct call *out, struct comparing *c, uint32_t shard, struct bytes base_key,
                              struct bytes stored, struct stator_error *err)
{
    const struct table *table = c->request->table;
    const struct index *index = c->request->index;
    struct stored_item view;
    struct location where;
    struct item item;

    *out = (struct call){.readable = true};
    buf_reset(&c->key);
    buf_reset(&c->value);
    out->readable = stored_item_open(&view, stored) && stored_item_parse(&item, &view, &c->arena);
    if (c->arena.failed)
        return stator_fail_memory(err);
    if (!out->readable)
        return STATOR_OK;
    if (index == NULL)
        return call_of_expiry(out, c, shard, base_key, &view, err);
    out->wanted = index_key(&c->key, &where, &c->db->ring, table, index, &item);
    out->shard = where.shard;
    if (!out->wanted)
        return STATOR_OK;
    if (index->kind == INDEX_BASE) {
        out->bytes = view.size_bytes;
        buf_append_bytes(&c->value, stored);
    } else if (index_project(&c->projected, table, index, &item, &c->arena)) {
        out->bytes = item_size(&c->projected);
        item_store(&c->value, &c->projected);
    }
    return c->arena.failed || c->key.failed || c->value.failed ? stator_fail_memory(err) : STATOR_OK;
}

static uint64_t size_of(struct bytes stored)
{
    struct stored_item view;

    return bytes_present(stored) && stored_item_open(&view, stored) ? view.size_bytes : 0;
}

static enum stator_rc tell(struct comparing *c, const struct compare_difference *difference, struct stator_error *err)
{
    STATOR_TRY(c->request->differs(c->request->context, difference, err));
    c->compare->differences++;
    return STATOR_OK;
}

/* --- Items -> entries --------------------------------------------------------------------------------------------- */

/* Whether the entry says the same, be it in the form of an earlier version. */
static bool says_the_same(struct comparing *c, struct bytes present)
{
    struct stored_item view;
    struct item item;

    if (bytes_equal(present, buf_bytes(&c->value)))
        return true;
    return c->request->index != NULL && stored_item_open(&view, present) &&
           stored_item_parse(&item, &view, &c->arena) && item_equal(&item, &c->projected);
}

/* *same: there is nothing to tell, or, without the latch, nothing that is sure. */
static enum stator_rc check_entry(struct comparing *c, const struct call *call, bool latched, bool *same,
                                  struct stator_error *err)
{
    struct store_pinned present = {0};
    enum stator_rc rc = STATOR_OK;

    STATOR_TRY(store_get(c->db->store, STORE_SHARD(call->shard), buf_bytes(&c->key), STORE_ANY, NULL, &present, err));
    *same = bytes_present(present.value) && says_the_same(c, present.value);
    if (!*same && latched)
        rc = tell(c,
                  &(struct compare_difference){
                      .kind = bytes_present(present.value) ? COMPARE_WRONG : COMPARE_MISSING,
                      .shard = call->shard,
                      .key = buf_bytes(&c->key),
                      .expected = c->value.len != 0 ? buf_bytes(&c->value) : BYTES(""),
                      .present = present.value,
                      .expected_bytes = call->bytes,
                      .present_bytes = size_of(present.value),
                  },
                  err);
    store_release(&present);
    return rc;
}

static enum stator_rc check_item(struct comparing *c, uint32_t shard, struct bytes base_key, struct bytes stored,
                                 bool latched, bool *same, struct stator_error *err)
{
    struct compare_difference found = {
        .shard = shard, .key = base_key, .present = stored, .present_bytes = size_of(stored)};
    const struct index *index = c->request->index;
    struct call call;

    STATOR_TRY(call_of(&call, c, shard, base_key, stored, err));
    if (call.readable && (index == NULL || index->kind != INDEX_BASE)) {
        *same = !call.wanted;
        return call.wanted ? check_entry(c, &call, latched, same, err) : STATOR_OK;
    }
    *same = call.readable && call.wanted && call.shard == shard && bytes_equal(buf_bytes(&c->key), base_key);
    found.kind = call.readable ? COMPARE_WRONG : COMPARE_DAMAGED;
    return *same || !latched ? STATOR_OK : tell(c, &found, err);
}

static enum stator_rc check_item_again(struct comparing *c, uint32_t shard, struct bytes base_key,
                                       struct stator_error *err)
{
    uint32_t latch = latch_of(c->db->latches, ring_token(base_key));
    struct store_pinned pinned = {0};
    enum stator_rc rc;
    bool same;

    latch_take(c->db->latches, latch);
    rc = store_get(c->db->store, STORE_SHARD(shard), base_key, STORE_ANY, NULL, &pinned, err);
    if (rc == STATOR_OK && bytes_present(pinned.value))
        rc = check_item(c, shard, base_key, pinned.value, true, &same, err);
    store_release(&pinned);
    latch_release(c->db->latches, latch);
    return rc;
}

static enum stator_rc visit_item(void *context, uint32_t shard, struct bytes key, struct bytes value,
                                 struct stator_error *err)
{
    struct comparing *c = context;
    bool same;

    arena_reset(&c->arena);
    STATOR_TRY(check_item(c, shard, key, value, false, &same, err));
    if (!same)
        STATOR_TRY(check_item_again(c, shard, key, err));
    c->compare->items++;
    c->compare->item_bytes += size_of(value);
    return STATOR_OK;
}

/* --- Entries -> items --------------------------------------------------------------------------------------------- */

/* The key of the item that an entry is of, in c->base_key. False: the entry does not tell. */
static bool item_of_entry(struct comparing *c, uint32_t *shard, struct bytes key, struct bytes value)
{
    const struct table *table = c->request->table;
    struct stored_item view;
    struct location where;
    struct item item;

    buf_reset(&c->base_key);
    if (c->request->index == NULL)
        return expiry_base_key(&c->base_key, table->base.state->id, key);
    if (!stored_item_open(&view, value) || !stored_item_parse(&item, &view, &c->arena) ||
        !index_key(&c->base_key, &where, &c->db->ring, table, &table->base, &item))
        return false;
    *shard = where.shard;
    return !c->base_key.failed;
}

/* Whether the item under c->base_key calls for the entry. */
static enum stator_rc is_called_for(struct comparing *c, uint32_t item_shard, uint32_t shard, struct bytes key,
                                    bool *called, struct stator_error *err)
{
    struct store_pinned pinned = {0};
    enum stator_rc rc = STATOR_OK;
    struct call call;

    *called = false;
    STATOR_TRY(
        store_get(c->db->store, STORE_SHARD(item_shard), buf_bytes(&c->base_key), STORE_ANY, NULL, &pinned, err));
    if (bytes_present(pinned.value)) {
        rc = call_of(&call, c, item_shard, buf_bytes(&c->base_key), pinned.value, err);
        *called = rc == STATOR_OK &&
                  (!call.readable || (call.wanted && call.shard == shard && bytes_equal(buf_bytes(&c->key), key)));
    }
    store_release(&pinned);
    return rc;
}

/* Whether it is still there, and not called for. known: c->base_key is the item's, whose latch is held. */
static enum stator_rc check_entry_again(struct comparing *c, bool known, uint32_t item_shard, uint32_t shard,
                                        struct bytes key, struct stator_error *err)
{
    struct store_pinned present = {0};
    enum stator_rc rc = store_get(c->db->store, STORE_SHARD(shard), key, STORE_ANY, NULL, &present, err);
    bool called = rc != STATOR_OK || !bytes_present(present.value);

    if (!called && known)
        rc = is_called_for(c, item_shard, shard, key, &called, err);
    if (rc == STATOR_OK && !called)
        rc = tell(c,
                  &(struct compare_difference){.kind = COMPARE_EXTRA,
                                               .shard = shard,
                                               .key = key,
                                               .present = present.value,
                                               .present_bytes = size_of(present.value)},
                  err);
    store_release(&present);
    return rc;
}

static enum stator_rc visit_entry(void *context, uint32_t shard, struct bytes key, struct bytes value,
                                  struct stator_error *err)
{
    struct comparing *c = context;
    uint32_t item_shard = shard;
    bool known, called = false;

    arena_reset(&c->arena);
    known = item_of_entry(c, &item_shard, key, value);
    if (c->arena.failed || c->base_key.failed)
        return stator_fail_memory(err);
    if (known)
        STATOR_TRY(is_called_for(c, item_shard, shard, key, &called, err));
    if (!called) {
        uint32_t latch = known ? latch_of(c->db->latches, ring_token(buf_bytes(&c->base_key))) : 0;
        enum stator_rc rc;

        if (known)
            latch_take(c->db->latches, latch);
        rc = check_entry_again(c, known, item_shard, shard, key, err);
        if (known)
            latch_release(c->db->latches, latch);
        STATOR_TRY(rc);
    }
    c->compare->entries++;
    c->compare->entry_bytes += size_of(value);
    return STATOR_OK;
}

/* --- Steps -------------------------------------------------------------------------------------------------------- */

static enum stator_rc step(struct comparing *c, uint32_t keys_max, bool *done, struct stator_error *err)
{
    const struct compare_request *request = c->request;
    struct compare *compare = c->compare;
    const struct index *index = request->index;
    uint32_t id = index != NULL ? index->state->id : request->table->extras->ttl.id;
    bool ended;

    *done = false;
    if (compare->entries_now)
        return table_walk(c->db, id, &compare->walk, keys_max, visit_entry, c, done, err);
    STATOR_TRY(table_walk(c->db, request->table->base.state->id, &compare->walk, keys_max, visit_item, c, &ended, err));
    if (!ended)
        return STATOR_OK;
    if (index != NULL && index->kind == INDEX_BASE) {
        *done = true;
        return STATOR_OK;
    }
    walk_restart(&compare->walk);
    compare->entries_now = true;
    return STATOR_OK;
}

enum stator_rc table_compare(struct database *db, struct compare *compare, const struct compare_request *request,
                             uint32_t keys_max, bool *done, struct stator_error *err)
{
    struct comparing c = {.db = db, .compare = compare, .request = request};
    enum stator_rc rc;

    arena_init(&c.arena, ARENA_BYTES_MAX);
    buf_init(&c.base_key, 2 * KEY_BYTES_MAX);
    buf_init(&c.key, 2 * KEY_BYTES_MAX);
    buf_init(&c.value, STORED_ITEM_BYTES_MAX);
    rc = step(&c, keys_max, done, err);
    buf_deinit(&c.value);
    buf_deinit(&c.key);
    buf_deinit(&c.base_key);
    arena_deinit(&c.arena);
    return rc;
}

/* --- Mending ------------------------------------------------------------------------------------------------------ */

/* The counters in the batch. The expiry index has none. */
static void count(struct store_batch *batch, const struct index *index, int64_t items, int64_t bytes)
{
    uint8_t key[8];

    if (index == NULL)
        return;
    store_batch_add(batch, catalog_counter_key(key, index->state->id, COUNTER_ITEMS), items);
    store_batch_add(batch, catalog_counter_key(key, index->state->id, COUNTER_BYTES), bytes);
}

enum stator_rc compare_mend(struct database *db, const struct index *index, const struct compare_difference *difference,
                            struct stator_error *err)
{
    int64_t items = (difference->kind == COMPARE_MISSING) - (difference->kind == COMPARE_EXTRA);
    int64_t bytes = (int64_t)difference->expected_bytes - (int64_t)difference->present_bytes;
    struct store_batch *batch;
    enum stator_rc rc;

    if (difference->kind == COMPARE_DAMAGED)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "A stored item is damaged");
    batch = store_batch_new(db->store);
    if (batch == NULL)
        return stator_fail_memory(err);
    if (difference->kind == COMPARE_EXTRA)
        store_batch_delete(batch, STORE_SHARD(difference->shard), difference->key);
    else
        store_batch_put(batch, STORE_SHARD(difference->shard), difference->key, difference->expected);
    count(batch, index, items, bytes);
    rc = store_write(db->store, batch, true, err);
    if (rc == STATOR_OK && index != NULL) {
        atomic_fetch_add(&index->state->item_count, items);
        atomic_fetch_add(&index->state->size_bytes, bytes);
    }
    store_batch_free(batch);
    return rc;
}
