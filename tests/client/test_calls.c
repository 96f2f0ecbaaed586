/* SPDX-License-Identifier: Apache-2.0 */
/* Every typed call once against a real server: its request is understood, its answer comes back in the members that it
 * should. What an operation does is the wire tests' to hold; here it is that none is wired wrong. */
#include "client/fixture.h"

#include "stator/streams.h"

#define TABLE "Calls"

#define KEY(sk) STATOR_ITEM(stator_attr("pk", stator_s("calls")), stator_attr("sk", stator_n(sk)))

static char table_arn[512], stream_arn[512];

static void keep(char out[512], struct stator_bytes view)
{
    snprintf(out, 512, "%.*s", STATOR_ARG(view));
}

static void tables(void **state)
{
    const struct stator_describe_table_output *described;
    const struct stator_update_table_output *updated;
    const struct stator_list_tables_output *listed;

    (void)state;
    make_table(TABLE, true);
    assert_done(stator_describe_table(call, &(struct stator_describe_table_input){.table_name = stator_text(TABLE)},
                                      &described));
    assert_view(described->table->table_name, TABLE);
    assert_int_equal(described->table->table_status.value, STATOR_TABLE_STATUS_ACTIVE);
    assert_view(described->table->table_status.text, "ACTIVE");
    assert_int_equal(described->table->key_schema.count, 2);
    assert_int_equal(described->table->key_schema.at[1].key_type.value, STATOR_KEY_TYPE_RANGE);
    assert_true(described->table->creation_date_time.set && described->table->creation_date_time.value > 1.7e9);
    assert_int_equal(described->table->item_count.value, 0);
    keep(table_arn, described->table->table_arn);
    keep(stream_arn, described->table->latest_stream_arn);
    assert_done(stator_update_table(call,
                                    &(struct stator_update_table_input){.table_name = stator_text(TABLE),
                                                                        .deletion_protection_enabled = STATOR_TRUE},
                                    &updated));
    assert_int_equal(updated->table_description->deletion_protection_enabled, STATOR_TRUE);
    assert_done(stator_list_tables(call, &(struct stator_list_tables_input){0}, &listed));
    assert_int_equal(listed->table_names.count, 1);
    assert_view(listed->table_names.at[0], TABLE);
}

static void settings(void **state)
{
    const struct stator_time_to_live_specification expiry = {.attribute_name = stator_text("expires"),
                                                             .enabled = STATOR_TRUE};
    const struct stator_point_in_time_recovery_specification recovery = {.point_in_time_recovery_enabled = STATOR_TRUE};
    const struct stator_tag tags[] = {{.key = stator_text("team"), .value = stator_text("core")}};
    const struct stator_bytes keys[] = {stator_text("team")};
    const struct stator_update_time_to_live_output *set;
    const struct stator_describe_time_to_live_output *expires;
    const struct stator_list_tags_of_resource_output *tagged;
    const struct stator_update_continuous_backups_output *backed;
    const struct stator_describe_continuous_backups_output *backups;
    const struct stator_list_tags_of_resource_input of_table = {.resource_arn = stator_text(table_arn)};

    (void)state;
    assert_done(stator_update_time_to_live(call,
                                           &(struct stator_update_time_to_live_input){
                                               .table_name = stator_text(TABLE), .time_to_live_specification = &expiry},
                                           &set));
    assert_view(set->time_to_live_specification->attribute_name, "expires");
    assert_done(stator_describe_time_to_live(
        call, &(struct stator_describe_time_to_live_input){.table_name = stator_text(TABLE)}, &expires));
    assert_view(expires->time_to_live_description->attribute_name, "expires");
    assert_done(stator_tag_resource(
        call, &(struct stator_tag_resource_input){.resource_arn = stator_text(table_arn), .tags = STATOR_LIST(tags)}));
    assert_done(stator_list_tags_of_resource(call, &of_table, &tagged));
    assert_int_equal(tagged->tags.count, 1);
    assert_view(tagged->tags.at[0].value, "core");
    assert_done(
        stator_untag_resource(call, &(struct stator_untag_resource_input){.resource_arn = stator_text(table_arn),
                                                                          .tag_keys = STATOR_LIST(keys)}));
    assert_done(stator_list_tags_of_resource(call, &of_table, &tagged));
    assert_int_equal(tagged->tags.count, 0);
    assert_done(stator_update_continuous_backups(
        call,
        &(struct stator_update_continuous_backups_input){.table_name = stator_text(TABLE),
                                                         .point_in_time_recovery_specification = &recovery},
        &backed));
    assert_non_null(backed->continuous_backups_description);
    assert_done(stator_describe_continuous_backups(
        call, &(struct stator_describe_continuous_backups_input){.table_name = stator_text(TABLE)}, &backups));
    assert_int_equal(backups->continuous_backups_description->continuous_backups_status.value,
                     STATOR_CONTINUOUS_BACKUPS_STATUS_ENABLED);
}

static void the_account(void **state)
{
    const struct stator_describe_limits_output *limits;
    const struct stator_describe_endpoints_response *endpoints;

    (void)state;
    assert_done(stator_describe_limits(call, &(struct stator_describe_limits_input){0}, &limits));
    assert_true(limits->table_max_read_capacity_units.set);
    assert_done(stator_describe_endpoints(call, &(struct stator_describe_endpoints_request){0}, &endpoints));
    assert_int_equal(endpoints->endpoints.count, 1);
    assert_true(endpoints->endpoints.at[0].address.len > 0);
}

static void items(void **state)
{
    const struct stator_put_item_output *replaced;
    const struct stator_get_item_output *got;
    const struct stator_update_item_output *updated;
    const struct stator_delete_item_output *deleted;

    (void)state;
    put(TABLE, "calls", 1, "before");
    assert_done(
        stator_put_item(call,
                        &(struct stator_put_item_input){
                            .table_name = stator_text(TABLE),
                            .item = STATOR_ITEM(stator_attr("pk", stator_s("calls")), stator_attr("sk", stator_n("1")),
                                                stator_attr("n", stator_n("7"))),
                            .return_values = {STATOR_RETURN_VALUE_ALL_OLD},
                            .return_consumed_capacity = {STATOR_RETURN_CONSUMED_CAPACITY_INDEXES}},
                        &replaced));
    assert_view(stator_value_text(stator_item_get(&replaced->attributes, "text")), "before");
    assert_true(replaced->consumed_capacity->capacity_units.value == 1.0);
    assert_true(replaced->consumed_capacity->table->capacity_units.value == 1.0);
    assert_done(stator_update_item(call,
                                   &(struct stator_update_item_input){
                                       .table_name = stator_text(TABLE),
                                       .key = KEY("1"),
                                       .update_expression = stator_text("SET n = n + :one"),
                                       .expression_attribute_values = STATOR_ITEM(stator_attr(":one", stator_n("1"))),
                                       .return_values = {STATOR_RETURN_VALUE_UPDATED_NEW}},
                                   &updated));
    assert_int_equal(number_of(&updated->attributes, "n"), 8);
    assert_done(stator_get_item(
        call, &(struct stator_get_item_input){.table_name = stator_text(TABLE), .key = KEY("1")}, &got));
    assert_int_equal(number_of(&got->item, "n"), 8);
    assert_done(stator_delete_item(call,
                                   &(struct stator_delete_item_input){.table_name = stator_text(TABLE),
                                                                      .key = KEY("1"),
                                                                      .return_values = {STATOR_RETURN_VALUE_ALL_OLD}},
                                   &deleted));
    assert_int_equal(number_of(&deleted->attributes, "n"), 8);
    assert_done(stator_get_item(
        call, &(struct stator_get_item_input){.table_name = stator_text(TABLE), .key = KEY("1")}, &got));
    assert_false(got->item.set);
}

static void pages(void **state)
{
    const struct stator_query_output *queried;
    const struct stator_scan_output *scanned;

    (void)state;
    put(TABLE, "calls", 2, "two");
    put(TABLE, "calls", 3, "three");
    assert_done(stator_query(
        call,
        &(struct stator_query_input){.table_name = stator_text(TABLE),
                                     .key_condition_expression = stator_text("pk = :pk"),
                                     .expression_attribute_values = STATOR_ITEM(stator_attr(":pk", stator_s("calls"))),
                                     .limit = stator_int(1)},
        &queried));
    assert_int_equal(queried->count.value, 1);
    assert_int_equal(number_of(&queried->last_evaluated_key, "sk"), 2);
    assert_done(stator_scan(
        call, &(struct stator_scan_input){.table_name = stator_text(TABLE), .select = {STATOR_SELECT_COUNT}},
        &scanned));
    assert_int_equal(scanned->count.value, 2);
    assert_int_equal(scanned->items.count, 0);
}

static void batches(void **state)
{
    const struct stator_put_request new_item = {
        .item = STATOR_ITEM(stator_attr("pk", stator_s("calls")), stator_attr("sk", stator_n("4")))};
    const struct stator_delete_request old_item = {.key = KEY("3")};
    const struct stator_write_request writes[] = {{.put_request = &new_item}, {.delete_request = &old_item}};
    const struct stator_batch_write_item_request_map_entry write_table[] = {
        {.key = stator_text(TABLE), .value = STATOR_LIST(writes)}};
    const struct stator_item keys[] = {KEY("2"), KEY("3"), KEY("4")};
    const struct stator_batch_get_request_map_entry read_table[] = {
        {.key = stator_text(TABLE), .value = {.keys = STATOR_LIST(keys)}}};
    const struct stator_batch_write_item_output *written;
    const struct stator_batch_get_item_output *read;

    (void)state;
    assert_done(stator_batch_write_item(
        call, &(struct stator_batch_write_item_input){.request_items = STATOR_LIST(write_table)}, &written));
    assert_int_equal(written->unprocessed_items.count, 0);
    assert_done(stator_batch_get_item(
        call, &(struct stator_batch_get_item_input){.request_items = STATOR_LIST(read_table)}, &read));
    assert_int_equal(read->responses.count, 1);
    assert_view(read->responses.at[0].key, TABLE);
    assert_int_equal(read->responses.at[0].value.count, 2);
}

static void transactions(void **state)
{
    const struct stator_get get_two = {.table_name = stator_text(TABLE), .key = KEY("2")};
    const struct stator_get get_nine = {.table_name = stator_text(TABLE), .key = KEY("9")};
    const struct stator_transact_get_item reads[] = {{.get = &get_two}, {.get = &get_nine}};
    const struct stator_put put_five = {
        .table_name = stator_text(TABLE),
        .item = STATOR_ITEM(stator_attr("pk", stator_s("calls")), stator_attr("sk", stator_n("5")))};
    const struct stator_condition_check no_nine = {
        .table_name = stator_text(TABLE), .key = KEY("9"), .condition_expression = stator_text("attribute_exists(pk)")};
    const struct stator_transact_write_item writes[] = {{.put = &put_five}, {.condition_check = &no_nine}};
    struct stator_transact_write_items_input in = {.transact_items = STATOR_LIST(writes)};
    const struct stator_transact_get_items_output *got;
    const struct stator_transact_write_items_output *done;

    (void)state;
    assert_done(stator_transact_get_items(
        call, &(struct stator_transact_get_items_input){.transact_items = STATOR_LIST(reads)}, &got));
    assert_int_equal(got->responses.count, 2);
    assert_true(got->responses.at[0].item.set);
    assert_false(got->responses.at[1].item.set);
    assert_int_equal(stator_transact_write_items(call, &in, &done), STATOR_TRANSACTION_CANCELED);
    assert_null(done);
    assert_int_equal(stator_call_failure(call)->cancellation_count, 2);
    assert_view(stator_call_failure(call)->cancellations[0].code, "None");
    assert_view(stator_call_failure(call)->cancellations[1].code, "ConditionalCheckFailed");
    in.transact_items.count = 1;
    assert_done(stator_transact_write_items(call, &in, &done));
    assert_non_null(done);
}

static void statements(void **state)
{
    const struct stator_value parameters[] = {stator_s("calls"), stator_n("2")};
    const struct stator_batch_statement_request batch[] = {
        {.statement = stator_text("SELECT * FROM " TABLE " WHERE pk = ? AND sk = ?"),
         .parameters = STATOR_LIST(parameters)},
        {.statement = stator_text("SELECT * FROM Nowhere WHERE pk = 'x'")}};
    const struct stator_parameterized_statement writes[] = {
        {.statement = stator_text("UPDATE " TABLE " SET text = 'by statement' WHERE pk = ? AND sk = ?"),
         .parameters = STATOR_LIST(parameters)}};
    const struct stator_execute_statement_output *selected;
    const struct stator_batch_execute_statement_output *several;
    const struct stator_execute_transaction_output *together;

    (void)state;
    assert_done(stator_execute_transaction(
        call, &(struct stator_execute_transaction_input){.transact_statements = STATOR_LIST(writes)}, &together));
    assert_done(
        stator_execute_statement(call,
                                 &(struct stator_execute_statement_input){
                                     .statement = stator_text("SELECT text FROM " TABLE " WHERE pk = ? AND sk = ?"),
                                     .parameters = STATOR_LIST(parameters)},
                                 &selected));
    assert_int_equal(selected->items.count, 1);
    assert_view(stator_value_text(stator_item_get(&selected->items.at[0], "text")), "by statement");
    assert_done(stator_batch_execute_statement(
        call, &(struct stator_batch_execute_statement_input){.statements = STATOR_LIST(batch)}, &several));
    assert_int_equal(several->responses.count, 2);
    assert_true(several->responses.at[0].item.set);
    assert_non_null(several->responses.at[1].error);
    assert_view(several->responses.at[1].error->code.text, "ResourceNotFound");
}

static void streams(void **state)
{
    const struct stator_list_streams_output *listed;
    const struct stator_describe_stream_output *described;
    const struct stator_get_shard_iterator_output *iterator;
    const struct stator_get_records_output *got;
    char place[2100], shard[66];
    size_t records = 0;

    (void)state;
    assert_done(
        stator_list_streams(call, &(struct stator_list_streams_input){.table_name = stator_text(TABLE)}, &listed));
    assert_int_equal(listed->streams.count, 1);
    assert_view(listed->streams.at[0].stream_arn, stream_arn);
    assert_done(stator_describe_stream(
        call, &(struct stator_describe_stream_input){.stream_arn = stator_text(stream_arn)}, &described));
    assert_int_equal(described->stream_description->stream_status.value, STATOR_STREAM_STATUS_ENABLED);
    for (size_t i = 0, count = described->stream_description->shards.count; i < count; i++) {
        snprintf(shard, sizeof(shard), "%.*s", STATOR_ARG(described->stream_description->shards.at[i].shard_id));
        assert_done(stator_get_shard_iterator(
            call,
            &(struct stator_get_shard_iterator_input){.stream_arn = stator_text(stream_arn),
                                                      .shard_id = stator_text(shard),
                                                      .shard_iterator_type = {STATOR_SHARD_ITERATOR_TYPE_TRIM_HORIZON}},
            &iterator));
        snprintf(place, sizeof(place), "%.*s", STATOR_ARG(iterator->shard_iterator));
        assert_done(
            stator_get_records(call, &(struct stator_get_records_input){.shard_iterator = stator_text(place)}, &got));
        for (size_t r = 0; r < got->records.count; r++, records++)
            assert_view(stator_value_text(stator_item_get(&got->records.at[r].dynamodb->keys, "pk")), "calls");
        assert_done(stator_describe_stream(
            call, &(struct stator_describe_stream_input){.stream_arn = stator_text(stream_arn)}, &described));
    }
    assert_true(records >= 8); /* the writes of the tests above */
}

static void without_a_type(void **state)
{
    struct stator_bytes answer;

    (void)state;
    assert_done(stator_call_json(call, "ListContributorInsights", stator_text("{}"), &answer));
    assert_view(answer, "{\"ContributorInsightsSummaries\":[]}");
    assert_int_equal(stator_call_json(call, "NoSuchOperation", stator_text("{}"), &answer), STATOR_UNKNOWN_OPERATION);
    assert_null(answer.at);
    assert_int_equal(stator_call_json(call, "Get Item\r\nX: y", stator_text("{}"), &answer), STATOR_MISUSE);
}

static void the_end(void **state)
{
    const struct stator_delete_table_output *deleted;

    (void)state;
    assert_int_equal(
        stator_delete_table(call, &(struct stator_delete_table_input){.table_name = stator_text(TABLE)}, NULL),
        STATOR_VALIDATION); /* protected: tables() */
    assert_done(stator_update_table(call,
                                    &(struct stator_update_table_input){.table_name = stator_text(TABLE),
                                                                        .deletion_protection_enabled = STATOR_FALSE},
                                    NULL));
    assert_done(
        stator_delete_table(call, &(struct stator_delete_table_input){.table_name = stator_text(TABLE)}, &deleted));
    assert_view(deleted->table_description->table_name, TABLE);
    assert_done(stator_wait_gone(call, TABLE, 10000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* in this order: they go on with the same table */
        cmocka_unit_test(tables),         cmocka_unit_test(settings),   cmocka_unit_test(the_account),
        cmocka_unit_test(items),          cmocka_unit_test(pages),      cmocka_unit_test(batches),
        cmocka_unit_test(transactions),   cmocka_unit_test(statements), cmocka_unit_test(streams),
        cmocka_unit_test(without_a_type), cmocka_unit_test(the_end),
    };

    return cmocka_run_group_tests(tests, open_client, close_client);
}
