/* SPDX-License-Identifier: Apache-2.0 */
/* rocks: what the files of this folder share: RocksDB's handles behind a struct store. Nobody else includes it.
 *
 * Thread: the fields are set by store_open and constant until store_close, but for those marked atomic.
 */
#ifndef SERVER_STORE_ROCKS_H
#define SERVER_STORE_ROCKS_H

#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>

#include "store/log_room.h"
#include "store/rescue.h"
#include "store/store.h"
#include "store/synced.h"

#define STORE_SHARDS_MAX 256
/* The families that every directory has before its shards'. RocksDB wants "default": it holds the format record. */
#define STORE_FAMILY_FORMAT    "default"
#define FAMILY_NAME_MAX        16
#define FAMILIES_BEFORE_SHARDS 3

#define MEMTABLE_BYTES_DEFAULT ((size_t)4 << 20)
#define CACHE_BYTES_DEFAULT    ((size_t)8 << 20)

#define ROCKS_TIER_CACHED 1 /* RocksDB's kBlockCacheTier: memtables and block cache, no file */

struct store_snapshot {
    const rocksdb_snapshot_t *snapshot;
    rocksdb_readoptions_t *read_any, *read_cached; /* as of the snapshot */
    bool borrowed;                                 /* the snapshot is the store's */
};

/* frozen.c */
struct frozen {
    const rocksdb_snapshot_t *durable; /* all of it is on the disk; NULL but with STORE_FULL. With sync_lock held */
    atomic_bool is_set;                /* set once; after it nothing here changes */
    struct store_snapshot view;        /* then: what everybody reads */
};

struct store {
    rocksdb_t *db;
    rocksdb_env_t *env;     /* files.h, or of memory */
    char *dir;              /* NULL: in memory */
    uint32_t upgraded_from; /* format that the start found, if it was an older one; else 0 */
    char left_out[128];     /* of the logs, by the start */
    struct synced *synced;  /* NULL: in memory */
    int lock;               /* directory.lock, or -1 */
    enum store_durability durability;
    uint32_t shards;
    bool log_is_buffered; /* the engine writes the log's file only when told to, or when its buffer is full */

    rocksdb_column_family_handle_t *format;    /* the family of the format record */
    rocksdb_column_family_handle_t **families; /* STORE_CATALOG, STORE_COUNTERS, shards */
    uint32_t family_count;

    rocksdb_readoptions_t *read_any, *read_cached; /* of the newest state; shared by all threads */
    rocksdb_writeoptions_t *write;                 /* never waits in the engine */
    rocksdb_writeoptions_t *write_slowed;          /* lets the engine slow it down */

    /* Writers share it; whoever writes the log's file, or much, has it alone: a sync, until it begins, and large
     * writes. A loop does not wait for it. After a failure nobody may touch the engine's log again (Debian's library
     * asserts that), so read_only is set and looked at under it. */
    pthread_rwlock_t log_lock;
    pthread_mutex_t sync_lock; /* of store_sync, over the sync itself; before log_lock */
    struct buf mark;           /* put_mark's, with log_lock held alone */
    rocksdb_writebatch_t *mark_batch;

    atomic_bool read_only;                   /* by the first failed write or sync: fault.c, revive.c */
    atomic_bool starved, broken;             /* what the engine was stopped by: lack of space, anything else */
    atomic_bool reviving, revived;           /* under way; at least once: revive.c */
    atomic_bool hurried;                     /* store_hurry */
    _Atomic uint64_t flush_until_ms;         /* monotonic; 0: without end: store_close_within */
    atomic_bool reclaim_stopped, reclaiming; /* reclaim.c */
    atomic_bool squeezing;                   /* squeeze.c has what room there is */
    uint32_t squeeze_doubt;                  /* its thread's: of estimates, rises when one was wrong */
    atomic_bool disk_full;                   /* the last look found less free than reserve_bytes */
    struct log_room log_room;
    _Atomic uint64_t unseen_bytes;                               /* written since the last look at the free space ... */
    _Atomic uint64_t looked_ms;                                  /* ... which was then, monotonic */
    _Atomic uint64_t stalls, stall_ns, cache_hits, cache_misses; /* stats.c */
    _Atomic uint64_t damaged_reads, damaged_compactions;         /* store_damaged_reads has both */
    _Atomic uint64_t starved_compactions;                        /* attempts that had no space */
    struct frozen frozen;
    uint64_t reserve_bytes; /* kept free: writes are refused before the engine itself runs out of space */
};

struct store_batch {
    struct store *store;
    rocksdb_writebatch_t *batch;
    size_t bytes; /* of keys and values, with a little for each */
    enum store_frees frees;
};

/* --- options.c ---------------------------------------------------------------------------------------------------- */

/* All the settings of the engine, from ours, in which no default is left open. counters is options with the summing
 * merge operator. */
struct rocks_options {
    rocksdb_options_t *all, *counters;
};

/* What else the settings depend on. */
struct rocks_situation {
    rocksdb_env_t *env;     /* NULL: the real one */
    uint32_t families;      /* count */
    uint64_t memory_bytes;  /* that all memtables may take: space_init */
    bool flush_on_recovery; /* write what the WAL holds into tables now, and be rid of the WAL */
    bool looking;           /* only read, whatever is damaged */
};

STATOR_MUST_CHECK enum stator_rc rocks_options_init(struct rocks_options *out, const struct store_options *options,
                                                    const struct rocks_situation *situation, struct stator_error *err);
/* Most that all memtables take together, on a disk that is large enough; half as much more while some are being written to tables. */
uint64_t rocks_memory_bytes(size_t memtable_bytes, uint32_t families);
void rocks_options_deinit(struct rocks_options *options);

/* --- counter.c ---------------------------------------------------------------------------------------------------- */

#define COUNTER_BYTES 8

rocksdb_mergeoperator_t *counter_merge_operator(void);
void counter_encode(uint8_t out[COUNTER_BYTES], int64_t value);
bool counter_decode(int64_t *out, struct bytes value);

/* --- directory.c -------------------------------------------------------------------------------------------------- */

struct directory {
    int lock;          /* a file; whoever has locked it is the one who may make a database there */
    bool has_database; /* an engine's; whether it is ours is seen by opening it */
    bool incomplete;   /* directory_begin was called and directory_complete was not, or a power cut undid it */
    uint32_t logs;     /* count of WAL files */
};

/* Makes the directory if it is missing, parents included, locks it, and says what is in it. Fails for what is not a
 * directory, is another server's, may not be read or written, or has files that are no database's. The lock is the
 * caller's, to be closed when the store is: without it one of two servers that start on a new directory might take for
 * incomplete what the other has just completed. */
STATOR_MUST_CHECK enum stator_rc directory_prepare(struct directory *out, const char *dir, struct stator_error *err);

/* Fails if the name of one of the engine's files is a pipe's, a socket's or a device's: the engine would wait for somebody to
 * write into it. */
STATOR_MUST_CHECK enum stator_rc directory_refuse_pipes(const char *dir, struct stator_error *err);

/* Between these two a database is made whose files nobody syncs. directory_complete syncs them, and only after it may
 * anyone be told that something is safe. */
STATOR_MUST_CHECK enum stator_rc directory_begin(const char *dir, struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc directory_complete(const char *dir, struct stator_error *err);

/* Writes program and STORE_FORMAT into the lock's file. A directory of which nothing else is left is then not taken for
 * a new one, and a program that cannot read the directory can name one that does. */
STATOR_MUST_CHECK enum stator_rc directory_claim(const char *dir, int lock, const char *program,
                                                 struct stator_error *err);

/* Removes the OPTIONS files that the engine began and could not finish (see options.c). Call it with the engine open.
 */
void directory_sweep(const char *dir);

/* --- claim.c ------------------------------------------------------------------------------------------------------ */

#define CLAIM_PROGRAM_MAX 64

struct claim {
    uint32_t format; /* 0: it does not say */
    char program[CLAIM_PROGRAM_MAX];
};

void claim_read(struct claim *out, int lock);

/* What a directory of a newer format than this program knows is refused with. Names who last opened it if that is who left this
 * format. program: this one's. */
enum stator_rc claim_refuse_newer(struct stator_error *err, const char *dir, const struct claim *claim,
                                  uint32_t version, const char *program);

/* 0 or an errno. Writes and syncs only what it does not say already. */
int claim_write(int lock, const char *program);

/* --- fault.c ------------------------------------------------------------------------------------------------------ */

/* The directory belongs to another server that runs. */
enum stator_rc fault_in_use(struct stator_error *err, const char *dir);

/* Turns the engine's text of a failed open into ours. Frees why. */
enum stator_rc fault_of_open(struct stator_error *err, const char *dir, char *why);

/* The same for a read: STATOR_AGAIN when the tier was the reason. Counts damage. Frees why. */
enum stator_rc fault_of_read(struct store *store, struct stator_error *err, char *why);

/* The same for a write or a sync; anything but STATOR_AGAIN makes the store read-only. Frees why. */
enum stator_rc fault_of_write(struct store *store, struct stator_error *err, char *why);
enum stator_rc fault_of_sync(struct store *store, struct stator_error *err, char *why);

/* What a read-only store answers to a write, and what one does whose disk is full. */
enum stator_rc fault_read_only(const struct store *store, struct stator_error *err);
enum stator_rc fault_full(const struct store *store, struct stator_error *err);

/* --- revive.c ----------------------------------------------------------------------------------------------------- */

/* One that is under way ends without success, and the engine with it: the store is about to be closed. */
void revive_stop(struct store *store);

/* --- open.c, stats.c, reclaim.c ----------------------------------------------------------------------------------- */

/* How a directory is opened for reading alone, whatever is damaged. */
struct rocks_looking {
    rescue_tell *tell; /* of logs and manifest */
    void *context;
    bool locked;       /* the caller has the directory's lock */
    uint32_t *version; /* of the format record, or NULL */
};
/* Of the options dir, layout and program count. */
STATOR_MUST_CHECK enum stator_rc rocks_look(struct store **out, const struct store_options *options,
                                            const struct rocks_looking *looking, struct stator_error *err);

/* The format record (open.c): its key, and its bytes before the layout text. */
#define FORMAT_KEY          BYTES("format")
#define FORMAT_RECORD_BYTES 8

/* 0 is the format record's, 1 + family the others'. */
void family_name(char out[FAMILY_NAME_MAX], size_t index);

/* 0 for what the engine does not know. */
uint64_t stats_property(struct store *store, rocksdb_column_family_handle_t *family, const char *name);

/* Makes tables of all that is in memory; gives up between two families once the store is hurried, or
 * its time is over. */
STATOR_MUST_CHECK enum stator_rc rocks_flush(struct store *store, struct stator_error *err);

/* Whether all logs can be written to tables, with as much left. */
bool space_for_tables(const char *dir);

/* --- frozen.c ----------------------------------------------------------------------------------------------------- */

/* What is in the store is on the disk: when it is open. Ends before the engine is closed. */
void frozen_init(struct store *store);
void frozen_deinit(struct store *store);

/* What the sync that begins will make durable, or NULL. With sync_lock held, and log_lock alone, before the log is written. */
const rocksdb_snapshot_t *frozen_begin(struct store *store);

/* Failed: whoever reads from now on reads what the last one that did not has covered. */
void frozen_end(struct store *store, const rocksdb_snapshot_t *begun, bool synced);

/* --- space.c ------------------------------------------------------------------------------------------------------ */

/* Sets how much is kept free, and says how much of memory_bytes memtables may take, that this disk has room to write them.
 * Call it when dir exists and the engine is not open. */
uint64_t space_init(struct store *store, uint64_t memory_bytes);

/* Counts bytes about to be written and, now and then, looks at the free space. False: refuse the write. What frees space
 * may use a part of what is kept free. */
STATOR_MUST_CHECK bool space_allows(struct store *store, size_t bytes, enum store_frees frees);

/* There is room for the tables of what is in memory. */
bool space_may_revive(struct store *store);

/* What a compaction is there for. */
enum space_use {
    SPACE_FOR_COMPACTION, /* uses nothing of what is kept free */
    SPACE_FOR_RECLAIM,    /* to get space back: while the disk is full it may use half of that */
    SPACE_FOR_FLUSHED,    /* of what was flushed last: it may use half of that, or deletions would be held up for it */
};

/* Whether one that reads so many bytes has room to write them. */
bool space_has_room(const struct store *store, uint64_t bytes, enum space_use use);

/* Of the disk with that directory. False: it does not tell. */
bool space_of(const char *dir, uint64_t *out_free, uint64_t *out_total);

static inline rocksdb_column_family_handle_t *family_of(const struct store *store, uint32_t family)
{
    stator_assert(family < store->family_count);
    return store->families[family];
}

static inline const char *chars(struct bytes b)
{
    return (const char *)(b.at != NULL ? b.at : (const uint8_t *)"");
}

#endif
