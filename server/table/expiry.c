/* SPDX-License-Identifier: Apache-2.0 */
#include "table/expiry.h"

#include "format/keycodec.h"

#define ID_BYTES   4
#define DIGITS_MAX 18 /* more seconds than any clock will show */

/* text is canonical: an optional sign, digits, perhaps a point and digits. */
static bool expiry_of_number(uint64_t *seconds, struct bytes text)
{
    size_t i = 0;

    *seconds = 0;
    for (; i < text.len && text.at[i] >= '0' && text.at[i] <= '9'; i++) {
        if (i == DIGITS_MAX)
            return false;
        *seconds = *seconds * 10 + (uint64_t)(text.at[i] - '0');
    }
    return i != 0;
}

bool expiry_of_item(uint64_t *seconds, const struct time_to_live *ttl, const struct item *item)
{
    const struct value *value = item_find(item, ttl->attribute);

    *seconds = 0;
    return value != NULL && value->type == VALUE_N && expiry_of_number(seconds, value->text);
}

bool expiry_of_stored(uint64_t *seconds, const struct time_to_live *ttl, const struct stored_item *item)
{
    static const char before[] = "{\"N\":\"", after[] = "\"}";
    const size_t around = sizeof(before) - 1 + sizeof(after) - 1;
    enum value_type type = VALUE_ABSENT;
    struct bytes json = stored_item_attribute(item, ttl->attribute, &type);

    *seconds = 0;
    if (!bytes_present(json) || type != VALUE_N || json.len < around)
        return false;
    return expiry_of_number(seconds, bytes_of(json.at + sizeof(before) - 1, json.len - around));
}

void expiry_bound(struct buf *key, const struct time_to_live *ttl, uint64_t seconds)
{
    key_append_prefix(key, ttl->id, seconds);
}

void expiry_key(struct buf *key, const struct time_to_live *ttl, uint64_t seconds, struct bytes base_key)
{
    expiry_bound(key, ttl, seconds);
    buf_append(key, base_key.at + ID_BYTES, base_key.len - ID_BYTES);
}

uint64_t expiry_key_seconds(struct bytes key)
{
    return key.len >= KEY_PREFIX_BYTES ? read_be64(key.at + ID_BYTES) : 0;
}

bool expiry_base_key(struct buf *base_key, uint32_t table_id, struct bytes key)
{
    if (key.len < KEY_PREFIX_BYTES + (KEY_PREFIX_BYTES - ID_BYTES))
        return false;
    buf_append_be32(base_key, table_id);
    buf_append(base_key, key.at + KEY_PREFIX_BYTES, key.len - KEY_PREFIX_BYTES);
    return !base_key->failed;
}

struct bytes expiry_key_values(struct bytes key)
{
    const size_t before = KEY_PREFIX_BYTES + (KEY_PREFIX_BYTES - ID_BYTES);

    return key.len > before ? bytes_of(key.at + before, key.len - before) : (struct bytes){NULL, 0};
}
