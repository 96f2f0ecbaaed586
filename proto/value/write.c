/* SPDX-License-Identifier: Apache-2.0 */
#include "value/base64.h"
#include "value/number.h"
#include "value/value.h"
#include "json/writer.h"

/* `shortened`: where it is noted that a number was; NULL: none is. */
static void write_value(struct buf *buf, const struct value *value, bool *shortened);

static void write_attributes(struct buf *buf, const struct attribute *attributes, size_t count, bool *shortened)
{
    buf_append_byte(buf, '{');
    for (size_t i = 0; i < count; i++) {
        if (i != 0)
            buf_append_byte(buf, ',');
        json_quote(buf, attributes[i].name);
        buf_append_byte(buf, ':');
        write_value(buf, &attributes[i].value, shortened);
    }
    buf_append_byte(buf, '}');
}

static void write_number(struct buf *buf, struct bytes text, bool *shortened)
{
    char shorter[NUMBER_SHORT_MAX];
    size_t len = shortened != NULL ? number_shorten(shorter, text) : 0;

    if (len != 0)
        *shortened = true;
    buf_append_bytes(buf, len != 0 ? bytes_of(shorter, len) : text);
}

/* What stands for a scalar inside its object or set. Numbers and base64 hold nothing that needs an escape. */
static void write_scalar(struct buf *buf, const struct value *value, bool *shortened)
{
    if (value->type == VALUE_S) {
        json_quote(buf, value->text);
        return;
    }
    buf_append_byte(buf, '"');
    if (value->type == VALUE_N)
        write_number(buf, value->text, shortened);
    else
        base64_encode(buf, value->text);
    buf_append_byte(buf, '"');
}

static void write_members(struct buf *buf, const struct value *value, bool *shortened)
{
    buf_append_byte(buf, '[');
    for (size_t i = 0; i < value->count; i++) {
        if (i != 0)
            buf_append_byte(buf, ',');
        if (value->type == VALUE_L)
            write_value(buf, &value->members[i], shortened);
        else
            write_scalar(buf, &value->members[i], shortened);
    }
    buf_append_byte(buf, ']');
}

static void write_value(struct buf *buf, const struct value *value, bool *shortened)
{
    static const struct bytes openings[] = {
        [VALUE_S] = {(const uint8_t *)"{\"S\":", 5},       [VALUE_N] = {(const uint8_t *)"{\"N\":", 5},
        [VALUE_B] = {(const uint8_t *)"{\"B\":", 5},       [VALUE_BOOL] = {(const uint8_t *)"{\"BOOL\":", 8},
        [VALUE_NULL] = {(const uint8_t *)"{\"NULL\":", 8}, [VALUE_SS] = {(const uint8_t *)"{\"SS\":", 6},
        [VALUE_NS] = {(const uint8_t *)"{\"NS\":", 6},     [VALUE_BS] = {(const uint8_t *)"{\"BS\":", 6},
        [VALUE_L] = {(const uint8_t *)"{\"L\":", 5},       [VALUE_M] = {(const uint8_t *)"{\"M\":", 5},
    };

    stator_assert(value->type > VALUE_ABSENT && value->type < VALUE_FAULT);
    buf_append_bytes(buf, openings[value->type]);
    if (value->type <= VALUE_B)
        write_scalar(buf, value, shortened);
    else if (value->type == VALUE_BOOL || value->type == VALUE_NULL)
        buf_append_bytes(buf, value->type == VALUE_NULL || value->boolean ? BYTES("true") : BYTES("false"));
    else if (value->type == VALUE_M)
        write_attributes(buf, value->attributes, value->count, shortened);
    else
        write_members(buf, value, shortened);
    buf_append_byte(buf, '}');
}

void value_write(struct buf *buf, const struct value *value)
{
    write_value(buf, value, NULL);
}

void value_write_stored(struct buf *buf, const struct value *value, bool *shortened)
{
    write_value(buf, value, shortened);
}

/* A number as it is stored, up to its closing quote. */
static const uint8_t *unshorten_number(struct buf *buf, const uint8_t *at, const uint8_t *end)
{
    const uint8_t *quote = memchr(at, '"', (size_t)(end - at));
    struct bytes text = bytes_of(at, (size_t)((quote != NULL ? quote : end) - at));
    struct number number;
    char digits[NUMBER_TEXT_MAX];

    if (memchr(text.at, 'E', text.len) != NULL && number_parse(&number, text, NULL) == STATOR_OK)
        text = bytes_of(digits, number_format(digits, &number));
    buf_append_bytes(buf, text);
    return quote != NULL ? quote : end;
}

static bool begins_with(const uint8_t *at, const uint8_t *end, struct bytes text)
{
    return (size_t)(end - at) >= text.len && memcmp(at, text.at, text.len) == 0;
}

/* Canonical JSON with numbers shortened, as it is answered. In it `"N":"` and `"NS":["` are types and nothing else: an
 * attribute of that name is followed by an object, and a quote inside a string by a backslash before it. */
static void write_unshortened(struct buf *buf, struct bytes json)
{
    static const struct bytes number = {(const uint8_t *)"\"N\":\"", 5}, set = {(const uint8_t *)"\"NS\":[\"", 7},
                              next = {(const uint8_t *)"\",\"", 3};
    const uint8_t *at = json.at, *end = json.at + json.len, *copied = at;

    while ((at = memchr(at, '"', (size_t)(end - at))) != NULL) {
        bool is_set = begins_with(at, end, set);

        if (!is_set && !begins_with(at, end, number)) {
            at++;
            continue;
        }
        at += is_set ? set.len : number.len;
        buf_append(buf, copied, (size_t)(at - copied));
        for (copied = at = unshorten_number(buf, at, end); is_set && begins_with(at, end, next); copied = at) {
            buf_append_bytes(buf, next);
            at = unshorten_number(buf, at + next.len, end);
        }
        at += at != end; /* past the closing quote */
    }
    buf_append(buf, copied, (size_t)(end - copied));
}

void item_write(struct buf *buf, const struct item *item)
{
    if (!bytes_present(item->json))
        write_attributes(buf, item->attributes, item->count, NULL);
    else if (item->shortened)
        write_unshortened(buf, item->json);
    else
        buf_append_bytes(buf, item->json);
}
