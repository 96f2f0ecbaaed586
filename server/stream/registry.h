/* SPDX-License-Identifier: Apache-2.0 */
/* registry: which streams there are, those of tables that are gone included. In memory for every request, in the store's
 * catalog family for the next start.
 *
 * A stream is made, and ended, in the batch that stores the change of its table:
 *
 *      streams_add(batch);  store the table;  streams_show, or streams_drop when that failed
 *      streams_end(batch);  store the table;  latch barrier;  streams_ended
 *
 * so that a writer who finds the table finds its stream, and after the barrier none writes to one that is disabled.
 *
 * Owns:   the streams, one reference each. Borrows store and durability.
 * Thread: [any]. A reader-writer lock guards the list; a lane's lock is taken inside it, never the other way.
 */
#ifndef SERVER_STREAM_REGISTRY_H
#define SERVER_STREAM_REGISTRY_H

#include "base/arena.h"
#include "shard/durability.h"
#include "stream/stream.h"

struct streams;

struct streams_options {
    uint32_t lanes;                  /* of new streams; 0: one for each shard of the store */
    uint32_t shard_s, shard_records; /* a shard is rolled over past either */
    uint32_t retention_s;
};

#define STREAMS_DEFAULTS                                                                                               \
    ((struct streams_options){.shard_s = 4 * 3600, .shard_records = 1000000, .retention_s = 24 * 3600})

/* Loads all streams. [main] */
STATOR_MUST_CHECK enum stator_rc streams_open(struct streams **out, struct store *store, struct durability *durability,
                                              const struct streams_options *options, struct stator_error *err);
void streams_close(struct streams *streams); /* NULL is allowed */

/* What all of them take in memory, roughly; those of tables that are gone are kept for as long as their records. */
size_t streams_bytes(struct streams *streams);

/* The stream with that id, held, or NULL. */
struct stream *streams_find(struct streams *streams, uint32_t id);

/* The one of that ARN, held, or NULL. */
struct stream *streams_named(struct streams *streams, struct bytes namespace_, struct bytes arn);

/* Up to max streams of the namespace, of one table or (absent) of all, whose ARN is behind `after` (absent: all), in the
 * order of their ARNs, each held, in the arena. *more tells whether others follow. */
STATOR_MUST_CHECK enum stator_rc streams_list(struct streams *streams, struct bytes namespace_, struct bytes table_name,
                                              struct bytes after, size_t max, struct stream ***out, size_t *count,
                                              bool *more, struct arena *arena, struct stator_error *err);

/* about->lanes and created_ms are set here. *out is the registry's. Within a change of the catalog, as the next four. */
STATOR_MUST_CHECK enum stator_rc streams_add(struct streams *streams, struct stream **out, uint32_t id,
                                             struct stream_about *about, struct store_batch *batch,
                                             struct stator_error *err);
void streams_show(struct streams *streams, struct stream *stream);
void streams_drop(struct streams *streams, struct stream *stream);
STATOR_MUST_CHECK enum stator_rc streams_end(struct stream *stream, uint64_t now_ms, struct store_batch *batch,
                                             struct stator_error *err);
void streams_ended(struct stream *stream, uint64_t now_ms);

#endif
