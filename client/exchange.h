/* SPDX-License-Identifier: Apache-2.0 */
/* exchange: one HTTP request and its answer, over a curl handle: what is sent, what came back, and nothing of what it
 * means. Used by calls that wait and by calls that a loop drives alike.
 *
 * No redirect is followed, no compression asked for, no 100-continue waited for.
 *
 * Limit:  an answer of body.max_bytes and headers of EXCHANGE_HEADERS_BYTES_MAX; more ends the exchange.
 * Thread: one at a time.
 */
#ifndef CLIENT_EXCHANGE_H
#define CLIENT_EXCHANGE_H

#include <curl/curl.h>

#include "base/buf.h"
#include "base/error.h"
#include "sign/sigv4.h"

/* Longest value kept of a header that we read. */
#define EXCHANGE_HEADER_MAX 128

/* All header lines of an answer, with those of 1xx answers before it. */
#define EXCHANGE_HEADERS_BYTES_MAX ((size_t)64 << 10)

/* How an exchange ended. */
enum exchange_end {
    EXCHANGE_ANSWERED,
    EXCHANGE_STALE,       /* the server had closed the kept connection before the request came: to be sent again */
    EXCHANGE_UNREACHABLE, /* no connection, or it broke */
    EXCHANGE_REFUSED,     /* by ourselves, and always: a certificate, an address */
    EXCHANGE_TIMED_OUT,
    EXCHANGE_NO_MEMORY,
    EXCHANGE_TOO_LONG,
    EXCHANGE_NOT_HTTP,
};

struct exchange {
    CURL *handle; /* borrowed from the pool while the exchange lasts */
    struct curl_slist *headers;

    struct buf body;
    size_t header_bytes;
    bool headers_ended; /* with their empty line */
    bool too_long, no_memory;
    int status;                            /* 0: no answer came */
    bool connected;                        /* a new connection was made for it */
    char trouble[CURL_ERROR_SIZE];         /* libcurl's words on what went wrong */
    char request_id[EXCHANGE_HEADER_MAX];  /* x-amzn-RequestId; these five are "" when the answer has none */
    char error_type[EXCHANGE_HEADER_MAX];  /* x-amzn-ErrorType */
    char checksum[EXCHANGE_HEADER_MAX];    /* x-amz-crc32 */
    char date[EXCHANGE_HEADER_MAX];        /* Date */
    char retry_after[EXCHANGE_HEADER_MAX]; /* x-amz-retry-after, in milliseconds */
};

struct exchange_options {
    const char *url;
    const char *ca_file; /* or NULL */
    bool insecure_tls;
    bool fresh; /* over a new connection */
    uint32_t connect_timeout_ms, timeout_ms;
};

/* allocator: borrowed, NULL for malloc. */
void exchange_init(struct exchange *exchange, size_t answer_bytes_max, const struct stator_allocator *allocator);
void exchange_deinit(struct exchange *exchange);

/* Forgets what came back. */
void exchange_forget(struct exchange *exchange);

/* Makes handle ready to send body with these headers. Body and options' texts must live until exchange_end. False
 * without memory. */
STATOR_MUST_CHECK bool exchange_begin(struct exchange *exchange, CURL *handle, const struct exchange_options *options,
                                      const struct sigv4_header *headers, size_t headers_count, struct bytes body);

/* After the transfer, which ended with code: notes the status and lets go of exchange->handle. */
enum exchange_end exchange_end(struct exchange *exchange, CURLcode code);

#endif
