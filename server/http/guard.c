/* SPDX-License-Identifier: Apache-2.0 */
#include "http/guard.h"

#include <arpa/inet.h>
#include <strings.h>

#define NAME_MAX_BYTES 255

static bool same_text(struct bytes a, struct bytes b)
{
    return a.len == b.len && strncasecmp((const char *)a.at, (const char *)b.at, a.len) == 0;
}

/* The name without the port and a final dot; "[...]" stays as it is. Absent when it is no name with a port. */
static struct bytes name_of(struct bytes host)
{
    size_t len = host.len;

    while (len != 0 && host.at[len - 1] >= '0' && host.at[len - 1] <= '9')
        len--;
    if (len != 0 && host.at[len - 1] == ':' && memchr(host.at, ':', len - 1) == NULL)
        host.len = len - 1;
    else if (len > 1 && host.at[len - 1] == ':' && host.at[len - 2] == ']')
        host.len = len - 1;
    if (host.len > 1 && host.at[host.len - 1] == '.')
        host.len--;
    return host;
}

/* An IP address as URLs have it. */
static bool is_address(struct bytes name)
{
    char text[NAME_MAX_BYTES + 1];
    struct in6_addr address;
    int family = AF_INET;

    if (name.len > 2 && name.at[0] == '[' && name.at[name.len - 1] == ']') {
        family = AF_INET6;
        name = bytes_of(name.at + 1, name.len - 2);
    }
    memcpy(text, name.at, name.len);
    text[name.len] = '\0';
    return strlen(text) == name.len && inet_pton(family, text, &address) == 1;
}

static bool ends_with(struct bytes name, struct bytes suffix)
{
    return name.len > suffix.len && same_text(bytes_of(name.at + name.len - suffix.len, suffix.len), suffix);
}

/* Names that the public DNS has none of. */
static bool is_private(struct bytes name)
{
    static const struct bytes suffixes[] = {{(const uint8_t *)".localhost", 10},
                                            {(const uint8_t *)".internal", 9},
                                            {(const uint8_t *)".svc", 4},
                                            {(const uint8_t *)".cluster.local", 14}};

    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++)
        if (ends_with(name, suffixes[i]))
            return true;
    return memchr(name.at, '.', name.len) == NULL;
}

/* "a,b", "a, b" or "*" */
static bool is_listed(struct bytes name, const char *list)
{
    while (list != NULL) {
        size_t len;

        list += strspn(list, " ");
        len = strcspn(list, " ,");
        if (same_text(name, bytes_of(list, len)) || (len == 1 && *list == '*'))
            return true;
        list = strchr(list, ',');
        list = list != NULL ? list + 1 : NULL;
    }
    return false;
}

static bool is_name(struct bytes name)
{
    for (size_t i = 0; i < name.len; i++)
        if (name.at[i] <= ' ' || name.at[i] >= 0x7f || strchr("/\\@?#\"<>,:[]", name.at[i]) != NULL)
            return false;
    return true;
}

static bool host_is_ours(struct bytes host, const struct guard_names *names)
{
    struct bytes name = name_of(host);

    if (name.len == 0 || name.len > NAME_MAX_BYTES)
        return false;
    return is_address(name) || (is_name(name) && (is_private(name) || is_listed(name, names->host) ||
                                                  is_listed(name, names->machine) || is_listed(name, names->more)));
}

/* The host and port of an origin of the web; absent for any other. */
static struct bytes host_of(struct bytes origin)
{
    static const struct bytes schemes[] = {{(const uint8_t *)"http://", 7}, {(const uint8_t *)"https://", 8}};

    for (size_t i = 0; i < 2; i++)
        if (bytes_starts_with(origin, schemes[i]))
            return bytes_of(origin.at + schemes[i].len, origin.len - schemes[i].len);
    return (struct bytes){0};
}

static bool is_loopback(struct bytes host)
{
    struct bytes name = name_of(host);

    return same_text(name, BYTES("127.0.0.1")) || same_text(name, BYTES("[::1]")) ||
           same_text(name, BYTES("localhost")) || (is_name(name) && ends_with(name, BYTES(".localhost")));
}

/* Whether it is from a page of another origin than the request's own, as far as the browser tells. */
static bool is_foreign(const struct guard_request *request)
{
    struct bytes site = request->fetch_site;

    if (bytes_present(request->origin) &&
        (!bytes_present(host_of(request->origin)) || !same_text(host_of(request->origin), request->host)))
        return true;
    return bytes_present(site) && !bytes_equal(site, BYTES("same-origin")) && !bytes_equal(site, BYTES("none"));
}

const char *guard_refusal(const struct guard_request *request, const struct guard_names *names)
{
    if (!host_is_ours(request->host, names))
        return "The Host of this request is not known to be a name of this server; --operator-hosts adds names.";
    return is_foreign(request) ? "This is not for web pages of other origins." : NULL;
}

bool guard_lets_read(struct bytes origin, const char *cors)
{
    return is_listed(origin, cors) || is_loopback(host_of(origin));
}

bool guard_lets_in(const struct guard_request *request, const struct guard_names *names, const char *cors)
{
    if (!bytes_present(request->origin) && !bytes_present(request->fetch_site))
        return true;
    if (bytes_present(request->origin) ? guard_lets_read(request->origin, cors) : is_listed(BYTES("*"), cors))
        return true;
    return !is_foreign(request) && host_is_ours(request->host, names);
}
