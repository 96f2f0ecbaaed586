/* SPDX-License-Identifier: Apache-2.0 */
#include "config/asked.h"

#include "base/bytes.h"

#define SCHEME "http://"

/* ":8000", or nothing; 0: it is no port. */
static uint16_t read_port(struct bytes text)
{
    uint32_t port = 0;

    if (text.len == 0)
        return 80;
    if (text.at[0] != ':' || text.len == 1 || text.len > sizeof(":65535") - 1)
        return 0;
    for (size_t i = 1; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return 0;
        port = port * 10 + (uint32_t)(text.at[i] - '0');
    }
    return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/* Cuts the host off: "localhost", or "[::1]" without its brackets. Empty: there is none. */
static struct bytes cut_host(struct bytes *rest)
{
    bool bracketed = rest->len != 0 && rest->at[0] == '[';
    const uint8_t *end = rest->len != 0 ? memchr(rest->at, bracketed ? ']' : ':', rest->len) : NULL;
    size_t len = end != NULL ? (size_t)(end - rest->at) : rest->len;
    struct bytes host = bytes_of(rest->at + bracketed, len - bracketed);

    if (bracketed && end == NULL)
        return bytes_of(rest->at, 0);
    len += bracketed;
    *rest = bytes_of(rest->at + len, rest->len - len);
    return host;
}

static bool read_endpoint(struct asked *out, struct bytes text)
{
    struct bytes host;

    if (text.len < sizeof(SCHEME) || strncasecmp((const char *)text.at, SCHEME, sizeof(SCHEME) - 1) != 0)
        return false;
    text = bytes_of(text.at + sizeof(SCHEME) - 1, text.len - (sizeof(SCHEME) - 1));
    text.len -= text.at[text.len - 1] == '/';
    host = cut_host(&text);
    out->port = read_port(text);
    if (host.len == 0 || host.len > ASKED_HOST_MAX || out->port == 0 || memchr(host.at, '/', host.len) != NULL)
        return false;
    memcpy(out->host, host.at, host.len);
    out->host[host.len] = '\0';
    return true;
}

enum stator_rc asked_read(struct asked *out, const char *endpoint, struct stator_error *err)
{
    if (read_endpoint(out, bytes_of_string(endpoint)))
        return STATOR_OK;
    return stator_fail(
        err, STATOR_VALIDATION,
        "STATOR_ENDPOINT: '%s' is not like http://HOST:PORT, which this command needs; --host and --port "
        "are heeded before it",
        endpoint);
}
