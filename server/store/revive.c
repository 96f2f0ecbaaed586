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

/* It may take long: nobody writes meanwhile, and whoever syncs or reads is not kept waiting. */
bool store_revive(struct store *store)
{
    if (!store_starved(store) || !space_may_revive(store))
        return false;
    set_read_only(store, true);
    if (!files_resume(store->db) || atomic_load(&store->broken))
        return false;
    atomic_store(&store->revived, true);
    set_read_only(store, false);
    return true;
}
