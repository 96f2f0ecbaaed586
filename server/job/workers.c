/* SPDX-License-Identifier: Apache-2.0 */
#include "job/workers.h"

#include <pthread.h>
#include <stdlib.h>

struct workers {
    struct workers_options options;
    uint32_t started;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    struct job *first, **last;
    uint32_t queued, asleep;
    size_t queued_bytes;
    bool stopping;

    pthread_t threads[];
};

static struct job *next_job(struct workers *workers)
{
    struct job *job;

    pthread_mutex_lock(&workers->lock);
    while (workers->first == NULL && !workers->stopping) {
        workers->asleep++;
        pthread_cond_wait(&workers->wake, &workers->lock);
        workers->asleep--;
    }
    job = workers->first;
    if (job != NULL) {
        workers->first = job->next;
        if (workers->first == NULL)
            workers->last = &workers->first;
        workers->queued--;
        workers->queued_bytes -= job->queued_bytes;
        job->next = NULL;
    }
    pthread_mutex_unlock(&workers->lock);
    return job;
}

static void *work(void *context)
{
    struct workers *workers = context;
    struct job *job;

    /* A batch thread does not take the core from a loop when it wakes. It is not niced: others wait for the latches and
     * locks that it holds. */
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &(const struct sched_param){0});
    while ((job = next_job(workers)) != NULL)
        workers->options.run(workers->options.context, job);
    return NULL;
}

enum stator_rc workers_start(struct workers **out, const struct workers_options *options, struct stator_error *err)
{
    struct workers *workers = calloc(1, sizeof(*workers) + options->threads * sizeof(workers->threads[0]));

    *out = NULL;
    if (workers == NULL)
        return stator_fail_memory(err);
    workers->options = *options;
    workers->last = &workers->first;
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->wake, NULL);
    while (workers->started < options->threads) {
        int error = pthread_create(&workers->threads[workers->started], NULL, work, workers);

        if (error != 0) {
            workers_stop(workers);
            return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "cannot start a worker thread: %s", strerror(error));
        }
        workers->started++;
    }
    *out = workers;
    return STATOR_OK;
}

void workers_stop(struct workers *workers)
{
    if (workers == NULL)
        return;
    pthread_mutex_lock(&workers->lock);
    workers->stopping = true;
    pthread_cond_broadcast(&workers->wake);
    pthread_mutex_unlock(&workers->lock);
    for (uint32_t i = 0; i < workers->started; i++)
        pthread_join(workers->threads[i], NULL);
    pthread_cond_destroy(&workers->wake);
    pthread_mutex_destroy(&workers->lock);
    free(workers);
}

/* What a job holds while it waits: its request, what that became, and what there is of the answer. */
static size_t held_bytes(const struct job *job)
{
    return job->body.len + job->arena.used_bytes + job->answer.capacity;
}

bool workers_submit(struct workers *workers, struct job *job)
{
    size_t bytes = held_bytes(job);
    bool taken, wake;

    pthread_mutex_lock(&workers->lock);
    taken = workers->queued < workers->options.queue_max &&
            (workers->queued == 0 || workers->queued_bytes + bytes <= workers->options.queue_bytes_max);
    wake = taken && workers->asleep != 0;
    if (taken) {
        job->next = NULL;
        job->queued_bytes = bytes;
        *workers->last = job;
        workers->last = &job->next;
        workers->queued++;
        workers->queued_bytes += bytes;
    }
    pthread_mutex_unlock(&workers->lock);
    if (wake)
        pthread_cond_signal(&workers->wake);
    return taken;
}

uint32_t workers_queued(struct workers *workers)
{
    uint32_t queued;

    pthread_mutex_lock(&workers->lock);
    queued = workers->queued;
    pthread_mutex_unlock(&workers->lock);
    return queued;
}
