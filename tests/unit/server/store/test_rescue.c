/* SPDX-License-Identifier: Apache-2.0 */
/* A damaged directory is read as far as that goes: whatever was not told to be lost is there, in its newest version. */
#include "unit/unit.h"

#include "store/log_sound.h"
#include "store/rocks.h"
#include "store/synced.h"
#include "unit/server/store/crashed.h"
#include "unit/server/store/descriptor.h"
#include "unit/server/store/temporary.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>

#define ITEMS  600
#define ROUNDS 2 /* versions of each item */

/* What is told, for the shards' families: ranges of keys in which items may be missing. */
struct told {
    struct range {
        uint32_t family;
        uint8_t first[8], last[8];
        size_t first_len, last_len;
    } ranges[64];
    size_t count, others;
    uint64_t bytes;
    char text[400];
};

struct fixture {
    char dir[64], damaged[64], copy[64];
};

/* A disk that cannot read a sector of one file. */
static const char *_Atomic bad_name; /* the end of its path; NULL: all can be read */
static _Atomic off_t bad_at;

static bool is_bad(int fd, size_t len, off_t at)
{
    const char *name = bad_name;

    return name != NULL && at < bad_at + 512 && at + (off_t)len > bad_at && descriptor_is_of(fd, name);
}

__attribute__((visibility("default"))) ssize_t pread(int fd, void *out, size_t len, off_t at)
{
    if (is_bad(fd, len, at)) {
        errno = EIO;
        return -1;
    }
    return syscall(SYS_pread64, fd, out, len, at);
}

static void put(struct store *store, uint32_t number, uint32_t round)
{
    struct store_batch *batch = store_batch_new(store);
    uint32_t key = __builtin_bswap32(number + 1);
    uint8_t value[500];

    for (size_t i = 0; i < sizeof(value); i++) /* not to be made shorter */
        value[i] = (uint8_t)((number + 1 + round * 7919) * 2654435761u * (i + 7) >> 13);
    value[0] = (uint8_t)round;
    store_batch_put(batch, STORE_SHARD(number % 2), bytes_of(&key, sizeof(key)), bytes_of(value, sizeof(value)));
    assert_int_equal(store_write(store, batch, true, NULL), STATOR_OK);
    store_batch_free(batch);
}

static struct store *open_store(const char *dir, size_t memtable_bytes)
{
    const struct store_options options = {.dir = dir, .shards = 2, .memtable_bytes = memtable_bytes};
    struct stator_error err = {0};
    struct store *store;

    if (store_open(&store, &options, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    return store;
}

/* -1: it is not there. */
static int round_of(struct store *store, uint32_t number)
{
    uint32_t key = __builtin_bswap32(number + 1);
    struct store_pinned pinned;
    int round;

    assert_int_equal(
        store_get(store, STORE_SHARD(number % 2), bytes_of(&key, sizeof(key)), STORE_ANY, NULL, &pinned, NULL),
        STATOR_OK);
    round = bytes_present(pinned.value) ? pinned.value.at[0] : -1;
    store_release(&pinned);
    return round;
}

/* Table files in several levels, and a log; a third of the items was written once, one in five deleted. */
static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));
    struct store *store;

    temporary_make(f->dir);
    temporary_make(f->damaged);
    temporary_make(f->copy);
    store = open_store(f->dir, 64 << 10);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        for (uint32_t i = 0; i < ITEMS; i++)
            if (round == 0 || i % 3 != 0)
                put(store, i, round);
        assert_int_equal(store_sync(store, NULL), STATOR_OK);
    }
    store_close(store);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    temporary_remove(f->dir);
    temporary_remove(f->damaged);
    temporary_remove(f->copy);
    free(f);
    return 0;
}

static void tell(void *context, const struct rescue_fault *fault)
{
    struct told *told = context;
    struct range *range = &told->ranges[told->count];

    snprintf(told->text, sizeof(told->text), "%.40s %.300s", fault->file, fault->what);
    told->bytes += fault->bytes;
    if (fault->kind != RESCUE_TABLE) {
        told->others++;
        return;
    }
    assert_true(told->count++ < 64);
    range->family = fault->family;
    range->first_len = fault->first.len < 8 ? fault->first.len : 8;
    range->last_len = fault->last.len < 8 ? fault->last.len : 8;
    memcpy(range->first, fault->first.at, range->first_len);
    memcpy(range->last, fault->last.at, range->last_len);
}

static bool is_told(const struct told *told, uint32_t number)
{
    uint32_t key = __builtin_bswap32(number + 1);

    for (size_t i = 0; i < told->count; i++) {
        const struct range *range = &told->ranges[i];

        if (range->family == STORE_SHARD(number % 2) &&
            bytes_compare(bytes_of(range->first, range->first_len), bytes_of(&key, 4)) <= 0 &&
            bytes_compare(bytes_of(&key, 4), bytes_of(range->last, range->last_len)) <= 0)
            return true;
    }
    return false;
}

/* Rescues the damaged directory. Returns how many items are not there in their newest version, all of them told. */
static uint32_t rescue(struct fixture *f, struct told *told, const char *what, size_t at)
{
    const struct store_options options = {.dir = f->damaged};
    struct stator_error err = {0};
    struct rescue *rescue;
    struct store *copy;
    uint32_t lost = 0;

    *told = (struct told){.count = 0};
    if (rescue_open(&rescue, &options, tell, told, &err) != STATOR_OK ||
        rescue_examine(rescue, RESCUE_READS, tell, told, &err) != STATOR_OK)
        fail_msg("%s at %zu: %s", what, at, err.message);
    temporary_remove(f->copy);
    copy = open_store(f->copy, 0);
    if (rescue_copy(rescue, copy, &err) != STATOR_OK)
        fail_msg("%s at %zu: %s", what, at, err.message);
    rescue_close(rescue);
    for (uint32_t i = 0; i < ITEMS; i++) {
        int round = round_of(copy, i);

        if (round == (i % 3 != 0))
            continue;
        if (!is_told(told, i) && told->others == 0)
            fail_msg("%s at %zu: item %u has version %d, and nobody told", what, at, i, round);
        lost++;
    }
    store_close(copy);
    return lost;
}

static void damage(struct fixture *f, const char *name, size_t at, bool cut)
{
    uint8_t *bytes = malloc(FILE_MAX);
    char path[512];
    size_t len;

    temporary_remove(f->damaged);
    assert_int_equal(mkdir(f->damaged, 0700), 0);
    copy_files(f->dir, f->damaged);
    if (name != NULL) {
        snprintf(path, sizeof(path), "%s/%s", f->damaged, name);
        len = read_file(path, bytes);
        if (at < len)
            bytes[at] ^= 0x41;
        write_bytes(f->damaged, name, bytes_of(bytes, cut ? at : len));
    }
    free(bytes);
}

/* The largest, its length in *len. */
static void find_table(const struct fixture *f, char out[64], size_t *len)
{
    DIR *stream = opendir(f->dir);
    struct dirent *entry;

    *len = 0;
    while ((entry = readdir(stream)) != NULL) {
        char path[512];
        struct stat info;

        snprintf(path, sizeof(path), "%s/%.63s", f->dir, entry->d_name);
        if (strstr(entry->d_name, ".sst") == NULL || stat(path, &info) != 0 || (size_t)info.st_size <= *len)
            continue;
        *len = (size_t)info.st_size;
        snprintf(out, 64, "%.63s", entry->d_name);
    }
    closedir(stream);
    assert_true(*len > 20000);
}

/* One of another size. */
static void find_other_table(const struct fixture *f, const char *than, char out[64])
{
    DIR *stream = opendir(f->dir);
    struct dirent *entry;

    out[0] = '\0';
    while ((entry = readdir(stream)) != NULL)
        if (strstr(entry->d_name, ".sst") != NULL && strcmp(entry->d_name, than) != 0)
            snprintf(out, 64, "%.63s", entry->d_name);
    closedir(stream);
    assert_true(out[0] != '\0');
}

static void a_sound_directory_has_no_fault(void **state)
{
    struct told told;

    damage(*state, NULL, 0, false);
    assert_int_equal(rescue(*state, &told, "nothing", 0), 0);
    assert_int_equal(told.count + told.others, 0);
}

static void a_damaged_block_costs_what_is_in_it(void **state)
{
    char name[64];
    size_t len;

    find_table(*state, name, &len);
    for (size_t at = 0; at < len; at += 397) {
        struct told told;

        damage(*state, name, at, false);
        /* a block of 4 KB has nine items; what is told may be more than what was in it and is nowhere else */
        assert_true(rescue(*state, &told, name, at) <= 10 || at > len - 3000);
    }
}

static void two_damaged_blocks_cost_what_is_in_them(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = malloc(FILE_MAX);
    struct told told;
    char name[64], path[512];
    size_t len;

    find_table(f, name, &len);
    damage(f, name, 100, false);
    snprintf(path, sizeof(path), "%s/%s", f->damaged, name);
    (void)read_file(path, bytes);
    bytes[len / 2] ^= 1;
    write_bytes(f->damaged, name, bytes_of(bytes, len));
    assert_true(rescue(f, &told, name, 100) <= 20);
    assert_int_equal(told.count, 2);
    assert_true(told.bytes < 2 * len);
    free(bytes);
}

static void a_short_or_missing_table_costs_itself(void **state)
{
    struct fixture *f = *state;
    struct told told;
    char name[64], path[512];
    size_t len;
    uint32_t lost;

    find_table(f, name, &len);
    for (size_t at = 0; at < len; at += 9973) {
        damage(f, name, at, true);
        lost = rescue(f, &told, name, at);
        assert_true(lost > 0 && lost < ITEMS / 2);
        assert_non_null(strstr(told.text, "and should have"));
    }
    snprintf(path, sizeof(path), "%s/%s", f->damaged, name);
    assert_int_equal(remove(path), 0);
    lost = rescue(f, &told, name, 0);
    assert_true(lost > 0 && lost < ITEMS / 2);
    assert_non_null(strstr(told.text, "is gone"));
}

/* What is behind the end costs nothing, and a server refuses it all the same. */
static void a_table_that_is_too_long_costs_nothing(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = malloc(2 * FILE_MAX);
    struct told told;
    char name[64], path[512];
    size_t len;

    find_table(f, name, &len);
    snprintf(path, sizeof(path), "%s/%s", f->dir, name);
    (void)read_file(path, bytes);
    memcpy(bytes + len, bytes, len);
    for (size_t more = 1; more <= len; more += len - 1) {
        damage(f, NULL, 0, false);
        write_bytes(f->damaged, name, bytes_of(bytes, len + more));
        assert_int_equal(rescue(f, &told, name, len + more), 0);
        assert_int_equal(told.count, 1);
        assert_int_equal(told.bytes, 0);
        assert_non_null(strstr(told.text, "and should have"));
    }
    free(bytes);
}

/* As if a file of a copy that went its own way had been put there. */
static void another_table_costs_itself(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = malloc(FILE_MAX);
    char name[64], other[64], path[512];
    struct told told;
    size_t len, other_len;
    uint32_t lost;

    find_table(f, name, &len);
    damage(f, NULL, 0, false);
    find_other_table(f, name, other);
    snprintf(path, sizeof(path), "%s/%s", f->dir, other);
    other_len = read_file(path, bytes);
    assert_true(other_len != len);
    write_bytes(f->damaged, name, bytes_of(bytes, other_len));
    lost = rescue(f, &told, name, 0);
    assert_true(lost > 0 && lost < ITEMS / 2);
    assert_non_null(strstr(told.text, "and should have"));
    free(bytes);
}

static void a_hole_in_the_log_costs_what_is_in_it(void **state)
{
    struct fixture *f = *state;
    struct told told;
    char log[256];
    struct stat info;

    find_log(f->dir, log);
    assert_int_equal(stat(log, &info), 0);
    for (size_t at = 0; at < (size_t)info.st_size; at += 40009) {
        damage(f, strrchr(log, '/') + 1, at, false);
        assert_true(rescue(f, &told, "log", at) <= 70); /* at most a block of 32 KB */
    }
}

static void assert_start_is_refused(struct fixture *f, const char *part)
{
    const struct store_options options = {.dir = f->damaged, .layout = "x"};
    struct stator_error err = {0};
    struct store *store;

    assert_int_not_equal(store_open(&store, &options, &err), STATOR_OK);
    if (strstr(err.message, part) == NULL || strstr(err.message, "check --repair") == NULL)
        fail_msg("%s", err.message);
}

static void a_bad_sector_of_the_log_costs_what_is_in_it(void **state)
{
    struct fixture *f = *state;
    struct told told;
    char log[256];
    struct stat info;

    find_log(f->dir, log);
    assert_int_equal(stat(log, &info), 0);
    for (off_t at = 0; at < info.st_size - 512; at += 40960) {
        damage(f, NULL, 0, false);
        bad_name = strrchr(log, '/');
        bad_at = at;
        assert_true(rescue(f, &told, "bad sector", (size_t)at) <= 70);
        assert_true(told.others > 0);
        assert_start_is_refused(f, "cannot be read");
        bad_name = NULL;
    }
}

static void a_bad_sector_of_what_was_synced_costs_nothing(void **state)
{
    struct fixture *f = *state;
    struct told told;

    for (bad_at = 4096; bad_at < 4096 + 3 * SYNCED_PLACE_BYTES; bad_at += SYNCED_PLACE_BYTES) {
        damage(f, NULL, 0, false);
        bad_name = "/" SYNCED_NAME;
        assert_int_equal(rescue(f, &told, SYNCED_NAME, (size_t)bad_at), 0);
        assert_int_equal(told.others, 1);
        assert_start_is_refused(f, SYNCED_NAME);
        bad_name = NULL;
    }
}

/* Whatever a power cut leaves behind what was synced. */
static void a_torn_end_of_a_log_is_no_fault(void **state)
{
    struct fixture *f = *state;
    const struct store_options options = {.dir = f->damaged};
    uint8_t *bytes = malloc(FILE_MAX);
    uint32_t chance = 1;
    char log[256];
    size_t whole;

    find_log(f->dir, log);
    whole = read_file(log, bytes);
    for (int round = 0; round < 150; round++) {
        struct told told = {.count = 0};
        struct stator_error err = {0};
        struct rescue *rescue;
        struct store *store;
        size_t more = 1 + (chance >> 8) % (round % 3 == 0 ? 12 : 40000);

        for (size_t i = 0; i < more; i++) {
            chance = chance * 1664525 + 1013904223;
            bytes[whole + i] = round % 5 == 0 ? 0 : (uint8_t)(chance >> 24);
        }
        damage(f, NULL, 0, false);
        write_bytes(f->damaged, strrchr(log, '/') + 1, bytes_of(bytes, whole + more));
        if (rescue_open(&rescue, &options, tell, &told, &err) != STATOR_OK)
            fail_msg("%zu bytes: %s", more, err.message);
        assert_int_equal(told.count + told.others, 0);
        for (uint32_t i = 0; i < ITEMS; i++)
            assert_int_equal(round_of(rescue_store(rescue), i), i % 3 != 0);
        rescue_close(rescue);
        store = open_store(f->damaged, 0);
        for (uint32_t i = 0; i < ITEMS; i++)
            assert_int_equal(round_of(store, i), i % 3 != 0);
        store_close(store);
    }
    free(bytes);
}

/* A start has left out what is behind a hole, and written on with the same sequences: what it has written counts. */
static void what_a_start_has_left_out(void **state)
{
    struct fixture *f = *state;
    const struct store_options options = {.dir = f->damaged};
    uint8_t *bytes = malloc(FILE_MAX);
    struct stator_error err = {0};
    struct told told = {.count = 0};
    struct rescue *rescue;
    struct store *store;
    char log[256];
    size_t len;

    damage(f, NULL, 0, false);
    store = open_store(f->damaged, 0);
    for (uint32_t i = 0; i < 300; i++)
        put(store, ITEMS + 100 + i, 0);
    store_close(store);
    find_log(f->damaged, log);
    len = read_file(log, bytes);
    assert_true(len > 4 * 32768);
    bytes[len / 3] ^= 1;
    write_bytes(f->damaged, strrchr(log, '/') + 1, bytes_of(bytes, len));
    forget_synced(f->damaged);
    store = open_store(f->damaged, 0);
    assert_string_not_equal(store_left_out(store), "");
    for (uint32_t i = 0; i < 20; i++)
        put(store, ITEMS + i, 1);
    store_close(store);
    if (rescue_open(&rescue, &options, tell, &told, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    for (uint32_t i = 0; i < 20; i++)
        assert_int_equal(round_of(rescue_store(rescue), ITEMS + i), 1);
    rescue_close(rescue);
    free(bytes);
}

/* The engine would count its records twice, or stop at them by an assertion. */
static void a_log_under_the_name_of_a_newer_one(void **state)
{
    struct fixture *f = *state;
    const struct store_options options = {.dir = f->damaged};
    struct told told = {.count = 0};
    uint8_t *bytes = malloc(FILE_MAX);
    struct stator_error err = {0};
    struct rescue *rescue;
    char log[256];
    size_t len;

    find_log(f->dir, log);
    len = read_file(log, bytes);
    damage(f, NULL, 0, false);
    write_bytes(f->damaged, "999998.log", bytes_of(bytes, len));
    if (rescue_open(&rescue, &options, tell, &told, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    assert_int_not_equal(told.others, 0);
    for (uint32_t i = 0; i < ITEMS; i++)
        assert_int_equal(round_of(rescue_store(rescue), i), i % 3 != 0);
    rescue_close(rescue);
    free(bytes);
}

/* A client may put a record of the log into an item. Where a database is made anew of its logs, it is none behind damage. */
static void a_planted_record_is_not_applied(void **state)
{
    struct fixture *f = *state;
    struct store_options options = {.dir = f->copy, .shards = 2, .layout = "x"};
    uint8_t *bytes = malloc(FILE_MAX);
    struct store_batch *batch;
    struct told told = {.count = 0};
    struct stator_error err;
    struct store *store;
    char log[256], path[512];
    size_t begin, len;

    temporary_remove(f->damaged);
    options.dir = f->damaged;
    assert_int_equal(store_open(&store, &options, &err), STATOR_OK);
    assert_int_equal(store_sync(store, NULL), STATOR_OK);
    find_log(f->damaged, log);
    for (begin = read_file(log, bytes); begin != 0 && bytes[begin - 1] == 0; begin--)
        continue;
    put(store, 2, 0);
    assert_int_equal(store_sync(store, NULL), STATOR_OK);
    len = read_file(log, bytes); /* with the record of item 2 from begin on, in it or in front of it a mark */
    put(store, 2, 1);
    batch = store_batch_new(store);
    store_batch_put(batch, STORE_SHARD(0), BYTES("other"), bytes_of(bytes + begin, 2000));
    assert_int_equal(store_write(store, batch, true, NULL), STATOR_OK);
    store_batch_free(batch);
    assert_int_equal(store_sync(store, NULL), STATOR_OK);
    store_close(store);
    len = read_file(log, bytes);
    *(uint8_t *)memmem(bytes, len, "other", 5) ^= 1;
    write_bytes(f->damaged, strrchr(log, '/') + 1, bytes_of(bytes, len));
    snprintf(path, sizeof(path), "%s/CURRENT", f->damaged);
    assert_int_equal(remove(path), 0);

    assert_false(rescue_has_manifest(f->damaged));
    temporary_remove(f->copy);
    assert_int_equal(mkdir(f->copy, 0700), 0);
    options.dir = f->copy;
    assert_int_equal(rescue_rebuild(&store, f->damaged, &options, tell, &told, &err), STATOR_OK);
    assert_int_equal(round_of(store, 2), 1);
    assert_int_equal(store_shards(store), 2);
    store_close(store);
    free(bytes);
}

/* What a client writes may look like the format record. tables: it is in a table file, not in a log. */
static void assert_shards_are_not_forged(struct fixture *f, bool tables)
{
    static const char forged[] = "\0\0\0\2\0\0\0\7layout of a test";
    struct store_options options = {.dir = f->damaged, .shards = 2, .layout = "layout of a test"};
    struct store_batch *batch;
    struct told told = {.count = 0};
    struct stator_error err;
    struct store *store;
    char path[512];

    temporary_remove(f->damaged);
    temporary_remove(f->copy);
    assert_int_equal(store_open(&store, &options, &err), STATOR_OK);
    for (int start = 0; start < (tables ? 11 : 1); start++) { /* so many logs become tables */
        store_close(store);
        assert_int_equal(store_open(&store, &options, &err), STATOR_OK);
        batch = store_batch_new(store);
        store_batch_put(batch, STORE_SHARD(0), bytes_of(forged, sizeof(forged) - 1), BYTES("v"));
        store_batch_put(batch, STORE_SHARD(1), BYTES("format"), bytes_of(forged, sizeof(forged) - 1));
        assert_int_equal(store_write(store, batch, true, NULL), STATOR_OK);
        store_batch_free(batch);
    }
    store_close(store);
    snprintf(path, sizeof(path), "%s/CURRENT", f->damaged);
    assert_int_equal(remove(path), 0);
    assert_int_equal(mkdir(f->copy, 0700), 0);
    options.dir = f->copy;
    if (rescue_rebuild(&store, f->damaged, &options, tell, &told, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    assert_int_equal(store_shards(store), 2);
    store_close(store);
}

static void the_number_of_shards_cannot_be_forged(void **state)
{
    assert_shards_are_not_forged(*state, false);
    assert_shards_are_not_forged(*state, true);
}

static void what_cannot_be_rescued_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct store_options options = {.dir = f->damaged}, live = {.dir = f->dir};
    struct stator_error err = {0};
    struct rescue *rescue;
    struct told told = {.count = 0};
    struct store *store;

    temporary_remove(f->damaged);
    assert_int_not_equal(rescue_open(&rescue, &options, tell, &told, &err), STATOR_OK);
    assert_non_null(strstr(err.message, f->damaged));
    store = open_store(f->dir, 0);
    assert_int_not_equal(rescue_open(&rescue, &live, tell, &told, &err), STATOR_OK);
    assert_non_null(strstr(err.message, "in use"));
    store_close(store);
}

static void assert_refused_as_newer(struct fixture *f)
{
    const struct store_options options = {.dir = f->dir, .layout = "", .program = "test"},
                               into = {.dir = f->copy, .layout = ""};
    struct told told = {.count = 0};
    struct stator_error err;
    struct rescue *rescue;
    struct store *store;

    assert_int_not_equal(rescue_open(&rescue, &options, tell, &told, &err), STATOR_OK);
    assert_int_not_equal(rescue_rebuild(&store, f->dir, &into, tell, &told, &err), STATOR_OK);
    assert_non_null(strstr(err.message, "has format 3, last opened by a newer Stator"));
}

/* What is new in it would be taken for damage. Its record tells also without a manifest and a lock's file, whatever older ones
 * there are. */
static void a_newer_format_is_refused(void **state)
{
    struct fixture *f = *state;
    const struct store_options options = {.dir = f->dir, .layout = "", .program = "test"};
    const char *const goes[] = {"STATOR-LOCK", "CURRENT"};
    const char record[] = "\0\0\0\3\0\0\0\2";
    struct stator_error err;
    struct store *store = open_store(f->dir, 0);
    char *why = NULL, path[128];

    assert_int_equal(rescue_refuse_newer(&options, &err), STATOR_OK);
    rocksdb_put_cf(store->db, store->write, store->format, "format", 6, record, 8, &why);
    assert_null(why);
    assert_int_equal(store_sync(store, NULL), STATOR_OK);
    store_close(store);
    for (size_t i = 0; i < COUNT_OF(goes); i++) {
        assert_refused_as_newer(f);
        snprintf(path, sizeof(path), "%s/%s", f->dir, goes[i]);
        assert_int_equal(remove(path), 0);
        assert_int_not_equal(rescue_refuse_newer(&options, &err), STATOR_OK);
        assert_non_null(strstr(err.message, "has format 3, last opened by a newer Stator; this is Stator test"));
    }
}

/* A damaged record costs itself: what is behind it in the next block is counted. */
static void what_is_behind_a_hole_is_counted(void **state)
{
    struct fixture *f = *state;
    struct store *store = open_store(f->dir, 0);
    struct log_behind behind;
    char log[256];

    for (uint32_t i = 0; i < 300; i++)
        put(store, i, 1);
    assert_int_equal(store_sync(store, NULL), STATOR_OK);
    store_close(store); /* leaves so much in the log */
    find_log(f->dir, log);
    behind = log_sound_behind(log, UINT64_MAX / 2);
    assert_int_equal(behind.records, 0); /* zeros are a gap, too, and there is nothing behind them */
    damage(f, strrchr(log, '/') + 1, 100, false);
    find_log(f->damaged, log);
    behind = log_sound_behind(log, UINT64_MAX / 2);
    assert_true(behind.records > 10 && behind.bytes > 10 * behind.records);
    assert_int_equal(log_sound_behind(log, 10).records, 0);
    assert_int_equal(log_sound_behind("/nowhere", 10).records, 0);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ONE(a_newer_format_is_refused),
        ONE(what_is_behind_a_hole_is_counted),
        ONE(a_sound_directory_has_no_fault),
        ONE(a_damaged_block_costs_what_is_in_it),
        ONE(two_damaged_blocks_cost_what_is_in_them),
        ONE(a_short_or_missing_table_costs_itself),
        ONE(a_table_that_is_too_long_costs_nothing),
        ONE(another_table_costs_itself),
        ONE(a_bad_sector_of_the_log_costs_what_is_in_it),
        ONE(a_bad_sector_of_what_was_synced_costs_nothing),
        ONE(a_hole_in_the_log_costs_what_is_in_it),
        ONE(a_planted_record_is_not_applied),
        ONE(the_number_of_shards_cannot_be_forged),
        ONE(a_torn_end_of_a_log_is_no_fault),
        ONE(a_log_under_the_name_of_a_newer_one),
        ONE(what_a_start_has_left_out),
        ONE(what_cannot_be_rescued_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
