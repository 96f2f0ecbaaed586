/* SPDX-License-Identifier: Apache-2.0 */
/* fixture: a client of the server that STATOR_ENDPOINT names, and tables for a test. For the programs of this folder,
 * which programs_test.py runs.
 */
#ifndef TESTS_CLIENT_FIXTURE_H
#define TESTS_CLIENT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "stator/call.h"
#include "stator/items.h"
#include "stator/tables.h"
#include "stator/wait.h"

static struct stator_client *client;
static struct stator_call *call;

/* Fails with the service's words. */
#define assert_done(rc_)                                                                                               \
    do {                                                                                                               \
        if ((rc_) != STATOR_OK)                                                                                        \
            fail_msg("%s: %s", #rc_, stator_call_failure(call)->message);                                              \
    } while (0)

#define assert_view(view, string) assert_memory_equal_len((view), (string), __FILE__, __LINE__)
static inline void assert_memory_equal_len(struct stator_bytes view, const char *string, const char *file, int line)
{
    char copy[4096];

    snprintf(copy, sizeof(copy), "%.*s", STATOR_ARG(view));
    _assert_string_equal(copy, string, file, line);
}

static inline int open_client(void **state)
{
    struct stator_error err;

    (void)state;
    if (stator_client_open(&client, &(struct stator_client_options){.endpoint = getenv("STATOR_ENDPOINT")}, &err) !=
        STATOR_OK) {
        print_error("%s\n", err.message);
        return -1;
    }
    call = stator_call_new(client);
    return call == NULL ? -1 : 0;
}

static inline int close_client(void **state)
{
    (void)state;
    stator_call_free(call);
    stator_client_close(client);
    return 0;
}

/* A table with a partition key "pk" (S) and a sort key "sk" (N), ready for use. */
static inline void make_table(const char *name, bool stream)
{
    const struct stator_attribute_definition attributes[] = {
        {.attribute_name = stator_text("pk"), .attribute_type = {STATOR_SCALAR_ATTRIBUTE_TYPE_S}},
        {.attribute_name = stator_text("sk"), .attribute_type = {STATOR_SCALAR_ATTRIBUTE_TYPE_N}}};
    const struct stator_key_schema_element keys[] = {
        {.attribute_name = stator_text("pk"), .key_type = {STATOR_KEY_TYPE_HASH}},
        {.attribute_name = stator_text("sk"), .key_type = {STATOR_KEY_TYPE_RANGE}}};
    const struct stator_stream_specification on = {.stream_enabled = STATOR_TRUE,
                                                   .stream_view_type = {STATOR_STREAM_VIEW_TYPE_NEW_AND_OLD_IMAGES}};

    assert_done(
        stator_create_table(call,
                            &(struct stator_create_table_input){.table_name = stator_text(name),
                                                                .attribute_definitions = STATOR_LIST(attributes),
                                                                .key_schema = STATOR_LIST(keys),
                                                                .billing_mode = {STATOR_BILLING_MODE_PAY_PER_REQUEST},
                                                                .stream_specification = stream ? &on : NULL},
                            NULL));
    assert_done(stator_wait_active(call, name, 10000));
}

/* {pk, sk: number, text}, put. text may be NULL. */
static inline void put(const char *table, const char *pk, int sk, const char *text)
{
    char digits[16];

    snprintf(digits, sizeof(digits), "%d", sk);
    assert_done(
        stator_put_item(call,
                        &(struct stator_put_item_input){
                            .table_name = stator_text(table),
                            .item = STATOR_ITEM(stator_attr("pk", stator_s(pk)), stator_attr("sk", stator_n(digits)),
                                                stator_attr("text", text == NULL ? stator_null() : stator_s(text)))},
                        NULL));
}

static inline int64_t number_of(const struct stator_item *item, const char *name)
{
    int64_t number = INT64_MIN;

    assert_int_equal(stator_value_int64(stator_item_get(item, name), &number, NULL), STATOR_OK);
    return number;
}

#endif
