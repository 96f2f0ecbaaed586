/* SPDX-License-Identifier: Apache-2.0 */
#include "base/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#define V "com.amazon.coral.validate#"
#define C "com.amazon.coral.service#"
#define D "com.amazonaws.dynamodb.v20120810#"
#define A "com.amazon.coral.availability#"

static const struct stator_error_info info[STATOR_RC_COUNT] = {
#define X(code, status, retry, prefix, wire, member) [STATOR_##code] = {status, retry, prefix wire, wire, member},
#include "stator/errors.def"
#undef X
};

const struct stator_error_info *stator_error_info(enum stator_rc rc)
{
    if ((unsigned)rc < STATOR_RC_COUNT && info[rc].name != NULL)
        return &info[rc];
    return &info[STATOR_INTERNAL_SERVER_ERROR];
}

/* The text was cut, perhaps inside a character: its bytes go, so that the rest is text. */
static void drop_cut_character(char *text)
{
    size_t len = strlen(text), start = len;

    while (start > 0 && len - start < 4 && ((unsigned char)text[--start] & 0xC0) == 0x80)
        ;
    if (utf8_sequence(bytes_of(text + start, len - start)) != len - start)
        text[start] = '\0';
}

enum stator_rc stator_fail_list(struct stator_error *err, enum stator_rc rc, const char *format, va_list args)
{
    int length;

    if (err == NULL)
        return rc;
    err->rc = rc;
    length = vsnprintf(err->message, sizeof(err->message), format, args);
    if (length >= (int)sizeof(err->message))
        drop_cut_character(err->message);
    return rc;
}

enum stator_rc stator_fail(struct stator_error *err, enum stator_rc rc, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    stator_fail_list(err, rc, format, args);
    va_end(args);
    return rc;
}

enum stator_rc stator_fail_memory(struct stator_error *err)
{
    return stator_fail(err, STATOR_NO_MEMORY, "The request needs more memory than a request may take");
}

_Noreturn void stator_assert_failed(const char *condition, const char *file, int line)
{
    fprintf(stderr, "stator: broken invariant: %s (%s:%d)\n", condition, file, line);
    abort();
}
