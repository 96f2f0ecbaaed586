/* SPDX-License-Identifier: Apache-2.0 */
#include "table/expire.h"

#include <inttypes.h>
#include <stdio.h>

#include "format/keycodec.h"
#include "table/expiry.h"
#include "table/write.h"

#define BATCH_MAX       32                          /* deletions of one write of the store, and latches held for it */
#define BATCH_BYTES     ((size_t)64 * 1024)         /* of items: past it the next go one by one */
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

/* Entries whose items are deleted together. Of no item there are two: a write looks at each once. */
struct batch {
    struct arena arena;
    struct bytes entries[BATCH_MAX];
    struct write writes[BATCH_MAX];
    struct write_result results[BATCH_MAX];
    struct item keys[BATCH_MAX];
    uint32_t count;
};

static bool has_item(const struct batch *batch, struct bytes entry)
{
    for (uint32_t i = 0; i < batch->count; i++)
        if (bytes_equal(expiry_key_values(batch->entries[i]), expiry_key_values(entry)))
            return true;
    return false;
}

/* Entries from where the iterator is, up to max. It stays at the first that it does not take. */
static enum stator_rc collect(struct batch *batch, struct store_iterator *iterator, uint32_t max,
                              struct stator_error *err)
{
    while (batch->count < max && store_iterator_valid(iterator) && !has_item(batch, store_iterator_key(iterator))) {
        batch->entries[batch->count] = arena_copy(&batch->arena, store_iterator_key(iterator));
        if (!bytes_present(batch->entries[batch->count++]))
            return stator_fail_memory(err);
        store_iterator_next(iterator);
    }
    return STATOR_OK;
}

static enum stator_rc make_writes(struct batch *batch, const struct table *table, const struct past *past,
                                  struct stator_error *err)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        if (!read_key(&batch->keys[i], table, expiry_key_values(batch->entries[i]), &batch->arena))
            return batch->arena.failed
                       ? stator_fail_memory(err)
                       : stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "An entry of an expiry index is damaged");
        batch->writes[i] = (struct write){
            .kind = WRITE_DELETE, .table = table, .key = &batch->keys[i], .condition = &past->both, .expired = true};
        batch->results[i] = (struct write_result){.stale = false};
    }
    return STATOR_OK;
}

/* *bytes: of the items that were there. */
static enum stator_rc delete_items(struct database *db, struct batch *batch, struct expire_cursor *cursor,
                                   size_t *bytes, bool *stale, struct stator_error *err)
{
    struct write_series series = {.writes = batch->writes, .results = batch->results, .count = batch->count};
    enum stator_rc rc = STATOR_OK;

    *bytes = 0;
    while (rc == STATOR_OK && !*stale && series.done < series.count) {
        size_t from = series.done;

        rc = table_write_part(db, &series, WAIT_ALL, &batch->arena, err);
        *stale = rc == STATOR_OK && batch->results[from].stale;
        for (size_t i = from; i < series.count; i++) {
            bool done = i < series.done && batch->results[i].existed;

            *bytes += done ? batch->results[i].old_bytes : 0;
            cursor->deleted += done && !batch->results[i].condition_failed;
            write_result_release(&batch->results[i]);
        }
    }
    return rc;
}

/* Behind the cursor. */
static void place(struct store_iterator *iterator, const struct expire_cursor *cursor)
{
    if (cursor->after.len == 0) {
        store_iterator_seek_first(iterator);
        return;
    }
    store_iterator_seek(iterator, buf_bytes(&cursor->after));
    if (store_iterator_valid(iterator) && bytes_equal(store_iterator_key(iterator), buf_bytes(&cursor->after)))
        store_iterator_next(iterator);
}

/* The entries of one shard that are past. NULL without memory. */
static struct store_iterator *open_past(struct database *db, const struct time_to_live *ttl, uint64_t now_s,
                                        const struct expire_cursor *cursor)
{
    uint64_t from_s = cursor->from_s > oldest(now_s) ? cursor->from_s : oldest(now_s);
    struct store_iterator *iterator = NULL;
    struct buf lower, upper;

    buf_init(&lower, 64);
    buf_init(&upper, 64);
    expiry_bound(&lower, ttl, from_s);
    expiry_bound(&upper, ttl, now_s);
    if (!lower.failed && !upper.failed)
        iterator = store_iterator_open(db->store, STORE_SHARD(cursor->shard), buf_bytes(&lower), buf_bytes(&upper),
                                       NULL, STORE_ANY);
    buf_deinit(&lower);
    buf_deinit(&upper);
    return iterator;
}

static void note_failed(struct expire_cursor *cursor, struct bytes entry)
{
    uint64_t seconds = expiry_key_seconds(entry);

    if (cursor->failed == 0 || seconds < cursor->failed_s)
        cursor->failed_s = seconds;
    cursor->failed++;
}

/* The cursor moves past them when they are done, or when the one that is alone cannot be: what fails among others is done
 * again, one by one. Many at a time only where that goes well. */
static enum stator_rc do_batch(struct database *db, const struct table *table, struct store_iterator *iterator,
                               const struct past *past, struct expire_cursor *cursor, uint32_t *left, bool *stale,
                               struct stator_error *err)
{
    uint32_t max = cursor->batch != 0 ? cursor->batch : 1;
    struct batch batch = {.count = 0};
    size_t bytes = 0;
    enum stator_rc rc;

    arena_init(&batch.arena, ARENA_BYTES_MAX);
    rc = collect(&batch, iterator, max < *left ? max : *left, err);
    if (rc == STATOR_OK)
        rc = make_writes(&batch, table, past, err);
    if (rc == STATOR_OK)
        rc = delete_items(db, &batch, cursor, &bytes, stale, err);
    cursor->batch = rc != STATOR_OK || bytes > BATCH_BYTES ? 1 : 2 * max > BATCH_MAX ? BATCH_MAX : 2 * max;
    if (rc != STATOR_OK && batch.count > 1) {
        place(iterator, cursor);
        rc = STATOR_OK;
    } else if (!*stale) {
        if (rc != STATOR_OK && bytes_present(batch.entries[batch.count - 1])) /* else the shard begins anew */
            note_failed(cursor, batch.entries[batch.count - 1]);
        *left -= batch.count;
        buf_reset(&cursor->after);
        buf_append_bytes(&cursor->after, batch.entries[batch.count - 1]);
    }
    arena_deinit(&batch.arena);
    return rc == STATOR_OK && cursor->after.failed ? stator_fail_memory(err) : rc;
}

/* *left counts down; 0 means that the step is over. */
static enum stator_rc expire_shard(struct database *db, const struct table *table, uint64_t now_s,
                                   struct expire_cursor *cursor, uint32_t *left, bool *stale, struct stator_error *err)
{
    struct store_iterator *iterator = open_past(db, &table->extras->ttl, now_s, cursor);
    enum stator_rc rc = STATOR_OK;
    struct past past;

    if (iterator == NULL)
        return stator_fail_memory(err);
    past_init(&past, &table->extras->ttl, now_s);
    place(iterator, cursor);
    while (rc == STATOR_OK && !*stale && *left != 0 && store_iterator_valid(iterator))
        rc = do_batch(db, table, iterator, &past, cursor, left, stale, err);
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
