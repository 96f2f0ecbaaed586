/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "memory.h"

#define USER_AGENT "libstator/" STATOR_VERSION

const char *stator_version(void)
{
    return STATOR_VERSION;
}

/* --- Endpoints ---------------------------------------------------------------------------------------------------- */

/* The scheme's own port, which a Host header leaves out. */
static const char *default_port(const char *scheme)
{
    return strcmp(scheme, "https") == 0 ? "443" : "80";
}

static enum stator_rc split_url(struct endpoint *out, CURLU *parts, const char *text,
                                const struct stator_allocator *allocator, struct stator_error *err)
{
    char *scheme = NULL, *host = NULL, *port = NULL, *path = NULL;
    enum stator_rc rc = STATOR_OK;

    if (curl_url_set(parts, CURLUPART_URL, text, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_PATH, &path, 0) != CURLUE_OK ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
        rc = stator_fail(err, STATOR_MISUSE, "The endpoint %s is no http:// or https:// address", text);
        goto out;
    }
    out->url = strcmp(port, default_port(scheme)) == 0
                   ? memory_printf(allocator, "%s://%s%s", scheme, host, path)
                   : memory_printf(allocator, "%s://%s:%s%s", scheme, host, port, path);
    if (out->url == NULL) {
        rc = stator_fail(err, STATOR_NO_MEMORY, "No memory for an endpoint");
        goto out;
    }
    out->path = bytes_of_string(out->url + strlen(out->url) - strlen(path));
    out->host.at = (const uint8_t *)out->url + strlen(scheme) + strlen("://");
    out->host.len = (size_t)(out->path.at - out->host.at);
out:
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(path);
    return rc;
}

static enum stator_rc endpoint_init(struct endpoint *out, const char *text, const struct stator_allocator *allocator,
                                    struct stator_error *err)
{
    CURLU *parts = curl_url();
    enum stator_rc rc;

    if (parts == NULL)
        return stator_fail(err, STATOR_NO_MEMORY, "No memory for an endpoint");
    rc = split_url(out, parts, text, allocator, err);
    curl_url_cleanup(parts);
    return rc;
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
    if ((given->access_key_id == NULL) != (given->secret_access_key == NULL))
        return stator_fail(err, STATOR_MISUSE, "An access key's id and its secret go together");
    return STATOR_OK;
}

/* A NULL text stays NULL. */
static bool copy_text(char **out, const char *text, const struct stator_allocator *allocator)
{
    *out = text == NULL ? NULL : memory_text(allocator, text);
    return text == NULL || *out != NULL;
}

static bool copy_texts(struct stator_client *client, const struct stator_client_options *options)
{
    const struct stator_allocator *allocator = &client->allocator;

    client->user_agent = options->user_agent == NULL ? memory_text(allocator, USER_AGENT)
                                                     : memory_printf(allocator, USER_AGENT " %s", options->user_agent);
    return client->user_agent != NULL && copy_text(&client->ca_file, options->ca_file, allocator) &&
           copy_text(&client->region, options->region != NULL ? options->region : "us-east-1", allocator);
}

/* Those given; with find_credentials none until the first call asks. */
static enum stator_rc open_identity(struct stator_client *client, const struct stator_client_options *options,
                                    struct stator_error *err)
{
    static const struct stator_credentials local = {.access_key_id = "local", .secret_access_key = "local"};
    struct stator_client_options *own = &client->options;

    if (options->credentials.access_key_id != NULL)
        own->find_credentials = NULL;
    else if (options->find_credentials != NULL)
        return STATOR_OK;
    return identity_set(&client->identity, options->credentials.access_key_id != NULL ? &options->credentials : &local,
                        &client->allocator, err);
}

static enum stator_rc open_endpoints(struct stator_client *client, const struct stator_client_options *options,
                                     struct stator_error *err)
{
    const char *streams = options->streams_endpoint != NULL ? options->streams_endpoint : options->endpoint;

    STATOR_TRY(endpoint_init(&client->endpoint, options->endpoint, &client->allocator, err));
    return endpoint_init(&client->streams_endpoint, streams, &client->allocator, err);
}

static enum stator_rc open_parts(struct stator_client *client, struct stator_error *err)
{
    if (!pool_init(&client->pool, client->options.connections_max, &client->allocator) ||
        !copy_texts(client, &client->options))
        return stator_fail(err, STATOR_NO_MEMORY, "No memory for a client");
    STATOR_TRY(open_identity(client, &client->options, err));
    return open_endpoints(client, &client->options, err);
}

enum stator_rc stator_client_open(struct stator_client **out, const struct stator_client_options *options,
                                  struct stator_error *err)
{
    static const struct stator_client_options none;
    struct stator_allocator allocator;
    struct stator_client *client;
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
    rc = open_parts(client, err);
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
    memory_free(&allocator, client->endpoint.url);
    memory_free(&allocator, client->streams_endpoint.url);
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
