/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include <ctype.h>
#include <sodium.h>
#include <stdlib.h>
#include <time.h>

#include "base/utf8.h"
#include "failure.h"

/* Requests may have 16 MiB; what is longer is sent too, so that the service says it in its own words. */
#define REQUEST_BYTES_MAX ((size_t)64 << 20)

/* An answer in memory is at most so many times its text: {"a":{"N":"1"}} is 15 bytes, and two structures. */
#define ARENA_FACTOR 32

struct stator_call *stator_call_new(struct stator_client *client)
{
    struct stator_call *call = calloc(1, sizeof(*call));

    if (call == NULL)
        return NULL;
    call->client = client;
    call->failure.message = "";
    arena_init(&call->arena, client->options.answer_bytes_max * ARENA_FACTOR);
    buf_init(&call->request, REQUEST_BYTES_MAX);
    exchange_init(&call->exchange, client->options.answer_bytes_max);
    return call;
}

void stator_call_free(struct stator_call *call)
{
    if (call == NULL)
        return;
    exchange_deinit(&call->exchange);
    buf_deinit(&call->request);
    arena_deinit(&call->arena);
    free(call);
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
    call->failure = (struct stator_failure){.message = ""};
    call->exchange.request_id[0] = '\0';
    call->deadline_ms = call_clock_ms() + call->client->options.call_timeout_ms;
    make_uuid(call->invocation_id);
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
    char *made;

    memcpy(copy, in, len);
    if (bytes_present(*token))
        return in;
    made = arena_alloc(&call->arena, CALL_UUID_LEN + 1);
    if (made == NULL)
        return in;
    make_uuid(made);
    *token = bytes_of(made, CALL_UUID_LEN);
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
    const struct operation_info *info = operation_info(operation);

    forget(call);
    set_target(call, info->target);
    call->output = info->output;
    encode(call, operation, info->input, in);
    if (call->request.failed)
        return call_fail(call, STATOR_NO_MEMORY, "No memory for the request, or it is far too long");
    if (!utf8_valid(buf_bytes(&call->request)))
        return call_fail(call, STATOR_MISUSE, "A name or a string of the request is not UTF-8");
    return STATOR_OK;
}

/* The value of x-amz-target for an operation that api.def does not have. */
static const char *new_target(struct stator_call *call, const char *operation)
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

static const char *target_of(struct stator_call *call, const char *name)
{
    for (int i = OPERATION_NONE + 1; i < OPERATION_COUNT; i++)
        if (strcmp(operation_info((enum operation)i)->name, name) == 0)
            return operation_info((enum operation)i)->target;
    return new_target(call, name);
}

enum stator_rc call_begin_json(struct stator_call *call, const char *operation, struct bytes request)
{
    const char *target;

    forget(call);
    if (!is_operation_name(operation))
        return call_fail(call, STATOR_MISUSE, "An operation's name has letters alone, as in GetItem");
    target = target_of(call, operation);
    buf_append_bytes(&call->request, request);
    if (target == NULL || call->request.failed)
        return call_fail(call, STATOR_NO_MEMORY, "No memory for the request, or it is far too long");
    set_target(call, target);
    call->output = NULL;
    return STATOR_OK;
}

/* --- An attempt ---------------------------------------------------------------------------------------------------- */

/* Headers of ours, and those of a signature. */
#define OWN_HEADERS 6

static enum stator_rc sign(struct stator_call *call, struct sigv4_header headers[OWN_HEADERS + SIGV4_HEADERS_MAX],
                           size_t *count, size_t signed_count, struct stator_error *err)
{
    struct stator_client *client = call->client;
    char hash[SIGV4_HEX_LEN];
    struct sigv4_key key;
    struct sigv4_request request = {.method = BYTES("POST"),
                                    .path = call->endpoint->path,
                                    .headers = headers,
                                    .headers_count = signed_count,
                                    .payload_hash = bytes_of(hash, sizeof(hash))};
    struct sigv4_signer signer = {
        .access_key_id = bytes_of_string(client->access_key_id), .key = &key, .time = time(NULL)};
    struct sigv4_signed out;
    enum stator_rc rc;

    if (client->session_token != NULL)
        signer.session_token = bytes_of_string(client->session_token);
    STATOR_TRY(client_key(&key, client, signer.time, err));
    sigv4_payload_hash(hash, buf_bytes(&call->request));
    rc = sigv4_sign(&out, &request, &signer, &call->arena, err);
    sigv4_key_wipe(&key);
    if (rc != STATOR_OK)
        return rc;
    for (size_t i = 0; i < out.headers_count; i++)
        headers[(*count)++] = out.headers[i];
    return STATOR_OK;
}

static uint32_t attempt_timeout_ms(const struct stator_call *call)
{
    int64_t left = call->deadline_ms - call_clock_ms();

    if (left > call->client->options.attempt_timeout_ms)
        return call->client->options.attempt_timeout_ms;
    return left < 1 ? 1 : (uint32_t)left;
}

static enum stator_rc set_up(struct stator_call *call, CURL *handle, struct stator_error *err)
{
    const struct stator_client *client = call->client;
    struct exchange_options options = {.url = call->endpoint->url,
                                       .ca_file = client->ca_file,
                                       .insecure_tls = client->options.insecure_tls,
                                       .connect_timeout_ms = client->options.connect_timeout_ms,
                                       .timeout_ms = attempt_timeout_ms(call)};
    char attempt[sizeof("attempt=; max=") + 2 * 10];
    struct sigv4_header headers[OWN_HEADERS + SIGV4_HEADERS_MAX] = {
        {BYTES("Host"), call->endpoint->host},
        {BYTES("Content-Type"), BYTES("application/x-amz-json-1.0")},
        {BYTES("X-Amz-Target"), bytes_of_string(call->target)},
        {BYTES("User-Agent"), bytes_of_string(client->user_agent)}, /* from here on not signed: proxies change it */
        {BYTES("amz-sdk-invocation-id"), bytes_of(call->invocation_id, CALL_UUID_LEN)},
    };
    size_t count = OWN_HEADERS;

    snprintf(attempt, sizeof(attempt), "attempt=%u; max=%u", call->failure.attempts, client->options.attempts_max);
    headers[OWN_HEADERS - 1] = (struct sigv4_header){BYTES("amz-sdk-request"), bytes_of_string(attempt)};
    STATOR_TRY(sign(call, headers, &count, 3, err));
    if (!exchange_begin(&call->exchange, handle, &options, headers, count, buf_bytes(&call->request)))
        return stator_fail(err, STATOR_NO_MEMORY, "No memory for a request");
    return STATOR_OK;
}

enum stator_rc call_attempt_begin(struct stator_call *call, CURL **handle)
{
    struct stator_error err = {0};

    call->failure.attempts++;
    *handle = pool_take(&call->client->pool);
    if (*handle == NULL)
        return call_fail(call, STATOR_NO_MEMORY, "No memory for a connection");
    if (set_up(call, *handle, &err) == STATOR_OK)
        return STATOR_OK;
    pool_give(&call->client->pool, exchange_end(&call->exchange));
    return fail_error(call, &err);
}

static enum stator_rc rc_of_curl(CURLcode code)
{
    switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
        return STATOR_TIMED_OUT;
    case CURLE_OUT_OF_MEMORY:
        return STATOR_NO_MEMORY;
    case CURLE_WRITE_ERROR:
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_PARTIAL_FILE:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return STATOR_BAD_ANSWER;
    default:
        return STATOR_UNREACHABLE;
    }
}

struct call_next call_attempt_end(struct stator_call *call, CURLcode code)
{
    pool_give(&call->client->pool, exchange_end(&call->exchange));
    call->failure = (struct stator_failure){.message = "",
                                            .http_status = call->exchange.status,
                                            .request_id = stator_call_request_id(call),
                                            .attempts = call->failure.attempts};
    if (call->exchange.too_long)
        call_fail(call, STATOR_BAD_ANSWER, "The answer is longer than answer_bytes_max");
    else if (code != CURLE_OK)
        call_fail(call, rc_of_curl(code), curl_easy_strerror(code));
    else if (call->exchange.status != 200)
        failure_read(&call->failure, &call->exchange, &call->arena);
    return (struct call_next){.again = false};
}

/* --- The end ------------------------------------------------------------------------------------------------------ */

enum stator_rc call_end(struct stator_call *call, const void **answer)
{
    struct stator_error err = {0};
    void *decoded = NULL;
    enum stator_rc rc;

    if (call->failure.rc != STATOR_OK || call->output == NULL)
        return call->failure.rc;
    rc = message_decode(&decoded, call->output, buf_bytes(&call->exchange.body), &call->arena, &err);
    if (rc == STATOR_NO_MEMORY)
        return call_fail(call, rc, "No memory for the answer");
    if (rc != STATOR_OK)
        return call_fail(call, STATOR_BAD_ANSWER, "The answer is not what DynamoDB sends");
    if (answer != NULL)
        *answer = decoded;
    return STATOR_OK;
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
    for (;;) {
        struct call_next next;
        CURL *handle;

        STATOR_TRY(call_attempt_begin(call, &handle));
        next = call_attempt_end(call, curl_easy_perform(handle));
        if (!next.again)
            return call->failure.rc;
        call_pause(next.pause_ms);
    }
}

enum stator_rc call_run(struct stator_call *call, enum operation operation, const void *in, const void **answer)
{
    if (answer != NULL)
        *answer = NULL;
    STATOR_TRY(call_begin_typed(call, operation, in));
    STATOR_TRY(perform(call));
    return call_end(call, answer);
}

enum stator_rc stator_call_json(struct stator_call *call, const char *operation, struct stator_bytes request,
                                struct stator_bytes *answer)
{
    if (answer != NULL)
        *answer = stator_text(NULL);
    STATOR_TRY(call_begin_json(call, operation, bytes_of(request.at, request.len)));
    STATOR_TRY(perform(call));
    if (answer != NULL)
        *answer = stator_bytes_of(buf_bytes(&call->exchange.body).at, call->exchange.body.len);
    return STATOR_OK;
}
