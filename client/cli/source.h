/* SPDX-License-Identifier: Apache-2.0 */
/* source: records of a file or of standard input, one after the other, with their line numbers.
 *
 * Limit:  a record has at most SOURCE_RECORD_MAX bytes; an item has 400 KB.
 * Thread: [main]
 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include <stdint.h>

#include "args.h"
#include "text.h"

#define SOURCE_RECORD_MAX ((size_t)16 << 20)

struct source {
    const char *name; /* for messages */
    int fd;
    char delimiter; /* of CSV; 0: a record is a line */
    bool ended;
    struct text buffer;
    size_t begin;          /* of what was not given yet */
    uint64_t offset, line; /* of that; lines count from 1 */
    uint64_t size;         /* of the file; 0: nobody knows */
};

/* file: "-" is standard input. */
STATOR_MUST_CHECK enum stator_rc source_open(struct source *out, const char *file, char delimiter,
                                             struct stator_error *err);
void source_close(struct source *source);

/* The next record, with its line end, good until the next call; *line is where it begins. Absent at the end. */
STATOR_MUST_CHECK enum stator_rc source_next(struct source *source, struct stator_bytes *record, uint64_t *line,
                                             struct stator_error *err);

/* Goes on from there. */
STATOR_MUST_CHECK enum stator_rc source_skip(struct source *source, uint64_t offset, uint64_t line,
                                             struct stator_error *err);

#endif
