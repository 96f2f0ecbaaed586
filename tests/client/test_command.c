/* SPDX-License-Identifier: Apache-2.0 */
/* Commands against a server: each operation does what its line says. */
#include "client/fixture.h"

#include "stator/command.h"

#define TABLE "Commands"

static const struct stator_answer *answer;

static int set_up(void **state)
{
    if (open_client(state) != 0)
        return -1;
    make_table(TABLE, false);
    return 0;
}

static void items_are_written_and_read(void **state)
{
    const char *evil = "x'} IF attribute_exists(pk) \"";
    struct stator_value tags = STATOR_SS(stator_s("b"), stator_s("a"));

    (void)state;
    assert_done(stator_command(call, &answer,
                               "PutItem Commands {pk: %s, sk: %d, tags: %v, `size`: 1.50} IF "
                               "attribute_not_exists(pk)",
                               evil, 7, &tags));
    assert_true(answer->count == 0 && answer->counted == -1);
    assert_done(
        stator_command(call, &answer, "GetItem %a {pk: %s, sk: 7} RETURN tags, size, pk CONSISTENT", TABLE, evil));
    assert_int_equal(answer->count, 1);
    assert_int_equal(answer->items[0].count, 3);
    assert_true(stator_value_equal(stator_item_get(&answer->items[0], "tags"), &tags));
    assert_view(stator_value_text(stator_item_get(&answer->items[0], "size")), "1.5");
    assert_done(stator_command(call, &answer,
                               "UpdateItem Commands {pk: %s, sk: 7} SET size = size - %f, list = list_append("
                               "if_not_exists(list, []), [%s]) REMOVE nothing ADD n -1 DELETE tags <<'a', 'c'>> "
                               "IF size(tags) = 2 AND size < %d RETURN ALL_NEW",
                               evil, 0.25, "end", 2));
    assert_view(stator_value_text(stator_item_get(&answer->items[0], "size")), "1.25");
    assert_view(stator_value_text(stator_item_find(&answer->items[0], "list[0]")), "end");
    assert_view(stator_value_text(stator_item_get(&answer->items[0], "n")), "-1");
    assert_int_equal(stator_item_get(&answer->items[0], "tags")->count, 1);
    assert_done(
        stator_command(call, &answer, "DeleteItem Commands {pk: %s, sk: 7} IF n IN (1, %d) RETURN ALL_OLD", evil, -1));
    assert_int_equal(answer->count, 1);
    assert_done(stator_command(call, &answer, "GetItem Commands {pk: %s, sk: 7}", evil));
    assert_int_equal(answer->count, 0);
}

static void pages_go_on_where_they_ended(void **state)
{
    struct stator_item after;
    int next = 19;

    (void)state;
    for (int i = 0; i < 20; i++)
        put(TABLE, "many", i, i % 2 == 0 ? "even" : "odd");
    assert_done(stator_command(call, &answer, "Query Commands WHERE pk = 'many' LIMIT 6 REVERSE"));
    for (;;) {
        struct stator_builder *builder = stator_builder_new(NULL, 0);

        for (size_t i = 0; i < answer->count; i++)
            assert_int_equal(number_of(&answer->items[i], "sk"), next--);
        if (!answer->last_key.set) {
            stator_builder_free(builder);
            break;
        }
        stator_add_attributes(builder, &answer->last_key); /* which ends with the call's next use */
        assert_int_equal(stator_builder_item(builder, &after, NULL), STATOR_OK);
        assert_done(
            stator_command(call, &answer, "Query Commands WHERE pk = 'many' LIMIT %d REVERSE AFTER %m", 6, &after));
        stator_builder_free(builder);
    }
    assert_int_equal(next, -1);
    assert_done(stator_command(call, &answer,
                               "Query Commands WHERE pk = 'many' AND sk BETWEEN %d AND 9 FILTER "
                               "begins_with(text, 'e') RETURN COUNT",
                               2));
    assert_true(answer->counted == 4 && answer->count == 0);
    assert_done(stator_command(call, &answer, "Scan Commands FILTER sk >= 18 SEGMENT 0 OF 1 RETURN sk CONSISTENT"));
    assert_int_equal(answer->count, 2);
}

static void statements_have_parameters(void **state)
{
    const struct stator_value arguments[] = {stator_s("sql"), stator_n("1")};

    (void)state;
    assert_done(
        stator_command_list(call, NULL, stator_text("INSERT INTO Commands VALUE {'pk': ?, 'sk': ?}"), arguments, 2));
    assert_done(stator_command(call, &answer, "SELECT * FROM %a WHERE pk = %s AND sk = %d", TABLE, "sql", 1));
    assert_int_equal(answer->count, 1);
}

static void failures_say_why(void **state)
{
    (void)state;
    assert_int_equal(stator_command(call, &answer, "GetItem Commands {pk %s}", "x"), STATOR_VALIDATION);
    assert_null(answer);
    assert_string_equal(stator_call_failure(call)->message, "Column 22: ':' is missing");
    assert_int_equal(stator_call_failure(call)->http_status, 0);
    assert_int_equal(stator_command(call, &answer, "PutItem Commands {pk: 'x', sk: 1} IF attribute_exists(pk)"),
                     STATOR_CONDITIONAL_CHECK_FAILED);
    assert_null(answer);
    assert_int_equal(stator_call_failure(call)->http_status, 400);
    assert_done(stator_command(call, NULL, "Scan Commands LIMIT 1"));
    assert_int_equal(stator_call_failure(call)->rc, STATOR_OK);
}

/* Typed calls, too, send only what is a value. */
static void values_cannot_break_out(void **state)
{
    struct stator_value nothing = {0};
    const struct {
        struct stator_value value;
        enum stator_rc rc;
        const char *message;
    } cases[] = {
        {stator_n("1\"},\"sk\":{\"N\":\"2"), STATOR_VALIDATION,
         "sk: The parameter cannot be converted to a numeric value: 1\"},\"sk\":{\"N\":\"2"},
        {stator_n(NULL), STATOR_VALIDATION, "sk: The parameter cannot be converted to a numeric value: "},
        {nothing, STATOR_MISUSE, "sk: A value has no type"},
        {STATOR_L(nothing), STATOR_MISUSE, "sk: A value has no type"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stator_item item = STATOR_ITEM(stator_attr("pk", stator_s("x")), stator_attr("sk", cases[i].value));
        struct stator_write_request request = {.put_request = &(struct stator_put_request){.item = item}};
        struct stator_batch_write_item_request_map_entry table = {.key = stator_text(TABLE),
                                                                  .value = {.at = &request, .count = 1, .set = true}};

        assert_int_equal(
            stator_put_item(call, &(struct stator_put_item_input){.table_name = stator_text(TABLE), .item = item},
                            NULL),
            cases[i].rc);
        assert_string_equal(stator_call_failure(call)->message, cases[i].message);
        assert_int_equal(stator_call_failure(call)->http_status, 0);
        assert_int_equal(
            stator_batch_write_item(
                call, &(struct stator_batch_write_item_input){.request_items = {.at = &table, .count = 1, .set = true}},
                NULL),
            cases[i].rc);
        assert_string_equal(stator_call_failure(call)->message, cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_written_and_read), cmocka_unit_test(pages_go_on_where_they_ended),
        cmocka_unit_test(statements_have_parameters), cmocka_unit_test(failures_say_why),
        cmocka_unit_test(values_cannot_break_out),
    };

    return cmocka_run_group_tests(tests, set_up, close_client);
}
