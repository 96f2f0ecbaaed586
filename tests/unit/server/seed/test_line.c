/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "seed/line.h"

static const char *quoted(char *out, size_t size, const char *text)
{
    assert_true(strlen(text) < size);
    for (size_t i = 0; i <= strlen(text); i++)
        out[i] = text[i] == '\'' ? '"' : text[i];
    return out;
}

/* ' stands for ". */
static const struct {
    const char *line, *item;
} forms[] = {
    /* attribute values */
    {"{'a':{'S':'x'}}", "{'a':{'S':'x'}}"},
    {" { 'a' : { 'N' : '1' } , 'b' : { 'L' : [ ] } } \r", " { 'a' : { 'N' : '1' } , 'b' : { 'L' : [ ] } } \r"},
    {"{}", "{}"},
    /* in the frame of an export */
    {"{'Item':{'a':{'S':'x'}}}", "{'a':{'S':'x'}}"},
    {"{'Item':{'a':{'S':'x'},'b':{'NULL':true}}}", "{'a':{'S':'x'},'b':{'NULL':true}}"},
    {"{'Item':{'S':{'S':'x'}}}", "{'S':{'S':'x'}}"},
    {"{'Item':{'a':'x'}}", "{'a':{'S':'x'}}"},
    /* an attribute called so */
    {"{'Item':{'S':'x'}}", "{'Item':{'S':'x'}}"},
    {"{'Item':{'M':{'a':{'S':'x'}}}}", "{'Item':{'M':{'a':{'S':'x'}}}}"},
    {"{'Item':{'S':'x'},'b':{'S':'y'}}", "{'Item':{'S':'x'},'b':{'S':'y'}}"},
    {"{'Item':'x'}", "{'Item':{'S':'x'}}"},
    /* plain */
    {"{'a':'x','n':-1.50e3,'t':true,'f':false,'z':null}",
     "{'a':{'S':'x'},'n':{'N':'-1.50e3'},'t':{'BOOL':true},'f':{'BOOL':false},'z':{'NULL':true}}"},
    {"{'a':'x','m':{'S':'y'},'l':[1,['b'],{}]}",
     "{'a':{'S':'x'},'m':{'M':{'S':{'S':'y'}}},'l':{'L':[{'N':'1'},{'L':[{'S':'b'}]},{'M':{}}]}}"},
    {"{'a':{'$B':'aGk='},'s':{'$SS':['x','y']},'n':{'$NS':[1,2.5]},'b':{'$BS':['aGk=']},'m':{'$M':{'$B':1}}}",
     "{'a':{'B':'aGk='},'s':{'SS':['x','y']},'n':{'NS':['1','2.5']},'b':{'BS':['aGk=']},'m':{'M':{'$B':{'N':'1'}}}}"},
    {"{'a':'\\u00e4\\n'}", "{'a':{'S':'\xc3\xa4\\n'}}"},
};

static void each_form(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        char line[512], item[512];
        struct stator_error err = {0};
        struct arena arena;
        struct buf out;

        arena_init(&arena, 1 << 20);
        buf_init(&out, 1 << 20);
        if (line_to_item(&out, bytes_of_string(quoted(line, sizeof(line), forms[i].line)), &arena, &err) != STATOR_OK)
            fail_msg("%s: %s", line, err.message);
        assert_bytes_are(buf_bytes(&out), quoted(item, sizeof(item), forms[i].item));
        buf_deinit(&out);
        arena_deinit(&arena);
    }
}

static void refusals(void **state)
{
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"{'a':", "this is no JSON (column 6)"},
        {"{'a':1} x", "this is no JSON (column 9)"},
        {"[1]", "an item is an object, which this is not"},
        {"'x'", "an item is an object, which this is not"},
        {"{'a':1,'b':{'$SS':'x'}}", "a set is no array"},
        {"{'a':1,'b':{'$SS':[1]}}", "a set has a member of another type"},
        {"{'a':1,'b':{'$B':1}}", "a binary is no string of base64"},
        {"{'a':1,'b':{'$M':1}}", "a $M is no object"},
        {"{'a':1,'b':{'$B':'aGk=','c':1}}", "an object with a tag has another name, too"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_error err = {0};
        struct arena arena;
        struct buf out;
        char line[512];

        arena_init(&arena, 1 << 20);
        buf_init(&out, 1 << 20);
        assert_int_equal(line_to_item(&out, bytes_of_string(quoted(line, sizeof(line), cases[i].line)), &arena, &err),
                         STATOR_VALIDATION);
        assert_string_equal(err.message, cases[i].message);
        buf_deinit(&out);
        arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_form), cmocka_unit_test(refusals)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
