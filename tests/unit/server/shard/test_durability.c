/* SPDX-License-Identifier: Apache-2.0 */
/* Durability over a store of our own: a counter of what is logged and one of what is on disk. The functions below take the place
 * of the real ones when this program is linked. */
#include "unit/unit.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "shard/durability.h"

struct store {
    atomic_uint logged;  /* number of the newest record in the log */
    atomic_uint visible; /* number of the newest record that readers see */
    atomic_uint on_disk; /* records up to this one survive a power cut */
    atomic_int syncs;
    int fail_at; /* the number of the sync that fails, and all after it; 0: none */
    useconds_t sync_us;
};

enum stator_rc store_sync(struct store *store, struct stator_error *err)
{
    unsigned logged = atomic_load(&store->logged);
    int number = atomic_fetch_add(&store->syncs, 1) + 1;

    usleep(store->sync_us);
    if (store->fail_at != 0 && number >= store->fail_at)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "sync %d failed", number);
    atomic_store(&store->on_disk, logged);
    return STATOR_OK;
}

/* A write: into the log, then visible. Numbers are given under a lock, as an engine does. */
static unsigned write_record(struct store *store)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    unsigned number;

    pthread_mutex_lock(&lock);
    number = atomic_load(&store->logged) + 1;
    atomic_store(&store->logged, number);
    atomic_store_explicit(&store->visible, number, memory_order_release);
    pthread_mutex_unlock(&lock);
    return number;
}

/* A wait that knows which record must be on disk when it ends well. */
struct check {
    struct durable_wait wait;
    struct store *store;
    unsigned record;
    atomic_int ended;
    enum stator_rc rc;
};

static atomic_int violations;

static void check_done(struct durable_wait *wait, enum stator_rc rc)
{
    struct check *check = (struct check *)wait;

    if (rc == STATOR_OK && atomic_load(&check->store->on_disk) < check->record)
        atomic_fetch_add(&violations, 1);
    check->rc = rc;
    atomic_fetch_add(&check->ended, 1);
}

static void wait_for(struct check *check)
{
    while (atomic_load(&check->ended) == 0)
        usleep(50);
}

static struct durability *start(struct store *store, enum store_durability mode)
{
    struct durability *d;

    assert_int_equal(durability_start(&d, store, mode, NULL), STATOR_OK);
    return d;
}

/* What a reader of the mark's data waits for. */
static uint64_t epoch_seen(const struct durable_mark *mark, const struct durability *d)
{
    durable_seen_begin(0, NULL);
    durable_mark_look(mark, d);
    return durable_seen();
}

struct load {
    struct store *store;
    struct durability *durability;
    struct durable_mark mark;
    int rounds;
    atomic_int answers;
};

static void answer_when_durable(struct load *load, uint64_t epoch, unsigned record)
{
    struct check check = {
        .store = load->store, .record = record, .wait = {.epoch = epoch, .answers = 1, .done = check_done}};

    if (durability_reached(load->durability, epoch)) {
        check_done(&check.wait, STATOR_OK);
    } else {
        durability_await(load->durability, &check.wait);
        wait_for(&check);
    }
    if (check.rc == STATOR_OK)
        atomic_fetch_add(&load->answers, 1);
}

static void *write_often(void *argument)
{
    struct load *load = argument;

    for (int i = 0; i < load->rounds; i++) {
        unsigned record;

        durable_mark_begin(&load->mark);
        record = write_record(load->store);
        answer_when_durable(load, durable_mark_end(&load->mark, load->durability), record);
    }
    return NULL;
}

static void *read_often(void *argument)
{
    struct load *load = argument;

    for (int i = 0; i < load->rounds; i++) {
        unsigned seen = atomic_load_explicit(&load->store->visible, memory_order_acquire);

        answer_when_durable(load, epoch_seen(&load->mark, load->durability), seen);
    }
    return NULL;
}

/* Nobody is answered before what the answer rests on is on disk, and one sync serves many. */
static void answers_rest_on_the_disk(void **state)
{
    static const useconds_t delays_us[] = {0, 300, 3000};

    (void)state;
    for (size_t d = 0; d < COUNT_OF(delays_us); d++) {
        struct store store = {.sync_us = delays_us[d]};
        struct load load = {.store = &store, .rounds = delays_us[d] == 3000 ? 40 : 300};
        pthread_t threads[8];
        int answers = (int)COUNT_OF(threads) * load.rounds;
        struct durability_stats stats;

        load.durability = start(&store, STORE_FULL);
        for (size_t i = 0; i < COUNT_OF(threads); i++)
            assert_int_equal(pthread_create(&threads[i], NULL, i % 2 == 0 ? write_often : read_often, &load), 0);
        for (size_t i = 0; i < COUNT_OF(threads); i++)
            pthread_join(threads[i], NULL);
        durability_stats(load.durability, &stats);
        assert_int_equal(histogram_total(&stats.times), atomic_load(&store.syncs));
        assert_int_equal(histogram_total(&stats.groups), atomic_load(&store.syncs));
        assert_true(stats.groups.sum >= histogram_total(&stats.groups) && stats.groups.sum <= (uint64_t)answers);
        durability_stop(load.durability);
        assert_int_equal(atomic_load(&violations), 0);
        assert_int_equal(atomic_load(&load.answers), answers);
        assert_int_equal(atomic_load(&load.mark.in_flight), 0);
        if (delays_us[d] == 3000)
            assert_true(atomic_load(&store.syncs) < answers / 2);
    }
}

static void a_reader_waits_for_an_unfinished_write(void **state)
{
    struct store store = {.sync_us = 0};
    struct durability *d = start(&store, STORE_FULL);
    struct durable_mark mark = {0};
    uint64_t epoch;

    (void)state;
    assert_true(durability_reached(d, epoch_seen(&mark, d))); /* a cleared mark */
    durable_mark_begin(&mark);
    write_record(&store);
    epoch = epoch_seen(&mark, d);
    assert_false(durability_reached(d, epoch));
    assert_int_equal(durability_wait(d, epoch, NULL), STATOR_OK);
    assert_int_equal(atomic_load(&store.on_disk), 1);
    epoch = durable_mark_end(&mark, d);
    assert_int_equal(epoch_seen(&mark, d), epoch);
    assert_false(durability_reached(d, epoch));
    durability_stop(d);
    assert_int_equal(atomic_load(&store.on_disk), 1);
}

/* Of all that a thread looks at, the newest; what was not written is not waited for. */
static void what_is_seen_adds_up(void **state)
{
    struct store store = {.sync_us = 0};
    struct durability *d = start(&store, STORE_FULL);
    struct durable_mark first = {0}, second = {0}, third = {0};
    uint64_t epoch;

    (void)state;
    durable_mark_begin(&first);
    epoch = durable_mark_end(&first, d);
    assert_int_equal(durability_wait(d, epoch, NULL), STATOR_OK);
    durable_mark_begin(&second);
    assert_true(durable_mark_end(&second, d) > epoch);
    durable_mark_begin(&third);
    durable_mark_undo(&third);
    durable_seen_begin(0, NULL);
    durable_mark_look(&third, d);
    assert_int_equal(durable_seen(), 0);
    durable_mark_look(&first, d);
    assert_int_equal(durable_seen(), epoch);
    durable_mark_look(&second, d);
    durable_mark_look(&first, d);
    assert_true(durable_seen() > epoch);
    epoch = durable_seen();
    durable_seen_begin(epoch, NULL);
    assert_int_equal(durable_seen(), epoch);
    durability_stop(d);
}

static void a_failed_sync_ends_all_waits_for_ever(void **state)
{
    struct store store = {.sync_us = 2000, .fail_at = 2};
    struct durability *d = start(&store, STORE_FULL);
    struct check checks[20];
    struct durable_mark mark = {0};
    struct stator_error err = {0};
    uint64_t old, lost;
    int syncs;

    (void)state;
    durable_mark_begin(&mark);
    write_record(&store);
    old = durable_mark_end(&mark, d);
    assert_int_equal(durability_wait(d, old, &err), STATOR_OK);
    assert_int_equal(durability_failure(d, &err), STATOR_OK);
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        checks[i] = (struct check){.store = &store, .wait = {.answers = 1, .done = check_done}};
        durable_mark_begin(&mark);
        checks[i].record = write_record(&store);
        checks[i].wait.epoch = durable_mark_end(&mark, d);
        durability_await(d, &checks[i].wait);
    }
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        wait_for(&checks[i]);
        assert_int_equal(checks[i].rc, STATOR_INTERNAL_SERVER_ERROR);
        assert_int_equal(atomic_load(&checks[i].ended), 1);
    }
    syncs = atomic_load(&store.syncs);
    assert_int_equal(durability_wait(d, epoch_seen(&mark, d), &err), STATOR_INTERNAL_SERVER_ERROR);
    assert_string_equal(err.message, "sync 2 failed");
    assert_int_equal(durability_failure(d, &err), STATOR_INTERNAL_SERVER_ERROR);
    checks[0].wait.epoch = epoch_seen(&mark, d);
    atomic_store(&checks[0].ended, 0);
    durability_await(d, &checks[0].wait);
    wait_for(&checks[0]);
    assert_int_equal(checks[0].rc, STATOR_INTERNAL_SERVER_ERROR);
    lost = epoch_seen(&mark, d);
    durable_seen_begin(0, d);
    durable_mark_look(&mark, d); /* who reads what was on the disk waits for nothing */
    assert_int_equal(durable_seen(), 0);
    assert_true(durable_shows(old) && !durable_shows(lost));
    durable_seen_begin(0, NULL);
    assert_true(durable_shows(UINT64_MAX));
    assert_true(durability_reached(d, old)); /* what was on disk is still fine to read */
    assert_int_equal(atomic_load(&store.syncs), syncs);
    durability_stop(d);
}

static void tells_how_long_a_sync_has_lasted(void **state)
{
    struct store store = {.sync_us = 300000};
    struct durability *d = start(&store, STORE_FULL);
    struct check check = {.store = &store, .wait = {.answers = 1, .done = check_done}};
    struct durable_mark mark = {0};
    uint64_t longest = 0;

    (void)state;
    assert_int_equal(durability_sync_ns(d), 0);
    durable_mark_begin(&mark);
    check.record = write_record(&store);
    check.wait.epoch = durable_mark_end(&mark, d);
    durability_await(d, &check.wait);
    while (atomic_load(&check.ended) == 0) {
        uint64_t now = durability_sync_ns(d);

        longest = now > longest ? now : longest;
        usleep(1000);
    }
    assert_in_range(longest, 200000000, 30000000000);
    assert_int_equal(durability_sync_ns(d), 0);
    durability_stop(d);
}

static void stop_ends_what_waits(void **state)
{
    struct store store = {.sync_us = 5000};
    struct durability *d = start(&store, STORE_FULL);
    struct check checks[50];
    struct durable_mark mark = {0};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        checks[i] = (struct check){.store = &store, .wait = {.answers = 1, .done = check_done}};
        durable_mark_begin(&mark);
        checks[i].record = write_record(&store);
        checks[i].wait.epoch = durable_mark_end(&mark, d);
        durability_await(d, &checks[i].wait);
    }
    write_record(&store); /* nobody waits for this one */
    durability_stop(d);
    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        assert_int_equal(atomic_load(&checks[i].ended), 1);
        assert_int_equal(checks[i].rc, STATOR_OK);
    }
    assert_int_equal(atomic_load(&store.on_disk), COUNT_OF(checks) + 1);
    assert_int_equal(atomic_load(&violations), 0);
}

/* Each is one of a thousand as far as the syncer knows, and the others never come. */
static void nobody_waits_for_company_that_does_not_come(void **state)
{
    struct store store = {.sync_us = 100};
    struct durability *d = start(&store, STORE_FULL);
    struct durable_mark mark = {0};

    (void)state;
    for (int i = 0; i < 20; i++) {
        struct check check = {.store = &store, .wait = {.answers = 1000, .done = check_done}};

        durable_mark_begin(&mark);
        check.record = write_record(&store);
        check.wait.epoch = durable_mark_end(&mark, d);
        durability_await(d, &check.wait);
        wait_for(&check);
        assert_int_equal(check.rc, STATOR_OK);
        durable_mark_begin(&mark);
        check.record = write_record(&store);
        assert_int_equal(durability_wait(d, durable_mark_end(&mark, d), NULL), STATOR_OK);
        assert_true(atomic_load(&store.on_disk) >= check.record);
    }
    durability_stop(d);
    assert_int_equal(atomic_load(&violations), 0);
}

static void without_sync_every_epoch_is_reached(void **state)
{
    static const enum store_durability modes[] = {STORE_PROCESS, STORE_NONE};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        struct store store = {.sync_us = 0};
        struct durability *d = start(&store, modes[i]);
        struct durable_mark mark = {0};
        struct check check = {.store = &store, .wait = {.answers = 1, .done = check_done}};

        durable_mark_begin(&mark);
        assert_true(durability_reached(d, epoch_seen(&mark, d)));
        assert_true(durability_reached(d, durable_mark_end(&mark, d)));
        assert_int_equal(durability_wait(d, 1, NULL), STATOR_OK);
        durability_await(d, &check.wait);
        assert_int_equal(atomic_load(&check.ended), 1);
        assert_int_equal(atomic_load(&store.syncs), 0);
        durability_stop(d);
    }
    durability_stop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_rest_on_the_disk),
        cmocka_unit_test(a_reader_waits_for_an_unfinished_write),
        cmocka_unit_test(what_is_seen_adds_up),
        cmocka_unit_test(a_failed_sync_ends_all_waits_for_ever),
        cmocka_unit_test(tells_how_long_a_sync_has_lasted),
        cmocka_unit_test(stop_ends_what_waits),
        cmocka_unit_test(nobody_waits_for_company_that_does_not_come),
        cmocka_unit_test(without_sync_every_epoch_is_reached),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
