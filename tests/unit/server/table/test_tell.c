/* SPDX-License-Identifier: Apache-2.0 */
/* What changes of items leave in the stream of their table. */
#include "table/tell.h"

#include "stream/page.h"
#include "table/write_group.h"
#include "unit/server/database.h"
#include "unit/server/expressions.h"
#include "unit/server/tables.h"
#include "unit/unit.h"

#define STREAM_ID 77

struct fixture {
    struct database db;
    struct arena arena;
    struct table *table;
    struct stream *stream;
};

/* The same table with a stream that its writes go to. */
static struct table *with_stream(const struct table *table, struct arena *arena)
{
    uint32_t *ids = ARENA_ARRAY(arena, uint32_t, 1 + table->index_count);
    const struct table_extras extras = {.stream = STREAM_ID};
    struct table_source source = {.namespace_ = table->namespace_,
                                  .description = table->description,
                                  .ids = ids,
                                  .id_count = 1 + table->index_count,
                                  .extras = &extras,
                                  .previous = table};
    struct stator_error err;
    struct table *out;

    ids[0] = table->base.state->id;
    for (size_t i = 0; i < table->index_count; i++)
        ids[1 + i] = table->indexes[i].state->id;
    assert_int_equal(table_new(&out, &source, &err), STATOR_OK);
    return out;
}

static void set_up(struct fixture *f, enum StreamViewType view)
{
    struct stream_about about = {.view = view,
                                 .namespace_ = BYTES(""),
                                 .table_name = BYTES("abc"),
                                 .arn = BYTES("arn:aws:dynamodb:us-east-1:0:table/abc/stream/1"),
                                 .label = BYTES("1"),
                                 .hash_name = BYTES("pk"),
                                 .range_name = BYTES("a")};
    struct store_batch *batch;
    struct stator_error err;
    struct table *plain;

    arena_init(&f->arena, 1 << 28);
    database_open(&f->db, NULL, STORE_NONE);
    plain = table_of("pk:S a:N | gsi g:S", &f->arena);
    f->table = with_stream(plain, &f->arena);
    table_release(plain);
    batch = store_batch_new(f->db.store);
    assert_int_equal(streams_add(f->db.streams, &f->stream, STREAM_ID, &about, batch, &err), STATOR_OK);
    assert_int_equal(store_write(f->db.store, batch, true, &err), STATOR_OK);
    store_batch_free(batch);
    streams_show(f->db.streams, f->stream);
}

static void tear_down(struct fixture *f)
{
    table_release(f->table);
    database_close(&f->db);
    arena_deinit(&f->arena);
}

/* All records, as JSON; nothing is in flight. */
static const char *records(struct fixture *f)
{
    static char text[1 << 16];
    size_t len = 0;

    for (uint32_t i = 0; i < f->stream->about.lanes; i++) {
        struct stream_page_request request = {.stream = f->stream, .max = 1000, .json_max = SIZE_MAX, .may_wait = true};
        struct stream_page page;
        struct stator_error err;
        struct lane_view view;
        struct buf json;

        assert_null(f->stream->lanes[i].first);
        assert_int_equal(lane_list(&f->stream->lanes[i], 0, &view, 1), 1);
        request.shard = view.shard.start;
        buf_init(&json, sizeof(text));
        page.json = &json;
        assert_int_equal(stream_page_read(&page, f->db.store, &request, &err), STATOR_OK);
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%.*s", (int)json.len, (const char *)json.at);
        buf_deinit(&json);
    }
    return text;
}

static int count_of(const char *text, const char *what)
{
    int count = 0;

    while ((text = strstr(text, what)) != NULL) {
        text++;
        count++;
    }
    return count;
}

static void write_item(struct fixture *f, struct write write)
{
    struct stator_error err = {0};
    struct write_result result;

    write.table = f->table;
    if (table_write(&f->db, &write, true, &result, &f->arena, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    write_result_release(&result);
}

static void put(struct fixture *f, const char *json)
{
    const struct item item = item_of(json, &f->arena);

    write_item(f, (struct write){.kind = WRITE_PUT, .key = &item, .item = &item});
}

#define ITEM(a, more) "{\"pk\":{\"S\":\"p\"},\"a\":{\"N\":\"" a "\"}" more "}"
#define KEYS(a)       "\"Keys\":{\"a\":{\"N\":\"" a "\"},\"pk\":{\"S\":\"p\"}}"

/* Puts, updates and deletes that change something, and those that do not. */
static void changes_and_no_changes(void **state)
{
    struct fixture f;
    struct item item;

    (void)state;
    set_up(&f, StreamViewType_NEW_AND_OLD_IMAGES);
    put(&f, ITEM("1", ""));
    assert_int_equal(count_of(records(&f), "\"eventName\":\"INSERT\""), 1);
    assert_int_equal(count_of(records(&f), KEYS("1")), 1);
    assert_int_equal(count_of(records(&f), "\"SizeBytes\":12"), 1); /* keys of 3 + 3, and the new image of as many */
    put(&f, ITEM("1", ""));
    put(&f, ITEM("1.0", ""));
    item = item_of(ITEM("1", ""), &f.arena);
    write_item(&f, (struct write){.kind = WRITE_CHECK, .key = &item});
    write_item(&f, (struct write){.kind = WRITE_UPDATE, .key = &item});
    assert_int_equal(count_of(records(&f), "eventID"), 1);
    put(&f, ITEM("1", ",\"g\":{\"S\":\"x\"}"));
    assert_int_equal(count_of(records(&f), "\"eventName\":\"MODIFY\""), 1);
    assert_int_equal(count_of(records(&f), "\"OldImage\":{\"a\":{\"N\":\"1\"},\"pk\":{\"S\":\"p\"}}"), 1);
    write_item(&f, (struct write){.kind = WRITE_DELETE, .key = &item});
    write_item(&f, (struct write){.kind = WRITE_DELETE, .key = &item});
    assert_int_equal(count_of(records(&f), "\"eventName\":\"REMOVE\""), 1);
    assert_int_equal(count_of(records(&f), "userIdentity"), 0);
    assert_int_equal(count_of(records(&f), "eventID"), 3);
    database_audit(&f.db, f.table);
    tear_down(&f);
}

static void the_service_deletes_what_is_expired(void **state)
{
    struct fixture f;
    struct item item;

    (void)state;
    set_up(&f, StreamViewType_KEYS_ONLY);
    put(&f, ITEM("1", ""));
    item = item_of(ITEM("1", ""), &f.arena);
    write_item(&f, (struct write){.kind = WRITE_DELETE, .key = &item, .expired = true});
    assert_int_equal(count_of(records(&f), "\"userIdentity\":{\"PrincipalId\":\"dynamodb.amazonaws.com\","
                                           "\"Type\":\"Service\"}}"),
                     1);
    assert_int_equal(count_of(records(&f), "Image\":"), 0);
    tear_down(&f);
}

/* Of a group that is stored every item leaves its record, of one that is not none does. */
static void groups(void **state)
{
    struct stator_error err;
    struct fixture f;

    (void)state;
    set_up(&f, StreamViewType_NEW_IMAGE);
    for (int commits = 0; commits < 2; commits++) {
        const struct item items[] = {item_of(ITEM("1", ""), &f.arena), item_of(ITEM("2", ""), &f.arena),
                                     item_of(ITEM("3", ""), &f.arena)};
        struct write writes[3];
        struct write_result results[3];
        struct write_group group;
        uint32_t busy;
        bool fresh;

        for (size_t i = 0; i < 3; i++)
            writes[i] = (struct write){.kind = WRITE_PUT, .table = f.table, .key = &items[i], .item = &items[i]};
        writes[1].condition = condition_of(commits ? "attribute_not_exists(pk)" : "attribute_exists(pk)",
                                           EXPR_LANGUAGE_CONDITION, NULL, &f.arena);
        assert_int_equal(write_group_open(&group, &f.db, writes, results, 3, &f.arena, &err), STATOR_OK);
        assert_int_equal(write_group_take(&group, WAIT_ALL, &fresh, &busy, &err), STATOR_OK);
        assert_true(fresh);
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(write_group_prepare(&group, i, true, &err), STATOR_OK);
        assert_int_equal(results[1].condition_failed, !commits);
        if (commits)
            assert_int_equal(write_group_commit(&group, true, &err), STATOR_OK);
        write_group_close(&group);
        for (size_t i = 0; i < 3; i++)
            write_result_release(&results[i]);
        assert_int_equal(count_of(records(&f), "\"eventName\":\"INSERT\""), commits ? 3 : 0);
    }
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_and_no_changes),
        cmocka_unit_test(the_service_deletes_what_is_expired),
        cmocka_unit_test(groups),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
