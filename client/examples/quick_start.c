/* SPDX-License-Identifier: Apache-2.0 */
/* From nothing to an item written and read: the first thing to try.
 *
 *     deploy/run &
 *     quick_start http://localhost:8000
 */
#include <stdio.h>

#include <stator/items.h>
#include <stator/tables.h>
#include <stator/wait.h>

static enum stator_rc make_table(struct stator_call *call)
{
    const struct stator_attribute_definition attributes[] = {
        {.attribute_name = stator_text("name"), .attribute_type = {STATOR_SCALAR_ATTRIBUTE_TYPE_S}}};
    const struct stator_key_schema_element key[] = {
        {.attribute_name = stator_text("name"), .key_type = {STATOR_KEY_TYPE_HASH}}};
    enum stator_rc rc =
        stator_create_table(call,
                            &(struct stator_create_table_input){.table_name = stator_text("Mountains"),
                                                                .attribute_definitions = STATOR_LIST(attributes),
                                                                .key_schema = STATOR_LIST(key),
                                                                .billing_mode = {STATOR_BILLING_MODE_PAY_PER_REQUEST}},
                            NULL);

    if (rc != STATOR_OK && rc != STATOR_RESOURCE_IN_USE) /* from the last time */
        return rc;
    return stator_wait_active(call, "Mountains", 60000);
}

static enum stator_rc put_mountain(struct stator_call *call)
{
    return stator_put_item(
        call,
        &(struct stator_put_item_input){
            .table_name = stator_text("Mountains"),
            .item = STATOR_ITEM(stator_attr("name", stator_s("Eiger")), stator_attr("height", stator_n("3967")),
                                stator_attr("faces", STATOR_SS(stator_s("north"), stator_s("west"))))},
        NULL);
}

static enum stator_rc show_mountain(struct stator_call *call)
{
    const struct stator_get_item_output *out;
    int64_t height = 0;
    enum stator_rc rc =
        stator_get_item(call,
                        &(struct stator_get_item_input){.table_name = stator_text("Mountains"),
                                                        .key = STATOR_ITEM(stator_attr("name", stator_s("Eiger")))},
                        &out);

    if (rc != STATOR_OK)
        return rc;
    rc = stator_value_int64(stator_item_get(&out->item, "height"), &height, NULL);
    printf("The Eiger is %lld m high and has %zu attributes.\n", (long long)height, out->item.count);
    return rc;
}

int main(int count, char **arguments)
{
    struct stator_client_options options = {.endpoint = count > 1 ? arguments[1] : NULL};
    struct stator_client *client;
    struct stator_error err;
    struct stator_call *call;
    enum stator_rc rc;

    if (stator_client_open(&client, &options, &err) != STATOR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    call = stator_call_new(client);
    rc = make_table(call);
    if (rc == STATOR_OK)
        rc = put_mountain(call);
    if (rc == STATOR_OK)
        rc = show_mountain(call);
    if (rc != STATOR_OK)
        fprintf(stderr, "%s\n", stator_call_failure(call)->message);
    stator_call_free(call);
    stator_client_close(client);
    return rc == STATOR_OK ? 0 : 1;
}
