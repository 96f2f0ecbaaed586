/* SPDX-License-Identifier: Apache-2.0 */
/* Back from a disk that another program has filled. The engine takes no write after one that failed; but where only space was
 * lacking nothing is lost: the log has what was acknowledged, memory has what the log could not take, and a file has nothing of
 * a write that failed (files.cc). So the engine is told to write what is in memory to tables, and to go on with a new log.
 *
 * Where nothing is in memory it would go on with the log that failed, of which it takes nothing any more. So something always
 * is: a store that is opened has the format record there, or what its log had, and revive_prepare puts the record back. */
#include "store/files.h"
#include "store/rocks.h"

bool store_starved(const struct store *store)
{
    return atomic_load(&store->starved) && !atomic_load(&store->broken);
}

void revive_prepare(struct store *store)
{
    struct store_pinned pinned = {.slice = NULL};
    char *why = NULL;

    pinned.slice =
        rocksdb_get_pinned_cf(store->db, store->read_any, store->format, chars(FORMAT_KEY), FORMAT_KEY.len, &why);
    if (pinned.slice != NULL) {
        const char *at = rocksdb_pinnableslice_value(pinned.slice, &pinned.value.len);

        rocksdb_put_cf(store->db, store->write, store->format, chars(FORMAT_KEY), FORMAT_KEY.len, at, pinned.value.len,
                       &why);
    }
    store_release(&pinned);
    rocksdb_free(why); /* the next write fails, too */
}

static bool resume(struct store *store)
{
    if (!frozen_can_thaw(store) || !files_resume(store->db))
        return false;
    frozen_thaw(store);
    atomic_store(&store->starved, false);
    atomic_store(&store->read_only, false);
    return true;
}

bool store_revive(struct store *store)
{
    bool done;

    if (!store_starved(store) || store_full(store))
        return false;
    pthread_mutex_lock(&store->sync_lock);
    pthread_rwlock_wrlock(&store->log_lock);
    done = resume(store);
    pthread_rwlock_unlock(&store->log_lock);
    pthread_mutex_unlock(&store->sync_lock);
    return done;
}
