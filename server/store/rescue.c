/* SPDX-License-Identifier: Apache-2.0 */
/* A damaged table file is read by itself first, to find the ranges of keys in which it cannot be: from the last key before a
 * block that is lost to the first behind it. Within such a range the family is then read without that file, and with it
 * everywhere else. The engine shows only what keys there are, so where a lost block ends is found by asking how many bytes lie
 * before a key: its answer comes from the file's index, and grows from block to block.
 */
#include "store/rescue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/io.h"
#include "store/rescue_files.h"
#include "store/rocks.h"

#define KEY_MAX     ((size_t)128 * 1024) /* more than any key has */
#define FAMILY_NONE UINT32_MAX           /* the format record's */

/* A table file of the database. */
struct table_file {
    const char *name;
    uint64_t number, size;
    uint32_t family;
    struct bytes first, last; /* its keys, both included */
};

/* Keys of a family from begin up to, not including, end that cannot be read in one of its files. */
struct torn {
    uint32_t family;
    uint64_t number; /* the file's */
    struct buf begin, end;
    bool endless; /* up to the family's end */
};

struct rescue {
    const char *dir;
    struct store *store;
    struct torn *torn;
    size_t torn_count;
    rescue_tell *tell;
    void *context;
};

/* --- Where a file cannot be read ---------------------------------------------------------------------------------- */

static struct bytes key_of(const rocksdb_iterator_t *iterator)
{
    size_t len;
    const char *at = rocksdb_iter_key(iterator, &len);

    return bytes_of(at, len);
}

static bool sound(const rocksdb_iterator_t *iterator)
{
    char *why = NULL;
    bool ok;

    rocksdb_iter_get_error(iterator, &why);
    ok = why == NULL;
    rocksdb_free(why);
    return ok;
}

/* Bytes of all files of the family before that key. */
static uint64_t bytes_before(struct rescue *rescue, uint32_t family, struct bytes key)
{
    const char *first = "", *limit = chars(key);
    size_t first_len = 0;
    uint64_t bytes = 0;
    char *why = NULL;

    rocksdb_approximate_sizes_cf(rescue->store->db, family_of(rescue->store, family), 1, &first, &first_len, &limit,
                                 &key.len, &bytes, &why);
    rocksdb_free(why);
    return bytes;
}

/* A question about keys to which the answer is no up to some key, and yes from then on. */
struct question {
    struct rescue *rescue;
    rocksdb_iterator_t *iterator;
    uint32_t family;
    struct bytes after; /* no up to this */
    uint64_t bytes;     /* of by_index: those before `after` */
    bool by_index;      /* whether key is in a later block; otherwise, whether a search for it can be done */
};

static bool is_yes(const struct question *question, struct bytes key)
{
    if (bytes_compare(key, question->after) <= 0)
        return false;
    if (question->by_index)
        return bytes_before(question->rescue, question->family, key) > question->bytes;
    rocksdb_iter_seek(question->iterator, chars(key), key.len);
    return sound(question->iterator);
}

static bool is_yes_with(const struct question *question, struct buf *key, uint8_t byte)
{
    bool yes;

    buf_append_byte(key, byte);
    yes = is_yes(question, buf_bytes(key));
    key->len--;
    return yes;
}

/* The least key with yes, in *out, made byte by byte: in front of each that is taken the answer is no. False: `limit`, which no
 * key of the file is above, has a no; or there is no memory. */
static bool find_least(const struct question *question, struct bytes limit, struct buf *out)
{
    buf_reset(out);
    if (!is_yes(question, limit))
        return false;
    while (!is_yes_with(question, out, 0)) {
        unsigned no = 0, yes = 256;

        while (yes - no > 1) {
            unsigned middle = (no + yes) / 2;

            if (is_yes_with(question, out, (uint8_t)middle))
                yes = middle;
            else
                no = middle;
        }
        buf_append_byte(out, (uint8_t)no);
        if (out->failed)
            return false;
    }
    buf_append_byte(out, 0);
    return !out->failed;
}

/* Puts the iterator behind what cannot be read from torn->begin on, and sets torn->end. */
static void find_end(struct rescue *rescue, rocksdb_iterator_t *iterator, const struct table_file *file,
                     struct torn *torn)
{
    struct question question = {.rescue = rescue, .iterator = iterator, .family = torn->family, .by_index = true};
    struct buf limit, at;
    bool found;

    buf_init(&limit, KEY_MAX);
    buf_init(&at, KEY_MAX);
    buf_append_bytes(&limit, file->last);
    buf_append_byte(&limit, 0);
    buf_append_bytes(&at, buf_bytes(&torn->begin));
    do {
        question.after = buf_bytes(&at);
        question.bytes = bytes_before(rescue, torn->family, question.after);
        found = find_least(&question, buf_bytes(&limit), &torn->end);
        if (!found && question.by_index) { /* the index is damaged itself */
            question.by_index = false;
            found = find_least(&question, buf_bytes(&limit), &torn->end);
        }
        buf_reset(&at);
        buf_append_bytes(&at, buf_bytes(&torn->end));
        if (found)
            rocksdb_iter_seek(iterator, chars(buf_bytes(&at)), at.len);
    } while (found && !sound(iterator));
    torn->endless = !found;
    buf_deinit(&limit);
    buf_deinit(&at);
}

static struct torn *add_torn(struct rescue *rescue, const struct table_file *file)
{
    struct torn *more = realloc(rescue->torn, (rescue->torn_count + 1) * sizeof(*more));

    if (more == NULL)
        return NULL;
    rescue->torn = more;
    more += rescue->torn_count++;
    *more = (struct torn){.family = file->family, .number = file->number};
    buf_init(&more->begin, KEY_MAX);
    buf_init(&more->end, KEY_MAX);
    return more;
}

/* What is torn begins behind the last key that can be read; or, since nothing of the file lies there, at the family's
 * beginning. */
static enum stator_rc find_torn(struct rescue *rescue, const struct table_file *file, struct stator_error *err)
{
    rocksdb_iterator_t *iterator =
        rescue_iterator(rescue->store->db, family_of(rescue->store, file->family), &file->number, 1, true);
    struct buf last;
    bool memory = iterator != NULL, over = !memory;

    buf_init(&last, KEY_MAX);
    if (memory)
        rocksdb_iter_seek_to_first(iterator);
    while (!over) {
        struct torn *torn;

        for (; rocksdb_iter_valid(iterator); rocksdb_iter_next(iterator)) {
            buf_reset(&last);
            buf_append_bytes(&last, key_of(iterator));
            buf_append_byte(&last, 0);
        }
        if (sound(iterator))
            break;
        torn = add_torn(rescue, file);
        if (torn != NULL)
            buf_append_bytes(&torn->begin, buf_bytes(&last));
        memory = torn != NULL && !last.failed && !torn->begin.failed;
        if (memory) {
            find_end(rescue, iterator, file, torn);
            buf_reset(&last);
            buf_append_bytes(&last, buf_bytes(&torn->end));
        }
        over = !memory || torn->endless;
    }
    buf_deinit(&last);
    if (iterator != NULL)
        rocksdb_iter_destroy(iterator);
    return memory ? STATOR_OK : stator_fail_memory(err);
}

/* --- Each file ---------------------------------------------------------------------------------------------------- */

static void tell_torn(struct rescue *rescue, const struct table_file *file, const char *what, size_t from)
{
    for (size_t i = from; i < rescue->torn_count; i++) {
        const struct torn *torn = &rescue->torn[i];
        struct bytes begin = torn->begin.len != 0 ? buf_bytes(&torn->begin) : file->first;
        struct bytes end = torn->endless ? file->last : buf_bytes(&torn->end);
        uint64_t before = bytes_before(rescue, torn->family, begin), after = bytes_before(rescue, torn->family, end);
        uint64_t bytes = after > before && after - before < file->size ? after - before : file->size;

        rescue->tell(rescue->context, &(struct rescue_fault){.file = file->name,
                                                             .what = what,
                                                             .kind = RESCUE_TABLE,
                                                             .family = file->family,
                                                             .first = begin,
                                                             .last = end,
                                                             .bytes = bytes});
    }
}

/* What is wrong with its length; the engine takes a file of another one for no file of its, whatever is in it. */
static void say_length(char *out, size_t room, const char *path, const struct table_file *file)
{
    struct stat info;

    if (stat(path, &info) != 0)
        snprintf(out, room, "is gone");
    else if ((uint64_t)info.st_size != file->size)
        snprintf(out, room, "has %llu bytes, and should have %llu", (unsigned long long)info.st_size,
                 (unsigned long long)file->size);
}

static enum stator_rc examine_file(struct rescue *rescue, const struct table_file *file, enum rescue_depth depth,
                                   struct stator_error *err)
{
    struct rescue_fault fault = {.file = file->name,
                                 .kind = file->family != FAMILY_NONE ? RESCUE_TABLE : RESCUE_LOG,
                                 .family = file->family,
                                 .first = file->first,
                                 .last = file->last,
                                 .bytes = file->size};
    const size_t before = rescue->torn_count;
    enum stator_rc rc = STATOR_OK;
    char path[PATH_MAX], what[300] = "";
    bool opens;
    char *why;

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", rescue->dir, file->name) >= sizeof(path))
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The path '%s/%s' is too long.", rescue->dir, file->name);
    fault.what = what;
    why = rescue_read_table(path, file->size, depth == RESCUE_READS, &opens);
    say_length(what, sizeof(what), path, file);
    if (why == NULL && what[0] == '\0')
        return STATOR_OK;
    if (what[0] == '\0')
        snprintf(what, sizeof(what), "cannot be read: %.200s", why);
    free(why);
    if (opens) {
        fault.bytes = 0;
        rc = file->family != FAMILY_NONE ? find_torn(rescue, file, err) : STATOR_OK;
    }
    if (rc == STATOR_OK && rescue->torn_count != before)
        tell_torn(rescue, file, what, before);
    else if (rc == STATOR_OK)
        rescue->tell(rescue->context, &fault);
    return rc;
}

static uint32_t family_named(const struct store *store, const char *name)
{
    for (uint32_t i = 0; i < store->family_count; i++) {
        char family[FAMILY_NAME_MAX];

        family_name(family, i + 1);
        if (strcmp(family, name) == 0)
            return i;
    }
    return FAMILY_NONE;
}

static enum stator_rc examine_files(struct rescue *rescue, enum rescue_depth depth, struct stator_error *err)
{
    const rocksdb_livefiles_t *files = rocksdb_livefiles(rescue->store->db);
    enum stator_rc rc = STATOR_OK;

    for (int i = 0; rc == STATOR_OK && i < rocksdb_livefiles_count(files); i++) {
        const char *name = rocksdb_livefiles_name(files, i);
        struct table_file file = {.name = name[0] == '/' ? name + 1 : name,
                                  .size = rocksdb_livefiles_size(files, i),
                                  .family =
                                      family_named(rescue->store, rocksdb_livefiles_column_family_name(files, i))};

        file.number = strtoull(file.name, NULL, 10);
        file.first.at = (const uint8_t *)rocksdb_livefiles_smallestkey(files, i, &file.first.len);
        file.last.at = (const uint8_t *)rocksdb_livefiles_largestkey(files, i, &file.last.len);
        rc = examine_file(rescue, &file, depth, err);
    }
    rocksdb_livefiles_destroy(files);
    return rc;
}

enum stator_rc rescue_examine(struct rescue *rescue, enum rescue_depth depth, rescue_tell *tell, void *context,
                              struct stator_error *err)
{
    rescue->tell = tell;
    rescue->context = context;
    return examine_files(rescue, depth, err);
}

enum stator_rc rescue_open(struct rescue **out, const struct store_options *options, rescue_tell *tell, void *context,
                           struct stator_error *err)
{
    const struct rocks_looking looking = {.tell = tell, .context = context};
    struct rescue *rescue = calloc(1, sizeof(*rescue));
    enum stator_rc rc;

    *out = NULL;
    if (rescue == NULL)
        return stator_fail_memory(err);
    rc = rocks_look(&rescue->store, options, &looking, err);
    if (rc != STATOR_OK) {
        free(rescue);
        return rc;
    }
    rescue->dir = rescue->store->dir;
    *out = rescue;
    return STATOR_OK;
}

static enum stator_rc fail_to_read(struct stator_error *err, const char *dir, const char *name)
{
    return stator_fail(
        err, STATOR_INTERNAL_SERVER_ERROR,
        "This user may not read '%s/%s': run this as the user whose files they are, or as root. Nothing was "
        "changed.",
        dir, name);
}

enum stator_rc rescue_may_read(const char *dir, struct stator_error *err)
{
    DIR *stream = opendir(dir);
    enum stator_rc rc = STATOR_OK;
    struct dirent *entry;

    if (stream == NULL)
        return errno == EACCES ? fail_to_read(err, dir, "") : STATOR_OK; /* else whoever opens it tells */
    while (rc == STATOR_OK && (entry = readdir(stream)) != NULL) {
        struct stat info;
        int fd;

        if (fstatat(dirfd(stream), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode))
            continue;
        fd = io_open_file(dirfd(stream), entry->d_name, O_RDONLY);
        if (fd >= 0)
            close(fd);
        else if (errno == EACCES || errno == EPERM)
            rc = fail_to_read(err, dir, entry->d_name);
    }
    closedir(stream);
    return rc;
}

bool rescue_has_data(const char *dir)
{
    DIR *stream = opendir(dir);
    struct dirent *entry;
    bool found = false;

    while (stream != NULL && !found && (entry = readdir(stream)) != NULL) {
        const char *dot = strrchr(entry->d_name, '.');

        found = dot != NULL && (strcmp(dot, ".sst") == 0 || strcmp(dot, ".log") == 0);
    }
    if (stream != NULL)
        closedir(stream);
    return found;
}

/* One that is cut short may name the first family alone. */
bool rescue_has_manifest(const char *dir)
{
    rocksdb_options_t *plain;
    struct stator_error err;
    char *why = NULL, **listed;
    size_t count = 0;
    bool whole;

    if (directory_refuse_pipes(dir, &err) != STATOR_OK)
        return true; /* nothing more is known, and that is what rescue_open says */
    plain = rocksdb_options_create();
    listed = rocksdb_list_column_families(plain, dir, &count, &why);
    whole = why == NULL && count > FAMILIES_BEFORE_SHARDS;
    rocksdb_options_destroy(plain);
    rocksdb_list_column_families_destroy(listed, count);
    rocksdb_free(why);
    return whole;
}

void rescue_close(struct rescue *rescue)
{
    if (rescue == NULL)
        return;
    for (size_t i = 0; i < rescue->torn_count; i++) {
        buf_deinit(&rescue->torn[i].begin);
        buf_deinit(&rescue->torn[i].end);
    }
    free(rescue->torn);
    store_close(rescue->store);
    free(rescue);
}

struct store *rescue_store(struct rescue *rescue)
{
    return rescue->store;
}

/* --- Copying ------------------------------------------------------------------------------------------------------ */

struct copying {
    struct rescue *rescue;
    struct store *to;
    struct store_batch *batch;
    uint32_t family;
    struct buf at;  /* the next key */
    struct buf end; /* where another set of files is to be read; its first place that is behind `at` */
    bool endless;
    uint64_t *hidden; /* numbers of the files that cannot be read here */
    size_t hidden_count;
};

static void note_end(struct copying *copying, struct bytes place)
{
    if (bytes_compare(place, buf_bytes(&copying->at)) <= 0 ||
        (!copying->endless && bytes_compare(place, buf_bytes(&copying->end)) >= 0))
        return;
    buf_reset(&copying->end);
    buf_append_bytes(&copying->end, place);
    copying->endless = false;
}

/* What is to be hidden at `at`, and up to where. */
static void look_around(struct copying *copying)
{
    const struct rescue *rescue = copying->rescue;
    struct bytes at = buf_bytes(&copying->at);

    copying->hidden_count = 0;
    copying->endless = true;
    for (size_t i = 0; i < rescue->torn_count; i++) {
        const struct torn *torn = &rescue->torn[i];
        struct bytes begin = buf_bytes(&torn->begin), end = buf_bytes(&torn->end);

        if (torn->family != copying->family)
            continue;
        if (bytes_compare(begin, at) <= 0 && (torn->endless || bytes_compare(at, end) < 0))
            copying->hidden[copying->hidden_count++] = torn->number;
        note_end(copying, begin);
        if (!torn->endless)
            note_end(copying, end);
    }
}

static enum stator_rc put(struct copying *copying, struct bytes key, struct bytes value, struct stator_error *err)
{
    enum stator_rc rc;

    store_batch_put(copying->batch, copying->family, key, value);
    if (store_batch_bytes(copying->batch) < STORE_LARGE_BYTES)
        return STATOR_OK;
    rc = store_write(copying->to, copying->batch, true, err);
    store_batch_clear(copying->batch);
    return rc;
}

/* Whether what is torn comes next: the step to it is an error. */
static bool is_at_end(const struct copying *copying)
{
    return !copying->endless && bytes_compare(buf_bytes(&copying->at), buf_bytes(&copying->end)) == 0;
}

static void hide_what_begins_at_end(struct copying *copying)
{
    const struct rescue *rescue = copying->rescue;

    for (size_t i = 0; i < rescue->torn_count; i++) {
        const struct torn *torn = &rescue->torn[i];

        if (torn->family == copying->family && bytes_equal(buf_bytes(&torn->begin), buf_bytes(&copying->end)))
            copying->hidden[copying->hidden_count++] = torn->number;
    }
}

/* The last keys in front of what is torn may be deleted by a newer file: the step over them, which shows none, is an error, too.
 * There is none without what is torn. */
static bool is_before_end(struct copying *copying)
{
    struct store *from = copying->rescue->store;
    rocksdb_iterator_t *iterator;
    bool ok;

    if (copying->endless)
        return false;
    hide_what_begins_at_end(copying);
    iterator =
        rescue_iterator(from->db, family_of(from, copying->family), copying->hidden, copying->hidden_count, false);
    if (iterator == NULL)
        return false;
    rocksdb_iter_seek(iterator, chars(buf_bytes(&copying->at)), copying->at.len);
    while (rocksdb_iter_valid(iterator) && bytes_compare(key_of(iterator), buf_bytes(&copying->end)) < 0)
        rocksdb_iter_next(iterator);
    ok = sound(iterator);
    rocksdb_iter_destroy(iterator);
    return ok;
}

/* From `at` to `end`. */
static enum stator_rc copy_part(struct copying *copying, struct stator_error *err)
{
    struct store *from = copying->rescue->store;
    rocksdb_iterator_t *iterator =
        rescue_iterator(from->db, family_of(from, copying->family), copying->hidden, copying->hidden_count, false);
    enum stator_rc rc = STATOR_OK;
    char *why = NULL;

    if (iterator == NULL)
        return stator_fail_memory(err);
    rocksdb_iter_seek(iterator, chars(buf_bytes(&copying->at)), copying->at.len);
    for (; rc == STATOR_OK && rocksdb_iter_valid(iterator); rocksdb_iter_next(iterator)) {
        struct bytes key = key_of(iterator), value;

        if (!copying->endless && bytes_compare(key, buf_bytes(&copying->end)) >= 0)
            break;
        value.at = (const uint8_t *)rocksdb_iter_value(iterator, &value.len);
        rc = put(copying, key, value, err);
        buf_reset(&copying->at);
        buf_append_bytes(&copying->at, key);
        buf_append_byte(&copying->at, 0);
    }
    rocksdb_iter_get_error(iterator, &why);
    if (rc == STATOR_OK && why != NULL && !is_at_end(copying) && !is_before_end(copying))
        rc = fault_of_read(from, err, why);
    else
        rocksdb_free(why);
    rocksdb_iter_destroy(iterator);
    return rc;
}

static enum stator_rc copy_family(struct copying *copying, struct stator_error *err)
{
    buf_reset(&copying->at);
    do {
        look_around(copying);
        STATOR_TRY(copy_part(copying, err));
        buf_reset(&copying->at);
        buf_append_bytes(&copying->at, buf_bytes(&copying->end));
        if (copying->at.failed || copying->end.failed)
            return stator_fail_memory(err);
    } while (!copying->endless);
    return STATOR_OK;
}

enum stator_rc rescue_copy(struct rescue *rescue, struct store *to, struct stator_error *err)
{
    struct copying copying = {.rescue = rescue, .to = to, .batch = store_batch_new(to)};
    enum stator_rc rc = STATOR_OK;

    stator_assert(store_shards(to) == store_shards(rescue->store));
    copying.hidden = calloc(rescue->torn_count + 1, sizeof(*copying.hidden));
    buf_init(&copying.at, KEY_MAX);
    buf_init(&copying.end, KEY_MAX);
    if (copying.hidden == NULL || copying.batch == NULL)
        rc = stator_fail_memory(err);
    for (uint32_t i = 0; rc == STATOR_OK && i < rescue->store->family_count; i++) {
        copying.family = i;
        rc = copy_family(&copying, err);
    }
    if (rc == STATOR_OK)
        rc = store_write(to, copying.batch, true, err);
    if (rc == STATOR_OK)
        rc = store_sync(to, err);
    buf_deinit(&copying.at);
    buf_deinit(&copying.end);
    free(copying.hidden);
    store_batch_free(copying.batch);
    return rc;
}
