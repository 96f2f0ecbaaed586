/* SPDX-License-Identifier: Apache-2.0 */
#include "sign/authorization.h"

#define SLASHES 4

struct bytes authorization_cut(struct bytes *rest, char separator)
{
    struct bytes piece = *rest;
    const uint8_t *end = rest->len != 0 ? memchr(rest->at, separator, rest->len) : NULL;

    if (end == NULL) {
        *rest = bytes_of(rest->at + rest->len, 0);
        return piece;
    }
    piece.len = (size_t)(end - rest->at);
    *rest = bytes_of(end + 1, rest->len - piece.len - 1);
    return piece;
}

/* The next "name=value": commas without blanks, and blanks without commas, are both legal. */
static struct bytes cut_parameter(struct bytes *rest)
{
    struct bytes piece = *rest;
    size_t len = 0;

    while (len < rest->len && rest->at[len] != ',' && rest->at[len] != ' ')
        len++;
    piece.len = len;
    len += len < rest->len;
    *rest = bytes_of(rest->at + len, rest->len - len);
    return piece;
}

struct authorization authorization_of(struct bytes header)
{
    struct bytes rest = header;
    struct authorization parts = {.algorithm = authorization_cut(&rest, ' ')};

    while (rest.len != 0) {
        struct bytes value = cut_parameter(&rest);
        struct bytes name = authorization_cut(&value, '=');

        if (bytes_equal_string(name, "Credential"))
            parts.credential = value;
        else if (bytes_equal_string(name, "Signature"))
            parts.signature = value;
        else if (bytes_equal_string(name, "SignedHeaders"))
            parts.signed_headers = value;
    }
    return parts;
}

bool credential_split(struct credential *out, struct bytes text)
{
    struct bytes rest = text;
    size_t slashes = 0;

    for (size_t i = 0; i < text.len; i++)
        slashes += text.at[i] == '/';
    if (slashes != SLASHES)
        return false;
    out->access_key_id = authorization_cut(&rest, '/');
    out->scope = rest;
    out->day = authorization_cut(&rest, '/');
    out->region = authorization_cut(&rest, '/');
    out->service = authorization_cut(&rest, '/');
    out->terminator = rest;
    return true;
}
