/* SPDX-License-Identifier: Apache-2.0 */
#include "table/expire.h"

#include "plan/index.h"
#include "table/backfill.h"
#include "table/expiry.h"
#include "table/write.h"
#include "unit/server/database.h"
#include "unit/server/expressions.h"
#include "unit/server/json.h"
#include "unit/server/tables.h"
#include "unit/unit.h"

#define PLAIN  "pk:S sk:N | lsi l:S | gsi g:S"
#define SCHEMA PLAIN " | ttl exp"
#define NOW    1800000000

struct fixture {
    struct database db;
    struct arena arena;
    struct table *plain, *table; /* before and after time to live was enabled */
};

static void set_up(struct fixture *f)
{
    arena_init(&f->arena, 1 << 28);
    database_open(&f->db, NULL, STORE_NONE);
    f->plain = table_of(PLAIN, &f->arena);
    f->table = table_version_of(SCHEMA, f->plain, &f->arena);
}

static void tear_down(struct fixture *f)
{
    table_release(f->table);
    table_release(f->plain);
    database_close(&f->db);
    arena_deinit(&f->arena);
}

/* Item i with that attribute more: what goes into an object, or "". */
static void put(struct fixture *f, const struct table *table, int i, const char *attribute)
{
    char text[512];

    snprintf(text, sizeof(text), "{" S("pk", "p%d") "," N("sk", "-%d.5") "," S("g", "g%d") "," S("l", "l") "%s%s}",
             i % 5, i, i % 3, attribute[0] != '\0' ? "," : "", attribute);
    database_put(&f->db, table, text);
}

static void put_time(struct fixture *f, const struct table *table, int i, long long seconds)
{
    char attribute[64];

    snprintf(attribute, sizeof(attribute), N("exp", "%lld"), seconds);
    put(f, table, i, attribute);
}

/* A pass in steps of so many entries; how many steps it took. */
static size_t expire(struct fixture *f, uint64_t now_s, uint32_t entries)
{
    struct expire_cursor cursor = {0};
    struct stator_error err = {0};
    size_t steps = 0;
    bool done = false;

    buf_init(&cursor.after, EXPIRE_KEY_MAX);
    for (; !done; steps++)
        if (table_expire(&f->db, f->table, now_s, &cursor, entries, &done, &err) != STATOR_OK)
            fail_msg("%s", err.message);
    buf_deinit(&cursor.after);
    database_audit(&f->db, f->table);
    return steps;
}

/* Each value alone in a table: whether its item is gone after a pass. */
static void what_ends(void **state)
{
    static const struct {
        const char *attribute;
        uint64_t now_s;
        bool entry, ends;
    } cases[] = {
        {N("exp", "1799999999"), NOW, true, true},
        {N("exp", "1800000000"), NOW, true, false}, /* the second of its end is not over */
        {N("exp", "1800000000"), NOW + 1, true, true},
        {N("exp", "1799999999.5"), NOW, true, true},
        {N("exp", "1800000000.5"), NOW + 1, true, true},
        {N("exp", "1800000000.5"), NOW, true, false},
        {N("exp", "1800000001"), NOW, true, false},
        {N("exp", "1800000000000"), NOW, true, false}, /* milliseconds by mistake */
        {N("exp", "999999999999999999"), NOW, true, false},
        {N("exp", "1000000000000000000"), NOW, false, false},
        {N("exp", "1e125"), NOW, false, false},
        {N("exp", "1642320000"), NOW, true, true}, /* five years and not a second more */
        {N("exp", "1642319999"), NOW, true, false},
        {N("exp", "0"), NOW, true, false},
        {N("exp", "0"), 1000, true, true},
        {N("exp", "0.001"), 1000, true, true},
        {N("exp", "-1"), NOW, false, false},
        {N("exp", "-1"), 1, false, false},
        {S("exp", "1799999999"), NOW, false, false},
        {"\"exp\":{\"NS\":[\"1799999999\"]}", NOW, false, false},
        {"\"exp\":{\"M\":{\"exp\":{\"N\":\"1799999999\"}}}", NOW, false, false},
        {"\"exp\":{\"NULL\":true}", NOW, false, false},
        {N("Exp", "1799999999"), NOW, false, false},
        {"", NOW, false, false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fixture f;

        set_up(&f);
        put(&f, f.table, 7, cases[i].attribute);
        database_audit(&f.db, f.table);
        expire(&f, cases[i].now_s, 10);
        if (database_items(&f.db, f.table) != !cases[i].ends)
            fail_msg("%s at %llu: %s", cases[i].attribute, (unsigned long long)cases[i].now_s,
                     cases[i].ends ? "is still there" : "is gone");
        tear_down(&f);
    }
}

/* The stored item and the item in memory say the same. */
static void stored_and_parsed_agree(void **state)
{
    static const char *const attributes[] = {
        N("exp", "5"), N("exp", "1.5"), N("exp", "-5"), S("exp", "5"), "\"exp\":{\"NS\":[\"5\"]}", N("other", "5"),
    };
    static const struct time_to_live ttl = {.id = 1, .attribute = BYTES("exp")};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(attributes); i++) {
        uint64_t parsed, of_stored;
        struct stored_item view;
        struct arena arena;
        struct item item;
        struct buf stored;
        char text[128];

        arena_init(&arena, 1 << 20);
        buf_init(&stored, 1 << 20);
        snprintf(text, sizeof(text), "{%s}", attributes[i]);
        item = item_of(text, &arena);
        item_store(&stored, &item);
        assert_true(stored_item_open(&view, buf_bytes(&stored)));
        assert_int_equal(expiry_of_item(&parsed, &ttl, &item), expiry_of_stored(&of_stored, &ttl, &view));
        assert_int_equal(parsed, of_stored);
        buf_deinit(&stored);
        arena_deinit(&arena);
    }
}

static void entries_follow_writes(void **state)
{
    struct write_result result;
    struct stator_error err = {0};
    struct fixture f;
    struct item key;
    static const char *const updates[] = {"SET a = :n", "SET exp = :n", "REMOVE exp", "ADD exp :n", "SET exp = :s"};

    (void)state;
    set_up(&f);
    put_time(&f, f.table, 1, NOW - 10);
    database_audit(&f.db, f.table);
    put_time(&f, f.table, 1, NOW + 10); /* another time */
    database_audit(&f.db, f.table);
    put_time(&f, f.table, 1, NOW + 10); /* the same */
    database_audit(&f.db, f.table);
    key = item_of(ITEM(S("pk", "p1"), N("sk", "-1.5")), &f.arena);
    for (size_t i = 0; i < COUNT_OF(updates); i++) {
        const struct write write = {
            .kind = WRITE_UPDATE,
            .table = f.table,
            .key = &key,
            .update = update_of(updates[i], strstr(updates[i], ":s") != NULL ? ITEM(S(":s", "x")) : ITEM(N(":n", "77")),
                                &f.arena),
        };

        assert_int_equal(table_write(&f.db, &write, true, &result, &f.arena, &err), STATOR_OK);
        write_result_release(&result);
        database_audit(&f.db, f.table);
    }
    put_time(&f, f.table, 1, NOW - 10);
    database_delete(&f.db, f.table, ITEM(S("pk", "p1"), N("sk", "-1.5")));
    database_audit(&f.db, f.table);
    assert_int_equal(database_items(&f.db, f.table), 0);
    tear_down(&f);
}

static void passes_go_in_steps(void **state)
{
    static const struct {
        uint32_t entries;
        size_t steps_least;
    } cases[] = {{1, 60}, {7, 9}, {1000, 1}};

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct fixture f;

        set_up(&f);
        for (int i = 0; i < 100; i++) {
            if (i % 10 < 6)
                put_time(&f, f.table, i, NOW - 1 - i);
            else if (i % 10 < 8)
                put_time(&f, f.table, i, NOW + i);
            else
                put(&f, f.table, i, "");
        }
        assert_true(expire(&f, NOW, cases[c].entries) >= cases[c].steps_least);
        assert_int_equal(database_items(&f.db, f.table), 40);
        expire(&f, NOW, cases[c].entries); /* nothing more */
        assert_int_equal(database_items(&f.db, f.table), 40);
        expire(&f, NOW + 1000, cases[c].entries);
        assert_int_equal(database_items(&f.db, f.table), 20);
        tear_down(&f);
    }
}

/* An item that is given another time between two steps, or loses it, stays; one that is put back ends. */
static void later_values_count(void **state)
{
    struct expire_cursor cursor = {0};
    struct stator_error err = {0};
    bool done = false;
    struct fixture f;

    (void)state;
    set_up(&f);
    for (int i = 0; i < 40; i++)
        put_time(&f, f.table, i, NOW - 100);
    buf_init(&cursor.after, EXPIRE_KEY_MAX);
    assert_int_equal(table_expire(&f.db, f.table, NOW, &cursor, 10, &done, &err), STATOR_OK);
    assert_int_equal(database_items(&f.db, f.table), 30);
    for (int i = 0; i < 40; i++) {
        if (i % 2 == 0)
            put_time(&f, f.table, i, NOW + 100);
        else
            put(&f, f.table, i, "");
    }
    while (!done)
        assert_int_equal(table_expire(&f.db, f.table, NOW, &cursor, 10, &done, &err), STATOR_OK);
    database_audit(&f.db, f.table);
    assert_int_equal(database_items(&f.db, f.table), 40);
    buf_deinit(&cursor.after);
    tear_down(&f);
}

/* An entry without its item, as no write leaves one: it ends nothing. */
static void a_stray_entry_ends_nothing(void **state)
{
    struct stator_error err = {0};
    struct expire_cursor cursor = {0};
    struct store_batch *batch;
    bool done = false;
    struct fixture f;
    struct buf key;

    (void)state;
    set_up(&f);
    put_time(&f, f.table, 1, NOW + 5);
    batch = store_batch_new(f.db.store);
    buf_init(&key, EXPIRE_KEY_MAX);
    expiry_bound(&key, &f.table->extras->ttl, NOW - 5);
    store_batch_put(batch, STORE_SHARD(0), buf_bytes(&key), BYTES("")); /* no key values in it */
    assert_int_equal(store_write(f.db.store, batch, true, &err), STATOR_OK);
    store_batch_free(batch);
    buf_init(&cursor.after, EXPIRE_KEY_MAX);
    assert_int_equal(table_expire(&f.db, f.table, NOW, &cursor, 10, &done, &err), STATOR_INTERNAL_SERVER_ERROR);
    assert_int_equal(table_expire(&f.db, f.table, NOW, &cursor, 10, &done, &err), STATOR_OK); /* goes on behind it */
    assert_true(done);
    assert_int_equal(database_items(&f.db, f.table), 1);
    buf_deinit(&cursor.after);
    buf_deinit(&key);
    tear_down(&f);
}

/* An entry of a time that is not its item's any more, as a reader meets it when the item was given another one meanwhile: it
 * is the item that counts, when nobody else may change it. */
static void the_item_is_looked_at_again(void **state)
{
    struct location where;
    struct fixture f;
    struct item item;
    struct buf base, key;

    (void)state;
    set_up(&f);
    buf_init(&base, EXPIRE_KEY_MAX);
    buf_init(&key, EXPIRE_KEY_MAX);
    put_time(&f, f.table, 1, NOW + 5);
    put_time(&f, f.table, 2, NOW - 5);
    put(&f, f.table, 3, "");
    put_time(&f, f.table, 4, NOW - EXPIRE_PAST_MAX_S - 5); /* too long ago to end */
    for (int i = 1; i <= 4; i++) {
        struct store_batch *batch = store_batch_new(f.db.store);
        char text[64];

        snprintf(text, sizeof(text), ITEM(S("pk", "p%d"), N("sk", "-%d.5")), i, i);
        item = item_of(text, &f.arena);
        buf_reset(&base);
        buf_reset(&key);
        assert_true(index_key(&base, &where, &f.db.ring, f.table, &f.table->base, &item));
        expiry_key(&key, &f.table->extras->ttl, NOW - 10, buf_bytes(&base));
        store_batch_put(batch, STORE_SHARD(where.shard), buf_bytes(&key), BYTES(""));
        assert_int_equal(store_write(f.db.store, batch, true, NULL), STATOR_OK);
        store_batch_free(batch);
    }
    for (int pass = 0; pass < 2; pass++) {
        struct expire_cursor cursor = {0};
        struct stator_error err = {0};
        bool done = false;

        buf_init(&cursor.after, EXPIRE_KEY_MAX);
        cursor.batch = pass == 0 ? 0 : 8;
        while (!done)
            assert_int_equal(table_expire(&f.db, f.table, NOW, &cursor, 10, &done, &err), STATOR_OK);
        assert_int_equal(cursor.deleted, pass == 0 ? 1 : 0); /* the second, though it has two entries */
        buf_deinit(&cursor.after);
        assert_int_equal(database_items(&f.db, f.table), 3);
        assert_int_equal(atomic_load(&f.table->base.state->item_count), 3);
    }
    buf_deinit(&base);
    buf_deinit(&key);
    tear_down(&f);
}

/* Two entries of one item stand next to each other: they are not deleted as two. */
static void an_item_is_deleted_once(void **state)
{
    struct expire_cursor cursor = {0};
    struct stator_error err = {0};
    struct location where;
    bool done = false;
    struct fixture f;
    struct item item;
    struct buf base, key;
    struct store_batch *batch;

    (void)state;
    set_up(&f);
    buf_init(&base, EXPIRE_KEY_MAX);
    buf_init(&key, EXPIRE_KEY_MAX);
    put_time(&f, f.table, 1, NOW - 9);
    item = item_of(ITEM(S("pk", "p1"), N("sk", "-1.5")), &f.arena);
    assert_true(index_key(&base, &where, &f.db.ring, f.table, &f.table->base, &item));
    expiry_key(&key, &f.table->extras->ttl, NOW - 10, buf_bytes(&base));
    batch = store_batch_new(f.db.store);
    store_batch_put(batch, STORE_SHARD(where.shard), buf_bytes(&key), BYTES(""));
    assert_int_equal(store_write(f.db.store, batch, true, NULL), STATOR_OK);
    store_batch_free(batch);
    buf_init(&cursor.after, EXPIRE_KEY_MAX);
    cursor.batch = 8;
    while (!done)
        assert_int_equal(table_expire(&f.db, f.table, NOW, &cursor, 10, &done, &err), STATOR_OK);
    assert_int_equal(cursor.deleted, 1);
    assert_int_equal(atomic_load(&f.table->base.state->item_count), 0);
    buf_deinit(&cursor.after);
    buf_deinit(&base);
    buf_deinit(&key);
    tear_down(&f);
}

/* Of what ended before from_s nothing is looked at. */
static void begins_where_it_is_told(void **state)
{
    struct expire_cursor cursor = {.from_s = NOW - 20};
    struct stator_error err = {0};
    bool done = false;
    struct fixture f;

    (void)state;
    set_up(&f);
    for (int i = 0; i < 40; i++)
        put_time(&f, f.table, i, NOW - 40 + i);
    buf_init(&cursor.after, EXPIRE_KEY_MAX);
    while (!done)
        assert_int_equal(table_expire(&f.db, f.table, NOW, &cursor, 7, &done, &err), STATOR_OK);
    assert_int_equal(cursor.deleted, 20);
    assert_int_equal(database_items(&f.db, f.table), 20);
    buf_deinit(&cursor.after);
    tear_down(&f);
}

/* One that cannot be done holds up none of those around it. */
static void a_damaged_item_alone_stays(void **state)
{
    struct expire_cursor cursor = {0};
    struct stator_error err = {0};
    struct location where;
    struct store_batch *batch;
    int failed = 0;
    bool done = false;
    struct fixture f;
    struct item item;
    struct buf base;

    (void)state;
    set_up(&f);
    for (int i = 0; i < 100; i++)
        put_time(&f, f.table, i, NOW - 100 + i);
    item = item_of(ITEM(S("pk", "p3"), N("sk", "-53.5")), &f.arena);
    buf_init(&base, EXPIRE_KEY_MAX);
    assert_true(index_key(&base, &where, &f.db.ring, f.table, &f.table->base, &item));
    batch = store_batch_new(f.db.store);
    store_batch_put(batch, STORE_SHARD(where.shard), buf_bytes(&base), BYTES("damaged"));
    assert_int_equal(store_write(f.db.store, batch, true, NULL), STATOR_OK);
    store_batch_free(batch);
    buf_init(&cursor.after, EXPIRE_KEY_MAX);
    for (int steps = 0; !done; steps++) {
        assert_true(steps < 100);
        failed += table_expire(&f.db, f.table, NOW, &cursor, 1000, &done, &err) != STATOR_OK;
    }
    assert_int_equal(failed, 1);
    assert_int_equal(cursor.deleted, 99);
    assert_int_equal(cursor.failed, 1);
    assert_int_equal(cursor.failed_s, NOW - 100 + 53);
    buf_deinit(&cursor.after);
    buf_deinit(&base);
    tear_down(&f);
}

static void a_superseded_version_ends_nothing(void **state)
{
    struct expire_cursor cursor = {0};
    struct stator_error err = {0};
    bool done = true;
    struct fixture f;

    (void)state;
    set_up(&f);
    put_time(&f, f.table, 1, NOW - 5);
    atomic_store(&f.table->superseded, true);
    buf_init(&cursor.after, EXPIRE_KEY_MAX);
    assert_int_equal(table_expire(&f.db, f.table, NOW, &cursor, 10, &done, &err), STATOR_OK);
    assert_false(done);
    assert_int_equal(database_items(&f.db, f.table), 1);
    buf_deinit(&cursor.after);
    tear_down(&f);
}

/* Items that were there before time to live was enabled, with writes between the steps. */
static void backfill_makes_entries(void **state)
{
    (void)state;
    for (uint32_t steps = 0; steps < 60; steps += 7) {
        struct walk cursor;
        struct stator_error err = {0};
        bool done = false;
        struct fixture f;

        set_up(&f);
        for (int i = 0; i < 50; i++)
            put_time(&f, f.plain, i, NOW - 50 + i);
        put(&f, f.plain, 50, S("exp", "x"));
        put(&f, f.plain, 51, "");
        walk_init(&cursor);
        for (uint32_t i = 0; i < steps && !done; i++)
            assert_int_equal(table_backfill(&f.db, f.table, NULL, &cursor, 1, &done, &err), STATOR_OK);
        for (int i = 0; i < 50; i += 5) {
            put_time(&f, f.table, i, NOW + i);
            put(&f, f.table, i + 1, "");
            put_time(&f, f.table, i + 2, NOW - 50 + i + 2);
        }
        while (!done)
            assert_int_equal(table_backfill(&f.db, f.table, NULL, &cursor, 4, &done, &err), STATOR_OK);
        database_audit(&f.db, f.table);
        expire(&f, NOW, 100);
        assert_int_equal(database_items(&f.db, f.table), 22);
        walk_deinit(&cursor);
        tear_down(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_ends),
        cmocka_unit_test(stored_and_parsed_agree),
        cmocka_unit_test(entries_follow_writes),
        cmocka_unit_test(passes_go_in_steps),
        cmocka_unit_test(later_values_count),
        cmocka_unit_test(a_stray_entry_ends_nothing),
        cmocka_unit_test(the_item_is_looked_at_again),
        cmocka_unit_test(an_item_is_deleted_once),
        cmocka_unit_test(begins_where_it_is_told),
        cmocka_unit_test(a_damaged_item_alone_stays),
        cmocka_unit_test(a_superseded_version_ends_nothing),
        cmocka_unit_test(backfill_makes_entries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
