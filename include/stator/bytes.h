/* SPDX-License-Identifier: Apache-2.0 */
/* bytes: a borrowed view of memory. Nothing is ever freed through it. A NULL `at` means "absent"; an empty text has a
 * non-NULL `at` and a length of 0. A view that the library gives is not NUL-terminated: print it with "%.*s" and
 * STATOR_ARG(view).
 */
#ifndef STATOR_BYTES_H
#define STATOR_BYTES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

struct stator_bytes {
    const uint8_t *at;
    size_t len;
};

/* For printf's "%.*s". */
#define STATOR_ARG(view) (int)(view).len, (const char *)(view).at

/* A view of len bytes, which the caller keeps for as long as the view is used. */
static inline struct stator_bytes stator_bytes_of(const void *at, size_t len)
{
    struct stator_bytes view;

    view.at = (const uint8_t *)at;
    view.len = len;
    return view;
}

/* A view of a C string, without its NUL; absent when it is NULL. */
static inline struct stator_bytes stator_text(const char *string)
{
    return stator_bytes_of(string, string == NULL ? 0 : strlen(string));
}

/* Whether two views hold the same bytes. Absent equals empty. */
static inline int stator_bytes_equal(struct stator_bytes a, struct stator_bytes b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

/* Whether a view holds just that C string. */
static inline int stator_is(struct stator_bytes view, const char *string)
{
    return stator_bytes_equal(view, stator_text(string));
}

#ifdef __cplusplus
}
#endif

#endif
