/* SPDX-License-Identifier: Apache-2.0 */
/* A call is in one list, that of its state. What happens is done in turns: pauses that are over end, calls that wait are
 * begun, libcurl is told of the time, and calls that it has ended are settled. stator_done is called from within a turn
 * (or a cancellation) alone, never while libcurl is at work, so that it may do anything.
 */
#include "async.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "call.h"
#include "memory.h"

#define CALLS_MAX_DEFAULT 50
#define CALLS_MAX         10000

/* libcurl watches at most five descriptors for a transfer, and a few for connections that it closes. */
#define SOCKETS_OF(calls_max) ((size_t)(calls_max)*5 + 16)

#define NEVER_MS INT64_MAX

struct flight_waiter {
    bool ended;
    enum stator_rc rc;
};

struct stator_async {
    struct stator_client *client;
    struct stator_async_options options; /* defaults filled in */
    CURLM *multi;
    struct pool pool; /* of its own handles: libcurl closes a handle's connections when it joins a multi handle */

    struct flight_link lists[FLIGHT_STATES]; /* those that wait or pause in the order of due_ms; none is idle */
    size_t sending, count;                   /* of calls; count is of all lists */

    int64_t curl_due_ms;    /* when libcurl wants to be called; NEVER_MS */
    int64_t told_ms;        /* what the caller's timer was set to; NEVER_MS */
    struct pollfd *watched; /* what libcurl watches */
    struct pollfd *ready;   /* room for a copy of it */
    size_t watched_count;

    bool turning; /* a turn is going on: we are inside a stator_done */
    bool closing;
};

/* --- Lists ---------------------------------------------------------------------------------------------------------- */

static struct stator_call *call_of(struct flight_link *link)
{
    return (struct stator_call *)((char *)link - offsetof(struct stator_call, flight));
}

static struct stator_call *first(struct stator_async *async, enum flight_state state)
{
    struct flight_link *list = &async->lists[state];

    return list->after == list ? NULL : call_of(list->after);
}

static void unlink_flight(struct flight_link *link)
{
    link->before->after = link->after;
    link->after->before = link->before;
}

static const unsigned flight_next[FLIGHT_STATES] = {
    [FLIGHT_IDLE] = 1U << FLIGHT_WAITING,
    [FLIGHT_WAITING] = 1U << FLIGHT_SENDING | 1U << FLIGHT_IDLE,
    [FLIGHT_SENDING] = 1U << FLIGHT_PAUSING | 1U << FLIGHT_IDLE,
    [FLIGHT_PAUSING] = 1U << FLIGHT_WAITING | 1U << FLIGHT_IDLE,
};

/* Into the list of that state, behind all that are due no later. */
static void move(struct stator_call *call, enum flight_state to, int64_t due_ms)
{
    struct flight *flight = &call->flight;
    struct stator_async *async = flight->async;
    struct flight_link *before;

    stator_assert(flight_next[flight->state] & 1U << to);
    async->sending -= flight->state == FLIGHT_SENDING;
    async->sending += to == FLIGHT_SENDING;
    if (flight->state != FLIGHT_IDLE)
        unlink_flight(&flight->link);
    flight->state = to;
    flight->due_ms = due_ms;
    if (to == FLIGHT_IDLE)
        return;
    before = async->lists[to].before;
    while (before != &async->lists[to] && call_of(before)->flight.due_ms > due_ms)
        before = before->before;
    flight->link = (struct flight_link){.before = before, .after = before->after};
    before->after->before = &flight->link;
    before->after = &flight->link;
}

/* --- Time ----------------------------------------------------------------------------------------------------------- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the next thing is to be done without any descriptor's being ready. */
static int64_t due_ms(struct stator_async *async)
{
    struct stator_call *waiting = first(async, FLIGHT_WAITING), *pausing = first(async, FLIGHT_PAUSING);
    int64_t due = async->curl_due_ms;

    if (pausing != NULL)
        due = earlier(due, pausing->flight.due_ms);
    if (waiting != NULL)
        due = async->sending < async->options.calls_max ? 0 : earlier(due, waiting->flight.due_ms);
    return due;
}

/* How long that is from now, for poll() and the caller's timer: -1 is for ever. */
static int64_t wait_ms(int64_t due)
{
    int64_t wait = due == NEVER_MS ? -1 : due - call_clock_ms();

    return due != NEVER_MS && wait < 0 ? 0 : wait;
}

static void set_timer(struct stator_async *async)
{
    int64_t due = due_ms(async);

    if (async->options.loop.timer == NULL || async->turning || due == async->told_ms)
        return;
    async->told_ms = due;
    async->options.loop.timer(wait_ms(due), async->options.loop.user);
}

/* --- What libcurl says ---------------------------------------------------------------------------------------------- */

static int on_timer(CURLM *multi, long timeout_ms, void *user)
{
    struct stator_async *async = user;

    (void)multi;
    async->curl_due_ms = timeout_ms < 0 ? NEVER_MS : call_clock_ms() + timeout_ms;
    return 0;
}

static short poll_events(int what)
{
    return (short)((what & CURL_POLL_IN ? POLLIN : 0) | (what & CURL_POLL_OUT ? POLLOUT : 0));
}

static unsigned loop_events(int what)
{
    return (what & CURL_POLL_IN ? STATOR_READABLE : 0U) | (what & CURL_POLL_OUT ? STATOR_WRITABLE : 0U);
}

/* Its place among the watched, or the one behind them. */
static struct pollfd *place_of(struct stator_async *async, int fd)
{
    size_t i = 0;

    while (i < async->watched_count && async->watched[i].fd != fd)
        i++;
    return &async->watched[i];
}

static int on_socket(CURL *handle, curl_socket_t fd, int what, void *user, void *socket_user)
{
    struct stator_async *async = user;
    struct pollfd *place = place_of(async, fd), *end = async->watched + async->watched_count;

    (void)handle;
    (void)socket_user;
    if (what == CURL_POLL_REMOVE)
        what = 0;
    if (place == end) {
        if (what == 0)
            return 0;
        stator_assert(async->watched_count < SOCKETS_OF(async->options.calls_max));
        async->watched_count++;
    }
    *place = (struct pollfd){.fd = fd, .events = poll_events(what)};
    if (what == 0)
        *place = async->watched[--async->watched_count];
    if (async->options.loop.watch != NULL)
        async->options.loop.watch(fd, loop_events(what), async->options.loop.user);
    return 0;
}

/* --- The end of a call ---------------------------------------------------------------------------------------------- */

/* The call is its caller's again; it may be gone when this returns. */
static void finish(struct stator_call *call, enum stator_rc rc)
{
    struct flight flight = call->flight;

    move(call, FLIGHT_IDLE, 0);
    flight.async->count--;
    call->flight = (struct flight){0};
    if (flight.done != NULL)
        flight.done(call, rc, flight.user);
    if (flight.waiter != NULL)
        *flight.waiter = (struct flight_waiter){.ended = true, .rc = rc};
}

static void break_off(struct stator_call *call)
{
    if (call->flight.state != FLIGHT_SENDING)
        return;
    curl_multi_remove_handle(call->flight.async->multi, call->exchange.handle);
    call_attempt_drop(call);
}

static void settle(struct stator_call *call, CURLcode code)
{
    struct call_next next = call_attempt_end(call, code);

    if (next.again)
        move(call, FLIGHT_PAUSING, call_clock_ms() + next.pause_ms);
    else
        finish(call, call_end(call));
}

/* --- A turn --------------------------------------------------------------------------------------------------------- */

static void settle_ended(struct stator_async *async)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(async->multi, &left)) != NULL) {
        CURL *handle = message->easy_handle;
        CURLcode code = message->data.result;
        struct stator_call *call = NULL;

        curl_easy_getinfo(handle, CURLINFO_PRIVATE, (char **)&call);
        curl_multi_remove_handle(async->multi, handle);
        settle(call, code);
    }
}

static void end_pauses(struct stator_async *async)
{
    struct stator_call *call;
    int64_t now = call_clock_ms();

    while ((call = first(async, FLIGHT_PAUSING)) != NULL && call->flight.due_ms <= now)
        move(call, FLIGHT_WAITING, call->deadline_ms);
}

static void end_late_one(struct stator_call *call)
{
    call->failure = (struct stator_failure){.attempts = call->failure.attempts, .retryable = true};
    finish(call, call_fail(call, STATOR_TIMED_OUT, "The call's time was over before its turn came"));
}

/* Those whose whole time went by before their turn came. */
static void end_late(struct stator_async *async)
{
    struct stator_call *call;
    int64_t now = call_clock_ms();

    while ((call = first(async, FLIGHT_WAITING)) != NULL && call->flight.due_ms <= now)
        end_late_one(call);
}

static void begin(struct stator_call *call)
{
    struct stator_async *async = call->flight.async;
    CURL *handle;

    if (call_attempt_begin(call, &handle) != STATOR_OK) {
        finish(call, call->failure.rc);
        return;
    }
    curl_easy_setopt(handle, CURLOPT_PRIVATE, call);
    move(call, FLIGHT_SENDING, 0);
    if (curl_multi_add_handle(async->multi, handle) == CURLM_OK)
        return;
    call_attempt_drop(call);
    finish(call, call_fail(call, STATOR_NO_MEMORY, "No memory for a connection"));
}

/* At most so many as there may be at once: one that fails and is started anew by its stator_done comes in the next
 * turn, so that the loop is not held up. */
static void begin_waiting(struct stator_async *async)
{
    struct stator_call *call;

    for (uint32_t i = 0; i < async->options.calls_max; i++) {
        if (async->sending == async->options.calls_max || (call = first(async, FLIGHT_WAITING)) == NULL)
            return;
        begin(call);
    }
}

static void act(struct stator_async *async, curl_socket_t fd, int events)
{
    int running;

    if (fd == CURL_SOCKET_TIMEOUT)
        async->curl_due_ms = NEVER_MS; /* libcurl says anew when it wants more */
    curl_multi_socket_action(async->multi, fd, events, &running);
}

static void act_in_time(struct stator_async *async)
{
    if (async->curl_due_ms <= call_clock_ms())
        act(async, CURL_SOCKET_TIMEOUT, 0);
}

static void turn(struct stator_async *async)
{
    async->turning = true;
    end_pauses(async);
    end_late(async);
    begin_waiting(async);
    act_in_time(async);
    settle_ended(async); /* last: what libcurl has ended it says once, and nothing would wake us for it */
    async->turning = false;
    set_timer(async);
}

void stator_async_ready(struct stator_async *async, int fd, unsigned events)
{
    int bits = (events & STATOR_READABLE ? CURL_CSELECT_IN : 0) | (events & STATOR_WRITABLE ? CURL_CSELECT_OUT : 0);

    if (async->turning)
        return;
    act(async, fd, bits);
    turn(async);
}

void stator_async_timer(struct stator_async *async)
{
    if (async->turning)
        return;
    async->told_ms = NEVER_MS;
    turn(async);
}

/* --- Waiting -------------------------------------------------------------------------------------------------------- */

static int curl_events(short events)
{
    return (events & POLLIN ? CURL_CSELECT_IN : 0) | (events & POLLOUT ? CURL_CSELECT_OUT : 0) |
           (events & (POLLERR | POLLHUP | POLLNVAL) ? CURL_CSELECT_ERR : 0);
}

/* Waits until something is to be done, at most to that time, and does it. */
static enum stator_rc wait_once(struct stator_async *async, int64_t until_ms)
{
    int64_t wait = wait_ms(earlier(due_ms(async), until_ms));
    size_t count = async->watched_count;
    int ready = poll(async->watched, (nfds_t)count, wait > INT_MAX ? INT_MAX : (int)wait);

    if (ready < 0 && errno != EINTR)
        return errno == ENOMEM ? STATOR_NO_MEMORY : STATOR_OTHER;
    if (ready > 0) {
        memcpy(async->ready, async->watched, count * sizeof(*async->ready)); /* libcurl changes the original */
        for (size_t i = 0; i < count; i++)
            if (async->ready[i].revents != 0)
                act(async, async->ready[i].fd, curl_events(async->ready[i].revents));
    }
    turn(async);
    return STATOR_OK;
}

struct stator_client *stator_async_client(const struct stator_async *async)
{
    return async->client;
}

size_t stator_async_count(const struct stator_async *async)
{
    return async->count;
}

enum stator_rc stator_async_run(struct stator_async *async, int64_t wait)
{
    int64_t now = call_clock_ms(), until_ms = wait < 0 || wait > NEVER_MS - now ? NEVER_MS : now + wait;

    if (async->turning)
        return STATOR_MISUSE;
    while (async->count > 0) {
        STATOR_TRY(wait_once(async, until_ms));
        if (async->count > 0 && until_ms != NEVER_MS && call_clock_ms() >= until_ms)
            return STATOR_TIMED_OUT;
    }
    return STATOR_OK;
}

enum stator_rc stator_call_wait(struct stator_call *call)
{
    struct stator_async *async = call->flight.async;
    struct flight_waiter waiter = {0};

    if (async == NULL)
        return call->failure.rc;
    if (async->turning)
        return STATOR_MISUSE;
    call->flight.waiter = &waiter;
    while (!waiter.ended) {
        enum stator_rc rc = wait_once(async, NEVER_MS);

        if (rc != STATOR_OK) {
            if (!waiter.ended)
                call->flight.waiter = NULL;
            return rc;
        }
    }
    return waiter.rc;
}

/* --- Starting and ending -------------------------------------------------------------------------------------------- */

static enum stator_rc start(struct stator_async *async, struct stator_call *call, stator_done *done, void *user)
{
    stator_assert(call->client == async->client);
    if (async->closing)
        return call_fail(call, STATOR_CANCELLED, "The loop is being closed");
    call->pool = &async->pool;
    call->flight = (struct flight){.async = async, .done = done, .user = user};
    move(call, FLIGHT_WAITING, call->deadline_ms);
    async->count++;
    set_timer(async);
    return STATOR_OK;
}

enum stator_rc async_start(struct stator_async *async, struct stator_call *call, enum operation operation,
                           const void *in, stator_done *done, void *user)
{
    STATOR_TRY(call_begin_typed(call, operation, in));
    return start(async, call, done, user);
}

enum stator_rc stator_call_json_start(struct stator_async *async, struct stator_call *call, const char *operation,
                                      struct stator_bytes request, stator_done *done, void *user)
{
    STATOR_TRY(call_begin_json(call, operation, bytes_of(request.at, request.len)));
    return start(async, call, done, user);
}

struct stator_bytes stator_call_json_answer(const struct stator_call *call)
{
    return call->answered && call->operation == OPERATION_NONE ? call_answer_json(call) : stator_text(NULL);
}

void stator_call_cancel(struct stator_call *call)
{
    struct stator_async *async = call->flight.async;

    if (async == NULL)
        return;
    break_off(call);
    call->failure = (struct stator_failure){.attempts = call->failure.attempts};
    finish(call, call_fail(call, STATOR_CANCELLED, "Cancelled"));
    set_timer(async);
}

void flight_abandon(struct stator_call *call)
{
    struct stator_async *async = call->flight.async;

    if (async == NULL)
        return;
    break_off(call);
    call->flight.done = NULL;
    finish(call, STATOR_CANCELLED);
    set_timer(async);
}

/* --- The loop itself ------------------------------------------------------------------------------------------------ */

static enum stator_rc check_options(const struct stator_async_options *options, struct stator_error *err)
{
    if ((options->loop.watch == NULL) != (options->loop.timer == NULL))
        return stator_fail(err, STATOR_MISUSE, "A loop must watch descriptors and have a timer, both");
    if (options->calls_max > CALLS_MAX)
        return stator_fail(err, STATOR_MISUSE, "calls_max is more than %d", CALLS_MAX);
    return STATOR_OK;
}

static bool open_parts(struct stator_async *async)
{
    const struct stator_allocator *allocator = &async->client->allocator;
    size_t sockets = SOCKETS_OF(async->options.calls_max);
    CURLM *multi;

    async->watched = memory_new(allocator, sockets * sizeof(*async->watched));
    async->ready = memory_new(allocator, sockets * sizeof(*async->ready));
    if (async->watched == NULL || async->ready == NULL || !pool_init(&async->pool, async->options.calls_max, allocator))
        return false;
    multi = async->multi = curl_multi_init();
    return multi != NULL && curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, async) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_TIMERDATA, async) == CURLM_OK &&
           curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)async->options.calls_max) == CURLM_OK;
}

enum stator_rc stator_async_open(struct stator_async **out, struct stator_client *client,
                                 const struct stator_async_options *options, struct stator_error *err)
{
    static const struct stator_async_options none;
    struct stator_async *async;

    *out = NULL;
    if (options == NULL)
        options = &none;
    STATOR_TRY(check_options(options, err));
    async = memory_new(&client->allocator, sizeof(*async));
    if (async == NULL)
        return stator_fail(err, STATOR_NO_MEMORY, "No memory for a loop");
    async->client = client;
    async->options = *options;
    if (async->options.calls_max == 0)
        async->options.calls_max = CALLS_MAX_DEFAULT;
    for (int i = 0; i < FLIGHT_STATES; i++)
        async->lists[i] = (struct flight_link){&async->lists[i], &async->lists[i]};
    async->curl_due_ms = async->told_ms = NEVER_MS;
    if (!open_parts(async)) {
        stator_async_close(async);
        return stator_fail(err, STATOR_NO_MEMORY, "No memory for a loop");
    }
    *out = async;
    return STATOR_OK;
}

static void cancel_all(struct stator_async *async)
{
    struct stator_call *call;

    for (int state = FLIGHT_WAITING; state < FLIGHT_STATES; state++)
        while ((call = first(async, (enum flight_state)state)) != NULL)
            stator_call_cancel(call);
}

void stator_async_close(struct stator_async *async)
{
    struct stator_allocator allocator;

    if (async == NULL)
        return;
    stator_assert(!async->turning);
    allocator = async->client->allocator;
    async->closing = true; /* nothing new is started, so this ends */
    cancel_all(async);
    if (async->multi != NULL)
        curl_multi_cleanup(async->multi);
    async->curl_due_ms = NEVER_MS;
    set_timer(async); /* off */
    pool_deinit(&async->pool);
    memory_free(&allocator, async->watched);
    memory_free(&allocator, async->ready);
    memory_free(&allocator, async);
}
