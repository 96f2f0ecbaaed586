/* SPDX-License-Identifier: Apache-2.0 */
#include "width.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>

#include "text.h"

#define ELLIPSIS "\xE2\x80\xA6"

/* What is shown of the character at `at`, and how wide it is. */
struct shown {
    const char *at;
    size_t len, columns, used; /* used: bytes of the text */
};

static struct shown shown_of(const char *at, size_t len)
{
    mbstate_t state = {0};
    wchar_t wide;
    size_t used = mbrtowc(&wide, at, len, &state);
    int columns;

    if (*at == '\n')
        return (struct shown){"\\n", 2, 2, 1};
    if (*at == '\t')
        return (struct shown){"\\t", 2, 2, 1};
    if (used == 0 || used > len)
        return (struct shown){"?", 1, 1, 1};
    columns = wcwidth(wide);
    if (columns < 0)
        return (struct shown){"?", 1, 1, used};
    return (struct shown){at, used, (size_t)columns, used};
}

size_t width_of(const char *at, size_t len)
{
    size_t columns = 0;

    while (len > 0) {
        struct shown next = shown_of(at, len);

        columns += next.columns;
        at += next.used;
        len -= next.used;
    }
    return columns;
}

static size_t add_up_to(struct text *out, const char *at, size_t len, size_t most)
{
    size_t columns = 0;

    while (len > 0) {
        struct shown next = shown_of(at, len);

        if (columns + next.columns > most)
            break;
        text_add(out, next.at, next.len);
        columns += next.columns;
        at += next.used;
        len -= next.used;
    }
    return columns;
}

size_t width_add(struct text *out, const char *at, size_t len, size_t most)
{
    size_t columns;

    if (width_of(at, len) <= most)
        return add_up_to(out, at, len, most);
    if (most == 0)
        return 0;
    columns = add_up_to(out, at, len, most - 1);
    text_string(out, ELLIPSIS);
    return columns + 1;
}
