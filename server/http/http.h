/* SPDX-License-Identifier: Apache-2.0 */
/* http: the edge. Sockets, HTTP/1.1, the life of a request; the only folder that knows h2o.
 *
 * In:     connections. Each request becomes a job, op answers it, here it is sent.
 * Owns:   the listeners, one event loop and thread for each of options.loops, the workers, all jobs.
 * Limit:  those of config/limits.h.
 * Thread: [main]
 *
 *      http_open   the port is ours                        http_drain  no new requests; those in flight are answered
 *      http_start  requests are answered from here on      http_close  waits for that, ends the threads
 */
#ifndef SERVER_HTTP_HTTP_H
#define SERVER_HTTP_HTTP_H

#include "base/error.h"
#include "op/op.h"

struct http;

struct http_options {
    const char *host; /* an address or a name; NULL: 127.0.0.1 and ::1 */
    uint16_t port;    /* 0: the system chooses, http_port tells */
    uint32_t loops;
    uint32_t max_connections;
    uint32_t max_connections_per_address; /* of IPv6 the first 64 bits are one; 0: LIMIT_ADDRESS_SHARE says */
    size_t memory_bytes;                  /* all requests together: job/budget.h */
    const char *cors;                     /* origins whose pages may use it, "*" for all; NULL: this machine's */
    const char *version;                  /* for the Server header */
    const char *revision;                 /* the commit; empty where it is not known */
    bool as_dynamodb_local;               /* answer GET with 400, and operations under any path */
    bool isolate_by_region, isolate_by_access_key; /* for the log */
    const char *operator_hosts;                    /* more names of ours for /_stator/: guard.h; NULL: none */
    uint32_t metrics_tables;                       /* places of watch/metrics.h: the engine's, too */
    uint32_t drain_ms;                             /* work unfinished so long after http_drain ends with an error */
    uint32_t slow_request_ms;                      /* one that takes so long is logged; 0: none */
};

/* Binds the port; nothing listens yet. The texts of options are borrowed until http_close. Fails with a text fit for a
 * user. */
STATOR_MUST_CHECK enum stator_rc http_open(struct http **out, const struct http_options *options,
                                           struct stator_error *err);

uint16_t http_port(const struct http *http);

/* "127.0.0.1", "[::]": the first address it listens on, as a URL has it. */
const char *http_address(const struct http *http);

/* The engine is borrowed until http_close. */
STATOR_MUST_CHECK enum stator_rc http_start(struct http *http, struct engine *engine, struct stator_error *err);

/* A line in the log: how the server is. */
void http_log_status(const struct http *http);

void http_drain(struct http *http);

/* Also after a failed http_start. NULL is allowed. */
void http_close(struct http *http);

#endif
