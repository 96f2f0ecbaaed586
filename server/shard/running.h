/* SPDX-License-Identifier: Apache-2.0 */
/* running: what is under way now, by the hash of its name, so that a second one is noticed instead of waited for.
 *
 * Two things with one hash are taken for one: a refusal that a repetition gets over, once in 2^64.
 * Owns:   a fixed number of list heads; the entries are the caller's.
 * Thread: [any], but running_new and running_free.
 */
#ifndef SERVER_SHARD_RUNNING_H
#define SERVER_SHARD_RUNNING_H

#include <stdbool.h>
#include <stdint.h>

struct running;

struct running_entry {
    struct running_entry *next; /* private */
    uint64_t id;
};

/* NULL without memory. */
struct running *running_new(void);
void running_free(struct running *running);

/* False, and nothing is entered, when one of that id is under way. The entry stays where it is until running_leave. */
bool running_enter(struct running *running, struct running_entry *entry);
void running_leave(struct running *running, struct running_entry *entry);

bool running_has(struct running *running, uint64_t id);

#endif
