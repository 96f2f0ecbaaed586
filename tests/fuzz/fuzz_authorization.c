/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as an Authorization header: every view lies in it, and what is put together again from the views is taken
 * apart into the same ones. */
#include <stdio.h>
#include <stdlib.h>

#include "sign/authorization.h"

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void check_inside(struct bytes part, struct bytes whole)
{
    if (part.len != 0)
        check(part.at >= whole.at && part.at + part.len <= whole.at + whole.len);
}

static void check_credential(struct bytes text)
{
    struct credential c;

    if (!credential_split(&c, text))
        return;
    check(c.access_key_id.len + 1 + c.scope.len == text.len);
    check(c.day.len + c.region.len + c.service.len + c.terminator.len + 3 == c.scope.len);
    check(c.terminator.at + c.terminator.len == text.at + text.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* what libFuzzer calls */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes header = bytes_of(data, size);
    struct authorization a = authorization_of(header), b;
    char *text = malloc(size + 64);
    int len;

    check(text != NULL);
    check_inside(a.algorithm, header);
    check_inside(a.credential, header);
    check_inside(a.signed_headers, header);
    check_inside(a.signature, header);
    check_credential(a.credential);
    check_credential(header);
    if (size < 4096 && memchr(data, 0, size) == NULL) {
        len =
            snprintf(text, size + 64, "%.*s SignedHeaders=%.*s, Signature=%.*s,Credential=%.*s", BYTES_ARG(a.algorithm),
                     BYTES_ARG(a.signed_headers), BYTES_ARG(a.signature), BYTES_ARG(a.credential));
        b = authorization_of(bytes_of(text, (size_t)len));
        check(bytes_equal(a.algorithm, b.algorithm) && bytes_equal(a.credential, b.credential));
        check(bytes_equal(a.signed_headers, b.signed_headers) && bytes_equal(a.signature, b.signature));
    }
    free(text);
    return 0;
}
