/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "credentials.h"
#include "memory.h"

#define USER_AGENT "libstator/" STATOR_VERSION

const char *stator_version(void)
{
    return STATOR_VERSION;
}

/* --- Opening ------------------------------------------------------------------------------------------------------ */

static void fill_defaults(struct stator_client_options *options)
{
    if (options->connect_timeout_ms == 0)
        options->connect_timeout_ms = 1000;
    if (options->attempt_timeout_ms == 0)
        options->attempt_timeout_ms = 30000;
    if (options->call_timeout_ms == 0)
        options->call_timeout_ms = 120000;
    if (options->attempts_max == 0)
        options->attempts_max = 4;
    if (options->connections_max == 0)
        options->connections_max = 50;
    if (options->answer_bytes_max == 0)
        options->answer_bytes_max = 64 << 20;
}

#define CONNECTIONS_MAX  10000
#define ANSWER_BYTES_MAX ((uint64_t)1 << 40)

static enum stator_rc check_options(const struct stator_client_options *options, struct stator_error *err)
{
    const struct stator_credentials *given = &options->credentials;

    if (options->connections_max > CONNECTIONS_MAX)
        return stator_fail(err, STATOR_MISUSE, "connections_max is more than %d", CONNECTIONS_MAX);
    if (options->answer_bytes_max > ANSWER_BYTES_MAX)
        return stator_fail(err, STATOR_MISUSE, "answer_bytes_max is more than 1 TiB");
    for (const char *at = options->user_agent; at != NULL && *at != '\0'; at++)
        if ((unsigned char)*at < ' ' || *at == 0x7F)
            return stator_fail(err, STATOR_MISUSE, "user_agent has a control character");
    if ((given->access_key_id == NULL) != (given->secret_access_key == NULL))
        return stator_fail(err, STATOR_MISUSE, "An access key's id and its secret go together");
    return STATOR_OK;
}

/* What a request is signed for in the region "local", which is no region of AWS; and without any. */
#define REGION_DEFAULT "us-east-1"

static bool copy_texts(struct stator_client *client, const char *region)
{
    const struct stator_client_options *options = &client->options;
    const struct stator_allocator *allocator = &client->allocator;

    client->user_agent = options->user_agent == NULL ? memory_text(allocator, USER_AGENT)
                                                     : memory_printf(allocator, USER_AGENT " %s", options->user_agent);
    return client->user_agent != NULL && memory_copy_text(&client->ca_file, allocator, options->ca_file) &&
           memory_copy_text(&client->region, allocator, strcmp(region, "local") == 0 ? REGION_DEFAULT : region);
}

static enum stator_rc open_endpoints(struct stator_client *client, const struct credentials *found, const char *region,
                                     struct stator_error *err)
{
    const struct stator_allocator *allocator = &client->allocator;
    const char *streams = found->streams_endpoint[0] != '\0' ? found->streams_endpoint : found->endpoint;

    if (found->endpoint[0] != '\0')
        STATOR_TRY(endpoint_init(&client->endpoint, found->endpoint, allocator, err));
    else
        STATOR_TRY(endpoint_init_region(&client->endpoint, ENDPOINT_DYNAMODB, region, allocator, err));
    if (streams[0] != '\0')
        return endpoint_init(&client->streams_endpoint, streams, allocator, err);
    return endpoint_init_region(&client->streams_endpoint, ENDPOINT_STREAMS, region, allocator, err);
}

/* With find_credentials there are none until the first call asks. */
static enum stator_rc open_identity(struct stator_client *client, const struct credentials *found,
                                    struct stator_error *err)
{
    struct stator_credentials credentials = {.access_key_id = "local", .secret_access_key = "local"};

    if (client->options.credentials.access_key_id != NULL)
        client->options.find_credentials = NULL;
    if (client->options.find_credentials != NULL)
        return STATOR_OK;
    if (found->from != CREDENTIALS_NOWHERE) {
        credentials.access_key_id = found->access_key_id;
        credentials.secret_access_key = found->secret_access_key;
        credentials.session_token = found->session_token[0] == '\0' ? NULL : found->session_token;
        credentials.expires_at = client->options.credentials.expires_at;
    } else if (endpoint_is_aws(&client->endpoint)) {
        return stator_fail(err, STATOR_CREDENTIALS, "%s", found->why);
    }
    return identity_set(&client->identity, &credentials, &client->allocator, err);
}

static struct bytes given(const char *text)
{
    return text == NULL ? (struct bytes){0} : bytes_of_string(text);
}

/* What the options say, and for the rest what the environment and the shared files do. */
static enum stator_rc find_settings(struct credentials *found, const struct stator_client_options *options,
                                    struct stator_error *err)
{
    const struct stator_credentials *credentials = &options->credentials;
    const struct credentials_given from_options = {.access_key_id = given(credentials->access_key_id),
                                                   .secret_access_key = given(credentials->secret_access_key),
                                                   .session_token = given(credentials->session_token),
                                                   .region = given(options->region),
                                                   .endpoint = given(options->endpoint),
                                                   .streams_endpoint = given(options->streams_endpoint),
                                                   .profile = given(options->profile),
                                                   .no_keys = credentials->access_key_id == NULL &&
                                                              options->find_credentials != NULL};
    enum stator_rc rc = credentials_find(found, &from_options, err);

    return rc == STATOR_VALIDATION ? (err->rc = STATOR_MISUSE) : rc;
}

static enum stator_rc open_parts(struct stator_client *client, const struct credentials *found,
                                 struct stator_error *err)
{
    const char *region = found->region[0] == '\0' ? REGION_DEFAULT : found->region;

    if (!pool_init(&client->pool, client->options.connections_max, &client->allocator) || !copy_texts(client, region))
        return stator_fail(err, STATOR_NO_MEMORY, "No memory for a client");
    STATOR_TRY(open_endpoints(client, found, region, err));
    return open_identity(client, found, err);
}

enum stator_rc stator_client_open(struct stator_client **out, const struct stator_client_options *options,
                                  struct stator_error *err)
{
    static const struct stator_client_options none;
    struct stator_allocator allocator;
    struct stator_client *client;
    struct credentials found;
    enum stator_rc rc;

    *out = NULL;
    if (options == NULL)
        options = &none;
    STATOR_TRY(check_options(options, err));
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || sodium_init() < 0)
        return stator_fail(err, STATOR_NO_MEMORY, "libcurl or libsodium could not be initialised");
    allocator = memory_of(options->allocator);
    client = memory_new(&allocator, sizeof(*client));
    if (client == NULL)
        return stator_fail(err, STATOR_NO_MEMORY, "No memory for a client");
    client->options = *options;
    client->allocator = allocator;
    fill_defaults(&client->options);
    checksum_tables_init(&client->checksum);
    identity_init(&client->identity);
    skew_init(&client->skew);
    retry_budget_init(&client->budget);
    rc = find_settings(&found, &client->options, err);
    if (rc == STATOR_OK)
        rc = open_parts(client, &found, err);
    credentials_wipe(&found);
    /* The caller's strings are borrowed for this call alone. */
    client->options.credentials = (struct stator_credentials){0};
    if (rc == STATOR_OK)
        *out = client;
    else
        stator_client_close(client);
    return rc;
}

void stator_client_close(struct stator_client *client)
{
    struct stator_allocator allocator;

    if (client == NULL)
        return;
    allocator = client->allocator;
    pool_deinit(&client->pool);
    identity_deinit(&client->identity, &allocator);
    endpoint_deinit(&client->endpoint, &allocator);
    endpoint_deinit(&client->streams_endpoint, &allocator);
    memory_free(&allocator, client->region);
    memory_free(&allocator, client->ca_file);
    memory_free(&allocator, client->user_agent);
    memory_free(&allocator, client);
}

/* --- For calls ------------------------------------------------------------------------------------------------------ */

int64_t client_time(struct stator_client *client, int64_t *ahead_s)
{
    *ahead_s = atomic_load(&client->skew.ahead_s);
    return (int64_t)time(NULL) + *ahead_s;
}

/* A longer line is cut. */
#define LOG_LINE_MAX 512

void client_log(const struct stator_client *client, enum stator_log_level level, const char *format, ...)
{
    char line[LOG_LINE_MAX];
    va_list args;

    if (client->options.log == NULL)
        return;
    va_start(args, format);
    vsnprintf(line, sizeof(line), format, args);
    va_end(args);
    client->options.log(level, line, client->options.user);
}
