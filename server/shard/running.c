/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/running.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/error.h"

#define BUCKETS 1024 /* a power of two */

struct running {
    pthread_mutex_t mutex; /* guards all lists; innermost */
    struct running_entry *buckets[BUCKETS];
};

struct running *running_new(void)
{
    struct running *running = calloc(1, sizeof(*running));

    if (running != NULL)
        pthread_mutex_init(&running->mutex, NULL);
    return running;
}

void running_free(struct running *running)
{
    if (running == NULL)
        return;
    pthread_mutex_destroy(&running->mutex);
    free(running);
}

/* The link that leads to that id, or to the end of its list. The mutex is held. */
static struct running_entry **link_of(struct running *running, uint64_t id)
{
    struct running_entry **link = &running->buckets[id & (BUCKETS - 1)];

    while (*link != NULL && (*link)->id != id)
        link = &(*link)->next;
    return link;
}

bool running_enter(struct running *running, struct running_entry *entry)
{
    struct running_entry **link;
    bool free_;

    pthread_mutex_lock(&running->mutex);
    link = link_of(running, entry->id);
    free_ = *link == NULL;
    if (free_) {
        entry->next = NULL;
        *link = entry;
    }
    pthread_mutex_unlock(&running->mutex);
    return free_;
}

void running_leave(struct running *running, struct running_entry *entry)
{
    struct running_entry **link;

    pthread_mutex_lock(&running->mutex);
    link = link_of(running, entry->id);
    stator_assert(*link == entry);
    *link = entry->next;
    pthread_mutex_unlock(&running->mutex);
}

bool running_has(struct running *running, uint64_t id)
{
    bool found;

    pthread_mutex_lock(&running->mutex);
    found = *link_of(running, id) != NULL;
    pthread_mutex_unlock(&running->mutex);
    return found;
}
