/* SPDX-License-Identifier: Apache-2.0 */
/* client: which DynamoDB to speak to, and as whom. One client serves any number of threads.
 *
 *     struct stator_client *client;
 *     struct stator_error err;
 *
 *     if (stator_client_open(&client, &(struct stator_client_options){.endpoint = "http://localhost:8000"}, &err))
 *         ... err.message ...
 *     ... calls: stator/call.h, stator/items.h, stator/tables.h, stator/streams.h ...
 *     stator_client_close(client);
 *
 * Owns:   its connections (kept alive between calls), the retry budget, a copy of all options.
 * Never:  a thread of its own (libcurl may look up a host's name in one), a global of its own, a signal handler, output on
 *         stdout or stderr.
 * A failure that passes is tried again as the SDKs' standard mode does: no answer or a broken one, status 500, 502, 503 or
 *         504, throttling, a clock that was wrong; after a random pause of at most 25 ms, or a second when throttled,
 *         that doubles each time up to 20 s; as long as the client's calls together have not failed too often.
 */
#ifndef STATOR_CLIENT_H
#define STATOR_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "stator/bytes.h"
#include "stator/error.h"
#include "stator/memory.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

#define STATOR_VERSION "0.1.0"

/* The running library's version; STATOR_VERSION is that of the headers. Static. [any] */
const char *stator_version(void);

struct stator_client;

/* C strings, borrowed for the duration of the call they are given to. */
struct stator_credentials {
    const char *access_key_id;
    const char *secret_access_key;
    const char *session_token; /* NULL: none */
    int64_t expires_at;        /* seconds since 1970; 0: never. Asked for again five minutes before */
};

enum stator_log_level { STATOR_LOG_DEBUG, STATOR_LOG_INFO, STATOR_LOG_WARNING };

/* Zero is the default of everything. */
struct stator_client_options {
    /* "http://localhost:8000". NULL: AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL, endpoint_url of the profile, else the
     * real service in the region. */
    const char *endpoint;
    const char *streams_endpoint; /* for stream operations. NULL: found as above, else what `endpoint` gave */
    const char *region;           /* NULL: AWS_REGION, AWS_DEFAULT_REGION, the profile's, else us-east-1 */
    const char *profile;          /* of the shared files. NULL: AWS_PROFILE, else "default" */

    /* In this order: these; what the callback gives; the environment; the shared files. The callback is asked at first
     * need and five minutes before what it gave expires, by the thread that makes a call, one at a time: other threads'
     * calls wait meanwhile. It may ask an instance's metadata. What it points to is copied as soon as it returns. If it
     * fails, what it gave before serves until that expires. */
    struct stator_credentials credentials;
    enum stator_rc (*find_credentials)(struct stator_credentials *out, struct stator_error *err, void *user);

    uint32_t connect_timeout_ms; /* of one attempt to connect. 0: 1,000 */
    uint32_t attempt_timeout_ms; /* of one attempt, connecting included. 0: 30,000 */
    uint32_t call_timeout_ms;    /* of a call with all its attempts and waits. 0: 120,000 */
    uint32_t attempts_max;       /* 0: 4; 1: no retries */
    uint32_t connections_max;    /* kept open when idle, to each of the two services; at most 10,000. 0: 50 */
    uint64_t answer_bytes_max;   /* a longer answer is STATOR_BAD_ANSWER. 0: 64 MiB */

    bool insecure_tls;      /* take any certificate; for tests alone */
    const char *ca_file;    /* PEM. NULL: the system's */
    const char *user_agent; /* put after "libstator/0.1.0" */

    const struct stator_allocator *allocator; /* NULL: malloc. libcurl's own memory does not come from it */

    /* Told of retries, clock corrections and new connections, never of secrets or of items. Must not call the library.
     * NULL: nobody. */
    void (*log)(enum stator_log_level level, const char *text, void *user);

    void *user; /* handed to the callbacks above */
};

/* Makes a client. It opens no connection: that is for the first call. On STATOR_OK the caller owns *out and ends it
 * with stator_client_close(); otherwise *out is NULL and err says why: STATOR_CREDENTIALS (none are to be found, and
 * the endpoint is the real service; any other endpoint gets "local"/"local"), STATOR_MISUSE (an option, a variable of
 * the environment or a line of a shared file that makes no sense), STATOR_NO_MEMORY. options may be NULL. [any thread] */
STATOR_MUST_CHECK enum stator_rc
stator_client_open(struct stator_client **out, const struct stator_client_options *options, struct stator_error *err);

/* Closes the connections and frees. All its calls must be freed first. NULL is allowed. [one thread, once] */
void stator_client_close(struct stator_client *client);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
