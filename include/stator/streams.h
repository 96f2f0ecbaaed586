/* SPDX-License-Identifier: Apache-2.0 */
/* streams: streams: what changed in a table, in order. stator/tail.h follows all shards of one.
 *
 * Made by client/api.py from proto/message/api.def; changes belong there.
 *
 * A function sends *in and waits for the answer. Members have the names of DynamoDB's API reference, in lower case, and
 * mean what it says; zero leaves one out. STATOR_OK: *out is the answer, a view into the call, good until its next use;
 * out may be NULL. Otherwise *out is NULL and stator_call_failure(call) says why. Beside its own errors any operation can
 * fail with STATOR_VALIDATION, with the errors of credentials and throttling, and with the client's own (stator/error.h).
 *
 * Its twin ..._start does not wait: stator/async.h. *in is read before it returns. done may be NULL. STATOR_OK: done will
 * be called, once; otherwise it will not, and stator_call_failure(call) says why, but for STATOR_MISUSE of a call that is
 * under way, which goes on undisturbed. ..._answer is what the last call's *out would be: NULL if it was not that
 * operation or did not do well.
 */
#ifndef STATOR_STREAMS_H
#define STATOR_STREAMS_H

#include "stator/call.h"
#include "stator/tables.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

enum stator_operation_type {
    STATOR_OPERATION_TYPE_REMOVE = 1,
    STATOR_OPERATION_TYPE_INSERT,
    STATOR_OPERATION_TYPE_MODIFY,
};

enum stator_shard_filter_type {
    STATOR_SHARD_FILTER_TYPE_CHILD_SHARDS = 1,
};

enum stator_shard_iterator_type {
    STATOR_SHARD_ITERATOR_TYPE_AFTER_SEQUENCE_NUMBER = 1,
    STATOR_SHARD_ITERATOR_TYPE_LATEST,
    STATOR_SHARD_ITERATOR_TYPE_AT_TIMESTAMP,
    STATOR_SHARD_ITERATOR_TYPE_AT_SEQUENCE_NUMBER,
    STATOR_SHARD_ITERATOR_TYPE_TRIM_HORIZON,
};

enum stator_stream_status {
    STATOR_STREAM_STATUS_ENABLING = 1,
    STATOR_STREAM_STATUS_ENABLED,
    STATOR_STREAM_STATUS_DISABLING,
    STATOR_STREAM_STATUS_DISABLED,
};

struct stator_identity;
struct stator_record;
struct stator_sequence_number_range;
struct stator_shard;
struct stator_shard_filter;
struct stator_stream;
struct stator_stream_description;
struct stator_stream_record;

struct stator_record_list {
    const struct stator_record *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_shard_description_list {
    const struct stator_shard *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_stream_list {
    const struct stator_stream *at;
    size_t count;
    bool set;
    struct stator_bytes json;
};

struct stator_describe_stream_input {
    struct stator_bytes stream_arn;               /* required; 37 to 1024 characters */
    struct stator_bytes exclusive_start_shard_id; /* 28 to 65 characters */
    const struct stator_shard_filter *shard_filter;
    struct stator_integer limit; /* 1 to 100 */
};

struct stator_describe_stream_output {
    const struct stator_stream_description *stream_description;
};

struct stator_get_records_input {
    struct stator_bytes shard_iterator; /* required; 1 to 2048 characters */
    struct stator_integer limit;        /* 1 to 1000 */
};

struct stator_get_records_output {
    struct stator_record_list records;
    struct stator_bytes next_shard_iterator;
};

struct stator_get_shard_iterator_input {
    struct stator_bytes sequence_number;    /* 21 to 40 characters */
    struct stator_bytes stream_arn;         /* required; 37 to 1024 characters */
    struct stator_bytes shard_id;           /* required; 28 to 65 characters */
    struct stator_enum shard_iterator_type; /* required; enum stator_shard_iterator_type */
    struct stator_number timestamp;         /* seconds since 1970 */
};

struct stator_get_shard_iterator_output {
    struct stator_bytes shard_iterator;
};

struct stator_identity {
    struct stator_bytes principal_id;
    struct stator_bytes type;
};

struct stator_list_streams_input {
    struct stator_integer limit;                    /* 1 to 100 */
    struct stator_bytes table_name;                 /* 3 to 255 characters */
    struct stator_bytes exclusive_start_stream_arn; /* 37 to 1024 characters */
};

struct stator_list_streams_output {
    struct stator_stream_list streams;
    struct stator_bytes last_evaluated_stream_arn;
};

struct stator_record {
    struct stator_bytes event_id;
    struct stator_enum event_name; /* enum stator_operation_type */
    struct stator_bytes event_version;
    struct stator_bytes event_source;
    struct stator_bytes aws_region;
    const struct stator_stream_record *dynamodb;
    const struct stator_identity *user_identity;
};

struct stator_sequence_number_range {
    struct stator_bytes starting_sequence_number;
    struct stator_bytes ending_sequence_number;
};

struct stator_shard {
    struct stator_bytes shard_id;
    const struct stator_sequence_number_range *sequence_number_range;
    struct stator_bytes parent_shard_id;
};

struct stator_shard_filter {
    struct stator_bytes shard_id; /* 28 to 65 characters */
    struct stator_enum type;      /* enum stator_shard_filter_type */
};

struct stator_stream {
    struct stator_bytes stream_arn;
    struct stator_bytes table_name;
    struct stator_bytes stream_label;
};

struct stator_stream_description {
    struct stator_bytes stream_arn;
    struct stator_bytes stream_label;
    struct stator_enum stream_status;                /* enum stator_stream_status */
    struct stator_enum stream_view_type;             /* enum stator_stream_view_type */
    struct stator_number creation_request_date_time; /* seconds since 1970 */
    struct stator_bytes table_name;
    struct stator_key_schema key_schema;
    struct stator_shard_description_list shards;
    struct stator_bytes last_evaluated_shard_id;
};

struct stator_stream_record {
    struct stator_number approximate_creation_date_time; /* seconds since 1970 */
    struct stator_item keys;
    struct stator_item new_image;
    struct stator_item old_image;
    struct stator_bytes sequence_number;
    struct stator_integer size_bytes;
    struct stator_enum stream_view_type; /* enum stator_stream_view_type */
};

/* Streams of a table or of the account. The service's own errors: ResourceNotFoundException, InternalServerError. */
STATOR_MUST_CHECK enum stator_rc stator_list_streams(struct stator_call *call,
                                                     const struct stator_list_streams_input *in,
                                                     const struct stator_list_streams_output **out);
STATOR_MUST_CHECK enum stator_rc stator_list_streams_start(struct stator_async *async, struct stator_call *call,
                                                           const struct stator_list_streams_input *in,
                                                           stator_done *done, void *user);
const struct stator_list_streams_output *stator_list_streams_answer(const struct stator_call *call);

/* A stream and its shards. The service's own errors: ResourceNotFoundException, InternalServerError. */
STATOR_MUST_CHECK enum stator_rc stator_describe_stream(struct stator_call *call,
                                                        const struct stator_describe_stream_input *in,
                                                        const struct stator_describe_stream_output **out);
STATOR_MUST_CHECK enum stator_rc stator_describe_stream_start(struct stator_async *async, struct stator_call *call,
                                                              const struct stator_describe_stream_input *in,
                                                              stator_done *done, void *user);
const struct stator_describe_stream_output *stator_describe_stream_answer(const struct stator_call *call);

/* A place in a shard to read from. The service's own errors: ResourceNotFoundException, InternalServerError,
 * TrimmedDataAccessException. */
STATOR_MUST_CHECK enum stator_rc stator_get_shard_iterator(struct stator_call *call,
                                                           const struct stator_get_shard_iterator_input *in,
                                                           const struct stator_get_shard_iterator_output **out);
STATOR_MUST_CHECK enum stator_rc stator_get_shard_iterator_start(struct stator_async *async, struct stator_call *call,
                                                                 const struct stator_get_shard_iterator_input *in,
                                                                 stator_done *done, void *user);
const struct stator_get_shard_iterator_output *stator_get_shard_iterator_answer(const struct stator_call *call);

/* Records from a place on, and the next place. The service's own errors: ResourceNotFoundException,
 * LimitExceededException, InternalServerError, ExpiredIteratorException, TrimmedDataAccessException. */
STATOR_MUST_CHECK enum stator_rc stator_get_records(struct stator_call *call, const struct stator_get_records_input *in,
                                                    const struct stator_get_records_output **out);
STATOR_MUST_CHECK enum stator_rc stator_get_records_start(struct stator_async *async, struct stator_call *call,
                                                          const struct stator_get_records_input *in, stator_done *done,
                                                          void *user);
const struct stator_get_records_output *stator_get_records_answer(const struct stator_call *call);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
