/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "unit/unit.h"

#define HOUR 3600

static time_t set_s; /* how far the system's clock was set from what it was */

int __real_clock_gettime(clockid_t id, struct timespec *out);
int __wrap_clock_gettime(clockid_t id, struct timespec *out);

int __wrap_clock_gettime(clockid_t id, struct timespec *out)
{
    int rc = __real_clock_gettime(id, out);

    if (id == CLOCK_REALTIME)
        out->tv_sec += set_s;
    return rc;
}

static char path[] = "/tmp/stator-clock-XXXXXX";

static void say(const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* Between two looks at the system's clock, so many seconds away. */
static void assert_offset(int64_t seconds)
{
    time_t before = time(NULL);
    int64_t now = (int64_t)(clock_ms() / 1000);

    assert_true(now >= before + seconds && now <= time(NULL) + 1 + seconds);
}

static void is_the_systems_time(void **state)
{
    struct stator_error err;

    (void)state;
    assert_int_equal(clock_follow(NULL, &err), STATOR_OK);
    assert_offset(0);
}

static void follows_a_file(void **state)
{
    struct stator_error err;

    (void)state;
    say("7200\n");
    assert_int_equal(clock_follow(path, &err), STATOR_OK);
    assert_offset(2 * HOUR);
    say("-3600");
    assert_offset(-HOUR);
    say(""); /* while it is written anew */
    assert_offset(-HOUR);
    say("ten");
    assert_offset(-HOUR);
    say("999999999999999999");
    assert_offset(-HOUR);
    unlink(path);
    assert_offset(-HOUR);
    say("0");
    assert_offset(0);
    say("-99999999999"); /* before 1970 there is nothing */
    assert_int_equal(clock_ms(), 0);
    assert_int_equal(clock_follow(NULL, &err), STATOR_OK);
}

/* Moves of the file forwards count, those back do not. */
static void flows_forwards(void **state)
{
    static const struct {
        const char *text;
        uint64_t hours; /* since the start */
    } moves[] = {{"3600", 0}, {"7200", 1}, {"0", 1}, {"-36000", 1}, {"-28800", 3}, {"x", 3}, {"-28800", 3}};
    struct stator_error err;
    uint64_t start = 0;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(moves); i++) {
        uint64_t now;

        say(moves[i].text);
        if (i == 0) {
            assert_int_equal(clock_follow(path, &err), STATOR_OK);
            start = clock_flow_ns();
        }
        now = (clock_flow_ns() - start) / 1000000000;
        assert_in_range(now, moves[i].hours * HOUR, moves[i].hours * HOUR + 60);
    }
    say("0");
    assert_int_equal(clock_follow(NULL, &err), STATOR_OK);
}

/* Whatever the file says. */
static void timeouts_are_not_moved(void **state)
{
    struct stator_error err;
    uint64_t start;

    (void)state;
    say("0");
    assert_int_equal(clock_follow(path, &err), STATOR_OK);
    start = clock_monotonic_ms();
    say("3600");
    assert_in_range(clock_monotonic_ms() - start, 0, 60 * 1000);
    say("-3600");
    assert_in_range(clock_monotonic_ms() - start, 0, 60 * 1000);
    say("0");
    assert_int_equal(clock_follow(NULL, &err), STATOR_OK);
}

/* Whoever sets the system's clock moves only what is asked for by it. */
static void the_systems_clock_may_be_set(void **state)
{
    static const time_t moves[] = {24 * HOUR, -24 * HOUR};
    struct stator_error err;

    (void)state;
    assert_int_equal(clock_follow(NULL, &err), STATOR_OK);
    for (size_t i = 0; i < COUNT_OF(moves); i++) {
        uint64_t now = clock_ms(), monotonic = clock_monotonic_ms(), flow = clock_flow_ns();
        int64_t moved_s;

        set_s = moves[i];
        moved_s = ((int64_t)clock_ms() - (int64_t)now) / 1000;
        assert_in_range(clock_monotonic_ms() - monotonic, 0, 60 * 1000);
        assert_in_range(clock_flow_ns() - flow, 0, (uint64_t)60 * 1000000000);
        set_s = 0;
        assert_true(moved_s >= moves[i] - 1 && moved_s <= moves[i] + 60);
    }
}

static void refuses_what_is_no_number(void **state)
{
    static const char *const texts[] = {"", "x", "1x", "-", "1e3", "9999999999999"};
    struct stator_error err;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        say(texts[i]);
        assert_int_equal(clock_follow(path, &err), STATOR_VALIDATION);
        assert_non_null(strstr(err.message, path));
    }
    unlink(path);
    assert_int_equal(clock_follow(path, &err), STATOR_VALIDATION);
    assert_offset(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_systems_time),
        cmocka_unit_test(follows_a_file),
        cmocka_unit_test(flows_forwards),
        cmocka_unit_test(timeouts_are_not_moved),
        cmocka_unit_test(the_systems_clock_may_be_set),
        cmocka_unit_test(refuses_what_is_no_number),
    };
    int file = mkstemp(path), failed;

    close(file);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
