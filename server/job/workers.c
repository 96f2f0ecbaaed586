/* SPDX-License-Identifier: Apache-2.0 */
#include "job/workers.h"

#include <pthread.h>
#include <stdlib.h>

struct queue {
    struct job *first, **last;
    uint32_t queued;
    size_t queued_bytes;
};

struct workers {
    struct workers_options options;
    uint32_t started;

    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t wake;
    struct queue quick, slow;
    uint32_t slow_running, asleep;
    bool stopping;

    pthread_t threads[];
};

static void queue_init(struct queue *queue)
{
    *queue = (struct queue){.last = &queue->first};
}

static bool queue_has_room(const struct queue *queue, size_t bytes, const struct workers_options *options)
{
    return queue->queued < options->queue_max &&
           (queue->queued == 0 || queue->queued_bytes + bytes <= options->queue_bytes_max);
}

static void queue_add(struct queue *queue, struct job *job, size_t bytes)
{
    job->next = NULL;
    job->queued_bytes = bytes;
    *queue->last = job;
    queue->last = &job->next;
    queue->queued++;
    queue->queued_bytes += bytes;
}

static struct job *queue_take(struct queue *queue)
{
    struct job *job = queue->first;

    queue->first = job->next;
    if (queue->first == NULL)
        queue->last = &queue->first;
    queue->queued--;
    queue->queued_bytes -= job->queued_bytes;
    job->next = NULL;
    return job;
}

/* The queue to take a job from, or NULL: there is none that this thread may have. */
static struct queue *queue_due(struct workers *workers)
{
    uint32_t threads = workers->options.threads, slow_max = threads > 1 ? threads - 1 : 1;
    bool quick = workers->quick.first != NULL;
    bool slow = workers->slow.first != NULL && workers->slow_running < slow_max;

    if (slow && (!quick || (workers->slow_running == 0 && threads > 1)))
        return &workers->slow;
    return quick ? &workers->quick : NULL;
}

/* *slow: the job before was slow, and whether this one is. */
static struct job *next_job(struct workers *workers, bool *slow)
{
    struct job *job = NULL;
    struct queue *queue;

    pthread_mutex_lock(&workers->lock);
    workers->slow_running -= *slow;
    while ((queue = queue_due(workers)) == NULL && !workers->stopping) {
        workers->asleep++;
        pthread_cond_wait(&workers->wake, &workers->lock);
        workers->asleep--;
    }
    *slow = queue == &workers->slow;
    workers->slow_running += *slow;
    if (queue != NULL)
        job = queue_take(queue);
    pthread_mutex_unlock(&workers->lock);
    return job;
}

static void *work(void *context)
{
    struct workers *workers = context;
    struct job *job;
    bool slow = false;

    /* A batch thread does not take the core from a loop when it wakes. It is not niced: others wait for the latches and
     * locks that it holds. */
    pthread_setschedparam(pthread_self(), SCHED_BATCH, &(const struct sched_param){0});
    while ((job = next_job(workers, &slow)) != NULL)
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
    queue_init(&workers->quick);
    queue_init(&workers->slow);
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
    struct queue *queue = job->slow ? &workers->slow : &workers->quick;
    size_t bytes = held_bytes(job);
    bool taken, wake;

    pthread_mutex_lock(&workers->lock);
    taken = queue_has_room(queue, bytes, &workers->options);
    if (taken)
        queue_add(queue, job, bytes);
    wake = taken && workers->asleep != 0 && queue_due(workers) != NULL;
    pthread_mutex_unlock(&workers->lock);
    if (wake)
        pthread_cond_signal(&workers->wake);
    return taken;
}

uint32_t workers_queued(struct workers *workers)
{
    uint32_t queued;

    pthread_mutex_lock(&workers->lock);
    queued = workers->quick.queued + workers->slow.queued;
    pthread_mutex_unlock(&workers->lock);
    return queued;
}
