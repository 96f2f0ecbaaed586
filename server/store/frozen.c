/* SPDX-License-Identifier: Apache-2.0 */
/* What is known to be on the disk, kept for the day when a sync fails.
 *
 * Each sync takes a snapshot with all writers kept out, before the log goes to the disk: what it shows is in the log that
 * is synced. When the sync has succeeded it takes the place of the one before. When it has not, nobody knows what it
 * covered: the last one that is known becomes what everybody reads, for ever, since nothing is written any more.
 *
 * A snapshot is a number to the engine; it keeps versions of items that are overwritten until the next sync. */
#include "store/rocks.h"

void frozen_init(struct store *store)
{
    if (store->durability == STORE_FULL)
        store->frozen.durable = rocksdb_create_snapshot(store->db);
}

const rocksdb_snapshot_t *frozen_begin(struct store *store)
{
    return store->durability == STORE_FULL ? rocksdb_create_snapshot(store->db) : NULL;
}

static void freeze(struct store *store)
{
    struct frozen *frozen = &store->frozen;

    frozen->view.snapshot = frozen->durable;
    frozen->view.read_any = rocksdb_readoptions_create();
    frozen->view.read_cached = rocksdb_readoptions_create();
    rocksdb_readoptions_set_snapshot(frozen->view.read_any, frozen->durable);
    rocksdb_readoptions_set_snapshot(frozen->view.read_cached, frozen->durable);
    rocksdb_readoptions_set_read_tier(frozen->view.read_cached, ROCKS_TIER_CACHED);
    atomic_store(&frozen->is_set, true);
}

void frozen_end(struct store *store, const rocksdb_snapshot_t *begun, bool synced)
{
    struct frozen *frozen = &store->frozen;
    const rocksdb_snapshot_t *over = begun;

    if (begun == NULL)
        return;
    if (synced && !store_frozen(store)) {
        over = frozen->durable;
        frozen->durable = begun;
    } else if (!synced && !store_frozen(store)) {
        freeze(store);
    }
    rocksdb_release_snapshot(store->db, over);
}

void frozen_deinit(struct store *store)
{
    struct frozen *frozen = &store->frozen;

    if (frozen->durable != NULL)
        rocksdb_release_snapshot(store->db, frozen->durable);
    if (store_frozen(store)) {
        rocksdb_readoptions_destroy(frozen->view.read_any);
        rocksdb_readoptions_destroy(frozen->view.read_cached);
    }
}

bool store_frozen(const struct store *store)
{
    return atomic_load(&store->frozen.is_set);
}
