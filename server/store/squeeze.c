/* SPDX-License-Identifier: Apache-2.0 */
/* What a compaction needs is what is alive in its input, until the input goes. On a full disk even that may be more than there
 * is room for, and a compaction of a range of keys (reclaim.c) takes the whole of level 0 and all that this lies above. So here
 * one file is moved to the next level that has something in its range; and files that are written above the lowest level
 * end where a file there does, so that the next move is as narrow. Level 0 moves to a level above the others where it does not
 * fit otherwise, its oldest files alone if need be.
 *
 * How much is alive is an estimate: deletions are taken to be anywhere in what they lie above. Where it was too low the
 * compaction gives up before it takes what a flush would need, nothing has changed, and estimates are doubted for a while.
 */
#include <stdlib.h>
#include <unistd.h>

#include "store/merge.h"
#include "store/squeeze.h"

#define LEVEL_LAST       6 /* the engine's */
#define DELETION_BYTES   64
#define NEED_BYTES_LEAST ((uint64_t)64 << 10) /* of any compaction: indexes, filters, ends of files */
#define GAIN_BYTES_LEAST ((uint64_t)16 << 10) /* less is not worth one ... */
#define GAIN_PART        16                   /* ... nor such a part of what it writes */
#define OUTPUT_PART      8                    /* of what is kept free one file of the output may have */
#define OUTPUT_ROOM_PART 4                    /* or of the room */
#define OUTPUT_BYTES_MIN ((uint64_t)256 << 10)
#define OUTPUT_BYTES_MAX ((uint64_t)32 << 20)
#define DOUBT_MAX        4  /* then a compaction is taken to write all that it reads */
#define FLUSH_PART       16 /* of what is kept free: with more in memory it is made tables of first */
#define BUSY_TRIES       30
#define BUSY_US          100000

/* One compaction that could be. */
struct move {
    bool *chosen; /* of all files; the caller's */
    struct bytes first, last;
    int from, to; /* levels */
    uint64_t need, gain;
};

/* --- What there is room for --------------------------------------------------------------------------------------- */

static uint64_t memory_bytes(struct store *store)
{
    uint64_t bytes = 0;

    for (uint32_t i = 0; i < store->family_count; i++)
        bytes += stats_property(store, store->families[i], "rocksdb.cur-size-all-mem-tables");
    return bytes;
}

/* What is in memory can still be written, and what makes space at once is still taken. */
static uint64_t room_of(struct store *store)
{
    const uint64_t memory = memory_bytes(store), floor = store->reserve_bytes / 4 + memory + memory / 8;
    uint64_t free_now, total;

    if (store->dir == NULL || !space_of(store->dir, &free_now, &total))
        return 0;
    return free_now > floor ? free_now - floor : 0;
}

static bool goes_on(void *context, size_t bytes)
{
    struct store *store = context;

    return !atomic_load(&store->reclaim_stopped) && room_of(store) >= bytes;
}

/* --- One move ----------------------------------------------------------------------------------------------------- */

static void widen(struct move *move, const struct file *file)
{
    if (!bytes_present(move->first) || bytes_compare(file->first, move->first) < 0)
        move->first = file->first;
    if (!bytes_present(move->last) || bytes_compare(file->last, move->last) > 0)
        move->last = file->last;
}

/* Down to the level of the output, what overlaps goes along. What that has below, too, but not what it has above. */
static void close_over(struct move *move, const struct files *files)
{
    for (size_t i = 0; i < files->count && files->at[i].level <= move->to; i++) {
        const struct file *file = &files->at[i];

        if (file->level > 0 && file->level >= move->from && file_overlaps(file, move->first, move->last))
            move->chosen[i] = true;
        if (move->chosen[i])
            widen(move, file);
    }
}

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t values_of(const struct file *file)
{
    if (file->entries == 0) /* the engine has not looked into it since the start */
        return file->bytes / DELETION_BYTES;
    return file->entries > file->deletions ? file->entries - file->deletions : 0;
}

static uint64_t value_bytes(const struct file *file)
{
    return file->bytes - least(file->bytes, file->deletions * DELETION_BYTES);
}

/* need and gain. A deletion is about some value below it, whether that is in this move or, later, in the next. */
static void judge(struct move *move, const struct files *files, uint32_t doubt)
{
    uint64_t input = 0, bytes = 0, below = 0, alive;
    double deletions = 0, values = 0, part;

    for (size_t i = 0; i < files->count; i++) {
        const struct file *file = &files->at[i];

        if (!move->chosen[i] && (file->level <= move->to || !file_overlaps(file, move->first, move->last)))
            continue;
        values += (double)values_of(file);
        below += value_bytes(file);
        if (!move->chosen[i])
            continue;
        input += file->bytes;
        bytes += value_bytes(file);
        deletions += (double)file->deletions;
    }
    part = deletions >= values ? 1 : deletions / values;
    move->gain = (uint64_t)(part * (double)below);
    alive = input - (uint64_t)(part * (double)bytes);
    alive += alive / 8;
    alive += input > alive ? (input - alive) * doubt / DOUBT_MAX : 0;
    move->need = least(alive, input) + NEED_BYTES_LEAST;
}

/* The next level that has something in that range. */
static int level_below(const struct files *files, const struct file *file)
{
    for (size_t i = 0; i < files->count; i++)
        if (files->at[i].level > file->level && file_overlaps(&files->at[i], file->first, file->last))
            return files->at[i].level;
    return files->lowest;
}

/* Of a file below level 0. */
static void move_of(struct move *move, const struct files *files, size_t index, int to)
{
    const struct file *file = &files->at[index];

    memset(move->chosen, 0, files->count * sizeof(bool));
    move->first = file->first;
    move->last = file->last;
    move->from = file->level;
    move->to = to;
    move->chosen[index] = true;
    close_over(move, files);
}

/* --- Level 0 ------------------------------------------------------------------------------------------------------ */

static size_t flushed_of(const struct files *files)
{
    size_t count = 0;

    while (count < files->count && files->at[count].level == 0)
        count++;
    return count;
}

/* By their numbers, which are all of one length for long enough. */
static size_t rank_of(const struct files *files, size_t count, size_t index)
{
    size_t older = 0;

    for (size_t i = 0; i < count; i++)
        older += strcmp(files->at[i].name, files->at[index].name) < 0;
    return older;
}

static void move_of_oldest(struct move *move, const struct files *files, size_t oldest, int to)
{
    const size_t count = flushed_of(files);

    memset(move->chosen, 0, files->count * sizeof(bool));
    move->first = move->last = (struct bytes){NULL, 0};
    move->from = 0;
    move->to = to;
    for (size_t i = 0; i < count; i++) {
        move->chosen[i] = rank_of(files, count, i) < oldest;
        if (move->chosen[i])
            widen(move, &files->at[i]);
    }
    close_over(move, files);
}

/* The most of it that fits, to the first level below or else to the one above that. */
static bool move_of_flushed(struct move *move, const struct files *files, uint64_t room, uint32_t doubt)
{
    const size_t count = flushed_of(files);
    const int first = count < files->count ? files->at[count].level : LEVEL_LAST;

    for (size_t oldest = count; oldest > 0; oldest /= 2)
        for (int to = first; to > 0 && to >= first - 1; to--) {
            move_of_oldest(move, files, oldest, to);
            judge(move, files, doubt);
            if (move->need <= room)
                return true;
        }
    return false;
}

/* --- The best move ------------------------------------------------------------------------------------------------ */

struct choice {
    const struct files *files;
    struct move best, tried;
    uint64_t room, output; /* output: of one file */
    uint32_t doubt;
    bool all;
};

static bool is_worth(const struct choice *choice, const struct move *move)
{
    return choice->all || (move->gain >= GAIN_BYTES_LEAST && move->gain >= move->need / GAIN_PART);
}

static void consider(struct choice *choice)
{
    const struct move tried = choice->tried;

    if (tried.need > choice->room || !is_worth(choice, &tried))
        return;
    if (choice->best.need != 0 &&
        (double)(tried.gain + 1) * (double)choice->best.need <= (double)(choice->best.gain + 1) * (double)tried.need)
        return;
    choice->tried = choice->best;
    choice->best = tried;
}

static uint64_t output_bytes(const struct store *store, uint64_t room)
{
    const uint64_t part = least(store->reserve_bytes / OUTPUT_PART, room / OUTPUT_ROOM_PART);

    return part < OUTPUT_BYTES_MIN ? OUTPUT_BYTES_MIN : least(part, OUTPUT_BYTES_MAX);
}

/* Where files of the lowest level begin, so that between two of these there is no more of it than one file of the output has. Their count; out may be NULL. */
static size_t cuts_of(struct bytes *out, const struct files *files, const struct move *move, uint64_t limit)
{
    uint64_t bytes = 0;
    size_t count = 0;

    for (size_t i = 0; i < files->count && move->to < files->lowest; i++) {
        const struct file *file = &files->at[i];

        if (file->level != files->lowest || !file_overlaps(file, move->first, move->last))
            continue;
        if (bytes != 0 && bytes + file->bytes > limit) {
            if (out != NULL)
                out[count] = file->first;
            count++;
            bytes = 0;
        }
        bytes += file->bytes;
    }
    return count;
}

/* A file that lies above more than there is room for is cut into narrower ones, in its level. */
static void consider_file(struct choice *choice, size_t index)
{
    const struct file *file = &choice->files->at[index];

    move_of(&choice->tried, choice->files, index, level_below(choice->files, file));
    judge(&choice->tried, choice->files, choice->doubt);
    if (choice->tried.need > choice->room) {
        move_of(&choice->tried, choice->files, index, file->level);
        judge(&choice->tried, choice->files, choice->doubt);
        if (cuts_of(NULL, choice->files, &choice->tried, choice->output) == 0)
            return;
    }
    consider(choice);
}

static void choose(struct choice *choice, struct bytes first, struct bytes last)
{
    const struct files *files = choice->files;
    bool flushed = false;

    for (size_t i = 0; i < files->count; i++) {
        const struct file *file = &files->at[i];

        if (!file_overlaps(file, first, last))
            continue;
        if (file->level == 0)
            flushed = true;
        else if (file->level < files->lowest && (choice->all || file->deletions != 0))
            consider_file(choice, i);
    }
    if (flushed && move_of_flushed(&choice->tried, files, choice->room, choice->doubt))
        consider(choice);
}

/* --- It is done --------------------------------------------------------------------------------------------------- */

static enum merged merge_move(struct store *store, uint32_t family, const struct choice *choice)
{
    const struct files *files = choice->files;
    const struct move *move = &choice->best;
    const char **names = calloc(files->count, sizeof(*names));
    struct bytes *cuts = calloc(files->count, sizeof(*cuts));
    struct merge merge = {.names = names,
                          .level = move->to,
                          .file_bytes = choice->output,
                          .cuts = cuts,
                          .goes_on = goes_on,
                          .context = store};
    enum merged done = MERGE_BUSY;

    if (names != NULL && cuts != NULL) {
        for (size_t i = 0; i < files->count; i++)
            if (move->chosen[i])
                names[merge.count++] = files->at[i].name;
        merge.cut_count = cuts_of(cuts, files, move, merge.file_bytes);
        done = merge_files(store->db, family_of(store, family), &merge);
    }
    free(names);
    free(cuts);
    return done;
}

static enum store_reclaimed ended(struct store *store, enum merged merged, uint64_t damaged)
{
    if (merged == MERGE_DONE) {
        store->squeeze_doubt -= store->squeeze_doubt != 0;
        return STORE_RECLAIM_DONE;
    }
    if (store_damaged_compactions(store) != damaged)
        return STORE_RECLAIM_DAMAGED;
    if (reclaim_is_stopped(store))
        return STORE_RECLAIM_STOPPED;
    store->squeeze_doubt += merged == MERGE_FAILED && store->squeeze_doubt < DOUBT_MAX;
    return STORE_RECLAIM_NO_SPACE;
}

static size_t count_of_level(const struct files *files, int level)
{
    size_t count = 0;

    for (size_t i = 0; i < files->count; i++)
        count += files->at[i].level == level;
    return count;
}

/* A file that was to be cut may be one again: a deleted range is cut at keys alone. */
static bool was_cut(struct store *store, uint32_t family, const struct choice *choice)
{
    const rocksdb_livefiles_t *live = rocksdb_livefiles(store->db);
    const int level = choice->best.to;
    struct files files;
    bool more = false;

    if (files_of(&files, store, family, live)) {
        more = count_of_level(&files, level) > count_of_level(choice->files, level);
        free(files.at);
    }
    rocksdb_livefiles_destroy(live);
    return more;
}

/* One look at the files. MERGE_BUSY: look again. */
static enum merged look(struct store *store, uint32_t family, struct bytes first, struct bytes last,
                        struct choice *choice)
{
    const rocksdb_livefiles_t *live = rocksdb_livefiles(store->db);
    enum merged done = MERGE_BUSY;
    struct files files;

    choice->best = choice->tried = (struct move){.need = 0};
    if (files_of(&files, store, family, live)) {
        choice->files = &files;
        choice->best.chosen = calloc(files.count + 1, sizeof(bool));
        choice->tried.chosen = calloc(files.count + 1, sizeof(bool));
        if (choice->best.chosen != NULL && choice->tried.chosen != NULL)
            choose(choice, first, last);
        if (choice->best.need != 0)
            done = merge_move(store, family, choice);
        if (done == MERGE_DONE && choice->best.from == choice->best.to && !was_cut(store, family, choice))
            done = MERGE_FAILED;
        free(choice->best.chosen);
        free(choice->tried.chosen);
        free(files.at);
    }
    rocksdb_livefiles_destroy(live);
    return done;
}

static bool has_room_to_flush(struct store *store)
{
    const uint64_t memory = memory_bytes(store);
    uint64_t free_now, total;

    return space_of(store->dir, &free_now, &total) && free_now >= memory + memory / 8 + store->reserve_bytes / 4;
}

/* What is in memory takes room to be flushed. */
static bool flush_first(struct store *store)
{
    struct stator_error err;

    if (memory_bytes(store) < store->reserve_bytes / FLUSH_PART || !has_room_to_flush(store))
        return true;
    return rocks_flush(store, &err) == STATOR_OK;
}

bool squeeze_flush(struct store *store)
{
    uint64_t deletions = 0;
    struct stator_error err;

    for (uint32_t i = 0; i < store->family_count; i++)
        deletions += stats_property(store, store->families[i], "rocksdb.num-deletes-active-mem-table");
    return deletions != 0 && !store_read_only(store) && has_room_to_flush(store) &&
           rocks_flush(store, &err) == STATOR_OK;
}

/* The engine's own compactions would share the room. That it runs some would say nothing: it rests in one that it did not begin. */
static bool has_room_alone(struct store *store)
{
    for (int tries = 0; tries < BUSY_TRIES; tries++) {
        if (atomic_load(&store->reclaim_stopped))
            return false;
        if (!merge_is_under_way(store->db))
            return true;
        usleep(BUSY_US);
    }
    return false;
}

enum store_reclaimed squeeze(struct store *store, uint32_t family, struct bytes first, struct bytes last, bool all)
{
    const uint64_t damaged = store_damaged_compactions(store);
    struct choice choice = {.all = all, .doubt = store->squeeze_doubt};
    enum merged done = MERGE_BUSY;
    bool alone;

    if (reclaim_is_stopped(store) || !flush_first(store) ||
        (store->durability == STORE_FULL && store_sync(store, NULL) != STATOR_OK))
        return STORE_RECLAIM_STOPPED;
    atomic_store(&store->squeezing, true);
    atomic_store(&store->reclaiming, true);
    alone = has_room_alone(store);
    if (alone)
        for (int tries = 0; tries < BUSY_TRIES && done == MERGE_BUSY; tries++) {
            choice.room = room_of(store);
            choice.output = output_bytes(store, choice.room);
            done = look(store, family, first, last, &choice);
            if (choice.best.need == 0)
                break;
            if (done == MERGE_BUSY)
                usleep(BUSY_US);
        }
    atomic_store(&store->reclaiming, false);
    atomic_store(&store->squeezing, false);
    if (!alone)
        return STORE_RECLAIM_NO_SPACE;
    return choice.best.need == 0 ? STORE_RECLAIM_NOTHING : ended(store, done, damaged);
}
