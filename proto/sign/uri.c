/* SPDX-License-Identifier: Apache-2.0 */
#include "sign/uri.h"

#include <stdlib.h>

#include "sign/text.h"

#define ESCAPED 3 /* "%2F" for one byte */

struct parameter {
    struct bytes name, value; /* escaped */
};

/* RFC 3986's unreserved characters: they alone stand for themselves. */
static bool is_unreserved(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

static uint8_t *put_escaped(uint8_t *at, uint8_t c)
{
    static const char digits[] = "0123456789ABCDEF";

    if (is_unreserved(c))
        return put_byte(at, c);
    *at++ = '%';
    *at++ = (uint8_t)digits[c >> 4];
    *at++ = (uint8_t)digits[c & 15];
    return at;
}

/* --- The path ----------------------------------------------------------------------------------------------------- */

/* Removes the last "/name" of what was written since start. */
static uint8_t *up(uint8_t *start, uint8_t *at)
{
    while (at > start && *--at != '/')
        ;
    return at;
}

/* "/a/./b//../c/" becomes "/a/c/". Never longer than the path and a slash. */
static uint8_t *put_normal(uint8_t *at, struct bytes path)
{
    uint8_t *start = at;
    size_t i = 0;

    while (i < path.len) {
        size_t end = i;

        while (end < path.len && path.at[end] != '/')
            end++;
        if (end - i == 2 && path.at[i] == '.' && path.at[i + 1] == '.')
            at = up(start, at);
        else if (end != i && !(end - i == 1 && path.at[i] == '.'))
            at = put(put_byte(at, '/'), bytes_of(path.at + i, end - i));
        i = end + 1;
    }
    if (at == start || path.at[path.len - 1] == '/')
        at = put_byte(at, '/');
    return at;
}

bool uri_path(struct bytes *out, struct bytes path, bool keep_dots, bool keep_escapes, struct arena *arena)
{
    uint8_t *normal, *escaped, *at;
    struct bytes names = path.len != 0 ? path : BYTES("/");

    if (!keep_dots) {
        normal = arena_alloc(arena, path.len + 1);
        if (normal == NULL)
            return false;
        names = bytes_of(normal, (size_t)(put_normal(normal, path) - normal));
    }
    *out = names;
    if (keep_escapes)
        return true;
    escaped = arena_alloc(arena, names.len * ESCAPED);
    if (escaped == NULL)
        return false;
    at = escaped;
    for (size_t i = 0; i < names.len; i++)
        at = names.at[i] == '/' ? put_byte(at, '/') : put_escaped(at, names.at[i]);
    *out = bytes_of(escaped, (size_t)(at - escaped));
    return true;
}

/* --- The query ---------------------------------------------------------------------------------------------------- */

static int hex_digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Whatever way text is escaped. A '%' that begins no escape is a character. At most ESCAPED times as long. */
static struct bytes escape_again(uint8_t **at, struct bytes text)
{
    uint8_t *start = *at;

    for (size_t i = 0; i < text.len; i++) {
        int high = text.at[i] == '%' && i + 2 < text.len ? hex_digit(text.at[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.at[i + 2]) : -1;

        *at = put_escaped(*at, (uint8_t)(low >= 0 ? high << 4 | low : text.at[i]));
        i += low >= 0 ? 2 : 0;
    }
    return bytes_of(start, (size_t)(*at - start));
}

static int by_name_and_value(const void *a, const void *b)
{
    const struct parameter *left = a;
    const struct parameter *right = b;
    int order = bytes_compare(left->name, right->name);

    return order != 0 ? order : bytes_compare(left->value, right->value);
}

/* Fills parameters, for which there is room enough, with texts written from `at` on. Gives their number. */
static size_t read_parameters(struct parameter *parameters, uint8_t *at, struct bytes query)
{
    size_t count = 0;

    for (size_t i = 0; i < query.len; i++) {
        size_t start = i, equals;
        struct parameter *p = &parameters[count];

        while (i < query.len && query.at[i] != '&')
            i++;
        for (equals = start; equals < i && query.at[equals] != '=';)
            equals++;
        if (i == start)
            continue;
        p->name = escape_again(&at, bytes_of(query.at + start, equals - start));
        p->value = equals < i ? escape_again(&at, bytes_of(query.at + equals + 1, i - equals - 1)) : BYTES("");
        count += !bytes_equal(p->name, BYTES("X-Amz-Signature"));
    }
    return count;
}

bool uri_query(struct bytes *out, struct bytes query, struct arena *arena)
{
    struct parameter *parameters;
    uint8_t *escaped, *text, *at;
    size_t most = 1, count;

    *out = BYTES("");
    if (query.len == 0)
        return true;
    for (size_t i = 0; i < query.len; i++)
        most += query.at[i] == '&';
    parameters = ARENA_ARRAY(arena, struct parameter, most);
    escaped = arena_alloc(arena, query.len * ESCAPED);
    text = arena_alloc(arena, query.len * ESCAPED + 2 * most);
    if (parameters == NULL || escaped == NULL || text == NULL)
        return false;
    count = read_parameters(parameters, escaped, query);
    qsort(parameters, count, sizeof(*parameters), by_name_and_value);
    at = text;
    for (size_t i = 0; i < count; i++) {
        if (i != 0)
            at = put_byte(at, '&');
        at = put(put_byte(put(at, parameters[i].name), '='), parameters[i].value);
    }
    *out = bytes_of(text, (size_t)(at - text));
    return true;
}
