/* SPDX-License-Identifier: Apache-2.0 */
/* text: a text that grows. A command line that has no memory left can only say so: these functions end the process.
 *
 * Thread: one at a time.
 */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include "stator/bytes.h"

struct text {
    char *at; /* ends with NUL once anything was added; NULL before */
    size_t len, room;
};

void text_add(struct text *text, const void *at, size_t len);
void text_string(struct text *text, const char *string);
void text_bytes(struct text *text, struct stator_bytes bytes);
void text_char(struct text *text, char c);
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Raw bytes as base64 with padding. */
void text_base64(struct text *text, struct stator_bytes bytes);

/* A C string of UTF-8 as JSON, in quotes. */
void text_json(struct text *text, const char *string);

/* Forgets what was added, keeps the memory. */
void text_clear(struct text *text);
void text_free(struct text *text);

struct stator_bytes text_view(const struct text *text);

/* malloc and realloc that end the process instead of giving NULL. */
void *must_alloc(size_t len);
void *must_resize(void *block, size_t len);
char *must_copy(const char *string);

/* The bytes of base64, in place of them. Gives the length, or -1 when it is no base64. */
long text_unbase64(char *text, size_t len);

#endif
