/* SPDX-License-Identifier: Apache-2.0 */
/* A database whose manifest cannot be read: which table files are in use, and which families there are, nobody says. The engine
 * makes a manifest of all table files that can be read whole; they are copied into a new database, and behind them the logs, which
 * are the newest of what was written: record by record, past whatever cannot be read. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/io.h"
#include "store/log_read.h"
#include "store/rescue.h"
#include "store/rescue_files.h"
#include "store/rocks.h"

#define BATCH_HEAD_BYTES 12 /* of a record of the log: sequence (8), count of changes (4) */
#define NUMBERS_MAX      4096

struct rebuilding {
    const char *dir;
    const struct store_options *options; /* dir: the new one's */
    char tables[PATH_MAX];               /* beside it: links to the table files, and a manifest of them */
    struct store *to;
    rocksdb_writeoptions_t *write; /* waits where the engine stalls */
    rescue_tell *tell;
    void *context;
};

static enum stator_rc fail(const struct rebuilding *r, const char *what, struct stator_error *err)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The directory '%s' cannot be repaired: %s: %s.", r->dir,
                       what, strerror(errno));
}

static bool ends_with(const char *name, const char *suffix)
{
    size_t len = strlen(name), suffix_len = strlen(suffix);

    return len > suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

static void tell(const struct rebuilding *r, const char *file, const char *what)
{
    r->tell(r->context, &(struct rescue_fault){.kind = RESCUE_MANIFEST, .file = file, .what = what});
}

/* --- How many shards there were ----------------------------------------------------------------------------------- */

/* Keys and values may have any bytes that a client likes, so the format record counts only where no client writes: under its key in
 * the family of its own. */
struct record_search {
    const char *layout;
    uint32_t shards;  /* 0: not found */
    uint32_t version; /* the highest: one of an older program may lie beside it */
};

static void take_record(void *context, const char *key, size_t key_len, const char *value, size_t len)
{
    struct record_search *search = context;
    const struct bytes record = bytes_of(value, len);
    uint32_t shards, version;

    if (!bytes_equal(bytes_of(key, key_len), FORMAT_KEY) || len < FORMAT_RECORD_BYTES)
        return;
    version = read_be32(record.at);
    search->version = version > search->version ? version : search->version;
    if (!bytes_equal_string(bytes_of(record.at + FORMAT_RECORD_BYTES, len - FORMAT_RECORD_BYTES), search->layout))
        return;
    shards = read_be32(record.at + 4);
    if (shards <= STORE_SHARDS_MAX)
        search->shards = shards;
}

static void ignore_deletion(void *context, const char *key, size_t key_len)
{
    (void)context, (void)key, (void)key_len;
}

/* The engine shows the changes of the first family, which has nothing but that record, and ends at one of another. */
static void search_batch(struct record_search *search, struct bytes record)
{
    rocksdb_writebatch_t *batch;

    if (record.len <= BATCH_HEAD_BYTES)
        return;
    batch = rocksdb_writebatch_create_from(chars(record), record.len);
    rocksdb_writebatch_iterate(batch, search, take_record, ignore_deletion);
    rocksdb_writebatch_destroy(batch);
}

static void search_log(struct record_search *search, const char *path)
{
    int fd = io_open_file(AT_FDCWD, path, O_RDONLY);
    enum log_read found = LOG_RECORD;
    struct log_reader reader;

    if (fd < 0)
        return;
    if (!log_reader_init(&reader, fd))
        found = LOG_FAILED;
    reader.by_blocks = true;
    while (found != LOG_END && found != LOG_FAILED) {
        found = log_reader_next(&reader);
        if (found == LOG_RECORD)
            search_batch(search, buf_bytes(&reader.record));
    }
    log_reader_deinit(&reader);
    close(fd);
}

static void search_table(struct record_search *search, const char *path)
{
    size_t len;
    char *value = rescue_value_in_table(path, STORE_FAMILY_FORMAT, chars(FORMAT_KEY), FORMAT_KEY.len, &len);

    if (value != NULL)
        take_record(search, chars(FORMAT_KEY), FORMAT_KEY.len, value, len);
    free(value);
}

static struct record_search search_records(const char *dir, const char *layout)
{
    DIR *stream = opendir(dir);
    struct dirent *entry;
    struct record_search search = {.layout = layout};

    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        char path[PATH_MAX];

        if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name) >= sizeof(path))
            continue;
        if (ends_with(entry->d_name, ".log"))
            search_log(&search, path);
        else if (ends_with(entry->d_name, ".sst"))
            search_table(&search, path);
    }
    if (stream != NULL)
        closedir(stream);
    return search;
}

static void read_claim(struct claim *out, const char *dir)
{
    char path[PATH_MAX];
    int fd = -1;

    *out = (struct claim){.format = 0};
    if ((size_t)snprintf(path, sizeof(path), "%s/STATOR-LOCK", dir) < sizeof(path))
        fd = io_open_file(AT_FDCWD, path, O_RDONLY);
    if (fd < 0)
        return;
    claim_read(out, fd);
    close(fd);
}

enum stator_rc rescue_refuse_newer(const struct store_options *options, struct stator_error *err)
{
    struct claim claim;
    uint32_t version;

    read_claim(&claim, options->dir);
    if (claim.format == 0 && directory_refuse_pipes(options->dir, err) != STATOR_OK)
        return STATOR_OK; /* that is what rescue_open says */
    version = claim.format != 0 ? claim.format : search_records(options->dir, "").version;
    return version <= STORE_FORMAT ? STATOR_OK
                                   : claim_refuse_newer(err, options->dir, &claim, version, options->program);
}

/* --- Table files -------------------------------------------------------------------------------------------------- */

static enum stator_rc link_tables(struct rebuilding *r, size_t *count, struct stator_error *err)
{
    DIR *stream;
    struct dirent *entry;
    enum stator_rc rc = STATOR_OK;

    *count = 0;
    if (mkdir(r->tables, 0700) != 0)
        return fail(r, r->tables, err);
    stream = opendir(r->dir);
    if (stream == NULL)
        return fail(r, "it cannot be read", err);
    while (rc == STATOR_OK && (entry = readdir(stream)) != NULL) {
        char from[PATH_MAX], to[PATH_MAX];

        if (!ends_with(entry->d_name, ".sst"))
            continue;
        ++*count;
        if ((size_t)snprintf(from, sizeof(from), "%s/%s", r->dir, entry->d_name) >= sizeof(from) ||
            (size_t)snprintf(to, sizeof(to), "%s/%s", r->tables, entry->d_name) >= sizeof(to) || link(from, to) != 0)
            rc = fail(r, "a table file cannot be linked", err);
    }
    closedir(stream);
    return rc;
}

/* The engine puts what it cannot use aside. */
static void tell_left_out(const struct rebuilding *r)
{
    char lost[PATH_MAX];
    DIR *stream;
    struct dirent *entry;

    if ((size_t)snprintf(lost, sizeof(lost), "%s/lost", r->tables) >= sizeof(lost))
        return;
    stream = opendir(lost);
    while (stream != NULL && (entry = readdir(stream)) != NULL)
        if (ends_with(entry->d_name, ".sst"))
            tell(r, entry->d_name, "cannot be read in whole, and is left out");
    if (stream != NULL)
        closedir(stream);
}

/* Those of which there was no table file are made. */
static void make_families(const struct rebuilding *r, const struct rocks_options *rocks, char **why)
{
    static char texts[FAMILIES_BEFORE_SHARDS + STORE_SHARDS_MAX][FAMILY_NAME_MAX];
    static const char *names[FAMILIES_BEFORE_SHARDS + STORE_SHARDS_MAX];
    static const rocksdb_options_t *each[FAMILIES_BEFORE_SHARDS + STORE_SHARDS_MAX];
    static rocksdb_column_family_handle_t *handles[FAMILIES_BEFORE_SHARDS + STORE_SHARDS_MAX];
    const int count = (int)(FAMILIES_BEFORE_SHARDS + store_shards(r->to));
    rocksdb_t *db;

    for (int i = 0; i < count; i++) {
        family_name(texts[i], (size_t)i);
        names[i] = texts[i];
        each[i] = rocks->counters;
    }
    rocksdb_options_set_create_missing_column_families(rocks->all, 1);
    db = rocksdb_open_column_families(rocks->all, r->tables, count, names, each, handles, why);
    for (int i = 0; db != NULL && i < count; i++)
        rocksdb_column_family_handle_destroy(handles[i]);
    if (db != NULL)
        rocksdb_close(db);
}

static enum stator_rc make_manifest(const struct rebuilding *r, struct stator_error *err)
{
    const struct store_options options = {.cache_bytes = CACHE_BYTES_DEFAULT, .memtable_bytes = MEMTABLE_BYTES_DEFAULT};
    const struct rocks_situation situation = {
        .families = STORE_SHARDS_MAX, .memory_bytes = rocks_memory_bytes(options.memtable_bytes, STORE_SHARDS_MAX)};
    struct rocks_options rocks = {0};
    char *why = NULL;

    STATOR_TRY(rocks_options_init(&rocks, &options, &situation, err));
    rocksdb_repair_db(rocks.counters, r->tables, &why);
    if (why == NULL)
        make_families(r, &rocks, &why);
    rocks_options_deinit(&rocks);
    return why != NULL ? fault_of_open(err, r->tables, why) : STATOR_OK;
}

static void ignore(void *context, const struct rescue_fault *fault)
{
    (void)context;
    (void)fault;
}

static enum stator_rc copy_tables(struct rebuilding *r, struct stator_error *err)
{
    const struct store_options options = {.dir = r->tables, .layout = r->options->layout};
    struct rescue *rescue;
    enum stator_rc rc;
    size_t count;

    STATOR_TRY(link_tables(r, &count, err));
    if (count == 0)
        return STATOR_OK;
    STATOR_TRY(make_manifest(r, err));
    tell_left_out(r);
    STATOR_TRY(rescue_open(&rescue, &options, ignore, NULL, err));
    rc = rescue_copy(rescue, r->to, err);
    rescue_close(rescue);
    return rc;
}

/* --- Logs --------------------------------------------------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;

    return (left > right) - (left < right);
}

static size_t list_logs(const struct rebuilding *r, uint64_t numbers[NUMBERS_MAX])
{
    DIR *stream = opendir(r->dir);
    struct dirent *entry;
    size_t count = 0;

    while (stream != NULL && count < NUMBERS_MAX && (entry = readdir(stream)) != NULL)
        if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' && ends_with(entry->d_name, ".log"))
            numbers[count++] = strtoull(entry->d_name, NULL, 10);
    if (stream != NULL)
        closedir(stream);
    qsort(numbers, count, sizeof(*numbers), by_number);
    return count;
}

/* Families have the same ids in each directory, for they are made in the same order. */
static void apply(const struct rebuilding *r, struct bytes record, const char *name)
{
    rocksdb_writebatch_t *batch;
    char *why = NULL;

    if (record.len <= BATCH_HEAD_BYTES)
        return;
    batch = rocksdb_writebatch_create_from(chars(record), record.len);
    rocksdb_write(r->to->db, r->write, batch, &why);
    rocksdb_writebatch_destroy(batch);
    if (why != NULL)
        tell(r, name, "has a record that cannot be used");
    rocksdb_free(why);
}

static enum stator_rc apply_log(const struct rebuilding *r, uint64_t number, struct stator_error *err)
{
    struct log_reader reader;
    enum log_read found = LOG_RECORD;
    bool gap = false, told = false;
    char path[PATH_MAX], name[32];
    int fd;

    snprintf(name, sizeof(name), "%06llu.log", (unsigned long long)number);
    if ((size_t)snprintf(path, sizeof(path), "%s/%s", r->dir, name) >= sizeof(path))
        return STATOR_OK;
    fd = io_open_file(AT_FDCWD, path, O_RDONLY);
    if (fd < 0)
        return fail(r, name, err);
    if (!log_reader_init(&reader, fd))
        found = LOG_FAILED;
    reader.by_blocks = true; /* what is applied is nobody's but the engine's */
    while (found != LOG_END && found != LOG_FAILED) {
        found = log_reader_next(&reader);
        gap |= found == LOG_GAP;
        if (found != LOG_RECORD)
            continue;
        if (gap && !told)
            tell(r, name, "has parts that cannot be read");
        told |= gap;
        apply(r, buf_bytes(&reader.record), name);
    }
    if (found == LOG_FAILED)
        tell(r, name, "cannot be read further");
    log_reader_deinit(&reader);
    close(fd);
    return STATOR_OK;
}

static enum stator_rc apply_logs(const struct rebuilding *r, struct stator_error *err)
{
    uint64_t *numbers = calloc(NUMBERS_MAX, sizeof(*numbers));
    size_t count = numbers != NULL ? list_logs(r, numbers) : 0;
    enum stator_rc rc = numbers != NULL ? STATOR_OK : stator_fail_memory(err);

    for (size_t i = 0; rc == STATOR_OK && i < count; i++)
        rc = apply_log(r, numbers[i], err);
    free(numbers);
    return rc == STATOR_OK ? store_sync(r->to, err) : rc;
}

static enum stator_rc rebuild(struct rebuilding *r, struct stator_error *err)
{
    enum stator_rc rc;

    STATOR_TRY(copy_tables(r, err));
    r->write = rocksdb_writeoptions_create();
    rc = apply_logs(r, err);
    rocksdb_writeoptions_destroy(r->write);
    return rc;
}

enum stator_rc rescue_rebuild(struct store **out, const char *dir, const struct store_options *options,
                              rescue_tell *told, void *context, struct stator_error *err)
{
    struct rebuilding r = {.dir = dir, .options = options, .tell = told, .context = context};
    const struct record_search search = search_records(dir, options->layout);
    struct store_options settled = *options;
    enum stator_rc rc;

    *out = NULL;
    settled.shards = search.shards;
    if (search.version > STORE_FORMAT)
        return claim_refuse_newer(err, dir, &(struct claim){.format = 0}, search.version, options->program);
    if (settled.shards == 0)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                           "The directory '%s' cannot be repaired: nothing in it says how many shards it had.", dir);
    if ((size_t)snprintf(r.tables, sizeof(r.tables), "%s/tables", options->dir) >= sizeof(r.tables))
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The path '%s' is too long.", options->dir);
    STATOR_TRY(store_open(&r.to, &settled, err));
    tell(&r, "MANIFEST", "cannot be used, so that nobody says which table files count: what was deleted may be back");
    rc = rebuild(&r, err);
    if (rc != STATOR_OK) {
        store_close(r.to);
        return rc;
    }
    *out = r.to;
    return STATOR_OK;
}
