/* SPDX-License-Identifier: Apache-2.0 */
/* print: items on standard output, as --output says, one after the other.
 *
 * Owns:   what of a table is not printed yet, at most PRINT_ROWS rows; widths are those of that many.
 * Thread: [main]
 */
#ifndef CLI_PRINT_H
#define CLI_PRINT_H

#include "cli.h"
#include "grid.h"

#define PRINT_ROWS 200

struct printer {
    const struct cli *cli;
    struct stator_builder *builder; /* for JSON; reset after each item */
    struct grid grid;
    struct text text;
    size_t count;
    bool many; /* a list, be it of one or none */
};

/* many: items of a query or scan; otherwise one item, or the attributes of one. */
void printer_init(struct printer *printer, const struct cli *cli, bool many);

/* STATOR_OK, or err says why an item cannot be written. */
STATOR_MUST_CHECK enum stator_rc printer_item(struct printer *printer, const struct stator_item *item,
                                              struct stator_error *err);

/* Prints what is left and, if all went well, that there was nothing. */
void printer_end(struct printer *printer, bool well);

/* Any JSON: indented on a terminal, as it is elsewhere. */
void print_json(struct cli *cli, struct stator_bytes json);

/* A finished table, then it is freed. */
void print_grid(const struct cli *cli, struct grid *table);

/* Columns of the terminal on standard output; 0: it is none. */
size_t print_width(const struct cli *cli);

#endif
