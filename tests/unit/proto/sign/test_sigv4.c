/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <dirent.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>

#include "sign/authorization.h"
#include "unit/proto/sign/vector.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define NOON   1440938160 /* 2015-08-30T12:36:00Z */

/* --- Vectors ------------------------------------------------------------------------------------------------------ */

static void assert_file_is(const char *folder, const char *name, struct bytes actual, struct arena *arena)
{
    struct bytes expected = vector_file(folder, name, arena);

    if (!bytes_equal(expected, actual))
        fail_msg("%s/%s is\n%.*s\nand not\n%.*s", folder, name, BYTES_ARG(expected), BYTES_ARG(actual));
}

static void add(struct vector_request *request, const char *name, struct bytes value)
{
    assert_true(request->headers_count < VECTOR_HEADERS_MAX);
    request->headers[request->headers_count++] = (struct sigv4_header){bytes_of_string(name), value};
}

static struct sigv4_request request_of(const struct vector_context *context, const struct vector_request *given,
                                       struct bytes hash)
{
    return (struct sigv4_request){.method = given->method,
                                  .path = given->path,
                                  .query = given->query,
                                  .headers = given->headers,
                                  .headers_count = given->headers_count,
                                  .payload_hash = hash,
                                  .keep_dots = context->keep_dots,
                                  .keep_escapes = context->keep_escapes};
}

/* Each header that signing adds is in the signed request, with this value. */
static void assert_headers_sent(const char *folder, const struct sigv4_signed *done, struct arena *arena)
{
    struct vector_request expected;

    vector_request(&expected, folder, "header-signed-request.txt", arena);
    for (size_t i = 0; i < done->headers_count; i++) {
        size_t found = 0;

        for (size_t k = 0; k < expected.headers_count; k++)
            if (expected.headers[k].name.len == done->headers[i].name.len &&
                strncasecmp((const char *)expected.headers[k].name.at, (const char *)done->headers[i].name.at,
                            done->headers[i].name.len) == 0) {
                assert_true(bytes_equal(expected.headers[k].value, done->headers[i].value));
                found++;
            }
        assert_int_equal(found, 1);
    }
}

/* --- A server's way: what is said to be signed is signed again ----------------------------------------------------- */

struct said {
    struct bytes credential, signed_headers, signature, date;
};

static bool same_name(struct bytes a, struct bytes b)
{
    return a.len == b.len && strncasecmp((const char *)a.at, (const char *)b.at, a.len) == 0;
}

/* Of all the headers sent, those that were signed. */
static void choose_headers(struct vector_request *request, struct bytes signed_headers)
{
    struct vector_request sent = *request;

    request->headers_count = 0;
    while (signed_headers.len != 0) {
        struct bytes name = authorization_cut(&signed_headers, ';');

        for (size_t i = 0; i < sent.headers_count; i++)
            if (same_name(sent.headers[i].name, name))
                request->headers[request->headers_count++] = sent.headers[i];
    }
}

static void verify(const struct vector_context *context, struct vector_request *sent, const struct said *said,
                   struct arena *arena)
{
    struct credential credential;
    struct bytes canonical, names, to_sign;
    struct stator_error err = {0};
    struct sigv4_key key = {0};
    char hash[SIGV4_HEX_LEN], signature[SIGV4_HEX_LEN];
    struct sigv4_request request;
    int64_t time;

    choose_headers(sent, said->signed_headers);
    sigv4_payload_hash(hash, sent->body);
    request = request_of(context, sent, bytes_of(hash, sizeof(hash)));
    assert_int_equal(sigv4_canonical(&canonical, &names, &request, arena, &err), STATOR_OK);
    assert_true(bytes_equal(names, said->signed_headers));
    assert_true(credential_split(&credential, said->credential));
    assert_true(bytes_equal(credential.access_key_id, context->access_key_id));
    assert_true(sigv4_time(&time, said->date));
    assert_int_equal(time, vector_time(context->timestamp));
    assert_int_equal(sigv4_key_make(&key, context->secret, time, credential.region, credential.service, &err),
                     STATOR_OK);
    assert_true(bytes_equal(credential.scope, sigv4_key_scope(&key)));
    to_sign = sigv4_string_to_sign(said->date, credential.scope, canonical, arena);
    sigv4_signature(signature, &key, to_sign);
    assert_true(sigv4_signature_equal(signature, said->signature));
    sigv4_key_wipe(&key);
}

static void verify_header(const char *folder, const struct vector_context *context, struct arena *arena)
{
    struct vector_request sent;
    struct said said = {0};

    vector_request(&sent, folder, "header-signed-request.txt", arena);
    for (size_t i = 0; i < sent.headers_count; i++) {
        if (same_name(sent.headers[i].name, BYTES("Authorization"))) {
            struct authorization authorization = authorization_of(sent.headers[i].value);

            assert_bytes_are(authorization.algorithm, SIGV4_ALGORITHM);
            said.credential = authorization.credential;
            said.signed_headers = authorization.signed_headers;
            said.signature = authorization.signature;
        }
        if (same_name(sent.headers[i].name, BYTES("X-Amz-Date")))
            said.date = sent.headers[i].value;
    }
    verify(context, &sent, &said, arena);
}

/* "%2F" and "%3B" are what Credential and SignedHeaders have of escapes. */
static struct bytes unescape(struct bytes text, struct arena *arena)
{
    uint8_t *out = arena_alloc(arena, text.len);
    size_t len = 0;

    assert_non_null(out);
    for (size_t i = 0; i < text.len; i++) {
        bool escape = text.at[i] == '%' && i + 2 < text.len;

        out[len++] = !escape ? text.at[i] : text.at[i + 2] == 'F' ? '/' : ';';
        i += escape ? 2 : 0;
    }
    return bytes_of(out, len);
}

static void verify_query(const char *folder, const struct vector_context *context, struct arena *arena)
{
    struct vector_request sent;
    struct said said = {0};
    struct bytes rest;

    vector_request(&sent, folder, "query-signed-request.txt", arena);
    for (rest = sent.query; rest.len != 0;) {
        struct bytes value = authorization_cut(&rest, '&'), name = authorization_cut(&value, '=');

        if (bytes_equal_string(name, "X-Amz-Credential"))
            said.credential = unescape(value, arena);
        else if (bytes_equal_string(name, "X-Amz-SignedHeaders"))
            said.signed_headers = unescape(value, arena);
        else if (bytes_equal_string(name, "X-Amz-Signature"))
            said.signature = value;
        else if (bytes_equal_string(name, "X-Amz-Date"))
            said.date = value;
    }
    verify(context, &sent, &said, arena);
}

static void run_vector(const char *folder, size_t *presigned, struct arena *arena)
{
    struct vector_context context;
    struct vector_request given;
    struct sigv4_request request;
    struct sigv4_signer signer;
    struct sigv4_signed done;
    struct sigv4_key key = {0};
    struct stator_error err = {0};
    char hash[SIGV4_HEX_LEN];

    vector_context(&context, folder, arena);
    vector_request(&given, folder, "request.txt", arena);
    sigv4_payload_hash(hash, given.body);
    if (context.sign_body)
        add(&given, "X-Amz-Content-Sha256", bytes_of(hash, sizeof(hash)));
    request = request_of(&context, &given, bytes_of(hash, sizeof(hash)));
    signer = (struct sigv4_signer){.access_key_id = context.access_key_id,
                                   .session_token = context.omit_token ? BYTES("") : context.token,
                                   .key = &key,
                                   .time = vector_time(context.timestamp)};
    assert_int_equal(sigv4_key_make(&key, context.secret, signer.time, context.region, context.service, &err),
                     STATOR_OK);
    if (sigv4_sign(&done, &request, &signer, arena, &err) != STATOR_OK)
        fail_msg("%s: %s", folder, err.message);
    assert_file_is(folder, "header-canonical-request.txt", done.canonical, arena);
    assert_file_is(folder, "header-string-to-sign.txt", done.string_to_sign, arena);
    assert_file_is(folder, "header-signature.txt", done.signature, arena);
    assert_headers_sent(folder, &done, arena);
    verify_header(folder, &context, arena);
    /* A token that is not signed stands in the query all the same: that is for those who put it there. */
    if (vector_has(folder, "query-signed-request.txt") && !context.omit_token) {
        verify_query(folder, &context, arena);
        (*presigned)++;
    }
}

static void vectors(void **state)
{
    const char *given = getenv("STATOR_SIGV4_VECTORS");
    const char *root = given != NULL ? given : VECTORS;
    DIR *directory = opendir(root);
    size_t count = 0, presigned = 0;

    (void)state;
    assert_non_null(directory);
    for (struct dirent *entry = readdir(directory); entry != NULL; entry = readdir(directory)) {
        char folder[512];
        struct arena arena;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(folder, sizeof(folder), "%s/%s", root, entry->d_name);
        arena_init(&arena, 8 << 20);
        run_vector(folder, &presigned, &arena);
        arena_deinit(&arena);
        count++;
    }
    closedir(directory);
    assert_true(count >= 36 && presigned >= 6);
}

/* --- Dates -------------------------------------------------------------------------------------------------------- */

static void assert_date_is(int64_t time)
{
    char ours[SIGV4_DATE_LEN], theirs[32];
    int64_t back;
    time_t system_time = (time_t)time;
    struct tm tm;

    assert_true(sigv4_date(ours, time));
    assert_non_null(gmtime_r(&system_time, &tm));
    strftime(theirs, sizeof(theirs), "%Y%m%dT%H%M%SZ", &tm);
    assert_memory_equal(ours, theirs, SIGV4_DATE_LEN);
    assert_true(sigv4_time(&back, bytes_of(ours, sizeof(ours))));
    assert_int_equal(back, time);
}

/* The system's calendar agrees, for every day up to 2400 and then for some. */
static void dates(void **state)
{
    (void)state;
    for (int64_t day = 0; day < 157054; day++)
        assert_date_is(day * 86400 + day % 86400);
    for (int64_t time = 0; time <= SIGV4_TIME_MAX; time += 86400 * 73 + 1237)
        assert_date_is(time);
    assert_date_is(SIGV4_TIME_MAX);
}

static void no_dates(void **state)
{
    static const char *const texts[] = {
        "",
        "20150830T123600",
        "20150830T123600Zx",
        "20150830t123600Z",
        "20150830T123600z",
        "2015083 T123600Z",
        "20150830T12360:Z",
        "20150431T000000Z", /* April has 30 days */
        "20150229T000000Z",
        "21000229T000000Z",
        "20151301T000000Z",
        "20150001T000000Z",
        "20150100T000000Z",
        "20150101T240000Z",
        "20150101T006000Z",
        "20150101T000060Z",
        "19691231T235959Z",
        "00000000T000000Z",
    };
    char out[SIGV4_DATE_LEN];
    int64_t time;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (sigv4_time(&time, bytes_of_string(texts[i])))
            fail_msg("%s is a date", texts[i]);
    assert_false(sigv4_date(out, -1));
    assert_false(sigv4_date(out, SIGV4_TIME_MAX + 1));
    assert_false(sigv4_date(out, INT64_MIN));
}

/* --- Keys --------------------------------------------------------------------------------------------------------- */

static void make(struct sigv4_key *key, const char *secret, int64_t time, const char *region, const char *service)
{
    struct stator_error err;

    assert_int_equal(
        sigv4_key_make(key, bytes_of_string(secret), time, bytes_of_string(region), bytes_of_string(service), &err),
        STATOR_OK);
}

/* Whatever is different makes another key; what is the same, or another time of the day, does not. */
static void keys(void **state)
{
    static const struct {
        const char *secret;
        int64_t time;
        const char *region, *service;
        bool same;
    } others[] = {
        {SECRET, NOON + 3600, "us-east-1", "dynamodb", true}, {SECRET, NOON + 86400, "us-east-1", "dynamodb", false},
        {SECRET, NOON, "us-east-2", "dynamodb", false},       {SECRET, NOON, "us-east-1", "s3", false},
        {"x" SECRET, NOON, "us-east-1", "dynamodb", false},
    };
    static const struct sigv4_key none;
    struct sigv4_key first = {0}, key;

    (void)state;
    make(&first, SECRET, NOON, "us-east-1", "dynamodb");
    assert_bytes_are(sigv4_key_scope(&first), "20150830/us-east-1/dynamodb/aws4_request");
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct sigv4_key fresh = {0};

        key = first;
        make(&key, others[i].secret, others[i].time, others[i].region, others[i].service);
        make(&fresh, others[i].secret, others[i].time, others[i].region, others[i].service);
        assert_int_equal(memcmp(&key, &first, sizeof(key)) == 0, others[i].same);
        assert_memory_equal(&key, &fresh, sizeof(key));
    }
    sigv4_key_wipe(&key);
    assert_memory_equal(&key, &none, sizeof(key));
}

static void no_keys(void **state)
{
    static char longest[SIGV4_SECRET_MAX + 1], too_long[SIGV4_SECRET_MAX + 2], name[SIGV4_NAME_MAX + 2];
    static const struct {
        const char *secret;
        int64_t time;
        const char *region, *service, *message;
    } cases[] = {
        {"", NOON, "r", "s", "The secret access key must have 1 to 256 characters"},
        {too_long, NOON, "r", "s", "The secret access key must have 1 to 256 characters"},
        {SECRET, NOON, "", "s", "The region is no name that a signature can have"},
        {SECRET, NOON, "a/b", "s", "The region is no name that a signature can have"},
        {SECRET, NOON, "a\n", "s", "The region is no name that a signature can have"},
        {SECRET, NOON, name, "s", "The region is no name that a signature can have"},
        {SECRET, NOON, "r", "", "The service is no name that a signature can have"},
        {SECRET, NOON, "r", "caf\xC3\xA9", "The service is no name that a signature can have"},
        {SECRET, -1, "r", "s", "The time is none that a signature can have"},
    };
    static const struct sigv4_key none;

    (void)state;
    memset(longest, 's', SIGV4_SECRET_MAX);
    memset(too_long, 's', SIGV4_SECRET_MAX + 1);
    memset(name, 'n', SIGV4_NAME_MAX + 1);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct sigv4_key key = {0};
        struct stator_error err = {0};

        make(&key, longest, NOON, name + 1, name + 1);
        assert_int_equal(sigv4_key_make(&key, bytes_of_string(cases[i].secret), cases[i].time,
                                        bytes_of_string(cases[i].region), bytes_of_string(cases[i].service), &err),
                         STATOR_VALIDATION);
        assert_string_equal(err.message, cases[i].message);
        assert_memory_equal(&key, &none, sizeof(key));
    }
}

static void equal_signatures(void **state)
{
    char signature[SIGV4_HEX_LEN + 1], other[SIGV4_HEX_LEN + 1];

    (void)state;
    memset(signature, 'a', sizeof(signature));
    for (size_t i = 0; i < SIGV4_HEX_LEN; i++) {
        memcpy(other, signature, sizeof(other));
        other[i] = 'b';
        assert_false(sigv4_signature_equal(signature, bytes_of(other, SIGV4_HEX_LEN)));
    }
    assert_true(sigv4_signature_equal(signature, bytes_of(signature, SIGV4_HEX_LEN)));
    assert_false(sigv4_signature_equal(signature, bytes_of(signature, SIGV4_HEX_LEN - 1)));
    assert_false(sigv4_signature_equal(signature, bytes_of(signature, SIGV4_HEX_LEN + 1)));
    assert_false(sigv4_signature_equal(signature, bytes_of(NULL, 0)));
}

/* --- Canonical requests ------------------------------------------------------------------------------------------- */

/* What the vectors do not have, for no client should send it. */
static void odd_queries(void **state)
{
    static const struct {
        const char *query, *canonical;
    } cases[] = {
        {"a", "a="},
        {"a=b=c", "a=b%3Dc"},
        {"&&a=1&", "a=1"},
        {"=1", "=1"},
        {"%", "%25="},
        {"%4", "%254="},
        {"%4g=%e1", "%254g=%E1"},
        {"a=%41%7e", "a=A~"},
        {"a+b=c d", "a%2Bb=c%20d"},
        {"X-Amz-Signature=1&X-Amz-Date=2", "X-Amz-Date=2"},
        {"X-Amz-Signature", ""},
        {"b=1&a=2&a=1&a", "a=&a=1&a=2&b=1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct sigv4_request request = {.method = BYTES("GET"), .query = bytes_of_string(cases[i].query)};
        struct bytes canonical, names;
        struct stator_error err;
        struct arena arena;
        char expected[256];

        arena_init(&arena, 65536);
        assert_int_equal(sigv4_canonical(&canonical, &names, &request, &arena, &err), STATOR_OK);
        snprintf(expected, sizeof(expected), "GET\n/\n%s\n\n\n", cases[i].canonical);
        assert_bytes_are(canonical, expected);
        assert_int_equal(names.len, 0);
        arena_deinit(&arena);
    }
}

/* What could make up lines of its own, or headers, is refused; no message shows it. */
static void refused(void **state)
{
    static const struct {
        const char *method, *header, *key_id, *token, *message;
    } cases[] = {
        {"GE T", "host", "AKID", "", "A request to be signed has a method that HTTP does not allow"},
        {"", "host", "AKID", "", "A request to be signed has a method that HTTP does not allow"},
        {"GET", "a:b\nhost", "AKID", "", "A header to be signed has a name that HTTP does not allow"},
        {"GET", "", "AKID", "", "A header to be signed has a name that HTTP does not allow"},
        {"GET", "x-amz-DATE", "AKID", "", "The header x-amz-DATE is made by signing and cannot be given"},
        {"GET", "X-Amz-Security-Token", "AKID", "",
         "The header X-Amz-Security-Token is made by signing and cannot be given"},
        {"GET", "authorization", "AKID", "", "The header authorization is made by signing and cannot be given"},
        {"GET", "host", "", "", "The access key id is empty or has characters that no header can carry"},
        {"GET", "host", "AK,ID", "", "The access key id is empty or has characters that no header can carry"},
        {"GET", "host", "AK ID", "", "The access key id is empty or has characters that no header can carry"},
        {"GET", "host", "AKID", "a\r\nX: y", "The session token has characters that no header can carry"},
        {"GET", "host", "AKID", "a\n", "The session token has characters that no header can carry"},
    };
    struct sigv4_key key = {0};

    (void)state;
    make(&key, SECRET, NOON, "us-east-1", "dynamodb");
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct sigv4_header header = {bytes_of_string(cases[i].header), BYTES("v")};
        const struct sigv4_request request = {
            .method = bytes_of_string(cases[i].method), .headers = &header, .headers_count = 1};
        const struct sigv4_signer signer = {bytes_of_string(cases[i].key_id), bytes_of_string(cases[i].token), &key,
                                            NOON};
        struct sigv4_signed done;
        struct stator_error err = {0};
        struct arena arena;

        arena_init(&arena, 65536);
        assert_int_equal(sigv4_sign(&done, &request, &signer, &arena, &err), STATOR_VALIDATION);
        assert_string_equal(err.message, cases[i].message);
        arena_deinit(&arena);
    }
}

/* Every arena that is too small gives an error, and one that is just enough the same as a large one. */
static void full_arena(void **state)
{
    const struct sigv4_header headers[] = {{BYTES("Host"), BYTES("a")}, {BYTES("X-A"), BYTES("b  c")}};
    const struct sigv4_request request = {.method = BYTES("POST"),
                                          .path = BYTES("/a/../b"),
                                          .query = BYTES("b=1&a=2"),
                                          .headers = headers,
                                          .headers_count = COUNT_OF(headers),
                                          .payload_hash = BYTES(SIGV4_UNSIGNED_PAYLOAD)};
    struct sigv4_key key = {0};
    const struct sigv4_signer signer = {BYTES("AKID"), BYTES("token"), &key, NOON};
    enum stator_rc rc = STATOR_NO_MEMORY;
    size_t failures = 0;

    (void)state;
    make(&key, SECRET, NOON, "us-east-1", "dynamodb");
    for (size_t max = 1; rc != STATOR_OK; max++) {
        struct sigv4_signed done;
        struct stator_error err = {0};
        struct arena arena;

        arena_init(&arena, max);
        rc = sigv4_sign(&done, &request, &signer, &arena, &err);
        if (rc != STATOR_OK) {
            assert_int_equal(rc, STATOR_NO_MEMORY);
            failures++;
        } else {
            assert_bytes_are(done.signed_headers, "host;x-a;x-amz-date;x-amz-security-token");
            assert_int_equal(done.headers_count, 3);
        }
        arena_deinit(&arena);
    }
    assert_true(failures > 100);
}

/* As many parameters and headers as anyone may send are sorted in no time. */
static void many(void **state)
{
    enum { COUNT = 20000 };
    struct sigv4_request request = {.method = BYTES("GET"), .headers_count = COUNT};
    struct sigv4_header *headers = calloc(COUNT, sizeof(*headers));
    char *query = malloc(COUNT * 8), *names = malloc(COUNT * 8);
    struct bytes canonical, signed_headers;
    struct stator_error err;
    struct arena arena;

    (void)state;
    assert_true(headers != NULL && query != NULL && names != NULL);
    for (int i = 0; i < COUNT; i++) {
        snprintf(query + i * 7, 8, "&%06d", COUNT - i);
        snprintf(names + i * 7, 8, "a%05d", i % 7);
        headers[i] = (struct sigv4_header){bytes_of(names + i * 7, 6), bytes_of(query + i * 7 + 1, 6)};
    }
    request.query = bytes_of(query, COUNT * 7);
    request.headers = headers;
    arena_init(&arena, 16 << 20);
    assert_int_equal(sigv4_canonical(&canonical, &signed_headers, &request, &arena, &err), STATOR_OK);
    assert_bytes_are(signed_headers, "a00000;a00001;a00002;a00003;a00004;a00005;a00006");
    assert_true(bytes_starts_with(canonical, BYTES("GET\n/\n000001=&000002=&")));
    arena_deinit(&arena);
    free(headers);
    free(query);
    free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),     cmocka_unit_test(dates),   cmocka_unit_test(no_dates),
        cmocka_unit_test(keys),        cmocka_unit_test(no_keys), cmocka_unit_test(equal_signatures),
        cmocka_unit_test(odd_queries), cmocka_unit_test(refused), cmocka_unit_test(full_arena),
        cmocka_unit_test(many),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
