/* SPDX-License-Identifier: Apache-2.0 */
/* op: what http calls to have a request answered: decode -> plan -> run -> encode, one file for each operation.
 *
 * In:     a job with operation, body, credential.
 * Out:    the same job with rc and answer.
 * Owns:   the engine: catalog, store, latches, durability, background tasks.
 * Thread: op_run on any thread, one at a time for a job; the others [main].
 */
#ifndef SERVER_OP_OP_H
#define SERVER_OP_OP_H

#include "base/error.h"
#include "job/job.h"
#include "store/store.h"

struct engine;

struct engine_options {
    const char *data_dir; /* NULL: in memory */
    enum store_durability durability;
    uint32_t shards;     /* 0: what the directory has, or the default */
    size_t tables_bytes; /* what the definitions of tables may take in memory; 0: no limit */
    uint32_t cache_mib;  /* for what was read from the disk; 0: the default */
    enum wording wording;
    bool isolate_by_region, isolate_by_access_key;
    bool refuse_conflicts;  /* who meets an item of a transaction under way is refused, instead of waiting for it */
    uint32_t transition_ms; /* how long CREATING, UPDATING and DELETING last; 0: not at all */
    uint32_t stream_shards; /* open ones of a new stream; 0: as many as `shards` */
    uint32_t stream_shard_s, stream_shard_records;  /* a shard is rolled over past either; 0: the default */
    uint32_t stream_iterator_s, stream_retention_s; /* how long they are good; 0: the default */
    uint32_t ttl_interval_ms;                       /* between two looks for items past their time to live */
    uint32_t ttl_cooldown_s;                        /* between two changes of a table's time to live; 0: none */
    bool enforce_throughput;                        /* requests past the throughput of their table are throttled */
    const char *clock_file;                         /* for tests: whose seconds are added to the clock; or NULL */
    uint32_t metrics_tables;                        /* how many have metrics of their own */
    const char *program;                            /* version and commit, kept in the data directory; or NULL */
};

STATOR_MUST_CHECK enum stator_rc engine_open(struct engine **out, const struct engine_options *options,
                                             struct stator_error *err);

/* No job may be running. Stops background tasks, syncs, closes. NULL is allowed. */
void engine_close(struct engine *engine);

/* Called before: what only serves the next start is begun within that time from now, or left. [any] */
void engine_close_within(struct engine *engine, uint32_t ms);

/* From now on whatever has not come to its end gets an error that clients repeat: expressions, waiting for a stalled store.
 * Once that is so, a job need not be run any more. [any] */
void engine_hurry(struct engine *engine);
bool engine_is_hurried(const struct engine *engine);

/* What a request is told that was ended so. */
#define OP_HURRIED_TEXT EXPR_OVER_TEXT

/* What a request is told for which there is no room in the memory of all. */
#define OP_NO_MEMORY_TEXT "The server has no memory left for this request; try again later"

/* A job returned with OP_WORK and job->latch set is not to be run before that latch is released: calls wake then. */
void op_park(struct engine *engine, struct job *job, void (*wake)(struct latch_wait *wait));

/* The durability that jobs returned with OP_SYNC wait at: durability_await(engine_durability(e), &job->wait). */
struct durability *engine_durability(struct engine *engine);

uint32_t engine_shards(const struct engine *engine);

#define ENGINE_SLOW_SYNC_S 5

enum engine_health {
    ENGINE_WELL,
    ENGINE_DISK_FULL, /* reads go on; writes again when there is space */
    ENGINE_READ_ONLY, /* reads go on; writes after a restart */
    ENGINE_DAMAGED,   /* a read has met damage on the disk; all else goes on */
    ENGINE_SYNC_SLOW, /* a sync has lasted for ENGINE_SLOW_SYNC_S: reads go on, writes wait for it */
};
enum engine_health engine_health(struct engine *engine);

/* For how long the sync under way has lasted, in seconds; 0: none is, or for less than one. */
uint32_t engine_sync_s(struct engine *engine);

/* All there is to measure, as Prometheus reads it. May wait for the store. */
void engine_tell_metrics(struct engine *engine, const struct metrics *metrics, struct buf *out);

/* For what is done before requests are served (server/seed), by [main]. Notes have names; a note's value replaces *out, which
 * is empty when there is none, and an absent value forgets it. They are in the order of all other writes; engine_sync
 * brings all that was written to the disk. */
STATOR_MUST_CHECK enum stator_rc engine_note_read(struct engine *engine, struct bytes name, struct buf *out,
                                                  struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc engine_note_write(struct engine *engine, struct bytes name, struct bytes value,
                                                   struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc engine_sync(struct engine *engine, struct stator_error *err);

/* With --enforce-throughput: whether requests are throttled. They are, from the start. */
void engine_enforce_throughput(struct engine *engine, bool on);

/* Members of an object that tell about the data. Likewise. */
struct json_writer;
void engine_tell_status(struct engine *engine, struct json_writer *writer);

/* Of the data directories that it makes. */
uint32_t engine_data_format(void);

/* Has all files rewritten, in the background. [any] */
void engine_compact(struct engine *engine);

/* How that stands, as members of an object. Asks the store; not for a loop. */
void engine_tell_compaction(struct engine *engine, struct json_writer *writer);

/* What the calling thread has read since its last call is from now on in the metrics: for each thread that runs jobs, now
 * and then. */
void engine_note_thread(struct engine *engine);

enum op_outcome {
    OP_DONE, /* the answer is in the job */
    OP_SYNC, /* the answer is in the job and may be sent when job->wait.epoch is reached */
    OP_WORK, /* not finished: call op_run again with job->on_worker set, on a thread that may wait. job->slow: it is long */
};

/* Runs the job, or its next step. */
enum op_outcome op_run(struct engine *engine, struct job *job);

/* Of a job that has `repeats`, when its sync has failed: the next op_run begins it anew, and finds what was on the disk before.
 * Needs its input still. */
void op_repeat(struct job *job);

/* Makes the job's answer the error of job->error: status by rc, body {"__type":...,"message":...}. http uses it for
 * errors of its own (authentication, unknown operations). An empty message leaves the member out. */
void op_answer_error(struct job *job);

#endif
