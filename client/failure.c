/* SPDX-License-Identifier: Apache-2.0 */
/* An error of the service is {"__type":"prefix#Name","message":"..."}, or "Message"; with a cancelled transaction
 * "CancellationReasons", with a refused condition "Item". Where the body does not name it, x-amzn-ErrorType does. */
#include "failure.h"

#include "cast.h"

#include "value/value.h"
#include "json/reader.h"

/* "com.amazonaws.dynamodb.v20120810#ResourceNotFoundException:http://..." is ResourceNotFoundException. */
static struct bytes bare_name(struct bytes type)
{
    const uint8_t *hash = type.len == 0 ? NULL : memrchr(type.at, '#', type.len);
    const uint8_t *colon;

    if (hash != NULL)
        type = bytes_of(hash + 1, (size_t)(type.at + type.len - hash - 1));
    colon = type.len == 0 ? NULL : memchr(type.at, ':', type.len);
    if (colon != NULL)
        type.len = (size_t)(colon - type.at);
    return type;
}

/* Names that two rows of errors.def share are one error to a client: the first. */
static enum stator_rc rc_of_name(struct bytes name)
{
    for (int rc = STATOR_OK + 1; rc < STATOR_AGAIN; rc++)
        if (bytes_equal_string(name, stator_error_info((enum stator_rc)rc)->name))
            return (enum stator_rc)rc;
    return STATOR_OTHER;
}

/* A C string in the arena; "" when it is full. */
static const char *c_string(struct bytes text, struct arena *arena)
{
    char *copy = arena_alloc(arena, text.len + 1);

    if (copy == NULL)
        return "";
    if (text.len != 0)
        memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    return copy;
}

/* --- Reading the body ---------------------------------------------------------------------------------------------- */

static bool read_text(struct bytes *out, struct json_reader *reader, enum json_token first)
{
    if (first != JSON_STRING)
        return json_skip(reader, first);
    *out = reader->text;
    return true;
}

static bool read_item(struct stator_item *out, struct json_reader *reader, enum json_token first, struct arena *arena)
{
    struct stator_error ignored;
    struct item item = {0};

    if (first != JSON_OBJECT_BEGIN)
        return json_skip(reader, first);
    if (item_read(&item, reader, first, arena, &ignored) != STATOR_OK)
        return false;
    memcpy(out, &item, sizeof(*out)); /* one layout: client/layout.c */
    return true;
}

static bool read_cancellation(struct stator_cancellation *out, struct json_reader *reader, struct arena *arena)
{
    enum json_token token;

    while ((token = json_next(reader)) == JSON_KEY) {
        struct bytes key = reader->text, text = {0};
        bool read;

        token = json_next(reader);
        if (bytes_equal_string(key, "Item")) {
            read = read_item(&out->item, reader, token, arena);
        } else if (bytes_equal_string(key, "Code")) {
            read = read_text(&text, reader, token);
            out->code = cast_bytes_out(text);
        } else if (bytes_equal_string(key, "Message")) {
            read = read_text(&text, reader, token);
            out->message = cast_bytes_out(text);
        } else {
            read = json_skip(reader, token);
        }
        if (!read)
            return false;
    }
    return token == JSON_OBJECT_END;
}

/* A transaction has up to 100 actions. */
#define CANCELLATIONS_MAX 100

static bool read_cancellations(struct stator_failure *out, struct json_reader *reader, enum json_token first,
                               struct arena *arena)
{
    struct stator_cancellation *list;
    size_t count = 0;
    enum json_token token;

    if (first != JSON_ARRAY_BEGIN)
        return json_skip(reader, first);
    list = ARENA_ARRAY(arena, struct stator_cancellation, CANCELLATIONS_MAX);
    if (list == NULL)
        return false;
    while ((token = json_next(reader)) == JSON_OBJECT_BEGIN && count < CANCELLATIONS_MAX)
        if (!read_cancellation(&list[count++], reader, arena))
            return false;
    out->cancellations = list;
    out->cancellation_count = count;
    return token == JSON_ARRAY_END;
}

struct texts {
    struct bytes type, message;
};

static bool read_member(struct stator_failure *out, struct texts *texts, struct json_reader *reader,
                        struct arena *arena)
{
    struct bytes key = reader->text;
    enum json_token first = json_next(reader);

    if (bytes_equal_string(key, "__type") || bytes_equal_string(key, "code"))
        return read_text(&texts->type, reader, first);
    if (bytes_equal_string(key, "message") || bytes_equal_string(key, "Message"))
        return read_text(&texts->message, reader, first);
    if (bytes_equal_string(key, "Item"))
        return read_item(&out->item, reader, first, arena);
    if (bytes_equal_string(key, "CancellationReasons"))
        return read_cancellations(out, reader, first, arena);
    return json_skip(reader, first);
}

static bool read_body(struct stator_failure *out, struct texts *texts, struct bytes body, struct arena *arena)
{
    struct json_reader reader;
    enum json_token token;

    json_reader_init(&reader, body, arena);
    if (json_next(&reader) != JSON_OBJECT_BEGIN)
        return false;
    while ((token = json_next(&reader)) == JSON_KEY)
        if (!read_member(out, texts, &reader, arena))
            return false;
    return token == JSON_OBJECT_END && json_next(&reader) == JSON_END;
}

void failure_read(struct stator_failure *out, const struct exchange *exchange, struct arena *arena)
{
    struct texts texts = {0};
    bool read = read_body(out, &texts, buf_bytes(&exchange->body), arena);

    if (arena->failed) {
        out->rc = STATOR_NO_MEMORY;
        out->message = "No memory for the answer";
        return;
    }
    if (texts.type.len == 0)
        texts.type = bytes_of_string(exchange->error_type);
    texts.type = bare_name(texts.type);
    if (texts.type.len == 0) {
        out->rc = STATOR_BAD_ANSWER;
        out->message = read ? "The answer is an error without a name" : "The answer is not DynamoDB's";
        return;
    }
    out->rc = rc_of_name(texts.type);
    out->type = cast_bytes_out(texts.type);
    out->message = c_string(texts.message, arena);
}

enum stator_rc failure_local(struct stator_failure *out, const struct stator_error *err, struct arena *arena)
{
    out->rc = err->rc;
    out->message = c_string(bytes_of_string(err->message), arena);
    return err->rc;
}
