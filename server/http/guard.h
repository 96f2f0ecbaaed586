/* SPDX-License-Identifier: Apache-2.0 */
/* guard: which web pages may use the server. Keys are not checked, so a page that could would have all the data.
 *
 * A page of another origin shows itself by its Origin, or by Sec-Fetch-Site where it sends none. One that has its own
 * name resolved to our address (DNS rebinding) takes itself for ours; what gives it away is its name in Host. So a page's
 * Host must be one that no stranger can own: an IP address, localhost, a name without a dot or under .localhost,
 * .internal, .svc or .cluster.local (containers, Kubernetes), this machine's name, that of --host, or one of
 * --operator-hosts.
 *
 * Operations are for programs by whatever name (SDKs, curl and probes send neither Origin nor Sec-Fetch-Site), for pages
 * of ours, for those of this machine and those of --cors. What is under /_stator/ is for programs that ask by such a Host,
 * and for pages of ours alone. Pure.
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

/* For what is under /_stator/. NULL: let in; else why not. */
const char *guard_refusal(const struct guard_request *request, const struct guard_names *names);

/* For operations. cors: the origins of --cors with commas between, or "*" for any; NULL: none. */
bool guard_lets_in(const struct guard_request *request, const struct guard_names *names, const char *cors);

/* Whether a page of this origin may read answers: one of this machine (localhost), or one of --cors. */
bool guard_lets_read(struct bytes origin, const char *cors);

#endif
