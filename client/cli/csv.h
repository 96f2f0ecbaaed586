/* SPDX-License-Identifier: Apache-2.0 */
/* csv: records and fields by RFC 4180, and a little more: a line may end in \n alone, the delimiter may be another.
 *
 *     record := field (',' field)* line-end        field := [^",\r\n]* | '"' ([^"] | '""')* '"'
 *
 * A quoted field may hold line ends; so a record may have several lines. An unquoted empty field and "" are told apart:
 * the first is no value, the second an empty text.
 *
 * Thread: [any]; nothing here has state.
 */
#ifndef CLI_CSV_H
#define CLI_CSV_H

#include <stdbool.h>

#include "text.h"

struct csv_field {
    struct stator_bytes text; /* without quotes; in the record's own bytes, which csv_fields() changes */
    bool quoted;
};

/* The length of the first record with its line end; 0 when there is none yet: more is to be read, unless `ended`, when
 * the rest is the last record (it may lack its line end). *lines is how many line ends are in it. */
size_t csv_record(const char *at, size_t len, char delimiter, bool ended, size_t *lines);

/* Splits a record, with or without its line end, unquoting in place. *fields is made or grown with must_resize() to
 * *room; gives how many there are, or -1 with *why set: a quote in the wrong place or a quoted field without end. */
long csv_fields(struct csv_field **fields, size_t *room, char *record, size_t len, char delimiter, const char **why);

/* Adds a field, in quotes when it needs them or when it is empty. */
void csv_add(struct text *out, struct stator_bytes field, char delimiter);

#endif
