/* SPDX-License-Identifier: Apache-2.0 */
/* example: what the other examples begin and end with, as quick_start.c has it written out: a client of the endpoint on
 * the command line, a call, a table with a partition key "pk" and, if wanted, a sort key "sk" of numbers.
 */
#ifndef CLIENT_EXAMPLES_EXAMPLE_H
#define CLIENT_EXAMPLES_EXAMPLE_H

#include <stdio.h>
#include <stdlib.h>

#include <stator/items.h>
#include <stator/tables.h>
#include <stator/wait.h>

static struct stator_client *client;
static struct stator_call *call;

/* Ends the example when a call has failed. */
static inline void check(enum stator_rc rc)
{
    if (rc == STATOR_OK)
        return;
    fprintf(stderr, "%s\n", stator_call_failure(call)->message);
    exit(1);
}

static inline void begin(int count, char **arguments)
{
    struct stator_client_options options = {.endpoint = count > 1 ? arguments[1] : NULL};
    struct stator_error err;

    if (stator_client_open(&client, &options, &err) != STATOR_OK) {
        fprintf(stderr, "%s\n", err.message);
        exit(1);
    }
    call = stator_call_new(client);
    if (call == NULL)
        exit(1);
}

static inline int end(void)
{
    stator_call_free(call);
    stator_client_close(client);
    return 0;
}

static inline void make_table(const char *name, bool with_sort_key)
{
    const struct stator_attribute_definition attributes[] = {
        {.attribute_name = stator_text("pk"), .attribute_type = {STATOR_SCALAR_ATTRIBUTE_TYPE_S}},
        {.attribute_name = stator_text("sk"), .attribute_type = {STATOR_SCALAR_ATTRIBUTE_TYPE_N}}};
    const struct stator_key_schema_element key[] = {
        {.attribute_name = stator_text("pk"), .key_type = {STATOR_KEY_TYPE_HASH}},
        {.attribute_name = stator_text("sk"), .key_type = {STATOR_KEY_TYPE_RANGE}}};
    struct stator_create_table_input in = {.table_name = stator_text(name),
                                           .attribute_definitions = STATOR_LIST(attributes),
                                           .key_schema = STATOR_LIST(key),
                                           .billing_mode = {STATOR_BILLING_MODE_PAY_PER_REQUEST}};
    enum stator_rc rc;

    in.attribute_definitions.count = in.key_schema.count = with_sort_key ? 2 : 1;
    rc = stator_create_table(call, &in, NULL);
    if (rc != STATOR_RESOURCE_IN_USE) /* from the last time */
        check(rc);
    check(stator_wait_active(call, name, 60000));
}

#endif
