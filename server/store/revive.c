/* SPDX-License-Identifier: Apache-2.0 */
/* Back from a disk that another program has filled. The engine takes no write after a table or a manifest that had no space. But
 * then the log has all that was acknowledged, and takes more: once there is space the engine writes what is in memory to tables,
 * syncs the log before that, and goes on. A crash meanwhile is one like any other.
 *
 * It is not so where the log itself had no space: the engine forgets what it could not write, though it shows it. The store is
 * read-only then until it is opened again; the free space is looked at so often (space.c) that it hardly comes to that. */
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

/* Nobody writes or syncs meanwhile, and nobody is kept waiting: it may take long. */
static void keep_out(struct store *store)
{
    pthread_mutex_lock(&store->sync_lock);
    pthread_rwlock_wrlock(&store->log_lock);
    atomic_store(&store->read_only, true);
    pthread_rwlock_unlock(&store->log_lock);
    pthread_mutex_unlock(&store->sync_lock);
}

/* The log is synced once more, for what the last sync refused. */
static bool let_in(struct store *store)
{
    char *why = NULL;
    bool done;

    pthread_mutex_lock(&store->sync_lock);
    pthread_rwlock_wrlock(&store->log_lock);
    rocksdb_flush_wal(store->db, 1, &why);
    done = why == NULL && !atomic_load(&store->broken) && frozen_can_thaw(store);
    if (done) {
        frozen_thaw(store);
        atomic_store(&store->read_only, false);
        atomic_store(&store->starved, false);
    }
    pthread_rwlock_unlock(&store->log_lock);
    pthread_mutex_unlock(&store->sync_lock);
    rocksdb_free(why);
    return done;
}

bool store_revive(struct store *store)
{
    if (!store_starved(store) || !space_may_revive(store))
        return false;
    keep_out(store);
    return files_resume(store->db) && let_in(store);
}
