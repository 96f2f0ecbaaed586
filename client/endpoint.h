/* SPDX-License-Identifier: Apache-2.0 */
/* endpoint: where requests go: an address taken apart, and the real service's addresses.
 *
 * Owns:   its text, of the allocator that it is to be freed with.
 * Thread: [any]; constant once it is made.
 */
#ifndef CLIENT_ENDPOINT_H
#define CLIENT_ENDPOINT_H

#include "base/error.h"

#include "stator/memory.h"

enum endpoint_service { ENDPOINT_DYNAMODB, ENDPOINT_STREAMS };

struct endpoint {
    char *url;         /* with a path, "http://localhost:8000/", and the zone of an IPv6 address, "[fe80::1%25eth0]" */
    char *sent;        /* the same without the zone, which is this machine's own affair */
    struct bytes host; /* of sent, as the Host header says it: with the port unless it is the scheme's own */
    struct bytes path; /* of sent: "/" */
};

/* Takes an http:// or https:// address apart. STATOR_MISUSE when it is none. */
STATOR_MUST_CHECK enum stator_rc endpoint_init(struct endpoint *out, const char *text,
                                               const struct stator_allocator *allocator, struct stator_error *err);

/* The service of AWS in that region; "local", as for the SDKs, is http://localhost:8000. */
STATOR_MUST_CHECK enum stator_rc endpoint_init_region(struct endpoint *out, enum endpoint_service service,
                                                      const char *region, const struct stator_allocator *allocator,
                                                      struct stator_error *err);

void endpoint_deinit(struct endpoint *endpoint, const struct stator_allocator *allocator);

/* Whether it is AWS that answers there, where made-up credentials are of no use. */
bool endpoint_is_aws(const struct endpoint *endpoint);

#endif
