/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <sodium.h>
#include <strings.h>

void exchange_init(struct exchange *exchange, size_t answer_bytes_max, const struct stator_allocator *allocator)
{
    *exchange = (struct exchange){0};
    buf_init_with(&exchange->body, answer_bytes_max, allocator);
}

/* The lines hold a signature, and maybe a session token. */
static void forget_request(struct exchange *exchange)
{
    for (struct curl_slist *line = exchange->headers; line != NULL; line = line->next)
        sodium_memzero(line->data, strlen(line->data));
    curl_slist_free_all(exchange->headers);
    exchange->headers = NULL;
}

void exchange_deinit(struct exchange *exchange)
{
    forget_request(exchange);
    buf_deinit(&exchange->body);
}

/* --- What comes back ---------------------------------------------------------------------------------------------- */

static void forget_headers(struct exchange *exchange)
{
    exchange->request_id[0] = exchange->error_type[0] = exchange->checksum[0] = '\0';
    exchange->date[0] = exchange->retry_after[0] = '\0';
}

void exchange_forget(struct exchange *exchange)
{
    buf_reset(&exchange->body);
    exchange->header_bytes = 0;
    exchange->headers_ended = false;
    exchange->too_long = exchange->no_memory = false;
    exchange->status = 0;
    exchange->connected = false;
    exchange->trouble[0] = '\0';
    forget_headers(exchange);
}

/* Giving curl another number than it gave ends the transfer with CURLE_WRITE_ERROR. */
static size_t take_body(char *data, size_t size, size_t count, void *user)
{
    struct exchange *exchange = user;
    struct buf *body = &exchange->body;

    if (size * count > body->max_bytes - body->len) {
        exchange->too_long = true;
        return 0;
    }
    buf_append(body, data, size * count);
    exchange->no_memory = body->failed;
    return body->failed ? 0 : size * count;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* If line is the header of that name, copies its value, cut at the room there is. */
static void keep_header(char out[EXCHANGE_HEADER_MAX], const char *line, size_t len, const char *name)
{
    size_t name_len = strlen(name);

    if (len <= name_len || line[name_len] != ':' || strncasecmp(line, name, name_len) != 0)
        return;
    line += name_len + 1;
    len -= name_len + 1;
    while (len > 0 && is_blank(line[0]))
        line++, len--;
    while (len > 0 && is_blank(line[len - 1]))
        len--;
    if (len >= EXCHANGE_HEADER_MAX)
        len = EXCHANGE_HEADER_MAX - 1;
    memcpy(out, line, len);
    out[len] = '\0';
}

static size_t take_header(char *line, size_t size, size_t count, void *user)
{
    struct exchange *exchange = user;
    size_t len = size * count;

    exchange->header_bytes += len;
    if (exchange->header_bytes > EXCHANGE_HEADERS_BYTES_MAX) {
        exchange->too_long = true;
        return 0;
    }
    exchange->headers_ended = len <= 2 && is_blank(line[0]);
    if (len >= 5 && memcmp(line, "HTTP/", 5) == 0)
        forget_headers(exchange); /* what came before was a 1xx answer */
    keep_header(exchange->request_id, line, len, "x-amzn-RequestId");
    keep_header(exchange->error_type, line, len, "x-amzn-ErrorType");
    keep_header(exchange->checksum, line, len, "x-amz-crc32");
    keep_header(exchange->date, line, len, "Date");
    keep_header(exchange->retry_after, line, len, "x-amz-retry-after");
    return len;
}

/* --- What is sent ------------------------------------------------------------------------------------------------- */

static bool add_header(struct exchange *exchange, struct buf *line, struct bytes name, struct bytes value)
{
    struct curl_slist *longer;

    buf_reset(line);
    buf_append_bytes(line, name);
    buf_append(line, ": ", 2);
    buf_append_bytes(line, value);
    buf_append_byte(line, '\0');
    if (line->failed)
        return false;
    longer = curl_slist_append(exchange->headers, (const char *)line->at);
    if (longer == NULL)
        return false;
    exchange->headers = longer;
    return true;
}

/* The longest is an X-Amz-Security-Token. */
#define HEADER_LINE_MAX (64 << 10)

static bool set_headers(struct exchange *exchange, const struct sigv4_header *headers, size_t count)
{
    struct buf line;
    bool done = true;

    buf_init_with(&line, HEADER_LINE_MAX, exchange->body.allocator);
    for (size_t i = 0; i < count && done; i++)
        done = add_header(exchange, &line, headers[i].name, headers[i].value);
    /* No 100-continue: curl would wait a second for it before a long body. */
    done = done && add_header(exchange, &line, BYTES("Expect"), BYTES(""));
    if (line.capacity != 0)
        sodium_memzero(line.at, line.capacity);
    buf_deinit(&line);
    return done;
}

static bool set_request(struct exchange *exchange, const struct exchange_options *options, struct bytes body)
{
    CURL *handle = exchange->handle;

    if (curl_easy_setopt(handle, CURLOPT_URL, options->url) != CURLE_OK)
        return false;
    if (options->ca_file != NULL && curl_easy_setopt(handle, CURLOPT_CAINFO, options->ca_file) != CURLE_OK)
        return false;
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.at);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, exchange->trouble);
    return true;
}

static void set_transport(CURL *handle, const struct exchange_options *options)
{
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(handle, CURLOPT_MAXCONNECTS, 2L); /* one for each of the two services */
    curl_easy_setopt(handle, CURLOPT_FRESH_CONNECT, options->fresh ? 1L : 0L);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    if (options->insecure_tls) {
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

bool exchange_begin(struct exchange *exchange, CURL *handle, const struct exchange_options *options,
                    const struct sigv4_header *headers, size_t headers_count, struct bytes body)
{
    exchange->handle = handle;
    exchange_forget(exchange);
    if (!set_headers(exchange, headers, headers_count) || !set_request(exchange, options, body)) {
        forget_request(exchange);
        return false;
    }
    set_transport(handle, options);
    return true;
}

/* --- How it ended --------------------------------------------------------------------------------------------------- */

/* A kept connection that turns out to be closed, or closes before the first byte of an answer: the server gave it up
 * at the moment we took it. libcurl sees most of these itself and sends again; this is what it leaves. */
static bool is_stale(const struct exchange *exchange, CURLcode code)
{
    bool broken = code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING;

    return broken && !exchange->connected && exchange->header_bytes == 0;
}

static enum exchange_end end_of_code(CURLcode code)
{
    switch (code) {
    case CURLE_OK:
        return EXCHANGE_ANSWERED;
    case CURLE_OPERATION_TIMEDOUT:
        return EXCHANGE_TIMED_OUT;
    case CURLE_OUT_OF_MEMORY:
        return EXCHANGE_NO_MEMORY;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_UNSUPPORTED_PROTOCOL: /* HTTP/0.9, or another version */
        return EXCHANGE_NOT_HTTP;
    case CURLE_URL_MALFORMAT:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_INVALIDCERTSTATUS:
        return EXCHANGE_REFUSED;
    default:
        return EXCHANGE_UNREACHABLE;
    }
}

enum exchange_end exchange_end(struct exchange *exchange, CURLcode code)
{
    long status = 0, connects = 0;

    curl_easy_getinfo(exchange->handle, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(exchange->handle, CURLINFO_NUM_CONNECTS, &connects);
    exchange->status = (int)status;
    exchange->connected = connects > 0;
    exchange->handle = NULL;
    forget_request(exchange);
    if (exchange->too_long)
        return EXCHANGE_TOO_LONG;
    if (exchange->no_memory)
        return EXCHANGE_NO_MEMORY;
    if (code == CURLE_OK && !exchange->headers_ended)
        return EXCHANGE_UNREACHABLE; /* libcurl takes a connection that ends among the headers for their end */
    return is_stale(exchange, code) ? EXCHANGE_STALE : end_of_code(code);
}
