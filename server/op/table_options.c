/* SPDX-License-Identifier: Apache-2.0 */
#include "op/table_options.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <strings.h>
#include <time.h>

#include "base/utf8.h"
#include "shard/ring.h"

#define INVALID "One or more parameter values were invalid: "

/* --- Streams --- */

enum stator_rc options_check_new_stream(const struct StreamSpecification *stream, struct stator_error *err)
{
    bool typed = stream->StreamViewType.value != 0;

    if (stream->StreamEnabled == API_TRUE && !typed)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Table is being created with a stream enabled, UpdateViewType is required");
    if (stream->StreamEnabled != API_TRUE && typed)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Table is being created with a stream disabled, UpdateViewType should not be "
                                   "specified");
    return STATOR_OK;
}

enum stator_rc options_check_stream(const struct StreamSpecification *stream, struct stator_error *err)
{
    bool typed = stream->StreamViewType.value != 0;

    if (stream->StreamEnabled == API_TRUE && !typed)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "If stream is being enabled then UpdateViewType is required");
    if (stream->StreamEnabled != API_TRUE && typed)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "If stream is being disabled, then UpdateViewType must not be specified");
    return STATOR_OK;
}

struct bytes options_stream_label(double seconds, struct arena *arena)
{
    int64_t ms = (int64_t)llround(seconds * 1000);
    time_t when = (time_t)(ms / 1000);
    struct tm tm;
    char text[64], label[80];

    gmtime_r(&when, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(label, sizeof(label), "%s.%03d", text, (int)(ms % 1000));
    return arena_copy(arena, bytes_of_string(label));
}

struct bytes options_stream_arn(struct bytes table_arn, struct bytes label, struct arena *arena)
{
    return OPTIONS_JOIN(arena, table_arn, BYTES("/stream/"), label);
}

struct bytes options_join(struct arena *arena, const struct bytes *parts, size_t count)
{
    size_t len = 0;
    uint8_t *at, *start;

    for (size_t i = 0; i < count; i++) {
        if (!bytes_present(parts[i])) /* an earlier join found no memory */
            return (struct bytes){NULL, 0};
        len += parts[i].len;
    }
    start = at = arena_alloc(arena, len);
    if (start == NULL)
        return (struct bytes){NULL, 0};
    for (size_t i = 0; i < count; i++) {
        memcpy(at, parts[i].at, parts[i].len);
        at += parts[i].len;
    }
    return bytes_of(start, len);
}

/* --- Encryption --- */

bool options_sse_enabled(const struct SSESpecification *sse)
{
    return sse->Enabled == API_TRUE || (sse->Enabled == API_ABSENT && sse->SSEType.value == SSEType_KMS);
}

enum stator_rc options_check_sse(const struct SSESpecification *sse, struct stator_error *err)
{
    int type = sse->SSEType.value;

    if (sse->Enabled == API_FALSE && type != 0)
        return stator_fail(err, STATOR_VALIDATION, INVALID "SSEType can not be specified if Enabled is false");
    if (sse->Enabled == API_FALSE && bytes_present(sse->KMSMasterKeyId))
        return stator_fail(err, STATOR_VALIDATION, INVALID "KMSMasterKeyId can not be specified if Enabled is false");
    if (type == SSEType_AES256)
        return stator_fail(err, STATOR_VALIDATION, INVALID "SSEType AES256 is not supported");
    if (bytes_present(sse->KMSMasterKeyId) && type != SSEType_KMS)
        return stator_fail(err, STATOR_VALIDATION, INVALID "SSEType KMS is required if KMSMasterKeyId is specified");
    return STATOR_OK;
}

static bool is_uuid(struct bytes text)
{
    if (text.len != 36)
        return false;
    for (size_t i = 0; i < text.len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? text.at[i] != '-' : !isxdigit(text.at[i]))
            return false;
    }
    return true;
}

/* A key id made from a name: equal names, equal keys. */
static struct bytes key_id(struct bytes name, struct arena *arena)
{
    struct bytes salted = OPTIONS_JOIN(arena, BYTES("kms "), name);
    uint64_t high, low;
    char text[40];

    if (!bytes_present(salted))
        return salted;
    high = ring_token(name);
    low = ring_token(salted);
    snprintf(text, sizeof(text), "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(high >> 32),
             (unsigned)(high >> 16 & 0xFFFF), (unsigned)(high & 0xFFF), (unsigned)(low >> 48 & 0x3FFF) | 0x8000,
             (unsigned long long)(low & 0xFFFFFFFFFFFF));
    return arena_copy(arena, bytes_of_string(text));
}

const struct SSEDescription *options_describe_sse(const struct SSESpecification *sse, struct bytes region,
                                                  struct bytes account, struct arena *arena)
{
    struct SSEDescription *out = ARENA_NEW(arena, struct SSEDescription);
    struct bytes key = sse->KMSMasterKeyId, id;

    if (out == NULL)
        return NULL;
    out->Status = API_ENUM(SSEStatus_ENABLED);
    out->SSEType = API_ENUM(SSEType_KMS);
    if (bytes_present(key) && bytes_starts_with(key, BYTES("arn:"))) {
        out->KMSMasterKeyArn = key;
        return out;
    }
    if (!bytes_present(key))
        key = BYTES("alias/aws/dynamodb");
    id = is_uuid(key) || bytes_starts_with(key, BYTES("mrk-")) ? key : key_id(key, arena);
    out->KMSMasterKeyArn = OPTIONS_JOIN(arena, BYTES("arn:aws:kms:"), region, BYTES(":"), account, BYTES(":key/"), id);
    return bytes_present(out->KMSMasterKeyArn) ? out : NULL;
}

/* --- Tags --- */

/* Letters, digits and blanks of any script, and + - = . _ : / @. What is a letter outside ASCII is told by blocks:
 * punctuation, arrows, symbols and pictures are none. */
static bool tag_text_allowed(struct bytes text)
{
    while (text.len != 0) {
        size_t len = utf8_sequence(text);

        if (len == 0 || len == 4) /* emoji and rare scripts */
            return false;
        if (len == 1 && !isalnum(text.at[0]) && !isspace(text.at[0]) && memchr("+-=._:/@", text.at[0], 8) == NULL)
            return false;
        if (len == 3) {
            unsigned code = (text.at[0] & 0x0Fu) << 12 | (text.at[1] & 0x3Fu) << 6 | (text.at[2] & 0x3Fu);

            if (code >= 0x2010 && code < 0x2C00 && code != 0x2028 && code != 0x2029 && code != 0x202F && code != 0x205F)
                return false;
        }
        text = bytes_of(text.at + len, text.len - len);
    }
    return true;
}

enum stator_rc options_check_tag_key(struct bytes key, struct stator_error *err)
{
    size_t units = bytes_present(key) ? utf8_utf16_units(key) : 0;

    if (key.len >= 4 && strncasecmp((const char *)key.at, "aws:", 4) == 0)
        return stator_fail(err, STATOR_VALIDATION, "Tag Key cannot be prefixed with aws:, Key: %.*s", BYTES_ARG(key));
    if (units == 0 || units > TABLE_TAG_KEY_MAX || !tag_text_allowed(key))
        return stator_fail(err, STATOR_VALIDATION, "The Tag Key provided is invalid, Key: %.*s",
                           bytes_present(key) ? (int)key.len : 4, bytes_present(key) ? (const char *)key.at : "null");
    return STATOR_OK;
}

static enum stator_rc check_tag(const struct Tag *tag, struct stator_error *err)
{
    STATOR_TRY(options_check_tag_key(tag->Key, err));
    if (!bytes_present(tag->Value))
        return stator_fail(err, STATOR_VALIDATION, "The Tag Value provided is invalid, Value: null");
    if (utf8_utf16_units(tag->Value) > TABLE_TAG_VALUE_MAX || !tag_text_allowed(tag->Value))
        return stator_fail(err, STATOR_VALIDATION, "The Tag Value provided is invalid, Value: %.*s",
                           BYTES_ARG(tag->Value));
    return STATOR_OK;
}

enum stator_rc options_check_tag_count(size_t count, struct stator_error *err)
{
    if (count > TABLE_TAGS_MAX)
        return stator_fail(err, STATOR_VALIDATION,
                           "Number of Tags exceed the current limit for the provided ResourceArn");
    return STATOR_OK;
}

enum stator_rc options_check_tags(const struct TagList *tags, struct stator_error *err)
{
    STATOR_TRY(options_check_tag_count(tags->count, err));
    for (size_t i = 0; i < tags->count; i++) {
        STATOR_TRY(check_tag(&tags->at[i], err));
        for (size_t j = 0; j < i; j++) {
            if (bytes_equal(tags->at[i].Key, tags->at[j].Key))
                return stator_fail(err, STATOR_VALIDATION,
                                   "Duplicate Tag Keys provided as input: Duplicate Tag Key found %.*s",
                                   BYTES_ARG(tags->at[i].Key));
        }
    }
    return STATOR_OK;
}
