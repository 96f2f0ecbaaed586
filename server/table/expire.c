/* SPDX-License-Identifier: Apache-2.0 */
#include "table/expire.h"

#include <inttypes.h>
#include <stdio.h>

#include "format/keycodec.h"
#include "table/expiry.h"
#include "table/write.h"

#define ARENA_BYTES_MAX (8 * STORED_ITEM_BYTES_MAX) /* an item parsed is larger than its JSON */

static uint64_t oldest(uint64_t now_s)
{
    return now_s > EXPIRE_PAST_MAX_S ? now_s - EXPIRE_PAST_MAX_S : 0;
}

/* The item's key from its encoded values. */
static bool read_key(struct item *out, const struct table *table, struct bytes values, struct arena *arena)
{
    const struct key_schema *schema = &table->base.key;
    struct attribute *attributes = ARENA_ARRAY(arena, struct attribute, 2);
    size_t count = 0;

    if (attributes == NULL)
        return false;
    for (uint32_t i = 0; i < schema->hash_count + schema->range_count; i++) {
        const struct key_attribute *part = i < schema->hash_count ? &schema->hash[i] : &schema->range[0];

        if (count == 2 || !key_read_value(&attributes[count].value, part->type, &values, arena))
            return false;
        attributes[count++].name = part->name;
    }
    attributes_sort(attributes, count);
    *out = (struct item){.attributes = attributes, .count = count, .set = true};
    return values.len == 0;
}

/* "oldest <= attribute AND attribute < now", as a condition that is tested under the item's latch. */
struct past {
    char texts[2][24];
    struct value bounds[2];
    struct path_element name;
    struct expr attribute, operands[2], comparisons[2], both;
    const struct expr *sides[2][2], *children[2];
};

static void past_init(struct past *past, const struct time_to_live *ttl, uint64_t now_s)
{
    static const enum expr_type types[2] = {EXPR_GE, EXPR_LT};
    const uint64_t seconds[2] = {oldest(now_s), now_s};

    past->name = (struct path_element){.name = ttl->attribute};
    past->attribute = (struct expr){.type = EXPR_PATH, .path = {.elements = &past->name, .count = 1}};
    for (int i = 0; i < 2; i++) {
        snprintf(past->texts[i], sizeof(past->texts[i]), "%" PRIu64, seconds[i]);
        past->bounds[i] = (struct value){.type = VALUE_N, .text = bytes_of_string(past->texts[i])};
        past->operands[i] = (struct expr){.type = EXPR_VALUE, .value = &past->bounds[i]};
        past->sides[i][0] = &past->attribute;
        past->sides[i][1] = &past->operands[i];
        past->comparisons[i] = (struct expr){.type = types[i], .child_count = 2, .children = past->sides[i]};
        past->children[i] = &past->comparisons[i];
    }
    past->both = (struct expr){.type = EXPR_AND, .child_count = 2, .children = past->children};
}

static enum stator_rc delete_item(struct database *db, const struct table *table, struct bytes entry,
                                  const struct past *past, bool *deleted, bool *stale, struct stator_error *err)
{
    struct write write = {.kind = WRITE_DELETE, .table = table, .condition = &past->both, .expired = true};
    struct write_result result = {0};
    struct arena arena;
    struct item key;
    enum stator_rc rc;

    arena_init(&arena, ARENA_BYTES_MAX);
    if (read_key(&key, table, expiry_key_values(entry), &arena)) {
        write.key = &key;
        rc = table_write(db, &write, WAIT_ALL, &result, &arena, err);
    } else {
        rc = arena.failed ? stator_fail_memory(err)
                          : stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "An entry of an expiry index is damaged");
    }
    *stale = result.stale;
    *deleted = rc == STATOR_OK && !result.stale && result.existed && !result.condition_failed;
    write_result_release(&result);
    arena_deinit(&arena);
    return rc;
}

/* The entries of one shard that are past, behind the cursor. NULL without memory. */
static struct store_iterator *open_past(struct database *db, const struct time_to_live *ttl, uint64_t now_s,
                                        const struct expire_cursor *cursor)
{
    struct store_iterator *iterator = NULL;
    struct buf lower, upper;

    buf_init(&lower, 64);
    buf_init(&upper, 64);
    expiry_bound(&lower, ttl, oldest(now_s));
    expiry_bound(&upper, ttl, now_s);
    if (!lower.failed && !upper.failed)
        iterator = store_iterator_open(db->store, STORE_SHARD(cursor->shard), buf_bytes(&lower), buf_bytes(&upper),
                                       NULL, STORE_ANY);
    buf_deinit(&lower);
    buf_deinit(&upper);
    if (iterator == NULL)
        return NULL;
    if (cursor->after.len == 0) {
        store_iterator_seek_first(iterator);
        return iterator;
    }
    store_iterator_seek(iterator, buf_bytes(&cursor->after));
    if (store_iterator_valid(iterator) && bytes_equal(store_iterator_key(iterator), buf_bytes(&cursor->after)))
        store_iterator_next(iterator);
    return iterator;
}

/* *left counts down; 0 means that the step is over. */
static enum stator_rc expire_shard(struct database *db, const struct table *table, uint64_t now_s,
                                   struct expire_cursor *cursor, uint32_t *left, bool *stale, struct stator_error *err)
{
    struct store_iterator *iterator = open_past(db, &table->extras->ttl, now_s, cursor);
    enum stator_rc rc = STATOR_OK;
    bool deleted = false;
    struct past past;

    if (iterator == NULL)
        return stator_fail_memory(err);
    past_init(&past, &table->extras->ttl, now_s);
    for (; rc == STATOR_OK && !*stale && *left != 0 && store_iterator_valid(iterator); --*left) {
        buf_reset(&cursor->after);
        buf_append_bytes(&cursor->after, store_iterator_key(iterator));
        if (cursor->after.failed)
            rc = stator_fail_memory(err);
        else
            rc = delete_item(db, table, buf_bytes(&cursor->after), &past, &deleted, stale, err);
        cursor->deleted += deleted;
        store_iterator_next(iterator);
    }
    if (rc == STATOR_OK && !store_iterator_valid(iterator))
        rc = store_iterator_status(iterator, err);
    store_iterator_close(iterator);
    return rc;
}

enum stator_rc table_expire(struct database *db, const struct table *table, uint64_t now_s,
                            struct expire_cursor *cursor, uint32_t entries_max, bool *done, struct stator_error *err)
{
    uint32_t left = entries_max;
    bool stale = false;

    *done = false;
    while (left != 0 && !stale) {
        if (cursor->shard == store_shards(db->store)) {
            *done = true;
            return STATOR_OK;
        }
        STATOR_TRY(expire_shard(db, table, now_s, cursor, &left, &stale, err));
        if (left != 0 && !stale) { /* the shard's end came first */
            cursor->shard++;
            buf_reset(&cursor->after);
        }
    }
    return STATOR_OK;
}
