/* SPDX-License-Identifier: Apache-2.0 */
#include "job/job.h"

#define BIT(state) (1u << (state))

/* A job whose client left still runs to its end. WORKING to WORKING: back into the queue after a step.
 * SYNCING to WORKING: the sync has failed, and a read is done again on what was durable before. */
static const unsigned job_next[] = {
    [JOB_DECODED] = BIT(JOB_WORKING) | BIT(JOB_SYNCING) | BIT(JOB_DONE),
    [JOB_WORKING] = BIT(JOB_WORKING) | BIT(JOB_SYNCING) | BIT(JOB_DONE),
    [JOB_SYNCING] = BIT(JOB_WORKING) | BIT(JOB_DONE),
    [JOB_DONE] = 0,
};

void job_move(struct job *job, enum job_state to)
{
    stator_assert(job_next[job->state] & BIT(to));
    job->state = to;
}

bool job_defer(struct job *job, void (*release)(void *what), void *what)
{
    struct job_hold *hold = ARENA_NEW(&job->arena, struct job_hold);

    if (hold == NULL)
        return false;
    *hold = (struct job_hold){release, what, job->holds};
    job->holds = hold;
    return true;
}

void job_release(struct job *job)
{
    while (job->holds != NULL) {
        const struct job_hold *hold = job->holds;

        job->holds = hold->older;
        hold->release(hold->what);
    }
}
