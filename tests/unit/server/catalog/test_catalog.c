/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>

#include "catalog/catalog.h"
#include "message/message.h"

static struct store *store;

static int open_store(void **state)
{
    const struct store_options options = {.dir = NULL, .shards = 2, .durability = STORE_NONE};
    struct stator_error err;

    (void)state;
    if (store_open(&store, &options, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    return 0;
}

static int close_store(void **state)
{
    (void)state;
    store_close(store);
    return 0;
}

static struct catalog *open_catalog(void)
{
    struct catalog *catalog;
    struct stator_error err;

    if (catalog_open(&catalog, store, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    return catalog;
}

/* A version of a table with a local and a global index; the status and the indexes' presence as asked. */
static struct table *make_table(struct catalog *catalog, const char *namespace_, const char *name, bool global,
                                const struct table *previous)
{
    static const char definitions[] =
        "\"AttributeDefinitions\":[{\"AttributeName\":\"g\",\"AttributeType\":\"N\"},{\"AttributeName\":\"pk\","
        "\"AttributeType\":\"S\"},{\"AttributeName\":\"sk\",\"AttributeType\":\"B\"}],\"KeySchema\":[{"
        "\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"sk\",\"KeyType\":\"RANGE\"}],"
        "\"TableStatus\":\"ACTIVE\",\"LocalSecondaryIndexes\":[{\"IndexName\":\"local\",\"KeySchema\":[{"
        "\"AttributeName\":\"pk\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"g\",\"KeyType\":\"RANGE\"}],"
        "\"Projection\":{\"ProjectionType\":\"INCLUDE\",\"NonKeyAttributes\":[\"x\",\"y\"]},\"IndexArn\":\"arn:l\"}]";
    static const char index[] =
        ",\"GlobalSecondaryIndexes\":[{\"IndexName\":\"global\",\"KeySchema\":[{\"AttributeName\":\"g\",\"KeyType\":"
        "\"HASH\"},{\"AttributeName\":\"sk\",\"KeyType\":\"HASH\"},{\"AttributeName\":\"pk\",\"KeyType\":\"RANGE\"}],"
        "\"Projection\":{\"ProjectionType\":\"KEYS_ONLY\"},\"IndexStatus\":\"CREATING\",\"Backfilling\":true,"
        "\"IndexArn\":\"arn:g\"}]";
    struct table_source source = {.namespace_ = bytes_of_string(namespace_), .previous = previous};
    uint32_t ids[3];
    struct stator_error err;
    struct table *table;
    struct arena arena;
    char request[2048];
    void *description;

    arena_init(&arena, 1 << 20);
    snprintf(request, sizeof(request), "{\"TableName\":\"%s\",\"TableArn\":\"arn:%s\",%s%s}", name, name, definitions,
             global ? index : "");
    assert_int_equal(message_decode(&description, &shape_of_TableDescription, bytes_of_string(request), &arena, &err),
                     STATOR_OK);
    for (size_t i = 0; i < 3; i++) {
        const struct bytes names[] = {{NULL, 0}, BYTES("local"), BYTES("global")};

        ids[i] = previous != NULL ? table_id_of(previous, names[i]) : 0;
        if (ids[i] == 0)
            assert_int_equal(catalog_new_id(&ids[i], catalog, &err), STATOR_OK);
    }
    source.description = description;
    source.ids = ids;
    source.id_count = global ? 3 : 2;
    if (table_new(&table, &source, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    arena_deinit(&arena);
    return table;
}

static void put(struct catalog *catalog, const char *namespace_, const char *name)
{
    struct stator_error err;
    struct table *table;

    catalog_change_begin(catalog);
    table = make_table(catalog, namespace_, name, true, NULL);
    assert_int_equal(catalog_put(catalog, table, NULL, &err), STATOR_OK);
    catalog_change_end(catalog);
    table_release(table);
}

static void a_table_has_its_working_form(void **state)
{
    struct catalog *catalog = open_catalog();
    struct table *table;
    const struct index *local, *global;

    (void)state;
    put(catalog, "", "t");
    table = catalog_find(catalog, BYTES(""), BYTES("t"));
    assert_non_null(table);
    assert_bytes_are(table->arn, "arn:t");
    assert_int_equal(table->status, TableStatus_ACTIVE);
    assert_int_equal(table->base.key.hash[0].type, VALUE_S);
    assert_int_equal(table->base.key.range[0].type, VALUE_B);
    assert_int_equal(table->index_count, 2);
    local = table_index(table, BYTES("local"));
    global = table_index(table, BYTES("global"));
    assert_ptr_equal(local, &table->indexes[0]);
    assert_int_equal(local->kind, INDEX_LOCAL);
    assert_int_equal(local->status, IndexStatus_ACTIVE);
    assert_int_equal(local->non_key_count, 2);
    assert_bytes_are(local->non_key[1], "y");
    assert_int_equal(global->kind, INDEX_GLOBAL);
    assert_int_equal(global->status, IndexStatus_CREATING);
    assert_true(global->backfilling);
    assert_int_equal(global->key.hash_count, 2);
    assert_int_equal(global->key.range_count, 1);
    assert_int_equal(global->key.hash[1].type, VALUE_B);
    assert_null(table_index(table, BYTES("none")));
    assert_int_equal(table_key_type(table, BYTES("g")), VALUE_N);
    assert_int_equal(table_key_type(table, BYTES("x")), VALUE_ABSENT);
    assert_true(table->base.state->id != local->state->id && local->state->id != global->state->id);
    table_release(table);
    catalog_close(catalog);
}

static void names_are_listed_in_order_and_by_namespace(void **state)
{
    static const char *const names[] = {"b", "a", "B", "ab", "a.1", "zz"};
    struct catalog *catalog = open_catalog();
    struct stator_error err;
    struct arena arena;
    struct bytes *page;
    size_t count;
    bool more;

    (void)state;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(names); i++)
        put(catalog, "ns", names[i]);
    put(catalog, "nr", "x");
    put(catalog, "nsx", "y");
    assert_int_equal(catalog_count(catalog, BYTES("ns")), COUNT_OF(names));
    assert_int_equal(catalog_count(catalog, BYTES("none")), 0);
    assert_int_equal(catalog_count_all(catalog), COUNT_OF(names) + 2);
    assert_int_equal(catalog_list(catalog, BYTES("ns"), (struct bytes){NULL, 0}, 3, &page, &count, &more, &arena, &err),
                     STATOR_OK);
    assert_int_equal(count, 3);
    assert_true(more);
    assert_bytes_are(page[0], "B");
    assert_bytes_are(page[1], "a");
    assert_bytes_are(page[2], "a.1");
    assert_int_equal(catalog_list(catalog, BYTES("ns"), page[2], 3, &page, &count, &more, &arena, &err), STATOR_OK);
    assert_int_equal(count, 3);
    assert_false(more);
    assert_bytes_are(page[2], "zz");
    assert_int_equal(catalog_list(catalog, BYTES("ns"), BYTES("aa"), 1, &page, &count, &more, &arena, &err), STATOR_OK);
    assert_bytes_are(page[0], "ab");
    assert_int_equal(catalog_list(catalog, BYTES("ns"), BYTES("zzz"), 1, &page, &count, &more, &arena, &err),
                     STATOR_OK);
    assert_int_equal(count, 0);
    assert_false(more);
    arena_deinit(&arena);
    catalog_close(catalog);
}

static void a_new_version_supersedes_the_old(void **state)
{
    struct catalog *catalog = open_catalog();
    struct table *old, *next, *found;
    struct stator_error err;

    (void)state;
    put(catalog, "", "t");
    old = catalog_find(catalog, BYTES(""), BYTES("t"));
    atomic_store(&old->base.state->item_count, 42);
    catalog_change_begin(catalog);
    next = make_table(catalog, "", "t", false, old);
    assert_int_equal(catalog_put(catalog, next, NULL, &err), STATOR_OK);
    catalog_change_end(catalog);
    assert_true(atomic_load(&old->superseded));
    assert_false(atomic_load(&next->superseded));
    found = catalog_find(catalog, BYTES(""), BYTES("t"));
    assert_ptr_equal(found, next);
    assert_ptr_equal(found->state, old->state);
    assert_ptr_equal(found->base.state, old->base.state);
    assert_int_equal(atomic_load(&found->base.state->item_count), 42);
    assert_int_equal(found->index_count, 1);
    assert_non_null(table_index(old, BYTES("global"))); /* who holds it goes on with it */
    table_release(found);
    table_release(next);
    table_release(old);
    catalog_close(catalog);
}

static void removal_supersedes_too(void **state)
{
    struct catalog *catalog = open_catalog();
    struct stator_error err;
    struct table *table;

    (void)state;
    put(catalog, "", "t");
    table = catalog_find(catalog, BYTES(""), BYTES("t"));
    catalog_change_begin(catalog);
    assert_int_equal(catalog_remove(catalog, table, NULL, &err), STATOR_OK);
    catalog_change_end(catalog);
    assert_true(atomic_load(&table->superseded));
    assert_null(catalog_find(catalog, BYTES(""), BYTES("t")));
    table_release(table);
    catalog_close(catalog);
    catalog = open_catalog();
    assert_null(catalog_find(catalog, BYTES(""), BYTES("t")));
    catalog_close(catalog);
}

static void a_reopened_catalog_has_everything(void **state)
{
    struct catalog *catalog = open_catalog();
    struct store_batch *batch = store_batch_new(store);
    struct stator_error err;
    struct table *table;
    uint32_t id, highest;
    uint8_t key[8];

    (void)state;
    put(catalog, "", "t");
    put(catalog, "n/s", "t");
    table = catalog_find(catalog, BYTES("n/s"), BYTES("t"));
    id = table->base.state->id;
    highest = table->indexes[1].state->id;
    store_batch_add(batch, catalog_counter_key(key, id, COUNTER_ITEMS), 7);
    store_batch_add(batch, catalog_counter_key(key, id, COUNTER_BYTES), 700);
    assert_int_equal(store_write(store, batch, true, &err), STATOR_OK);
    store_batch_free(batch);
    table_release(table);
    catalog_close(catalog);

    catalog = open_catalog();
    table = catalog_find(catalog, BYTES("n/s"), BYTES("t"));
    assert_non_null(table);
    assert_int_equal(table->base.state->id, id);
    assert_int_equal(atomic_load(&table->base.state->item_count), 7);
    assert_int_equal(atomic_load(&table->base.state->size_bytes), 700);
    assert_int_equal(atomic_load(&table->indexes[1].state->item_count), 0);
    catalog_change_begin(catalog);
    assert_int_equal(catalog_new_id(&id, catalog, NULL), STATOR_OK);
    assert_true(id > highest); /* never used again */
    catalog_change_end(catalog);
    table_release(table);
    catalog_close(catalog);
}

static void count_one(void *context, struct table *table)
{
    assert_true(atomic_load(&table->references) >= 2);
    ++*(int *)context;
}

static void each_visits_all(void **state)
{
    struct catalog *catalog = open_catalog();
    int count = 0;

    (void)state;
    catalog_each(catalog, count_one, &count);
    assert_int_equal(count, 0);
    put(catalog, "", "a");
    put(catalog, "x", "a");
    catalog_each(catalog, count_one, &count);
    assert_int_equal(count, 2);
    catalog_close(catalog);
}

static void a_damaged_record_is_refused(void **state)
{
    static const char *const values[] = {"", "\x01", "\x02", "\x01\x01\x00\x00\x00\x09", "\x01\x63", "junk"};
    struct catalog *catalog;
    struct stator_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        struct store_batch *batch = store_batch_new(store);

        store_batch_put(batch, STORE_CATALOG, bytes_of("t\0\0x", 4), bytes_of_string(values[i]));
        assert_int_equal(store_write(store, batch, true, &err), STATOR_OK);
        store_batch_free(batch);
        assert_int_equal(catalog_open(&catalog, store, &err), STATOR_INTERNAL_SERVER_ERROR);
        assert_null(catalog);
        assert_true(strlen(err.message) > 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_table_has_its_working_form, open_store, close_store),
        cmocka_unit_test_setup_teardown(names_are_listed_in_order_and_by_namespace, open_store, close_store),
        cmocka_unit_test_setup_teardown(a_new_version_supersedes_the_old, open_store, close_store),
        cmocka_unit_test_setup_teardown(removal_supersedes_too, open_store, close_store),
        cmocka_unit_test_setup_teardown(a_reopened_catalog_has_everything, open_store, close_store),
        cmocka_unit_test_setup_teardown(each_visits_all, open_store, close_store),
        cmocka_unit_test_setup_teardown(a_damaged_record_is_refused, open_store, close_store),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
