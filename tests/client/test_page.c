/* SPDX-License-Identifier: Apache-2.0 */
/* Pages: every item comes once, whatever the size of a page, from whichever operation. */
#include "client/fixture.h"

#include "stator/page.h"

#define TABLE "Pages"
#define ITEMS 57

static int set_up(void **state)
{
    if (open_client(state) != 0)
        return -1;
    make_table(TABLE, false);
    for (int i = 0; i < ITEMS; i++)
        put(TABLE, "one", i, NULL);
    put(TABLE, "other", 0, NULL);
    return 0;
}

static void queries_item_by_item(void **state)
{
    static const int64_t limits[] = {1, 7, 57, 100};
    const struct stator_item values = STATOR_ITEM(stator_attr(":pk", stator_s("one")));

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct stator_pages *pages =
            stator_query_pages(call, &(struct stator_query_input){.table_name = stator_text(TABLE),
                                                                  .key_condition_expression = stator_text("pk = :pk"),
                                                                  .expression_attribute_values = values,
                                                                  .limit = stator_int(limits[i])});
        const struct stator_item *item;
        int next = 0;

        while ((item = stator_next_item(pages)) != NULL)
            assert_int_equal(number_of(item, "sk"), next++);
        assert_int_equal(next, ITEMS);
        assert_done(stator_pages_end(pages));
    }
}

static void scans_page_by_page(void **state)
{
    struct stator_pages *pages =
        stator_scan_pages(call, &(struct stator_scan_input){.table_name = stator_text(TABLE), .limit = stator_int(10)});
    size_t items = 0, count = 0;

    (void)state;
    assert_null(stator_page(pages));
    while (stator_page_next(pages)) {
        const struct stator_scan_output *page = stator_page(pages);

        assert_true(page->count.set && page->items.count == (size_t)page->count.value);
        assert_true(page->items.count <= 10);
        items += page->items.count;
        count++;
    }
    assert_int_equal(items, ITEMS + 1);
    assert_true(count >= 6);
    assert_false(stator_page_next(pages)); /* the end stays the end */
    assert_done(stator_pages_end(pages));
}

static void statements_go_on_by_their_token(void **state)
{
    struct stator_pages *pages = stator_statement_pages(
        call, &(struct stator_execute_statement_input){
                  .statement = stator_text("SELECT * FROM \"" TABLE "\" WHERE pk = 'one'"), .limit = stator_int(20)});
    size_t items = 0;

    (void)state;
    while (stator_next_item(pages) != NULL)
        items++;
    assert_int_equal(items, ITEMS);
    assert_done(stator_pages_end(pages));
}

static void tables_are_named_once(void **state)
{
    struct stator_pages *pages;
    char name[16];
    int seen[12] = {0};

    (void)state;
    for (int i = 0; i < 12; i++) {
        snprintf(name, sizeof(name), "List%02d", i);
        make_table(name, false);
    }
    pages = stator_table_pages(call, &(struct stator_list_tables_input){.limit = stator_int(5)});
    while (stator_page_next(pages)) {
        const struct stator_list_tables_output *page = stator_page(pages);

        for (size_t i = 0; i < page->table_names.count; i++) {
            int number;

            snprintf(name, sizeof(name), "%.*s", STATOR_ARG(page->table_names.at[i]));
            if (sscanf(name, "List%2d", &number) == 1)
                seen[number]++;
        }
    }
    assert_done(stator_pages_end(pages));
    for (int i = 0; i < 12; i++)
        assert_int_equal(seen[i], 1);
}

static void a_failure_ends_them(void **state)
{
    struct stator_pages *pages =
        stator_scan_pages(call, &(struct stator_scan_input){.table_name = stator_text("NoSuchTable")});

    (void)state;
    assert_false(stator_page_next(pages));
    assert_null(stator_next_item(pages));
    assert_int_equal(stator_pages_rc(pages), STATOR_RESOURCE_NOT_FOUND);
    assert_view(stator_call_failure(call)->type, "ResourceNotFoundException");
    assert_int_equal(stator_pages_end(pages), STATOR_RESOURCE_NOT_FOUND);
}

static void none_is_no_memory(void **state)
{
    (void)state;
    assert_false(stator_page_next(NULL));
    assert_null(stator_next_item(NULL));
    assert_null(stator_page(NULL));
    assert_int_equal(stator_pages_end(NULL), STATOR_NO_MEMORY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(queries_item_by_item),
        cmocka_unit_test(scans_page_by_page),
        cmocka_unit_test(statements_go_on_by_their_token),
        cmocka_unit_test(tables_are_named_once),
        cmocka_unit_test(a_failure_ends_them),
        cmocka_unit_test(none_is_no_memory),
    };

    return cmocka_run_group_tests(tests, set_up, close_client);
}
