/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/token.h"

#include "unit/unit.h"

static const struct token_table tables[] = {{BYTES("t"), 2}, {BYTES("music"), 70000}};
static const struct token_record record = {
    .done_ms = 0x0000019AAB2C3D4E, .digest = {[0] = 0xAA, [31] = 0xBB}, .tables = tables, .table_count = 2};

/* The bytes are part of the format. */
static void layout(void **state)
{
    static const uint8_t expected[] = {
        1, 0, 0, 1,   0x9A, 0xAB, 0x2C, 0x3D, 0x4E, 0xAA, [40] = 0xBB, 2,   0,   0,   0,
        2, 0, 1, 't', 0,    1,    0x11, 0x70, 0,    5,    'm',         'u', 's', 'i', 'c'};
    struct buf buf;

    (void)state;
    buf_init(&buf, TOKEN_RECORD_MAX);
    token_record_write(&buf, &record);
    assert_int_equal(buf.len, sizeof(expected));
    assert_memory_equal(buf.at, expected, sizeof(expected));
    buf_reset(&buf);
    token_key_write(&buf, BYTES("ns"), BYTES("token"));
    assert_int_equal(buf.len, 10);
    assert_memory_equal(buf.at, "k\0\2nstoken", 10);
    buf_reset(&buf);
    token_expiry_write(&buf, 258, BYTES("k\0\0x"));
    assert_int_equal(buf.len, 13);
    assert_memory_equal(buf.at, "e\0\0\0\0\0\0\1\2k\0\0x", 13);
    buf_deinit(&buf);
}

/* Every beginning of it, and one byte too many, is refused with a text; so is a newer version. */
static void what_is_damaged(void **state)
{
    struct stator_error err;
    struct token_record read;
    struct arena arena;
    struct buf buf;

    (void)state;
    buf_init(&buf, TOKEN_RECORD_MAX);
    arena_init(&arena, 1 << 16);
    token_record_write(&buf, &record);
    for (size_t len = 0; len <= buf.len; len++) {
        err.message[0] = '\0';
        assert_int_equal(token_record_read(&read, bytes_of(buf.at, len), &arena, &err),
                         len == buf.len ? STATOR_OK : STATOR_INTERNAL_SERVER_ERROR);
        assert_int_equal(err.message[0] == '\0', len == buf.len);
    }
    assert_int_equal(read.done_ms, record.done_ms);
    assert_memory_equal(read.digest, record.digest, sizeof(read.digest));
    assert_int_equal(read.table_count, 2);
    assert_int_equal(read.tables[1].read_units, 70000);
    assert_bytes_are(read.tables[1].name, "music");
    buf_append_byte(&buf, 0);
    assert_int_equal(token_record_read(&read, buf_bytes(&buf), &arena, &err), STATOR_INTERNAL_SERVER_ERROR);
    buf.at[0] = 2;
    assert_int_equal(token_record_read(&read, buf_bytes(&buf), &arena, &err), STATOR_INTERNAL_SERVER_ERROR);
    assert_non_null(strstr(err.message, "format 2"));
    arena_deinit(&arena);
    buf_deinit(&buf);
}

static void expiries(void **state)
{
    struct bytes key;
    uint64_t done_ms;

    (void)state;
    assert_true(token_expiry_read(&done_ms, &key, BYTES("e\0\0\0\0\0\0\1\2k\0\0x")));
    assert_int_equal(done_ms, 258);
    assert_int_equal(key.len, 4);
    assert_memory_equal(key.at, "k\0\0x", 4);
    assert_false(token_expiry_read(&done_ms, &key, BYTES("e\0\0\0\0\0\0\1\2k\0")));
    assert_false(token_expiry_read(&done_ms, &key, BYTES("k\0\0\0\0\0\0\1\2k\0\0x")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout),
        cmocka_unit_test(what_is_damaged),
        cmocka_unit_test(expiries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
