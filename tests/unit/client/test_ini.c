/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "ini.h"

/* What a file says, a line for each token: "[section]", "name=value", "parent.name=value", "BAD line". */
static void describe(char *out, size_t room, struct bytes text)
{
    struct ini_reader reader;
    size_t len = 0;

    ini_reader_init(&reader, text);
    out[0] = '\0';
    for (;;) {
        enum ini_token token = ini_next(&reader);

        assert_true(len < room);
        switch (token) {
        case INI_SECTION:
            len += snprintf(out + len, room - len, "[%.*s]\n", BYTES_ARG(reader.name));
            break;
        case INI_PROPERTY:
            len += snprintf(out + len, room - len, "%.*s=%.*s\n", BYTES_ARG(reader.name), BYTES_ARG(reader.value));
            break;
        case INI_NESTED:
            len += snprintf(out + len, room - len, "%.*s.%.*s=%.*s\n", BYTES_ARG(reader.parent), BYTES_ARG(reader.name),
                            BYTES_ARG(reader.value));
            break;
        case INI_BAD:
            snprintf(out + len, room - len, "BAD %zu\n", reader.line);
            assert_int_equal(ini_next(&reader), INI_BAD);
            return;
        case INI_END:
            assert_int_equal(ini_next(&reader), INI_END);
            return;
        }
    }
}

static void files(void **state)
{
    static const struct {
        const char *text, *said;
    } cases[] = {
        {"", ""},
        {"\n \n\t\n", ""},
        {"# x\n ; y\n", ""},
        {"[a]\nb = c\n", "[a]\nb=c\n"},
        {"[a]\nb = c", "[a]\nb=c\n"},
        {"[a]\r\nb = c\r\n\r\nd=e\r\n", "[a]\nb=c\nd=e\n"},
        {"\xEF\xBB\xBF[a]\nb=c", "[a]\nb=c\n"},
        {"  [ a b ]  \n b=c\n d = e", "[a b]\nb=c\nd=e\n"},
        {"[a] # [b]\n[c]x", "[a]\n[c]\n"},
        {"[]", "[]\n"},
        {"[a]\nb : c\nd: http://x:1/?y=z\ne=f:g", "[a]\nb=c\nd=http://x:1/?y=z\ne=f:g\n"},
        {"[a]\nb=", "[a]\nb=\n"},
        {"[a]\nb=c=d==", "[a]\nb=c=d==\n"},

        /* comments */
        {"[a]\nb = c # d\ne = f;g#h\ni = j\t;k", "[a]\nb=c\ne=f;g#h\ni=j\n"},
        {"[a]\nb = # c", "[a]\nb=\n"},
        {"[a]\nb =#c", "[a]\nb=#c\n"},

        /* nesting */
        {"[a]\ns =\n  b = c\n  d = e\nf = g", "[a]\ns=\ns.b=c\ns.d=e\nf=g\n"},
        {"[a]\ns =\n\n  b = c\n# x\n\td = e\n", "[a]\ns=\ns.b=c\ns.d=e\n"},
        {"[a]\ns =\nb = c", "[a]\ns=\nb=c\n"},
        {"[a]\n  s =\n    b = c\n  d = e", "[a]\ns=\ns.b=c\nd=e\n"},
        {"[a]\ns =\n  b =\n    c = d", "[a]\ns=\ns.b=\ns.c=d\n"},
        {"[a]\ns =\n[b]\n  c = d", "[a]\ns=\n[b]\nc=d\n"},
        {"[a]\ns =\n  [b]\n  c = d", "[a]\ns=\n[b]\nc=d\n"},

        /* values that go on */
        {"[a]\nb = c\n  d\ne = f", "[a]\nb=c\n  d\ne=f\n"},
        {"[a]\nb = c # x\n  d = e\n\n  f\n", "[a]\nb=c # x\n  d = e\n\n  f\n"},
        {"[a]\nb = c\n  # x\n", "[a]\nb=c\n"},
        {"[a]\nb = c\n  [d]\n", "[a]\nb=c\n[d]\n"},

        /* not such a file */
        {"a = b", "BAD 1\n"},
        {"\n\n[a\n", "BAD 3\n"},
        {"[a]\nb\n", "[a]\nBAD 2\n"},
        {"[a]\n\r\n=b\n", "[a]\nBAD 3\n"},
        {"[a]\nb=c\n  d\n\n!\n", "[a]\nb=c\n  d\nBAD 5\n"},
        {"[a]\ns =\n  b\n", "[a]\ns=\nBAD 3\n"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char said[512];

        describe(said, sizeof(said), bytes_of_string(cases[i].text));
        assert_string_equal(said, cases[i].said);
    }
}

static void names(void **state)
{
    (void)state;
    assert_true(ini_is(BYTES("Region"), "region"));
    assert_true(ini_is(BYTES("AWS_ACCESS_KEY_ID"), "aws_access_key_id"));
    assert_false(ini_is(BYTES("regio"), "region"));
    assert_false(ini_is(BYTES("regions"), "region"));
    assert_false(ini_is(BYTES(""), "region"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(files), cmocka_unit_test(names)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
