/* SPDX-License-Identifier: Apache-2.0 */
/* page: the records of one shard from a number on, as one answer of GetRecords.
 *
 * In:     a held stream, the shard, the number. Out: the records' finished JSON, and where to go on.
 * Thread: [any]. On a loop (may_wait false) what is not in memory, or takes long, is STATOR_AGAIN.
 */
#ifndef SERVER_STREAM_PAGE_H
#define SERVER_STREAM_PAGE_H

#include "stream/stream.h"

#define STREAM_PAGE_BYTES_MAX ((size_t)1024 * 1024) /* of sizes; one record may be more */

struct stream_page_request {
    struct stream *stream;
    uint64_t shard;  /* its start */
    uint64_t number; /* the least; 0: whatever is there */
    size_t max;      /* records */
    size_t json_max; /* the answer's JSON ends with the record that passes it: sizes may be a small part of it */
    bool may_wait;
    bool
        may_take_long; /* to write records whose numbers are shortened: an answer of megabytes is made digit by digit */
};

struct stream_page {
    struct buf *json; /* the array of records; the caller's */
    uint64_t next;    /* where to go on */
    bool finished;    /* the shard is closed and has nothing more */
};

/* STATOR_TRIMMED_DATA_ACCESS when records from `number` on are trimmed, or the shard is. */
STATOR_MUST_CHECK enum stator_rc stream_page_read(struct stream_page *page, struct store *store,
                                                  const struct stream_page_request *request, struct stator_error *err);

/* The shard, for a new iterator. STATOR_RESOURCE_NOT_FOUND when there is none. */
STATOR_MUST_CHECK enum stator_rc stream_page_look(struct lane_view *view, struct stream *stream, uint64_t shard,
                                                  struct stator_error *err);

enum stator_rc stream_page_fail_trimmed(struct stator_error *err);

#endif
