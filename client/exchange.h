/* SPDX-License-Identifier: Apache-2.0 */
/* exchange: one HTTP request and its answer, over a curl handle: what is sent, what came back, and nothing of what it
 * means. Used by calls that wait and by calls that a loop drives alike.
 *
 * Limit:  an answer of body.max_bytes; a longer one ends the exchange with `too_long`.
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

struct exchange {
    CURL *handle; /* borrowed from the pool while the exchange lasts */
    struct curl_slist *headers;

    struct buf body;
    int status; /* 0: no answer came */
    bool too_long;
    char request_id[EXCHANGE_HEADER_MAX]; /* x-amzn-RequestId; these four are "" when the answer has none */
    char error_type[EXCHANGE_HEADER_MAX]; /* x-amzn-ErrorType */
    char checksum[EXCHANGE_HEADER_MAX];   /* x-amz-crc32 */
    char date[EXCHANGE_HEADER_MAX];       /* Date */
};

struct exchange_options {
    const char *url;
    const char *ca_file; /* or NULL */
    bool insecure_tls;
    uint32_t connect_timeout_ms, timeout_ms;
};

void exchange_init(struct exchange *exchange, size_t answer_bytes_max);
void exchange_deinit(struct exchange *exchange);

/* Makes handle ready to send body with these headers. Body and options' texts must live until exchange_end. False
 * without memory. */
STATOR_MUST_CHECK bool exchange_begin(struct exchange *exchange, CURL *handle, const struct exchange_options *options,
                                      const struct sigv4_header *headers, size_t headers_count, struct bytes body);

/* After the transfer: notes the status and lets go of the handle, which the caller gets back. */
CURL *exchange_end(struct exchange *exchange);

#endif
