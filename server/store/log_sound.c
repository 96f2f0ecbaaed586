/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_sound.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/io.h"
#include "store/log_read.h"

struct log_sound {
    int fd;
    struct log_reader reader;
    struct buf bytes; /* of one record, as it is shown */
    size_t taken;     /* of them */
    uint64_t offset;  /* of what is shown */
    uint64_t *next;   /* the sequence that the next record has at least */
    uint64_t own;     /* it, of a log by itself */
    uint64_t limit;   /* what the next log begins with; 0: there is none */
    bool gap, begun;
};

static uint64_t number_of(const char *name)
{
    char *end;
    const unsigned long long number = strtoull(name, &end, 10);

    return strcmp(end, ".log") == 0 ? number : 0;
}

/* Of a log's first record; 0: it has none. */
static uint64_t first_sequence(const char *path)
{
    struct log_sound *log = log_sound_open(path, NULL);
    struct log_batch batch = {.sequence = 0};
    enum log_read found = LOG_RECORD;

    while (log != NULL && batch.sequence == 0 && found != LOG_END && found != LOG_FAILED) {
        found = log_reader_next(&log->reader);
        if (found == LOG_RECORD && !log_batch_of(&batch, buf_bytes(&log->reader.record)))
            batch.sequence = 0;
    }
    if (log != NULL)
        log_sound_close(log);
    return batch.sequence;
}

/* Of the next log of that folder that has a record; 0: there is none. */
static uint64_t sequence_behind(const char *path)
{
    const char *name = strrchr(path, '/');
    char folder[PATH_MAX], other[PATH_MAX];
    uint64_t least = UINT64_MAX, sequence = 0, first;
    const struct dirent *entry;
    DIR *dir;

    if (name == NULL || snprintf(folder, sizeof(folder), "%.*s", (int)(name - path), path) >= (int)sizeof(folder) ||
        (dir = opendir(folder)) == NULL)
        return 0;
    while ((entry = readdir(dir)) != NULL) {
        const uint64_t number = number_of(entry->d_name);

        if (number <= number_of(name + 1) || number >= least ||
            snprintf(other, sizeof(other), "%s/%s", folder, entry->d_name) >= (int)sizeof(other))
            continue;
        first = first_sequence(other);
        if (first != 0) {
            least = number;
            sequence = first;
        }
    }
    closedir(dir);
    return sequence;
}

struct log_sound *log_sound_open(const char *path, uint64_t *next)
{
    struct log_sound *log = calloc(1, sizeof(*log));

    if (log == NULL)
        return NULL;
    log->next = next != NULL ? next : &log->own;
    log->limit = next != NULL ? sequence_behind(path) : 0;
    buf_init(&log->bytes, (size_t)1 << 32);
    log->fd = io_open_file(AT_FDCWD, path, O_RDONLY);
    if (!log_reader_init(&log->reader, log->fd))
        errno = ENOMEM;
    else if (log->fd >= 0 || errno == EISDIR) { /* a folder has no record */
        log->reader.by_blocks = true;           /* what a client has put into an item is no record */
        return log;
    }
    log_sound_close(log);
    return NULL;
}

void log_sound_close(struct log_sound *log)
{
    const int error = errno;

    log_reader_deinit(&log->reader);
    buf_deinit(&log->bytes);
    if (log->fd >= 0)
        close(log->fd);
    free(log);
    errno = error;
}

/* One that is older than those in front of it, as in a log that somebody has put together, or under the name of a newer one, would
 * confuse the engine. What is behind a gap a start has perhaps left out: the next log then begins with its sequences, and has what
 * counts. */
static bool is_in_order(struct log_sound *log, struct bytes record)
{
    struct log_batch batch;

    if (!log_batch_of(&batch, record))
        return true;
    if (!log->begun && log->limit <= batch.sequence) /* it is not really the next */
        log->limit = 0;
    log->begun = true;
    if (batch.sequence < *log->next || (log->gap && log->limit != 0 && batch.sequence >= log->limit))
        return false;
    *log->next = batch.sequence + batch.count;
    return true;
}

/* Brings the next record. False: there is none. */
static bool next_record(struct log_sound *log)
{
    enum log_read found;

    do {
        found = log_reader_next(&log->reader);
        log->gap |= found == LOG_GAP;
    } while (found == LOG_GAP || (found == LOG_RECORD && !is_in_order(log, buf_bytes(&log->reader.record))));
    if (found != LOG_RECORD)
        return false;
    buf_reset(&log->bytes);
    log->taken = 0;
    log_append_record(&log->bytes, &log->offset, buf_bytes(&log->reader.record));
    return !log->bytes.failed;
}

size_t log_sound_read(struct log_sound *log, char *out, size_t len)
{
    size_t had = 0;

    while (had < len && (log->taken < log->bytes.len || next_record(log))) {
        size_t part = log->bytes.len - log->taken;

        part = part < len - had ? part : len - had;
        memcpy(out + had, log->bytes.at + log->taken, part);
        log->taken += part;
        had += part;
    }
    return had;
}

struct log_behind log_sound_behind(const char *path, uint64_t bytes)
{
    struct log_sound *log = log_sound_open(path, NULL);
    struct log_behind out = {0, 0};
    enum log_read found = LOG_RECORD;
    uint64_t limit = 0; /* 0: no gap yet */

    while (log != NULL && found != LOG_END && found != LOG_FAILED) {
        found = log_reader_next(&log->reader);
        if (found == LOG_GAP && limit == 0)
            limit = log->reader.gap + bytes;
        if (found != LOG_RECORD || !is_in_order(log, buf_bytes(&log->reader.record)) || limit == 0 ||
            log->reader.end > limit)
            continue;
        out.records++;
        out.bytes += log->reader.record.len;
    }
    if (log != NULL)
        log_sound_close(log);
    return out;
}
