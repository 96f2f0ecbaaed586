/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include <sodium.h>
#include <stdlib.h>
#include <time.h>

#include "base/utf8.h"
#include "check.h"
#include "failure.h"
#include "memory.h"
#include "json/reader.h"

/* Requests may have 16 MiB; what is longer is sent too, so that the service says it in its own words. */
#define REQUEST_BYTES_MAX ((size_t)64 << 20)

/* An answer in memory is at most so many times its text: {"a":{"N":"1"}} is 15 bytes, and two structures. */
#define ARENA_FACTOR 32

struct stator_call *stator_call_new(struct stator_client *client)
{
    struct stator_call *call = memory_new(&client->allocator, sizeof(*call));

    if (call == NULL)
        return NULL;
    call->client = client;
    call->failure.message = "";
    arena_init_with(&call->arena, client->options.answer_bytes_max * ARENA_FACTOR, &client->allocator);
    buf_init_with(&call->request, REQUEST_BYTES_MAX, &client->allocator);
    exchange_init(&call->exchange, client->options.answer_bytes_max, &client->allocator);
    return call;
}

void stator_call_free(struct stator_call *call)
{
    if (call == NULL)
        return;
    flight_abandon(call);
    exchange_deinit(&call->exchange);
    buf_deinit(&call->request);
    arena_deinit(&call->arena);
    memory_free(&call->client->allocator, call);
}

const struct stator_failure *stator_call_failure(const struct stator_call *call)
{
    return &call->failure;
}

struct stator_bytes stator_call_request_id(const struct stator_call *call)
{
    return call->exchange.request_id[0] == '\0' ? stator_text(NULL) : stator_text(call->exchange.request_id);
}

enum stator_rc call_fail(struct stator_call *call, enum stator_rc rc, const char *text)
{
    call->failure.rc = rc;
    call->failure.message = text;
    return rc;
}

static enum stator_rc fail_error(struct stator_call *call, const struct stator_error *err)
{
    return failure_local(&call->failure, err, &call->arena);
}

/* --- Beginning ---------------------------------------------------------------------------------------------------- */

int64_t call_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A random UUID of version 4. */
static void make_uuid(char out[CALL_UUID_LEN + 1])
{
    uint8_t raw[16];
    char hex[2 * sizeof(raw) + 1];

    randombytes_buf(raw, sizeof(raw));
    raw[6] = (uint8_t)((raw[6] & 0x0F) | 0x40);
    raw[8] = (uint8_t)((raw[8] & 0x3F) | 0x80);
    sodium_bin2hex(hex, sizeof(hex), raw, sizeof(raw));
    snprintf(out, CALL_UUID_LEN + 1, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static void forget(struct stator_call *call)
{
    arena_reset(&call->arena);
    buf_reset(&call->request);
    exchange_forget(&call->exchange);
    call->failure = (struct stator_failure){.message = ""};
    call->answer = NULL;
    call->answered = false;
    call->pool = &call->client->pool;
    call->retry_cost = 0;
    call->resent = false;
    call->deadline_ms = call_clock_ms() + call->client->options.call_timeout_ms;
    make_uuid(call->invocation_id);
}

enum stator_rc call_refuse(struct stator_call *call, const struct stator_error *err)
{
    if (call->flight.state != FLIGHT_IDLE)
        return STATOR_MISUSE;
    forget(call);
    return fail_error(call, err);
}

#define STREAMS_PREFIX "DynamoDBStreams_"

static void set_target(struct stator_call *call, const char *target)
{
    bool streams = strncmp(target, STREAMS_PREFIX, strlen(STREAMS_PREFIX)) == 0;

    call->target = target;
    call->endpoint = streams ? &call->client->streams_endpoint : &call->client->endpoint;
}

/* A transaction that is sent twice must be known as one: without a token of the caller's it gets one of ours. */
static const void *with_token(struct stator_call *call, struct bytes *token, const void *in, void *copy, size_t len)
{
    memcpy(copy, in, len);
    if (bytes_present(*token))
        return in;
    make_uuid(call->token);
    *token = bytes_of(call->token, CALL_UUID_LEN);
    return copy;
}

static void encode(struct stator_call *call, enum operation operation, const struct shape *shape, const void *in)
{
    union {
        struct TransactWriteItemsInput writes;
        struct ExecuteTransactionInput statements;
    } copy;

    if (operation == OPERATION_TransactWriteItems)
        in = with_token(call, &copy.writes.ClientRequestToken, in, &copy, sizeof(copy.writes));
    else if (operation == OPERATION_ExecuteTransaction)
        in = with_token(call, &copy.statements.ClientRequestToken, in, &copy, sizeof(copy.statements));
    message_encode(&call->request, shape, in);
}

enum stator_rc call_begin_typed(struct stator_call *call, enum operation operation, const void *in)
{
    static const struct message_visitor can_be_sent = {check_item, check_value};
    const struct operation_info *info = call_operation(operation);
    struct stator_error err;

    if (call->flight.state != FLIGHT_IDLE)
        return STATOR_MISUSE;
    forget(call);
    set_target(call, info->target);
    call->operation = operation;
    if (message_visit(info->input, in, &can_be_sent, &err) != STATOR_OK)
        return fail_error(call, &err);
    encode(call, operation, info->input, in);
    if (call->request.failed)
        return call_fail(call, STATOR_NO_MEMORY, "No memory for the request, or it is far too long");
    if (!utf8_valid(buf_bytes(&call->request)))
        return call_fail(call, STATOR_MISUSE, "A name or a string of the request is not UTF-8");
    return STATOR_OK;
}

/* The value of x-amz-target for an operation without a typed call; those of Streams all have one. */
static const char *other_target(struct stator_call *call, const char *operation)
{
    static const char prefix[] = "DynamoDB_20120810.";
    char *target = arena_alloc(&call->arena, sizeof(prefix) + strlen(operation));

    if (target != NULL) {
        memcpy(target, prefix, sizeof(prefix) - 1);
        strcpy(target + sizeof(prefix) - 1, operation);
    }
    return target;
}

static bool is_operation_name(const char *text)
{
    size_t len = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789");

    return len > 0 && text[len] == '\0';
}

enum stator_rc call_begin_json(struct stator_call *call, const char *operation, struct bytes request)
{
    const char *target;

    if (call->flight.state != FLIGHT_IDLE)
        return STATOR_MISUSE;
    forget(call);
    if (!is_operation_name(operation))
        return call_fail(call, STATOR_MISUSE, "An operation's name has letters alone, as in GetItem");
    target = call_target(operation);
    if (target == NULL)
        target = other_target(call, operation);
    buf_append_bytes(&call->request, request);
    if (target == NULL || call->request.failed)
        return call_fail(call, STATOR_NO_MEMORY, "No memory for the request, or it is far too long");
    set_target(call, target);
    call->operation = OPERATION_NONE;
    return STATOR_OK;
}

/* --- An attempt ---------------------------------------------------------------------------------------------------- */

/* Headers of ours, and those of a signature. */
#define OWN_HEADERS 6

static enum stator_rc sign_as(struct stator_call *call, const struct identity_use *identity, int64_t now,
                              struct sigv4_header headers[OWN_HEADERS + SIGV4_HEADERS_MAX], size_t *count,
                              size_t signed_count, struct stator_error *err)
{
    char hash[SIGV4_HEX_LEN];
    struct sigv4_request request = {.method = BYTES("POST"),
                                    .path = call->endpoint->path,
                                    .headers = headers,
                                    .headers_count = signed_count,
                                    .payload_hash = bytes_of(hash, sizeof(hash))};
    struct sigv4_signer signer = {.access_key_id = identity->access_key_id,
                                  .session_token = identity->session_token,
                                  .key = &identity->key,
                                  .time = now};
    struct sigv4_signed out;

    sigv4_payload_hash(hash, buf_bytes(&call->request));
    STATOR_TRY(sigv4_sign(&out, &request, &signer, &call->arena, err));
    for (size_t i = 0; i < out.headers_count; i++)
        headers[(*count)++] = out.headers[i];
    if (identity->session_token.len != 0) /* it is in there */
        sodium_memzero((void *)out.canonical.at, out.canonical.len);
    return STATOR_OK;
}

static uint32_t attempt_timeout_ms(const struct stator_call *call)
{
    int64_t left = call->deadline_ms - call_clock_ms();

    if (left > call->client->options.attempt_timeout_ms)
        return call->client->options.attempt_timeout_ms;
    return left < 1 ? 1 : (uint32_t)left;
}

/* "ttl=20150830T123600Z; attempt=2; max=4". The ttl is when we stop waiting, in the server's time, if that is known. */
#define ATTEMPT_TEXT_MAX 80

static void write_attempt(char out[ATTEMPT_TEXT_MAX], struct stator_call *call, int64_t now, uint32_t timeout_ms)
{
    char date[SIGV4_DATE_LEN];
    bool dated = atomic_load(&call->client->skew.known) && sigv4_date(date, now + timeout_ms / 1000);

    snprintf(out, ATTEMPT_TEXT_MAX, "%s%.*s%sattempt=%u; max=%u", dated ? "ttl=" : "", dated ? SIGV4_DATE_LEN : 0,
             dated ? date : "", dated ? "; " : "", call->failure.attempts, call->client->options.attempts_max);
}

static enum stator_rc set_up(struct stator_call *call, CURL *handle, struct identity_use *identity, int64_t now,
                             struct stator_error *err)
{
    const struct stator_client *client = call->client;
    struct exchange_options options = {.url = call->endpoint->url,
                                       .ca_file = client->ca_file,
                                       .insecure_tls = client->options.insecure_tls,
                                       .fresh = call->resent,
                                       .connect_timeout_ms = client->options.connect_timeout_ms,
                                       .timeout_ms = attempt_timeout_ms(call)};
    char attempt[ATTEMPT_TEXT_MAX];
    struct sigv4_header headers[OWN_HEADERS + SIGV4_HEADERS_MAX] = {
        {BYTES("Host"), call->endpoint->host},
        {BYTES("Content-Type"), BYTES("application/x-amz-json-1.0")},
        {BYTES("X-Amz-Target"), bytes_of_string(call->target)},
        {BYTES("User-Agent"), bytes_of_string(client->user_agent)}, /* from here on not signed: proxies change it */
        {BYTES("amz-sdk-invocation-id"), bytes_of(call->invocation_id, CALL_UUID_LEN)},
    };
    size_t count = OWN_HEADERS;

    write_attempt(attempt, call, now, options.timeout_ms);
    headers[OWN_HEADERS - 1] = (struct sigv4_header){BYTES("amz-sdk-request"), bytes_of_string(attempt)};
    STATOR_TRY(sign_as(call, identity, now, headers, &count, 3, err));
    if (!exchange_begin(&call->exchange, handle, &options, headers, count, buf_bytes(&call->request)))
        return stator_fail(err, STATOR_NO_MEMORY, "No memory for a request");
    return STATOR_OK;
}

enum stator_rc call_attempt_begin(struct stator_call *call, CURL **handle)
{
    struct stator_error err = {0};
    struct identity_use identity;
    int64_t now = client_time(call->client, &call->signed_ahead_s);
    enum stator_rc rc;

    /* What is known of the attempt before lies in what is overwritten now. */
    call->failure = (struct stator_failure){.message = "", .attempts = call->failure.attempts + 1};
    *handle = pool_take(call->pool);
    if (*handle == NULL) {
        call->failure.attempts--;
        return call_fail(call, STATOR_NO_MEMORY, "No memory for a connection");
    }
    rc = identity_take(&identity, call->client, now, &call->arena, &err);
    if (rc == STATOR_OK)
        rc = set_up(call, *handle, &identity, now, &err);
    identity_forget(&identity);
    if (rc == STATOR_OK)
        return STATOR_OK;
    pool_give(call->pool, *handle);
    call->exchange.handle = NULL;
    call->failure.attempts--; /* it was not made */
    return fail_error(call, &err);
}

void call_attempt_drop(struct stator_call *call)
{
    CURL *handle = call->exchange.handle;

    exchange_end(&call->exchange, CURLE_ABORTED_BY_CALLBACK);
    pool_give(call->pool, handle);
}

/* --- What became of it ---------------------------------------------------------------------------------------------- */

/* Whether the answer is as it was sent. */
static bool is_whole(const struct stator_call *call)
{
    const struct exchange *exchange = &call->exchange;

    return exchange->checksum[0] == '\0' ||
           checksum_agrees(&call->client->checksum, exchange->checksum, buf_bytes(&exchange->body));
}

/* Notes the failure, if it is one, and what a retry must know of it. */
static void judge(struct stator_call *call, enum exchange_end end, struct retry_cause *cause)
{
    const struct exchange *exchange = &call->exchange;
    const char *trouble = exchange->trouble[0] != '\0' ? exchange->trouble : "The connection failed";

    switch (end) {
    case EXCHANGE_ANSWERED:
        cause->damaged = !is_whole(call);
        if (cause->damaged)
            call_fail(call, STATOR_BAD_ANSWER, "The answer's checksum is wrong");
        else if (exchange->status != 200)
            failure_read(&call->failure, exchange, &call->arena);
        break;
    case EXCHANGE_TIMED_OUT:
        call_fail(call, STATOR_TIMED_OUT, trouble);
        break;
    case EXCHANGE_NO_MEMORY:
        call_fail(call, STATOR_NO_MEMORY, "No memory for the answer");
        break;
    case EXCHANGE_TOO_LONG:
        call_fail(call, STATOR_BAD_ANSWER, "The answer is longer than answer_bytes_max, or its headers have no end");
        break;
    case EXCHANGE_NOT_HTTP:
        call_fail(call, STATOR_BAD_ANSWER, "The answer is not HTTP");
        break;
    case EXCHANGE_REFUSED:
        cause->hopeless = true;
        call_fail(call, STATOR_UNREACHABLE, trouble);
        break;
    case EXCHANGE_STALE:
    case EXCHANGE_UNREACHABLE:
        call_fail(call, STATOR_UNREACHABLE, trouble);
        break;
    }
}

/* Looks at the server's clock. True when ours was corrected and the attempt is worth another signature. */
static bool check_clock(struct stator_call *call)
{
    struct skew *skew = &call->client->skew;
    struct bytes type = bytes_of(call->failure.type.at, call->failure.type.len);
    bool blamed = call->failure.rc != STATOR_OK && skew_is_blamed(type);
    int64_t date, now = time(NULL);

    if ((!blamed && atomic_load(&skew->known)) || !skew_read_date(&date, call->exchange.date))
        return false;
    if (!blamed) {
        skew_saw(skew, date, now);
        return false;
    }
    if (!skew_correct(skew, date, now, call->signed_ahead_s))
        return false;
    client_log(call->client, STATOR_LOG_WARNING, "clock: the server's is %lld s ahead of ours; signing with its time",
               (long long)(date - now));
    return true;
}

/* Milliseconds; 0 for none. More than is ever waited for is as good as the most. */
static int64_t retry_after_ms(const struct exchange *exchange)
{
    char *end;
    long long wished = strtoll(exchange->retry_after, &end, 10);

    return end == exchange->retry_after || *end != '\0' || wished < 0 ? 0 : wished;
}

static void log_retry(const struct stator_call *call, uint32_t pause_ms)
{
    const struct stator_failure *failure = &call->failure;

    client_log(call->client, STATOR_LOG_INFO, "retry: %s, attempt %u of %u: %.*s%s, HTTP status %d; again in %u ms",
               call->target, failure->attempts, call->client->options.attempts_max,
               failure->type.len > 64 ? 64 : (int)failure->type.len, (const char *)failure->type.at,
               failure->type.len == 0 ? failure->message : "", failure->http_status, pause_ms);
}

/* Not tried again by itself, but worth it when the caller's own work allows: TransactionConflictException. */
static bool is_worth_more(enum stator_rc rc)
{
    return rc < STATOR_AGAIN && stator_error_info(rc)->retry;
}

static struct call_next decide(struct stator_call *call, const struct retry_cause *cause)
{
    struct call_next next = {0};
    struct retry_attempt attempt = {.kind = retry_kind_of(cause),
                                    .made = call->failure.attempts,
                                    .max = call->client->options.attempts_max,
                                    .left_ms = call->deadline_ms - call_clock_ms(),
                                    .retry_after_ms = retry_after_ms(&call->exchange),
                                    .random = randombytes_random()};

    call->failure.retryable = attempt.kind != RETRY_NONE || is_worth_more(call->failure.rc);
    next.again = retry_again(&call->client->budget, &attempt, &next.pause_ms, &call->retry_cost);
    if (next.again)
        log_retry(call, next.pause_ms);
    return next;
}

static struct call_next send_again(struct stator_call *call)
{
    call->resent = true;
    call->failure.attempts--; /* the server has not seen it */
    client_log(call->client, STATOR_LOG_DEBUG, "connection: the server had closed a kept one; sending again");
    return (struct call_next){.again = true};
}

struct call_next call_attempt_end(struct stator_call *call, CURLcode code)
{
    CURL *handle = call->exchange.handle;
    enum exchange_end end = exchange_end(&call->exchange, code);
    struct retry_cause cause = {.http_status = call->exchange.status};

    pool_give(call->pool, handle);
    if (call->exchange.connected)
        client_log(call->client, STATOR_LOG_DEBUG, "connection: a new one to %.*s", BYTES_ARG(call->endpoint->host));
    if (end == EXCHANGE_STALE && !call->resent)
        return send_again(call);
    call->resent = false;
    call->failure.http_status = call->exchange.status;
    call->failure.request_id = stator_call_request_id(call);
    judge(call, end, &cause);
    cause.clock_corrected = check_clock(call);
    cause.rc = call->failure.rc;
    cause.type = bytes_of(call->failure.type.at, call->failure.type.len);
    if (cause.rc != STATOR_OK)
        return decide(call, &cause);
    retry_succeeded(&call->client->budget, call->retry_cost);
    return (struct call_next){.again = false};
}

/* --- The end ------------------------------------------------------------------------------------------------------ */

/* An operation whose answer is not decoded sends nothing, or JSON that nobody asked for. */
static bool is_json_or_nothing(struct bytes body)
{
    return body.len == 0 || json_valid(body);
}

enum stator_rc call_end(struct stator_call *call)
{
    const struct shape *output = call->operation == OPERATION_NONE ? NULL : call_operation(call->operation)->output;
    struct bytes body = buf_bytes(&call->exchange.body);
    struct stator_error err = {0};
    void *decoded = NULL;
    enum stator_rc rc = STATOR_OK;

    if (call->failure.rc != STATOR_OK)
        return call->failure.rc;
    if (output != NULL)
        rc = message_decode(&decoded, output, body, &call->arena, &err);
    else if (!is_json_or_nothing(body))
        rc = STATOR_BAD_ANSWER;
    if (rc == STATOR_NO_MEMORY)
        return call_fail(call, rc, "No memory for the answer");
    if (rc != STATOR_OK)
        return call_fail(call, STATOR_BAD_ANSWER, "The answer is not what DynamoDB sends");
    call->answer = decoded;
    call->answered = true;
    return STATOR_OK;
}

struct stator_bytes call_answer_json(const struct stator_call *call)
{
    return stator_bytes_of(buf_bytes(&call->exchange.body).at, call->exchange.body.len);
}

/* --- Waiting for it ------------------------------------------------------------------------------------------------ */

void call_pause(uint32_t pause_ms)
{
    struct timespec left = {.tv_sec = pause_ms / 1000, .tv_nsec = (long)(pause_ms % 1000) * 1000000};

    while (nanosleep(&left, &left) != 0)
        ;
}

/* Attempts until one is the last. */
static enum stator_rc perform(struct stator_call *call)
{
    struct call_next next;

    do {
        CURL *handle;

        STATOR_TRY(call_attempt_begin(call, &handle));
        next = call_attempt_end(call, curl_easy_perform(handle));
        if (next.pause_ms != 0)
            call_pause(next.pause_ms);
    } while (next.again);
    return call_end(call);
}

enum stator_rc call_run(struct stator_call *call, enum operation operation, const void *in, const void **answer)
{
    if (answer != NULL)
        *answer = NULL;
    STATOR_TRY(call_begin_typed(call, operation, in));
    STATOR_TRY(perform(call));
    if (answer != NULL)
        *answer = call->answer;
    return STATOR_OK;
}

enum stator_rc stator_call_json(struct stator_call *call, const char *operation, struct stator_bytes request,
                                struct stator_bytes *answer)
{
    if (answer != NULL)
        *answer = stator_text(NULL);
    STATOR_TRY(call_begin_json(call, operation, bytes_of(request.at, request.len)));
    STATOR_TRY(perform(call));
    if (answer != NULL)
        *answer = call_answer_json(call);
    return STATOR_OK;
}
