/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shard/hash.h"
#include "shard/latch.h"

#define THREADS 4
#define ROUNDS  3000
#define HASHES  65536 /* 16 for each stripe */

struct shared {
    struct latch_table *table;
    unsigned counts[8]; /* each guarded by latch 100 + i */
    atomic_int phase;
};

static void many_are_sorted_and_taken_once(void **state)
{
    struct latch_table *table = latch_table_new();
    uint32_t latches[] = {7, 4095, 7, 0, 9, 0};
    static const uint32_t sorted[] = {0, 7, 9, 4095};
    size_t count;

    (void)state;
    assert_non_null(table);
    count = COUNT_OF(latches);
    latch_take_many(table, latches, &count);
    assert_int_equal(count, COUNT_OF(sorted));
    assert_memory_equal(latches, sorted, sizeof(sorted));
    latch_release_many(table, latches, count);
    count = 0;
    latch_take_many(table, latches, &count);
    assert_int_equal(count, 0);
    latch_barrier(table); /* nothing is held */
    assert_ptr_not_equal(latch_mark(table, 1), latch_mark(table, 2));
    assert_true(latch_of(table, UINT64_MAX) < LATCH_COUNT);
    latch_table_free(table);
    latch_table_free(NULL);
}

/* What a process of its own makes of the hashes of some keys. */
static void fill_by_a_process(uint32_t stripes[HASHES])
{
    pid_t child = fork();
    int status = -1;

    if (child == 0) {
        struct latch_table *table = latch_table_new();

        for (uint32_t i = 0; i < HASHES; i++)
            stripes[i] = latch_of(table, shard_hash(bytes_of(&i, sizeof(i))));
        latch_table_free(table);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Keys that share a stripe in one process do not all share one in the next. */
static void stripes_are_of_one_process(void **state)
{
    size_t bytes = HASHES * sizeof(uint32_t), sharing = 0, still = 0;
    uint32_t *stripes = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), *next;

    (void)state;
    assert_true(stripes != MAP_FAILED);
    next = stripes + HASHES;
    fill_by_a_process(stripes);
    fill_by_a_process(next);
    for (size_t i = 1; i < HASHES; i++) {
        sharing += stripes[i] == stripes[0];
        still += stripes[i] == stripes[0] && next[i] == next[0];
    }
    assert_true(sharing > 0);
    assert_true(still < sharing);
    munmap(stripes, 2 * bytes);
}

/* Nor do hashes of which any part is the same: these differ, once folded, in the upper 12 bits. */
static void no_part_of_a_hash_decides(void **state)
{
    struct latch_table *table = latch_table_new();

    (void)state;
    for (uint64_t i = 1; i < LATCH_COUNT; i++)
        assert_int_not_equal(latch_of(table, i << 52 | i << 20), latch_of(table, 0));
    latch_table_free(table);
}

static void *add_to_some(void *argument)
{
    struct shared *shared = argument;
    unsigned seed = (unsigned)(uintptr_t)pthread_self();

    for (int round = 0; round < ROUNDS; round++) {
        uint32_t latches[3];
        size_t count;

        for (int i = 0; i < 3; i++)
            latches[i] = 100 + (uint32_t)rand_r(&seed) % COUNT_OF(shared->counts);
        count = 3;
        latch_take_many(shared->table, latches, &count);
        for (size_t i = 0; i < count; i++)
            shared->counts[latches[i] - 100]++;
        latch_release_many(shared->table, latches, count);
        atomic_fetch_add(&shared->phase, (int)count);
    }
    return NULL;
}

static void threads_exclude_each_other_and_never_hang(void **state)
{
    struct shared shared = {.table = latch_table_new()};
    pthread_t threads[THREADS];
    unsigned sum = 0;

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, add_to_some, &shared), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < COUNT_OF(shared.counts); i++)
        sum += shared.counts[i];
    assert_int_equal(sum, atomic_load(&shared.phase));
    latch_table_free(shared.table);
}

static void *hold_for_a_while(void *argument)
{
    struct shared *shared = argument;

    latch_take(shared->table, 3);
    atomic_store(&shared->phase, 1);
    usleep(30000);
    atomic_store(&shared->phase, 2);
    latch_release(shared->table, 3);
    return NULL;
}

static void barrier_waits_for_a_holder(void **state)
{
    struct shared shared = {.table = latch_table_new()};
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, hold_for_a_while, &shared), 0);
    while (atomic_load(&shared.phase) == 0)
        usleep(100);
    latch_barrier(shared.table);
    assert_int_equal(atomic_load(&shared.phase), 2);
    pthread_join(thread, NULL);
    latch_table_free(shared.table);
}

/* Latches that are tried are taken all or none of them. */
static void tries(void **state)
{
    struct latch_table *table = latch_table_new();
    uint32_t latches[] = {5, 1, 9}, busy = 0;
    size_t count = COUNT_OF(latches);

    (void)state;
    latch_take(table, 5);
    assert_false(latch_try_many(table, latches, &count, &busy));
    assert_int_equal(busy, 5);
    latch_release(table, 5);
    latch_barrier(table); /* nothing is held */
    assert_true(latch_try_many(table, latches, &count, &busy));
    latch_release_many(table, latches, count);
    latch_barrier(table);
    latch_table_free(table);
}

struct parked {
    struct latch_wait wait;
    atomic_int done;
};

static void count_wakes(struct latch_wait *wait)
{
    struct parked *parked = (struct parked *)(void *)wait;

    atomic_fetch_add(&parked->done, 1);
}

static void those_who_are_parked_are_woken_once(void **state)
{
    struct latch_table *table = latch_table_new();
    struct parked parked[3] = {0};

    (void)state;
    for (int i = 0; i < 3; i++)
        parked[i].wait = (struct latch_wait){.latch = i == 2 ? 8 : 7, .wake = count_wakes};
    latch_park(table, &parked[0].wait); /* nobody holds it */
    assert_int_equal(parked[0].done, 1);
    latch_take(table, 7);
    latch_take(table, 8);
    for (int i = 0; i < 3; i++)
        latch_park(table, &parked[i].wait);
    assert_int_equal(parked[0].done, 1);
    latch_release(table, 7);
    assert_int_equal(parked[0].done, 2);
    assert_int_equal(parked[1].done, 1);
    assert_int_equal(parked[2].done, 0);
    latch_release(table, 8);
    assert_int_equal(parked[2].done, 1);
    latch_take(table, 7);
    latch_release(table, 7);
    assert_int_equal(parked[0].done, 2);
    latch_table_free(table);
}

/* Threads that try, and are parked until they may try again, as jobs are. */
static void *try_to_add(void *argument)
{
    struct shared *shared = argument;

    for (int round = 0; round < ROUNDS; round++) {
        uint32_t latches[] = {100, 101, 102}, busy;
        size_t count = COUNT_OF(latches);

        while (!latch_try_many(shared->table, latches, &count, &busy)) {
            struct parked parked = {.wait = {.latch = busy, .wake = count_wakes}};

            latch_park(shared->table, &parked.wait);
            while (atomic_load(&parked.done) == 0)
                usleep(10);
        }
        for (size_t i = 0; i < count; i++)
            shared->counts[latches[i] - 100]++;
        latch_release_many(shared->table, latches, count);
    }
    return NULL;
}

static void nobody_is_parked_for_ever(void **state)
{
    struct shared shared = {.table = latch_table_new()};
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, try_to_add, &shared), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(shared.counts[i], THREADS * ROUNDS);
    latch_table_free(shared.table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stripes_are_of_one_process),
        cmocka_unit_test(no_part_of_a_hash_decides),
        cmocka_unit_test(many_are_sorted_and_taken_once),
        cmocka_unit_test(threads_exclude_each_other_and_never_hang),
        cmocka_unit_test(barrier_waits_for_a_holder),
        cmocka_unit_test(tries),
        cmocka_unit_test(those_who_are_parked_are_woken_once),
        cmocka_unit_test(nobody_is_parked_for_ever),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
