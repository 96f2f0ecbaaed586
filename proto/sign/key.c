/* SPDX-License-Identifier: Apache-2.0 */
#include <sodium.h>

#include "sign/sigv4.h"
#include "sign/text.h"

static void hmac(uint8_t out[32], struct bytes key, struct bytes text)
{
    crypto_auth_hmacsha256_state state;

    crypto_auth_hmacsha256_init(&state, key.at, key.len);
    crypto_auth_hmacsha256_update(&state, text.at, text.len);
    crypto_auth_hmacsha256_final(&state, out);
    sodium_memzero(&state, sizeof(state));
}

/* What a scope can have between its slashes. */
static bool is_name(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] <= ' ' || text.at[i] > '~' || text.at[i] == '/' || text.at[i] == ',')
            return false;
    return text.len != 0 && text.len <= SIGV4_NAME_MAX;
}

static size_t put_scope(uint8_t *out, const char *date, struct bytes region, struct bytes service)
{
    uint8_t *at = put_byte(put(out, bytes_of(date, SIGV4_DAY_LEN)), '/');

    at = put_byte(put(at, region), '/');
    at = put(put_byte(put(at, service), '/'), BYTES(SIGV4_TERMINATOR));
    return (size_t)(at - out);
}

/* Each step's key is the result of the step before: "AWS4" and the secret, then day, region, service, terminator. */
static void derive(uint8_t out[32], struct bytes secret, struct bytes day, struct bytes region, struct bytes service)
{
    uint8_t first[4 + SIGV4_SECRET_MAX];
    uint8_t *end = put(put(first, BYTES("AWS4")), secret);

    hmac(out, bytes_of(first, (size_t)(end - first)), day);
    hmac(out, bytes_of(out, 32), region);
    hmac(out, bytes_of(out, 32), service);
    hmac(out, bytes_of(out, 32), BYTES(SIGV4_TERMINATOR));
    sodium_memzero(first, sizeof(first));
}

enum stator_rc sigv4_key_make(struct sigv4_key *key, struct bytes secret_access_key, int64_t time, struct bytes region,
                              struct bytes service, struct stator_error *err)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    struct sigv4_key made = {0};
    char date[SIGV4_DATE_LEN];
    enum stator_rc rc = STATOR_OK;

    if (secret_access_key.len == 0 || secret_access_key.len > SIGV4_SECRET_MAX)
        rc =
            stator_fail(err, STATOR_VALIDATION, "The secret access key must have 1 to %d characters", SIGV4_SECRET_MAX);
    else if (!is_name(region))
        rc = stator_fail(err, STATOR_VALIDATION, "The region is no name that a signature can have");
    else if (!is_name(service))
        rc = stator_fail(err, STATOR_VALIDATION, "The service is no name that a signature can have");
    else if (!sigv4_date(date, time))
        rc = stator_fail(err, STATOR_VALIDATION, "The time is none that a signature can have");
    if (rc != STATOR_OK) {
        sigv4_key_wipe(key);
        return rc;
    }
    made.scope_len = put_scope((uint8_t *)made.scope, date, region, service);
    crypto_hash_sha256(hash, secret_access_key.at, secret_access_key.len);
    memcpy(made.secret_mark, hash, sizeof(made.secret_mark));
    if (!bytes_equal(sigv4_key_scope(&made), sigv4_key_scope(key)) ||
        sodium_memcmp(made.secret_mark, key->secret_mark, sizeof(made.secret_mark)) != 0) {
        derive(made.key, secret_access_key, bytes_of(date, SIGV4_DAY_LEN), region, service);
        *key = made;
    }
    sodium_memzero(hash, sizeof(hash));
    sigv4_key_wipe(&made);
    return STATOR_OK;
}

void sigv4_key_wipe(struct sigv4_key *key)
{
    sodium_memzero(key, sizeof(*key));
}

struct bytes sigv4_key_scope(const struct sigv4_key *key)
{
    return bytes_of(key->scope, key->scope_len);
}

static void put_hex(char out[SIGV4_HEX_LEN], const uint8_t hash[32])
{
    char text[SIGV4_HEX_LEN + 1];

    sodium_bin2hex(text, sizeof(text), hash, 32);
    memcpy(out, text, SIGV4_HEX_LEN);
}

void sigv4_payload_hash(char out[SIGV4_HEX_LEN], struct bytes body)
{
    uint8_t hash[crypto_hash_sha256_BYTES];

    crypto_hash_sha256(hash, body.at, body.len);
    put_hex(out, hash);
}

void sigv4_signature(char out[SIGV4_HEX_LEN], const struct sigv4_key *key, struct bytes string_to_sign)
{
    uint8_t signature[32];

    hmac(signature, bytes_of(key->key, sizeof(key->key)), string_to_sign);
    put_hex(out, signature);
}

bool sigv4_signature_equal(const char signature[SIGV4_HEX_LEN], struct bytes sent)
{
    return sent.len == SIGV4_HEX_LEN && sodium_memcmp(signature, sent.at, SIGV4_HEX_LEN) == 0;
}
