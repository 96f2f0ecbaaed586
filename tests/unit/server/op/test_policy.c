/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>

#include "base/utf8.h"
#include "op/policy.h"

#define INVALID  "One or more parameter values were invalid: "
#define DOCUMENT INVALID "Invalid policy document: "
#define ROOT     "'Principal':{'AWS':'arn:aws:iam::111111111111:root'}"
#define REST     ROOT ",'Action':'dynamodb:GetItem','Resource':'*'}"

/* In texts here ' stands for ". */
static struct bytes quoted(char *out, const char *text)
{
    size_t len = strlen(text);

    for (size_t i = 0; i <= len; i++)
        out[i] = text[i] == '\'' ? '"' : text[i];
    return bytes_of(out, len);
}

static enum stator_rc read(struct policy *out, const char *text, enum policy_target target, struct arena *arena,
                           struct stator_error *err)
{
    static char source[4096];

    return policy_read(out, quoted(source, text), target, arena, err);
}

static void policies_are_brought_into_one_form(void **state)
{
    static const struct {
        const char *given, *kept;
    } cases[] = {
        {"{'Version':'2012-10-17','Statement':[{'Sid':'S','Effect':'Allow'," REST "]}", NULL},
        {"{'Statement':[{'Effect':'Deny'," ROOT ",'NotAction':['a:B','a:C'],'NotResource':['x','x'],'Condition':{}}]}",
         NULL},
        {" {\n 'Statement' : { 'Resource' : ['*'] , 'Action' : [ 'dynamodb:GetItem' ],\t'Effect' : 'allow',"
         "'Principal' : {'AWS' : ['111111111111', 'arn:aws:iam::111111111111:root']} } , 'Version':'2012-10-17'}",
         "{'Version':'2012-10-17','Statement':[{'Effect':'Allow'," REST "]}"},
        {"{'Statement':[{'Effect':'DENY','Principal':'*','Action':['a:C','a:B','a:B'],'Resource':'r'},"
         "{'Sid':'\\u0041','Effect':'Deny','Principal':{'Service':['s'],'AWS':['*','arn:x']},'Action':'*',"
         "'Resource':['b','a'],'Condition':{'StringEquals':{'k':['one'],'l':['one',2,true]}}}],'Id':'i'}",
         "{'Id':'i','Statement':[{'Effect':'Deny','Principal':'*','Action':['a:C','a:B','a:B'],'Resource':'r'},"
         "{'Sid':'A','Effect':'Deny','Principal':{'Service':'s','AWS':['*','arn:x']},'Action':'*',"
         "'Resource':['b','a'],'Condition':{'StringEquals':{'k':'one','l':['one',2,true]}}}]}"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *kept = cases[i].kept != NULL ? cases[i].kept : cases[i].given;
        struct stator_error err = {.message = ""};
        struct policy policy, again;
        char expected[4096];
        struct arena arena;

        arena_init(&arena, 1 << 20);
        if (read(&policy, cases[i].given, POLICY_OF_TABLE, &arena, &err) != STATOR_OK)
            fail_msg("case %zu: %s", i, err.message);
        assert_bytes_are(policy.text, (const char *)quoted(expected, kept).at);
        assert_int_equal(policy_read(&again, policy.text, POLICY_OF_TABLE, &arena, &err), STATOR_OK);
        assert_true(bytes_equal(again.text, policy.text));
        arena_deinit(&arena);
    }
}

static void what_is_no_policy_is_refused(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", DOCUMENT "This policy contains invalid Json"},
        {"{not json", DOCUMENT "This policy contains invalid Json"},
        {"[]", DOCUMENT "This policy contains invalid Json"},
        {"null", DOCUMENT "This text appears not to be a policy"},
        {"{}", DOCUMENT "Syntax error at position (1,3)"},
        {"{\n\n}", DOCUMENT "Syntax error at position (3,2)"},
        {"{'Version':'2020-01-01'}", DOCUMENT "Syntax error at position (1,24)"},
        {"{'Other':1}", DOCUMENT "Syntax error at position (1,10)"},
        {"{'Statement':[]}", DOCUMENT "Could not parse the policy: Statement is empty!"},
        {"{'Statement':[{}]}", DOCUMENT "Missing required field Effect"},
        {"{'Statement':[{'Effect':'Allow'}]}", DOCUMENT "Missing required field Principal"},
        {"{'Statement':[{'Effect':'Allow'," ROOT "}]}", DOCUMENT "Missing required field Action"},
        {"{'Statement':[{'Effect':'Allow'," ROOT ",'Action':'a:B'}]}", DOCUMENT "Missing required field Resource"},
        {"{'Statement':[{'Effect':'Perhaps'}]}", DOCUMENT "Syntax error at position (1,34)"},
        {"{'Statement':[{'Principal':'111111111111'}]}", DOCUMENT "Syntax error at position (1,42)"},
        {"{'Statement':[{'Principal':{'Other':'x'}}]}", DOCUMENT "Syntax error at position (1,37)"},
        {"{'Statement':[{'Action':[]}]}", DOCUMENT "Syntax error at position (1,27)"},
        {"{'Statement':[{'Action':'a','NotAction':'b'}]}", DOCUMENT "Syntax error at position (1,41)"},
        {"{'Statement':[{'Condition':{'k':null}}]}", DOCUMENT "Syntax error at position (1,37)"},
        {"{'Statement':[{'Sid':'S','Effect':'Allow'," REST ",{'Sid':'S'}]}",
         DOCUMENT "The Statement Ids in the policy are not unique"},
        {"{'Statement':[{'Effect':'Allow'," ROOT ",'Action':['dynamodb:GetRecords','dynamodb:DescribeStream'],"
         "'Resource':'*'}]}",
         DOCUMENT "The following action names are invalid: \"dynamodb:GetRecords\", \"dynamodb:DescribeStream\""},
        {"{'Statement':[{'Effect':'Allow','Principal':'*','Action':'a:B','Resource':'*'}]}",
         "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure "
         "least-privilege form of access"},
        {"{'Statement':[{'Effect':'Allow','Principal':{'AWS':['x','*']},'Action':'a:B','Resource':'*'}]}",
         "Resource-based policy grants unbounded access in one or more elements. Please revise the policy to ensure "
         "least-privilege form of access"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_error err = {.message = ""};
        struct policy policy;
        struct arena arena;

        arena_init(&arena, 1 << 20);
        assert_int_equal(read(&policy, cases[i].text, POLICY_OF_TABLE, &arena, &err), STATOR_VALIDATION);
        if (strcmp(err.message, cases[i].message) != 0)
            fail_msg("case %zu: %s", i, err.message);
        arena_deinit(&arena);
    }
}

static void streams_have_actions_of_their_own(void **state)
{
    static const char reads[] =
        "{'Statement':[{'Effect':'Allow'," ROOT ",'Action':['dynamodb:GetRecords','dynamodb:*'],'Resource':'*'}]}";
    static const char gets[] = "{'Statement':[{'Effect':'Allow'," REST "]}";
    struct stator_error err;
    struct policy policy;
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    assert_int_equal(read(&policy, reads, POLICY_OF_STREAM, &arena, &err), STATOR_OK);
    assert_int_equal(read(&policy, gets, POLICY_OF_STREAM, &arena, &err), STATOR_VALIDATION);
    assert_string_equal(err.message, DOCUMENT "The following action names are invalid: \"dynamodb:GetItem\"");
    for (int shift = 0; shift < 3; shift++) { /* a message that is too long is never cut inside a character */
        char text[4096];
        size_t len = (size_t)snprintf(
            text, sizeof(text), "{'Statement':[{'Effect':'Allow'," ROOT ",'Resource':'*','Action':'%.*s", shift, "xx");

        for (int i = 0; i < 1000; i++)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "\u20ac");
        snprintf(text + len, sizeof(text) - len, "'}]}");
        assert_int_equal(read(&policy, text, POLICY_OF_STREAM, &arena, &err), STATOR_VALIDATION);
        assert_true(utf8_valid(bytes_of_string(err.message)));
    }
    arena_deinit(&arena);
}

static void a_policy_that_locks_its_owner_out_is_known(void **state)
{
    static const struct {
        const char *statement;
        bool locks_out;
    } cases[] = {
        {"'Effect':'Deny','Principal':'*','Action':'dynamodb:PutResourcePolicy','Resource':'*'", true},
        {"'Effect':'Deny','Principal':{'AWS':'000000000000'},'Action':['x','dynamodb:*Policy'],'Resource':'*'", true},
        {"'Effect':'Deny','Principal':{'AWS':'*'},'Action':'DynamoDB:?utResource*','Resource':'*'", true},
        {"'Effect':'Deny','Principal':{'AWS':'111111111111'},'Action':'*','Resource':'*'", false},
        {"'Effect':'Deny','Principal':'*','Action':'dynamodb:DeleteResourcePolicy','Resource':'*'", false},
        {"'Effect':'Deny','Principal':'*','NotAction':'dynamodb:PutResourcePolicy','Resource':'*'", false},
        {"'Effect':'Deny','Principal':'*','Action':'*','Resource':'*','Condition':{'k':{'l':'m'}}", false},
        {"'Effect':'Allow','Principal':{'AWS':'000000000000'},'Action':'*','Resource':'*'", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_error err = {.message = ""};
        struct policy policy;
        struct arena arena;
        char text[1024];

        arena_init(&arena, 1 << 20);
        snprintf(text, sizeof(text), "{'Statement':{%s}}", cases[i].statement);
        if (read(&policy, text, POLICY_OF_TABLE, &arena, &err) != STATOR_OK || policy.locks_out != cases[i].locks_out)
            fail_msg("case %zu: %d %s", i, policy.locks_out, err.message);
        arena_deinit(&arena);
    }
}

static void blanks_count_for_the_size(void **state)
{
    static char big[POLICY_BYTES_MAX + 1];
    static const char text[] = "{'Statement':[{'Effect':'Allow'," REST "]}";
    struct stator_error err;
    struct policy policy;
    struct arena arena;

    (void)state;
    memset(big, ' ', sizeof(big));
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        big[i] = text[i] == '\'' ? '"' : text[i];
    arena_init(&arena, 1 << 22);
    assert_int_equal(policy_read(&policy, bytes_of(big, POLICY_BYTES_MAX), POLICY_OF_TABLE, &arena, &err), STATOR_OK);
    assert_int_equal(policy.text.len, sizeof(text) - 1);
    assert_int_equal(policy_read(&policy, bytes_of(big, POLICY_BYTES_MAX + 1), POLICY_OF_TABLE, &arena, &err),
                     STATOR_VALIDATION);
    assert_string_equal(err.message, INVALID "Maximum policy size of 20480 bytes exceeded");
    arena_deinit(&arena);
}

static void a_missing_version_is_shown(void **state)
{
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 16);
    assert_bytes_are(policy_shown(BYTES("{\"Statement\":[]}"), &arena),
                     "{\"Version\":\"2008-10-17\",\"Statement\":[]}");
    assert_bytes_are(policy_shown(BYTES("{\"Version\":\"2012-10-17\"}"), &arena), "{\"Version\":\"2012-10-17\"}");
    arena_deinit(&arena);
}

/* Too little memory is a failure at any point, never a crash or a shorter policy. */
static void memory_may_run_out(void **state)
{
    static const char text[] = "{'Statement':[{'Sid':'\\u0041','Effect':'Deny','Principal':{'AWS':'111111111111'},"
                               "'Action':'a:B','Resource':'*'}]}";
    enum stator_rc rc = STATOR_NO_MEMORY;

    (void)state;
    for (size_t max = 0; rc != STATOR_OK; max += 64) {
        struct stator_error err;
        struct policy policy;
        struct arena arena;

        assert_true(max < 1 << 20);
        arena_init(&arena, max);
        rc = read(&policy, text, POLICY_OF_TABLE, &arena, &err);
        assert_true(rc == STATOR_OK || rc == STATOR_NO_MEMORY);
        arena_deinit(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_are_brought_into_one_form),
        cmocka_unit_test(what_is_no_policy_is_refused),
        cmocka_unit_test(streams_have_actions_of_their_own),
        cmocka_unit_test(a_policy_that_locks_its_owner_out_is_known),
        cmocka_unit_test(blanks_count_for_the_size),
        cmocka_unit_test(a_missing_version_is_shown),
        cmocka_unit_test(memory_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
