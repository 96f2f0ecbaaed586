/* SPDX-License-Identifier: Apache-2.0 */
/* streams: what registry.c and tend.c share. Nobody else includes it. */
#ifndef SERVER_STREAM_STREAMS_H
#define SERVER_STREAM_STREAMS_H

#include "stream/registry.h"

struct streams {
    struct store *store; /* borrowed, as durability */
    struct durability *durability;
    struct streams_options options;
    pthread_rwlock_t lock;
    struct stream **at; /* by id; one reference each */
    size_t count, capacity;
};

/* Takes it out of the list and gives the registry's reference back. */
void streams_remove(struct streams *streams, struct stream *stream);

#endif
