/* SPDX-License-Identifier: Apache-2.0 */
/* bind: a host and a port become bound sockets, one for each address and loop, all on one port.
 *
 * Owns:   nothing: the caller closes the descriptors.
 * Thread: [main]
 */
#ifndef SERVER_HTTP_BIND_H
#define SERVER_HTTP_BIND_H

#include <sys/socket.h>

#include "base/error.h"
#include "config/limits.h"

struct bind_addresses {
    struct sockaddr_storage at[LIMIT_ADDRESSES];
    socklen_t len[LIMIT_ADDRESSES];
    uint32_t count;
    bool may_lack_ipv6; /* addresses of IPv6 may be missing from this machine */
};

/* host NULL: 127.0.0.1 and ::1. */
STATOR_MUST_CHECK enum stator_rc bind_resolve(struct bind_addresses *out, const char *host, struct stator_error *err);

/* Fills fds[loop * addresses->count + address]. *port 0: the system chooses, the same for all; the choice is in *port
 * afterwards. A port that another process listens on is refused, also when that one shares its port. Addresses that the
 * machine lacks are dropped from *addresses when it allows that. */
STATOR_MUST_CHECK enum stator_rc bind_sockets(int *fds, struct bind_addresses *addresses, uint32_t loops,
                                              uint16_t *port, struct stator_error *err);

/* "127.0.0.1", "[::1]" */
void bind_print(char *out, size_t size, const struct sockaddr_storage *address);

#endif
