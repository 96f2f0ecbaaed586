/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "store/store.h"
#include "unit/server/store/temporary.h"

#define SHARD STORE_SHARD(1)
#define NONE  ((struct bytes){0})

struct fixture {
    char dir[64];
    struct store_options options;
    struct store *store;
    struct store_batch *batch;
};

static void open_it(struct fixture *f)
{
    struct stator_error err = {0};

    if (store_open(&f->store, &f->options, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    f->batch = store_batch_new(f->store);
    assert_non_null(f->batch);
}

static void close_it(struct fixture *f)
{
    store_batch_free(f->batch);
    store_close(f->store);
}

static void reopen(struct fixture *f)
{
    close_it(f);
    open_it(f);
}

static int on_disk(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    temporary_make(f->dir);
    f->options = (struct store_options){.dir = f->dir, .shards = 2};
    open_it(f);
    *state = f;
    return 0;
}

static int in_memory(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    f->options = (struct store_options){.shards = 2};
    open_it(f);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    close_it(f);
    if (f->options.dir != NULL)
        temporary_remove(f->dir);
    free(f);
    return 0;
}

static void commit(struct fixture *f)
{
    struct stator_error err = {0};

    if (store_write(f->store, f->batch, true, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    store_batch_clear(f->batch);
}

static void put(struct fixture *f, const char *key, const char *value)
{
    store_batch_put(f->batch, SHARD, bytes_of_string(key), bytes_of_string(value));
    commit(f);
}

/* expected NULL: absent. */
static void assert_value(struct fixture *f, uint32_t family, const char *key, const struct store_snapshot *snapshot,
                         const char *expected)
{
    bool empty = expected != NULL && expected[0] == '\0';

    for (int tier = f->options.dir != NULL && empty ? STORE_ANY : STORE_CACHED; tier <= STORE_ANY; tier++) {
        struct store_pinned pinned;

        assert_int_equal(
            store_get(f->store, family, bytes_of_string(key), (enum store_tier)tier, snapshot, &pinned, NULL),
            STATOR_OK);
        if (expected == NULL)
            assert_false(bytes_present(pinned.value));
        else
            assert_bytes_are(pinned.value, expected);
        store_release(&pinned);
    }
}

static int64_t counter(struct fixture *f, const char *key)
{
    int64_t value = -1;

    assert_int_equal(store_counter(f->store, bytes_of_string(key), &value, NULL), STATOR_OK);
    return value;
}

static void a_batch_is_seen_whole(void **state)
{
    struct fixture *f = *state;

    store_batch_put(f->batch, STORE_CATALOG, BYTES("table"), BYTES("t"));
    store_batch_put(f->batch, STORE_SHARD(0), BYTES("k"), BYTES("zero"));
    store_batch_put(f->batch, SHARD, BYTES("k"), BYTES("one"));
    store_batch_put(f->batch, SHARD, BYTES("empty"), BYTES(""));
    store_batch_put(f->batch, SHARD, BYTES("gone"), BYTES("x"));
    store_batch_delete(f->batch, SHARD, BYTES("gone"));
    store_batch_add(f->batch, BYTES("n"), 5);
    assert_value(f, SHARD, "k", NULL, NULL);
    commit(f);
    assert_value(f, STORE_CATALOG, "table", NULL, "t");
    assert_value(f, STORE_SHARD(0), "k", NULL, "zero");
    assert_value(f, SHARD, "k", NULL, "one");
    assert_value(f, SHARD, "empty", NULL, "");
    assert_value(f, SHARD, "gone", NULL, NULL);
    assert_int_equal(counter(f, "n"), 5);
    assert_int_equal(store_sync(f->store, NULL), STATOR_OK);
    assert_false(store_read_only(f->store));
}

static void counters_are_sums(void **state)
{
    struct fixture *f = *state;
    static const int64_t deltas[] = {1, -3, INT64_MAX, INT64_MIN, 1000000, -1000000, 40};
    int64_t sum = 0;

    assert_int_equal(counter(f, "absent"), 0);
    for (int round = 0; round < 50; round++) {
        for (size_t i = 0; i < COUNT_OF(deltas); i++) {
            store_batch_add(f->batch, BYTES("sum"), deltas[i]);
            store_batch_add(f->batch, BYTES("other"), 1);
            sum = (int64_t)((uint64_t)sum + (uint64_t)deltas[i]);
        }
        commit(f);
    }
    assert_int_equal(counter(f, "sum"), sum);
    assert_int_equal(counter(f, "other"), 350);
    store_batch_delete(f->batch, STORE_COUNTERS, BYTES("sum"));
    store_batch_add(f->batch, BYTES("sum"), -7);
    commit(f);
    assert_int_equal(counter(f, "sum"), -7);
    if (f->options.dir != NULL) {
        reopen(f);
        assert_int_equal(counter(f, "sum"), -7);
        assert_int_equal(counter(f, "other"), 350);
    }
}

static void a_value_that_is_no_counter_is_damage(void **state)
{
    struct fixture *f = *state;
    struct stator_error err = {0};
    int64_t value;

    store_batch_put(f->batch, STORE_COUNTERS, BYTES("bad"), BYTES("abc"));
    commit(f);
    assert_int_equal(store_counter(f->store, BYTES("bad"), &value, &err), STATOR_INTERNAL_SERVER_ERROR);
    assert_non_null(strstr(err.message, "damaged"));
}

/* Collects the keys an iterator shows, joined by commas. */
static const char *walk(struct store_iterator *it, bool forward)
{
    static char keys[512];
    size_t len = 0;

    keys[0] = '\0';
    while (store_iterator_valid(it)) {
        struct bytes key = store_iterator_key(it);

        len += (size_t)snprintf(keys + len, sizeof(keys) - len, "%s%.*s", len > 0 ? "," : "", BYTES_ARG(key));
        if (forward)
            store_iterator_next(it);
        else
            store_iterator_previous(it);
    }
    assert_int_equal(store_iterator_status(it, NULL), STATOR_OK);
    return keys;
}

static void iterators_keep_their_bounds(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *lower, *upper; /* NULL: no bound */
        char seek;                 /* f first, l last, > seek, < seek back */
        const char *key, *keys;
    } cases[] = {
        {NULL, NULL, 'f', "", "a,b,ba,c,d"},
        {NULL, NULL, 'l', "", "d,c,ba,b,a"},
        {"b", "c", 'f', "", "b,ba"},
        {"b", "c", 'l', "", "ba,b"},
        {"b", "c", '>', "a", "b,ba"}, /* a seek before the lower bound starts at it */
        {"b", "c", '<', "z", "ba,b"}, /* one past the upper bound starts below it */
        {"b", "c", '<', "c", "ba,b"},
        {"b", "c", '>', "c", ""},
        {"b", "c", '<', "a", ""},
        {"bb", NULL, 'f', "", "c,d"},
        {NULL, "bb", 'l', "", "ba,b,a"},
        {NULL, NULL, '>', "b0", "ba,c,d"},
        {NULL, NULL, '<', "b0", "b,a"},
        {NULL, NULL, '<', "b", "b,a"},
        {NULL, NULL, '>', "", "a,b,ba,c,d"},
        {"x", NULL, 'f', "", ""},
        {"x", NULL, 'l', "", ""},
        {"c", "b", 'f', "", ""}, /* nothing lies between */
        {"c", "b", 'l', "", ""},
        {"c", "b", '>', "c", ""},
        {"c", "b", '<', "c", ""},
    };

    put(f, "a", "1"), put(f, "b", "2"), put(f, "ba", "3"), put(f, "c", "4"), put(f, "d", "5");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char lower[8] = "", upper[8] = "";
        struct store_iterator *it;

        snprintf(lower, sizeof(lower), "%s", cases[i].lower != NULL ? cases[i].lower : "");
        snprintf(upper, sizeof(upper), "%s", cases[i].upper != NULL ? cases[i].upper : "");
        it = store_iterator_open(f->store, SHARD, cases[i].lower != NULL ? bytes_of_string(lower) : NONE,
                                 cases[i].upper != NULL ? bytes_of_string(upper) : NONE, NULL, STORE_ANY);
        memset(lower, 'Z', sizeof(lower)); /* the bounds were copied */
        memset(upper, 'Z', sizeof(upper));
        assert_false(store_iterator_valid(it));
        if (cases[i].seek == 'f')
            store_iterator_seek_first(it);
        else if (cases[i].seek == 'l')
            store_iterator_seek_last(it);
        else if (cases[i].seek == '>')
            store_iterator_seek(it, bytes_of_string(cases[i].key));
        else
            store_iterator_seek_back(it, bytes_of_string(cases[i].key));
        if (strcmp(walk(it, cases[i].seek == 'f' || cases[i].seek == '>'), cases[i].keys) != 0)
            fail_msg("case %zu", i);
        store_iterator_close(it);
    }
}

static void snapshots_stay(void **state)
{
    struct fixture *f = *state;
    struct store_snapshot *before;
    struct store_iterator *it;

    put(f, "a", "old");
    before = store_snapshot_take(f->store);
    put(f, "a", "new");
    put(f, "b", "new");
    assert_value(f, SHARD, "a", before, "old");
    assert_value(f, SHARD, "b", before, NULL);
    assert_value(f, SHARD, "a", NULL, "new");
    it = store_iterator_open(f->store, SHARD, NONE, NONE, before, STORE_ANY);
    store_iterator_seek_last(it);
    assert_true(store_iterator_valid(it));
    assert_bytes_are(store_iterator_key(it), "a");
    assert_bytes_are(store_iterator_value(it), "old");
    store_iterator_close(it);
    store_snapshot_drop(f->store, before);
    store_snapshot_drop(f->store, NULL);
}

static void ranges_are_deleted(void **state)
{
    struct fixture *f = *state;
    struct store_iterator *it;

    put(f, "a", "1"), put(f, "b", "2"), put(f, "c", "3"), put(f, "d", "4");
    store_batch_delete_range(f->batch, SHARD, BYTES("b"), BYTES("d"));
    store_batch_put(f->batch, SHARD, BYTES("e"), BYTES("5"));
    commit(f);
    for (int round = 0; round < 2; round++) {
        assert_value(f, SHARD, "a", NULL, "1");
        assert_value(f, SHARD, "b", NULL, NULL);
        assert_value(f, SHARD, "c", NULL, NULL);
        it = store_iterator_open(f->store, SHARD, BYTES("d"), NONE, NULL, STORE_ANY);
        store_iterator_seek_first(it);
        assert_string_equal(walk(it, true), "d,e");
        store_iterator_close(it);
        /* They do not look at what deletes ranges: one that does passes over files that it cannot read (read.c). */
        it = store_iterator_open(f->store, SHARD, BYTES("a"), NONE, NULL, STORE_ANY);
        store_iterator_seek_first(it);
        assert_string_equal(walk(it, true), "a,b,c,d,e");
        store_iterator_close(it);
        if (f->options.dir == NULL)
            break;
        reopen(f);
    }
}

static void sizes_include_memtables(void **state)
{
    struct fixture *f = *state;
    char value[1000];
    uint64_t all, half;

    memset(value, 'v', sizeof(value));
    assert_int_equal(store_approximate_bytes(f->store, SHARD, BYTES("a"), BYTES("z")), 0);
    for (int i = 0; i < 1000; i++) {
        char key[16];

        snprintf(key, sizeof(key), "k%03d", i);
        store_batch_put(f->batch, SHARD, bytes_of(key, 4), bytes_of(value, sizeof(value)));
    }
    commit(f);
    all = store_approximate_bytes(f->store, SHARD, BYTES("k"), BYTES("l"));
    half = store_approximate_bytes(f->store, SHARD, BYTES("k"), BYTES("k500"));
    assert_in_range(all, 1000000, 1100000);
    assert_in_range(half, 500000, 550000);
    assert_int_equal(store_approximate_bytes(f->store, SHARD, BYTES("l"), BYTES("k")), 0);
}

static void a_big_batch_gives_its_memory_back(void **state)
{
    struct fixture *f = *state;
    struct store_pinned pinned;
    const size_t len = (size_t)400 << 10;
    char *value = malloc(len);

    memset(value, 'b', len);
    for (int i = 0; i < 25; i++) {
        uint8_t key = (uint8_t)i;

        store_batch_put(f->batch, SHARD, bytes_of(&key, 1), bytes_of(value, len));
    }
    commit(f);
    put(f, "small", "s");
    assert_int_equal(store_get(f->store, SHARD, BYTES("\x18"), STORE_ANY, NULL, &pinned, NULL), STATOR_OK);
    assert_int_equal(pinned.value.len, len);
    assert_memory_equal(pinned.value.at, value, len);
    store_release(&pinned);
    assert_value(f, SHARD, "small", NULL, "s");
    free(value);
}

#define LARGE_BYTES ((size_t)8 << 20)

struct large {
    struct store *store;
    atomic_bool over;
};

static void *write_large_batches(void *context)
{
    struct large *large = context;
    char *value = calloc(1, LARGE_BYTES);

    while (!atomic_load(&large->over)) {
        struct store_batch *batch = store_batch_new(large->store);

        store_batch_put(batch, SHARD, BYTES("large"), bytes_of(value, LARGE_BYTES));
        assert_int_equal(store_write(large->store, batch, true, NULL), STATOR_OK);
        store_batch_free(batch);
        usleep(1000);
    }
    free(value);
    return NULL;
}

/* Who may not wait writes between large writes, never behind one. */
static void the_hasty_keep_out_of_a_large_writes_way(void **state)
{
    struct fixture f = {.options = {.shards = 2, .memtable_bytes = (size_t)1 << 30}};
    char *value = calloc(1, STORE_LARGE_BYTES);
    int stored = 0, refused = 0;
    struct store_stats stats;
    struct large large;
    pthread_t thread;

    (void)state;
    open_it(&f);
    large = (struct large){.store = f.store};
    assert_int_equal(pthread_create(&thread, NULL, write_large_batches, &large), 0);
    while (stored == 0 || refused == 0) {
        enum stator_rc rc;

        store_batch_put(f.batch, SHARD, BYTES("small"), BYTES("s"));
        rc = store_write(f.store, f.batch, false, NULL);
        stored += rc == STATOR_OK;
        refused += rc == STATOR_AGAIN;
        store_batch_clear(f.batch);
    }
    atomic_store(&large.over, true);
    pthread_join(thread, NULL);
    store_stats(f.store, &stats);
    assert_int_equal(stats.stalls, 0);
    store_batch_put(f.batch, SHARD, BYTES("own"), bytes_of(value, STORE_LARGE_BYTES));
    assert_int_equal(store_write(f.store, f.batch, false, NULL), STATOR_AGAIN);
    store_batch_clear(f.batch);
    assert_value(&f, SHARD, "own", NULL, NULL);
    close_it(&f);
    free(value);
}

static void a_restart_finds_everything(void **state)
{
    struct fixture *f = *state;

    for (int round = 0; round < 3; round++) {
        char key[32];

        snprintf(key, sizeof(key), "round%d", round);
        put(f, key, "kept");
        store_batch_add(f->batch, BYTES("rounds"), 1);
        commit(f);
        reopen(f);
        assert_int_equal(counter(f, "rounds"), round + 1);
    }
    assert_value(f, SHARD, "round0", NULL, "kept");
    assert_value(f, SHARD, "round2", NULL, "kept");
}

/* Whether both keys that are left, in the one direction or the other, are reached by such an iterator. */
static enum stator_rc pass_over(struct fixture *f, bool back, enum store_tier tier, uint32_t passed_max)
{
    struct store_iterator *it = store_iterator_open_brief(f->store, SHARD, NONE, NONE, NULL, tier, passed_max);
    struct stator_error err = {0};
    enum stator_rc rc;
    int found = 0;

    assert_non_null(it);
    for (back ? store_iterator_seek_last(it) : store_iterator_seek_first(it); store_iterator_valid(it); found++)
        back ? store_iterator_previous(it) : store_iterator_next(it);
    rc = store_iterator_status(it, &err);
    store_iterator_close(it);
    assert_int_equal(found, rc == STATOR_OK ? 2 : 1);
    return rc;
}

/* A move past many deleted keys takes its time, and who has none is told so. */
static void much_is_deleted(void **state)
{
    struct fixture *f = *state;

    for (int i = 0; i < 300; i++) {
        char key[16];

        snprintf(key, sizeof(key), "k%03d", i);
        put(f, key, "");
        if (i != 0 && i != 299)
            store_batch_delete(f->batch, SHARD, bytes_of_string(key));
        commit(f);
    }
    for (int back = 0; back < 2; back++) {
        assert_int_equal(pass_over(f, back, STORE_ANY, 0), STATOR_OK);
        assert_int_equal(pass_over(f, back, STORE_ANY, 1000), STATOR_OK);
        assert_int_equal(pass_over(f, back, STORE_SCAN, 100), STATOR_AGAIN);
        assert_int_equal(pass_over(f, back, STORE_CACHED, STORE_PASSED_MAX), STATOR_AGAIN);
    }
}

int main(void)
{
#define BOTH(test)                                                                                                     \
    cmocka_unit_test_setup_teardown(test, on_disk, teardown), cmocka_unit_test_setup_teardown(test, in_memory, teardown)
    const struct CMUnitTest tests[] = {
        BOTH(a_batch_is_seen_whole),
        BOTH(counters_are_sums),
        BOTH(a_value_that_is_no_counter_is_damage),
        BOTH(iterators_keep_their_bounds),
        BOTH(snapshots_stay),
        BOTH(ranges_are_deleted),
        BOTH(much_is_deleted),
        BOTH(sizes_include_memtables),
        BOTH(a_big_batch_gives_its_memory_back),
        cmocka_unit_test(the_hasty_keep_out_of_a_large_writes_way),
        cmocka_unit_test_setup_teardown(a_restart_finds_everything, on_disk, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
