/* SPDX-License-Identifier: Apache-2.0 */
/* The tail of a stream: every change once, those of one item in order, from the start or from now on. */
#include "client/fixture.h"

#include "stator/tail.h"

#define WAIT_MS 20000 /* for what must come */

static const struct stator_record *next(struct stator_tail *tail)
{
    const struct stator_record *record = stator_tail_next(tail, WAIT_MS);

    if (record == NULL)
        fail_msg("no record: %d: %s", (int)stator_tail_rc(tail), stator_call_failure(call)->message);
    return record;
}

static void follows_from_the_start(void **state)
{
    enum { ITEMS = 40, CHANGES = 5 };
    struct stator_call *other = stator_call_new(client);
    struct stator_tail *tail;
    int seen[ITEMS] = {0};

    (void)state;
    make_table("FromStart", true);
    for (int change = 0; change < CHANGES; change++)
        for (int i = 0; i < ITEMS; i++) {
            char pk[16], text[16];

            snprintf(pk, sizeof(pk), "%d", i);
            snprintf(text, sizeof(text), "%d", change);
            put("FromStart", pk, 0, text);
        }
    tail = stator_tail_new(other, &(struct stator_tail_options){.table = "FromStart", .from_start = true});
    for (int n = 0; n < ITEMS * CHANGES; n++) {
        const struct stator_record *record = stator_tail_next(tail, WAIT_MS);
        struct stator_bytes pk, text;

        assert_non_null(record);
        pk = stator_value_text(stator_item_get(&record->dynamodb->keys, "pk"));
        text = stator_value_text(stator_item_get(&record->dynamodb->new_image, "text"));
        assert_int_equal(record->event_name.value,
                         text.at[0] == '0' ? STATOR_OPERATION_TYPE_INSERT : STATOR_OPERATION_TYPE_MODIFY);
        assert_int_equal(text.at[0] - '0', seen[strtol((const char *)pk.at, NULL, 10)]++);
    }
    assert_null(stator_tail_next(tail, 0));
    assert_int_equal(stator_tail_rc(tail), STATOR_OK);
    assert_false(stator_tail_ended(tail));
    assert_int_equal(stator_tail_gaps(tail), 0);
    stator_tail_free(tail);
    stator_call_free(other);
}

static void follows_from_now_on(void **state)
{
    struct stator_call *other = stator_call_new(client);
    struct stator_tail *tail = stator_tail_new(other, &(struct stator_tail_options){.table = "FromNow", .poll_ms = 10});
    const struct stator_record *record;

    (void)state;
    make_table("FromNow", true);
    put("FromNow", "before", 0, NULL);
    assert_null(stator_tail_next(tail, 0));
    assert_int_equal(stator_tail_rc(tail), STATOR_OK);
    put("FromNow", "after", 1, NULL);
    record = stator_tail_next(tail, WAIT_MS);
    assert_non_null(record);
    assert_view(stator_value_text(stator_item_get(&record->dynamodb->keys, "pk")), "after");
    stator_tail_free(tail);
    stator_call_free(other);
}

static void ends_with_the_stream(void **state)
{
    struct stator_call *other = stator_call_new(client);
    struct stator_tail *tail =
        stator_tail_new(other, &(struct stator_tail_options){.table = "Ends", .from_start = true, .poll_ms = 10});
    const struct stator_stream_specification off = {.stream_enabled = STATOR_FALSE};
    int64_t waited = 0;

    (void)state;
    make_table("Ends", true);
    put("Ends", "a", 0, NULL);
    (void)next(tail);
    put("Ends", "b", 0, NULL);
    assert_done(stator_update_table(
        call, &(struct stator_update_table_input){.table_name = stator_text("Ends"), .stream_specification = &off},
        NULL));
    (void)next(tail);
    while (!stator_tail_ended(tail) && waited < WAIT_MS) {
        assert_null(stator_tail_next(tail, 100));
        assert_int_equal(stator_tail_rc(tail), STATOR_OK);
        waited += 100;
    }
    assert_true(stator_tail_ended(tail));
    stator_tail_free(tail);
    stator_call_free(other);
}

/* As the guide has it: until it has ended, with nothing left behind. */
static void ends_with_its_last_record(void **state)
{
    struct stator_call *other = stator_call_new(client);
    struct stator_tail *tail =
        stator_tail_new(other, &(struct stator_tail_options){.table = "Last", .from_start = true, .poll_ms = 10});
    const struct stator_stream_specification off = {.stream_enabled = STATOR_FALSE};
    int seen = 0;

    (void)state;
    make_table("Last", true);
    for (int i = 0; i < 20; i++)
        put("Last", "one", i, NULL);
    assert_done(stator_update_table(
        call, &(struct stator_update_table_input){.table_name = stator_text("Last"), .stream_specification = &off},
        NULL));
    while (!stator_tail_ended(tail)) {
        if (stator_tail_next(tail, 100) != NULL)
            seen++;
        assert_int_equal(stator_tail_rc(tail), STATOR_OK);
    }
    assert_int_equal(seen, 20);
    stator_tail_free(tail);
    stator_call_free(other);
}

static void needs_a_stream(void **state)
{
    struct stator_tail *tail = stator_tail_new(call, &(struct stator_tail_options){.table = "NoStream"});

    (void)state;
    make_table("NoStream", false);
    assert_null(stator_tail_next(tail, 0));
    assert_int_equal(stator_tail_rc(tail), STATOR_RESOURCE_NOT_FOUND);
    assert_string_equal(stator_call_failure(call)->message, "The table has no stream");
    stator_tail_free(tail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(follows_from_the_start), cmocka_unit_test(follows_from_now_on),
        cmocka_unit_test(ends_with_the_stream),   cmocka_unit_test(ends_with_its_last_record),
        cmocka_unit_test(needs_a_stream),
    };

    return cmocka_run_group_tests(tests, open_client, close_client);
}
