/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "cli/expression.h"
#include "cli/literal.h"
#include "stator/json.h"

/* "expression | #0=name ... | values as JSON", or "!" and the reason. */
static void translate(char *out, size_t size, const char *source)
{
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_bytes json = stator_text("");
    struct stator_error err = {0};
    struct text text = {0}, names = {0};
    struct stator_item values;
    struct terms terms;

    shorthand_init(&terms, builder);
    if (shorthand_expression(&terms, &text, source, &err) != STATOR_OK) {
        snprintf(out, size, "!%.400s", err.message);
    } else {
        for (size_t i = 0; i < terms.name_count; i++)
            text_format(&names, " %.*s=%.*s", STATOR_ARG(terms.names[i].key), STATOR_ARG(terms.names[i].value));
        values = shorthand_values(&terms);
        if (values.set)
            assert_int_equal(stator_json_write_item(builder, &json, &values, STATOR_JSON_TAGGED, 0, &err), STATOR_OK);
        snprintf(out, size, "%.*s |%.*s | %.*s", STATOR_ARG(text_view(&text)), STATOR_ARG(text_view(&names)),
                 STATOR_ARG(json));
    }
    shorthand_deinit(&terms);
    text_free(&text);
    text_free(&names);
    stator_builder_free(builder);
}

static void expressions(void **state)
{
    static const struct {
        const char *source, *expected;
    } cases[] = {
        {"set age = age + 1, name = \"Ann\"", "set #0 = #0 + :0, #1 = :1 | #0=age #1=name | {\":0\":1,\":1\":\"Ann\"}"},
        {"SET a=-1, b = b-1, c = c -1",
         "SET #0=:0, #1 = #1-:1, #2 = #2 -:2 | #0=a #1=b #2=c | {\":0\":-1,\":1\":1,\":2\":1}"},
        {"remove a, b.c[2].size", "remove #0, #1.#2[2].#3 | #0=a #1=b #2=c #3=size | "},
        {"add t <<\"x\">>", "add #0 :0 | #0=t | {\":0\":{\"$SS\":[\"x\"]}}"},
        {"a < 1 and not b >= 2.50 or c <> 'x'",
         "#0 < :0 and not #1 >= :1 or #2 <> :2 | #0=a #1=b #2=c | {\":0\":1,\":1\":2.5,\":2\":\"x\"}"},
        {"contains(tags, \"a\") AND size (x) > 3",
         "contains(#0, :0) AND size (#1) > :1 | #0=tags #1=x | {\":0\":\"a\",\":1\":3}"},
        {"a between 1 and 2 and b in ('x', null, true)", "#0 between :0 and :1 and #1 in (:2, :3, :4) | #0=a #1=b | "
                                                         "{\":0\":1,\":1\":2,\":2\":\"x\",\":3\":null,\":4\":true}"},
        {"set `set` = [1, 'a', {b: b\"aGk=\"}]", "set #0 = :0 | #0=set | {\":0\":[1,\"a\",{\"b\":{\"$B\":\"aGk=\"}}]}"},
        {"m.true = true", "#0.#1 = :0 | #0=m #1=true | {\":0\":true}"},
        {"`a-b`.`c d` = 1", "#0.#1 = :0 | #0=a-b #1=c d | {\":0\":1}"},
        {"\xC3\xA9 = 1", "#0 = :0 | #0=\xC3\xA9 | {\":0\":1}"},
        {"a, a.b, c", "#0, #0.#1, #2 | #0=a #1=b #2=c | "},
        {"set l = list_append(l, [1])", "set #0 = list_append(#0, :0) | #0=l | {\":0\":[1]}"},
        {"", " | | "},
        {"a = :v", "!:v: names and values stand in the expression as they are"},
        {"#a = 1", "!#a = 1: names and values stand in the expression as they are"},
        {"a[x] = 1", "![x] = 1: an index is a number, as in [0]"},
        {"a[1", "![1: an index is a number, as in [0]"},
        {"`a", "!`a: a backquote that is not closed"},
        {"a = 'x", "!'x: a quote that is not closed"},
        {"a = {b: 1", "!a value is missing, or a bracket is not closed"},
    };
    char out[512];

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        translate(out, sizeof(out), cases[i].source);
        assert_string_equal(out, cases[i].expected);
    }
}

static void literals(void **state)
{
    static const struct {
        const char *text, *json; /* json NULL: refused */
    } cases[] = {
        {"{id: 'ann', age:42}", "{\"age\":42,\"id\":\"ann\"}"},
        {" 'it\\'s' ", "\"it's\""},
        {"'say \"hi\"'", "\"say \\\"hi\\\"\""},
        {"\"tab\there\"", "\"tab\\there\""},
        {"\"\\u00e9\\n\"", "\"\xC3\xA9\\n\""},
        {"<<2, 1>>", "{\"$NS\":[1,2]}"},
        {"<<b\"aGk=\", b'AA=='>>", "{\"$BS\":[\"AA==\",\"aGk=\"]}"},
        {"[<<'a'>>, [], {}]", "[{\"$SS\":[\"a\"]},[],{}]"},
        {"{a: [1, {b: null}]}", "{\"a\":[1,{\"b\":null}]}"},
        {"99999999999999999999999999999999999999", "99999999999999999999999999999999999999"},
        {"{a-b: true, \"c d\": false}", "{\"a-b\":true,\"c d\":false}"},
        {"", NULL},
        {"ann", NULL},
        {"{a}", NULL},
        {"{a: 1} 2", NULL},
        {"[1", NULL},
        {"]", NULL},
        {"[1}", NULL},
        {"<<1>", NULL},
        {"<<1, 'a'>>", NULL},
        {"{a: 1, a: 2}", NULL},
        {"'\xFF'", NULL},
        {"'\\q'", NULL},
        {",", NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stator_builder *builder = stator_builder_new(NULL, 0);
        struct stator_error err = {0};
        struct stator_value value;
        struct stator_bytes json;
        enum stator_rc rc = literal_value(builder, &value, cases[i].text, &err);

        assert_int_equal(rc == STATOR_OK, cases[i].json != NULL);
        if (rc == STATOR_OK) {
            assert_int_equal(stator_json_write_value(builder, &json, &value, STATOR_JSON_TAGGED, 0, &err), STATOR_OK);
            assert_string_equal((const char *)json.at, cases[i].json);
        } else {
            assert_true(err.message[0] != '\0');
        }
        stator_builder_free(builder);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expressions),
        cmocka_unit_test(literals),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
