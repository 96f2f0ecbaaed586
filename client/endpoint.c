/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint.h"

#include <curl/curl.h>

#include "memory.h"

/* The scheme's own port, which a Host header leaves out. */
static const char *default_port(const char *scheme)
{
    return strcmp(scheme, "https") == 0 ? "443" : "80";
}

/* The parts of a URL, each to be freed by curl; zone is NULL where an address has none. */
struct parts {
    char *scheme, *host, *zone, *port, *path;
};

static bool take_apart(struct parts *out, CURLU *url, const char *text)
{
    return curl_url_set(url, CURLUPART_URL, text, CURLU_DISALLOW_USER) == CURLUE_OK &&
           curl_url_get(url, CURLUPART_SCHEME, &out->scheme, 0) == CURLUE_OK &&
           curl_url_get(url, CURLUPART_HOST, &out->host, 0) == CURLUE_OK &&
           curl_url_get(url, CURLUPART_PORT, &out->port, CURLU_DEFAULT_PORT) == CURLUE_OK &&
           curl_url_get(url, CURLUPART_PATH, &out->path, 0) == CURLUE_OK &&
           (strcmp(out->scheme, "http") == 0 || strcmp(out->scheme, "https") == 0);
}

static char *put_together(const struct parts *parts, const char *host, const struct stator_allocator *allocator)
{
    bool usual = strcmp(parts->port, default_port(parts->scheme)) == 0;

    return memory_printf(allocator, "%s://%s%s%s%s", parts->scheme, host, usual ? "" : ":", usual ? "" : parts->port,
                         parts->path);
}

/* curl gives the host as "[fe80::1]", without the zone, which stands before the bracket. */
static char *put_together_zoned(const struct parts *parts, const struct stator_allocator *allocator)
{
    char *host, *url;

    if (parts->zone == NULL)
        return put_together(parts, parts->host, allocator);
    host = memory_printf(allocator, "%.*s%%25%s]", (int)strlen(parts->host) - 1, parts->host, parts->zone);
    url = host == NULL ? NULL : put_together(parts, host, allocator);
    memory_free(allocator, host);
    return url;
}

static enum stator_rc split_url(struct endpoint *out, CURLU *url, const char *text,
                                const struct stator_allocator *allocator, struct stator_error *err)
{
    struct parts parts = {0};
    enum stator_rc rc = STATOR_OK;

    if (!take_apart(&parts, url, text)) {
        rc = stator_fail(err, STATOR_MISUSE, "The endpoint %s is no http:// or https:// address", text);
        goto out;
    }
    (void)curl_url_get(url, CURLUPART_ZONEID, &parts.zone, 0);
    out->sent = put_together(&parts, parts.host, allocator);
    out->url = put_together_zoned(&parts, allocator);
    if (out->url == NULL || out->sent == NULL) {
        endpoint_deinit(out, allocator);
        rc = stator_fail(err, STATOR_NO_MEMORY, "No memory for an endpoint");
        goto out;
    }
    out->path = bytes_of_string(out->sent + strlen(out->sent) - strlen(parts.path));
    out->host.at = (const uint8_t *)out->sent + strlen(parts.scheme) + strlen("://");
    out->host.len = (size_t)(out->path.at - out->host.at);
out:
    curl_free(parts.scheme);
    curl_free(parts.host);
    curl_free(parts.zone);
    curl_free(parts.port);
    curl_free(parts.path);
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
    memory_free(allocator, endpoint->sent);
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
