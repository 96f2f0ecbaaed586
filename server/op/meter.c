/* SPDX-License-Identifier: Apache-2.0 */
#include "op/meter.h"

#include <pthread.h>
#include <stdlib.h>

struct place {
    struct table_state *state; /* held; NULL: never taken */
    uint32_t generation;
};

struct meters {
    pthread_mutex_t lock; /* guards all below; nothing else is taken under it */
    uint32_t count, used; /* places from `used` on were never taken */
    struct place at[];
};

struct meters *meters_new(uint32_t tables)
{
    struct meters *meters = calloc(1, sizeof(*meters) + tables * sizeof(meters->at[0]));

    stator_assert(tables <= METRICS_TABLES_MAX);
    if (meters == NULL)
        return NULL;
    pthread_mutex_init(&meters->lock, NULL);
    meters->count = tables;
    return meters;
}

void meters_free(struct meters *meters)
{
    if (meters == NULL)
        return;
    for (uint32_t i = 0; i < meters->used; i++)
        table_state_release(meters->at[i].state);
    pthread_mutex_destroy(&meters->lock);
    free(meters);
}

/* A place that nobody has, or whose table is gone: the only reference to its state is ours, and nobody can take another.
 * `count`: there is none. */
static uint32_t free_place(struct meters *meters)
{
    if (meters->used < meters->count)
        return meters->used++;
    for (uint32_t i = 0; i < meters->count; i++) {
        if (atomic_load(&meters->at[i].state->references) == 1)
            return i;
    }
    return meters->count;
}

uint32_t meter_give(struct meters *meters, const struct table *table)
{
    uint32_t meter, i;

    pthread_mutex_lock(&meters->lock);
    meter = atomic_load_explicit(&table->state->meter, memory_order_relaxed);
    if (meter == METER_NONE || meter == METER_OTHER) {
        i = free_place(meters);
        meter = METER_OTHER;
        if (i < meters->count) {
            struct place *place = &meters->at[i];

            if (place->state != NULL) {
                table_state_release(place->state);
                place->generation++;
            }
            place->state = table->state;
            table_state_hold(place->state);
            meter = METER_OF(METER_TABLE_FIRST + i, place->generation);
        }
        atomic_store_explicit(&table->state->meter, meter, memory_order_relaxed);
    }
    pthread_mutex_unlock(&meters->lock);
    return meter;
}

struct job_use *meter_add_use(struct job *job, uint32_t meter)
{
    struct job_use *use = &job->use;

    while (use->meter != meter && use->next != NULL)
        use = use->next;
    if (use->meter == meter)
        return use;
    use->next = ARENA_NEW(&job->notes, struct job_use);
    if (use->next != NULL)
        use->next->meter = meter;
    return use->next;
}

/* --- Telling ------------------------------------------------------------------------------------------------------ */

struct listing {
    struct meters *meters;
    struct meters_tables *out;
    size_t capacity, unmetered, room;
    bool full, failed;
};

static uint32_t meter_of(const struct table *table)
{
    return atomic_load_explicit(&table->state->meter, memory_order_relaxed);
}

static void count_unmetered(void *context, struct table *table)
{
    struct listing *listing = context;

    listing->unmetered += meter_of(table) == METER_NONE;
}

static bool reserve(struct listing *listing)
{
    struct meters_tables *out = listing->out;
    size_t capacity = listing->capacity == 0 ? 16 : 2 * listing->capacity;
    struct metrics_table *metrics;
    struct table **at;

    if (out->count < listing->capacity)
        return true;
    at = realloc(out->at, capacity * sizeof(struct table *));
    if (at != NULL)
        out->at = at;
    metrics = realloc(out->metrics, capacity * sizeof(*metrics));
    if (metrics != NULL)
        out->metrics = metrics;
    if (at == NULL || metrics == NULL)
        return false;
    listing->capacity = capacity;
    return true;
}

static void add_other(struct meters_others *others, const struct table *table)
{
    others->count++;
    others->items += atomic_load(&table->base.state->item_count);
    others->bytes += atomic_load(&table->base.state->size_bytes);
}

static void list_table(void *context, struct table *table)
{
    struct listing *listing = context;
    struct meters_tables *out = listing->out;
    uint32_t meter = meter_of(table);

    /* One that was used comes before one that was not. */
    if (!listing->full && (meter == METER_OTHER || (meter == METER_NONE && listing->unmetered <= listing->room))) {
        meter = meter_give(listing->meters, table);
        listing->full = meter == METER_OTHER;
    }
    if (meter == METER_NONE || meter == METER_OTHER) {
        add_other(&out->others, table);
        return;
    }
    if (!reserve(listing)) {
        listing->failed = true;
        return;
    }
    table_hold(table);
    out->at[out->count] = table;
    out->metrics[out->count++] = (struct metrics_table){meter, table->name, table->namespace_};
}

bool meters_tables(struct meters_tables *out, struct engine *engine)
{
    struct listing listing = {.meters = engine->meters, .out = out};

    *out = (struct meters_tables){0};
    catalog_each(engine->db.catalog, count_unmetered, &listing);
    pthread_mutex_lock(&engine->meters->lock);
    listing.room = engine->meters->count - engine->meters->used;
    pthread_mutex_unlock(&engine->meters->lock);
    catalog_each(engine->db.catalog, list_table, &listing);
    if (listing.failed)
        meters_tables_release(out);
    return !listing.failed;
}

void meters_tables_release(struct meters_tables *tables)
{
    for (size_t i = 0; i < tables->count; i++)
        table_release(tables->at[i]);
    free(tables->at);
    free(tables->metrics);
    *tables = (struct meters_tables){0};
}

void meter_use_named(struct engine *engine, struct job *job, struct bytes namespace_, struct bytes name)
{
    struct table *table = catalog_find(engine->db.catalog, namespace_, name);

    if (table != NULL)
        (void)meter_use(engine, job, table);
    table_release(table);
}
