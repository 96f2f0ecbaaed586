/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/index.h"

#include "format/keycodec.h"

/* Writes see to it that a key attribute is not empty and not too long; what is older than an index may be either. */
static bool append_parts(struct buf *key, const struct key_attribute *parts, uint32_t count, size_t bytes_max,
                         const struct item *item)
{
    for (uint32_t i = 0; i < count; i++) {
        const struct value *value = item_find(item, parts[i].name);

        if (value == NULL || value->type != parts[i].type)
            return false;
        if (value->type != VALUE_N && (value->text.len == 0 || value->text.len > bytes_max))
            return false;
        key_append_value(key, value);
    }
    return true;
}

/* The key begins with its prefix, whose token is known only once the hash attributes are encoded behind it. */
static bool append_hash(struct buf *key, struct location *where, const struct ring *ring, const struct index *index,
                        const struct item *item)
{
    size_t start = key->len;

    key_append_prefix(key, index->state->id, 0);
    if (!append_parts(key, index->key.hash, index->key.hash_count, KEY_HASH_BYTES_MAX, item) || key->failed)
        return false;
    where->token = ring_token(bytes_of(key->at + start + KEY_PREFIX_BYTES, key->len - start - KEY_PREFIX_BYTES));
    where->shard = ring_shard(ring, where->token);
    for (int i = 0; i < 8; i++)
        key->at[start + 4 + (size_t)i] = (uint8_t)(where->token >> (56 - 8 * i));
    return true;
}

bool index_hash_prefix(struct buf *key, struct location *where, const struct ring *ring, const struct index *index,
                       const struct item *hash_attributes)
{
    return append_hash(key, where, ring, index, hash_attributes);
}

bool index_key(struct buf *key, struct location *where, const struct ring *ring, const struct table *table,
               const struct index *index, const struct item *attributes)
{
    const struct key_schema *base = &table->base.key;

    if (!append_hash(key, where, ring, index, attributes) ||
        !append_parts(key, index->key.range, index->key.range_count, KEY_RANGE_BYTES_MAX, attributes))
        return false;
    if (index->kind == INDEX_GLOBAL && !append_parts(key, base->hash, base->hash_count, KEY_HASH_BYTES_MAX, attributes))
        return false;
    if (index->kind != INDEX_BASE &&
        !append_parts(key, base->range, base->range_count, KEY_RANGE_BYTES_MAX, attributes))
        return false;
    return !key->failed;
}

static bool among_parts(const struct key_schema *key, struct bytes name)
{
    for (uint32_t i = 0; i < key->hash_count; i++)
        if (bytes_equal(key->hash[i].name, name))
            return true;
    for (uint32_t i = 0; i < key->range_count; i++)
        if (bytes_equal(key->range[i].name, name))
            return true;
    return false;
}

bool index_keeps(const struct table *table, const struct index *index, struct bytes name)
{
    if (index->projection == ProjectionType_ALL || among_parts(&index->key, name) ||
        among_parts(&table->base.key, name))
        return true;
    for (size_t i = 0; i < index->non_key_count; i++)
        if (bytes_equal(index->non_key[i], name))
            return true;
    return false;
}

bool index_project(struct item *out, const struct table *table, const struct index *index, const struct item *item,
                   struct arena *arena)
{
    struct attribute *kept;
    size_t count = 0;

    if (index->projection == ProjectionType_ALL) {
        *out = *item;
        return true;
    }
    kept = ARENA_ARRAY(arena, struct attribute, item->count);
    if (kept == NULL)
        return false;
    for (size_t i = 0; i < item->count; i++)
        if (index_keeps(table, index, item->attributes[i].name))
            kept[count++] = item->attributes[i];
    *out = (struct item){.attributes = kept, .count = count, .set = true};
    return true;
}
