/* SPDX-License-Identifier: Apache-2.0 */
/* message: requests and answers by the tables of api.def: which operation, decoding with the service's type errors,
 * model constraints in both wordings, encoding.
 *
 * In:     the bytes of a body. Out: the structures of api.h, in the request's arena, borrowing from the body.
 * Never:  what only one operation knows (server/op does that), sockets, clocks.
 * Thread: [any], no state.
 */
#ifndef PROTO_MESSAGE_MESSAGE_H
#define PROTO_MESSAGE_MESSAGE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "message/api.h"

/* The wording of constraint messages. */
enum wording {
    WORDING_CURRENT, /* "Value at 'TableName' failed ...", stops early */
    WORDING_CLASSIC, /* "Value '' at 'tableName' failed ...", all failures listed; the service until May 2026 */
};

enum operation {
    OPERATION_NONE = 0,
#define OPERATION(name, service, input, output) OPERATION_##name,
#include "message/api.def"
    OPERATION_COUNT
};

struct shape; /* a structure, list, ... of api.def; lives in message.c */

struct operation_info {
    const char *name;           /* "GetItem" */
    const char *target;         /* "DynamoDB_20120810.GetItem" */
    const struct shape *input;  /* a structure */
    const struct shape *output; /* a structure, or NULL: the answer has no body */
};

/* Of a value of x-amz-target; OPERATION_NONE when the service or the operation is unknown. */
enum operation operation_of_target(struct bytes target);

const struct operation_info *operation_info(enum operation operation);

/* "PROVISIONED" for BillingMode_PROVISIONED: use message_enum_text(BillingMode, value). */
struct bytes message_enum_name(const struct shape *shape, int value);
#define ENUM_BEGIN(shape_)      extern const struct shape shape_of_##shape_;
#define STRUCTURE_BEGIN(shape_) extern const struct shape shape_of_##shape_;
#include "message/api.def"
#define message_enum_text(shape, value) message_enum_name(&shape_of_##shape, (value))

#define ELEMENTS_MAX                ((size_t)100000)          /* of a list or map that the model does not limit */
#define EXPRESSION_VALUES_BYTES_MAX ((size_t)2 * 1024 * 1024) /* the service's limit of all of them */

/* Reads body as a structure of that shape. *out is the C struct (struct GetItemInput ...), in the arena.
 * Fails with STATOR_SERIALIZATION: an empty text means that the body is not JSON, otherwise it is the service's type
 * error (and the body is JSON to its end). Unknown members and nulls are skipped. Texts borrow from body. SearchVectors
 * alone takes no nulls, and fails with STATOR_VALIDATION when a required member is missing.
 * Of a request's lists, maps, items and values what lies past their limits is checked and not kept: a list then has
 * more elements than it may, an item more bytes, a value is a fault, and values of expressions are `cut`. One that
 * fills the arena all the same is STATOR_VALIDATION. */
STATOR_MUST_CHECK enum stator_rc message_decode(void **out, const struct shape *shape, struct bytes body,
                                                struct arena *arena, struct stator_error *err);

/* Checks required members, lengths, ranges, patterns and enumerations as the service's model does. STATOR_VALIDATION
 * with "1 validation error detected: ..." (or the service's exceptions to that form). */
STATOR_MUST_CHECK enum stator_rc message_validate(const struct shape *shape, const void *in, enum wording wording,
                                                  struct stator_error *err);

/* Whether an attribute value in it is nested so deeply that the service reads the request in its older layer. */
bool message_is_deep(const struct shape *shape, const void *in);

/* Asks the visitor about every item and every value of its own in a structure, up to the first that it refuses. What is
 * finished JSON is passed over. */
struct message_visitor {
    enum stator_rc (*item)(const struct item *item, struct stator_error *err);
    enum stator_rc (*value)(const struct value *value, struct stator_error *err);
};
STATOR_MUST_CHECK enum stator_rc message_visit(const struct shape *shape, const void *in,
                                               const struct message_visitor *visitor, struct stator_error *err);

/* Writes the structure as JSON. buf->failed tells of a lack of memory. */
void message_encode(struct buf *buf, const struct shape *shape, const void *out);

/* The same of an object that has begun: buf holds its first members ({"Items":[...]), the structure has the others. */
void message_encode_rest(struct buf *buf, const struct shape *shape, const void *out);

#endif
