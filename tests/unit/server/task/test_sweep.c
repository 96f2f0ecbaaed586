/* SPDX-License-Identifier: Apache-2.0 */
/* Time to live over a store that fails for a while, or at one item, with a clock that the test moves. */
#include "task/sweep.h"

#include "clock/clock.h"
#include "plan/index.h"
#include "unit/server/database.h"
#include "unit/server/store/wrapped.h"
#include "unit/server/tables.h"
#include "unit/unit.h"

#define ITEMS       40
#define FULL_MS     60000 /* the disk is full for so long */
#define SOON_MS     15000 /* "soon": what is past its time has gone so long after it can be deleted */
#define LAG_S       5     /* of a pass that has nothing to wait for */
#define INTERVAL_MS 1000
#define SINCE_1970  ((uint64_t)1800000000000)

static uint64_t now_ms = 1; /* monotonic */
static bool full;

/* The test's own clock: the program has no other. */
uint64_t clock_monotonic_ms(void)
{
    return now_ms;
}

uint64_t clock_ms(void)
{
    return SINCE_1970 + now_ms;
}

uint64_t clock_flow_ns(void)
{
    return now_ms * 1000000;
}

enum stator_rc clock_follow(const char *path, struct stator_error *err)
{
    (void)path, (void)err;
    return STATOR_OK;
}

enum stator_rc __wrap_store_write(struct store *store, struct store_batch *batch, bool may_wait,
                                  struct stator_error *err)
{
    return full ? stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "as the test wants")
                : __real_store_write(store, batch, may_wait, err);
}

struct fixture {
    struct database db;
    struct arena arena;
    struct table *table;
    struct sweeps sweeps;
};

static void set_up(struct fixture *f)
{
    arena_init(&f->arena, 1 << 28);
    database_open(&f->db, NULL, STORE_NONE);
    f->table = table_of("pk:S | ttl exp", &f->arena);
    full = false;
    f->sweeps = (struct sweeps){.interval_ms = INTERVAL_MS};
}

static void tear_down(struct fixture *f)
{
    sweeps_deinit(&f->sweeps);
    table_release(f->table);
    database_close(&f->db);
    arena_deinit(&f->arena);
}

static uint64_t now_s(void)
{
    return clock_ms() / 1000;
}

static void put(struct fixture *f, int i, uint64_t ends_s)
{
    char text[128];

    snprintf(text, sizeof(text), "{\"pk\":{\"S\":\"%d\"},\"exp\":{\"N\":\"%llu\"}}", i, (unsigned long long)ends_s);
    database_put(&f->db, f->table, text);
}

static uint64_t lag_s(const struct fixture *f)
{
    return now_s() - atomic_load(&f->table->state->ttl_done_s);
}

/* The task thread's for so long: a step whenever one is due. Returns how many there were. */
static size_t run_for(struct fixture *f, uint64_t ms)
{
    const uint64_t until_ms = now_ms + ms;
    size_t steps = 0;

    for (; now_ms < until_ms; steps++) {
        uint64_t wait_ms = sweeps_step(&f->sweeps, &f->db, f->table);

        now_ms += wait_ms != 0 ? wait_ms : 1;
    }
    return steps;
}

/* What could not be deleted is looked at as soon as it can be, however long the pass was that failed. */
static void a_full_disk_is_waited_for(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    run_for(&f, 2 * INTERVAL_MS);
    for (int i = 0; i < ITEMS; i++)
        put(&f, i, now_s() + 5);
    full = true;
    run_for(&f, FULL_MS);
    assert_int_equal(database_items(&f.db, f.table), ITEMS);
    assert_true(lag_s(&f) >= FULL_MS / 1000 - 6);
    full = false;
    run_for(&f, SOON_MS);
    assert_int_equal(database_items(&f.db, f.table), 0);
    assert_true(lag_s(&f) <= LAG_S);
    database_audit(&f.db, f.table);
    tear_down(&f);
}

/* The same with items that were past their time before the first pass, which is a whole one. */
static void a_full_disk_at_the_start_is_waited_for(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    for (int i = 0; i < ITEMS; i++)
        put(&f, i, now_s() - 100);
    full = true;
    run_for(&f, FULL_MS);
    assert_true(lag_s(&f) >= 100);
    full = false;
    run_for(&f, SOON_MS);
    assert_int_equal(database_items(&f.db, f.table), 0);
    assert_true(lag_s(&f) <= LAG_S);
    tear_down(&f);
}

/* What is past its time when it is written is none of what has ended since the last pass: a whole one finds it. */
static void what_is_written_too_late_ends(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    run_for(&f, 5 * INTERVAL_MS);
    for (int i = 0; i < ITEMS; i++)
        put(&f, i, now_s() - 100 - (uint64_t)i);
    run_for(&f, SOON_MS);
    assert_int_equal(database_items(&f.db, f.table), 0);
    database_audit(&f.db, f.table);
    tear_down(&f);
}

static void store_item(struct fixture *f, int i, struct bytes value)
{
    struct store_batch *batch = store_batch_new(f->db.store);
    struct location where;
    struct item item;
    char text[64];
    struct buf key;

    buf_init(&key, 1024);
    snprintf(text, sizeof(text), "{\"pk\":{\"S\":\"%d\"}}", i);
    item = item_of(text, &f->arena);
    assert_true(index_key(&key, &where, &f->db.ring, f->table, &f->table->base, &item));
    if (bytes_present(value))
        store_batch_put(batch, STORE_SHARD(where.shard), buf_bytes(&key), value);
    else
        store_batch_delete(batch, STORE_SHARD(where.shard), buf_bytes(&key));
    assert_int_equal(__real_store_write(f->db.store, batch, true, NULL), STATOR_OK);
    store_batch_free(batch);
    buf_deinit(&key);
}

/* One that fails for good holds up no other, costs few steps, and is in the lag until somebody has mended it. */
static void a_damaged_item_is_told_of(void **state)
{
    struct fixture f;
    uint64_t lag;

    (void)state;
    set_up(&f);
    put(&f, 0, now_s() - 10);
    store_item(&f, 0, BYTES("damaged"));
    run_for(&f, FULL_MS);
    lag = lag_s(&f);
    assert_true(lag >= FULL_MS / 1000);
    for (int i = 1; i < ITEMS; i++)
        put(&f, i, now_s() + (uint64_t)i);
    assert_true(run_for(&f, 2 * FULL_MS) < 2 * FULL_MS / INTERVAL_MS * 2);
    assert_int_equal(atomic_load(&f.table->state->ttl_deleted), ITEMS - 1);
    assert_true(lag_s(&f) >= lag + 2 * FULL_MS / 1000 - 1);
    store_item(&f, 0, (struct bytes){NULL, 0});
    run_for(&f, SOON_MS);
    assert_true(lag_s(&f) <= LAG_S);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_disk_is_waited_for),
        cmocka_unit_test(a_full_disk_at_the_start_is_waited_for),
        cmocka_unit_test(what_is_written_too_late_ends),
        cmocka_unit_test(a_damaged_item_is_told_of),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
