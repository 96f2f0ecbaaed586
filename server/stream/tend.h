/* SPDX-License-Identifier: Apache-2.0 */
/* tend: what streams need though nobody asks: records past the retention are deleted, shards that are too old are rolled
 * over, disabled streams go in the end. For the thread of background tasks.
 *
 * Records are hidden first (lane_trim), then deleted as a range together with a note of where what remains begins:
 * iterators of the store still show deleted ranges, so that note, and no record's absence, is what readers go by.
 */
#ifndef SERVER_STREAM_TEND_H
#define SERVER_STREAM_TEND_H

#include "stream/registry.h"

#define STREAMS_NEVER UINT64_MAX

/* Something of that table's stream failed: it will be tried again. */
typedef void streams_failed(struct bytes table_name, const struct stator_error *err);

/* Does what is due at now_ms (since 1970). Returns when to call again; STREAMS_NEVER: when there is a stream. failed NULL: nobody
 * is told. */
uint64_t streams_tend(struct streams *streams, uint64_t now_ms, streams_failed *failed);

#endif
