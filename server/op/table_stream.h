/* SPDX-License-Identifier: Apache-2.0 */
/* table_stream: what a change of a table does to its stream: a new one when it is enabled, its end when it is disabled.
 * Within a change of the catalog, on a worker.
 */
#ifndef SERVER_OP_TABLE_STREAM_H
#define SERVER_OP_TABLE_STREAM_H

#include "op/engine.h"
#include "stream/registry.h"

/* LatestStreamLabel and LatestStreamArn of the draft, which no other stream has: made at that time, or in the next free
 * millisecond. */
STATOR_MUST_CHECK enum stator_rc table_stream_name(struct engine *engine, struct bytes namespace_,
                                                   struct TableDescription *draft, double seconds, struct job *job);

/* One change on its way. */
struct table_stream {
    struct engine *engine;
    struct store_batch *batch; /* to be stored with the table; NULL: nothing changes */
    struct stream *begun;      /* the registry's */
    struct stream *ended;      /* held */
    uint64_t now_ms;
};

/* Compares the description that is to be stored with the version before (NULL: a new table) and sets extras->stream.
 * table_stream_end always, whatever this gave. */
STATOR_MUST_CHECK enum stator_rc table_stream_begin(struct table_stream *change, struct bytes namespace_,
                                                    const struct table *previous,
                                                    const struct TableDescription *description,
                                                    struct table_extras *extras, struct stator_error *err);

/* stored: the table is, and the batch with it. */
void table_stream_end(struct table_stream *change, bool stored);

#endif
