/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "answering.h"

#include "stator/async.h"
#include "stator/items.h"

struct fixture {
    struct answering server;
    struct stator_client *client;
    struct stator_async *async;
};

/* What a stator_done was told, and what it is to do then. */
struct told {
    struct fixture *fixture;
    unsigned times;
    enum stator_rc rc;
    struct stator_call *cancel, *free; /* others */
    bool free_self;
    unsigned again;              /* start anew so many times */
    enum stator_rc run, started; /* what they say in there */
};

static void open_all(struct fixture *fixture, uint32_t calls_max, uint32_t call_timeout_ms)
{
    struct stator_client_options options = {.endpoint = fixture->server.url,
                                            .attempts_max = 1,
                                            .connect_timeout_ms = 60000,
                                            .attempt_timeout_ms = 60000,
                                            .call_timeout_ms = call_timeout_ms};
    struct stator_error err;

    assert_int_equal(stator_client_open(&fixture->client, &options, &err), STATOR_OK);
    assert_int_equal(stator_async_open(&fixture->async, fixture->client,
                                       &(struct stator_async_options){.calls_max = calls_max}, &err),
                     STATOR_OK);
}

static void close_all(struct fixture *fixture)
{
    stator_async_close(fixture->async);
    stator_client_close(fixture->client);
}

static const struct stator_get_item_input get = {
    .table_name = {(const uint8_t *)"T", 1},
    .key = {.json = {(const uint8_t *)"{\"pk\":{\"S\":\"a\"}}", 16}, .set = true},
};

static void done(struct stator_call *call, enum stator_rc rc, void *user)
{
    struct told *told = user;

    told->times++;
    told->rc = rc;
    assert_int_equal(stator_call_failure(call)->rc, rc);
    told->run = stator_async_run(told->fixture->async, 0);
    if (told->cancel != NULL)
        stator_call_cancel(told->cancel);
    stator_call_free(told->free);
    told->free = NULL;
    if (told->again > 0) {
        told->again--;
        told->started = stator_get_item_start(told->fixture->async, call, &get, done, told);
    } else if (told->free_self) {
        stator_call_free(call);
    }
}

static struct stator_call *started(struct fixture *fixture, struct told *told)
{
    struct stator_call *call = stator_call_new(fixture->client);

    assert_non_null(call);
    told->fixture = fixture;
    assert_int_equal(stator_get_item_start(fixture->async, call, &get, done, told), STATOR_OK);
    assert_int_equal(told->times, 0); /* never by the start itself */
    return call;
}

/* --- Answers -------------------------------------------------------------------------------------------------------- */

static void test_answers(void **state)
{
    struct fixture fixture;
    struct told told = {.again = 9};
    const struct stator_get_item_output *got;
    struct stator_call *call;

    (void)state;
    answering_start(&fixture.server);
    open_all(&fixture, 0, 60000);
    call = started(&fixture, &told);
    assert_null(stator_get_item_answer(call));
    assert_int_equal(stator_async_count(fixture.async), 1);
    assert_int_equal(stator_async_run(fixture.async, -1), STATOR_OK);
    assert_int_equal(told.times, 10);
    assert_int_equal(told.rc, STATOR_OK);
    assert_int_equal(told.run, STATOR_MISUSE); /* inside a stator_done */
    assert_int_equal(told.started, STATOR_OK);
    got = stator_get_item_answer(call);
    assert_non_null(got);
    assert_int_equal(got->item.count, 2);
    assert_null(stator_put_item_answer(call));
    assert_null(stator_call_json_answer(call).at);
    assert_int_equal(stator_call_wait(call), STATOR_OK); /* of a call that has ended */

    assert_int_equal(stator_call_json_start(fixture.async, call, "ListTables", stator_text("{}"), NULL, NULL),
                     STATOR_OK);
    assert_int_equal(stator_call_wait(call), STATOR_OK);
    assert_int_equal(stator_call_json_answer(call).len, 50);
    assert_null(stator_get_item_answer(call));

    assert_int_equal(stator_get_item(call, &get, &got), STATOR_OK); /* the same call may also wait */
    assert_ptr_equal(got, stator_get_item_answer(call));
    stator_call_free(call);
    close_all(&fixture);
    answering_stop(&fixture.server);
}

static void test_free_in_done(void **state)
{
    struct fixture fixture;
    struct told told = {.free_self = true};
    struct stator_call *call;

    (void)state;
    answering_start(&fixture.server);
    open_all(&fixture, 0, 60000);
    call = started(&fixture, &told);
    assert_int_equal(stator_call_wait(call), STATOR_OK); /* though it is gone by then */
    assert_int_equal(told.times, 1);
    close_all(&fixture);
    answering_stop(&fixture.server);
}

/* --- Breaking off --------------------------------------------------------------------------------------------------- */

#define CALLS 8

/* Three are being sent and five wait for their turn, wherever the first is broken off. */
static void test_cancel(void **state)
{
    struct fixture fixture;
    struct told told[CALLS] = {{0}};
    struct stator_call *calls[CALLS];

    (void)state;
    mute_start(&fixture.server);
    open_all(&fixture, 3, 60000);
    for (int i = 0; i < CALLS; i++)
        calls[i] = started(&fixture, &told[i]);
    assert_int_equal(stator_async_run(fixture.async, 50), STATOR_TIMED_OUT);
    assert_int_equal(stator_async_count(fixture.async), CALLS);

    assert_int_equal(stator_get_item(calls[0], &get, NULL), STATOR_MISUSE); /* it is under way, and stays so */
    assert_int_equal(stator_get_item_start(fixture.async, calls[7], &get, done, &told[7]), STATOR_MISUSE);
    assert_int_equal(stator_async_count(fixture.async), CALLS);

    told[0].cancel = calls[1]; /* from within a stator_done */
    told[0].free = calls[2];
    stator_call_cancel(calls[7]); /* has not been sent */
    assert_int_equal(told[7].times, 1);
    assert_int_equal(told[7].rc, STATOR_CANCELLED);
    stator_call_cancel(calls[7]);
    assert_int_equal(told[7].times, 1); /* once */
    stator_call_cancel(calls[0]);
    assert_int_equal(told[0].times, 1);
    assert_int_equal(told[1].times, 1);
    assert_int_equal(told[1].rc, STATOR_CANCELLED);
    assert_int_equal(told[2].times, 0); /* freed without a word */
    assert_int_equal(stator_async_count(fixture.async), CALLS - 4);

    assert_int_equal(stator_async_run(fixture.async, 50), STATOR_TIMED_OUT); /* the next are sent */
    told[3].again = 1;
    stator_async_close(fixture.async);
    assert_int_equal(told[3].started, STATOR_CANCELLED); /* too late */
    for (int i = 3; i < 7; i++) {
        assert_int_equal(told[i].times, 1);
        assert_int_equal(told[i].rc, STATOR_CANCELLED);
    }
    for (int i = 0; i < CALLS; i++)
        if (i != 2)
            stator_call_free(calls[i]);
    stator_client_close(fixture.client);
    mute_stop(&fixture.server);
}

static void test_free_under_way(void **state)
{
    struct fixture fixture;
    struct told told = {0};
    struct stator_call *call;

    (void)state;
    mute_start(&fixture.server);
    open_all(&fixture, 0, 60000);
    stator_call_free(started(&fixture, &told)); /* before it is sent */
    call = started(&fixture, &told);
    assert_int_equal(stator_async_run(fixture.async, 50), STATOR_TIMED_OUT);
    stator_call_free(call);
    assert_int_equal(stator_async_run(fixture.async, -1), STATOR_OK);
    assert_int_equal(told.times, 0);
    close_all(&fixture);
    mute_stop(&fixture.server);
}

static void test_time_is_over(void **state)
{
    struct fixture fixture;
    struct told told[3] = {{0}};
    struct stator_call *calls[3];

    (void)state;
    mute_start(&fixture.server);
    open_all(&fixture, 1, 200);
    for (int i = 0; i < 3; i++)
        calls[i] = started(&fixture, &told[i]);
    assert_int_equal(stator_async_run(fixture.async, -1), STATOR_OK);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(told[i].times, 1);
        assert_int_equal(told[i].rc, STATOR_TIMED_OUT);
        assert_true(stator_call_failure(calls[i])->retryable);
        stator_call_free(calls[i]);
    }
    close_all(&fixture);
    mute_stop(&fixture.server);
}

/* --- A loop that is told everything --------------------------------------------------------------------------------- */

struct watching {
    int fd;
    unsigned events;
    int64_t wait_ms;
};

static void watch(int fd, unsigned events, void *user)
{
    struct watching *watching = user;

    watching->fd = fd;
    watching->events = events;
}

static void timer(int64_t wait_ms, void *user)
{
    struct watching *watching = user;

    watching->wait_ms = wait_ms;
}

static void test_loop(void **state)
{
    struct fixture fixture;
    struct told told = {0};
    struct watching watching = {.wait_ms = -1};
    struct stator_async_options options = {.loop = {.watch = watch, .timer = timer, .user = &watching}};
    struct stator_error err;
    struct stator_call *call;

    (void)state;
    answering_start(&fixture.server);
    open_all(&fixture, 0, 60000);
    stator_async_close(fixture.async);
    assert_int_equal(stator_async_open(&fixture.async, fixture.client, &options, &err), STATOR_OK);
    call = started(&fixture, &told);
    assert_int_equal(watching.wait_ms, 0);                    /* at once, but not now */
    stator_async_ready(fixture.async, 9999, STATOR_READABLE); /* nobody's */
    while (told.times == 0) {
        struct pollfd fd = {watching.fd,
                            (short)((watching.events & STATOR_READABLE ? POLLIN : 0) |
                                    (watching.events & STATOR_WRITABLE ? POLLOUT : 0)),
                            0};

        if (poll(&fd, watching.events != 0, (int)watching.wait_ms) == 0)
            stator_async_timer(fixture.async);
        else
            stator_async_ready(fixture.async, fd.fd, watching.events);
        stator_async_timer(fixture.async); /* once too often */
    }
    assert_int_equal(told.rc, STATOR_OK);
    assert_int_equal(watching.events, 0);
    stator_call_free(call);
    stator_async_close(fixture.async);
    assert_int_equal(watching.wait_ms, -1);
    assert_int_equal(
        stator_async_open(&fixture.async, fixture.client, &(struct stator_async_options){.loop.watch = watch}, &err),
        STATOR_MISUSE);
    stator_client_close(fixture.client);
    answering_stop(&fixture.server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_answers),        cmocka_unit_test(test_free_in_done), cmocka_unit_test(test_cancel),
        cmocka_unit_test(test_free_under_way), cmocka_unit_test(test_time_is_over), cmocka_unit_test(test_loop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
