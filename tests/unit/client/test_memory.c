/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th allocation fails, for all n: every function says so, nothing crashes, nothing is lost. Allocations are those
 * of the caller's allocator and, with the linker's help, those of malloc in our own code; libcurl's are its own. */
#include "unit/unit.h"

#include "answering.h"

#include "stator/async.h"
#include "stator/items.h"

static long until_failure = -1; /* allocations that are still to do well; negative: all */
static long live;               /* blocks of the allocator */

static bool fails(void)
{
    return until_failure >= 0 && until_failure-- == 0; /* those after it do well again */
}

void *__real_malloc(size_t len);
void *__real_realloc(void *block, size_t len);
void *__wrap_malloc(size_t len);
void *__wrap_realloc(void *block, size_t len);

void *__wrap_malloc(size_t len)
{
    return fails() ? NULL : __real_malloc(len);
}

void *__wrap_realloc(void *block, size_t len)
{
    return fails() ? NULL : __real_realloc(block, len);
}

static void *allocate(size_t len, void *user)
{
    void *block = fails() ? NULL : __real_malloc(len);

    (void)user;
    live += block != NULL;
    return block;
}

static void *resize(void *block, size_t len, void *user)
{
    void *grown = fails() ? NULL : __real_realloc(block, len);

    (void)user;
    live += grown != NULL && block == NULL;
    return grown;
}

static void release(void *block, void *user)
{
    (void)user;
    live -= block != NULL;
    free(block);
}

static enum stator_rc use_call(struct stator_call *call)
{
    struct stator_attribute key[] = {{stator_text("pk"), stator_s("a")}};
    struct stator_item item = {.attributes = key, .count = 1, .set = true};
    struct stator_put put = {.table_name = stator_text("T"), .item = item};
    struct stator_transact_write_item writes[] = {{.put = &put}};
    struct stator_get_item_input get = {.table_name = stator_text("T"), .key = item};
    struct stator_transact_write_items_input transact = {.transact_items = STATOR_LIST(writes)};
    struct stator_bytes answer;
    enum stator_rc rc = stator_get_item(call, &get, NULL);

    if (rc == STATOR_OK)
        rc = stator_transact_write_items(call, &transact, NULL);
    if (rc == STATOR_OK)
        rc = stator_call_json(call, "DescribeBackup", stator_text("{}"), &answer);
    return rc;
}

static enum stator_rc use_async(struct stator_client *client, struct stator_call *call)
{
    struct stator_get_item_input get = {.table_name = stator_text("T"),
                                        .key = {.json = stator_text("{\"pk\":{\"S\":\"a\"}}"), .set = true}};
    struct stator_async *async;
    struct stator_error err;
    enum stator_rc rc = stator_async_open(&async, client, NULL, &err);

    if (rc != STATOR_OK)
        return rc;
    rc = stator_get_item_start(async, call, &get, NULL, NULL);
    if (rc == STATOR_OK)
        rc = stator_call_wait(call);
    stator_async_close(async);
    return rc;
}

/* Everything once; the first failure is the end. */
static enum stator_rc use(const char *url, const struct stator_allocator *allocator)
{
    struct stator_client_options options = {.endpoint = url,
                                            .user_agent = "test",
                                            .credentials = {"id", "secret", "token", 0},
                                            .allocator = allocator,
                                            .connect_timeout_ms = 60000};
    struct stator_client *client;
    struct stator_call *call;
    struct stator_error err;
    enum stator_rc rc = stator_client_open(&client, &options, &err);

    if (rc != STATOR_OK)
        return rc;
    call = stator_call_new(client);
    rc = call == NULL ? STATOR_NO_MEMORY : use_call(call);
    if (rc == STATOR_OK)
        rc = use_async(client, call);
    stator_call_free(call);
    stator_client_close(client);
    return rc;
}

static void test_every_allocation(void **state)
{
    struct stator_allocator allocator = {allocate, resize, release, NULL};
    struct answering server;
    enum stator_rc rc;
    long n = -1;
    bool failed;

    (void)state;
    answering_start(&server);
    assert_int_equal(use(server.url, &allocator), STATOR_OK); /* what is made but once is made here */
    assert_int_equal(live, 0);
    do {
        until_failure = ++n;
        rc = use(server.url, &allocator);
        failed = until_failure < 0;
        until_failure = -1;
        if (live != 0 || rc != (failed ? STATOR_NO_MEMORY : STATOR_OK))
            fail_msg("allocation %ld fails: rc %d, %ld blocks are left", n, (int)rc, live);
    } while (failed);
    assert_in_range(n, 20, 2000);
    answering_stop(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_allocation)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
