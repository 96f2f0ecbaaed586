/* SPDX-License-Identifier: Apache-2.0 */
/* error: the inside of stator/error.h: writing a failure down, passing it on, and asserting what is our own fault. */
#ifndef PROTO_BASE_ERROR_H
#define PROTO_BASE_ERROR_H

#include <stdarg.h>

#include "base/bytes.h"
#include "stator/error.h"

/* Writes rc and the formatted text (cut at STATOR_ERROR_MESSAGE_MAX, after a whole character) into err and returns rc.
 * err may be NULL. */
enum stator_rc stator_fail(struct stator_error *err, enum stator_rc rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The same with the arguments as a list. */
enum stator_rc stator_fail_list(struct stator_error *err, enum stator_rc rc, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* The request outgrew its arena: an InternalServerError of that request alone. */
enum stator_rc stator_fail_memory(struct stator_error *err);

/* With nothing to release, a failure is passed on by this. */
#define STATOR_TRY(call)                                                                                               \
    do {                                                                                                               \
        enum stator_rc try_rc_ = (call);                                                                               \
        if (try_rc_ != STATOR_OK)                                                                                      \
            return try_rc_;                                                                                            \
    } while (0)

/* On in release builds too: a broken invariant must not reach the disk. */
#define stator_assert(condition)                                                                                       \
    do {                                                                                                               \
        if (__builtin_expect(!(condition), 0))                                                                         \
            stator_assert_failed(#condition, __FILE__, __LINE__);                                                      \
    } while (0)

_Noreturn void stator_assert_failed(const char *condition, const char *file, int line);

#endif
