/* SPDX-License-Identifier: Apache-2.0 */
#include "table/read.h"

#include "format/keycodec.h"
#include "plan/index.h"
#include "store/nowait.h"
#include "table/backfill.h"
#include "table/page.h"
#include "table/write.h"
#include "unit/server/database.h"
#include "unit/server/json.h"
#include "unit/server/store/temporary.h"
#include "unit/server/tables.h"
#include "unit/unit.h"

#define SCHEMA "pk:S sk:N | lsi l:S - | gsi g:S"
#define KEY    ITEM(S("pk", "p"), N("sk", "1"))
#define WHOLE  ITEM(S("a", "A"), S("g", "x"), S("l", "y"), S("pk", "p"), N("sk", "1"))

struct fixture {
    struct database db;
    struct arena arena;
    struct table *table;
};

static void set_up(struct fixture *f, const char *dir)
{
    arena_init(&f->arena, 1 << 24);
    database_open(&f->db, dir, STORE_NONE);
    f->table = table_of(SCHEMA, &f->arena);
}

static void tear_down(struct fixture *f)
{
    table_release(f->table);
    database_close(&f->db);
    arena_deinit(&f->arena);
}

static void reads(void **state)
{
    static const struct {
        const char *key, *item, *message;
    } cases[] = {
        {KEY, WHOLE, NULL},
        {ITEM(S("pk", "p"), N("sk", "1.0")), WHOLE, NULL},
        {WHOLE, WHOLE, NULL}, /* what is no key is not looked at */
        {ITEM(S("pk", "p"), N("sk", "2")), NULL, NULL},
        {ITEM(S("pk", "P"), N("sk", "1")), NULL, NULL},
        {ITEM(S("pk", "p")), NULL, "The provided key element does not match the schema"},
        {ITEM(S("pk", "p"), S("sk", "1")), NULL, "The provided key element does not match the schema"},
    };
    struct fixture f;

    (void)state;
    set_up(&f, NULL);
    database_put(&f.db, f.table, WHOLE);
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct item key = item_of(cases[c].key, &f.arena);
        struct stator_error err = {0};
        struct read_result read;
        enum stator_rc rc = table_get(&f.db, f.table, &key, false, &read, &err);

        assert_int_equal(rc, cases[c].message == NULL ? STATOR_OK : STATOR_VALIDATION);
        if (cases[c].message != NULL)
            assert_string_equal(err.message, cases[c].message);
        assert_int_equal(read.exists, cases[c].item != NULL);
        if (read.exists)
            assert_bytes_are(read.item.text, cases[c].item);
        store_release(&read.pinned);
    }
    tear_down(&f);
}

static void gives_way_to_the_disk(void **state)
{
    struct stator_error err = {0};
    struct read_result read;
    struct fixture f;
    struct item key;
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    set_up(&f, dir);
    database_put(&f.db, f.table, WHOLE);
    tear_down(&f);
    set_up(&f, dir);
    key = item_of(KEY, &f.arena);
    assert_int_equal(table_get(&f.db, f.table, &key, false, &read, &err), STATOR_AGAIN);
    assert_int_equal(table_get(&f.db, f.table, &key, true, &read, &err), STATOR_OK);
    assert_bytes_are(read.item.text, WHOLE);
    store_release(&read.pinned);
    assert_int_equal(table_get(&f.db, f.table, &key, false, &read, &err), STATOR_OK); /* it is cached now */
    assert_true(read.exists);
    store_release(&read.pinned);
    tear_down(&f);
    temporary_remove(dir);
}

/* --- Damaged items ------------------------------------------------------------------------------------------------ */

/* Puts bytes where the entry of WHOLE in the index is. */
static void damage(struct fixture *f, const struct index *index, struct bytes value)
{
    struct store_batch *batch = store_batch_new(f->db.store);
    struct item item = item_of(WHOLE, &f->arena);
    struct stator_error err = {0};
    struct location where;
    struct buf key;

    buf_init(&key, KEY_BYTES_MAX);
    assert_true(index_key(&key, &where, &f->db.ring, f->table, index, &item));
    store_batch_put(batch, STORE_SHARD(where.shard), buf_bytes(&key), value);
    assert_int_equal(store_write(f->db.store, batch, true, &err), STATOR_OK);
    store_batch_free(batch);
    buf_deinit(&key);
}

static enum stator_rc read_page_of(struct fixture *f, const struct index *index, bool fetch, struct stator_error *err)
{
    const struct item no_start = {0};
    struct page_request request = {.table = f->table, .index = index, .forward = true, .fetch = fetch};
    enum stator_rc rc = plan_scan(&request, &f->db.ring, 0, 1, &no_start, &f->arena, err);
    struct page page;
    struct buf items;

    if (rc != STATOR_OK)
        return rc;
    buf_init(&items, 1 << 20);
    page_init(&page, &f->db, &request, &items, &f->arena);
    rc = page_step(&page, UINT32_MAX, true, err);
    page_deinit(&page);
    buf_deinit(&items);
    return rc;
}

static enum stator_rc write_to(struct fixture *f, enum write_kind kind, struct stator_error *err)
{
    struct item item = item_of(WHOLE, &f->arena);
    const struct write write = {.kind = kind, .table = f->table, .key = &item, .item = &item};
    struct write_result result;
    enum stator_rc rc = table_write(&f->db, &write, true, &result, &f->arena, err);

    write_result_release(&result);
    return rc;
}

static enum stator_rc fill_index(struct fixture *f, struct stator_error *err)
{
    struct walk cursor;
    enum stator_rc rc;
    bool done;

    walk_init(&cursor);
    rc = table_backfill(&f->db, f->table, &f->table->indexes[1], &cursor, 100, &done, err);
    walk_deinit(&cursor);
    return rc;
}

/* Whoever meets a damaged item says so, and goes no further. */
static void damaged_items(void **state)
{
    static const uint8_t zeros[64] = {0}, ones[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const struct bytes values[] = {BYTES(""), BYTES("x"), bytes_of(ones, sizeof(ones)), bytes_of(zeros, 0)};

    (void)state;
    for (size_t v = 0; v < COUNT_OF(values); v++) {
        struct stator_error err = {0};
        struct read_result read;
        struct fixture f;
        struct item key;

        set_up(&f, NULL);
        database_put(&f.db, f.table, WHOLE);
        key = item_of(KEY, &f.arena);
        damage(&f, &f.table->indexes[0], values[v]);
        assert_int_equal(read_page_of(&f, &f.table->indexes[0], false, &err), STATOR_INTERNAL_SERVER_ERROR);
        assert_int_equal(read_page_of(&f, &f.table->indexes[0], true, &err), STATOR_INTERNAL_SERVER_ERROR);
        assert_int_equal(read_page_of(&f, &f.table->indexes[1], false, &err), STATOR_OK);

        database_put(&f.db, f.table, WHOLE); /* does not mend the index: nothing of it has changed */
        damage(&f, &f.table->base, values[v]);
        assert_int_equal(table_get(&f.db, f.table, &key, true, &read, &err), STATOR_INTERNAL_SERVER_ERROR);
        assert_string_equal(err.message, "A stored item is damaged");
        store_release(&read.pinned);
        assert_int_equal(read_page_of(&f, &f.table->base, false, &err), STATOR_INTERNAL_SERVER_ERROR);
        assert_int_equal(write_to(&f, WRITE_PUT, &err), STATOR_INTERNAL_SERVER_ERROR);
        assert_int_equal(write_to(&f, WRITE_UPDATE, &err), STATOR_INTERNAL_SERVER_ERROR);
        assert_int_equal(write_to(&f, WRITE_DELETE, &err), STATOR_INTERNAL_SERVER_ERROR);
        assert_int_equal(fill_index(&f, &err), STATOR_INTERNAL_SERVER_ERROR);
        tear_down(&f);
    }
}

/* A base item that is gone behind its entry's back is passed over by a page that fetches. */
static void an_entry_without_its_item(void **state)
{
    struct store_batch *batch;
    struct stator_error err = {0};
    struct location where;
    struct fixture f;
    struct item key;
    struct buf encoded;

    (void)state;
    set_up(&f, NULL);
    database_put(&f.db, f.table, WHOLE);
    key = item_of(KEY, &f.arena);
    batch = store_batch_new(f.db.store);
    buf_init(&encoded, KEY_BYTES_MAX);
    assert_true(index_key(&encoded, &where, &f.db.ring, f.table, &f.table->base, &key));
    store_batch_delete(batch, STORE_SHARD(where.shard), buf_bytes(&encoded));
    assert_int_equal(store_write(f.db.store, batch, true, &err), STATOR_OK);
    store_batch_free(batch);
    buf_deinit(&encoded);
    assert_int_equal(read_page_of(&f, &f.table->indexes[0], true, &err), STATOR_OK);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads),
        cmocka_unit_test(gives_way_to_the_disk),
        cmocka_unit_test(damaged_items),
        cmocka_unit_test(an_entry_without_its_item),
    };

    nowait_set_cold(true); /* what a test has just written, the system has in memory */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
