/* SPDX-License-Identifier: Apache-2.0 */
/* reading: what goes on while values are read: the state, the refusals, the members not yet counted, and the scalars.
 * Private to this folder.
 */
#ifndef PROTO_VALUE_READING_H
#define PROTO_VALUE_READING_H

#include "value/fault.h"
#include "value/value.h"

#define READING_STACK_COUNT 32

struct reading {
    struct json_reader *json;
    struct arena *arena;
    struct stator_error *err;
    bool fault;     /* something was not allowed */
    bool canonical; /* so far the text is what this module would have written */
    bool repeated;  /* a map had a name twice */
    bool cut;       /* something was dropped, for it lies past the limit */
    bool told;      /* a fault is among what is kept: the first in the text */
    size_t bytes;   /* of what is kept: by DynamoDB's rules, or less */
    size_t limit;
    size_t used, room;
    struct attribute *stack; /* members of all values being read, the innermost last; names only in maps */
    struct attribute first[READING_STACK_COUNT];
};

struct expectation {
    const char *scalar;     /* NULL: names the token and the type, "TRUE_VALUE cannot be converted to String" */
    const char *type;       /* for that */
    const char *collection; /* the type as it is called when an array comes */
};

extern const struct expectation expect_string, expect_boolean, expect_blob, expect_list, expect_map, expect_value;

void reading_init(struct reading *r, struct json_reader *json, size_t limit, struct arena *arena,
                  struct stator_error *err);
void reading_deinit(struct reading *r);

/* Where the reader is in its text. */
size_t reading_offset(const struct reading *r);

/* Fails: the text is no JSON, or the arena was full when the reader needed it. */
enum stator_rc reading_bad_json(struct reading *r);

/* Fails: token is not of the type expected. */
enum stator_rc reading_wrong_type(struct reading *r, enum json_token token, const struct expectation *expected);

/* Makes *out that fault, which is STATOR_OK. */
enum stator_rc reading_not_allowed(struct reading *r, struct value *out, enum fault fault);

/* Where a member begins. What begins past the limit is surplus. */
struct reading_place {
    struct arena_mark mark;
    bool surplus;
};
static inline struct reading_place reading_begin(const struct reading *r)
{
    return (struct reading_place){.mark = arena_mark(r->arena), .surplus = r->bytes > r->limit};
}

/* Puts a member on the stack, which takes `overhead` bytes beside its name and content. A surplus one is dropped, with
 * all of the arena since it began, unless the first fault is in it. */
STATOR_MUST_CHECK enum stator_rc reading_push(struct reading *r, struct bytes name, const struct value *value,
                                              size_t overhead, const struct reading_place *began);

/* Takes the members above base off the stack, into an arena. NULL when it is full. */
struct value *reading_pop_members(struct reading *r, size_t base, size_t *count, struct arena *arena);

/* Takes the attributes above base off the stack, sorted. */
STATOR_MUST_CHECK enum stator_rc reading_pop_attributes(struct reading *r, size_t base, const struct attribute **out,
                                                        size_t *count);

/* A value of type S, N or B, and what stands behind BOOL and NULL, whose token has been taken. */
STATOR_MUST_CHECK enum stator_rc reading_string(struct reading *r, struct value *out, enum json_token token);
STATOR_MUST_CHECK enum stator_rc reading_number(struct reading *r, struct value *out, enum json_token token);
STATOR_MUST_CHECK enum stator_rc reading_binary(struct reading *r, struct value *out, enum json_token token);
STATOR_MUST_CHECK enum stator_rc reading_boolean(struct reading *r, bool *out, enum json_token token);

#endif
