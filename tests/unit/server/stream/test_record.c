/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "stream/record.h"
#include "stream/stream.h"

#define KEYS "{\"pk\":{\"S\":\"a\"}}"

static bool same(struct bytes a, struct bytes b)
{
    return bytes_present(a) == bytes_present(b) && bytes_equal(a, b);
}

/* What was read has that old image. */
static bool same_old(const struct stream_record *read, struct bytes old)
{
    struct buf buf;
    bool equal;

    buf_init(&buf, 1 << 16);
    stream_record_old(&buf, read);
    equal = bytes_present(read->old_image) == bytes_present(old) && bytes_equal(buf_bytes(&buf), old);
    buf_deinit(&buf);
    return equal;
}

/* Of an old image only what is not in the new one is kept. */
static void images_share_what_is_the_same(void **state)
{
    static const struct {
        const char *new_image, *old_image;
        size_t kept; /* bytes of the old image */
    } cases[] = {
        {"{\"a\":1}", "{\"a\":1}", 0},
        {"{\"a\":1}", "{\"a\":2}", 1},
        {"{\"a\":1,\"b\":\"xxxxxxxxxxxxxxxxxxxx\"}", "{\"b\":\"xxxxxxxxxxxxxxxxxxxx\"}", 0},
        {"{\"b\":\"xxxxxxxxxxxxxxxxxxxx\"}", "{\"a\":1,\"b\":\"xxxxxxxxxxxxxxxxxxxx\"}", 6},
        {"{\"v\":\"aaaa\"}", "{\"v\":\"aaaaaaaa\"}", 4},
        {"{\"v\":\"aaaaaaaa\"}", "{\"v\":\"aaaa\"}", 0},
        {"{\"v\":\"aaaaaaaa1bbbbbbbbbbbbbbbbb\"}", "{\"v\":\"aaaaaaaa23bbbbbbbbbbbbbbbbb\"}", 2},
        {"abc", "xyz", 3},
        {"", "xyz", 3},
        {"xyz", "", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const struct stream_record record = {.event = STREAM_MODIFY,
                                             .keys = BYTES(KEYS),
                                             .new_image = bytes_of_string(cases[i].new_image),
                                             .old_image = bytes_of_string(cases[i].old_image)};
        struct stream_record back;
        struct buf buf;

        buf_init(&buf, 1 << 16);
        stream_record_write(&buf, &record);
        assert_true(stream_record_read(&back, buf_bytes(&buf)));
        if (!same_old(&back, record.old_image) || back.old_image.len != cases[i].kept)
            fail_msg("case %zu keeps %zu bytes", i, back.old_image.len);
        buf_deinit(&buf);
    }
}

static void records_come_back(void **state)
{
    static const struct bytes images[] = {{NULL, 0}, BYTES("{}"), BYTES(KEYS)};

    (void)state;
    for (int i = 0; i < 3 * 2 * 9; i++) {
        const struct stream_record record = {.event = (enum stream_event)(1 + i % 3),
                                             .expired = i / 3 % 2 != 0,
                                             .size_bytes = 0x12345678,
                                             .keys = BYTES(KEYS),
                                             .new_image = images[i / 6 % 3],
                                             .old_image = images[i / 18]};
        struct stream_record back;
        struct buf buf;

        buf_init(&buf, 1 << 16);
        stream_record_write(&buf, &record);
        assert_true(stream_record_read(&back, buf_bytes(&buf)));
        assert_int_equal(back.event, record.event);
        assert_int_equal(back.expired, record.expired);
        assert_int_equal(back.size_bytes, record.size_bytes);
        assert_true(same(back.keys, record.keys));
        assert_true(same(back.new_image, record.new_image));
        assert_true(same_old(&back, record.old_image));
        for (size_t len = 0; len < 22 + record.keys.len + record.new_image.len; len++)
            assert_false(stream_record_read(&back, bytes_of(buf.at, len)));
        buf.at[0] = 2;
        assert_false(stream_record_read(&back, buf_bytes(&buf)));
        buf_deinit(&buf);
    }
}

/* The layout is part of the format. */
static void the_layout_is_as_documented(void **state)
{
    const struct stream_record record = {
        .event = STREAM_INSERT, .size_bytes = 6, .keys = BYTES(KEYS), .new_image = BYTES(KEYS)};
    uint8_t key[STREAM_RECORD_KEY_BYTES];
    uint64_t number;
    struct buf buf;

    (void)state;
    buf_init(&buf, 1 << 16);
    stream_record_write(&buf, &record);
    assert_int_equal(buf.len, 22 + 2 * strlen(KEYS));
    assert_memory_equal(buf.at, "\x01\x09\x00\x00\x00\x06\x00\x00\x00\x10\x00\x00\x00\x10\0\0\0\0\0\0\0\0{\"pk\"", 27);
    assert_memory_equal(stream_record_key(key, 9, 3, 0x0102030405060708).at,
                        "\x00\x00\x00\x09\x03\x01\x02\x03\x04\x05\x06\x07\x08", 13);
    assert_true(stream_record_key_read(&number, bytes_of(key, sizeof(key))));
    assert_true(number == 0x0102030405060708);
    assert_false(stream_record_key_read(&number, bytes_of(key, sizeof(key) - 1)));
    buf_deinit(&buf);
}

static void answers_are_the_services(void **state)
{
    const struct stream_record_context context = {
        .stream = 9, .region = BYTES("eu-west-1"), .view = StreamViewType_NEW_AND_OLD_IMAGES};
    const struct stream_record record = {
        .event = STREAM_REMOVE, .expired = true, .size_bytes = 12, .keys = BYTES(KEYS), .old_image = BYTES(KEYS)};
    struct buf buf;

    (void)state;
    buf_init(&buf, 1 << 16);
    stream_record_answer(&buf, &record, ((uint64_t)1786612345678 << 20) + 3, &context);
    assert_bytes_are(bytes_of(buf.at, 12), "{\"eventID\":\"");
    assert_bytes_are(bytes_of(buf.at + 44, buf.len - 44),
                     "\",\"eventName\":\"REMOVE\",\"eventVersion\":\"1.1\",\"eventSource\":\"aws:dynamodb\","
                     "\"awsRegion\":\"eu-west-1\",\"dynamodb\":{\"ApproximateCreationDateTime\":1786612345.0,"
                     "\"Keys\":" KEYS ",\"OldImage\":" KEYS ",\"SequenceNumber\":\"101873398826981654531\","
                     "\"SizeBytes\":12,\"StreamViewType\":\"NEW_AND_OLD_IMAGES\"},"
                     "\"userIdentity\":{\"PrincipalId\":\"dynamodb.amazonaws.com\",\"Type\":\"Service\"}}");
    buf_deinit(&buf);
}

/* Old and new share what they begin and end with, in the middle of a number, too. */
static void shortened_images_are_answered_in_full(void **state)
{
    const struct stream_record_context context = {
        .stream = 9, .region = BYTES("eu-west-1"), .view = StreamViewType_NEW_AND_OLD_IMAGES};
    const struct stream_record record = {.event = STREAM_MODIFY,
                                         .shortened = true,
                                         .size_bytes = 12,
                                         .keys = BYTES(KEYS),
                                         .new_image = BYTES("{\"n\":{\"N\":\"12E20\"}}"),
                                         .old_image = BYTES("{\"n\":{\"N\":\"13E20\"}}")};
    struct stream_record read;
    struct buf stored, buf;

    (void)state;
    buf_init(&stored, 1 << 16);
    buf_init(&buf, 1 << 16);
    stream_record_write(&stored, &record);
    assert_true(stream_record_read(&read, buf_bytes(&stored)));
    assert_true(read.shortened);
    stream_record_answer(&buf, &read, ((uint64_t)1786612345678 << 20) + 3, &context);
    buf_append_byte(&buf, 0);
    assert_non_null(strstr((char *)buf.at,
                           "\"NewImage\":{\"n\":{\"N\":\"1200000000000000000000\"}},\"OldImage\":{\"n\":{\"N\":"
                           "\"1300000000000000000000\"}},\"SequenceNumber\""));
    buf_deinit(&stored);
    buf_deinit(&buf);
}

static void what_is_kept_of_a_stream_comes_back(void **state)
{
    const struct stream_about about = {.lanes = 4,
                                       .view = StreamViewType_KEYS_ONLY,
                                       .created_ms = 1786612345678,
                                       .disabled_ms = 1786612345679,
                                       .namespace_ = BYTES("eu"),
                                       .table_name = BYTES("abc"),
                                       .arn = BYTES("arn"),
                                       .label = BYTES("label"),
                                       .hash_name = BYTES("pk"),
                                       .range_name = BYTES("")};
    const struct stream_key key = {.stream = 9, .kind = STREAM_KEY_SHARD, .lane = 1, .start = 0x1A000000001};
    uint8_t bytes[STREAM_KEY_BYTES_MAX];
    struct stream_about back;
    struct stream_key key_back;
    struct buf buf;

    (void)state;
    buf_init(&buf, 1 << 16);
    stream_about_write(&buf, &about);
    assert_true(stream_about_read(&back, buf_bytes(&buf)));
    assert_int_equal(back.lanes, 4);
    assert_int_equal(back.view, StreamViewType_KEYS_ONLY);
    assert_true(back.created_ms == about.created_ms && back.disabled_ms == about.disabled_ms);
    assert_bytes_are(back.namespace_, "eu");
    assert_bytes_are(back.label, "label");
    assert_bytes_are(back.hash_name, "pk");
    assert_bytes_are(back.range_name, "");
    for (size_t len = 0; len < buf.len; len++)
        assert_false(stream_about_read(&back, bytes_of(buf.at, len)));
    buf_append_byte(&buf, 0);
    assert_false(stream_about_read(&back, buf_bytes(&buf)));
    buf_deinit(&buf);

    assert_int_equal(stream_key_write(bytes, &key).len, 15);
    assert_memory_equal(bytes, "s\x00\x00\x00\x09\x02\x01\x00\x00\x01\xA0\x00\x00\x00\x01", 15);
    assert_true(stream_key_read(&key_back, bytes_of(bytes, 15)));
    assert_true(key_back.stream == 9 && key_back.kind == STREAM_KEY_SHARD && key_back.lane == 1 &&
                key_back.start == key.start);
    assert_false(stream_key_read(&key_back, bytes_of(bytes, 14)));
    bytes[5] = 3;
    assert_false(stream_key_read(&key_back, bytes_of(bytes, 15)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_come_back),
        cmocka_unit_test(images_share_what_is_the_same),
        cmocka_unit_test(the_layout_is_as_documented),
        cmocka_unit_test(answers_are_the_services),
        cmocka_unit_test(shortened_images_are_answered_in_full),
        cmocka_unit_test(what_is_kept_of_a_stream_comes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
