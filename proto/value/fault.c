/* SPDX-License-Identifier: Apache-2.0 */
#include "value/fault.h"

#include "base/utf8.h"
#include "value/base64.h"
#include "value/number.h"
#include "json/writer.h"

#define TEXT_BYTES_MAX (STATOR_ERROR_MESSAGE_MAX - 1) /* what an error can carry; longer texts are cut */
#define WORK_BYTES_MAX ((size_t)64 << 20)             /* a member of a 16 MiB request, escaped or in base64, and more */

#define INVALID "One or more parameter values were invalid: "
#define TEXT(literal)                                                                                                  \
    {                                                                                                                  \
        (const uint8_t *)("" literal), sizeof(literal) - 1                                                             \
    }

struct words {
    struct bytes current, older;
};

static const struct words words_of[] = {
#define SAME(fault, literal) [fault] = {TEXT(literal), TEXT(literal)}
    SAME(FAULT_NO_TYPE, "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"),
    SAME(FAULT_MANY_TYPES, "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the "
                           "supported datatypes"),
    SAME(FAULT_NULL_FALSE, INVALID "Null attribute value types must have the value of true"),
    SAME(FAULT_EMPTY_SS, INVALID "An string set  may not be empty"),
    SAME(FAULT_EMPTY_NS, INVALID "An number set  may not be empty"),
    SAME(FAULT_EMPTY_BS, INVALID "Binary sets should not be empty"),
    SAME(FAULT_NULL_IN_SS, INVALID "An string set may not have a null string as a member"),
    SAME(FAULT_TOO_LARGE, "Item size has exceeded the maximum allowed size"),
#undef SAME
    [FAULT_DUPLICATES_NS] = {TEXT(INVALID "Input collection contains duplicates."),
                             TEXT("Input collection contains duplicates")},
};

static void make(struct value *out, const struct words *words, size_t offset)
{
    *out = (struct value){.type = VALUE_FAULT, .text = words->current, .count = offset, .older = &words->older};
}

void fault_make(struct value *out, enum fault fault, size_t offset)
{
    make(out, &words_of[fault], offset);
}

/* What fits an error, without a character that is cut in two. */
static struct bytes cut(struct bytes text)
{
    size_t tail = 0; /* continuation bytes at the end */

    if (text.len < TEXT_BYTES_MAX)
        return text;
    text.len = TEXT_BYTES_MAX;
    while (tail < 3 && (text.at[text.len - 1 - tail] & 0xC0) == 0x80)
        tail++;
    if (utf8_sequence(bytes_of(text.at + text.len - 1 - tail, tail + 1)) == 0)
        text.len -= tail + 1;
    return text;
}

/* Copies the texts into the arena and makes a fault of them. */
static bool make_copy(struct value *out, struct bytes current, struct bytes older, size_t offset, struct arena *arena)
{
    struct words *words = ARENA_NEW(arena, struct words);

    if (words == NULL)
        return false;
    words->current = arena_copy(arena, cut(current));
    words->older = arena_copy(arena, cut(older));
    make(out, words, offset);
    return bytes_present(words->current) && bytes_present(words->older);
}

bool fault_make_number(struct value *out, struct bytes text, size_t offset, struct arena *arena)
{
    struct number number;
    struct stator_error current, older;

    (void)number_fail_older(text, &older);
    stator_assert(number_parse(&number, text, &current) != STATOR_OK);
    return make_copy(out, bytes_of_string(current.message), bytes_of_string(older.message), offset, arena);
}

/* The first member, in the order sent, that was there before. Members that are equal are neighbours in order, the one
 * sent later after the other. */
static const struct value *first_repeat(const struct place *order, size_t count)
{
    const struct value *repeat = NULL;

    for (size_t i = 1; i < count; i++) {
        if (value_equal(order[i - 1].member, order[i].member) && (repeat == NULL || order[i].member < repeat))
            repeat = order[i].member;
    }
    return repeat;
}

static void append_quoted(struct buf *buf, const struct value *member, const char *separator)
{
    if (buf->at[buf->len - 1] != '[')
        buf_printf(buf, "%s", separator);
    if (member->type == VALUE_S) {
        json_quote(buf, member->text);
        return;
    }
    buf_append_byte(buf, '"');
    base64_encode(buf, member->text);
    buf_append_byte(buf, '"');
}

/* ["a", "b", "b", "x"]: the members before the first repeat sorted, the repeat, the others as sent. A separator of
 * binaries has no blank. */
static void append_current(struct buf *buf, const struct value *members, const struct place *order, size_t count)
{
    const struct value *repeat = first_repeat(order, count);
    const char *separator = members[0].type == VALUE_S ? ", " : ",";

    for (size_t i = 0; i < count && buf->len <= TEXT_BYTES_MAX; i++) {
        if (order[i].member < repeat)
            append_quoted(buf, order[i].member, separator);
    }
    for (const struct value *at = repeat; at < members + count && buf->len <= TEXT_BYTES_MAX; at++)
        append_quoted(buf, at, separator);
}

/* [b, a, b]: as sent, without quotes. */
static void append_older(struct buf *buf, const struct value *members, size_t count)
{
    for (size_t i = 0; i < count && buf->len <= TEXT_BYTES_MAX; i++) {
        if (i != 0)
            buf_append_literal(buf, ", ");
        if (members[i].type == VALUE_S)
            buf_append_bytes(buf, members[i].text);
        else
            base64_encode(buf, members[i].text);
    }
}

bool fault_make_duplicates(struct value *out, enum value_type set, const struct value *members,
                           const struct place *order, size_t count, size_t offset, struct arena *arena)
{
    const char *end = set == VALUE_BS ? "]of type BS contains duplicates." : "] contains duplicates.";
    struct buf current, older;
    bool made;

    if (set == VALUE_NS) {
        fault_make(out, FAULT_DUPLICATES_NS, offset);
        return true;
    }
    buf_init(&current, WORK_BYTES_MAX);
    buf_init(&older, WORK_BYTES_MAX);
    buf_append_literal(&current, INVALID "Input collection [");
    buf_append_literal(&older, INVALID "Input collection [");
    if (!current.failed)
        append_current(&current, members, order, count);
    append_older(&older, members, count);
    buf_printf(&current, "%s", end);
    buf_printf(&older, "%s", end);
    made = !current.failed && !older.failed && make_copy(out, buf_bytes(&current), buf_bytes(&older), offset, arena);
    buf_deinit(&older);
    buf_deinit(&current);
    return made;
}

/* --- Finding and telling faults ----------------------------------------------------------------------------------- */

/* The one that comes first in the request's text; either may be NULL. */
static const struct value *earlier(const struct value *a, const struct value *b)
{
    if (a == NULL || b == NULL)
        return a == NULL ? b : a;
    return a->count <= b->count ? a : b;
}

static const struct value *attributes_fault(const struct attribute *attributes, size_t count)
{
    const struct value *fault = NULL;

    for (size_t i = 0; i < count; i++)
        fault = earlier(fault, value_fault(&attributes[i].value));
    return fault;
}

const struct value *value_fault(const struct value *value)
{
    const struct value *fault = NULL;

    if (value->type == VALUE_FAULT)
        return value;
    if (value->type == VALUE_M)
        return attributes_fault(value->attributes, value->count);
    if (value->type != VALUE_L)
        return NULL;
    for (size_t i = 0; i < value->count && fault == NULL; i++)
        fault = value_fault(&value->members[i]);
    return fault;
}

const struct value *item_fault(const struct item *item)
{
    return item->fault ? attributes_fault(item->attributes, item->count) : NULL;
}

struct bytes value_fault_text(const struct value *fault, enum value_layer layer)
{
    stator_assert(fault->type == VALUE_FAULT);
    return layer == VALUE_LAYER_CURRENT ? fault->text : *fault->older;
}

static enum stator_rc fail_with(const struct value *fault, enum value_layer layer, struct stator_error *err)
{
    struct bytes text;

    if (fault == NULL)
        return STATOR_OK;
    text = value_fault_text(fault, layer);
    return stator_fail(err, STATOR_VALIDATION, "%.*s", BYTES_ARG(text));
}

enum stator_rc value_check(const struct value *value, enum value_layer layer, struct stator_error *err)
{
    return fail_with(value_fault(value), layer, err);
}

enum stator_rc item_check(const struct item *item, enum value_layer layer, struct stator_error *err)
{
    return fail_with(item_fault(item), layer, err);
}
