/* SPDX-License-Identifier: Apache-2.0 */
/* sigv4: AWS Signature Version 4.
 *
 * In:     a request as it is sent, credentials, the time in seconds since 1970.
 * Out:    the three stages as text, and the headers to send, in the caller's arena or borrowed from the input.
 * Fails:  STATOR_NO_MEMORY when the arena is full; STATOR_VALIDATION for what no header may carry. No message quotes a
 *         secret, a token or a key id.
 * Thread: [any], no state.
 *
 * A client keeps one struct sigv4_key and calls, for each request:
 *     sigv4_payload_hash(hash, body);
 *     sigv4_key_make(&key, secret, now, region, service, err);     -- costs four HMACs once a day
 *     sigv4_sign(&out, &request, &signer, arena, err);
 * A server takes Authorization apart (authorization.h), makes the same key, and compares signatures.
 */
#ifndef PROTO_SIGN_SIGV4_H
#define PROTO_SIGN_SIGV4_H

#include "base/arena.h"
#include "base/error.h"

#define SIGV4_ALGORITHM        "AWS4-HMAC-SHA256"
#define SIGV4_TERMINATOR       "aws4_request"
#define SIGV4_UNSIGNED_PAYLOAD "UNSIGNED-PAYLOAD" /* as payload_hash: the body is not covered */

#define SIGV4_HEX_LEN     64           /* of a SHA-256 */
#define SIGV4_DAY_LEN     8            /* 20150830 */
#define SIGV4_DATE_LEN    16           /* 20150830T123600Z */
#define SIGV4_NAME_MAX    64           /* of a region or a service; the longest of AWS have 25 */
#define SIGV4_SECRET_MAX  256          /* AWS's have 40 */
#define SIGV4_TIME_MAX    253402300799 /* the last second of 9999 */
#define SIGV4_HEADERS_MAX 3            /* that signing adds */

struct sigv4_header {
    struct bytes name; /* in any case */
    struct bytes value;
};

struct sigv4_request {
    struct bytes method;
    struct bytes path;                  /* as sent; empty is "/" */
    struct bytes query;                 /* behind the '?', as sent; empty for none */
    const struct sigv4_header *headers; /* those to be signed, in the order sent, Host among them */
    size_t headers_count;
    struct bytes payload_hash; /* of sigv4_payload_hash, or SIGV4_UNSIGNED_PAYLOAD */
    bool keep_dots;            /* the path's "//", "." and ".." are names (S3) */
    bool keep_escapes;         /* the path is not escaped once more (S3) */
};

/* --- Stages ------------------------------------------------------------------------------------------------------- */

/* "20150830T123600Z". False when no such text exists: before 1970 or after 9999. */
STATOR_MUST_CHECK bool sigv4_date(char out[SIGV4_DATE_LEN], int64_t time);

/* The time of such a text. False when it is none, or no date of the calendar. */
STATOR_MUST_CHECK bool sigv4_time(int64_t *out, struct bytes date);

/* Lower-case hexadecimal SHA-256. */
void sigv4_payload_hash(char out[SIGV4_HEX_LEN], struct bytes body);

/* The first stage, and the names of its headers, "host;x-amz-date". Exactly request's headers are signed. A parameter
 * X-Amz-Signature of the query is left out, for in a presigned request it is what is computed. */
STATOR_MUST_CHECK enum stator_rc sigv4_canonical(struct bytes *canonical, struct bytes *signed_headers,
                                                 const struct sigv4_request *request, struct arena *arena,
                                                 struct stator_error *err);

/* The signing key of one secret for one day, region and service. All zero is a key for nothing. It holds as much power
 * as the secret, for a day. */
struct sigv4_key {
    uint8_t key[32];
    uint8_t secret_mark[16]; /* tells secrets apart; not the secret */
    char scope[SIGV4_DAY_LEN + 2 * SIGV4_NAME_MAX + sizeof("///" SIGV4_TERMINATOR)]; /* see sigv4_key_scope */
    size_t scope_len;
};

/* Makes the key, or keeps it when it is that of these arguments already. On failure it is wiped. */
STATOR_MUST_CHECK enum stator_rc sigv4_key_make(struct sigv4_key *key, struct bytes secret_access_key, int64_t time,
                                                struct bytes region, struct bytes service, struct stator_error *err);

void sigv4_key_wipe(struct sigv4_key *key);

/* "20150830/us-east-1/dynamodb/aws4_request", a view of the key. */
struct bytes sigv4_key_scope(const struct sigv4_key *key);

/* The second stage: of the date that the request carries and a canonical request. `.at` is NULL when the arena is full. */
struct bytes sigv4_string_to_sign(struct bytes date, struct bytes scope, struct bytes canonical, struct arena *arena);

/* The third stage, in lower-case hexadecimal. */
void sigv4_signature(char out[SIGV4_HEX_LEN], const struct sigv4_key *key, struct bytes string_to_sign);

/* Whether a signature that was sent is this one, in a time that does not tell how much of it is right. */
bool sigv4_signature_equal(const char signature[SIGV4_HEX_LEN], struct bytes sent);

/* --- All of it ---------------------------------------------------------------------------------------------------- */

struct sigv4_signer {
    struct bytes access_key_id;
    struct bytes session_token;  /* empty: none */
    const struct sigv4_key *key; /* of sigv4_key_make for the same time */
    int64_t time;
};

struct sigv4_signed {
    struct bytes canonical, signed_headers, string_to_sign, signature;
    /* To be sent: X-Amz-Date; with a token, X-Amz-Security-Token; Authorization. */
    struct sigv4_header headers[SIGV4_HEADERS_MAX];
    size_t headers_count;
};

/* Signs request's headers together with X-Amz-Date and, with a token, X-Amz-Security-Token; those two and Authorization
 * must not be among request's own. */
STATOR_MUST_CHECK enum stator_rc sigv4_sign(struct sigv4_signed *out, const struct sigv4_request *request,
                                            const struct sigv4_signer *signer, struct arena *arena,
                                            struct stator_error *err);

#endif
