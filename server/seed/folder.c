/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK ((size_t)256 << 10)

_Static_assert(FOLDER_HASH_BYTES == crypto_generichash_BYTES, "the library's own length");

static enum stator_rc cannot(const char *path, struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "%.1500s: %s", path, strerror(errno));
}

/* --- The list ----------------------------------------------------------------------------------------------------- */

static enum folder_kind kind_of(const char *name)
{
    static const struct {
        const char *ending;
        enum folder_kind kind;
    } endings[] = {{".json", FOLDER_JSON},     {".yaml", FOLDER_YAML},   {".yml", FOLDER_YAML},
                   {".template", FOLDER_YAML}, {".jsonl", FOLDER_ITEMS}, {".ndjson", FOLDER_ITEMS}};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot != NULL && i < sizeof(endings) / sizeof(endings[0]); i++)
        if (strcasecmp(dot, endings[i].ending) == 0)
            return endings[i].kind;
    return FOLDER_OTHER;
}

static bool grow(struct folder *folder)
{
    size_t capacity = folder->capacity == 0 ? 16 : 2 * folder->capacity;
    struct folder_file *files;

    if (folder->count < folder->capacity)
        return true;
    files = realloc(folder->files, capacity * sizeof(*files));
    if (files == NULL)
        return false;
    folder->files = files;
    folder->capacity = capacity;
    return true;
}

static enum stator_rc add(struct folder *folder, const char *dir, const char *name, struct stator_error *err)
{
    struct folder_file *file;
    struct stat about;

    if (!grow(folder))
        return stator_fail_memory(err);
    file = &folder->files[folder->count];
    *file = (struct folder_file){.kind = kind_of(name)};
    if (asprintf(&file->path, "%s/%s", dir, name) < 0)
        return stator_fail_memory(err);
    file->name = file->path + strlen(dir) + 1;
    folder->count++;
    if (file->kind == FOLDER_OTHER) /* whatever it is */
        return STATOR_OK;
    if (stat(file->path, &about) != 0)
        return cannot(file->path, err);
    if (!S_ISREG(about.st_mode))
        file->kind = FOLDER_OTHER;
    return STATOR_OK;
}

static int compare(const void *a, const void *b)
{
    return strcmp(((const struct folder_file *)a)->name, ((const struct folder_file *)b)->name);
}

static enum stator_rc read_entries(struct folder *out, DIR *entries, const char *dir, struct stator_error *err)
{
    const struct dirent *entry;

    for (;;) {
        errno = 0;
        entry = readdir(entries);
        if (entry == NULL)
            return errno == 0 ? STATOR_OK : cannot(dir, err);
        if (entry->d_name[0] != '.')
            STATOR_TRY(add(out, dir, entry->d_name, err));
    }
}

enum stator_rc folder_read(struct folder *out, const char *dir, struct stator_error *err)
{
    size_t len = strlen(dir);
    DIR *entries = opendir(dir);
    enum stator_rc rc;
    char *plain;

    *out = (struct folder){0};
    if (entries == NULL)
        return cannot(dir, err);
    while (len > 1 && dir[len - 1] == '/')
        len--;
    plain = strndup(dir, len);
    rc = plain != NULL ? read_entries(out, entries, plain, err) : stator_fail_memory(err);
    free(plain);
    closedir(entries);
    if (rc == STATOR_OK && out->count > 0)
        qsort(out->files, out->count, sizeof(*out->files), compare);
    return rc;
}

void folder_free(struct folder *folder)
{
    for (size_t i = 0; i < folder->count; i++)
        free(folder->files[i].path);
    free(folder->files);
    *folder = (struct folder){0};
}

/* --- Bytes -------------------------------------------------------------------------------------------------------- */

static enum stator_rc open_file(int *fd, const struct folder_file *file, struct stator_error *err)
{
    *fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* nobody writes to what has become a pipe meanwhile */
    return *fd >= 0 ? STATOR_OK : cannot(file->path, err);
}

static enum stator_rc read_some(size_t *len, int fd, void *at, size_t room, const struct folder_file *file,
                                struct stator_error *err)
{
    ssize_t got;

    do
        got = read(fd, at, room);
    while (got < 0 && errno == EINTR);
    *len = got > 0 ? (size_t)got : 0;
    return got >= 0 ? STATOR_OK : cannot(file->path, err);
}

static enum stator_rc too_long(const struct folder_file *file, uint64_t max, struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "%.1500s: longer than the %u MiB that definitions may be", file->path,
                       (unsigned)(max >> 20));
}

static enum stator_rc hash_all(uint8_t *out, int fd, uint8_t *block, const struct folder_file *file, uint64_t max,
                               struct stator_error *err)
{
    crypto_generichash_state state;
    uint64_t all = 0;
    size_t len;

    crypto_generichash_init(&state, NULL, 0, FOLDER_HASH_BYTES);
    do {
        STATOR_TRY(read_some(&len, fd, block, BLOCK, file, err));
        all += len;
        if (all > max)
            return too_long(file, max, err);
        crypto_generichash_update(&state, block, len);
    } while (len > 0);
    crypto_generichash_final(&state, out, FOLDER_HASH_BYTES);
    return STATOR_OK;
}

enum stator_rc folder_hash(uint8_t out[FOLDER_HASH_BYTES], const struct folder_file *file, uint64_t max,
                           struct stator_error *err)
{
    uint8_t *block;
    enum stator_rc rc;
    int fd;

    STATOR_TRY(open_file(&fd, file, err));
    block = malloc(BLOCK);
    rc = block != NULL ? hash_all(out, fd, block, file, max, err) : stator_fail_memory(err);
    free(block);
    close(fd);
    return rc;
}

static struct bytes without_mark(struct bytes text)
{
    return bytes_starts_with(text, BYTES("\xEF\xBB\xBF")) ? bytes_of(text.at + 3, text.len - 3) : text;
}

enum stator_rc folder_load(struct bytes *out, const struct folder_file *file, size_t max, struct arena *arena,
                           struct stator_error *err)
{
    uint8_t *at = arena_alloc(arena, max + 1);
    size_t len = 0, got;
    enum stator_rc rc;
    int fd;

    if (at == NULL)
        return stator_fail_memory(err);
    STATOR_TRY(open_file(&fd, file, err));
    do {
        rc = read_some(&got, fd, at + len, max + 1 - len, file, err);
        len += got;
    } while (rc == STATOR_OK && got > 0 && len <= max);
    close(fd);
    if (rc == STATOR_OK && len > max)
        return too_long(file, max, err);
    *out = without_mark(bytes_of(at, len));
    return rc;
}

/* --- Lines -------------------------------------------------------------------------------------------------------- */

enum stator_rc folder_open(struct folder_lines *out, const struct folder_file *file, struct stator_error *err)
{
    *out = (struct folder_lines){.file = file, .fd = -1};
    out->buffer = malloc(BLOCK);
    if (out->buffer == NULL)
        return stator_fail_memory(err);
    out->capacity = BLOCK;
    return open_file(&out->fd, file, err);
}

void folder_close(struct folder_lines *lines)
{
    if (lines->fd >= 0)
        close(lines->fd);
    free(lines->buffer);
}

/* Moves what is left to the front, makes room where there is none, reads. */
static enum stator_rc fill(struct folder_lines *lines, struct stator_error *err)
{
    size_t left = lines->end - lines->begin, got;

    memmove(lines->buffer, lines->buffer + lines->begin, left);
    lines->begin = 0;
    lines->end = left;
    if (left > FOLDER_LINE_MAX)
        return stator_fail(err, STATOR_VALIDATION, "%.1500s:%u: a line longer than %zu MiB", lines->file->path,
                           lines->line + 1, FOLDER_LINE_MAX >> 20);
    if (left == lines->capacity) {
        uint8_t *buffer = realloc(lines->buffer, 2 * lines->capacity);

        if (buffer == NULL)
            return stator_fail_memory(err);
        lines->buffer = buffer;
        lines->capacity *= 2;
    }
    STATOR_TRY(read_some(&got, lines->fd, lines->buffer + left, lines->capacity - left, lines->file, err));
    lines->end += got;
    lines->ended = got == 0;
    return STATOR_OK;
}

enum stator_rc folder_next(struct folder_lines *lines, struct bytes *out, struct stator_error *err)
{
    for (;;) {
        const uint8_t *at = lines->buffer + lines->begin;
        size_t left = lines->end - lines->begin;
        const uint8_t *end = memchr(at, '\n', left);

        if (end == NULL && lines->ended && left > 0)
            end = at + left;
        if (end != NULL) {
            *out = bytes_of(at, (size_t)(end - at));
            if (++lines->line == 1)
                *out = without_mark(*out);
            lines->begin += (size_t)(end - at);
            if (lines->begin < lines->end)
                lines->begin++;
            return STATOR_OK;
        }
        *out = (struct bytes){NULL, 0};
        if (lines->ended)
            return STATOR_OK;
        STATOR_TRY(fill(lines, err));
    }
}
