/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "expr/lexer.h"

static void test_tokens(void **state)
{
    static const struct {
        const char *text;
        enum token_kind kinds[12];
        const char *first;
    } cases[] = {
        {"", {TOKEN_END}, ""},
        {" \t\r\n", {TOKEN_END}, ""},
        {"a_1 #1a :_b", {TOKEN_NAME, TOKEN_NAME_REF, TOKEN_VALUE_REF, TOKEN_END}, "a_1"},
        {"_a", {TOKEN_UNKNOWN, TOKEN_NAME, TOKEN_END}, "_"}, /* names begin with a letter */
        {"12a", {TOKEN_NUMBER, TOKEN_NAME, TOKEN_END}, "12"},
        {"#", {TOKEN_UNKNOWN, TOKEN_END}, "#"},
        {": a", {TOKEN_UNKNOWN, TOKEN_NAME, TOKEN_END}, ":"},
        {"<=<><>=>=", {TOKEN_LE, TOKEN_NE, TOKEN_NE, TOKEN_EQ, TOKEN_GE, TOKEN_END}, "<="},
        {"()[].,+-",
         {TOKEN_LPAREN, TOKEN_RPAREN, TOKEN_LBRACKET, TOKEN_RBRACKET, TOKEN_DOT, TOKEN_COMMA, TOKEN_PLUS, TOKEN_MINUS,
          TOKEN_END},
         "("},
        {"\xc3\xbc>", {TOKEN_UNKNOWN, TOKEN_GT, TOKEN_END}, "\xc3\xbc"}, /* one whole character */
        {"a\xff", {TOKEN_NAME, TOKEN_UNKNOWN, TOKEN_END}, "a"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes text = bytes_of_string(cases[i].text);
        size_t at = 0;

        assert_bytes_are(lexer_token(text, 0).text, cases[i].first);
        for (size_t j = 0;; j++) {
            struct token token = lexer_token(text, at);

            assert_int_equal(token.kind, cases[i].kinds[j]);
            if (token.kind == TOKEN_END)
                break;
            at = (size_t)(token.text.at - text.at) + token.text.len;
        }
    }
}

static void test_keywords(void **state)
{
    struct token token = lexer_token(BYTES("bEtween"), 0);

    (void)state;
    assert_true(token_is_keyword(&token, "BETWEEN"));
    assert_false(token_is_keyword(&token, "BETWEE"));
    token = lexer_token(BYTES("#IN"), 0);
    assert_false(token_is_keyword(&token, "IN"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_tokens), cmocka_unit_test(test_keywords)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
