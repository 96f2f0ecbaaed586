/* SPDX-License-Identifier: Apache-2.0 */
/* The checks and their order are the service's. Those of the signature proper are left out: that the
 * date is near, that host is signed, that key, scope and signature are right. */
#include "auth/auth.h"

#include <stdio.h>

#include "base/utf8.h"
#include "sign/authorization.h"
#include "sign/sigv4.h"

/* Texts of the client quoted in a message are cut here, so that the message never is. */
#define QUOTED_MAX 1500

#define ACCESS_KEY_MAX 128
#define REGION_MAX     64

/* What a signature consists of, from header or query. An empty one counts as absent. */
struct parts {
    struct bytes algorithm, credential, signature, signed_headers, date;
};

/* Fit to stand in a JSON text: valid UTF-8 and not too long. */
static struct bytes quotable(struct bytes text, struct arena *arena)
{
    uint8_t *copy;

    if (text.len <= QUOTED_MAX && utf8_valid(text))
        return text;
    if (text.len > QUOTED_MAX)
        text.len = QUOTED_MAX;
    copy = arena_alloc(arena, text.len);
    if (copy == NULL)
        return BYTES("");
    for (size_t i = 0; i < text.len; i++)
        copy[i] = text.at[i] < 0x80 ? text.at[i] : '?';
    return bytes_of(copy, text.len);
}

/* --- The header ----------------------------------------------------------------------------------------------------
 */

static struct parts parts_of_header(const struct auth_input *input)
{
    struct authorization header = authorization_of(input->authorization);

    return (struct parts){.algorithm = header.algorithm,
                          .credential = header.credential,
                          .signature = header.signature,
                          .signed_headers = header.signed_headers,
                          .date = input->x_amz_date};
}

static enum stator_rc check_header_parts(const struct parts *parts, const struct auth_input *input, struct arena *arena,
                                         struct stator_error *err)
{
    bool no_date = input->x_amz_date.len == 0 && input->date.len == 0;
    struct bytes quoted;

    if (parts->credential.len != 0 && parts->signature.len != 0 && parts->signed_headers.len != 0 && !no_date)
        return STATOR_OK;
    quoted = quotable(input->authorization, arena);
    return stator_fail(
        err, STATOR_INCOMPLETE_SIGNATURE, "%s%s%s%sAuthorization=%.*s",
        parts->credential.len == 0 ? "Authorization header requires 'Credential' parameter. " : "",
        parts->signature.len == 0 ? "Authorization header requires 'Signature' parameter. " : "",
        parts->signed_headers.len == 0 ? "Authorization header requires 'SignedHeaders' parameter. " : "",
        no_date ? "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " : "",
        BYTES_ARG(quoted));
}

/* --- The query ---------------------------------------------------------------------------------------------------- */

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* "AKID%2F20130301%2F..." decoded. What is no escape stays as it is. */
static struct bytes percent_decode(struct bytes text, struct arena *arena)
{
    uint8_t *out;
    size_t len = 0;

    if (text.len == 0 || memchr(text.at, '%', text.len) == NULL)
        return text;
    out = arena_alloc(arena, text.len);
    if (out == NULL)
        return BYTES("");
    for (size_t i = 0; i < text.len; i++) {
        int high = i + 2 < text.len && text.at[i] == '%' ? hex_digit(text.at[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.at[i + 2]) : -1;

        out[len++] = (uint8_t)(low >= 0 ? high << 4 | low : text.at[i]);
        i += low >= 0 ? 2 : 0;
    }
    return bytes_of(out, len);
}

/* True when X-Amz-Algorithm is there, if only by its name: the request is presigned. */
static bool parts_of_query(struct parts *parts, struct bytes query, struct arena *arena)
{
    bool presigned = false;

    while (query.len != 0) {
        struct bytes value = authorization_cut(&query, '&');
        struct bytes name = authorization_cut(&value, '=');

        if (bytes_equal_string(name, "X-Amz-Algorithm")) {
            presigned = true;
            parts->algorithm = value;
        } else if (bytes_equal_string(name, "X-Amz-Credential")) {
            parts->credential = percent_decode(value, arena);
        } else if (bytes_equal_string(name, "X-Amz-Signature")) {
            parts->signature = value;
        } else if (bytes_equal_string(name, "X-Amz-SignedHeaders")) {
            parts->signed_headers = value;
        } else if (bytes_equal_string(name, "X-Amz-Date")) {
            parts->date = value;
        }
    }
    return presigned;
}

static enum stator_rc check_query_parts(const struct parts *parts, struct stator_error *err)
{
    char message[512];
    size_t len = 0;
    const struct {
        struct bytes value;
        const char *name;
    } needed[] = {{parts->algorithm, "Algorithm"},
                  {parts->credential, "Credential"},
                  {parts->signature, "Signature"},
                  {parts->signed_headers, "SignedHeaders"},
                  {parts->date, "Date"}};

    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (needed[i].value.len == 0)
            len += (size_t)snprintf(message + len, sizeof(message) - len,
                                    "AWS query-string parameters must include 'X-Amz-%s'. ", needed[i].name);
    if (len == 0)
        return STATOR_OK;
    return stator_fail(err, STATOR_INCOMPLETE_SIGNATURE, "%sRe-examine the query-string parameters.", message);
}

/* --- Both --------------------------------------------------------------------------------------------------------- */

/* 20130609T100015Z */
static bool is_basic_date(struct bytes date)
{
    if (date.len != 16 || date.at[8] != 'T' || date.at[15] != 'Z')
        return false;
    for (size_t i = 0; i < 15; i++)
        if (i != 8 && (date.at[i] < '0' || date.at[i] > '9'))
            return false;
    return true;
}

/* Letters, digits, and some more. */
static bool consists_of(struct bytes text, const char *others)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i], lower = c | 0x20;

        if ((lower < 'a' || lower > 'z') && (c < '0' || c > '9') && (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    return true;
}

/* Whether an access key may be one: with --isolate-by it names tables, and is a label of their metrics. */
static bool access_key_is_good(struct bytes key)
{
    return key.len != 0 && key.len <= ACCESS_KEY_MAX && consists_of(key, "_+/=.-");
}

/* Any name will do: clients of a local server have regions like "local". With --isolate-by it stands in ARNs. */
static enum stator_rc check_region(struct bytes region, struct arena *arena, struct stator_error *err)
{
    struct bytes quoted;

    if (region.len <= REGION_MAX && consists_of(region, "_.-"))
        return STATOR_OK;
    quoted = quotable(region, arena);
    return stator_fail(err, STATOR_INVALID_SIGNATURE, "Credential should be scoped to a valid region, not '%.*s'. ",
                       BYTES_ARG(quoted));
}

/* "AKID/20130609/us-east-1/dynamodb/aws4_request". A key that cannot be one is told as the service tells one that it does
 * not know. */
static enum stator_rc check_credential(struct auth_identity *out, struct bytes text, struct arena *arena,
                                       struct stator_error *err)
{
    struct credential credential;

    if (!credential_split(&credential, text)) {
        struct bytes quoted = quotable(text, arena);

        return stator_fail(err, STATOR_INCOMPLETE_SIGNATURE,
                           "Credential must have exactly 5 slash-delimited elements, e.g. "
                           "keyid/date/region/service/term, got '%.*s'",
                           BYTES_ARG(quoted));
    }
    if (!access_key_is_good(credential.access_key_id) || !utf8_valid(text))
        return stator_fail(err, STATOR_UNRECOGNIZED_CLIENT, "The security token included in the request is invalid.");
    STATOR_TRY(check_region(credential.region, arena, err));
    out->access_key = credential.access_key_id;
    out->region = credential.region;
    return STATOR_OK;
}

static enum stator_rc identify(struct auth_identity *out, const struct parts *parts, struct arena *arena,
                               struct stator_error *err)
{
    struct bytes quoted;

    /* A Date header may have other forms; only X-Amz-Date must have this one. */
    if (parts->date.len != 0 && !is_basic_date(parts->date)) {
        quoted = quotable(parts->date, arena);
        return stator_fail(err, STATOR_INCOMPLETE_SIGNATURE,
                           "Date must be in ISO-8601 'basic format'. Got '%.*s'. See "
                           "http://en.wikipedia.org/wiki/ISO_8601",
                           BYTES_ARG(quoted));
    }
    if (!bytes_equal_string(parts->algorithm, SIGV4_ALGORITHM)) {
        quoted = quotable(parts->algorithm, arena);
        return stator_fail(err, STATOR_INCOMPLETE_SIGNATURE,
                           "Unsupported AWS 'algorithm': '%.*s' (only " SIGV4_ALGORITHM " for now). ",
                           BYTES_ARG(quoted));
    }
    return check_credential(out, parts->credential, arena, err);
}

enum stator_rc auth_identify(struct auth_identity *out, const struct auth_input *input, struct arena *arena,
                             struct stator_error *err)
{
    struct parts parts = {0};

    if (input->query.len != 0 && parts_of_query(&parts, input->query, arena)) {
        if (bytes_present(input->authorization))
            return stator_fail(err, STATOR_INVALID_SIGNATURE,
                               "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP "
                               "header.");
        STATOR_TRY(check_query_parts(&parts, err));
        return identify(out, &parts, arena, err);
    }
    if (!bytes_present(input->authorization) || !bytes_starts_with(input->authorization, BYTES("AWS4-")))
        return stator_fail(err, STATOR_MISSING_AUTHENTICATION_TOKEN, "Request is missing Authentication Token");
    parts = parts_of_header(input);
    STATOR_TRY(check_header_parts(&parts, input, arena, err));
    return identify(out, &parts, arena, err);
}
