/* SPDX-License-Identifier: Apache-2.0 */
/* segments: a whole table read by parallel scans, a thread and a call for each.
 *
 * Thread: [main]; `page` is called by the threads, of each segment one after the other.
 */
#ifndef CLI_SEGMENTS_H
#define CLI_SEGMENTS_H

#include "cli.h"
#include "stator/items.h"

#define SEGMENTS_MAX 64

struct segments {
    struct stator_client *client;
    struct stator_scan_input input; /* without segments */
    unsigned count;                 /* at most SEGMENTS_MAX */

    /* Where each begins: a key as DynamoDB's JSON; absent: at the beginning. done: it needs no reading. NULL: all from
     * the beginning. */
    const struct stator_bytes *begin;
    const bool *done;

    /* What a thread has of its own; NULL: nothing. */
    void *(*open)(void *user, unsigned segment);
    void (*close)(void *own);

    /* Takes a page. False: stop all of it, the callback having complained. */
    bool (*page)(void *user, void *own, unsigned segment, const struct stator_scan_output *page);
    void *user;
};

/* CODE_OK when all was read; CODE_PARTIAL when a callback stopped it, CODE_INTERRUPTED; else it has complained. */
int segments_read(const struct segments *segments);

/* What the last page of a segment says of where the next one begins. */
static inline bool segments_ended(const struct stator_scan_output *page)
{
    return !page->last_evaluated_key.set;
}

#endif
