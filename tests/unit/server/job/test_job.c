/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "job/workers.h"

#define JOBS  200
#define STEPS 3

struct counter {
    struct workers *_Atomic workers;
    atomic_int steps, done;
    pthread_mutex_t gate; /* held by the test while workers shall not get on */
};

/* Goes back into the queue until its last step; job->wait.epoch counts. */
static void step(void *context, struct job *job)
{
    struct counter *counter = context;

    pthread_mutex_lock(&counter->gate);
    pthread_mutex_unlock(&counter->gate);
    atomic_fetch_add(&counter->steps, 1);
    if (++job->wait.epoch < STEPS) {
        struct workers *workers;

        while ((workers = atomic_load(&counter->workers)) == NULL)
            ;
        if (workers_submit(workers, job))
            return;
        job->wait.epoch = STEPS; /* the queue is full */
    }
    atomic_fetch_add(&counter->done, 1);
}

static void run_all(uint32_t threads, uint32_t queue_max, int *refused)
{
    struct counter counter = {.workers = NULL};
    const struct workers_options options = {
        .threads = threads, .queue_max = queue_max, .queue_bytes_max = SIZE_MAX, .run = step, .context = &counter};
    struct job *jobs = calloc(JOBS, sizeof(*jobs));
    struct workers *workers;
    struct stator_error err;

    *refused = 0;
    pthread_mutex_init(&counter.gate, NULL);
    pthread_mutex_lock(&counter.gate);
    assert_int_equal(workers_start(&workers, &options, &err), STATOR_OK);
    atomic_store(&counter.workers, workers);
    for (int i = 0; i < JOBS; i++)
        *refused += !workers_submit(workers, &jobs[i]);
    pthread_mutex_unlock(&counter.gate);
    while (atomic_load(&counter.done) != JOBS - *refused)
        ;
    workers_stop(workers); /* the queue may not be empty of steps when it is called, but every job ended */
    assert_int_equal(counter.done, JOBS - *refused);
    pthread_mutex_destroy(&counter.gate);
    free(jobs);
}

static void every_job_runs_once(void **state)
{
    int refused;

    (void)state;
    for (uint32_t threads = 1; threads <= 4; threads++) {
        run_all(threads, JOBS, &refused);
        assert_int_equal(refused, 0);
    }
}

static void a_full_queue_refuses(void **state)
{
    int refused;

    (void)state;
    run_all(2, 10, &refused);
    assert_in_range(refused, JOBS - 10 - 2, JOBS - 10); /* two may be with the workers */
}

/* Jobs that hold much are refused sooner; a lone one is taken whatever it holds. Without threads they stay queued. */
static void a_heavy_queue_refuses(void **state)
{
    static const struct {
        size_t bytes[3];
        bool taken[3];
    } cases[] = {
        {{400, 600, 1}, {true, true, false}},
        {{600, 600, 400}, {true, false, true}},
        {{5000, 0, 1}, {true, false, false}},
    };

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        const struct workers_options options = {.queue_max = JOBS, .queue_bytes_max = 1000, .run = step};
        struct job jobs[3] = {0};
        struct workers *workers;

        assert_int_equal(workers_start(&workers, &options, NULL), STATOR_OK);
        for (size_t i = 0; i < COUNT_OF(jobs); i++) {
            jobs[i].body = bytes_of("", cases[c].bytes[i]);
            assert_int_equal(workers_submit(workers, &jobs[i]), cases[c].taken[i]);
        }
        workers_stop(workers);
    }
}

/* Jobs that note their place in the order, and slow ones that hold their worker until the test lets go. */
struct lanes {
    pthread_mutex_t gate;
    atomic_int slow_begun, done;
};

static void take_time(void *context, struct job *job)
{
    struct lanes *lanes = context;

    if (job->slow) {
        atomic_fetch_add(&lanes->slow_begun, 1);
        pthread_mutex_lock(&lanes->gate);
        pthread_mutex_unlock(&lanes->gate);
    }
    atomic_fetch_add(&lanes->done, 1);
}

/* However many slow jobs wait, the quick ones get on; and slow ones do, beside any number of quick ones. */
static void slow_jobs_keep_no_quick_one_waiting(void **state)
{
    (void)state;
    for (uint32_t threads = 2; threads <= 4; threads++) {
        struct lanes lanes = {0};
        const struct workers_options options = {.threads = threads,
                                                .queue_max = JOBS / 2,
                                                .queue_bytes_max = SIZE_MAX,
                                                .run = take_time,
                                                .context = &lanes};
        struct job *jobs = calloc(JOBS, sizeof(*jobs));
        struct workers *workers;

        pthread_mutex_init(&lanes.gate, NULL);
        pthread_mutex_lock(&lanes.gate);
        assert_int_equal(workers_start(&workers, &options, NULL), STATOR_OK);
        for (int i = 0; i < JOBS; i++) {
            jobs[i].slow = i < JOBS / 2;
            assert_true(workers_submit(workers, &jobs[i])); /* a full lane leaves the other its room */
        }
        while (atomic_load(&lanes.done) != JOBS / 2 || atomic_load(&lanes.slow_begun) != (int)threads - 1)
            ;
        pthread_mutex_unlock(&lanes.gate);
        while (atomic_load(&lanes.done) != JOBS)
            ;
        workers_stop(workers);
        pthread_mutex_destroy(&lanes.gate);
        free(jobs);
    }
}

static void moves(void **state)
{
    struct job job = {.state = JOB_DECODED};

    (void)state;
    job_move(&job, JOB_WORKING);
    job_move(&job, JOB_WORKING);
    job_move(&job, JOB_SYNCING);
    job_move(&job, JOB_DONE);
    assert_int_equal(job.state, JOB_DONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_job_runs_once),
        cmocka_unit_test(a_full_queue_refuses),
        cmocka_unit_test(a_heavy_queue_refuses),
        cmocka_unit_test(slow_jobs_keep_no_quick_one_waiting),
        cmocka_unit_test(moves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
