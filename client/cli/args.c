/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <ctype.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

enum stator_rc cli_fail(struct stator_error *err, enum stator_rc rc, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    err->rc = rc;
    vsnprintf(err->message, sizeof(err->message), format, arguments);
    va_end(arguments);
    return rc;
}

/* --- Commands ----------------------------------------------------------------------------------------------------- */

/* How many of the words are the command's name; 0: it is another's. */
static size_t name_words(const char *name, char *const *words, size_t count)
{
    size_t used = 0;

    while (*name != '\0') {
        size_t len = strcspn(name, " ");

        if (used == count || strlen(words[used]) != len || strncmp(words[used], name, len) != 0)
            return 0;
        used++;
        name += len + (name[len] == ' ');
    }
    return used;
}

const struct command *command_find(char *const *words, size_t count, size_t *used)
{
    const struct command *found = NULL;

    *used = 0;
    for (size_t i = 0; i < command_count; i++) {
        size_t len = name_words(commands[i].name, words, count);

        if (len > *used) {
            found = &commands[i];
            *used = len;
        }
    }
    return found;
}

bool command_takes(const struct command *command, enum option_id id)
{
    if (id <= OPTION_GLOBAL_LAST)
        return true;
    for (const enum option_id *at = command->options; *at != OPTION_NONE; at++)
        if (*at == id)
            return true;
    return false;
}

/* --- Options ------------------------------------------------------------------------------------------------------ */

#define LETTERS_MAX (2 * OPTION_IDS + 3)
#define LONG_BASE   256 /* what getopt gives for an option: LONG_BASE + its id */

static void fill_tables(struct option *longs, char *letters)
{
    *letters++ = ':'; /* a missing value is told apart */
    for (int id = OPTION_NONE + 1; id < OPTION_IDS; id++) {
        const struct option_info *info = &option_infos[id];

        *longs++ =
            (struct option){info->name, info->value != NULL ? required_argument : no_argument, NULL, LONG_BASE + id};
        if (info->letter == 0)
            continue;
        *letters++ = info->letter;
        if (info->value != NULL)
            *letters++ = ':';
    }
    *longs = (struct option){0};
    *letters = '\0';
}

static enum option_id id_of(int code)
{
    if (code > LONG_BASE)
        return (enum option_id)(code - LONG_BASE);
    for (int id = OPTION_NONE + 1; id < OPTION_IDS; id++)
        if (option_infos[id].letter != 0 && option_infos[id].letter == code)
            return (enum option_id)id;
    return OPTION_NONE;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t len = strlen(value);

    for (const char *at = choices; *at != '\0' && len > 0; at += strcspn(at, " "), at += *at == ' ')
        if (strcspn(at, " ") == len && strncmp(at, value, len) == 0)
            return true;
    return false;
}

static enum stator_rc take(struct args *out, enum option_id id, const char *value, struct stator_error *err)
{
    const struct option_info *info = &option_infos[id];

    if (info->choices != NULL && !is_choice(info->choices, value))
        return cli_fail(err, STATOR_VALIDATION, "--%s: '%s' is not one of: %s", info->name, value, info->choices);
    out->value[id] = value;
    out->given = must_resize(out->given, (out->given_count + 1) * sizeof(*out->given));
    out->given[out->given_count++] = (struct given){id, value};
    return STATOR_OK;
}

static enum stator_rc read_options(struct args *out, int argc, char **argv, struct stator_error *err)
{
    struct option longs[OPTION_IDS];
    char letters[LETTERS_MAX];
    int code;

    fill_tables(longs, letters);
    optind = 0; /* begins anew, also after another parse */
    opterr = 0;
    while ((code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        enum option_id id = id_of(code);

        if (code == ':')
            return cli_fail(err, STATOR_VALIDATION, "%s needs a value", argv[optind - 1]);
        if (id == OPTION_NONE && optopt > 0 && optopt < LONG_BASE)
            return cli_fail(err, STATOR_VALIDATION,
                            "there is no option -%c (what begins with a dash and is none goes after --)", optopt);
        if (id == OPTION_NONE)
            return cli_fail(err, STATOR_VALIDATION, "%s is no option, or the beginning of several, or takes no value",
                            argv[optind - 1]);
        if (take(out, id, optarg != NULL ? optarg : "", err) != STATOR_OK)
            return err->rc;
    }
    out->operands = argv + optind;
    out->count = (size_t)(argc - optind);
    return STATOR_OK;
}

static enum stator_rc check_options(const struct args *args, struct stator_error *err)
{
    for (size_t i = 0; i < args->given_count; i++)
        if (!command_takes(args->command, args->given[i].id))
            return cli_fail(err, STATOR_VALIDATION, "--%s is no option of '%s' (stator help %s)",
                            option_infos[args->given[i].id].name, args->command->name, args->command->name);
    return STATOR_OK;
}

static enum stator_rc check_operands(const struct args *args, struct stator_error *err)
{
    const struct command *command = args->command;

    if (args->count < (size_t)command->least)
        return cli_fail(err, STATOR_VALIDATION, "something is missing: stator %s %s", command->name, command->operands);
    if (command->most >= 0 && args->count > (size_t)command->most)
        return cli_fail(err, STATOR_VALIDATION, "'%s' is too much: stator %s %s", args->operands[command->most],
                        command->name, command->operands);
    return STATOR_OK;
}

static enum stator_rc settle(struct args *args, struct stator_error *err)
{
    size_t used = 0;

    args->command = command_find(args->operands, args->count, &used);
    if (args->command == NULL && args_has(args, OPTION_HELP))
        return STATOR_OK;
    if (args->count == 0)
        return cli_fail(err, STATOR_VALIDATION, "which command? (stator help commands lists them)");
    if (args->command == NULL)
        return cli_fail(err, STATOR_VALIDATION, "'%s' is no command (stator help commands lists them)",
                        args->operands[0]);
    args->operands += used;
    args->count -= used;
    if (args_has(args, OPTION_HELP))
        return STATOR_OK;
    if (check_options(args, err) != STATOR_OK)
        return err->rc;
    return check_operands(args, err);
}

enum stator_rc args_parse(struct args *out, int argc, char **argv, struct stator_error *err)
{
    *out = (struct args){0};
    if (read_options(out, argc, argv, err) == STATOR_OK && settle(out, err) == STATOR_OK)
        return STATOR_OK;
    args_free(out);
    return err->rc;
}

void args_free(struct args *args)
{
    free(args->given);
    *args = (struct args){0};
}

bool args_has(const struct args *args, enum option_id id)
{
    return args->value[id] != NULL;
}

enum stator_rc args_number(long long *out, const struct args *args, enum option_id id, long long otherwise,
                           long long least, long long most, struct stator_error *err)
{
    const char *text = args->value[id];
    char *end;

    *out = otherwise;
    if (text == NULL)
        return STATOR_OK;
    *out = strtoll(text, &end, 10);
    if ((isdigit((unsigned char)*text) || *text == '-') && *end == '\0' && *out >= least && *out <= most)
        return STATOR_OK;
    return cli_fail(err, STATOR_VALIDATION, "--%s: '%s' is not a number from %lld to %lld", option_infos[id].name, text,
                    least, most);
}
