/* SPDX-License-Identifier: Apache-2.0 */
/* grid: rows with named cells, aligned under a heading within the width of a terminal.
 *
 *     grid_cell(&table, "id", 2, "ann", 3, false);   columns come up in the order of their first cell
 *     grid_row_end(&table);
 *     grid_print(&table, &out, 80, true);            and it is empty again
 *
 * Owns:   copies of all it is given.
 * Limit:  the caller prints it from time to time: what it has takes memory.
 */
#ifndef CLI_GRID_H
#define CLI_GRID_H

#include <stdbool.h>

#include "text.h"

struct grid_cell {
    size_t row, column, at, len; /* its text is in `texts` from `at` */
};

struct grid_column {
    char *name;
    size_t width;
    bool numbers; /* to the right */
};

struct grid {
    struct grid_column *columns;
    size_t column_count;
    struct grid_cell *cells;
    size_t cell_count, cell_room;
    size_t rows;
    struct text texts;
};

/* Puts a column in its place before any cell does. */
void grid_column(struct grid *table, const char *name, size_t len);

/* Of the row that grid_row_end() ends. */
void grid_cell(struct grid *table, const char *name, size_t name_len, const char *at, size_t len, bool number);
void grid_row_end(struct grid *table);

/* Adds a heading and all rows to out, no line wider than `width` (0: as wide as it takes), and forgets the rows; the
 * columns stay. */
void grid_print(struct grid *table, struct text *out, size_t width, bool bold_heading);

void grid_free(struct grid *table);

#endif
