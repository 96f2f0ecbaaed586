/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "sign/authorization.h"

static void headers(void **state)
{
    static const struct {
        const char *header, *algorithm, *credential, *signed_headers, *signature; /* NULL: absent */
    } cases[] = {
        {"AWS4-HMAC-SHA256 Credential=a/1/r/s/t, SignedHeaders=host;x-amz-date, Signature=f0", "AWS4-HMAC-SHA256",
         "a/1/r/s/t", "host;x-amz-date", "f0"},
        {"AWS4-HMAC-SHA256 Credential=a,SignedHeaders=b,Signature=c", "AWS4-HMAC-SHA256", "a", "b", "c"},
        {"AWS4-HMAC-SHA256 Signature=c SignedHeaders=b Credential=a", "AWS4-HMAC-SHA256", "a", "b", "c"},
        {"X  ,, ,Credential=a ,  Signature=c  ", "X", "a", NULL, "c"},
        {"X Credential=a, Other=o, Signature=c, Credential=z", "X", "z", NULL, "c"},
        {"X Credential, Signature=, SignedHeaders==b=", "X", "", "=b=", ""},
        {"X credential=a,SIGNATURE=c", "X", NULL, NULL, NULL},
        {"X,Credential=a", "X,Credential=a", NULL, NULL, NULL},
        {" Credential=a", "", "a", NULL, NULL},
        {"X", "X", NULL, NULL, NULL},
        {"", "", NULL, NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct authorization parts = authorization_of(bytes_of_string(cases[i].header));

        assert_bytes_are(parts.algorithm, cases[i].algorithm);
        assert_bytes_are(parts.credential, cases[i].credential != NULL ? cases[i].credential : "");
        assert_bytes_are(parts.signed_headers, cases[i].signed_headers != NULL ? cases[i].signed_headers : "");
        assert_bytes_are(parts.signature, cases[i].signature != NULL ? cases[i].signature : "");
    }
}

static void credentials(void **state)
{
    static const char *const refused[] = {"", "a", "a/b/c/d", "///"};
    struct credential out = {0};

    (void)state;
    assert_true(credential_split(&out, BYTES("AKID/20150830/us-east-1/dynamodb/aws4_request")));
    assert_bytes_are(out.access_key_id, "AKID");
    assert_bytes_are(out.day, "20150830");
    assert_bytes_are(out.region, "us-east-1");
    assert_bytes_are(out.service, "dynamodb");
    assert_bytes_are(out.terminator, "aws4_request");
    assert_bytes_are(out.scope, "20150830/us-east-1/dynamodb/aws4_request");
    assert_true(credential_split(&out, BYTES("////")));
    assert_int_equal(out.access_key_id.len + out.day.len + out.region.len + out.service.len + out.terminator.len, 0);
    assert_bytes_are(out.scope, "///");
    assert_true(credential_split(&out, BYTES("a/b//20150830/us-east-1/dynamodb/aws4_request")));
    assert_bytes_are(out.access_key_id, "a/b/");
    assert_bytes_are(out.day, "20150830");
    assert_bytes_are(out.terminator, "aws4_request");
    assert_bytes_are(out.scope, "20150830/us-east-1/dynamodb/aws4_request");
    for (size_t i = 0; i < COUNT_OF(refused); i++)
        assert_false(credential_split(&out, bytes_of_string(refused[i])));
    assert_false(credential_split(&out, bytes_of(NULL, 0)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(headers), cmocka_unit_test(credentials)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
