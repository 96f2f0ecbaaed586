/* SPDX-License-Identifier: Apache-2.0 */
/* record: a change of an item as a stream keeps it, its key in the store, and its form in GetRecords' answer. Bytes with
 * an example: record.c. Part of the format. Pure.
 * Thread: [any].
 */
#ifndef SERVER_STREAM_RECORD_H
#define SERVER_STREAM_RECORD_H

#include "base/buf.h"
#include "base/error.h"
#include "message/api.h"

#define STREAM_RECORD_KEY_BYTES 13

enum stream_event { STREAM_INSERT = 1, STREAM_MODIFY, STREAM_REMOVE };

struct stream_record {
    enum stream_event event;
    bool expired;           /* removed by the service, for its time to live */
    bool shortened;         /* numbers in the images are, as in stored items */
    uint32_t size_bytes;    /* of keys and images kept, by the rules of item sizes */
    struct bytes keys;      /* JSON; never absent */
    struct bytes new_image; /* JSON, or absent */
    /* JSON, or absent. To write: the whole of it, and the others absent. When read it is what stands between the two,
     * which are views of the new image. */
    struct bytes old_image, old_head, old_tail;
};

void stream_record_write(struct buf *buf, const struct stream_record *record);
/* A view of stored. False for bytes that are no record: a damaged database. */
STATOR_MUST_CHECK bool stream_record_read(struct stream_record *out, struct bytes stored);

/* Appends the old image of a record that was read. */
void stream_record_old(struct buf *buf, const struct stream_record *record);

/* Where it is: the stream's id, the lane, the number. */
struct bytes stream_record_key(uint8_t out[STREAM_RECORD_KEY_BYTES], uint32_t stream, uint32_t lane, uint64_t number);
STATOR_MUST_CHECK bool stream_record_key_read(uint64_t *number, struct bytes key);

/* What is said of all records of a stream. */
struct stream_record_context {
    uint32_t stream;
    struct bytes region;
    enum StreamViewType view;
};

/* As an element of GetRecords' Records. */
void stream_record_answer(struct buf *buf, const struct stream_record *record, uint64_t number,
                          const struct stream_record_context *context);

#endif
