/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/metrics.h"

#include <stdio.h>
#include <stdlib.h>

#include "watch/exposition.h"

/* Errors of one code; a list, for a series meets few of them. */
struct error_tally {
    struct error_tally *_Atomic next;
    enum stator_rc rc;
    _Atomic uint64_t count;
};

struct series {
    struct histogram durations;
    struct error_tally *_Atomic errors;
};

/* Where the counts of a place are while they are those of no meter: being emptied. */
#define METER_IN_CHANGE UINT32_MAX

struct row {
    _Atomic uint32_t meter; /* whose counts these are */
    _Atomic double read_units, write_units;
    _Atomic uint64_t read_throttles, write_throttles;
    struct series *_Atomic series[];
};

/* Statuses that are answered; the last is any other. */
static const int statuses[] = {200, 400, 403, 404, 405, 413, 417, 421, 500, 503, 0};
#define STATUSES (sizeof(statuses) / sizeof(statuses[0]))

struct metrics_lane {
    const struct metrics *metrics;
    struct row *_Atomic *rows;
    _Atomic uint64_t answers[STATUSES], connections;
    char apart[64]; /* from the next lane's: no cache line is written by two loops */
};

struct metrics {
    struct metrics_options options;
    uint32_t places;
    struct metrics_lane lanes[];
};

struct metrics *metrics_new(const struct metrics_options *options)
{
    struct metrics *metrics = calloc(1, sizeof(*metrics) + options->lanes * sizeof(metrics->lanes[0]));

    if (metrics == NULL)
        return NULL;
    stator_assert(options->tables <= METRICS_TABLES_MAX);
    metrics->options = *options;
    metrics->places = METER_TABLE_FIRST + options->tables;
    for (uint32_t i = 0; i < options->lanes; i++) {
        metrics->lanes[i].metrics = metrics;
        metrics->lanes[i].rows = calloc(metrics->places, sizeof(*metrics->lanes[i].rows));
        if (metrics->lanes[i].rows == NULL) {
            metrics_free(metrics);
            return NULL;
        }
    }
    return metrics;
}

static void free_series(struct series *series)
{
    struct error_tally *error = series != NULL ? atomic_load(&series->errors) : NULL;

    while (error != NULL) {
        struct error_tally *next = atomic_load(&error->next);

        free(error);
        error = next;
    }
    free(series);
}

void metrics_free(struct metrics *metrics)
{
    if (metrics == NULL)
        return;
    for (uint32_t i = 0; i < metrics->options.lanes; i++) {
        struct metrics_lane *lane = &metrics->lanes[i];

        for (uint32_t place = 0; lane->rows != NULL && place < metrics->places; place++) {
            struct row *row = atomic_load(&lane->rows[place]);

            for (uint32_t operation = 0; row != NULL && operation < metrics->options.operations; operation++)
                free_series(atomic_load(&row->series[operation]));
            free(row);
        }
        free(lane->rows);
    }
    free(metrics);
}

struct metrics_lane *metrics_lane(struct metrics *metrics, uint32_t index)
{
    stator_assert(index < metrics->options.lanes);
    return &metrics->lanes[index];
}

/* --- Counting ----------------------------------------------------------------------------------------------------- */

static struct row *make_row(struct metrics_lane *lane, uint32_t meter)
{
    struct row *row = calloc(1, sizeof(*row) + lane->metrics->options.operations * sizeof(row->series[0]));

    if (row == NULL)
        return NULL;
    atomic_init(&row->meter, meter);
    atomic_store_explicit(&lane->rows[METER_PLACE(meter)], row, memory_order_release);
    return row;
}

static void empty_series(struct series *series)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        atomic_store_explicit(&series->durations.buckets[i], 0, memory_order_relaxed);
    atomic_store_explicit(&series->durations.sum, 0, memory_order_relaxed);
    for (struct error_tally *error = atomic_load(&series->errors); error != NULL; error = atomic_load(&error->next))
        atomic_store_explicit(&error->count, 0, memory_order_relaxed);
}

/* A reader who saw the new meter sees the counts emptied; one who reads meanwhile finds another meter afterwards. */
static void empty_row(struct row *row, uint32_t operations, uint32_t meter)
{
    atomic_store(&row->meter, METER_IN_CHANGE);
    atomic_store(&row->read_units, 0);
    atomic_store(&row->write_units, 0);
    atomic_store(&row->read_throttles, 0);
    atomic_store(&row->write_throttles, 0);
    for (uint32_t i = 0; i < operations; i++) {
        struct series *series = atomic_load(&row->series[i]);

        if (series != NULL)
            empty_series(series);
    }
    atomic_store(&row->meter, meter);
}

/* The row of another meter than it had, or of none. A request that ends after its table's place went to another counts
 * with the others. */
static struct row *other_row(struct metrics_lane *lane, struct row *row, uint32_t meter)
{
    if (METER_PLACE(meter) >= lane->metrics->places)
        meter = METER_OTHER;
    row = atomic_load_explicit(&lane->rows[METER_PLACE(meter)], memory_order_relaxed);
    if (row != NULL && METER_GENERATION_LATER(atomic_load_explicit(&row->meter, memory_order_relaxed), meter)) {
        meter = METER_OTHER;
        row = atomic_load_explicit(&lane->rows[METER_OTHER], memory_order_relaxed);
    }
    if (row == NULL)
        return make_row(lane, meter);
    if (atomic_load_explicit(&row->meter, memory_order_relaxed) != meter)
        empty_row(row, lane->metrics->options.operations, meter);
    return row;
}

/* NULL without memory. */
static inline struct row *row_of(struct metrics_lane *lane, uint32_t meter)
{
    struct row *row = METER_PLACE(meter) < lane->metrics->places
                          ? atomic_load_explicit(&lane->rows[METER_PLACE(meter)], memory_order_relaxed)
                          : NULL;

    if (row != NULL && atomic_load_explicit(&row->meter, memory_order_relaxed) == meter)
        return row;
    return other_row(lane, row, meter);
}

static struct series *make_series(struct row *row, uint32_t operation)
{
    struct series *series = calloc(1, sizeof(*series));

    atomic_store_explicit(&row->series[operation], series, memory_order_release);
    return series;
}

static void count_error(struct series *series, enum stator_rc rc)
{
    struct error_tally *_Atomic *at = &series->errors;
    struct error_tally *error;

    while ((error = atomic_load_explicit(at, memory_order_relaxed)) != NULL && error->rc != rc)
        at = &error->next;
    if (error == NULL) {
        error = calloc(1, sizeof(*error));
        if (error == NULL)
            return;
        error->rc = rc;
        atomic_store_explicit(at, error, memory_order_release);
    }
    tally_add(&error->count, 1);
}

static inline void count_use(struct row *row, const struct metrics_use *use)
{
    if (use->read_units != 0)
        tally_add_units(&row->read_units, use->read_units);
    if (use->write_units != 0)
        tally_add_units(&row->write_units, use->write_units);
    if ((use->read_throttles | use->write_throttles) == 0)
        return;
    tally_add(&row->read_throttles, use->read_throttles);
    tally_add(&row->write_throttles, use->write_throttles);
}

void metrics_count_request(struct metrics_lane *lane, const struct metrics_request *request)
{
    struct row *row = row_of(lane, request->meter);
    struct series *series;

    if (row == NULL)
        return; /* no memory: not counted */
    if (request->use != NULL)
        count_use(row, request->use);
    series = atomic_load_explicit(&row->series[request->operation], memory_order_relaxed);
    if (series == NULL)
        series = make_series(row, request->operation);
    if (series == NULL)
        return;
    histogram_count(&series->durations, HISTOGRAM_TIMES, request->took_ns);
    if (request->rc != STATOR_OK)
        count_error(series, request->rc);
}

void metrics_count_use(struct metrics_lane *lane, uint32_t meter, const struct metrics_use *use)
{
    struct row *row = row_of(lane, meter);

    if (row != NULL)
        count_use(row, use);
}

void metrics_count_answer(struct metrics_lane *lane, int status)
{
    size_t i = 0;

    while (i < STATUSES - 1 && statuses[i] != status)
        i++;
    tally_add(&lane->answers[i], 1);
}

void metrics_count_connection(struct metrics_lane *lane)
{
    tally_add(&lane->connections, 1);
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

/* What all lanes have of one meter and operation. */
struct reading {
    struct histogram_sum durations;
    uint64_t errors[STATOR_RC_COUNT];
};

static void read_series(struct reading *out, const struct series *series)
{
    histogram_read(&out->durations, &series->durations);
    for (struct error_tally *error = atomic_load(&((struct series *)(uintptr_t)series)->errors); error != NULL;
         error = atomic_load(&error->next))
        out->errors[error->rc] += tally_read(&error->count);
}

static struct row *row_at(const struct metrics_lane *lane, uint32_t place)
{
    return atomic_load_explicit(&lane->rows[place], memory_order_acquire);
}

static uint32_t meter_at(struct row *row)
{
    return row != NULL ? atomic_load(&row->meter) : METER_IN_CHANGE;
}

/* False: nothing was counted there. */
static bool read_requests(struct reading *out, const struct metrics *metrics, uint32_t meter, uint32_t operation)
{
    *out = (struct reading){{{0}, 0}, {0}};
    for (uint32_t i = 0; i < metrics->options.lanes; i++) {
        struct row *row = row_at(&metrics->lanes[i], METER_PLACE(meter));
        struct series *series;
        struct reading before = *out;

        if (meter_at(row) != meter)
            continue;
        series = atomic_load_explicit(&row->series[operation], memory_order_acquire);
        if (series != NULL)
            read_series(out, series);
        if (meter_at(row) != meter)
            *out = before;
    }
    return histogram_total(&out->durations) != 0;
}

struct use_reading {
    double units[2];       /* read, write */
    uint64_t throttles[2]; /* likewise */
};

static void read_use(struct use_reading *out, const struct metrics *metrics, uint32_t meter)
{
    *out = (struct use_reading){{0}, {0}};
    for (uint32_t i = 0; i < metrics->options.lanes; i++) {
        struct row *row = row_at(&metrics->lanes[i], METER_PLACE(meter));
        struct use_reading before = *out;

        if (meter_at(row) != meter)
            continue;
        out->units[0] += tally_read_units(&row->read_units);
        out->units[1] += tally_read_units(&row->write_units);
        out->throttles[0] += tally_read(&row->read_throttles);
        out->throttles[1] += tally_read(&row->write_throttles);
        if (meter_at(row) != meter)
            *out = before;
    }
}

void metrics_total(const struct metrics *metrics, uint32_t operation, struct metrics_total *out)
{
    for (uint32_t i = 0; i < metrics->options.lanes; i++) {
        for (uint32_t place = 0; place < metrics->places; place++) {
            struct row *row = row_at(&metrics->lanes[i], place);
            struct series *series =
                row != NULL ? atomic_load_explicit(&row->series[operation], memory_order_acquire) : NULL;
            struct reading reading = {{{0}, 0}, {0}};

            if (series == NULL)
                continue;
            read_series(&reading, series);
            histogram_read(&out->durations, &series->durations);
            for (enum stator_rc rc = STATOR_OK + 1; rc < STATOR_RC_COUNT; rc++) {
                out->errors += reading.errors[rc];
                out->faults += stator_error_info(rc)->http_status >= 500 ? reading.errors[rc] : 0;
            }
        }
    }
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

struct writing {
    const struct metrics *metrics;
    struct buf *out;
    const struct metrics_table *tables;
    size_t count;
};

/* No table's name has parentheses. */
static const struct metrics_table specials[] = {
    {.meter = METER_NONE, .name = {(const uint8_t *)"(none)", 6}},
    {.meter = METER_SEVERAL, .name = {(const uint8_t *)"(several)", 9}},
    {.meter = METER_OTHER, .name = {(const uint8_t *)"(other)", 7}},
};
#define SPECIALS (sizeof(specials) / sizeof(specials[0]))

static const struct metrics_table *table_at(const struct writing *w, size_t i)
{
    return i < SPECIALS ? &specials[i] : &w->tables[i - SPECIALS];
}

#define LABELS_MAX 4

static struct exposition_labels labels_of(struct exposition_label out[LABELS_MAX], const struct writing *w,
                                          const struct metrics_table *table, uint32_t operation, const char *more_name,
                                          const char *more)
{
    const char *name = operation != 0 ? w->metrics->options.operation_name(operation) : "(none)";

    out[0] = (struct exposition_label){"operation", bytes_of_string(name)};
    out[1] = (struct exposition_label){"table", table->name};
    out[2] = (struct exposition_label){"namespace", table->namespace_};
    out[3] = (struct exposition_label){more_name, more != NULL ? bytes_of_string(more) : BYTES("")};
    return (struct exposition_labels){out, LABELS_MAX};
}

typedef void write_series(const struct writing *w, const struct metrics_table *table, uint32_t operation,
                          const struct reading *reading);

static void write_requests(const struct writing *w, const struct metrics_table *table, uint32_t operation,
                           const struct reading *reading)
{
    struct exposition_label labels[LABELS_MAX];

    exposition_integer(w->out, "stator_requests_total", labels_of(labels, w, table, operation, "", NULL),
                       histogram_total(&reading->durations));
}

/* Codes of one name are one series. */
static void write_errors(const struct writing *w, const struct metrics_table *table, uint32_t operation,
                         const struct reading *reading)
{
    bool done[STATOR_RC_COUNT] = {false};

    for (enum stator_rc rc = STATOR_OK + 1; rc < STATOR_RC_COUNT; rc++) {
        const char *name = stator_error_info(rc)->name;
        struct exposition_label labels[LABELS_MAX];
        uint64_t count = 0;

        for (enum stator_rc other = rc; other < STATOR_RC_COUNT && !done[rc]; other++) {
            if (strcmp(stator_error_info(other)->name, name) != 0)
                continue;
            count += reading->errors[other];
            done[other] = other != rc;
        }
        if (count != 0)
            exposition_integer(w->out, "stator_request_errors_total",
                               labels_of(labels, w, table, operation, "error", name), count);
    }
}

static void write_durations(const struct writing *w, const struct metrics_table *table, uint32_t operation,
                            const struct reading *reading)
{
    struct exposition_label labels[LABELS_MAX];

    exposition_histogram(w->out, "stator_request_duration_seconds", labels_of(labels, w, table, operation, "", NULL),
                         HISTOGRAM_TIMES, &reading->durations);
}

static void each_series(const struct writing *w, write_series *write)
{
    for (size_t i = 0; i < SPECIALS + w->count; i++) {
        const struct metrics_table *table = table_at(w, i);

        for (uint32_t operation = 0; operation < w->metrics->options.operations; operation++) {
            struct reading reading;

            if (read_requests(&reading, w->metrics, table->meter, operation))
                write(w, table, operation, &reading);
        }
    }
}

static void write_uses(const struct writing *w, bool throttles)
{
    static const char *const kinds[2] = {"read", "write"};
    const char *name = throttles ? "stator_throttles_total" : "stator_consumed_capacity_units_total";

    for (size_t i = 0; i < SPECIALS + w->count; i++) {
        const struct metrics_table *table = table_at(w, i);
        struct use_reading reading;

        read_use(&reading, w->metrics, table->meter);
        for (int kind = 0; kind < 2; kind++) {
            const struct exposition_label labels[] = {
                {"table", table->name}, {"namespace", table->namespace_}, {"kind", bytes_of_string(kinds[kind])}};
            const struct exposition_labels all = {labels, sizeof(labels) / sizeof(labels[0])};

            if (throttles && reading.throttles[kind] != 0)
                exposition_integer(w->out, name, all, reading.throttles[kind]);
            else if (!throttles && reading.units[kind] > 0)
                exposition_number(w->out, name, all, reading.units[kind]);
        }
    }
}

static void write_answers(const struct writing *w)
{
    const char *name = "stator_http_responses_total";

    exposition_family(w->out, name, "counter", "Answers by HTTP status, those to requests that are no operation too.");
    for (size_t status = 0; status < STATUSES; status++) {
        struct exposition_label label = {"code", BYTES("other")};
        uint64_t count = 0;
        char text[12];

        if (statuses[status] != 0)
            label.value = bytes_of(text, (size_t)snprintf(text, sizeof(text), "%d", statuses[status]));
        for (uint32_t i = 0; i < w->metrics->options.lanes; i++)
            count += tally_read(&w->metrics->lanes[i].answers[status]);
        if (count != 0)
            exposition_integer(w->out, name, (struct exposition_labels){&label, 1}, count);
    }
}

void metrics_write(const struct metrics *metrics, struct buf *out, const struct metrics_table *tables, size_t count)
{
    const struct writing w = {.metrics = metrics, .out = out, .tables = tables, .count = count};
    uint64_t connections = 0;

    exposition_family(out, "stator_requests_total", "counter", "Requests answered, by operation and table.");
    each_series(&w, write_requests);
    exposition_family(out, "stator_request_errors_total", "counter", "Of these, those answered with an error.");
    each_series(&w, write_errors);
    exposition_family(out, "stator_request_duration_seconds", "histogram",
                      "From a request's last byte to the first byte of its answer.");
    each_series(&w, write_durations);
    exposition_family(out, "stator_consumed_capacity_units_total", "counter",
                      "Capacity units that requests consumed of a table and its indexes.");
    write_uses(&w, false);
    exposition_family(out, "stator_throttles_total", "counter",
                      "Reads and writes refused because a table's throughput was used up, parts of batches included.");
    write_uses(&w, true);
    write_answers(&w);
    for (uint32_t i = 0; i < metrics->options.lanes; i++)
        connections += tally_read(&metrics->lanes[i].connections);
    exposition_counter(out, "stator_connections_accepted_total", "Connections accepted.", connections);
}
