/* SPDX-License-Identifier: Apache-2.0 */
/* metrics: what the requests were: how many of each operation and table, how long they took, how they ended, what they
 * consumed.
 *
 * Each loop counts into a lane of its own that nobody else writes; who asks adds up all lanes. A table is counted under
 * its meter: a place, of which there are so many, and which of the place's tables in turn it is:
 *
 *      0 ... generation << 12 | place       place 0: no table, 1: several, 2: others, 3 on: tables
 *
 * A lane makes a place's row, and its series of an operation, when it first counts there. A row has the counts of one
 * meter; when a later table of the place comes it is emptied.
 *
 * Limit:  METRICS_TABLES_MAX places for tables; all others are counted as "(other)".
 * Thread: a lane's functions: the lane's loop; metrics_write, metrics_total: [any]; new and free [main].
 */
#ifndef SERVER_WATCH_METRICS_H
#define SERVER_WATCH_METRICS_H

#include "base/buf.h"
#include "base/error.h"
#include "watch/tally.h"

#define METRICS_TABLES_MAX 1000

enum { METER_NONE, METER_SEVERAL, METER_OTHER, METER_TABLE_FIRST };
#define METER_PLACE_BITS             12
#define METER_PLACE(meter)           ((meter) & ((1u << METER_PLACE_BITS) - 1))
#define METER_OF(place, generation)  ((uint32_t)(generation) << METER_PLACE_BITS | (uint32_t)(place))
#define METER_GENERATION_LATER(a, b) ((int32_t)(((a) ^ METER_PLACE(a)) - ((b) ^ METER_PLACE(b))) > 0)

struct metrics;
struct metrics_lane;

struct metrics_options {
    uint32_t lanes, tables; /* counts; tables: places */
    uint32_t operations;    /* operation 0: none that is known */
    const char *(*operation_name)(uint32_t operation);
};

/* NULL without memory. */
struct metrics *metrics_new(const struct metrics_options *options);
void metrics_free(struct metrics *metrics); /* NULL is allowed */

struct metrics_lane *metrics_lane(struct metrics *metrics, uint32_t index);

/* --- Counting ----------------------------------------------------------------------------------------------------- */

/* What a request consumed of a table, or was refused. */
struct metrics_use {
    double read_units, write_units;
    uint32_t read_throttles, write_throttles;
};

struct metrics_request {
    uint32_t meter, operation;
    enum stator_rc rc;
    uint64_t took_ns;
    const struct metrics_use *use; /* of the table with that meter; NULL: none, or several */
};

/* One request that was answered. */
void metrics_count_request(struct metrics_lane *lane, const struct metrics_request *request);

/* Of one of several tables. */
void metrics_count_use(struct metrics_lane *lane, uint32_t meter, const struct metrics_use *use);

/* Any answer by its HTTP status, those that are no operation's included. */
void metrics_count_answer(struct metrics_lane *lane, int status);

/* A connection accepted. */
void metrics_count_connection(struct metrics_lane *lane);

/* --- Telling ------------------------------------------------------------------------------------------------------ */

struct metrics_table {
    uint32_t meter;
    struct bytes name, namespace_;
};

/* The families of requests, answers and connections, as text: of no table, several and others, and of those given. */
void metrics_write(const struct metrics *metrics, struct buf *out, const struct metrics_table *tables, size_t count);

struct metrics_total {
    struct histogram_sum durations;
    uint64_t errors, faults; /* answered with an error; with one of ours, 500 and above */
};

/* Adds what there is of that operation on all tables. */
void metrics_total(const struct metrics *metrics, uint32_t operation, struct metrics_total *out);

#endif
