/* SPDX-License-Identifier: Apache-2.0 */
/* job: one request on its way from the loop that accepted it to the answer. It belongs to one thread at a time.
 *
 *   DECODED: http has read and authenticated it  ->  op runs it  ->  DONE: the answer is in it  ->  http sends it
 *                                                     |  ^              ^
 *                                                     v  |              |
 *                                        WORKING: on a worker  <-  SYNCING: the answer waits for a sync
 *
 * http makes and frees jobs; op fills `answer`. A job whose client left still runs to its end: its write may already be
 * stored. struct h2o types never appear here.
 */
#ifndef SERVER_JOB_JOB_H
#define SERVER_JOB_JOB_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "expr/budget.h"
#include "message/message.h"
#include "shard/durability.h"
#include "shard/latch.h"
#include "watch/metrics.h"

#define JOB_ARENA_MAX ((size_t)256 * 1024 * 1024) /* a 16 MiB request of tiny values takes about 10 times that */
#define JOB_NOTES_MAX ((size_t)64 * 1024)         /* 100 tables */
#define JOB_ANSWER_MAX                                                                                                 \
    ((size_t)128 * 1024 * 1024) /* a page of 1 MB whose JSON is 67 times as long, and its last item */

enum job_state { JOB_DECODED, JOB_WORKING, JOB_SYNCING, JOB_DONE };

/* What an operation has taken and gives back once its answer is encoded: a reference, a pin, an iterator. */
struct job_hold {
    void (*release)(void *what);
    void *what;
    struct job_hold *older;
};

/* What a request had to do with one table, to be counted when it is answered. */
struct job_use {
    uint32_t meter; /* of the table; METER_NONE: there is none yet */
    struct metrics_use use;
    struct job_use *next; /* of another table; in the job's notes */
};

struct job {
    enum job_state state;

    /* Set by http, read by all. */
    enum operation operation;
    struct bytes body;       /* the request's JSON, inflated; lives as long as the job */
    struct bytes access_key; /* from the credential; lives as long as the job */
    struct bytes region;     /* from the credential's scope */
    struct bytes host;       /* the Host header: DescribeEndpoints gives it back */
    char request_id[53];     /* 52 characters and NUL */

    /* Set by op. */
    void *input;        /* the decoded structure; NULL until decoded */
    const void *output; /* the answer as a structure of api.h, which op encodes; in the arena */
    void *progress;     /* what a long operation keeps between steps, in the arena; NULL: it begins anew each time */
    struct job_hold *holds; /* newest first; job_defer */
    bool on_worker;         /* may wait for the disk and for a stalled store */
    bool brief;             /* its loop has worked for long without a pause: there it may do only what is small */
    bool frozen;            /* all that it reads is on the disk: it began after store_frozen */
    bool repeats;           /* with OP_SYNC: it only reads. If the sync fails op_repeat has it read what is durable */
    bool slow;              /* it costs much: it may use all of its budget, and waits among its like for a worker */
    struct expr_budget budget; /* what expressions may still cost here; once it is spent, elsewhere */
    uint32_t latch;            /* with STATOR_AGAIN: 0, or 1 + the latch of another's that the job is to wait for */
    uint32_t parkings;         /* how often it has waited for one */
    struct job_use use;        /* of the first table, then of the others */
    struct bytes table_name;   /* of the table found last, or absent; lives as long as the job: for the log */

    /* The answer. */
    enum stator_rc rc; /* STATOR_OK: 200 and `answer`; else the error's status and `answer` holds the error's JSON */
    bool encoded;      /* the answer is there already: op_encode */
    struct buf answer; /* a JSON body. An operation may begin it with a member that is long; output has the others */
    struct stator_error error;
    bool as_service;            /* the error is what the service answers there: no fault of ours, whatever its status */
    struct item error_item;     /* ConditionalCheckFailedException: the item, or not set */
    struct bytes error_reasons; /* TransactionCanceledException: CancellationReasons, the list's JSON */
    struct bytes error_text;    /* likewise: its text, which may be longer than error.message */
    struct bytes error_throttling; /* of the throughput's exceptions: ThrottlingReasons, the list's JSON, or absent */

    struct arena arena;           /* of what the request becomes: empty again when the answer is encoded */
    struct arena_mark decoded;    /* where `input` ends in it: what begins anew forgets what follows */
    struct arena notes;           /* of the little that outlives it: who asked, what is to be counted */
    struct durable_wait wait;     /* while SYNCING */
    struct latch_wait latch_wait; /* while WORKING, without a thread */
    struct job *next;             /* in one queue at a time */
    size_t queued_bytes;          /* what the workers counted it for */
    uint64_t started_ns;          /* monotonic: when the request was complete */
    void *owner;                  /* http's */

    /* http's: brings the job home to its loop, from any thread, exactly once a trip. */
    void (*send_back)(struct job *job);
};

/* The one function that moves a job; asserts that the move is allowed. */
void job_move(struct job *job, enum job_state to);

/* Has `what` released when the answer is encoded, or before the operation begins anew: until then the answer may borrow
 * from it. False without memory: the caller still holds it. */
STATOR_MUST_CHECK bool job_defer(struct job *job, void (*release)(void *what), void *what);

/* Releases all of that, the newest first. op_run does so, and whoever ends a job that op_run has not. */
void job_release(struct job *job);

#endif
