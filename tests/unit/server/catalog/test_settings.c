/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "catalog/record.h"

static const struct TableDescription description = {.TableName = BYTES("t")};
static const uint32_t ids[] = {7};

static void write(struct buf *buf, const struct table_settings *settings)
{
    struct record record = {.description = &description, .ids = ids, .id_count = 1, .extras.settings = *settings};

    buf_init(buf, RECORD_MAX);
    record_write(buf, &record);
    assert_false(buf->failed);
}

static void what_is_written_is_read(void **state)
{
    static const struct PointInTimeRecoveryDescription recovery = {.RecoveryPeriodInDays = API_INTEGER(7)};
    static const struct KinesisDataStreamDestination one = {.StreamArn = BYTES("one")}, two = {.StreamArn = BYTES("2")};
    static const struct destination destinations[] = {{1731940604149, &one}, {5, &two}};
    static const struct DescribeContributorInsightsOutput on = {.ContributorInsightsStatus =
                                                                    API_ENUM(ContributorInsightsStatus_ENABLED)};
    static const struct DescribeContributorInsightsOutput off = {.LastUpdateDateTime = API_DOUBLE(1731940604.149)};
    static const struct insights insights[] = {{7, &on}, {0xFFFFFFFF, &off}};
    const struct table_settings settings = {
        .policy_revision_ms = 1731940604149,
        .stream_policy = {2, BYTES("label"), BYTES("{}")},
        .recovery = &recovery,
        .destinations = destinations,
        .destination_count = 2,
        .insights = insights,
        .insights_count = 2,
    };
    const struct table_settings *read;
    struct stator_error err;
    struct record back;
    struct arena arena;
    struct buf buf, again;

    (void)state;
    write(&buf, &settings);
    arena_init(&arena, 1 << 20);
    if (record_read(&back, buf_bytes(&buf), &arena, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    read = &back.extras.settings;
    assert_true(read->policy_revision_ms == 1731940604149);
    assert_true(read->stream_policy.revision_ms == 2);
    assert_bytes_are(read->stream_policy.label, "label");
    assert_bytes_are(read->stream_policy.text, "{}");
    assert_int_equal(read->recovery->RecoveryPeriodInDays.value, 7);
    assert_int_equal(read->destination_count, 2);
    assert_true(read->destinations[0].since_ms == 1731940604149);
    assert_bytes_are(read->destinations[1].entry->StreamArn, "2");
    assert_int_equal(read->insights_count, 2);
    assert_int_equal(read->insights[0].index_id, 7);
    assert_int_equal(read->insights[0].entry->ContributorInsightsStatus.value, ContributorInsightsStatus_ENABLED);
    assert_int_equal(read->insights[1].index_id, 0xFFFFFFFF);
    assert_true(read->insights[1].entry->LastUpdateDateTime.value == 1731940604.149);
    write(&again, read);
    assert_true(bytes_equal(buf_bytes(&buf), buf_bytes(&again)));
    buf_deinit(&again);

    for (size_t len = 0; len < buf.len; len++) { /* cut anywhere: refused, or whole sections of it */
        struct record cut;

        (void)!record_read(&cut, bytes_of(buf.at, len), &arena, &err);
    }
    buf_deinit(&buf);
    arena_deinit(&arena);
}

/* A table that needs none of them has the record it always had. */
static void nothing_is_written_of_nothing(void **state)
{
    const struct table_settings none = {0};
    struct buf buf;

    (void)state;
    buf_init(&buf, 64);
    settings_write(&buf, &none);
    assert_int_equal(buf.len, 0);
    buf_deinit(&buf);
}

static void the_layout_is_as_documented(void **state)
{
    const struct table_settings settings = {.policy_revision_ms = 1731940604149};
    struct buf buf;

    (void)state;
    buf_init(&buf, 64);
    settings_write(&buf, &settings);
    assert_int_equal(buf.len, 13);
    assert_memory_equal(buf.at, "\x14\x00\x00\x00\x08\x00\x00\x01\x93\x3F\xB4\x58\xF5", 13);
    buf_deinit(&buf);
}

#define RECORD(kind, bytes) kind, sizeof(bytes) - 1, bytes

static void damaged_sections_are_refused(void **state)
{
    static const struct {
        uint8_t kind;
        size_t len;
        const char *bytes;
    } cases[] = {
        {RECORD(20, "\0\0\0\0\0\0\0")},
        {RECORD(20, "\0\0\0\0\0\0\0\0")},
        {RECORD(21, "\0\0\0\0\0\0\0\1\0\0")},
        {RECORD(21, "\0\0\0\0\0\0\0\1\0\0\0\3la")},
        {RECORD(21, "\0\0\0\0\0\0\0\1\xFF\xFF\xFF\xFFlabel")},
        {RECORD(22, "{")},
        {RECORD(23, "")},
        {RECORD(23, "\0\0\0\0\0\0\0\1\0\0\0\3{}")},
        {RECORD(23, "\0\0\0\0\0\0\0\1\0\0\0\2{}\0")},
        {RECORD(23, "\0\0\0\0\0\0\0\1\0\0\0\2[]")},
        {RECORD(24, "\0\0\0\1\0\0\0")},
        {RECORD(24, "\0\0\0\1\xFF\xFF\xFF\xFE{}")},
        {RECORD(24, "\0\0\0\1\0\0\0\2{]")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct table_settings settings = {0};
        struct stator_error err;
        struct arena arena;

        arena_init(&arena, 1 << 16);
        assert_true(settings_is_kind(cases[i].kind));
        if (settings_read(&settings, cases[i].kind, bytes_of(cases[i].bytes, cases[i].len), &arena, &err) !=
            STATOR_INTERNAL_SERVER_ERROR)
            fail_msg("case %zu is read", i);
        assert_string_equal(err.message, "the record of a table is damaged: its settings");
        arena_deinit(&arena);
    }
    assert_false(settings_is_kind(19));
    assert_false(settings_is_kind(25));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(nothing_is_written_of_nothing),
        cmocka_unit_test(the_layout_is_as_documented),
        cmocka_unit_test(damaged_sections_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
