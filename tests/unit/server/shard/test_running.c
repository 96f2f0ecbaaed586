/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/running.h"

#include <pthread.h>

#include "unit/unit.h"

#define THREADS 4
#define ROUNDS  2000

static void one_of_a_kind(void **state)
{
    struct running *running = running_new();
    struct running_entry a = {.id = 7}, again = {.id = 7}, same_list = {.id = 7 + (1 << 20)}, other = {.id = 8};

    (void)state;
    assert_non_null(running);
    assert_false(running_has(running, 7));
    assert_true(running_enter(running, &a));
    assert_true(running_enter(running, &same_list));
    assert_true(running_enter(running, &other));
    assert_false(running_enter(running, &again));
    running_leave(running, &a);
    assert_false(running_has(running, 7));
    assert_true(running_has(running, same_list.id));
    assert_true(running_enter(running, &again));
    running_leave(running, &same_list);
    running_leave(running, &other);
    running_leave(running, &again);
    assert_false(running_has(running, 7));
    running_free(running);
    running_free(NULL);
}

struct race {
    struct running *running;
    int inside; /* guarded by the one entry */
    int entered;
};

static void *enter_and_leave(void *argument)
{
    struct race *race = argument;

    for (int i = 0; i < ROUNDS; i++) {
        struct running_entry entry = {.id = 42};

        if (!running_enter(race->running, &entry))
            continue;
        race->entered += ++race->inside == 1;
        race->inside--;
        running_leave(race->running, &entry);
    }
    return NULL;
}

/* Whoever has entered is alone; ThreadSanitizer looks on. */
static void alone_inside(void **state)
{
    struct race race = {.running = running_new()};
    pthread_t threads[THREADS];

    (void)state;
    assert_non_null(race.running);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, enter_and_leave, &race), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    assert_true(race.entered > 0);
    assert_int_equal(race.inside, 0);
    assert_false(running_has(race.running, 42));
    running_free(race.running);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_a_kind),
        cmocka_unit_test(alone_inside),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
