/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint: the checks of a request in the service's order, then op, then the answer. */
#include <strings.h>

#include "auth/auth.h"
#include "http/request.h"
#include "watch/log.h"
#include "json/reader.h"

/* What the checks need of the header, in one pass over it. */
struct head {
    struct auth_input auth;
    struct bytes content_encoding, accept_encoding, cors_headers, cors_method, fetch_site;
    size_t len; /* of the request line and all headers */
};

#define SERIALIZATION_BODY "{\"__type\":\"com.amazon.coral.service#SerializationException\""
#define HEAD_TOO_LARGE     SERIALIZATION_BODY ",\"Message\":\"The request line and the headers have more than 16 KiB\"}"
#define NOT_FOUND          "<UnknownOperationException/>\n"
#define FOREIGN_PAGE                                                                                                   \
    "{\"__type\":\"com.amazon.coral.service#AccessDeniedException\",\"Message\":\"This request is from a web page of " \
    "another origin, which may not use this server. Start it with --cors ORIGIN, or STATOR_CORS, to allow the page\"}"
#define HEALTHY "healthy: dynamodb.us-east-1.amazonaws.com "
#define LOCAL_GET                                                                                                      \
    "{\"__type\":\"com.amazonaws.dynamodb.v20120810#MissingAuthenticationToken\",\"message\":\"Request must contain "  \
    "either a valid (registered) AWS access key ID or X.509 certificate.\"}"

static struct bytes bytes_of_iovec(h2o_iovec_t iovec)
{
    return bytes_of(iovec.base, iovec.len);
}

struct bytes request_header(const h2o_req_t *req, const char *name)
{
    ssize_t index = h2o_find_header_by_str(&req->headers, name, strlen(name), -1);

    return index < 0 ? (struct bytes){0} : bytes_of_iovec(req->headers.entries[index].value);
}

/* The headers that h2o has no token for, told apart by length first. */
static void read_named(struct head *head, struct request *request, h2o_iovec_t name, struct bytes value)
{
#define IS(text) (memcmp(name.base, text, sizeof(text) - 1) == 0)
    switch (name.len) {
    case sizeof("origin") - 1:
        if (IS("origin"))
            request->origin = value;
        break;
    case sizeof("x-amz-date") - 1:
        if (IS("x-amz-date"))
            head->auth.x_amz_date = value;
        break;
    case sizeof("x-amz-target") - 1:
        if (IS("x-amz-target"))
            request->x_amz_target = value;
        break;
    case sizeof("sec-fetch-site") - 1:
        if (IS("sec-fetch-site"))
            head->fetch_site = value;
        break;
    case sizeof("access-control-request-headers") - 1:
        if (IS("access-control-request-headers"))
            head->cors_headers = value;
        break;
    case sizeof("access-control-request-method") - 1:
        if (IS("access-control-request-method"))
            head->cors_method = value;
        break;
    default:
        break;
    }
#undef IS
}

static void read_head(struct head *head, struct request *request)
{
    const h2o_req_t *req = request->req;

    head->len = req->input.method.len + req->input.path.len + sizeof("  HTTP/1.1\r\n") - 1;
    for (size_t i = 0; i < req->headers.size; i++) {
        const h2o_header_t *header = &req->headers.entries[i];
        struct bytes value = bytes_of_iovec(header->value);

        head->len += header->name->len + value.len + sizeof(": \r\n") - 1;
        if (header->name == &H2O_TOKEN_AUTHORIZATION->buf)
            head->auth.authorization = value;
        else if (header->name == &H2O_TOKEN_CONTENT_TYPE->buf)
            request->content_type = value;
        else if (header->name == &H2O_TOKEN_DATE->buf)
            head->auth.date = value;
        else if (header->name == &H2O_TOKEN_CONTENT_ENCODING->buf)
            head->content_encoding = value;
        else if (header->name == &H2O_TOKEN_ACCEPT_ENCODING->buf && !bytes_present(head->accept_encoding))
            head->accept_encoding = value; /* of two the service takes the first */
        else
            read_named(head, request, *header->name, value);
    }
    if (req->query_at != SIZE_MAX)
        head->auth.query = bytes_of(req->path.base + req->query_at + 1, req->path.len - req->query_at - 1);
}

/* Whether the type in front of parameters and blanks is this one. */
static bool has_type(struct bytes content_type, const char *type)
{
    size_t len = strlen(type);

    while (content_type.len != 0 && *content_type.at == ' ') {
        content_type.at++;
        content_type.len--;
    }
    if (content_type.len < len || strncasecmp((const char *)content_type.at, type, len) != 0)
        return false;
    while (len < content_type.len && (content_type.at[len] == ' ' || content_type.at[len] == '\t'))
        len++;
    return len == content_type.len || content_type.at[len] == ';';
}

static bool is_method(const h2o_req_t *req, const char *method)
{
    return h2o_memis(req->method.base, req->method.len, method, strlen(method));
}

/* --- Ending --------------------------------------------------------------------------------------------------------
 */

static void end_job(struct job *job)
{
    job_move(job, JOB_DONE);
    request_forget(request_of_job(job));
}

/* An error found here: op has not seen the job, or will not go on with it. */
static void fail_job(struct job *job, enum stator_rc rc, const char *message)
{
    job_release(job);
    job->error_item = (struct item){0};
    job->error_reasons = job->error_text = job->error_throttling = (struct bytes){0};
    stator_fail(&job->error, rc, "%s", message);
    op_answer_error(job);
    request_of_job(job)->summed = false;
}

static void refuse(struct request *request, enum stator_rc rc, const char *message)
{
    fail_job(&request->job, rc, message);
    end_job(&request->job);
    answer_job(request);
}

/* Sends the finished job's answer, by way of a worker when that has much to compress. */
static void answer(struct request *request)
{
    if (answer_wants_packing(request)) {
        if (request->job.answer.len <= LIMIT_INLINE_COMPRESS_BYTES) {
            answer_pack(request);
        } else {
            request->packing = true;
            request->job.slow = request->job.answer.len > LIMIT_QUICK_BYTES;
            request_leave(request);
            if (workers_submit(request->loop->http->workers, &request->job))
                return;
            request_come_back(request);
        }
    }
    answer_job(request);
}

/* The first of a list waits for all. [syncer] */
static void on_synced(struct durable_wait *wait, enum stator_rc rc)
{
    struct job *jobs = (struct job *)(void *)((char *)wait - offsetof(struct job, wait));

    for (struct job *job = jobs; job != NULL; job = job->next)
        request_of_job(job)->sync_rc = rc;
    loop_send_home(request_of_job(jobs)->loop, jobs);
}

void endpoint_await_sync(struct http *http, struct job *jobs)
{
    jobs->wait.answers = 1;
    for (struct job *job = jobs->next; job != NULL; job = job->next) {
        jobs->wait.answers++;
        if (job->wait.epoch > jobs->wait.epoch)
            jobs->wait.epoch = job->wait.epoch;
    }
    jobs->wait.done = on_synced;
    durability_await(engine_durability(http->engine), &jobs->wait); /* they may be home already */
}

/* --- Reading the body ----------------------------------------------------------------------------------------------
 */

/* Makes job.body the plain body; false when there is none to read on, or not here: it is unread then, and slow. */
static bool inflate_body(struct request *request)
{
    struct job *job = &request->job;
    size_t most = job->slow ? LIMIT_BODY_BYTES : LIMIT_QUICK_BYTES;

    buf_reset(&request->inflated);
    if (request->encoding == ENCODING_PLAIN)
        return true;
    switch (request->encoding == ENCODING_UNKNOWN
                ? INFLATED_BROKEN
                : compress_inflate(&request->inflated, job->body, request->encoding, most)) {
    case INFLATED:
        job->body = buf_bytes(&request->inflated);
        return true;
    case INFLATED_TOO_LARGE:
        if (job->slow)
            request->too_large = true;
        else
            request->unread = job->slow = true;
        return false;
    case INFLATED_NO_MEMORY:
        fail_job(job, STATOR_THROTTLING, OP_NO_MEMORY_TEXT);
        LOG_LINE(LOG_LEVEL_WARN, "refusing a request: the memory of requests is used up (--memory-mib)",
                 LOG_STRING("request_id", job->request_id));
        return false;
    case INFLATED_BROKEN:
        break;
    }
    fail_job(job, STATOR_INTERNAL_FAILURE, "");
    return false;
}

/* The errors that come before authentication do so only for a body that is JSON. An absent one is no worse. */
static bool body_parses(const struct job *job)
{
    return job->body.len == 0 || json_valid(job->body);
}

/* Whether the operation may run; else the answer is made, or it is too large, or unread still. [any] */
static bool read_body(struct request *request)
{
    struct job *job = &request->job;

    request->unread = false;
    if (!inflate_body(request))
        return false;
    if (job->operation == OPERATION_NONE) {
        fail_job(job, body_parses(job) ? STATOR_UNKNOWN_OPERATION : STATOR_SERIALIZATION, "");
        return false;
    }
    if (request->identified != STATOR_OK) {
        if (!body_parses(job))
            stator_fail(&job->error, STATOR_SERIALIZATION, "%s", "");
        op_answer_error(job);
        return false;
    }
    if (job->body.len != 0)
        return true;
    fail_job(job, STATOR_SERIALIZATION, "");
    return false;
}

/* --- Running -------------------------------------------------------------------------------------------------------
 */

#define TOO_MANY "The server has too many long requests waiting; try again later"

/* The latch that the job met has been released: on with it, on a worker. */
static void on_released(struct latch_wait *wait)
{
    struct job *job = (struct job *)(void *)((char *)wait - offsetof(struct job, latch_wait));

    if (workers_submit(request_of_job(job)->loop->http->workers, job))
        return;
    fail_job(job, STATOR_THROTTLING, TOO_MANY);
    end_job(job);
    job->send_back(job);
}

/* Has a worker go on with the job, once nobody holds a latch that it needs. False: too many wait already. */
static bool go_on_later(struct http *http, struct job *job)
{
    if (job->latch == 0)
        return workers_submit(http->workers, job);
    op_park(http->engine, job, on_released);
    return true;
}

static void leave_to_worker(struct request *request)
{
    request_leave(request);
    request_read_on(request);
    job_move(&request->job, JOB_WORKING);
    if (!go_on_later(request->loop->http, &request->job)) {
        request_come_back(request);
        request_read_no_more(request);
        refuse(request, STATOR_THROTTLING, TOO_MANY);
    }
}

static void begin_sync(struct request *request)
{
    if (request->job.repeats)
        request_forget_progress(request);
    else
        request_forget(request);
    job_move(&request->job, JOB_SYNCING);
}

/* A read that waited for a sync that failed has not seen anything that will be there: it reads again. */
static void repeat(struct request *request)
{
    op_repeat(&request->job);
    request->summed = false;
    leave_to_worker(request);
}

static void run(struct request *request)
{
    struct job *job = &request->job;

    switch (op_run(request->loop->http->engine, job)) {
    case OP_DONE:
        end_job(job);
        answer(request);
        break;
    case OP_SYNC:
        request_leave(request);
        request_read_on(request);
        begin_sync(request);
        loop_await_sync(request->loop, job);
        break;
    case OP_WORK:
        leave_to_worker(request);
        break;
    }
}

/* False: the job has left this thread. */
static bool run_on_worker(struct http *http, struct job *job)
{
    for (;;) {
        enum op_outcome outcome = op_run(http->engine, job);

        if (outcome == OP_SYNC) {
            answer_sum(request_of_job(job));
            begin_sync(request_of_job(job));
            job->next = NULL;
            endpoint_await_sync(http, job);
            return false;
        }
        if (outcome == OP_DONE)
            return true;
        if (engine_is_hurried(http->engine)) {
            fail_job(job, STATOR_INTERNAL_SERVER_ERROR, OP_HURRIED_TEXT);
            return true;
        }
        if (go_on_later(http, job)) /* behind those who wait */
            return false;
    }
}

/* False: the job has left this thread. */
static bool read_and_run(struct http *http, struct job *job)
{
    struct request *request = request_of_job(job);

    if (engine_is_hurried(http->engine)) {
        fail_job(job, STATOR_INTERNAL_SERVER_ERROR, OP_HURRIED_TEXT);
        return true;
    }
    if (!request->unread || read_body(request))
        return run_on_worker(http, job);
    if (!request->unread)
        return true;
    if (workers_submit(http->workers, job))
        return false;
    fail_job(job, STATOR_THROTTLING, TOO_MANY);
    return true;
}

/* False: the answer has much to compress, and left this thread. */
static bool pack(struct http *http, struct request *request)
{
    struct job *job = &request->job;

    if (!answer_wants_packing(request))
        return true;
    if (job->answer.len > LIMIT_QUICK_BYTES && !job->slow) {
        job->slow = true;
        if (workers_submit(http->workers, job))
            return false;
    }
    answer_pack(request);
    return true;
}

void endpoint_work(void *context, struct job *job)
{
    struct http *http = context;
    struct request *request = request_of_job(job);

    job->on_worker = true;
    if (job->state != JOB_DONE) { /* else it comes to be packed */
        if (!read_and_run(http, job))
            return;
        end_job(job);
        engine_note_thread(http->engine);
    }
    if (!pack(http, request))
        return;
    answer_sum(request);
    job->send_back(job);
}

void endpoint_came_home(struct request *request)
{
    struct job *job = &request->job;

    request_come_back(request);
    if (request->req != NULL && !request->packing && request->errand == ERRAND_NONE)
        request_read_no_more(request);
    request->packing = false;
    if (request->errand != ERRAND_NONE) {
        if (request->req == NULL)
            request_give_back(request);
        else
            operator_came_home(request);
        return;
    }
    if (job->state == JOB_SYNCING) {
        if (request->sync_rc != STATOR_OK && request->req != NULL && job->repeats) {
            repeat(request);
            return;
        }
        if (request->sync_rc != STATOR_OK)
            fail_job(job, STATOR_INTERNAL_SERVER_ERROR,
                     "The write could not be made durable; whether it is kept is unknown, and the database is "
                     "read-only until the server is started again");
        end_job(job);
    }
    if (request->req != NULL && request->too_large) {
        answer_too_large(request);
        return;
    }
    if (request->req != NULL) {
        answer(request);
        return;
    }
    answer_count(request);
    request_give_back(request);
}

/* --- Checks --------------------------------------------------------------------------------------------------------
 */

/* The probes that wait for this answer leave it unread (jest-dynamodb's does), and could not end before their connection. */
static void answer_local_get(struct request *request)
{
    request->req->http1_is_persistent = 0;
    answer_fixed(request, 400, BYTES("application/json"), BYTES(LOCAL_GET), true);
}

static bool is_root(struct bytes path)
{
    return path.len != 0 && *path.at == '/' && (path.len == 1 || path.at[1] == '?');
}

/* Whether a request is for "/", as it was sent: alone or behind the request's own host, with a query or without. */
static bool is_for_root(const h2o_req_t *req)
{
    static const char *const schemes[] = {"http://", "https://"};
    struct bytes target = bytes_of_iovec(req->input.path), host = bytes_of_iovec(req->input.authority);

    if (is_root(target))
        return true;
    for (size_t i = 0; i < 2; i++) {
        size_t len = strlen(schemes[i]);
        struct bytes rest;

        if (target.len < len + host.len || strncasecmp((const char *)target.at, schemes[i], len) != 0 ||
            strncasecmp((const char *)target.at + len, (const char *)host.at, host.len) != 0)
            continue;
        rest = bytes_of(target.at + len + host.len, target.len - len - host.len);
        return rest.len == 0 || *rest.at == '?' || is_root(rest);
    }
    return false;
}

static bool is_let_in(const struct request *request, const struct head *head)
{
    const struct http *http = request->loop->http;
    const struct guard_request asked = {
        .host = request->job.host, .origin = request->origin, .fetch_site = head->fetch_site};
    const struct guard_names names = operator_names(http);

    return guard_lets_in(&asked, &names, http->options.cors);
}

/* A browser hides the answer from whoever made the page, so the log has it, too: once, for a page could fill it. */
static void refuse_page(struct request *request)
{
    if (!atomic_exchange_explicit(&request->loop->http->told_of_pages, true, memory_order_relaxed))
        LOG_LINE(LOG_LEVEL_WARN, "refusing web pages of other origins; --cors allows them; this is said once",
                 LOG_TEXT("origin", bytes_present(request->origin) ? request->origin : BYTES("-")),
                 LOG_TEXT("host", request->job.host));
    answer_fixed(request, 403, BYTES("application/json"), BYTES(FOREIGN_PAGE), true);
}

/* Everything that is not an operation. True when it has been answered. */
static bool answer_other(struct request *request, const struct head *head)
{
    const h2o_req_t *req = request->req;
    bool local = request->loop->http->options.as_dynamodb_local;

    if (!is_let_in(request, head)) {
        refuse_page(request);
        return true;
    }
    if (!local && !is_for_root(req)) {
        answer_fixed(request, 404, (struct bytes){0}, BYTES(NOT_FOUND), true);
        return true;
    }
    if (is_method(req, "OPTIONS") && bytes_present(request->origin)) {
        answer_preflight(request, head->cors_headers, head->cors_method);
        return true;
    }
    if (is_method(req, "GET") || is_method(req, "HEAD")) {
        if (local)
            answer_local_get(request);
        else
            answer_fixed(request, 200, (struct bytes){0}, BYTES(HEALTHY), true);
        return true;
    }
    request->amz_json = has_type(request->content_type, "application/x-amz-json-1.0");
    if (!is_method(req, "POST") ||
        (request->job.body.len != 0 && !request->amz_json && !has_type(request->content_type, "application/json"))) {
        answer_fixed(request, 404, (struct bytes){0}, BYTES(NOT_FOUND), true);
        return true;
    }
    return false;
}

/* False when it has been answered with an error: spare connections are for those who ask how the server is. */
static bool admit(struct request *request)
{
    if (connection_may_run(connection_of(request->req)))
        return true;
    request->req->http1_is_persistent = 0;
    refuse(request, STATOR_THROTTLING, "The server has as many connections as it may have; try again later");
    return false;
}

/* What the header tells, before the body is looked at. */
static void identify(struct request *request, const struct head *head)
{
    struct job *job = &request->job;
    struct auth_identity identity = {0};

    job->operation = operation_of_target(request->x_amz_target);
    request->encoding = encoding_of(head->content_encoding);
    request->identified = auth_identify(&identity, &head->auth, &job->notes, &job->error);
    job->access_key = identity.access_key;
    job->region = identity.region;
}

/* How long others have waited for this turn of the loop to end, by its first request's time and this one's. */
static bool has_worked_long(struct loop *loop, const struct job *job)
{
    if (loop->turn_ns == 0)
        loop->turn_ns = job->started_ns;
    return job->started_ns - loop->turn_ns > LIMIT_TURN_NS;
}

static void begin(struct request *request)
{
    size_t most;

    request->unread = true;
    request->loop->busy = true;
    request->job.brief = has_worked_long(request->loop, &request->job);
    most = request->job.brief ? LIMIT_BRIEF_BODY_BYTES : LIMIT_INLINE_BODY_BYTES;
    if (request->encoding != ENCODING_PLAIN || request->job.body.len > most) {
        request->job.slow = request->job.body.len > LIMIT_QUICK_BYTES;
        leave_to_worker(request);
    } else if (read_body(request)) {
        run(request);
    } else {
        end_job(&request->job);
        answer_job(request);
    }
}

int endpoint_on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    struct request *request = request_take(loop_of(req), req);
    struct head head = {0};

    (void)handler;
    read_head(&head, request);
    request->accepted = encoding_accepted(head.accept_encoding);
    if (operator_is_asked(req)) {
        operator_on_request(request);
    } else if (head.len > LIMIT_HEAD_BYTES) {
        req->http1_is_persistent = 0;
        answer_fixed(request, 400, BYTES("application/json"), BYTES(HEAD_TOO_LARGE), true);
    } else if (req->entity.len > LIMIT_BODY_BYTES) {
        answer_too_large(request);
    } else if (!answer_other(request, &head) && admit(request)) {
        identify(request, &head);
        begin(request);
    }
    return 0;
}
