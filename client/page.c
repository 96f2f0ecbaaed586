/* SPDX-License-Identifier: Apache-2.0 */
/* Every paged operation takes a place to begin and gives one to go on: a key (ITEM) or a token (text). The table below
 * says where in its structures these are; the rest is one loop for all.
 *
 * The place of the last answer lives in the call, whose memory the next request clears: it is copied here before. */
#include "call.h"
#include "memory.h"
#include "value/value.h"

#include "stator/page.h"

struct paging {
    enum operation operation;
    bool by_key;                 /* the place is a key, not a text */
    uint16_t input_bytes;        /* of the input structure */
    uint16_t begin_at, go_on_at; /* the place, in the input and in the output */
    uint16_t items_at;           /* the list of items in the output, or NO_ITEMS */
};

#define NO_ITEMS UINT16_MAX

#define PAGING(operation_, input, begin, output, go_on, key, items)                                                    \
    {                                                                                                                  \
        .operation = OPERATION_##operation_, .by_key = (key), .input_bytes = sizeof(struct stator_##input),            \
        .begin_at = offsetof(struct stator_##input, begin), .go_on_at = offsetof(struct stator_##output, go_on),       \
        .items_at = (items)                                                                                            \
    }

enum { PAGING_QUERY, PAGING_SCAN, PAGING_STATEMENT, PAGING_TABLES, PAGING_TAGS, PAGING_STREAMS, PAGING_RECORDS };

static const struct paging pagings[] = {
    [PAGING_QUERY] = PAGING(Query, query_input, exclusive_start_key, query_output, last_evaluated_key, true,
                            offsetof(struct stator_query_output, items)),
    [PAGING_SCAN] = PAGING(Scan, scan_input, exclusive_start_key, scan_output, last_evaluated_key, true,
                           offsetof(struct stator_scan_output, items)),
    [PAGING_STATEMENT] = PAGING(ExecuteStatement, execute_statement_input, next_token, execute_statement_output,
                                next_token, false, offsetof(struct stator_execute_statement_output, items)),
    [PAGING_TABLES] = PAGING(ListTables, list_tables_input, exclusive_start_table_name, list_tables_output,
                             last_evaluated_table_name, false, NO_ITEMS),
    [PAGING_TAGS] = PAGING(ListTagsOfResource, list_tags_of_resource_input, next_token, list_tags_of_resource_output,
                           next_token, false, NO_ITEMS),
    [PAGING_STREAMS] = PAGING(ListStreams, list_streams_input, exclusive_start_stream_arn, list_streams_output,
                              last_evaluated_stream_arn, false, NO_ITEMS),
    [PAGING_RECORDS] =
        PAGING(GetRecords, get_records_input, shard_iterator, get_records_output, next_shard_iterator, false, NO_ITEMS),
};

/* A key has 2 KiB and 1 KiB of values, and a token 32 KiB. */
#define PLACE_BYTES_MAX ((size_t)256 << 10)

struct stator_pages {
    const struct paging *paging;
    struct stator_call *call; /* borrowed */
    struct buf place;         /* where the next page begins: the key's JSON, or the text */
    const void *page;         /* the answer at hand */
    size_t item;              /* of it, the next for stator_next_item */
    bool last;                /* no page follows it */
    enum stator_rc rc;
    _Alignas(max_align_t) uint8_t in[]; /* the input structure */
};

static struct stator_pages *pages_new(struct stator_call *call, const struct paging *paging, const void *in)
{
    struct stator_pages *pages = memory_new(&call->client->allocator, sizeof(*pages) + paging->input_bytes);

    if (pages == NULL)
        return NULL;
    pages->paging = paging;
    pages->call = call;
    buf_init_with(&pages->place, PLACE_BYTES_MAX, &call->client->allocator);
    memcpy(pages->in, in, paging->input_bytes);
    return pages;
}

#define PAGES(function, input, paging)                                                                                 \
    struct stator_pages *stator_##function##_pages(struct stator_call *call, const struct stator_##input *in)          \
    {                                                                                                                  \
        return pages_new(call, &pagings[paging], in);                                                                  \
    }

PAGES(query, query_input, PAGING_QUERY)
PAGES(scan, scan_input, PAGING_SCAN)
PAGES(statement, execute_statement_input, PAGING_STATEMENT)
PAGES(table, list_tables_input, PAGING_TABLES)
PAGES(tag, list_tags_of_resource_input, PAGING_TAGS)
PAGES(stream, list_streams_input, PAGING_STREAMS)
PAGES(record, get_records_input, PAGING_RECORDS)

/* Copies the place to go on from the answer; whether there is one. */
static bool keep_place(struct stator_pages *pages)
{
    const void *go_on = (const uint8_t *)pages->page + pages->paging->go_on_at;

    buf_reset(&pages->place);
    if (pages->paging->by_key) {
        const struct item *key = go_on;

        if (!key->set)
            return false;
        item_write(&pages->place, key);
    } else {
        const struct bytes *token = go_on;

        if (!bytes_present(*token))
            return false;
        buf_append_bytes(&pages->place, *token);
    }
    return true;
}

/* Puts the place into the input. */
static void use_place(struct stator_pages *pages)
{
    void *begin = pages->in + pages->paging->begin_at;

    if (pages->paging->by_key)
        *(struct item *)begin = (struct item){.set = true, .json = buf_bytes(&pages->place)};
    else
        *(struct bytes *)begin = buf_bytes(&pages->place);
}

bool stator_page_next(struct stator_pages *pages)
{
    if (pages == NULL || pages->last || pages->rc != STATOR_OK)
        return false;
    if (pages->page != NULL)
        use_place(pages);
    pages->item = 0;
    pages->rc = call_run(pages->call, pages->paging->operation, pages->in, &pages->page);
    if (pages->rc != STATOR_OK)
        return false;
    pages->last = !keep_place(pages);
    if (pages->place.failed) {
        pages->rc = STATOR_NO_MEMORY;
        pages->page = NULL;
        return false;
    }
    return true;
}

const void *stator_page(const struct stator_pages *pages)
{
    return pages == NULL ? NULL : pages->page;
}

static const struct stator_item_list *items_of(const struct stator_pages *pages)
{
    return (const struct stator_item_list *)((const uint8_t *)pages->page + pages->paging->items_at);
}

const struct stator_item *stator_next_item(struct stator_pages *pages)
{
    if (pages == NULL || pages->paging->items_at == NO_ITEMS)
        return NULL;
    while (pages->page == NULL || pages->item >= items_of(pages)->count)
        if (!stator_page_next(pages))
            return NULL;
    return &items_of(pages)->at[pages->item++];
}

enum stator_rc stator_pages_rc(const struct stator_pages *pages)
{
    return pages == NULL ? STATOR_NO_MEMORY : pages->rc;
}

enum stator_rc stator_pages_end(struct stator_pages *pages)
{
    enum stator_rc rc = stator_pages_rc(pages);

    if (pages == NULL)
        return rc;
    buf_deinit(&pages->place);
    memory_free(&pages->call->client->allocator, pages);
    return rc;
}
