/* SPDX-License-Identifier: Apache-2.0 */
/* The rounds of the thread that gives space back, with a clock that runs as often as it is looked at. */
#include "task/reclaim.h"

#include <stdatomic.h>
#include <unistd.h>

#include "catalog/catalog.h"
#include "clock/clock.h"
#include "unit/server/store/temporary.h"
#include "unit/unit.h"

#define TICK_MS    50
#define PATIENCE_S 10 /* real ones */

static _Atomic uint64_t now_ms = 1;

/* The test's own clock: the program has no other. */
uint64_t clock_monotonic_ms(void)
{
    return atomic_fetch_add(&now_ms, TICK_MS);
}

uint64_t clock_ms(void)
{
    return clock_monotonic_ms();
}

uint64_t clock_flow_ns(void)
{
    return clock_monotonic_ms() * 1000000;
}

enum stator_rc clock_follow(const char *path, struct stator_error *err)
{
    (void)path, (void)err;
    return STATOR_OK;
}

static atomic_bool full, writers; /* writers: the store's moment is another one each time */
static atomic_int looks, shortened;

bool __real_store_full(struct store *store);
bool __wrap_store_full(struct store *store);
uint64_t __real_store_moment(struct store *store);
uint64_t __wrap_store_moment(struct store *store);
bool __wrap_store_shorten_log(struct store *store);

bool __wrap_store_full(struct store *store)
{
    looks++;
    return full || __real_store_full(store);
}

uint64_t __wrap_store_moment(struct store *store)
{
    static atomic_int times;

    return writers ? UINT64_MAX - (uint64_t)times++ : __real_store_moment(store);
}

bool __wrap_store_shorten_log(struct store *store)
{
    (void)store;
    shortened++;
    return false;
}

static atomic_bool starved;
static _Atomic uint64_t starved_ms, revived_ms; /* when it was made so, and when that was ended */

bool __wrap_store_starved(const struct store *store);
bool __wrap_store_revive(struct store *store);

bool __wrap_store_starved(const struct store *store)
{
    (void)store;
    return starved;
}

bool __wrap_store_revive(struct store *store)
{
    (void)store;
    revived_ms = now_ms;
    starved = false;
    return true;
}

struct fixture {
    char dir[64];
    struct store *store;
    struct reclaim *reclaim;
};

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const struct store_options options = {.dir = temporary_make(f->dir), .shards = 2, .durability = STORE_FULL};

    if (store_open(&f->store, &options, NULL) != STATOR_OK)
        return -1;
    looks = shortened = 0;
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    full = writers = false;
    reclaim_stop(f->reclaim);
    store_close(f->store);
    temporary_remove(f->dir);
    free(f);
    return 0;
}

static bool has(struct fixture *f, uint32_t family, struct bytes key)
{
    struct store_pinned pinned;
    bool there;

    assert_int_equal(store_get(f->store, family, key, STORE_ANY, NULL, &pinned, NULL), STATOR_OK);
    there = bytes_present(pinned.value);
    store_release(&pinned);
    return there;
}

/* A range's deletion may go with a file that had it: what is noted is deleted again. And nobody else needs to sync before the
 * note is followed, though the store keeps what its last sync has covered for readers. */
static void what_is_noted_goes(void **state)
{
    const struct bytes erased = BYTES("\0\0\0\7key"), kept = BYTES("\0\0\0\10key");
    struct fixture *f = *state;
    struct store_batch *batch = store_batch_new(f->store);
    uint8_t note[CATALOG_ERASED_KEY_BYTES];

    for (uint32_t shard = 0; shard < 2; shard++) {
        store_batch_put(batch, STORE_SHARD(shard), erased, BYTES("value"));
        store_batch_put(batch, STORE_SHARD(shard), kept, BYTES("value"));
    }
    store_batch_put(batch, STORE_CATALOG, catalog_erased_key(note, 7), BYTES(""));
    assert_int_equal(store_write(f->store, batch, true, NULL), STATOR_OK);
    store_batch_free(batch);
    assert_int_equal(reclaim_start(&f->reclaim, f->store, NULL), STATOR_OK);
    for (int ms = 0; has(f, STORE_CATALOG, catalog_erased_key(note, 7)); ms++) {
        assert_true(ms < PATIENCE_S * 1000);
        usleep(1000);
    }
    for (uint32_t shard = 0; shard < 2; shard++) {
        assert_false(has(f, STORE_SHARD(shard), erased));
        assert_true(has(f, STORE_SHARD(shard), kept));
    }
}

static void await_looks(int count)
{
    looks = 0;
    for (int ms = 0; looks < count; ms++) {
        assert_true(ms < PATIENCE_S * 1000);
        usleep(1000);
    }
}

/* Also while somebody deletes all the time; on one that has room that can wait until nobody writes. */
static void a_full_disk_has_a_short_log(void **state)
{
    struct fixture *f = *state;

    writers = true;
    assert_int_equal(reclaim_start(&f->reclaim, f->store, NULL), STATOR_OK);
    await_looks(4);
    assert_int_equal(shortened, 0);
    full = true;
    await_looks(4);
    assert_int_not_equal(shortened, 0);
}

/* However long the thread would have rested: nobody could write meanwhile. */
static void a_stopped_store_is_looked_at_soon(void **state)
{
    struct fixture *f = *state;

    assert_int_equal(reclaim_start(&f->reclaim, f->store, NULL), STATOR_OK);
    await_looks(2);
    for (int times = 0; times < 20; times++) {
        starved_ms = now_ms;
        starved = true;
        for (int ms = 0; starved; ms++) {
            assert_true(ms < PATIENCE_S * 1000);
            usleep(1000);
        }
        assert_in_range(revived_ms, starved_ms, starved_ms + 1500);
        usleep(10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_is_noted_goes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_full_disk_has_a_short_log, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_stopped_store_is_looked_at_soon, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
