/* SPDX-License-Identifier: Apache-2.0 */
/* Help on the terminal and the manual page, made of the tables of commands and options. */
#include <ctype.h>
#include <string.h>

#include "cli.h"
#include "text.h"
#include "width.h"

static const char *const codes[][2] = {
    {"0", "done"},
    {"1", "the server refused, or a file could not be read or written"},
    {"2", "the command line makes no sense"},
    {"3", "no such item or table"},
    {"4", "the condition did not hold"},
    {"5", "no answer from the server, or not in time"},
    {"6", "done in part: some records were bad, or it was broken off"},
    {"130", "interrupted"},
};

static const char *const variables[][2] = {
    {"STATOR_ENDPOINT", "as --endpoint"},
    {"AWS_ENDPOINT_URL_DYNAMODB, AWS_ENDPOINT_URL", "the same, for all programs that know them"},
    {"AWS_REGION, AWS_DEFAULT_REGION, AWS_PROFILE", "as --region and --profile"},
    {"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN",
     "credentials; without any, a server that is not the real service gets some that mean nothing"},
    {"NO_COLOR", "as --no-color"},
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* --- Terminal ------------------------------------------------------------------------------------------------------ */

static void option_left(struct text *out, const struct option_info *info)
{
    if (info->letter != 0)
        text_format(out, "-%c, ", info->letter);
    text_format(out, "--%s", info->name);
    if (info->value != NULL)
        text_format(out, " %s", info->value);
}

/* Words from column `left` on, at most 100 wide. */
static void print_wrapped(const char *text, int left, int column)
{
    while (*text != '\0') {
        int len = (int)strcspn(text, " ");

        if (column + 1 + len > 100 && column > left) {
            printf("\n%*s", left, "");
            column = left;
        } else if (column > left) {
            putchar(' ');
            column++;
        }
        printf("%.*s", len, text);
        column += len;
        text += len + (text[len] == ' ');
    }
    putchar('\n');
}

static void print_row(const char *name, const char *about)
{
    const int left = 30;
    int len = printf("  %s", name);

    if (len >= left)
        len = printf("\n") - 1;
    printf("%*s", left - len, "");
    print_wrapped(about, left, left);
}

static void print_option(const struct option_info *info)
{
    struct text left = {0}, about = {0};

    option_left(&left, info);
    text_string(&about, info->help);
    if (info->choices != NULL)
        text_format(&about, " [%s]", info->choices);
    print_row(left.at, about.at);
    text_free(&left);
    text_free(&about);
}

static void print_globals(void)
{
    printf("\nOptions of every command:\n");
    for (int id = OPTION_NONE + 1; id <= OPTION_GLOBAL_LAST; id++)
        print_option(&option_infos[id]);
}

/* A paragraph is wrapped, a line that begins with a blank is shown as it is. */
static void print_details(const char *details)
{
    for (const char *line = details; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        struct text copy = {0};

        text_add(&copy, line, len);
        if (*line == ' ' || len == 0)
            printf("%s\n", copy.at);
        else
            print_wrapped(copy.at, 0, 0);
        text_free(&copy);
        line += len + (line[len] == '\n');
    }
}

static void print_command(const struct command *command)
{
    printf("Usage: stator %s %s%s[options]\n\n%c%s.\n", command->name, command->operands,
           *command->operands != '\0' ? " " : "", toupper((unsigned char)command->summary[0]), command->summary + 1);
    if (*command->details != '\0') {
        putchar('\n');
        print_details(command->details);
    }
    if (command->options[0] != OPTION_NONE)
        printf("\nOptions:\n");
    for (const enum option_id *id = command->options; *id != OPTION_NONE; id++)
        print_option(&option_infos[*id]);
    print_globals();
}

static void print_all(void)
{
    printf("Usage: stator COMMAND [OPERANDS] [OPTIONS]\n\nCommands (stator help COMMAND says more):\n");
    for (size_t i = 0; i < command_count; i++) {
        struct text left = {0};

        text_format(&left, "%s %s", commands[i].name, commands[i].operands);
        print_row(left.at, commands[i].summary);
        text_free(&left);
    }
    print_globals();
    printf("\nWhat begins with a dash and is no option goes after --: stator get numbers -- -5\n"
           "\nVariables:\n");
    for (size_t i = 0; i < COUNT_OF(variables); i++)
        print_row(variables[i][0], variables[i][1]);
    printf("\nExit codes:\n");
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        print_row(codes[i][0], codes[i][1]);
    printf("\nThe server's own commands: stator --help\n");
}

/* --- The manual page ---------------------------------------------------------------------------------------------- */

/* Text for roff: dashes stay dashes, a point or quote at the beginning of a line is no request. */
static void man_text(const char *text, size_t len)
{
    if (len > 0 && (*text == '.' || *text == '\''))
        fputs("\\&", stdout);
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '-')
            fputs("\\-", stdout);
        else if (text[i] == '\\')
            fputs("\\e", stdout);
        else
            putchar(text[i]);
    }
}

static void man_line(const char *text)
{
    man_text(text, strlen(text));
    putchar('\n');
}

static void man_row(const char *name, const char *about)
{
    printf(".TP\n.B ");
    man_line(name);
    man_line(about);
}

static void man_option(const struct option_info *info)
{
    printf(".TP\n");
    if (info->letter != 0)
        printf("\\fB\\-%c\\fR, ", info->letter);
    printf("\\fB\\-\\-");
    man_text(info->name, strlen(info->name));
    printf("\\fR");
    if (info->value != NULL) {
        printf(" \\fI");
        man_text(info->value, strlen(info->value));
        printf("\\fR");
    }
    putchar('\n');
    man_line(info->help);
    if (info->choices != NULL) {
        printf("One of: ");
        man_line(info->choices);
    }
}

static void man_details(const char *details)
{
    bool verbatim = false;

    for (const char *line = details; *line != '\0';) {
        size_t len = strcspn(line, "\n");

        if (verbatim != (*line == ' ')) {
            verbatim = !verbatim;
            printf(verbatim ? ".nf\n" : ".fi\n");
        }
        if (len == 0) {
            printf(".PP\n");
        } else {
            man_text(line, len);
            putchar('\n');
        }
        line += len + (line[len] == '\n');
    }
    if (verbatim)
        printf(".fi\n");
}

static void man_command(const struct command *command)
{
    printf(".SS \"");
    man_text(command->name, strlen(command->name));
    if (*command->operands != '\0')
        putchar(' ');
    man_text(command->operands, strlen(command->operands));
    printf("\"\n%c", toupper((unsigned char)command->summary[0]));
    man_text(command->summary + 1, strlen(command->summary + 1));
    printf(".\n.PP\n");
    man_details(command->details);
    for (const enum option_id *id = command->options; *id != OPTION_NONE; id++)
        man_option(&option_infos[*id]);
}

static void man_page(void)
{
    printf(".TH STATOR 1 \"\" \"Stator %s\"\n.SH NAME\nstator \\- a DynamoDB\\-compatible database, and its command "
           "line\n.SH SYNOPSIS\n.B stator\n[\\fBserve\\fR] [\\fIflags\\fR]\n.br\n.B stator\n\\fIcommand\\fR "
           "[\\fIoperands\\fR] [\\fIoptions\\fR]\n.SH DESCRIPTION\nWithout a command, or with \\fBserve\\fR, it is the "
           "server: see \\fBstator \\-\\-help\\fR.\nThe commands below speak to a server, or to Amazon DynamoDB.\n.PP\n"
           "Results are a table on a terminal and JSON elsewhere.\nWhat begins with a dash and is no option goes after "
           "\\fB\\-\\-\\fR.\n.SH COMMANDS\n",
           STATOR_VERSION);
    for (size_t i = 0; i < command_count; i++)
        man_command(&commands[i]);
    printf(".SH OPTIONS\nOf every command:\n");
    for (int id = OPTION_NONE + 1; id <= OPTION_GLOBAL_LAST; id++)
        man_option(&option_infos[id]);
    printf(".SH ENVIRONMENT\n");
    for (size_t i = 0; i < COUNT_OF(variables); i++)
        man_row(variables[i][0], variables[i][1]);
    printf(".SH EXIT STATUS\n");
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        man_row(codes[i][0], codes[i][1]);
}

/* --- The command -------------------------------------------------------------------------------------------------- */

int cli_help(struct cli *cli)
{
    const struct args *args = cli->args;
    bool asked = args->command != NULL && args_has(args, OPTION_HELP); /* put --help */
    size_t used = 0;
    const struct command *about = asked ? args->command : command_find(args->operands, args->count, &used);

    if (args_has(args, OPTION_MAN)) {
        man_page();
        return CODE_OK;
    }
    if (about == NULL && args->count > 0 && strcmp(args->operands[0], "commands") != 0)
        return cli_complain(CODE_USAGE, "'%s' is no command (stator help commands lists them)", args->operands[0]);
    if (about != NULL)
        print_command(about);
    else
        print_all();
    return CODE_OK;
}
