/* SPDX-License-Identifier: Apache-2.0 */
#include "value/number.h"

#include <stdlib.h>

#define EXPONENT_MAX 125    /* of the first digit: 9.99E+125 is the largest magnitude */
#define EXPONENT_MIN (-130) /* 1E-130 is the smallest */

static const char overflow[] =
    "Number overflow. Attempting to store a number with magnitude larger than supported range";
static const char underflow[] =
    "Number underflow. Attempting to store a number with magnitude smaller than supported range";
static const char too_precise[] = "Attempting to store more than 38 significant digits in a Number";
static const char not_numeric[] = "The parameter cannot be converted to a numeric value";

/* A text split as the grammar says. Digits are numbered from the first, the point not counted. */
struct parts {
    struct bytes mantissa; /* digits and perhaps a point */
    size_t integers;       /* digits before the point */
    size_t digits;         /* all */
    size_t first, last;    /* the first and the last that are not 0; both == digits when the number is 0 */
    int64_t exponent;      /* as written */
    bool negative;
};

/* --- Powers and lengths ------------------------------------------------------------------------------------------ */

static uint128 power_of_ten(unsigned exponent) /* at most 38 */
{
    static const uint64_t powers[20] = {1u,
                                        10u,
                                        100u,
                                        1000u,
                                        10000u,
                                        100000u,
                                        1000000u,
                                        10000000u,
                                        100000000u,
                                        1000000000u,
                                        10000000000u,
                                        100000000000u,
                                        1000000000000u,
                                        10000000000000u,
                                        100000000000000u,
                                        1000000000000000u,
                                        10000000000000000u,
                                        100000000000000000u,
                                        1000000000000000000u,
                                        10000000000000000000u};

    return exponent < 20 ? powers[exponent] : (uint128)powers[19] * powers[exponent - 19];
}

/* Decimal digits; 1 for 0. */
static unsigned digits_of(uint128 coefficient)
{
    uint64_t high = (uint64_t)(coefficient >> 64);
    uint64_t low = (uint64_t)coefficient | 1;
    unsigned bits = 64 - (unsigned)__builtin_clzll(low);
    unsigned digits;

    if (high != 0)
        bits = 128 - (unsigned)__builtin_clzll(high);
    digits = bits * 1233 >> 12; /* log10(2) = 1233 / 4096: this or one more */
    return digits + (coefficient >= power_of_ten(digits)) + (coefficient == 0);
}

/* Takes the zeros at the end of the coefficient into the exponent. */
static void trim(struct number *number)
{
    if (number->coefficient == 0) {
        *number = (struct number){0};
        return;
    }
    for (unsigned step = 16; step != 0; step /= 2) {
        uint64_t power = (uint64_t)power_of_ten(step);

        while (number->coefficient % power == 0) {
            number->coefficient /= power;
            number->exponent += (int32_t)step;
        }
    }
}

/* Power of ten of the first digit. */
static int32_t magnitude_of(const struct number *number)
{
    return number->exponent + (int32_t)digits_of(number->coefficient) - 1;
}

/* --- Parsing ------------------------------------------------------------------------------------------------------ */

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* Reads the digits and the point from at. False when there is no digit. */
static bool split_mantissa(struct parts *out, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *begin = *at;
    const uint8_t *c = begin;
    bool point = false;

    out->first = SIZE_MAX;
    for (; c < end && (is_digit(*c) || (*c == '.' && !point)); c++) {
        if (*c == '.') {
            point = true;
            out->integers = out->digits;
            continue;
        }
        if (*c != '0') {
            if (out->first == SIZE_MAX)
                out->first = out->digits;
            out->last = out->digits;
        }
        out->digits++;
    }
    if (!point)
        out->integers = out->digits;
    if (out->first == SIZE_MAX)
        out->first = out->last = out->digits;
    out->mantissa = bytes_of(begin, (size_t)(c - begin));
    *at = c;
    return out->digits != 0;
}

/* Reads e, a sign and digits up to the end. False when they are not that or do not fit 64 bits. */
static bool split_exponent(struct parts *out, const uint8_t *at, const uint8_t *end)
{
    bool negative;

    if (at == end)
        return true;
    if (*at != 'e' && *at != 'E')
        return false;
    at++;
    negative = at < end && *at == '-';
    if (at < end && (*at == '-' || *at == '+'))
        at++;
    if (at == end)
        return false;
    for (; at < end; at++) {
        int64_t digit = negative ? '0' - *at : *at - '0';

        if (!is_digit(*at) || __builtin_mul_overflow(out->exponent, 10, &out->exponent) ||
            __builtin_add_overflow(out->exponent, digit, &out->exponent))
            return false;
    }
    return true;
}

static bool split(struct parts *out, struct bytes text)
{
    const uint8_t *at = text.at;
    const uint8_t *end;

    *out = (struct parts){0};
    if (text.len == 0) /* perhaps absent */
        return false;
    end = at + text.len;
    if (*at == '-' || *at == '+')
        out->negative = *at++ == '-';
    return split_mantissa(out, &at, end) && split_exponent(out, at, end);
}

/* Power of ten of the digit with that number; of the last one written when all are 0. Sums of a length of memory and 64
 * bits fit 128. */
static __int128 power_at(const struct parts *parts, size_t digit)
{
    if (digit == parts->digits)
        digit--;
    return (__int128)parts->exponent + (__int128)parts->integers - (__int128)digit - 1;
}

/* The digits from the first to the last that is not 0, at most 38. */
static uint128 coefficient_of(const struct parts *parts)
{
    uint128 coefficient = 0;
    uint64_t chunk = 0;
    unsigned in_chunk = 0;
    const uint8_t *at = parts->mantissa.at + parts->first + (parts->first >= parts->integers);

    for (size_t digit = parts->first; digit <= parts->last; digit++, at++) {
        if (*at == '.')
            at++;
        chunk = chunk * 10 + (uint64_t)(*at - '0');
        if (++in_chunk == 19) {
            coefficient = coefficient * power_of_ten(19) + chunk;
            chunk = in_chunk = 0;
        }
    }
    return coefficient * power_of_ten(in_chunk) + chunk;
}

enum stator_rc number_parse(struct number *out, struct bytes text, struct stator_error *err)
{
    struct parts parts;
    __int128 magnitude;

    if (!split(&parts, text))
        return stator_fail(err, STATOR_VALIDATION, "%s: %.*s", not_numeric, BYTES_ARG(text));
    magnitude = power_at(&parts, parts.first);
    if (magnitude > EXPONENT_MAX)
        return stator_fail(err, STATOR_VALIDATION, "%s", overflow);
    if (magnitude < EXPONENT_MIN)
        return stator_fail(err, STATOR_VALIDATION, "%s", underflow);
    *out = (struct number){0};
    if (parts.first == parts.digits)
        return STATOR_OK;
    if (parts.last - parts.first >= NUMBER_DIGITS_MAX)
        return stator_fail(err, STATOR_VALIDATION, "%s", too_precise);
    out->coefficient = coefficient_of(&parts);
    out->exponent = (int32_t)power_at(&parts, parts.last);
    out->negative = parts.negative;
    return STATOR_OK;
}

enum stator_rc number_fail_older(struct bytes text, struct stator_error *err)
{
    struct parts parts;
    __int128 scale;
    int32_t wrapped;

    if (text.len == 0)
        return stator_fail(err, STATOR_VALIDATION, "%s", not_numeric);
    if (!split(&parts, text))
        return stator_fail(err, STATOR_VALIDATION, "%s: %.*s", not_numeric, BYTES_ARG(text));
    scale = -power_at(&parts, parts.digits);
    if (scale != (int32_t)scale || parts.exponent != (int32_t)parts.exponent)
        return stator_fail(err, STATOR_VALIDATION, "%s: %.*s", not_numeric, BYTES_ARG(text));
    wrapped = (int32_t)(uint32_t)(power_at(&parts, parts.first) + 1);
    if (wrapped > EXPONENT_MAX + 1)
        return stator_fail(err, STATOR_VALIDATION, "%s", overflow);
    if (wrapped < EXPONENT_MIN + 1)
        return stator_fail(err, STATOR_VALIDATION, "%s", underflow);
    return stator_fail(err, STATOR_VALIDATION, "%s", too_precise);
}

/* --- Text --------------------------------------------------------------------------------------------------------- */

/* The digits of a 64-bit number, right-aligned to end, at least `least` of them. Returns where they begin. */
static char *digits_before(char *end, uint64_t value, unsigned least)
{
    char *at = end;

    for (; value != 0; value /= 10)
        *--at = (char)('0' + value % 10);
    while ((unsigned)(end - at) < least)
        *--at = '0';
    return at;
}

static char *coefficient_digits(char *end, uint128 coefficient)
{
    uint64_t power = (uint64_t)power_of_ten(19);

    if (coefficient >> 64 == 0)
        return digits_before(end, (uint64_t)coefficient, 1);
    end = digits_before(end, (uint64_t)(coefficient % power), 19);
    return digits_before(end, (uint64_t)(coefficient / power), 1); /* 38 digits less 19 fit 64 bits */
}

size_t number_format(char out[NUMBER_TEXT_MAX], const struct number *number)
{
    char digits[NUMBER_DIGITS_MAX];
    char *end = digits + sizeof(digits);
    char *begin = coefficient_digits(end, number->coefficient);
    size_t count = (size_t)(end - begin);
    int32_t point = (int32_t)count + number->exponent; /* digits before it; may be negative */
    char *to = out;

    if (number->negative)
        *to++ = '-';
    if (point <= 0) {
        *to++ = '0';
        *to++ = '.';
        memset(to, '0', (size_t)-point);
        memcpy(to - point, begin, count);
        to += (size_t)-point + count;
    } else if ((size_t)point >= count) {
        memcpy(to, begin, count);
        memset(to + count, '0', (size_t)point - count);
        to += point;
    } else {
        memcpy(to, begin, (size_t)point);
        to[point] = '.';
        memcpy(to + point + 1, begin + point, count - (size_t)point);
        to += count + 1;
    }
    return (size_t)(to - out);
}

/* Takes the sign from a canonical text. */
static bool take_sign(struct bytes *text)
{
    if (text->len == 0 || text->at[0] != '-')
        return false;
    text->at++;
    text->len--;
    return true;
}

/* What is cut off has to be worth a second form. */
#define SHORTER_BY_LEAST 16

size_t number_shorten(char out[NUMBER_SHORT_MAX], struct bytes canonical)
{
    struct bytes digits = canonical;
    bool negative = take_sign(&digits);
    char last[4], *end = last + sizeof(last), *to = out, *begin;
    size_t all = digits.len;
    int exponent;

    if (all <= SHORTER_BY_LEAST)
        return 0;
    if (digits.at[0] == '0') { /* 0.00..0ddd */
        exponent = -(int)(all - 2);
        for (digits = bytes_of(digits.at + 2, all - 2); digits.len > 1 && digits.at[0] == '0'; digits.len--)
            digits.at++;
    } else {
        while (digits.len > 1 && digits.at[digits.len - 1] == '0')
            digits.len--;
        exponent = (int)(all - digits.len);
    }
    if (all - digits.len < SHORTER_BY_LEAST || digits.len > NUMBER_DIGITS_MAX)
        return 0;
    if (negative)
        *to++ = '-';
    memcpy(to, digits.at, digits.len);
    to += digits.len;
    *to++ = 'E';
    if (exponent < 0)
        *to++ = '-';
    begin = digits_before(end, (uint64_t)abs(exponent), 1);
    memcpy(to, begin, (size_t)(end - begin));
    return (size_t)(to - out) + (size_t)(end - begin);
}

/* Digits before the point. */
static size_t integer_digits(struct bytes text)
{
    const uint8_t *point = memchr(text.at, '.', text.len);

    return point != NULL ? (size_t)(point - text.at) : text.len;
}

bool number_is_canonical(struct bytes text)
{
    bool negative = take_sign(&text);
    size_t points = 0;

    if (text.len == 0 || text.len > NUMBER_DIGITS_MAX)
        return false;
    if (text.len == 1)
        return is_digit(text.at[0]) && !(negative && text.at[0] == '0');
    for (size_t i = 0; i < text.len; i++) {
        points += text.at[i] == '.';
        if (!is_digit(text.at[i]) && text.at[i] != '.')
            return false;
    }
    if (text.at[0] == '.' || (text.at[0] == '0' && text.at[1] != '.'))
        return false;
    return points == 0 || (points == 1 && text.at[text.len - 1] != '0' && text.at[text.len - 1] != '.');
}

/* --- Order -------------------------------------------------------------------------------------------------------- */

int number_compare_text(struct bytes a, struct bytes b)
{
    bool a_negative = take_sign(&a);
    bool b_negative = take_sign(&b);
    size_t a_integers, b_integers;
    int order;

    if (a_negative != b_negative)
        return a_negative ? -1 : 1;
    a_integers = integer_digits(a);
    b_integers = integer_digits(b);
    if (a_integers != b_integers)
        order = a_integers < b_integers ? -1 : 1;
    else
        order = bytes_compare(a, b); /* the points are at one place; what is longer has more after it */
    return a_negative ? -order : order;
}

static int compare_magnitudes(const struct number *a, const struct number *b)
{
    int32_t a_magnitude = magnitude_of(a);
    int32_t b_magnitude = magnitude_of(b);
    uint128 a_aligned = a->coefficient;
    uint128 b_aligned = b->coefficient;

    if (a->coefficient == 0 || b->coefficient == 0)
        return (a->coefficient != 0) - (b->coefficient != 0);
    if (a_magnitude != b_magnitude)
        return a_magnitude < b_magnitude ? -1 : 1;
    if (a->exponent > b->exponent) /* by less than 38: their first digits are at one place */
        a_aligned *= power_of_ten((unsigned)(a->exponent - b->exponent));
    else
        b_aligned *= power_of_ten((unsigned)(b->exponent - a->exponent));
    return (a_aligned > b_aligned) - (a_aligned < b_aligned);
}

int number_compare(const struct number *a, const struct number *b)
{
    if (a->negative != b->negative)
        return a->negative ? -1 : 1;
    return a->negative ? compare_magnitudes(b, a) : compare_magnitudes(a, b);
}

/* --- Sums --------------------------------------------------------------------------------------------------------- */

/* Brings the number with the larger exponent down to the other's. False when that takes more than 128 bits: the sum
 * then has a digit that is not 0 at each end and more than 38 between them. */
static bool align(struct number *high, const struct number *low)
{
    int32_t shift = high->exponent - low->exponent;

    if (shift > NUMBER_DIGITS_MAX)
        return false;
    high->exponent = low->exponent;
    return !__builtin_mul_overflow(high->coefficient, power_of_ten((unsigned)shift), &high->coefficient);
}

/* A sum of numbers with one exponent. The coefficients are below 2^128, but only one of them may be past 10^38. */
static bool add_aligned(struct number *out, const struct number *a, const struct number *b)
{
    *out = *a;
    if (a->negative == b->negative)
        return !__builtin_add_overflow(a->coefficient, b->coefficient, &out->coefficient);
    if (a->coefficient < b->coefficient)
        *out = *b;
    out->coefficient =
        a->coefficient > b->coefficient ? a->coefficient - b->coefficient : b->coefficient - a->coefficient;
    return true;
}

enum stator_rc number_add(struct number *out, const struct number *a, const struct number *b, struct stator_error *err)
{
    struct number high = a->exponent >= b->exponent ? *a : *b;
    struct number low = a->exponent >= b->exponent ? *b : *a;
    struct number sum;

    if (a->coefficient == 0 || b->coefficient == 0) {
        *out = a->coefficient == 0 ? *b : *a;
        return STATOR_OK;
    }
    if (!align(&high, &low) || !add_aligned(&sum, &high, &low))
        return stator_fail(err, STATOR_VALIDATION, "%s", overflow);
    trim(&sum);
    if (sum.coefficient >= power_of_ten(NUMBER_DIGITS_MAX) || magnitude_of(&sum) > EXPONENT_MAX)
        return stator_fail(err, STATOR_VALIDATION, "%s", overflow);
    if (sum.coefficient != 0 && magnitude_of(&sum) < EXPONENT_MIN)
        return stator_fail(err, STATOR_VALIDATION, "%s", underflow);
    *out = sum;
    return STATOR_OK;
}

enum stator_rc number_subtract(struct number *out, const struct number *a, const struct number *b,
                               struct stator_error *err)
{
    struct number negated = *b;

    if (b->coefficient != 0)
        negated.negative = !b->negative;
    return number_add(out, a, &negated, err);
}

/* --- Size --------------------------------------------------------------------------------------------------------- */

size_t number_size(struct bytes text)
{
    bool negative = take_sign(&text);
    size_t integers = integer_digits(text);
    size_t fractions = integers < text.len ? text.len - integers - 1 : 0;
    const uint8_t *fraction = text.at + text.len - fractions;

    if (fractions == 0) {
        while (integers != 0 && text.at[integers - 1] == '0')
            integers--;
    } else if (integers == 1 && text.at[0] == '0') {
        integers = 0;
        for (; fractions != 0 && *fraction == '0'; fraction++)
            fractions--;
    }
    return 1 + (integers + 1) / 2 + (fractions + 1) / 2 + negative;
}
