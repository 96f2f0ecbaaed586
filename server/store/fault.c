/* SPDX-License-Identifier: Apache-2.0 */
/* The engine's C API tells of a failure by a text alone, "<kind>: <details>". Here those texts become ours. */
#include "store/rocks.h"
#include "store/verify.h"

#define KIND_INCOMPLETE "Result incomplete" /* the read tier ended, or no_slowdown met a stall */
#define KIND_CORRUPTION "Corruption"
#define BAD_SECTOR      STORE_DISK_FAILS /* of a read */
#define NO_SPACE        "No space left on device"

static bool has(const char *why, const char *part)
{
    return strstr(why, part) != NULL;
}

static bool is_kind(const char *why, const char *kind)
{
    return strncmp(why, kind, strlen(kind)) == 0;
}

enum stator_rc fault_in_use(struct stator_error *err, const char *dir)
{
    return stator_fail(
        err, STATOR_INTERNAL_SERVER_ERROR,
        "The data directory '%s' is in use by another server: stop that one or choose another directory.", dir);
}

enum stator_rc fault_of_open(struct stator_error *err, const char *dir, char *why)
{
    const enum stator_rc rc = STATOR_INTERNAL_SERVER_ERROR;

    if (has(why, "While lock file") || has(why, "lock hold by current process"))
        fault_in_use(err, dir);
    else if (has(why, "No space left on device") || has(why, "Disk quota exceeded"))
        stator_fail(err, rc, "The disk of the data directory '%s' is full: free some space and start again.", dir);
    else if (has(why, "Read-only file system"))
        stator_fail(err, rc, "The data directory '%s' is on a read-only file system.", dir);
    else if (has(why, "Permission denied"))
        stator_fail(err, rc, "The data directory '%s' has files that this user may not read and write: %s", dir, why);
    else if (has(why, "Too many open files"))
        stator_fail(err, rc, "Too many open files while opening the data directory '%s': raise the limit (ulimit -n).",
                    dir);
    else if (is_kind(why, KIND_CORRUPTION) || has(why, "Input/output error"))
        stator_fail(err, rc, "The data directory '%s' is damaged or not a Stator database: %s. " VERIFY_GO_ON, dir, why,
                    dir, dir);
    else
        stator_fail(err, rc, "The data directory '%s' cannot be opened: %s", dir, why);
    rocksdb_free(why);
    return rc;
}

enum stator_rc fault_of_read(struct store *store, struct stator_error *err, char *why)
{
    enum stator_rc rc = STATOR_INTERNAL_SERVER_ERROR;

    if (is_kind(why, KIND_INCOMPLETE)) {
        rc = stator_fail(err, STATOR_AGAIN, "not in memory");
    } else if (is_kind(why, KIND_CORRUPTION)) {
        atomic_fetch_add(&store->damaged_reads, 1);
        stator_fail(err, rc, "A part of the store is damaged and was not read: %s", why);
    } else {
        if (has(why, BAD_SECTOR))
            atomic_fetch_add(&store->damaged_reads, 1);
        stator_fail(err, rc, "The store could not be read: %s", why);
    }
    rocksdb_free(why);
    return rc;
}

uint64_t store_damaged_reads(const struct store *store)
{
    return atomic_load(&store->damaged_reads) + atomic_load(&store->damaged_compactions);
}

uint64_t store_damaged_compactions(const struct store *store)
{
    return atomic_load(&store->damaged_compactions);
}

#define NOT_KNOWN "not known until a restart. The store is read-only until then: "

enum stator_rc fault_full(const struct store *store, struct stator_error *err)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                       "The disk of the data directory '%s' is full: nothing was written. Writes are taken again "
                       "when there is space.",
                       store->dir);
}

/* What failed is told as `what`. The listener (files.cc) hears of lack of space before the engine has stopped, and of some not at
 * all. Frees why. */
static enum stator_rc stop(struct store *store, struct stator_error *err, const char *what, char *why)
{
    const enum stator_rc rc = STATOR_INTERNAL_SERVER_ERROR;

    if (has(why, NO_SPACE))
        atomic_store(&store->starved, true);
    atomic_store(&store->read_only, true);
    if (store_starved(store))
        fault_full(store, err);
    else
        stator_fail(err, rc, "The disk failed: %s " NOT_KNOWN "%s", what, why);
    rocksdb_free(why);
    return rc;
}

enum stator_rc fault_of_write(struct store *store, struct stator_error *err, char *why)
{
    if (!is_kind(why, KIND_INCOMPLETE))
        return stop(store, err, "whether the write is stored is", why);
    rocksdb_free(why);
    return stator_fail(err, STATOR_AGAIN, "the store is flushing");
}

enum stator_rc fault_of_sync(struct store *store, struct stator_error *err, char *why)
{
    atomic_store(&store->broken, true); /* for lack of space, too: what is frozen stays so */
    return stop(store, err, "whether the latest writes are stored is", why);
}

enum stator_rc fault_read_only(const struct store *store, struct stator_error *err)
{
    if (store_starved(store))
        return fault_full(store, err);
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                       "The store is read-only because an earlier write or sync failed: nothing was written. Restart "
                       "the server to write again.");
}
