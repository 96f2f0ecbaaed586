/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/ask.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PIECE_BYTES 4096

static bool is_any(const char *host)
{
    return host == NULL || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

enum stator_rc ask_fail(const struct ask *ask, struct stator_error *err, const char *format, ...)
{
    const char *host = is_any(ask->host) ? "localhost" : ask->host;
    bool bare = strchr(host, ':') != NULL; /* an IPv6 address */
    struct stator_error what = {0};
    va_list args;

    va_start(args, format);
    (void)stator_fail_list(&what, STATOR_INTERNAL_SERVER_ERROR, format, args);
    va_end(args);
    return stator_fail(err, what.rc, "http://%s%s%s:%u: %s", bare ? "[" : "", host, bare ? "]" : "", ask->port,
                       what.message);
}

static enum stator_rc fail_errno(const struct ask *ask, struct stator_error *err, const char *what)
{
    return ask_fail(ask, err, "%s: %s", what, errno == EAGAIN || errno == EINPROGRESS ? "no answer" : strerror(errno));
}

static int connect_to(const struct addrinfo *found, uint32_t timeout_s)
{
    struct timeval timeout = {.tv_sec = timeout_s};

    for (; found != NULL; found = found->ai_next) {
        int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

        if (fd < 0)
            continue;
        (void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof(timeout)); /* connecting, too */
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
        if (connect(fd, found->ai_addr, found->ai_addrlen) == 0)
            return fd;
        close(fd);
    }
    return -1;
}

/* Status and body. False: that is no HTTP. */
static bool understand(struct ask_answer *out)
{
    struct bytes all = buf_bytes(&out->all);
    const uint8_t *end = memmem(all.at, all.len, "\r\n\r\n", 4);

    if (all.len < 12 || memcmp(all.at, "HTTP/1.", 7) != 0 || all.at[8] != ' ' || end == NULL)
        return false;
    out->status = 0;
    for (int i = 9; i < 12; i++)
        out->status = out->status * 10 + (all.at[i] - '0');
    out->body = bytes_of(end + 4, all.len - (size_t)(end + 4 - all.at));
    return true;
}

/* In HTTP/1.0 the answer ends with the connection. */
static enum stator_rc converse(struct ask_answer *out, int fd, const struct ask *ask, struct stator_error *err)
{
    char request[256];
    int len = snprintf(request, sizeof(request), "%s %s HTTP/1.0\r\nHost: localhost\r\n%s\r\n",
                       ask->posts ? "POST" : "GET", ask->path, ask->posts ? "Content-Length: 0\r\n" : "");
    ssize_t got;

    stator_assert(len > 0 && (size_t)len < sizeof(request));
    if (send(fd, request, (size_t)len, MSG_NOSIGNAL) != len)
        return fail_errno(ask, err, "cannot send");
    do {
        uint8_t *room = buf_reserve(&out->all, PIECE_BYTES);

        if (room == NULL)
            return ask_fail(ask, err, "its answer is too long");
        got = recv(fd, room, PIECE_BYTES, 0);
        if (got < 0)
            return fail_errno(ask, err, "cannot read");
        out->all.len += (size_t)got;
    } while (got > 0);
    if (!understand(out))
        return ask_fail(ask, err, "it answers, but not as Stator does");
    return STATOR_OK;
}

enum stator_rc ask_server(struct ask_answer *out, const struct ask *ask, struct stator_error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    enum stator_rc rc;
    char service[8];
    int fd, error;

    buf_init(&out->all, ASK_BYTES_MAX);
    snprintf(service, sizeof(service), "%u", ask->port);
    error = getaddrinfo(is_any(ask->host) ? NULL : ask->host, service, &hints, &found);
    if (error != 0)
        return ask_fail(ask, err, "%s", gai_strerror(error));
    fd = connect_to(found, ask->timeout_s);
    freeaddrinfo(found);
    if (fd < 0)
        return fail_errno(ask, err, "cannot connect");
    rc = converse(out, fd, ask, err);
    close(fd);
    if (rc != STATOR_OK)
        ask_release(out);
    return rc;
}

void ask_release(struct ask_answer *answer)
{
    buf_deinit(&answer->all);
    answer->body = (struct bytes){0};
}
