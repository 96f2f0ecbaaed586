/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "cli/args.h"

#define WORDS_MAX 16

static char *storage[WORDS_MAX];

/* line: words with one blank between. */
static enum stator_rc parse(struct args *out, const char *line, struct stator_error *err)
{
    static char copy[512];
    int argc = 0;

    snprintf(copy, sizeof(copy), "stator %s", line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        storage[argc++] = word;
    storage[argc] = NULL;
    *err = (struct stator_error){0};
    return args_parse(out, argc, storage, err);
}

static void understood(void **state)
{
    static const struct {
        const char *line, *command, *first;
        size_t operands;
    } cases[] = {
        {"put t a=1 b=2", "put", "t", 3},
        {"tables", "tables", NULL, 0},
        {"tables describe t", "tables describe", "t", 1},
        {"tables create t id --index x=y --index z=w", "tables create", "t", 2},
        {"--endpoint http://h scan t", "scan", "t", 1},
        {"scan -e http://h t", "scan", "t", 1},
        {"get t -- -5", "get", "t", 2},
        {"import - --table t", "import", "-", 1},
        {"put --help", "put", NULL, 0}, /* operands are not missed then */
        {"copy", "copy", NULL, 0},
    };
    struct stator_error err;
    struct args args;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse(&args, cases[i].line, &err), STATOR_OK);
        assert_string_equal(args.command->name, cases[i].command);
        assert_int_equal(args.count, cases[i].operands);
        if (cases[i].first != NULL)
            assert_string_equal(args.operands[0], cases[i].first);
        args_free(&args);
    }
    assert_int_equal(parse(&args, "--help", &err), STATOR_OK);
    assert_null(args.command);
    args_free(&args);
}

static void repeated(void **state)
{
    struct stator_error err;
    struct args args;

    (void)state;
    assert_int_equal(parse(&args, "tables create t id --index a=b --local-index c=d --index=e=f", &err), STATOR_OK);
    assert_int_equal(args.given_count, 3);
    assert_string_equal(args.given[0].value, "a=b");
    assert_string_equal(args.given[2].value, "e=f");
    assert_string_equal(args.value[OPTION_INDEX], "e=f");
    assert_true(args_has(&args, OPTION_LOCAL_INDEX));
    assert_false(args_has(&args, OPTION_STREAM));
    args_free(&args);
}

static void refused(void **state)
{
    static const struct {
        const char *line, *text;
    } cases[] = {
        {"", "which command"},
        {"foo", "'foo' is no command"},
        {"tables foo", "'foo' is too much"},
        {"scan", "something is missing: stator scan TABLE"},
        {"scan a b", "'b' is too much"},
        {"scan t --nope", "--nope"},
        {"scan t --limit", "--limit needs a value"},
        {"scan t -n", "-n needs a value"},
        {"scan t -Z", "no option -Z"},
        {"scan t --return old", "--return is no option of 'scan'"},
        {"scan t --output xml", "'xml' is not one of"},
        {"scan t --output=", "'' is not one of"},
        {"scan t --count=5", "--count"},
    };
    struct stator_error err;
    struct args args;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(parse(&args, cases[i].line, &err), STATOR_VALIDATION);
        if (strstr(err.message, cases[i].text) == NULL)
            fail_msg("%s: %s", cases[i].line, err.message);
    }
}

static void numbers(void **state)
{
    static const char *const bad[] = {"0", "11", "x", "5x", "", "1e3", "99999999999999999999"};
    struct stator_error err = {0};
    struct args args = {0};
    long long value;

    (void)state;
    assert_int_equal(args_number(&value, &args, OPTION_LIMIT, 7, 1, 10, &err), STATOR_OK);
    assert_int_equal(value, 7);
    args.value[OPTION_LIMIT] = "10";
    assert_int_equal(args_number(&value, &args, OPTION_LIMIT, 7, 1, 10, &err), STATOR_OK);
    assert_int_equal(value, 10);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        args.value[OPTION_LIMIT] = bad[i];
        assert_int_equal(args_number(&value, &args, OPTION_LIMIT, 7, 1, 10, &err), STATOR_VALIDATION);
    }
}

/* What help, manual page and completions are made of holds together. */
static void consistent(void **state)
{
    (void)state;
    for (int id = OPTION_NONE + 1; id < OPTION_IDS; id++) {
        assert_non_null(option_infos[id].name);
        assert_non_null(option_infos[id].help);
        for (int other = OPTION_NONE + 1; other < id; other++) {
            assert_string_not_equal(option_infos[id].name, option_infos[other].name);
            assert_true(option_infos[id].letter == 0 || option_infos[id].letter != option_infos[other].letter);
        }
    }
    for (int id = OPTION_GLOBAL_LAST + 1; id < OPTION_IDS; id++) {
        size_t used = 0;

        for (size_t i = 0; i < command_count; i++)
            used += command_takes(&commands[i], (enum option_id)id);
        assert_true(used > 0);
    }
    for (size_t i = 0; i < command_count; i++) {
        assert_non_null(commands[i].run);
        assert_true(commands[i].most < 0 || commands[i].most >= commands[i].least);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(understood), cmocka_unit_test(repeated),   cmocka_unit_test(refused),
        cmocka_unit_test(numbers),    cmocka_unit_test(consistent),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
