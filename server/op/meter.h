/* SPDX-License-Identifier: Apache-2.0 */
/* meter: under which place of watch/metrics.h the requests to a table are counted, and what they consume.
 *
 * A table gets a place when it is first used, and keeps it until it is gone and another needs one. When all places are
 * taken, the table is one of the others, until it is asked again whether there is room (meters_tables).
 *
 * Thread: [any]. The lock is taken when a table is first used, and when someone asks for metrics.
 */
#ifndef SERVER_OP_METER_H
#define SERVER_OP_METER_H

#include "op/engine.h"
#include "watch/metrics.h"

struct meters;

/* tables: places. NULL without memory. */
struct meters *meters_new(uint32_t tables);
void meters_free(struct meters *meters); /* NULL is allowed */

/* Gives the table a meter. */
uint32_t meter_give(struct meters *meters, const struct table *table);

/* A use more, of another table than the first. NULL without memory. */
struct job_use *meter_add_use(struct job *job, uint32_t meter);

/* What the job has to do with that table. NULL without memory. */
static inline struct job_use *meter_use(struct engine *engine, struct job *job, const struct table *table)
{
    uint32_t meter = atomic_load_explicit(&table->state->meter, memory_order_relaxed);

    if (meter == METER_NONE)
        meter = meter_give(engine->meters, table);
    if (job->use.meter == METER_NONE)
        job->use.meter = meter;
    return job->use.meter == meter ? &job->use : meter_add_use(job, meter);
}

/* Counts the request under the table of that name, if there is one. */
void meter_use_named(struct engine *engine, struct job *job, struct bytes namespace_, struct bytes name);

/* Tables as metrics shall show them. */
struct meters_tables {
    struct table **at; /* each held */
    struct metrics_table *metrics;
    size_t count;
    struct meters_others {
        size_t count;
        int64_t items, bytes;
    } others; /* that have no place */
};

/* All tables there are; gives those a meter that have none, if there is room for all or they have been used. False
 * without memory. */
STATOR_MUST_CHECK bool meters_tables(struct meters_tables *out, struct engine *engine);
void meters_tables_release(struct meters_tables *tables);

#endif
