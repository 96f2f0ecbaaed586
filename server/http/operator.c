/* SPDX-License-Identifier: Apache-2.0 */
/* operator: what is under /_stator/: whether the server is well, and what it does.
 *
 * Metrics and status are made on a thread of their own, for they ask the store, and workers may all be waiting for a disk
 * just when somebody wants to know.
 */
#include <inttypes.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "http/request.h"
#include "watch/exposition.h"
#include "watch/log.h"
#include "json/writer.h"

#define PREFIX     "/_stator"
#define COMPACT    PREFIX "/compact"
#define PLAIN      BYTES("text/plain; charset=utf-8")
#define JSON       BYTES("application/json")
#define EXPOSITION BYTES("text/plain; version=0.0.4; charset=utf-8")

/* As it was sent: a proxy that keeps people from it must find it by the same text. */
static struct bytes path_of(const h2o_req_t *req)
{
    struct bytes path = bytes_of(req->input.path.base, req->input.path.len);
    const uint8_t *query = path.len != 0 ? memchr(path.at, '?', path.len) : NULL;

    return query != NULL ? bytes_of(path.at, (size_t)(query - path.at)) : path;
}

bool operator_is_asked(const h2o_req_t *req)
{
    struct bytes path = path_of(req);

    return bytes_starts_with(path, BYTES(PREFIX)) &&
           (path.len == sizeof(PREFIX) - 1 || path.at[sizeof(PREFIX) - 1] == '/');
}

struct guard_names operator_names(const struct http *http)
{
    return (struct guard_names){
        .host = http->options.host, .machine = http->machine, .more = http->options.operator_hosts};
}

/* --- Health ------------------------------------------------------------------------------------------------------- */

static const char *health_text(enum engine_health health)
{
    switch (health) {
    case ENGINE_WELL:
        return NULL;
    case ENGINE_DISK_FULL:
        return "the disk of the data directory is full, of bytes or of inodes: writes are refused";
    case ENGINE_DAMAGED:
        return "a read or a compaction met damage in the data directory: if the log says Input/output error, look at "
               "the "
               "disk first; otherwise stop the server and let stator check tell, or put back a sound copy; what is not "
               "damaged is served meanwhile";
    case ENGINE_SYNC_SLOW:
        return "the disk has not ended a sync for seconds: writes wait for it, reads go on";
    case ENGINE_READ_ONLY:
        break;
    }
    return "a write or a sync failed: the database is read-only until the server is started again";
}

/* Why no requests should be sent here; NULL: they should. */
static const char *unready(const struct loop *loop, enum engine_health health)
{
    return loop->draining ? "the server is stopping" : health_text(health);
}

/* reason NULL: none is told. */
static void answer_state(struct request *request, int status, const char *state, const char *reason)
{
    struct json_writer writer = json_writer_of(&request->job.answer);

    json_object_begin(&writer);
    json_key(&writer, BYTES("status"));
    json_string(&writer, bytes_of_string(state));
    if (reason != NULL) {
        json_key(&writer, BYTES("reason"));
        json_string(&writer, bytes_of_string(reason));
    }
    json_object_end(&writer);
    answer_operator(request, status, JSON);
}

/* What passes by itself does not make it fail: it is for those who restart, which makes no disk faster or emptier. It is
 * told. Damage makes it fail, for somebody must look. */
static void answer_health(struct request *request)
{
    struct engine *engine = request->loop->http->engine;
    enum engine_health health = engine_health(engine);
    bool lasting = health == ENGINE_READ_ONLY || health == ENGINE_DAMAGED;
    const char *reason = health_text(health);
    uint32_t sync_s = engine_sync_s(engine);
    char slow[96];

    if (health == ENGINE_SYNC_SLOW) {
        snprintf(slow, sizeof(slow), "a sync has been under way for %" PRIu32 " s: writes wait for it, reads go on",
                 sync_s);
        reason = sync_s >= ENGINE_SLOW_SYNC_S ? slow : NULL; /* it has ended meanwhile */
    }
    answer_state(request, lasting ? 503 : 200, lasting ? "unavailable" : "ok", reason);
}

static void answer_ready(struct request *request)
{
    const char *trouble = unready(request->loop, engine_health(request->loop->http->engine));

    answer_state(request, trouble == NULL ? 200 : 503, trouble == NULL ? "ready" : "unavailable", trouble);
}

/* --- Metrics ------------------------------------------------------------------------------------------------------ */

static void tell_version(struct buf *out, const struct http_options *options)
{
    const struct exposition_label labels[] = {{"version", bytes_of_string(options->version)},
                                              {"revision", bytes_of_string(options->revision)}};

    exposition_family(out, "stator_build_info", "gauge", "1, with the version and the commit as labels.");
    exposition_integer(out, "stator_build_info", (struct exposition_labels){labels, 2}, 1);
}

static uint64_t resident_bytes(void)
{
    unsigned long long all, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");

    if (file == NULL)
        return 0;
    if (fscanf(file, "%llu %llu", &all, &resident) != 2)
        resident = 0;
    fclose(file);
    return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t cpu_ns(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return 0;
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
           (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
}

static void tell_process(struct buf *out, const struct http *http)
{
    tell_version(out, &http->options);
    exposition_family(out, "stator_start_time_seconds", "gauge", "When the server was started, since 1970.");
    exposition_integer(out, "stator_start_time_seconds", EXPOSITION_NO_LABELS, http->started_s);
    exposition_family(out, "stator_cpu_seconds_total", "counter", "CPU time of the process.");
    exposition_seconds(out, "stator_cpu_seconds_total", EXPOSITION_NO_LABELS, cpu_ns());
    exposition_gauge(out, "stator_resident_memory_bytes", "Memory of the process that is in RAM.", resident_bytes());
    exposition_gauge(out, "stator_connections", "Connections open.", atomic_load(&http->connections));
    exposition_gauge(out, "stator_connections_max", "Connections that may be open (--max-connections).",
                     http->options.max_connections);
    exposition_family(out, "stator_connections_displaced_total", "counter",
                      "Connections closed to make room for others.");
    exposition_integer(out, "stator_connections_displaced_total", EXPOSITION_NO_LABELS, atomic_load(&http->displaced));
    exposition_family(out, "stator_log_lines_dropped_total", "counter", "Lines of the log that nobody took in time.");
    exposition_integer(out, "stator_log_lines_dropped_total", EXPOSITION_NO_LABELS, log_lines_dropped());
    exposition_family(out, "stator_log_lines_repeated_total", "counter",
                      "Warnings and errors that were counted, not written: one like them was.");
    exposition_integer(out, "stator_log_lines_repeated_total", EXPOSITION_NO_LABELS, log_lines_repeated());
    exposition_gauge(out, "stator_request_memory_bytes",
                     "Memory of all requests together, answers not yet taken included.",
                     atomic_load(&http->memory.used));
    exposition_gauge(out, "stator_request_memory_limit_bytes", "What they may take (--memory-mib).", http->memory.max);
    exposition_family(out, "stator_request_memory_refused_total", "counter", "Pieces of it that were refused.");
    exposition_integer(out, "stator_request_memory_refused_total", EXPOSITION_NO_LABELS,
                       atomic_load(&http->memory.refused));
    exposition_gauge(out, "stator_worker_queue_jobs", "Requests waiting for a worker.", workers_queued(http->workers));
    exposition_gauge(out, "stator_worker_queue_jobs_max", "How many may wait; the next is throttled.",
                     LIMIT_WORKER_QUEUE);
}

/* --- Status ------------------------------------------------------------------------------------------------------- */

static void tell_integer(struct json_writer *writer, struct bytes key, uint64_t value)
{
    json_key(writer, key);
    json_integer(writer, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

/* Above all bounds: null. */
static void tell_bound(struct json_writer *writer, struct bytes key, const struct histogram_sum *sum, double part)
{
    uint64_t ns = histogram_quantile(sum, HISTOGRAM_TIMES, part);

    json_key(writer, key);
    if (ns == UINT64_MAX)
        json_null(writer);
    else
        json_double(writer, (double)ns / 1e9);
}

static void tell_operation(struct json_writer *writer, const char *name, const struct metrics_total *total)
{
    json_object_begin(writer);
    json_key(writer, BYTES("operation"));
    json_string(writer, bytes_of_string(name));
    tell_integer(writer, BYTES("count"), histogram_total(&total->durations));
    tell_integer(writer, BYTES("errors"), total->errors);
    tell_integer(writer, BYTES("faults"), total->faults);
    tell_bound(writer, BYTES("p50_s"), &total->durations, 0.5);
    tell_bound(writer, BYTES("p99_s"), &total->durations, 0.99);
    json_object_end(writer);
}

static void tell_operations(struct json_writer *writer, const struct http *http)
{
    json_key(writer, BYTES("operations"));
    json_array_begin(writer);
    for (uint32_t operation = 0; operation < OPERATION_COUNT; operation++) {
        struct metrics_total total = {{{0}, 0}, 0, 0};

        metrics_total(http->metrics, operation, &total);
        if (histogram_total(&total.durations) != 0)
            tell_operation(writer, operation == OPERATION_NONE ? "(none)" : operation_info(operation)->name, &total);
    }
    json_array_end(writer);
}

static void tell_status(struct buf *out, const struct http *http)
{
    struct json_writer writer = json_writer_of(out);
    const char *trouble = health_text(engine_health(http->engine));
    time_t now = time(NULL);

    json_object_begin(&writer);
    json_key(&writer, BYTES("status"));
    json_string(&writer, bytes_of_string(trouble == NULL ? "ready" : "unavailable"));
    if (trouble != NULL) {
        json_key(&writer, BYTES("reason"));
        json_string(&writer, bytes_of_string(trouble));
    }
    json_key(&writer, BYTES("version"));
    json_string(&writer, bytes_of_string(http->options.version));
    json_key(&writer, BYTES("revision"));
    json_string(&writer, bytes_of_string(http->options.revision));
    tell_integer(&writer, BYTES("uptime_s"), now > (time_t)http->started_s ? (uint64_t)now - http->started_s : 0);
    tell_integer(&writer, BYTES("resident_bytes"), resident_bytes());
    tell_integer(&writer, BYTES("loops"), http->options.loops);
    tell_integer(&writer, BYTES("connections"), atomic_load(&http->connections));
    tell_integer(&writer, BYTES("connections_max"), http->options.max_connections);
    tell_integer(&writer, BYTES("connections_displaced"), atomic_load(&http->displaced));
    tell_integer(&writer, BYTES("request_memory_bytes"), atomic_load(&http->memory.used));
    tell_integer(&writer, BYTES("request_memory_limit_bytes"), http->memory.max);
    tell_integer(&writer, BYTES("log_lines_dropped"), log_lines_dropped());
    engine_tell_status(http->engine, &writer);
    tell_operations(&writer, http);
    json_object_end(&writer);
}

static void tell_compaction(struct buf *out, const struct http *http)
{
    struct json_writer writer = json_writer_of(out);

    json_object_begin(&writer);
    engine_tell_compaction(http->engine, &writer);
    json_object_end(&writer);
}

void http_log_status(const struct http *http)
{
    const char *trouble = health_text(engine_health(http->engine));

    LOG_LINE(LOG_LEVEL_INFO, "status", LOG_STRING("status", trouble == NULL ? "ready" : trouble),
             LOG_NUMBER("uptime_s", (int64_t)(time(NULL) - (time_t)http->started_s)),
             LOG_NUMBER("resident_bytes", (int64_t)resident_bytes()),
             LOG_NUMBER("connections", atomic_load(&http->connections)),
             LOG_NUMBER("connections_max", http->options.max_connections),
             LOG_NUMBER("connections_displaced", (int64_t)atomic_load(&http->displaced)),
             LOG_NUMBER("request_memory_bytes", (int64_t)atomic_load(&http->memory.used)),
             LOG_NUMBER("worker_queue_jobs", workers_queued(http->workers)),
             LOG_NUMBER("log_lines_dropped", (int64_t)log_lines_dropped()));
}

/* --- Requests ----------------------------------------------------------------------------------------------------- */

void operator_work(void *context, struct job *job)
{
    struct http *http = context;
    struct request *request = request_of_job(job);

    if (request->errand == ERRAND_METRICS) {
        tell_process(&job->answer, http);
        engine_tell_metrics(http->engine, http->metrics, &job->answer);
    } else if (request->errand == ERRAND_STATUS) {
        tell_status(&job->answer, http);
    } else {
        tell_compaction(&job->answer, http);
    }
    if (!job->answer.failed && answer_wants_packing(request))
        answer_pack(request);
    job_move(job, JOB_DONE);
    job->send_back(job);
}

void operator_came_home(struct request *request)
{
    enum errand errand = request->errand;

    request->errand = ERRAND_NONE;
    if (request->job.answer.failed) {
        buf_reset(&request->job.answer);
        buf_append_literal(&request->job.answer, "There is no memory for the answer.\n");
        answer_operator(request, 500, PLAIN);
    } else {
        answer_operator(request, 200, errand == ERRAND_METRICS ? EXPOSITION : JSON);
    }
}

static void answer_text(struct request *request, int status, const char *text)
{
    buf_append_bytes(&request->job.answer, bytes_of_string(text));
    buf_append_literal(&request->job.answer, "\n");
    answer_operator(request, status, PLAIN);
}

static void send_on_errand(struct request *request, enum errand errand)
{
    engine_note_thread(request->loop->http->engine);
    request->errand = errand;
    request_leave(request);
    job_move(&request->job, JOB_WORKING);
    if (workers_submit(request->loop->http->watchers, &request->job))
        return;
    request_come_back(request);
    request->errand = ERRAND_NONE;
    answer_text(request, 503, "Too many ask at once.");
}

static bool asks_for(const h2o_req_t *req, const char *name)
{
    return bytes_equal(path_of(req), bytes_of_string(name));
}

static void route(struct request *request)
{
    const h2o_req_t *req = request->req;

    if (asks_for(req, PREFIX "/health"))
        answer_health(request);
    else if (asks_for(req, PREFIX "/ready"))
        answer_ready(request);
    else if (asks_for(req, PREFIX "/metrics"))
        send_on_errand(request, ERRAND_METRICS);
    else if (asks_for(req, PREFIX "/status"))
        send_on_errand(request, ERRAND_STATUS);
    else if (asks_for(req, COMPACT))
        send_on_errand(request, ERRAND_COMPACTION);
    else
        answer_text(request, 404, "There are " PREFIX "/health, /ready, /metrics, /status and /compact.");
}

static bool has_method(const h2o_req_t *req, const char *method)
{
    return h2o_memis(req->method.base, req->method.len, method, strlen(method)) != 0;
}

static void start_compaction(struct request *request)
{
    LOG_LINE(LOG_LEVEL_INFO, "an operator has all files rewritten");
    engine_compact(request->loop->http->engine);
    send_on_errand(request, ERRAND_COMPACTION);
}

void operator_on_request(struct request *request)
{
    const h2o_req_t *req = request->req;
    const struct http *http = request->loop->http;
    const struct guard_request asked = {
        .host = request->job.host, .origin = request->origin, .fetch_site = request_header(req, "sec-fetch-site")};
    const struct guard_names names = operator_names(http);
    const char *refusal = guard_refusal(&asked, &names); /* whoever knows of more reasons adds them here */

    request_answer_beside_budget(request);
    if (refusal != NULL)
        answer_text(request, 403, refusal);
    else if (has_method(req, "GET") || has_method(req, "HEAD"))
        route(request);
    else if (has_method(req, "POST") && asks_for(req, COMPACT))
        start_compaction(request);
    else
        answer_text(request, 405, "GET and HEAD are understood here, and POST by " COMPACT ".");
}
