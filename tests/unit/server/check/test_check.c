/* SPDX-License-Identifier: Apache-2.0 */
/* What is bent on purpose is told, and after a repair it is gone, and nothing else is. */
#include "check/check.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "format/keycodec.h"
#include "stream/record.h"
#include "stream/stream.h"
#include "unit/server/database.h"
#include "unit/server/json.h"
#include "unit/server/store/crashed.h"
#include "unit/server/store/descriptor.h"
#include "unit/server/store/temporary.h"
#include "unit/server/tables.h"
#include "unit/unit.h"

#define SCHEMA "pk:S sk:N | lsi l:S | gsi g:S h:N +a | ttl exp"
#define ITEMS  60

enum { BASE = 1, LSI, GSI }; /* ids, in the order of the schema */

struct fixture {
    char dir[64];
    struct database db;
    struct arena arena;
    struct table *table;
    char *text; /* of the last check */
    size_t text_len;
};

static void put_item(struct fixture *f, int i)
{
    char text[256];

    snprintf(text, sizeof(text), ITEM(S("pk", "p%d"), N("sk", "%d"), S("l", "l%d"), S("a", "a"), "%s", "%s"), i % 7, i,
             i % 4, i % 3 == 0 ? S("b", "b") : S("g", "g") "," N("h", "1"),
             i % 2 == 0 ? N("exp", "1800000000") : S("c", "c"));
    database_put(&f->db, f->table, text);
}

static void put_in_catalog(struct fixture *f)
{
    struct catalog *catalog;
    uint32_t given;

    assert_int_equal(catalog_open(&catalog, f->db.store, NULL), STATOR_OK);
    catalog_change_begin(catalog);
    for (uint32_t id = 0; id <= f->table->extras->ttl.id; id++)
        assert_int_equal(catalog_new_id(&given, catalog, NULL), STATOR_OK);
    assert_int_equal(catalog_put(catalog, f->table, NULL, NULL), STATOR_OK);
    catalog_change_end(catalog);
    catalog_close(catalog);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    temporary_make(f->dir);
    arena_init(&f->arena, 1 << 28);
    database_open(&f->db, f->dir, STORE_PROCESS);
    f->table = table_of(SCHEMA, &f->arena);
    put_in_catalog(f);
    for (int i = 0; i < ITEMS; i++)
        put_item(f, i);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    table_release(f->table);
    arena_deinit(&f->arena);
    temporary_remove(f->dir);
    free(f->text);
    free(f);
    return 0;
}

/* --- Bending ------------------------------------------------------------------------------------------------------ */

struct entry {
    uint32_t shard;
    struct bytes key, value;
};

/* The first key of that id, copied. */
static struct entry entry_of(struct fixture *f, uint32_t id)
{
    struct entry out = {0};
    struct buf lower, upper;

    buf_init(&lower, 64);
    buf_init(&upper, 64);
    key_append_prefix(&lower, id, 0);
    key_append_prefix(&upper, id + 1, 0);
    for (uint32_t shard = 0; shard < store_shards(f->db.store) && !bytes_present(out.key); shard++) {
        struct store_iterator *it =
            store_iterator_open(f->db.store, STORE_SHARD(shard), buf_bytes(&lower), buf_bytes(&upper), NULL, STORE_ANY);

        store_iterator_seek_first(it);
        if (store_iterator_valid(it))
            out = (struct entry){shard, arena_copy(&f->arena, store_iterator_key(it)),
                                 arena_copy(&f->arena, store_iterator_value(it))};
        store_iterator_close(it);
    }
    buf_deinit(&lower);
    buf_deinit(&upper);
    assert_true(bytes_present(out.key));
    return out;
}

/* value absent: the key is deleted. */
static void change(struct fixture *f, uint32_t family, struct bytes key, struct bytes value)
{
    struct store_batch *batch = store_batch_new(f->db.store);

    if (bytes_present(value))
        store_batch_put(batch, family, key, value);
    else
        store_batch_delete(batch, family, key);
    assert_int_equal(store_write(f->db.store, batch, true, NULL), STATOR_OK);
    store_batch_free(batch);
}

static void add(struct fixture *f, uint32_t id, enum catalog_counter counter, int64_t delta)
{
    struct store_batch *batch = store_batch_new(f->db.store);
    uint8_t key[8];

    store_batch_add(batch, catalog_counter_key(key, id, counter), delta);
    assert_int_equal(store_write(f->db.store, batch, true, NULL), STATOR_OK);
    store_batch_free(batch);
}

/* --- Files -------------------------------------------------------------------------------------------------------- */

static void find_largest(const char *dir, const char *suffix, char out[64])
{
    DIR *stream = opendir(dir);
    struct dirent *entry;
    off_t most = 0;

    while ((entry = readdir(stream)) != NULL) {
        char path[512];
        struct stat info;

        snprintf(path, sizeof(path), "%s/%.63s", dir, entry->d_name);
        if (strstr(entry->d_name, suffix) == NULL || stat(path, &info) != 0 || info.st_size <= most)
            continue;
        most = info.st_size;
        snprintf(out, 64, "%.63s", entry->d_name);
    }
    closedir(stream);
    assert_true(most > 0);
}

static void remove_file(const char *dir, const char *name)
{
    char path[512];

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    assert_int_equal(remove(path), 0);
}

/* More than a store leaves in its log when it is closed. */
static void put_much(struct fixture *f)
{
    char *text = malloc(8192), filler[4001];

    memset(filler, 'f', 4000);
    filler[4000] = '\0';
    for (int i = 0; i < 300; i++) {
        snprintf(text, 8192, ITEM(S("pk", "p1"), N("sk", "%d"), S("filler", "%s")), 20000 + i, filler);
        database_put(&f->db, f->table, text);
    }
    free(text);
}

static long long size_of(struct fixture *f, uint32_t id)
{
    uint8_t key[8];
    int64_t bytes;

    assert_int_equal(store_counter(f->db.store, catalog_counter_key(key, id, COUNTER_BYTES), &bytes, NULL), STATOR_OK);
    return bytes;
}

/* --- Checking ----------------------------------------------------------------------------------------------------- */

typedef enum stator_rc check_fn(const struct check_request *request, uint64_t *faults, struct stator_error *err);

static bool repair_lost; /* of the last one */

static enum stator_rc repair(const struct check_request *request, uint64_t *faults, struct stator_error *err)
{
    return check_repair(request, faults, &repair_lost, err);
}

static uint64_t run(struct fixture *f, check_fn *check)
{
    struct stator_error err = {0};
    uint64_t faults = 0;
    FILE *out;

    free(f->text);
    out = open_memstream(&f->text, &f->text_len);
    const struct check_request request = {.dir = f->dir, .program = "test", .out = out};

    if (check(&request, &faults, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    fclose(out);
    return faults;
}

static void assert_says(const struct fixture *f, const char *part)
{
    if (strstr(f->text, part) == NULL)
        fail_msg("'%s' is not in: %s", part, f->text);
}

/* Closes the database, which is bent, and checks and repairs it. Then there are so many items, and all is sound. */
static void assert_told_and_mended(struct fixture *f, const char *part, size_t items)
{
    char *told;

    database_close(&f->db);
    assert_int_not_equal(run(f, check_directory), 0);
    assert_says(f, part);
    assert_says(f, "Nothing was changed");
    told = strdup(f->text);
    assert_int_not_equal(run(f, check_directory), 0);
    assert_string_equal(f->text, told);
    free(told);
    assert_int_not_equal(run(f, repair), 0);
    assert_int_equal(run(f, check_directory), 0);
    assert_says(f, "sound");
    assert_int_equal(run(f, repair), 0);
    database_open(&f->db, f->dir, STORE_PROCESS);
    assert_int_equal(database_items(&f->db, f->table), items);
    database_close(&f->db);
}

static void a_sound_directory(void **state)
{
    struct fixture *f = *state;

    database_close(&f->db);
    assert_int_equal(run(f, check_directory), 0);
    assert_says(f, "1 table, 60 items: sound");
}

static void a_missing_entry(void **state)
{
    struct fixture *f = *state;
    struct entry entry = entry_of(f, GSI);

    change(f, STORE_SHARD(entry.shard), entry.key, (struct bytes){NULL, 0});
    assert_told_and_mended(f, "1 entries are missing, 0 are wrong, 0 are too many", ITEMS);
    assert_false(repair_lost);
}

static void a_wrong_entry(void **state)
{
    struct fixture *f = *state;
    struct entry entry = entry_of(f, LSI), other = entry_of(f, BASE);

    (void)other;
    change(f, STORE_SHARD(entry.shard), entry.key, entry_of(f, GSI).value);
    assert_told_and_mended(f, "1 are wrong", ITEMS);
}

/* The item's entries tell which one it was. */
static void a_missing_item(void **state)
{
    struct fixture *f = *state;
    struct entry entry = entry_of(f, BASE);

    change(f, STORE_SHARD(entry.shard), entry.key, (struct bytes){NULL, 0});
    database_close(&f->db);
    assert_int_not_equal(run(f, repair), 0);
    assert_says(f, "lost: item {\"pk\":{\"S\":\"p");
    assert_says(f, "is gone, and has an entry");
    assert_says(f, ": 1 item lost, as far as its counters tell (59 found)");
    assert_true(repair_lost);
    assert_int_equal(run(f, check_directory), 0);
    assert_says(f, "1 table, 59 items: sound");
}

static void an_item_that_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    struct entry entry = entry_of(f, BASE);

    change(f, STORE_SHARD(entry.shard), entry.key, bytes_of(entry.value.at, entry.value.len / 2));
    assert_told_and_mended(f, "1 items cannot be read", ITEMS - 1);
    assert_false(repair_lost); /* by the second repair, which finds nothing */
}

static void an_item_in_another_place(void **state)
{
    struct fixture *f = *state;
    struct entry entry = entry_of(f, BASE);

    change(f, STORE_SHARD((entry.shard + 1) % store_shards(f->db.store)), entry.key, entry.value);
    assert_told_and_mended(f, "1 are not where their keys say", ITEMS);
}

static void a_wrong_counter(void **state)
{
    struct fixture *f = *state;

    add(f, BASE, COUNTER_ITEMS, -3);
    add(f, GSI, COUNTER_BYTES, 11);
    assert_told_and_mended(f, "57 items were counted, and 60 are there", ITEMS);
}

static void a_wrong_size(void **state)
{
    static const uint32_t ids[] = {BASE, LSI, GSI};
    struct fixture *f = *state;
    char parts[COUNT_OF(ids)][64];

    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        add(f, ids[i], COUNTER_BYTES, 11 + (int64_t)i);
        snprintf(parts[i], sizeof(parts[i]), ": %lld bytes were counted, and ", size_of(f, ids[i]));
    }
    database_close(&f->db);
    assert_int_equal(run(f, repair), COUNT_OF(ids));
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        assert_says(f, parts[i]);
    assert_int_equal(run(f, check_directory), 0);
}

static atomic_bool log_is_unsynced; /* what was written last to a log */

/* Both are seen by the engine's shared library, too. */
__attribute__((visibility("default"))) ssize_t write(int fd, const void *data, size_t len)
{
    if (descriptor_is_of(fd, ".log"))
        log_is_unsynced = true;
    return syscall(SYS_write, fd, data, len);
}

__attribute__((visibility("default"))) int fdatasync(int fd)
{
    if (descriptor_is_of(fd, ".log"))
        log_is_unsynced = false;
    return (int)syscall(SYS_fdatasync, fd);
}

/* Nobody is told that it is mended before that is on the disk. */
static void a_repair_is_on_the_disk(void **state)
{
    struct fixture *f = *state;

    add(f, GSI, COUNTER_BYTES, 11);
    database_close(&f->db);
    log_is_unsynced = false;
    assert_int_equal(run(f, repair), 1);
    assert_false(log_is_unsynced);
    assert_int_equal(run(f, check_directory), 0);
}

static void an_expiry_without_an_item(void **state)
{
    struct fixture *f = *state;
    struct entry entry = entry_of(f, f->table->extras->ttl.id);

    change(f, STORE_SHARD(entry.shard), entry.key, (struct bytes){NULL, 0});
    assert_told_and_mended(f, "time to live of", ITEMS);
}

static void keys_of_no_table(void **state)
{
    struct fixture *f = *state;
    struct buf key;

    buf_init(&key, 64);
    for (uint64_t i = 0; i < 5; i++) {
        buf_reset(&key);
        key_append_prefix(&key, 77, i);
        change(f, STORE_SHARD(2), buf_bytes(&key), BYTES("x"));
    }
    buf_deinit(&key);
    assert_told_and_mended(f, "5 keys with the id 77 belong to no table", ITEMS);
}

static void a_key_too_short_for_an_id(void **state)
{
    struct fixture *f = *state;

    change(f, STORE_SHARD(1), BYTES("\5"), BYTES("x"));
    change(f, STORE_SHARD(1), BYTES("\0\0\0"), BYTES("x")); /* as of id 0, which is nobody's, and not looked at */
    assert_told_and_mended(f, "1 keys with the id 83886080 belong to no table", ITEMS);
}

/* What was dropped as a range may still be shown by an iterator. */
static void keys_of_a_dropped_table_are_no_fault(void **state)
{
    struct fixture *f = *state;
    struct store_batch *batch = store_batch_new(f->db.store);
    struct buf first, end;

    buf_init(&first, 64);
    buf_init(&end, 64);
    key_append_prefix(&first, 3000, 0);
    key_append_prefix(&end, 3001, 0);
    for (int i = 0; i < 2; i++) {
        store_batch_clear(batch);
        if (i == 0)
            store_batch_put(batch, STORE_SHARD(1), buf_bytes(&first), BYTES("x"));
        else
            store_batch_delete_range(batch, STORE_SHARD(1), buf_bytes(&first), buf_bytes(&end));
        assert_int_equal(store_write(f->db.store, batch, true, NULL), STATOR_OK);
    }
    store_batch_free(batch);
    buf_deinit(&first);
    buf_deinit(&end);
    change(f, STORE_CATALOG, BYTES("n"), BYTES("\0\0\x40\0"));
    database_close(&f->db);
    assert_int_equal(run(f, check_directory), 0);
}

#define STREAM 50

static void put_stream_key(struct fixture *f, enum stream_key_kind kind, struct bytes value)
{
    uint8_t key[STREAM_KEY_BYTES_MAX];

    change(f, STORE_CATALOG, stream_key_write(key, &(struct stream_key){.stream = STREAM, .kind = kind, .start = 1}),
           value);
}

static void put_record(struct fixture *f, uint64_t number, struct bytes value)
{
    uint8_t key[STREAM_RECORD_KEY_BYTES];

    change(f, STORE_SHARD(0), stream_record_key(key, STREAM, 0, number), value);
}

/* A stream of one lane, of which 200 is the first record that is not trimmed; a sound record is there. */
static void put_stream(struct fixture *f)
{
    const struct stream_about about = {.lanes = 1,
                                       .view = StreamViewType_KEYS_ONLY,
                                       .created_ms = 1,
                                       .namespace_ = BYTES(""),
                                       .table_name = BYTES("t"),
                                       .arn = BYTES("arn"),
                                       .label = BYTES("l"),
                                       .hash_name = BYTES("pk"),
                                       .range_name = BYTES("")};
    const struct stream_record record = {.event = STREAM_INSERT, .keys = BYTES("{}")};
    struct buf buf;

    buf_init(&buf, 4096);
    stream_about_write(&buf, &about);
    put_stream_key(f, STREAM_KEY_ABOUT, buf_bytes(&buf));
    put_stream_key(f, STREAM_KEY_SHARD, BYTES("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    put_stream_key(f, STREAM_KEY_TRIMMED, BYTES("\0\0\0\0\0\0\0\310"));
    buf_reset(&buf);
    stream_record_write(&buf, &record);
    put_record(f, 300, buf_bytes(&buf));
    put_record(f, 100, BYTES("what is trimmed may be anything"));
    buf_deinit(&buf);
    change(f, STORE_CATALOG, BYTES("n"), BYTES("\0\0\100\0"));
}

static void a_sound_stream(void **state)
{
    struct fixture *f = *state;

    put_stream(f);
    database_close(&f->db);
    if (run(f, check_directory) != 0)
        fail_msg("%s", f->text);
}

static void a_record_that_cannot_be_read(void **state)
{
    struct fixture *f = *state;

    put_stream(f);
    put_record(f, 400, BYTES("no record"));
    put_record(f, 500, BYTES(""));
    assert_told_and_mended(f, "2 records of stream 50 cannot be read", ITEMS);
}

static void a_stream_that_cannot_be_read(void **state)
{
    struct fixture *f = *state;

    put_stream(f);
    put_stream_key(f, STREAM_KEY_ABOUT, BYTES("nothing"));
    assert_told_and_mended(f, "what stream 50 was is not known", ITEMS);
}

static void a_table_whose_stream_is_gone(void **state)
{
    struct fixture *f = *state;
    const uint32_t ids[] = {BASE, LSI, GSI};
    struct table_extras extras = *f->table->extras;
    const struct table_source source = {.namespace_ = f->table->namespace_,
                                        .description = f->table->description,
                                        .ids = ids,
                                        .id_count = COUNT_OF(ids),
                                        .extras = &extras};
    struct store_batch *batch = store_batch_new(f->db.store);
    struct table *table;

    extras.stream = 1;
    assert_int_equal(table_new(&table, &source, NULL), STATOR_OK);
    assert_int_equal(catalog_add_definition(batch, table, NULL), STATOR_OK);
    assert_int_equal(store_write(f->db.store, batch, true, NULL), STATOR_OK);
    store_batch_free(batch);
    table_release(table);
    assert_told_and_mended(f, "is gone, and disabled", ITEMS);
}

static void an_id_that_would_be_given_again(void **state)
{
    struct fixture *f = *state;

    change(f, STORE_CATALOG, BYTES("n"), BYTES("\0\0\0\2"));
    assert_told_and_mended(f, "the next id is 2", ITEMS);
}

static void assert_ids_are_left(struct fixture *f)
{
    struct catalog *catalog;
    uint32_t given;

    database_open(&f->db, f->dir, STORE_PROCESS);
    assert_int_equal(catalog_open(&catalog, f->db.store, NULL), STATOR_OK);
    catalog_change_begin(catalog);
    assert_int_equal(catalog_new_id(&given, catalog, NULL), STATOR_OK);
    assert_in_range(given, f->table->extras->ttl.id + 1, f->table->extras->ttl.id + 100);
    catalog_change_end(catalog);
    catalog_close(catalog);
    database_close(&f->db);
}

static void a_stray_key_with_the_last_id(void **state)
{
    struct fixture *f = *state;
    struct buf key;

    buf_init(&key, 64);
    key_append_prefix(&key, UINT32_MAX - 1, 0);
    change(f, STORE_SHARD(0), buf_bytes(&key), BYTES("x"));
    buf_deinit(&key);
    assert_told_and_mended(f, "belong to no table", ITEMS);
    assert_ids_are_left(f);
}

static void all_ids_given(void **state)
{
    struct fixture *f = *state;
    struct stator_error err;
    struct catalog *catalog;
    uint32_t given;

    change(f, STORE_CATALOG, BYTES("n"), BYTES("\377\377\377\377"));
    assert_int_equal(catalog_open(&catalog, f->db.store, NULL), STATOR_OK);
    catalog_change_begin(catalog);
    assert_int_not_equal(catalog_new_id(&given, catalog, &err), STATOR_OK);
    catalog_change_end(catalog);
    catalog_close(catalog);
    assert_told_and_mended(f, "the next id is 4294967295", ITEMS);
    assert_ids_are_left(f);
}

static void a_definition_that_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    struct store_iterator *it =
        store_iterator_open(f->db.store, STORE_CATALOG, BYTES("t"), BYTES("u"), NULL, STORE_ANY);
    struct bytes key;

    store_iterator_seek_first(it);
    key = arena_copy(&f->arena, store_iterator_key(it));
    store_iterator_close(it);
    change(f, STORE_CATALOG, key, BYTES("no record"));
    assert_told_and_mended(f, "cannot be read", ITEMS);
    database_open(&f->db, f->dir, STORE_PROCESS);
    change(f, STORE_CATALOG, key, (struct bytes){NULL, 0});
    assert_told_and_mended(f, "there is a copy of it", ITEMS);
}

/* The second copy's key: the first one's behind a head. */
static struct bytes second_of(struct fixture *f, struct bytes first)
{
    uint8_t *at = arena_alloc(&f->arena, CATALOG_SECOND.len + first.len);

    memcpy(at, CATALOG_SECOND.at, CATALOG_SECOND.len);
    memcpy(at + CATALOG_SECOND.len, first.at, first.len);
    return bytes_of(at, CATALOG_SECOND.len + first.len);
}

/* Either copy of a definition, cut off, or under a name that is not its own. One repair mends all of it. */
static void a_damaged_copy_of_a_definition(void **state)
{
    struct fixture *f = *state;
    struct store_iterator *it =
        store_iterator_open(f->db.store, STORE_CATALOG, BYTES("t"), BYTES("u"), NULL, STORE_ANY);
    struct bytes first, record, strange;

    store_iterator_seek_first(it);
    first = arena_copy(&f->arena, store_iterator_key(it));
    record = arena_copy(&f->arena, store_iterator_value(it));
    store_iterator_close(it);
    strange = arena_copy(&f->arena, first);
    ((uint8_t *)strange.at)[strange.len - 1] ^= 1;

    change(f, STORE_COUNTERS, second_of(f, first), bytes_of(record.at, record.len / 2));
    assert_told_and_mended(f, "the copy of the definition of table", ITEMS);
    database_open(&f->db, f->dir, STORE_PROCESS);
    change(f, STORE_COUNTERS, second_of(f, strange), record);
    assert_told_and_mended(f, "is damaged", ITEMS);
    database_open(&f->db, f->dir, STORE_PROCESS);
    change(f, STORE_CATALOG, strange, record);
    assert_told_and_mended(f, "another name", ITEMS);
    database_open(&f->db, f->dir, STORE_PROCESS);
    change(f, STORE_COUNTERS, second_of(f, strange), record);
    change(f, STORE_COUNTERS, second_of(f, first), (struct bytes){NULL, 0});
    change(f, STORE_CATALOG, strange, record);
    assert_told_and_mended(f, "another name", ITEMS);
    database_open(&f->db, f->dir, STORE_PROCESS);
    change(f, STORE_CATALOG, first, (struct bytes){NULL, 0}); /* the copy is there again */
    assert_told_and_mended(f, "there is a copy of it", ITEMS);
}

/* --- What a newer program has left -------------------------------------------------------------------------------- */

static void write_claim(struct fixture *f, const char *text)
{
    write_bytes(f->dir, "STATOR-LOCK", bytes_of(text, strlen(text)));
}

static void assert_refused_as_newer(struct fixture *f, const char *part)
{
    const struct check_request request = {.dir = f->dir, .program = "test", .out = stdout};
    check_fn *const checks[] = {check_directory, repair};
    struct stator_error err;
    uint64_t faults;

    for (size_t i = 0; i < COUNT_OF(checks); i++) {
        assert_int_not_equal(checks[i](&request, &faults, &err), STATOR_OK);
        if (strstr(err.message, part) == NULL || strstr(err.message, "stator check") != NULL)
            fail_msg("%s", err.message);
    }
    err.message[0] = '\0';
    check_concerned(&err, f->dir);
    assert_string_equal(err.message, "");
}

static void a_newer_format(void **state)
{
    struct fixture *f = *state;

    database_close(&f->db);
    write_claim(f, "A Stator database. Its server holds a lock on this file.\n"
                   "Last opened by Stator 7.0.0 (0123456), format 77.\n");
    assert_refused_as_newer(f, "has format 77, last opened by Stator 7.0.0 (0123456); this is Stator test, which reads "
                               "formats 1 to 2: start that version or a newer one.");
}

/* --- What is lost ------------------------------------------------------------------------------------------------- */

static void a_lost_log(void **state)
{
    struct fixture *f = *state;
    char log[256];

    database_close(&f->db);
    find_log(f->dir, log);
    assert_int_equal(remove(log), 0);
    assert_int_not_equal(run(f, check_directory), 0);
    assert_says(f, "No table is known: those that were made in what cannot be read are gone, too.");
    assert_int_not_equal(run(f, repair), 0);
    assert_true(repair_lost);
    assert_says(f, "No table is left; which there were, and how many items they had, nothing tells.");
    assert_null(strstr(f->text, "All of them are mended"));
}

/* Items and counters are lost together. */
static void a_hole_in_the_log(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = malloc(FILE_MAX);
    char log[256];
    size_t len;

    database_close(&f->db);
    find_log(f->dir, log);
    len = read_file(log, bytes);
    bytes[9000] ^= 1; /* the definition is in front of that */
    write_bytes(f->dir, strrchr(log, '/') + 1, bytes_of(bytes, len));
    free(bytes);
    assert_int_not_equal(run(f, repair), 0);
    assert_true(repair_lost);
    assert_says(f, "What is sound is kept. What could not be read is lost");
    assert_says(f, "items found; its counters tell of no more, but may have lost the same writes");
    assert_int_equal(run(f, repair), 0);
    assert_false(repair_lost);
}

static void a_lost_manifest(void **state)
{
    struct fixture *f = *state;

    database_close(&f->db);
    remove_file(f->dir, "CURRENT");
    assert_int_not_equal(run(f, repair), 0);
    assert_true(repair_lost); /* or may be */
    assert_says(f, "What was found is kept. Whether there was more nothing is left to tell");
    assert_says(f, ": 60 items found; how many there were its counters do not tell");
    assert_null(strstr(f->text, "All of them are mended"));
}

/* With what says how long the log was the log can go without a trace. */
static void a_lost_witness(void **state)
{
    struct fixture *f = *state;
    char log[256];

    database_close(&f->db);
    find_log(f->dir, log);
    assert_int_equal(truncate(log, 12000), 0); /* the definition is in front of that */
    remove_file(f->dir, SYNCED_NAME);
    assert_int_not_equal(run(f, repair), 0);
    assert_true(repair_lost);
    assert_says(f, "What was found is kept. Whether there was more nothing is left to tell");
    assert_says(f, " items found; its counters tell of no more, but may have lost the same writes");
    assert_null(strstr(f->text, "All of them are mended"));
    assert_int_equal(run(f, repair), 0);
    assert_false(repair_lost);
}

static void what_is_no_directory_of_ours(void **state)
{
    struct fixture *f = *state;
    struct stator_error err = {0};
    uint64_t faults;
    char empty[64];

    const struct check_request request = {.dir = temporary_make(empty), .program = "test", .out = stdout};

    database_close(&f->db);
    assert_int_not_equal(check_directory(&request, &faults, &err), STATOR_OK);
    assert_non_null(strstr(err.message, "There is no database in"));
    assert_int_not_equal(repair(&request, &faults, &err), STATOR_OK);
    assert_non_null(strstr(err.message, "There is no database in"));
    assert_int_equal(rmdir(empty), 0); /* nothing is left in it */
    assert_int_not_equal(check_directory(&request, &faults, &err), STATOR_OK);
}

/* --- Repairs that are interrupted ------------------------------------------------------------------------------------- */

/* The linker leads check/repair.c's steps here: the process ends in front of the one of that number. 0: never. */
static int last_step;

static void step(void)
{
    if (last_step != 0 && --last_step == 0)
        _exit(77);
}

int __real_renameat(int from, const char *name, int to, const char *new_name);
int __wrap_renameat(int from, const char *name, int to, const char *new_name);
int __wrap_renameat(int from, const char *name, int to, const char *new_name)
{
    step();
    return __real_renameat(from, name, to, new_name);
}

int __real_mkdirat(int dir, const char *name, mode_t mode);
int __wrap_mkdirat(int dir, const char *name, mode_t mode);
int __wrap_mkdirat(int dir, const char *name, mode_t mode)
{
    step();
    return __real_mkdirat(dir, name, mode);
}

int __real_unlinkat(int dir, const char *name, int flags);
int __wrap_unlinkat(int dir, const char *name, int flags);
int __wrap_unlinkat(int dir, const char *name, int flags)
{
    step();
    return __real_unlinkat(dir, name, flags);
}

/* A byte of a table file's first block is changed: a server starts with that. */
static void spoil_table(struct fixture *f)
{
    uint8_t *bytes = malloc(FILE_MAX);
    char largest[64], path[512];
    size_t len;

    put_much(f);
    database_close(&f->db);
    find_largest(f->dir, ".sst", largest);
    snprintf(path, sizeof(path), "%s/%s", f->dir, largest);
    len = read_file(path, bytes);
    bytes[100] ^= 1;
    write_bytes(f->dir, largest, bytes_of(bytes, len));
    free(bytes);
}

/* False: it came to its end before that step. */
static bool is_killed_at(struct fixture *f, int at)
{
    pid_t child;
    int status;
    char number[16];

    snprintf(number, sizeof(number), "%d", at);
    child = fork();
    if (child == 0) { /* the engine's threads are not in it: it begins anew, in main */
        execl("/proc/self/exe", "repair", f->dir, number, NULL);
        _exit(1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 0));
    return WEXITSTATUS(status) == 77;
}

/* Whether a server starts; it puts an item. */
static bool starts(struct fixture *f)
{
    const struct store_options options = {.dir = f->dir, .layout = RING_LAYOUT, .durability = STORE_PROCESS};
    struct stator_error err;
    struct store *store;

    if (store_open(&store, &options, &err) != STATOR_OK) {
        assert_non_null(strstr(err.message, "stator check --repair"));
        return false;
    }
    store_close(store);
    database_open(&f->db, f->dir, STORE_PROCESS);
    put_item(f, 10000);
    database_close(&f->db);
    return true;
}

static size_t items_after_repair(struct fixture *f)
{
    size_t items;

    (void)run(f, repair);
    assert_int_equal(run(f, check_directory), 0);
    database_open(&f->db, f->dir, STORE_PROCESS);
    items = database_items(&f->db, f->table);
    database_close(&f->db);
    return items;
}

static void put_back(struct fixture *f, const char *whole)
{
    temporary_remove(f->dir);
    assert_int_equal(mkdir(f->dir, 0700), 0);
    copy_files(whole, f->dir);
}

/* What a server writes between a repair that is killed and the next one is there. lost: CURRENT goes before that one, too; then
 * only kills after which a server starts count. */
static void assert_killed_repairs_cost_nothing(struct fixture *f, bool lost)
{
    char whole[64];
    size_t kept, starts_count = 0;
    bool started = true;
    int at = 1;

    temporary_make(whole);
    spoil_table(f);
    copy_files(f->dir, whole);
    if (lost)
        remove_file(f->dir, "CURRENT");
    kept = items_after_repair(f);
    for (put_back(f, whole); is_killed_at(f, at); at++, put_back(f, whole)) {
        started = starts(f);
        starts_count += started;
        if (lost && !started)
            break;
        if (lost)
            remove_file(f->dir, "CURRENT");
        if (items_after_repair(f) != kept + started)
            fail_msg("killed at step %d: %s", at, f->text);
    }
    assert_true(starts_count > 2);
    assert_true(lost || starts_count + 10 < (size_t)at); /* it was killed at steps of both kinds */
    temporary_remove(whole);
}

static void a_repair_that_is_killed(void **state)
{
    assert_killed_repairs_cost_nothing(*state, false);
}

static void a_repair_that_is_killed_before_current_is_lost(void **state)
{
    assert_killed_repairs_cost_nothing(*state, true);
}

/* While somebody has the directory nothing is moved. */
static void a_repair_of_a_directory_in_use(void **state)
{
    struct fixture *f = *state;
    const struct check_request request = {.dir = f->dir, .program = "test", .out = stdout};
    struct stator_error err = {0};
    uint64_t faults;
    char path[128];

    snprintf(path, sizeof(path), "%s/STATOR-REPAIR", f->dir);
    assert_int_equal(mkdir(path, 0700), 0);
    write_bytes(path, "CURRENT", BYTES("MANIFEST-000001\n"));
    write_bytes(path, "MOVING-IN", BYTES("damaged-x"));
    remove_file(f->dir, "CURRENT");
    assert_int_not_equal(repair(&request, &faults, &err), STATOR_OK);
    assert_non_null(strstr(err.message, "in use"));
    assert_int_equal(access(path, F_OK), 0);
    database_close(&f->db);
}

static const char *refusal(struct fixture *f, struct stator_error *err)
{
    const struct store_options options = {.dir = f->dir, .layout = RING_LAYOUT, .durability = STORE_PROCESS};
    struct store *store;

    if (store_open(&store, &options, err) == STATOR_OK) {
        store_close(store);
        err->message[0] = '\0';
    }
    check_concerned(err, f->dir);
    return err->message;
}

/* A start that was refused tells whose file it is. */
static void the_owners_of_a_file(void **state)
{
    struct fixture *f = *state;
    struct stator_error err;
    char log[256];

    database_close(&f->db);
    err.message[0] = '\0';
    check_concerned(&err, f->dir);
    assert_string_equal(err.message, "");
    find_log(f->dir, log);
    assert_int_equal(truncate(log, 9000), 0); /* the definition is in front of that */
    err.message[0] = '\0';
    check_concerned(&err, f->dir);
    assert_non_null(strstr(err.message, "The tables: "));
    assert_non_null(memmem(err.message, strlen(err.message), f->table->name.at, f->table->name.len));
}

/* In words of ours, and each thing once. */
static void a_lost_table_file(void **state)
{
    struct fixture *f = *state;
    struct stator_error err;
    char largest[64];
    const char *text, *advice;

    put_much(f);
    database_close(&f->db);
    find_largest(f->dir, ".sst", largest);
    remove_file(f->dir, largest);
    text = refusal(f, &err);
    if (strstr(text, "is damaged: 0") == NULL || strstr(text, ".sst is gone: at most ") == NULL ||
        strstr(text, "A copy that was made while its server was writing looks like this, too.") == NULL ||
        strstr(text, "Corruption") != NULL || (advice = strstr(text, "check --repair")) == NULL ||
        strstr(advice + 1, "check --repair") != NULL)
        fail_msg("%s", text);
}

static void a_disk_that_does_not_answer(void **state)
{
    struct fixture *f = *state;
    struct stator_error err;

    database_close(&f->db);
    stator_fail(&err, STATOR_INTERNAL_SERVER_ERROR, "The file 'x' cannot be read: %s.", strerror(EIO));
    check_concerned(&err, f->dir);
    assert_non_null(strstr(err.message, "does not answer a read (Input/output error). Look at it first"));
    assert_non_null(strstr(err.message, "The file 'x' cannot be read"));
}

/* In a process of its own. */
static int repair_until(const char *dir, const char *step)
{
    const struct check_request request = {.dir = dir, .program = "test", .out = fopen("/dev/null", "w")};
    struct stator_error err;
    uint64_t faults;

    last_step = atoi(step);
    return repair(&request, &faults, &err) == STATOR_OK ? 0 : 1;
}

int main(int count, char **arguments)
{
    if (count == 3)
        return repair_until(arguments[1], arguments[2]);
#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ONE(a_sound_directory),
        ONE(a_missing_entry),
        ONE(a_wrong_entry),
        ONE(a_missing_item),
        ONE(an_item_that_cannot_be_read),
        ONE(an_item_in_another_place),
        ONE(a_wrong_counter),
        ONE(a_wrong_size),
        ONE(a_repair_is_on_the_disk),
        ONE(an_expiry_without_an_item),
        ONE(keys_of_no_table),
        ONE(a_key_too_short_for_an_id),
        ONE(keys_of_a_dropped_table_are_no_fault),
        ONE(a_sound_stream),
        ONE(a_record_that_cannot_be_read),
        ONE(a_stream_that_cannot_be_read),
        ONE(a_table_whose_stream_is_gone),
        ONE(an_id_that_would_be_given_again),
        ONE(a_stray_key_with_the_last_id),
        ONE(all_ids_given),
        ONE(a_definition_that_cannot_be_read),
        ONE(a_damaged_copy_of_a_definition),
        ONE(what_is_no_directory_of_ours),
        ONE(a_newer_format),
        ONE(a_lost_log),
        ONE(a_hole_in_the_log),
        ONE(a_lost_manifest),
        ONE(a_lost_witness),
        ONE(a_lost_table_file),
        ONE(a_disk_that_does_not_answer),
        ONE(a_repair_that_is_killed),
        ONE(a_repair_that_is_killed_before_current_is_lost),
        ONE(a_repair_of_a_directory_in_use),
        ONE(the_owners_of_a_file),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
