/* SPDX-License-Identifier: Apache-2.0 */
/* Streams over a store: made, written to, read, trimmed, ended, and all of it after another start. */
#include "stream/registry.h"

#include "stream/page.h"
#include "stream/record.h"
#include "stream/tend.h"
#include "unit/server/store/failing_sync.h"
#include "unit/server/store/temporary.h"
#include "unit/unit.h"

#include <sys/statvfs.h>

#define DISK_BLOCKS ((fsblkcnt_t)1 << 24)
#define HOUR_MS     ((uint64_t)3600 * 1000)

static _Atomic fsblkcnt_t free_blocks = DISK_BLOCKS;
static int failures; /* that the tending told of */

int statvfs(const char *path, struct statvfs *out)
{
    (void)path;
    *out = (struct statvfs){.f_frsize = 4096, .f_blocks = DISK_BLOCKS, .f_bfree = free_blocks, .f_bavail = free_blocks};
    return 0;
}

static void count_failure(struct bytes table_name, const struct stator_error *err)
{
    assert_bytes_are(table_name, "abc");
    assert_non_null(strstr(err->message, "is full"));
    failures++;
}

struct fixture {
    char dir[64];
    struct store *store;
    struct durability *durability;
    struct streams *streams;
    struct streams_options options;
    enum store_durability mode;
    struct arena arena;
};

static void start(struct fixture *f)
{
    const struct store_options options = {.dir = f->dir, .shards = 2, .durability = f->mode};
    struct stator_error err = {0};

    if (store_open(&f->store, &options, &err) != STATOR_OK ||
        durability_start(&f->durability, f->store, f->mode, &err) != STATOR_OK ||
        streams_open(&f->streams, f->store, f->durability, &f->options, &err) != STATOR_OK)
        fail_msg("%s", err.message);
}

static void stop(struct fixture *f)
{
    streams_close(f->streams);
    durability_stop(f->durability);
    store_close(f->store);
}

static void again(struct fixture *f)
{
    stop(f);
    start(f);
}

static void set_up(struct fixture *f, uint32_t lanes, uint32_t shard_records)
{
    *f = (struct fixture){.options = STREAMS_DEFAULTS, .mode = STORE_PROCESS};
    f->options.lanes = lanes;
    free_blocks = DISK_BLOCKS;
    f->options.shard_records = shard_records;
    assert_non_null(temporary_make(f->dir));
    arena_init(&f->arena, 1 << 20);
    start(f);
}

static void tear_down(struct fixture *f)
{
    stop(f);
    temporary_remove(f->dir);
    arena_deinit(&f->arena);
}

static void store_batch(struct fixture *f, struct store_batch *batch)
{
    struct stator_error err;

    assert_int_equal(store_write(f->store, batch, true, &err), STATOR_OK);
    store_batch_free(batch);
}

static struct stream *add(struct fixture *f, uint32_t id, const char *table, const char *arn)
{
    struct stream_about about = {.view = StreamViewType_KEYS_ONLY,
                                 .namespace_ = BYTES(""),
                                 .table_name = bytes_of_string(table),
                                 .arn = bytes_of_string(arn),
                                 .label = BYTES("label"),
                                 .hash_name = BYTES("pk"),
                                 .range_name = BYTES("")};
    struct store_batch *batch = store_batch_new(f->store);
    struct stator_error err;
    struct stream *stream;

    assert_int_equal(streams_add(f->streams, &stream, id, &about, batch, &err), STATOR_OK);
    assert_null(streams_named(f->streams, BYTES(""), about.arn)); /* not before its table is stored */
    store_batch(f, batch);
    streams_show(f->streams, stream);
    return stream;
}

static void end(struct fixture *f, struct stream *stream)
{
    struct store_batch *batch = store_batch_new(f->store);
    uint64_t now_ms = stream_now_ms();
    struct stator_error err;

    assert_int_equal(streams_end(stream, now_ms, batch, &err), STATOR_OK);
    store_batch(f, batch);
    streams_ended(stream, now_ms);
}

/* One record, of an item in that lane. */
static void write_one(struct fixture *f, struct stream *stream, uint32_t lane, bool stored)
{
    const struct stream_record record = {.event = STREAM_INSERT, .size_bytes = 1, .keys = BYTES("{}")};
    struct store_batch *batch = store_batch_new(f->store);
    struct stream_entry entry = {0};
    struct stator_error err;
    struct buf buf;

    buf_init(&buf, 1 << 10);
    stream_record_write(&buf, &record);
    stream_enter(&entry, stream, lane, lane, batch);
    assert_int_equal(entry.lane, lane);
    stream_put(&entry, buf_bytes(&buf), batch);
    if (stored)
        assert_int_equal(store_write(f->store, batch, true, &err), STATOR_OK);
    stream_leave(&entry, stored ? LANE_STORED : LANE_NOT_STORED, 1);
    stream_leave(&entry, LANE_NOT_STORED, 1); /* nothing the second time */
    store_batch_free(batch);
    buf_deinit(&buf);
}

/* How many records a page of the shard has; -1: they are trimmed. */
static int page_of(struct fixture *f, struct stream *stream, uint64_t shard, uint64_t number, size_t max,
                   struct stream_page *page)
{
    const struct stream_page_request request = {
        .stream = stream, .shard = shard, .number = number, .max = max, .json_max = SIZE_MAX, .may_wait = true};
    struct stator_error err;
    int count = 0;
    enum stator_rc rc;
    struct buf json;

    buf_init(&json, 1 << 20);
    page->json = &json;
    rc = stream_page_read(page, f->store, &request, &err);
    if (rc == STATOR_OK) {
        const uint8_t *at = json.at, *stop_at = json.at + json.len;

        while ((at = memmem(at, (size_t)(stop_at - at), "eventID", 7)) != NULL) {
            at++;
            count++;
        }
    } else {
        assert_int_equal(rc, STATOR_TRIMMED_DATA_ACCESS);
        count = -1;
    }
    buf_deinit(&json);
    return count;
}

static int count_all(struct fixture *f, struct stream *stream)
{
    int count = 0;

    for (uint32_t i = 0; i < stream->about.lanes; i++) {
        struct lane_view views[64];
        size_t shards = lane_list(&stream->lanes[i], 0, views, 64);

        for (size_t k = 0; k < shards; k++) {
            struct stream_page page;

            count += page_of(f, stream, views[k].shard.start, 0, 1000, &page);
        }
    }
    return count;
}

static void streams_come_back(void **state)
{
    struct lane_view before[64], after[64];
    struct stream *stream, *other;
    struct fixture f;
    size_t shards;

    (void)state;
    set_up(&f, 3, 4);
    stream = add(&f, 7, "abc", "arn:7");
    other = add(&f, 9, "abc", "arn:9");
    for (uint32_t i = 0; i < 30; i++)
        write_one(&f, stream, i % 3, i % 7 != 3);
    write_one(&f, other, 1, true);
    assert_int_equal(count_all(&f, stream), 26);
    shards = lane_list(&stream->lanes[1], 0, before, 64);
    assert_int_equal(shards, 3);
    end(&f, other);
    again(&f);

    stream = streams_find(f.streams, 7);
    other = streams_named(f.streams, BYTES(""), BYTES("arn:9"));
    assert_non_null(stream);
    assert_non_null(other);
    assert_null(streams_find(f.streams, 8));
    assert_null(streams_named(f.streams, BYTES("another"), BYTES("arn:9")));
    assert_int_equal(count_all(&f, stream), 26);
    assert_int_equal(count_all(&f, other), 1);
    assert_int_equal(lane_list(&stream->lanes[1], 0, after, 64), shards);
    for (size_t i = 0; i < shards; i++) {
        assert_int_equal(after[i].shard.start, before[i].shard.start);
        assert_int_equal(after[i].shard.last, before[i].shard.last);
        assert_int_equal(after[i].shard.parent, before[i].shard.parent);
        assert_int_equal(after[i].shard.epoch, 0);
    }
    assert_true(after[shards - 1].open);
    assert_true(atomic_load(&other->disabled_ms) != 0);
    assert_int_equal(lane_list(&other->lanes[1], 0, after, 64), 1);
    assert_false(after[0].open);
    for (int i = 0; i < 9; i++) /* behind all that was */
        write_one(&f, stream, 1, true);
    assert_int_equal(count_all(&f, stream), 35);
    stream_release(stream);
    stream_release(other);
    tear_down(&f);
}

static void pages_follow_each_other(void **state)
{
    struct stream_page page;
    struct lane_view view;
    struct stream *stream;
    struct fixture f;

    (void)state;
    set_up(&f, 2, 100);
    stream = add(&f, 7, "abc", "arn:7");
    for (int i = 0; i < 10; i++)
        write_one(&f, stream, 1, true);
    assert_int_equal(lane_list(&stream->lanes[1], 0, &view, 1), 1);
    durable_seen_begin(0, NULL);
    assert_int_equal(page_of(&f, stream, view.shard.start, 0, 4, &page), 4);
    assert_false(page.finished);
    assert_int_equal(durable_seen(), 1);
    assert_int_equal(page_of(&f, stream, view.shard.start, page.next, 6, &page), 6);
    assert_int_equal(page_of(&f, stream, view.shard.start, page.next, 4, &page), 0);
    assert_false(page.finished);
    write_one(&f, stream, 1, true);
    assert_int_equal(page_of(&f, stream, view.shard.start, page.next, 4, &page), 1);
    end(&f, stream);
    assert_int_equal(page_of(&f, stream, view.shard.start, page.next, 4, &page), 0);
    assert_true(page.finished);
    assert_int_equal(page_of(&f, stream, view.shard.start, 0, 11, &page), 11);
    assert_int_equal(page_of(&f, stream, view.shard.start, 0, 1000, &page), 11);
    assert_true(page.finished);
    assert_int_equal(page_of(&f, stream, view.shard.start + 1, 0, 1000, &page), -1);
    tear_down(&f);
}

static void the_old_is_trimmed(void **state)
{
    uint64_t now_ms, day_ms = 24 * HOUR_MS;
    struct stream_page page;
    struct lane_view views[8];
    struct stream *stream;
    struct fixture f;

    (void)state;
    set_up(&f, 1, 3);
    stream = add(&f, 7, "abc", "arn:7");
    for (int i = 0; i < 7; i++)
        write_one(&f, stream, 0, true);
    now_ms = stream_now_ms();
    assert_true(streams_tend(f.streams, now_ms, NULL) > now_ms);
    assert_int_equal(count_all(&f, stream), 7);
    assert_int_equal(lane_list(&stream->lanes[0], 0, views, 8), 3);

    assert_true(streams_tend(f.streams, now_ms + 2 * day_ms, NULL) < STREAMS_NEVER);
    assert_int_equal(count_all(&f, stream), 0);
    assert_int_equal(page_of(&f, stream, views[0].shard.start, 0, 9, &page), -1); /* the whole shard is gone */
    assert_int_equal(page_of(&f, stream, views[2].shard.start, views[2].shard.start, 9, &page), -1);
    assert_int_equal(page_of(&f, stream, views[2].shard.start, views[2].until, 9, &page), 0);
    again(&f);
    stream = streams_find(f.streams, 7);
    assert_int_equal(count_all(&f, stream), 0);
    write_one(&f, stream, 0, true);
    assert_int_equal(count_all(&f, stream), 1);
    assert_int_equal(lane_list(&stream->lanes[0], 0, views, 8),
                     2); /* the tending rolled the old one over, hours later */
    end(&f, stream);
    streams_tend(f.streams, stream_now_ms() + 2 * day_ms, NULL);
    assert_null(streams_find(f.streams, 7));
    assert_int_equal(streams_tend(f.streams, stream_now_ms(), NULL), STREAMS_NEVER);
    stream_release(stream);
    again(&f);
    assert_null(streams_find(f.streams, 7));
    tear_down(&f);
}

/* However fast shards are made, they go as fast: a round that did not get to the end is followed by the next at once. */
static void many_shards_are_trimmed_at_once(void **state)
{
    struct lane_view views[4];
    struct stream *stream;
    uint64_t later_ms;
    struct fixture f;
    int rounds = 1;

    (void)state;
    set_up(&f, 1, 1);
    stream = add(&f, 7, "abc", "arn:7");
    for (int i = 0; i < 600; i++)
        write_one(&f, stream, 0, true);
    later_ms = stream_now_ms() + 48 * HOUR_MS;
    while (streams_tend(f.streams, later_ms, NULL) <= later_ms)
        rounds++;
    assert_in_range(rounds, 2, 4);
    assert_int_equal(lane_list(&stream->lanes[0], 0, views, 4), 2); /* the last one, and its child of then */
    tear_down(&f);
}

/* A disk that takes nothing but what makes space. */
static void fill_disk(struct fixture *f)
{
    struct store_batch *batch = store_batch_new(f->store);
    struct stator_error err;

    while (!store_full(f->store))
        free_blocks -= free_blocks / 8;
    store_batch_put(batch, STORE_CATALOG, BYTES("key"), BYTES("value"));
    assert_int_equal(store_write(f->store, batch, true, &err), STATOR_INTERNAL_SERVER_ERROR);
    store_batch_free(batch);
}

/* The first shard ends by its age, then all that is in it is trimmed: both make space. */
static void a_full_disk_is_trimmed(void **state)
{
    struct lane_view views[8];
    struct stream *stream;
    struct fixture f;

    (void)state;
    set_up(&f, 1, 1000);
    stream = add(&f, 7, "abc", "arn:7");
    for (int i = 0; i < 7; i++)
        write_one(&f, stream, 0, true);
    fill_disk(&f);
    failures = 0;
    streams_tend(f.streams, stream_now_ms() + 48 * HOUR_MS, count_failure);
    assert_int_equal(lane_list(&stream->lanes[0], 0, views, 8), 2);
    streams_tend(f.streams, stream_now_ms() + 96 * HOUR_MS, count_failure);
    assert_int_equal(failures, 0);
    free_blocks = DISK_BLOCKS;
    again(&f);
    stream = streams_find(f.streams, 7);
    assert_int_equal(count_all(&f, stream), 0);
    assert_int_equal(lane_list(&stream->lanes[0], 0, views, 8), 1);
    stream_release(stream);
    tear_down(&f);
}

/* A lane that cannot be rolled over is trimmed if it can be, and so is the next lane; what could not be deleted is, though
 * nothing new is old enough. */
static void what_fails_is_done_later(void **state)
{
    const uint64_t later_ms = stream_now_ms() + 48 * HOUR_MS;
    struct lane_view views[8];
    struct stream *stream;
    struct fixture f;

    (void)state;
    set_up(&f, 2, 3);
    stream = add(&f, 7, "abc", "arn:7");
    for (uint32_t i = 0; i < 14; i++)
        write_one(&f, stream, i % 2, true);
    free_blocks = 16;
    assert_true(store_full(f.store));
    failures = 0;
    streams_tend(f.streams, later_ms, count_failure);
    assert_int_equal(failures, 4); /* each lane's roll-over and its trimming */
    assert_int_equal(count_all(&f, stream), 0);
    assert_int_equal(lane_list(&stream->lanes[1], 0, views, 8), 3);
    free_blocks = DISK_BLOCKS;
    streams_tend(f.streams, later_ms, count_failure);
    assert_int_equal(failures, 4);
    for (uint32_t i = 0; i < 2; i++) {
        assert_int_equal(stream->lanes[i].deleted, stream->lanes[i].trimmed);
        assert_int_equal(lane_list(&stream->lanes[i], 0, views, 8), 2); /* the last one, and its child of then */
    }
    again(&f);
    stream = streams_find(f.streams, 7);
    assert_int_equal(count_all(&f, stream), 0);
    assert_int_equal(lane_list(&stream->lanes[1], 0, views, 8), 2);
    stream_release(stream);
    tear_down(&f);
}

static void what_is_dropped_was_never_there(void **state)
{
    struct stream_about about = {.view = StreamViewType_KEYS_ONLY,
                                 .namespace_ = BYTES(""),
                                 .table_name = BYTES("abc"),
                                 .arn = BYTES("arn"),
                                 .label = BYTES(""),
                                 .hash_name = BYTES("pk"),
                                 .range_name = BYTES("")};
    struct store_batch *batch;
    struct stator_error err;
    struct stream *stream;
    struct fixture f;

    (void)state;
    set_up(&f, 0, 3);
    batch = store_batch_new(f.store);
    assert_int_equal(streams_add(f.streams, &stream, 7, &about, batch, &err), STATOR_OK);
    assert_int_equal(stream->about.lanes, 2); /* as the store has shards */
    streams_drop(f.streams, stream);
    store_batch_free(batch);
    assert_null(streams_find(f.streams, 7));
    again(&f);
    assert_null(streams_find(f.streams, 7));
    tear_down(&f);
}

static void lists_are_sorted_and_paged(void **state)
{
    static const char *const arns[] = {"arn:d", "arn:a", "arn:c", "arn:b"};
    struct stator_error err;
    struct stream **found;
    struct fixture f;
    size_t count;
    bool more;

    (void)state;
    set_up(&f, 1, 3);
    for (uint32_t i = 0; i < COUNT_OF(arns); i++)
        add(&f, 10 + i, i % 2 == 0 ? "even" : "odd", arns[i]);
    assert_int_equal(streams_list(f.streams, BYTES(""), (struct bytes){NULL, 0}, BYTES("arn:a"), 2, &found, &count,
                                  &more, &f.arena, &err),
                     STATOR_OK);
    assert_int_equal(count, 2);
    assert_true(more);
    assert_bytes_are(found[0]->about.arn, "arn:b");
    assert_bytes_are(found[1]->about.arn, "arn:c");
    stream_release(found[0]);
    stream_release(found[1]);
    assert_int_equal(streams_list(f.streams, BYTES(""), BYTES("odd"), (struct bytes){NULL, 0}, 2, &found, &count, &more,
                                  &f.arena, &err),
                     STATOR_OK);
    assert_int_equal(count, 2);
    assert_false(more);
    assert_bytes_are(found[0]->about.arn, "arn:a");
    stream_release(found[0]);
    stream_release(found[1]);
    tear_down(&f);
}

/* What the last sync had not covered may be there after a restart: nobody has gone past it by then. */
static void a_reader_stays_before_what_may_come_back(void **state)
{
    struct stream_page page;
    struct stream *stream;
    struct fixture f;
    uint64_t shard, next;

    (void)state;
    set_up(&f, 1, 1000);
    stop(&f);
    f.mode = STORE_FULL;
    start(&f);
    stream = add(&f, 7, "abc", "arn:7");
    shard = stream->lanes[0].shards[0].start;
    write_one(&f, stream, 0, true);
    assert_int_equal(store_sync(f.store, NULL), STATOR_OK);
    write_one(&f, stream, 0, true);
    syncs_fail = true;
    assert_int_not_equal(store_sync(f.store, NULL), STATOR_OK);
    assert_int_equal(page_of(&f, stream, shard, 0, 1000, &page), 1);
    next = page.next;
    assert_int_equal(page_of(&f, stream, shard, next, 1000, &page), 0);
    assert_int_equal(page.next, next);
    syncs_fail = false;
    again(&f);
    stream = streams_find(f.streams, 7);
    assert_int_equal(page_of(&f, stream, shard, next, 1000, &page), 1); /* its bytes were in the log */
    stream_release(stream);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_come_back),
        cmocka_unit_test(pages_follow_each_other),
        cmocka_unit_test(the_old_is_trimmed),
        cmocka_unit_test(what_is_dropped_was_never_there),
        cmocka_unit_test(lists_are_sorted_and_paged),
        cmocka_unit_test(many_shards_are_trimmed_at_once),
        cmocka_unit_test(a_full_disk_is_trimmed),
        cmocka_unit_test(what_fails_is_done_later),
        cmocka_unit_test(a_reader_stays_before_what_may_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
