/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <pthread.h>
#include <stdlib.h>

#include "watch/metrics.h"

enum { NONE, GET, PUT, OPERATIONS };

static const char *name_of(uint32_t operation)
{
    return operation == GET ? "GetItem" : "PutItem";
}

static struct metrics *make(uint32_t lanes, uint32_t tables)
{
    const struct metrics_options options = {
        .lanes = lanes, .tables = tables, .operations = OPERATIONS, .operation_name = name_of};
    struct metrics *metrics = metrics_new(&options);

    assert_non_null(metrics);
    return metrics;
}

static void count(struct metrics *metrics, uint32_t lane, uint32_t meter, uint32_t operation, enum stator_rc rc)
{
    metrics_count_request(
        metrics_lane(metrics, lane),
        &(struct metrics_request){.meter = meter, .operation = operation, .rc = rc, .took_ns = 20000});
}

static char *text_of(const struct metrics *metrics, const struct metrics_table *tables, size_t table_count)
{
    char *text;
    struct buf out;

    buf_init(&out, (size_t)16 << 20);
    metrics_write(metrics, &out, tables, table_count);
    buf_append_byte(&out, 0);
    assert_false(out.failed);
    text = strdup((const char *)out.at);
    buf_deinit(&out);
    assert_non_null(text);
    return text;
}

/* Whether there is just that line. */
static bool has(const char *text, const char *line)
{
    for (const char *at = text; (at = strstr(at, line)) != NULL; at++)
        if ((at == text || at[-1] == '\n') && at[strlen(line)] == '\n')
            return true;
    return false;
}

#define MUSIC METER_OF(METER_TABLE_FIRST, 0)
static const struct metrics_table music = {MUSIC, {(const uint8_t *)"music", 5}, {(const uint8_t *)"", 0}};

static void sums_of_lanes(void **state)
{
    struct metrics *metrics = make(3, 2);
    const struct metrics_use use = {.read_units = 0.5, .write_units = 2, .write_throttles = 3};
    struct metrics_total total = {{{0}, 0}, 0, 0};
    char *text;

    (void)state;
    for (uint32_t lane = 0; lane < 3; lane++) {
        count(metrics, lane, MUSIC, GET, STATOR_OK);
        metrics_count_use(metrics_lane(metrics, lane), MUSIC, &use);
        metrics_count_answer(metrics_lane(metrics, lane), lane == 2 ? 599 : 200);
        metrics_count_connection(metrics_lane(metrics, lane));
    }
    count(metrics, 0, MUSIC, GET, STATOR_VALIDATION);
    count(metrics, 1, MUSIC, GET, STATOR_THROTTLING);
    count(metrics, 1, MUSIC, GET, STATOR_THROUGHPUT_THROTTLED);
    count(metrics, 1, METER_NONE, PUT, STATOR_NO_MEMORY);
    count(metrics, 2, METER_SEVERAL, NONE, STATOR_INTERNAL_SERVER_ERROR);
    text = text_of(metrics, &music, 1);
    assert_true(has(text, "stator_requests_total{operation=\"GetItem\",table=\"music\"} 6"));
    assert_true(has(text, "stator_requests_total{operation=\"PutItem\",table=\"(none)\"} 1"));
    assert_true(has(text, "stator_requests_total{operation=\"(none)\",table=\"(several)\"} 1"));
    assert_true(has(
        text, "stator_request_errors_total{operation=\"GetItem\",table=\"music\",error=\"ValidationException\"} 1"));
    assert_true(has(
        text, "stator_request_errors_total{operation=\"GetItem\",table=\"music\",error=\"ThrottlingException\"} 2"));
    assert_true(has(
        text, "stator_request_errors_total{operation=\"PutItem\",table=\"(none)\",error=\"InternalServerError\"} 1"));
    assert_true(
        has(text, "stator_request_duration_seconds_bucket{operation=\"GetItem\",table=\"music\",le=\"0.00001\"} 0"));
    assert_true(
        has(text, "stator_request_duration_seconds_bucket{operation=\"GetItem\",table=\"music\",le=\"0.000025\"} 6"));
    assert_true(has(text, "stator_request_duration_seconds_sum{operation=\"GetItem\",table=\"music\"} 0.000120000"));
    assert_true(has(text, "stator_consumed_capacity_units_total{table=\"music\",kind=\"read\"} 1.5"));
    assert_true(has(text, "stator_consumed_capacity_units_total{table=\"music\",kind=\"write\"} 6"));
    assert_true(has(text, "stator_throttles_total{table=\"music\",kind=\"write\"} 9"));
    assert_null(strstr(text, "stator_throttles_total{table=\"music\",kind=\"read\"}"));
    assert_true(has(text, "stator_http_responses_total{code=\"200\"} 2"));
    assert_true(has(text, "stator_http_responses_total{code=\"other\"} 1"));
    assert_true(has(text, "stator_connections_accepted_total 3"));
    free(text);
    metrics_total(metrics, GET, &total);
    assert_int_equal(histogram_total(&total.durations), 6);
    assert_int_equal(total.errors, 3);
    assert_int_equal(total.faults, 0);
    metrics_total(metrics, NONE, &total);
    assert_int_equal(total.faults, 1);
    metrics_free(metrics);
}

/* However many tables there are, places are as many as were made, and nothing is lost. */
static void places_are_bounded(void **state)
{
    struct metrics *metrics = make(1, 2);
    struct metrics_table tables[20];
    char *text;

    (void)state;
    for (uint32_t i = 0; i < COUNT_OF(tables); i++) {
        tables[i] = (struct metrics_table){METER_OF(METER_TABLE_FIRST + i, 0), BYTES("t"), BYTES("")};
        count(metrics, 0, tables[i].meter, GET, STATOR_OK);
    }
    text = text_of(metrics, tables, 2);
    assert_true(has(text, "stator_requests_total{operation=\"GetItem\",table=\"t\"} 1"));
    assert_true(has(text, "stator_requests_total{operation=\"GetItem\",table=\"(other)\"} 18"));
    free(text);
    metrics_free(metrics);
}

/* A place's next table begins at zero, and what comes late of the last one is no longer its own. */
static void generations(void **state)
{
    struct metrics *metrics = make(1, 1);
    const struct metrics_table later = {METER_OF(METER_TABLE_FIRST, 1), BYTES("later"), BYTES("n\"s")};
    struct metrics_table wrapped = {METER_OF(METER_TABLE_FIRST, 0xFFFFF), BYTES("old"), BYTES("")};
    char *text;

    (void)state;
    count(metrics, 0, wrapped.meter, GET, STATOR_OK);
    count(metrics, 0, MUSIC, GET, STATOR_OK); /* generation 0 comes after the greatest */
    count(metrics, 0, MUSIC, GET, STATOR_VALIDATION);
    text = text_of(metrics, &music, 1);
    assert_true(has(text, "stator_requests_total{operation=\"GetItem\",table=\"music\"} 2"));
    free(text);
    count(metrics, 0, later.meter, GET, STATOR_OK);
    count(metrics, 0, MUSIC, GET, STATOR_OK);
    text = text_of(metrics, &later, 1);
    assert_true(has(text, "stator_requests_total{operation=\"GetItem\",table=\"later\",namespace=\"n\\\"s\"} 1"));
    assert_true(has(text, "stator_requests_total{operation=\"GetItem\",table=\"(other)\"} 1"));
    assert_null(strstr(text, "ValidationException"));
    free(text);
    text = text_of(metrics, &music, 1);
    assert_null(strstr(text, "music"));
    free(text);
    metrics_free(metrics);
}

#define THREADS 3
#define ROUNDS  20000

struct counter {
    struct metrics *metrics;
    uint32_t lane;
};

static void *count_many(void *context)
{
    struct counter *counter = context;

    for (int i = 0; i < ROUNDS; i++) {
        count(counter->metrics, counter->lane, METER_OF(METER_TABLE_FIRST + i % 2, i / (ROUNDS / 4)), GET + i % 2,
              i % 10 == 0 ? STATOR_VALIDATION : STATOR_OK);
        count(counter->metrics, counter->lane, METER_NONE, NONE, STATOR_OK);
        metrics_count_answer(metrics_lane(counter->metrics, counter->lane), 200);
    }
    return NULL;
}

/* What is read meanwhile never goes down, and in the end nothing is missing. */
static void threads(void **state)
{
    struct metrics *metrics = make(THREADS, 2);
    struct counter counters[THREADS];
    pthread_t ids[THREADS];
    uint64_t seen = 0;
    char *text;

    (void)state;
    for (uint32_t i = 0; i < THREADS; i++) {
        counters[i] = (struct counter){metrics, i};
        assert_int_equal(pthread_create(&ids[i], NULL, count_many, &counters[i]), 0);
    }
    for (int i = 0; i < 50; i++) {
        struct metrics_total total = {{{0}, 0}, 0, 0};
        uint64_t now;

        text = text_of(metrics, &music, 1);
        free(text);
        metrics_total(metrics, NONE, &total);
        now = histogram_total(&total.durations);
        assert_true(now >= seen && now <= (uint64_t)THREADS * ROUNDS);
        seen = now;
    }
    for (uint32_t i = 0; i < THREADS; i++)
        pthread_join(ids[i], NULL);
    text = text_of(metrics, &music, 1);
    assert_true(has(text, "stator_requests_total{operation=\"(none)\",table=\"(none)\"} 60000"));
    assert_true(has(text, "stator_http_responses_total{code=\"200\"} 60000"));
    free(text);
    metrics_free(metrics);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sums_of_lanes), cmocka_unit_test(places_are_bounded),
                                       cmocka_unit_test(generations), cmocka_unit_test(threads)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
