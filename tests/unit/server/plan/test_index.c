/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/index.h"

#include "format/keycodec.h"
#include "unit/server/json.h"
#include "unit/server/tables.h"
#include "unit/unit.h"

#define SCHEMA "pk:S sk:N | lsi l:B - | gall g:S | gkeys g:S h:N - | gincl h:N +a +b | gself sk:N pk:S -"

struct fixture {
    struct arena arena;
    struct ring ring;
    struct table *table;
};

static void set_up(struct fixture *f)
{
    arena_init(&f->arena, 1 << 24);
    assert_int_equal(ring_init(&f->ring, 4, NULL), STATOR_OK);
    f->table = table_of(SCHEMA, &f->arena);
}

static void tear_down(struct fixture *f)
{
    table_release(f->table);
    ring_deinit(&f->ring);
    arena_deinit(&f->arena);
}

static const struct index *index_named(const struct table *table, const char *name)
{
    return name == NULL ? &table->base : table_index(table, bytes_of_string(name));
}

#define KEY S("pk", "p") "," N("sk", "1")

/* Reads the parts that a key should have, in this order, out of its bytes. */
static void check_parts(struct fixture *f, struct bytes key, const struct item *item, const char *parts)
{
    key = bytes_of(key.at + KEY_PREFIX_BYTES, key.len - KEY_PREFIX_BYTES);
    while (*parts != '\0') {
        size_t len = strcspn(parts, " ");
        const struct value *expected = item_find(item, bytes_of(parts, len));
        struct value value;

        assert_non_null(expected);
        assert_true(key_read_value(&value, expected->type, &key, &f->arena));
        assert_true(value_equal(&value, expected));
        parts += len + (parts[len] == ' ');
    }
    assert_int_equal(key.len, 0);
}

static void keys(void **state)
{
    static const struct {
        const char *index, *item, *parts; /* parts NULL: the item is not in the index */
    } cases[] = {
        {NULL, ITEM(KEY), "pk sk"},
        {NULL, ITEM(S("a", "x"), KEY), "pk sk"},
        {NULL, ITEM(S("pk", "p")), NULL},
        {NULL, ITEM(S("pk", "p"), S("sk", "1")), NULL},
        {NULL, ITEM(S("pk", ""), N("sk", "1")), NULL},
        {"lsi", ITEM("\"l\":{\"B\":\"AAE=\"}", KEY), "pk l sk"},
        {"lsi", ITEM("\"l\":{\"B\":\"\"}", KEY), NULL},
        {"lsi", ITEM(S("l", "x"), KEY), NULL},
        {"lsi", ITEM(KEY), NULL},
        {"gall", ITEM(S("g", "x"), KEY), "g pk sk"},
        {"gall", ITEM(S("g", ""), KEY), NULL},
        {"gall", ITEM("\"g\":{\"SS\":[\"x\"]}", KEY), NULL},
        {"gall", ITEM("\"g\":{\"NULL\":true}", KEY), NULL},
        {"gkeys", ITEM(S("g", "x"), N("h", "-2"), KEY), "g h pk sk"},
        {"gkeys", ITEM(S("g", "x"), KEY), NULL},
        {"gkeys", ITEM(N("h", "-2"), KEY), NULL},
        {"gself", ITEM(KEY), "sk pk pk sk"},
    };
    struct fixture f;

    (void)state;
    set_up(&f);
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        const struct index *index = index_named(f.table, cases[c].index);
        struct item item = item_of(cases[c].item, &f.arena);
        struct location where;
        struct buf key, prefix;
        bool in;

        buf_init(&key, KEY_BYTES_MAX);
        buf_init(&prefix, KEY_BYTES_MAX);
        in = index_key(&key, &where, &f.ring, f.table, index, &item);
        if (in != (cases[c].parts != NULL))
            fail_msg("case %zu: the item is %s the index", c, in ? "in" : "not in");
        if (in) {
            assert_int_equal(read_be32(key.at), index->state->id);
            assert_true(read_be64(key.at + 4) == where.token);
            assert_int_equal(where.shard, ring_shard(&f.ring, where.token));
            check_parts(&f, buf_bytes(&key), &item, cases[c].parts);
            assert_true(index_hash_prefix(&prefix, &where, &f.ring, index, &item));
            assert_true(bytes_starts_with(buf_bytes(&key), buf_bytes(&prefix)));
        }
        buf_deinit(&key);
        buf_deinit(&prefix);
    }
    tear_down(&f);
}

/* Entries of a local index lie with their items: one shard has the whole collection. */
static void local_entries_lie_with_their_items(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f);
    for (int i = 0; i < 100; i++) {
        struct location base, local;
        struct item item;
        char text[128];
        struct buf key;

        snprintf(text, sizeof(text), ITEM("\"l\":{\"B\":\"AA==\"}", S("pk", "p%d"), N("sk", "%d")), i, i);
        item = item_of(text, &f.arena);
        buf_init(&key, KEY_BYTES_MAX);
        assert_true(index_key(&key, &base, &f.ring, f.table, &f.table->base, &item));
        assert_true(index_key(&key, &local, &f.ring, f.table, index_named(f.table, "lsi"), &item));
        assert_true(base.token == local.token && base.shard == local.shard);
        buf_deinit(&key);
    }
    tear_down(&f);
}

static void a_full_buffer_gives_no_key(void **state)
{
    struct location where;
    struct fixture f;
    struct item item;

    (void)state;
    set_up(&f);
    item = item_of(ITEM(S("g", "x"), N("h", "1"), KEY), &f.arena);
    for (size_t i = 0; i < 32; i++) {
        struct buf key;
        bool good;

        buf_init(&key, i);
        good = index_key(&key, &where, &f.ring, f.table, index_named(f.table, "gkeys"), &item);
        assert_true(good != key.failed);
        buf_deinit(&key);
    }
    tear_down(&f);
}

static void projections(void **state)
{
    static const struct {
        const char *index, *kept; /* of the item below */
    } cases[] = {
        {NULL, "a b c g h l pk sk"}, {"lsi", "l pk sk"},       {"gall", "a b c g h l pk sk"},
        {"gkeys", "g h pk sk"},      {"gincl", "a b h pk sk"}, {"gself", "pk sk"},
    };
    static const char text[] = "{\"a\":{\"L\":[]},\"b\":{\"M\":{\"c\":{\"S\":\"\"}}},\"c\":{\"BOOL\":true}," S(
        "g", "x") "," N("h", "1") ",\"l\":{\"B\":\"AA==\"}," KEY "}";
    struct fixture f;

    (void)state;
    set_up(&f);
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        const struct index *index = index_named(f.table, cases[c].index);
        struct item item = item_of(text, &f.arena), projected;
        char kept[128] = "", keeps[128] = "";

        assert_true(index_project(&projected, f.table, index, &item, &f.arena));
        assert_true(projected.set);
        for (size_t i = 0; i < projected.count; i++) {
            const struct attribute *one = &projected.attributes[i];

            snprintf(kept + strlen(kept), sizeof(kept) - strlen(kept), "%s%.*s", i == 0 ? "" : " ",
                     BYTES_ARG(one->name));
            assert_true(value_equal(&one->value, item_find(&item, one->name)));
        }
        for (size_t i = 0; i < item.count; i++)
            if (index_keeps(f.table, index, item.attributes[i].name))
                snprintf(keeps + strlen(keeps), sizeof(keeps) - strlen(keeps), "%s%.*s", keeps[0] == '\0' ? "" : " ",
                         BYTES_ARG(item.attributes[i].name));
        assert_string_equal(kept, cases[c].kept);
        assert_string_equal(keeps, cases[c].kept);
        assert_int_equal(index_keeps(f.table, index, BYTES("other")), index->projection == ProjectionType_ALL);
    }
    tear_down(&f);
}

static void no_memory_for_a_projection(void **state)
{
    struct item item, projected;
    struct arena none;
    struct fixture f;

    (void)state;
    set_up(&f);
    item = item_of(ITEM(S("g", "x"), KEY), &f.arena);
    arena_init(&none, 8);
    assert_false(index_project(&projected, f.table, index_named(f.table, "gkeys"), &item, &none));
    assert_true(index_project(&projected, f.table, index_named(f.table, "gall"), &item, &none)); /* takes none */
    arena_deinit(&none);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(local_entries_lie_with_their_items),
        cmocka_unit_test(a_full_buffer_gives_no_key),
        cmocka_unit_test(projections),
        cmocka_unit_test(no_memory_for_a_projection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
