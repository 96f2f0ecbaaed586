/* SPDX-License-Identifier: Apache-2.0 */
#include "table/token.h"

#include "unit/server/database.h"
#include "unit/server/store/temporary.h"
#include "unit/unit.h"

#define DONE_MS 1000000

struct fixture {
    struct database db;
    struct arena arena;
    struct stator_error err;
};

static void set_up(struct fixture *f, const char *dir)
{
    *f = (struct fixture){0};
    arena_init(&f->arena, 1 << 20);
    database_open(&f->db, dir, STORE_NONE);
}

static void tear_down(struct fixture *f)
{
    database_close(&f->db);
    arena_deinit(&f->arena);
}

/* Uses the token as a transaction does that ends at done_ms. */
static void use(struct fixture *f, const char *namespace_, const char *text, uint64_t done_ms)
{
    const struct token_table tables[] = {{BYTES("music"), 4}, {BYTES("t"), 2}};
    struct token_record record = {.done_ms = done_ms, .digest = {1, 2, 3}, .tables = tables, .table_count = 2};
    struct store_batch *batch = store_batch_new(f->db.store);
    struct token token;

    assert_non_null(batch);
    assert_int_equal(
        token_begin(&token, &f->db, bytes_of_string(namespace_), bytes_of_string(text), &f->arena, &f->err), STATOR_OK);
    assert_int_equal(token_add(&token, batch, &record, &f->err), STATOR_OK);
    assert_int_equal(store_write(f->db.store, batch, true, &f->err), STATOR_OK);
    token_end(&token, &f->db);
    store_batch_free(batch);
}

static struct token_found find(struct fixture *f, const char *namespace_, const char *text, uint64_t now_ms)
{
    struct token_found found;
    struct token token;

    assert_int_equal(
        token_begin(&token, &f->db, bytes_of_string(namespace_), bytes_of_string(text), &f->arena, &f->err), STATOR_OK);
    assert_int_equal(token_find(&found, &token, &f->db, now_ms, true, &f->arena, &f->err), STATOR_OK);
    token_end(&token, &f->db);
    return found;
}

static void found_for_ten_minutes(void **state)
{
    struct token_found found;
    struct fixture f;

    (void)state;
    set_up(&f, NULL);
    assert_false(find(&f, "", "a", DONE_MS).found);
    use(&f, "", "a", DONE_MS);
    found = find(&f, "", "a", DONE_MS + TOKEN_KEPT_MS - 1);
    assert_true(found.found);
    assert_int_equal(found.record.done_ms, DONE_MS);
    assert_int_equal(found.record.digest[2], 3);
    assert_int_equal(found.record.table_count, 2);
    assert_bytes_are(found.record.tables[0].name, "music");
    assert_int_equal(found.record.tables[0].read_units, 4);
    assert_bytes_are(found.record.tables[1].name, "t");
    assert_false(find(&f, "", "a", DONE_MS + TOKEN_KEPT_MS).found);
    assert_true(find(&f, "", "a", DONE_MS - 5000).found); /* the clock was set back */
    assert_false(find(&f, "a", "", DONE_MS).found);       /* another's token */
    tear_down(&f);
}

static void one_use_at_a_time(void **state)
{
    struct token first, second;
    struct fixture f;

    (void)state;
    set_up(&f, NULL);
    assert_int_equal(token_begin(&first, &f.db, BYTES("n"), BYTES("a"), &f.arena, &f.err), STATOR_OK);
    assert_int_equal(token_begin(&second, &f.db, BYTES("n"), BYTES("a"), &f.arena, &f.err),
                     STATOR_TRANSACTION_IN_PROGRESS);
    assert_int_equal(token_begin(&second, &f.db, BYTES("n"), BYTES("b"), &f.arena, &f.err), STATOR_OK);
    token_end(&second, &f.db);
    token_end(&first, &f.db);
    assert_int_equal(token_begin(&second, &f.db, BYTES("n"), BYTES("a"), &f.arena, &f.err), STATOR_OK);
    token_end(&second, &f.db);
    tear_down(&f);
}

/* Keys of the catalog's family, all of which are tokens' here. */
static size_t records(struct fixture *f)
{
    struct store_iterator *iterator =
        store_iterator_open(f->db.store, STORE_CATALOG, (struct bytes){0}, (struct bytes){0}, NULL, STORE_ANY);
    size_t count = 0;

    for (store_iterator_seek_first(iterator); store_iterator_valid(iterator); store_iterator_next(iterator))
        count++;
    store_iterator_close(iterator);
    return count;
}

static void swept_when_over(void **state)
{
    struct fixture f;
    uint64_t from_ms = 0;
    char text[8];
    bool more;

    (void)state;
    set_up(&f, NULL);
    for (unsigned i = 0; i < 5; i++) {
        snprintf(text, sizeof(text), "t%u", i);
        use(&f, "n", text, DONE_MS + i);
    }
    assert_int_equal(records(&f), 10);
    assert_int_equal(tokens_sweep(&f.db, DONE_MS + TOKEN_KEPT_MS + 3, 3, &from_ms, &more, &f.err), STATOR_OK);
    assert_true(more);
    assert_int_equal(records(&f), 4);
    assert_int_equal(tokens_sweep(&f.db, DONE_MS + TOKEN_KEPT_MS + 3, 3, &from_ms, &more, &f.err), STATOR_OK);
    assert_false(more);
    assert_int_equal(records(&f), 2);
    assert_true(find(&f, "n", "t4", DONE_MS + TOKEN_KEPT_MS + 3).found);
    /* the clock is set back: what is older than what was swept is found all the same */
    use(&f, "n", "old", DONE_MS - TOKEN_KEPT_MS);
    assert_int_equal(tokens_sweep(&f.db, DONE_MS, 3, &from_ms, &more, &f.err), STATOR_OK);
    assert_int_equal(records(&f), 2);
    tear_down(&f);
}

/* A token used anew after its time has two expiries; the sweep of the first leaves the new record. One in use is left
 * alone. */
static void sweep_and_use(void **state)
{
    const uint64_t later = DONE_MS + TOKEN_KEPT_MS + 1;
    uint64_t from_ms = 0;
    struct token token;
    struct fixture f;
    bool more;

    (void)state;
    set_up(&f, NULL);
    use(&f, "", "a", DONE_MS);
    use(&f, "", "a", later);
    use(&f, "", "b", DONE_MS);
    assert_int_equal(records(&f), 5);
    assert_int_equal(token_begin(&token, &f.db, BYTES(""), BYTES("b"), &f.arena, &f.err), STATOR_OK);
    assert_int_equal(tokens_sweep(&f.db, later, 100, &from_ms, &more, &f.err), STATOR_OK);
    assert_int_equal(records(&f), 4);
    assert_true(find(&f, "", "a", later).found);
    token_end(&token, &f.db);
    assert_int_equal(tokens_sweep(&f.db, later, 100, &from_ms, &more, &f.err), STATOR_OK);
    assert_int_equal(records(&f), 2);
    tear_down(&f);
}

static void survives_a_restart(void **state)
{
    struct fixture f;
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    set_up(&f, dir);
    use(&f, "n", "a", DONE_MS);
    tear_down(&f);
    set_up(&f, dir);
    assert_true(find(&f, "n", "a", DONE_MS + 1).found);
    tear_down(&f);
    temporary_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_for_ten_minutes), cmocka_unit_test(one_use_at_a_time),
        cmocka_unit_test(swept_when_over),       cmocka_unit_test(sweep_and_use),
        cmocka_unit_test(survives_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
