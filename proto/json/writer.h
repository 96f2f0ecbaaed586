/* SPDX-License-Identifier: Apache-2.0 */
/* writer: streaming JSON into a buf. It puts the commas; whether the nesting is right is the caller's to know.
 * Strings must be well-formed UTF-8; `"`, `\` and control characters are escaped in the one canonical way (\b \f \n \r
 * \t, else \u00xx with lower-case digits), so equal strings give equal bytes.
 */
#ifndef PROTO_JSON_WRITER_H
#define PROTO_JSON_WRITER_H

#include "base/buf.h"

struct json_writer {
    struct buf *buf; /* borrowed */
    bool comma;      /* the next value or key needs one before it */
};

static inline struct json_writer json_writer_of(struct buf *buf)
{
    return (struct json_writer){.buf = buf};
}

void json_object_begin(struct json_writer *writer);
void json_object_end(struct json_writer *writer);
void json_array_begin(struct json_writer *writer);
void json_array_end(struct json_writer *writer);
void json_key(struct json_writer *writer, struct bytes key);
void json_string(struct json_writer *writer, struct bytes text);
void json_integer(struct json_writer *writer, int64_t value);

/* Shortest decimal that reads back as the same double; integers without a fraction get ".0" as the service writes
 * capacity units and dates (1.0, 0.5, 1731940176.149). Not for NaN or infinities. */
void json_double(struct json_writer *writer, double value);
void json_bool(struct json_writer *writer, bool value);
void json_null(struct json_writer *writer);

/* Text that is JSON already: one value, copied as it is. */
void json_raw(struct json_writer *writer, struct bytes json);

/* The escaped text of a string with its quotes, outside any structure. */
void json_quote(struct buf *buf, struct bytes text);

#endif
