/* SPDX-License-Identifier: Apache-2.0 */
#include "table/walk.h"

#include "format/keycodec.h"

#define WALK_KEY_BYTES_MAX (2 * KEY_BYTES_MAX)

void walk_init(struct walk *walk)
{
    walk->shard = 0;
    buf_init(&walk->after, WALK_KEY_BYTES_MAX);
}

void walk_restart(struct walk *walk)
{
    walk->shard = 0;
    buf_reset(&walk->after);
}

void walk_deinit(struct walk *walk)
{
    buf_deinit(&walk->after);
}

/* Behind the walk's key. NULL without memory. */
static struct store_iterator *open_behind(struct database *db, uint32_t id, const struct walk *walk)
{
    struct store_iterator *iterator = NULL;
    struct buf lower, upper;

    buf_init(&lower, 64);
    buf_init(&upper, 64);
    key_append_prefix(&lower, id, 0);
    key_append_prefix(&upper, id + 1, 0);
    if (!lower.failed && !upper.failed)
        iterator = store_iterator_open(db->store, STORE_SHARD(walk->shard), buf_bytes(&lower), buf_bytes(&upper), NULL,
                                       STORE_ANY);
    buf_deinit(&lower);
    buf_deinit(&upper);
    if (iterator == NULL)
        return NULL;
    if (walk->after.len == 0) {
        store_iterator_seek_first(iterator);
        return iterator;
    }
    store_iterator_seek(iterator, buf_bytes(&walk->after));
    if (store_iterator_valid(iterator) && bytes_equal(store_iterator_key(iterator), buf_bytes(&walk->after)))
        store_iterator_next(iterator);
    return iterator;
}

/* The walk stands behind what is done, and nothing else: after an error the same key is the next. */
static void pass(struct walk *walk, struct buf *key)
{
    struct buf passed = *key;

    *key = walk->after;
    walk->after = passed;
}

/* One shard. *left counts down; 0 means that the step is over. */
static enum stator_rc walk_shard(struct database *db, uint32_t id, struct walk *walk, uint32_t *left, walk_visit *visit,
                                 void *context, struct stator_error *err)
{
    struct store_iterator *iterator = open_behind(db, id, walk);
    enum stator_rc rc = STATOR_OK;
    struct buf key;

    if (iterator == NULL)
        return stator_fail_memory(err);
    buf_init(&key, WALK_KEY_BYTES_MAX);
    for (; rc == STATOR_OK && *left != 0 && store_iterator_valid(iterator); --*left) {
        buf_reset(&key);
        buf_append_bytes(&key, store_iterator_key(iterator));
        rc = key.failed ? stator_fail_memory(err)
                        : visit(context, walk->shard, buf_bytes(&key), store_iterator_value(iterator), err);
        if (rc == STATOR_OK)
            pass(walk, &key);
        store_iterator_next(iterator);
    }
    buf_deinit(&key);
    if (rc == STATOR_OK && !store_iterator_valid(iterator))
        rc = store_iterator_status(iterator, err);
    store_iterator_close(iterator);
    return rc;
}

enum stator_rc table_walk(struct database *db, uint32_t id, struct walk *walk, uint32_t keys_max, walk_visit *visit,
                          void *context, bool *done, struct stator_error *err)
{
    uint32_t left = keys_max;

    *done = false;
    while (left != 0) {
        if (walk->shard == store_shards(db->store)) {
            *done = true;
            return STATOR_OK;
        }
        STATOR_TRY(walk_shard(db, id, walk, &left, visit, context, err));
        if (left != 0) { /* the shard's end came first */
            walk->shard++;
            buf_reset(&walk->after);
        }
    }
    return STATOR_OK;
}
