/* SPDX-License-Identifier: Apache-2.0 */
/* A directory after a crash of which a part is gone, cut short or changed: what was synced is there, or the directory is
 * refused. A crash is a copy of the files of an open store. */
#include "unit/unit.h"

#include "store/rescue.h"
#include "store/store.h"
#include "store/synced.h"
#include "store/verify.h"
#include "unit/server/store/crashed.h"
#include "unit/server/store/temporary.h"

#define ITEMS 40

struct fixture {
    char dir[64], crashed[64];
    struct store *store;
};

static struct store *open_it(const char *dir, struct stator_error *err)
{
    struct store *store;

    (void)!store_open(&store, &(struct store_options){.dir = dir, .shards = 2, .memtable_bytes = 64 << 10}, err);
    return store;
}

static void fill_value(uint8_t *value, size_t len, uint32_t number)
{
    for (size_t i = 0; i < len; i++) /* not to be made shorter */
        value[i] = (uint8_t)((number + 1) * 2654435761u * (i + 7) >> 13);
}

static void put(struct store *store, uint32_t number, size_t len, bool sync)
{
    struct store_batch *batch = store_batch_new(store);
    uint8_t *value = malloc(len);

    fill_value(value, len, number);
    store_batch_put(batch, STORE_SHARD(number % 2), bytes_of(&number, sizeof(number)), bytes_of(value, len));
    store_batch_add(batch, BYTES("count"), 1);
    assert_int_equal(store_write(store, batch, true, NULL), STATOR_OK);
    if (sync)
        assert_int_equal(store_sync(store, NULL), STATOR_OK);
    store_batch_free(batch);
    free(value);
}

/* Items are of different lengths. */
static bool is_value(struct bytes value, uint32_t number)
{
    uint8_t *expected = malloc(value.len + 1);
    bool same;

    fill_value(expected, value.len, number);
    same = value.len >= 1000 && memcmp(expected, value.at, value.len) == 0;
    free(expected);
    return same;
}

/* An item that cannot be read is as good as a word, if the store counts it. */
static bool has_all(struct store *store, uint32_t count)
{
    uint64_t unread = 0;

    for (uint32_t i = 0; i < count; i++) {
        struct store_pinned pinned;

        if (store_get(store, STORE_SHARD(i % 2), bytes_of(&i, sizeof(i)), STORE_ANY, NULL, &pinned, NULL) !=
            STATOR_OK) {
            unread++;
            continue;
        }
        bool there = bytes_present(pinned.value) && is_value(pinned.value, i);

        store_release(&pinned);
        if (!there)
            return false;
    }
    return store_damaged_reads(store) >= unread;
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    temporary_make(f->dir);
    temporary_make(f->crashed);
    f->store = open_it(f->dir, NULL);
    assert_non_null(f->store);
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

static void crash(struct fixture *f)
{
    temporary_remove(f->crashed);
    assert_int_equal(mkdir(f->crashed, 0700), 0);
    copy_files(f->dir, f->crashed);
}

/* Opens what a crash has left: with all of count items, or refused with a text that has that part. */
static void assert_all_or_refused(struct fixture *f, uint32_t count, const char *part, const char *what, size_t at)
{
    struct stator_error err = {0};
    struct store *store = open_it(f->crashed, &err);

    if (store != NULL && !has_all(store, count))
        fail_msg("%s at %zu: items are gone, without a word", what, at);
    if (store == NULL && (strstr(err.message, f->crashed) == NULL || strstr(err.message, part) == NULL))
        fail_msg("%s at %zu: %s", what, at, err.message);
    store_close(store);
    if (store != NULL)
        return;
    store = open_it(f->crashed, &err);
    if (store != NULL)
        fail_msg("%s at %zu: refused, and then not", what, at);
}

static void assert_refused(struct fixture *f, const char *part)
{
    struct stator_error err = {0};

    assert_null(open_it(f->crashed, &err));
    if (strstr(err.message, f->crashed) == NULL || strstr(err.message, part) == NULL)
        fail_msg("%s", err.message);
}

/* One file of the crashed directory, with a byte changed or its end cut off. */
static void spoil(struct fixture *f, const char *name, size_t at, bool cut)
{
    uint8_t *bytes = malloc(FILE_MAX);
    char path[512];
    size_t len;

    snprintf(path, sizeof(path), "%s/%.63s", f->crashed, name);
    len = read_file(path, bytes);
    bytes[at] ^= 0x41;
    write_bytes(f->crashed, name, bytes_of(bytes, cut ? at : len));
    free(bytes);
}

/* Several logs, tables, and changes of the manifest: memtables are small. */
static void fill(struct fixture *f)
{
    for (uint32_t i = 0; i < ITEMS; i++)
        put(f->store, i, 4000 + i * 100, i % 3 == 0);
    assert_int_equal(store_sync(f->store, NULL), STATOR_OK);
}

/* Nobody changes the files after it; the logs are still needed. */
static void fill_and_stop(struct fixture *f)
{
    fill(f);
    store_close(f->store);
    f->store = NULL;
}

static uint32_t names_of(const char *dir, char names[64][64])
{
    DIR *stream = opendir(dir);
    struct dirent *entry;
    uint32_t count = 0;

    while ((entry = readdir(stream)) != NULL && count < 64) {
        if (entry->d_name[0] != '.')
            snprintf(names[count++], 64, "%.63s", entry->d_name);
    }
    closedir(stream);
    return count;
}

static void spoil_each(struct fixture *f, const char *name, size_t step, bool cut)
{
    char path[512];
    struct stat info;

    snprintf(path, sizeof(path), "%s/%.63s", f->dir, name);
    assert_int_equal(stat(path, &info), 0);
    for (size_t at = 0; at < (size_t)info.st_size; at += step + at % 7) {
        crash(f);
        spoil(f, name, at, cut);
        assert_all_or_refused(f, ITEMS, "", name, at);
    }
}

static void a_changed_byte_is_told(void **state)
{
    char names[64][64];
    uint32_t count;

    fill_and_stop(*state);
    count = names_of(((struct fixture *)*state)->dir, names);
    for (uint32_t i = 0; i < count; i++)
        spoil_each(*state, names[i], strstr(names[i], ".log") != NULL ? 5000 : 1021, false);
}

static void a_short_file_is_told(void **state)
{
    char names[64][64];
    uint32_t count;

    fill_and_stop(*state);
    count = names_of(((struct fixture *)*state)->dir, names);
    for (uint32_t i = 0; i < count; i++)
        spoil_each(*state, names[i], 30011, true);
}

static void a_missing_file_is_told(void **state)
{
    struct fixture *f = *state;
    char names[64][64], path[512];
    uint32_t count;

    fill_and_stop(f);
    count = names_of(f->dir, names);
    for (uint32_t i = 0; i < count; i++) {
        crash(f);
        snprintf(path, sizeof(path), "%s/%.63s", f->crashed, names[i]);
        assert_int_equal(remove(path), 0);
        assert_all_or_refused(f, ITEMS, "", names[i], 0);
    }
}

/* The lock's file says that it is no new directory. */
static void what_is_left_is_no_new_directory(void **state)
{
    struct fixture *f = *state;
    char names[64][64], path[512];
    uint32_t count;

    crash(f);
    count = names_of(f->crashed, names);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%.63s", f->crashed, names[i]);
        if (strcmp(names[i], "STATOR-LOCK") != 0)
            assert_int_equal(remove(path), 0);
    }
    assert_refused(f, "had a database");
    snprintf(path, sizeof(path), "%s/STATOR-LOCK", f->crashed);
    assert_int_equal(remove(path), 0);
    assert_all_or_refused(f, 0, "no text", "an empty directory", 0);
}

/* What a power cut leaves of STATOR-SYNCED: whatever was written to it since it was last synced is torn. */
static void a_torn_note_is_no_damage(void **state)
{
    struct fixture *f = *state;
    uint8_t *old = calloc(1, FILE_MAX), *torn = malloc(FILE_MAX);
    struct stator_error err = {0};
    struct store *store;
    char path[512];
    size_t len;

    snprintf(path, sizeof(path), "%s/" SYNCED_NAME, f->dir);
    (void)read_file(path, old);
    for (uint32_t i = 0; i < 5; i++) /* enters no log, so that nothing of it is synced */
        put(f->store, i, 1000, true);
    crash(f);
    len = read_file(path, torn);
    for (size_t i = 0; i < len; i++)
        torn[i] = torn[i] != old[i] ? 0x5a : torn[i];
    write_bytes(f->crashed, SYNCED_NAME, bytes_of(torn, len));
    store = open_it(f->crashed, &err);
    if (store == NULL)
        fail_msg("%s", err.message);
    assert_true(has_all(store, 5));
    store_close(store);
    free(old);
    free(torn);
}

/* After a power cut STATOR-SYNCED may be as old as the log: then the marks in the log tell. */
static void a_mark_in_the_log_tells(void **state)
{
    struct fixture *f = *state;
    uint8_t *synced = malloc(FILE_MAX);
    char path[512], log[256];
    struct bytes old;

    for (uint32_t i = 0; i < 4; i++)
        put(f->store, i, 1000, true);
    snprintf(path, sizeof(path), "%s/%s", f->dir, SYNCED_NAME);
    old = bytes_of(synced, read_file(path, synced));
    for (uint32_t i = 4; i < 12; i++)
        put(f->store, i, 1000, true);
    find_log(f->dir, log);
    for (size_t at = 5000; at < 10000; at += 300) { /* items 4 to 8 */
        crash(f);
        write_bytes(f->crashed, SYNCED_NAME, old);
        spoil(f, strrchr(log, '/') + 1, at, false);
        assert_refused(f, "cannot be read from byte");
    }
    /* A file that is cut short, or gone, says nothing: and a second start does not forget what the first one refused. */
    write_bytes(f->crashed, SYNCED_NAME, BYTES("STATOR-SYNCED 2\n"));
    for (int start = 0; start < 2; start++)
        assert_refused(f, "is gone");
    snprintf(path, sizeof(path), "%s/" SYNCED_NAME, f->crashed);
    assert_int_equal(remove(path), 0);
    for (int start = 0; start < 2; start++)
        assert_refused(f, "is gone");
    free(synced);
}

/* What was not synced may be gone, in part or out of order: that is no damage, nor is it at the start after that. */
static void a_torn_end_is_no_damage(void **state)
{
    struct fixture *f = *state;
    struct stator_error err = {0};
    uint8_t *synced = malloc(FILE_MAX);
    char path[512], log[256];
    struct bytes old;
    struct store *store;

    for (uint32_t i = 0; i < 8; i++)
        put(f->store, i, 1000, true);
    snprintf(path, sizeof(path), "%s/%s", f->dir, SYNCED_NAME);
    old = bytes_of(synced, read_file(path, synced));
    for (uint32_t i = 8; i < 50; i++)
        put(f->store, i, 1000, false);
    assert_int_equal(store_sync(f->store, NULL), STATOR_OK);
    find_log(f->dir, log);
    for (size_t at = 9500; at < 52000; at += 4111) {
        crash(f);
        write_bytes(f->crashed, SYNCED_NAME, old);
        spoil(f, strrchr(log, '/') + 1, at, false);
        for (int start = 0; start < 3; start++) {
            store = open_it(f->crashed, &err);
            if (store == NULL)
                fail_msg("%s", err.message);
            assert_true(has_all(store, 8));
            put(store, 300 + (uint32_t)start, 100, true);
            store_close(store);
        }
    }
    free(synced);
}

/* A start that finds a torn end has the engine begin a log, with a record of no change, before the line of that log is on the disk;
 * and then the power goes. */
static void a_cut_while_a_torn_end_is_opened_is_no_damage(void **state)
{
    struct fixture *f = *state;
    struct stator_error err = {0};
    uint8_t *synced = malloc(FILE_MAX);
    char path[512], log[256];
    struct bytes old;
    struct store *store;

    for (uint32_t i = 0; i < 8; i++)
        put(f->store, i, 1000, true);
    snprintf(path, sizeof(path), "%s/%s", f->dir, SYNCED_NAME);
    old = bytes_of(synced, read_file(path, synced));
    for (uint32_t i = 8; i < 50; i++)
        put(f->store, i, 1000, false);
    assert_int_equal(store_sync(f->store, NULL), STATOR_OK);
    find_log(f->dir, log);
    crash(f);
    spoil(f, strrchr(log, '/') + 1, 20000, false);
    write_bytes(f->crashed, SYNCED_NAME, old);
    store_close(f->store);
    f->store = NULL;
    temporary_remove(f->dir);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    store = open_it(f->crashed, &err);
    if (store == NULL)
        fail_msg("%s", err.message);
    copy_files(f->crashed, f->dir);
    store_close(store);
    write_bytes(f->dir, SYNCED_NAME, old);
    for (int start = 0; start < 2; start++) {
        store_close(f->store);
        f->store = open_it(f->dir, &err);
        if (f->store == NULL)
            fail_msg("%s", err.message);
        assert_true(has_all(f->store, 8));
        put(f->store, 300, 100, true);
    }
    free(synced);
}

/* A deletion that a power cut undid. */
static void a_log_that_is_over_may_come_back(void **state)
{
    struct fixture *f = *state;
    struct stator_error err = {0};
    uint8_t *bytes = malloc(FILE_MAX);
    char log[256];
    size_t len;
    struct store *store;

    find_log(f->dir, log);
    put(f->store, 0, 1000, true);
    len = read_file(log, bytes);
    fill(f);
    for (int start = 0; start < 10; start++) { /* so many logs are folded into tables */
        store_close(f->store);
        f->store = open_it(f->dir, NULL);
    }
    store_close(f->store);
    f->store = NULL;
    assert_int_not_equal(access(log, F_OK), 0);
    crash(f);
    write_bytes(f->crashed, strrchr(log, '/') + 1, bytes_of(bytes, len));
    for (int start = 0; start < 2; start++) {
        store = open_it(f->crashed, &err);
        if (store == NULL)
            fail_msg("%s", err.message);
        assert_true(has_all(store, ITEMS));
        store_close(store);
    }
    free(bytes);
}

/* A stopped directory was copied, and both were started: each has a log of the same number. */
static void a_log_of_a_fork_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = malloc(FILE_MAX);
    char fork_dir[64], log[256];
    struct store *fork;
    size_t len;

    fill_and_stop(f);
    assert_non_null(temporary_make(fork_dir));
    copy_files(f->dir, fork_dir);
    f->store = open_it(f->dir, NULL);
    fork = open_it(fork_dir, NULL);
    for (uint32_t i = 0; i < 5; i++) {
        put(f->store, i, 1000, true);
        put(fork, i, 2000, true);
    }
    store_close(fork);
    store_close(f->store);
    f->store = NULL; /* nobody changes the files after it */
    find_log(fork_dir, log);
    len = read_file(log, bytes);
    crash(f);
    find_log(f->crashed, log);
    write_bytes(f->crashed, strrchr(log, '/') + 1, bytes_of(bytes, len));
    assert_refused(f, "is not of the same time");
    temporary_remove(fork_dir);
    free(bytes);
}

/* The engine would read it. */
static void a_log_between_others_is_over(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = malloc(FILE_MAX);
    struct stator_error err = {0};
    char log[256], path[512];
    struct store *store;
    size_t len;

    put(f->store, 0, 1000, true);
    find_log(f->dir, log);
    len = read_file(log, bytes);
    for (int start = 0; start < 3; start++) {
        store_close(f->store);
        f->store = open_it(f->dir, NULL);
        put(f->store, 0, 2000, true);
    }
    crash(f);
    write_bytes(f->crashed, "000005.log", bytes_of(bytes, len));
    store = open_it(f->crashed, &err);
    if (store == NULL)
        fail_msg("%s", err.message);
    assert_true(has_all(store, 1));
    snprintf(path, sizeof(path), "%s/000005.log", f->crashed);
    assert_int_not_equal(access(path, F_OK), 0);
    store_close(store);
    free(bytes);
}

static void a_log_twice_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = calloc(2, FILE_MAX / 2);
    char log[256];
    size_t len;

    for (uint32_t i = 0; i < 8; i++)
        put(f->store, i, 5000, true);
    crash(f);
    find_log(f->crashed, log);
    len = read_file(log, bytes);
    while (len % 32768 != 0) /* it may end in zeros that it was made longer with */
        bytes[len++] = 0;
    memcpy(bytes + len, bytes, len);
    write_bytes(f->crashed, strrchr(log, '/') + 1, bytes_of(bytes, 2 * len));
    assert_refused(f, "older than those in front of them");
    free(bytes);
}

/* With all that says what there must be, and all that there was. */
static void logs_and_lines_that_are_gone_are_told(void **state)
{
    struct fixture *f = *state;
    char names[64][64], path[512];
    uint32_t count;

    for (uint32_t i = 0; i < 8; i++)
        put(f->store, i, 1000, true);
    crash(f);
    count = names_of(f->crashed, names);
    for (uint32_t i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%.63s", f->crashed, names[i]);
        if (strstr(names[i], ".log") != NULL || strcmp(names[i], SYNCED_NAME) == 0)
            assert_int_equal(remove(path), 0);
    }
    for (int start = 0; start < 2; start++)
        assert_refused(f, "is gone");
}

/* Notes that no sync was behind are gone with a power cut, and so is the log. */
static void the_newest_log_is_missed_after_a_power_cut(void **state)
{
    struct fixture *f = *state;
    uint8_t *synced = malloc(FILE_MAX);
    char path[512], log[256];
    size_t len;

    put(f->store, 0, 1000, true);
    crash(f);
    snprintf(path, sizeof(path), "%s/" SYNCED_NAME, f->crashed);
    len = read_file(path, synced);
    memset(synced + 4096 + 2 * SYNCED_PLACE_BYTES, 0x5a, len - 4096 - 2 * SYNCED_PLACE_BYTES);
    write_bytes(f->crashed, SYNCED_NAME, bytes_of(synced, len));
    find_log(f->crashed, log);
    assert_int_equal(remove(log), 0);
    assert_refused(f, "is gone, with");
    free(synced);
}

/* Nothing was synced, so that nothing is proved; but there are records behind what cannot be read. */
static void what_is_left_out_is_told(void **state)
{
    struct fixture *f = *state;
    const struct store_options options = {.dir = f->crashed, .durability = STORE_PROCESS};
    struct store *store;
    char log[256];

    store_close(f->store);
    assert_int_equal(store_open(&f->store, &(struct store_options){.dir = f->dir, .durability = STORE_PROCESS}, NULL),
                     STATOR_OK);
    assert_string_equal(store_left_out(f->store), "");
    for (uint32_t i = 0; i < 8; i++)
        put(f->store, i, 1000, false);
    find_log(f->dir, log);
    crash(f);
    assert_int_equal(store_open(&store, &options, NULL), STATOR_OK);
    assert_string_equal(store_left_out(store), "");
    store_close(store);
    crash(f);
    spoil(f, strrchr(log, '/') + 1, 3500, false);
    assert_int_equal(store_open(&store, &options, NULL), STATOR_OK);
    assert_non_null(strstr(store_left_out(store), "records behind it"));
    store_close(store);
    crash(f);
    spoil(f, strrchr(log, '/') + 1, 3500, true); /* as a torn end is: nothing is behind */
    assert_int_equal(store_open(&store, &options, NULL), STATOR_OK);
    assert_string_equal(store_left_out(store), "");
    store_close(store);
    crash(f);
    forget_synced(f->crashed);
    find_log(f->crashed, log);
    assert_int_equal(remove(log), 0); /* as one that was still to be made */
    assert_int_equal(store_open(&store, &options, NULL), STATOR_OK);
    assert_non_null(strstr(store_left_out(store), "which is not there and was not synced"));
    assert_non_null(strstr(store_left_out(store), strrchr(log, '/') + 1));
    store_close(store);
}

/* Nobody waits for what a pipe will bring. */
static void a_pipe_is_refused(void **state)
{
    struct fixture *f = *state;
    char names[64][64];
    uint32_t count;

    fill_and_stop(f);
    count = names_of(f->dir, names);
    for (uint32_t i = 0; i < count; i++) {
        struct synced_list list;
        struct stator_error err = {0};
        struct rescue *rescue;
        const struct store_options options = {.dir = f->crashed};
        char path[512];

        crash(f);
        snprintf(path, sizeof(path), "%s/%.63s", f->crashed, names[i]);
        assert_int_equal(remove(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_refused(f, "a pipe");
        assert_int_not_equal(rescue_open(&rescue, &options, NULL, NULL, &err), STATOR_OK);
        assert_non_null(strstr(err.message, "a pipe"));
        assert_true(rescue_has_manifest(f->crashed));
        if (strcmp(names[i], SYNCED_NAME) == 0) {
            assert_int_not_equal(synced_read(&list, f->crashed, &err), STATOR_OK);
            synced_list_deinit(&list);
        }
    }
}

/* A copy of a directory that is written to has files of several moments. */
static void a_bent_copy_is_refused(void **state)
{
    struct fixture *f = *state;
    uint8_t *synced = malloc(FILE_MAX);
    char path[512];
    struct bytes old;

    put(f->store, 0, 1000, true);
    snprintf(path, sizeof(path), "%s/%s", f->dir, SYNCED_NAME);
    old = bytes_of(synced, read_file(path, synced));
    fill_and_stop(f);
    crash(f);
    write_bytes(f->crashed, SYNCED_NAME, old);
    assert_refused(f, "damaged");
    free(synced);
}

/* --- CURRENT ------------------------------------------------------------------------------------------------------ */

static void remove_file(const char *dir, const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%.63s", dir, name);
    assert_int_equal(remove(path), 0);
}

static bool has_file(const char *dir, const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%.63s", dir, name);
    return access(path, F_OK) == 0;
}

static struct bytes read_into(uint8_t *out, const char *dir, const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%.63s", dir, name);
    return bytes_of(out, read_file(path, out));
}

/* The name of the manifest in use. */
static void manifest_of(const char *dir, char out[64])
{
    uint8_t *text = malloc(FILE_MAX);
    struct bytes read = read_into(text, dir, "CURRENT");

    snprintf(out, 64, "%.*s", (int)read.len - 1, (const char *)text);
    free(text);
}

static uint64_t number_of(const char *manifest)
{
    return strtoull(manifest + strlen("MANIFEST-"), NULL, 10) | FILES_MANIFEST;
}

/* CURRENT and its manifest from before a start are back. The newer one is there, too; its name is in `newer`. */
static void put_older_current_back(struct fixture *f, char older[64], char newer[64])
{
    uint8_t *bytes = malloc(FILE_MAX);
    struct bytes manifest;

    fill(f);
    manifest_of(f->dir, older);
    manifest = read_into(bytes, f->dir, older);
    for (int start = 0; start < 10; start++) { /* so many logs are folded into tables */
        store_close(f->store);
        f->store = open_it(f->dir, NULL);
    }
    store_close(f->store);
    f->store = NULL;
    crash(f);
    manifest_of(f->crashed, newer);
    assert_string_not_equal(older, newer);
    write_bytes(f->crashed, older, manifest);
    strcat(older, "\n");
    write_bytes(f->crashed, "CURRENT", bytes_of(older, strlen(older)));
    older[strlen(older) - 1] = '\0';
    free(bytes);
}

static void assert_refused_unchanged(struct fixture *f, const char *part)
{
    char before[64][64], after[64][64];
    uint32_t count = names_of(f->crashed, before);

    assert_refused(f, part);
    assert_int_equal(names_of(f->crashed, after), count);
    for (uint32_t i = 0; i < count; i++)
        assert_true(has_file(f->crashed, before[i]));
    assert_refused(f, part);
}

static void an_older_current_is_refused(void **state)
{
    struct fixture *f = *state;
    char older[64], newer[64], part[256];

    put_older_current_back(f, older, newer);
    snprintf(part, sizeof(part), "damaged: CURRENT is older than %s, which was in use: it names %s", newer, older);
    assert_refused_unchanged(f, part);
    remove_file(f->crashed, newer);
    assert_refused_unchanged(f, part);
}

/* As a start does it that is killed when it has made a manifest and CURRENT does not name it yet. */
static void begin_manifest(const char *dir, uint64_t number)
{
    struct stator_error err = {0};
    struct synced_list found;
    struct synced *synced;

    if (verify_directory(&found, dir, NULL, NULL, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(synced_open(&synced, dir, &found, false, NULL), STATOR_OK);
    assert_int_equal(synced_enter(synced, number), 0);
    synced_close(synced);
    synced_list_deinit(&found);
}

static void count_fault(void *context, const struct rescue_fault *fault)
{
    uint32_t *counts = context;

    counts[fault->kind]++;
}

/* Who only looks reads what was in use, not what a start that was killed has only begun. */
static void an_older_current_is_looked_past(void **state)
{
    struct fixture *f = *state;
    const struct store_options options = {.dir = f->crashed};
    uint32_t counts[RESCUE_MANIFEST + 1] = {0};
    char older[64], newer[64], begun[64];
    struct rescue *rescue;

    put_older_current_back(f, older, newer);
    write_bytes(f->crashed, "CURRENT", bytes_of(newer, strlen(newer)));
    begin_manifest(f->crashed, number_of(newer) + 1);
    snprintf(begun, sizeof(begun), "MANIFEST-%06llu", (unsigned long long)((number_of(newer) & ~FILES_MANIFEST) + 1));
    write_bytes(f->crashed, begun, BYTES(""));
    strcat(older, "\n");
    write_bytes(f->crashed, "CURRENT", bytes_of(older, strlen(older)));
    assert_int_equal(rescue_open(&rescue, &options, count_fault, counts, NULL), STATOR_OK);
    assert_int_equal(counts[RESCUE_LOG], 1);
    assert_int_equal(counts[RESCUE_MANIFEST], 0);
    assert_true(has_all(rescue_store(rescue), ITEMS));
    rescue_close(rescue);
    remove_file(f->crashed, newer);
    assert_int_not_equal(rescue_open(&rescue, &options, count_fault, counts, NULL), STATOR_OK);
    assert_int_equal(counts[RESCUE_MANIFEST], 1);
}

static void a_current_that_leads_nowhere_is_refused(void **state)
{
    static const char *const texts[] = {"", "MANIFEST-000001\n", "MANIFEST-999999\n", "MANIFEST-999999", "MANIFEST-"};
    struct fixture *f = *state;

    fill_and_stop(f);
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        crash(f);
        write_bytes(f->crashed, "CURRENT", bytes_of(texts[i], strlen(texts[i])));
        assert_refused_unchanged(f, "stator check");
        assert_refused_unchanged(f, "damaged");
    }
    crash(f);
    remove_file(f->crashed, "CURRENT");
    assert_refused_unchanged(f, "its CURRENT is gone");
}

static void assert_opens_with_all(const char *dir, uint32_t count)
{
    struct stator_error err = {0};
    struct store *store = open_it(dir, &err);

    if (store == NULL)
        fail_msg("%s", err.message);
    assert_true(has_all(store, count));
    store_close(store);
}

/* As far as a start goes before the engine opens the crashed directory. name: of its manifest. */
static struct synced *begin_start(struct fixture *f, struct synced_list *found, char name[64])
{
    struct synced *synced;

    fill_and_stop(f);
    crash(f);
    manifest_of(f->crashed, name);
    assert_int_equal(verify_directory(found, f->crashed, NULL, NULL, NULL), STATOR_OK);
    assert_int_equal(synced_open(&synced, f->crashed, found, false, NULL), STATOR_OK);
    return synced;
}

/* A power cut has taken what a start wrote to STATOR-SYNCED, and the next start is killed. */
static void a_current_that_is_newer_than_all_lines_is_no_damage(void **state)
{
    struct fixture *f = *state;
    struct synced_list found;
    struct synced *synced;
    char name[64];

    synced = begin_start(f, &found, name);
    assert_int_equal(synced_enter(synced, number_of(name) - 1), 0);
    assert_int_equal(synced_strike(synced, number_of(name)), 0);
    synced_close(synced);
    synced_list_deinit(&found);
    begin_manifest(f->crashed, number_of(name) + 1);
    assert_opens_with_all(f->crashed, ITEMS);
}

static bool has_line(const char *dir, uint64_t number)
{
    struct synced_list list;
    bool found;

    assert_int_equal(synced_read(&list, dir, NULL), STATOR_OK);
    found = list.state == SYNCED_SOUND && synced_find(&list, number) != NULL;
    synced_list_deinit(&list);
    return found;
}

/* A power cut puts the part that is not synced back to what it was. */
static void put_note_back(const char *dir, struct bytes old)
{
    const size_t at = 4096 + 2 * SYNCED_PLACE_BYTES;
    uint8_t *bytes = calloc(1, FILE_MAX);
    struct bytes now = read_into(bytes, dir, SYNCED_NAME);

    memset(bytes + at, 0, now.len - at);
    memcpy(bytes + at, old.at + at, old.len - at);
    write_bytes(dir, SYNCED_NAME, now);
    free(bytes);
}

/* Its number is given to none behind it, and is higher than that of the one that CURRENT comes to name. */
static void a_manifest_that_was_only_begun_is_forgotten(void **state)
{
    const uint64_t begun = 999999 | FILES_MANIFEST;
    struct fixture *f = *state;
    uint8_t *bytes = malloc(FILE_MAX);
    struct synced_list found;
    struct synced *synced;
    struct bytes old;

    fill_and_stop(f);
    crash(f);
    begin_manifest(f->crashed, begun);
    assert_true(has_line(f->crashed, begun));
    old = read_into(bytes, f->crashed, SYNCED_NAME);
    assert_int_equal(verify_directory(&found, f->crashed, NULL, NULL, NULL), STATOR_OK);
    assert_int_equal(synced_open(&synced, f->crashed, &found, false, NULL), STATOR_OK);
    put_note_back(f->crashed, old);
    assert_false(has_line(f->crashed, begun));
    /* as when the engine takes back what it could not write */
    assert_int_equal(synced_enter(synced, begun), 0);
    old = read_into(bytes, f->crashed, SYNCED_NAME);
    assert_int_equal(synced_strike(synced, begun), 0);
    put_note_back(f->crashed, old);
    assert_false(has_line(f->crashed, begun));
    synced_close(synced);
    synced_list_deinit(&found);
    assert_opens_with_all(f->crashed, ITEMS);
    free(bytes);
}

/* Also where the engine has not deleted the one before. */
static void a_start_leaves_the_line_of_one_manifest(void **state)
{
    struct fixture *f = *state;
    struct synced_list found;
    struct synced *synced;
    char name[64];

    synced = begin_start(f, &found, name);
    assert_int_equal(synced_enter(synced, number_of(name) + 1), 0);
    assert_true(has_line(f->crashed, number_of(name)));
    assert_int_equal(synced_start(synced, f->crashed, NULL), STATOR_OK);
    assert_false(has_line(f->crashed, number_of(name)));
    assert_true(has_line(f->crashed, number_of(name) + 1));
    synced_close(synced);
    synced_list_deinit(&found);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ONE(a_changed_byte_is_told),
        ONE(a_short_file_is_told),
        ONE(a_missing_file_is_told),
        ONE(what_is_left_is_no_new_directory),
        ONE(a_mark_in_the_log_tells),
        ONE(a_torn_end_is_no_damage),
        ONE(a_torn_note_is_no_damage),
        ONE(a_cut_while_a_torn_end_is_opened_is_no_damage),
        ONE(a_log_that_is_over_may_come_back),
        ONE(a_log_between_others_is_over),
        ONE(a_log_of_a_fork_is_refused),
        ONE(a_log_twice_is_refused),
        ONE(logs_and_lines_that_are_gone_are_told),
        ONE(the_newest_log_is_missed_after_a_power_cut),
        ONE(what_is_left_out_is_told),
        ONE(a_pipe_is_refused),
        ONE(a_bent_copy_is_refused),
        ONE(an_older_current_is_refused),
        ONE(an_older_current_is_looked_past),
        ONE(a_current_that_leads_nowhere_is_refused),
        ONE(a_current_that_is_newer_than_all_lines_is_no_damage),
        ONE(a_manifest_that_was_only_begun_is_forgotten),
        ONE(a_start_leaves_the_line_of_one_manifest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
