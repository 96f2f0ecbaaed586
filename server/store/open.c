/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing, and what a directory says of itself.
 *
 * The family "default" holds one record and nothing else, written last when a directory is made.
 *
 *      key    "format"
 *      value  version (4 bytes, big-endian) · shards (4) · the layout text
 *             00 00 00 02  00 00 00 04  "siphash-2-4 points=1024"
 *
 * Every later version keeps the first four bytes, and the lines of the lock's file (claim.c): an older server then knows
 * what it cannot read, and which program does.
 *
 *      1  up to 0.1.0
 *      2  STATOR-SYNCED says what the directory must have (synced.h); an older server would not keep it. One of version 1
 *         becomes this when it is opened.
 */
#include "store/rocks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/io.h"
#include "store/log_ahead.h"
#include "store/merge.h"
#include "store/rescue_files.h"
#include "store/unsynced.h"
#include "store/verify.h"

#define SHARDS_DEFAULT 4
#define LOGS_MAX       8 /* each start adds a WAL file; past this they are folded into tables */
/* A start replays the log, a stop has time: when a memtable has more than one of the engine's blocks of 512 KB, it makes
 * tables of them all. 30 MB took 300 ms of the next start, and take 70 of the stop. */
#define CLOSE_FLUSH_BYTES ((uint64_t)1 << 20)
#define MEMORY_PATH       "/stator" /* in the memory file system */

/* What one attempt to open works with. */
struct opening {
    struct store *store;
    const struct store_options *options;
    const struct rocks_looking *looking; /* NULL: the database is opened for reading and writing */
    const char *path;
    bool flush_on_recovery;
    size_t count;             /* families */
    size_t known;             /* of them in the database already; the others are to be made */
    uint32_t version;         /* of the format record that was read */
    struct synced_list found; /* the files that it had */
    struct claim claim;
    char (*names)[FAMILY_NAME_MAX];
    rocksdb_column_family_handle_t **handles;
};

void family_name(char out[FAMILY_NAME_MAX], size_t index)
{
    static const char *const fixed[] = {STORE_FAMILY_FORMAT, "catalog", "counters"};

    if (index < 3)
        snprintf(out, FAMILY_NAME_MAX, "%s", fixed[index]);
    else
        snprintf(out, FAMILY_NAME_MAX, "shard-%u", (unsigned)(index - 3));
}

static enum stator_rc reserve(struct opening *opening, size_t count, struct stator_error *err)
{
    opening->count = opening->known = count;
    opening->names = calloc(count, sizeof(*opening->names));
    opening->handles = calloc(count, sizeof(*opening->handles));
    return opening->names != NULL && opening->handles != NULL ? STATOR_OK : stator_fail_memory(err);
}

static void forget(struct opening *opening)
{
    free(opening->names);
    free(opening->handles);
    opening->names = NULL;
    opening->handles = NULL;
}

static void close_database(struct opening *opening)
{
    struct store *store = opening->store;

    if (store->db == NULL)
        return;
    for (size_t i = 0; i < opening->count; i++)
        if (opening->handles[i] != NULL)
            rocksdb_column_family_handle_destroy(opening->handles[i]);
    rocksdb_close(store->db);
    store->db = NULL;
}

/* --- Its files ---------------------------------------------------------------------------------------------------- */

static bool is_opening(void *context)
{
    const struct store *store = context;

    return !synced_is_started(store->synced);
}

static int making(void *context, uint64_t number)
{
    const struct store *store = context;

    return synced_enter(store->synced, number);
}

/* A start succeeds on a full disk, too. */
static int made(void *context, const char *path)
{
    struct store *store = context;

    if (store->durability == STORE_NONE) /* nothing is written to it */
        return 0;
    return log_room_begin(&store->log_room, path, is_opening(store)) || is_opening(store) ? 0 : ENOSPC;
}

static bool spare(void *context, const char *path)
{
    struct store *store = context;

    return log_room_use_spare(&store->log_room, path);
}

static int deleting(void *context, uint64_t number)
{
    const struct store *store = context;

    return synced_strike(store->synced, number);
}

static void syncing(void *context)
{
    (void)context;
    log_ahead_note_sync();
}

static void reached(void *context, uint64_t number, uint64_t bytes)
{
    const struct store *store = context;

    synced_reached(store->synced, number, bytes);
}

static void forget_files(struct store *store)
{
    if (store->env != NULL)
        rocksdb_env_destroy(store->env);
    store->env = NULL;
    synced_close(store->synced);
    store->synced = NULL;
}

/* From here on the engine's files are watched. begun: the directory has no lines yet. */
static enum stator_rc watch_files(struct opening *opening, bool begun, struct stator_error *err)
{
    struct store *store = opening->store;
    const struct files_watcher watcher = {.context = store,
                                          .opening = is_opening,
                                          .making = making,
                                          .made = made,
                                          .spare = spare,
                                          .deleting = deleting,
                                          .syncing = syncing,
                                          .synced = reached};

    forget_files(store);
    log_room_drop_spare(&store->log_room);
    STATOR_TRY(synced_open(&store->synced, store->dir, &opening->found, begun, err));
    store->env = files_env(&watcher);
    return store->env != NULL ? STATOR_OK : stator_fail_memory(err);
}

/* --- The database ------------------------------------------------------------------------------------------------- */

static const rocksdb_options_t *options_of_family(const struct rocks_options *rocks, const char *name)
{
    return strcmp(name, "counters") == 0 ? rocks->counters : rocks->all;
}

static enum stator_rc make_families(struct opening *opening, const struct rocks_options *rocks,
                                    struct stator_error *err)
{
    char *why = NULL;

    for (size_t i = opening->known; i < opening->count && why == NULL; i++)
        opening->handles[i] = rocksdb_create_column_family(
            opening->store->db, options_of_family(rocks, opening->names[i]), opening->names[i], &why);
    return why != NULL ? fault_of_open(err, opening->path, why) : STATOR_OK;
}

static void damage_met(void *context)
{
    struct store *store = context;

    atomic_fetch_add(&store->damaged_compactions, 1);
}

static bool has_room(void *context, uint64_t bytes, bool flushed)
{
    const struct store *store = context;

    return !atomic_load(&store->squeezing) &&
           space_has_room(store, bytes, flushed ? SPACE_FOR_FLUSHED : SPACE_FOR_COMPACTION);
}

static void had_no_space(void *context)
{
    struct store *store = context;

    atomic_fetch_add(&store->starved_compactions, 1);
}

static void stopped(void *context, bool no_space)
{
    struct store *store = context;

    atomic_store(no_space ? &store->starved : &store->broken, true);
}

/* Opens the families named in opening->names, and makes those that are not known. */
static enum stator_rc open_database(struct opening *opening, struct stator_error *err)
{
    const size_t count = opening->count;
    const char **names = calloc(count, sizeof(*names));
    const rocksdb_options_t **each = calloc(count, sizeof(*each));
    struct rocks_options rocks = {0};
    const struct rocks_situation situation = {
        .env = opening->store->env,
        .families = (uint32_t)count,
        .memory_bytes =
            space_init(opening->store, rocks_memory_bytes(opening->options->memtable_bytes, (uint32_t)count)),
        .flush_on_recovery = opening->flush_on_recovery,
        .looking = opening->looking != NULL,
    };
    const struct files_listener listener = {
        .context = opening->store,
        .has_room = has_room,
        .met_damage = damage_met,
        .had_no_space = had_no_space,
        .stopped = stopped,
    };
    enum stator_rc rc = STATOR_OK;
    char *why = NULL;

    if (names == NULL || each == NULL) {
        rc = stator_fail_memory(err);
        goto out;
    }
    rc = rocks_options_init(&rocks, opening->options, &situation, err);
    if (rc == STATOR_OK &&
        (!files_listen(rocks.all, &listener) || !merge_prepare(rocks.all) || !merge_prepare(rocks.counters)))
        rc = stator_fail_memory(err);
    if (rc != STATOR_OK)
        goto out;
    for (size_t i = 0; i < count; i++) {
        names[i] = opening->names[i];
        each[i] = options_of_family(&rocks, names[i]);
    }
    if (opening->looking != NULL)
        opening->store->db = rocksdb_open_for_read_only_column_families(rocks.all, opening->path, (int)opening->known,
                                                                        names, each, opening->handles, 0, &why);
    else
        opening->store->db = rocksdb_open_column_families(rocks.all, opening->path, (int)opening->known, names, each,
                                                          opening->handles, &why);
    if (why != NULL) {
        opening->store->db = NULL;
        rc = fault_of_open(err, opening->path, why);
    } else {
        rc = make_families(opening, &rocks, err);
    }
out:
    rocks_options_deinit(&rocks);
    free(names);
    free(each);
    return rc;
}

static enum stator_rc flush_record(struct opening *opening, struct stator_error *err)
{
    rocksdb_flushoptions_t *flush = rocksdb_flushoptions_create();
    char *why = NULL;

    rocksdb_flush_cf(opening->store->db, flush, opening->handles[0], &why);
    rocksdb_flushoptions_destroy(flush);
    return why != NULL ? fault_of_open(err, opening->path, why) : STATOR_OK;
}

static enum stator_rc write_record(struct opening *opening, uint32_t shards, struct stator_error *err)
{
    const char *layout = opening->options->layout;
    const bool wal = opening->options->durability != STORE_NONE;
    size_t len = FORMAT_RECORD_BYTES + strlen(layout);
    uint8_t *value = malloc(len);
    rocksdb_writeoptions_t *synced;
    char *why = NULL;

    if (value == NULL)
        return stator_fail_memory(err);
    for (int i = 0; i < 4; i++) {
        value[i] = (uint8_t)(STORE_FORMAT >> (24 - 8 * i));
        value[4 + i] = (uint8_t)(shards >> (24 - 8 * i));
    }
    memcpy(value + FORMAT_RECORD_BYTES, layout, len - FORMAT_RECORD_BYTES);
    synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(synced, !wal);
    rocksdb_writeoptions_set_sync(synced, wal && opening->options->dir != NULL);
    rocksdb_put_cf(opening->store->db, synced, opening->handles[0], chars(FORMAT_KEY), FORMAT_KEY.len,
                   (const char *)value, len, &why);
    rocksdb_writeoptions_destroy(synced);
    free(value);
    if (why != NULL)
        return fault_of_open(err, opening->path, why);
    return wal || opening->options->dir == NULL ? STATOR_OK : flush_record(opening, err);
}

static enum stator_rc make_database(struct opening *opening, struct stator_error *err)
{
    uint32_t shards = opening->options->shards != 0 ? opening->options->shards : SHARDS_DEFAULT;

    STATOR_TRY(reserve(opening, 3 + shards, err));
    opening->known = 1; /* the engine makes "default" with the database */
    for (size_t i = 0; i < opening->count; i++)
        family_name(opening->names[i], i);
    STATOR_TRY(open_database(opening, err));
    opening->store->shards = shards;
    return write_record(opening, shards, err);
}

/* The engine would sync each of its first files, some of them three times. As the directory says that it is not complete,
 * one sync for each at the end does. */
static enum stator_rc create(struct opening *opening, struct stator_error *err)
{
    enum stator_rc rc;

    if (opening->options->dir == NULL)
        return make_database(opening, err);
    STATOR_TRY(directory_begin(opening->path, err));
    opening->found.count = 0;
    unsynced_begin();
    rc = watch_files(opening, true, err);
    if (rc == STATOR_OK)
        rc = make_database(opening, err);
    if (rc == STATOR_OK)
        rc = synced_start(opening->store->synced, opening->path, err);
    unsynced_end();
    if (rc == STATOR_OK)
        rc = directory_claim(opening->path, opening->store->lock, opening->options->program, err);
    return rc == STATOR_OK ? directory_complete(opening->path, err) : rc;
}

/* Nobody was ever told that anything in it is safe. */
static enum stator_rc create_again(struct opening *opening, struct stator_error *err)
{
    rocksdb_options_t *plain = rocksdb_options_create();
    char *why = NULL;

    rocksdb_destroy_db(plain, opening->path, &why);
    rocksdb_options_destroy(plain);
    return why != NULL ? fault_of_open(err, opening->path, why) : create(opening, err);
}

/* Families without a format record: ours from a creation that was interrupted (before there was a mark for it), when
 * nothing was ever written to them. */
static enum stator_rc without_record(struct opening *opening, struct stator_error *err)
{
    if (rocksdb_get_latest_sequence_number(opening->store->db) != 0)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                           "The data directory '%s' has a RocksDB database that is not Stator's, or a damaged one: its "
                           "format record is missing. Choose another directory.",
                           opening->path);
    close_database(opening);
    forget(opening);
    return create_again(opening, err);
}

static enum stator_rc refuse_newer(const struct opening *opening, uint32_t version, struct stator_error *err)
{
    return claim_refuse_newer(err, opening->path, &opening->claim, version, opening->options->program);
}

static enum stator_rc check_shards(const struct opening *opening, uint32_t shards, struct stator_error *err)
{
    if (opening->options->shards == 0 || opening->options->shards == shards)
        return STATOR_OK;
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                       "The data directory '%s' was made with %u shards and cannot be opened with %u: leave the "
                       "number of shards out, or set it to %u.",
                       opening->path, shards, opening->options->shards, shards);
}

static enum stator_rc check_record(struct opening *opening, struct bytes value, struct stator_error *err)
{
    const char *layout = opening->options->layout;
    const enum stator_rc rc = STATOR_INTERNAL_SERVER_ERROR;
    uint32_t version = 0, shards = 0;
    struct bytes kept;

    for (size_t i = 0; i < 4 && value.len >= FORMAT_RECORD_BYTES; i++) {
        version = version << 8 | value.at[i];
        shards = shards << 8 | value.at[4 + i];
    }
    if (version > STORE_FORMAT)
        return refuse_newer(opening, version, err);
    opening->version = version;
    if (version == 0 || opening->count != 3 + (size_t)shards)
        return stator_fail(err, rc, "The data directory '%s' is damaged: its format record and its families disagree.",
                           opening->path);
    STATOR_TRY(check_shards(opening, shards, err));
    kept = bytes_of(value.at + FORMAT_RECORD_BYTES, value.len - FORMAT_RECORD_BYTES);
    if (!bytes_equal_string(kept, layout))
        return stator_fail(err, rc,
                           "The data directory '%s' spreads its keys by '%.*s' and this server by '%s': it cannot be "
                           "opened.",
                           opening->path, BYTES_ARG(kept), layout);
    opening->store->shards = shards;
    return STATOR_OK;
}

/* Names the families in the order of family_name, so that a handle's place is known. False when one is not listed. */
static bool name_in_order(struct opening *opening, char **listed)
{
    for (size_t i = 0; i < opening->count; i++) {
        bool found = false;

        family_name(opening->names[i], i);
        for (size_t k = 0; k < opening->count && !found; k++)
            found = strcmp(listed[k], opening->names[i]) == 0;
        if (!found)
            return false;
    }
    return true;
}

static enum stator_rc list_families(struct opening *opening, struct stator_error *err)
{
    rocksdb_options_t *plain = rocksdb_options_create();
    enum stator_rc rc;
    char *why = NULL, **listed;
    size_t count;

    if (opening->store->env != NULL)
        rocksdb_options_set_env(plain, opening->store->env);
    listed = rocksdb_list_column_families(plain, opening->path, &count, &why);
    rocksdb_options_destroy(plain);
    rc = why != NULL ? fault_of_open(err, opening->path, why) : reserve(opening, count, err);
    if (rc == STATOR_OK && !name_in_order(opening, listed))
        rc = stator_fail(
            err, STATOR_INTERNAL_SERVER_ERROR,
            "The data directory '%s' has a RocksDB database that is not Stator's, or one of a newer Stator: "
            "choose another directory.",
            opening->path);
    rocksdb_list_column_families_destroy(listed, count);
    return rc;
}

static enum stator_rc read_record(struct opening *opening, struct stator_error *err)
{
    enum stator_rc rc;
    rocksdb_pinnableslice_t *slice;
    const char *at;
    char *why = NULL;
    size_t len;

    slice = rocksdb_get_pinned_cf(opening->store->db, opening->store->read_any, opening->handles[0], chars(FORMAT_KEY),
                                  FORMAT_KEY.len, &why);
    if (why != NULL && opening->looking != NULL && opening->looking->version == NULL) {
        rocksdb_free(why); /* as if it were gone: it is made anew, and whoever examines its file tells */
        return STATOR_OK;
    }
    if (why != NULL)
        return fault_of_open(err, opening->path, why);
    if (slice == NULL)
        return STATOR_OK;
    at = rocksdb_pinnableslice_value(slice, &len);
    rc = check_record(opening, bytes_of(at, len), err);
    rocksdb_pinnableslice_destroy(slice);
    return rc;
}

/* A directory of format 1 becomes one of this: once the record says so the lines are there, and from then on no older server
 * takes it. */
static enum stator_rc settle_format(struct opening *opening, struct stator_error *err)
{
    STATOR_TRY(synced_start(opening->store->synced, opening->path, err));
    if (opening->version < STORE_FORMAT) {
        STATOR_TRY(directory_claim(opening->path, opening->store->lock, opening->options->program, err));
        opening->store->upgraded_from = opening->version;
        return write_record(opening, opening->store->shards, err);
    }
    /* its format is there already, and a start does not fail for a name */
    (void)claim_write(opening->store->lock, opening->options->program);
    return STATOR_OK;
}

static void ignore(void *context, const struct rescue_fault *fault)
{
    (void)context;
    (void)fault;
}

static enum stator_rc refuse_without_lines(const struct opening *opening, struct stator_error *err)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                       "The data directory '%s' is damaged: " SYNCED_NAME
                       ", which says what it must have, is gone. " VERIFY_GO_ON,
                       opening->path, opening->path, opening->path);
}

/* The version of the format record, 0 without one, read without changing anything. */
static enum stator_rc look_at_version(const struct opening *opening, uint32_t *version, struct stator_error *err)
{
    const struct store_options any_shards = {
        .dir = opening->options->dir, .layout = opening->options->layout, .program = opening->options->program};
    const struct rocks_looking looking = {.tell = ignore, .locked = true, .version = version};
    struct store *store;

    *version = 0;
    STATOR_TRY(rocks_look(&store, &any_shards, &looking, err));
    store_close(store);
    return STATOR_OK;
}

/* Nothing says what the directory must have: so it was up to format 1 alone. */
static enum stator_rc check_without_lines(struct opening *opening, struct stator_error *err)
{
    uint32_t version;

    STATOR_TRY(look_at_version(opening, &version, err));
    return version < STORE_FORMAT ? STATOR_OK : refuse_without_lines(opening, err);
}

/* Before the engine changes anything. One that has no record is not complete, and is made anew. */
static enum stator_rc refuse_other_shards(struct opening *opening, struct stator_error *err)
{
    const uint32_t shards = (uint32_t)opening->count - FAMILIES_BEFORE_SHARDS;
    uint32_t version;

    if (opening->options->shards == 0 || opening->options->shards == shards)
        return STATOR_OK;
    STATOR_TRY(look_at_version(opening, &version, err));
    return version == 0 ? STATOR_OK : check_shards(opening, shards, err);
}

static enum stator_rc open_existing(struct opening *opening, struct stator_error *err)
{
    claim_read(&opening->claim, opening->store->lock);
    if (opening->claim.format >
        STORE_FORMAT) /* before the engine changes it, or what is new in it is taken for damage */
        return refuse_newer(opening, opening->claim.format, err);
    STATOR_TRY(verify_directory(&opening->found, opening->path, NULL, NULL, err));
    if (opening->found.state != SYNCED_SOUND && opening->claim.format >= STORE_FORMAT)
        return refuse_without_lines(opening, err);
    STATOR_TRY(list_families(opening, err));
    if (opening->count > FAMILIES_BEFORE_SHARDS)
        STATOR_TRY(refuse_other_shards(opening, err));
    if (opening->found.state != SYNCED_SOUND && opening->count > FAMILIES_BEFORE_SHARDS)
        STATOR_TRY(check_without_lines(opening, err));
    STATOR_TRY(watch_files(opening, opening->found.state != SYNCED_SOUND, err));
    STATOR_TRY(open_database(opening, err));
    STATOR_TRY(read_record(opening, err));
    if (opening->version == 0)
        return without_record(opening, err);
    STATOR_TRY(settle_format(opening, err));
    if (!opening->flush_on_recovery)
        return STATOR_OK;
    /* Recovery has emptied the memtables; the engine lets go of old WAL files when one more table is written. */
    STATOR_TRY(write_record(opening, opening->store->shards, err));
    return flush_record(opening, err);
}

/* The engine is not asked for it while it looks; a start is refused without it. */
static void look_at_identity(const struct opening *opening)
{
    char path[PATH_MAX], text[64];
    int fd = -1, error = 0;

    if ((size_t)snprintf(path, sizeof(path), "%s/IDENTITY", opening->path) >= sizeof(path))
        return;
    fd = io_open_file(AT_FDCWD, path, O_RDONLY);
    if (fd < 0 ? errno != ENOENT : read(fd, text, sizeof(text)) < 0)
        error = errno;
    if (fd >= 0)
        close(fd);
    if (error == 0)
        return;
    snprintf(text, sizeof(text), "cannot be read: %s", io_open_error(error));
    opening->looking->tell(opening->looking->context,
                           &(struct rescue_fault){.kind = RESCUE_LOG, .file = "IDENTITY", .what = text});
}

/* The format record may be what is lost. */
static enum stator_rc open_looking(struct opening *opening, struct stator_error *err)
{
    struct store *store = opening->store;

    if (!opening->looking->locked)
        STATOR_TRY(rescue_lock(&store->lock, opening->path, err));
    if (store->lock >= 0)
        claim_read(&opening->claim, store->lock);
    STATOR_TRY(
        verify_directory(&opening->found, opening->path, opening->looking->tell, opening->looking->context, err));
    look_at_identity(opening);
    store->env = rescue_env(opening->found.instead & ~FILES_MANIFEST);
    if (store->env == NULL)
        return stator_fail_memory(err);
    STATOR_TRY(list_families(opening, err));
    if (opening->count <= FAMILIES_BEFORE_SHARDS)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The directory '%s' has no Stator database.",
                           opening->path);
    STATOR_TRY(open_database(opening, err));
    store->shards = (uint32_t)opening->count - FAMILIES_BEFORE_SHARDS;
    atomic_store(&store->read_only, true);
    STATOR_TRY(read_record(opening, err));
    if (opening->looking->version != NULL)
        *opening->looking->version = opening->version;
    if ((opening->version == STORE_FORMAT || opening->claim.format == STORE_FORMAT) &&
        opening->found.state != SYNCED_SOUND && opening->found.state != SYNCED_DAMAGED)
        opening->looking->tell(opening->looking->context,
                               &(struct rescue_fault){.kind = RESCUE_LOG,
                                                      .file = SYNCED_NAME,
                                                      .what = "is gone, which says what there must be"});
    return STATOR_OK;
}

static void make_call_options(struct store *store)
{
    store->read_any = rocksdb_readoptions_create();
    store->read_cached = rocksdb_readoptions_create();
    if (store->dir != NULL) /* in memory no file is slow, so no read has to be tried twice */
        rocksdb_readoptions_set_read_tier(store->read_cached, 1);
    store->mark_batch = rocksdb_writebatch_create();
    buf_init(&store->mark, SYNCED_PLACE_BYTES);
    store->write = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_no_slowdown(store->write, 1);
    rocksdb_writeoptions_disable_WAL(store->write, store->durability == STORE_NONE);
    store->write_slowed = rocksdb_writeoptions_create();
    rocksdb_writeoptions_disable_WAL(store->write_slowed, store->durability == STORE_NONE);
}

static void make_log_locks(struct store *store)
{
    pthread_rwlockattr_t fair;

    log_room_init(&store->log_room);
    pthread_rwlockattr_init(&fair); /* the default lets a stream of writers keep the syncer out for ever */
    pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&store->log_lock, &fair);
    pthread_rwlockattr_destroy(&fair);
    pthread_mutex_init(&store->sync_lock, NULL);
}

static void free_store(struct store *store)
{
    rocksdb_readoptions_destroy(store->read_any);
    rocksdb_readoptions_destroy(store->read_cached);
    rocksdb_writeoptions_destroy(store->write);
    rocksdb_writeoptions_destroy(store->write_slowed);
    rocksdb_writebatch_destroy(store->mark_batch);
    buf_deinit(&store->mark);
    pthread_rwlock_destroy(&store->log_lock);
    pthread_mutex_destroy(&store->sync_lock);
    log_room_deinit(&store->log_room);
    forget_files(store);
    if (store->lock >= 0)
        close(store->lock);
    free(store->families);
    free(store->dir);
    free(store);
}

static enum stator_rc open_path(struct opening *opening, struct stator_error *err)
{
    struct directory directory = {.lock = -1};

    if (opening->looking != NULL)
        return open_looking(opening, err);
    if (opening->options->dir != NULL)
        STATOR_TRY(directory_prepare(&directory, opening->path, err));
    opening->store->lock = directory.lock;
    opening->flush_on_recovery = directory.logs > LOGS_MAX && space_for_tables(opening->path);
    if (directory.incomplete)
        return create_again(opening, err);
    return directory.has_database ? open_existing(opening, err) : create(opening, err);
}

static enum stator_rc open_store(struct store **out, const struct store_options *options,
                                 const struct rocks_looking *looking, struct stator_error *err)
{
    struct store_options settled = *options;
    struct opening opening = {
        .options = &settled, .looking = looking, .path = options->dir != NULL ? options->dir : MEMORY_PATH};
    struct store *store = calloc(1, sizeof(*store));
    enum stator_rc rc;

    *out = NULL;
    stator_assert(options->shards <= STORE_SHARDS_MAX);
    if (settled.memtable_bytes == 0)
        settled.memtable_bytes = MEMTABLE_BYTES_DEFAULT;
    if (settled.cache_bytes == 0)
        settled.cache_bytes = CACHE_BYTES_DEFAULT;
    if (settled.layout == NULL)
        settled.layout = "";
    if (settled.program == NULL)
        settled.program = "of unknown version";
    if (store == NULL)
        return stator_fail_memory(err);
    opening.store = store;
    store->lock = -1;
    store->durability = options->dir != NULL ? options->durability : STORE_NONE;
    store->log_is_buffered = store->durability == STORE_FULL;
    if (options->dir == NULL)
        store->env = rocksdb_create_mem_env();
    else
        store->dir = strdup(options->dir);
    make_call_options(store);
    make_log_locks(store);
    if ((options->dir != NULL && store->dir == NULL) ||
        (store->durability != STORE_NONE && !log_room_set_dir(&store->log_room, store->dir)))
        rc = stator_fail_memory(err);
    else
        rc = open_path(&opening, err);
    if (rc != STATOR_OK) {
        close_database(&opening);
        free(opening.handles);
        free_store(store);
    } else {
        store->format = opening.handles[0];
        store->families = opening.handles;
        memmove(store->families, store->families + 1, (opening.count - 1) * sizeof(*store->families));
        store->family_count = (uint32_t)opening.count - 1;
        if (store->dir != NULL && looking == NULL)
            directory_sweep(store->dir);
        (void)log_room_refill(&store->log_room); /* else whoever writes asks again */
        memcpy(store->left_out, opening.found.left_out, sizeof(store->left_out));
        frozen_init(store);
        *out = store;
    }
    free(opening.names);
    synced_list_deinit(&opening.found);
    return rc;
}

enum stator_rc store_open(struct store **out, const struct store_options *options, struct stator_error *err)
{
    return open_store(out, options, NULL, err);
}

enum stator_rc rocks_look(struct store **out, const struct store_options *options, const struct rocks_looking *looking,
                          struct stator_error *err)
{
    const struct store_options settled = {
        .dir = options->dir, .layout = options->layout, .program = options->program, .durability = STORE_NONE};

    return open_store(out, &settled, looking, err);
}

/* Whatever cannot be flushed the log has, too. */
static void flush_long_log(struct store *store)
{
    struct stator_error err;
    enum stator_rc rc;
    uint64_t most = 0;

    if (store->dir == NULL || store->durability == STORE_NONE || store_read_only(store) || store_full(store))
        return;
    for (uint32_t i = 0; i < store->family_count; i++) {
        struct store_family_stats stats;

        store_family_stats(store, i, &stats);
        most = stats.memory_bytes > most ? stats.memory_bytes : most;
    }
    if (most < CLOSE_FLUSH_BYTES)
        return;
    rc = rocks_flush(store, &err);
    (void)rc;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    flush_long_log(store);
    frozen_deinit(store);
    rocksdb_column_family_handle_destroy(store->format);
    for (uint32_t i = 0; i < store->family_count; i++)
        rocksdb_column_family_handle_destroy(store->families[i]);
    rocksdb_close(store->db);
    free_store(store);
}

uint32_t store_upgraded_from(const struct store *store)
{
    return store->upgraded_from;
}

const char *store_left_out(const struct store *store)
{
    return store->left_out;
}

uint32_t store_shards(const struct store *store)
{
    return store->shards;
}
