/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/server/database.h"

#include "unit/unit.h"

#include "format/itemcodec.h"
#include "format/keycodec.h"
#include "plan/index.h"
#include "table/expiry.h"
#include "table/write.h"
#include "unit/server/tables.h"

#define SHARDS 4

void database_open(struct database *db, const char *dir, enum store_durability durability)
{
    const struct store_options options = {
        .dir = dir, .shards = SHARDS, .durability = durability, .layout = RING_LAYOUT};
    struct stator_error err = {0};

    *db = (struct database){0};
    if (store_open(&db->store, &options, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(ring_init(&db->ring, SHARDS, &err), STATOR_OK);
    db->latches = latch_table_new();
    assert_non_null(db->latches);
    assert_int_equal(tokens_init(&db->tokens, &err), STATOR_OK);
    assert_int_equal(durability_start(&db->durability, db->store, durability, &err), STATOR_OK);
    assert_int_equal(streams_open(&db->streams, db->store, db->durability, &STREAMS_DEFAULTS, &err), STATOR_OK);
}

void database_close(struct database *db)
{
    streams_close(db->streams);
    durability_stop(db->durability);
    tokens_deinit(&db->tokens);
    latch_table_free(db->latches);
    ring_deinit(&db->ring);
    store_close(db->store);
}

static void write_one(struct database *db, const struct table *table, const char *json, enum write_kind kind)
{
    struct stator_error err = {0};
    struct write_result result;
    struct arena arena;
    struct item item;

    arena_init(&arena, 1 << 26);
    item = item_of(json, &arena);
    const struct write write = {.kind = kind, .table = table, .key = &item, .item = kind == WRITE_PUT ? &item : NULL};

    if (table_write(db, &write, true, &result, &arena, &err) != STATOR_OK)
        fail_msg("%s: %s", json, err.message);
    write_result_release(&result);
    arena_deinit(&arena);
}

void database_put(struct database *db, const struct table *table, const char *item)
{
    write_one(db, table, item, WRITE_PUT);
}

void database_delete(struct database *db, const struct table *table, const char *key)
{
    write_one(db, table, key, WRITE_DELETE);
}

struct sums {
    int64_t items, bytes;
};

/* Calls visit with every key and value of the index of that id, in all shards. */
static void each_entry(struct database *db, uint32_t id,
                       void (*visit)(void *context, uint32_t shard, struct bytes key, struct bytes value),
                       void *context)
{
    struct stator_error err = {0};
    struct buf lower, upper;

    buf_init(&lower, 64);
    buf_init(&upper, 64);
    key_append_prefix(&lower, id, 0);
    key_append_prefix(&upper, id + 1, 0);
    for (uint32_t shard = 0; shard < SHARDS; shard++) {
        struct store_iterator *it =
            store_iterator_open(db->store, STORE_SHARD(shard), buf_bytes(&lower), buf_bytes(&upper), NULL, STORE_ANY);

        for (store_iterator_seek_first(it); store_iterator_valid(it); store_iterator_next(it))
            visit(context, shard, store_iterator_key(it), store_iterator_value(it));
        assert_int_equal(store_iterator_status(it, &err), STATOR_OK);
        store_iterator_close(it);
    }
    buf_deinit(&lower);
    buf_deinit(&upper);
}

static void add(void *context, uint32_t shard, struct bytes key, struct bytes value)
{
    struct sums *sums = context;
    struct stored_item item;

    (void)shard, (void)key;
    assert_true(stored_item_open(&item, value));
    sums->items++;
    sums->bytes += item.size_bytes;
}

struct audit {
    struct database *db;
    const struct table *table;
    int64_t *called_for; /* entries of each index that base items call for */
    int64_t expiries, expiries_found;
};

/* The entry of a base item in the expiry index is there if it calls for one. */
static void check_expiry(struct audit *audit, uint32_t shard, const struct item *item, struct bytes base_key)
{
    const struct time_to_live *ttl = &audit->table->extras->ttl;
    struct stator_error err = {0};
    struct store_iterator *it;
    uint64_t seconds;
    struct buf key;

    if (ttl->id == 0 || !expiry_of_item(&seconds, ttl, item))
        return;
    audit->expiries++;
    buf_init(&key, 1 << 20);
    expiry_key(&key, ttl, seconds, base_key);
    it = store_iterator_open(audit->db->store, STORE_SHARD(shard), buf_bytes(&key), (struct bytes){NULL, 0}, NULL,
                             STORE_ANY);
    store_iterator_seek_first(it);
    assert_int_equal(store_iterator_status(it, &err), STATOR_OK);
    assert_true(store_iterator_valid(it) && bytes_equal(store_iterator_key(it), buf_bytes(&key)));
    store_iterator_close(it);
    buf_deinit(&key);
}

static void count_expiry(void *context, uint32_t shard, struct bytes key, struct bytes value)
{
    struct audit *audit = context;

    (void)shard, (void)key;
    assert_int_equal(value.len, 0);
    audit->expiries_found++;
}

/* What a base item calls for in index i is there. */
static void check_entry(struct audit *audit, size_t i, const struct item *item, struct arena *arena)
{
    const struct index *index = &audit->table->indexes[i];
    struct stator_error err = {0};
    struct store_pinned pinned;
    struct item projected;
    struct location where;
    struct buf key, entry;

    buf_init(&key, 1 << 20);
    buf_init(&entry, 1 << 24);
    if (index_key(&key, &where, &audit->db->ring, audit->table, index, item)) {
        audit->called_for[i]++;
        assert_true(index_project(&projected, audit->table, index, item, arena));
        item_store(&entry, &projected);
        assert_int_equal(
            store_get(audit->db->store, STORE_SHARD(where.shard), buf_bytes(&key), STORE_ANY, NULL, &pinned, &err),
            STATOR_OK);
        if (!bytes_equal(pinned.value, buf_bytes(&entry)))
            fail_msg("index %.*s has not the entry of an item, or another one", BYTES_ARG(index->name));
        store_release(&pinned);
    }
    buf_deinit(&key);
    buf_deinit(&entry);
}

static void check_base(void *context, uint32_t shard, struct bytes key, struct bytes value)
{
    struct audit *audit = context;
    struct stored_item stored;
    struct location where;
    struct arena arena;
    struct item item;
    struct buf own;

    arena_init(&arena, 1 << 28);
    buf_init(&own, 1 << 20);
    assert_true(stored_item_open(&stored, value));
    assert_true(stored_item_parse(&item, &stored, &arena));
    assert_int_equal(item_size(&item), stored.size_bytes);
    assert_true(index_key(&own, &where, &audit->db->ring, audit->table, &audit->table->base, &item));
    assert_int_equal(where.shard, shard);
    assert_true(bytes_equal(buf_bytes(&own), key));
    for (size_t i = 0; i < audit->table->index_count; i++)
        check_entry(audit, i, &item, &arena);
    check_expiry(audit, shard, &item, key);
    buf_deinit(&own);
    arena_deinit(&arena);
}

static void check_sums(struct database *db, const struct index *index, struct sums expected)
{
    struct stator_error err = {0};
    uint8_t key[8];
    int64_t items, bytes;

    assert_int_equal(store_counter(db->store, catalog_counter_key(key, index->state->id, COUNTER_ITEMS), &items, &err),
                     STATOR_OK);
    assert_int_equal(store_counter(db->store, catalog_counter_key(key, index->state->id, COUNTER_BYTES), &bytes, &err),
                     STATOR_OK);
    assert_int_equal(items, expected.items);
    assert_int_equal(bytes, expected.bytes);
    assert_int_equal(atomic_load(&index->state->item_count), expected.items);
    assert_int_equal(atomic_load(&index->state->size_bytes), expected.bytes);
}

void database_audit(struct database *db, const struct table *table)
{
    struct audit audit = {.db = db, .table = table};
    struct arena arena;

    arena_init(&arena, 1 << 16);
    audit.called_for = ARENA_ARRAY(&arena, int64_t, table->index_count);
    assert_non_null(audit.called_for);
    each_entry(db, table->base.state->id, check_base, &audit);
    if (table->extras->ttl.id != 0)
        each_entry(db, table->extras->ttl.id, count_expiry, &audit);
    assert_int_equal(audit.expiries, audit.expiries_found);
    for (size_t i = 0; i <= table->index_count; i++) {
        const struct index *index = i == 0 ? &table->base : &table->indexes[i - 1];
        struct sums there = {0};

        each_entry(db, index->state->id, add, &there);
        if (i != 0)
            assert_int_equal(there.items, audit.called_for[i - 1]);
        check_sums(db, index, there);
    }
    arena_deinit(&arena);
}

size_t database_items(struct database *db, const struct table *table)
{
    struct sums there = {0};

    each_entry(db, table->base.state->id, add, &there);
    return (size_t)there.items;
}
