/* SPDX-License-Identifier: Apache-2.0 */
/* A loop around epoll, with a timerfd for the time. */
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "crowd.h"

struct loop {
    int epoll, timer;
};

static void watch(int fd, unsigned events, void *user)
{
    struct loop *loop = user;
    struct epoll_event event = {.data.fd = fd};

    if (events & STATOR_READABLE)
        event.events |= EPOLLIN;
    if (events & STATOR_WRITABLE)
        event.events |= EPOLLOUT;
    if (events == 0)
        epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
    else if (epoll_ctl(loop->epoll, EPOLL_CTL_MOD, fd, &event) != 0)
        epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd, &event); /* it is new */
}

/* A timerfd is turned off by a time of zero; at once is one nanosecond. */
static void timer(int64_t wait_ms, void *user)
{
    struct loop *loop = user;
    struct itimerspec when = {0};

    if (wait_ms >= 0) {
        when.it_value.tv_sec = wait_ms / 1000;
        when.it_value.tv_nsec = wait_ms % 1000 * 1000000 + (wait_ms == 0);
    }
    timerfd_settime(loop->timer, 0, &when, NULL);
}

static void handle(struct loop *loop, struct stator_async *async, const struct epoll_event *event)
{
    unsigned events = 0;
    uint64_t times;

    if (event->data.fd == loop->timer) {
        if (read(loop->timer, &times, sizeof(times)) == sizeof(times)) /* not if it was set anew meanwhile */
            stator_async_timer(async);
        return;
    }
    if (event->events & (EPOLLIN | EPOLLERR | EPOLLHUP))
        events |= STATOR_READABLE;
    if (event->events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
        events |= STATOR_WRITABLE;
    stator_async_ready(async, event->data.fd, events);
}

static void run(struct loop *loop, struct stator_async *async)
{
    struct epoll_event ready[64];

    while (crowd_left() > 0) {
        int count = epoll_wait(loop->epoll, ready, 64, -1);

        for (int i = 0; i < count; i++)
            handle(loop, async, &ready[i]);
    }
}

int main(int argc, char **argv)
{
    struct stator_client *client = crowd_prepare(argc, argv);
    struct loop loop = {.epoll = epoll_create1(EPOLL_CLOEXEC),
                        .timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
    struct stator_async_options options = {.loop = {.watch = watch, .timer = timer, .user = &loop}};
    struct stator_async *async;
    struct stator_error err;

    epoll_ctl(loop.epoll, EPOLL_CTL_ADD, loop.timer, &(struct epoll_event){.events = EPOLLIN, .data.fd = loop.timer});
    if (stator_async_open(&async, client, &options, &err) != STATOR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    crowd_start(async);
    run(&loop, async);
    stator_async_close(async);
    stator_client_close(client);
    close(loop.timer);
    close(loop.epoll);
    return crowd_report();
}
