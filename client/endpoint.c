/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint.h"

#include <curl/curl.h>

#include "memory.h"

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

enum stator_rc endpoint_init(struct endpoint *out, const char *text, const struct stator_allocator *allocator,
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

/* China's regions have a domain of their own. */
static const char *domain_of(const char *region)
{
    return strncmp(region, "cn-", 3) == 0 ? "amazonaws.com.cn" : "amazonaws.com";
}

enum stator_rc endpoint_init_region(struct endpoint *out, enum endpoint_service service, const char *region,
                                    const struct stator_allocator *allocator, struct stator_error *err)
{
    const char *prefix = service == ENDPOINT_STREAMS ? "streams." : "";
    enum stator_rc rc;
    char *url;

    if (strcmp(region, "local") == 0)
        return endpoint_init(out, "http://localhost:8000", allocator, err);
    url = memory_printf(allocator, "https://%sdynamodb.%s.%s", prefix, region, domain_of(region));
    if (url == NULL)
        return stator_fail(err, STATOR_NO_MEMORY, "No memory for an endpoint");
    rc = endpoint_init(out, url, allocator, err);
    memory_free(allocator, url);
    return rc;
}

void endpoint_deinit(struct endpoint *endpoint, const struct stator_allocator *allocator)
{
    memory_free(allocator, endpoint->url);
    *endpoint = (struct endpoint){0};
}

static bool ends_with(struct bytes text, struct bytes end)
{
    return text.len >= end.len && memcmp(text.at + text.len - end.len, end.at, end.len) == 0;
}

bool endpoint_is_aws(const struct endpoint *endpoint)
{
    return ends_with(endpoint->host, BYTES(".amazonaws.com")) ||
           ends_with(endpoint->host, BYTES(".amazonaws.com.cn")) || ends_with(endpoint->host, BYTES(".api.aws"));
}
