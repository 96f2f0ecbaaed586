/* SPDX-License-Identifier: Apache-2.0 */
/* A loop around poll(). What a program without a loop of its own can do instead: stator_async_run(async, -1). */
#include <poll.h>
#include <stdio.h>

#include "crowd.h"

#define WATCHED_MAX 1024

struct loop {
    struct pollfd watched[WATCHED_MAX];
    nfds_t count;
    int64_t wait_ms; /* until the timer; -1: off. poll() begins anew each time, which only makes it late */
};

static void watch(int fd, unsigned events, void *user)
{
    struct loop *loop = user;
    nfds_t i = 0;

    while (i < loop->count && loop->watched[i].fd != fd)
        i++;
    if (i == WATCHED_MAX)
        return;
    if (i == loop->count)
        loop->count++;
    loop->watched[i] = (struct pollfd){.fd = fd};
    if (events & STATOR_READABLE)
        loop->watched[i].events |= POLLIN;
    if (events & STATOR_WRITABLE)
        loop->watched[i].events |= POLLOUT;
    if (events == 0)
        loop->watched[i] = loop->watched[--loop->count];
}

static void timer(int64_t wait_ms, void *user)
{
    struct loop *loop = user;

    loop->wait_ms = wait_ms;
}

static unsigned events_of(short revents)
{
    unsigned events = 0;

    if (revents & (POLLIN | POLLERR | POLLHUP))
        events |= STATOR_READABLE;
    if (revents & (POLLOUT | POLLERR | POLLHUP))
        events |= STATOR_WRITABLE;
    return events;
}

static void turn(struct loop *loop, struct stator_async *async)
{
    struct loop seen = *loop; /* the calls below change what is watched */
    int ready = poll(seen.watched, seen.count, (int)seen.wait_ms);

    if (ready == 0)
        stator_async_timer(async);
    for (nfds_t i = 0; i < seen.count && ready > 0; i++)
        if (seen.watched[i].revents != 0)
            stator_async_ready(async, seen.watched[i].fd, events_of(seen.watched[i].revents));
}

int main(int argc, char **argv)
{
    static struct loop loop = {.wait_ms = -1};
    struct stator_client *client = crowd_prepare(argc, argv);
    struct stator_async_options options = {.loop = {.watch = watch, .timer = timer, .user = &loop}};
    struct stator_async *async;
    struct stator_error err;

    if (stator_async_open(&async, client, &options, &err) != STATOR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    crowd_start(async);
    while (crowd_left() > 0)
        turn(&loop, async);
    stator_async_close(async);
    stator_client_close(client);
    return crowd_report();
}
