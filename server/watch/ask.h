/* SPDX-License-Identifier: Apache-2.0 */
/* ask: one GET or POST of a running server, over a plain socket that blocks: for `stator healthcheck`, `status` and
 * `compact`.
 *
 * Limit:  an answer of ASK_BYTES_MAX; connecting, sending and each read take timeout_s at most.
 * Thread: [main] of its own process.
 */
#ifndef SERVER_WATCH_ASK_H
#define SERVER_WATCH_ASK_H

#include "base/buf.h"
#include "base/error.h"

#define ASK_BYTES_MAX ((size_t)1 << 20)

struct ask {
    const char *host; /* NULL, "0.0.0.0" or "::": this machine */
    uint16_t port;
    const char *path;
    bool posts; /* POST, with an empty body */
    uint32_t timeout_s;
};

struct ask_answer {
    int status;
    struct bytes body; /* in `all` */
    struct buf all;
};

/* Fails with the server's address, "http://localhost:8000", and what is wrong with it. */
enum stator_rc ask_fail(const struct ask *ask, struct stator_error *err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* On STATOR_OK an HTTP answer came; ask_release it. */
STATOR_MUST_CHECK enum stator_rc ask_server(struct ask_answer *out, const struct ask *ask, struct stator_error *err);
void ask_release(struct ask_answer *answer);

#endif
