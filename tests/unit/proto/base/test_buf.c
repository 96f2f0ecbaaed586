/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/buf.h"
#include "unit/allocator.h"

static void grows_and_keeps_what_was_written(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1 << 20);
    for (int i = 0; i < 1000; i++)
        buf_printf(&buf, "%d,", i % 10);
    assert_false(buf.failed);
    assert_int_equal(buf.len, 2000);
    assert_memory_equal(buf.at + 1998, "9,", 2);
    buf_reset(&buf);
    buf_append_be32(&buf, 0x01020304);
    buf_append_be64(&buf, 0x05060708090A0B0C);
    assert_memory_equal(buf.at, "\1\2\3\4\5\6\7\10\11\12\13\14", 12);
    assert_int_equal(read_be32(buf.at), 0x01020304);
    assert_true(read_be64(buf.at + 4) == 0x05060708090A0B0C);
    buf_deinit(&buf);
}

static void failure_is_remembered(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 300);
    for (int i = 0; i < 100; i++)
        buf_append_literal(&buf, "abcd");
    assert_true(buf.failed);
    assert_int_equal(buf.len, 300);
    buf_append_byte(&buf, 'x');
    assert_int_equal(buf.len, 300);
    buf_reset(&buf);
    assert_false(buf.failed);
    buf_append_literal(&buf, "ok");
    assert_bytes_are(buf_bytes(&buf), "ok");
    buf_deinit(&buf);
}

static void an_allocator_may_run_out(void **state)
{
    struct scarce scarce = {.fail_at = 2};
    struct stator_allocator allocator = scarce_allocator(&scarce);
    struct buf buf;

    (void)state;
    buf_init_with(&buf, 1 << 20, &allocator);
    for (int i = 0; i < 100; i++)
        buf_append_literal(&buf, "abcd");
    assert_true(buf.failed);
    assert_int_equal(buf.len, 256); /* of the first block */
    assert_int_equal(scarce.live, 1);
    buf_deinit(&buf);
    assert_int_equal(scarce.live, 0);
    buf_append_literal(&buf, "ok"); /* it keeps its allocator */
    assert_int_equal(scarce.live, 1);
    buf_deinit(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_and_keeps_what_was_written),
        cmocka_unit_test(failure_is_remembered),
        cmocka_unit_test(an_allocator_may_run_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
