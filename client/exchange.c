/* SPDX-License-Identifier: Apache-2.0 */
#include "exchange.h"

#include <strings.h>

void exchange_init(struct exchange *exchange, size_t answer_bytes_max)
{
    *exchange = (struct exchange){0};
    buf_init(&exchange->body, answer_bytes_max);
}

void exchange_deinit(struct exchange *exchange)
{
    curl_slist_free_all(exchange->headers);
    buf_deinit(&exchange->body);
}

/* --- What comes back ---------------------------------------------------------------------------------------------- */

static void forget_answer(struct exchange *exchange)
{
    buf_reset(&exchange->body);
    exchange->status = 0;
    exchange->too_long = false;
    exchange->request_id[0] = exchange->error_type[0] = exchange->checksum[0] = exchange->date[0] = '\0';
}

static size_t take_body(char *data, size_t size, size_t count, void *user)
{
    struct exchange *exchange = user;

    buf_append(&exchange->body, data, size * count);
    if (!exchange->body.failed)
        return size * count;
    exchange->too_long = exchange->body.len + size * count > exchange->body.max_bytes;
    return 0; /* curl then ends the transfer with CURLE_WRITE_ERROR */
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

    keep_header(exchange->request_id, line, len, "x-amzn-RequestId");
    keep_header(exchange->error_type, line, len, "x-amzn-ErrorType");
    keep_header(exchange->checksum, line, len, "x-amz-crc32");
    keep_header(exchange->date, line, len, "Date");
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

/* Headers of one request are a few, and an Authorization may carry a long token's name list. */
#define HEADER_LINE_MAX (64 << 10)

static bool set_headers(struct exchange *exchange, const struct sigv4_header *headers, size_t count)
{
    struct buf line;
    bool done = true;

    buf_init(&line, HEADER_LINE_MAX);
    for (size_t i = 0; i < count && done; i++)
        done = add_header(exchange, &line, headers[i].name, headers[i].value);
    /* No 100-continue: curl would wait a second for it before a long body. */
    done = done && add_header(exchange, &line, BYTES("Expect"), BYTES(""));
    buf_deinit(&line);
    return done;
}

bool exchange_begin(struct exchange *exchange, CURL *handle, const struct exchange_options *options,
                    const struct sigv4_header *headers, size_t headers_count, struct bytes body)
{
    exchange->handle = handle;
    forget_answer(exchange);
    if (!set_headers(exchange, headers, headers_count))
        return false;
    if (curl_easy_setopt(handle, CURLOPT_URL, options->url) != CURLE_OK)
        return false;
    if (options->ca_file != NULL && curl_easy_setopt(handle, CURLOPT_CAINFO, options->ca_file) != CURLE_OK)
        return false;
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, exchange->headers);
    curl_easy_setopt(handle, CURLOPT_POST, 1L);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.at);
    curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(handle, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, (long)options->connect_timeout_ms);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, (long)options->timeout_ms);
    if (options->insecure_tls) {
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    return true;
}

CURL *exchange_end(struct exchange *exchange)
{
    CURL *handle = exchange->handle;
    long status = 0;

    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    exchange->status = (int)status;
    exchange->handle = NULL;
    curl_slist_free_all(exchange->headers);
    exchange->headers = NULL;
    return handle;
}
