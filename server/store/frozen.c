/* SPDX-License-Identifier: Apache-2.0 */
/* What is known to be on the disk, kept for the day when a sync fails.
 *
 * Each sync takes a snapshot with all writers kept out, before the log goes to the disk: what it shows is in the log that
 * is synced. When the sync has succeeded it takes the place of the one before. When it has not, nobody knows what it
 * covered: the last one that is known becomes what everybody reads, until revive.c has brought everything to the disk, or for
 * ever, since nothing is written any more.
 *
 * A snapshot is a number to the engine; it keeps versions of items that are overwritten until the next sync. */
#include "store/rocks.h"

#include <stdlib.h>

enum stator_rc frozen_init(struct store *store, struct stator_error *err)
{
    if (!frozen_can_thaw(store))
        return stator_fail_memory(err);
    store->frozen.durable = frozen_begin(store);
    return STATOR_OK;
}

const rocksdb_snapshot_t *frozen_begin(struct store *store)
{
    return store->durability == STORE_FULL ? rocksdb_create_snapshot(store->db) : NULL;
}

static void freeze(struct store *store)
{
    struct frozen *frozen = &store->frozen;
    struct store_snapshot *shown = &frozen->spare->shown;

    shown->snapshot = frozen->durable;
    shown->read_any = rocksdb_readoptions_create();
    shown->read_cached = rocksdb_readoptions_create();
    rocksdb_readoptions_set_snapshot(shown->read_any, shown->snapshot);
    rocksdb_readoptions_set_snapshot(shown->read_cached, shown->snapshot);
    rocksdb_readoptions_set_read_tier(shown->read_cached, ROCKS_TIER_CACHED);
    frozen->durable = NULL;
    atomic_store(&frozen->view, frozen->spare);
    frozen->spare = NULL;
}

static void empty(struct store *store, struct frozen_view *view)
{
    rocksdb_readoptions_destroy(view->shown.read_any);
    rocksdb_readoptions_destroy(view->shown.read_cached);
    rocksdb_release_snapshot(store->db, view->shown.snapshot);
    view->is_empty = true;
}

static void let_go(struct store *store)
{
    for (struct frozen_view *view = store->frozen.thawed; view != NULL; view = view->next)
        if (!view->is_empty && atomic_load(&view->readers) == 0)
            empty(store, view);
}

void frozen_end(struct store *store, const rocksdb_snapshot_t *begun, bool synced)
{
    struct frozen *frozen = &store->frozen;
    const rocksdb_snapshot_t *over = begun;

    if (begun == NULL)
        return;
    let_go(store);
    if (synced && !store_frozen(store)) {
        over = frozen->durable;
        frozen->durable = begun;
    } else if (!synced && !store_frozen(store)) {
        freeze(store);
    }
    rocksdb_release_snapshot(store->db, over);
}

bool frozen_can_thaw(struct store *store)
{
    if (store->durability == STORE_FULL && store->frozen.spare == NULL)
        store->frozen.spare = calloc(1, sizeof(*store->frozen.spare));
    return store->durability != STORE_FULL || store->frozen.spare != NULL;
}

void frozen_thaw(struct store *store)
{
    struct frozen *frozen = &store->frozen;
    struct frozen_view *view;

    if (!store_frozen(store))
        return;
    frozen->durable = rocksdb_create_snapshot(store->db);
    view = atomic_exchange(&frozen->view, NULL);
    view->next = frozen->thawed;
    frozen->thawed = view;
}

void frozen_deinit(struct store *store)
{
    struct frozen *frozen = &store->frozen;
    struct frozen_view *view = atomic_load(&frozen->view), *next;

    if (frozen->durable != NULL)
        rocksdb_release_snapshot(store->db, frozen->durable);
    if (view != NULL) {
        view->next = frozen->thawed;
        frozen->thawed = view;
    }
    let_go(store);
    for (view = frozen->thawed; view != NULL; view = next) {
        next = view->next;
        free(view);
    }
    free(frozen->spare);
}

bool store_frozen(const struct store *store)
{
    return atomic_load(&store->frozen.view) != NULL;
}

/* Whoever thaws takes the view away and then looks for readers; a reader counts itself and then looks whether it is there. */
struct frozen_view *frozen_enter(struct store *store)
{
    struct frozen_view *view;

    while ((view = atomic_load(&store->frozen.view)) != NULL) {
        atomic_fetch_add(&view->readers, 1);
        if (atomic_load(&store->frozen.view) == view)
            break;
        atomic_fetch_sub(&view->readers, 1);
    }
    return view;
}

void frozen_leave(struct frozen_view *view)
{
    if (view != NULL)
        atomic_fetch_sub(&view->readers, 1);
}
