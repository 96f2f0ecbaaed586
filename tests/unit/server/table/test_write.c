/* SPDX-License-Identifier: Apache-2.0 */
#include "table/write.h"

#include "store/nowait.h"
#include "table/read.h"
#include "unit/server/database.h"
#include "unit/server/expressions.h"
#include "unit/server/json.h"
#include "unit/server/store/failing_sync.h"
#include "unit/server/store/temporary.h"
#include "unit/server/tables.h"
#include "unit/unit.h"

#define SCHEMA "pk:S sk:N | lsi l:S - | gall g:S | gkeys g:S h:N - | gincl h:N +a +b"

struct fixture {
    struct database db;
    struct arena arena;
    struct table *table;
};

static void set_up(struct fixture *f, const char *line, const char *dir)
{
    arena_init(&f->arena, 1 << 28);
    database_open(&f->db, dir, STORE_NONE);
    f->table = table_of(line, &f->arena);
}

static void tear_down(struct fixture *f)
{
    table_release(f->table);
    database_close(&f->db);
    arena_deinit(&f->arena);
}

struct case_ {
    const char *put, *update, *delete; /* one of them: an item, an update expression, a key */
    const char *key;                   /* of the update */
    const char *condition, *values;
    /* expected */
    const char *message; /* NULL: STATOR_OK */
    const char *item;    /* new_item as JSON; NULL: none */
    const char *old;     /* old.text; NULL: it did not exist */
    const char *units;   /* of each index */
    bool failed;         /* the condition */
};

static const struct item *key_of(const struct case_ *c, struct arena *arena)
{
    struct item *item = ARENA_NEW(arena, struct item);

    *item = item_of(c->put != NULL ? c->put : c->delete != NULL ? c->delete : c->key, arena);
    return item;
}

static struct write write_of(const struct fixture *f, const struct case_ *c, struct arena *arena)
{
    struct write write = {.table = f->table, .key = key_of(c, arena)};

    write.kind = c->put != NULL ? WRITE_PUT : c->delete != NULL ? WRITE_DELETE : WRITE_UPDATE;
    write.item = c->put != NULL ? write.key : NULL;
    write.condition = condition_of(c->condition, EXPR_LANGUAGE_CONDITION, c->values, arena);
    if (c->update != NULL && c->update[0] != '\0')
        write.update = update_of(c->update, c->values, arena);
    return write;
}

static void check_units(size_t number, const struct fixture *f, const struct case_ *c,
                        const struct write_result *result)
{
    char text[64] = "";
    size_t len = 0;

    for (size_t i = 0; i < f->table->index_count; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%u", i == 0 ? "" : " ", result->index_units[i]);
    if (c->units != NULL && strcmp(text, c->units) != 0)
        fail_msg("step %zu: index units are %s, not %s", number, text, c->units);
}

static void check_result(size_t number, const struct fixture *f, const struct case_ *c,
                         const struct write_result *result)
{
    struct buf json;

    buf_init(&json, 1 << 24);
    if (result->condition_failed != c->failed)
        fail_msg("step %zu: the condition %s", number, c->failed ? "holds" : "fails");
    if (result->existed != (c->old != NULL))
        fail_msg("step %zu: existed is %d", number, result->existed);
    if (c->old != NULL)
        assert_bytes_are(result->old.text, c->old);
    if (!c->failed && result->new_item.set != (c->item != NULL))
        fail_msg("step %zu: there is %s item now", number, c->item == NULL ? "an" : "no");
    if (c->item != NULL && !c->failed) {
        item_write(&json, &result->new_item);
        assert_bytes_are(buf_bytes(&json), c->item);
        assert_int_equal(result->new_bytes, item_size(&result->new_item));
    }
    check_units(number, f, c, result);
    buf_deinit(&json);
}

/* What a read finds is what the write said. */
static void check_stored(struct fixture *f, const struct case_ *c, const struct item *key)
{
    const char *expected = c->message != NULL || c->failed ? c->old : c->item;
    struct stator_error err = {0};
    struct read_result read;

    assert_int_equal(table_get(&f->db, f->table, key, true, &read, &err), STATOR_OK);
    assert_int_equal(read.exists, expected != NULL);
    if (expected != NULL)
        assert_bytes_are(read.item.text, expected);
    store_release(&read.pinned);
}

static void run_step(struct fixture *f, size_t number, const struct case_ *c)
{
    struct stator_error err = {0};
    struct write_result result;
    struct arena arena;
    struct write write;
    enum stator_rc rc;

    arena_init(&arena, 1 << 26);
    write = write_of(f, c, &arena);
    rc = table_write(&f->db, &write, true, &result, &arena, &err);
    if (c->message == NULL && rc != STATOR_OK)
        fail_msg("step %zu: %s", number, err.message);
    if (c->message == NULL) {
        check_result(number, f, c, &result);
    } else {
        assert_int_equal(rc, STATOR_VALIDATION);
        assert_string_equal(err.message, c->message);
    }
    write_result_release(&result);
    check_stored(f, c, write.key);
    arena_deinit(&arena);
    database_audit(&f->db, f->table);
}

#define KEY S("pk", "p") "," N("sk", "1")

/* One item's life; after every step the whole database is audited. */
static void life_of_an_item(void **state)
{
    static const struct case_ steps[] = {
        /* what only removes makes no item, unless it does so within something that would have to be there */
        {.key = ITEM(KEY), .update = "REMOVE a, l", .units = "0 0 0 0"},
        {.key = ITEM(KEY), .update = "REMOVE a[1], b.c", .units = "0 0 0 0"},
        {.key = ITEM(KEY), .update = "DELETE a :s", .values = ITEM("\":s\":{\"SS\":[\"x\"]}"), .units = "0 0 0 0"},
        {.key = ITEM(KEY),
         .update = "DELETE a.b :s",
         .values = ITEM("\":s\":{\"SS\":[\"x\"]}"),
         .message = "The document path provided in the update expression is invalid for update"},
        /* no index attributes: in no index */
        {.put = ITEM(KEY), .item = ITEM(KEY), .units = "0 0 0 0"},
        {.put = ITEM(KEY), .item = ITEM(KEY), .old = ITEM(KEY), .units = "0 0 0 0"},
        /* into lsi and gall */
        {.put = ITEM(S("g", "x"), S("l", "y"), KEY),
         .item = ITEM(S("g", "x"), S("l", "y"), KEY),
         .old = ITEM(KEY),
         .units = "1 1 0 0"},
        /* the same again: nothing changes in any index */
        {.put = ITEM(S("g", "x"), S("l", "y"), KEY),
         .item = ITEM(S("g", "x"), S("l", "y"), KEY),
         .old = ITEM(S("g", "x"), S("l", "y"), KEY),
         .units = "0 0 0 0"},
        /* an attribute that only gall keeps */
        {.key = ITEM(KEY),
         .update = "SET z = :z",
         .values = ITEM(N(":z", "1")),
         .item = ITEM(S("g", "x"), S("l", "y"), KEY, N("z", "1")),
         .old = ITEM(S("g", "x"), S("l", "y"), KEY),
         .units = "0 1 0 0"},
        /* moved in gall (delete and put), new in gkeys and gincl */
        {.key = ITEM(KEY),
         .update = "SET g = :g, h = :h",
         .values = ITEM(S(":g", "xx"), N(":h", "7")),
         .item = ITEM(S("g", "xx"), N("h", "7"), S("l", "y"), KEY, N("z", "1")),
         .old = ITEM(S("g", "x"), S("l", "y"), KEY, N("z", "1")),
         .units = "0 2 1 1"},
        /* kept by gincl and gall, not by the others */
        {.key = ITEM(KEY),
         .update = "SET a = :a REMOVE z",
         .values = ITEM(S(":a", "A")),
         .item = ITEM(S("a", "A"), S("g", "xx"), N("h", "7"), S("l", "y"), KEY),
         .old = ITEM(S("g", "xx"), N("h", "7"), S("l", "y"), KEY, N("z", "1")),
         .units = "0 1 0 1"},
        /* out of lsi */
        {.key = ITEM(KEY),
         .update = "REMOVE l",
         .item = ITEM(S("a", "A"), S("g", "xx"), N("h", "7"), KEY),
         .old = ITEM(S("a", "A"), S("g", "xx"), N("h", "7"), S("l", "y"), KEY),
         .units = "1 1 0 0"},
        /* a condition that fails changes nothing and tells what it saw */
        {.key = ITEM(KEY),
         .update = "SET a = :a",
         .condition = "attribute_not_exists(a)",
         .values = ITEM(S(":a", "B")),
         .failed = true,
         .old = ITEM(S("a", "A"), S("g", "xx"), N("h", "7"), KEY),
         .units = "0 0 0 0"},
        {.delete = ITEM(KEY),
         .condition = "a = :a",
         .values = ITEM(S(":a", "B")),
         .failed = true,
         .old = ITEM(S("a", "A"), S("g", "xx"), N("h", "7"), KEY),
         .units = "0 0 0 0"},
        {.put = ITEM(KEY),
         .condition = "attribute_not_exists(pk)",
         .failed = true,
         .old = ITEM(S("a", "A"), S("g", "xx"), N("h", "7"), KEY),
         .units = "0 0 0 0"},
        /* an update's failures */
        {.key = ITEM(KEY),
         .update = "SET g = :g",
         .values = ITEM(N(":g", "1")),
         .message = "The update expression attempted to update the secondary index key to unsupported type",
         .old = ITEM(S("a", "A"), S("g", "xx"), N("h", "7"), KEY)},
        {.key = ITEM(KEY),
         .update = "SET g = :g",
         .values = ITEM(S(":g", "")),
         .message = "One or more parameter values are not valid. The update expression attempted to update a secondary "
                    "index key to a value that is not supported. The AttributeValue for a key attribute cannot contain "
                    "an empty string value.",
         .old = ITEM(S("a", "A"), S("g", "xx"), N("h", "7"), KEY)},
        {.key = ITEM(KEY),
         .update = "SET n = a + :a",
         .values = ITEM(N(":a", "1")),
         .message = "An operand in the update expression has an incorrect data type",
         .old = ITEM(S("a", "A"), S("g", "xx"), N("h", "7"), KEY)},
        /* gone from everywhere; then there is nothing to delete */
        {.delete = ITEM(KEY),
         .condition = "a = :a",
         .values = ITEM(S(":a", "A")),
         .old = ITEM(S("a", "A"), S("g", "xx"), N("h", "7"), KEY),
         .units = "0 1 1 1"},
        {.delete = ITEM(KEY), .units = "0 0 0 0"},
        {.delete = ITEM(KEY), .condition = "attribute_exists(pk)", .failed = true, .units = "0 0 0 0"},
        /* an update makes an item, with no clause too */
        {.key = ITEM(KEY), .update = "", .item = ITEM(KEY), .units = "0 0 0 0"},
        {.key = ITEM(KEY), .update = "", .item = ITEM(KEY), .old = ITEM(KEY), .units = "0 0 0 0"},
        {.delete = ITEM(KEY), .old = ITEM(KEY), .units = "0 0 0 0"},
        {.key = ITEM(KEY),
         .update = "ADD h :h",
         .values = ITEM(N(":h", "2")),
         .item = ITEM(N("h", "2"), KEY),
         .units = "0 0 0 1"},
    };
    struct fixture f;

    (void)state;
    set_up(&f, SCHEMA, NULL);
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        run_step(&f, i, &steps[i]);
    tear_down(&f);
}

/* Units are of 1 KB: of the larger image in place, of both for one that moves. */
static void units_by_size(void **state)
{
    char big[4096], small[2048], values[4096];
    const struct case_ steps[] = {
        {.put = big, .item = big, .units = "3"},
        {.put = small, .item = small, .old = big, .units = "3"},
        {.put = big, .item = big, .old = small, .units = "3"},
        {.key = ITEM(S("pk", "p")),
         .update = "SET g = :g, a = :a",
         .values = values,
         .item = ITEM(S("a", "b"), S("g", "y"), S("pk", "p")),
         .old = big,
         .units = "4"},
    };
    struct fixture f;

    (void)state;
    snprintf(big, sizeof(big), ITEM(S("a", "%02500d"), S("g", "x"), S("pk", "p")), 1);
    snprintf(small, sizeof(small), ITEM(S("a", "%01500d"), S("g", "x"), S("pk", "p")), 1);
    snprintf(values, sizeof(values), ITEM(S(":g", "y"), S(":a", "b")));
    set_up(&f, "pk:S | g g:S", NULL);
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        run_step(&f, i, &steps[i]);
    tear_down(&f);
}

/* An update may leave alone what is in the item since before the index was, and is then in no index. */
static void what_is_older_than_the_index(void **state)
{
    static const char *const olds[] = {
        ITEM(N("g", "5"), S("pk", "p")),
        ITEM(S("g", ""), S("pk", "p")),
        ITEM("\"g\":{\"M\":{}}", S("pk", "p")),
    };
    char large[4096];

    (void)state;
    snprintf(large, sizeof(large), ITEM(S("g", "%02049d"), S("pk", "p")), 1);
    for (size_t i = 0; i <= COUNT_OF(olds); i++) {
        const char *old = i == COUNT_OF(olds) ? large : olds[i];
        struct table *before;
        char now[4200];
        const struct case_ put = {.put = old, .item = old};
        const struct case_ update = {.key = ITEM(S("pk", "p")),
                                     .update = "SET z = :z",
                                     .values = ITEM(N(":z", "1")),
                                     .item = now,
                                     .old = old,
                                     .units = "0"};
        const struct case_ remove = {.key = ITEM(S("pk", "p")),
                                     .update = "REMOVE g",
                                     .old = now,
                                     .item = ITEM(S("pk", "p"), N("z", "1")),
                                     .units = "0"};
        struct fixture f;

        snprintf(now, sizeof(now), "%.*s,\"z\":{\"N\":\"1\"}}", (int)strlen(old) - 1, old);
        set_up(&f, "pk:S", NULL);
        run_step(&f, 0, &put);
        before = f.table;
        f.table = table_version_of("pk:S | g g:S", before, &f.arena);
        run_step(&f, 1, &update);
        run_step(&f, 2, &remove);
        table_release(before);
        tear_down(&f);
    }
}

static enum stator_rc write_once(struct fixture *f, const struct case_ *c, bool may_wait, struct write_result *result,
                                 struct stator_error *err)
{
    struct write write = write_of(f, c, &f->arena);

    return table_write(&f->db, &write, may_wait, result, &f->arena, err);
}

static const struct case_ put_one = {.put = ITEM(S("g", "x"), KEY)};

static void superseded_versions_do_nothing(void **state)
{
    struct stator_error err = {0};
    struct write_result result;
    struct fixture f;

    (void)state;
    set_up(&f, SCHEMA, NULL);
    atomic_store(&f.table->superseded, true);
    assert_int_equal(write_once(&f, &put_one, true, &result, &err), STATOR_OK);
    assert_true(result.stale);
    write_result_release(&result);
    assert_int_equal(database_items(&f.db, f.table), 0);
    atomic_store(&f.table->superseded, false);
    assert_int_equal(write_once(&f, &put_one, true, &result, &err), STATOR_OK);
    assert_false(result.stale);
    write_result_release(&result);
    database_audit(&f.db, f.table);
    assert_int_equal(database_items(&f.db, f.table), 1);
    tear_down(&f);
}

/* Writes of one table, independent of each other: a condition that fails hinders no other. */
static void many_at_once(void **state)
{
    static const struct case_ cases[] = {
        {.put = ITEM(S("g", "x"), S("l", "y"), S("pk", "p"), N("sk", "2"))},
        {.put = ITEM(S("g", "x"), S("pk", "q"), N("sk", "1")), .condition = "attribute_exists(pk)", .failed = true},
        {.key = ITEM(KEY), .update = "SET g = :g", .values = ITEM(S(":g", "z")), .old = ITEM(S("g", "x"), KEY)},
        {.delete = ITEM(S("pk", "absent"), N("sk", "1"))},
    };
    struct write writes[COUNT_OF(cases)];
    struct write_result results[COUNT_OF(cases)] = {0};
    struct write_series series = {.writes = writes, .results = results, .count = COUNT_OF(cases)};
    struct stator_error err = {0};
    struct fixture f;

    (void)state;
    set_up(&f, SCHEMA, NULL);
    database_put(&f.db, f.table, ITEM(S("g", "x"), KEY));
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        writes[i] = write_of(&f, &cases[i], &f.arena);

    atomic_store(&f.table->superseded, true);
    assert_int_equal(table_write_part(&f.db, &series, WAIT_ALL, &f.arena, &err), STATOR_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_true(results[i].stale);
        write_result_release(&results[i]);
    }
    assert_int_equal(database_items(&f.db, f.table), 1);

    atomic_store(&f.table->superseded, false);
    assert_int_equal(table_write_part(&f.db, &series, WAIT_ALL, &f.arena, &err), STATOR_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_false(results[i].stale);
        assert_int_equal(results[i].condition_failed, cases[i].failed);
        assert_int_equal(results[i].existed, cases[i].old != NULL);
        write_result_release(&results[i]);
    }
    assert_int_equal(database_items(&f.db, f.table), 2);
    database_audit(&f.db, f.table);
    tear_down(&f);
}

/* The error of one leaves none of them stored. */
static void many_or_none(void **state)
{
    static const struct case_ cases[] = {
        {.put = ITEM(S("g", "x"), S("pk", "q"), N("sk", "1"))},
        {.key = ITEM(KEY), .update = "SET g = :g", .values = ITEM(N(":g", "1"))},
    };
    struct write writes[COUNT_OF(cases)];
    struct write_result results[COUNT_OF(cases)] = {0};
    struct write_series series = {.writes = writes, .results = results, .count = COUNT_OF(cases)};
    struct stator_error err = {0};
    struct fixture f;

    (void)state;
    set_up(&f, SCHEMA, NULL);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        writes[i] = write_of(&f, &cases[i], &f.arena);
    assert_int_equal(table_write_part(&f.db, &series, WAIT_ALL, &f.arena, &err), STATOR_VALIDATION);
    assert_int_equal(series.done, 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        write_result_release(&results[i]);
    assert_int_equal(database_items(&f.db, f.table), 0);
    database_audit(&f.db, f.table);
    tear_down(&f);
}

#define LONG_ITEMS 8
#define LONG_BYTES ((size_t)300 * 1024)

/* Puts of long items, and who else could write them while the first part was being stored. */
struct parts {
    struct fixture f;
    struct write writes[LONG_ITEMS];
    struct write_result results[LONG_ITEMS];
    size_t held_first, held_rest;
};

static const char *long_json(size_t i, size_t bytes, struct arena *arena)
{
    char *json = arena_alloc(arena, bytes + 100);
    int len = sprintf(json, "{\"pk\":{\"S\":\"%zu\"},\"sk\":{\"N\":\"1\"},\"d\":{\"S\":\"", i);

    memset(json + len, 'x', bytes);
    strcpy(json + len + bytes, "\"}}");
    return json;
}

static const struct item *long_item(size_t i, size_t bytes, struct arena *arena)
{
    struct item *item = ARENA_NEW(arena, struct item);

    *item = item_of(long_json(i, bytes, arena), arena);
    return item;
}

static enum stator_rc try_others(void *context, struct stator_error *err)
{
    struct parts *p = context;

    for (size_t i = 0; i < LONG_ITEMS; i++) {
        struct write delete = {.kind = WRITE_DELETE, .table = p->f.table, .key = p->writes[i].key};
        struct write_result result;
        enum stator_rc rc = table_write(&p->f.db, &delete, WAIT_DISK, &result, &p->f.arena, err);

        write_result_release(&result);
        *(i < 4 ? &p->held_first : &p->held_rest) += rc == STATOR_AGAIN;
    }
    return STATOR_OK;
}

/* A series is stored in parts of about 1 MiB, and others may write what is not of the part. */
static void parts_of_a_series(void **state)
{
    struct parts *p = calloc(1, sizeof(*p));
    struct write_series series = {.writes = p->writes, .results = p->results, .count = LONG_ITEMS};
    struct stator_error err = {0};

    (void)state;
    set_up(&p->f, SCHEMA, NULL);
    for (size_t i = 0; i < LONG_ITEMS; i++) {
        const struct item *item = long_item(i, LONG_BYTES, &p->f.arena);

        p->writes[i] = (struct write){.kind = WRITE_PUT, .table = p->f.table, .key = item, .item = item};
    }
    p->writes[0].before_commit = try_others;
    p->writes[0].context = p;
    assert_int_equal(table_write_part(&p->f.db, &series, WAIT_DISK, &p->f.arena, &err), STATOR_OK);
    assert_int_equal(series.done, 4);
    assert_int_equal(p->held_first, 4);
    assert_true(p->held_rest < LONG_ITEMS - 4); /* one may share its stripe with one of the part */
    assert_int_equal(database_items(&p->f.db, p->f.table), 4);
    assert_int_equal(table_write_part(&p->f.db, &series, WAIT_DISK, &p->f.arena, &err), STATOR_OK);
    assert_int_equal(series.done, LONG_ITEMS);
    for (size_t i = 0; i < LONG_ITEMS; i++)
        write_result_release(&p->results[i]);
    assert_int_equal(database_items(&p->f.db, p->f.table), LONG_ITEMS);
    database_audit(&p->f.db, p->f.table);
    tear_down(&p->f);
    free(p);
}

/* A loop leaves what makes a large batch to a worker. */
static void no_large_write_on_a_loop(void **state)
{
    struct stator_error err = {0};
    struct write_result result;
    struct write write;
    struct fixture f;

    (void)state;
    set_up(&f, SCHEMA, NULL);
    write = (struct write){.kind = WRITE_PUT, .table = f.table, .item = long_item(1, LONG_BYTES, &f.arena)};
    write.key = write.item;
    assert_int_equal(table_write(&f.db, &write, WAIT_NOT, &result, &f.arena, &err), STATOR_AGAIN);
    assert_int_equal(result.busy, 0);
    write_result_release(&result);
    assert_int_equal(database_items(&f.db, f.table), 0);
    assert_int_equal(table_write(&f.db, &write, WAIT_DISK, &result, &f.arena, &err), STATOR_OK);
    write_result_release(&result);
    assert_int_equal(database_items(&f.db, f.table), 1);
    tear_down(&f);
}

/* Whatever allocation fails, the write is not done; the step that needs no more does it. */
static void memory_ends(void **state)
{
    static const struct case_ steps[] = {
        {.put = ITEM(S("a", "1"), S("g", "x"), N("h", "1"), KEY), .condition = "attribute_not_exists(pk)"},
        {.key = ITEM(KEY),
         .update = "SET a = list_append(:l, :l), g = :g",
         .condition = "a = :a AND size(g) > :n",
         .values = ITEM("\":l\":{\"L\":[{\"S\":\"q\"}]}", S(":g", "y"), S(":a", "1"), N(":n", "0"))},
        {.delete = ITEM(KEY), .condition = "attribute_exists(a[1])"},
    };
    struct fixture f;

    (void)state;
    set_up(&f, SCHEMA, NULL);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct write write = write_of(&f, &steps[i], &f.arena);
        size_t before = database_items(&f.db, f.table), refused = 0;
        enum stator_rc rc = STATOR_NO_MEMORY;

        for (size_t max = 0; rc != STATOR_OK; max += 8) {
            struct stator_error err = {0};
            struct write_result result;
            struct arena arena;

            arena_init(&arena, max);
            rc = table_write(&f.db, &write, true, &result, &arena, &err);
            if (rc == STATOR_OK)
                assert_false(result.condition_failed);
            else
                assert_int_equal(rc, STATOR_NO_MEMORY);
            write_result_release(&result);
            arena_deinit(&arena);
            if (rc != STATOR_OK)
                assert_int_equal(database_items(&f.db, f.table), before);
            refused += rc != STATOR_OK;
            database_audit(&f.db, f.table);
        }
        assert_true(refused > 3);
    }
    tear_down(&f);
}

/* On a loop a write of what is not in memory gives way, with nothing done; on a worker it goes through. */
static void gives_way_to_the_disk(void **state)
{
    static const struct case_ steps[] = {
        {.put = ITEM(S("g", "y"), KEY)},
        {.key = ITEM(KEY), .update = "SET g = :g", .values = ITEM(S(":g", "z"))},
        {.delete = ITEM(KEY)},
    };
    char dir[64];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        struct stator_error err = {0};
        struct write_result result;
        struct fixture f;
        uint8_t key[8];
        int64_t items;

        assert_non_null(temporary_make(dir));
        set_up(&f, SCHEMA, dir);
        assert_int_equal(write_once(&f, &put_one, true, &result, &err), STATOR_OK);
        write_result_release(&result);
        tear_down(&f);

        set_up(&f, SCHEMA, dir); /* what is flushed to a file is in no cache now */
        assert_int_equal(store_counter(f.db.store, catalog_counter_key(key, 1, COUNTER_ITEMS), &items, &err),
                         STATOR_OK);
        assert_int_equal(items, 1);
        assert_int_equal(write_once(&f, &steps[i], false, &result, &err), STATOR_AGAIN);
        write_result_release(&result);
        assert_int_equal(database_items(&f.db, f.table), 1);
        assert_int_equal(atomic_load(&f.table->base.state->item_count), 0); /* nothing published */
        assert_int_equal(write_once(&f, &steps[i], true, &result, &err), STATOR_OK);
        assert_true(result.existed);
        write_result_release(&result);
        assert_int_equal(database_items(&f.db, f.table), steps[i].delete == NULL);
        tear_down(&f);
        temporary_remove(dir);
    }
}

/* A quick job may read some items from the disk: one that needs many gives way, before it holds a latch. */
static void pays_for_the_disk(void **state)
{
    struct expr_budget quick = {3 * READ_DISK_COST, true, NULL}, slow = {3 * READ_DISK_COST, false, NULL};
    struct write writes[8];
    struct write_result results[8] = {0};
    struct stator_error err = {0};
    struct fixture f;
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    set_up(&f, SCHEMA, dir);
    for (size_t i = 0; i < 8; i++)
        database_put(&f.db, f.table, long_json(i, 5000, &f.arena));
    tear_down(&f);
    set_up(&f, SCHEMA, dir);
    for (int n = 0; n < 3; n++) {
        struct write_series series = {.writes = writes, .results = results, .count = n == 0 ? 2 : 8};

        for (size_t i = 0; i < 8; i++)
            writes[i] = (struct write){.kind = WRITE_CHECK,
                                       .table = f.table,
                                       .key = long_item(i, 5000, &f.arena),
                                       .budget = n < 2 ? &quick : &slow};
        nowait_set_cold(true);
        assert_int_equal(table_write_part(&f.db, &series, WAIT_DISK, &f.arena, &err),
                         n == 1 ? STATOR_AGAIN : STATOR_OK);
        nowait_set_cold(false);
        assert_int_equal(results[0].busy, 0);
        quick.left = 3 * READ_DISK_COST;
        for (size_t i = 0; i < 8; i++)
            write_result_release(&results[i]);
    }
    tear_down(&f);
    temporary_remove(dir);
}

/* A write's answer waits for an epoch that is not reached before the next sync; so does what reads it. */
static void epochs_of_results(void **state)
{
    const struct case_ failing = {.put = ITEM(KEY), .condition = "attribute_not_exists(pk)"};
    struct stator_error err = {0};
    struct write_result result;
    struct read_result read;
    uint64_t written;
    struct fixture f;
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    arena_init(&f.arena, 1 << 24);
    database_open(&f.db, dir, STORE_FULL);
    f.table = table_of(SCHEMA, &f.arena);
    durable_seen_begin(0, NULL);
    assert_int_equal(write_once(&f, &put_one, true, &result, &err), STATOR_OK);
    written = durable_seen();
    assert_false(durability_reached(f.db.durability, written));
    durable_seen_begin(0, NULL);
    durable_mark_look(&f.table->state->mark, f.db.durability);
    assert_true(durable_seen() >= written);
    write_result_release(&result);

    durable_seen_begin(0, NULL);
    assert_int_equal(write_once(&f, &failing, true, &result, &err), STATOR_OK);
    assert_true(result.condition_failed);
    assert_true(durable_seen() >= written); /* it tells of the write before */
    write_result_release(&result);

    struct item key = item_of(ITEM(KEY), &f.arena);
    durable_seen_begin(0, NULL);
    assert_int_equal(table_get(&f.db, f.table, &key, true, &read, &err), STATOR_OK);
    assert_true(read.exists && durable_seen() >= written);
    store_release(&read.pinned);
    assert_int_equal(durability_wait(f.db.durability, durable_seen(), &err), STATOR_OK);
    assert_true(durability_reached(f.db.durability, written));
    tear_down(&f);
    temporary_remove(dir);
}

/* An index of the most key attributes, all of them as long as they may be and of bytes that need an escape. */
static void longest_index_key(void **state)
{
    static const char schema[] = "pk:B sk:B | g a:B b:B c:B d:B";
    static const struct {
        const char *name;
        size_t bytes;
    } parts[] = {{"a", 2048}, {"b", 1024}, {"c", 1024}, {"d", 1024}, {"pk", 2048}, {"sk", 1024}};
    struct attribute attributes[COUNT_OF(parts)];
    struct stator_error err = {0};
    struct write_result result;
    struct fixture f;

    (void)state;
    set_up(&f, schema, NULL);
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        attributes[i] = (struct attribute){
            .name = bytes_of_string(parts[i].name),
            .value = {.type = VALUE_B, .text = bytes_of(arena_calloc(&f.arena, 1, parts[i].bytes), parts[i].bytes)},
        };
    const struct item item = {.attributes = attributes, .count = COUNT_OF(parts), .set = true};
    const struct write write = {.kind = WRITE_PUT, .table = f.table, .key = &item, .item = &item};
    assert_int_equal(table_write(&f.db, &write, true, &result, &f.arena, &err), STATOR_OK);
    assert_int_equal(result.index_units[0], 9);
    write_result_release(&result);
    database_audit(&f.db, f.table);
    assert_int_equal(atomic_load(&f.table->indexes[0].state->item_count), 1);
    tear_down(&f);
}

/* The newest epoch that a reader of any item, or of the table, would wait for. */
static uint64_t newest_seen(const struct fixture *f)
{
    durable_seen_begin(0, NULL);
    for (uint32_t i = 0; i < LATCH_COUNT; i++)
        durable_mark_look(latch_mark(f->db.latches, i), f->db.durability);
    durable_mark_look(&f->table->state->mark, f->db.durability);
    return durable_seen();
}

/* Nothing was written: no sync will come that a reader could wait for. */
static void a_write_that_is_refused_keeps_no_reader_waiting(void **state)
{
    struct stator_error err;
    struct write_result result;
    struct fixture f;
    struct item item;
    char dir[64];

    (void)state;
    set_up(&f, SCHEMA, temporary_make(dir));
    database_close(&f.db);
    database_open(&f.db, dir, STORE_FULL);
    item = item_of("{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"1\"}}", &f.arena);
    const struct write write = {.kind = WRITE_PUT, .table = f.table, .key = &item, .item = &item};

    database_put(&f.db, f.table, "{\"pk\":{\"S\":\"p\"},\"sk\":{\"N\":\"1\"}}");
    assert_int_equal(durability_wait(f.db.durability, newest_seen(&f), &err), STATOR_OK);
    syncs_fail = true;
    assert_int_not_equal(store_sync(f.db.store, NULL), STATOR_OK);
    assert_int_equal(table_write(&f.db, &write, true, &result, &f.arena, &err), STATOR_INTERNAL_SERVER_ERROR);
    write_result_release(&result);
    assert_true(durability_reached(f.db.durability, newest_seen(&f)));
    tear_down(&f);
    syncs_fail = false;
    temporary_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(life_of_an_item),
        cmocka_unit_test(units_by_size),
        cmocka_unit_test(what_is_older_than_the_index),
        cmocka_unit_test(superseded_versions_do_nothing),
        cmocka_unit_test(many_at_once),
        cmocka_unit_test(many_or_none),
        cmocka_unit_test(parts_of_a_series),
        cmocka_unit_test(no_large_write_on_a_loop),
        cmocka_unit_test(memory_ends),
        cmocka_unit_test(gives_way_to_the_disk),
        cmocka_unit_test(pays_for_the_disk),
        cmocka_unit_test(epochs_of_results),
        cmocka_unit_test(longest_index_key),
        cmocka_unit_test(a_write_that_is_refused_keeps_no_reader_waiting),
    };

    nowait_set_cold(true); /* what a test has just written, the system has in memory */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
