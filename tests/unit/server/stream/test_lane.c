/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <pthread.h>
#include <stdatomic.h>

#include "shard/durability.h"
#include "stream/lane.h"

#define MS(ms)   ((uint64_t)(ms) << STREAM_MS_SHIFT)
#define INDEX    3
#define FIRST_MS 1000

static const struct lane_limits no_limits = {.shard_ms = UINT64_MAX, .shard_records = UINT32_MAX};

static void set_up(struct lane *lane)
{
    lane_init(lane, INDEX);
    assert_true(lane_add_shard(lane, MS(FIRST_MS) | INDEX, 0, 0));
}

static struct lane_view look(struct lane *lane, uint64_t start)
{
    struct lane_view view;

    assert_true(lane_look(lane, start, &view));
    return view;
}

static uint64_t write_one(struct lane *lane, uint64_t now_ms, const struct lane_limits *limits)
{
    struct lane_ticket ticket;

    lane_take(lane, &ticket, now_ms, limits);
    lane_end(lane, &ticket, LANE_STORED, 1);
    return ticket.number;
}

/* Whatever the clock does. */
static void numbers_rise(void **state)
{
    static const uint64_t clock[] = {1001, 1001, 1001, 1005, 900, 0, 1005, 1006};
    struct lane lane;
    uint64_t last = 0;

    (void)state;
    set_up(&lane);
    for (size_t i = 0; i < COUNT_OF(clock); i++) {
        uint64_t number = write_one(&lane, clock[i], &no_limits);

        assert_true(number > last);
        assert_int_equal(number % STREAM_NUMBER_STEP, INDEX);
        last = number;
    }
    assert_int_equal(last >> STREAM_MS_SHIFT, 1006);
    for (int i = 0; i < 5000; i++) /* more than a millisecond has: the next one's are used */
        last = write_one(&lane, 1006, &no_limits);
    assert_int_equal(last >> STREAM_MS_SHIFT, 1007);
    assert_int_equal(last % STREAM_NUMBER_STEP, INDEX);
    lane_deinit(&lane);
}

/* Readers stay below what is not ended, in whatever order writers end. */
static void horizon_is_the_first_in_flight(void **state)
{
    struct lane_ticket tickets[4];
    struct lane_view view;
    struct lane lane;

    (void)state;
    set_up(&lane);
    for (size_t i = 0; i < 4; i++)
        lane_take(&lane, &tickets[i], 1001, &no_limits);
    assert_int_equal(look(&lane, MS(FIRST_MS) | INDEX).until, (MS(FIRST_MS) | INDEX) + 1); /* all that is stored */
    lane_end(&lane, &tickets[1], LANE_STORED, 7);
    assert_int_equal(look(&lane, MS(FIRST_MS) | INDEX).until, tickets[0].number);
    lane_end(&lane, &tickets[0], LANE_NOT_STORED, 9);
    durable_seen_begin(0, NULL);
    view = look(&lane, MS(FIRST_MS) | INDEX);
    assert_int_equal(view.until, tickets[1].number + 1);
    assert_int_equal(durable_seen(), 7); /* of what was not stored there is nothing to wait for */
    lane_end(&lane, &tickets[3], LANE_STORED, 6);
    assert_int_equal(look(&lane, MS(FIRST_MS) | INDEX).until, tickets[2].number);
    lane_end(&lane, &tickets[2], LANE_STORED, 8);
    view = look(&lane, MS(FIRST_MS) | INDEX);
    assert_int_equal(view.until, tickets[3].number + 1);
    assert_int_equal(durable_seen(), 8);
    assert_true(view.open);
    lane_deinit(&lane);
}

/* A number whose batch was not stored is forgotten by a restart: no reader goes on behind it. */
static void readers_stay_with_what_is_stored(void **state)
{
    struct lane_ticket early, late;
    struct lane_view view;
    struct lane lane;
    uint64_t stored;

    (void)state;
    set_up(&lane);
    stored = write_one(&lane, 1001, &no_limits);
    lane_take(&lane, &early, 5000, &no_limits);
    lane_take(&lane, &late, 5000, &no_limits);
    assert_int_equal(look(&lane, MS(FIRST_MS) | INDEX).until, stored + 1);
    lane_end(&lane, &early, LANE_NOT_STORED, 2);
    assert_int_equal(look(&lane, MS(FIRST_MS) | INDEX).until, stored + 1);
    lane_close(&lane);
    view = look(&lane, MS(FIRST_MS) | INDEX);
    assert_true(view.until < view.end); /* one may still come */
    lane_end(&lane, &late, LANE_NOT_STORED, 2);
    view = look(&lane, MS(FIRST_MS) | INDEX);
    assert_int_equal(view.until, stored + 1);
    assert_int_equal(view.end, stored + 1);
    assert_int_equal(view.shard.last, stored);
    lane_deinit(&lane);
}

/* What may appear after a restart is never passed, though later writes end. */
static void an_unknown_outcome_is_not_passed(void **state)
{
    struct lane_ticket tickets[3];
    struct lane lane;

    (void)state;
    set_up(&lane);
    for (size_t i = 0; i < 3; i++)
        lane_take(&lane, &tickets[i], 1001, &no_limits);
    lane_end(&lane, &tickets[2], LANE_UNKNOWN, 0);
    lane_end(&lane, &tickets[0], LANE_STORED, 1);
    assert_int_equal(look(&lane, MS(FIRST_MS) | INDEX).until, tickets[0].number + 1);
    lane_end(&lane, &tickets[1], LANE_UNKNOWN, 0);
    assert_int_equal(look(&lane, MS(FIRST_MS) | INDEX).until, tickets[0].number + 1);
    lane_close(&lane);
    assert_int_equal(look(&lane, MS(FIRST_MS) | INDEX).until, tickets[0].number + 1);
    lane_deinit(&lane);
}

static void rolls_over(void **state)
{
    const struct lane_limits limits = {.shard_ms = 5000, .shard_records = 2};
    struct lane_ticket full, behind;
    struct lane_view views[4];
    uint64_t second;
    struct lane lane;

    (void)state;
    set_up(&lane);
    write_one(&lane, 1001, &limits);
    second = write_one(&lane, 1002, &limits);
    lane_take(&lane, &full, 1003, &limits);
    assert_true(full.rolls);
    assert_int_equal(full.parent, MS(FIRST_MS) | INDEX);
    assert_int_equal(full.before, second);
    lane_take(&lane, &behind, 1003, &limits); /* its number is the old shard's, or the new one's */
    assert_false(behind.rolls);
    lane_end(&lane, &behind, LANE_STORED, 1);
    assert_int_equal(lane_list(&lane, 0, views, 4), 1);
    assert_int_equal(views[0].until, full.number);
    lane_end(&lane, &full, LANE_STORED, 2);

    durable_seen_begin(0, NULL);
    assert_int_equal(lane_list(&lane, 0, views, 4), 2);
    assert_int_equal(durable_seen(), 2);
    assert_false(views[0].open);
    assert_int_equal(views[0].shard.last, second);
    assert_int_equal(views[0].until, full.number);
    assert_int_equal(views[0].end, full.number);
    assert_true(views[1].open);
    assert_int_equal(views[1].shard.start, full.number);
    assert_int_equal(views[1].shard.parent, views[0].shard.start);
    assert_int_equal(views[1].until, behind.number + 1);
    assert_int_equal(lane_list(&lane, views[0].shard.start, views, 4), 1);
    assert_int_equal(lane_list(&lane, full.number, views, 4), 0);
    assert_false(lane_look(&lane, full.number + 1, &views[0]));
    lane_deinit(&lane);
}

/* A roll-over whose batch was not stored: all numbers stay the old shard's, and the next writer tries again. */
static void a_failed_roll_over_is_none(void **state)
{
    const struct lane_limits limits = {.shard_ms = 5000, .shard_records = 1};
    struct lane_ticket full, behind, next;
    struct lane_view views[4];
    struct lane lane;

    (void)state;
    set_up(&lane);
    write_one(&lane, 1001, &limits);
    lane_take(&lane, &full, 1001, &limits);
    lane_take(&lane, &behind, 1001, &limits);
    lane_end(&lane, &full, LANE_NOT_STORED, 1);
    lane_end(&lane, &behind, LANE_STORED, 1);
    assert_int_equal(lane_list(&lane, 0, views, 4), 1);
    assert_true(views[0].open);
    assert_int_equal(views[0].until, behind.number + 1);
    lane_take(&lane, &next, 1001, &limits);
    assert_true(next.rolls);
    assert_int_equal(next.before, behind.number);
    lane_end(&lane, &next, LANE_STORED, 1);
    assert_int_equal(lane_list(&lane, 0, views, 4), 2);
    lane_deinit(&lane);
}

/* An old shard is closed for what is still in flight in it. */
static void a_closed_shard_waits_for_its_last(void **state)
{
    const struct lane_limits limits = {.shard_ms = 5000, .shard_records = 2};
    struct lane_ticket slow, full;
    struct lane_view view;
    struct lane lane;

    (void)state;
    set_up(&lane);
    write_one(&lane, 1001, &limits);
    lane_take(&lane, &slow, 1001, &limits);
    lane_take(&lane, &full, 1001, &limits);
    lane_end(&lane, &full, LANE_STORED, 1);
    view = look(&lane, MS(FIRST_MS) | INDEX);
    assert_false(view.open);
    assert_int_equal(view.until, slow.number);
    assert_int_equal(view.end, full.number);
    lane_end(&lane, &slow, LANE_STORED, 1);
    assert_int_equal(look(&lane, MS(FIRST_MS) | INDEX).until, full.number);
    lane_deinit(&lane);
}

static void rolls_over_by_time(void **state)
{
    const struct lane_limits limits = {.shard_ms = 50, .shard_records = 100};
    struct lane_ticket ticket;
    struct lane_view views[4];
    struct lane lane;

    (void)state;
    set_up(&lane);
    assert_false(lane_take_to_roll(&lane, &ticket, 2000, &limits)); /* there is nothing in it */
    write_one(&lane, 1049, &limits);
    assert_false(lane_take_to_roll(&lane, &ticket, 1049, &limits));
    assert_false(lane_take_to_roll(&lane, &ticket, 900, &limits)); /* the clock was put back */
    assert_true(lane_take_to_roll(&lane, &ticket, 1050, &limits));
    lane_end(&lane, &ticket, LANE_STORED, 1);
    assert_int_equal(lane_list(&lane, 0, views, 4), 2);
    assert_false(lane_take_to_roll(&lane, &ticket, 2000, &limits));
    lane_take(&lane, &ticket, 2000, &limits); /* the first record of a shard does not roll it over */
    assert_false(ticket.rolls);
    lane_end(&lane, &ticket, LANE_STORED, 1);
    lane_take(&lane, &ticket, 2000, &limits);
    assert_true(ticket.rolls);
    lane_end(&lane, &ticket, LANE_STORED, 1);
    lane_close(&lane);
    assert_false(lane_take_to_roll(&lane, &ticket, 9000, &limits));
    assert_int_equal(lane_list(&lane, 0, views, 4), 3);
    assert_false(views[2].open);
    assert_int_equal(views[2].shard.last, ticket.number);
    assert_int_equal(views[2].end, ticket.number + 1);
    assert_int_equal(views[2].until, ticket.number + 1);
    lane_deinit(&lane);
}

static void trims(void **state)
{
    const struct lane_limits limits = {.shard_ms = UINT64_MAX, .shard_records = 1};
    uint64_t numbers[4], starts[4], trimmed;
    struct lane_ticket ticket;
    struct lane_view view;
    struct lane lane;

    (void)state;
    set_up(&lane);
    for (uint64_t i = 0; i < 4; i++) /* a shard each */
        numbers[i] = write_one(&lane, 2000 + 10 * i, &limits);
    assert_int_equal(lane_trimmable(&lane, MS(2015)), MS(2015));
    trimmed = numbers[1] + 1;
    assert_int_equal(lane_trim(&lane, &trimmed, MS(2015), starts, 4), 1);
    assert_true(lane_look(&lane, MS(FIRST_MS) | INDEX, &view)); /* while it is stored */
    lane_drop_shards(&lane, 1);
    assert_int_equal(starts[0], MS(FIRST_MS) | INDEX);
    assert_int_equal(trimmed, numbers[1] + 1);
    view = look(&lane, numbers[1]);
    assert_int_equal(view.trimmed, numbers[1] + 1);
    assert_false(lane_look(&lane, MS(FIRST_MS) | INDEX, &view));
    lane.oldest = numbers[2];
    assert_int_equal(lane_trimmable(&lane, MS(2005)), trimmed); /* what is hidden is still to be deleted */
    lane.deleted = trimmed;
    assert_int_equal(lane_trimmable(&lane, MS(2005)), 0);
    assert_int_equal(lane_trimmable(&lane, MS(2016)), 0); /* nothing in between */

    lane_take(&lane, &ticket, 2050, &no_limits);
    assert_int_equal(lane_trimmable(&lane, MS(9000)), numbers[3] + 1); /* never what is in flight */
    trimmed = numbers[3] + 1;
    assert_int_equal(lane_trim(&lane, &trimmed, MS(9000), starts, 1), 1); /* as many as there is room for */
    lane_drop_shards(&lane, 1);
    assert_int_equal(starts[0], numbers[1]);
    assert_int_equal(lane_trim(&lane, &trimmed, MS(9000), starts, 4), 1);
    lane_drop_shards(&lane, 1);
    assert_int_equal(lane_trim(&lane, &trimmed, MS(9000), starts, 4), 0); /* the last one stays */
    lane_end(&lane, &ticket, LANE_STORED, 1);
    assert_true(look(&lane, numbers[3]).open);
    lane_deinit(&lane);
}

/* --- Threads ------------------------------------------------------------------------------------------------------ */

#define WRITERS 4
#define WRITES  4000

struct race {
    struct lane lane;
    atomic_bool ended[WRITERS * WRITES + 1]; /* by number */
    atomic_int writing;
};

static size_t slot_of(uint64_t number)
{
    return (number - (MS(FIRST_MS) | INDEX)) / STREAM_NUMBER_STEP;
}

static void *write_many(void *argument)
{
    const struct lane_limits limits = {.shard_ms = UINT64_MAX, .shard_records = 10};
    struct race *race = argument;

    for (int i = 0; i < WRITES; i++) {
        struct lane_ticket ticket;

        lane_take(&race->lane, &ticket, 0, &limits);
        atomic_store(&race->ended[slot_of(ticket.number)], true);
        lane_end(&race->lane, &ticket, i % 5 != 0 ? LANE_STORED : LANE_NOT_STORED, 1);
    }
    atomic_fetch_sub(&race->writing, 1);
    return NULL;
}

/* What may be shown has ended; shards follow each other without a gap, and nothing that may be shown moves to another. */
static void readers_beside_writers(void **state)
{
    static struct race race;
    pthread_t threads[WRITERS];
    uint64_t shard = MS(FIRST_MS) | INDEX, done = shard;
    size_t slot = 1;

    (void)state;
    set_up(&race.lane);
    race.writing = WRITERS;
    for (int i = 0; i < WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_many, &race), 0);
    for (bool last = false; !last || slot <= WRITERS * WRITES;) {
        struct lane_view view, child;

        last = atomic_load(&race.writing) == 0;
        view = look(&race.lane, shard);
        assert_true(view.until >= done);
        done = view.until;
        for (; slot <= WRITERS * WRITES && (MS(FIRST_MS) | INDEX) + slot * STREAM_NUMBER_STEP < view.until; slot++)
            assert_true(atomic_load(&race.ended[slot]));
        if (!view.open && done == view.end) {
            assert_int_equal(lane_list(&race.lane, shard, &child, 1), 1);
            assert_int_equal(child.shard.start, view.end);
            assert_int_equal(child.shard.parent, shard);
            shard = child.shard.start;
        }
    }
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    assert_true(race.lane.count > WRITES / 10);
    lane_deinit(&race.lane);
}

/* The age of the oldest record that nobody has read; shards that are only rolled over have none. */
static void lag(void **state)
{
    const struct lane_limits limits = {.shard_ms = 10, .shard_records = UINT32_MAX};
    struct lane_ticket ticket, unknown;
    struct lane lane;
    uint64_t first, second, trimmed;
    uint64_t starts[1];

    (void)state;
    set_up(&lane);
    assert_int_equal(lane_lag_ms(&lane, 9000), 0);
    first = write_one(&lane, 2000, &no_limits);
    second = write_one(&lane, 3000, &no_limits);
    assert_int_equal(lane_lag_ms(&lane, 5000), 3000);
    assert_int_equal(lane_lag_ms(&lane, 1500), 0); /* a clock that was put back */
    lane_note_read(&lane, first + 1);
    assert_int_equal(lane_lag_ms(&lane, 5000), 3000);
    lane_note_read(&lane, second + 1);
    assert_int_equal(lane_lag_ms(&lane, 5000), 0);
    lane_note_read(&lane, first + 1); /* another reader, further behind */
    assert_int_equal(lane_lag_ms(&lane, 5000), 0);
    assert_true(lane_take_to_roll(&lane, &ticket, 6000, &limits));
    lane_end(&lane, &ticket, LANE_STORED, 1);
    assert_int_equal(lane_lag_ms(&lane, 7000), 0);
    lane_take(&lane, &ticket, 7000, &no_limits);
    lane_take(&lane, &unknown, 7100, &no_limits);
    assert_int_equal(lane_lag_ms(&lane, 8000), 0);
    lane_end(&lane, &unknown, LANE_NOT_STORED, 0);
    assert_int_equal(lane_lag_ms(&lane, 8000), 0);
    lane_end(&lane, &ticket, LANE_STORED, 1);
    assert_int_equal(lane_lag_ms(&lane, 8000), 1000);
    trimmed = MS(7050);
    lane_trim(&lane, &trimmed, 0, starts, 1);
    assert_int_equal(lane_lag_ms(&lane, 8000), 0);
    lane_deinit(&lane);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_rise),
        cmocka_unit_test(lag),
        cmocka_unit_test(horizon_is_the_first_in_flight),
        cmocka_unit_test(readers_stay_with_what_is_stored),
        cmocka_unit_test(an_unknown_outcome_is_not_passed),
        cmocka_unit_test(rolls_over),
        cmocka_unit_test(a_failed_roll_over_is_none),
        cmocka_unit_test(a_closed_shard_waits_for_its_last),
        cmocka_unit_test(rolls_over_by_time),
        cmocka_unit_test(trims),
        cmocka_unit_test(readers_beside_writers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
