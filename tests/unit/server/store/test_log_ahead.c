/* SPDX-License-Identifier: Apache-2.0 */
/* The log's file, with zeros past the log: how long it is, and what a store makes of it that finds it after a crash. A
 * crash is a copy of the files of an open store. */
#include "unit/unit.h"

#include "store/nowait.h"
#include "store/store.h"
#include "unit/server/store/crashed.h"
#include "unit/server/store/temporary.h"

#define SHARD       STORE_SHARD(0)
#define VALUE_BYTES 1000

static struct store *open_it(const char *dir)
{
    struct stator_error err = {0};
    struct store *store;

    if (store_open(&store, &(struct store_options){.dir = dir, .durability = STORE_FULL}, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    return store;
}

static void put_long(struct store *store, int number, size_t len)
{
    struct store_batch *batch = store_batch_new(store);
    uint8_t *value = malloc(len);
    char key[16];

    snprintf(key, sizeof(key), "key-%d", number);
    memset(value, 'a' + number % 26, len);
    store_batch_put(batch, SHARD, bytes_of_string(key), (struct bytes){value, len});
    assert_int_equal(store_write(store, batch, true, NULL), STATOR_OK);
    assert_int_equal(store_sync(store, NULL), STATOR_OK);
    store_batch_free(batch);
    free(value);
}

static void put(struct store *store, int number)
{
    put_long(store, number, VALUE_BYTES);
}

static bool has(struct store *store, int number)
{
    struct store_pinned pinned;
    char key[16];
    bool found;

    snprintf(key, sizeof(key), "key-%d", number);
    assert_int_equal(store_get(store, SHARD, bytes_of_string(key), STORE_ANY, NULL, &pinned, NULL), STATOR_OK);
    found = bytes_present(pinned.value);
    if (found)
        assert_int_equal(pinned.value.at[pinned.value.len - 1], 'a' + number % 26);
    store_release(&pinned);
    return found;
}

static size_t length_without_zeros(const uint8_t *bytes, size_t len)
{
    while (len > 0 && bytes[len - 1] == 0)
        len--;
    return len;
}

static off_t size_of(const char *path)
{
    struct stat file;

    assert_int_equal(stat(path, &file), 0);
    return file.st_size;
}

static off_t size_on_disk(const char *path)
{
    struct stat file;

    assert_int_equal(stat(path, &file), 0);
    return (off_t)file.st_blocks * 512;
}

struct fixture {
    char dir[64], crashed[64];
    struct bytes synced; /* STATOR-SYNCED before item 2: the power went before the system wrote what came then */
    struct store *store;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    temporary_make(f->dir);
    temporary_make(f->crashed);
    f->store = open_it(f->dir);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    store_close(f->store);
    temporary_remove(f->dir);
    temporary_remove(f->crashed);
    free(f);
    return 0;
}

static void the_file_grows_seldom(void **state)
{
    struct fixture *f = *state;
    char log[256];
    off_t first, before;
    int changes = 0;

    put(f->store, 0);
    find_log(f->dir, log);
    first = before = size_of(log);
    for (int i = 1; i < 1000; i++) {
        put(f->store, i);
        changes += size_of(log) != before;
        before = size_of(log);
    }
    assert_true(before > first);
    assert_true(before >= 1000 * VALUE_BYTES);
    if (NOWAIT)
        assert_in_range(changes, 3, 4);
}

static void a_clean_end_cuts_off_what_is_ahead(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = malloc(FILE_MAX);
    char log[256];
    size_t len;

    put(f->store, 1);
    find_log(f->dir, log);
    assert_true(size_on_disk(log) >= 1 << 20); /* log_room.c's */
    store_close(f->store);
    assert_true(size_on_disk(log) < size_of(log) + 4096 * 2);
    len = read_file(log, bytes);
    assert_in_range(len, VALUE_BYTES, 2 * VALUE_BYTES);
    assert_int_equal(length_without_zeros(bytes, len), len);
    free(bytes);
    f->store = open_it(f->dir);
    assert_true(has(f->store, 1));
}

static void after_a_crash_all_is_there(void **state)
{
    struct fixture *f = *state;
    struct store *crashed;

    for (int i = 0; i < 300; i++)
        put(f->store, i);
    copy_files(f->dir, f->crashed);
    for (int restart = 0; restart < 2; restart++) {
        crashed = open_it(f->crashed);
        for (int i = 0; i < 300 + restart; i++)
            assert_true(has(crashed, i));
        put(crashed, 300 + restart);
        store_close(crashed);
    }
}

/* Item 2, whose record reached the disk up to `torn` of its bytes, with the zeros that were there before behind them. */
static void crash_within_item_2(struct fixture *f, size_t torn, size_t end)
{
    struct store *crashed;
    char log[256];
    FILE *file;

    copy_files(f->dir, f->crashed);
    find_log(f->crashed, log);
    file = fopen(log, "r+b");
    fseek(file, (long)torn, SEEK_SET);
    for (size_t i = torn; i < end; i++)
        fputc(0, file);
    fclose(file);
    write_bytes(f->crashed, "STATOR-SYNCED", f->synced);
    crashed = open_it(f->crashed);
    assert_true(has(crashed, 1));
    assert_false(has(crashed, 2));
    put(crashed, 3);
    store_close(crashed);
    crashed = open_it(f->crashed);
    assert_true(has(crashed, 1) && has(crashed, 3) && !has(crashed, 2));
    store_close(crashed);
    temporary_remove(f->crashed);
    assert_int_equal(mkdir(f->crashed, 0700), 0);
}

/* Each length of the last record that a crash can leave, closely at its head, then by steps. */
static void tear(struct fixture *f, size_t len, size_t step)
{
    uint8_t *bytes = malloc(FILE_MAX), *synced = malloc(FILE_MAX);
    size_t begin, end;
    char log[256], path[256];

    put(f->store, 1);
    find_log(f->dir, log);
    begin = length_without_zeros(bytes, read_file(log, bytes));
    snprintf(path, sizeof(path), "%s/STATOR-SYNCED", f->dir);
    f->synced = bytes_of(synced, read_file(path, synced));
    put_long(f->store, 2, len);
    end = length_without_zeros(bytes, read_file(log, bytes));
    assert_true(end > begin + len);
    for (size_t torn = begin; torn < begin + len; torn += torn < begin + 12 ? 1 : step)
        crash_within_item_2(f, torn, end);
    free(bytes);
    free(synced);
}

static void a_torn_record_is_the_end(void **state)
{
    tear(*state, VALUE_BYTES, 97);
}

/* The engine cuts it into blocks of 32 KiB. */
static void a_torn_long_record_is_the_end(void **state)
{
    tear(*state, 100000, 8191);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_file_grows_seldom, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clean_end_cuts_off_what_is_ahead, setup, teardown),
        cmocka_unit_test_setup_teardown(after_a_crash_all_is_there, setup, teardown),
        cmocka_unit_test_setup_teardown(a_torn_record_is_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(a_torn_long_record_is_the_end, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
