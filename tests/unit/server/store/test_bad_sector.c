/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that cannot read a part of a table file: that is damage, as a wrong checksum is. */
#include "store/store.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit/server/store/descriptor.h"
#include "unit/server/store/temporary.h"
#include "unit/unit.h"

#define SHARD STORE_SHARD(0)
#define KEYS  300

static atomic_bool sector_is_bad; /* of each table file */

/* Seen by the engine's shared library, too. */
__attribute__((visibility("default"))) ssize_t pread(int fd, void *out, size_t len, off_t offset)
{
    if (atomic_load(&sector_is_bad) && offset < 4096 && descriptor_is_of(fd, ".sst")) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pread64, fd, out, len, offset);
}

__attribute__((visibility("default"))) ssize_t pread64(int fd, void *out, size_t len, off_t offset)
{
    return pread(fd, out, len, offset);
}

static struct bytes key_of(char out[8], int number)
{
    snprintf(out, 8, "k%05d", number);
    return bytes_of(out, 6);
}

static enum stator_rc put(struct store *store, int number)
{
    uint8_t value[2000];
    struct store_batch *batch = store_batch_new(store);
    enum stator_rc rc;
    char key[8];

    for (size_t i = 0; i < sizeof(value); i++)
        value[i] = (uint8_t)((unsigned)(number + 1) * 2654435761u * (i + 7) >> 13); /* nothing to compress */
    store_batch_put(batch, SHARD, key_of(key, number), bytes_of(value, sizeof(value)));
    rc = store_write(store, batch, true, NULL);
    store_batch_free(batch);
    return rc;
}

static enum stator_rc get(struct store *store, int number)
{
    struct store_pinned pinned;
    char key[8];
    enum stator_rc rc = store_get(store, SHARD, key_of(key, number), STORE_ANY, NULL, &pinned, NULL);

    if (rc == STATOR_OK)
        store_release(&pinned);
    return rc;
}

/* How it ended. */
static enum store_reclaimed compact_all(struct store *store)
{
    struct store_sweep sweep = {0};
    enum store_reclaimed done;

    buf_init(&sweep.from, STORE_SWEEP_KEY_MAX);
    do
        done = store_compact_step(store, &sweep);
    while (done == STORE_RECLAIM_DONE);
    buf_deinit(&sweep.from);
    return done;
}

static void is_damage(void **state)
{
    const struct store_options options = {.shards = 1, .durability = STORE_FULL, .cache_bytes = 1};
    struct store_options in_dir = options;
    struct store *store;
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    in_dir.dir = dir;
    assert_int_equal(store_open(&store, &in_dir, NULL), STATOR_OK);
    for (int i = 0; i < KEYS; i++)
        assert_int_equal(put(store, i), STATOR_OK);
    assert_int_equal(compact_all(store), STORE_RECLAIM_NOTHING);
    assert_int_equal(store_damaged_reads(store), 0);
    sector_is_bad = true;
    assert_int_equal(get(store, 0), STATOR_INTERNAL_SERVER_ERROR);
    assert_int_equal(store_damaged_reads(store), 1);
    assert_int_equal(compact_all(store), STORE_RECLAIM_DAMAGED);
    assert_true(store_damaged_compactions(store) != 0);
    assert_false(store_read_only(store));
    assert_int_equal(put(store, KEYS), STATOR_OK);
    assert_int_equal(store_sync(store, NULL), STATOR_OK);
    sector_is_bad = false;
    for (int i = 0; i <= KEYS; i++)
        assert_int_equal(get(store, i), STATOR_OK);
    store_close(store);
    temporary_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_damage),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
