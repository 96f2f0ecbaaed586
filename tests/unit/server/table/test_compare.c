/* SPDX-License-Identifier: Apache-2.0 */
#include "table/compare.h"

#include <pthread.h>

#include "format/itemcodec.h"
#include "format/keycodec.h"
#include "unit/server/database.h"
#include "unit/server/json.h"
#include "unit/server/tables.h"
#include "unit/unit.h"

#define SCHEMA "pk:S sk:N | lsi l:S | gsi g:S h:N +a | ttl exp"
#define ITEMS  60

struct fixture {
    struct database db;
    struct arena arena;
    struct table *table;
    bool mends;
    size_t told[COMPARE_DAMAGED + 1];
};

/* One in three has no entry in the global index, and one in two ends. */
static void put_item(struct fixture *f, int i)
{
    char text[256];

    snprintf(text, sizeof(text), ITEM(S("pk", "p%d"), N("sk", "%d"), S("l", "l%d"), S("a", "a"), "%s", "%s"), i % 7, i,
             i % 4, i % 3 == 0 ? S("b", "b") : S("g", "g") "," N("h", "1"),
             i % 2 == 0 ? N("exp", "1800000000") : S("c", "c"));
    database_put(&f->db, f->table, text);
}

static void set_up(struct fixture *f)
{
    *f = (struct fixture){.mends = false};
    arena_init(&f->arena, 1 << 28);
    database_open(&f->db, NULL, STORE_NONE);
    f->table = table_of(SCHEMA, &f->arena);
    for (int i = 0; i < ITEMS; i++)
        put_item(f, i);
}

static void tear_down(struct fixture *f)
{
    table_release(f->table);
    database_close(&f->db);
    arena_deinit(&f->arena);
}

/* 0: the table, 1: lsi, 2: gsi, 3: expiry. */
static const struct index *index_of(const struct fixture *f, int which)
{
    return which == 0 ? &f->table->base : which == 3 ? NULL : &f->table->indexes[which - 1];
}

struct asked {
    struct fixture *f;
    const struct index *index;
};

static enum stator_rc differs(void *context, const struct compare_difference *difference, struct stator_error *err)
{
    const struct asked *asked = context;

    asked->f->told[difference->kind]++;
    return asked->f->mends ? compare_mend(&asked->f->db, asked->index, difference, err) : STATOR_OK;
}

/* In steps of so many; what it counted is in *out. */
static void compare(struct fixture *f, int which, uint32_t keys, struct compare *out)
{
    struct asked asked = {f, index_of(f, which)};
    const struct compare_request request = {
        .table = f->table, .index = asked.index, .differs = differs, .context = &asked};
    struct stator_error err = {0};
    bool done = false;

    memset(f->told, 0, sizeof(f->told));
    compare_init(out);
    while (!done)
        if (table_compare(&f->db, out, &request, keys, &done, &err) != STATOR_OK)
            fail_msg("%s", err.message);
    compare_deinit(out);
}

static void a_sound_table(void **state)
{
    static const uint32_t steps[] = {1, 7, 10000};
    static const uint64_t entries[] = {0, ITEMS, ITEMS / 3 * 2, ITEMS / 2};
    struct fixture f;

    (void)state;
    set_up(&f);
    for (size_t s = 0; s < COUNT_OF(steps); s++)
        for (int which = 0; which < 4; which++) {
            struct compare seen;

            compare(&f, which, steps[s], &seen);
            assert_int_equal(seen.differences, 0);
            assert_int_equal(seen.items, ITEMS);
            assert_int_equal(seen.item_bytes, atomic_load(&f.table->base.state->size_bytes));
            assert_int_equal(seen.entries, entries[which]);
            if (which == 1 || which == 2)
                assert_int_equal(seen.entry_bytes, atomic_load(&index_of(&f, which)->state->size_bytes));
        }
    tear_down(&f);
}

/* --- Damage ------------------------------------------------------------------------------------------------------- */

struct entry {
    uint32_t shard;
    struct bytes key, value;
};

/* The entry number n of an index, copied. */
static struct entry entry_of(struct fixture *f, uint32_t id, int n)
{
    struct buf lower, upper;
    struct entry out = {0};

    buf_init(&lower, 64);
    buf_init(&upper, 64);
    key_append_prefix(&lower, id, 0);
    key_append_prefix(&upper, id + 1, 0);
    for (uint32_t shard = 0; shard < store_shards(f->db.store) && n >= 0; shard++) {
        struct store_iterator *it =
            store_iterator_open(f->db.store, STORE_SHARD(shard), buf_bytes(&lower), buf_bytes(&upper), NULL, STORE_ANY);

        for (store_iterator_seek_first(it); n >= 0 && store_iterator_valid(it); store_iterator_next(it), n--)
            out = (struct entry){shard, arena_copy(&f->arena, store_iterator_key(it)),
                                 arena_copy(&f->arena, store_iterator_value(it))};
        store_iterator_close(it);
    }
    buf_deinit(&lower);
    buf_deinit(&upper);
    assert_true(n < 0);
    return out;
}

/* value absent: the key is deleted. */
static void change(struct fixture *f, struct entry entry)
{
    struct store_batch *batch = store_batch_new(f->db.store);

    if (bytes_present(entry.value))
        store_batch_put(batch, STORE_SHARD(entry.shard), entry.key, entry.value);
    else
        store_batch_delete(batch, STORE_SHARD(entry.shard), entry.key);
    assert_int_equal(store_write(f->db.store, batch, true, NULL), STATOR_OK);
    store_batch_free(batch);
}

static uint32_t id_of(const struct fixture *f, int which)
{
    return which == 3 ? f->table->extras->ttl.id : index_of(f, which)->state->id;
}

/* The counters as the index is: what happened to it was never counted. */
static void count_as_it_is(struct fixture *f, int which, int64_t items, int64_t bytes)
{
    struct store_batch *batch = store_batch_new(f->db.store);
    struct index_state *state = index_of(f, which)->state;
    uint8_t key[8];

    store_batch_add(batch, catalog_counter_key(key, state->id, COUNTER_ITEMS), items);
    store_batch_add(batch, catalog_counter_key(key, state->id, COUNTER_BYTES), bytes);
    assert_int_equal(store_write(f->db.store, batch, true, NULL), STATOR_OK);
    store_batch_free(batch);
    atomic_fetch_add(&state->item_count, items);
    atomic_fetch_add(&state->size_bytes, bytes);
}

static int64_t size_of(struct entry entry)
{
    struct stored_item view;

    return bytes_present(entry.value) && stored_item_open(&view, entry.value) ? view.size_bytes : 0;
}

/* Puts `now` in the place of `was`, compares, mends, and compares again. */
static void damage(struct fixture *f, int which, struct entry was, struct entry now, enum compare_kind kind)
{
    struct compare seen;

    change(f, now);
    if (which != 3)
        count_as_it_is(f, which, bytes_present(now.value) - bytes_present(was.value), size_of(now) - size_of(was));
    for (int step = 1; step < 100; step += 30) {
        compare(f, which, (uint32_t)step, &seen);
        assert_int_equal(f->told[kind], 1);
        assert_true(seen.differences == 1 || kind == COMPARE_WRONG); /* what stands there may be another's, in excess */
    }
    f->mends = true;
    compare(f, which, 9, &seen);
    assert_int_equal(seen.differences, 1);
    compare(f, which, 9, &seen);
    assert_int_equal(seen.differences, 0);
    f->mends = false;
    database_audit(&f->db, f->table);
}

static void finds_and_mends(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    for (int which = 1; which < 4; which++)
        for (int n = 0; n < 20; n += 3) {
            struct entry entry = entry_of(&f, id_of(&f, which), n), other = entry_of(&f, id_of(&f, which), n + 1);
            struct entry nothing = {entry.shard, entry.key, {NULL, 0}}, extra = entry;
            uint8_t *key = arena_alloc(&f.arena, entry.key.len);

            damage(&f, which, entry, nothing, COMPARE_MISSING);
            if (which != 3)
                damage(&f, which, entry, (struct entry){entry.shard, entry.key, other.value}, COMPARE_WRONG);
            memcpy(key, entry.key.at, entry.key.len);
            key[KEY_PREFIX_BYTES - 1] ^= 1; /* of another token, or time */
            extra.key = bytes_of(key, entry.key.len);
            damage(&f, which, (struct entry){0}, extra, COMPARE_EXTRA);
            extra.shard = (entry.shard + 1) % store_shards(f.db.store);
            extra.key = entry.key;
            damage(&f, which, (struct entry){0}, extra, COMPARE_EXTRA);
            if (which != 3) {
                extra.value = BYTES("no item");
                damage(&f, which, (struct entry){0}, extra, COMPARE_EXTRA);
            }
        }
    tear_down(&f);
}

/* An entry whose item is gone. */
static void finds_what_is_left_over(void **state)
{
    (void)state;
    for (int which = 1; which < 4; which++) {
        struct fixture f;
        struct entry entry;

        set_up(&f);
        entry = entry_of(&f, id_of(&f, which), 0);
        for (int i = 0; i < ITEMS; i++) {
            char key[64];

            snprintf(key, sizeof(key), ITEM(S("pk", "p%d"), N("sk", "%d")), i % 7, i);
            database_delete(&f.db, f.table, key);
        }
        damage(&f, which, (struct entry){0}, entry, COMPARE_EXTRA);
        tear_down(&f);
    }
}

/* Of an item that cannot be read nobody knows what it calls for: its entries stay. */
static void damaged_items(void **state)
{
    struct entry item, moved;
    struct stator_error err;
    struct compare seen;
    struct fixture f;

    (void)state;
    set_up(&f);
    item = entry_of(&f, id_of(&f, 0), 5);
    change(&f, (struct entry){item.shard, item.key, BYTES("no item")});
    for (int which = 0; which < 4; which++) {
        compare(&f, which, 10, &seen);
        assert_int_equal(seen.differences, 1);
        assert_int_equal(f.told[COMPARE_DAMAGED], 1);
    }
    assert_int_equal(compare_mend(&f.db, index_of(&f, 1), &(struct compare_difference){.kind = COMPARE_DAMAGED}, &err),
                     STATOR_INTERNAL_SERVER_ERROR);
    change(&f, item);
    moved = item;
    moved.shard = (item.shard + 1) % store_shards(f.db.store);
    change(&f, moved);
    compare(&f, 0, 10, &seen);
    assert_int_equal(f.told[COMPARE_WRONG], 1);
    tear_down(&f);
}

/* --- Writers on other threads ------------------------------------------------------------------------------------- */

static _Atomic bool stop;

static void *write_on(void *context)
{
    struct fixture *f = context;

    for (int i = 0; !atomic_load(&stop); i++) {
        char text[256];

        snprintf(text, sizeof(text), ITEM(S("pk", "p%d"), N("sk", "%d"), S("g", "x%d"), N("h", "%d"), N("exp", "%d")),
                 i % ITEMS % 7, i % ITEMS, i % 11, i % 5, 1800000000 + i % 9);
        if (i % 4 != 3) {
            database_put(&f->db, f->table, text);
            continue;
        }
        snprintf(text, sizeof(text), ITEM(S("pk", "p%d"), N("sk", "%d")), i % ITEMS % 7, i % ITEMS);
        database_delete(&f->db, f->table, text);
    }
    return NULL;
}

static void writers_are_no_difference(void **state)
{
    pthread_t threads[2];
    struct fixture f;

    (void)state;
    set_up(&f);
    atomic_store(&stop, false);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_on, &f), 0);
    for (int round = 0; round < 40; round++)
        for (int which = 0; which < 4; which++) {
            struct compare seen;

            compare(&f, which, 1 + (uint32_t)round, &seen);
            assert_int_equal(seen.differences, 0);
        }
    atomic_store(&stop, true);
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    database_audit(&f.db, f.table);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_table),
        cmocka_unit_test(finds_and_mends),
        cmocka_unit_test(finds_what_is_left_over),
        cmocka_unit_test(damaged_items),
        cmocka_unit_test(writers_are_no_difference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
