/* SPDX-License-Identifier: Apache-2.0 */
/* main: the order of start and stop, nothing else.
 *
 *   start: configuration, port, engine (which recovers the data), what --init-dir has, loops. Nothing listens before the
 *          data is there.
 *   stop:  SIGTERM, SIGINT or SIGQUIT. Requests in flight are answered, with an error if they take longer than
 *          LIMIT_DRAIN_MS; loops end; the engine closes. After --stop-timeout-s, on a disk that does not answer, the
 *          process ends as by a kill. A start is gone through first, for as long at most. So it does at a second signal: nothing that was acknowledged is lost. One that
 *          comes with the first is the same one (timeout(1) signals us and our group).
 *   SIGHUP opens --log-file anew, SIGUSR1 logs how the server is.
 */
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check/check.h"
#include "config/asked.h"
#include "config/config.h"
#include "config/descriptors.h"
#include "config/limits.h"
#include "config/memory.h"
#include "config/outside.h"
#include "http/http.h"
#include "op/op.h"
#include "seed/seed.h"
#include "watch/compact.h"
#include "watch/first_process.h"
#include "watch/health.h"
#include "watch/log.h"
#include "watch/port_file.h"
#include "watch/status.h"

/* Exit codes: 1 cannot do it, or a check found faults; 2 asked for in a wrong way; 3 the stop was cut short by
 * --stop-timeout-s; 4 a repair is done, and something is lost. */
enum { EXIT_USAGE = 2, EXIT_CUT_SHORT = 3, EXIT_LOST = 4 };

#if defined(__SANITIZE_ADDRESS__)
#define VISIBLE __attribute__((visibility("default")))
VISIBLE const char *__lsan_default_suppressions(void);
VISIBLE const char *__lsan_default_options(void);

/* h2o recycles chunks in thread-local lists, which end with their threads, and never frees its queues. */
const char *__lsan_default_suppressions(void)
{
    return "leak:h2o_mem_alloc_recycle\nleak:h2o_multithread_create_queue\n";
}

const char *__lsan_default_options(void)
{
    return "print_suppressions=0";
}
#endif

static int complain(const struct stator_error *err)
{
    fprintf(stderr, "stator: %s\n", err->message);
    return EXIT_FAILURE;
}

/* Version and commit, where that is known. */
static const char *program(void)
{
    return STATOR_REVISION[0] != '\0' ? STATOR_VERSION " (" STATOR_REVISION ")" : STATOR_VERSION;
}

static void print_version(void)
{
    printf("stator %s\ndata directories of format %u\n", program(), engine_data_format());
}

/* Tools wait for its first line. */
static void print_local_banner(const struct config *config, uint16_t port)
{
    printf("Initializing DynamoDB Local with the following configuration:\n"
           "Port:\t%u\nInMemory:\t%s\nVersion:\t%s\nDbPath:\t%s\nSharedDb:\t%s\nshouldDelayTransientStatuses:\t%s\n"
           "CorsParams:\t%s\n\n",
           port, config->data_dir == NULL ? "true" : "false", STATOR_VERSION,
           config->data_dir != NULL ? config->data_dir : "null", config->shared_db ? "true" : "false",
           config->transition_ms != 0 ? "true" : "false", config->cors);
    fflush(stdout);
}

static void log_started(const struct config *config, const struct http *http, const struct engine *engine)
{
    static const char *const durability[] = {"full", "process", "none"};

    LOG_LINE(LOG_LEVEL_INFO, "listening", LOG_STRING("address", http_address(http)),
             LOG_NUMBER("port", http_port(http)),
             LOG_STRING("data_dir", config->data_dir != NULL ? config->data_dir : "in memory"),
             LOG_STRING("durability", durability[config->durability]), LOG_NUMBER("shards", engine_shards(engine)),
             LOG_NUMBER("loops", config->loops), LOG_STRING("version", STATOR_VERSION),
             LOG_STRING("revision", STATOR_REVISION));
}

/* --- Signals ------------------------------------------------------------------------------------------------------ */

static const int stop_signals[] = {SIGTERM, SIGINT, SIGQUIT, SIGXCPU, SIGPWR};

static void add_stop_signals(sigset_t *signals)
{
    for (size_t i = 0; i < sizeof(stop_signals) / sizeof(stop_signals[0]); i++)
        sigaddset(signals, stop_signals[i]);
}

/* Those that would end the process without a word, unless whoever started it had them ignored, as nohup does SIGHUP. */
static void add_fatal_signals(sigset_t *signals)
{
    static const int fatal[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPOLL, SIGSTKFLT};

    for (size_t i = 0; i < sizeof(fatal) / sizeof(fatal[0]) + (size_t)(SIGRTMAX - SIGRTMIN) + 1; i++) {
        size_t real_time = i - sizeof(fatal) / sizeof(fatal[0]);
        int number = i < sizeof(fatal) / sizeof(fatal[0]) ? fatal[i] : SIGRTMIN + (int)real_time;
        struct sigaction action;

        if (sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_DFL)
            sigaddset(signals, number);
    }
}

/* All threads inherit the mask: only main takes these signals. */
static void block_signals(sigset_t *signals)
{
    sigemptyset(signals);
    add_stop_signals(signals);
    add_fatal_signals(signals);
    pthread_sigmask(SIG_BLOCK, signals, NULL);
}

/* A server in the foreground of a terminal goes with it. */
static bool hangup_stops(const struct config *config)
{
    return config->log_file == NULL && isatty(STDOUT_FILENO) == 1;
}

/* True when it is one to stop at. */
static bool take_signal(int number, const struct config *config, const struct http *http)
{
    char name[32];

    snprintf(name, sizeof(name), sigabbrev_np(number) != NULL ? "SIG%s" : "%.0s%d", sigabbrev_np(number), number);
    for (size_t i = 0; i < sizeof(stop_signals) / sizeof(stop_signals[0]); i++) {
        if (number == stop_signals[i] || (number == SIGHUP && hangup_stops(config))) {
            LOG_LINE(LOG_LEVEL_INFO, "stopping", LOG_STRING("signal", name));
            return true;
        }
    }
    if (number == SIGUSR1)
        http_log_status(http);
    else if (number != SIGHUP)
        LOG_LINE(LOG_LEVEL_INFO, "a signal that changes nothing", LOG_STRING("signal", name));
    else if (!log_reopen())
        LOG_LINE(LOG_LEVEL_INFO, "SIGHUP changes nothing: there is no --log-file to open anew");
    return false;
}

#define SAME_SIGNAL_MS 300

static struct timespec stopping_since;

static void on_second_signal(int number)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if ((now.tv_sec - stopping_since.tv_sec) * 1000 + (now.tv_nsec - stopping_since.tv_nsec) / 1000000 < SAME_SIGNAL_MS)
        return;
    log_last_words(number);
    signal(number, SIG_DFL);
    raise(number); /* SA_NODEFER: at once */
}

static void catch_second_signal(void)
{
    struct sigaction action = {.sa_handler = on_second_signal, .sa_flags = SA_RESTART | SA_NODEFER};
    sigset_t stops;

    clock_gettime(CLOCK_MONOTONIC, &stopping_since);
    sigemptyset(&stops);
    add_stop_signals(&stops);
    for (size_t i = 0; i < sizeof(stop_signals) / sizeof(stop_signals[0]); i++)
        sigaction(stop_signals[i], &action, NULL);
    pthread_sigmask(SIG_UNBLOCK, &stops, NULL);
}

static atomic_flag ending = ATOMIC_FLAG_INIT; /* by the stop itself, or by cut_short */

/* The argument is the seconds themselves: main may have returned before this thread begins. */
static void *cut_short(void *argument)
{
    const uint32_t timeout_s = (uint32_t)(uintptr_t)argument;
    struct timespec left = {.tv_sec = timeout_s};

    while (nanosleep(&left, &left) != 0)
        continue;
    if (atomic_flag_test_and_set(&ending))
        return NULL;
    LOG_LINE(LOG_LEVEL_ERROR, "the stop takes too long: the process ends as by a kill; what was answered is kept",
             LOG_NUMBER("stop_timeout_s", timeout_s));
    log_stop();
    _exit(EXIT_CUT_SHORT);
}

/* By a thread that ends by itself, or with the process. */
static void bound_stop(const struct config *config, void *cut(void *timeout_s))
{
    pthread_attr_t detached;
    pthread_t thread;

    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &detached, cut, (void *)(uintptr_t)config->stop_timeout_s) != 0)
        LOG_LINE(LOG_LEVEL_WARN, "no thread could be started that bounds the stop");
    pthread_attr_destroy(&detached);
}

static void serve_until_signal(const struct config *config, struct http *http, struct engine *engine,
                               const sigset_t *signals)
{
    int number = 0;

    do
        sigwait(signals, &number);
    while (!take_signal(number, config, http));
    catch_second_signal();
    engine_close_within(engine, config->stop_timeout_s * 500);
    bound_stop(config, cut_short);
    http_drain(http);
}

/* A signal waits for serve_until_signal to take it. */
static bool asked_to_stop(void)
{
    sigset_t pending;

    if (sigpending(&pending) != 0)
        return false;
    for (size_t i = 0; i < sizeof(stop_signals) / sizeof(stop_signals[0]); i++)
        if (sigismember(&pending, stop_signals[i]) == 1)
            return true;
    return false;
}

#define START_LOOK_MS 50

static atomic_bool has_begun;

static bool is_over_in(const struct timespec *since, uint32_t timeout_s)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (now.tv_sec - since->tv_sec) * 1000 + (now.tv_nsec - since->tv_nsec) / 1000000 >= timeout_s * 1000L;
}

/* A start takes no signal: but a disk that does not answer keeps none waiting for longer than a stop may take. */
static void *cut_start_short(void *argument)
{
    const uint32_t timeout_s = (uint32_t)(uintptr_t)argument;
    const struct timespec look = {.tv_nsec = START_LOOK_MS * 1000000};
    struct timespec since;
    bool asked = false;

    while (!atomic_load(&has_begun)) {
        if (!asked)
            clock_gettime(CLOCK_MONOTONIC, &since);
        asked = asked || asked_to_stop();
        if (asked && is_over_in(&since, timeout_s) && !atomic_flag_test_and_set(&ending)) {
            LOG_LINE(LOG_LEVEL_ERROR, "the start takes too long to be stopped: the process ends as by a kill",
                     LOG_NUMBER("stop_timeout_s", timeout_s));
            log_stop();
            _exit(EXIT_CUT_SHORT);
        }
        nanosleep(&look, NULL);
    }
    return NULL;
}

/* --- Serving ------------------------------------------------------------------------------------------------------ */

static enum stator_rc seed(struct engine *engine, const struct config *config, struct stator_error *err)
{
    const struct seed_options options = {
        .dir = config->init_dir,
        .region = config->init_region,
        .access_key = config->init_access_key,
        .isolate_by_region = config->isolate_by_region,
        .isolate_by_access_key = config->isolate_by_access_key,
        .stopping = asked_to_stop,
    };

    return config->init_dir != NULL ? seed_apply(engine, &options, err) : STATOR_OK;
}

/* The other half is for what comes behind it: the last sync, closing. */
static uint32_t drain_ms(const struct config *config)
{
    return config->stop_timeout_s < 2 * LIMIT_DRAIN_MS / 1000 ? config->stop_timeout_s * 500 : LIMIT_DRAIN_MS;
}

/* Of a directory that is damaged it is told whose it is. */
static enum stator_rc open_engine(struct engine **engine, const struct engine_options *options,
                                  struct stator_error *err)
{
    enum stator_rc rc = engine_open(engine, options, err);

    if (rc != STATOR_OK && options->data_dir != NULL)
        check_concerned(err, options->data_dir);
    return rc;
}

static enum stator_rc start(struct http **http, struct engine **engine, const struct config *config,
                            struct stator_error *err)
{
    const struct http_options http_options = {
        .host = config->host,
        .port = (uint16_t)config->port,
        .loops = config->loops,
        .max_connections = config->max_connections,
        .max_connections_per_address = config->max_connections_per_address,
        .memory_bytes =
            config->memory_mib != 0 ? (size_t)config->memory_mib << 20 : memory_for_requests(memory_limit("")),
        .cors = config->cors,
        .version = STATOR_VERSION,
        .revision = STATOR_REVISION,
        .as_dynamodb_local = config->as_dynamodb_local,
        .isolate_by_region = config->isolate_by_region,
        .isolate_by_access_key = config->isolate_by_access_key,
        .operator_hosts = config->operator_hosts,
        .metrics_tables = config->metrics_tables,
        .drain_ms = drain_ms(config),
        .slow_request_ms = config->slow_request_ms,
    };
    const struct engine_options engine_options = {
        .data_dir = config->data_dir,
        .durability = config->durability,
        .shards = config->shards,
        .tables_bytes = memory_for_tables(memory_limit("")),
        .cache_mib = config->cache_mib,
        .wording = config->wording,
        .isolate_by_region = config->isolate_by_region,
        .isolate_by_access_key = config->isolate_by_access_key,
        .refuse_conflicts = config->refuse_conflicts,
        .transition_ms = config->transition_ms,
        .stream_shards = config->stream_shards,
        .stream_shard_s = config->stream_shard_s,
        .stream_shard_records = config->stream_shard_records,
        .stream_iterator_s = config->stream_iterator_s,
        .stream_retention_s = config->stream_retention_s,
        .ttl_interval_ms = config->ttl_interval_ms,
        .ttl_cooldown_s = config->ttl_cooldown_s,
        .enforce_throughput = config->enforce_throughput,
        .clock_file = config->clock_file,
        .metrics_tables = config->metrics_tables,
        .program = program(),
    };

    STATOR_TRY(http_open(http, &http_options, err));
    STATOR_TRY(port_file_clear(config->port_file, err));
    if (config->as_dynamodb_local)
        print_local_banner(config, http_port(*http));
    STATOR_TRY(open_engine(engine, &engine_options, err));
    STATOR_TRY(seed(*engine, config, err));
    return http_start(*http, *engine, err);
}

/* What is made from now on is for this user alone; what was there before may not be. In a directory with the sticky bit,
 * as the image has for whatever user, others cannot put theirs in its place. */
static void warn_if_open(const char *data_dir)
{
    struct stat found;
    char mode[8];

    if (data_dir == NULL || stat(data_dir, &found) != 0 || (found.st_mode & S_IRWXO) == 0 ||
        (found.st_mode & S_ISVTX) != 0)
        return;
    snprintf(mode, sizeof(mode), "%04o", (unsigned)(found.st_mode & 07777));
    LOG_LINE(LOG_LEVEL_WARN, "the data directory is open to other users of this machine (chmod o-rwx)",
             LOG_STRING("data_dir", data_dir), LOG_STRING("mode", mode));
}

static enum stator_rc begin(struct http **http, struct engine **engine, struct port_file *port_file,
                            struct config *config, struct stator_error *err)
{
    if (config->max_connections_by == NULL)
        config->max_connections = memory_for_connections(memory_limit(""));
    STATOR_TRY(descriptors_settle(config, err));
    STATOR_TRY(start(http, engine, config, err));
    warn_if_open(config->data_dir);
    if (port_file_write(port_file, config->port_file, http_port(*http), err) != STATOR_OK) {
        http_drain(*http);
        return err->rc;
    }
    log_started(config, *http, *engine);
    return STATOR_OK;
}

static int serve(struct config *config)
{
    const struct log_options log_options = {config->log_format, config->log_level, config->log_file};
    struct port_file port_file = {.path = NULL};
    struct stator_error err = {0};
    struct engine *engine = NULL;
    struct http *http = NULL;
    enum stator_rc rc;
    sigset_t signals;

    umask(077);
    block_signals(&signals);
    signal(SIGXFSZ, SIG_IGN); /* a write past the limit of a file's size fails then, as on a disk that is full */
    if (log_start(&log_options, &err) != STATOR_OK)
        return complain(&err);
    bound_stop(config, cut_start_short);
    rc = begin(&http, &engine, &port_file, config, &err);
    atomic_store(&has_begun, true);
    if (rc == STATOR_OK)
        serve_until_signal(config, http, engine, &signals);
    port_file_remove(&port_file);
    http_close(http);
    engine_close(engine);
    if (atomic_flag_test_and_set(&ending))
        pause(); /* cut_short ends the process */
    if (rc == STATOR_OK)
        LOG_LINE(LOG_LEVEL_INFO, "stopped");
    else if (config->log_format == LOG_FORMAT_JSON ||
             config->log_file != NULL) /* who reads the log reads nothing else */
        LOG_LINE(LOG_LEVEL_ERROR, "cannot start", LOG_STRING("reason", err.message));
    log_stop();
    return rc == STATOR_OK ? EXIT_SUCCESS : complain(&err);
}

/* In a container the server is process 1: a healthcheck without flags asks where that one listens. */
static void follow_first_process(struct config *config)
{
    static struct first_process first; /* config borrows its texts */
    struct stator_error err = {0};
    struct config found;

    first_process_read(&first, "/proc/1/cmdline");
    if (first.count != 0 && config_parse(&found, first.count, first.arguments, getenv, 1, &err) == STATOR_OK &&
        found.command == COMMAND_SERVE)
        *config = found;
}

/* STATOR_ENDPOINT, as for the commands of stator-cli. */
static enum stator_rc follow_endpoint(struct config *config, const char *endpoint, struct stator_error *err)
{
    static struct asked asked; /* config borrows its host */

    STATOR_TRY(asked_read(&asked, endpoint, err));
    config->host = asked.host;
    config->port = asked.port;
    return STATOR_OK;
}

/* Which server is to be asked: that of the flags, of the environment, or of the container. */
static bool settle_asked(struct config *config, const char *command, bool in_container)
{
    const char *endpoint = getenv("STATOR_ENDPOINT");
    struct stator_error err = {0};

    if (!config->address_given && endpoint != NULL && *endpoint != '\0') {
        if (follow_endpoint(config, endpoint, &err) == STATOR_OK)
            return true;
        complain(&err);
        return false;
    }
    if (in_container)
        follow_first_process(config);
    if (config->port == 0)
        fprintf(stderr, "stator: --port: %s needs the port of the server\n", command);
    return config->port != 0;
}

static int healthcheck(struct config *config, bool has_flags)
{
    struct stator_error err = {0};

    if (!settle_asked(config, "healthcheck", !has_flags))
        return EXIT_USAGE;
    return health_check(config->host, (uint16_t)config->port, &err) == STATOR_OK ? EXIT_SUCCESS : complain(&err);
}

static int compact(struct config *config)
{
    struct stator_error err = {0};

    if (!settle_asked(config, "compact", false))
        return EXIT_USAGE;
    return compact_run(config->host, (uint16_t)config->port, isatty(STDERR_FILENO) == 1, &err) == STATOR_OK
               ? EXIT_SUCCESS
               : complain(&err);
}

static int check(const struct config *config)
{
    const struct check_request request = {.dir = config->data_dir, .program = program(), .out = stdout};
    struct stator_error err = {0};
    bool lost = false;
    uint64_t faults;
    enum stator_rc rc;

    umask(077);
    setvbuf(stdout, NULL, _IOLBF, 0); /* what is found is seen at once, whoever reads it: a large directory takes long */
    rc = config->repair ? check_repair(&request, &faults, &lost, &err) : check_directory(&request, &faults, &err);
    if (rc != STATOR_OK)
        return complain(&err);
    if (config->repair)
        return lost ? EXIT_LOST : EXIT_SUCCESS;
    return faults == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int status(struct config *config)
{
    struct stator_error err = {0};

    if (!settle_asked(config, "status", false))
        return EXIT_USAGE;
    return status_print(config->host, (uint16_t)config->port, isatty(STDOUT_FILENO) == 1, &err) == STATOR_OK
               ? EXIT_SUCCESS
               : complain(&err);
}

/* An arena for each thread costs memory; with two, four Scans waited for each other's blocks (8 % of their CPU). An
 * answer of a megabyte that is mapped and unmapped each time costs more in page faults than in all the rest: what is free
 * stays, up to a bound, until nobody needs it (budget_settle). */
static void keep_memory(void)
{
    mallopt(M_ARENA_MAX, 4);
    mallopt(M_MMAP_THRESHOLD, 4 << 20);
    mallopt(M_TRIM_THRESHOLD, 8 << 20);
}

int main(int argc, char **argv)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    struct stator_error err = {0};
    struct config config;

    if (outside_wants(argc, argv) && outside_run(argv, &err) != STATOR_OK) {
        complain(&err);
        return EXIT_USAGE;
    }
    keep_memory();
    if (config_parse(&config, argc, argv, getenv, cores > 0 ? (uint32_t)cores : 1, &err) != STATOR_OK) {
        complain(&err);
        return EXIT_USAGE;
    }
    if (sodium_init() < 0)
        return EXIT_FAILURE;
    switch (config.command) {
    case COMMAND_HELP:
        config_print_help();
        return EXIT_SUCCESS;
    case COMMAND_VERSION:
        print_version();
        return EXIT_SUCCESS;
    case COMMAND_HEALTHCHECK:
        return healthcheck(&config, argc > 2);
    case COMMAND_STATUS:
        return status(&config);
    case COMMAND_COMPACT:
        return compact(&config);
    case COMMAND_CHECK:
        return check(&config);
    case COMMAND_SERVE:
        break;
    }
    return serve(&config);
}
