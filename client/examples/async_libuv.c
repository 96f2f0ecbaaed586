/* SPDX-License-Identifier: Apache-2.0 */
/* libuv: a uv_poll_t for every descriptor that is watched, a uv_timer_t for the time. */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "crowd.h"

struct socket {
    uv_poll_t poll; /* first: a uv_handle_t * of it is also one of the socket */
    struct loop *loop;
    struct socket *next;
    int fd;
};

struct loop {
    uv_loop_t uv;
    uv_timer_t timer;
    struct stator_async *async;
    struct socket *sockets; /* those watched */
};

/* When the last call has ended nothing is left that uv_run should wait for. */
static void stop_if_done(struct loop *loop)
{
    if (crowd_left() == 0)
        uv_stop(&loop->uv);
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct socket *socket = (struct socket *)poll;
    struct loop *loop = socket->loop; /* the socket may be gone when stator_async_ready returns */
    unsigned ready = 0;

    if (status < 0 || events & UV_READABLE)
        ready |= STATOR_READABLE;
    if (status < 0 || events & UV_WRITABLE)
        ready |= STATOR_WRITABLE;
    stator_async_ready(loop->async, socket->fd, ready);
    stop_if_done(loop);
}

static void on_timer(uv_timer_t *timer)
{
    struct loop *loop = timer->data;

    stator_async_timer(loop->async);
    stop_if_done(loop);
}

static void free_socket(uv_handle_t *handle)
{
    free(handle);
}

static struct socket **find(struct loop *loop, int fd)
{
    struct socket **at = &loop->sockets;

    while (*at != NULL && (*at)->fd != fd)
        at = &(*at)->next;
    return at;
}

static struct socket *add(struct loop *loop, int fd)
{
    struct socket *socket = calloc(1, sizeof(*socket));

    if (socket == NULL || uv_poll_init(&loop->uv, &socket->poll, fd) != 0)
        abort();
    socket->loop = loop;
    socket->fd = fd;
    socket->next = loop->sockets;
    loop->sockets = socket;
    return socket;
}

/* The descriptor may be closed as soon as this returns: libuv has let go of it then. */
static void drop(struct socket **at)
{
    struct socket *socket = *at;

    *at = socket->next;
    uv_poll_stop(&socket->poll);
    uv_close((uv_handle_t *)&socket->poll, free_socket);
}

static void watch(int fd, unsigned events, void *user)
{
    struct loop *loop = user;
    struct socket **at = find(loop, fd);
    int wanted = (events & STATOR_READABLE ? UV_READABLE : 0) | (events & STATOR_WRITABLE ? UV_WRITABLE : 0);

    if (events != 0)
        uv_poll_start(*at != NULL ? &(*at)->poll : &add(loop, fd)->poll, wanted, on_ready);
    else if (*at != NULL)
        drop(at);
}

static void timer(int64_t wait_ms, void *user)
{
    struct loop *loop = user;

    if (wait_ms < 0)
        uv_timer_stop(&loop->timer);
    else
        uv_timer_start(&loop->timer, on_timer, (uint64_t)wait_ms, 0);
}

int main(int argc, char **argv)
{
    struct stator_client *client = crowd_prepare(argc, argv);
    struct loop loop = {0};
    struct stator_async_options options = {.loop = {.watch = watch, .timer = timer, .user = &loop}};
    struct stator_error err;

    uv_loop_init(&loop.uv);
    uv_timer_init(&loop.uv, &loop.timer);
    loop.timer.data = &loop;
    if (stator_async_open(&loop.async, client, &options, &err) != STATOR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    crowd_start(loop.async);
    uv_run(&loop.uv, UV_RUN_DEFAULT);
    stator_async_close(loop.async);
    stator_client_close(client);
    uv_close((uv_handle_t *)&loop.timer, NULL);
    uv_run(&loop.uv, UV_RUN_DEFAULT); /* what is being closed */
    uv_loop_close(&loop.uv);
    return crowd_report();
}
