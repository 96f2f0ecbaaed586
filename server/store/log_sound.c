/* SPDX-License-Identifier: Apache-2.0 */
#include "store/log_sound.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
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
};

struct log_sound *log_sound_open(const char *path, uint64_t *next)
{
    struct log_sound *log = calloc(1, sizeof(*log));

    if (log == NULL)
        return NULL;
    log->next = next != NULL ? next : &log->own;
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
 * confuse the engine. */
static bool is_in_order(struct log_sound *log, struct bytes record)
{
    struct log_batch batch;

    if (!log_batch_of(&batch, record))
        return true;
    if (batch.sequence < *log->next)
        return false;
    *log->next = batch.sequence + batch.count;
    return true;
}

/* Brings the next record. False: there is none. */
static bool next_record(struct log_sound *log)
{
    enum log_read found;

    do
        found = log_reader_next(&log->reader);
    while (found == LOG_GAP || (found == LOG_RECORD && !is_in_order(log, buf_bytes(&log->reader.record))));
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
