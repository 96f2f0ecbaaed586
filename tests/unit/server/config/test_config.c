/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "config/config.h"
#include "config/limits.h"

#define CORES 3

static const char *const *variables; /* "NAME=value", ..., NULL */

static char *fake_environment(const char *name)
{
    for (size_t i = 0; variables != NULL && variables[i] != NULL; i++) {
        size_t len = strlen(name);

        if (strncmp(variables[i], name, len) == 0 && variables[i][len] == '=')
            return (char *)(uintptr_t)(variables[i] + len + 1);
    }
    return NULL;
}

/* line: words with one blank between, the program's name first. */
static enum stator_rc parse(struct config *out, const char *line, const char *const *environment,
                            struct stator_error *err)
{
    static char copy[1024];
    char *argv[64];
    int argc = 0;

    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        argv[argc++] = word;
    argv[argc] = NULL;
    variables = environment;
    memset(err, 0, sizeof(*err));
    return config_parse(out, argc, argv, fake_environment, CORES, err);
}

static void defaults(void **state)
{
    struct stator_error err;
    struct config config;

    (void)state;
    assert_int_equal(parse(&config, "stator", NULL, &err), STATOR_OK);
    assert_int_equal(config.slow_request_ms, 1000);
    assert_int_equal(config.metrics_tables, 100);
    assert_int_equal(config.cache_mib, 0);
    assert_null(config.operator_hosts);
    assert_int_equal(config.command, COMMAND_SERVE);
    assert_null(config.host);
    assert_int_equal(config.port, 8000);
    assert_int_equal(config.loops, CORES);
    assert_int_equal(config.max_connections, LIMIT_CONNECTIONS);
    assert_null(config.max_connections_by);
    assert_null(config.log_file);
    assert_null(config.port_file);
    assert_null(config.cors);
    assert_string_equal(config.data_dir, "./stator-data");
    assert_int_equal(config.durability, STORE_FULL);
    assert_int_equal(config.shards, 0);
    assert_int_equal(config.wording, WORDING_CURRENT);
    assert_false(config.refuse_conflicts);
    assert_false(config.isolate_by_region || config.isolate_by_access_key);
    assert_int_equal(config.transition_ms, 0);
    assert_int_equal(config.stream_shards | config.stream_shard_s | config.stream_shard_records, 0);
    assert_int_equal(config.stream_iterator_s | config.stream_retention_s, 0);
    assert_int_equal(config.ttl_interval_ms, 1000);
    assert_int_equal(config.ttl_cooldown_s, 1860);
    assert_false(config.enforce_throughput);
    assert_null(config.clock_file);
    assert_int_equal(config.stop_timeout_s, 10);
    assert_null(config.init_dir);
    assert_null(config.init_region);
    assert_int_equal(config.log_format, LOG_FORMAT_TEXT);
    assert_int_equal(config.log_level, LOG_LEVEL_INFO);
    assert_false(config.as_dynamodb_local);
}

/* Every setting, by flag and by variable, must come out alike. */
static void settings(void **state)
{
    static const char *const environment[] = {"STATOR_PORT=0",
                                              "STATOR_HOST=::",
                                              "STATOR_DATA_DIR=/d",
                                              "STATOR_DURABILITY=process",
                                              "STATOR_SHARDS=8",
                                              "STATOR_LOOPS=2",
                                              "STATOR_MAX_CONNECTIONS=50",
                                              "STATOR_MAX_CONNECTIONS_PER_ADDRESS=7",
                                              "STATOR_VALIDATION_WORDING=classic",
                                              "STATOR_TRANSACTION_CONFLICT=refuse",
                                              "STATOR_ISOLATE_BY=access-key,region",
                                              "STATOR_TRANSITION_MS=250",
                                              "STATOR_STREAM_SHARDS=3",
                                              "STATOR_STREAM_SHARD_S=60",
                                              "STATOR_STREAM_SHARD_RECORDS=4294967295",
                                              "STATOR_STREAM_ITERATOR_S=10",
                                              "STATOR_STREAM_RETENTION_S=100",
                                              "STATOR_TTL_INTERVAL_MS=20",
                                              "STATOR_TTL_COOLDOWN_S=0",
                                              "STATOR_ENFORCE_THROUGHPUT=true",
                                              "STATOR_CLOCK_FILE=/c",
                                              "STATOR_LOG_FORMAT=json",
                                              "STATOR_LOG_LEVEL=error",
                                              "STATOR_LOG_FILE=/l",
                                              "STATOR_PORT_FILE=/p",
                                              "STATOR_SLOW_REQUEST_MS=0",
                                              "STATOR_METRICS_TABLES=1000",
                                              "STATOR_CACHE_MIB=64",
                                              "STATOR_STOP_TIMEOUT_S=7",
                                              "STATOR_MEMORY_MIB=48",
                                              "STATOR_OPERATOR_HOSTS=a.b,c.d",
                                              "STATOR_CORS=http://a,http://b",
                                              NULL};
    static const char line[] =
        "stator serve --port 0 --host=:: --data-dir /d --durability process --shards 8 --loops "
        "2 --max-connections=50 --max-connections-per-address 7 --validation-wording classic --isolate-by "
        "region,access-key "
        "--transaction-conflict refuse --stream-shards 3 --stream-shard-s 60 --stream-shard-records 4294967295 "
        "--stream-iterator-s 10 --stream-retention-s 100 "
        "--transition-ms 250 --ttl-interval-ms 20 --ttl-cooldown-s 0 --enforce-throughput "
        "--clock-file /c --cors http://a,http://b --log-format json --log-level error "
        "--log-file /l --port-file /p --slow-request-ms 0 --metrics-tables 1000 --cache-mib 64 --memory-mib 48 "
        "--operator-hosts a.b,c.d --stop-timeout-s 7";
    struct config config;

    (void)state;
    for (int i = 0; i < 2; i++) {
        struct stator_error err;

        assert_int_equal(parse(&config, i == 0 ? line : "stator", i == 0 ? NULL : environment, &err), STATOR_OK);
        assert_int_equal(config.port, 0);
        assert_string_equal(config.host, "::");
        assert_string_equal(config.data_dir, "/d");
        assert_int_equal(config.durability, STORE_PROCESS);
        assert_int_equal(config.shards, 8);
        assert_int_equal(config.loops, 2);
        assert_int_equal(config.max_connections, 50);
        assert_int_equal(config.max_connections_per_address, 7);
        assert_string_equal(config.max_connections_by, i == 0 ? "--max-connections" : "STATOR_MAX_CONNECTIONS");
        assert_string_equal(config.log_file, "/l");
        assert_string_equal(config.port_file, "/p");
        assert_int_equal(config.wording, WORDING_CLASSIC);
        assert_true(config.refuse_conflicts);
        assert_true(config.isolate_by_region && config.isolate_by_access_key);
        assert_int_equal(config.transition_ms, 250);
        assert_int_equal(config.stream_shards, 3);
        assert_int_equal(config.stream_shard_s, 60);
        assert_int_equal(config.stream_shard_records, UINT32_MAX);
        assert_int_equal(config.stream_iterator_s, 10);
        assert_int_equal(config.stream_retention_s, 100);
        assert_int_equal(config.ttl_interval_ms, 20);
        assert_int_equal(config.ttl_cooldown_s, 0);
        assert_true(config.enforce_throughput);
        assert_string_equal(config.clock_file, "/c");
        assert_string_equal(config.cors, "http://a,http://b");
        assert_int_equal(config.slow_request_ms, 0);
        assert_int_equal(config.metrics_tables, 1000);
        assert_int_equal(config.cache_mib, 64);
        assert_int_equal(config.stop_timeout_s, 7);
        assert_int_equal(config.memory_mib, 48);
        assert_string_equal(config.operator_hosts, "a.b,c.d");
        assert_int_equal(config.log_format, LOG_FORMAT_JSON);
        assert_int_equal(config.log_level, LOG_LEVEL_ERROR);
    }
}

/* A flag wins over a variable, also where two settings exclude each other. */
static void precedence(void **state)
{
    static const char *const on_disk[] = {"STATOR_DATA_DIR=/data", "STATOR_PORT=9000", NULL};
    static const char *const in_memory[] = {"STATOR_IN_MEMORY=true", "STATOR_DURABILITY=full", NULL};
    static const char *const kubernetes[] = {"STATOR_PORT=tcp://10.0.0.1:8000", NULL};
    struct stator_error err;
    struct config config;

    (void)state;
    assert_int_equal(parse(&config, "stator --in-memory --port 1234", on_disk, &err), STATOR_OK);
    assert_null(config.data_dir);
    assert_int_equal(config.durability, STORE_NONE);
    assert_int_equal(config.port, 1234);
    assert_int_equal(parse(&config, "stator --data-dir x", in_memory, &err), STATOR_OK);
    assert_string_equal(config.data_dir, "x");
    assert_int_equal(config.durability, STORE_FULL);
    assert_int_equal(parse(&config, "stator", in_memory, &err), STATOR_OK);
    assert_null(config.data_dir);
    assert_int_equal(config.durability, STORE_NONE);
    assert_int_equal(parse(&config, "stator --in-memory=false", NULL, &err), STATOR_OK);
    assert_string_equal(config.data_dir, "./stator-data");
    assert_int_equal(parse(&config, "stator --durability none", NULL, &err), STATOR_OK);
    assert_string_equal(config.data_dir, "./stator-data");
    assert_int_equal(config.durability, STORE_NONE);
    assert_int_equal(parse(&config, "stator", kubernetes, &err), STATOR_OK);
    assert_int_equal(config.port, 8000);
}

static void begins_with(void **state)
{
    static const char *const owner[] = {"STATOR_INIT_DIR=/i", "AWS_ACCESS_KEY_ID=me",
                                        "AWS_REGION=", "AWS_DEFAULT_REGION=r", NULL};
    struct stator_error err;
    struct config config;

    (void)state;
    assert_int_equal(parse(&config, "stator --init-dir /j", NULL, &err), STATOR_OK);
    assert_string_equal(config.init_dir, "/j");
    assert_null(config.init_access_key);
    assert_int_equal(parse(&config, "stator --isolate-by access-key", owner, &err), STATOR_OK);
    assert_string_equal(config.init_dir, "/i");
    assert_string_equal(config.init_access_key, "me");
    assert_string_equal(config.init_region, "r");
}

static void dynamodb_local(void **state)
{
    static const char *const spaced[] = {"STATOR_CORS= https://a_b,  capacitor+x.y-1://[2001:DB8::1]:8", NULL};
    struct stator_error err;
    struct config config;

    (void)state;
    assert_int_equal(parse(&config, "stator", spaced, &err), STATOR_OK);
    assert_int_equal(parse(&config,
                           "java -Xmx512m -Djava.library.path=./DynamoDBLocal_lib -jar DynamoDBLocal.jar -sharedDb "
                           "-dbPath ./data -port 8001 -cors * -delayTransientStatuses -optimizeDbBeforeStartup "
                           "-disableTelemetry",
                           NULL, &err),
                     STATOR_OK);
    assert_true(config.as_dynamodb_local && config.shared_db);
    assert_string_equal(config.data_dir, "./data");
    assert_int_equal(config.port, 8001);
    assert_string_equal(config.host, "::");
    assert_true(config.transition_ms > 0);
    assert_int_equal(config.ttl_cooldown_s, 0); /* Local knows of none */

    assert_int_equal(parse(&config, "stator -jar DynamoDBLocal.jar -inMemory", NULL, &err), STATOR_OK);
    assert_true(config.as_dynamodb_local);
    assert_null(config.data_dir);
    assert_int_equal(config.transition_ms, 0);
    assert_string_equal(config.cors, "*"); /* Local's default, and any list is good enough for it */
    assert_int_equal(parse(&config, "java -jar DynamoDBLocal.jar -cors a,b", NULL, &err), STATOR_OK);
    assert_string_equal(config.cors, "a,b");
    assert_int_equal(
        parse(&config, "stator --cors HTTP://A:443,https://b:80,http://[::1]:65535,null,app://x", NULL, &err),
        STATOR_OK);

    assert_int_equal(parse(&config, "/opt/bin/java -version", NULL, &err), STATOR_OK);
    assert_int_equal(config.command, COMMAND_VERSION);
    assert_int_equal(parse(&config, "stator -inMemory -sharedDb", NULL, &err), STATOR_OK);
    assert_false(config.as_dynamodb_local); /* our command line with their flags */
    assert_int_equal(config.ttl_cooldown_s, 1860);
}

static void commands(void **state)
{
    static const struct {
        const char *line;
        enum config_command command;
    } cases[] = {
        {"stator serve", COMMAND_SERVE},
        {"stator healthcheck --port 9", COMMAND_HEALTHCHECK},
        {"stator status --port 9", COMMAND_STATUS},
        {"stator --port 9 healthcheck", COMMAND_HEALTHCHECK},
        {"stator help", COMMAND_HELP},
        {"stator --help", COMMAND_HELP},
        {"stator -h", COMMAND_HELP},
        {"stator -help", COMMAND_HELP},
        {"stator version", COMMAND_VERSION},
        {"stator --version", COMMAND_VERSION},
        {"stator --port 1 --version --what", COMMAND_VERSION},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stator_error err;
        struct config config;

        assert_int_equal(parse(&config, cases[i].line, NULL, &err), STATOR_OK);
        assert_int_equal(config.command, cases[i].command);
    }
}

#define HOST_NAME "name of a host; it is like db1.example.com, without a scheme and without a port"
#define ORIGINS                                                                                                        \
    "as browsers send one, it is like https://app.example.com or http://10.0.0.5:3000, without a path and without "    \
    "the ports 80 of http and 443 of https"

static void refused(void **state)
{
    static const struct {
        const char *line, *variable, *message;
    } cases[] = {
        {"stator --what", NULL, "unknown flag '--what' (stator --help lists them)"},
        {"stator --portable 1", NULL, "unknown flag '--portable' (stator --help lists them)"},
        {"stator --operator-hosts db1.example.com:8000", NULL,
         "--operator-hosts: 'db1.example.com:8000' is no " HOST_NAME},
        {"stator --operator-hosts a,,b", NULL, "--operator-hosts: '' is no " HOST_NAME},
        {"stator", "STATOR_OPERATOR_HOSTS=http://a", "STATOR_OPERATOR_HOSTS: 'http://a' is no " HOST_NAME},
        {"stator", "STATOR_OPERATOR_HOSTS=a b", "STATOR_OPERATOR_HOSTS: 'a b' is no " HOST_NAME},
        {"stator --operator-hosts *.a", NULL, "--operator-hosts: '*.a' is no " HOST_NAME},
        {"stator --cors https://*.example.com", NULL, "--cors: 'https://*.example.com' is no origin; " ORIGINS},
        {"stator --cors a.example", NULL, "--cors: 'a.example' is no origin; " ORIGINS},
        {"stator --cors *,http://a/", NULL, "--cors: 'http://a/' is no origin; " ORIGINS},
        {"stator --cors http://a,", NULL, "--cors: '' is no origin; " ORIGINS},
        {"stator --cors HTTPS://A:443", NULL, "--cors: 'HTTPS://A:443' is no origin; " ORIGINS},
        {"stator --cors http://[::1]:80", NULL, "--cors: 'http://[::1]:80' is no origin; " ORIGINS},
        {"stator --cors http://a:080", NULL, "--cors: 'http://a:080' is no origin; " ORIGINS},
        {"stator --cors http://a:65536", NULL, "--cors: 'http://a:65536' is no origin; " ORIGINS},
        {"stator --cors http://a:", NULL, "--cors: 'http://a:' is no origin; " ORIGINS},
        {"stator --cors http://a:b", NULL, "--cors: 'http://a:b' is no origin; " ORIGINS},
        {"stator --cors http://:8", NULL, "--cors: 'http://:8' is no origin; " ORIGINS},
        {"stator --cors http://", NULL, "--cors: 'http://' is no origin; " ORIGINS},
        {"stator --cors http://me@a", NULL, "--cors: 'http://me@a' is no origin; " ORIGINS},
        {"stator -cors ://a", NULL, "--cors: '://a' is no origin; " ORIGINS},
        {"stator --cors h_t://a", NULL, "--cors: 'h_t://a' is no origin; " ORIGINS},
        {"stator --cors https://\xc3\xa4.example", NULL, "--cors: 'https://\xc3\xa4.example' is no origin; " ORIGINS},
        {"stator --cors https://[::1", NULL, "--cors: 'https://[::1' is no origin; " ORIGINS},
        {"stator --cors https://[::1]]", NULL, "--cors: 'https://[::1]]' is no origin; " ORIGINS},
        {"stator --cors https://a[::1]", NULL, "--cors: 'https://a[::1]' is no origin; " ORIGINS},
        {"stator --cors https://[a.b]", NULL, "--cors: 'https://[a.b]' is no origin; " ORIGINS},
        {"stator --cors https://[]", NULL, "--cors: 'https://[]' is no origin; " ORIGINS},
        {"stator --cors https://]", NULL, "--cors: 'https://]' is no origin; " ORIGINS},
        {"stator --cors https://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]", NULL,
         "--cors: 'https://[0000:0000:0000:0000:0000:0000:0000:0000:0000:0000]' is no origin; " ORIGINS},
        {"stator", "STATOR_CORS=http://a b", "STATOR_CORS: 'http://a b' is no origin; " ORIGINS},
        {"stator", "STATOR_CORS=http://a ,http://b", "STATOR_CORS: 'http://a ' is no origin; " ORIGINS},
        {"stator", "STATOR_CORS=http://a/b,http://c", "STATOR_CORS: 'http://a/b' is no origin; " ORIGINS},
        {"stator -sharedDB", NULL, "unknown flag '-sharedDB' (stator --help lists them)"},
        {"stator --port", NULL, "--port: needs a value"},
        {"stator -port", NULL, "-port: needs a value"},
        {"stator -jar", NULL, "-jar: needs a value"},
        {"stator --port 65536", NULL, "--port: '65536' is not a number from 0 to 65535"},
        {"stator --port=-1", NULL, "--port: '-1' is not a number from 0 to 65535"},
        {"stator -port x", NULL, "-port: 'x' is not a number from 0 to 65535"},
        {"stator --port 80x", NULL, "--port: '80x' is not a number from 0 to 65535"},
        {"stator --port 99999999999999999999", NULL, "--port: '99999999999999999999' is not a number from 0 to 65535"},
        {"stator --shards 0", NULL, "--shards: '0' is not a number from 1 to 256"},
        {"stator --cache-mib 0", NULL, "--cache-mib: '0' is not a number from 1 to 1048576"},
        {"stator --metrics-tables 1001", NULL, "--metrics-tables: '1001' is not a number from 0 to 1000"},
        {"stator --loops 0", NULL, "--loops: '0' is not a number from 1 to 256"},
        {"stator --durability maybe", NULL, "--durability: 'maybe' is not one of full|process|none"},
        {"stator --isolate-by region,key", NULL, "--isolate-by: 'region,key' is not one of region,access-key"},
        {"stator --log-level=", NULL, "--log-level: '' is not one of error|warn|info|debug"},
        {"stator --data-dir=", NULL, "--data-dir: '' is empty"},
        {"stator --in-memory=maybe", NULL, "--in-memory: 'maybe' is neither true nor false"},
        {"stator", "STATOR_SHARDS=many", "STATOR_SHARDS: 'many' is not a number from 1 to 256"},
        {"stator", "STATOR_IN_MEMORY=2", "STATOR_IN_MEMORY: '2' is neither true nor false"},
        {"stator", "STATOR_PORT=tcp:", "STATOR_PORT: 'tcp:' is not a number from 0 to 65535"},
        {"stator frobnicate", NULL, "unexpected argument 'frobnicate' (stator --help shows what is understood)"},
        {"stator serve healthcheck", NULL,
         "unexpected argument 'healthcheck' (stator --help shows what is understood)"},
        {"stator -inMemory -dbPath x", NULL, "--in-memory and --data-dir (-inMemory and -dbPath) exclude each other"},
        {"stator --in-memory --durability full", NULL, "--durability: 'full' cannot be kept with --in-memory"},
        {"stator -optimizeDbBeforeStartup", NULL, "-optimizeDbBeforeStartup needs -dbPath"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *environment[] = {cases[i].variable, NULL};
        struct stator_error err;
        struct config config;

        assert_int_equal(parse(&config, cases[i].line, environment, &err), STATOR_VALIDATION);
        assert_string_equal(err.message, cases[i].message);
    }
}

static void a_check_has_a_directory(void **state)
{
    static const char *const in_environment[] = {"STATOR_DATA_DIR=/env", NULL};
    struct stator_error err;
    struct config config;

    (void)state;
    assert_int_equal(parse(&config, "stator check /data", NULL, &err), STATOR_OK);
    assert_int_equal(config.command, COMMAND_CHECK);
    assert_string_equal(config.data_dir, "/data");
    assert_false(config.repair);
    assert_int_equal(parse(&config, "stator check --repair /data", in_environment, &err), STATOR_OK);
    assert_string_equal(config.data_dir, "/data");
    assert_true(config.repair);
    assert_int_equal(parse(&config, "stator check /data --repair", NULL, &err), STATOR_OK);
    assert_true(config.repair);
    assert_int_equal(parse(&config, "stator check", in_environment, &err), STATOR_OK);
    assert_string_equal(config.data_dir, "/env");
    assert_int_equal(parse(&config, "stator check", NULL, &err), STATOR_VALIDATION);
    assert_non_null(strstr(err.message, "needs a data directory"));
    assert_int_equal(parse(&config, "stator check /one /two", NULL, &err), STATOR_VALIDATION);
    assert_int_equal(parse(&config, "stator check --in-memory", NULL, &err), STATOR_VALIDATION);
    assert_int_equal(parse(&config, "stator --repair", NULL, &err), STATOR_VALIDATION);
    assert_non_null(strstr(err.message, "--repair"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),       cmocka_unit_test(a_check_has_a_directory),
        cmocka_unit_test(settings),       cmocka_unit_test(precedence),
        cmocka_unit_test(dynamodb_local), cmocka_unit_test(commands),
        cmocka_unit_test(refused),        cmocka_unit_test(begins_with),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
