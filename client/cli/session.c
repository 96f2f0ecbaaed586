/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

#define DEFAULT_ENDPOINT "http://localhost:8000"

/* --- Ends --------------------------------------------------------------------------------------------------------- */

/* What a terminal might obey: a message may quote a file or an item. */
static bool is_control(unsigned char before, unsigned char c)
{
    return (c < ' ' && c != '\n') || c == 0x7F || (before == 0xC2 && c >= 0x80 && c < 0xA0);
}

int cli_complain(int code, const char *format, ...)
{
    va_list arguments;
    char *line = NULL;

    va_start(arguments, format);
    if (vasprintf(&line, format, arguments) < 0)
        line = NULL;
    va_end(arguments);
    fputs("stator: ", stderr);
    for (const char *at = line; at != NULL && *at != '\0'; at++)
        fputc(is_control(at == line ? 0 : (unsigned char)at[-1], (unsigned char)*at) ? '?' : *at, stderr);
    fputc('\n', stderr);
    free(line);
    return code;
}

int cli_code_of(enum stator_rc rc)
{
    switch (rc) {
    case STATOR_OK:
        return CODE_OK;
    case STATOR_CONDITIONAL_CHECK_FAILED:
        return CODE_CONDITION;
    case STATOR_RESOURCE_NOT_FOUND:
    case STATOR_TABLE_NOT_FOUND:
        return CODE_NOT_FOUND;
    case STATOR_UNREACHABLE:
    case STATOR_TIMED_OUT:
        return CODE_UNREACHABLE;
    default:
        return CODE_FAILED;
    }
}

int cli_complain_error(const struct stator_error *err)
{
    return cli_complain(cli_code_of(err->rc), "%s", err->message);
}

int cli_complain_call(const struct stator_call *call)
{
    const struct stator_failure *failure = stator_call_failure(call);
    int code = cli_code_of(failure->rc);

    if (failure->type.at != NULL)
        return cli_complain(code, "%.*s: %s", STATOR_ARG(failure->type), failure->message);
    if (failure->rc == STATOR_UNREACHABLE && failure->retryable) /* not a certificate that is refused */
        return cli_complain(code, "%s (is a server running there? --endpoint says where)", failure->message);
    return cli_complain(code, "%s", failure->message);
}

/* --- Signals ------------------------------------------------------------------------------------------------------ */

static volatile sig_atomic_t interrupted;

static void note_signal(int number)
{
    interrupted = number;
}

void cli_catch_signals(void)
{
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESETHAND}; /* the second one ends us */

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

bool cli_interrupted(void)
{
    return interrupted != 0;
}

/* --- The client --------------------------------------------------------------------------------------------------- */

static void print_log(enum stator_log_level level, const char *text, void *user)
{
    (void)level, (void)user;
    fprintf(stderr, "stator: %s\n", text);
}

static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value == NULL || *value == '\0' ? NULL : value;
}

/* NULL leaves it to the library: the variables of AWS, the profile's endpoint_url, the real service. That is wanted of
 * those who name it, or who have said so in the environment; nobody else's command should end up there. */
static const char *endpoint_of(const char *given, const char *profile)
{
    if (given == NULL)
        given = variable("STATOR_ENDPOINT");
    if (given != NULL)
        return given;
    if (profile != NULL || variable("AWS_ENDPOINT_URL_DYNAMODB") != NULL || variable("AWS_ENDPOINT_URL") != NULL)
        return NULL;
    return DEFAULT_ENDPOINT;
}

/* "aws": the real service in that region, whatever the environment says of endpoints. */
static const char *real_endpoint(const char *region, char *room, size_t size)
{
    if (region == NULL)
        region = variable("AWS_REGION");
    if (region == NULL)
        region = variable("AWS_DEFAULT_REGION");
    if (region == NULL)
        return NULL;
    snprintf(room, size, "https://dynamodb.%s.amazonaws.com%s", region, strncmp(region, "cn-", 3) == 0 ? ".cn" : "");
    return room;
}

struct stator_client *cli_open(const struct cli *cli, const struct place *place)
{
    const struct args *args = cli->args;
    struct stator_client *client = NULL;
    struct stator_error err = {0};
    char room[256];
    struct stator_client_options options = {
        .region = place->region != NULL ? place->region : args->value[OPTION_REGION],
        .profile = place->profile != NULL ? place->profile : args->value[OPTION_PROFILE],
        .ca_file = args->value[OPTION_CA_FILE],
        .insecure_tls = args_has(args, OPTION_INSECURE),
        .log = args_has(args, OPTION_VERBOSE) ? print_log : NULL,
        .call_timeout_ms = cli->timeout_ms,
        .attempt_timeout_ms = cli->timeout_ms,
        .user_agent = "stator-cli/" STATOR_VERSION,
    };

    options.endpoint =
        endpoint_of(place->endpoint != NULL ? place->endpoint : args->value[OPTION_ENDPOINT], options.profile);
    if (options.endpoint != NULL && strcmp(options.endpoint, "aws") == 0)
        options.endpoint = real_endpoint(options.region, room, sizeof(room));
    if (stator_client_open(&client, &options, &err) != STATOR_OK)
        cli_complain_error(&err);
    return client;
}

int cli_connect(struct cli *cli)
{
    cli->client = cli_open(cli, &(struct place){0});
    if (cli->client == NULL)
        return CODE_FAILED;
    cli->call = stator_call_new(cli->client);
    cli->builder = stator_builder_new(NULL, 0);
    if (cli->call == NULL || cli->builder == NULL)
        return cli_complain(CODE_FAILED, "out of memory");
    return CODE_OK;
}

/* --- From the command line to the exit code ------------------------------------------------------------------------ */

static enum output output_of(const char *given, bool terminal)
{
    static const char *const names[] = {"table", "json", "jsonl", "dynamodb"};

    for (int i = 0; given != NULL && i < 4; i++)
        if (strcmp(given, names[i]) == 0)
            return (enum output)i;
    return terminal ? OUTPUT_TABLE : OUTPUT_JSON;
}

static int finish_output(int code)
{
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    return code != CODE_OK ? code : cli_complain(CODE_FAILED, "standard output: cannot be written");
}

static int run_command(const struct args *args)
{
    struct cli cli = {.args = args, .terminal = isatty(STDOUT_FILENO) != 0};
    struct stator_error err = {0};
    long long seconds;
    int code;

    if (args_number(&seconds, args, OPTION_TIMEOUT, 0, 1, 86400, &err) != STATOR_OK)
        return cli_complain(CODE_USAGE, "%s", err.message);
    cli.timeout_ms = (uint32_t)seconds * 1000;
    cli.output = output_of(args->value[OPTION_OUTPUT], cli.terminal);
    cli.color = cli.terminal && !args_has(args, OPTION_NO_COLOR) && variable("NO_COLOR") == NULL;
    code = args->command == NULL || args_has(args, OPTION_HELP) ? cli_help(&cli) : args->command->run(&cli);
    stator_builder_free(cli.builder);
    stator_call_free(cli.call);
    stator_client_close(cli.client);
    return finish_output(code);
}

int cli_run(int argc, char **argv)
{
    struct stator_error err = {0};
    struct args args;
    int code;

    if (setlocale(LC_CTYPE, "C.UTF-8") == NULL) /* for the width of characters; items are UTF-8 everywhere */
        (void)setlocale(LC_CTYPE, "");
    if (args_parse(&args, argc, argv, &err) != STATOR_OK)
        return cli_complain(CODE_USAGE, "%s", err.message);
    code = run_command(&args);
    args_free(&args);
    return code;
}
