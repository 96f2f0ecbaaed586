/* SPDX-License-Identifier: Apache-2.0 */
/* Who waits for the log's file: a write that may not wait never does, whatever another thread does there. This file's write
 * and fdatasync are the engine's; while a gate is shut they stop there. */
#include "unit/unit.h"

#include <pthread.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "store/log_ahead.h"
#include "store/nowait.h"
#include "store/store.h"
#include "unit/server/store/temporary.h"

#define SHARD      STORE_SHARD(0)
#define LONG_BYTES ((size_t)512 << 10)

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool shut, reached;
};

#define GATE                                                                                                           \
    {                                                                                                                  \
        PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false                                              \
    }
static struct gate write_gate = GATE, sync_gate = GATE;

static void pass(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    gate->reached = gate->shut;
    pthread_cond_broadcast(&gate->changed);
    while (gate->shut)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

static void set_shut(struct gate *gate, bool shut)
{
    pthread_mutex_lock(&gate->lock);
    gate->shut = shut;
    gate->reached = false;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

static void await_somebody(struct gate *gate)
{
    pthread_mutex_lock(&gate->lock);
    while (!gate->reached)
        pthread_cond_wait(&gate->changed, &gate->lock);
    pthread_mutex_unlock(&gate->lock);
}

ssize_t write(int fd, const void *data, size_t len)
{
    if (fd > STDERR_FILENO)
        pass(&write_gate);
    return syscall(SYS_write, fd, data, len);
}

int fdatasync(int fd)
{
    pass(&sync_gate);
    return (int)syscall(SYS_fdatasync, fd);
}

static enum stator_rc put(struct store *store, size_t len, bool may_wait)
{
    struct store_batch *batch = store_batch_new(store);
    uint8_t *value = malloc(len);
    enum stator_rc rc;

    memset(value, 'v', len);
    store_batch_put(batch, SHARD, BYTES("key"), (struct bytes){value, len});
    rc = store_write(store, batch, may_wait, NULL);
    store_batch_free(batch);
    free(value);
    return rc;
}

static void *sync_it(void *store)
{
    assert_int_equal(store_sync(store, NULL), STATOR_OK);
    return NULL;
}

static void *put_long(void *store)
{
    assert_int_equal(put(store, LONG_BYTES, true), STATOR_OK);
    return NULL;
}

/* Fills the log's buffer, so that it goes to the file. */
static void *put_many(void *store)
{
    for (int i = 0; i < 10; i++)
        assert_int_equal(put(store, LONG_BYTES / 4, true), STATOR_OK);
    return NULL;
}

static struct store *open_it(const char *dir, enum store_durability durability)
{
    struct stator_error err = {0};
    struct store *store;

    if (store_open(&store, &(struct store_options){.dir = dir, .durability = durability}, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    return store;
}

/* Another thread is at `gate`: a write that may not wait says so instead, or is done. */
static void check_beside(struct store *store, struct gate *gate, void *(*other)(void *store), enum stator_rc expected)
{
    pthread_t thread;

    set_shut(gate, true);
    assert_int_equal(pthread_create(&thread, NULL, other, store), 0);
    await_somebody(gate);
    assert_int_equal(put(store, 10, false), expected);
    set_shut(gate, false);
    pthread_join(thread, NULL);
    assert_int_equal(put(store, 10, false), STATOR_OK);
}

static void test_beside_others(void **state)
{
    char dir[64];
    struct store *store;

    (void)state;
    temporary_make(dir);
    store = open_it(dir, STORE_FULL);
    assert_int_equal(put(store, 10, false), STATOR_OK);
    if (log_ahead_sees_sync()) { /* else this file's write is not the engine's */
        check_beside(store, &write_gate, sync_it, STATOR_AGAIN);
        check_beside(store, &write_gate, put_long, STATOR_AGAIN);
        check_beside(store, &write_gate, put_many, STATOR_AGAIN);
        assert_int_equal(put(store, 10, false), STATOR_OK);
        check_beside(store, &sync_gate, sync_it, STATOR_OK); /* writers go on while the disk works */
    }
    store_close(store);
    temporary_remove(dir);
}

/* What writes the log's file itself, or would keep others waiting, is for those that may wait. */
static void test_long(void **state)
{
    char dir[64];
    struct store *store;
    int taken = 0;

    (void)state;
    temporary_make(dir);
    store = open_it(dir, STORE_FULL);
    assert_int_equal(put(store, LONG_BYTES, false), STATOR_AGAIN);
    while (put(store, 1000, false) == STATOR_OK)
        taken++;
    assert_in_range(taken, 500, 1100); /* a megabyte */
    assert_int_equal(put(store, 1000, true), STATOR_OK);
    assert_int_equal(put(store, 1000, false), STATOR_OK);
    store_close(store);
    temporary_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_beside_others),
        cmocka_unit_test(test_long),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
