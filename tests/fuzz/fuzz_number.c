/* SPDX-License-Identifier: Apache-2.0 */
/* Two texts with a NUL or the end between them: what parses must survive formatting as the same number and the same
 * text, and order and sums must agree with one another. */
#include <stdlib.h>

#include "value/number.h"

static void check(bool condition)
{
    if (!condition)
        abort();
}

/* Parses text and checks that its canonical form is a fixed point. False when it is no number. */
static bool take(struct number *out, char canonical[NUMBER_TEXT_MAX], size_t *len, struct bytes text)
{
    char again[NUMBER_TEXT_MAX];
    struct stator_error err = {0};
    struct number reread;

    if (number_parse(out, text, &err) != STATOR_OK) {
        check(err.rc == STATOR_VALIDATION && err.message[0] != 0);
        check(number_fail_older(text, &err) == STATOR_VALIDATION && err.message[0] != 0);
        check(!number_is_canonical(text));
        return false;
    }
    *len = number_format(canonical, out);
    check(*len <= NUMBER_TEXT_MAX);
    check(number_parse(&reread, bytes_of(canonical, *len), NULL) == STATOR_OK);
    check(number_compare(out, &reread) == 0);
    check(number_format(again, &reread) == *len && memcmp(again, canonical, *len) == 0);
    if (number_is_canonical(text))
        check(bytes_equal(text, bytes_of(canonical, *len)));
    if (*len <= NUMBER_DIGITS_MAX)
        check(number_is_canonical(bytes_of(canonical, *len)));
    check(number_size(bytes_of(canonical, *len)) <= 1 + 20 + 1);
    return true;
}

static int sign_of(int order)
{
    return (order > 0) - (order < 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* what libFuzzer calls */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *middle = memchr(data, 0, size);
    size_t first = middle != NULL ? (size_t)(middle - data) : size;
    struct number a, b, sum, back;
    char a_text[NUMBER_TEXT_MAX], b_text[NUMBER_TEXT_MAX];
    size_t a_len, b_len;

    if (!take(&a, a_text, &a_len, bytes_of(data, first)))
        return 0;
    check(number_subtract(&sum, &a, &a, NULL) == STATOR_OK && sum.coefficient == 0 && !sum.negative);
    if (middle == NULL || !take(&b, b_text, &b_len, bytes_of(middle + 1, size - first - 1)))
        return 0;
    check(sign_of(number_compare(&a, &b)) ==
          sign_of(number_compare_text(bytes_of(a_text, a_len), bytes_of(b_text, b_len))));
    if (number_add(&sum, &a, &b, NULL) == STATOR_OK) {
        check(number_subtract(&back, &sum, &b, NULL) == STATOR_OK);
        check(number_compare(&back, &a) == 0);
    }
    return 0;
}
