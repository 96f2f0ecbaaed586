/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>

#include "watch/log_repeats.h"

static struct log_repeats repeats;

static bool note(int64_t now_ms, const char *table, const char *id, struct log_repeat *out)
{
    const struct log_field fields[] = {
        {.name = NULL}, LOG_STRING("table", table), LOG_NUMBER("ms", now_ms), LOG_STRING("request_id", id)};

    return log_repeats_note(&repeats, now_ms, LOG_LEVEL_WARN, "slow", fields, COUNT_OF(fields), out);
}

static int clear(void **state)
{
    (void)state;
    memset(&repeats, 0, sizeof(repeats));
    return 0;
}

/* The first is written, those like it are counted, and the count is due ten seconds after what was last written. */
static void counted(void **state)
{
    struct log_repeat out;

    (void)state;
    assert_false(note(1, "a", "1", &out));
    assert_int_equal(log_repeats_due_ms(&repeats), INT64_MAX);
    assert_true(note(2, "a", "2", &out));
    assert_false(note(2, "b", "3", &out));
    assert_true(note(LOG_REPEAT_MS, "a", "4", &out));
    assert_int_equal(log_repeats_due_ms(&repeats), LOG_REPEAT_MS + 1);
    assert_false(log_repeats_take(&repeats, LOG_REPEAT_MS, false, &out));
    assert_true(log_repeats_take(&repeats, LOG_REPEAT_MS + 1, false, &out));
    assert_string_equal(out.message, "slow");
    assert_int_equal(out.level, LOG_LEVEL_WARN);
    assert_int_equal(out.count, 2); /* neither the number nor the id */
    assert_bytes_are(out.fields[0].text, "a");
    assert_string_equal(out.fields[1].name, "more_like_it");
    assert_int_equal(out.fields[1].number, 2);
    assert_false(log_repeats_take(&repeats, LOG_REPEAT_MS + 1, true, &out));

    assert_true(note(LOG_REPEAT_MS + 5, "a", "5", &out)); /* it goes on: only counts from here */
    assert_true(log_repeats_take(&repeats, 2 * LOG_REPEAT_MS + 1, false, &out));
    assert_int_equal(out.fields[1].number, 1);
    assert_false(note(3 * LOG_REPEAT_MS + 1, "a", "6", &out)); /* it had stopped */
    assert_true(note(3 * LOG_REPEAT_MS + 2, "a", "7", &out));
    assert_true(log_repeats_take(&repeats, 3 * LOG_REPEAT_MS + 2, true, &out));
}

/* More kinds than there is room for: the oldest goes, and its count is told. */
static void displaced(void **state)
{
    struct log_repeat out;
    char table[16];

    (void)state;
    for (int i = 0; i < LOG_REPEATS; i++) {
        snprintf(table, sizeof(table), "t%d", i);
        assert_false(note(i + 1, table, "", &out));
        assert_int_equal(out.more, 0);
    }
    assert_true(note(50, "t0", "", &out));
    assert_true(note(50, "t0", "", &out));
    assert_false(note(51, "new", "", &out));
    assert_int_equal(out.more, 2);
    assert_bytes_are(out.fields[0].text, "t0");
    assert_int_equal(out.fields[1].number, 2);
    assert_false(note(52, "t0", "", &out)); /* in the place of t1, which had no count */
    assert_int_equal(out.more, 0);
    assert_true(note(53, "new", "", &out));
}

/* Texts that are too long for a kind are left out of its count's line, not cut. */
static void long_texts(void **state)
{
    static char text[LOG_REPEAT_BYTES + 1];
    struct log_repeat out;

    (void)state;
    memset(text, 'x', sizeof(text) - 1);
    for (int i = 0; i < 2; i++) {
        const struct log_field fields[] = {LOG_TEXT("long", bytes_of(text, sizeof(text))), LOG_STRING("short", "s")};

        assert_int_equal(log_repeats_note(&repeats, 1, LOG_LEVEL_ERROR, "m", fields, 2, &out), i == 1);
    }
    assert_true(log_repeats_take(&repeats, 1, true, &out));
    assert_int_equal(out.count, 2);
    assert_string_equal(out.fields[0].name, "short");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(counted, clear),
        cmocka_unit_test_setup(displaced, clear),
        cmocka_unit_test_setup(long_texts, clear),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
