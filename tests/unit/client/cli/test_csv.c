/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>

#include "cli/csv.h"

static void records(void **state)
{
    static const struct {
        const char *text;
        bool ended;
        size_t len, lines;
    } cases[] = {
        {"a,b\nc", false, 4, 1},
        {"a,b\r\nc", false, 5, 1},
        {"a,b", false, 0, 0},            /* more may come */
        {"a,b", true, 3, 0},             /* the last line needs no end */
        {"\"a\nb\"\nc", false, 6, 2},    /* a line end within quotes is part of the field */
        {"\"a\"\"\n\"\nc", false, 7, 2}, /* a doubled quote does not end it */
        {"\"a\nb", false, 0, 1},
        {"x,5\" pipe\na\n", false, 10, 1}, /* a quote inside of a field begins nothing */
        {"x,\"a\nb\" y\nz", false, 10, 2},
        {"\n", false, 1, 1},
        {"", true, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t lines;

        assert_int_equal(csv_record(cases[i].text, strlen(cases[i].text), ',', cases[i].ended, &lines), cases[i].len);
        assert_int_equal(lines, cases[i].lines);
    }
}

/* Fields as "[text]" or, quoted, as "{text}"; or "!" and the reason. */
static void split(char *out, const char *record, char delimiter)
{
    char *copy = strdup(record);
    struct csv_field *fields = NULL;
    size_t room = 0;
    const char *why;
    long count = csv_fields(&fields, &room, copy, strlen(copy), delimiter, &why);

    *out = '\0';
    if (count < 0)
        sprintf(out, "!%s", why);
    for (long i = 0; i < count; i++)
        out += sprintf(out, fields[i].quoted ? "{%.*s}" : "[%.*s]", STATOR_ARG(fields[i].text));
    free(fields);
    free(copy);
}

static void fields(void **state)
{
    static const struct {
        const char *record;
        char delimiter;
        const char *fields;
    } cases[] = {
        {"a,b\n", ',', "[a][b]"},
        {"a,b\r\n", ',', "[a][b]"},
        {"a,b", ',', "[a][b]"},
        {"", ',', "[]"},
        {",", ',', "[][]"},
        {"a,,\"\"", ',', "[a][]{}"},
        {"\"a,b\",c", ',', "{a,b}[c]"},
        {"\"say \"\"hi\"\"\"", ',', "{say \"hi\"}"},
        {"\"two\nlines\"\n", ',', "{two\nlines}"},
        {"\"\"\"\"", ',', "{\"}"},
        {" a , b ", ',', "[ a ][ b ]"}, /* blanks belong to fields */
        {"a\tb,c", '\t', "[a][b,c]"},
        {"a;\"b;c\"", ';', "[a]{b;c}"},
        {"a\"b", ',', "!a quote within a field that does not begin with one"},
        {"\"a", ',', "!a quote that is not closed"},
        {"\"a\"b,c", ',', "!something between a closing quote and the delimiter"},
    };
    char out[256];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        split(out, cases[i].record, cases[i].delimiter);
        assert_string_equal(out, cases[i].fields);
    }
}

static void written(void **state)
{
    static const char *const texts[] = {"plain", "", "a,b", "\"", "two\nlines", "a\r", "\xC3\xA9", "a\"\"b"};
    struct text out = {0};
    char *expected = strdup("plain,\"\",\"a,b\",\"\"\"\",\"two\nlines\",\"a\r\",\xC3\xA9,\"a\"\"\"\"b\"");
    struct csv_field *back = NULL;
    size_t room = 0;
    const char *why;

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        if (i > 0)
            text_char(&out, ',');
        csv_add(&out, stator_text(texts[i]), ',');
    }
    assert_string_equal(out.at, expected);
    assert_int_equal(csv_fields(&back, &room, out.at, out.len, ',', &why), 8);
    for (size_t i = 0; i < 8; i++)
        assert_true(stator_is(back[i].text, texts[i]));
    free(back);
    free(expected);
    text_free(&out);
}

static void base64(void **state)
{
    static const struct {
        const char *raw, *coded;
    } cases[] = {{"", ""},        {"f", "Zg=="},        {"fo", "Zm8="},
                 {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"\xFF\xFE\xFD", "//79"}};
    static const char *const bad[] = {"Z", "Zg=", "Zg==Zg==", "Z===", "Zm9*", "=m9v", "Zm 9"};

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text text = {0};
        long len;

        text_base64(&text, stator_text(cases[i].raw));
        assert_true(stator_is(text_view(&text), cases[i].coded));
        len = text_unbase64(text.at, text.len);
        assert_int_equal(len, strlen(cases[i].raw));
        assert_true(len == 0 || memcmp(text.at, cases[i].raw, (size_t)len) == 0);
        text_free(&text);
    }
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        char *copy = strdup(bad[i]);

        assert_int_equal(text_unbase64(copy, strlen(copy)), -1);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records),
        cmocka_unit_test(fields),
        cmocka_unit_test(written),
        cmocka_unit_test(base64),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
