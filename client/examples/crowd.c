/* SPDX-License-Identifier: Apache-2.0 */
#include "crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "stator/items.h"
#include "stator/tables.h"

#define TABLE "Crowd"
#define COUNT 100

struct member {
    struct stator_async *async;
    struct stator_call *call;
    char name[24];
};

static struct member members[COUNT];
static unsigned left, written, read_back;

/* --- Before: calls that wait ---------------------------------------------------------------------------------------- */

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(1);
}

static void create_table(struct stator_call *call)
{
    struct stator_attribute_definition attributes[] = {
        {.attribute_name = stator_text("name"), .attribute_type = {STATOR_SCALAR_ATTRIBUTE_TYPE_S}},
    };
    struct stator_key_schema_element keys[] = {
        {.attribute_name = stator_text("name"), .key_type = {STATOR_KEY_TYPE_HASH}},
    };
    struct stator_create_table_input in = {
        .table_name = stator_text(TABLE),
        .attribute_definitions = STATOR_LIST(attributes),
        .key_schema = STATOR_LIST(keys),
        .billing_mode = {STATOR_BILLING_MODE_PAY_PER_REQUEST},
    };
    enum stator_rc rc = stator_create_table(call, &in, NULL);

    if (rc != STATOR_OK && rc != STATOR_RESOURCE_IN_USE)
        fail("create table", stator_call_failure(call)->message);
}

static void await_table(struct stator_call *call)
{
    struct stator_describe_table_input in = {.table_name = stator_text(TABLE)};
    const struct stator_describe_table_output *out;

    do {
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        if (stator_describe_table(call, &in, &out) != STATOR_OK)
            fail("describe table", stator_call_failure(call)->message);
    } while (out->table->table_status.value != STATOR_TABLE_STATUS_ACTIVE);
}

struct stator_client *crowd_prepare(int argc, char **argv)
{
    struct stator_client_options options = {.endpoint = argc > 1 ? argv[1] : "http://localhost:8000"};
    struct stator_client *client;
    struct stator_call *call;
    struct stator_error err;

    if (stator_client_open(&client, &options, &err) != STATOR_OK)
        fail("open", err.message);
    call = stator_call_new(client);
    if (call == NULL)
        fail("call", "no memory");
    create_table(call);
    await_table(call);
    stator_call_free(call);
    return client;
}

/* --- All at once ---------------------------------------------------------------------------------------------------- */

/* The end of a member's last call. */
static void leave(struct member *member, const char *trouble)
{
    if (trouble != NULL)
        fprintf(stderr, "%s: %s\n", member->name, trouble);
    stator_call_free(member->call);
    left--;
}

static void on_read(struct stator_call *call, enum stator_rc rc, void *user)
{
    const struct stator_get_item_output *got = stator_get_item_answer(call);

    if (rc != STATOR_OK)
        return leave(user, stator_call_failure(call)->message);
    read_back += got->item.set;
    leave(user, NULL);
}

static void on_written(struct stator_call *call, enum stator_rc rc, void *user)
{
    struct member *member = user;
    struct stator_attribute name[] = {{stator_text("name"), stator_s(member->name)}};
    struct stator_get_item_input in = {.table_name = stator_text(TABLE),
                                       .key = {.attributes = name, .count = 1, .set = true},
                                       .consistent_read = STATOR_TRUE};

    if (rc == STATOR_OK) {
        written++;
        rc = stator_get_item_start(member->async, call, &in, on_read, member); /* the same call serves again */
    }
    if (rc != STATOR_OK)
        leave(member, stator_call_failure(call)->message);
}

static void start_one(struct member *member)
{
    struct stator_attribute item[] = {{stator_text("name"), stator_s(member->name)},
                                      {stator_text("size"), stator_n("1.85")}};
    struct stator_put_item_input in = {.table_name = stator_text(TABLE),
                                       .item = {.attributes = item, .count = 2, .set = true}};

    if (stator_put_item_start(member->async, member->call, &in, on_written, member) != STATOR_OK)
        leave(member, stator_call_failure(member->call)->message);
}

void crowd_start(struct stator_async *async)
{
    for (int i = 0; i < COUNT; i++) {
        members[i] = (struct member){.async = async, .call = stator_call_new(stator_async_client(async))};
        if (members[i].call == NULL)
            fail("call", "no memory");
        snprintf(members[i].name, sizeof(members[i].name), "member %d", i);
        left++;
        start_one(&members[i]);
    }
}

unsigned crowd_left(void)
{
    return left;
}

int crowd_report(void)
{
    printf("%u written, %u read back\n", written, read_back);
    return written == COUNT && read_back == COUNT ? 0 : 1;
}
