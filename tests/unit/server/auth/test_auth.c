/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "auth/auth.h"

#define SCOPE "20130609/us-east-1/dynamodb/aws4_request"
#define REST  ", SignedHeaders=host;x-amz-date, Signature=b"
#define DATE  "20130609T100015Z"

struct case_ {
    const char *authorization, *x_amz_date, *date, *query; /* NULL: absent */
    const char *access_key, *region;                       /* when it is accepted */
    enum stator_rc rc;
    const char *message;
};

#define NEEDS_CREDENTIAL "Authorization header requires 'Credential' parameter. "
#define NEEDS_SIGNATURE  "Authorization header requires 'Signature' parameter. "
#define NEEDS_SIGNED     "Authorization header requires 'SignedHeaders' parameter. "
#define NEEDS_DATE       "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
#define QUERY(name)      "AWS query-string parameters must include 'X-Amz-" name "'. "
#define EXAMINE          "Re-examine the query-string parameters."
#define UNKNOWN          "The security token included in the request is invalid."
#define KEY_32           "0123456789abcdef0123456789abcdef"
#define KEY_128          KEY_32 KEY_32 KEY_32 KEY_32
#define PRESIGNED(key)                                                                                                 \
    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=" key "%2F20130609%2feu-west-1%2Fdynamodb%2Faws4_request&"      \
    "X-Amz-Date=" DATE "&X-Amz-SignedHeaders=host&X-Amz-Signature=b"
#define MISSING "Request is missing Authentication Token"
#define BOTH    "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."

static const struct case_ cases[] = {
    /* accepted */
    {"AWS4-HMAC-SHA256 Credential=AKID/" SCOPE REST, DATE, NULL, NULL, "AKID", "us-east-1", STATOR_OK, NULL},
    {"AWS4-HMAC-SHA256 Credential=AKID/" SCOPE ",SignedHeaders=host,Signature=b", DATE, NULL, NULL, "AKID", "us-east-1",
     STATOR_OK, NULL},
    {"AWS4-HMAC-SHA256 SignedHeaders=host Signature=b Credential=k/1/local/any/any", NULL,
     "Mon, 09 Sep 2011 23:36:00 GMT", "", "k", "local", STATOR_OK, NULL},
    {NULL, NULL, NULL,
     "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKID%2F20130609%2feu-west-1%2Fdynamodb%2Faws4_request&"
     "X-Amz-Date=" DATE "&X-Amz-SignedHeaders=host&X-Amz-Signature=b",
     "AKID", "eu-west-1", STATOR_OK, NULL},

    /* missing */
    {NULL, DATE, NULL, NULL, NULL, NULL, STATOR_MISSING_AUTHENTICATION_TOKEN, MISSING},
    {"AWS4", DATE, NULL, NULL, NULL, NULL, STATOR_MISSING_AUTHENTICATION_TOKEN, MISSING},
    {"", DATE, NULL, NULL, NULL, NULL, STATOR_MISSING_AUTHENTICATION_TOKEN, MISSING},
    {"Bearer x", DATE, NULL, NULL, NULL, NULL, STATOR_MISSING_AUTHENTICATION_TOKEN, MISSING},
    {"X", NULL, NULL, "X-Amz-Algorith", NULL, NULL, STATOR_MISSING_AUTHENTICATION_TOKEN, MISSING},
    {NULL, NULL, NULL, "X-Amz-Credential=a&X-Amz-Signature=b&X-Amz-SignedHeaders=c&X-Amz-Date=d", NULL, NULL,
     STATOR_MISSING_AUTHENTICATION_TOKEN, MISSING},
    {"X", NULL, NULL, "X-Amz-Algorithm", NULL, NULL, STATOR_INVALID_SIGNATURE, BOTH},

    /* incomplete header */
    {"AWS4-", NULL, NULL, NULL, NULL, NULL, STATOR_INCOMPLETE_SIGNATURE,
     NEEDS_CREDENTIAL NEEDS_SIGNATURE NEEDS_SIGNED NEEDS_DATE "Authorization=AWS4-"},
    {"AWS4- Signature=b Credential=a", NULL, "a", NULL, NULL, NULL, STATOR_INCOMPLETE_SIGNATURE,
     NEEDS_SIGNED "Authorization=AWS4- Signature=b Credential=a"},
    {"AWS4- Signature=b,Credential=a", NULL, "a", NULL, NULL, NULL, STATOR_INCOMPLETE_SIGNATURE,
     NEEDS_SIGNED "Authorization=AWS4- Signature=b,Credential=a"},
    {"AWS4- Signature=b, Credential=a", NULL, "a", NULL, NULL, NULL, STATOR_INCOMPLETE_SIGNATURE,
     NEEDS_SIGNED "Authorization=AWS4- Signature=b, Credential=a"},
    {"AWS4-HMAC-SHA256 Credential=, SignedHeaders, Signature=b", DATE, NULL, NULL, NULL, NULL,
     STATOR_INCOMPLETE_SIGNATURE,
     NEEDS_CREDENTIAL NEEDS_SIGNED "Authorization=AWS4-HMAC-SHA256 Credential=, SignedHeaders, Signature=b"},
    {"AWS4-HMAC-SHA256 Credential=a, \xff", DATE, NULL, NULL, NULL, NULL, STATOR_INCOMPLETE_SIGNATURE,
     NEEDS_SIGNATURE NEEDS_SIGNED "Authorization=AWS4-HMAC-SHA256 Credential=a, ?"},

    /* incomplete query */
    {NULL, NULL, NULL, "X-Amz-Algorithm", NULL, NULL, STATOR_INCOMPLETE_SIGNATURE,
     QUERY("Algorithm") QUERY("Credential") QUERY("Signature") QUERY("SignedHeaders") QUERY("Date") EXAMINE},
    {NULL, NULL, NULL, "X-Amz-Algorithm=a&X-Amz-Credential=b&X-Amz-Signature=c&X-Amz-Date=d", NULL, NULL,
     STATOR_INCOMPLETE_SIGNATURE, QUERY("SignedHeaders") EXAMINE},

    /* malformed parts, in the service's order */
    {"AWS4-X Credential=a" REST, "201", NULL, NULL, NULL, NULL, STATOR_INCOMPLETE_SIGNATURE,
     "Date must be in ISO-8601 'basic format'. Got '201'. See http://en.wikipedia.org/wiki/ISO_8601"},
    {"AWS4-X Credential=a" REST, DATE, NULL, NULL, NULL, NULL, STATOR_INCOMPLETE_SIGNATURE,
     "Unsupported AWS 'algorithm': 'AWS4-X' (only AWS4-HMAC-SHA256 for now). "},
    {"AWS4-HMAC-SHA256 Credential=a" REST, DATE, NULL, NULL, NULL, NULL, STATOR_INCOMPLETE_SIGNATURE,
     "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'a'"},
    {"AWS4-HMAC-SHA256 Credential=" SCOPE REST, DATE, NULL, NULL, NULL, NULL, STATOR_INCOMPLETE_SIGNATURE,
     "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '" SCOPE "'"},
    {"AWS4-HMAC-SHA256 Credential=/" SCOPE REST, DATE, NULL, NULL, NULL, NULL, STATOR_UNRECOGNIZED_CLIENT, UNKNOWN},

    /* what an access key may consist of */
    {"AWS4-HMAC-SHA256 Credential=Az09_+/=.-/" SCOPE REST, DATE, NULL, NULL, "Az09_+/=.-", "us-east-1", STATOR_OK,
     NULL},
    {"AWS4-HMAC-SHA256 Credential=//a///" SCOPE REST, DATE, NULL, NULL, "//a//", "us-east-1", STATOR_OK, NULL},
    {"AWS4-HMAC-SHA256 Credential=" KEY_128 "/" SCOPE REST, DATE, NULL, NULL, KEY_128, "us-east-1", STATOR_OK, NULL},
    {"AWS4-HMAC-SHA256 Credential=" KEY_128 "x/" SCOPE REST, DATE, NULL, NULL, NULL, NULL, STATOR_UNRECOGNIZED_CLIENT,
     UNKNOWN},
    {"AWS4-HMAC-SHA256 Credential=a:b/" SCOPE REST, DATE, NULL, NULL, NULL, NULL, STATOR_UNRECOGNIZED_CLIENT, UNKNOWN},
    {"AWS4-HMAC-SHA256 Credential=a{b/" SCOPE REST, DATE, NULL, NULL, NULL, NULL, STATOR_UNRECOGNIZED_CLIENT, UNKNOWN},
    {"AWS4-HMAC-SHA256 Credential=a\x01/" SCOPE REST, DATE, NULL, NULL, NULL, NULL, STATOR_UNRECOGNIZED_CLIENT,
     UNKNOWN},
    {"AWS4-HMAC-SHA256 Credential=\xC3\xA9/" SCOPE REST, DATE, NULL, NULL, NULL, NULL, STATOR_UNRECOGNIZED_CLIENT,
     UNKNOWN},
    {NULL, NULL, NULL, PRESIGNED("a%2B%3D_"), "a+=_", "eu-west-1", STATOR_OK, NULL},
    {NULL, NULL, NULL, PRESIGNED("a%2fb/c"), "a/b/c", "eu-west-1", STATOR_OK, NULL},
    {NULL, NULL, NULL, PRESIGNED("a%00"), NULL, NULL, STATOR_UNRECOGNIZED_CLIENT, UNKNOWN},
    {NULL, NULL, NULL, PRESIGNED("a%0Ab"), NULL, NULL, STATOR_UNRECOGNIZED_CLIENT, UNKNOWN},
    {NULL, NULL, NULL, PRESIGNED("%1b"), NULL, NULL, STATOR_UNRECOGNIZED_CLIENT, UNKNOWN},
    {NULL, NULL, NULL, PRESIGNED("a%20b"), NULL, NULL, STATOR_UNRECOGNIZED_CLIENT, UNKNOWN},
    {NULL, NULL, NULL, PRESIGNED("a%zz"), NULL, NULL, STATOR_UNRECOGNIZED_CLIENT, UNKNOWN},
    {"AWS4-HMAC-SHA256 Credential=a/20130301/us_east.1-local/dynamodb/aws4_request" REST, DATE, NULL, NULL, "a",
     "us_east.1-local", STATOR_OK, NULL},
    {"AWS4-HMAC-SHA256 Credential=a/20130301/us:east/dynamodb/aws4_request" REST, DATE, NULL, NULL, NULL, NULL,
     STATOR_INVALID_SIGNATURE, "Credential should be scoped to a valid region, not 'us:east'. "},
    {"AWS4-HMAC-SHA256 Credential=a/20130301/" KEY_128 "/dynamodb/aws4_request" REST, DATE, NULL, NULL, NULL, NULL,
     STATOR_INVALID_SIGNATURE, "Credential should be scoped to a valid region, not '" KEY_128 "'. "},
};

static struct bytes view(const char *text)
{
    return text == NULL ? (struct bytes){0} : bytes_of_string(text);
}

static void identify(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct case_ *c = &cases[i];
        const struct auth_input input = {view(c->authorization), view(c->x_amz_date), view(c->date), view(c->query)};
        struct auth_identity identity = {0};
        struct stator_error err = {0};
        struct arena arena;

        arena_init(&arena, 65536);
        assert_int_equal(auth_identify(&identity, &input, &arena, &err), c->rc);
        if (c->rc == STATOR_OK) {
            assert_bytes_are(identity.access_key, c->access_key);
            assert_bytes_are(identity.region, c->region);
        } else {
            assert_int_equal(err.rc, c->rc);
            assert_string_equal(err.message, c->message);
        }
        arena_deinit(&arena);
    }
}

/* Whatever a client sends is read to its end and no further: under ASan each input is a block of its own. */
static void cut_short(void **state)
{
    static const char header[] = "AWS4-HMAC-SHA256 Credential=AKID/" SCOPE REST;
    static const char query[] = "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F1%2F2%2F3%2F4&X-Amz-Date=" DATE
                                "&X-Amz-SignedHeaders=host&X-Amz-Signature=b";
    struct auth_identity identity;
    struct stator_error err;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1024 * 1024);
    for (size_t len = 0; len < sizeof(query); len++) {
        struct bytes short_header = arena_copy(&arena, bytes_of(header, len < sizeof(header) ? len : 0));
        struct bytes short_query = arena_copy(&arena, bytes_of(query, len));
        const struct auth_input by_header = {.authorization = short_header, .x_amz_date = BYTES(DATE)};
        const struct auth_input by_query = {.query = short_query};

        (void)!auth_identify(&identity, &by_header, &arena, &err);
        (void)!auth_identify(&identity, &by_query, &arena, &err);
    }
    arena_deinit(&arena);
}

/* A message never outgrows its buffer, nor ends inside a character. */
static void huge_header(void **state)
{
    struct auth_identity identity;
    struct stator_error err;
    static char text[8000] = "AWS4-";
    struct arena arena;

    (void)state;
    for (size_t i = 5; i + 2 < sizeof(text); i += 2)
        memcpy(text + i, "\xC3\xA9", 3);
    arena_init(&arena, 65536);
    assert_int_equal(
        auth_identify(&identity, &(struct auth_input){.authorization = bytes_of_string(text)}, &arena, &err),
        STATOR_INCOMPLETE_SIGNATURE);
    assert_true(strlen(err.message) < STATOR_ERROR_MESSAGE_MAX - 1);
    assert_int_equal(err.message[strlen(err.message) - 1], '?');
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identify),
        cmocka_unit_test(cut_short),
        cmocka_unit_test(huge_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
