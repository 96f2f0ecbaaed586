/* SPDX-License-Identifier: Apache-2.0 */
/* growing: a list or map of unknown length while it is read. It doubles, so that each element is moved at most twice on
 * average.
 *
 * Owns:   nothing: its memory is the arena's.
 * Thread: one at a time.
 */
#ifndef PROTO_MESSAGE_GROWING_H
#define PROTO_MESSAGE_GROWING_H

#include "base/arena.h"
#include "message/api.h"

struct growing {
    uint8_t *at;
    size_t count, capacity; /* of elements that all have one size */
};

/* Room for one more element, cleared; the caller adds it to count. NULL without memory. */
void *growing_next(struct growing *growing, size_t size, struct arena *arena);

/* For the entries of a map, which begin with their keys: one that is there twice counts once, at its first place, with
 * its last value. False without memory. */
bool growing_unite(struct growing *entries, size_t size, struct arena *arena);

void growing_finish(const struct growing *growing, struct api_list *out);

#endif
