/* SPDX-License-Identifier: Apache-2.0 */
/* args: the commands and options, as data. The parser, --help, the man page and the completions are made of the same
 * two tables (commands.c).
 *
 * In:     argv.
 * Out:    the command, its options and operands; or a text that names what is wrong.
 * Thread: [main]
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "stator/error.h"

struct cli;

enum option_id {
    OPTION_NONE = 0, /* ends a command's list */
    /* Of every command. */
    OPTION_ENDPOINT,
    OPTION_REGION,
    OPTION_PROFILE,
    OPTION_OUTPUT,
    OPTION_NO_COLOR,
    OPTION_TIMEOUT,
    OPTION_CA_FILE,
    OPTION_INSECURE,
    OPTION_VERBOSE,
    OPTION_HELP,
    OPTION_GLOBAL_LAST = OPTION_HELP,
    /* Of some. */
    OPTION_ATTRIBUTES,
    OPTION_BILLING,
    OPTION_COLUMNS,
    OPTION_CONSISTENT,
    OPTION_COUNT,
    OPTION_CREATE,
    OPTION_DELIMITER,
    OPTION_DESCENDING,
    OPTION_FILTER,
    OPTION_FORMAT,
    OPTION_FROM,
    OPTION_FROM_REGION,
    OPTION_FROM_PROFILE,
    OPTION_TO,
    OPTION_TO_REGION,
    OPTION_TO_PROFILE,
    OPTION_AS,
    OPTION_DEFINITION_ONLY,
    OPTION_IF,
    OPTION_IF_EXISTS,
    OPTION_IF_NOT_EXISTS,
    OPTION_INDEX,
    OPTION_LOCAL_INDEX,
    OPTION_LIMIT,
    OPTION_MAN,
    OPTION_MAX_ERRORS,
    OPTION_NO_PROGRESS,
    OPTION_QUIET,
    OPTION_RATE,
    OPTION_RESUME,
    OPTION_RETURN,
    OPTION_SEGMENTS,
    OPTION_SINCE,
    OPTION_STREAM,
    OPTION_TABLE,
    OPTION_THREADS,
    OPTION_TO_FILE,
    OPTION_TTL,
    OPTION_TYPES,
    OPTION_IDS
};

struct option_info {
    const char *name;    /* without dashes */
    char letter;         /* or 0 */
    const char *value;   /* what help calls it; NULL: a switch */
    const char *choices; /* "a b c", what the value must be one of; NULL: anything */
    const char *help;
};

struct command {
    const char *name;     /* "put", "tables create" */
    const char *operands; /* as the synopsis shows them; "" for none */
    const char *summary;  /* a line, without a full stop */
    const char *details;  /* paragraphs with an empty line between; a line that begins with a blank is shown as it is */
    enum option_id options[16];
    int least, most; /* operands; most < 0: any number */
    int (*run)(struct cli *cli);
};

extern const struct option_info option_infos[OPTION_IDS];
extern const struct command commands[];
extern const size_t command_count;

struct given {
    enum option_id id;
    const char *value; /* "" of a switch */
};

struct args {
    const struct command *command; /* NULL: --help without a command */
    const char *value[OPTION_IDS]; /* the last one given; NULL: not given */
    struct given *given;           /* all, in order */
    size_t given_count;
    char **operands;
    size_t count;
};

/* On STATOR_OK the caller frees *out with args_free(); it borrows from argv, which is put in another order. Otherwise
 * err says what is wrong. */
STATOR_MUST_CHECK enum stator_rc args_parse(struct args *out, int argc, char **argv, struct stator_error *err);
void args_free(struct args *args);

bool args_has(const struct args *args, enum option_id id);

/* The number an option was given, or otherwise. STATOR_VALIDATION when it is none from least to most. */
STATOR_MUST_CHECK enum stator_rc args_number(long long *out, const struct args *args, enum option_id id,
                                             long long otherwise, long long least, long long most,
                                             struct stator_error *err);

/* The command of those words, the longest name that fits; *words says how many it took. NULL: none. */
const struct command *command_find(char *const *words, size_t count, size_t *used);
bool command_takes(const struct command *command, enum option_id id);

/* err gets the text; gives rc. */
enum stator_rc cli_fail(struct stator_error *err, enum stator_rc rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
