/* SPDX-License-Identifier: Apache-2.0 */
/* number: DynamoDB's exact decimals: 38 significant digits, magnitude 1E-130 to 9.99..E+125, and zero.
 *
 * value = (negative ? -1 : 1) * coefficient * 10^exponent, coefficient < 10^38, without trailing zeros; zero is
 * coefficient 0, exponent 0, not negative. So equal numbers are equal structs.
 */
#ifndef PROTO_VALUE_NUMBER_H
#define PROTO_VALUE_NUMBER_H

#include "base/bytes.h"
#include "base/error.h"

#define NUMBER_DIGITS_MAX 38
#define NUMBER_TEXT_MAX   176 /* longest canonical text: sign, "0.", 129 zeros, 38 digits */
#define NUMBER_SHORT_MAX  48  /* longest shortened text: sign, 38 digits, E, an exponent of -130 to 125 */

__extension__ typedef unsigned __int128 uint128;

struct number {
    uint128 coefficient;
    int32_t exponent;
    bool negative;
};

/* Reads what the service accepts as an N: optional sign, digits with an optional point, optional exponent. On failure
 * STATOR_VALIDATION with the service's words (not numeric; overflow; underflow; more than 38 digits, in this order).
 * Zero is tested against the range by the exponent it is written with. */
STATOR_MUST_CHECK enum stator_rc number_parse(struct number *out, struct bytes text, struct stator_error *err);

/* What the service's older layer of checks (BatchWriteItem, Scan, transactions) says of a text that number_parse has
 * refused: nothing of an empty text, and exponents as a 32-bit integer that wraps. Always fails. */
enum stator_rc number_fail_older(struct bytes text, struct stator_error *err);

/* Whether text is surely what number_format would write. A quick look: false for some canonical texts of more than 38
 * digits. */
bool number_is_canonical(struct bytes text);

/* Writes the text the service gives back: plain decimal notation without exponent, leading or trailing zeros
 * ("0.001", "-120", "0"). Returns its length. */
size_t number_format(char out[NUMBER_TEXT_MAX], const struct number *number);

/* The text of a canonical one as it is stored when that is far shorter: its digits without the zeros at either end, and
 * an exponent ("-11E-130"). number_parse reads it. Returns its length; 0: the canonical text is stored. */
size_t number_shorten(char out[NUMBER_SHORT_MAX], struct bytes canonical);

int number_compare(const struct number *a, const struct number *b);

/* Order by value of two canonical texts, without parsing them. */
int number_compare_text(struct bytes a, struct bytes b);

/* Exact sum or difference. STATOR_VALIDATION with the service's words when it leaves the range, or needs more than 38
 * digits: the service calls that an overflow too (1E50 - 1). */
STATOR_MUST_CHECK enum stator_rc number_add(struct number *out, const struct number *a, const struct number *b,
                                            struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc number_subtract(struct number *out, const struct number *a, const struct number *b,
                                                 struct stator_error *err);

/* Bytes an N counts: text is canonical. */
size_t number_size(struct bytes text);

#endif
