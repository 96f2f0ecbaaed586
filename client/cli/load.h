/* SPDX-License-Identifier: Apache-2.0 */
/* load: records written to a table by threads that have a call each, so that the server is the limit.
 *
 *   [main] reads records, puts them into batches, hands those over
 *   [worker] makes items of a batch's records, writes them with BatchWriteItem; when the service finds fault with the
 *            batch, one by one, so that the record at fault is named
 *
 * Owns:   the threads, and LOAD_BATCHES batches a thread: memory does not grow with the file.
 * Thread: [main], but where it says otherwise.
 */
#ifndef CLI_LOAD_H
#define CLI_LOAD_H

#include "cli.h"
#include "progress.h"
#include "row.h"

#define LOAD_BATCH       25
#define LOAD_BATCH_BYTES ((size_t)1 << 20) /* a batch that has as much is full: its items take many times that */
#define LOAD_BATCHES     4
#define LOAD_THREADS     64

struct load;

struct load_options {
    struct stator_client *client;
    const char *table, *source; /* the latter for messages */
    uint64_t source_size;       /* 0: nobody knows */
    const struct row_layout *layout;
    const struct column *keys; /* of the table */
    size_t key_count;
    unsigned threads;
    uint64_t errors_max;
    struct progress *progress;
};

/* A place in the source up to which all is written. */
struct load_mark {
    uint64_t offset, line, items;
};

/* NULL, having complained, when threads cannot be started. All that options point to must outlive it. */
struct load *load_start(const struct load_options *options);

/* One more record, copied; next is where the source goes on behind it. False when nothing more is wanted: something
 * failed. */
bool load_add(struct load *load, struct stator_bytes record, uint64_t line, struct load_mark next);

/* Up to where all is written. */
struct load_mark load_mark(struct load *load);

/* Ends with CODE_OK when all was written, otherwise with why not, having complained. *bad is how many records were. */
int load_end(struct load *load, uint64_t *bad, struct load_mark *mark);

#endif
