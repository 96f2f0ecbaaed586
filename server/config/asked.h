/* SPDX-License-Identifier: Apache-2.0 */
/* asked: the server that STATOR_ENDPOINT names, for the commands that ask one over a plain socket.
 *
 * In:     "http://localhost:8000", "http://[::1]:8000/"; without a port it is 80.
 * Out:    host and port, or what is wrong with the text: these commands speak no TLS, and the real service ("aws") has
 *         nothing that answers them.
 * Thread: [any], no state.
 */
#ifndef SERVER_CONFIG_ASKED_H
#define SERVER_CONFIG_ASKED_H

#include "base/error.h"

#define ASKED_HOST_MAX 255

struct asked {
    char host[ASKED_HOST_MAX + 1]; /* without the brackets of an IPv6 address */
    uint16_t port;
};

STATOR_MUST_CHECK enum stator_rc asked_read(struct asked *out, const char *endpoint, struct stator_error *err);

#endif
