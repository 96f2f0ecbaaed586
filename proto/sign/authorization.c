/* SPDX-License-Identifier: Apache-2.0 */
#include "sign/authorization.h"

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

/* Cuts off what follows the last slash, which goes too; false: there is none. */
static bool cut_last(struct bytes *rest, struct bytes *piece)
{
    const uint8_t *slash = rest->len != 0 ? memrchr(rest->at, '/', rest->len) : NULL;

    if (slash == NULL)
        return false;
    *piece = bytes_of(slash + 1, (size_t)(rest->at + rest->len - slash - 1));
    rest->len = (size_t)(slash - rest->at);
    return true;
}

bool credential_split(struct credential *out, struct bytes text)
{
    struct bytes rest = text;

    if (!cut_last(&rest, &out->terminator) || !cut_last(&rest, &out->service) || !cut_last(&rest, &out->region) ||
        !cut_last(&rest, &out->day))
        return false;
    out->access_key_id = rest;
    out->scope = bytes_of(out->day.at, text.len - rest.len - 1);
    return true;
}
