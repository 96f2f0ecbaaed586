/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a directory still has what was synced, read from its files before the engine sees them: the engine takes whatever
 * cannot be read for the torn end of a log, and begins behind it.
 */
#include "store/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/io.h"
#include "store/log_read.h"

#define TAG_LOG_DATA 3 /* in front of what the engine keeps in its log and does nothing with */

/* Of the log that is read. */
struct log_seen {
    uint64_t number;
    bool changes;    /* it has a record that changes something */
    uint64_t next;   /* the sequence that the next record has at least */
    bool of_old;     /* a record has a lower one */
    bool of_another; /* a mark is of another start than the log's line */
    uint64_t behind; /* records that change something behind the first that cannot be read */
};

struct verifying {
    const char *dir;
    int fd;                    /* of the directory */
    uint64_t current;          /* the manifest that the engine will take; 0: CURRENT does not tell */
    struct synced_list kept;   /* what STATOR-SYNCED says, and then the marks */
    struct synced_list *found; /* what there is */
    rescue_tell *tell;         /* NULL: the first fault is a failure */
    void *context;
    struct log_seen log;
    uint64_t bad,
        bad_at; /* the number of a file of which the disk cannot read a part (0: there is none), and where that begins */
    struct stator_error *err;
};

static enum stator_rc fail(const struct verifying *v, const char *name, const char *what, int error)
{
    return stator_fail(v->err, STATOR_INTERNAL_SERVER_ERROR, "The file '%s/%s' %s: %s.", v->dir, name, what,
                       strerror(error));
}

static enum stator_rc damaged(const struct verifying *v, const char *name, uint64_t bytes, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static int kind_of(const char *name)
{
    return strncmp(name, "MANIFEST-", 9) == 0 ? RESCUE_MANIFEST : RESCUE_LOG;
}

static enum stator_rc damaged(const struct verifying *v, const char *name, uint64_t bytes, const char *format, ...)
{
    char what[300];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(what, sizeof(what), format, arguments);
    va_end(arguments);
    if (v->tell != NULL) {
        v->tell(v->context, &(struct rescue_fault){.kind = kind_of(name), .file = name, .what = what, .bytes = bytes});
        return STATOR_OK;
    }
    return stator_fail(
        v->err, STATOR_INTERNAL_SERVER_ERROR,
        "The data directory '%s' is damaged: %s %s. A copy that was made while its server was writing looks like this, "
        "too. Nothing was changed. " VERIFY_GO_ON,
        v->dir, name, what, v->dir, v->dir);
}

static void name_of(char out[32], uint64_t number)
{
    if ((number & FILES_MANIFEST) != 0)
        snprintf(out, 32, "MANIFEST-%06llu", (unsigned long long)(number & ~FILES_MANIFEST));
    else
        snprintf(out, 32, "%06llu.log", (unsigned long long)number);
}

/* The engine's variable-length number; false: cut off. */
static bool read_length(struct bytes *from, size_t *out)
{
    *out = 0;
    for (unsigned shift = 0; from->len != 0 && shift < 32; shift += 7) {
        uint8_t byte = *from->at;

        *from = bytes_of(from->at + 1, from->len - 1);
        *out |= (size_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return *out <= from->len;
    }
    return false;
}

/* A mark is a batch of its own, without a change. */
static void take_mark(struct verifying *v, const struct log_batch *batch)
{
    const struct synced_file *line = synced_find(&v->kept, v->log.number);
    struct bytes rest;
    uint64_t start;
    size_t len;

    if (batch->count != 0 || batch->behind.len == 0 || batch->behind.at[0] != TAG_LOG_DATA)
        return;
    rest = bytes_of(batch->behind.at + 1, batch->behind.len - 1);
    if (read_length(&rest, &len) && synced_take_mark(&v->kept, bytes_of(rest.at, len), &start))
        v->log.of_another |= line != NULL && line->start != start;
}

/* whole: all in front of it could be read. ours: it is no part of somebody's value, as what is found behind a gap may be. */
static void take_record(struct verifying *v, struct bytes record, bool whole, bool ours)
{
    struct log_batch batch;

    if (!log_batch_of(&batch, record)) {
        v->log.changes = true;
        return;
    }
    take_mark(v, &batch);
    v->log.changes |= batch.count != 0;
    if (batch.sequence >= v->log.next)
        v->log.behind += !whole && batch.count != 0;
    else
        v->log.of_old |= ours;
    if (whole)
        v->log.next = batch.sequence + batch.count;
}

/* Of the logs (kind 0), or of the manifests (FILES_MANIFEST). 0: there is none. */
static uint64_t newest_of(const struct synced_list *list, uint64_t kind)
{
    uint64_t newest = 0;

    for (size_t i = 0; i < list->count; i++) {
        uint64_t number = list->files[i].number;

        newest = (number & FILES_MANIFEST) == kind && number > newest ? number : newest;
    }
    return newest;
}

/* How far a log's or manifest's records go before the first that cannot be read. */
static enum stator_rc read_file(struct verifying *v, int fd, uint64_t number, uint64_t *sound)
{
    struct log_reader reader;
    bool whole = true;
    enum log_read found = LOG_RECORD;

    *sound = 0;
    v->log = (struct log_seen){.number = number};
    if (!log_reader_init(&reader, fd)) {
        log_reader_deinit(&reader);
        return stator_fail_memory(v->err);
    }
    while (found != LOG_END && found != LOG_FAILED) {
        found = log_reader_next(&reader);
        whole &= found != LOG_GAP;
        if (whole)
            *sound = reader.end;
        if (found == LOG_RECORD && (number & FILES_MANIFEST) == 0)
            take_record(v, buf_bytes(&reader.record), whole, whole || reader.begins_block);
    }
    if (reader.bad && v->bad == 0) {
        v->bad = number;
        v->bad_at = reader.bad_at;
    }
    if (found == LOG_FAILED) {
        char name[32];

        name_of(name, number);
        log_reader_deinit(&reader);
        return fail(v, name, "cannot be read", reader.error);
    }
    log_reader_deinit(&reader);
    return STATOR_OK;
}

/* Nobody was promised what is behind the last sync, with --durability full; but it is told that it is left out. */
static enum stator_rc leave_out(struct verifying *v, const char *name, uint64_t sound)
{
    struct synced_list *found = v->found;

    if (v->tell != NULL)
        return damaged(
            v, name, 0,
            "cannot be read from byte %llu on, behind what was synced: a start leaves out %llu records behind "
            "it, as after a power cut",
            (unsigned long long)sound, (unsigned long long)v->log.behind);
    snprintf(found->left_out, sizeof(found->left_out), "%s from byte %llu on, with %llu records behind it", name,
             (unsigned long long)sound, (unsigned long long)v->log.behind);
    return STATOR_OK;
}

static enum stator_rc judge_log(struct verifying *v, const char *name, uint64_t sound)
{
    const struct synced_file *line = synced_find(&v->kept, v->log.number);

    if (v->log.of_another)
        return damaged(v, name, 0, "is not of the same time as the other files");
    if (v->log.of_old)
        return damaged(v, name, 0, "has records that are older than those in front of them");
    if (v->log.behind != 0 && (line == NULL || line->bytes <= sound)) /* else it is damage, and told as that */
        return leave_out(v, name, sound);
    return STATOR_OK;
}

/* A log is synced as well: what is in it was perhaps written by a process that was killed before it did so, and whoever reads
 * it from now on takes it for durable. */
static enum stator_rc look_at(struct verifying *v, uint64_t number)
{
    struct synced_file *line = &v->found->files[v->found->count];
    const struct synced_file *kept = synced_find(&v->kept, number);
    char name[32];
    enum stator_rc rc;
    int fd;

    name_of(name, number);
    if (v->found->count == SYNCED_FILES_MAX)
        return fail(v, name, "cannot be used", EMFILE);
    fd = io_open_file(v->fd, name, O_RDONLY);
    if (fd < 0 && errno == ENOENT)
        return damaged(v, name, 0, "is gone");
    if (fd < 0 && (errno == EINVAL || errno == EISDIR))
        return damaged(v, name, 0, "cannot be read: %s", io_open_error(errno));
    if (fd < 0)
        return fail(v, name, "cannot be read", errno);
    *line = (struct synced_file){.number = number, .start = kept != NULL ? kept->start : 0};
    rc = read_file(v, fd, number, &line->bytes);
    if (rc == STATOR_OK && v->tell == NULL && (number & FILES_MANIFEST) == 0 && fdatasync(fd) != 0)
        rc = fail(v, name, "cannot be synced", errno);
    close(fd);
    /* The engine begins a log so when it opens what has a torn end, before the line is on the disk. */
    if (!v->log.changes && kept == NULL)
        line->bytes = 0;
    v->found->count += rc == STATOR_OK;
    if (rc == STATOR_OK && (number & FILES_MANIFEST) == 0)
        rc = judge_log(v, name, line->bytes);
    return rc;
}

/* 0: not one. */
static uint64_t log_number(const char *name)
{
    char *end;
    unsigned long long number = strtoull(name, &end, 10);

    return name[0] >= '0' && name[0] <= '9' && strcmp(end, ".log") == 0 ? number : 0;
}

static enum stator_rc look_at_logs(struct verifying *v, DIR *stream)
{
    struct dirent *entry;

    while ((errno = 0, entry = readdir(stream)) != NULL) {
        uint64_t number = log_number(entry->d_name);

        if (number != 0)
            STATOR_TRY(look_at(v, number));
    }
    return errno == 0 && (v->tell != NULL || fsync(v->fd) == 0) ? STATOR_OK
                                                                : fail(v, "", "cannot be read and synced", errno);
}

/* 0 where CURRENT does not tell, which the engine says better. */
static uint64_t current_manifest(const struct verifying *v)
{
    char text[64] = "";
    int fd = io_open_file(v->fd, "CURRENT", O_RDONLY);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
    unsigned long long number = 0;

    if (fd >= 0)
        close(fd);
    return len > 0 && sscanf(text, "MANIFEST-%llu\n", &number) == 1 && number != 0 ? number | FILES_MANIFEST : 0;
}

/* The line of a manifest goes when CURRENT names the next one and is on the disk: so a CURRENT whose manifest has no line, while
 * a newer one has, is an old file. Where it is newer than all lines, a power cut has taken what they said of it. */
static uint64_t newest_manifest(const struct verifying *v)
{
    uint64_t newest = 0;

    for (size_t i = 0; i < v->kept.count; i++) {
        const struct synced_file *line = &v->kept.files[i];

        if ((line->number & FILES_MANIFEST) != 0 && line->bytes != 0 && line->number > newest)
            newest = line->number;
    }
    return newest;
}

/* One that was never synced CURRENT has never named. */
static bool is_current_old(const struct verifying *v)
{
    return v->kept.state == SYNCED_SOUND && v->current != 0 && synced_find(&v->kept, v->current) == NULL &&
           newest_manifest(v) > v->current;
}

/* The newest that was whole once: it is synced when all is in it, before CURRENT names it. */
static uint64_t manifest_in_use(const struct verifying *v)
{
    uint64_t newest = v->current;

    for (size_t i = 0; i < v->kept.count; i++) {
        const struct synced_file *line = &v->kept.files[i];

        newest = line->number > newest && line->bytes != 0 ? line->number : newest;
    }
    return newest != v->current ? newest : newest_of(&v->kept, FILES_MANIFEST);
}

/* Who only looks is to read the one that was in use. */
static enum stator_rc tell_old_current(struct verifying *v)
{
    char named[32], used[32];

    v->found->instead = manifest_in_use(v);
    name_of(named, v->current);
    name_of(used, v->found->instead);
    return damaged(v, "CURRENT", 0, "is older than %s, which was in use: it names %s", used, named);
}

static bool is_there(const struct verifying *v, uint64_t number)
{
    struct stat info;
    char name[32];

    name_of(name, number);
    return fstatat(v->fd, name, &info, 0) == 0 || errno != ENOENT;
}

static enum stator_rc look_at_manifest(struct verifying *v)
{
    const uint64_t manifest = v->found->instead != 0 ? v->found->instead : v->current;

    if (manifest == 0 || (synced_find(&v->kept, manifest) == NULL && is_there(v, manifest)))
        return STATOR_OK;
    return look_at(v, manifest);
}

/* The line of the manifest that the engine will read is there until it is deleted, or CURRENT would be taken for an old one. It says
 * no more than was synced. */
static enum stator_rc keep_manifest(const struct verifying *v)
{
    const struct synced_file *kept = synced_find(&v->kept, v->current);
    struct synced_file *line = synced_find(v->found, v->current);

    if (v->current == 0)
        return STATOR_OK;
    if (line == NULL && v->found->count == SYNCED_FILES_MAX)
        return fail(v, SYNCED_NAME, "cannot be used", EMFILE);
    if (line == NULL)
        line = &v->found->files[v->found->count++];
    *line = kept != NULL ? *kept : (struct synced_file){.number = v->current};
    v->found->ahead = newest_of(&v->kept, FILES_MANIFEST) > v->current;
    return STATOR_OK;
}

static enum stator_rc note_unmade(const struct verifying *v, const char *name)
{
    if (v->tell != NULL)
        return damaged(v, name, 0, "is gone, and nothing is known to have been synced of it");
    snprintf(v->found->left_out, sizeof(v->found->left_out), "%s, which is not there and was not synced", name);
    return STATOR_OK;
}

static enum stator_rc judge_line(const struct verifying *v, const struct synced_file *line)
{
    const struct synced_file *file = synced_find(v->found, line->number);
    const bool manifest = (line->number & FILES_MANIFEST) != 0;
    char name[32];

    name_of(name, line->number);
    if (file == NULL &&
        (manifest || line->bytes == 0)) /* an older one; or one that was to be made when the power went */
        return manifest ? STATOR_OK : note_unmade(v, name);
    if (file == NULL)
        return damaged(v, name, line->bytes, "is gone, with %llu bytes of writes that were synced",
                       (unsigned long long)line->bytes);
    if (file->bytes < line->bytes)
        return damaged(v, name, line->bytes - file->bytes,
                       "cannot be read from byte %llu on, and was synced up to byte %llu, so that at most the %s in "
                       "%llu bytes are lost",
                       (unsigned long long)file->bytes, (unsigned long long)line->bytes,
                       manifest ? "names of table files" : "writes", (unsigned long long)(line->bytes - file->bytes));
    return STATOR_OK;
}

/* A log without a line was struck out and deleted, and a power cut has brought its name back: it is deleted once more, for the
 * engine would read one that somebody has put there. The line of the newest is never struck out, so that one which is newer still is of another time. */
static enum stator_rc judge_strangers(const struct verifying *v)
{
    const uint64_t newest = newest_of(&v->kept, 0);
    size_t count = 0;

    for (size_t i = 0; i < v->found->count; i++) {
        const struct synced_file file = v->found->files[i];
        const bool stranger = synced_find(&v->kept, file.number) == NULL;
        char name[32];

        name_of(name, file.number);
        if (stranger && file.number > newest && file.bytes != 0)
            STATOR_TRY(damaged(v, name, 0, "is not of the same time as the other files"));
        if (stranger && file.number < newest && v->tell == NULL)
            (void)unlinkat(v->fd, name, 0);
        if (!stranger)
            v->found->files[count++] = file;
    }
    v->found->count = count;
    return STATOR_OK;
}

/* Behind the last sync it costs nothing that was promised, and the engine opens no log that has it. */
static enum stator_rc judge_bad(const struct verifying *v)
{
    const struct synced_file *line = synced_find(&v->kept, v->bad), *file = synced_find(v->found, v->bad);
    char name[32];

    if (v->bad == 0 || (line != NULL && file != NULL && file->bytes < line->bytes)) /* that was told */
        return STATOR_OK;
    name_of(name, v->bad);
    return damaged(v, name, 0, "cannot be read at byte %llu (%s), behind all that was synced",
                   (unsigned long long)v->bad_at, strerror(EIO));
}

static enum stator_rc judge(const struct verifying *v)
{
    if (v->kept.state == SYNCED_DAMAGED)
        return damaged(v, SYNCED_NAME, 0, "cannot be read, which says what there must be");
    if (v->kept.state != SYNCED_SOUND)
        return judge_bad(v);
    for (size_t i = 0; i < v->kept.count; i++)
        STATOR_TRY(judge_line(v, &v->kept.files[i]));
    STATOR_TRY(judge_bad(v));
    return judge_strangers(v);
}

static enum stator_rc verify(struct verifying *v, DIR *stream)
{
    v->current = current_manifest(v);
    STATOR_TRY(synced_read(&v->kept, v->dir, v->err));
    v->found->state = v->kept.state;
    v->found->generation = v->kept.generation;
    v->found->on_disk = v->kept.on_disk;
    memcpy(v->found->secret, v->kept.secret, SYNCED_SECRET_BYTES);
    if (is_current_old(v))
        STATOR_TRY(tell_old_current(v));
    STATOR_TRY(look_at_logs(v, stream));
    STATOR_TRY(look_at_manifest(v));
    STATOR_TRY(judge(v));
    return keep_manifest(v);
}

enum stator_rc verify_directory(struct synced_list *out, const char *dir, rescue_tell *tell, void *context,
                                struct stator_error *err)
{
    struct verifying v = {.dir = dir, .found = out, .tell = tell, .context = context, .err = err};
    DIR *stream = opendir(dir);
    enum stator_rc rc;

    *out = (struct synced_list){.files = calloc(SYNCED_FILES_MAX, sizeof(*out->files))};
    if (out->files == NULL)
        rc = stator_fail_memory(err);
    else if (stream == NULL)
        rc = fail(&v, "", "cannot be read", errno);
    else {
        v.fd = dirfd(stream);
        rc = verify(&v, stream);
    }
    if (stream != NULL)
        closedir(stream);
    synced_list_deinit(&v.kept);
    return rc;
}
