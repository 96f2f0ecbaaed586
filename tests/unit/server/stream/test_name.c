/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "stream/name.h"

#define ARN BYTES("arn:aws:dynamodb:us-east-1:000000000000:table/abc/stream/2026-11-22T10:00:00.000")

struct case_ {
    uint64_t number;
    const char *sequence, *shard;
};

static void texts_are_as_documented(void **state)
{
    static const struct case_ cases[] = {
        {0, "100000000000000000000", "shardId-00000000000000000000-00000000"},
        {1, "100000000000000000001", "shardId-00000000000000000000-00000001"},
        {((uint64_t)1786612345678 << 20) + 0x103, "101873398826981654787", "shardId-00000001786612345678-00000103"},
        {UINT64_MAX, "118446744073709551615", "shardId-00000017592186044415-000fffff"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t number;
        struct buf buf;

        buf_init(&buf, 64);
        stream_number_write(&buf, cases[i].number);
        assert_bytes_are(buf_bytes(&buf), cases[i].sequence);
        assert_true(stream_number_read(&number, buf_bytes(&buf)));
        assert_true(number == cases[i].number);
        buf_reset(&buf);
        stream_shard_write(&buf, cases[i].number);
        assert_bytes_are(buf_bytes(&buf), cases[i].shard);
        assert_true(stream_shard_read(&number, buf_bytes(&buf)));
        assert_true(number == cases[i].number);
        buf_deinit(&buf);
    }
}

static void other_texts_are_refused(void **state)
{
    static const char *const numbers[] = {"",
                                          "1",
                                          "10000000000000000000",
                                          "1000000000000000000000",
                                          "200000000000000000001",
                                          "118446744073709551616",
                                          "10000000000000000000x",
                                          "1-0000000000000000001"};
    static const char *const shards[] = {"",
                                         "shardId-00000000000000000000-0000000",
                                         "shardId-00000000000000000000-000000000",
                                         "shardId-00000000000000000000-00100000",
                                         "shardId-00000000000000000000-0000000A",
                                         "shardId-00000000000000000000_00000000",
                                         "shardID-00000000000000000000-00000000",
                                         "shardId-00000017592186044416-00000000",
                                         "shardId-99999999999999999999-00000000"};
    uint64_t number;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        assert_false(stream_number_read(&number, bytes_of_string(numbers[i])));
    for (size_t i = 0; i < COUNT_OF(shards); i++)
        assert_false(stream_shard_read(&number, bytes_of_string(shards[i])));
}

static void positions_come_back(void **state)
{
    const struct stream_position position = {
        .stream = 9, .shard = 1873442051359334400, .number = UINT64_MAX, .issued_ms = 1786612345678};
    struct stream_position back;
    struct arena arena;
    struct bytes arn;
    struct buf buf;

    (void)state;
    arena_init(&arena, 1 << 20);
    buf_init(&buf, 2048);
    stream_position_write(&buf, &position, ARN);
    assert_false(buf.failed);
    assert_true(stream_position_read(&back, &arn, buf_bytes(&buf), &arena));
    assert_true(back.stream == position.stream && back.shard == position.shard && back.number == position.number &&
                back.issued_ms == position.issued_ms);
    assert_true(bytes_equal(arn, ARN));
    for (size_t len = 0; len < buf.len; len++)
        assert_false(stream_position_read(&back, &arn, bytes_of(buf.at, len), &arena));
    for (size_t i = 0; i < buf.len; i++) { /* a changed letter is noticed wherever it is */
        buf.at[i] ^= 1;
        assert_false(stream_position_read(&back, &arn, buf_bytes(&buf), &arena));
        buf.at[i] ^= 1;
    }
    assert_true(stream_position_read(&back, &arn, buf_bytes(&buf), &arena));
    buf_deinit(&buf);

    buf_init(&buf, 100);
    stream_position_write(&buf, &position, ARN);
    assert_true(buf.failed);
    buf_deinit(&buf);
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_as_documented),
        cmocka_unit_test(other_texts_are_refused),
        cmocka_unit_test(positions_come_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
