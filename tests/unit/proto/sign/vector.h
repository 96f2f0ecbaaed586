/* SPDX-License-Identifier: Apache-2.0 */
/* vector: a folder of tests/vectors/sigv4, read. Any file that is missing or ill-formed fails the test. */
#ifndef TESTS_UNIT_PROTO_SIGN_VECTOR_H
#define TESTS_UNIT_PROTO_SIGN_VECTOR_H

#include "sign/sigv4.h"

#define VECTOR_HEADERS_MAX 20

struct vector_request {
    struct bytes method, path, query, body;
    struct sigv4_header headers[VECTOR_HEADERS_MAX];
    size_t headers_count;
};

struct vector_context {
    struct bytes access_key_id, secret, token, region, service, timestamp;
    bool keep_dots, keep_escapes, sign_body, omit_token;
};

bool vector_has(const char *folder, const char *name);

/* Everything lives in the arena. */
struct bytes vector_file(const char *folder, const char *name, struct arena *arena);
void vector_context(struct vector_context *out, const char *folder, struct arena *arena);
void vector_request(struct vector_request *out, const char *folder, const char *name, struct arena *arena);

/* "2015-08-30T12:36:00Z" by the system's calendar. */
int64_t vector_time(struct bytes timestamp);

#endif
