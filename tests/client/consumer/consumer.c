/* SPDX-License-Identifier: Apache-2.0 */
/* The library from C99, found by pkg-config: writes an item and reads it back. */
#include <stdio.h>
#include <stdlib.h>

#include <stator/items.h>
#include <stator/tables.h>
#include <stator/wait.h>

static enum stator_rc make_table(struct stator_call *call)
{
    const struct stator_attribute_definition attributes[] = {
        {.attribute_name = stator_text("pk"), .attribute_type = {.value = STATOR_SCALAR_ATTRIBUTE_TYPE_S}}};
    const struct stator_key_schema_element keys[] = {
        {.attribute_name = stator_text("pk"), .key_type = {.value = STATOR_KEY_TYPE_HASH}}};
    const struct stator_create_table_input in = {.table_name = stator_text("Consumer"),
                                                 .attribute_definitions = STATOR_LIST(attributes),
                                                 .key_schema = STATOR_LIST(keys),
                                                 .billing_mode = {.value = STATOR_BILLING_MODE_PAY_PER_REQUEST}};
    enum stator_rc rc = stator_create_table(call, &in, NULL);

    return rc == STATOR_OK ? stator_wait_active(call, "Consumer", 10000) : rc;
}

static enum stator_rc put_and_get(struct stator_call *call)
{
    const struct stator_get_item_output *got;
    enum stator_rc rc = stator_put_item(
        call,
        &(struct stator_put_item_input){.table_name = stator_text("Consumer"),
                                        .item = STATOR_ITEM(stator_attr("pk", stator_s("one")),
                                                            stator_attr("n", stator_n("4950")))},
        NULL);

    if (rc == STATOR_OK)
        rc = stator_get_item(
            call,
            &(struct stator_get_item_input){.table_name = stator_text("Consumer"),
                                            .key = STATOR_ITEM(stator_attr("pk", stator_s("one")))},
            &got);
    if (rc == STATOR_OK)
        printf("version %s sum %.*s\n", stator_version(), STATOR_ARG(stator_value_text(stator_item_get(&got->item, "n"))));
    return rc;
}

int main(void)
{
    struct stator_client_options options = {.endpoint = getenv("STATOR_ENDPOINT")};
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
        rc = put_and_get(call);
    if (rc != STATOR_OK)
        fprintf(stderr, "%s\n", stator_call_failure(call)->message);
    stator_call_free(call);
    stator_client_close(client);
    return rc == STATOR_OK ? 0 : 1;
}
