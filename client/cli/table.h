/* SPDX-License-Identifier: Apache-2.0 */
/* table: rows with named cells, aligned under a heading within the width of a terminal.
 *
 *     table_cell(&table, "id", 2, "ann", 3, false);   columns come up in the order of their first cell
 *     table_row_end(&table);
 *     table_print(&table, &out, 80, true);            and it is empty again
 *
 * Owns:   copies of all it is given.
 * Limit:  the caller prints it from time to time: what it has takes memory.
 */
#ifndef CLI_TABLE_H
#define CLI_TABLE_H

#include <stdbool.h>

#include "text.h"

struct table_cell {
    size_t row, column, at, len; /* its text is in `texts` from `at` */
};

struct table_column {
    char *name;
    size_t width;
    bool numbers; /* to the right */
};

struct table {
    struct table_column *columns;
    size_t column_count;
    struct table_cell *cells;
    size_t cell_count, cell_room;
    size_t rows;
    struct text texts;
};

/* Puts a column in its place before any cell does. */
void table_column(struct table *table, const char *name, size_t len);

/* Of the row that table_row_end() ends. */
void table_cell(struct table *table, const char *name, size_t name_len, const char *at, size_t len, bool number);
void table_row_end(struct table *table);

/* Adds a heading and all rows to out, no line wider than `width` (0: as wide as it takes), and forgets the rows; the
 * columns stay. */
void table_print(struct table *table, struct text *out, size_t width, bool bold_heading);

void table_free(struct table *table);

#endif
