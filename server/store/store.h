/* SPDX-License-Identifier: Apache-2.0 */
/* store: ordered bytes to bytes, in families, with atomic batches. The only folder that knows RocksDB, and narrow on
 * purpose: a second engine is put beside it here.
 *
 * Owns:   the database of one directory (or of memory) and its lock: a second opener is refused.
 * Limit:  memtables and block cache as in store_options; STORE_OPEN_FILES_MAX tables open, and at most a quarter of all
 *         descriptors.
 * Thread: [any] unless a line says otherwise. An iterator and a batch belong to one thread at a time.
 */
#ifndef SERVER_STORE_STORE_H
#define SERVER_STORE_STORE_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/error.h"

#define STORE_OPEN_FILES_MAX 256

/* Of a directory that this program has opened; it opens lower ones, too. open.c says what each is. */
#define STORE_FORMAT 2

/* In the text of a failure that is the disk's, and need not be the data's. */
#define STORE_DISK_FAILS "Input/output error"

struct store;
struct store_iterator;
struct store_batch;
struct store_snapshot;

/* A family of keys. Shard i has the family STORE_SHARD(i). Counters are 64-bit sums, kept by adding. */
enum { STORE_CATALOG = 0, STORE_COUNTERS = 1, STORE_SHARD_FIRST = 2 };
#define STORE_SHARD(i) (STORE_SHARD_FIRST + (uint32_t)(i))

/* How far a read may go. */
enum store_tier {
    STORE_CACHED, /* what is not in memory is STATOR_AGAIN: for loops, which never wait for a disk; so is a move of an
                     iterator past STORE_PASSED_MAX keys that are deleted */
    STORE_ANY,
    STORE_SCAN, /* as STORE_ANY, by an iterator that goes a long way: it reads ahead, and what it reads is not kept in
                   the cache, where others' items are */
};

enum store_durability {
    STORE_FULL,    /* writes survive process and machine after store_sync; before it, neither */
    STORE_PROCESS, /* writes survive the process on return, the machine after store_sync */
    STORE_NONE,    /* no WAL: writes survive a clean store_close, when there is a directory */
};

struct store_options {
    const char *dir; /* NULL: everything in memory */
    uint32_t shards; /* count of shard families, 1..256; must be what the directory was made with (0: whatever it has,
                        or 4 for a new one) */
    enum store_durability durability;
    const char *layout;  /* how the caller spreads keys over the shards (RING_LAYOUT); kept by a new directory, and one
                           kept with another text is refused. NULL: an empty text */
    const char *program; /* version and commit of who opens it: kept for an older program, which has to refuse what a
                              newer one left. NULL: "of unknown version" */
    size_t memtable_bytes; /* of one family; 0: the default, 4 MiB */
    size_t cache_bytes;    /* of the block cache; 0: the default, 8 MiB */
};

/* Opens or creates. On STATOR_OK the caller owns *out and ends it with store_close. Fails with a text fit for a user: a
 * directory in use by another process, made with other shards, of a newer format, not ours, unreadable, full. [main] */
STATOR_MUST_CHECK enum stator_rc store_open(struct store **out, const struct store_options *options,
                                            struct stator_error *err);

/* The format that the directory had before this start, which has made it STORE_FORMAT; 0: it had that. [any] */
uint32_t store_upgraded_from(const struct store *store);

/* What the start has left out of the logs, behind what is known to have been synced: "" if nothing. [any] */
const char *store_left_out(const struct store *store);

/* Every iterator, snapshot and pinned value must be gone. NULL is allowed. [main] */
void store_close(struct store *store);

/* Called before: store_close makes tables of the log, for the next start's sake, only as far as it can begin them within
 * that time from now. [any] */
void store_close_within(struct store *store, uint32_t ms);

uint32_t store_shards(const struct store *store);

/* A value held in the engine's memory until store_release. value.at is NULL when there is none. */
struct store_pinned {
    struct bytes value;
    void *slice; /* private */
};

/* Absence is STATOR_OK and an absent value. STATOR_AGAIN only with STORE_CACHED, where an empty value may give it.
 * snapshot may be NULL: the newest. out needs no release after a failure. */
STATOR_MUST_CHECK enum stator_rc store_get(struct store *store, uint32_t family, struct bytes key, enum store_tier tier,
                                           const struct store_snapshot *snapshot, struct store_pinned *out,
                                           struct stator_error *err);
void store_release(struct store_pinned *pinned);

struct store_snapshot *store_snapshot_take(struct store *store);
void store_snapshot_drop(struct store *store, struct store_snapshot *snapshot);

/* --- Batches ------------------------------------------------------------------------------------------------------ */

struct store_batch *store_batch_new(struct store *store);
void store_batch_free(struct store_batch *batch);

/* Bytes that the batch holds. */
size_t store_batch_bytes(const struct store_batch *batch);
void store_batch_clear(struct store_batch *batch);
void store_batch_put(struct store_batch *batch, uint32_t family, struct bytes key, struct bytes value);
void store_batch_delete(struct store_batch *batch, uint32_t family, struct bytes key);
/* All keys from first up to, not including, end, for ever: nothing may be put into that range again (ids of tables and
 * indexes are never used again), and iterators must keep out of it: they may still show its keys, unlike store_get. */
void store_batch_delete_range(struct store_batch *batch, uint32_t family, struct bytes first, struct bytes end);
/* What the batch makes of space: on a full disk that says for how long it is still taken. */
enum store_frees {
    STORE_FREES_NOTHING,
    STORE_FREES_LATER, /* an item is deleted, which may be more to write than it gives back, and gives it back by and by */
    STORE_FREES_NOW, /* a few bytes, after which whole tables, indexes or shards of streams go: taken longest */
};
/* Until the batch is cleared. */
void store_batch_frees(struct store_batch *batch, enum store_frees frees);
/* Adds delta to the counter of that key (absent is 0). */
void store_batch_add(struct store_batch *batch, struct bytes counter_key, int64_t delta);

/* A longer batch keeps all other writers waiting for milliseconds, or for a tenth of a second and more. */
#define STORE_LARGE_BYTES ((size_t)256 * 1024)

/* Writes all of the batch or none of it, visible on return; what it survives is said at enum store_durability. With
 * may_wait false nothing is written, and it is STATOR_AGAIN, when the engine is stalled, when another thread is writing
 * the log's file or a large batch, and when the batch is large itself. On a full disk it is
 * STATOR_INTERNAL_SERVER_ERROR and nothing is written, except batches that free space (store_batch_frees), which have a
 * reserve. After an I/O error it is the same code, and the store is read-only: store_starved, store_broken. */
STATOR_MUST_CHECK enum stator_rc store_write(struct store *store, struct store_batch *batch, bool may_wait,
                                             struct stator_error *err);

/* Everything written before the call is on disk when it returns STATOR_OK. A failure makes the store read-only: whether
 * the writes since the last sync are there is unknown, and with STORE_FULL reads no longer show them. Immediate in
 * memory. */
STATOR_MUST_CHECK enum stator_rc store_sync(struct store *store, struct stator_error *err);

/* True when a sync has failed: reads and snapshots are now of the last state that is known to be on the disk, and stay so.
 * Only with STORE_FULL. */
bool store_frozen(const struct store *store);

/* Value of a counter written by store_batch_add; 0 when absent. Slow: for start-up. */
STATOR_MUST_CHECK enum stator_rc store_counter(struct store *store, struct bytes counter_key, int64_t *out,
                                               struct stator_error *err);

/* --- Iterating ---------------------------------------------------------------------------------------------------- */

/* Keys that are deleted, or were written anew, stay until they are compacted away, and a move passes over them, 0.07 us
 * for each: in a table that was emptied, over all that there were. */
#define STORE_PASSED_MAX 256

/* Keys of one family from lower up to, not including, upper (copied; absent: no bound), as of snapshot or, when NULL,
 * of now. NULL only without memory. Starts unplaced: seek first. */
struct store_iterator *store_iterator_open(struct store *store, uint32_t family, struct bytes lower, struct bytes upper,
                                           const struct store_snapshot *snapshot, enum store_tier tier);

/* The same for a thread that may wait, but not for long: a move past more than passed_max such keys is STATOR_AGAIN,
 * and ends the iterator. 0: none is. */
struct store_iterator *store_iterator_open_brief(struct store *store, uint32_t family, struct bytes lower,
                                                 struct bytes upper, const struct store_snapshot *snapshot,
                                                 enum store_tier tier, uint32_t passed_max);
void store_iterator_close(struct store_iterator *iterator);

void store_iterator_seek(struct store_iterator *iterator, struct bytes key);      /* first key >= key */
void store_iterator_seek_back(struct store_iterator *iterator, struct bytes key); /* last key <= key */
void store_iterator_seek_first(struct store_iterator *iterator);
void store_iterator_seek_last(struct store_iterator *iterator);
void store_iterator_next(struct store_iterator *iterator);
void store_iterator_previous(struct store_iterator *iterator);
bool store_iterator_valid(const struct store_iterator *iterator);
struct bytes store_iterator_key(const struct store_iterator *iterator);   /* until the next move */
struct bytes store_iterator_value(const struct store_iterator *iterator); /* until the next move */
/* Of an iterator that is not valid: STATOR_OK at the end, STATOR_AGAIN on a cache miss or past too many deleted keys,
 * else an error. What it showed before a miss is right and complete; go on after the last key with a new iterator of
 * STORE_ANY. */
STATOR_MUST_CHECK enum stator_rc store_iterator_status(const struct store_iterator *iterator, struct stator_error *err);

/* Bytes that the keys from first to end take, roughly; what is in memtables included. May wait for the disk. */
uint64_t store_approximate_bytes(struct store *store, uint32_t family, struct bytes first, struct bytes end);

/* True after a failed write or sync made the store read-only. */
bool store_read_only(const struct store *store);

/* It is so, or will be with the next write, for lack of space alone, which another program has taken: store_revive ends that. No
 * write that is refused meanwhile is stored. store_broken: it is so until the store is opened again. */
bool store_starved(const struct store *store);
bool store_broken(const struct store *store);

/* Once there is space again: what was written is on the disk when it returns true, and writes are taken. May take seconds. [one
 * thread at a time] */
bool store_revive(struct store *store);

/* How many reads, and how many attempts of the engine's to compact files, have met what is damaged on the disk, since the store
 * was opened. */
uint64_t store_damaged_reads(const struct store *store);
uint64_t store_damaged_compactions(const struct store *store); /* the attempts alone */

/* From now on no write waits for a stalled engine, and no tables are made of the log. [any] */
void store_hurry(struct store *store);

/* True while writes are refused for lack of space. */
bool store_full(struct store *store);

/* --- Getting space back ------------------------------------------------------------------------------------------- */

/* What is deleted stays in files until they are rewritten. Each step here rewrites about a file's worth of the lowest
 * level with what lies above it, waits for that (up to seconds), and lets others read and write meanwhile. For one
 * thread at a time, in the background; nothing here keeps a latch or a lock of the caller's for long. */
enum store_reclaimed {
    STORE_RECLAIM_DONE,     /* one step */
    STORE_RECLAIM_NOTHING,  /* there is nothing that would be worth one */
    STORE_RECLAIM_NO_SPACE, /* the disk has no room for what it would write (or there is no memory): later */
    STORE_RECLAIM_DAMAGED,  /* it met what cannot be read (store_damaged_reads): not done */
    STORE_RECLAIM_STOPPED,  /* by store_reclaim_stop, or the store is read-only; the step may be done in part */
};

/* Rewrites the file that most of is dead, if it is a sixteenth or more. *dead is how much of it was, by estimate. */
enum store_reclaimed store_reclaim_step(struct store *store, uint64_t *dead);

/* An estimate of what is deleted and still in files: not what was overwritten, nor ranges, nor, where there are
 * hundreds of files, what was deleted before the start. Looks at all files; not for a loop. */
uint64_t store_dead_bytes(struct store *store);

/* How far a rewriting of all families has come. Zero it, and buf_init `from` (any key fits into STORE_SWEEP_KEY_MAX). */
#define STORE_SWEEP_KEY_MAX ((size_t)64 * 1024)
struct store_sweep {
    uint32_t family;
    struct buf from;
    uint64_t left_bytes; /* of files: what the next steps have to do, by the last step */
    uint32_t squeezes;   /* of the part at `from` */
    bool starved;        /* for some part of it there was no room: that is left as it is */
};

/* Rewrites the next part, whatever is dead in it. STORE_RECLAIM_NOTHING: that was all; STORE_RECLAIM_NO_SPACE: all that there was
 * room for. */
enum store_reclaimed store_compact_step(struct store *store, struct store_sweep *sweep);

/* store_moment is the present. store_is_looked_at: whether a snapshot taken before that moment is open. With STORE_FULL
 * the store has one itself, as of its last sync. */
uint64_t store_moment(struct store *store);
bool store_is_looked_at(struct store *store, uint64_t moment);

/* Bytes of that range in files, roughly; what is deleted counts until it is rewritten. */
uint64_t store_range_bytes(struct store *store, uint32_t family, struct bytes first, struct bytes end);

/* For a range that store_batch_delete_range has deleted before: drops the files that have nothing else, at once and without
 * needing space. Syncs first, so that no power cut brings the range's owner back without what was in it. Nobody may have
 * a snapshot from before the deletion (store_is_looked_at); an iterator keeps the files that it is in. The range's
 * deletion may go with the files while something that it hides stays in others: delete the range once more, and then
 * store_compact_range it. Nothing is done for a range of less than a few hundred KB. */
STATOR_MUST_CHECK enum stator_rc store_drop_files(struct store *store, uint32_t family, struct bytes first,
                                                  struct bytes end, struct stator_error *err);

/* Rewrites what lies in that range, which store_drop_files has left little of. */
enum store_reclaimed store_compact_range(struct store *store, uint32_t family, struct bytes first, struct bytes end);

/* On a disk that is full: makes tables of what is in memory, if the log is long and there is room for them, so that the
 * log goes, which otherwise stays for as long as writes are refused. True: it is done. */
bool store_shorten_log(struct store *store);

/* Ends a step under way, and refuses further ones. [any] */
void store_reclaim_stop(struct store *store);

bool store_is_reclaiming(const struct store *store);

/* --- Watching ----------------------------------------------------------------------------------------------------- */

#define STORE_LEVELS 7

/* Of one family. */
struct store_family_stats {
    uint64_t table_bytes, memory_bytes; /* files; what is not yet in one */
    uint64_t keys;                      /* an estimate; a change counts until it is compacted */
    uint64_t waiting_bytes;             /* that compactions have to rewrite, an estimate */
    uint64_t level_files[STORE_LEVELS]; /* level 0: as they were flushed */
};

struct store_stats {
    uint64_t cache_bytes, cache_bytes_max; /* the block cache */
    uint64_t cache_hits, cache_misses;     /* blocks that reads found there, or had to read: store_note_thread */
    uint64_t stalls, stall_ns;             /* writes that the engine held up; how long those waited that may */
    uint64_t slowed_bytes_s;               /* the rate to which it holds writes down now; 0: it does not */
    uint64_t flushes, compactions;         /* under way */
    uint64_t free_bytes, disk_bytes;       /* of the directory's disk; 0 in memory */
    bool stopped, full;                    /* it takes no writes now; for lack of space */
};

/* They ask the engine, under its lock; not for a loop. */
void store_stats(struct store *store, struct store_stats *out);
void store_family_stats(struct store *store, uint32_t family, struct store_family_stats *out);

/* What the calling thread has read since its last call is added to what store_stats tells. */
void store_note_thread(struct store *store);

#endif
