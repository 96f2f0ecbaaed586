/* SPDX-License-Identifier: Apache-2.0 */
#include "stream/page.h"

#include "stream/record.h"

#define INLINE_RECORDS 64                   /* read on a loop; a longer page is a worker's */
#define INLINE_BYTES   ((size_t)256 * 1024) /* likewise, of JSON */

enum stator_rc stream_page_fail_trimmed(struct stator_error *err)
{
    return stator_fail(err, STATOR_TRIMMED_DATA_ACCESS, "The data you are trying to access has been trimmed.");
}

static struct lane *lane_of_shard(struct stream *stream, uint64_t shard)
{
    uint64_t index = shard % STREAM_NUMBER_STEP;

    return index < stream->about.lanes ? &stream->lanes[index] : NULL;
}

enum stator_rc stream_page_look(struct lane_view *view, struct stream *stream, uint64_t shard, struct stator_error *err)
{
    struct lane *lane = lane_of_shard(stream, shard);

    if (lane != NULL && lane_look(lane, shard, view))
        return STATOR_OK;
    return stator_fail(err, STATOR_RESOURCE_NOT_FOUND, "Requested resource not found: Shard does not exist");
}

/* A shard that an iterator was given for and that is not there any more was trimmed as a whole. */
static enum stator_rc look(struct lane_view *view, const struct stream_page_request *request, struct stator_error *err)
{
    struct stator_error absent;

    return stream_page_look(view, request->stream, request->shard, &absent) == STATOR_OK
               ? STATOR_OK
               : stream_page_fail_trimmed(err);
}

/* Where to begin, or that it is gone. The iterator is open already: what is trimmed from now on it still shows. */
static enum stator_rc start_of(uint64_t *start, const struct lane_view *view, uint64_t number, struct stator_error *err)
{
    uint64_t least = view->shard.start > view->trimmed ? view->shard.start : view->trimmed;

    if (number != 0 && number < view->trimmed && view->shard.start < view->trimmed)
        return stream_page_fail_trimmed(err);
    *start = number > least ? number : least;
    return STATOR_OK;
}

/* Appends the record under the iterator. */
static enum stator_rc add_record(struct stream_page *page, struct store_iterator *it, bool may_take_long,
                                 const struct stream_record_context *context, size_t *size, struct stator_error *err)
{
    struct stream_record record;
    uint64_t number;

    if (!stream_record_key_read(&number, store_iterator_key(it)) ||
        !stream_record_read(&record, store_iterator_value(it)))
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "A stored stream record is damaged");
    if (record.shortened && !may_take_long)
        return stator_fail(err, STATOR_AGAIN, "a long record");
    *size += record.size_bytes;
    if (*size > STREAM_PAGE_BYTES_MAX && page->json->len > 1)
        return STATOR_OK;
    if (page->json->len > 1)
        buf_append_byte(page->json, ',');
    stream_record_answer(page->json, &record, number, context);
    page->next = number + 1;
    return page->json->failed ? stator_fail_memory(err) : STATOR_OK;
}

static enum stator_rc read_records(struct stream_page *page, struct store *store, struct store_iterator *it,
                                   const struct lane_view *view, const struct stream_page_request *request,
                                   struct stator_error *err)
{
    const struct stream_record_context context = {
        .stream = request->stream->id, .region = stream_region(request->stream), .view = request->stream->about.view};
    uint8_t key[STREAM_RECORD_KEY_BYTES];
    size_t size = 0;

    store_iterator_seek(it, stream_record_key(key, request->stream->id,
                                              (uint32_t)(view->shard.start % STREAM_NUMBER_STEP), page->next));
    for (size_t count = 0; store_iterator_valid(it); count++) {
        uint64_t number;

        if (!stream_record_key_read(&number, store_iterator_key(it)))
            return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "A stored stream record is damaged");
        if (number >= view->until)
            break;
        if (count == request->max || page->json->len > request->json_max)
            return STATOR_OK;
        if ((count == INLINE_RECORDS || page->json->len > INLINE_BYTES) && !request->may_wait)
            return stator_fail(err, STATOR_AGAIN, "a long page");
        STATOR_TRY(add_record(page, it, request->may_take_long, &context, &size, err));
        if (size > STREAM_PAGE_BYTES_MAX)
            return STATOR_OK;
        store_iterator_next(it);
    }
    if (!store_iterator_valid(it))
        STATOR_TRY(store_iterator_status(it, err));
    /* Otherwise all of it was trimmed since; or there may be more than is shown, when the server is started again. */
    if (page->next < view->until && !store_frozen(store))
        page->next = view->until; /* all that is there was read */
    return STATOR_OK;
}

static struct store_iterator *open_lane(struct store *store, const struct stream *stream, uint32_t lane, bool may_wait)
{
    uint8_t lower[STREAM_RECORD_KEY_BYTES], upper[STREAM_RECORD_KEY_BYTES];

    return store_iterator_open(store, stream_family(stream, lane), stream_record_key(lower, stream->id, lane, 0),
                               stream_record_key(upper, stream->id, lane, UINT64_MAX), NULL,
                               may_wait ? STORE_ANY : STORE_CACHED);
}

/* Between the two looks the iterator is opened. What the first allows was stored before it, so it is in the iterator. Who
 * trims hides records before deleting them, so what the second does not say to be trimmed is in the iterator, too. */
static enum stator_rc read_between(struct stream_page *page, struct store *store,
                                   const struct stream_page_request *request, const struct lane_view *view,
                                   struct stator_error *err)
{
    struct lane *lane = lane_of_shard(request->stream, request->shard);
    struct store_iterator *it = open_lane(store, request->stream, lane->index, request->may_wait);
    struct lane_view later;
    enum stator_rc rc;

    if (it == NULL)
        return stator_fail_memory(err);
    rc = look(&later, request, err);
    if (rc == STATOR_OK)
        rc = start_of(&page->next, &later, request->number, err);
    if (rc == STATOR_OK)
        rc = read_records(page, store, it, view, request, err);
    store_iterator_close(it);
    return rc;
}

enum stator_rc stream_page_read(struct stream_page *page, struct store *store,
                                const struct stream_page_request *request, struct stator_error *err)
{
    struct lane_view view;

    STATOR_TRY(look(&view, request, err));
    STATOR_TRY(start_of(&page->next, &view, request->number, err));
    buf_reset(page->json);
    buf_append_byte(page->json, '[');
    if (page->next < view.until)
        STATOR_TRY(read_between(page, store, request, &view, err));
    buf_append_byte(page->json, ']');
    page->finished = !view.open && page->next >= view.end;
    lane_note_read(lane_of_shard(request->stream, request->shard), page->next);
    return page->json->failed ? stator_fail_memory(err) : STATOR_OK;
}
