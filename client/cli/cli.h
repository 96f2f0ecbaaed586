/* SPDX-License-Identifier: Apache-2.0 */
/* cli: what all commands share: the parsed command line, one client with one call, how to print, how to end.
 *
 * A command is a function of the table in commands.c. It gives the exit code, having said on standard error what went
 * wrong; results go to standard output alone.
 *
 * Thread: [main], but for those that import, export and copy start, which have a call each.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stdio.h>

#include "args.h"
#include "stator/build.h"
#include "stator/call.h"

/* How commands end. In the manual page, by help.c. */
enum exit_code {
    CODE_OK = 0,
    CODE_FAILED = 1,      /* the service refused, or a file could not be read or written */
    CODE_USAGE = 2,       /* the command line makes no sense */
    CODE_NOT_FOUND = 3,   /* no such item or table */
    CODE_CONDITION = 4,   /* the condition did not hold */
    CODE_UNREACHABLE = 5, /* no answer, or not in time */
    CODE_PARTIAL = 6,     /* part of it was done */
    CODE_INTERRUPTED = 130,
};

enum output { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_DYNAMODB };

struct cli {
    const struct args *args;
    enum output output;
    bool terminal; /* standard output is one */
    bool color;
    uint32_t timeout_ms; /* 0: the library's */
    struct stator_client *client;
    struct stator_call *call;
    struct stator_builder *builder; /* of what is sent; reset by whoever begins something new */
};

/* Commands. */
int cli_put(struct cli *cli);
int cli_get(struct cli *cli);
int cli_update(struct cli *cli);
int cli_delete(struct cli *cli);
int cli_query(struct cli *cli);
int cli_scan(struct cli *cli);
int cli_sql(struct cli *cli);
int cli_call(struct cli *cli);
int cli_tables_list(struct cli *cli);
int cli_tables_describe(struct cli *cli);
int cli_tables_create(struct cli *cli);
int cli_tables_drop(struct cli *cli);
int cli_import(struct cli *cli);
int cli_export(struct cli *cli);
int cli_copy(struct cli *cli);
int cli_tail(struct cli *cli);
int cli_completion(struct cli *cli);
int cli_help(struct cli *cli);

/* Runs argv to its end. Gives the exit code. */
int cli_run(int argc, char **argv);

/* Where a client speaks to; NULL: the option, the environment, the default. */
struct place {
    const char *endpoint, *region, *profile;
};

/* A client by the options given, and what place says. Complains and gives NULL when there is none. */
struct stator_client *cli_open(const struct cli *cli, const struct place *place);

/* Opens cli->client, call and builder. CODE_OK, or complains. */
int cli_connect(struct cli *cli);

/* "stator: ..." on standard error; gives that exit code. */
int cli_complain(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for what the library says; what was asked is named by the text, if there is one. */
int cli_complain_error(const struct stator_error *err);
int cli_complain_call(const struct stator_call *call);
int cli_code_of(enum stator_rc rc);

/* Whether SIGINT or SIGTERM came, once cli_catch_signals was called: long commands then end in order. */
void cli_catch_signals(void);
bool cli_interrupted(void);

#endif
