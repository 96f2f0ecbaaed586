/* SPDX-License-Identifier: Apache-2.0 */
/* The n-th call of the system about sockets fails, for n = 1, 2, 3 ... until a run passes untouched. The functions below
 * stand before the system's, for libcurl too. Without retries the call fails with an error of its own, or does not notice;
 * with them it does well. */
#include "client/fixture.h"

#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include "stator/async.h"

#define TABLE "Sockets"
#define N_MAX 400

static int countdown; /* 0: nothing fails; 1: the next */

static bool is_to_fail(void)
{
    return countdown > 0 && --countdown == 0;
}

/* The next definition behind ours: a sanitizer's, or the system's. */
#define SYSTEM(type, name, parameters, ...)                                                                            \
    __attribute__((visibility("default"))) type name parameters;                                                       \
    type name parameters                                                                                               \
    {                                                                                                                  \
        static type(*system_##name) parameters;                                                                        \
                                                                                                                       \
        if (system_##name == NULL)                                                                                     \
            *(void **)&system_##name = dlsym(RTLD_NEXT, #name);                                                        \
        if (is_to_fail()) {                                                                                            \
            errno = EIO;                                                                                               \
            return -1;                                                                                                 \
        }                                                                                                              \
        return system_##name(__VA_ARGS__);                                                                             \
    }

SYSTEM(int, socket, (int domain, int kind, int protocol), domain, kind, protocol)
SYSTEM(int, connect, (int fd, const struct sockaddr *address, socklen_t len), fd, address, len)
SYSTEM(ssize_t, send, (int fd, const void *at, size_t len, int flags), fd, at, len, flags)
SYSTEM(ssize_t, recv, (int fd, void *at, size_t len, int flags), fd, at, len, flags)
SYSTEM(int, poll, (struct pollfd * fds, nfds_t count, int wait_ms), fds, count, wait_ms)

static void note(struct stator_call *done, enum stator_rc rc, void *user)
{
    (void)done;
    *(enum stator_rc *)user = rc;
}

static enum stator_rc get_waiting(struct stator_client *fresh, struct stator_call *one,
                                  const struct stator_get_item_input *in)
{
    const struct stator_get_item_output *got;
    enum stator_rc rc = stator_get_item(one, in, &got);

    (void)fresh;
    assert_true(rc != STATOR_OK || got->item.set);
    return rc;
}

static enum stator_rc get_driven(struct stator_client *fresh, struct stator_call *one,
                                 const struct stator_get_item_input *in)
{
    struct stator_async *async;
    enum stator_rc rc = STATOR_AGAIN, run = STATOR_OK;

    if (stator_async_open(&async, fresh, NULL, NULL) != STATOR_OK)
        return STATOR_NO_MEMORY;
    if (stator_get_item_start(async, one, in, note, &rc) == STATOR_OK)
        run = stator_async_run(async, -1);
    stator_async_close(async); /* cancels what a failed wait has left */
    return run == STATOR_OK ? rc : STATOR_UNREACHABLE;
}

typedef enum stator_rc way(struct stator_client *fresh, struct stator_call *one,
                           const struct stator_get_item_input *in);

/* A GetItem whose n-th call of the system fails; whether any did. */
static bool fails_at(int n, uint32_t attempts_max, way *run, enum stator_rc *rc)
{
    const struct stator_client_options options = {.endpoint = getenv("STATOR_ENDPOINT"), .attempts_max = attempts_max};
    struct stator_get_item_input in = {0};
    struct stator_client *fresh;
    struct stator_call *one;

    in.table_name = stator_text(TABLE);
    in.key = STATOR_ITEM(stator_attr("pk", stator_s("x")), stator_attr("sk", stator_n("1")));
    assert_int_equal(stator_client_open(&fresh, &options, NULL), STATOR_OK);
    one = stator_call_new(fresh);
    assert_non_null(one);
    countdown = n;
    *rc = run(fresh, one, &in);
    n = countdown;
    countdown = 0;
    if (*rc != STATOR_OK)
        assert_int_not_equal(stator_call_failure(one)->message[0], '\0');
    stator_call_free(one);
    stator_client_close(fresh);
    return n == 0;
}

static void each_fails_once(way *run)
{
    enum stator_rc rc;
    int n = 1, failed = 0;

    for (; n < N_MAX && fails_at(n, 1, run, &rc); n++) {
        assert_true(rc == STATOR_OK || rc == STATOR_UNREACHABLE || rc == STATOR_BAD_ANSWER || rc == STATOR_TIMED_OUT);
        failed += rc != STATOR_OK;
    }
    assert_int_equal(rc, STATOR_OK); /* of the run that nothing touched */
    assert_in_range(n, 5, N_MAX - 1);
    assert_true(failed > 2);
}

static void a_call_that_waits(void **state)
{
    (void)state;
    each_fails_once(get_waiting);
}

static void a_call_that_a_loop_drives(void **state)
{
    (void)state;
    each_fails_once(get_driven);
}

static void retries_get_over_it(void **state)
{
    enum stator_rc rc;

    (void)state;
    for (int n = 1; n < N_MAX && fails_at(n, 4, get_waiting, &rc); n++)
        assert_int_equal(rc, STATOR_OK);
    assert_int_equal(rc, STATOR_OK);
}

static int set_up(void **state)
{
    if (open_client(state) != 0)
        return -1;
    make_table(TABLE, false);
    put(TABLE, "x", 1, "text");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_that_waits),
        cmocka_unit_test(a_call_that_a_loop_drives),
        cmocka_unit_test(retries_get_over_it),
    };

    return cmocka_run_group_tests(tests, set_up, close_client);
}
