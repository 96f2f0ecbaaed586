/* SPDX-License-Identifier: Apache-2.0 */
/* Getting space back. The engine merges files when a level is too large, not when what is in them is deleted: a dropped
 * table would stay until others have written as much. So whoever has time asks here for one step after the other.
 *
 * How much is dead is told by the deletions that the engine counts in each file, times what an entry takes in the lowest
 * level, where most of what they delete lies. A deletion in an upper file is taken to be anywhere in the range of that
 * file. What was overwritten is not known to be dead, and the sizes of the levels bound it to a tenth or so.
 *
 * A step is a range of keys, as large as can be. Where there is no room for that squeeze.c does it in smaller ones.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "store/io.h"
#include "store/squeeze.h"

#define STEP_BYTES        ((uint64_t)32 << 20) /* of the lowest level that one step rewrites, or a single larger file */
#define DEAD_PART         16                   /* a file of which less than this part is dead is left alone ... */
#define DEAD_BYTES_LEAST  ((uint64_t)128 << 10) /* ... and one with less than this */
#define RANGE_BYTES_LEAST ((uint64_t)256 << 10) /* a range with less in files is left to the engine */
#define LOG_BYTES_LEAST   ((uint64_t)8 << 20)   /* a shorter log is left ... */
#define LOG_RESERVE_PART  16                    /* ... unless it takes such a part of what is kept free */
#define FLUSHED_PAUSE_MS  5
#define FLUSH_BYTES       ((uint64_t)256 << 10) /* that a flush takes for each family's next log */

#define SQUEEZES_MAX 64 /* of one range, which writers may fill again meanwhile */

/* --- What there is ------------------------------------------------------------------------------------------------ */

static struct file file_at(const rocksdb_livefiles_t *live, int i)
{
    size_t first_len, last_len;
    const char *first = rocksdb_livefiles_smallestkey(live, i, &first_len);
    const char *last = rocksdb_livefiles_largestkey(live, i, &last_len);

    return (struct file){.name = rocksdb_livefiles_name(live, i),
                         .first = bytes_of(first, first_len),
                         .last = bytes_of(last, last_len),
                         .bytes = rocksdb_livefiles_size(live, i),
                         .entries = rocksdb_livefiles_entries(live, i),
                         .deletions = rocksdb_livefiles_deletions(live, i),
                         .level = rocksdb_livefiles_level(live, i)};
}

static int compare_files(const void *a, const void *b)
{
    const struct file *left = a, *right = b;

    return left->level != right->level ? (left->level < right->level ? -1 : 1)
                                       : bytes_compare(left->first, right->first);
}

/* A number of the engine's text about tables: "# entries=7; ...". */
static uint64_t number_in(const char *text, const char *name)
{
    const char *at = text != NULL ? strstr(text, name) : NULL;

    return at != NULL ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* Files from before the start, which the engine has not looked into: they share, by their sizes, what it then finds in all of
 * the level. It opens each of them for that. */
static void look_into_level(struct store *store, uint32_t family, struct file *files, size_t count)
{
    uint64_t bytes = 0, entries, deletions;
    char name[64], *text;
    bool known = true;

    for (size_t i = 0; i < count; i++) {
        known = known && files[i].entries != 0;
        bytes += files[i].bytes;
    }
    if (known || bytes == 0 || count > STORE_OPEN_FILES_MAX)
        return;
    snprintf(name, sizeof(name), "rocksdb.aggregated-table-properties-at-level%d", files[0].level);
    text = rocksdb_property_value_cf(store->db, family_of(store, family), name);
    entries = number_in(text, "# entries=");
    deletions = number_in(text, "# deletions=");
    rocksdb_free(text);
    for (size_t i = 0; i < count; i++) {
        files[i].entries = (uint64_t)((double)entries * (double)files[i].bytes / (double)bytes);
        files[i].deletions = (uint64_t)((double)deletions * (double)files[i].bytes / (double)bytes);
    }
}

static void look_into(struct files *files, struct store *store, uint32_t family)
{
    for (size_t begin = 0, end; begin < files->count; begin = end) {
        for (end = begin; end < files->count && files->at[end].level == files->at[begin].level;)
            end++;
        look_into_level(store, family, &files->at[begin], end - begin);
    }
}

bool files_of(struct files *out, struct store *store, uint32_t family, const rocksdb_livefiles_t *live)
{
    char name[FAMILY_NAME_MAX];
    int count = rocksdb_livefiles_count(live);

    *out = (struct files){.at = calloc((size_t)count + 1, sizeof(struct file))};
    if (out->at == NULL)
        return false;
    family_name(name, family + 1);
    for (int i = 0; i < count; i++)
        if (strcmp(rocksdb_livefiles_column_family_name(live, i), name) == 0)
            out->at[out->count++] = file_at(live, i);
    qsort(out->at, out->count, sizeof(struct file), compare_files);
    look_into(out, store, family);
    out->lowest = out->count != 0 ? out->at[out->count - 1].level : 0;
    out->deletions = stats_property(store, family_of(store, family), "rocksdb.num-deletes-active-mem-table") +
                     stats_property(store, family_of(store, family), "rocksdb.num-deletes-imm-mem-tables");
    return true;
}

/* The first of the lowest level. */
static size_t lowest_from(const struct files *files)
{
    size_t i = 0;

    while (i < files->count && files->at[i].level < files->lowest)
        i++;
    return i;
}

/* Spreads the deletions of one upper file, or of memory, over what it lies above. */
static void spread(struct files *files, size_t from, const struct file *above, uint64_t deletions)
{
    size_t below = 0;

    for (size_t i = from; i < files->count; i++)
        below += above == NULL || file_overlaps(&files->at[i], above->first, above->last);
    for (size_t i = from; below != 0 && i < files->count; i++)
        if (above == NULL || file_overlaps(&files->at[i], above->first, above->last))
            files->at[i].dead_entries += (double)deletions / (double)below;
}

static void count_dead(struct files *files, size_t from)
{
    for (size_t i = 0; i < from; i++)
        spread(files, from, &files->at[i], files->at[i].deletions);
    for (size_t i = from; i < files->count; i++)
        files->at[i].dead_entries += (double)files->at[i].deletions;
    spread(files, from, NULL, files->deletions);
}

static uint64_t dead_bytes(const struct file *file)
{
    double values = file->entries > file->deletions ? (double)(file->entries - file->deletions) : 1;
    double part = file->entries != 0 ? file->dead_entries / values : 0; /* 0: the engine has not looked into it yet */

    return part >= 1 ? file->bytes : (uint64_t)((double)file->bytes * part);
}

/* --- One compaction ----------------------------------------------------------------------------------------------- */

/* What rewriting that range of keys reads, and writes at most: an upper file goes with all that it lies above. */
static uint64_t input_bytes(const struct files *files, struct bytes first, struct bytes last)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < files->count; i++) {
        const struct file *file = &files->at[i];

        if (!file_overlaps(file, first, last))
            continue;
        bytes += file->bytes;
        if (file->level == files->lowest)
            continue;
        first = bytes_compare(file->first, first) < 0 ? file->first : first;
        if (bytes_present(last) && bytes_compare(file->last, last) > 0)
            last = file->last;
    }
    return bytes;
}

/* The engine may have been, and no write has met that yet. */
bool reclaim_is_stopped(const struct store *store)
{
    return atomic_load(&store->reclaim_stopped) || store_read_only(store) || atomic_load(&store->starved) ||
           atomic_load(&store->broken);
}

/* last absent: to the end. */
static enum store_reclaimed compact(struct store *store, uint32_t family, const struct files *files, struct bytes first,
                                    struct bytes last)
{
    const uint64_t damaged = store_damaged_compactions(store), starved = atomic_load(&store->starved_compactions);
    rocksdb_compactoptions_t *how;

    if (reclaim_is_stopped(store))
        return STORE_RECLAIM_STOPPED;
    if (!space_has_room(store, input_bytes(files, first, last), SPACE_FOR_RECLAIM))
        return STORE_RECLAIM_NO_SPACE;
    /* What was deleted since the last sync is kept as it was before it (frozen.c): the step would give nothing back. */
    if (store->durability == STORE_FULL && store_sync(store, NULL) != STATOR_OK)
        return STORE_RECLAIM_STOPPED;
    how = rocksdb_compactoptions_create();
    rocksdb_compactoptions_set_exclusive_manual_compaction(how, 0);
    rocksdb_compactoptions_set_bottommost_level_compaction(how,
                                                           3); /* what this step wrote itself it does not rewrite */
    atomic_store(&store->reclaiming, true);
    rocksdb_compact_range_cf_opt(store->db, family_of(store, family), how, chars(first), first.len,
                                 bytes_present(last) ? chars(last) : NULL, last.len);
    atomic_store(&store->reclaiming, false);
    rocksdb_compactoptions_destroy(how);
    if (store_damaged_compactions(store) != damaged) /* the C API does not tell how it ended */
        return STORE_RECLAIM_DAMAGED;
    if (atomic_load(&store->starved_compactions) != starved)
        return STORE_RECLAIM_NO_SPACE;
    return reclaim_is_stopped(store) ? STORE_RECLAIM_STOPPED : STORE_RECLAIM_DONE;
}

/* --- What is deleted here and there ------------------------------------------------------------------------------- */

/* The part of the family that most of is dead, if it is worth it. */
struct part {
    struct bytes first, last;
    uint64_t dead, bytes;
};

static uint64_t find_part(struct part *worst, struct files *files)
{
    size_t from = lowest_from(files);
    uint64_t dead_all = 0;

    *worst = (struct part){.dead = 0};
    count_dead(files, from);
    for (size_t i = from; i < files->count; i++) {
        const struct file *file = &files->at[i];
        uint64_t dead = dead_bytes(file);

        dead_all += dead;
        if (dead >= DEAD_BYTES_LEAST && dead >= file->bytes / DEAD_PART &&
            (worst->dead == 0 || (double)dead * (double)worst->bytes > (double)worst->dead * (double)file->bytes))
            *worst = (struct part){.first = file->first, .last = file->last, .dead = dead, .bytes = file->bytes};
    }
    return dead_all;
}

/* Whether there is something to do, or the next family is to be tried, for which there may be room. */
static bool tries_next(enum store_reclaimed done)
{
    return done == STORE_RECLAIM_NOTHING || done == STORE_RECLAIM_NO_SPACE;
}

/* With little room the part is too large, and what is around it is done by the way. */
static enum store_reclaimed squeeze_any(struct store *store)
{
    enum store_reclaimed done = STORE_RECLAIM_NOTHING;

    for (uint32_t family = 0; family < store->family_count && tries_next(done); family++)
        done = squeeze(store, family, (struct bytes){NULL, 0}, (struct bytes){NULL, 0}, false);
    return done;
}

static enum store_reclaimed step_of_little_room(struct store *store)
{
    enum store_reclaimed done = squeeze_any(store);

    if (tries_next(done) && squeeze_flush(store))
        done = squeeze_any(store);
    return done == STORE_RECLAIM_NOTHING ? STORE_RECLAIM_NO_SPACE : done;
}

enum store_reclaimed store_reclaim_step(struct store *store, uint64_t *dead)
{
    const rocksdb_livefiles_t *live = rocksdb_livefiles(store->db);
    enum store_reclaimed done = STORE_RECLAIM_NOTHING;
    bool starved = false;

    *dead = 0;
    for (uint32_t family = 0; family < store->family_count && tries_next(done); family++) {
        struct files files;
        struct part worst;

        if (!files_of(&files, store, family, live))
            break;
        find_part(&worst, &files);
        if (worst.dead != 0) {
            *dead = worst.dead;
            done = compact(store, family, &files, worst.first, worst.last);
            starved = starved || done == STORE_RECLAIM_NO_SPACE;
        }
        free(files.at);
    }
    rocksdb_livefiles_destroy(live);
    return starved && tries_next(done) ? step_of_little_room(store) : done;
}

uint64_t store_dead_bytes(struct store *store)
{
    const rocksdb_livefiles_t *live = rocksdb_livefiles(store->db);
    uint64_t dead = 0;

    for (uint32_t family = 0; family < store->family_count; family++) {
        struct files files;
        struct part worst;

        if (!files_of(&files, store, family, live))
            break;
        dead += find_part(&worst, &files);
        free(files.at);
    }
    rocksdb_livefiles_destroy(live);
    return dead;
}

/* --- All of it ---------------------------------------------------------------------------------------------------- */

/* The end of the next step behind the cursor, absent at the family's end; what is left behind it. */
static struct bytes next_end(const struct files *files, struct bytes after, uint64_t *left)
{
    struct bytes end = {NULL, 0};
    uint64_t bytes = 0;

    *left = 0;
    for (size_t i = lowest_from(files); i < files->count; i++) {
        const struct file *file = &files->at[i];

        if (files->lowest == 0 || bytes_compare(file->last, after) < 0)
            continue;
        if (bytes != 0 && bytes + file->bytes > STEP_BYTES) {
            *left += file->bytes;
            bytes = STEP_BYTES;
        } else {
            bytes += file->bytes;
            end = file->last;
        }
    }
    return *left != 0 ? end : (struct bytes){NULL, 0};
}

static uint64_t bytes_behind(const struct store *store, uint32_t family, const rocksdb_livefiles_t *live)
{
    char name[FAMILY_NAME_MAX];
    uint64_t bytes = 0;

    for (uint32_t later = family + 1; later < store->family_count; later++) {
        family_name(name, later + 1);
        for (int i = 0; i < rocksdb_livefiles_count(live); i++)
            if (strcmp(rocksdb_livefiles_column_family_name(live, i), name) == 0)
                bytes += rocksdb_livefiles_size(live, i);
    }
    return bytes;
}

/* The first file of the lowest level behind the cursor ends here; absent: there is none, or it is the last. */
static struct bytes first_end(const struct files *files, struct bytes after)
{
    for (size_t i = lowest_from(files); files->lowest != 0 && i + 1 < files->count; i++)
        if (bytes_compare(files->at[i].last, after) >= 0)
            return files->at[i].last;
    return (struct bytes){NULL, 0};
}

static void advance(struct store_sweep *sweep, struct bytes end)
{
    sweep->squeezes = 0;
    buf_reset(&sweep->from);
    if (bytes_present(end)) {
        buf_append_bytes(&sweep->from, end);
        buf_append_byte(&sweep->from, 0); /* the least key behind it */
    } else {
        sweep->family++;
    }
}

/* Narrower, or not at all: then on with what is behind it. */
static enum store_reclaimed step_with_little_room(struct store *store, struct store_sweep *sweep,
                                                  const struct files *files)
{
    const struct bytes from = buf_bytes(&sweep->from), end = first_end(files, from);
    enum store_reclaimed done =
        sweep->squeezes < SQUEEZES_MAX ? squeeze(store, sweep->family, from, end, true) : STORE_RECLAIM_NO_SPACE;

    sweep->squeezes++;
    if (done == STORE_RECLAIM_DONE || !tries_next(done))
        return done;
    done = compact(store, sweep->family, files, from, end);
    if (!tries_next(done) && done != STORE_RECLAIM_DONE)
        return done;
    sweep->starved = sweep->starved || done == STORE_RECLAIM_NO_SPACE;
    advance(sweep, end);
    return STORE_RECLAIM_DONE;
}

static enum store_reclaimed step_in_family(struct store *store, struct store_sweep *sweep,
                                           const rocksdb_livefiles_t *live)
{
    enum store_reclaimed done;
    struct files files;
    struct bytes end;

    if (!files_of(&files, store, sweep->family, live))
        return STORE_RECLAIM_NO_SPACE;
    end = next_end(&files, buf_bytes(&sweep->from), &sweep->left_bytes);
    sweep->left_bytes += bytes_behind(store, sweep->family, live);
    done = compact(store, sweep->family, &files, buf_bytes(&sweep->from), end);
    if (done == STORE_RECLAIM_DONE)
        advance(sweep, end);
    else if (done == STORE_RECLAIM_NO_SPACE)
        done = step_with_little_room(store, sweep, &files);
    free(files.at);
    return done;
}

enum store_reclaimed store_compact_step(struct store *store, struct store_sweep *sweep)
{
    const rocksdb_livefiles_t *live;
    enum store_reclaimed done;

    if (sweep->family == 0 && sweep->from.len == 0)
        sweep->starved = false;
    if (sweep->family == store->family_count)
        return sweep->starved ? STORE_RECLAIM_NO_SPACE : STORE_RECLAIM_NOTHING;
    live = rocksdb_livefiles(store->db);
    done = step_in_family(store, sweep, live);
    rocksdb_livefiles_destroy(live);
    return done;
}

/* --- Ranges that are gone ----------------------------------------------------------------------------------------- */

uint64_t store_moment(struct store *store)
{
    return rocksdb_get_latest_sequence_number(store->db);
}

bool store_is_looked_at(struct store *store, uint64_t moment)
{
    uint64_t oldest = stats_property(store, store->format, "rocksdb.oldest-snapshot-sequence");

    return oldest != 0 && oldest < moment;
}

/* Without a log what is in memory would be lost by a crash, and the files' being gone would not. */
static enum stator_rc settle_deletion(struct store *store, struct stator_error *err)
{
    if (store->dir != NULL && store->durability == STORE_NONE)
        return rocks_flush(store, err);
    return store_sync(store, err);
}

enum stator_rc store_drop_files(struct store *store, uint32_t family, struct bytes first, struct bytes end,
                                struct stator_error *err)
{
    char *why = NULL;

    if (store_read_only(store))
        return fault_read_only(store, err);
    if (store_range_bytes(store, family, first, end) < RANGE_BYTES_LEAST)
        return STATOR_OK;
    STATOR_TRY(settle_deletion(store, err));
    rocksdb_delete_file_in_range_cf(store->db, family_of(store, family), chars(first), first.len, chars(end), end.len,
                                    &why);
    return why != NULL ? fault_of_write(store, err, why) : STATOR_OK;
}

/* As far as there is room for all of it at once. */
static enum store_reclaimed compact_now(struct store *store, uint32_t family, struct bytes first, struct bytes end)
{
    const rocksdb_livefiles_t *live = rocksdb_livefiles(store->db);
    enum store_reclaimed done;
    struct files files;

    if (files_of(&files, store, family, live)) {
        done = compact(store, family, &files, first, end);
        free(files.at);
    } else {
        done = STORE_RECLAIM_NO_SPACE;
    }
    rocksdb_livefiles_destroy(live);
    return done;
}

enum store_reclaimed store_compact_range(struct store *store, uint32_t family, struct bytes first, struct bytes end)
{
    enum store_reclaimed done;

    if (store_range_bytes(store, family, first, end) < RANGE_BYTES_LEAST)
        return STORE_RECLAIM_NOTHING;
    done = compact_now(store, family, first, end);
    for (int tries = 0; done == STORE_RECLAIM_NO_SPACE && tries < SQUEEZES_MAX &&
                        squeeze(store, family, first, end, true) == STORE_RECLAIM_DONE;
         tries++)
        done = compact_now(store, family, first, end);
    return done;
}

/* --- The log ------------------------------------------------------------------------------------------------------ */

/* On the disk. */
static uint64_t log_bytes(const char *path)
{
    DIR *dir = opendir(path);
    const struct dirent *entry;
    uint64_t bytes = 0;

    if (dir == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL) {
        size_t len = strlen(entry->d_name);
        struct stat found;

        if (len > 4 && strcmp(entry->d_name + len - 4, ".log") == 0 &&
            fstatat(dirfd(dir), entry->d_name, &found, 0) == 0)
            bytes += (uint64_t)found.st_blocks * 512;
    }
    closedir(dir);
    return bytes;
}

bool space_for_tables(const char *dir)
{
    uint64_t free_now, total;

    return !space_of(dir, &free_now, &total) || free_now > 2 * log_bytes(dir);
}

static uint64_t log_bytes_least(const struct store *store)
{
    const uint64_t part = store->reserve_bytes / LOG_RESERVE_PART;

    return part != 0 && part < LOG_BYTES_LEAST ? part : LOG_BYTES_LEAST;
}

/* What is allocated ahead the next log would have, too. */
static bool log_is_short(const struct store *store)
{
    return log_bytes(store->dir) < log_bytes_least(store) + log_room_left(&store->log_room);
}

/* The tables take no more than the log has, and no more than memory does. */
bool store_shorten_log(struct store *store)
{
    uint64_t memory = 0, free_now, total;
    struct stator_error err;

    if (store->dir == NULL || store->durability == STORE_NONE || store_read_only(store) ||
        !space_of(store->dir, &free_now, &total) || log_is_short(store))
        return false;
    for (uint32_t i = 0; i < store->family_count; i++)
        memory += stats_property(store, store->families[i], "rocksdb.cur-size-all-mem-tables");
    return free_now > memory + memory / 8 + FLUSH_BYTES && rocks_flush(store, &err) == STATOR_OK;
}

void store_close_within(struct store *store, uint32_t ms)
{
    atomic_store(&store->flush_until_ms, io_monotonic_ms() + ms);
}

static bool gives_up(struct store *store)
{
    uint64_t until_ms = atomic_load(&store->flush_until_ms);

    return atomic_load(&store->hurried) || (until_ms != 0 && io_monotonic_ms() >= until_ms);
}

/* The engine's flushes wait for nothing any more once it was stopped and has gone on. */
static void await_flushed(struct store *store, rocksdb_column_family_handle_t *family)
{
    static const struct timespec pause = {.tv_nsec = FLUSHED_PAUSE_MS * 1000000};

    while (atomic_load(&store->revived) && stats_property(store, family, "rocksdb.num-immutable-mem-table") != 0 &&
           !gives_up(store) && !store_starved(store) && !store_broken(store))
        nanosleep(&pause, NULL);
}

static enum stator_rc flush_family(struct store *store, rocksdb_flushoptions_t *how,
                                   rocksdb_column_family_handle_t *family, struct stator_error *err)
{
    char *why = NULL;

    if (gives_up(store))
        return stator_fail(err, STATOR_AGAIN, "the server is stopping");
    rocksdb_flush_cf(store->db, how, family, &why);
    if (why != NULL)
        return fault_of_write(store, err, why);
    await_flushed(store, family);
    return STATOR_OK;
}

enum stator_rc rocks_flush(struct store *store, struct stator_error *err)
{
    rocksdb_flushoptions_t *flush = rocksdb_flushoptions_create();
    enum stator_rc rc = log_room_has_spare(&store->log_room) ? STATOR_OK : fault_full(store, err);

    files_flush_at_once(flush);
    for (uint32_t i = 0; i < store->family_count && rc == STATOR_OK; i++)
        rc = flush_family(store, flush, store->families[i], err);
    if (rc == STATOR_OK) /* it would keep the oldest log */
        rc = flush_family(store, flush, store->format, err);
    rocksdb_flushoptions_destroy(flush);
    return rc;
}

/* --- The end ------------------------------------------------------------------------------------------------------ */

void store_reclaim_stop(struct store *store)
{
    atomic_store(&store->reclaim_stopped, true);
    rocksdb_disable_manual_compaction(store->db);
    revive_stop(store);
}

bool store_is_reclaiming(const struct store *store)
{
    return atomic_load_explicit(&store->reclaiming, memory_order_relaxed);
}
