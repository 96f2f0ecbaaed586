/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

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

static enum stator_rc split_url(struct endpoint *out, CURLU *parts, const char *text, struct stator_error *err)
{
    char *scheme = NULL, *host = NULL, *port = NULL, *path = NULL;
    enum stator_rc rc = STATOR_OK;
    int len;

    if (curl_url_set(parts, CURLUPART_URL, text, CURLU_DISALLOW_USER) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK ||
        curl_url_get(parts, CURLUPART_PATH, &path, 0) != CURLUE_OK ||
        (strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0)) {
        rc = stator_fail(err, STATOR_MISUSE, "The endpoint %s is no http:// or https:// address", text);
        goto out;
    }
    len = strcmp(port, default_port(scheme)) == 0 ? asprintf(&out->url, "%s://%s%s", scheme, host, path)
                                                  : asprintf(&out->url, "%s://%s:%s%s", scheme, host, port, path);
    if (len < 0) {
        out->url = NULL;
        rc = stator_fail(err, STATOR_NO_MEMORY, "No memory for an endpoint");
        goto out;
    }
    out->path = bytes_of(out->url + (size_t)len - strlen(path), strlen(path));
    out->host.at = (const uint8_t *)out->url + strlen(scheme) + strlen("://");
    out->host.len = (size_t)(out->path.at - out->host.at);
out:
    curl_free(scheme);
    curl_free(host);
    curl_free(port);
    curl_free(path);
    return rc;
}

static enum stator_rc endpoint_init(struct endpoint *out, const char *text, struct stator_error *err)
{
    CURLU *parts = curl_url();
    enum stator_rc rc;

    if (parts == NULL)
        return stator_fail(err, STATOR_NO_MEMORY, "No memory for an endpoint");
    rc = split_url(out, parts, text, err);
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

static bool copy_text(char **out, const char *text)
{
    *out = text == NULL ? NULL : strdup(text);
    return text == NULL || *out != NULL;
}

static bool copy_texts(struct stator_client *client, const struct stator_client_options *options)
{
    const struct stator_credentials *credentials = &options->credentials;

    if (options->user_agent == NULL ? !copy_text(&client->user_agent, USER_AGENT)
                                    : asprintf(&client->user_agent, USER_AGENT " %s", options->user_agent) < 0)
        return false;
    return copy_text(&client->region, options->region != NULL ? options->region : "us-east-1") &&
           copy_text(&client->ca_file, options->ca_file) &&
           copy_text(&client->access_key_id,
                     credentials->access_key_id != NULL ? credentials->access_key_id : "local") &&
           copy_text(&client->secret_access_key,
                     credentials->secret_access_key != NULL ? credentials->secret_access_key : "local") &&
           copy_text(&client->session_token, credentials->session_token);
}

static enum stator_rc open_endpoints(struct stator_client *client, const struct stator_client_options *options,
                                     struct stator_error *err)
{
    const char *streams = options->streams_endpoint != NULL ? options->streams_endpoint : options->endpoint;

    STATOR_TRY(endpoint_init(&client->endpoint, options->endpoint, err));
    return endpoint_init(&client->streams_endpoint, streams, err);
}

enum stator_rc stator_client_open(struct stator_client **out, const struct stator_client_options *options,
                                  struct stator_error *err)
{
    static const struct stator_client_options none;
    struct stator_client *client;
    enum stator_rc rc;

    *out = NULL;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK || sodium_init() < 0)
        return stator_fail(err, STATOR_NO_MEMORY, "libcurl or libsodium could not be initialised");
    client = calloc(1, sizeof(*client));
    if (client == NULL)
        return stator_fail(err, STATOR_NO_MEMORY, "No memory for a client");
    client->options = options == NULL ? none : *options;
    fill_defaults(&client->options);
    pthread_mutex_init(&client->lock, NULL);
    if (!pool_init(&client->pool, client->options.connections_max) || !copy_texts(client, &client->options)) {
        rc = stator_fail(err, STATOR_NO_MEMORY, "No memory for a client");
        goto failed;
    }
    rc = open_endpoints(client, &client->options, err);
    if (rc != STATOR_OK)
        goto failed;
    *out = client;
    return STATOR_OK;
failed:
    stator_client_close(client);
    return rc;
}

static void free_secret(char *text)
{
    if (text != NULL)
        sodium_memzero(text, strlen(text));
    free(text);
}

void stator_client_close(struct stator_client *client)
{
    if (client == NULL)
        return;
    pool_deinit(&client->pool);
    free(client->endpoint.url);
    free(client->streams_endpoint.url);
    free(client->region);
    free(client->ca_file);
    free(client->user_agent);
    free_secret(client->access_key_id);
    free_secret(client->secret_access_key);
    free_secret(client->session_token);
    sigv4_key_wipe(&client->key);
    pthread_mutex_destroy(&client->lock);
    free(client);
}

enum stator_rc client_key(struct sigv4_key *out, struct stator_client *client, int64_t now, struct stator_error *err)
{
    enum stator_rc rc;

    pthread_mutex_lock(&client->lock);
    rc = sigv4_key_make(&client->key, bytes_of_string(client->secret_access_key), now, bytes_of_string(client->region),
                        BYTES("dynamodb"), err);
    *out = client->key;
    pthread_mutex_unlock(&client->lock);
    return rc;
}
