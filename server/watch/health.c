/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/health.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define TIMEOUT_S 1 /* of connecting, of sending and of each read */

static enum stator_rc fail_errno(struct stator_error *err, const char *what)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "%s: %s", what,
                       errno == EAGAIN || errno == EINPROGRESS ? "no answer" : strerror(errno));
}

static int connect_to(const struct addrinfo *found)
{
    struct timeval timeout = {.tv_sec = TIMEOUT_S};

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

/* 200 is ours, 400 is ours when started as DynamoDB Local is. */
static enum stator_rc ask(int fd, struct stator_error *err)
{
    static const char request[] = "GET / HTTP/1.0\r\n\r\n";
    char answer[16] = "";
    size_t len = 0;

    if (send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) != (ssize_t)sizeof(request) - 1)
        return fail_errno(err, "cannot send");
    while (len < 12) { /* "HTTP/1.1 200" */
        ssize_t got = recv(fd, answer + len, sizeof(answer) - 1 - len, 0);

        if (got < 0)
            return fail_errno(err, "cannot read");
        if (got == 0)
            break;
        len += (size_t)got;
    }
    if (len >= 12 && (memcmp(answer + 8, " 200", 4) == 0 || memcmp(answer + 8, " 400", 4) == 0))
        return STATOR_OK;
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "it answers, but not as Stator does");
}

enum stator_rc health_check(const char *host, uint16_t port, struct stator_error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    bool any = host == NULL || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
    enum stator_rc rc;
    char service[8];
    int fd, error;

    snprintf(service, sizeof(service), "%u", port);
    error = getaddrinfo(any ? NULL : host, service, &hints, &found);
    if (error != 0)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "%s: %s", host, gai_strerror(error));
    fd = connect_to(found);
    freeaddrinfo(found);
    if (fd < 0)
        return fail_errno(err, "cannot connect");
    rc = ask(fd, err);
    close(fd);
    return rc;
}
