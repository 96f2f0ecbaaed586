/* SPDX-License-Identifier: Apache-2.0 */
/* answering: a server of one thread that gives every request the same answer, and one that gives none. */
#ifndef TESTS_UNIT_CLIENT_ANSWERING_H
#define TESTS_UNIT_CLIENT_ANSWERING_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWERING_CLIENTS_MAX 64

struct answering {
    char url[64];
    int listener, stop[2]; /* a pipe */
    pthread_t thread;
    int clients[ANSWERING_CLIENTS_MAX];
    size_t count;
};

/* Listens and never accepts: a call to it is connected by the system and then hangs. */
static inline void mute_start(struct answering *server)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    *server = (struct answering){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (bind(server->listener, (struct sockaddr *)&address, len) != 0 || listen(server->listener, 64) != 0 ||
        getsockname(server->listener, (struct sockaddr *)&address, &len) != 0)
        abort();
    snprintf(server->url, sizeof(server->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
}

static inline void mute_stop(struct answering *server)
{
    close(server->listener);
}

/* A whole request is one read: those of these tests are short, and sent at once. False when the client hung up. */
static inline bool answering_serve(int client)
{
    static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\nx-amzn-RequestId: ANSWERING\r\n\r\n"
                                 "{\"Item\":{\"pk\":{\"S\":\"a\"},\"list\":{\"L\":[{\"N\":\"1\"}]}}}";
    char request[65536];
    ssize_t len = read(client, request, sizeof(request));

    return len > 0 && send(client, answer, sizeof(answer) - 1, MSG_NOSIGNAL) == (ssize_t)sizeof(answer) - 1;
}

static inline void answering_accept(struct answering *server)
{
    int client = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC);

    if (client < 0)
        return;
    if (server->count == ANSWERING_CLIENTS_MAX)
        abort();
    server->clients[server->count++] = client;
}

static inline void *answering_run(void *data)
{
    struct answering *server = data;

    for (;;) {
        struct pollfd fds[2 + ANSWERING_CLIENTS_MAX] = {{server->stop[0], POLLIN, 0}, {server->listener, POLLIN, 0}};
        size_t count = server->count;

        for (size_t i = 0; i < count; i++)
            fds[2 + i] = (struct pollfd){server->clients[i], POLLIN, 0};
        poll(fds, 2 + count, -1);
        if (fds[0].revents != 0)
            return NULL;
        for (size_t i = count; i-- > 0;)
            if (fds[2 + i].revents != 0 && !answering_serve(server->clients[i])) {
                close(server->clients[i]);
                server->clients[i] = server->clients[--server->count];
            }
        if (fds[1].revents != 0)
            answering_accept(server);
    }
}

static inline void answering_start(struct answering *server)
{
    mute_start(server);
    if (pipe(server->stop) != 0 || pthread_create(&server->thread, NULL, answering_run, server) != 0)
        abort();
}

static inline void answering_stop(struct answering *server)
{
    close(server->stop[1]);
    pthread_join(server->thread, NULL);
    close(server->stop[0]);
    for (size_t i = 0; i < server->count; i++)
        close(server->clients[i]);
    mute_stop(server);
}

#endif
