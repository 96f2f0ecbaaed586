/* SPDX-License-Identifier: Apache-2.0 */
/* probe: calls of libstator by command line, for tests that have a server of their own.
 *
 *     probe --endpoint URL [options] call...      calls: get, put, transact, list, json:OPERATION:BODY
 *
 * Every call is a line, "rc=UNREACHABLE attempts=4 status=0 retryable=1 type= id= answer= message=..."; what the client
 * logs goes to stderr. All calls go through one client and, but with --at-once, one struct stator_call.
 */
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stator/async.h"
#include "stator/items.h"
#include "stator/tables.h"

struct settings {
    struct stator_client_options client;
    bool async;       /* the calls are started and waited for */
    bool at_once;     /* all together, each with a struct stator_call of its own */
    unsigned threads; /* that make all the calls, each by itself; 0: the main thread does */
    unsigned repeat;
    unsigned expires_in_s; /* of what the callback gives */
    char **calls;
    int calls_count;
};

static const char *name_of(enum stator_rc rc)
{
    switch (rc) {
    case STATOR_OK:
        return "OK";
#define X(code, status, retry, prefix, wire, member)                                                                   \
    case STATOR_##code:                                                                                                \
        return #code;
#include "stator/errors.def"
    case STATOR_NO_MEMORY:
        return "NO_MEMORY";
    case STATOR_UNREACHABLE:
        return "UNREACHABLE";
    case STATOR_TIMED_OUT:
        return "TIMED_OUT";
    case STATOR_BAD_ANSWER:
        return "BAD_ANSWER";
    case STATOR_CREDENTIALS:
        return "CREDENTIALS";
    case STATOR_CANCELLED:
        return "CANCELLED";
    case STATOR_MISUSE:
        return "MISUSE";
    case STATOR_OTHER:
        return "OTHER";
    default:
        return "?";
    }
}

static void report(enum stator_rc rc, const struct stator_call *call, struct stator_bytes answer)
{
    const struct stator_failure *failure = stator_call_failure(call);
    struct stator_bytes id = stator_call_request_id(call);

    if (rc != failure->rc)
        printf("the failure says %s\n", name_of(failure->rc));
    printf("rc=%s attempts=%u status=%d retryable=%d type=%.*s id=%.*s answer=%.*s message=%s\n", name_of(rc),
           failure->attempts, failure->http_status, failure->retryable, STATOR_ARG(failure->type), STATOR_ARG(id),
           STATOR_ARG(answer), failure->message);
}

/* --- Calls ---------------------------------------------------------------------------------------------------------- */

static const struct stator_attribute key[] = {
    {{(const uint8_t *)"pk", 2}, {.type = STATOR_TYPE_S, .text = {(const uint8_t *)"a", 1}}},
};

static struct stator_item an_item(void)
{
    return (struct stator_item){.attributes = key, .count = 1, .set = true};
}

static enum stator_rc transact(struct stator_call *call, struct stator_async *async)
{
    struct stator_put put = {.table_name = stator_text("T"), .item = an_item()};
    struct stator_transact_write_item writes[] = {{.put = &put}};
    struct stator_transact_write_items_input in = {.transact_items = STATOR_LIST(writes)};

    return async == NULL ? stator_transact_write_items(call, &in, NULL)
                         : stator_transact_write_items_start(async, call, &in, NULL, NULL);
}

static enum stator_rc put(struct stator_call *call, struct stator_async *async)
{
    struct stator_put_item_input in = {.table_name = stator_text("T"), .item = an_item()};

    return async == NULL ? stator_put_item(call, &in, NULL) : stator_put_item_start(async, call, &in, NULL, NULL);
}

static enum stator_rc get(struct stator_call *call, struct stator_async *async)
{
    struct stator_get_item_input in = {.table_name = stator_text("T"), .key = an_item()};

    return async == NULL ? stator_get_item(call, &in, NULL) : stator_get_item_start(async, call, &in, NULL, NULL);
}

static enum stator_rc list(struct stator_call *call, struct stator_async *async)
{
    static const struct stator_list_tables_input in;

    return async == NULL ? stator_list_tables(call, &in, NULL) : stator_list_tables_start(async, call, &in, NULL, NULL);
}

/* text is OPERATION:BODY. */
static enum stator_rc json(struct stator_call *call, struct stator_async *async, const char *text)
{
    char operation[64];
    const char *body = strchr(text, ':') + 1;

    snprintf(operation, sizeof(operation), "%.*s", (int)(body - text - 1), text);
    return async == NULL ? stator_call_json(call, operation, stator_text(body), NULL)
                         : stator_call_json_start(async, call, operation, stator_text(body), NULL, NULL);
}

static enum stator_rc make(const char *name, struct stator_call *call, struct stator_async *async)
{
    if (strcmp(name, "get") == 0)
        return get(call, async);
    if (strcmp(name, "put") == 0)
        return put(call, async);
    if (strcmp(name, "transact") == 0)
        return transact(call, async);
    if (strcmp(name, "list") == 0)
        return list(call, async);
    if (strncmp(name, "json:", 5) == 0)
        return json(call, async, name + 5);
    fprintf(stderr, "no such call: %s\n", name);
    exit(2);
}

/* --- Ways to make them ---------------------------------------------------------------------------------------------- */

static void fail(const char *what, const char *why)
{
    fprintf(stderr, "%s: %s\n", what, why);
    exit(2);
}

static struct stator_call *new_call(struct stator_client *client)
{
    struct stator_call *call = stator_call_new(client);

    if (call == NULL)
        fail("stator_call_new", "no memory");
    return call;
}

static void one_by_one(struct stator_client *client, struct stator_async *async, const struct settings *settings)
{
    struct stator_call *call = new_call(client);

    for (unsigned r = 0; r < settings->repeat; r++)
        for (int i = 0; i < settings->calls_count; i++) {
            enum stator_rc rc = make(settings->calls[i], call, async);

            if (async != NULL && rc == STATOR_OK)
                rc = stator_call_wait(call);
            report(rc, call, stator_call_json_answer(call));
        }
    stator_call_free(call);
}

static void at_once(struct stator_client *client, struct stator_async *async, const struct settings *settings)
{
    size_t count = (size_t)settings->calls_count * settings->repeat;
    struct stator_call **calls = calloc(count, sizeof(struct stator_call *));

    for (size_t i = 0; i < count; i++) {
        calls[i] = new_call(client);
        if (make(settings->calls[i % (size_t)settings->calls_count], calls[i], async) != STATOR_OK)
            fail("start", stator_call_failure(calls[i])->message);
    }
    if (stator_async_run(async, -1) != STATOR_OK)
        fail("stator_async_run", "failed");
    for (size_t i = 0; i < count; i++) {
        report(stator_call_failure(calls[i])->rc, calls[i], stator_call_json_answer(calls[i]));
        stator_call_free(calls[i]);
    }
    free(calls);
}

static void run(struct stator_client *client, const struct settings *settings)
{
    struct stator_async *async = NULL;
    struct stator_error err;

    if ((settings->async || settings->at_once) && stator_async_open(&async, client, NULL, &err) != STATOR_OK)
        fail("stator_async_open", err.message);
    if (settings->at_once)
        at_once(client, async, settings);
    else
        one_by_one(client, async, settings);
    stator_async_close(async);
}

struct worker {
    pthread_t thread;
    struct stator_client *client;
    const struct settings *settings;
};

static void *work(void *data)
{
    struct worker *worker = data;

    run(worker->client, worker->settings);
    return NULL;
}

static void run_threads(struct stator_client *client, const struct settings *settings)
{
    struct worker *workers = calloc(settings->threads, sizeof(*workers));

    for (unsigned i = 0; i < settings->threads; i++) {
        workers[i] = (struct worker){.client = client, .settings = settings};
        pthread_create(&workers[i].thread, NULL, work, &workers[i]);
    }
    for (unsigned i = 0; i < settings->threads; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
}

/* --- Options -------------------------------------------------------------------------------------------------------- */

static void log_line(enum stator_log_level level, const char *text, void *user)
{
    static const char *const levels[] = {"debug", "info", "warning"};

    (void)user;
    fprintf(stderr, "%s: %s\n", levels[level], text);
}

/* Keys of a number that grows: key-1, key-2, ... */
static enum stator_rc find_credentials(struct stator_credentials *out, struct stator_error *err, void *user)
{
    static char id[32];
    static unsigned asked;
    const struct settings *settings = user;

    if (settings->expires_in_s == 0 || asked == 3) {
        snprintf(err->message, sizeof(err->message), "the vault is locked");
        return STATOR_CREDENTIALS;
    }
    snprintf(id, sizeof(id), "key-%u", ++asked);
    *out = (struct stator_credentials){.access_key_id = id,
                                       .secret_access_key = "callback-secret",
                                       .session_token = "callback-token",
                                       .expires_at = time(NULL) + settings->expires_in_s};
    return STATOR_OK;
}

static bool take_option(struct settings *settings, const char *name, char *value)
{
    struct stator_client_options *client = &settings->client;
    uint32_t number = (uint32_t)strtoul(value, NULL, 10);

    if (strcmp(name, "--endpoint") == 0)
        client->endpoint = value;
    else if (strcmp(name, "--attempts") == 0)
        client->attempts_max = number;
    else if (strcmp(name, "--connect-timeout") == 0)
        client->connect_timeout_ms = number;
    else if (strcmp(name, "--attempt-timeout") == 0)
        client->attempt_timeout_ms = number;
    else if (strcmp(name, "--call-timeout") == 0)
        client->call_timeout_ms = number;
    else if (strcmp(name, "--answer-bytes") == 0)
        client->answer_bytes_max = number;
    else if (strcmp(name, "--session-token") == 0)
        client->credentials.session_token = value;
    else if (strcmp(name, "--ca-file") == 0)
        client->ca_file = value;
    else if (strcmp(name, "--threads") == 0)
        settings->threads = number;
    else if (strcmp(name, "--repeat") == 0)
        settings->repeat = number;
    else if (strcmp(name, "--ask") == 0) { /* the callback; its credentials are good for so many seconds */
        client->credentials = (struct stator_credentials){0};
        client->find_credentials = find_credentials;
        settings->expires_in_s = number;
    } else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    struct settings settings = {
        .client = {.credentials = {.access_key_id = "probe", .secret_access_key = "very-secret"},
                   .log = log_line,
                   .user = &settings},
        .repeat = 1};
    struct stator_client *client;
    struct stator_error err;
    int i;

    for (i = 1; i < argc && strncmp(argv[i], "--", 2) == 0; i++) {
        if (strcmp(argv[i], "--async") == 0)
            settings.async = true;
        else if (strcmp(argv[i], "--at-once") == 0)
            settings.at_once = true;
        else if (strcmp(argv[i], "--insecure") == 0)
            settings.client.insecure_tls = true;
        else if (i + 1 == argc || !take_option(&settings, argv[i], argv[i + 1]))
            fail("no such option", argv[i]);
        else
            i++;
    }
    settings.calls = argv + i;
    settings.calls_count = argc - i;
    if (stator_client_open(&client, &settings.client, &err) != STATOR_OK)
        fail("stator_client_open", err.message);
    if (settings.threads > 0)
        run_threads(client, &settings);
    else
        run(client, &settings);
    stator_client_close(client);
    return 0;
}
