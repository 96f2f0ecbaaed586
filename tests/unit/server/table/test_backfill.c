/* SPDX-License-Identifier: Apache-2.0 */
#include "table/backfill.h"

#include <pthread.h>

#include "plan/index.h"
#include "table/compare.h"
#include "table/write.h"
#include "unit/server/database.h"
#include "unit/server/expressions.h"
#include "unit/server/json.h"
#include "unit/server/store/temporary.h"
#include "unit/server/store/wrapped.h"
#include "unit/server/tables.h"
#include "unit/unit.h"

#define BEFORE "pk:S sk:N | lsi l:S"
#define AFTER  BEFORE " | gsi ~ g:S h:N +a"

/* The store as it is, but that one in so many writes and reads fails while `fault.every` is not 0. */
static struct {
    unsigned every, calls;
} fault;

/* The latch that must be held whenever the store is asked or written; NULL: nobody looks. */
static struct {
    struct latch_table *latches;
    uint32_t latch;
    int looks;
} held;

static bool fails(void)
{
    uint32_t latch = held.latch, busy;
    size_t count = 1;

    if (held.latches != NULL) {
        assert_false(latch_try_many(held.latches, &latch, &count, &busy));
        held.looks++;
    }
    return fault.every != 0 && fault.calls++ % fault.every == 0;
}

static enum stator_rc refuse(struct stator_error *err)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "as the test wants");
}

enum stator_rc __wrap_store_write(struct store *store, struct store_batch *batch, bool may_wait,
                                  struct stator_error *err)
{
    return fails() ? refuse(err) : __real_store_write(store, batch, may_wait, err);
}

enum stator_rc __wrap_store_get(struct store *store, uint32_t family, struct bytes key, enum store_tier tier,
                                const struct store_snapshot *snapshot, struct store_pinned *out,
                                struct stator_error *err)
{
    if (!fails())
        return __real_store_get(store, family, key, tier, snapshot, out, err);
    *out = (struct store_pinned){.slice = NULL};
    return refuse(err);
}

/* After so many looks at an iterator it has met an error, and shows nothing more; 0: it does not. */
static struct {
    int looks;
    bool broken;
} reading;

bool __wrap_store_iterator_valid(const struct store_iterator *iterator)
{
    if (reading.looks > 0 && --reading.looks == 0)
        reading.broken = true;
    return !reading.broken && __real_store_iterator_valid(iterator);
}

enum stator_rc __wrap_store_iterator_status(const struct store_iterator *iterator, struct stator_error *err)
{
    if (!reading.broken)
        return __real_store_iterator_status(iterator, err);
    reading.broken = false;
    return refuse(err);
}

struct fixture {
    struct database db;
    struct arena arena;
    struct table *before, *after;
};

static void set_up(struct fixture *f, const char *dir)
{
    arena_init(&f->arena, 1 << 28);
    database_open(&f->db, dir, STORE_NONE);
    f->before = table_of(BEFORE, &f->arena);
    f->after = table_version_of(AFTER, f->before, &f->arena);
}

static void tear_down(struct fixture *f)
{
    table_release(f->after);
    table_release(f->before);
    database_close(&f->db);
    arena_deinit(&f->arena);
}

static const struct index *new_index(const struct fixture *f)
{
    return &f->after->indexes[f->after->index_count - 1];
}

/* Items of every kind: in the index, without one of its attributes, with one that does not fit. */
static void put_items(struct fixture *f, int count)
{
    static const char *const kinds[] = {
        S("g", "x") "," N("h", "1"),
        S("g", "y") "," N("h", "2"),
        S("g", "x"),
        N("h", "3"),
        N("g", "4") "," N("h", "4"),
        S("g", "") "," N("h", "5"),
        S("b", "b"),
        S("g", "z") "," N("h", "6") ",\"i\":{\"BOOL\":true}",
    };

    for (int i = 0; i < count; i++) {
        char item[256];

        snprintf(item, sizeof(item), ITEM(S("pk", "p%d"), N("sk", "%d"), S("a", "a%d"), S("l", "l"), "%s"), i % 13, i,
                 i, kinds[i % (int)COUNT_OF(kinds)]);
        database_put(&f->db, f->before, item);
    }
}

/* Steps of so many items to the end; how many steps it took. */
static size_t fill(struct fixture *f, struct walk *cursor, uint32_t items, size_t steps_max)
{
    struct stator_error err = {0};
    bool done = false;
    size_t steps = 0;

    for (; !done && steps < steps_max; steps++)
        if (table_backfill(&f->db, f->after, new_index(f), cursor, items, &done, &err) != STATOR_OK)
            fail_msg("%s", err.message);
    return steps;
}

static void fills_in_steps(void **state)
{
    static const struct {
        int items;
        uint32_t step;
        size_t steps_least;
    } cases[] = {{0, 10, 1}, {1, 1, 2}, {100, 1, 101}, {100, 7, 15}, {100, 100000, 1}};

    (void)state;
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        struct walk cursor;
        struct fixture f;

        set_up(&f, NULL);
        put_items(&f, cases[c].items);
        walk_init(&cursor);
        assert_true(fill(&f, &cursor, cases[c].step, 100000) >= cases[c].steps_least);
        database_audit(&f.db, f.after);
        if (cases[c].items == 100)
            assert_int_equal(atomic_load(&new_index(&f)->state->item_count), 13 + 13 + 12);
        walk_deinit(&cursor);

        walk_init(&cursor); /* once more from the start: nothing changes */
        fill(&f, &cursor, cases[c].step, 100000);
        database_audit(&f.db, f.after);
        walk_deinit(&cursor);
        tear_down(&f);
    }
}

/* A step that failed is begun again at the item that it failed on: a full disk, a stall, a read error cost no entry. */
static void goes_on_where_it_failed(void **state)
{
    static const uint32_t steps[] = {1, 7, 100000};

    (void)state;
    for (size_t s = 0; s < COUNT_OF(steps); s++)
        for (unsigned every = 4; every < 12; every++) {
            struct walk cursor;
            struct stator_error err = {0};
            bool done = false;
            int failed = 0;
            struct fixture f;

            set_up(&f, NULL);
            put_items(&f, 100);
            walk_init(&cursor);
            fault.every = every;
            while (!done)
                failed += table_backfill(&f.db, f.after, new_index(&f), &cursor, steps[s], &done, &err) != STATOR_OK;
            fault.every = 0;
            assert_true(failed > 0);
            database_audit(&f.db, f.after);
            assert_int_equal(atomic_load(&new_index(&f)->state->item_count), 13 + 13 + 12);
            walk_deinit(&cursor);
            tear_down(&f);
        }
}

/* An iterator that ends for an error is at no shard's end. */
static void an_end_by_an_error_is_none(void **state)
{
    (void)state;
    for (int looks = 1; looks < 100; looks += 13) {
        struct compare_request compares = {.differs = NULL}; /* there are none */
        struct stator_error err = {0};
        struct compare compare;
        struct walk cursor;
        bool done;
        struct fixture f;

        set_up(&f, NULL);
        put_items(&f, 100);
        walk_init(&cursor);
        compare_init(&compare);
        compares.table = f.after;
        compares.index = new_index(&f);
        reading.looks = looks;
        assert_int_not_equal(table_backfill(&f.db, f.after, compares.index, &cursor, 1000, &done, &err), STATOR_OK);
        assert_false(done);
        fill(&f, &cursor, 1000, 10);
        database_audit(&f.db, f.after);
        reading.looks = looks;
        assert_int_not_equal(table_compare(&f.db, &compare, &compares, 1000, &done, &err), STATOR_OK);
        assert_false(done);
        while (!done)
            assert_int_equal(table_compare(&f.db, &compare, &compares, 1000, &done, &err), STATOR_OK);
        assert_int_equal(compare.items, 100);
        assert_int_equal(compare.differences, 0);
        compare_deinit(&compare);
        walk_deinit(&cursor);
        tear_down(&f);
    }
}

/* From the read of the item to the write of its entry nobody else may write it. */
static void holds_the_latch(void **state)
{
    (void)state;
    for (int expiry = 0; expiry < 2; expiry++) {
        struct stator_error err = {0};
        struct location where;
        struct walk walk;
        struct fixture f;
        struct item item;
        struct buf key;
        bool done;

        set_up(&f, NULL);
        if (expiry) {
            table_release(f.after);
            f.after = table_version_of(BEFORE " | ttl exp", f.before, &f.arena);
        }
        database_put(&f.db, f.before,
                     ITEM(S("pk", "p"), N("sk", "1"), S("g", "x"), N("h", "1"), N("exp", "1800000000")));
        item = item_of(ITEM(S("pk", "p"), N("sk", "1")), &f.arena);
        buf_init(&key, 1 << 16);
        assert_true(index_key(&key, &where, &f.db.ring, f.before, &f.before->base, &item));
        walk_init(&walk);
        held.latch = latch_of(f.db.latches, ring_token(buf_bytes(&key)));
        held.latches = f.db.latches;
        held.looks = 0;
        assert_int_equal(table_backfill(&f.db, f.after, expiry ? NULL : new_index(&f), &walk, 100, &done, &err),
                         STATOR_OK);
        held.latches = NULL;
        assert_int_equal(held.looks, expiry ? 2 : 3);
        database_audit(&f.db, f.after);
        walk_deinit(&walk);
        buf_deinit(&key);
        tear_down(&f);
    }
}

/* A writer that comes before, or after, the backfill of its item. */
static void writes_between_steps(void **state)
{
    (void)state;
    for (size_t steps = 0; steps < 60; steps += 3) {
        struct walk cursor;
        struct fixture f;

        set_up(&f, NULL);
        put_items(&f, 50);
        walk_init(&cursor);
        fill(&f, &cursor, 1, steps);
        for (int i = 0; i < 50; i += 5) {
            char text[256];

            snprintf(text, sizeof(text), ITEM(S("pk", "p%d"), N("sk", "%d"), S("g", "new"), N("h", "9")), i % 13, i);
            if (i % 10 == 0)
                database_put(&f.db, f.after, text);
            snprintf(text, sizeof(text), ITEM(S("pk", "p%d"), N("sk", "%d")), (i + 1) % 13, i + 1);
            database_delete(&f.db, f.after, text);
            snprintf(text, sizeof(text), ITEM(S("pk", "p%d"), N("sk", "%d")), (i + 2) % 13, i + 2);
            if (i % 10 != 0)
                database_put(&f.db, f.after, text); /* out of the index */
        }
        fill(&f, &cursor, 4, 100000);
        database_audit(&f.db, f.after);
        walk_deinit(&cursor);
        tear_down(&f);
    }
}

/* --- Writers on other threads ------------------------------------------------------------------------------------- */

#define WRITERS       3
#define WRITES_LEAST  300
#define ITEMS_CHANGED 20
#define PASSES        30

struct writer {
    struct fixture *f;
    _Atomic(struct table *) *current;
    _Atomic bool *stop;
    uint32_t seed;
    const char *trouble;
};

static uint32_t random_below(struct writer *writer, uint32_t limit)
{
    writer->seed = writer->seed * 1664525 + 1013904223;
    return (writer->seed >> 8) % limit;
}

/* One random change of one of a few items, on whatever version is current. */
static void change_one(struct writer *writer)
{
    uint32_t i = random_below(writer, ITEMS_CHANGED), kind = random_below(writer, 4);
    struct stator_error err = {0};
    struct write_result result;
    char text[256], values[128];
    struct arena arena;
    struct item item;
    bool stale = true;

    arena_init(&arena, 1 << 24);
    snprintf(text, sizeof(text), ITEM(S("pk", "p%u"), N("sk", "%u"), "%s"), i % 13, i,
             kind == 0   ? S("g", "w") "," N("h", "1")
             : kind == 1 ? S("c", "c")
                         : "");
    if (kind > 1)
        *strrchr(text, ',') = '}';
    snprintf(values, sizeof(values), ITEM(S(":g", "u%u"), N(":h", "%u"), S(":a", "u")), random_below(writer, 3), i);
    item = item_of(text, &arena);
    while (stale) {
        const struct write write = {
            .kind = kind < 2    ? WRITE_PUT
                    : kind == 2 ? WRITE_DELETE
                                : WRITE_UPDATE,
            .table = atomic_load(writer->current),
            .key = &item,
            .item = &item,
            .update = kind == 3 ? update_of("SET g = :g, h = :h, a = :a", values, &arena) : NULL,
        };

        stale = false;
        if (table_write(&writer->f->db, &write, true, &result, &arena, &err) != STATOR_OK)
            writer->trouble = "a write failed";
        else
            stale = result.stale;
        write_result_release(&result);
    }
    arena_deinit(&arena);
}

static void *write_on(void *context)
{
    struct writer *writer = context;

    for (int i = 0; i < WRITES_LEAST || !atomic_load(writer->stop); i++)
        change_one(writer);
    return NULL;
}

static void concurrent_writers(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 4; round++) {
        struct writer writers[WRITERS];
        pthread_t threads[WRITERS];
        struct walk cursor;
        _Atomic(struct table *) current;
        _Atomic bool stop;
        struct fixture f;

        set_up(&f, NULL);
        put_items(&f, 60);
        atomic_init(&current, f.before);
        atomic_init(&stop, false);
        walk_init(&cursor);
        for (uint32_t i = 0; i < WRITERS; i++) {
            writers[i] = (struct writer){.f = &f, .current = &current, .stop = &stop, .seed = 1000 * round + i};
            assert_int_equal(pthread_create(&threads[i], NULL, write_on, &writers[i]), 0);
        }
        atomic_store(&current, f.after);
        atomic_store(&f.before->superseded, true);
        latch_barrier(f.db.latches);
        for (int pass = 0; pass < PASSES; pass++) { /* over and over, to meet writers at every point */
            fill(&f, &cursor, 1 + round, 100000);
            walk_restart(&cursor);
        }
        atomic_store(&stop, true);
        for (uint32_t i = 0; i < WRITERS; i++) {
            pthread_join(threads[i], NULL);
            if (writers[i].trouble != NULL)
                fail_msg("%s", writers[i].trouble);
        }
        database_audit(&f.db, f.after);
        walk_deinit(&cursor);
        tear_down(&f);
    }
}

/* --- Erasing ------------------------------------------------------------------------------------------------------ */

static size_t entries_found(struct fixture *f, const struct index *index, int count)
{
    size_t found = 0;

    for (int i = 0; i < count; i++) {
        struct store_pinned pinned = {0};
        struct stator_error err = {0};
        struct location where;
        struct item item;
        char text[128];
        struct buf key;

        snprintf(text, sizeof(text), ITEM(S("pk", "p%d"), N("sk", "%d"), S("g", "x"), N("h", "1"), S("l", "l")), i, i);
        item = item_of(text, &f->arena);
        buf_init(&key, 1 << 16);
        assert_true(index_key(&key, &where, &f->db.ring, f->after, index, &item));
        assert_int_equal(
            store_get(f->db.store, STORE_SHARD(where.shard), buf_bytes(&key), STORE_ANY, NULL, &pinned, &err),
            STATOR_OK);
        found += bytes_present(pinned.value);
        store_release(&pinned);
        buf_deinit(&key);
    }
    return found;
}

/* Each index alone; its neighbours, with ids one less and one more, stay. In a directory also over a restart. */
static void erases_one_index(void **state)
{
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    for (int erased = 0; erased < 3; erased++) {
        const struct index *all[3];
        struct stator_error err = {0};
        struct store_batch *batch;
        struct fixture f;

        set_up(&f, erased == 1 ? dir : NULL);
        for (int i = 0; i < 20; i++) {
            char text[128];

            snprintf(text, sizeof(text), ITEM(S("pk", "p%d"), N("sk", "%d"), S("g", "x"), N("h", "1"), S("l", "l")), i,
                     i);
            database_put(&f.db, f.after, text);
        }
        batch = store_batch_new(f.db.store);
        all[0] = &f.after->base;
        all[1] = &f.after->indexes[0];
        all[2] = &f.after->indexes[1];
        table_erase(&f.db, all[erased], batch);
        assert_int_equal(store_write(f.db.store, batch, true, &err), STATOR_OK);
        store_batch_free(batch);
        if (erased == 1) {
            tear_down(&f);
            set_up(&f, dir);
            all[0] = &f.after->base;
            all[1] = &f.after->indexes[0];
            all[2] = &f.after->indexes[1];
        }
        for (int i = 0; i < 3; i++) {
            uint8_t key[8];
            int64_t items;

            assert_int_equal(entries_found(&f, all[i], 20), i == erased ? 0 : 20);
            assert_int_equal(
                store_counter(f.db.store, catalog_counter_key(key, all[i]->state->id, COUNTER_ITEMS), &items, &err),
                STATOR_OK);
            assert_int_equal(items, i == erased ? 0 : 20);
            assert_int_equal(
                store_counter(f.db.store, catalog_counter_key(key, all[i]->state->id, COUNTER_BYTES), &items, &err),
                STATOR_OK);
            assert_int_equal(items == 0, i == erased);
        }
        tear_down(&f);
    }
    temporary_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fills_in_steps),
        cmocka_unit_test(goes_on_where_it_failed),
        cmocka_unit_test(holds_the_latch),
        cmocka_unit_test(writes_between_steps),
        cmocka_unit_test(concurrent_writers),
        cmocka_unit_test(erases_one_index),
        cmocka_unit_test(an_end_by_an_error_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
