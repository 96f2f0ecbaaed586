/* SPDX-License-Identifier: Apache-2.0 */
#include "table/backfill.h"

#include "format/itemcodec.h"
#include "format/keycodec.h"
#include "plan/index.h"
#include "table/expiry.h"

#define ARENA_BYTES_MAX (8 * STORED_ITEM_BYTES_MAX) /* an item parsed is larger than its JSON */

/* Puts the entry of the item that is under base_key now, unless it is there already. Under the item's latch. */
static enum stator_rc put_entry(struct database *db, const struct table *table, const struct index *index,
                                struct bytes stored, struct buf *key, struct buf *entry, struct arena *arena,
                                struct stator_error *err)
{
    struct store_pinned present = {0};
    struct stored_item view;
    struct location where;
    struct item item, projected;
    struct store_batch *batch;
    uint8_t counter[8];
    enum stator_rc rc;

    if (!stored_item_open(&view, stored) || !stored_item_parse(&item, &view, arena))
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "A stored item is damaged");
    if (!index_key(key, &where, &db->ring, table, index, &item))
        return STATOR_OK; /* not in this index */
    if (!index_project(&projected, table, index, &item, arena))
        return stator_fail_memory(err);
    STATOR_TRY(store_get(db->store, STORE_SHARD(where.shard), buf_bytes(key), STORE_ANY, NULL, &present, err));
    if (bytes_present(present.value)) { /* a writer was here first */
        store_release(&present);
        return STATOR_OK;
    }
    item_store(entry, &projected);
    batch = store_batch_new(db->store);
    if (batch == NULL || entry->failed) {
        store_batch_free(batch);
        return stator_fail_memory(err);
    }
    store_batch_put(batch, STORE_SHARD(where.shard), buf_bytes(key), buf_bytes(entry));
    store_batch_add(batch, catalog_counter_key(counter, index->state->id, COUNTER_ITEMS), 1);
    store_batch_add(batch, catalog_counter_key(counter, index->state->id, COUNTER_BYTES),
                    (int64_t)item_size(&projected));
    rc = store_write(db->store, batch, true, err);
    if (rc == STATOR_OK) {
        atomic_fetch_add(&index->state->item_count, 1);
        atomic_fetch_add(&index->state->size_bytes, (int64_t)item_size(&projected));
    }
    store_batch_free(batch);
    return rc;
}

/* The same for the expiry index. That the entry is there already does no harm: it is the same one. */
static enum stator_rc put_expiry(struct database *db, const struct table *table, uint32_t family, struct bytes base_key,
                                 struct bytes stored, struct buf *key, struct stator_error *err)
{
    struct store_batch *batch;
    struct stored_item item;
    uint64_t seconds;
    enum stator_rc rc;

    if (!stored_item_open(&item, stored))
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "A stored item is damaged");
    if (!expiry_of_stored(&seconds, &table->extras->ttl, &item))
        return STATOR_OK;
    expiry_key(key, &table->extras->ttl, seconds, base_key);
    batch = store_batch_new(db->store);
    if (batch == NULL || key->failed) {
        store_batch_free(batch);
        return stator_fail_memory(err);
    }
    store_batch_put(batch, family, buf_bytes(key), BYTES(""));
    rc = store_write(db->store, batch, true, err);
    store_batch_free(batch);
    return rc;
}

struct filling {
    struct database *db;
    const struct table *table;
    const struct index *index; /* NULL: of expiry */
};

static enum stator_rc do_item(void *context, uint32_t shard, struct bytes base_key, struct bytes seen,
                              struct stator_error *err)
{
    const struct filling *filling = context;
    struct database *db = filling->db;
    uint32_t latch = latch_of(db->latches, ring_token(base_key));
    struct store_pinned pinned = {0};
    struct buf key, entry;
    struct arena arena;
    enum stator_rc rc;

    (void)seen; /* not under the latch */
    arena_init(&arena, ARENA_BYTES_MAX);
    buf_init(&key, KEY_BYTES_MAX);
    buf_init(&entry, STORED_ITEM_BYTES_MAX);
    latch_take(db->latches, latch);
    rc = store_get(db->store, STORE_SHARD(shard), base_key, STORE_ANY, NULL, &pinned, err);
    if (rc == STATOR_OK && bytes_present(pinned.value) && filling->index == NULL)
        rc = put_expiry(db, filling->table, STORE_SHARD(shard), base_key, pinned.value, &key, err);
    else if (rc == STATOR_OK && bytes_present(pinned.value))
        rc = put_entry(db, filling->table, filling->index, pinned.value, &key, &entry, &arena, err);
    store_release(&pinned);
    latch_release(db->latches, latch);
    buf_deinit(&key);
    buf_deinit(&entry);
    arena_deinit(&arena);
    return rc;
}

enum stator_rc table_backfill(struct database *db, const struct table *table, const struct index *index,
                              struct walk *walk, uint32_t items_max, bool *done, struct stator_error *err)
{
    struct filling filling = {db, table, index};

    return table_walk(db, table->base.state->id, walk, items_max, do_item, &filling, done, err);
}

void table_erase(const struct database *db, const struct index *index, struct store_batch *batch)
{
    uint8_t counter[8];
    struct buf lower, upper;

    buf_init(&lower, 64);
    buf_init(&upper, 64);
    key_append_prefix(&lower, index->state->id, 0);
    key_append_prefix(&upper, index->state->id + 1, 0);
    stator_assert(!lower.failed && !upper.failed); /* a range without an end would be everything */
    for (uint32_t shard = 0; shard < store_shards(db->store); shard++)
        store_batch_delete_range(batch, STORE_SHARD(shard), buf_bytes(&lower), buf_bytes(&upper));
    store_batch_delete(batch, STORE_COUNTERS, catalog_counter_key(counter, index->state->id, COUNTER_ITEMS));
    store_batch_delete(batch, STORE_COUNTERS, catalog_counter_key(counter, index->state->id, COUNTER_BYTES));
    buf_deinit(&lower);
    buf_deinit(&upper);
}
