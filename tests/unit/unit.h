/* SPDX-License-Identifier: Apache-2.0 */
/* What every unit test includes first. cmocka wants these headers before its own. */
#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* Compares a view with a C string and shows both. */
static inline void assert_bytes_are(struct bytes actual, const char *expected)
{
    if (!bytes_equal_string(actual, expected))
        fail_msg("\"%.*s\" is not \"%s\"", BYTES_ARG(actual), expected);
}

#endif
