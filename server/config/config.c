/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/limits.h"
#include "watch/metrics.h"

#define DEFAULT_DATA_DIR "./stator-data"

#define DEFAULT_TTL_INTERVAL_MS 1000
#define DEFAULT_TTL_COOLDOWN_S  1860 /* measured on the service; its documentation says up to an hour */

/* How long statuses last with -delayTransientStatuses. */
#define LOCAL_TRANSITION_MS 1000

#define DEFAULT_SLOW_REQUEST_MS 1000
#define DEFAULT_METRICS_TABLES  100
#define DEFAULT_STOP_TIMEOUT_S  10

#define DAY_S 86400

/* Where a value came from; a later one wins. */
enum source { FROM_DEFAULT, FROM_ENVIRONMENT, FROM_FLAG };

enum kind { KIND_TEXT, KIND_NUMBER, KIND_CHOICE, KIND_SWITCH, KIND_LIST };

enum option_id {
    OPTION_PORT,
    OPTION_HOST,
    OPTION_DATA_DIR,
    OPTION_IN_MEMORY,
    OPTION_DURABILITY,
    OPTION_SHARDS,
    OPTION_CACHE_MIB,
    OPTION_MEMORY_MIB,
    OPTION_LOOPS,
    OPTION_MAX_CONNECTIONS,
    OPTION_MAX_CONNECTIONS_PER_ADDRESS,
    OPTION_VALIDATION_WORDING,
    OPTION_TRANSACTION_CONFLICT,
    OPTION_ISOLATE_BY,
    OPTION_TRANSITION_MS,
    OPTION_STREAM_SHARDS,
    OPTION_STREAM_SHARD_S,
    OPTION_STREAM_SHARD_RECORDS,
    OPTION_STREAM_ITERATOR_S,
    OPTION_STREAM_RETENTION_S,
    OPTION_TTL_INTERVAL_MS,
    OPTION_TTL_COOLDOWN_S,
    OPTION_ENFORCE_THROUGHPUT,
    OPTION_CLOCK_FILE,
    OPTION_INIT_DIR,
    OPTION_CORS,
    OPTION_STOP_TIMEOUT_S,
    OPTION_LOG_FORMAT,
    OPTION_LOG_LEVEL,
    OPTION_LOG_FILE,
    OPTION_PORT_FILE,
    OPTION_SLOW_REQUEST_MS,
    OPTION_METRICS_TABLES,
    OPTION_OPERATOR_HOSTS,
    OPTION_COUNT
};

/* One setting: --name, STATOR_NAME. Choices are in the order of their enum. */
struct option {
    const char *name;
    enum kind kind;
    const char *value_name; /* in the help */
    int64_t least, most;    /* KIND_NUMBER */
    const char *choices[5]; /* KIND_CHOICE, KIND_LIST */
    const char *help;
};

static const struct option options[OPTION_COUNT] = {
    [OPTION_PORT] = {"port", KIND_NUMBER, "N", 0, 65535, {NULL}, "listen on this port; 0: the system chooses (8000)"},
    [OPTION_HOST] = {"host",
                     KIND_TEXT,
                     "ADDRESS",
                     0,
                     0,
                     {NULL},
                     "listen on this address or name; 0.0.0.0 or :: for all (127.0.0.1 and ::1)"},
    [OPTION_DATA_DIR] = {"data-dir", KIND_TEXT, "DIR", 0, 0, {NULL}, "keep the data here (" DEFAULT_DATA_DIR ")"},
    [OPTION_IN_MEMORY] = {"in-memory", KIND_SWITCH, NULL, 0, 0, {NULL}, "keep nothing on disk"},
    [OPTION_DURABILITY] = {"durability",
                           KIND_CHOICE,
                           "full|process|none",
                           0,
                           0,
                           {"full", "process", "none", NULL},
                           "a write is answered when it survives a power cut, a crash of the process, or neither "
                           "(full; none in memory)"},
    [OPTION_SHARDS] = {"shards", KIND_NUMBER, "N", 1, 256, {NULL}, "parts of the key space, fixed at creation (4)"},
    [OPTION_CACHE_MIB] =
        {"cache-mib", KIND_NUMBER, "N", 1, 1 << 20, {NULL}, "memory for what was read from the disk (8)"},
    [OPTION_MEMORY_MIB] =
        {"memory-mib",
         KIND_NUMBER,
         "N",
         32,
         1 << 20,
         {NULL},
         "memory for all requests together, 32 or more (a third of the container's or machine's, at most 1024)"},
    [OPTION_LOOPS] = {"loops", KIND_NUMBER, "N", 1, LIMIT_LOOPS, {NULL}, "event loops (one per core)"},
    [OPTION_MAX_CONNECTIONS] = {"max-connections",
                                KIND_NUMBER,
                                "N",
                                1,
                                1000000,
                                {NULL},
                                "connections open at once (10000, or what memory and the descriptor limit allow)"},
    [OPTION_MAX_CONNECTIONS_PER_ADDRESS] = {"max-connections-per-address",
                                            KIND_NUMBER,
                                            "N",
                                            1,
                                            1000000,
                                            {NULL},
                                            "connections open at once from one client (seven eighths of all)"},
    [OPTION_VALIDATION_WORDING] = {"validation-wording",
                                   KIND_CHOICE,
                                   "current|classic",
                                   0,
                                   0,
                                   {"current", "classic", NULL},
                                   "validation messages as DynamoDB words them now, or did until May 2026 (current)"},
    [OPTION_TRANSACTION_CONFLICT] = {"transaction-conflict",
                                     KIND_CHOICE,
                                     "wait|refuse",
                                     0,
                                     0,
                                     {"wait", "refuse", NULL},
                                     "who meets an item of a transaction under way waits for its end, or is refused as "
                                     "by DynamoDB (wait)"},
    [OPTION_ISOLATE_BY] = {"isolate-by",
                           KIND_LIST,
                           "region,access-key",
                           0,
                           0,
                           {"region", "access-key", NULL},
                           "separate tables by what clients sign with (not: all clients see all tables)"},
    [OPTION_TRANSITION_MS] =
        {"transition-ms", KIND_NUMBER, "N", 0, 3600000, {NULL}, "how long CREATING, UPDATING and DELETING last (0)"},
    [OPTION_STREAM_SHARDS] =
        {"stream-shards", KIND_NUMBER, "N", 1, 256, {NULL}, "open shards of a new stream (as many as --shards)"},
    [OPTION_STREAM_SHARD_S] = {"stream-shard-s",
                               KIND_NUMBER,
                               "N",
                               1,
                               DAY_S,
                               {NULL},
                               "a stream's shard with records is followed by a new one after so many seconds (14400)"},
    [OPTION_STREAM_SHARD_RECORDS] =
        {"stream-shard-records", KIND_NUMBER, "N", 1, UINT32_MAX, {NULL}, "and after so many records (1000000)"},
    [OPTION_STREAM_ITERATOR_S] =
        {"stream-iterator-s", KIND_NUMBER, "N", 1, DAY_S, {NULL}, "how long a shard iterator is good (900)"},
    [OPTION_STREAM_RETENTION_S] =
        {"stream-retention-s", KIND_NUMBER, "N", 1, 365 * DAY_S, {NULL}, "how long stream records are kept (86400)"},
    [OPTION_TTL_INTERVAL_MS] = {"ttl-interval-ms",
                                KIND_NUMBER,
                                "N",
                                1,
                                86400000,
                                {NULL},
                                "between two looks for items past their time to live (1000)"},
    [OPTION_TTL_COOLDOWN_S] = {"ttl-cooldown-s",
                               KIND_NUMBER,
                               "N",
                               0,
                               86400,
                               {NULL},
                               "between two changes of a table's time to live, as on DynamoDB; 0: none (1860)"},
    [OPTION_ENFORCE_THROUGHPUT] = {"enforce-throughput",
                                   KIND_SWITCH,
                                   NULL,
                                   0,
                                   0,
                                   {NULL},
                                   "throttle requests past the throughput of their table or index"},
    [OPTION_CLOCK_FILE] = {"clock-file",
                           KIND_TEXT,
                           "FILE",
                           0,
                           0,
                           {NULL},
                           "for tests: add the number of seconds in this file to the clock, also when it changes"},
    [OPTION_INIT_DIR] = {"init-dir",
                         KIND_TEXT,
                         "DIR",
                         0,
                         0,
                         {NULL},
                         "make the tables and put the items of the files in this directory, once"},
    [OPTION_CORS] = {"cors",
                     KIND_TEXT,
                     "ORIGINS",
                     0,
                     0,
                     {NULL},
                     "web pages of these origins, with commas between, may use it, too; *: all; null: from files, but "
                     "any page can pose as null (those of this machine)"},
    [OPTION_STOP_TIMEOUT_S] = {"stop-timeout-s",
                               KIND_NUMBER,
                               "N",
                               1,
                               86400,
                               {NULL},
                               "a stop that takes longer, on a disk that does not answer, ends as a kill would (10)"},
    [OPTION_LOG_FORMAT] =
        {"log-format", KIND_CHOICE, "text|json", 0, 0, {"text", "json", NULL}, "form of the log (text)"},
    [OPTION_LOG_LEVEL] = {"log-level",
                          KIND_CHOICE,
                          "error|warn|info|debug",
                          0,
                          0,
                          {"error", "warn", "info", "debug", NULL},
                          "debug: a line per request (info)"},
    [OPTION_LOG_FILE] =
        {"log-file", KIND_TEXT, "FILE", 0, 0, {NULL}, "append the log to this file; SIGHUP opens it anew"},
    [OPTION_PORT_FILE] =
        {"port-file", KIND_TEXT, "FILE", 0, 0, {NULL}, "write the port into this file once requests are answered"},
    [OPTION_SLOW_REQUEST_MS] =
        {"slow-request-ms", KIND_NUMBER, "N", 0, 3600000, {NULL}, "log requests that take so long; 0: none (1000)"},
    [OPTION_METRICS_TABLES] = {"metrics-tables",
                               KIND_NUMBER,
                               "N",
                               0,
                               METRICS_TABLES_MAX,
                               {NULL},
                               "tables that have metrics of their own; the others are counted together (100)"},
    [OPTION_OPERATOR_HOSTS] =
        {"operator-hosts",
         KIND_TEXT,
         "NAMES",
         0,
         0,
         {NULL},
         "names of this server, with commas between, under which /_stator/ may be asked, too; *: any"},
};

/* Values as given, before they are put together. */
struct given {
    enum source source[OPTION_COUNT];
    const char *text[OPTION_COUNT];
    int64_t number[OPTION_COUNT]; /* also the choice, the switch, the list as bits */
    bool local, shared_db, delay_statuses, optimize, command_seen, repair;
    enum config_command command;
};

static void variable_of(char *out, size_t size, const char *name)
{
    size_t len = (size_t)snprintf(out, size, "STATOR_%s", name);

    for (size_t i = 0; i < len; i++)
        out[i] = out[i] == '-' ? '_' : (char)toupper((unsigned char)out[i]);
}

static enum stator_rc bad(struct stator_error *err, const char *who, const char *value, const char *why)
{
    return stator_fail(err, STATOR_VALIDATION, "%s: '%s' %s", who, value, why);
}

static int choice_of(const struct option *option, const char *text, size_t len)
{
    for (int i = 0; option->choices[i] != NULL; i++)
        if (strlen(option->choices[i]) == len && memcmp(option->choices[i], text, len) == 0)
            return i;
    return -1;
}

static enum stator_rc bad_choice(const struct option *option, const char *who, const char *text,
                                 struct stator_error *err)
{
    char why[96];

    snprintf(why, sizeof(why), "is not one of %s", option->value_name);
    return bad(err, who, text, why);
}

static enum stator_rc parse_number(int64_t *out, const struct option *option, const char *who, const char *text,
                                   struct stator_error *err)
{
    char why[96];
    char *end;

    *out = strtoll(text, &end, 10);
    if (isdigit((unsigned char)*text) && *end == '\0' && *out >= option->least && *out <= option->most)
        return STATOR_OK;
    snprintf(why, sizeof(why), "is not a number from %lld to %lld", (long long)option->least, (long long)option->most);
    return bad(err, who, text, why);
}

static enum stator_rc parse_list(int64_t *out, const struct option *option, const char *who, const char *text,
                                 struct stator_error *err)
{
    *out = 0;
    for (const char *at = text; *at != '\0';) {
        size_t len = strcspn(at, ",");
        int choice = choice_of(option, at, len);

        if (choice < 0)
            return bad_choice(option, who, text, err);
        *out |= (int64_t)1 << choice;
        at += len;
        if (*at == ',')
            at++;
    }
    return STATOR_OK;
}

static enum stator_rc parse_switch(int64_t *out, const char *who, const char *text, struct stator_error *err)
{
    static const char *const words[] = {"false", "true", "0", "1", "no", "yes", "off", "on"};

    for (int i = 0; i < 8; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = i % 2;
            return STATOR_OK;
        }
    }
    return bad(err, who, text, "is neither true nor false");
}

/* who: the flag or variable as the user wrote it. */
static enum stator_rc set(struct given *given, enum option_id id, enum source source, const char *who, const char *text,
                          struct stator_error *err)
{
    const struct option *option = &options[id];
    enum stator_rc rc = STATOR_OK;

    switch (option->kind) {
    case KIND_TEXT:
        if (*text == '\0')
            rc = bad(err, who, text, "is empty");
        break;
    case KIND_NUMBER:
        rc = parse_number(&given->number[id], option, who, text, err);
        break;
    case KIND_CHOICE:
        given->number[id] = choice_of(option, text, strlen(text));
        if (given->number[id] < 0)
            rc = bad_choice(option, who, text, err);
        break;
    case KIND_SWITCH:
        rc = parse_switch(&given->number[id], who, text, err);
        break;
    case KIND_LIST:
        rc = parse_list(&given->number[id], option, who, text, err);
        break;
    }
    given->text[id] = text;
    given->source[id] = source;
    return rc;
}

/* --- The environment ---------------------------------------------------------------------------------------------- */

static enum stator_rc read_environment(struct given *given, char *(*environment)(const char *),
                                       struct stator_error *err)
{
    for (enum option_id id = 0; id < OPTION_COUNT; id++) {
        char name[64];
        const char *value;

        variable_of(name, sizeof(name), options[id].name);
        value = environment(name);
        if (value == NULL || *value == '\0')
            continue;
        /* Kubernetes sets STATOR_PORT=tcp://... for a service that is called stator. */
        if (id == OPTION_PORT && strncmp(value, "tcp://", 6) == 0)
            continue;
        STATOR_TRY(set(given, id, FROM_ENVIRONMENT, name, value, err));
    }
    return STATOR_OK;
}

/* --- The command line --------------------------------------------------------------------------------------------- */

struct arguments {
    char *const *at;
    int left;
};

static const char *next_argument(struct arguments *arguments)
{
    if (arguments->left == 0)
        return NULL;
    arguments->left--;
    return *arguments->at++;
}

static enum stator_rc needs_value(const char *who, struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "%s: needs a value", who);
}

/* --name value, --name=value, --switch */
static enum stator_rc parse_long(struct given *given, const char *argument, struct arguments *rest,
                                 struct stator_error *err)
{
    const char *name = argument + 2;
    size_t name_len = strcspn(name, "=");
    const char *value = name[name_len] == '=' ? name + name_len + 1 : NULL;
    char who[64];

    for (enum option_id id = 0; id < OPTION_COUNT; id++) {
        if (strlen(options[id].name) != name_len || memcmp(options[id].name, name, name_len) != 0)
            continue;
        snprintf(who, sizeof(who), "--%s", options[id].name);
        if (value == NULL)
            value = options[id].kind == KIND_SWITCH ? "true" : next_argument(rest);
        if (value == NULL)
            return needs_value(who, err);
        return set(given, id, FROM_FLAG, who, value, err);
    }
    return stator_fail(err, STATOR_VALIDATION, "unknown flag '%s' (stator --help lists them)", argument);
}

/* The flags of DynamoDB Local, and those of java before them. */
static enum stator_rc parse_single_dash(struct given *given, const char *argument, struct arguments *rest,
                                        struct stator_error *err)
{
    static const struct {
        const char *flag;
        enum option_id id;
    } with_value[] = {{"-port", OPTION_PORT}, {"-dbPath", OPTION_DATA_DIR}, {"-cors", OPTION_CORS}};
    const char *value;

    for (size_t i = 0; i < sizeof(with_value) / sizeof(with_value[0]); i++) {
        if (strcmp(argument, with_value[i].flag) != 0)
            continue;
        value = next_argument(rest);
        return value == NULL ? needs_value(argument, err)
                             : set(given, with_value[i].id, FROM_FLAG, argument, value, err);
    }
    if (strcmp(argument, "-inMemory") == 0)
        return set(given, OPTION_IN_MEMORY, FROM_FLAG, argument, "true", err);
    if (strcmp(argument, "-jar") == 0) {
        given->local = true;
        return next_argument(rest) == NULL ? needs_value(argument, err) : STATOR_OK;
    }
    if (strcmp(argument, "-sharedDb") == 0) /* is our default */
        given->shared_db = true;
    else if (strcmp(argument, "-delayTransientStatuses") == 0)
        given->delay_statuses = true;
    else if (strcmp(argument, "-optimizeDbBeforeStartup") == 0) /* nothing to do: the store keeps itself in order */
        given->optimize = true;
    else if (strcmp(argument, "-disableTelemetry") == 0 || strncmp(argument, "-D", 2) == 0 ||
             strncmp(argument, "-X", 2) == 0)
        return STATOR_OK; /* we send none; and what only java needs */
    else
        return stator_fail(err, STATOR_VALIDATION, "unknown flag '%s' (stator --help lists them)", argument);
    return STATOR_OK;
}

static enum stator_rc parse_command(struct given *given, const char *word, struct stator_error *err)
{
    static const struct {
        const char *word;
        enum config_command command;
    } commands[] = {{"serve", COMMAND_SERVE},    {"healthcheck", COMMAND_HEALTHCHECK},
                    {"status", COMMAND_STATUS},  {"compact", COMMAND_COMPACT},
                    {"check", COMMAND_CHECK},    {"help", COMMAND_HELP},
                    {"version", COMMAND_VERSION}};

    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]) && !given->command_seen; i++) {
        if (strcmp(word, commands[i].word) == 0) {
            given->command = commands[i].command;
            given->command_seen = true;
            return STATOR_OK;
        }
    }
    return stator_fail(err, STATOR_VALIDATION, "unexpected argument '%s' (stator --help shows what is understood)",
                       word);
}

bool config_has_command(const char *word)
{
    struct given given = {.command_seen = false};
    struct stator_error err;

    return parse_command(&given, word, &err) == STATOR_OK;
}

static enum stator_rc parse_arguments(struct given *given, struct arguments rest, struct stator_error *err)
{
    const char *argument;

    while ((argument = next_argument(&rest)) != NULL) {
        if (strcmp(argument, "--help") == 0 || strcmp(argument, "-help") == 0 || strcmp(argument, "-h") == 0) {
            given->command = COMMAND_HELP;
            return STATOR_OK;
        }
        if (strcmp(argument, "--version") == 0 || strcmp(argument, "-version") == 0) {
            given->command = COMMAND_VERSION;
            return STATOR_OK;
        }
        if (strcmp(argument, "--repair") == 0)
            given->repair = true;
        else if (strncmp(argument, "--", 2) == 0)
            STATOR_TRY(parse_long(given, argument, &rest, err));
        else if (*argument == '-')
            STATOR_TRY(parse_single_dash(given, argument, &rest, err));
        else if (given->command == COMMAND_CHECK && given->source[OPTION_DATA_DIR] == FROM_DEFAULT)
            STATOR_TRY(set(given, OPTION_DATA_DIR, FROM_FLAG, "check", argument, err));
        else
            STATOR_TRY(parse_command(given, argument, err));
    }
    return STATOR_OK;
}

/* --- Putting it together ------------------------------------------------------------------------------------------ */

static enum stator_rc settle_storage(struct config *out, const struct given *given, struct stator_error *err)
{
    enum source in_memory = given->number[OPTION_IN_MEMORY] ? given->source[OPTION_IN_MEMORY] : FROM_DEFAULT;
    enum source on_disk = given->source[OPTION_DATA_DIR];
    bool full_by_flag = given->source[OPTION_DURABILITY] == FROM_FLAG && given->number[OPTION_DURABILITY] != STORE_NONE;

    if (in_memory != FROM_DEFAULT && in_memory == on_disk)
        return stator_fail(err, STATOR_VALIDATION,
                           "--in-memory and --data-dir (-inMemory and -dbPath) exclude each "
                           "other");
    if (given->optimize && on_disk == FROM_DEFAULT)
        return stator_fail(err, STATOR_VALIDATION, "-optimizeDbBeforeStartup needs -dbPath");
    out->durability = (enum store_durability)given->number[OPTION_DURABILITY];
    if (in_memory <= on_disk) {
        out->data_dir = on_disk != FROM_DEFAULT ? given->text[OPTION_DATA_DIR] : DEFAULT_DATA_DIR;
        return STATOR_OK;
    }
    if (full_by_flag)
        return stator_fail(err, STATOR_VALIDATION, "--durability: '%s' cannot be kept with --in-memory",
                           given->text[OPTION_DURABILITY]);
    out->data_dir = NULL;
    out->durability = STORE_NONE;
    return STATOR_OK;
}

static enum stator_rc settle_check(struct config *out, const struct given *given, struct stator_error *err)
{
    out->repair = given->repair;
    if (given->repair && given->command != COMMAND_CHECK)
        return stator_fail(err, STATOR_VALIDATION, "--repair: only stator check takes it");
    if (given->command == COMMAND_CHECK && given->source[OPTION_DATA_DIR] == FROM_DEFAULT)
        return stator_fail(err, STATOR_VALIDATION, "check: needs a data directory: stator check [--repair] DIR");
    return STATOR_OK;
}

/* Local listens on every address, and its users rely on it in containers. */
static const char *settle_host(const struct given *given)
{
    if (given->source[OPTION_HOST] != FROM_DEFAULT)
        return given->text[OPTION_HOST];
    return given->local ? "::" : NULL;
}

/* A port as a browser writes it behind a host: not the one that goes without saying. */
static bool is_port(const char *text, size_t len, const char *scheme)
{
    unsigned port = 0;

    if (len == 0 || len > 5 || *text == '0' || strspn(text, "0123456789") < len)
        return false;
    for (size_t i = 0; i < len; i++)
        port = port * 10 + (unsigned)(text[i] - '0');
    return port <= UINT16_MAX && !(port == 80 && strncasecmp(scheme, "http:", 5) == 0) &&
           !(port == 443 && strncasecmp(scheme, "https:", 6) == 0);
}

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

/* Whether it is such characters only, and not empty. */
static bool is_made_of(const char *text, size_t len, const char *chars)
{
    return len != 0 && strspn(text, chars) >= len;
}

/* An IPv6 address in brackets. */
static bool is_bracketed(const char *text, size_t len)
{
    char address[INET6_ADDRSTRLEN];
    struct in6_addr ignored;

    if (len < 2 || len - 2 >= sizeof(address) || text[0] != '[' || text[len - 1] != ']')
        return false;
    memcpy(address, text + 1, len - 2);
    address[len - 2] = '\0';
    return inet_pton(AF_INET6, address, &ignored) == 1;
}

/* A page's origin as a browser sends it, in any case: scheme, host, port, and nothing behind it. A browser sends a host of
 * other letters as xn--. */
static bool is_origin(const char *text, size_t len)
{
    const char *colon = memchr(text, ':', len), *end = text + len, *host, *port;

    if ((len == 1 && *text == '*') || (len == 4 && memcmp(text, "null", 4) == 0))
        return true;
    if (colon == NULL || end - colon < 4 || memcmp(colon, "://", 3) != 0 ||
        !is_made_of(text, (size_t)(colon - text), LETTERS_AND_DIGITS "+-."))
        return false;
    host = colon + 3;
    port = end[-1] != ']' ? memrchr(host, ':', (size_t)(end - host)) : NULL;
    if (port != NULL && !is_port(port + 1, (size_t)(end - port - 1), text))
        return false;
    len = (size_t)((port != NULL ? port : end) - host);
    return is_made_of(host, len, LETTERS_AND_DIGITS ".-_") || is_bracketed(host, len);
}

/* What the user wrote to set it. */
static void name_source(char *out, size_t size, const struct given *given, enum option_id id)
{
    if (given->source[id] == FROM_ENVIRONMENT)
        variable_of(out, size, options[id].name);
    else
        snprintf(out, size, "--%s", options[id].name);
}

/* Each of a list with commas between is what it is to be, or the option is refused with what it would be like. Blanks may
 * stand before each. */
static enum stator_rc check_list(const struct given *given, enum option_id id,
                                 bool (*is_one)(const char *text, size_t len), const char *what,
                                 struct stator_error *err)
{
    const char *list = given->text[id];
    char who[32];

    name_source(who, sizeof(who), given, id);
    while (list != NULL) {
        size_t len;

        list += strspn(list, " ");
        len = strcspn(list, ",");
        if (!is_one(list, len))
            return stator_fail(err, STATOR_VALIDATION, "%s: '%.*s' is no %s", who, (int)len, list, what);
        list = strchr(list, ',');
        list = list != NULL ? list + 1 : NULL;
    }
    return STATOR_OK;
}

/* Local lets in every page, and takes any list. */
static enum stator_rc settle_cors(struct config *out, const struct given *given, struct stator_error *err)
{
    const char *list = given->text[OPTION_CORS];

    out->cors = list != NULL ? list : given->local ? "*" : NULL;
    if (given->local)
        return STATOR_OK;
    return check_list(
        given, OPTION_CORS, is_origin,
        "origin; as browsers send one, it is like https://app.example.com or http://10.0.0.5:3000, without "
        "a path and without the ports 80 of http and 443 of https",
        err);
}

/* As a Host has it, without its port. */
static bool is_host_name(const char *text, size_t len)
{
    return (len == 1 && *text == '*') || is_made_of(text, len, LETTERS_AND_DIGITS ".-_");
}

static uint32_t number_or(const struct given *given, enum option_id id, uint32_t otherwise)
{
    return given->source[id] != FROM_DEFAULT ? (uint32_t)given->number[id] : otherwise;
}

static enum stator_rc settle(struct config *out, const struct given *given, uint32_t cores, struct stator_error *err)
{
    const int64_t *number = given->number;
    bool delayed = given->delay_statuses && given->source[OPTION_TRANSITION_MS] == FROM_DEFAULT;

    out->command = given->command;
    out->host = settle_host(given);
    out->port = given->source[OPTION_PORT] != FROM_DEFAULT ? (uint32_t)number[OPTION_PORT] : 8000;
    out->address_given = given->source[OPTION_HOST] == FROM_FLAG || given->source[OPTION_PORT] == FROM_FLAG;
    out->loops = given->source[OPTION_LOOPS] != FROM_DEFAULT ? (uint32_t)number[OPTION_LOOPS] : cores;
    if (out->loops > LIMIT_LOOPS)
        out->loops = LIMIT_LOOPS;
    out->max_connections = given->source[OPTION_MAX_CONNECTIONS] != FROM_DEFAULT
                               ? (uint32_t)number[OPTION_MAX_CONNECTIONS]
                               : LIMIT_CONNECTIONS;
    if (given->source[OPTION_MAX_CONNECTIONS] != FROM_DEFAULT)
        out->max_connections_by =
            given->source[OPTION_MAX_CONNECTIONS] == FROM_FLAG ? "--max-connections" : "STATOR_MAX_CONNECTIONS";
    out->max_connections_per_address = number_or(given, OPTION_MAX_CONNECTIONS_PER_ADDRESS, 0);
    STATOR_TRY(settle_cors(out, given, err));
    STATOR_TRY(check_list(given, OPTION_OPERATOR_HOSTS, is_host_name,
                          "name of a host; it is like db1.example.com, without a scheme and without a port", err));
    out->shards = (uint32_t)number[OPTION_SHARDS];
    out->cache_mib = (uint32_t)number[OPTION_CACHE_MIB];
    out->memory_mib = (uint32_t)number[OPTION_MEMORY_MIB];
    out->refuse_conflicts = number[OPTION_TRANSACTION_CONFLICT] == 1;
    out->wording = number[OPTION_VALIDATION_WORDING] == 0 ? WORDING_CURRENT : WORDING_CLASSIC;
    out->isolate_by_region = (number[OPTION_ISOLATE_BY] & 1) != 0;
    out->isolate_by_access_key = (number[OPTION_ISOLATE_BY] & 2) != 0;
    out->transition_ms = delayed ? LOCAL_TRANSITION_MS : (uint32_t)number[OPTION_TRANSITION_MS];
    out->stream_shards = (uint32_t)number[OPTION_STREAM_SHARDS];
    out->stream_shard_s = (uint32_t)number[OPTION_STREAM_SHARD_S];
    out->stream_shard_records = (uint32_t)number[OPTION_STREAM_SHARD_RECORDS];
    out->stream_iterator_s = (uint32_t)number[OPTION_STREAM_ITERATOR_S];
    out->stream_retention_s = (uint32_t)number[OPTION_STREAM_RETENTION_S];
    out->ttl_interval_ms = number_or(given, OPTION_TTL_INTERVAL_MS, DEFAULT_TTL_INTERVAL_MS);
    out->ttl_cooldown_s = number_or(given, OPTION_TTL_COOLDOWN_S, given->local ? 0 : DEFAULT_TTL_COOLDOWN_S);
    out->enforce_throughput = number[OPTION_ENFORCE_THROUGHPUT] != 0;
    out->clock_file = given->text[OPTION_CLOCK_FILE];
    out->init_dir = given->text[OPTION_INIT_DIR];
    out->stop_timeout_s = number_or(given, OPTION_STOP_TIMEOUT_S, DEFAULT_STOP_TIMEOUT_S);
    out->log_format = (enum log_format)number[OPTION_LOG_FORMAT];
    out->log_level =
        given->source[OPTION_LOG_LEVEL] != FROM_DEFAULT ? (enum log_level)number[OPTION_LOG_LEVEL] : LOG_LEVEL_INFO;
    out->log_file = given->text[OPTION_LOG_FILE];
    out->port_file = given->text[OPTION_PORT_FILE];
    out->slow_request_ms = number_or(given, OPTION_SLOW_REQUEST_MS, DEFAULT_SLOW_REQUEST_MS);
    out->metrics_tables = number_or(given, OPTION_METRICS_TABLES, DEFAULT_METRICS_TABLES);
    out->operator_hosts = given->text[OPTION_OPERATOR_HOSTS];
    out->as_dynamodb_local = given->local;
    out->shared_db = given->shared_db;
    STATOR_TRY(settle_storage(out, given, err));
    return settle_check(out, given, err);
}

/* Absent where it is empty, as Compose makes of an unset one. */
static const char *variable(char *(*environment)(const char *name), const char *name)
{
    const char *value = environment(name);

    return value != NULL && *value != '\0' ? value : NULL;
}

/* With --isolate-by the tables of --init-dir belong to whoever AWS's tools would be in this environment. */
static void settle_init(struct config *out, char *(*environment)(const char *name))
{
    out->init_region = variable(environment, "AWS_REGION");
    if (out->init_region == NULL)
        out->init_region = variable(environment, "AWS_DEFAULT_REGION");
    out->init_access_key = variable(environment, "AWS_ACCESS_KEY_ID");
}

static bool called_java(const char *path)
{
    const char *slash = strrchr(path, '/');

    return strcmp(slash != NULL ? slash + 1 : path, "java") == 0;
}

enum stator_rc config_parse(struct config *out, int argc, char *const *argv, char *(*environment)(const char *name),
                            uint32_t cores, struct stator_error *err)
{
    struct given given = {.local = argc > 0 && called_java(argv[0])};

    memset(out, 0, sizeof(*out));
    STATOR_TRY(parse_arguments(&given, (struct arguments){argv + 1, argc > 0 ? argc - 1 : 0}, err));
    if (given.command == COMMAND_HELP || given.command == COMMAND_VERSION) {
        out->command = given.command; /* even when the rest is wrong */
        return STATOR_OK;
    }
    {
        struct given from_environment = {0};

        STATOR_TRY(read_environment(&from_environment, environment, err));
        for (enum option_id id = 0; id < OPTION_COUNT; id++) {
            if (given.source[id] != FROM_DEFAULT || from_environment.source[id] == FROM_DEFAULT)
                continue;
            given.source[id] = FROM_ENVIRONMENT;
            given.text[id] = from_environment.text[id];
            given.number[id] = from_environment.number[id];
        }
    }
    STATOR_TRY(settle(out, &given, cores == 0 ? 1 : cores, err));
    settle_init(out, environment);
    return STATOR_OK;
}

void config_print_help(void)
{
    printf(
        "Stator, a DynamoDB-compatible database.\n\n"
        "Usage: stator [serve] [flags]      serve requests until SIGTERM or SIGINT\n"
        "       stator healthcheck [flags]  exit 0 when the server with these flags, or at STATOR_ENDPOINT, is well\n"
        "       stator status [flags]       tell how it is; as JSON when not to a terminal\n"
        "       stator compact [flags]      have the server rewrite its files without what is deleted, and wait for "
        "it\n"
        "       stator check [--repair] DIR look into a stopped server's data directory, or keep what is sound of it\n"
        "       stator COMMAND ...          put, query, import, ... as 'stator help commands' lists them\n"
        "       stator --help | --version\n\n"
        "Flags (--flag value or --flag=value; each also as a variable, --data-dir as STATOR_DATA_DIR):\n");
    for (enum option_id id = 0; id < OPTION_COUNT; id++) {
        char left[64];

        snprintf(left, sizeof(left), "--%s %s", options[id].name,
                 options[id].value_name != NULL ? options[id].value_name : "");
        printf("  %-37s %s\n", left, options[id].help);
    }
    printf("\nDynamoDB Local's flags are understood too: -port, -inMemory, -dbPath, -sharedDb, -cors,\n"
           "-delayTransientStatuses, -optimizeDbBeforeStartup, -disableTelemetry, -jar, -D..., -X...\n");
}
