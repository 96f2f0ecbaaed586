/* SPDX-License-Identifier: Apache-2.0 */
/* The bytes of a stored item. All integers are little-endian.
 *
 *   0      version: 1, or 2 when numbers are shortened ({"N":"1E-130"}); the first release knew 1 only
 *   1..3   count of attributes
 *   4..7   DynamoDB's size of the item in bytes
 *   8..    the table: 8 bytes for each attribute, in the order of the names' raw bytes
 *            0..3  where the attribute's value begins in the JSON
 *            4..7  length of the name as the JSON has it, without quotes: bits 0..23
 *                  whether it has escapes there: bit 24; enum stored_type: bits 25..31
 *   ..     the JSON of the whole item to the end, canonical, without blanks
 *
 * The name stands right before its value ("name":value), and a value ends where the comma before the next name is, so
 * the table holds neither. Names are compared with the JSON's own bytes; those few that have escapes are unescaped on
 * the way. {"a":{"S":"x"},"n":{"N":"12"}} of 5 bytes (1 + 1 + 1 + 2) is stored as
 *
 *   01 02 00 00  05 00 00 00
 *   05 00 00 00  01 00 00 02     "a": value at 5, name of 1, S
 *   13 00 00 00  01 00 00 04     "n": value at 19, name of 1, N
 *   7B 22 61 22 3A 7B ..         {"a":{ ..
 *
 * Opening looks at the header only, so a read of the whole item costs nothing for each attribute. What the table says
 * is checked when it is used: damaged bytes may hide an attribute, but nothing is ever read outside the item.
 */
#include "format/itemcodec.h"

#include "base/error.h"
#include "json/writer.h"

#define VERSION           1
#define VERSION_SHORTENED 2
#define SHORTENED_RATIO   16 /* at most so many times what is stored: "0.", 129 zeros and a digit for 1E-130 */
#define HEADER_BYTES      8
#define ENTRY_BYTES       8
#define COUNT_MAX         0xffffffU
#define NAME_MAX_LEN      0xffffffU
#define NAME_ESCAPED      (UINT32_C(1) << 24)
#define TYPE_SHIFT        25

/* Types as they are on disk: numbers of their own, so that enum value_type may change. */
enum stored_type {
    STORED_S = 1,
    STORED_N = 2,
    STORED_B = 3,
    STORED_BOOL = 4,
    STORED_NULL = 5,
    STORED_SS = 6,
    STORED_NS = 7,
    STORED_BS = 8,
    STORED_L = 9,
    STORED_M = 10,
    STORED_TYPE_COUNT,
};

static const uint8_t type_to_stored[] = {
    [VALUE_S] = STORED_S,       [VALUE_N] = STORED_N,   [VALUE_B] = STORED_B,   [VALUE_BOOL] = STORED_BOOL,
    [VALUE_NULL] = STORED_NULL, [VALUE_SS] = STORED_SS, [VALUE_NS] = STORED_NS, [VALUE_BS] = STORED_BS,
    [VALUE_L] = STORED_L,       [VALUE_M] = STORED_M,   [VALUE_FAULT] = 0,
};

static const uint8_t type_of_stored[STORED_TYPE_COUNT] = {
    [STORED_S] = VALUE_S,       [STORED_N] = VALUE_N,   [STORED_B] = VALUE_B,   [STORED_BOOL] = VALUE_BOOL,
    [STORED_NULL] = VALUE_NULL, [STORED_SS] = VALUE_SS, [STORED_NS] = VALUE_NS, [STORED_BS] = VALUE_BS,
    [STORED_L] = VALUE_L,       [STORED_M] = VALUE_M,
};

static uint32_t load_le32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void store_le32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> 8 * i);
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

/* Room for header and table, written when the JSON is there. */
static void append_room(struct buf *buf, size_t count)
{
    size_t len = HEADER_BYTES + count * ENTRY_BYTES;

    if (count > COUNT_MAX || buf_reserve(buf, len) == NULL)
        buf->failed = true;
    else
        buf->len += len;
}

/* "name":value; the table's entry for it goes to entry_at of the buf. */
static void append_attribute(struct buf *buf, const struct attribute *attribute, size_t entry_at, size_t json_at,
                             bool *shortened)
{
    enum value_type type = attribute->value.type;
    size_t quoted_at = buf->len;
    size_t name_len, value_at;
    uint32_t word;

    stator_assert(type > VALUE_ABSENT && type < VALUE_FAULT);
    json_quote(buf, attribute->name);
    name_len = buf->len - quoted_at - 2;
    buf_append_byte(buf, ':');
    value_at = buf->len - json_at;
    value_write_stored(buf, &attribute->value, shortened);
    if (!buf->failed && (name_len > NAME_MAX_LEN || value_at > UINT32_MAX))
        buf->failed = true;
    if (buf->failed)
        return;
    word = (uint32_t)name_len | (uint32_t)type_to_stored[type] << TYPE_SHIFT;
    if (name_len != attribute->name.len)
        word |= NAME_ESCAPED;
    store_le32(buf->at + entry_at, (uint32_t)value_at);
    store_le32(buf->at + entry_at + 4, word);
}

void item_store(struct buf *buf, const struct item *item)
{
    size_t start = buf->len;
    size_t table_at = start + HEADER_BYTES;
    size_t json_at = table_at + item->count * ENTRY_BYTES;
    size_t size = item_size(item);
    bool shortened = false;

    append_room(buf, item->count);
    buf_append_byte(buf, '{');
    for (size_t i = 0; i < item->count && !buf->failed; i++) {
        if (i != 0)
            buf_append_byte(buf, ',');
        append_attribute(buf, &item->attributes[i], table_at + i * ENTRY_BYTES, json_at, &shortened);
    }
    buf_append_byte(buf, '}');
    if (!buf->failed && size > UINT32_MAX)
        buf->failed = true;
    if (buf->failed)
        return;
    store_le32(buf->at + start, (shortened ? VERSION_SHORTENED : VERSION) | (uint32_t)item->count << 8);
    store_le32(buf->at + start + 4, (uint32_t)size);
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

bool stored_item_open(struct stored_item *out, struct bytes stored)
{
    uint32_t count;
    size_t json_at;

    *out = (struct stored_item){0};
    if (stored.len < HEADER_BYTES || stored.at[0] < VERSION || stored.at[0] > VERSION_SHORTENED)
        return false;
    count = load_le32(stored.at) >> 8;
    json_at = HEADER_BYTES + (size_t)count * ENTRY_BYTES;
    if (stored.len < json_at + 2 || stored.at[json_at] != '{' || stored.at[stored.len - 1] != '}')
        return false;
    out->shortened = stored.at[0] == VERSION_SHORTENED;
    out->text = bytes_of(stored.at + json_at, stored.len - json_at);
    out->table = stored.at + HEADER_BYTES;
    out->attribute_count = count;
    out->size_bytes = load_le32(stored.at + 4);
    return true;
}

size_t stored_item_answer_bytes(const struct stored_item *item)
{
    return item->shortened ? SHORTENED_RATIO * item->text.len : item->text.len;
}

struct item stored_item_answer(const struct stored_item *item)
{
    return (struct item){.set = true, .json = item->text, .shortened = item->shortened};
}

struct entry {
    size_t name_at, name_len; /* in the JSON, without quotes */
    size_t value_at;
    bool escaped;
    enum value_type type;
};

/* Entry i of the table. False when it points out of the JSON. */
static bool entry_read(struct entry *out, const struct stored_item *item, size_t i)
{
    const uint8_t *at = item->table + i * ENTRY_BYTES;
    uint32_t word = load_le32(at + 4);
    uint32_t type = word >> TYPE_SHIFT;

    out->value_at = load_le32(at);
    out->name_len = word & NAME_MAX_LEN;
    out->escaped = (word & NAME_ESCAPED) != 0;
    out->type = type < STORED_TYPE_COUNT ? (enum value_type)type_of_stored[type] : VALUE_ABSENT;
    /* {" before the name, ": after it, at least {} for the value, } at the end */
    if (out->value_at < out->name_len + 4 || item->text.len < 3 || out->value_at > item->text.len - 3)
        return false;
    out->name_at = out->value_at - 2 - out->name_len;
    return out->type != VALUE_ABSENT;
}

static unsigned hex_digit(uint8_t c)
{
    return c <= '9' ? c - (unsigned)'0' : c - (unsigned)'a' + 10;
}

/* The next byte of a name as json_quote wrote it; *name moves past it. Every escape of it stands for one byte. */
static uint8_t unescape_byte(struct bytes *name)
{
    static const char letters[] = "bfnrt", meanings[] = "\b\f\n\r\t";
    size_t taken = 1;
    uint8_t byte = name->at[0];
    const char *letter;

    if (byte == '\\' && name->len >= 6 && name->at[1] == 'u') {
        byte = (uint8_t)(hex_digit(name->at[4]) << 4 | hex_digit(name->at[5]));
        taken = 6;
    } else if (byte == '\\' && name->len >= 2) {
        letter = memchr(letters, name->at[1], sizeof(letters) - 1);
        byte = letter != NULL ? (uint8_t)meanings[letter - letters] : name->at[1];
        taken = 2;
    }
    *name = bytes_of(name->at + taken, name->len - taken);
    return byte;
}

/* bytes_compare of a name with escapes and a raw one. */
static int compare_escaped(struct bytes escaped, struct bytes raw)
{
    size_t i = 0;

    for (; escaped.len != 0; i++) {
        uint8_t byte = unescape_byte(&escaped);

        if (i == raw.len || byte > raw.at[i])
            return 1;
        if (byte < raw.at[i])
            return -1;
    }
    return i < raw.len ? -1 : 0;
}

/* The place of the name in the table, or attribute_count. */
static size_t entry_find(struct entry *out, const struct stored_item *item, struct bytes name)
{
    size_t low = 0, high = item->attribute_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        struct bytes other;
        int order;

        if (!entry_read(out, item, middle))
            break;
        other = bytes_of(item->text.at + out->name_at, out->name_len);
        order = out->escaped ? compare_escaped(other, name) : bytes_compare(other, name);
        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return item->attribute_count;
}

/* The JSON of the value of entry i. Absent when the tables are damaged. */
static struct bytes entry_value(const struct stored_item *item, const struct entry *entry, size_t i)
{
    size_t end = item->text.len - 1; /* the last one ends before } */
    struct entry next;

    if (i + 1 < item->attribute_count) {
        if (!entry_read(&next, item, i + 1))
            return (struct bytes){0};
        end = next.name_at - 2; /* before ," */
    }
    if (end < entry->value_at + 2)
        return (struct bytes){0};
    return bytes_of(item->text.at + entry->value_at, end - entry->value_at);
}

struct bytes stored_item_attribute(const struct stored_item *item, struct bytes name, enum value_type *type)
{
    struct entry entry;
    size_t i = entry_find(&entry, item, name);

    if (type != NULL)
        *type = i < item->attribute_count ? entry.type : VALUE_ABSENT;
    return i < item->attribute_count ? entry_value(item, &entry, i) : (struct bytes){0};
}

bool stored_item_parse(struct item *out, const struct stored_item *item, struct arena *arena)
{
    return item_read_stored(out, item->text, arena);
}

/* --- For expressions ---------------------------------------------------------------------------------------------- */

static const struct value *parse_entry(struct item_source_stored *stored, const struct entry *entry, size_t i)
{
    struct value *value = ARENA_NEW(stored->arena, struct value);
    struct bytes json = entry_value(&stored->item, entry, i);

    if (value == NULL || !bytes_present(json) || !value_read_stored(value, json, stored->arena)) {
        stored->source.failed = true;
        return NULL;
    }
    stored->source.parsed_bytes += stored->item.shortened ? SHORTENED_RATIO * json.len : json.len;
    stored->parsed[i] = value;
    return value;
}

static const struct value *find_stored(struct item_source *source, struct bytes name)
{
    struct item_source_stored *stored = (struct item_source_stored *)source;
    struct entry entry;
    size_t i = entry_find(&entry, &stored->item, name);

    if (i == stored->item.attribute_count)
        return NULL;
    return stored->parsed[i] != NULL ? stored->parsed[i] : parse_entry(stored, &entry, i);
}

bool item_source_stored_init(struct item_source_stored *source, const struct stored_item *item, struct arena *arena)
{
    *source = (struct item_source_stored){
        .source.attribute = find_stored,
        .item = *item,
        .arena = arena,
        .parsed = ARENA_ARRAY(arena, struct value *, item->attribute_count),
    };
    return source->parsed != NULL;
}
