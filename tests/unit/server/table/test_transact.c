/* SPDX-License-Identifier: Apache-2.0 */
#include "table/transact.h"

#include "store/nowait.h"
#include "unit/server/database.h"
#include "unit/server/expressions.h"
#include "unit/server/json.h"
#include "unit/server/store/temporary.h"
#include "unit/server/store/wrapped.h"
#include "unit/server/tables.h"
#include "unit/unit.h"

#define COUNT_MAX 4

/* Before the n-th read of the store from now on `change` is called. */
static struct {
    int left;
    void (*change)(void *context);
    void *context;
} meanwhile;

enum stator_rc __wrap_store_get(struct store *store, uint32_t family, struct bytes key, enum store_tier tier,
                                const struct store_snapshot *snapshot, struct store_pinned *out,
                                struct stator_error *err)
{
    if (meanwhile.left != 0 && --meanwhile.left == 0)
        meanwhile.change(meanwhile.context);
    return __real_store_get(store, family, key, tier, snapshot, out, err);
}

struct fixture {
    struct database db;
    struct arena arena;
    struct table *one, *two; /* of the same form */
};

static void set_up_in(struct fixture *f, const char *dir)
{
    arena_init(&f->arena, 1 << 28);
    database_open(&f->db, dir, STORE_NONE);
    f->one = table_of("pk:S | gsi g:S", &f->arena);
    f->two = table_numbered("pk:S | gsi g:S", 10, NULL, &f->arena);
}

static void set_up(struct fixture *f)
{
    set_up_in(f, NULL);
}

static void close_fixture(struct fixture *f)
{
    table_release(f->one);
    table_release(f->two);
    database_close(&f->db);
    arena_deinit(&f->arena);
}

static void tear_down(struct fixture *f)
{
    database_audit(&f->db, f->one);
    database_audit(&f->db, f->two);
    close_fixture(f);
}

static const struct item *parsed(struct fixture *f, const char *json)
{
    struct item *item = ARENA_NEW(&f->arena, struct item);

    *item = item_of(json, &f->arena);
    return item;
}

static struct write put(struct fixture *f, const struct table *table, const char *json, const char *condition)
{
    const struct item *item = parsed(f, json);

    return (struct write){.kind = WRITE_PUT,
                          .table = table,
                          .key = item,
                          .item = item,
                          .condition = condition_of(condition, EXPR_LANGUAGE_CONDITION, NULL, &f->arena)};
}

static struct write change(struct fixture *f, const struct table *table, const char *key, const char *update,
                           const char *values)
{
    return (struct write){.kind = WRITE_UPDATE,
                          .table = table,
                          .key = parsed(f, key),
                          .update = update_of(update, values, &f->arena),
                          .flat = true};
}

static struct write without(struct fixture *f, enum write_kind kind, const struct table *table, const char *key,
                            const char *condition)
{
    return (struct write){.kind = kind,
                          .table = table,
                          .key = parsed(f, key),
                          .condition = condition_of(condition, EXPR_LANGUAGE_CONDITION, NULL, &f->arena)};
}

/* A transaction and what it needs. */
struct run {
    struct write writes[COUNT_MAX];
    struct write_result results[COUNT_MAX];
    struct stator_error reasons[COUNT_MAX];
    struct transact_write transact;
    struct stator_error err;
    enum stator_rc rc;
};

static void run_with(struct run *run, struct fixture *f, size_t count, bool may_wait)
{
    run->transact.writes = run->writes;
    run->transact.results = run->results;
    run->transact.reasons = run->reasons;
    run->transact.count = count;
    run->rc = table_transact_write(&f->db, &run->transact, may_wait, &f->arena, &run->err);
    for (size_t i = 0; i < count; i++)
        write_result_release(&run->results[i]);
}

static void run(struct run *r, struct fixture *f, size_t count)
{
    run_with(r, f, count, true);
}

static void expect_item(struct fixture *f, const struct table *table, const char *key, const char *expected)
{
    struct stator_error err = {0};
    struct read_result read;

    assert_int_equal(table_get(&f->db, table, parsed(f, key), true, &read, &err), STATOR_OK);
    assert_int_equal(read.exists, expected != NULL);
    if (expected != NULL)
        assert_bytes_are(read.item.text, expected);
    store_release(&read.pinned);
}

static void all_kinds_at_once(void **state)
{
    struct fixture f;
    struct run r = {0};

    (void)state;
    set_up(&f);
    database_put(&f.db, f.one, ITEM(S("g", "x"), N("n", "1"), S("pk", "b")));
    database_put(&f.db, f.two, ITEM(S("g", "x"), S("pk", "c")));
    database_put(&f.db, f.two, ITEM(S("pk", "d")));
    r.writes[0] = put(&f, f.one, ITEM(S("g", "y"), S("pk", "a")), "attribute_not_exists(pk)");
    r.writes[1] = change(&f, f.one, ITEM(S("pk", "b")), "SET n = n + :v", ITEM(N(":v", "1")));
    r.writes[2] = without(&f, WRITE_DELETE, f.two, ITEM(S("pk", "c")), "attribute_exists(g)");
    r.writes[3] = without(&f, WRITE_CHECK, f.two, ITEM(S("pk", "d")), "attribute_exists(pk)");
    run(&r, &f, 4);
    assert_int_equal(r.rc, STATOR_OK);
    assert_false(r.transact.stale);
    expect_item(&f, f.one, ITEM(S("pk", "a")), ITEM(S("g", "y"), S("pk", "a")));
    expect_item(&f, f.one, ITEM(S("pk", "b")), ITEM(S("g", "x"), N("n", "2"), S("pk", "b")));
    expect_item(&f, f.two, ITEM(S("pk", "c")), NULL);
    expect_item(&f, f.two, ITEM(S("pk", "d")), ITEM(S("pk", "d")));
    tear_down(&f);
}

/* Every action has its reason; the item that a failed condition saw is in its result. */
static void one_refusal_undoes_all(void **state)
{
    struct fixture f;
    struct run r = {0};

    (void)state;
    set_up(&f);
    database_put(&f.db, f.one, ITEM(S("pk", "b"), S("t", "text")));
    database_put(&f.db, f.two, ITEM(S("pk", "c")));
    r.writes[0] = put(&f, f.one, ITEM(S("pk", "a")), NULL);
    r.writes[1] = change(&f, f.one, ITEM(S("pk", "b")), "SET t = t + :v", ITEM(N(":v", "1")));
    r.writes[2] = without(&f, WRITE_DELETE, f.two, ITEM(S("pk", "c")), "attribute_not_exists(pk)");
    r.writes[3] = without(&f, WRITE_CHECK, f.two, ITEM(S("pk", "d")), "attribute_not_exists(pk)");
    run(&r, &f, 4);
    assert_int_equal(r.rc, STATOR_TRANSACTION_CANCELED);
    assert_int_equal(r.reasons[0].rc, STATOR_OK);
    assert_int_equal(r.reasons[1].rc, STATOR_VALIDATION);
    assert_string_equal(r.reasons[1].message, "An operand in the update expression has an incorrect data type");
    assert_int_equal(r.reasons[2].rc, STATOR_CONDITIONAL_CHECK_FAILED);
    assert_true(r.results[2].existed);
    assert_int_equal(r.reasons[3].rc, STATOR_OK);
    expect_item(&f, f.one, ITEM(S("pk", "a")), NULL);
    expect_item(&f, f.two, ITEM(S("pk", "c")), ITEM(S("pk", "c")));
    tear_down(&f);
}

static enum stator_rc refuse_commit(void *context, struct store_batch *batch, struct stator_error *err)
{
    (void)batch;
    ++*(int *)context;
    return stator_fail_memory(err);
}

/* Nothing is stored whose answer cannot be made, and no answer is made for what is cancelled. */
static void before_commit_decides(void **state)
{
    struct fixture f;
    struct run r = {0};
    int calls = 0;

    (void)state;
    set_up(&f);
    r.transact.before_commit = refuse_commit;
    r.transact.context = &calls;
    r.writes[0] = put(&f, f.one, ITEM(S("pk", "a")), NULL);
    r.writes[1] = put(&f, f.two, ITEM(S("pk", "a")), "attribute_exists(pk)");
    run(&r, &f, 2);
    assert_int_equal(r.rc, STATOR_TRANSACTION_CANCELED);
    assert_int_equal(calls, 0);
    run(&r, &f, 1);
    assert_int_not_equal(r.rc, STATOR_OK);
    assert_int_equal(calls, 1);
    expect_item(&f, f.one, ITEM(S("pk", "a")), NULL);
    tear_down(&f);
}

static void superseded_versions_do_nothing(void **state)
{
    struct fixture f;
    struct run r = {0};

    (void)state;
    set_up(&f);
    r.writes[0] = put(&f, f.one, ITEM(S("pk", "a")), NULL);
    r.writes[1] = put(&f, f.two, ITEM(S("pk", "a")), NULL);
    atomic_store(&f.two->superseded, true);
    run(&r, &f, 2);
    assert_int_equal(r.rc, STATOR_OK);
    assert_true(r.transact.stale);
    expect_item(&f, f.one, ITEM(S("pk", "a")), NULL);
    tear_down(&f);
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static void reads_of_several_tables(void **state)
{
    struct fixture f;
    struct transact_read reads[3] = {{0}};
    struct stator_error err = {0};

    (void)state;
    set_up(&f);
    database_put(&f.db, f.one, ITEM(S("pk", "a")));
    database_put(&f.db, f.two, ITEM(S("pk", "a"), S("x", "y")));
    reads[0] = (struct transact_read){.table = f.one, .key = parsed(&f, ITEM(S("pk", "a")))};
    reads[1] = (struct transact_read){.table = f.two, .key = parsed(&f, ITEM(S("pk", "a")))};
    reads[2] = (struct transact_read){.table = f.two, .key = parsed(&f, ITEM(S("pk", "b")))};
    assert_int_equal(table_transact_read(&f.db, reads, 3, true, &f.arena, &err), STATOR_OK);
    assert_bytes_are(reads[0].result.item.text, ITEM(S("pk", "a")));
    assert_bytes_are(reads[1].result.item.text, ITEM(S("pk", "a"), S("x", "y")));
    assert_false(reads[2].result.exists);
    for (size_t i = 0; i < 3; i++)
        store_release(&reads[i].result.pinned);
    tear_down(&f);
}

static void change_both(void *context)
{
    struct fixture *f = context;

    database_put(&f->db, f->one, ITEM(S("pk", "a"), S("x", "new")));
    database_put(&f->db, f->two, ITEM(S("pk", "a"), S("x", "new")));
}

/* Whenever the items change, they are read as of one moment. */
static void reads_are_of_one_moment(void **state)
{
    (void)state;
    for (int n = 1; n < 4; n++) {
        struct transact_read reads[2] = {{0}};
        struct stator_error err = {0};
        struct fixture f;

        set_up(&f);
        database_put(&f.db, f.one, ITEM(S("pk", "a"), S("x", "old")));
        database_put(&f.db, f.two, ITEM(S("pk", "a"), S("x", "old")));
        reads[0] = (struct transact_read){.table = f.one, .key = parsed(&f, ITEM(S("pk", "a")))};
        reads[1] = (struct transact_read){.table = f.two, .key = parsed(&f, ITEM(S("pk", "a")))};
        meanwhile.change = change_both;
        meanwhile.context = &f;
        meanwhile.left = n;
        assert_int_equal(table_transact_read(&f.db, reads, 2, true, &f.arena, &err), STATOR_OK);
        assert_true(n == 3 || meanwhile.left == 0);
        meanwhile.left = 0;
        assert_bytes_are(reads[0].result.item.text, ITEM(S("pk", "a"), S("x", "old")));
        assert_bytes_are(reads[1].result.item.text, ITEM(S("pk", "a"), S("x", "old")));
        for (size_t i = 0; i < 2; i++)
            store_release(&reads[i].result.pinned);
        tear_down(&f);
    }
}

/* --- Contention --------------------------------------------------------------------------------------------------- */

/* The item of the first write of a run, as another transaction would enter it. */
static struct running_entry entry_of(struct fixture *f, const char *key)
{
    struct stator_error err = {0};
    struct read_result read;

    assert_int_equal(table_get(&f->db, f->one, parsed(f, key), true, &read, &err), STATOR_OK);
    store_release(&read.pinned);
    return (struct running_entry){.id = read.hash};
}

static void contention_is_refused_on_request(void **state)
{
    struct fixture f;
    struct run r = {0};
    struct transact_read read;
    struct running_entry other;
    struct stator_error err = {0};
    struct write_result result;

    (void)state;
    set_up(&f);
    f.db.running = running_new();
    assert_non_null(f.db.running);
    other = entry_of(&f, ITEM(S("pk", "b")));
    assert_true(running_enter(f.db.running, &other));
    r.writes[0] = put(&f, f.one, ITEM(S("pk", "a")), NULL);
    r.writes[1] = put(&f, f.one, ITEM(S("pk", "b")), NULL);
    run(&r, &f, 2);
    assert_int_equal(r.rc, STATOR_TRANSACTION_CANCELED);
    assert_int_equal(r.reasons[0].rc, STATOR_OK);
    assert_int_equal(r.reasons[1].rc, STATOR_TRANSACTION_CONFLICT);
    assert_string_equal(r.reasons[1].message, "Transaction is ongoing for the item");
    /* an item operation and a read are refused likewise */
    assert_int_equal(table_write(&f.db, &r.writes[1], true, &result, &f.arena, &err), STATOR_TRANSACTION_CONFLICT);
    write_result_release(&result);
    read = (struct transact_read){.table = f.one, .key = r.writes[1].key};
    assert_int_equal(table_transact_read(&f.db, &read, 1, true, &f.arena, &err), STATOR_TRANSACTION_CANCELED);
    assert_int_equal(read.reason.rc, STATOR_TRANSACTION_CONFLICT);
    store_release(&read.result.pinned);
    /* what was refused is not under way any more, and the other one is still */
    assert_true(running_has(f.db.running, other.id));
    assert_false(running_has(f.db.running, entry_of(&f, ITEM(S("pk", "a"))).id));
    running_leave(f.db.running, &other);
    run(&r, &f, 2);
    assert_int_equal(r.rc, STATOR_OK);
    assert_false(running_has(f.db.running, other.id));
    running_free(f.db.running);
    tear_down(&f);
}

/* --- The disk ----------------------------------------------------------------------------------------------------- */

static void gives_way_to_the_disk(void **state)
{
    char dir[64];
    struct fixture f;
    struct run r = {0};
    struct transact_read read;
    struct stator_error err = {0};

    (void)state;
    assert_non_null(temporary_make(dir));
    set_up_in(&f, dir);
    database_put(&f.db, f.one, ITEM(S("g", "x"), S("pk", "a")));
    tear_down(&f);
    set_up_in(&f, dir); /* what was written is in files now, and in no cache */
    r.writes[0] = put(&f, f.two, ITEM(S("pk", "z")), NULL);
    r.writes[1] = change(&f, f.one, ITEM(S("pk", "a")), "SET n = :v", ITEM(N(":v", "1")));
    run_with(&r, &f, 2, false);
    assert_int_equal(r.rc, STATOR_AGAIN);
    read = (struct transact_read){.table = f.one, .key = r.writes[1].key};
    assert_int_equal(table_transact_read(&f.db, &read, 1, false, &f.arena, &err), STATOR_AGAIN);
    run_with(&r, &f, 2, true);
    assert_int_equal(r.rc, STATOR_OK);
    expect_item(&f, f.one, ITEM(S("pk", "a")), ITEM(S("g", "x"), N("n", "1"), S("pk", "a")));
    close_fixture(&f); /* the live counts began at nothing with the second opening */
    temporary_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_at_once),
        cmocka_unit_test(one_refusal_undoes_all),
        cmocka_unit_test(before_commit_decides),
        cmocka_unit_test(superseded_versions_do_nothing),
        cmocka_unit_test(reads_of_several_tables),
        cmocka_unit_test(reads_are_of_one_moment),
        cmocka_unit_test(contention_is_refused_on_request),
        cmocka_unit_test(gives_way_to_the_disk),
    };

    nowait_set_cold(true); /* what a test has just written, the system has in memory */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
