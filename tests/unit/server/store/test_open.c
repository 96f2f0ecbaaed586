/* SPDX-License-Identifier: Apache-2.0 */
/* What a user sees when a directory cannot be opened, and what an interrupted creation leaves. */
#include "unit/unit.h"

#include <dirent.h>
#include <rocksdb/c.h>
#include <sys/wait.h>

#include "store/store.h"
#include "unit/server/store/crashed.h"
#include "unit/server/store/temporary.h"

#define LAYOUT  "ring-for-tests"
#define PROGRAM "0.1.9 (0a1b2c3)"
/* What STATOR-LOCK has before the program. */
#define CLAIM_BY "A Stator database. Its server holds a lock on this file.\nLast opened by Stator "

struct fixture {
    char dir[64];
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    temporary_make(f->dir);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    chmod(f->dir, 0700);
    temporary_remove(f->dir);
    free(f);
    return 0;
}

static enum stator_rc try_open(const char *dir, uint32_t shards, const char *layout, struct stator_error *err)
{
    struct store_options options = {.dir = dir, .shards = shards, .layout = layout, .program = PROGRAM};
    struct store *store;
    enum stator_rc rc = store_open(&store, &options, err);

    if (rc == STATOR_OK)
        store_close(store);
    else
        assert_null(store);
    return rc;
}

static void assert_opens(const char *dir, uint32_t shards)
{
    struct stator_error err = {0};

    if (try_open(dir, shards, LAYOUT, &err) != STATOR_OK)
        fail_msg("%s", err.message);
}

/* Fails with a text that has every part, the directory's name first of all. */
static void assert_refused(const char *dir, uint32_t shards, const char *layout, const char *part, const char *part2)
{
    struct stator_error err = {0};

    assert_int_equal(try_open(dir, shards, layout, &err), STATOR_INTERNAL_SERVER_ERROR);
    if (strstr(err.message, dir) == NULL || strstr(err.message, part) == NULL || strstr(err.message, part2) == NULL)
        fail_msg("%s", err.message);
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Puts a value into the family "default" with the plain engine, or deletes it (NULL). What the directory must have is
 * then unknown. */
static void put_raw(const char *dir, const char *key, const char *value, size_t len)
{
    rocksdb_options_t *options = rocksdb_options_create();
    rocksdb_writeoptions_t *write = rocksdb_writeoptions_create();
    char *why = NULL;
    size_t count;
    char **names = rocksdb_list_column_families(options, dir, &count, &why);
    rocksdb_column_family_handle_t *handles[16];
    const rocksdb_options_t *each[16];
    rocksdb_t *db;

    assert_null(why);
    for (size_t i = 0; i < count; i++)
        each[i] = options;
    db = rocksdb_open_column_families(options, dir, (int)count, (const char *const *)names, each, handles, &why);
    assert_null(why);
    rocksdb_list_column_families_destroy(names, count);
    if (value != NULL)
        rocksdb_put_cf(db, write, handles[0], key, strlen(key), value, len, &why);
    else
        rocksdb_delete_cf(db, write, handles[0], key, strlen(key), &why);
    assert_null(why);
    for (size_t i = 0; i < count; i++)
        rocksdb_column_family_handle_destroy(handles[i]);
    rocksdb_close(db);
    rocksdb_writeoptions_destroy(write);
    rocksdb_options_destroy(options);
    forget_synced(dir);
}

/* Of all bytes of all files. */
static uint64_t sum_of(const char *dir)
{
    char command[160], text[64];
    FILE *pipe;

    snprintf(command, sizeof(command), "cd %s && { ls; cat *; } | cksum", dir);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(text, sizeof(text), pipe));
    assert_int_equal(pclose(pipe), 0);
    return strtoull(text, NULL, 10);
}

static void shards_and_layout_are_kept(void **state)
{
    struct fixture *f = *state;
    struct store_options options = {.dir = f->dir, .layout = LAYOUT};
    struct store *store;
    uint64_t sum;

    assert_opens(f->dir, 3);
    assert_opens(f->dir, 3);
    sum = sum_of(f->dir);
    assert_refused(f->dir, 4, LAYOUT, "3 shards", "with 4");
    assert_int_equal(sum_of(f->dir), sum);
    assert_refused(f->dir, 3, "other", LAYOUT, "other");
    assert_refused(f->dir, 3, NULL, LAYOUT, "''");
    assert_int_equal(store_open(&store, &options, NULL), STATOR_OK); /* 0: whatever it has */
    assert_int_equal(store_shards(store), 3);
    store_close(store);
}

static void four_shards_are_the_default(void **state)
{
    struct fixture *f = *state;
    struct store_options options = {.dir = f->dir};
    struct store *store;

    assert_int_equal(store_open(&store, &options, NULL), STATOR_OK);
    assert_int_equal(store_shards(store), 4);
    store_close(store);
    options.dir = NULL;
    assert_int_equal(store_open(&store, &options, NULL), STATOR_OK);
    assert_int_equal(store_shards(store), 4);
    store_close(store);
}

/* Bytes of the files in dir whose name ends so. */
static uint64_t bytes_of_files(const char *dir, const char *end)
{
    DIR *open = opendir(dir);
    uint64_t bytes = 0;

    assert_non_null(open);
    for (struct dirent *entry = readdir(open); entry != NULL; entry = readdir(open)) {
        char path[400];
        struct stat info;

        snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        if (strlen(entry->d_name) > strlen(end) &&
            strcmp(entry->d_name + strlen(entry->d_name) - strlen(end), end) == 0 && stat(path, &info) == 0)
            bytes += (uint64_t)info.st_size;
    }
    closedir(open);
    return bytes;
}

/* As many values of 1 KB; each is there before and after. */
static void assert_kept(const char *dir, uint32_t count)
{
    static const char value[1000];
    struct store_options options = {.dir = dir, .layout = LAYOUT};
    struct stator_error err = {0};
    struct store *store;
    struct store_batch *batch;

    for (int round = 0; round < 2; round++) {
        assert_int_equal(store_open(&store, &options, &err), STATOR_OK);
        batch = store_batch_new(store);
        for (uint32_t i = 0; i < count; i++) {
            struct bytes key = bytes_of(&i, sizeof(i));
            struct store_pinned pinned;

            if (round == 0) {
                store_batch_put(batch, STORE_SHARD(i % 4), key, bytes_of(value, sizeof(value)));
            } else {
                assert_int_equal(store_get(store, STORE_SHARD(i % 4), key, STORE_ANY, NULL, &pinned, &err), STATOR_OK);
                assert_int_equal(pinned.value.len, sizeof(value));
                store_release(&pinned);
            }
        }
        assert_int_equal(store_write(store, batch, true, &err), STATOR_OK);
        assert_int_equal(store_sync(store, &err), STATOR_OK);
        store_batch_free(batch);
        store_close(store);
    }
}

static void a_stop_leaves_little_to_replay(void **state)
{
    struct fixture *f = *state;

    assert_kept(f->dir, 100);
    assert_int_equal(bytes_of_files(f->dir, ".sst"), 0); /* not worth a table of each family */
    assert_true(bytes_of_files(f->dir, ".log") > 100000);
    assert_kept(f->dir, 6000);
    assert_true(bytes_of_files(f->dir, ".sst") > 0);
    assert_true(bytes_of_files(f->dir, ".log") < 100000);
}

static void a_newer_format_is_refused(void **state)
{
    struct fixture *f = *state;

    assert_opens(f->dir, 1);
    put_raw(f->dir, "format", "\0\0\0\3 and what we do not know", 29);
    assert_refused(f->dir, 1, LAYOUT, "has format 3, last opened by a newer Stator; this is Stator " PROGRAM,
                   "reads formats 1 to 2: start the newer one");
    write_file(f->dir, "STATOR-LOCK", CLAIM_BY "0.4.0 (abc1234), format 3.\n");
    assert_refused(f->dir, 1, LAYOUT, "has format 3, last opened by Stator 0.4.0 (abc1234); this is Stator " PROGRAM,
                   "start that version or a newer one");
    put_raw(f->dir, "format", "\0\0\0", 3);
    write_file(f->dir, "STATOR-LOCK", "");
    assert_refused(f->dir, 1, LAYOUT, "damaged", "");
}

/* Whatever a newer program keeps and how: it is neither taken for damage nor touched. */
static void a_newer_format_is_not_touched(void **state)
{
    struct fixture *f = *state;
    uint64_t sum;

    assert_kept(f->dir, 100);
    write_file(f->dir, "STATOR-LOCK", CLAIM_BY "1.0.0, format 7.\n");
    write_file(f->dir, "STATOR-SYNCED", "STATOR-SYNCED 7\nwhat we do not know");
    write_file(f->dir, "CURRENT", "what we do not know");
    sum = sum_of(f->dir);
    assert_refused(f->dir, 0, LAYOUT, "has format 7, last opened by Stator 1.0.0; this is", "start that version");
    assert_int_equal(sum_of(f->dir), sum);
}

static void read_text(const char *dir, const char *name, char out[256])
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "r");
    assert_non_null(file);
    out[fread(out, 1, 255, file)] = '\0';
    fclose(file);
}

/* Of a directory that 0.1.0 left, of one of an earlier build, of a text that is longer than ours or torn. */
static void who_opened_it_last_is_kept(void **state)
{
    static const char *const before[] = {"", "A Stator database. Its server holds a lock on this file.\n",
                                         CLAIM_BY "0.1.0-with-a-long-name (1234567890123456), format 2.\n",
                                         CLAIM_BY "0.1.0, for", CLAIM_BY "0.1.0, format 1.\n"};
    struct fixture *f = *state;
    char text[256];

    assert_opens(f->dir, 1);
    read_text(f->dir, "STATOR-LOCK", text);
    assert_string_equal(text, CLAIM_BY PROGRAM ", format 2.\n");
    for (size_t i = 0; i < COUNT_OF(before); i++) {
        write_file(f->dir, "STATOR-LOCK", before[i]);
        assert_opens(f->dir, 1);
        read_text(f->dir, "STATOR-LOCK", text);
        assert_string_equal(text, CLAIM_BY PROGRAM ", format 2.\n");
    }
}

static void only_one_may_have_it(void **state)
{
    struct fixture *f = *state;
    struct store_options options = {.dir = f->dir, .layout = LAYOUT};
    struct store *store;
    char mark[128];
    pid_t child;
    int status;

    assert_int_equal(store_open(&store, &options, NULL), STATOR_OK);
    assert_refused(f->dir, 0, LAYOUT, "in use by another server", "");
    write_file(f->dir, "STATOR-INCOMPLETE", ""); /* as one that has not got far yet: nor may it be made anew */
    assert_refused(f->dir, 0, LAYOUT, "in use by another server", "");
    snprintf(mark, sizeof(mark), "%s/STATOR-INCOMPLETE", f->dir);
    assert_int_equal(remove(mark), 0);
    child = fork();
    if (child == 0) { /* a process of its own, for locks of files know only processes */
        struct stator_error err = {0};

        _exit(try_open(f->dir, 0, LAYOUT, &err) != STATOR_OK && strstr(err.message, "in use by another") != NULL ? 0
                                                                                                                 : 1);
    }
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    store_close(store);
    assert_opens(f->dir, 0);
}

/* Opens it and writes one synced value: 0; 1 when it was refused. */
static int write_own(const char *dir, uint32_t number)
{
    struct store_options options = {.dir = dir, .layout = LAYOUT};
    struct stator_error err = {0};
    struct store *store;
    struct store_batch *batch;
    enum stator_rc rc = store_open(&store, &options, &err);

    if (rc != STATOR_OK)
        return strstr(err.message, "in use by another") != NULL ? 1 : 2;
    batch = store_batch_new(store);
    store_batch_put(batch, STORE_CATALOG, bytes_of(&number, sizeof(number)), BYTES("there"));
    if (store_write(store, batch, true, &err) != STATOR_OK || store_sync(store, &err) != STATOR_OK)
        return 2;
    store_batch_free(batch);
    store_close(store);
    return 0;
}

/* Servers that start at once on a new directory: some are refused, and what the others wrote stays. */
static void a_race_for_a_new_directory_loses_nothing(void **state)
{
    struct fixture *f = *state;

    for (uint32_t round = 0; round < 12; round++) {
        struct store_options options = {.layout = LAYOUT};
        pid_t children[6];
        bool wrote[6];
        struct store *store;
        char dir[128];

        snprintf(dir, sizeof(dir), "%s/%u", f->dir, round);
        options.dir = dir;
        for (uint32_t i = 0; i < COUNT_OF(children); i++) {
            children[i] = fork();
            if (children[i] == 0) { /* from its beginning: ThreadSanitizer has no threads after a fork */
                char number[16];

                snprintf(number, sizeof(number), "%u", i);
                execl("/proc/self/exe", "test_open", dir, number, (char *)NULL);
                _exit(2);
            }
        }
        for (uint32_t i = 0; i < COUNT_OF(children); i++) {
            int status;

            waitpid(children[i], &status, 0);
            assert_in_range(status, 0, 1 << 8);
            wrote[i] = status == 0;
        }
        assert_int_equal(store_open(&store, &options, NULL), STATOR_OK);
        for (uint32_t i = 0; i < COUNT_OF(children); i++) {
            struct store_pinned pinned;

            assert_int_equal(store_get(store, STORE_CATALOG, bytes_of(&i, sizeof(i)), STORE_ANY, NULL, &pinned, NULL),
                             STATOR_OK);
            assert_int_equal(bytes_present(pinned.value), wrote[i]);
            store_release(&pinned);
        }
        store_close(store);
    }
}

static void foreign_directories_are_left_alone(void **state)
{
    struct fixture *f = *state;
    char sub[128];

    write_file(f->dir, "shared-local-instance.db", "of DynamoDB Local");
    write_file(f->dir, ".gitkeep", "");
    snprintf(sub, sizeof(sub), "%s/empty", f->dir);
    assert_int_equal(mkdir(sub, 0700), 0);
    assert_opens(f->dir, 1);
    snprintf(sub, sizeof(sub), "%s/shared-local-instance.db", f->dir);
    assert_int_equal(access(sub, F_OK), 0);
    snprintf(sub, sizeof(sub), "%s/other", f->dir);
    assert_int_equal(mkdir(sub, 0700), 0);
    write_file(sub, "thesis.txt", "do not touch");
    assert_refused(sub, 0, LAYOUT, "thesis.txt", "choose an empty");
    snprintf(sub, sizeof(sub), "%s/outer", f->dir);
    assert_int_equal(mkdir(sub, 0700), 0);
    snprintf(sub, sizeof(sub), "%s/outer/inner", f->dir);
    assert_int_equal(mkdir(sub, 0700), 0);
    write_file(sub, "thesis.txt", "do not touch");
    snprintf(sub, sizeof(sub), "%s/outer", f->dir);
    assert_refused(sub, 0, LAYOUT, "inner", "choose an empty");
    write_file(f->dir, "thesis.txt", "do not touch");
    snprintf(sub, sizeof(sub), "%s/thesis.txt", f->dir);
    assert_refused(sub, 0, LAYOUT, "Not a directory", "");
    snprintf(sub, sizeof(sub), "%s/thesis.txt/data", f->dir);
    assert_refused(sub, 0, LAYOUT, "Not a directory", "");
    snprintf(sub, sizeof(sub), "%s/made/on/the/way", f->dir);
    assert_opens(sub, 1);
}

/* A database of the plain engine, with the families of ours when asked. */
static void make_raw(const char *dir, bool families)
{
    static const char *const names[] = {"catalog", "counters", "shard-0"};
    rocksdb_options_t *options = rocksdb_options_create();
    char *why = NULL;
    rocksdb_t *db;

    rocksdb_options_set_create_if_missing(options, 1);
    db = rocksdb_open(options, dir, &why);
    assert_null(why);
    for (size_t i = 0; i < COUNT_OF(names) && families; i++) {
        rocksdb_column_family_handle_destroy(rocksdb_create_column_family(db, options, names[i], &why));
        assert_null(why);
    }
    rocksdb_close(db);
    rocksdb_options_destroy(options);
}

static void a_foreign_rocksdb_is_left_alone(void **state)
{
    struct fixture *f = *state;

    make_raw(f->dir, false);
    put_raw(f->dir, "their", "data", 4);
    assert_refused(f->dir, 0, LAYOUT, "not Stator's", "");
    put_raw(f->dir, "their", NULL, 0); /* empty now, but it was theirs */
    assert_refused(f->dir, 0, LAYOUT, "not Stator's", "");
}

static void an_interrupted_creation_is_made_anew(void **state)
{
    struct fixture *f = *state;

    write_file(f->dir, "LOCK", "");
    write_file(f->dir, "MANIFEST-000001", "half");
    assert_opens(f->dir, 2);
    put_raw(f->dir, "format", NULL, 0);
    assert_refused(f->dir, 2, LAYOUT, "format record is missing", ""); /* that is damage, not an interruption */
}

/* A power cut may keep any of the files, and nothing or half of what is in them. */
static void an_incomplete_directory_is_made_anew(void **state)
{
    static const char *const names[] = {"CURRENT", "IDENTITY", "MANIFEST-000005", "000004.log", "000009.sst"};
    struct fixture *f = *state;
    char path[128];

    snprintf(path, sizeof(path), "%s/STATOR-INCOMPLETE", f->dir);
    for (uint32_t kept = 0; kept < 1u << COUNT_OF(names); kept++) {
        for (uint32_t i = 0; i < COUNT_OF(names); i++)
            if (kept & 1u << i)
                write_file(f->dir, names[i], kept % 3 == 0 ? "" : "MANIFEST-000005");
        write_file(f->dir, "STATOR-INCOMPLETE", "");
        assert_opens(f->dir, 1 + kept % 3); /* what was there had another number of shards */
        assert_int_equal(access(path, F_OK), -1);
        assert_opens(f->dir, 1 + kept % 3);
    }
}

static void a_creation_without_record_is_made_anew(void **state)
{
    struct fixture *f = *state;

    make_raw(f->dir, true);
    assert_opens(f->dir, 5);
    assert_refused(f->dir, 2, LAYOUT, "5 shards", "with 2");
}

/* A mark that a copy has brought, or that an older server has not removed. */
static void a_mark_beside_data_is_not_believed(void **state)
{
    struct fixture *f = *state;
    char path[128];

    snprintf(path, sizeof(path), "%s/STATOR-INCOMPLETE", f->dir);
    for (uint32_t count = 4; count <= 6000; count += 5996) { /* in the log alone, then in tables */
        assert_kept(f->dir, count);
        write_file(f->dir, "STATOR-INCOMPLETE", "");
        assert_refused(f->dir, 0, LAYOUT, "STATOR-INCOMPLETE", "remove that file");
        assert_int_equal(remove(path), 0);
        assert_kept(f->dir, count);
    }
    snprintf(path, sizeof(path), "%s/theirs", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    write_file(path, "STATOR-INCOMPLETE", "");
    write_file(path, "thesis.txt", "do not touch");
    assert_refused(path, 0, LAYOUT, "thesis.txt", "choose an empty");
}

static void damage_is_told(void **state)
{
    struct fixture *f = *state;
    char path[128];

    assert_opens(f->dir, 1);
    write_file(f->dir, "CURRENT", "MANIFEST-nonsense\n");
    assert_refused(f->dir, 1, LAYOUT, "", "");
    write_file(f->dir, "CURRENT", "");
    assert_refused(f->dir, 1, LAYOUT, "damaged", "");
    snprintf(path, sizeof(path), "%s/CURRENT", f->dir);
    assert_int_equal(remove(path), 0);
    assert_refused(f->dir, 1, LAYOUT, "damaged", "CURRENT is gone"); /* the engine would begin a new one over it */
    snprintf(path, sizeof(path), "%s/STATOR-REPAIR", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(f->dir, 1, LAYOUT, "A repair", "was interrupted");
    assert_int_equal(rmdir(path), 0);
}

static void rights_are_told(void **state)
{
    struct fixture *f = *state;

    if (geteuid() == 0)
        skip(); /* root may do everything */
    chmod(f->dir, 0500);
    assert_refused(f->dir, 1, LAYOUT, "cannot be written", "Permission denied");
    chmod(f->dir, 0000);
    assert_refused(f->dir, 1, LAYOUT, "cannot be read", "Permission denied");
}

static void nothing_is_left_behind(void **state)
{
    struct fixture *f = *state;
    char command[128];

    for (int i = 0; i < 40; i++)
        assert_opens(f->dir, 2);
    snprintf(command, sizeof(command), "test $(ls %s | wc -l) -le 20", f->dir);
    assert_int_equal(system(command), 0);
}

int main(int argc, char **argv)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ONE(shards_and_layout_are_kept),
        ONE(four_shards_are_the_default),
        ONE(a_stop_leaves_little_to_replay),
        ONE(a_newer_format_is_refused),
        ONE(a_newer_format_is_not_touched),
        ONE(who_opened_it_last_is_kept),
        ONE(only_one_may_have_it),
        ONE(a_race_for_a_new_directory_loses_nothing),
        ONE(foreign_directories_are_left_alone),
        ONE(a_foreign_rocksdb_is_left_alone),
        ONE(an_interrupted_creation_is_made_anew),
        ONE(an_incomplete_directory_is_made_anew),
        ONE(a_creation_without_record_is_made_anew),
        ONE(a_mark_beside_data_is_not_believed),
        ONE(damage_is_told),
        ONE(rights_are_told),
        ONE(nothing_is_left_behind),
    };

    if (argc == 3)
        return write_own(argv[1], (uint32_t)strtoul(argv[2], NULL, 10));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
