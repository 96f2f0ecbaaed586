/* SPDX-License-Identifier: Apache-2.0 */
#include "sign/sigv4.h"

#include "sign/text.h"

struct bytes sigv4_string_to_sign(struct bytes date, struct bytes scope, struct bytes canonical, struct arena *arena)
{
    struct bytes algorithm = BYTES(SIGV4_ALGORITHM);
    uint8_t *text = arena_alloc(arena, algorithm.len + date.len + scope.len + SIGV4_HEX_LEN + 3);
    uint8_t *at;

    if (text == NULL)
        return bytes_of(NULL, 0);
    at = put_byte(put(text, algorithm), '\n');
    at = put_byte(put(at, date), '\n');
    at = put_byte(put(at, scope), '\n');
    sigv4_payload_hash((char *)at, canonical);
    return bytes_of(text, (size_t)(at - text) + SIGV4_HEX_LEN);
}

/* --- All of it ---------------------------------------------------------------------------------------------------- */

/* What a credential can be in a header: no blank, nothing unprintable. A key id ends at its first comma. */
static bool is_credential(struct bytes text, bool key_id)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~' || (key_id && text.at[i] == ','))
            return false;
    return true;
}

static bool same_name(struct bytes name, struct bytes lower)
{
    if (name.len != lower.len)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if ((name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] + ('a' - 'A') : name.at[i]) != lower.at[i])
            return false;
    return true;
}

static enum stator_rc check(const struct sigv4_request *request, const struct sigv4_signer *signer,
                            struct stator_error *err)
{
    if (signer->access_key_id.len == 0 || !is_credential(signer->access_key_id, true))
        return stator_fail(err, STATOR_VALIDATION,
                           "The access key id is empty or has characters that no header can carry");
    if (!is_credential(signer->session_token, false))
        return stator_fail(err, STATOR_VALIDATION, "The session token has characters that no header can carry");
    for (size_t i = 0; i < request->headers_count; i++) {
        struct bytes name = request->headers[i].name;

        if (same_name(name, BYTES("x-amz-date")) || same_name(name, BYTES("x-amz-security-token")) ||
            same_name(name, BYTES("authorization")))
            return stator_fail(err, STATOR_VALIDATION, "The header %.*s is made by signing and cannot be given",
                               BYTES_ARG(name));
    }
    return STATOR_OK;
}

static enum stator_rc put_authorization(struct bytes *out, struct bytes key_id, struct bytes scope,
                                        const struct sigv4_signed *done, struct arena *arena, struct stator_error *err)
{
    const struct bytes parts[] = {BYTES(SIGV4_ALGORITHM " Credential="),
                                  key_id,
                                  BYTES("/"),
                                  scope,
                                  BYTES(", SignedHeaders="),
                                  done->signed_headers,
                                  BYTES(", Signature="),
                                  done->signature};
    size_t len = 0;
    uint8_t *text, *at;

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        len += parts[i].len;
    text = at = arena_alloc(arena, len);
    if (text == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        at = put(at, parts[i]);
    *out = bytes_of(text, len);
    return STATOR_OK;
}

enum stator_rc sigv4_sign(struct sigv4_signed *out, const struct sigv4_request *request,
                          const struct sigv4_signer *signer, struct arena *arena, struct stator_error *err)
{
    struct sigv4_header *headers = ARENA_ARRAY(arena, struct sigv4_header, request->headers_count + SIGV4_HEADERS_MAX);
    char *date = arena_alloc(arena, SIGV4_DATE_LEN);
    char *signature = arena_alloc(arena, SIGV4_HEX_LEN);
    struct bytes scope = sigv4_key_scope(signer->key);
    struct sigv4_request whole = *request;
    struct sigv4_signed done = {0};

    if (headers == NULL || date == NULL || signature == NULL)
        return stator_fail_memory(err);
    STATOR_TRY(check(request, signer, err));
    /* A key of another day would sign what no server accepts: it was made with another time than this. */
    stator_assert(sigv4_date(date, signer->time) && bytes_starts_with(scope, bytes_of(date, SIGV4_DAY_LEN)));

    done.headers[done.headers_count++] = (struct sigv4_header){BYTES("X-Amz-Date"), bytes_of(date, SIGV4_DATE_LEN)};
    if (signer->session_token.len != 0)
        done.headers[done.headers_count++] =
            (struct sigv4_header){BYTES("X-Amz-Security-Token"), signer->session_token};
    if (request->headers_count != 0)
        memcpy(headers, request->headers, request->headers_count * sizeof(*headers));
    memcpy(headers + request->headers_count, done.headers, done.headers_count * sizeof(*headers));
    whole.headers = headers;
    whole.headers_count += done.headers_count;

    STATOR_TRY(sigv4_canonical(&done.canonical, &done.signed_headers, &whole, arena, err));
    done.string_to_sign = sigv4_string_to_sign(done.headers[0].value, scope, done.canonical, arena);
    if (!bytes_present(done.string_to_sign))
        return stator_fail_memory(err);
    sigv4_signature(signature, signer->key, done.string_to_sign);
    done.signature = bytes_of(signature, SIGV4_HEX_LEN);
    done.headers[done.headers_count].name = BYTES("Authorization");
    STATOR_TRY(
        put_authorization(&done.headers[done.headers_count++].value, signer->access_key_id, scope, &done, arena, err));
    *out = done;
    return STATOR_OK;
}
