/* SPDX-License-Identifier: Apache-2.0 */
/* config: the command line and the environment become one struct that nobody changes afterwards.
 *
 * In:     argv and a way to read the environment. A flag wins over its variable, that over the default.
 * Out:    struct config, or STATOR_VALIDATION with a text that names the flag or variable at fault.
 * Owns:   nothing: texts borrow from argv and the environment.
 * Thread: [main]
 *
 * The command line of DynamoDB Local is understood too: `java -Djava.library.path=./lib -jar DynamoDBLocal.jar
 * -sharedDb -port 8000`, without the java when we are called by that name.
 */
#ifndef SERVER_CONFIG_CONFIG_H
#define SERVER_CONFIG_CONFIG_H

#include "base/error.h"
#include "message/message.h"
#include "store/store.h"
#include "watch/log.h"

enum config_command {
    COMMAND_SERVE,
    COMMAND_HEALTHCHECK,
    COMMAND_STATUS,
    COMMAND_COMPACT,
    COMMAND_CHECK,
    COMMAND_HELP,
    COMMAND_VERSION
};

struct config {
    enum config_command command;

    const char *host;   /* an address or a name; NULL: this machine only, 127.0.0.1 and ::1 */
    uint32_t port;      /* 0: the system chooses */
    bool address_given; /* by --host or --port, not only by their variables */
    uint32_t loops;     /* event loops; at least 1 */
    uint32_t max_connections;
    uint32_t max_connections_per_address; /* 0: the default */
    const char *max_connections_by;       /* the flag or variable that asked for so many; NULL: the default */
    const char *cors; /* origins whose pages may use it, with commas between, or "*"; NULL: this machine's only */

    const char *data_dir; /* NULL: in memory */
    enum store_durability durability;
    uint32_t shards;     /* 0: what the directory has, or the default */
    uint32_t cache_mib;  /* 0: the default */
    uint32_t memory_mib; /* of all requests together; 0: what config/memory.h says */

    enum wording wording;
    bool refuse_conflicts; /* --transaction-conflict=refuse */
    bool isolate_by_region, isolate_by_access_key;
    uint32_t transition_ms;
    uint32_t stream_shards, stream_shard_s, stream_shard_records, stream_iterator_s,
        stream_retention_s; /* 0: default */
    uint32_t ttl_interval_ms, ttl_cooldown_s;
    bool enforce_throughput;
    const char *clock_file;                    /* or NULL */
    const char *init_dir;                      /* tables and items to begin with; or NULL */
    const char *init_region, *init_access_key; /* whose they are, by AWS's own variables; or NULL */

    uint32_t stop_timeout_s; /* within which a stop ends the process, whatever hangs */

    enum log_format log_format;
    enum log_level log_level;
    const char *log_file;       /* NULL: standard output */
    const char *port_file;      /* or NULL */
    uint32_t slow_request_ms;   /* one that takes so long is logged; 0: none */
    uint32_t metrics_tables;    /* how many have metrics of their own */
    const char *operator_hosts; /* more names of ours for /_stator/, with commas between; or NULL */

    bool repair; /* of COMMAND_CHECK, which has data_dir, too */

    bool as_dynamodb_local; /* started by its command line: its banner, its answer to GET */
    bool shared_db;         /* -sharedDb was given: for the banner */
};

/* environment: getenv, or a test's. cores: the default of --loops. */
STATOR_MUST_CHECK enum stator_rc config_parse(struct config *out, int argc, char *const *argv,
                                              char *(*environment)(const char *name), uint32_t cores,
                                              struct stator_error *err);

/* Whether the word is a command of the server. */
bool config_has_command(const char *word);

/* What --help says, on standard output. */
void config_print_help(void);

#endif
