/* SPDX-License-Identifier: Apache-2.0 */
/* batch: any number of items written or read by batches, with what the service leaves unprocessed sent again.
 *
 *     struct stator_writer *writer = stator_writer_new(call, &(struct stator_writer_options){.table = "Users"});
 *
 *     for (...)
 *         if (stator_writer_put(writer, &item) != STATOR_OK)
 *             break;                          a full batch went out and failed
 *     rc = stator_writer_end(writer, &written);  sends the rest, frees
 *
 * Each write stands alone: a batch is no transaction, and when one fails those before it stay. What the service hands
 * back for lack of throughput is sent again after a pause that doubles, from 50 ms to 10 s, with jitter; after ten
 * rounds in a row without any progress the batch has failed with STATOR_THROTTLING, and what is left can be had.
 *
 * Owns:   up to 25 requests as JSON; the items may go as soon as they are put.
 * Borrows: the call, which must not be used for anything else meanwhile.
 * Thread: one at a time.
 */
#ifndef STATOR_BATCH_H
#define STATOR_BATCH_H

#include "stator/items.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* --- Writing ------------------------------------------------------------------------------------------------------ */

struct stator_writer;

struct stator_writer_options {
    const char *table; /* name or ARN; copied */

    /* Names of the key's attributes; copied. With them a later write of the same key takes the place of an earlier one
     * of its batch, where the service would refuse the whole batch for it. NULL: as the service does. */
    const char *partition_key, *sort_key;

    unsigned rounds_max; /* without progress, before it gives up. 0: 10 */
};

/* NULL without memory; every function below takes that NULL, and says STATOR_NO_MEMORY. */
struct stator_writer *stator_writer_new(struct stator_call *call, const struct stator_writer_options *options);

/* Adds a request; the 25th sends the batch and waits until all of it is written. STATOR_OK: what was sent so far is
 * written. Otherwise the batch has failed, and stator_call_failure(call) says why; the writer then takes no more. */
STATOR_MUST_CHECK enum stator_rc stator_writer_put(struct stator_writer *writer, const struct stator_item *item);
STATOR_MUST_CHECK enum stator_rc stator_writer_delete(struct stator_writer *writer, const struct stator_item *key);

/* Sends what is there. */
STATOR_MUST_CHECK enum stator_rc stator_writer_flush(struct stator_writer *writer);

/* Requests that are written; those replaced by a later one of their key count too. */
uint64_t stator_writer_written(const struct stator_writer *writer);

/* After a failure: the requests of the batch that were not (or not surely) written, as the JSON list that BatchWriteItem
 * takes: [{"PutRequest":{"Item":{...}}}, ...]. A view of the writer. Empty when nothing is left. */
struct stator_bytes stator_writer_left(const struct stator_writer *writer);

/* Sends what is there, unless the writer has failed, and frees. *written may be NULL. */
enum stator_rc stator_writer_end(struct stator_writer *writer, uint64_t *written);

/* --- Reading ------------------------------------------------------------------------------------------------------ */

struct stator_reader;

struct stator_reader_options {
    const char *table; /* name or ARN; these texts must live as long as the reader */
    const struct stator_item *keys;
    size_t count;
    bool consistent;
    const char *projection_expression; /* NULL: whole items */
    struct stator_expression_attribute_name_map names;
    unsigned rounds_max; /* as above */
};

/* Reads the items of these keys, in no order; keys without an item are passed over. The keys must live as long as the
 * reader, and none may be there twice among 100 neighbours. NULL without memory, as above. */
struct stator_reader *stator_reader_new(struct stator_call *call, const struct stator_reader_options *options);

/* The next item, good until the next call of this. NULL at the end, or when it failed. */
const struct stator_item *stator_reader_next(struct stator_reader *reader);

/* STATOR_OK when all keys were read, else why not; frees. */
enum stator_rc stator_reader_end(struct stator_reader *reader);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
