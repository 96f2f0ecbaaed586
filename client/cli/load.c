/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include <stdlib.h>

#include "stator/batch.h"

/* A batch that lags holds the mark; others may be so far ahead of it. */
#define WINDOW 1024

struct record {
    size_t at, len;
    uint64_t line;
};

struct batch {
    struct batch *next;
    struct text bytes;
    struct record records[LOAD_BATCH];
    size_t count;
    uint64_t number; /* in the order of the source */
    struct load_mark end;
};

struct load {
    struct load_options options;
    pthread_t threads[LOAD_THREADS];
    unsigned thread_count;
    struct batch *filling; /* main's alone */
    uint64_t next_number;

    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t changed;
    struct batch *idle, *ready, **ready_end;
    struct load_mark done[WINDOW]; /* by number; line 0: not done */
    uint64_t done_from;            /* the first number that is not done */
    struct load_mark mark;
    uint64_t bad;
    bool closing, stopped;
    int code;
};

/* What a worker has of its own. */
struct worker {
    struct load *load;
    struct stator_call *call;
    struct stator_builder *builder;
    struct stator_writer *writer;
    struct row_buffers buffers;
    struct stator_item items[LOAD_BATCH];
    const struct record *records[LOAD_BATCH]; /* that the items were made of */
    size_t count;
};

/* --- Failures ----------------------------------------------------------------------------------------------------- */

/* A record that cannot be written. */
static void bad_record(struct load *load, const struct record *record, const char *why)
{
    pthread_mutex_lock(&load->lock);
    if (!load->stopped) {
        progress_clear(load->options.progress);
        cli_complain(CODE_PARTIAL, "%s:%llu: %s", load->options.source, (unsigned long long)record->line, why);
        load->bad++;
    }
    if (load->bad > load->options.errors_max) {
        load->stopped = true;
        load->code = CODE_PARTIAL;
    }
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
}

/* The whole cannot go on. */
static void fail(struct load *load, const struct stator_call *call)
{
    pthread_mutex_lock(&load->lock);
    if (!load->stopped) {
        progress_clear(load->options.progress);
        load->code = cli_complain_call(call);
    }
    load->stopped = true;
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
}

static bool is_stopped(struct load *load)
{
    bool stopped;

    pthread_mutex_lock(&load->lock);
    stopped = load->stopped;
    pthread_mutex_unlock(&load->lock);
    return stopped;
}

/* --- Workers ------------------------------------------------------------------------------------------------------ */

static void read_items(struct worker *worker, struct batch *batch)
{
    struct stator_error err;

    stator_builder_reset(worker->builder);
    worker->count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        const struct record *record = &batch->records[i];

        if (row_read(worker->load->options.layout, &worker->buffers, worker->builder, &worker->items[worker->count],
                     batch->bytes.at + record->at, record->len, &err) == STATOR_OK)
            worker->records[worker->count++] = record;
        else
            bad_record(worker->load, record, err.message);
    }
}

static bool renew_writer(struct worker *worker)
{
    const struct load_options *options = &worker->load->options;

    (void)stator_writer_end(worker->writer, NULL);
    worker->writer = stator_writer_new(
        worker->call,
        &(struct stator_writer_options){.table = options->table,
                                        .partition_key = options->keys[0].name,
                                        .sort_key = options->key_count > 1 ? options->keys[1].name : NULL});
    return worker->writer != NULL;
}

static enum stator_rc write_batch(struct worker *worker)
{
    enum stator_rc rc = STATOR_OK;

    for (size_t i = 0; i < worker->count && rc == STATOR_OK; i++)
        rc = stator_writer_put(worker->writer, &worker->items[i]);
    return rc != STATOR_OK ? rc : stator_writer_flush(worker->writer);
}

/* Gives how many were written. */
static size_t write_one_by_one(struct worker *worker)
{
    struct stator_put_item_input in = {.table_name = stator_text(worker->load->options.table)};
    size_t written = 0;

    for (size_t i = 0; i < worker->count && !is_stopped(worker->load); i++) {
        enum stator_rc rc;

        in.item = worker->items[i];
        rc = stator_put_item(worker->call, &in, NULL);
        if (rc == STATOR_OK)
            written++;
        else if (rc == STATOR_VALIDATION)
            bad_record(worker->load, worker->records[i], stator_call_failure(worker->call)->message);
        else
            fail(worker->load, worker->call);
    }
    return written;
}

/* How much of the source is read, up to that batch. */
static double part_of(const struct load *load, const struct batch *batch)
{
    return load->options.source_size == 0 ? -1 : (double)batch->end.offset / (double)load->options.source_size;
}

static void work_on(struct worker *worker, struct batch *batch)
{
    struct load *load = worker->load;
    size_t written;
    enum stator_rc rc;

    read_items(worker, batch);
    written = worker->count;
    rc = is_stopped(load) ? STATOR_CANCELLED : write_batch(worker);
    if (rc == STATOR_CANCELLED)
        return;
    if (rc == STATOR_VALIDATION) {
        written = write_one_by_one(worker);
        if (!renew_writer(worker))
            fail(load, worker->call);
    } else if (rc != STATOR_OK) {
        fail(load, worker->call);
        return;
    }
    progress_add(load->options.progress, written, part_of(load, batch));
}

static struct batch *take_ready(struct load *load)
{
    struct batch *batch;

    pthread_mutex_lock(&load->lock);
    while (load->ready == NULL && !load->closing)
        pthread_cond_wait(&load->changed, &load->lock);
    batch = load->ready;
    if (batch != NULL) {
        load->ready = batch->next;
        if (load->ready == NULL)
            load->ready_end = &load->ready;
    }
    pthread_mutex_unlock(&load->lock);
    return batch;
}

/* Moves the mark over all that is done without a gap. */
static void note_done(struct load *load, const struct batch *batch)
{
    struct load_mark *next = &load->done[batch->number % WINDOW];

    *next = batch->end;
    for (;;) {
        next = &load->done[load->done_from % WINDOW];
        if (next->line == 0)
            break;
        load->mark = *next;
        *next = (struct load_mark){0};
        load->done_from++;
    }
}

static void give_back(struct load *load, struct batch *batch)
{
    pthread_mutex_lock(&load->lock);
    if (!load->stopped)
        note_done(load, batch);
    batch->next = load->idle;
    load->idle = batch;
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
}

static void *work(void *argument)
{
    struct load *load = argument;
    struct worker worker = {.load = load};
    struct batch *batch;

    worker.call = stator_call_new(load->options.client);
    worker.builder = stator_builder_new(NULL, 0);
    if (worker.call == NULL || !renew_writer(&worker)) {
        pthread_mutex_lock(&load->lock);
        load->code = load->stopped ? load->code : cli_complain(CODE_FAILED, "out of memory");
        load->stopped = true;
        pthread_mutex_unlock(&load->lock);
    }
    while ((batch = take_ready(load)) != NULL) {
        if (!is_stopped(load))
            work_on(&worker, batch);
        give_back(load, batch);
    }
    (void)stator_writer_end(worker.writer, NULL);
    stator_builder_free(worker.builder);
    stator_call_free(worker.call);
    row_buffers_free(&worker.buffers);
    return NULL;
}

/* --- Main --------------------------------------------------------------------------------------------------------- */

static void add_batches(struct load *load)
{
    for (unsigned i = 0; i < load->options.threads * LOAD_BATCHES; i++) {
        struct batch *batch = must_alloc(sizeof(*batch));

        batch->next = load->idle;
        load->idle = batch;
    }
}

struct load *load_start(const struct load_options *options)
{
    struct load *load = must_alloc(sizeof(*load));

    load->options = *options;
    load->ready_end = &load->ready;
    pthread_mutex_init(&load->lock, NULL);
    pthread_cond_init(&load->changed, NULL);
    add_batches(load);
    while (load->thread_count < options->threads &&
           pthread_create(&load->threads[load->thread_count], NULL, work, load) == 0)
        load->thread_count++;
    if (load->thread_count > 0)
        return load;
    cli_complain(CODE_FAILED, "no threads can be started");
    (void)load_end(load, &(uint64_t){0}, &(struct load_mark){0});
    return NULL;
}

/* A batch to fill, once there is one and the mark is not too far behind. */
static struct batch *take_idle(struct load *load)
{
    struct batch *batch;

    pthread_mutex_lock(&load->lock);
    while (!load->stopped && (load->idle == NULL || load->next_number - load->done_from >= WINDOW))
        pthread_cond_wait(&load->changed, &load->lock);
    batch = load->stopped ? NULL : load->idle;
    if (batch != NULL)
        load->idle = batch->next;
    pthread_mutex_unlock(&load->lock);
    if (batch == NULL)
        return NULL;
    batch->number = load->next_number++;
    batch->count = 0;
    batch->next = NULL;
    text_clear(&batch->bytes);
    return batch;
}

static void hand_over(struct load *load)
{
    pthread_mutex_lock(&load->lock);
    *load->ready_end = load->filling;
    load->ready_end = &load->filling->next;
    load->filling = NULL;
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
}

bool load_add(struct load *load, struct stator_bytes record, uint64_t line, struct load_mark next)
{
    struct batch *batch = load->filling;

    if (batch == NULL)
        batch = load->filling = take_idle(load);
    if (batch == NULL)
        return false;
    batch->records[batch->count++] = (struct record){batch->bytes.len, record.len, line};
    text_bytes(&batch->bytes, record);
    batch->end = next;
    if (batch->count == LOAD_BATCH || batch->bytes.len >= LOAD_BATCH_BYTES)
        hand_over(load);
    return true;
}

struct load_mark load_mark(struct load *load)
{
    struct load_mark mark;

    pthread_mutex_lock(&load->lock);
    mark = load->mark;
    pthread_mutex_unlock(&load->lock);
    return mark;
}

static void free_batches(struct batch *batch)
{
    while (batch != NULL) {
        struct batch *next = batch->next;

        text_free(&batch->bytes);
        free(batch);
        batch = next;
    }
}

int load_end(struct load *load, uint64_t *bad, struct load_mark *mark)
{
    int code;

    if (load->filling != NULL)
        hand_over(load);
    pthread_mutex_lock(&load->lock);
    load->closing = true;
    pthread_cond_broadcast(&load->changed);
    pthread_mutex_unlock(&load->lock);
    for (unsigned i = 0; i < load->thread_count; i++)
        pthread_join(load->threads[i], NULL);
    *bad = load->bad;
    *mark = load->mark;
    code = load->code != CODE_OK ? load->code : load->bad > 0 ? CODE_PARTIAL : CODE_OK;
    free_batches(load->idle);
    free_batches(load->ready);
    pthread_cond_destroy(&load->changed);
    pthread_mutex_destroy(&load->lock);
    free(load);
    return code;
}
