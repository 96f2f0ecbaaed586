/* SPDX-License-Identifier: Apache-2.0 */
/* folder: the files of --init-dir, and their bytes.
 *
 * In:     a directory. Out: its files in the order of their names, and what each is by its ending. Names that begin with a
 *         dot are passed over, as is what is no file; links are followed (Kubernetes mounts files so).
 * Owns:   the list. Thread: [main].
 */
#ifndef SERVER_SEED_FOLDER_H
#define SERVER_SEED_FOLDER_H

#include "base/arena.h"
#include "base/error.h"

enum folder_kind {
    FOLDER_OTHER,
    FOLDER_JSON,  /* .json: definitions of tables */
    FOLDER_YAML,  /* .yaml .yml .template: likewise */
    FOLDER_ITEMS, /* .jsonl .ndjson */
};

#define FOLDER_HASH_BYTES 32

struct folder_file {
    char *path;       /* as messages name it: the directory as given, and the name */
    const char *name; /* in path */
    enum folder_kind kind;
};

struct folder {
    struct folder_file *files;
    size_t count, capacity;
};

/* On failure too the caller ends it with folder_free. */
STATOR_MUST_CHECK enum stator_rc folder_read(struct folder *out, const char *dir, struct stator_error *err);
void folder_free(struct folder *folder);

/* What tells whether a file has changed: BLAKE2b of its bytes, no more than max of them. */
STATOR_MUST_CHECK enum stator_rc folder_hash(uint8_t out[FOLDER_HASH_BYTES], const struct folder_file *file,
                                             uint64_t max, struct stator_error *err);

/* The whole of a file, without a mark of byte order; more than max bytes are refused. */
STATOR_MUST_CHECK enum stator_rc folder_load(struct bytes *out, const struct folder_file *file, size_t max,
                                             struct arena *arena, struct stator_error *err);

/* --- Line by line --- */

#define FOLDER_LINE_MAX ((size_t)16 << 20) /* as long as a request may be */

struct folder_lines {
    const struct folder_file *file;
    int fd;
    uint8_t *buffer;
    size_t begin, end, capacity;
    uint32_t line; /* of what folder_next gave last */
    bool ended;
};

/* On failure too the caller ends it with folder_close. */
STATOR_MUST_CHECK enum stator_rc folder_open(struct folder_lines *out, const struct folder_file *file,
                                             struct stator_error *err);
void folder_close(struct folder_lines *lines);

/* The next line without its end, until the next call; absent at the end of the file. */
STATOR_MUST_CHECK enum stator_rc folder_next(struct folder_lines *lines, struct bytes *out, struct stator_error *err);

#endif
