/* SPDX-License-Identifier: Apache-2.0 */
/* A writer to be killed, and the check of what it left.
 *
 *      store_crash write <dir> <full|process|none> [<batches>]   writes; prints "<thread> <n>" when batch n is durable
 *      store_crash check <dir> <full|process|none>               reads such lines; every one must be there, none by
 * half store_crash fill  <dir>                                   writes until it is refused, then reads; see main_fill
 *
 * Batch n of thread t is one atomic write over five families: the catalog's "t" is n; "t:n:a" and "t:n:b" are put into
 * two shards; those of batch n - 50 are deleted; the counters "t" and "all" grow by one. So the catalog alone tells
 * what all the others must be.
 */
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "shard/durability.h"

#define THREADS  4
#define KEPT     50
#define SHARDS   3
#define TEXT_MAX 64

struct run {
    struct store *store;
    struct durability *durability;
    uint64_t batches; /* of each thread */
    atomic_bool refused;
    pthread_mutex_t text_lock;
    char text[STATOR_ERROR_MESSAGE_MAX]; /* of the first refusal */
};

struct writer {
    struct run *run;
    int number;
    uint64_t written; /* newest batch that store_write took */
    uint64_t durable; /* newest batch that was acknowledged */
};

static struct bytes text_of(char out[TEXT_MAX], const char *format, ...) __attribute__((format(printf, 2, 3)));

static struct bytes text_of(char out[TEXT_MAX], const char *format, ...)
{
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(out, TEXT_MAX, format, arguments);
    va_end(arguments);
    return bytes_of(out, (size_t)len);
}

static void die(const char *what, const char *text)
{
    fprintf(stderr, "%s: %s\n", what, text);
    exit(1);
}

static enum store_durability durability_of(const char *name)
{
    if (strcmp(name, "full") == 0)
        return STORE_FULL;
    return strcmp(name, "process") == 0 ? STORE_PROCESS : STORE_NONE;
}

static struct store *open_store(const char *dir, enum store_durability mode)
{
    /* A small memtable, so that flushes and compactions are always under way. */
    struct store_options options = {.dir = dir, .shards = SHARDS, .durability = mode, .memtable_bytes = 256 << 10};
    struct stator_error err = {0};
    struct store *store;

    if (store_open(&store, &options, &err) != STATOR_OK)
        die("open", err.message);
    return store;
}

/* Number in the catalog under "t"; 0: none. */
static uint64_t newest_of(struct store *store, int thread)
{
    char key[TEXT_MAX], copy[TEXT_MAX] = "";
    struct stator_error err = {0};
    struct store_pinned pinned;
    uint64_t newest = 0;

    if (store_get(store, STORE_CATALOG, text_of(key, "%d", thread), STORE_ANY, NULL, &pinned, &err) != STATOR_OK)
        die("read", err.message);
    if (bytes_present(pinned.value) && pinned.value.len < sizeof(copy)) {
        memcpy(copy, pinned.value.at, pinned.value.len);
        newest = strtoull(copy, NULL, 10);
    }
    store_release(&pinned);
    return newest;
}

static uint32_t shard_of(uint64_t n, char part)
{
    return STORE_SHARD((n + (part == 'a' ? 0 : 1 + n / 7 % 2)) % SHARDS);
}

static void fill_batch(struct store_batch *batch, int thread, uint64_t n, const uint8_t *value, size_t len)
{
    char key[TEXT_MAX], text[TEXT_MAX];

    store_batch_clear(batch);
    store_batch_put(batch, STORE_CATALOG, text_of(key, "%d", thread), text_of(text, "%" PRIu64, n));
    for (char part = 'a'; part <= 'b'; part++) {
        store_batch_put(batch, shard_of(n, part), text_of(key, "%d:%" PRIu64 ":%c", thread, n, part),
                        bytes_of(value, len));
        if (n > KEPT)
            store_batch_delete(batch, shard_of(n - KEPT, part),
                               text_of(key, "%d:%" PRIu64 ":%c", thread, n - KEPT, part));
    }
    store_batch_add(batch, text_of(key, "%d", thread), 1);
    store_batch_add(batch, BYTES("all"), 1);
}

static void refuse(struct run *run, const struct stator_error *err)
{
    pthread_mutex_lock(&run->text_lock);
    if (!atomic_exchange(&run->refused, true))
        memcpy(run->text, err->message, sizeof(run->text));
    pthread_mutex_unlock(&run->text_lock);
}

static void *write_batches(void *argument)
{
    static struct durable_mark mark;
    struct writer *writer = argument;
    struct run *run = writer->run;
    struct store_batch *batch = store_batch_new(run->store);
    unsigned seed = (unsigned)getpid() * 31u + (unsigned)writer->number;
    const size_t value_max = 100 << 10;
    uint8_t *value = malloc(value_max);
    uint64_t first = writer->written + 1;

    if (value == NULL || batch == NULL)
        abort();
    for (size_t i = 0; i < value_max; i++)
        value[i] = (uint8_t)rand_r(&seed);
    for (uint64_t n = first; n < first + run->batches && !atomic_load(&run->refused); n++) {
        size_t len = rand_r(&seed) % 100 == 0 ? value_max : (size_t)rand_r(&seed) % 1000;
        struct stator_error err = {0};
        enum stator_rc rc;
        uint64_t epoch;
        char line[TEXT_MAX];
        struct bytes text;

        fill_batch(batch, writer->number, n, value, len);
        durable_mark_begin(&mark);
        rc = store_write(run->store, batch, true, &err);
        epoch = durable_mark_end(&mark, run->durability);
        if (rc == STATOR_OK) {
            writer->written = n;
            rc = durability_wait(run->durability, epoch, &err);
        }
        if (rc != STATOR_OK) {
            refuse(run, &err);
            break;
        }
        writer->durable = n;
        text = text_of(line, "%d %" PRIu64 "\n", writer->number, n);
        if (write(STDOUT_FILENO, text.at, text.len) != (ssize_t)text.len)
            break;
    }
    free(value);
    store_batch_free(batch);
    return NULL;
}

/* Everything acknowledged can still be read, whatever happened to the writes. */
static void read_back(struct run *run, const struct writer *writer)
{
    char key[TEXT_MAX];
    struct stator_error err = {0};
    struct store_pinned pinned;

    if (writer->durable == 0)
        return;
    if (store_get(run->store, shard_of(writer->durable, 'a'),
                  text_of(key, "%d:%" PRIu64 ":a", writer->number, writer->durable), STORE_ANY, NULL, &pinned,
                  &err) != STATOR_OK)
        die("reads do not go on", err.message);
    if (!bytes_present(pinned.value))
        die("reads do not go on", "an acknowledged item is absent");
    store_release(&pinned);
}

static void run_writers(struct run *run)
{
    struct writer writers[THREADS];
    pthread_t threads[THREADS];

    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){.run = run, .number = i, .written = newest_of(run->store, i)};
        writers[i].durable = 0;
        if (pthread_create(&threads[i], NULL, write_batches, &writers[i]) != 0)
            abort();
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        read_back(run, &writers[i]);
}

/* Exit status 3 when a write was refused: the text is on stderr, reads went on, the store was closed. */
static int main_write(const char *dir, const char *mode, uint64_t batches)
{
    struct run run = {
        .store = open_store(dir, durability_of(mode)), .batches = batches, .text_lock = PTHREAD_MUTEX_INITIALIZER};
    struct stator_error err = {0};

    if (durability_start(&run.durability, run.store, durability_of(mode), &err) != STATOR_OK)
        die("start", err.message);
    run_writers(&run);
    durability_stop(run.durability);
    if (atomic_load(&run.refused))
        fprintf(stderr, "refused (%s): %s\n", store_read_only(run.store) ? "read-only" : "for now", run.text);
    store_close(run.store);
    return atomic_load(&run.refused) ? 3 : 0;
}

/* Fills the disk; then frees the ballast file beside the store and writes again. Exit status 0: refused, read, accepted
 * again. 4: refused and read-only. */
static int main_fill(const char *dir, const char *ballast)
{
    struct run run = {
        .store = open_store(dir, STORE_FULL), .batches = UINT64_MAX / 2, .text_lock = PTHREAD_MUTEX_INITIALIZER};
    struct stator_error err = {0};
    bool read_only;

    if (durability_start(&run.durability, run.store, STORE_FULL, &err) != STATOR_OK)
        die("start", err.message);
    run_writers(&run);
    read_only = store_read_only(run.store);
    fprintf(stderr, "refused (%s): %s\n", read_only ? "read-only" : "for now", run.text);
    if (unlink(ballast) != 0)
        die("unlink", ballast);
    run.batches = 10;
    atomic_store(&run.refused, false);
    run_writers(&run);
    durability_stop(run.durability);
    store_close(run.store);
    if (read_only)
        return 4;
    if (atomic_load(&run.refused))
        die("still refused with free space", run.text);
    return 0;
}

static void check_part(struct store *store, int thread, uint64_t n, char part, bool expected)
{
    char key[TEXT_MAX];
    struct bytes name = text_of(key, "%d:%" PRIu64 ":%c", thread, n, part);
    struct store_pinned pinned;
    struct stator_error err = {0};

    if (store_get(store, shard_of(n, part), name, STORE_ANY, NULL, &pinned, &err) != STATOR_OK)
        die("read", err.message);
    if (bytes_present(pinned.value) != expected)
        die(expected ? "half a batch: missing" : "half a batch: there", key);
    store_release(&pinned);
}

static int64_t counter_of(struct store *store, struct bytes key)
{
    struct stator_error err = {0};
    int64_t value;

    if (store_counter(store, key, &value, &err) != STATOR_OK)
        die("counter", err.message);
    return value;
}

static int main_check(const char *dir, const char *mode)
{
    struct store *store = open_store(dir, durability_of(mode));
    uint64_t acknowledged[THREADS] = {0}, sum = 0, n;
    char key[TEXT_MAX];
    int thread;

    while (scanf("%d %" SCNu64, &thread, &n) == 2) {
        if (thread >= 0 && thread < THREADS && n > acknowledged[thread])
            acknowledged[thread] = n;
    }
    for (thread = 0; thread < THREADS; thread++) {
        uint64_t newest = newest_of(store, thread);

        if (newest < acknowledged[thread] && durability_of(mode) != STORE_NONE) {
            fprintf(stderr, "thread %d: batch %" PRIu64 " was acknowledged, the newest there is %" PRIu64 "\n", thread,
                    acknowledged[thread], newest);
            return 1;
        }
        for (n = newest > 2 * KEPT ? newest - 2 * KEPT : 1; n <= newest + 20; n++) {
            bool expected = n <= newest && n + KEPT > newest;

            check_part(store, thread, n, 'a', expected);
            check_part(store, thread, n, 'b', expected);
        }
        if (counter_of(store, text_of(key, "%d", thread)) != (int64_t)newest)
            die("half a batch: counter", key);
        sum += newest;
    }
    if (counter_of(store, BYTES("all")) != (int64_t)sum)
        die("half a batch", "the counter of all");
    printf("%" PRIu64 "\n", sum);
    store_close(store);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc >= 4 && strcmp(argv[1], "write") == 0)
        return main_write(argv[2], argv[3], argc > 4 ? strtoull(argv[4], NULL, 10) : UINT64_MAX / 2);
    if (argc == 4 && strcmp(argv[1], "check") == 0)
        return main_check(argv[2], argv[3]);
    if (argc == 4 && strcmp(argv[1], "fill") == 0)
        return main_fill(argv[2], argv[3]);
    fprintf(stderr, "store_crash write|check <dir> <full|process|none>, store_crash fill <dir> <ballast>\n");
    return 2;
}
