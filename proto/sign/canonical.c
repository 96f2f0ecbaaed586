/* SPDX-License-Identifier: Apache-2.0 */
/* The first stage of a signature, a line for each part:
 *
 *     POST
 *     /
 *     a=1&b=2
 *     host:example.amazonaws.com
 *     x-amz-date:20150830T123600Z
 *                                                     (an empty line)
 *     host;x-amz-date
 *     e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 (no newline)
 */
#include <stdlib.h>

#include "sign/sigv4.h"
#include "sign/text.h"
#include "sign/uri.h"

/* HTTP's `token`: what a method or a header's name consists of. With anything else a name could make up lines. */
static bool is_token(struct bytes text)
{
    static const char others[] = "!#$%&'*+-.^_`|~";

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];

        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) &&
            memchr(others, c, sizeof(others) - 1) == NULL)
            return false;
    }
    return text.len != 0;
}

/* A folded header has line ends and tabs among its blanks. */
static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static uint8_t *put_lower(uint8_t *at, struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        at = put_byte(at, text.at[i] >= 'A' && text.at[i] <= 'Z' ? text.at[i] + ('a' - 'A') : text.at[i]);
    return at;
}

/* Without blanks at its ends, and with one space for each run of them inside. */
static uint8_t *put_trimmed(uint8_t *at, struct bytes value)
{
    bool begun = false, blank = false;

    for (size_t i = 0; i < value.len; i++) {
        if (is_blank(value.at[i])) {
            blank = begun;
            continue;
        }
        if (blank)
            at = put_byte(at, ' ');
        at = put_byte(at, value.at[i]);
        begun = true;
        blank = false;
    }
    return at;
}

/* Names are in lower case by now; of equal ones the order sent counts, which is that of the copies' values' addresses in
 * one block. */
static int by_name(const void *a, const void *b)
{
    const struct sigv4_header *left = a;
    const struct sigv4_header *right = b;
    int order = bytes_compare(left->name, right->name);

    return order != 0 ? order : (left->value.at > right->value.at) - (left->value.at < right->value.at);
}

/* Copies of the headers in canonical form, sorted; *len is what their texts take together. */
static enum stator_rc sort_headers(struct sigv4_header **out, size_t *len, const struct sigv4_request *request,
                                   struct arena *arena, struct stator_error *err)
{
    struct sigv4_header *sorted = ARENA_ARRAY(arena, struct sigv4_header, request->headers_count);
    uint8_t *text, *at;
    size_t most = 0;

    for (size_t i = 0; i < request->headers_count; i++) {
        if (!is_token(request->headers[i].name))
            return stator_fail(err, STATOR_VALIDATION, "A header to be signed has a name that HTTP does not allow");
        most += request->headers[i].name.len + request->headers[i].value.len;
    }
    text = arena_alloc(arena, most);
    if (sorted == NULL || text == NULL)
        return stator_fail_memory(err);
    at = text;
    for (size_t i = 0; i < request->headers_count; i++) {
        uint8_t *name = at;
        uint8_t *value = put_lower(name, request->headers[i].name);

        at = put_trimmed(value, request->headers[i].value);
        sorted[i] =
            (struct sigv4_header){bytes_of(name, (size_t)(value - name)), bytes_of(value, (size_t)(at - value))};
    }
    qsort(sorted, request->headers_count, sizeof(*sorted), by_name);
    *out = sorted;
    *len = (size_t)(at - text);
    return STATOR_OK;
}

/* "a:1,2\nb:3\n" */
static uint8_t *put_headers(uint8_t *at, const struct sigv4_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i != 0 && bytes_equal(headers[i - 1].name, headers[i].name))
            at[-1] = ','; /* in place of the newline */
        else
            at = put_byte(put(at, headers[i].name), ':');
        at = put_byte(put(at, headers[i].value), '\n');
    }
    return at;
}

/* "a;b" */
static uint8_t *put_names(uint8_t *at, const struct sigv4_header *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i != 0 && bytes_equal(headers[i - 1].name, headers[i].name))
            continue;
        at = put(i != 0 ? put_byte(at, ';') : at, headers[i].name);
    }
    return at;
}

enum stator_rc sigv4_canonical(struct bytes *canonical, struct bytes *signed_headers,
                               const struct sigv4_request *request, struct arena *arena, struct stator_error *err)
{
    struct sigv4_header *headers = NULL;
    struct bytes path, query;
    uint8_t *text, *names, *at;
    size_t headers_len = 0;

    if (!is_token(request->method))
        return stator_fail(err, STATOR_VALIDATION, "A request to be signed has a method that HTTP does not allow");
    STATOR_TRY(sort_headers(&headers, &headers_len, request, arena, err));
    if (!uri_path(&path, request->path, request->keep_dots, request->keep_escapes, arena) ||
        !uri_query(&query, request->query, arena))
        return stator_fail_memory(err);
    /* Names stand there twice; a header adds a colon, a newline and a semicolon; the other parts add five newlines. */
    text = arena_alloc(arena, request->method.len + path.len + query.len + 2 * headers_len +
                                  3 * request->headers_count + request->payload_hash.len + 5);
    if (text == NULL)
        return stator_fail_memory(err);
    at = put_byte(put(text, request->method), '\n');
    at = put_byte(put(at, path), '\n');
    at = put_byte(put(at, query), '\n');
    names = put_byte(put_headers(at, headers, request->headers_count), '\n');
    at = put_names(names, headers, request->headers_count);
    *signed_headers = bytes_of(names, (size_t)(at - names));
    at = put(put_byte(at, '\n'), request->payload_hash);
    *canonical = bytes_of(text, (size_t)(at - text));
    return STATOR_OK;
}
