/* SPDX-License-Identifier: Apache-2.0 */
/* width: how many columns of a terminal a text takes, by the locale's table of characters; and cut to a width.
 *
 * Thread: [any] once the locale is set.
 */
#ifndef CLI_WIDTH_H
#define CLI_WIDTH_H

#include <stddef.h>

struct text;

/* Columns of UTF-8. What is no character of the locale counts one a byte. */
size_t width_of(const char *at, size_t len);

/* Adds the text as a terminal may have it: a control character, which could move the cursor or do worse, and a byte
 * that is no UTF-8 become one '?' each, an end of line and a tab "\n" and "\t"; past `most` columns it ends in an
 * ellipsis. Gives the columns added. */
size_t width_add(struct text *out, const char *at, size_t len, size_t most);

#endif
