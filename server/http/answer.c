/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request.h"

#include <libdeflate.h>
#include <time.h>

#include "watch/log.h"

/* Header names with the case the service gives them. h2o writes them as they are. */
#define NAME(text)                                                                                                     \
    {                                                                                                                  \
        (char *)(text), sizeof(text) - 1                                                                               \
    }
const h2o_iovec_t answer_content_type = NAME("Content-Type");
static const h2o_iovec_t content_encoding = NAME("Content-Encoding");
static const h2o_iovec_t transfer_encoding = NAME("Transfer-Encoding");
static const h2o_iovec_t request_id_name = NAME("x-amzn-RequestId");
static const h2o_iovec_t crc32_name = NAME("x-amz-crc32");
static const h2o_iovec_t allow_origin = NAME("Access-Control-Allow-Origin");
static const h2o_iovec_t vary = NAME("Vary");
static const h2o_iovec_t expose_headers = NAME("Access-Control-Expose-Headers");
static const h2o_iovec_t allow_headers = NAME("Access-Control-Allow-Headers");
static const h2o_iovec_t allow_methods = NAME("Access-Control-Allow-Methods");
static const h2o_iovec_t max_age = NAME("Access-Control-Max-Age");
static const h2o_iovec_t allow = NAME("Allow");
static const h2o_iovec_t cache_control = NAME("Cache-Control");
static const h2o_iovec_t content_type_options = NAME("X-Content-Type-Options");

/* Most headers an answer has, so that their list is allocated once. */
#define HEADERS_MAX 8

#define JSON     BYTES("application/json")
#define AMZ_JSON BYTES("application/x-amz-json-1.0")

const char *answer_reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 400:
        return "Bad Request";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 413:
        return "Request Entity Too Large";
    case 417:
        return "Expectation Failed";
    case 421:
        return "Misdirected Request";
    case 503:
        return "Service Unavailable";
    default:
        return "Internal Server Error";
    }
}

void answer_add_header(h2o_req_t *req, const h2o_iovec_t *name, struct bytes value)
{
    h2o_headers_t *headers = &req->res.headers;

    h2o_vector_reserve(&req->pool, headers, headers->size < HEADERS_MAX ? HEADERS_MAX : headers->size + 1);
    headers->entries[headers->size++] =
        (h2o_header_t){.name = (h2o_iovec_t *)(uintptr_t)name, .value = {(char *)(uintptr_t)value.at, value.len}};
}

void answer_add_common(h2o_req_t *req, struct bytes request_id, struct bytes origin)
{
    const char *cors = loop_of(req)->http->options.cors;

    answer_add_header(req, &request_id_name, request_id);
    if (!bytes_present(origin) || operator_is_asked(req))
        return;
    if (cors != NULL && strcmp(cors, "*") == 0) {
        answer_add_header(req, &allow_origin, BYTES("*"));
    } else if (guard_lets_read(origin, cors)) {
        answer_add_header(req, &allow_origin, origin);
        answer_add_header(req, &vary, BYTES("Origin"));
    } else {
        return;
    }
    answer_add_header(req, &expose_headers, BYTES("x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"));
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

/* --- Sending -------------------------------------------------------------------------------------------------------
 */

/* The client does not read: its connection is closed, which h2o finds out by itself. */
static void cut_off(const struct request *request)
{
    h2o_socket_t *sock = request->req->conn->callbacks->get_socket(request->req->conn);

    LOG_LINE(LOG_LEVEL_INFO, "closing a connection: the client does not read its answer",
             LOG_STRING("request_id", request->job.request_id));
    shutdown(h2o_socket_get_fd(sock), SHUT_RDWR);
}

static void on_write_timeout(h2o_timeout_entry_t *entry)
{
    cut_off(H2O_STRUCT_FROM_MEMBER(struct request, write_entry, entry));
}

/* Whether the client is further behind than a piece's time is long: who takes each piece just in time would hold a
 * large answer for an hour. */
static bool reads_too_slowly(const struct request *request)
{
    uint64_t took_ms = (now_ns() - request->sending_since_ns) / 1000000;

    return took_ms > LIMIT_WRITE_PIECE_MS + request->sent / LIMIT_WRITE_LEAST_BYTES_PER_MS;
}

/* h2o may dispose of the request, and so of everything here, before h2o_send returns. */
static void send_piece(struct request *request)
{
    struct loop *loop = request->loop;
    struct bytes piece = request->unsent;
    h2o_iovec_t buffer;
    bool last = piece.len <= LIMIT_WRITE_PIECE_BYTES;

    if (!last)
        piece.len = LIMIT_WRITE_PIECE_BYTES;
    request->unsent.at += piece.len;
    request->unsent.len -= piece.len;
    request->sent += piece.len;
    connection_wait(connection_of(request->req));
    h2o_timeout_unlink(&request->write_entry);
    request->write_entry.cb = on_write_timeout;
    h2o_timeout_link(loop->evloop, &loop->write_timeout, &request->write_entry);
    buffer = h2o_iovec_init(piece.at, piece.len);
    h2o_send(request->req, &buffer, piece.len != 0, last ? H2O_SEND_STATE_FINAL : H2O_SEND_STATE_IN_PROGRESS);
}

/* A long answer goes piece by piece, one in each turn of the loop, whoever's it is: the system copies a megabyte in some
 * hundred microseconds, and a client that reads as fast would otherwise be sent all of it in one turn. */
static void send_later(struct request *request)
{
    h2o_socket_t *sock = request->req->conn->callbacks->get_socket(request->req->conn);

    /* A write that was done at once leaves the socket polled for the one before. Whoever stops to write has to say so, or
     * h2o asserts that somebody waits when the client hangs up; stopping to read, which nobody does now, says it. */
    h2o_socket_read_stop(sock);
    h2o_linklist_insert(&request->loop->pieces, &request->piece_link);
}

bool answer_send_next(struct loop *loop)
{
    struct request *request;

    if (h2o_linklist_is_empty(&loop->pieces))
        return false;
    request = H2O_STRUCT_FROM_MEMBER(struct request, piece_link, loop->pieces.next);
    h2o_linklist_unlink(&request->piece_link);
    send_piece(request);
    return true;
}

/* What is sent of a long answer is not kept until the client has taken the rest. */
static void give_back_sent(struct request *request)
{
    struct buf *whole = request->packed_as != ENCODING_PLAIN ? &request->packed : &request->job.answer;
    size_t sent = whole->len - request->unsent.len;

    if (whole->len > LIMIT_WRITE_PIECE_BYTES && whole->allocator != NULL &&
        whole->allocator->user == &request->loop->http->memory && request->unsent.at == whole->at + sent)
        budget_trim(&request->loop->http->memory, whole->at, sent);
}

/* The client has taken a piece. What is sent after it was cut off fails, which is how h2o learns of it. */
static void on_proceed(h2o_generator_t *generator, h2o_req_t *req)
{
    struct request *request = H2O_STRUCT_FROM_MEMBER(struct request, generator, generator);

    (void)req;
    give_back_sent(request);
    if (reads_too_slowly(request))
        cut_off(request);
    send_later(request);
}

bool answer_is_ours(const h2o_req_t *req)
{
    return req->_generator != NULL && req->_generator->proceed == on_proceed;
}

/* Since the request's last byte. */
static uint64_t taken_ns(const struct job *job)
{
    return now_ns() - job->started_ns;
}

static const char *operation_name(const struct job *job)
{
    return job->operation != OPERATION_NONE ? operation_info(job->operation)->name : "-";
}

static struct bytes table_name(const struct job *job)
{
    return bytes_present(job->table_name) ? job->table_name : BYTES("-");
}

static void log_request(const struct request *request, size_t len)
{
    const struct job *job = &request->job;
    const struct http_options *options = &request->loop->http->options;

    LOG_LINE(LOG_LEVEL_DEBUG, "request", LOG_STRING("operation", operation_name(job)),
             LOG_NUMBER("status", request->status), LOG_NUMBER("us", (int64_t)(taken_ns(job) / 1000)),
             LOG_NUMBER("bytes", (int64_t)len), LOG_TEXT("table", table_name(job)),
             LOG_STRING("request_id", job->request_id),
             LOG_TEXT("region", bytes_present(job->region) ? job->region : BYTES("-")),
             LOG_TEXT("access_key", bytes_present(job->access_key) ? job->access_key : BYTES("-")),
             LOG_STRING("namespace", options->isolate_by_region && options->isolate_by_access_key ? "region,access-key"
                                     : options->isolate_by_region                                 ? "region"
                                     : options->isolate_by_access_key                             ? "access-key"
                                                                                                  : "shared"));
}

/* Faults of ours or of the disk are an operator's business; of broken compression (InternalFailure) they are not. */
static void log_fault(const struct job *job)
{
    if (job->rc == STATOR_INTERNAL_SERVER_ERROR && !job->as_service)
        LOG_LINE(LOG_LEVEL_ERROR, "a request failed", LOG_STRING("operation", operation_name(job)),
                 LOG_STRING("reason", job->error.message), LOG_STRING("request_id", job->request_id));
}

static void log_slow(const struct request *request, uint64_t ns)
{
    const struct job *job = &request->job;
    size_t bytes = request->packed_as != ENCODING_PLAIN ? request->packed.len : job->answer.len;

    LOG_LINE(LOG_LEVEL_WARN, "slow request", LOG_STRING("operation", operation_name(job)),
             LOG_TEXT("table", table_name(job)), LOG_NUMBER("ms", (int64_t)(ns / 1000000)),
             LOG_STRING("outcome", job->rc == STATOR_OK ? "OK" : stator_error_info(job->rc)->name),
             LOG_NUMBER("request_bytes", (int64_t)job->body.len), LOG_NUMBER("answer_bytes", (int64_t)bytes),
             LOG_STRING("request_id", job->request_id));
}

void answer_count(struct request *request)
{
    const struct job *job = &request->job;
    const struct loop *loop = request->loop;
    bool several = job->use.next != NULL;
    const struct metrics_request done = {.meter = several ? METER_SEVERAL : job->use.meter,
                                         .operation = job->operation,
                                         .rc = job->rc,
                                         .took_ns = taken_ns(job),
                                         .use = several ? NULL : &job->use.use};

    metrics_count_request(loop->metrics, &done);
    for (const struct job_use *use = several ? &job->use : NULL; use != NULL; use = use->next)
        metrics_count_use(loop->metrics, use->meter, &use->use);
    if (done.took_ns >= loop->http->slow_ns)
        log_slow(request, done.took_ns);
}

/* All headers are there: the body, and then it is h2o's. */
static void start(struct request *request, int status, struct bytes body)
{
    h2o_req_t *req = request->req;
    bool head = h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));

    request->status = status;
    metrics_count_answer(request->loop->metrics, status);
    if (log_enabled(LOG_LEVEL_DEBUG))
        log_request(request, body.len);
    req->res.status = status;
    req->res.reason = answer_reason(status);
    if (request->loop->draining)
        req->http1_is_persistent = 0;
    request->unsent = head ? bytes_of(body.at, 0) : body;
    request->sent = 0;
    request->sending_since_ns = body.len > LIMIT_WRITE_PIECE_BYTES ? now_ns() : 0; /* asked for after a piece */
    request->generator = (h2o_generator_t){.proceed = on_proceed};
    h2o_start_response(req, &request->generator);
    if (request->unsent.len > LIMIT_WRITE_PIECE_BYTES)
        send_later(request);
    else
        send_piece(request);
}

static void add_crc(struct request *request, struct bytes body)
{
    uint32_t crc = request->summed ? request->sum : libdeflate_crc32(0, body.at, body.len);
    char *end = request->crc + sizeof(request->crc), *at = end;

    do
        *--at = (char)('0' + crc % 10);
    while ((crc /= 10) != 0);
    answer_add_header(request->req, &crc32_name, bytes_of(at, (size_t)(end - at)));
}

static struct bytes request_id_of(const struct request *request)
{
    return bytes_of(request->job.request_id, REQUEST_ID_LEN);
}

/* --- The answers ---------------------------------------------------------------------------------------------------
 */

bool answer_wants_packing(const struct request *request)
{
    return request->accepted != ENCODING_PLAIN && request->packed_as == ENCODING_PLAIN &&
           request->job.answer.len > LIMIT_PLAIN_ANSWER_BYTES;
}

void answer_sum(struct request *request)
{
    struct bytes body = buf_bytes(&request->job.answer);

    if (body.len <= LIMIT_INLINE_COMPRESS_BYTES || request->packed_as != ENCODING_PLAIN)
        return;
    request->sum = libdeflate_crc32(0, body.at, body.len);
    request->summed = true;
}

void answer_pack(struct request *request)
{
    buf_reset(&request->packed);
    if (!compress_deflate(&request->packed, buf_bytes(&request->job.answer), request->accepted)) {
        request->accepted = ENCODING_PLAIN; /* no memory: plain it is */
        return;
    }
    request->packed_as = request->accepted;
    buf_reset(&request->job.answer);
}

void answer_job(struct request *request)
{
    struct job *job = &request->job;
    struct bytes body = buf_bytes(&job->answer);
    h2o_req_t *req = request->req;

    answer_count(request);
    log_fault(job);
    answer_add_common(req, request_id_of(request), request->origin);
    answer_add_header(req, &answer_content_type, request->amz_json ? AMZ_JSON : JSON);
    if (request->packed_as != ENCODING_PLAIN) {
        body = buf_bytes(&request->packed);
        answer_add_header(req, &content_encoding,
                          request->packed_as == ENCODING_GZIP ? BYTES("gzip") : BYTES("deflate"));
    } else {
        add_crc(request, body);
    }
    req->res.content_length = body.len;
    start(request, job->rc == STATOR_OK ? 200 : stator_error_info(job->rc)->http_status, body);
}

void answer_fixed(struct request *request, int status, struct bytes content_type, struct bytes body, bool crc)
{
    answer_add_common(request->req, request_id_of(request), request->origin);
    if (bytes_present(content_type))
        answer_add_header(request->req, &answer_content_type, content_type);
    if (crc)
        add_crc(request, body);
    request->req->res.content_length = body.len;
    start(request, status, body);
}

void answer_operator(struct request *request, int status, struct bytes content_type)
{
    struct bytes body = buf_bytes(&request->job.answer);
    h2o_req_t *req = request->req;

    answer_add_common(req, request_id_of(request), request->origin);
    answer_add_header(req, &answer_content_type, content_type);
    answer_add_header(req, &cache_control, BYTES("no-store"));
    answer_add_header(req, &content_type_options, BYTES("nosniff"));
    if (status == 405)
        answer_add_header(req, &allow, BYTES("GET, HEAD"));
    if (request->packed_as != ENCODING_PLAIN) {
        body = buf_bytes(&request->packed);
        answer_add_header(req, &content_encoding,
                          request->packed_as == ENCODING_GZIP ? BYTES("gzip") : BYTES("deflate"));
    }
    req->res.content_length = body.len;
    start(request, status, body);
}

/* h2o's own chunking is for status 200 only. */
void answer_too_large(struct request *request)
{
    request->req->http1_is_persistent = 0;
    answer_add_common(request->req, request_id_of(request), request->origin);
    if (request->req->version < 0x101) {
        request->req->res.content_length = 0;
        start(request, 413, BYTES(""));
        return;
    }
    answer_add_header(request->req, &transfer_encoding, BYTES("chunked"));
    start(request, 413, BYTES("0\r\n\r\n"));
}

void answer_preflight(struct request *request, struct bytes headers, struct bytes method)
{
    h2o_req_t *req = request->req;

    answer_add_common(req, request_id_of(request), request->origin);
    if (bytes_present(headers))
        answer_add_header(req, &allow_headers, headers);
    if (bytes_present(method))
        answer_add_header(req, &allow_methods, method);
    answer_add_header(req, &max_age, BYTES("172800"));
    req->res.content_length = 0;
    start(request, 200, BYTES(""));
}
