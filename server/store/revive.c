/* SPDX-License-Identifier: Apache-2.0 */
/* Back from a disk that another program has filled. The engine takes no write after a table, a manifest or a next log that had no
 * space. But the log has all that was written then, and can be synced: only new writes are refused. Once there is space the
 * engine writes what is in memory to tables, and goes on. A crash meanwhile is one like any other.
 *
 * It is not so where the log itself had no space: the engine forgets what it could not write, though it shows it. The store is
 * read-only then until it is opened again. Only what has space in the log is admitted to it (log_room.h), but not all file
 * systems can tell. */
#include "store/files.h"
#include "store/rocks.h"

/* In STORE_NONE the engine's last flush does not wait any more once it has gone on so. */
bool store_starved(const struct store *store)
{
    return store->durability != STORE_NONE && atomic_load(&store->starved) && !atomic_load(&store->broken);
}

/* revive takes back read_only first, so that whoever looks meanwhile takes it for neither. */
bool store_broken(const struct store *store)
{
    return !store_starved(store) && store_read_only(store);
}

static void set_read_only(struct store *store, bool read_only)
{
    pthread_rwlock_wrlock(&store->log_lock);
    atomic_store(&store->read_only, read_only);
    if (!read_only)
        atomic_store(&store->starved, false);
    pthread_rwlock_unlock(&store->log_lock);
}

/* A flush that failed is under way for a second more. When it ends within a revival the engine begins the next one, and that it
 * forgets if the revival is over before that: the next revival would wait for it for ever. */
static bool is_flushing(struct store *store)
{
    return stats_property(store, store->format, "rocksdb.num-running-flushes") != 0;
}

static bool resume(struct store *store)
{
    bool done;

    atomic_store(&store->reviving, true); /* before the look, and revive_stop the other way round */
    done = !atomic_load(&store->reclaim_stopped) && files_resume(store->db);
    atomic_store(&store->reviving, false);
    return done && !atomic_load(&store->broken);
}

/* It may take long: nobody writes meanwhile, and whoever syncs or reads is not kept waiting. */
bool store_revive(struct store *store)
{
    if (!store_starved(store) || !space_may_revive(store) || is_flushing(store) ||
        !log_room_has_spare(&store->log_room))
        return false;
    set_read_only(store, true);
    if (!resume(store))
        return false;
    atomic_store(&store->revived, true);
    set_read_only(store, false);
    return true;
}

void revive_stop(struct store *store)
{
    if (atomic_load(&store->reviving))
        rocksdb_cancel_all_background_work(store->db, 0);
}
