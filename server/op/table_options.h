/* SPDX-License-Identifier: Apache-2.0 */
/* table_options: stream, encryption, class and tags of a table: checks in the service's words, descriptions.
 * Pure.
 */
#ifndef SERVER_OP_TABLE_OPTIONS_H
#define SERVER_OP_TABLE_OPTIONS_H

#include "base/arena.h"
#include "base/error.h"
#include "message/api.h"

#define TABLE_TAGS_MAX      50
#define TABLE_TAG_KEY_MAX   128
#define TABLE_TAG_VALUE_MAX 256

/* Of CreateTable. */
STATOR_MUST_CHECK enum stator_rc options_check_new_stream(const struct StreamSpecification *stream,
                                                          struct stator_error *err);
/* Of UpdateTable, before the table is known. */
STATOR_MUST_CHECK enum stator_rc options_check_stream(const struct StreamSpecification *stream,
                                                      struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc options_check_sse(const struct SSESpecification *sse, struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc options_check_tags(const struct TagList *tags, struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc options_check_tag_count(size_t count, struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc options_check_tag_key(struct bytes key, struct stator_error *err);

/* Whether the specification asks for encryption with a KMS key; {} and {"Enabled":false} do not. */
bool options_sse_enabled(const struct SSESpecification *sse);

/* What is shown of it, ENABLED. A key's id or alias becomes an ARN; without one it is the account's own key for
 * DynamoDB. There is no KMS here: every alias has a key, always the same. NULL when the arena is full. */
const struct SSEDescription *options_describe_sse(const struct SSESpecification *sse, struct bytes region,
                                                  struct bytes account, struct arena *arena);

/* The label of a stream made at that time, "2024-11-18T14:36:44.149", and its ARN. Absent when the arena is full. */
struct bytes options_stream_label(double seconds, struct arena *arena);
struct bytes options_stream_arn(struct bytes table_arn, struct bytes label, struct arena *arena);

/* The parts put together. Absent when the arena is full. */
struct bytes options_join(struct arena *arena, const struct bytes *parts, size_t count);
#define OPTIONS_JOIN(arena, ...)                                                                                       \
    options_join((arena), (const struct bytes[]){__VA_ARGS__},                                                         \
                 sizeof((const struct bytes[]){__VA_ARGS__}) / sizeof(struct bytes))

#endif
