/* SPDX-License-Identifier: Apache-2.0 */
#include "source.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli.h"
#include "csv.h"

#define BLOCK ((size_t)256 << 10)

enum stator_rc source_open(struct source *out, const char *file, char delimiter, struct stator_error *err)
{
    bool standard = strcmp(file, "-") == 0;
    struct stat about;

    *out = (struct source){.name = standard ? "standard input" : file, .delimiter = delimiter, .line = 1};
    out->fd = standard ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC);
    if (out->fd < 0)
        return cli_fail(err, STATOR_MISUSE, "%s: %s", file, strerror(errno));
    if (fstat(out->fd, &about) == 0 && S_ISREG(about.st_mode))
        out->size = (uint64_t)about.st_size;
    return STATOR_OK;
}

void source_close(struct source *source)
{
    if (source->fd > STDIN_FILENO)
        close(source->fd);
    text_free(&source->buffer);
}

/* Makes room at the end of the buffer and reads a block into it. */
static enum stator_rc fill(struct source *source, struct stator_error *err)
{
    char block[16384];
    size_t left = source->buffer.len - source->begin;

    if (source->begin > 0)
        memmove(source->buffer.at, source->buffer.at + source->begin, left);
    source->buffer.len = left;
    source->begin = 0;
    while (!source->ended && source->buffer.len < left + BLOCK) {
        ssize_t len = read(source->fd, block, sizeof(block));

        if (len < 0 && errno == EINTR && !cli_interrupted())
            continue;
        if (len < 0)
            return cli_fail(err, STATOR_MISUSE, "%s: %s", source->name, strerror(errno));
        source->ended = len == 0;
        text_add(&source->buffer, block, (size_t)len);
    }
    return STATOR_OK;
}

static size_t first_line(const char *at, size_t len, bool ended, size_t *lines)
{
    const char *end = len == 0 ? NULL : memchr(at, '\n', len);

    *lines = end != NULL;
    return end != NULL ? (size_t)(end - at) + 1 : ended ? len : 0;
}

/* A mark of byte order, as some programs put before UTF-8, is no part of the first record. */
static void skip_mark(struct source *source)
{
    if (source->offset == 0 && source->begin == 0 && source->buffer.len >= 3 &&
        memcmp(source->buffer.at, "\xEF\xBB\xBF", 3) == 0) {
        source->begin = 3;
        source->offset = 3;
    }
}

static void take(struct source *source, size_t len, size_t lines)
{
    source->begin += len;
    source->offset += len;
    source->line += lines;
}

enum stator_rc source_next(struct source *source, struct stator_bytes *record, uint64_t *line, struct stator_error *err)
{
    *record = stator_text(NULL);
    for (;;) {
        size_t left = source->buffer.len - source->begin, lines = 0, len = 0;
        const char *at = source->buffer.at + source->begin;

        if (left > 0)
            len = source->delimiter != 0 ? csv_record(at, left, source->delimiter, source->ended, &lines)
                                         : first_line(at, left, source->ended, &lines);
        if (len > 0) {
            *line = source->line;
            take(source, len, lines);
            *record = stator_bytes_of(at, len);
            return STATOR_OK;
        }
        if (source->ended)
            return STATOR_OK;
        if (left > SOURCE_RECORD_MAX)
            return cli_fail(err, STATOR_VALIDATION, "%s:%llu: a record longer than %zu MiB%s", source->name,
                            (unsigned long long)source->line, SOURCE_RECORD_MAX >> 20,
                            source->delimiter != 0 ? "; is a quote not closed?" : "");
        if (fill(source, err) != STATOR_OK)
            return err->rc;
        skip_mark(source);
    }
}

enum stator_rc source_skip(struct source *source, uint64_t offset, uint64_t line, struct stator_error *err)
{
    if (lseek(source->fd, (off_t)offset, SEEK_SET) >= 0) {
        source->begin = source->buffer.len = 0;
        source->ended = false;
        source->offset = offset;
    }
    while (source->offset < offset) { /* a pipe: what was done is read once more */
        size_t left = source->buffer.len - source->begin;
        size_t len = left < offset - source->offset ? left : (size_t)(offset - source->offset);

        if (left == 0 && source->ended)
            return cli_fail(err, STATOR_VALIDATION, "%s is shorter than what was read of it before", source->name);
        if (left == 0 && fill(source, err) != STATOR_OK)
            return err->rc;
        take(source, len, 0);
    }
    source->line = line;
    return STATOR_OK;
}
