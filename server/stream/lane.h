/* SPDX-License-Identifier: Apache-2.0 */
/* lane: one of the parts that a stream is cut into by partition key: shards one after the other, each the child of the
 * one before, the newest open for records; and the numbers of records that are being written.
 *
 *      number   ms since 1970 << 20 | count << 8 | lane       rises in a lane, is never given twice in a stream
 *
 * A writer holds its item's latch, takes a number, stores the record together with the item, and ends its ticket. So
 * the numbers of an item's records rise in the order of its changes; but two writers of a lane may end in any order, and
 * a reader who went past a number that is still to appear would never see it. Hence readers stay below `horizon`, the
 * least number that is not ended:
 *
 *      given:   10  11  12  13           11 and 13 are not ended: the horizon is 11, and 12, though stored, is not
 *      ended:   10      12               shown before 11 is. With none in flight it is the last stored number + 1.
 *
 * Where a reader goes on is never beyond what is stored: numbers whose batches were not are forgotten by a restart, and
 * with a clock that was put back by then the next records have lower ones.
 *
 * A write with an unknown outcome (the store is read-only from then on) may be there after a restart: its number is never
 * passed, so that nobody has read beyond it when it appears.
 *
 * Whoever reads what a failed sync has left (durable_shows) sees no shard that is not on the disk, and its parent open.
 *
 * `epoch` is the newest of the syncs that ended writes wait for. Read together with the horizon, it covers every record
 * below: an answer that waits for it shows nothing that a power cut could undo.
 *
 * A full or old shard is rolled over by the writer who finds it so: the new shard begins with that writer's number, and
 * its record is in the same batch. It becomes visible when that ticket ends, and never when the batch fails: numbers
 * given meanwhile are then the old shard's. While it is in flight the horizon keeps readers out of what may be either's.
 *
 * For operators a lane knows how far it was read, and how old the oldest record is that no reader has got.
 *
 * Thread: [any]; `lock` guards all below it and is held for a few comparisons.
 */
#ifndef SERVER_STREAM_LANE_H
#define SERVER_STREAM_LANE_H

#include <pthread.h>

#include "base/error.h"

#define STREAM_LANES_MAX   256
#define STREAM_NUMBER_STEP 256 /* from one number of a lane to the next: the low bits are the lane's */
#define STREAM_MS_SHIFT    20

struct stream_shard {
    uint64_t start;  /* the least number it may have; says which shard it is */
    uint64_t last;   /* once closed: the greatest it may have */
    uint64_t parent; /* its parent's start; 0: none */
    uint64_t epoch;  /* of the write that began it; 0: it was there when the stream was opened */
};

/* One number in flight. The caller's memory, from lane_take to lane_end. */
struct lane_ticket {
    struct lane_ticket *next, *previous;
    uint64_t number;
    uint64_t before;  /* the number given before it */
    uint64_t parent;  /* rolls: start of the shard that it ends */
    uint32_t counted; /* rolls: records in that shard */
    bool rolls;       /* its number begins a new shard, whose record its batch must store */
    bool bare;        /* it has no record */
};

enum lane_outcome { LANE_NOT_STORED, LANE_STORED, LANE_UNKNOWN };

struct lane_limits {
    uint64_t shard_ms;
    uint32_t shard_records;
};

struct lane {
    pthread_mutex_t lock;
    struct stream_shard *shards; /* oldest first; the last one is open unless `closed` */
    size_t count, capacity;
    uint64_t last;          /* number given last */
    uint64_t stored;        /* the greatest that a record or a shard is stored with */
    uint64_t trimmed;       /* records below it are gone; 0: none are */
    uint64_t oldest;        /* no record that is there has a lower number: like the next, of who trims alone */
    uint64_t deleted;       /* records below it are not only hidden */
    uint64_t unknown;       /* the least number whose outcome is not known; 0: none */
    uint64_t epoch;         /* covers all ended writes */
    uint64_t newest_record; /* the greatest number of a stored record; 0: none is known */
    uint64_t read_until;    /* records below it were returned to some reader, since the start */
    uint64_t unread_ms;     /* when there are others: since 1970, none of them is older */
    uint32_t records;       /* numbers given in the open shard */
    uint32_t index;         /* of the lane in its stream */
    bool rolling;           /* a ticket that rolls is in flight */
    bool closed;            /* the stream is disabled */
    struct lane_ticket *first, *newest; /* in flight, by number */
};

/* What a reader may see of one shard. Whoever is given one has seen the lane's epoch: durable_saw. */
struct lane_view {
    struct stream_shard shard;
    uint64_t until;   /* records below it may be shown */
    uint64_t trimmed; /* and those below it are gone */
    bool open;        /* false: `until` is its end, or will be when all tickets have ended */
    uint64_t end;     /* of a closed shard: no record of it is there or beyond */
};

void lane_init(struct lane *lane, uint32_t index);
void lane_deinit(struct lane *lane);

/* While it is being made: the next shard. False without memory. */
STATOR_MUST_CHECK bool lane_add_shard(struct lane *lane, uint64_t start, uint64_t parent, uint64_t parent_last);

/* The next number, at least that of now. */
void lane_take(struct lane *lane, struct lane_ticket *ticket, uint64_t now_ms, const struct lane_limits *limits);

/* The same without a record, to roll a shard over that is too old though nobody writes. False: there is no need. */
STATOR_MUST_CHECK bool lane_take_to_roll(struct lane *lane, struct lane_ticket *ticket, uint64_t now_ms,
                                         const struct lane_limits *limits);

/* Stored: the batch is visible, and epoch is that of its write. */
void lane_end(struct lane *lane, struct lane_ticket *ticket, enum lane_outcome outcome, uint64_t epoch);

/* No record will come any more, but a roll-over may be in flight: ends the open shard. */
void lane_close(struct lane *lane);

/* False when there is no shard with that start. */
STATOR_MUST_CHECK bool lane_look(struct lane *lane, uint64_t start, struct lane_view *view);

/* Up to max shards that begin after `after`, oldest first, each as lane_look sees it. Returns how many. */
size_t lane_list(struct lane *lane, uint64_t after, struct lane_view *views, size_t max);

/* A reader has got all records below `next`. */
void lane_note_read(struct lane *lane, uint64_t next);

/* How old the oldest record is that no reader has got; 0: there is none. */
uint64_t lane_lag_ms(struct lane *lane, uint64_t now_ms);

/* Records below what it returns may be trimmed, of those below `cutoff`; 0: there is none to trim, and nothing that is only
 * hidden. */
uint64_t lane_trimmable(struct lane *lane, uint64_t cutoff);

/* Hides the records below *trimmed, and those of the shards that ended before `cutoff`; *trimmed then is where what remains
 * begins. Returns how many shards these are, with their starts in `starts`, which has room for max. */
size_t lane_trim(struct lane *lane, uint64_t *trimmed, uint64_t cutoff, uint64_t *starts, size_t max);

/* The oldest so many shards are not stored any more. */
void lane_drop_shards(struct lane *lane, size_t count);

#endif
