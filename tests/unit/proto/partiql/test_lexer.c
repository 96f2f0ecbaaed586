/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/buf.h"
#include "partiql/lexer.h"

static const char *const kinds[] = {"end", "name", "quoted", "keyword", "string", "number", "?", "symbol"};

/* "kind:text@line:column:length kind:..." without the end. */
static void describe(struct buf *out, const struct partiql_token *tokens, size_t count)
{
    for (size_t i = 0; i + 1 < count; i++)
        buf_printf(out, "%s%s:%.*s@%u:%u:%u", i == 0 ? "" : " ", kinds[tokens[i].kind], BYTES_ARG(tokens[i].text),
                   tokens[i].line, tokens[i].column, tokens[i].length);
}

static void test_tokens(void **state)
{
    static const struct {
        const char *text, *tokens; /* NULL: refused */
    } cases[] = {
        {"", ""},
        {" \t\r\n\f", ""},
        {"a _b $c1", "name:a@1:1:1 name:_b@1:3:2 name:$c1@1:6:3"},
        {"Select From", "keyword:Select@1:1:6 keyword:From@1:8:4"},
        {"\"a \"\"b\"\"\"", "quoted:a \"b\"@1:1:9"},
        {"\"select\"", "quoted:select@1:1:8"},
        {"'it''s' ''", "string:it's@1:1:7 string:@1:9:2"},
        {"'a\nb' c", "string:a\nb@1:1:5 name:c@2:4:1"},
        {"'\xc3\xa9' x", "string:\xc3\xa9@1:1:3 name:x@1:5:1"},
        {"1 12.5 .5 3. 1e5 1E+5 1.5e-7",
         "number:1@1:1:1 number:12.5@1:3:4 number:.5@1:8:2 number:3.@1:11:2 number:1e5@1:14:3 number:1E+5@1:18:4 "
         "number:1.5e-7@1:23:6"},
        {"1e2147483647", "number:1e2147483647@1:1:12"},
        {"1e-2147483647", "number:1e-2147483647@1:1:13"},
        {"1e2147483648", NULL},
        {"1.5e-2147483647", NULL},
        {"1e99999999999999999999", NULL},
        {"1e", NULL},
        {"1e+", NULL},
        {"1x", NULL},
        {"1.2.3", NULL},
        {"a.b", "name:a@1:1:1 symbol:.@1:2:1 name:b@1:3:1"},
        {"<= >= <> != << >> || < > =",
         "symbol:<=@1:1:2 symbol:>=@1:4:2 symbol:<>@1:7:2 symbol:<>@1:10:2 symbol:<<@1:13:2 symbol:>>@1:16:2 "
         "symbol:||@1:19:2 symbol:<@1:22:1 symbol:>@1:24:1 symbol:=@1:26:1"},
        {"(?)[]{}:,;*", "symbol:(@1:1:1 ?:?@1:2:1 symbol:)@1:3:1 symbol:[@1:4:1 symbol:]@1:5:1 symbol:{@1:6:1 "
                        "symbol:}@1:7:1 symbol::@1:8:1 symbol:,@1:9:1 symbol:;@1:10:1 symbol:*@1:11:1"},
        {"n-1 n--1\n+", "name:n@1:1:1 symbol:-@1:2:1 number:1@1:3:1 name:n@1:5:1 symbol:+@2:1:1"},
        {"a /* b\n c */ d -- e", "name:a@1:1:1 name:d@2:7:1"},
        {"/**/a", "name:a@1:5:1"},
        {"/*", NULL},
        {"a /* *", NULL},
        {"'a", NULL},
        {"'a''", NULL},
        {"\"a", NULL},
        {"a # b", NULL},
        {"`1`", NULL},
        {"a & b", NULL},
        {"a | b", NULL},
        {"!", NULL},
        {"\x01", NULL},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct partiql_token *tokens;
        struct stator_error err;
        struct arena arena;
        struct buf text;
        size_t count;
        enum stator_rc rc;

        arena_init(&arena, 1 << 20);
        buf_init(&text, 1 << 16);
        rc = partiql_tokens(&tokens, &count, bytes_of_string(cases[i].text), &arena, &err);
        if ((rc == STATOR_OK) != (cases[i].tokens != NULL))
            fail_msg("%s: %d", cases[i].text, rc);
        if (rc == STATOR_OK) {
            describe(&text, tokens, count);
            if (!bytes_equal_string(buf_bytes(&text), cases[i].tokens))
                fail_msg("%s:\n     got %.*s\nexpected %s", cases[i].text, BYTES_ARG(buf_bytes(&text)),
                         cases[i].tokens);
        } else {
            assert_string_equal(err.message, "Statement wasn't well formed, can't be processed: ");
        }
        buf_deinit(&text);
        arena_deinit(&arena);
    }
}

/* What a token takes does not grow with what follows it. */
static void test_memory(void **state)
{
    const struct partiql_token *tokens;
    char text[PARTIQL_TEXT_MAX + 1];
    struct stator_error err;
    struct arena arena;
    size_t count;

    (void)state;
    for (size_t i = 0; i < PARTIQL_TEXT_MAX; i++)
        text[i] = i % 8 < 6 ? '\'' : ' '; /* two quotes within quotes */
    text[PARTIQL_TEXT_MAX] = '\0';
    arena_init(&arena, (size_t)64 << 20);
    assert_int_equal(partiql_tokens(&tokens, &count, bytes_of_string(text), &arena, &err), STATOR_OK);
    assert_int_equal(count, PARTIQL_TEXT_MAX / 8 + 1);
    assert_true(bytes_equal(tokens[0].text, BYTES("''")));
    assert_true(arena.used_bytes <= count * (sizeof(*tokens) + 16));
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tokens), cmocka_unit_test(test_memory)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
