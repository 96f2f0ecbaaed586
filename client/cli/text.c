/* SPDX-License-Identifier: Apache-2.0 */
#include "text.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static void no_memory(void)
{
    fputs("stator: out of memory\n", stderr);
    exit(EXIT_FAILURE);
}

void *must_alloc(size_t len)
{
    void *block = calloc(1, len == 0 ? 1 : len);

    if (block == NULL)
        no_memory();
    return block;
}

void *must_resize(void *block, size_t len)
{
    block = realloc(block, len == 0 ? 1 : len);
    if (block == NULL)
        no_memory();
    return block;
}

char *must_copy(const char *string)
{
    size_t size = strlen(string) + 1;

    return memcpy(must_alloc(size), string, size);
}

/* Room for len more and a NUL. */
static void make_room(struct text *text, size_t len)
{
    size_t room = text->room < 64 ? 64 : text->room;

    while (room - text->len <= len)
        room *= 2;
    if (room != text->room)
        text->at = must_resize(text->at, room);
    text->room = room;
}

void text_add(struct text *text, const void *at, size_t len)
{
    make_room(text, len);
    if (len > 0)
        memcpy(text->at + text->len, at, len);
    text->len += len;
    text->at[text->len] = '\0';
}

void text_string(struct text *text, const char *string)
{
    text_add(text, string, strlen(string));
}

void text_bytes(struct text *text, struct stator_bytes bytes)
{
    text_add(text, bytes.at, bytes.len);
}

void text_char(struct text *text, char c)
{
    text_add(text, &c, 1);
}

void text_format(struct text *text, const char *format, ...)
{
    va_list arguments;
    int len;

    va_start(arguments, format);
    len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (len < 0)
        return;
    make_room(text, (size_t)len);
    va_start(arguments, format);
    vsnprintf(text->at + text->len, (size_t)len + 1, format, arguments);
    va_end(arguments);
    text->len += (size_t)len;
}

void text_json(struct text *out, const char *string)
{
    text_char(out, '"');
    for (; *string != '\0'; string++) {
        if (*string == '"' || *string == '\\')
            text_format(out, "\\%c", *string);
        else if ((unsigned char)*string < ' ')
            text_format(out, "\\u%04x", (unsigned)*string);
        else
            text_char(out, *string);
    }
    text_char(out, '"');
}

void text_clear(struct text *text)
{
    text->len = 0;
    if (text->at != NULL)
        text->at[0] = '\0';
}

void text_free(struct text *text)
{
    free(text->at);
    *text = (struct text){0};
}

struct stator_bytes text_view(const struct text *text)
{
    return stator_bytes_of(text->at == NULL ? "" : text->at, text->len);
}

/* --- Base64 ------------------------------------------------------------------------------------------------------- */

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void text_base64(struct text *text, struct stator_bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i += 3) {
        size_t left = bytes.len - i;
        uint32_t group = (uint32_t)bytes.at[i] << 16 | (left > 1 ? (uint32_t)bytes.at[i + 1] << 8 : 0) |
                         (left > 2 ? bytes.at[i + 2] : 0);
        char quad[4] = {letters[group >> 18], letters[group >> 12 & 63], left > 1 ? letters[group >> 6 & 63] : '=',
                        left > 2 ? letters[group & 63] : '='};

        text_add(text, quad, sizeof(quad));
    }
}

static int sextet(char c)
{
    const char *found = c == '\0' ? NULL : strchr(letters, c);

    return found == NULL ? -1 : (int)(found - letters);
}

long text_unbase64(char *text, size_t len)
{
    size_t out = 0;

    if (len % 4 != 0)
        return -1;
    for (size_t i = 0; i < len; i += 4) {
        bool last = i + 4 == len;
        size_t padding = !last || text[i + 3] != '=' ? 0 : text[i + 2] == '=' ? 2 : 1;
        uint32_t group = 0;

        for (size_t k = 0; k < 4; k++) {
            int bits = k >= 4 - padding ? 0 : sextet(text[i + k]);

            if (bits < 0)
                return -1;
            group = group << 6 | (uint32_t)bits;
        }
        text[out++] = (char)(group >> 16);
        if (padding < 2)
            text[out++] = (char)(group >> 8 & 0xFF);
        if (padding < 1)
            text[out++] = (char)(group & 0xFF);
    }
    return (long)out;
}
