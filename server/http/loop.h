/* SPDX-License-Identifier: Apache-2.0 */
/* loop: one event loop: its thread, listeners, connections, spare requests, and where jobs come home. Private to http.
 *
 * Thread: all fields belong to the loop's thread, but those under a lock.
 */
#ifndef SERVER_HTTP_LOOP_H
#define SERVER_HTTP_LOOP_H

#include <h2o.h>
#include <pthread.h>
#include <stdatomic.h>

#include "config/limits.h"
#include "http/bind.h"
#include "http/http.h"
#include "http/peers.h"
#include "http/request_id.h"
#include "job/budget.h"
#include "job/workers.h"

struct request;
struct refusal;

/* What all loops share. Constant once they run, but the atomics. */
struct http {
    struct http_options options;
    struct bind_addresses addresses;
    uint16_t port;
    char address[64];
    char machine[256];  /* this machine's name */
    uint64_t started_s; /* since 1970 */
    uint64_t slow_ns;   /* a request that takes so long is logged */
    int *fds;           /* loops * addresses.count; -1 once a loop owns it */

    struct budget memory;    /* of all requests */
    struct budget operators; /* of the answers under /_stator/ */
    struct engine *engine;
    struct workers *workers;
    struct workers *watchers; /* one thread, for metrics */
    struct metrics *metrics;
    h2o_globalconf_t globalconf;
    bool configured;

    struct loop *loops; /* options.loops; `started` of them have a thread */
    uint32_t started;

    struct clients *clients;
    _Atomic uint32_t connections;
    _Atomic uint32_t closing;   /* of those: to make room, and gone in a moment */
    _Atomic uint64_t displaced; /* connections closed to make room */
    _Atomic bool told_of_pages; /* the log has that a page was refused */
};

/* One accepted socket. */
struct connection {
    h2o_linklist_t link; /* loop->connections */
    struct loop *loop;
    h2o_socket_t *sock;
    struct place place;
    uint64_t waits_since_ms;   /* of the loop's clock; 0: it is at work, or about to be closed */
    struct request *request;   /* at work, or NULL */
    size_t mark;               /* of what it holds: loop.c */
    uint64_t moved_ms;         /* since when that is so; 0: it holds nothing */
    bool closing;              /* to make room */
    bool spare;                /* above the maximum, or its client's: for operators, until there is room */
    struct refusal *lingering; /* reads and throws away what the client still sends, or NULL */
};

struct loop {
    struct http *http;
    uint32_t index;
    pthread_t thread;
    h2o_barrier_t begun; /* the thread listens */
    h2o_evloop_t *evloop;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    h2o_socket_t *listeners[LIMIT_ADDRESSES];

    h2o_linklist_t connections;
    uint32_t connections_count;
    struct peers peers;
    _Atomic uint32_t waiting_count; /* connections that wait; other loops read it */
    uint32_t away_count;            /* jobs not at home */
    bool draining, accept_rests;
    bool hurried; /* the time to drain is over */
    bool busy;    /* an operation has been asked for since the last sweep */

    struct request *spare;
    uint32_t spare_count;
    struct request_ids ids;
    struct metrics_lane *metrics;

    h2o_timeout_t write_timeout, linger_timeout, sweep_timeout, hurry_timeout, rest_timeout, drain_timeout, end_timeout;
    h2o_timeout_entry_t sweep_entry, rest_entry, drain_entry;

    h2o_multithread_receiver_t receiver;
    h2o_multithread_message_t drain_message;

    h2o_linklist_t pieces; /* requests: one piece of a long answer is sent each turn */

    uint64_t turn_ns; /* when the first request of this turn was complete; 0: none was yet */

    struct job *unsynced_first, **unsynced_last; /* wait for a sync since this turn of the loop */

    /* Jobs that came home. home_message is on its way or being delivered while home_first is not NULL. */
    pthread_mutex_t home_lock; /* guards the three below */
    struct job *home_first, **home_last;
    h2o_multithread_message_t home_message;
};

static inline struct loop *loop_of(const h2o_req_t *req)
{
    return H2O_STRUCT_FROM_MEMBER(struct loop, context, req->conn->ctx);
}

static inline struct connection *connection_of(const h2o_req_t *req)
{
    return req->conn->callbacks->get_socket(req->conn)->on_close.data;
}

/* Starts the thread; returns when it listens, or failed to. [main] */
STATOR_MUST_CHECK enum stator_rc loop_start(struct loop *loop, struct http *http, uint32_t index,
                                            struct stator_error *err);

/* No new connections; idle ones are closed, the others after their answer; then the thread ends. [main] */
void loop_drain(struct loop *loop);

/* Waits for the thread. [main] */
void loop_join(struct loop *loop);

/* These jobs (a list) go home; their loop takes them from here. [any] */
void loop_send_home(struct loop *loop, struct job *jobs);

/* It is the client's turn: to send the next request, or to read the answer. */
void connection_wait(struct connection *connection);

/* Its request is complete: it is our turn. */
void connection_work(struct connection *connection);

/* Whether a request may run. One on a spare connection may not, while as many are open as may be, or as one client may
 * have, and all have requests at work. */
bool connection_may_run(struct connection *connection);

/* The job waits for a sync, with all others of this turn. */
void loop_await_sync(struct loop *loop, struct job *job);

#endif
