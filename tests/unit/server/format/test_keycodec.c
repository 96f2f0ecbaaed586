/* SPDX-License-Identifier: Apache-2.0 */
/* Order of encoded keys = order of values, and decode(encode(x)) = x: by worked examples, and by random values whose
 * order is computed here without the codec.
 */
#include "unit/unit.h"

#include <stdlib.h>

#include "base/arena.h"
#include "format/keycodec.h"
#include "value/number.h"

#define ROUNDS 20000

static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    srand(1);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_deinit(&arena);
    return 0;
}

static struct value value_of(enum value_type type, struct bytes text)
{
    return (struct value){.type = type, .text = text};
}

static void encode(struct buf *buf, enum value_type type, struct bytes text)
{
    struct value value = value_of(type, text);

    buf_reset(buf);
    key_append_value(buf, &value);
    assert_false(buf->failed);
}

static int sign(int x)
{
    return (x > 0) - (x < 0);
}

static void assert_round_trip(enum value_type type, struct bytes text)
{
    struct buf buf;
    struct bytes key;
    struct value read;

    buf_init(&buf, 1 << 16);
    encode(&buf, type, text);
    buf_append_literal(&buf, "rest");
    key = buf_bytes(&buf);
    assert_true(key_read_value(&read, type, &key, &arena));
    assert_int_equal(read.type, type);
    assert_non_null(read.text.at);
    if (!bytes_equal(read.text, text))
        fail_msg("%.*s came back as %.*s", BYTES_ARG(text), BYTES_ARG(read.text));
    assert_bytes_are(key, "rest");
    buf_deinit(&buf);
}

/* Compares the keys of two values, and also the keys when other bytes follow, which must not matter unless the values
 * are equal. */
static void assert_order(enum value_type type, struct bytes a, struct bytes b, int expected)
{
    struct buf key_a, key_b;

    buf_init(&key_a, 1 << 16);
    buf_init(&key_b, 1 << 16);
    encode(&key_a, type, a);
    encode(&key_b, type, b);
    if (sign(bytes_compare(buf_bytes(&key_a), buf_bytes(&key_b))) != sign(expected))
        fail_msg("order of %.*s and %.*s is not %d", BYTES_ARG(a), BYTES_ARG(b), expected);
    if (expected != 0) {
        buf_append_byte(&key_a, expected < 0 ? 0xff : 0);
        buf_append_byte(&key_b, expected < 0 ? 0 : 0xff);
        assert_int_equal(sign(bytes_compare(buf_bytes(&key_a), buf_bytes(&key_b))), sign(expected));
    }
    buf_deinit(&key_a);
    buf_deinit(&key_b);
}

/* --- Examples ----------------------------------------------------------------------------------------------------- */

static void known_bytes(void **state)
{
    const struct {
        enum value_type type;
        struct bytes text, key;
    } cases[] = {
        {VALUE_S, BYTES("ab"), BYTES("ab\x00")},
        {VALUE_S, BYTES(""), BYTES("\x00")},
        {VALUE_B, BYTES("\x00\x07"), BYTES("\x01\x01\x07\x00")},
        {VALUE_B, BYTES("\x01\xff"), BYTES("\x01\x02\xff\x00")},
        {VALUE_N, BYTES("0"), BYTES("\x80\x00")},
        {VALUE_N, BYTES("5"), BYTES("\xc1\x0a")},
        {VALUE_N, BYTES("-5"), BYTES("\x3e\xf5")},
        {VALUE_N, BYTES("120"), BYTES("\xc2\x03\x28")},
        {VALUE_N, BYTES("12.5"), BYTES("\xc1\x19\x64")},
        {VALUE_N, BYTES("0.05"), BYTES("\xc0\x0a")},
        {VALUE_N, BYTES("99"), BYTES("\xc1\xc6")},
    };
    struct buf buf;

    (void)state;
    buf_init(&buf, 1 << 16);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        encode(&buf, cases[i].type, cases[i].text);
        assert_int_equal(buf.len, cases[i].key.len);
        assert_memory_equal(buf.at, cases[i].key.at, buf.len);
        assert_round_trip(cases[i].type, cases[i].text);
    }
    buf_deinit(&buf);
}

static void prefix_is_big_endian(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1 << 16);
    key_append_prefix(&buf, 7, 0x0123456789ABCDEF);
    assert_int_equal(buf.len, KEY_PREFIX_BYTES);
    assert_memory_equal(buf.at, "\0\0\0\7\x01\x23\x45\x67\x89\xab\xcd\xef", KEY_PREFIX_BYTES);
    buf_deinit(&buf);
}

/* Each smaller than the next. */
static void numbers_in_order(void **state)
{
    static const char nines[] = "99999999999999999999999999999999999999";
    char highest[256], lowest[256];
    const char *numbers[] = {
        NULL, /* -9.99..E+125 */
        "-100000000000000000000000000000000000000",
        "-99999999999999999999999999999999999999",
        "-12345678901234567890123456789012345678",
        "-1000",
        "-120",
        "-101",
        "-100.5",
        "-100",
        "-99.99",
        "-99",
        "-12.5",
        "-12",
        "-10",
        "-9.9",
        "-9",
        "-1.01",
        "-1.001",
        "-1",
        "-0.5",
        "-0.1",
        "-0.09",
        "-0.01",
        "-0.001",
        NULL, /* -1E-130 */
        "0",
        NULL, /* 1E-130 */
        "0.001",
        "0.0012345678901234567890123456789012345678",
        "0.01",
        "0.09",
        "0.1",
        "0.5",
        "1",
        "1.001",
        "1.01",
        "9",
        "9.9",
        "10",
        "12",
        "12.5",
        "99",
        "99.99",
        "100",
        "100.5",
        "101",
        "120",
        "1000",
        "12345678901234567890123456789012345678",
        "99999999999999999999999999999999999999",
        "100000000000000000000000000000000000000",
        NULL, /* 9.99..E+125 */
    };
    const char *extremes[4] = {highest, lowest, lowest + 1, highest + 1};
    size_t extreme = 0;

    (void)state;
    snprintf(highest, sizeof(highest), "-%s%088d", nines, 0);
    snprintf(lowest, sizeof(lowest), "-0.%0129d1", 0);
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (numbers[i] == NULL)
            numbers[i] = extremes[extreme++];
    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        assert_round_trip(VALUE_N, bytes_of_string(numbers[i]));
        for (size_t j = 0; j < COUNT_OF(numbers); j++)
            assert_order(VALUE_N, bytes_of_string(numbers[i]), bytes_of_string(numbers[j]), (i > j) - (i < j));
    }
}

/* --- Random numbers ----------------------------------------------------------------------------------------------- */

/* +-0.digits * 10^point, digits as text, left-justified and filled up with '0'. */
struct random_number {
    bool negative;
    int point;
    char digits[NUMBER_DIGITS_MAX + 1];
    char text[NUMBER_TEXT_MAX + 1];
    size_t text_len;
};

static void write_text(struct random_number *number, int count)
{
    char *at = number->text;

    if (number->negative)
        *at++ = '-';
    if (number->point <= 0) {
        *at++ = '0';
        *at++ = '.';
        memset(at, '0', (size_t)-number->point);
        at += -number->point;
    }
    for (int i = 0; i < count || i < number->point; i++) {
        if (i == number->point && i != 0)
            *at++ = '.';
        *at++ = i < NUMBER_DIGITS_MAX ? number->digits[i] : '0';
    }
    number->text_len = (size_t)(at - number->text);
}

/* Narrow ranges, so that numbers share exponents and digits. */
static void random_number_make(struct random_number *number, int point_span, int digit_values)
{
    int count = 1 + rand() % NUMBER_DIGITS_MAX;

    number->negative = rand() % 2;
    number->point = point_span == 0 ? rand() % 256 - 129 : rand() % point_span - point_span / 2;
    memset(number->digits, '0', sizeof(number->digits));
    for (int i = 0; i < count; i++)
        number->digits[i] = (char)('0' + rand() % digit_values);
    if (number->digits[0] == '0')
        number->digits[0] = '1';
    while (number->digits[count - 1] == '0')
        count--;
    write_text(number, count);
}

static int random_number_compare(const struct random_number *a, const struct random_number *b)
{
    int order;

    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    order = a->point != b->point ? a->point - b->point : memcmp(a->digits, b->digits, NUMBER_DIGITS_MAX);
    return a->negative ? -order : order;
}

static void random_numbers_in_order(void **state)
{
    static const int spans[][2] = {{0, 10}, {4, 10}, {2, 2}, {6, 3}};

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        const int *span = spans[i % (int)COUNT_OF(spans)];
        struct random_number a, b;

        arena_reset(&arena);
        random_number_make(&a, span[0], span[1]);
        random_number_make(&b, span[0], span[1]);
        assert_round_trip(VALUE_N, bytes_of(a.text, a.text_len));
        assert_order(VALUE_N, bytes_of(a.text, a.text_len), bytes_of(b.text, b.text_len),
                     random_number_compare(&a, &b));
        assert_order(VALUE_N, bytes_of("0", 1), bytes_of(b.text, b.text_len), b.negative ? 1 : -1);
    }
}

/* --- Random texts ------------------------------------------------------------------------------------------------- */

/* From few and awkward bytes, so that prefixes and equal ones are common. */
static size_t random_text(uint8_t *out, size_t len_max)
{
    static const uint8_t bytes[] = {0x00, 0x01, 0x02, 0x7f, 0xfe, 0xff};
    size_t len = (size_t)rand() % (len_max + 1);

    for (size_t i = 0; i < len; i++)
        out[i] = bytes[(size_t)rand() % COUNT_OF(bytes)];
    return len;
}

static void random_binaries_in_order(void **state)
{
    uint8_t a[2048], b[2048];

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        size_t len_max = i % 100 == 0 ? sizeof(a) : 1 + (size_t)i % 6;
        struct bytes x = bytes_of(a, random_text(a, len_max)), y = bytes_of(b, random_text(b, len_max));

        arena_reset(&arena);
        assert_round_trip(VALUE_B, x);
        assert_order(VALUE_B, x, y, bytes_compare(x, y));
        assert_order(VALUE_B, x, bytes_of(a, x.len / 2), x.len != 0); /* a prefix sorts first */
    }
}

/* Begins with = lies between the prefix and its successor. */
static void begins_with_is_a_range(void **state)
{
    uint8_t a[8], b[8];
    struct buf key, first, end;

    (void)state;
    buf_init(&key, 1 << 16);
    buf_init(&first, 1 << 16);
    buf_init(&end, 1 << 16);
    for (int i = 0; i < ROUNDS; i++) {
        struct bytes text = bytes_of(a, random_text(a, 6)), prefix = bytes_of(b, random_text(b, 3));
        struct value value = value_of(VALUE_B, prefix);
        bool inside;

        encode(&key, VALUE_B, text);
        buf_reset(&first);
        key_append_value_prefix(&first, &value);
        buf_reset(&end);
        buf_append_bytes(&end, buf_bytes(&first));
        inside = bytes_compare(buf_bytes(&key), buf_bytes(&first)) >= 0;
        if (key_successor(&end))
            inside = inside && bytes_compare(buf_bytes(&key), buf_bytes(&end)) < 0;
        assert_int_equal(inside, bytes_starts_with(text, prefix));
    }
    buf_deinit(&key);
    buf_deinit(&first);
    buf_deinit(&end);
}

/* --- Several values ----------------------------------------------------------------------------------------------- */

/* A key of a binary, a number and a binary: order is that of the first value that differs, and all come back. */
struct triple {
    uint8_t first[4], last[4];
    struct bytes a, c;
    struct random_number b;
};

static void triple_make(struct triple *triple, struct buf *key)
{
    struct value value;

    triple->a = bytes_of(triple->first, random_text(triple->first, 3));
    triple->c = bytes_of(triple->last, random_text(triple->last, 3));
    random_number_make(&triple->b, 2, 2);
    buf_reset(key);
    value = value_of(VALUE_B, triple->a);
    key_append_value(key, &value);
    value = value_of(VALUE_N, bytes_of(triple->b.text, triple->b.text_len));
    key_append_value(key, &value);
    value = value_of(VALUE_B, triple->c);
    key_append_value(key, &value);
}

static int triple_compare(const struct triple *x, const struct triple *y)
{
    if (bytes_compare(x->a, y->a) != 0)
        return bytes_compare(x->a, y->a);
    if (random_number_compare(&x->b, &y->b) != 0)
        return random_number_compare(&x->b, &y->b);
    return bytes_compare(x->c, y->c);
}

static void values_do_not_bleed(void **state)
{
    struct buf key_x, key_y;
    struct triple x, y;

    (void)state;
    buf_init(&key_x, 1 << 16);
    buf_init(&key_y, 1 << 16);
    for (int i = 0; i < ROUNDS; i++) {
        struct value read[3];
        struct bytes key;

        arena_reset(&arena);
        triple_make(&x, &key_x);
        triple_make(&y, &key_y);
        if (i % 2 == 0) { /* the same first value */
            struct value value = value_of(VALUE_N, bytes_of(y.b.text, y.b.text_len));

            y.a = x.a;
            encode(&key_y, VALUE_B, y.a);
            key_append_value(&key_y, &value);
            value = value_of(VALUE_B, y.c);
            key_append_value(&key_y, &value);
        }
        assert_int_equal(sign(bytes_compare(buf_bytes(&key_x), buf_bytes(&key_y))), sign(triple_compare(&x, &y)));
        key = buf_bytes(&key_x);
        assert_true(key_read_value(&read[0], VALUE_B, &key, &arena));
        assert_true(key_read_value(&read[1], VALUE_N, &key, &arena));
        assert_true(key_read_value(&read[2], VALUE_B, &key, &arena));
        assert_int_equal(key.len, 0);
        assert_true(bytes_equal(read[0].text, x.a));
        assert_true(bytes_equal(read[1].text, bytes_of(x.b.text, x.b.text_len)));
        assert_true(bytes_equal(read[2].text, x.c));
    }
    buf_deinit(&key_x);
    buf_deinit(&key_y);
}

/* --- Bytes that are no key ---------------------------------------------------------------------------------------- */

static void foreign_bytes_are_refused(void **state)
{
    const struct {
        enum value_type type;
        struct bytes key;
    } cases[] = {
        {VALUE_S, BYTES("")},
        {VALUE_S, BYTES("abc")},       /* no end */
        {VALUE_S, BYTES("a\x01")},     /* half an escape */
        {VALUE_S, BYTES("a\x01\x00")}, /* an escape of nothing */
        {VALUE_S, BYTES("a\x01\x03")},
        {VALUE_S, BYTES("\xff\x00")}, /* not UTF-8 */
        {VALUE_N, BYTES("")},
        {VALUE_N, BYTES("\x80")},         /* a head alone */
        {VALUE_N, BYTES("\xc1\x0b")},     /* a pair said to be followed */
        {VALUE_N, BYTES("\xc1\x00")},     /* 0 with another head */
        {VALUE_N, BYTES("\x80\x01\x02")}, /* first pair 00 */
        {VALUE_N, BYTES("\xc1\x0b\x00")}, /* last pair 00 */
        {VALUE_N, BYTES("\xc1\xc8")},     /* pair 100 */
        {VALUE_N, BYTES("\x7f\xff")},     /* minus zero */
        {VALUE_N,
         BYTES("\xc1\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x15\x14")}, /* 39 */
        {VALUE_N,
         BYTES("\xc1\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x03\x02")}, /* 21 pairs
                                                                                                              */
        {VALUE_BOOL, BYTES("\x00")},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct bytes key = cases[i].key;
        struct value value;

        if (key_read_value(&value, cases[i].type, &key, &arena))
            fail_msg("case %zu was read as %.*s", i, BYTES_ARG(value.text));
        assert_int_equal(key.len, cases[i].key.len);
    }
}

static void no_memory_is_no_value(void **state)
{
    struct arena small;
    struct bytes key = bytes_of("abcdefgh", 9);
    struct value value;

    (void)state;
    arena_init(&small, 4);
    assert_false(key_read_value(&value, VALUE_S, &key, &small));
    assert_int_equal(key.len, 9);
    arena_deinit(&small);
}

static void successor_is_the_next_prefix(void **state)
{
    struct buf buf;

    (void)state;
    buf_init(&buf, 1 << 16);
    buf_append(&buf, "a\xff\xff", 3);
    assert_true(key_successor(&buf));
    assert_bytes_are(buf_bytes(&buf), "b");
    buf_reset(&buf);
    buf_append(&buf, "\xff\xff", 2);
    assert_false(key_successor(&buf));
    buf_reset(&buf);
    assert_false(key_successor(&buf));
    buf_deinit(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_bytes),
        cmocka_unit_test(prefix_is_big_endian),
        cmocka_unit_test(numbers_in_order),
        cmocka_unit_test(random_numbers_in_order),
        cmocka_unit_test(random_binaries_in_order),
        cmocka_unit_test(begins_with_is_a_range),
        cmocka_unit_test(values_do_not_bleed),
        cmocka_unit_test(foreign_bytes_are_refused),
        cmocka_unit_test(no_memory_is_no_value),
        cmocka_unit_test(successor_is_the_next_prefix),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
