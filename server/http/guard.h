/* SPDX-License-Identifier: Apache-2.0 */
/* guard: who may ask what is under /_stator/: programs, and pages of ours; no page of another origin.
 *
 * A page of another origin shows itself by its Origin, or by Sec-Fetch-Site where it sends none. One that has its own
 * name resolved to our address (DNS rebinding) takes itself for ours; what gives it away is its name in Host. So a Host
 * must be one that no stranger can own: an IP address, localhost, a name without a dot or under .localhost, .internal,
 * .svc or .cluster.local (containers, Kubernetes), this machine's name, that of --host, or one of --operator-hosts.
 *
 * curl, Prometheus and probes send neither Origin nor Sec-Fetch-Site, and an address or such a name as Host. Pure.
 */
#ifndef SERVER_HTTP_GUARD_H
#define SERVER_HTTP_GUARD_H

#include "base/bytes.h"

struct guard_request {
    struct bytes host, origin, fetch_site; /* headers; absent: not sent */
};

struct guard_names {
    const char *host;    /* of --host; NULL: none */
    const char *machine; /* this one's name */
    const char *more;    /* of --operator-hosts, with commas between, or "*" for any; NULL: none */
};

/* NULL: let in; else why not. */
const char *guard_refusal(const struct guard_request *request, const struct guard_names *names);

#endif
