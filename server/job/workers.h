/* SPDX-License-Identifier: Apache-2.0 */
/* workers: a few threads for what may wait: cache misses, long pages, write stalls.
 *
 * Jobs wait in two lanes, the slow ones apart from the others (job->slow). One thread at least is never given a slow job,
 * so the quick ones wait for each other alone; and one at least takes slow jobs first, so they get on, too. A lone thread
 * takes quick ones first.
 *
 * In:     a job with op's work to go on.
 * Out:    the same job through its `run` step, which sends it home or queues it again.
 * Limit:  `queue_max` jobs, and `queue_bytes_max` of what they hold, wait in each lane; one more is refused and its
 *         request is answered as DynamoDB does when it throttles.
 * Thread: [any] submit; [main] start and stop.
 */
#ifndef SERVER_JOB_WORKERS_H
#define SERVER_JOB_WORKERS_H

#include "base/error.h"
#include "job/job.h"

struct workers;

struct workers_options {
    uint32_t threads;
    uint32_t queue_max;                          /* jobs */
    size_t queue_bytes_max;                      /* of the memory that queued jobs hold; a lone one may hold more */
    void (*run)(void *context, struct job *job); /* on a worker; owns the job from here on */
    void *context;
};

STATOR_MUST_CHECK enum stator_rc workers_start(struct workers **out, const struct workers_options *options,
                                               struct stator_error *err);

/* Runs what is queued, joins, frees. NULL is allowed. */
void workers_stop(struct workers *workers);

/* How many jobs wait. */
uint32_t workers_queued(struct workers *workers);

/* Takes the job, or false when the queue is full: the caller still owns it. */
STATOR_MUST_CHECK bool workers_submit(struct workers *workers, struct job *job);

#endif
