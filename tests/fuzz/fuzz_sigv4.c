/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a request, a line for each part: date, method, path, query, then headers "name:value". Whatever is
 * signed is found valid by a server that takes the Authorization header apart; and a canonical request has as many
 * lines as it should, whatever the input has in it. */
#include <stdlib.h>

#include "sign/authorization.h"
#include "sign/sigv4.h"

#define HEADERS_MAX 32
#define NOON        1440938160

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void check_date(struct bytes date)
{
    char again[SIGV4_DATE_LEN];
    int64_t time;

    if (sigv4_time(&time, date))
        check(sigv4_date(again, time) && bytes_equal(date, bytes_of(again, sizeof(again))));
}

/* "host;x-a": at least the date's. */
static size_t count_names(struct bytes signed_headers)
{
    size_t names = 1;

    for (size_t i = 0; i < signed_headers.len; i++)
        names += signed_headers.at[i] == ';';
    return names;
}

static void check_signed(const struct sigv4_signed *done, const struct sigv4_key *key, struct arena *arena)
{
    struct authorization parts = authorization_of(done->headers[done->headers_count - 1].value);
    struct credential credential;
    char signature[SIGV4_HEX_LEN];
    size_t lines = 0;

    check(credential_split(&credential, parts.credential));
    check(bytes_equal(credential.scope, sigv4_key_scope(key)));
    check(bytes_equal(parts.signed_headers, done->signed_headers));
    sigv4_signature(signature, key,
                    sigv4_string_to_sign(done->headers[0].value, credential.scope, done->canonical, arena));
    check(sigv4_signature_equal(signature, parts.signature));
    for (size_t i = 0; i < done->canonical.len; i++)
        lines += done->canonical.at[i] == '\n';
    check(lines == 5 + count_names(done->signed_headers));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* what libFuzzer calls */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sigv4_header headers[HEADERS_MAX];
    struct bytes rest = bytes_of(data, size), date = authorization_cut(&rest, '\n');
    struct sigv4_request request = {.method = authorization_cut(&rest, '\n'),
                                    .path = authorization_cut(&rest, '\n'),
                                    .query = authorization_cut(&rest, '\n'),
                                    .headers = headers,
                                    .payload_hash = BYTES(SIGV4_UNSIGNED_PAYLOAD),
                                    .keep_dots = size % 2 == 1};
    struct sigv4_key key = {0};
    struct sigv4_signer signer = {BYTES("AK/ID"), date, &key, NOON};
    struct sigv4_signed done;
    struct stator_error err;
    struct arena arena;

    check_date(date);
    while (rest.len != 0 && request.headers_count < HEADERS_MAX) {
        struct bytes value = authorization_cut(&rest, '\n'), name = authorization_cut(&value, ':');

        headers[request.headers_count++] = (struct sigv4_header){name, value};
    }
    check(sigv4_key_make(&key, BYTES("secret"), NOON, BYTES("us-east-1"), BYTES("dynamodb"), &err) == STATOR_OK);
    arena_init(&arena, 16 << 20);
    if (sigv4_sign(&done, &request, &signer, &arena, &err) == STATOR_OK)
        check_signed(&done, &key, &arena);
    else
        check(err.rc == STATOR_VALIDATION && err.message[0] != '\0');
    arena_deinit(&arena);
    return 0;
}
