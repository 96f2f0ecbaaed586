/* SPDX-License-Identifier: Apache-2.0 */
#include "http/loop.h"

#include <errno.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "http/request.h"
#include "watch/log.h"

/* Longest the loop sleeps when nothing at all happens; every event wakes it anyhow. */
#define SLEEP_MS 60000
/* The shortest that Linux grants. */
#define SLICE_NS 100000

/* --- Connections ---------------------------------------------------------------------------------------------------
 */

static void count_waiting(struct loop *loop, int change)
{
    atomic_store_explicit(&loop->waiting_count, loop->waiting_count + (uint32_t)change, memory_order_relaxed);
}

void connection_work(struct connection *connection)
{
    if (connection->waits_since_ms == 0)
        return;
    connection->waits_since_ms = 0;
    peers_work(&connection->place);
    count_waiting(connection->loop, -1);
}

void connection_wait(struct connection *connection)
{
    struct loop *loop = connection->loop;

    if (connection->closing)
        return;
    connection_work(connection);
    connection->waits_since_ms = h2o_now(loop->evloop);
    peers_wait(&loop->peers, &connection->place);
    count_waiting(loop, 1);
}

static void on_connection_closed(void *context)
{
    struct connection *connection = context;
    struct loop *loop = connection->loop;

    connection_work(connection);
    peers_leave(&loop->peers, &connection->place);
    h2o_linklist_unlink(&connection->link);
    loop->connections_count--;
    atomic_fetch_sub_explicit(&loop->http->connections, 1, memory_order_relaxed);
    if (connection->closing)
        atomic_fetch_sub_explicit(&loop->http->closing, 1, memory_order_relaxed);
    free(connection);
}

/* Those that are idle, and lets answers out. h2o does the closing. */
static void close_idle(struct loop *loop)
{
    for (h2o_linklist_t *at = loop->connections.next; at != &loop->connections; at = at->next)
        shutdown(h2o_socket_get_fd(H2O_STRUCT_FROM_MEMBER(struct connection, link, at)->sock), SHUT_RD);
}

/* --- Room for others -----------------------------------------------------------------------------------------------
 */

/* How many connections there are above the maximum, without those that are about to go. */
static uint32_t above_maximum(const struct http *http)
{
    int64_t open = (int64_t)atomic_load_explicit(&http->connections, memory_order_relaxed) -
                   (int64_t)atomic_load_explicit(&http->closing, memory_order_relaxed);

    return open > http->options.max_connections ? (uint32_t)(open - http->options.max_connections) : 0;
}

/* h2o does the closing, in its next turn. */
static void close_to_make_room(struct connection *connection, const char *why)
{
    struct http *http = connection->loop->http;

    connection_work(connection);
    connection->closing = true;
    peers_give_up(&connection->place);
    atomic_fetch_add_explicit(&http->closing, 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&http->displaced, 1, memory_order_relaxed);
    LOG_LINE(LOG_LEVEL_WARN, why, LOG_NUMBER("max_connections", http->options.max_connections),
             LOG_NUMBER("per_address", http->options.max_connections_per_address));
    shutdown(h2o_socket_get_fd(connection->sock), SHUT_RDWR);
}

/* False when it has not waited so long, or nobody waits. */
static bool close_waiting(struct place *place, uint64_t least_ms, const char *why)
{
    struct connection *connection;

    if (place == NULL)
        return false;
    connection = H2O_STRUCT_FROM_MEMBER(struct connection, place, place);
    if (h2o_now(connection->loop->evloop) - connection->waits_since_ms < least_ms)
        return false;
    close_to_make_room(connection, why);
    return true;
}

/* Closes the connection that has waited longest, of the client with the most. False when none waits, or none for long. */
static bool make_room(struct loop *loop)
{
    return close_waiting(peers_first(&loop->peers), LIMIT_LEAST_WAIT_MS,
                         "closing the connection that waits longest: as many are open as may be");
}

/* Whether enough wait, on whatever loop, for a return to the maximum. */
static bool may_return(const struct http *http)
{
    uint32_t above = above_maximum(http), waiting = 0;

    for (uint32_t i = 0; i < http->options.loops && waiting < above; i++)
        waiting += atomic_load_explicit(&http->loops[i].waiting_count, memory_order_relaxed);
    return waiting >= above;
}

/* For one that is to be above the maximum otherwise. False: it is. */
static bool find_room(struct loop *loop)
{
    if (above_maximum(loop->http) != 0)
        (void)make_room(loop);
    return may_return(loop->http);
}

/* How many connections its client has above its limit, on all loops. */
static uint32_t above_share(const struct connection *connection)
{
    uint32_t open = peers_count(&connection->place), most = connection->loop->http->options.max_connections_per_address;

    return open > most ? open - most : 0;
}

/* Closes the connection of this client that has waited longest, but for that time at least. */
static bool make_room_of_its_own(struct connection *connection, uint64_t least_ms)
{
    return close_waiting(peers_first_of(&connection->place), least_ms,
                         "closing the connection that waits longest: its address has as many as one may have");
}

/* For one that is to be above its client's limit otherwise, and then may not run. With no room for that, either, it is
 * closed. */
static bool find_share(struct connection *connection)
{
    bool crowded = above_share(connection) > LIMIT_SPARE_CONNECTIONS;

    if (above_share(connection) == 0)
        return true;
    if (!make_room_of_its_own(connection, crowded ? 0 : LIMIT_LEAST_WAIT_MS) && crowded)
        close_to_make_room(connection, "refusing a connection: its address has as many as one may have");
    return peers_waiting(&connection->loop->peers, &connection->place) >= above_share(connection);
}

bool connection_may_run(struct connection *connection)
{
    if (connection->spare && find_share(connection) && find_room(connection->loop))
        connection->spare = false;
    return !connection->spare;
}

/* What was taken above the maximum, or above its client's, because nobody had waited long enough. The newcomers
 * themselves are left alone. */
static void return_to_maximum(struct loop *loop)
{
    while (above_maximum(loop->http) != 0 && make_room(loop))
        ;
    for (h2o_linklist_t *at = loop->connections.next; at != &loop->connections; at = at->next) {
        struct connection *connection = H2O_STRUCT_FROM_MEMBER(struct connection, link, at);

        if (above_share(connection) != 0)
            (void)make_room_of_its_own(connection, LIMIT_LEAST_WAIT_MS);
    }
}

/* --- Memory that does not go on ------------------------------------------------------------------------------------
 */

#define HELD_BYTES_LEAST LIMIT_HEAD_BYTES /* what is less does not count */

/* What the connection holds of the budget, and what changes when it goes on: an unfinished body that grows, an answer
 * that is taken. */
struct held {
    size_t bytes, mark;
};

static struct held held_by(const struct connection *connection)
{
    const h2o_buffer_t *input = connection->sock->input;
    const struct request *request = connection->request;

    if (request != NULL && !request->away && request->unsent.len != 0)
        return (struct held){request->unsent.len, request->unsent.len};
    if (h2o_socket_is_reading(connection->sock) && input->bytes != NULL)
        return (struct held){input->capacity, input->size};
    return (struct held){0, 0};
}

/* Notes who goes on and, while memory is short, closes those who hold some and do not. h2o does the closing. */
static void close_stalled(struct loop *loop)
{
    uint64_t now_ms = h2o_now(loop->evloop);
    size_t missing = budget_missing(&loop->http->memory);

    for (h2o_linklist_t *at = loop->connections.next; at != &loop->connections; at = at->next) {
        struct connection *connection = H2O_STRUCT_FROM_MEMBER(struct connection, link, at);
        struct held held = held_by(connection);

        if (held.bytes <= HELD_BYTES_LEAST || held.mark != connection->mark || connection->moved_ms == 0) {
            connection->mark = held.mark;
            connection->moved_ms = held.bytes <= HELD_BYTES_LEAST ? 0 : now_ms;
        } else if (missing != 0 && now_ms - connection->moved_ms >= LIMIT_STALLED_MS) {
            LOG_LINE(LOG_LEVEL_WARN, "closing a connection that holds memory and does not go on: memory is short",
                     LOG_NUMBER("bytes", (int64_t)held.bytes));
            missing -= held.bytes < missing ? held.bytes : missing;
            shutdown(h2o_socket_get_fd(connection->sock), SHUT_RDWR);
        }
    }
}

static void on_sweep(h2o_timeout_entry_t *entry)
{
    struct loop *loop = H2O_STRUCT_FROM_MEMBER(struct loop, sweep_entry, entry);
    bool soon = budget_missing(&loop->http->memory) != 0;

    engine_note_thread(loop->http->engine);
    return_to_maximum(loop);
    close_stalled(loop);
    if (!loop->busy) /* nobody needs warm memory */
        request_free_spare(loop);
    if (!loop->busy || soon)
        budget_settle(&loop->http->memory, h2o_now(loop->evloop));
    loop->busy = false;
    if (loop->connections_count != 0 || loop->spare != NULL || budget_is_unsettled(&loop->http->memory))
        h2o_timeout_link(loop->evloop, soon ? &loop->hurry_timeout : &loop->sweep_timeout, &loop->sweep_entry);
}

/* --- Accepting -----------------------------------------------------------------------------------------------------
 */

static void on_accept(h2o_socket_t *listener, const char *err);

static void on_rested(h2o_timeout_entry_t *entry)
{
    struct loop *loop = H2O_STRUCT_FROM_MEMBER(struct loop, rest_entry, entry);

    loop->accept_rests = false;
    for (uint32_t i = 0; i < LIMIT_ADDRESSES; i++)
        if (loop->listeners[i] != NULL)
            h2o_socket_read_start(loop->listeners[i], on_accept);
}

/* Clients wait in the kernel's queue meanwhile. Without this the loop would spin on a listener that stays readable. */
static void rest(struct loop *loop, const char *why)
{
    if (loop->accept_rests)
        return;
    LOG_LINE(LOG_LEVEL_DEBUG, "not accepting connections for a moment", LOG_STRING("reason", why));
    loop->accept_rests = true;
    for (uint32_t i = 0; i < LIMIT_ADDRESSES; i++)
        if (loop->listeners[i] != NULL)
            h2o_socket_read_stop(loop->listeners[i]);
    h2o_timeout_link(loop->evloop, &loop->rest_timeout, &loop->rest_entry);
}

/* Somebody is at the door. Those who make room are gone in their loop's next turn, and this one comes back here. */
static void make_room_or_rest(struct loop *loop, bool first, const char *why)
{
    if (first && atomic_load_explicit(&loop->http->closing, memory_order_relaxed) == 0 && !make_room(loop))
        rest(loop, why);
}

static void add_connection(struct loop *loop, h2o_socket_t *sock)
{
    struct connection *connection = h2o_mem_alloc(sizeof(*connection));
    struct sockaddr_storage from = {.ss_family = AF_UNSPEC};

    *connection = (struct connection){.loop = loop, .sock = sock};
    h2o_linklist_insert(&loop->connections, &connection->link);
    loop->connections_count++;
    h2o_socket_getpeername(sock, (struct sockaddr *)&from);
    peers_join(&loop->peers, &connection->place, (const struct sockaddr *)&from);
    connection->spare = !find_share(connection) || !find_room(loop);
    connection_wait(connection);
    sock->on_close.cb = on_connection_closed;
    sock->on_close.data = connection;
    if (!h2o_timeout_is_linked(&loop->sweep_entry))
        h2o_timeout_link(loop->evloop, &loop->sweep_timeout, &loop->sweep_entry);
    h2o_accept(&loop->accept, sock);
}

/* False when nobody could be let in. */
static bool accept_one(struct loop *loop, h2o_socket_t *listener, bool first)
{
    struct http *http = loop->http;
    uint32_t most = http->options.max_connections;
    uint32_t open = atomic_fetch_add_explicit(&http->connections, 1, memory_order_relaxed);
    h2o_socket_t *sock = open < most + LIMIT_SPARE_CONNECTIONS ? h2o_evloop_socket_accept(listener) : NULL;
    int error = errno;

    if (sock != NULL) {
        add_connection(loop, sock);
        metrics_count_connection(loop->metrics);
        return true;
    }
    atomic_fetch_sub_explicit(&http->connections, 1, memory_order_relaxed);
    if (open >= most + LIMIT_SPARE_CONNECTIONS)
        make_room_or_rest(loop, first, "as many are open as may be");
    else if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM)
        make_room_or_rest(loop, first, strerror(error));
    return false;
}

static void on_accept(h2o_socket_t *listener, const char *err)
{
    for (int i = 0; err == NULL && i < LIMIT_ACCEPTS_AT_ONCE; i++)
        if (!accept_one(listener->data, listener, i == 0))
            return;
}

static void listen_at(struct loop *loop, uint32_t index)
{
    struct http *http = loop->http;
    int *fd = &http->fds[loop->index * http->addresses.count + index];

    loop->listeners[index] = h2o_evloop_socket_create(loop->evloop, *fd, H2O_SOCKET_FLAG_DONT_READ);
    *fd = -1;
    loop->listeners[index]->data = loop;
    h2o_socket_read_start(loop->listeners[index], on_accept);
}

/* Those who connected before are still served. */
static void stop_listening(struct loop *loop)
{
    for (uint32_t i = 0; i < LIMIT_ADDRESSES; i++) {
        if (loop->listeners[i] == NULL)
            continue;
        on_accept(loop->listeners[i], NULL);
        h2o_socket_close(loop->listeners[i]);
        loop->listeners[i] = NULL;
    }
    h2o_timeout_unlink(&loop->rest_entry);
}

/* --- Jobs and messages ---------------------------------------------------------------------------------------------
 */

void loop_send_home(struct loop *loop, struct job *jobs)
{
    struct job *last = jobs;

    while (last->next != NULL)
        last = last->next;
    pthread_mutex_lock(&loop->home_lock);
    if (loop->home_first == NULL) {
        loop->home_first = jobs;
        h2o_multithread_send_message(&loop->receiver, &loop->home_message);
    } else {
        *loop->home_last = jobs;
    }
    loop->home_last = &last->next;
    pthread_mutex_unlock(&loop->home_lock);
}

void loop_await_sync(struct loop *loop, struct job *job)
{
    job->next = NULL;
    if (loop->unsynced_first == NULL)
        loop->unsynced_first = job;
    else
        *loop->unsynced_last = job;
    loop->unsynced_last = &job->next;
}

/* One wait for all that this turn has written: they come home together, and the syncer is woken once. The next turn's
 * requests have their time. */
static void end_turn(struct loop *loop)
{
    struct job *jobs = loop->unsynced_first;

    loop->unsynced_first = NULL;
    loop->turn_ns = 0;
    if (jobs != NULL)
        endpoint_await_sync(loop->http, jobs);
}

static void on_home(struct loop *loop)
{
    struct job *job;

    pthread_mutex_lock(&loop->home_lock);
    job = loop->home_first;
    loop->home_first = NULL;
    pthread_mutex_unlock(&loop->home_lock);
    while (job != NULL) {
        struct job *next = job->next;

        endpoint_came_home(request_of_job(job));
        job = next;
    }
}

/* Work is ended, and who has a request at work gets its error; who has not taken it the next time is closed, as all others
 * are now. */
static void on_drain_timeout(h2o_timeout_entry_t *entry)
{
    struct loop *loop = H2O_STRUCT_FROM_MEMBER(struct loop, drain_entry, entry);

    if (!loop->hurried)
        LOG_LINE(LOG_LEVEL_WARN, "closing connections whose answers were not taken, ending unfinished work",
                 LOG_NUMBER("connections", loop->connections_count), LOG_NUMBER("jobs", loop->away_count));
    loop->hurried = true;
    engine_hurry(loop->http->engine);
    for (h2o_linklist_t *at = loop->connections.next; at != &loop->connections; at = at->next) {
        struct connection *connection = H2O_STRUCT_FROM_MEMBER(struct connection, link, at);

        if (connection->request == NULL || !connection->request->away)
            shutdown(h2o_socket_get_fd(connection->sock), SHUT_RDWR);
    }
    h2o_timeout_link(loop->evloop, &loop->end_timeout, &loop->drain_entry);
}

static void on_drain(struct loop *loop)
{
    stop_listening(loop);
    loop->draining = true;
    loop->context.shutdown_requested = 1; /* its function would start timers of HTTP/2, too */
    close_idle(loop);
    h2o_timeout_link(loop->evloop, &loop->drain_timeout, &loop->drain_entry);
}

static void on_messages(h2o_multithread_receiver_t *receiver, h2o_linklist_t *messages)
{
    struct loop *loop = H2O_STRUCT_FROM_MEMBER(struct loop, receiver, receiver);

    while (!h2o_linklist_is_empty(messages)) {
        h2o_multithread_message_t *message = H2O_STRUCT_FROM_MEMBER(h2o_multithread_message_t, link, messages->next);

        h2o_linklist_unlink(&message->link);
        if (message == &loop->drain_message)
            on_drain(loop);
        else
            on_home(loop);
    }
}

/* --- Life ----------------------------------------------------------------------------------------------------------
 */

static void begin(struct loop *loop)
{
    struct http *http = loop->http;

    loop->evloop = h2o_evloop_create();
    h2o_context_init(&loop->context, loop->evloop, &http->globalconf);
    loop->accept = (h2o_accept_ctx_t){.ctx = &loop->context, .hosts = http->globalconf.hosts};
    h2o_linklist_init_anchor(&loop->connections);
    h2o_linklist_init_anchor(&loop->pieces);
    peers_init(&loop->peers, http->clients, http->options.max_connections / http->options.loops / LIMIT_CROWD_SHARE);
    request_ids_init(&loop->ids);
    h2o_timeout_init(loop->evloop, &loop->write_timeout, LIMIT_WRITE_PIECE_MS);
    h2o_timeout_init(loop->evloop, &loop->linger_timeout, LIMIT_LINGER_MS);
    h2o_timeout_init(loop->evloop, &loop->sweep_timeout, LIMIT_SWEEP_MS);
    h2o_timeout_init(loop->evloop, &loop->hurry_timeout, LIMIT_HURRY_MS);
    h2o_timeout_init(loop->evloop, &loop->rest_timeout, LIMIT_ACCEPT_REST_MS);
    h2o_timeout_init(loop->evloop, &loop->drain_timeout, http->options.drain_ms);
    h2o_timeout_init(loop->evloop, &loop->end_timeout, LIMIT_END_MS);
    loop->sweep_entry.cb = on_sweep;
    loop->rest_entry.cb = on_rested;
    loop->drain_entry.cb = on_drain_timeout;
    h2o_multithread_register_receiver(loop->context.queue, &loop->receiver, on_messages);
    for (uint32_t i = 0; i < http->addresses.count; i++)
        listen_at(loop, i);
}

static void end(struct loop *loop)
{
    h2o_timeout_unlink(&loop->sweep_entry);
    h2o_timeout_unlink(&loop->drain_entry);
    h2o_timeout_dispose(loop->evloop, &loop->write_timeout);
    h2o_timeout_dispose(loop->evloop, &loop->linger_timeout);
    h2o_timeout_dispose(loop->evloop, &loop->sweep_timeout);
    h2o_timeout_dispose(loop->evloop, &loop->hurry_timeout);
    h2o_timeout_dispose(loop->evloop, &loop->rest_timeout);
    h2o_timeout_dispose(loop->evloop, &loop->drain_timeout);
    h2o_timeout_dispose(loop->evloop, &loop->end_timeout);
    h2o_multithread_unregister_receiver(loop->context.queue, &loop->receiver);
    h2o_context_dispose(&loop->context);
    h2o_evloop_destroy(loop->evloop);
    request_free_spare(loop);
    peers_deinit(&loop->peers);
}

/* A loop works for microseconds at a time and then waits: with a short slice it is let in at once, where workers and
 * other programs have used up the cores. Linux has it since 6.12, and other systems go on without. */
static void ask_for_short_slices(void)
{
    struct { /* sched_setattr(2) */
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime_ns, deadline_ns, period_ns;
    } attributes = {.size = sizeof(attributes),
                    .policy = SCHED_OTHER,
                    .nice = getpriority(PRIO_PROCESS, 0), /* of this thread: as its owner wants it */
                    .runtime_ns = SLICE_NS};

    (void)syscall(SYS_sched_setattr, 0, &attributes, 0);
}

/* h2o's pools are the thread's own, so all of the loop is made there. */
static void *loop_main(void *context)
{
    struct loop *loop = context;
    bool sent = false;

    ask_for_short_slices();
    begin(loop);
    h2o_barrier_wait(&loop->begun);
    while (!loop->draining || loop->connections_count != 0 || loop->away_count != 0) {
        h2o_evloop_run(loop->evloop, sent ? 0 : SLEEP_MS);
        end_turn(loop);
        sent = answer_send_next(loop);
    }
    end(loop);
    return NULL;
}

enum stator_rc loop_start(struct loop *loop, struct http *http, uint32_t index, struct stator_error *err)
{
    int error;

    for (uint32_t i = 0; i < http->addresses.count; i++)
        if (listen(http->fds[index * http->addresses.count + i], SOMAXCONN) != 0)
            return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "cannot listen on port %u of %s: %s", http->port,
                               http->address, strerror(errno));
    loop->http = http;
    loop->index = index;
    loop->metrics = metrics_lane(http->metrics, index);
    pthread_mutex_init(&loop->home_lock, NULL);
    h2o_barrier_init(&loop->begun, 2);
    error = pthread_create(&loop->thread, NULL, loop_main, loop);
    if (error != 0)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "cannot start an event loop: %s", strerror(error));
    h2o_barrier_wait(&loop->begun);
    return STATOR_OK;
}

void loop_drain(struct loop *loop)
{
    h2o_multithread_send_message(&loop->receiver, &loop->drain_message);
}

void loop_join(struct loop *loop)
{
    pthread_join(loop->thread, NULL);
    pthread_mutex_destroy(&loop->home_lock);
}
