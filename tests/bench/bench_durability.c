/* SPDX-License-Identifier: Apache-2.0 */
/* Durable writes of 330 bytes from one loop with many requests under way.
 *
 *      bench_durability <dir> <mode> <requests under way> <seconds>
 *      mode: each    a sync for every write, on the loop
 *            epoch   unsynced on the loop, answered by the syncer thread
 *            none    unsynced, answered at once (STORE_PROCESS)
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "shard/durability.h"
#include "shard/ring.h"

#define VALUE_BYTES 330
#define SLOTS_MAX   1024

struct slot {
    struct durable_wait wait;
    double started;
    struct slot *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t some = PTHREAD_COND_INITIALIZER;
static struct slot *answered; /* guarded by lock */

static struct slot slots[SLOTS_MAX];
static double latencies[4000000];

static double now_s(clockid_t clock)
{
    struct timespec t;

    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void on_done(struct durable_wait *wait, enum stator_rc rc)
{
    struct slot *slot = (struct slot *)wait;
    bool wake;

    if (rc != STATOR_OK)
        abort();
    pthread_mutex_lock(&lock);
    wake = answered == NULL;
    slot->next = answered;
    answered = slot;
    pthread_mutex_unlock(&lock);
    if (wake)
        pthread_cond_signal(&some);
}

static struct slot *wait_for_some(void)
{
    struct slot *list;

    pthread_mutex_lock(&lock);
    while (answered == NULL)
        pthread_cond_wait(&some, &lock);
    list = answered;
    answered = NULL;
    pthread_mutex_unlock(&lock);
    return list;
}

static int rising(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    struct store_options options = {.dir = argc > 1 ? argv[1] : NULL, .layout = RING_LAYOUT};
    struct stator_error err = {0};
    struct store *store;
    struct store_batch *batch;
    struct durability *durability;
    struct durable_mark mark = {0};
    struct slot *ready = NULL;
    uint8_t value[VALUE_BYTES] = "{\"v\":{\"S\":\"";
    size_t count = 0, again = 0, under_way;
    double until, begun, write_s = 0, loop_cpu;
    bool each, epoch_mode;

    if (argc != 5)
        return 2;
    each = argv[2][0] == 'e' && argv[2][1] == 'a';
    epoch_mode = argv[2][0] == 'e' && !each;
    options.durability = each || epoch_mode ? STORE_FULL : STORE_PROCESS;
    under_way = (size_t)atoi(argv[3]);
    if (store_open(&store, &options, &err) != STATOR_OK ||
        durability_start(&durability, store, options.durability, &err) != STATOR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    batch = store_batch_new(store);
    for (size_t i = 0; i < under_way; i++) {
        slots[i].next = ready;
        ready = &slots[i];
    }
    begun = now_s(CLOCK_MONOTONIC);
    until = begun + atof(argv[4]);
    loop_cpu = now_s(CLOCK_THREAD_CPUTIME_ID);
    while (count < sizeof(latencies) / sizeof(latencies[0])) {
        struct slot *slot = ready != NULL ? ready : wait_for_some();
        double at = now_s(CLOCK_MONOTONIC), cpu;
        uint8_t key[24];
        enum stator_rc rc;

        if (at > until)
            break;
        ready = slot->next;
        if (slot->started != 0)
            latencies[count++] = at - slot->started;
        slot->started = at;
        snprintf((char *)key, sizeof(key), "customer#%011lu", (unsigned long)(random() % 1000000));
        store_batch_clear(batch);
        store_batch_put(batch, STORE_SHARD((uint32_t)random() % 4), bytes_of(key, 20), bytes_of(value, sizeof(value)));
        store_batch_add(batch, BYTES("table#1"), 1);
        cpu = now_s(CLOCK_THREAD_CPUTIME_ID);
        durable_mark_begin(&mark);
        rc = store_write(store, batch, false, &err);
        while (rc == STATOR_AGAIN) {
            again++;
            rc = store_write(store, batch, true, &err);
        }
        slot->wait.epoch = durable_mark_end(&mark, durability);
        write_s += now_s(CLOCK_THREAD_CPUTIME_ID) - cpu;
        if (rc != STATOR_OK || (each && store_sync(store, &err) != STATOR_OK)) {
            fprintf(stderr, "%s\n", err.message);
            return 1;
        }
        if (epoch_mode) {
            slot->wait.done = on_done;
            slot->wait.answers = 1;
            durability_await(durability, &slot->wait);
        } else {
            slot->next = ready;
            ready = slot;
        }
    }
    begun = now_s(CLOCK_MONOTONIC) - begun;
    loop_cpu = now_s(CLOCK_THREAD_CPUTIME_ID) - loop_cpu;
    qsort(latencies, count, sizeof(latencies[0]), rising);
    {
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        printf(
            "%-6s %4zu under way: %8.0f/s, p50 %.0f us, p99 %.0f us; write %.2f us, loop %.2f us, process %.2f us CPU "
            "each; %zu stalls; %ld KiB\n",
            argv[2], under_way, (double)count / begun, count ? latencies[count / 2] * 1e6 : 0,
            count ? latencies[count * 99 / 100] * 1e6 : 0, write_s / (double)count * 1e6,
            loop_cpu / (double)count * 1e6,
            ((double)usage.ru_utime.tv_sec + (double)usage.ru_stime.tv_sec +
             (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6) /
                (double)count * 1e6,
            again, usage.ru_maxrss);
    }
    durability_stop(durability); /* ends what is under way */
    store_batch_free(batch);
    store_close(store);
    return 0;
}
