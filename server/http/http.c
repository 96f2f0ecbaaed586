/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http.h"

#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "http/loop.h"
#include "http/request.h"

/* The Host of a request that has none. */
#define DEFAULT_HOST "localhost"

static char server_name[64]; /* h2o wants it NUL-terminated and for ever */

enum stator_rc http_open(struct http **out, const struct http_options *options, struct stator_error *err)
{
    struct http *http = calloc(1, sizeof(*http));
    size_t sockets = (size_t)options->loops * LIMIT_ADDRESSES;
    enum stator_rc rc;

    *out = NULL;
    if (http == NULL)
        return stator_fail_memory(err);
    http->options = *options;
    if (options->max_connections_per_address == 0)
        http->options.max_connections_per_address =
            options->max_connections - options->max_connections / LIMIT_ADDRESS_SHARE;
    budget_init(&http->memory, options->memory_bytes);
    budget_init(&http->operators, LIMIT_OPERATORS_BYTES);
    http->port = options->port;
    http->started_s = (uint64_t)time(NULL);
    http->slow_ns = options->slow_request_ms != 0 ? (uint64_t)options->slow_request_ms * 1000000 : UINT64_MAX;
    if (gethostname(http->machine, sizeof(http->machine) - 1) != 0)
        http->machine[0] = '\0';
    http->fds = malloc(sockets * sizeof(*http->fds));
    http->loops = calloc(options->loops, sizeof(*http->loops));
    http->clients = clients_new();
    if (http->fds == NULL || http->loops == NULL || http->clients == NULL) {
        http_close(http);
        return stator_fail_memory(err);
    }
    for (size_t i = 0; i < sockets; i++)
        http->fds[i] = -1;
    rc = bind_resolve(&http->addresses, options->host, err);
    if (rc == STATOR_OK)
        rc = bind_sockets(http->fds, &http->addresses, options->loops, &http->port, err);
    if (rc != STATOR_OK) {
        http_close(http);
        return rc;
    }
    bind_print(http->address, sizeof(http->address), &http->addresses.at[0]);
    *out = http;
    return STATOR_OK;
}

uint16_t http_port(const struct http *http)
{
    return http->port;
}

const char *http_address(const struct http *http)
{
    return http->address;
}

static struct budget *buffers; /* what h2o's are charged to */

static int charge_buffer(ssize_t bytes)
{
    /* An unfinished request may not use up what is kept for small ones at the roof. */
    if (bytes > (ssize_t)LIMIT_HEAD_BYTES)
        return budget_take_large(buffers, (size_t)bytes);
    if (bytes > 0)
        return budget_take(buffers, (size_t)bytes);
    budget_give(buffers, (size_t)-bytes);
    return 1;
}

/* One host and no path: every request goes to h2o's fallback path, and so do the errors it makes itself. */
static void configure(struct http *http)
{
    h2o_globalconf_t *conf = &http->globalconf;
    h2o_hostconf_t *host;

    buffers = &http->memory;
    h2o_buffer_charge = charge_buffer;
    h2o_config_init(conf);
    http->configured = true;
    conf->server_name.len = (size_t)snprintf(server_name, sizeof(server_name), "Stator/%s", http->options.version);
    conf->server_name.base = server_name;
    /* h2o refuses chunked bodies of exactly the limit; the last byte is ours to refuse. */
    conf->max_request_entity_size = LIMIT_BODY_BYTES + 1;
    conf->http1.req_timeout = LIMIT_REQUEST_MS;
    conf->http1.upgrade_to_http2 = 0;                     /* Debian's h2o has no guard against rapid resets */
    h2o_socket_buffer_mmap_settings.threshold = SIZE_MAX; /* no temporary files for large bodies */
    host = h2o_config_register_host(conf, h2o_iovec_init(H2O_STRLIT(DEFAULT_HOST)), 65535);
    h2o_create_handler(&host->fallback_path, sizeof(h2o_handler_t))->on_req = endpoint_on_request;
    refusal_register(&host->fallback_path);
}

static const char *operation_name(uint32_t operation)
{
    return operation_info((enum operation)operation)->name;
}

static enum stator_rc start_metrics(struct http *http, struct stator_error *err)
{
    const struct metrics_options options = {.lanes = http->options.loops,
                                            .tables = http->options.metrics_tables,
                                            .operations = OPERATION_COUNT,
                                            .operation_name = operation_name};
    const struct workers_options watchers = {.threads = 1,
                                             .queue_max = LIMIT_WATCHER_QUEUE,
                                             .queue_bytes_max = SIZE_MAX,
                                             .run = operator_work,
                                             .context = http};

    http->metrics = metrics_new(&options);
    if (http->metrics == NULL)
        return stator_fail_memory(err);
    return workers_start(&http->watchers, &watchers, err);
}

enum stator_rc http_start(struct http *http, struct engine *engine, struct stator_error *err)
{
    uint32_t loops = http->options.loops;
    uint32_t threads = loops < LIMIT_WORKERS_LEAST  ? LIMIT_WORKERS_LEAST
                       : loops > LIMIT_WORKERS_MOST ? LIMIT_WORKERS_MOST
                                                    : loops;
    struct workers_options options = {.threads = threads,
                                      .queue_max = LIMIT_WORKER_QUEUE,
                                      .queue_bytes_max = LIMIT_WORKER_QUEUE_BYTES,
                                      .run = endpoint_work,
                                      .context = http};

    signal(SIGPIPE, SIG_IGN);
    http->engine = engine;
    configure(http);
    STATOR_TRY(start_metrics(http, err));
    STATOR_TRY(workers_start(&http->workers, &options, err));
    while (http->started < loops) {
        enum stator_rc rc = loop_start(&http->loops[http->started], http, http->started, err);

        if (rc != STATOR_OK) {
            http_drain(http);
            return rc;
        }
        http->started++;
    }
    return STATOR_OK;
}

void http_drain(struct http *http)
{
    for (uint32_t i = 0; i < http->started; i++)
        loop_drain(&http->loops[i]);
}

void http_close(struct http *http)
{
    if (http == NULL)
        return;
    for (uint32_t i = 0; i < http->started; i++)
        loop_join(&http->loops[i]);
    workers_stop(http->workers);
    workers_stop(http->watchers);
    metrics_free(http->metrics);
    if (http->configured)
        h2o_config_dispose(&http->globalconf);
    for (size_t i = 0; http->fds != NULL && i < (size_t)http->options.loops * LIMIT_ADDRESSES; i++)
        if (http->fds[i] >= 0)
            close(http->fds[i]);
    free(http->fds);
    free(http->loops);
    clients_free(http->clients);
    free(http);
}
