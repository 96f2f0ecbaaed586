/* SPDX-License-Identifier: Apache-2.0 */
/* What a watcher is told of the engine's files, in which order, and what becomes of what it refuses. */
#include "store/files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <rocksdb/c.h>

#include "unit/server/store/failing_sync.h"
#include "unit/server/store/temporary.h"
#include "unit/unit.h"

/* The watcher, and a database whose files it is told of. Of manifests nothing is kept here. */
struct fixture {
    char dir[64];
    rocksdb_env_t *env;
    rocksdb_options_t *options;
    rocksdb_t *db;
    atomic_int making_fails, made_fails, deleting_fails; /* errno's value for each log, or 0 */
    atomic_bool has_spare;                               /* then what is made of it does not fail */
    atomic_int deletions, gone;    /* that were told, of them those whose file was not there any more */
    _Atomic uint64_t made;         /* the last log */
    atomic_int syncs;              /* of logs that were told to be done */
    _Atomic uint64_t begun_bytes;  /* of the log's file when its last sync began */
    _Atomic uint64_t synced_bytes; /* that the last one reached */
};

/* -1: there is none. */
static off_t size_of(const struct fixture *f, uint64_t number)
{
    char path[128];
    struct stat info;

    snprintf(path, sizeof(path), "%s/%06llu.log", f->dir, (unsigned long long)number);
    return stat(path, &info) == 0 ? info.st_size : -1;
}

static bool opening(void *context)
{
    (void)context;
    return false;
}

static int making(void *context, uint64_t number)
{
    struct fixture *f = context;

    if ((number & FILES_MANIFEST) != 0)
        return 0;
    f->made = number;
    return f->making_fails;
}

static int made(void *context, const char *path)
{
    struct fixture *f = context;

    (void)path;
    return f->made_fails;
}

static bool spare(void *context, const char *path)
{
    struct fixture *f = context;

    if (!f->has_spare)
        return false;
    assert_int_equal(unlink(path), 0);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    f->made_fails = 0;
    return true;
}

static int deleting(void *context, uint64_t number)
{
    struct fixture *f = context;

    if ((number & FILES_MANIFEST) != 0)
        return 0;
    f->gone += size_of(f, number) < 0;
    f->deletions++;
    return f->deleting_fails;
}

static void syncing(void *context)
{
    struct fixture *f = context;

    f->begun_bytes = (uint64_t)size_of(f, f->made);
}

static void synced(void *context, uint64_t number, uint64_t bytes)
{
    struct fixture *f = context;

    if ((number & FILES_MANIFEST) != 0)
        return;
    f->synced_bytes = bytes;
    f->syncs++;
}

static void open_database(struct fixture *f, char **why)
{
    f->db = rocksdb_open(f->options, f->dir, why);
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    const struct files_watcher watcher = {.context = f,
                                          .opening = opening,
                                          .making = making,
                                          .made = made,
                                          .spare = spare,
                                          .deleting = deleting,
                                          .syncing = syncing,
                                          .synced = synced};

    if (f == NULL || temporary_make(f->dir) == NULL || (f->env = files_env(&watcher)) == NULL)
        return -1;
    f->options = rocksdb_options_create();
    rocksdb_options_set_create_if_missing(f->options, 1);
    rocksdb_options_set_env(f->options, f->env);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    syncs_fail = syncs_wait = false;
    if (f->db != NULL)
        rocksdb_close(f->db);
    rocksdb_options_destroy(f->options);
    rocksdb_env_destroy(f->env);
    temporary_remove(f->dir);
    free(f);
    return 0;
}

static void must_open(struct fixture *f)
{
    char *why = NULL;

    open_database(f, &why);
    if (why != NULL)
        fail_msg("%s", why);
}

static void put(struct fixture *f, const char *key)
{
    rocksdb_writeoptions_t *how = rocksdb_writeoptions_create();
    char *why = NULL;

    rocksdb_put(f->db, how, key, strlen(key), "value", 5, &why);
    rocksdb_writeoptions_destroy(how);
    assert_null(why);
}

/* Begins another log. */
static void flush(struct fixture *f, char **why)
{
    rocksdb_flushoptions_t *how = rocksdb_flushoptions_create();

    rocksdb_flush(f->db, how, why);
    rocksdb_flushoptions_destroy(how);
}

/* Whoever could not note that there will be a log has none. */
static void what_is_refused_is_not_made(void **state)
{
    struct fixture *f = *state;
    char *why = NULL;

    f->making_fails = EIO;
    open_database(f, &why);
    assert_non_null(why);
    assert_non_null(strstr(why, "Input/output error"));
    rocksdb_free(why);
    assert_int_not_equal(f->made, 0);
    assert_int_equal(size_of(f, f->made), -1);
    f->making_fails = 0;
    must_open(f);
    assert_true(size_of(f, f->made) >= 0);
}

/* Nor has whoever has no room for one. It is struck out, as every one that goes. */
static void what_has_no_room_is_unmade(void **state)
{
    struct fixture *f = *state;
    char *why = NULL;

    must_open(f);
    put(f, "a");
    f->made_fails = ENOSPC;
    flush(f, &why);
    assert_non_null(why);
    assert_non_null(strstr(why, "No space left"));
    rocksdb_free(why);
    assert_int_equal(size_of(f, f->made), -1);
    assert_int_equal(f->deletions, 1);
    assert_int_equal(f->gone, 0);
}

/* But for whoever has spare room. */
static void what_is_spare_is_made(void **state)
{
    struct fixture *f = *state;
    char *why = NULL;
    off_t before;

    must_open(f);
    put(f, "a");
    f->has_spare = true;
    f->made_fails = ENOSPC;
    flush(f, &why);
    assert_null(why);
    assert_int_equal(f->made_fails, 0);
    before = size_of(f, f->made);
    put(f, "b");
    assert_true(before >= 0 && size_of(f, f->made) > before);
    f->made_fails = EIO; /* it is not for that */
    flush(f, &why);
    assert_non_null(why);
    rocksdb_free(why);
    assert_int_equal(size_of(f, f->made), -1);
}

/* A log is struck out before it goes: the other way round a crash between the two leaves a line whose log is missing. */
static void a_log_is_told_of_before_it_goes(void **state)
{
    struct fixture *f = *state;
    char *why = NULL;
    uint64_t first;

    must_open(f);
    first = f->made;
    put(f, "a");
    flush(f, &why);
    assert_null(why);
    rocksdb_close(f->db); /* background work included */
    f->db = NULL;
    assert_int_not_equal(f->deletions, 0);
    assert_int_equal(f->gone, 0);
    assert_int_equal(size_of(f, first), -1);
}

static void what_may_not_be_deleted_stays(void **state)
{
    struct fixture *f = *state;
    char *why = NULL;
    uint64_t first;

    must_open(f);
    first = f->made;
    f->deleting_fails = EIO;
    put(f, "a");
    flush(f, &why);
    rocksdb_free(why);
    rocksdb_close(f->db);
    f->db = NULL;
    assert_int_not_equal(f->deletions, 0);
    assert_true(size_of(f, first) >= 0);
}

static void *sync_log(void *db)
{
    char *why = NULL;

    rocksdb_flush_wal(db, 1, &why);
    return why;
}

/* A sync covers what the file had when it began. */
static void what_is_written_during_a_sync_is_not_synced(void **state)
{
    struct fixture *f = *state;
    pthread_t thread;
    void *why;

    must_open(f);
    put(f, "a");
    syncs_wait = true;
    assert_int_equal(pthread_create(&thread, NULL, sync_log, f->db), 0);
    while (syncs_waiting == 0)
        usleep(1000);
    put(f, "b");
    syncs_wait = false;
    pthread_join(thread, &why);
    assert_null(why);
    assert_int_equal(f->syncs, 1);
    assert_int_equal(f->synced_bytes, f->begun_bytes);
    assert_true((uint64_t)size_of(f, f->made) > f->synced_bytes);
    assert_null(sync_log(f->db));
    assert_int_equal(f->synced_bytes, size_of(f, f->made));
}

static void a_failed_sync_reaches_nothing(void **state)
{
    struct fixture *f = *state;
    char *why;

    must_open(f);
    put(f, "a");
    syncs_fail = true;
    why = sync_log(f->db);
    assert_non_null(why);
    rocksdb_free(why);
    assert_int_equal(f->syncs, 0);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ONE(what_is_refused_is_not_made),   ONE(what_has_no_room_is_unmade),
        ONE(what_is_spare_is_made),         ONE(a_log_is_told_of_before_it_goes),
        ONE(what_may_not_be_deleted_stays), ONE(what_is_written_during_a_sync_is_not_synced),
        ONE(a_failed_sync_reaches_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
