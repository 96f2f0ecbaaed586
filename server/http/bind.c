/* SPDX-License-Identifier: Apache-2.0 */
#include "http/bind.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <unistd.h>

/* How often a port that the system chose for the first address may turn out to be taken on the next. */
#define CHOICES_MAX 16

static bool is_any_ipv6(const struct sockaddr_storage *address)
{
    return address->ss_family == AF_INET6 && memcmp(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
                                                    &in6addr_any, sizeof(in6addr_any)) == 0;
}

static void add_address(struct bind_addresses *out, const struct sockaddr *address, socklen_t len)
{
    for (uint32_t i = 0; i < out->count; i++)
        if (out->len[i] == len && memcmp(&out->at[i], address, len) == 0)
            return; /* /etc/hosts may say things twice */
    if (out->count == LIMIT_ADDRESSES)
        return;
    memcpy(&out->at[out->count], address, len);
    out->len[out->count++] = len;
}

/* "::" means every address, and on a kernel without IPv6 those of IPv4 are every one. */
static void mend_any(struct bind_addresses *out)
{
    struct sockaddr_in any = {.sin_family = AF_INET};
    int fd;

    if (out->count != 1 || !is_any_ipv6(&out->at[0]))
        return;
    fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) {
        close(fd);
        return;
    }
    out->count = 0;
    add_address(out, (const struct sockaddr *)&any, sizeof(any));
}

enum stator_rc bind_resolve(struct bind_addresses *out, const char *host, struct stator_error *err)
{
    static const char *const loopback[] = {"127.0.0.1", "::1"};
    struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};

    *out = (struct bind_addresses){.may_lack_ipv6 = host == NULL || strcmp(host, "localhost") == 0};
    for (size_t i = 0; i < (host == NULL ? 2u : 1u); i++) {
        const char *name = host == NULL ? loopback[i] : host;
        struct addrinfo *found;
        int error = getaddrinfo(name, NULL, &hints, &found);

        if (error != 0)
            return stator_fail(err, STATOR_VALIDATION, "--host: '%s' is no address of this machine: %s", name,
                               gai_strerror(error));
        for (struct addrinfo *at = found; at != NULL; at = at->ai_next)
            add_address(out, at->ai_addr, at->ai_addrlen);
        freeaddrinfo(found);
    }
    mend_any(out);
    return STATOR_OK;
}

void bind_print(char *out, size_t size, const struct sockaddr_storage *address)
{
    char text[INET6_ADDRSTRLEN] = "";

    if (address->ss_family == AF_INET6) {
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr, text, sizeof(text));
        snprintf(out, size, "[%s]", text);
    } else {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, text, sizeof(text));
        snprintf(out, size, "%s", text);
    }
}

static void set_port(struct sockaddr_storage *address, uint16_t port)
{
    if (address->ss_family == AF_INET6)
        ((struct sockaddr_in6 *)(void *)address)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)(void *)address)->sin_port = htons(port);
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
    return ntohs(address->ss_family == AF_INET6 ? ((const struct sockaddr_in6 *)(const void *)address)->sin6_port
                                                : ((const struct sockaddr_in *)(const void *)address)->sin_port);
}

static void set_option(int fd, int level, int option, int value)
{
    (void)setsockopt(fd, level, option, &value, sizeof(value));
}

/* The first socket of an address is bound without SO_REUSEPORT, so that a port in use is seen although its user shares
 * it; set afterwards the option still lets our other loops join. Returns -1 with errno. */
static int bind_one(const struct sockaddr_storage *address, socklen_t len, bool first)
{
    int fd = socket(address->ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int error;

    if (fd < 0)
        return -1;
    set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    set_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, LIMIT_UNSENT_BYTES); /* what it accepts inherits that */
    if (address->ss_family == AF_INET6)                                 /* "::" is of both families */
        set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, !is_any_ipv6(address));
    if (!first)
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
    if (bind(fd, (const struct sockaddr *)address, len) == 0) {
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, 1);
        return fd;
    }
    error = errno;
    close(fd);
    errno = error;
    return -1;
}

static void close_all(int *fds, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
        fds[i] = -1;
    }
}

static void drop_address(struct bind_addresses *addresses, uint32_t index)
{
    addresses->count--;
    for (uint32_t i = index; i < addresses->count; i++) {
        addresses->at[i] = addresses->at[i + 1];
        addresses->len[i] = addresses->len[i + 1];
    }
}

/* The first socket of every address into firsts. Returns 0 or an errno; *failed is then the address at fault. */
static int bind_firsts(int *firsts, struct bind_addresses *addresses, uint16_t *port, uint32_t *failed)
{
    for (uint32_t i = 0; i < addresses->count;) {
        struct sockaddr_storage bound;
        socklen_t len = sizeof(bound);

        set_port(&addresses->at[i], *port);
        firsts[i] = bind_one(&addresses->at[i], addresses->len[i], true);
        if (firsts[i] < 0) {
            bool lacking = errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT;

            if (lacking && addresses->may_lack_ipv6 && addresses->at[i].ss_family == AF_INET6 && addresses->count > 1) {
                drop_address(addresses, i);
                continue;
            }
            *failed = i;
            return errno;
        }
        if (*port == 0 && getsockname(firsts[i], (struct sockaddr *)&bound, &len) == 0)
            *port = port_of(&bound);
        i++;
    }
    return 0;
}

static enum stator_rc fail_bind(const struct bind_addresses *addresses, uint32_t index, int error,
                                struct stator_error *err)
{
    char text[INET6_ADDRSTRLEN + 8];
    uint16_t port = port_of(&addresses->at[index]);

    bind_print(text, sizeof(text), &addresses->at[index]);
    if (error == EADDRINUSE)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                           "port %u of %s is in use by another process; choose one with --port", port, text);
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "cannot listen on port %u of %s: %s", port, text,
                       strerror(error));
}

enum stator_rc bind_sockets(int *fds, struct bind_addresses *addresses, uint32_t loops, uint16_t *port,
                            struct stator_error *err)
{
    int firsts[LIMIT_ADDRESSES] = {-1, -1, -1, -1};
    bool choose = *port == 0;
    uint32_t failed = 0;
    int error = 0;

    for (int i = 0; i < CHOICES_MAX; i++) {
        if (choose)
            *port = 0;
        error = bind_firsts(firsts, addresses, port, &failed);
        if (error == 0)
            break;
        close_all(firsts, LIMIT_ADDRESSES);
        if (!choose || error != EADDRINUSE)
            break;
    }
    if (error != 0)
        return fail_bind(addresses, failed, error, err);
    for (uint32_t loop = 0; loop < loops; loop++) {
        for (uint32_t i = 0; i < addresses->count; i++) {
            int *slot = &fds[loop * addresses->count + i];

            set_port(&addresses->at[i], *port);
            *slot = loop == 0 ? firsts[i] : bind_one(&addresses->at[i], addresses->len[i], false);
            if (*slot < 0) {
                enum stator_rc rc = fail_bind(addresses, i, errno, err);

                close_all(fds, loop * addresses->count + i);
                return rc;
            }
        }
    }
    return STATOR_OK;
}
