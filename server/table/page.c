/* SPDX-License-Identifier: Apache-2.0 */
#include "table/page.h"

#include "format/keycodec.h"
#include "plan/index.h"

#define STEP_BYTES_ON_LOOP ((size_t)128 * 1024) /* evaluated in one step that may not wait */
/* What a page among quick jobs may pass over at once, some milliseconds: store_iterator_open_brief. */
#define PASSED_MAX_QUICK  65536
#define FILTER_RESERVE    ((uint64_t)16 * 1024 * 1024) /* of the budget: what the filter may cost on one item */
#define SCRATCH_BYTES_MAX (8 * STORED_ITEM_BYTES_MAX)

void page_init(struct page *page, struct database *db, const struct page_request *request, struct buf *items,
               struct arena *arena)
{
    *page = (struct page){.request = request, .db = db, .items = items, .arena = arena};
    arena_init_with(&page->scratch, SCRATCH_BYTES_MAX, arena->allocator);
    buf_init(&page->position, KEY_BYTES_MAX);
    page->shard = request->one_shard ? request->shard : 0;
    page->done = request->one_shard && bytes_compare(request->lower, request->upper) >= 0;
    if (!bytes_present(request->start_after))
        return;
    page->shard = request->start_shard;
    buf_append_bytes(&page->position, request->start_after);
}

void page_deinit(struct page *page)
{
    store_iterator_close(page->iterator);
    if (page->snapshot != NULL)
        store_snapshot_drop(page->db->store, page->snapshot);
    arena_deinit(&page->scratch);
    buf_deinit(&page->position);
}

static void seek(struct page *page)
{
    struct bytes after = buf_bytes(&page->position);

    if (after.len == 0) {
        if (page->request->forward)
            store_iterator_seek_first(page->iterator);
        else
            store_iterator_seek_last(page->iterator);
        return;
    }
    if (page->request->forward)
        store_iterator_seek(page->iterator, after);
    else
        store_iterator_seek_back(page->iterator, after);
    if (!page->position_is_next && store_iterator_valid(page->iterator) &&
        bytes_equal(store_iterator_key(page->iterator), after)) {
        if (page->request->forward)
            store_iterator_next(page->iterator);
        else
            store_iterator_previous(page->iterator);
    }
}

static enum store_tier tier_of(const struct page_request *request, bool may_wait)
{
    if (!may_wait)
        return STORE_CACHED;
    return request->one_shard ? STORE_ANY : STORE_SCAN;
}

static enum stator_rc open_between(struct page *page, struct bytes lower, struct bytes upper, bool may_wait,
                                   struct stator_error *err)
{
    uint32_t passed_max;

    if (page->request->fetch && page->snapshot == NULL) {
        page->snapshot = store_snapshot_take(page->db->store);
        if (page->snapshot == NULL)
            return stator_fail_memory(err);
    }
    passed_max = !may_wait ? STORE_PASSED_MAX : page->budget != NULL && page->budget->later ? PASSED_MAX_QUICK : 0;
    page->iterator = store_iterator_open_brief(page->db->store, STORE_SHARD(page->shard), lower, upper, page->snapshot,
                                               tier_of(page->request, may_wait), passed_max);
    if (page->iterator == NULL || page->position.failed)
        return stator_fail_memory(err);
    page->iterator_lasts = may_wait && passed_max == 0;
    seek(page);
    return STATOR_OK;
}

/* Within a query's own bounds, or over the index's keys of a range of tokens. */
static enum stator_rc open_iterator(struct page *page, bool may_wait, struct stator_error *err)
{
    const struct page_request *request = page->request;
    struct buf lower, upper;
    enum stator_rc rc;

    if (request->one_shard)
        return open_between(page, request->lower, request->upper, may_wait, err);
    buf_init(&lower, KEY_BYTES_MAX);
    buf_init(&upper, KEY_BYTES_MAX);
    key_append_prefix(&lower, request->index->state->id, request->token_first);
    key_append_prefix(&upper, request->index->state->id, request->token_last);
    key_successor(&upper); /* an id is never all ones, so there is one */
    if (lower.failed || upper.failed)
        rc = stator_fail_memory(err);
    else
        rc = open_between(page, buf_bytes(&lower), buf_bytes(&upper), may_wait, err);
    buf_deinit(&lower);
    buf_deinit(&upper);
    return rc;
}

static void drop_iterator(struct page *page)
{
    store_iterator_close(page->iterator);
    page->iterator = NULL;
}

/* The whole item of an index entry, from the base. Absent when it is gone: the entry is then passed over. */
static enum stator_rc fetch_item(struct page *page, const struct stored_item *entry, bool may_wait,
                                 struct store_pinned *pinned, struct stored_item *item, bool *found,
                                 struct stator_error *err)
{
    const struct table *table = page->request->table;
    struct location where;
    struct item attributes;
    struct buf key;
    enum stator_rc rc = STATOR_OK;

    *found = false;
    if (!stored_item_parse(&attributes, entry, &page->scratch))
        return stator_fail_memory(err);
    buf_init(&key, KEY_BYTES_MAX);
    if (index_key(&key, &where, &page->db->ring, table, &table->base, &attributes))
        rc = store_get(page->db->store, STORE_SHARD(where.shard), buf_bytes(&key), may_wait ? STORE_ANY : STORE_CACHED,
                       page->snapshot, pinned, err);
    buf_deinit(&key);
    if (rc != STATOR_OK || !bytes_present(pinned->value))
        return rc;
    *found = stored_item_open(item, pinned->value);
    return *found ? STATOR_OK : stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "A stored item is damaged");
}

/* A comma behind an item that is there already. */
static void append_comma(struct buf *items)
{
    if (items->len != 0 && items->at[items->len - 1] != '[')
        buf_append_byte(items, ',');
}

static enum stator_rc append_item(struct page *page, const struct stored_item *item, struct item_source_stored *source,
                                  struct stator_error *err)
{
    struct item answer;

    page->count++;
    if (page->request->count_only)
        return STATOR_OK;
    append_comma(page->items);
    if (page->request->projection == NULL)
        answer = stored_item_answer(item);
    else
        STATOR_TRY(projection_apply(&answer, page->request->projection, &source->source, &page->scratch, err));
    item_write(page->items, &answer);
    return page->items->failed ? stator_fail_memory(err) : STATOR_OK;
}

static enum stator_rc take_item(struct page *page, const struct stored_item *item, struct stator_error *err)
{
    const struct page_request *request = page->request;
    struct item_source_stored source;
    bool holds = true;

    if (request->filter != NULL || request->projection != NULL)
        if (!item_source_stored_init(&source, item, &page->scratch))
            return stator_fail_memory(err);
    if (request->filter != NULL)
        STATOR_TRY(expr_test(&holds, request->filter, &source.source, page->budget, &page->scratch, err));
    return holds ? append_item(page, item, &source, err) : STATOR_OK;
}

static bool add_key_part(struct page *page, struct attribute *parts, size_t *count, const struct key_attribute *part,
                         const struct stored_item *item)
{
    struct bytes json = stored_item_attribute(item, part->name, NULL);

    for (size_t i = 0; i < *count; i++)
        if (bytes_equal(parts[i].name, part->name))
            return true;
    json = arena_copy(page->arena, json);
    if (!bytes_present(json) || !value_read_stored(&parts[*count].value, json, page->arena))
        return false;
    parts[(*count)++].name = part->name;
    return true;
}

/* The table's key and, on an index, every key attribute of it. */
static enum stator_rc set_last_key(struct page *page, const struct stored_item *item, struct stator_error *err)
{
    const struct key_schema *schemas[] = {&page->request->index->key, &page->request->table->base.key};
    struct attribute *parts = ARENA_ARRAY(page->arena, struct attribute, 2 * 2 * KEY_PARTS_MAX);
    size_t count = 0;
    bool good = parts != NULL;

    for (int s = 0; s < 2 && good; s++) {
        for (uint32_t i = 0; i < schemas[s]->hash_count && good; i++)
            good = add_key_part(page, parts, &count, &schemas[s]->hash[i], item);
        for (uint32_t i = 0; i < schemas[s]->range_count && good; i++)
            good = add_key_part(page, parts, &count, &schemas[s]->range[i], item);
    }
    if (!good)
        return stator_fail_memory(err);
    attributes_sort(parts, count);
    page->last_key = (struct item){.attributes = parts, .count = count, .set = true};
    return STATOR_OK;
}

/* What is left of the budget may not be enough for another item. */
static bool is_costly(const struct page *page)
{
    return page->budget != NULL && !page->budget->later && page->budget->left < FILTER_RESERVE;
}

/* The entry under the iterator, which is the next to be evaluated or has just been. */
static void note_position(struct page *page, bool is_next)
{
    buf_reset(&page->position);
    buf_append_bytes(&page->position, store_iterator_key(page->iterator));
    page->position_is_next = is_next;
}

/* Evaluates the entry under the iterator. */
static enum stator_rc evaluate(struct page *page, bool may_wait, struct stator_error *err)
{
    const struct page_request *request = page->request;
    struct store_pinned pinned = {0};
    struct stored_item entry, item;
    bool found = true;
    enum stator_rc rc = STATOR_OK;

    arena_reset(&page->scratch);
    if (!stored_item_open(&entry, store_iterator_value(page->iterator)))
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "A stored item is damaged");
    if (!expr_budget_allows(page->budget,
                            expr_answer_cost(stored_item_answer_bytes(&entry), request->projection != NULL)))
        return STATOR_AGAIN;
    item = entry;
    if (request->fetch)
        rc = fetch_item(page, &entry, may_wait, &pinned, &item, &found, err);
    if (rc == STATOR_OK && found) {
        if (request->fetch)
            page->fetched_units += (item.size_bytes + 4095) / 4096;
        rc = take_item(page, &item, err);
    }
    store_release(&pinned);
    if (rc != STATOR_OK)
        return rc;
    page->scanned++;
    page->evaluated_bytes += entry.size_bytes;
    page->more = page->scanned == request->limit || page->evaluated_bytes >= PAGE_BYTES_MAX || is_costly(page);
    if (page->more)
        STATOR_TRY(set_last_key(page, &entry, err));
    if (!page->iterator_lasts)
        note_position(page, false);
    return page->position.failed ? stator_fail_memory(err) : STATOR_OK;
}

/* The end of a shard: on to the next, or done. */
static void finish_shard(struct page *page)
{
    drop_iterator(page);
    buf_reset(&page->position);
    page->position_is_next = false;
    page->done = page->request->one_shard || ++page->shard == store_shards(page->db->store);
}

/* Whoever waits for the next step, for long perhaps, keeps no iterator. */
static enum stator_rc end_step(struct page *page, enum stator_rc rc, struct stator_error *err)
{
    if (page->iterator != NULL && page->iterator_lasts && !page->done) {
        if (store_iterator_valid(page->iterator)) {
            note_position(page, true);
        } else if (rc == STATOR_OK) {
            rc = store_iterator_status(page->iterator, err);
            if (rc == STATOR_OK)
                finish_shard(page);
        }
    }
    drop_iterator(page);
    return rc;
}

static enum stator_rc step(struct page *page, uint32_t items_max, bool may_wait, struct stator_error *err)
{
    size_t bytes_max = may_wait ? SIZE_MAX : page->evaluated_bytes + STEP_BYTES_ON_LOOP;
    enum stator_rc rc = STATOR_OK;

    for (uint32_t i = 0; i < items_max && page->evaluated_bytes < bytes_max && !page->done; i++) {
        if (page->iterator == NULL)
            STATOR_TRY(open_iterator(page, may_wait, err));
        if (store_iterator_valid(page->iterator)) {
            rc = evaluate(page, may_wait, err);
            page->done = page->more;
            if (rc != STATOR_OK || page->done)
                break;
            if (page->request->forward)
                store_iterator_next(page->iterator);
            else
                store_iterator_previous(page->iterator);
        } else {
            rc = store_iterator_status(page->iterator, err);
            if (rc != STATOR_OK)
                break;
            finish_shard(page);
        }
    }
    return end_step(page, rc, err);
}

enum stator_rc page_step(struct page *page, uint32_t items_max, bool may_wait, struct stator_error *err)
{
    enum stator_rc rc = step(page, items_max, may_wait, err);

    durable_mark_look(&page->request->table->state->mark, page->db->durability);
    return rc;
}
