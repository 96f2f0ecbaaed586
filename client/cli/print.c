/* SPDX-License-Identifier: Apache-2.0 */
#include "print.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "column.h"
#include "stator/json.h"

#define INDENT 2

size_t print_width(const struct cli *cli)
{
    struct winsize size;

    if (!cli->terminal)
        return 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

static void write_out(const struct text *text)
{
    if (text->len > 0)
        (void)fwrite(text->at, 1, text->len, stdout); /* a failure is found when the process ends: finish_output() */
}

void print_grid(const struct cli *cli, struct grid *table)
{
    struct text out = {0};

    grid_print(table, &out, print_width(cli), cli->color);
    write_out(&out);
    text_free(&out);
    grid_free(table);
}

void print_json(struct cli *cli, struct stator_bytes json)
{
    struct stator_bytes shown = json;

    if (cli->terminal && stator_json_indent(cli->builder, &shown, json, INDENT, NULL) != STATOR_OK)
        shown = json;
    fwrite(shown.at, 1, shown.len, stdout);
    putchar('\n');
}

void printer_init(struct printer *printer, const struct cli *cli, bool many)
{
    *printer = (struct printer){.cli = cli, .builder = stator_builder_new(NULL, 0), .many = many};
}

/* What a cell shows of a value. */
static enum stator_rc cell_text(struct printer *printer, const struct stator_value *value, struct stator_error *err)
{
    struct stator_bytes json;

    text_clear(&printer->text);
    if (value->type < STATOR_TYPE_SS)
        return column_text(printer->builder, &printer->text, value, err);
    if (stator_json_write_value(printer->builder, &json, value, STATOR_JSON_PLAIN, 0, err) != STATOR_OK)
        return err->rc;
    text_bytes(&printer->text, json);
    return STATOR_OK;
}

static void add_cell(struct grid *table, const char *name, struct stator_bytes text, bool number)
{
    grid_cell(table, name, strlen(name), (const char *)text.at, text.len, number);
}

static void flush_rows(struct printer *printer)
{
    struct text out = {0};

    grid_print(&printer->grid, &out, print_width(printer->cli), printer->cli->color);
    write_out(&out);
    text_free(&out);
}

/* An item of a list is a row. */
static enum stator_rc add_row(struct printer *printer, const struct stator_item *item, struct stator_error *err)
{
    for (size_t i = 0; i < item->count; i++) {
        const struct stator_attribute *attribute = &item->attributes[i];

        if (cell_text(printer, &attribute->value, err) != STATOR_OK)
            return err->rc;
        grid_cell(&printer->grid, (const char *)attribute->name.at, attribute->name.len,
                  printer->text.at == NULL ? "" : printer->text.at, printer->text.len,
                  attribute->value.type == STATOR_TYPE_N);
    }
    grid_row_end(&printer->grid);
    if (printer->grid.rows == PRINT_ROWS)
        flush_rows(printer);
    return STATOR_OK;
}

/* One item alone has a row for each attribute. */
static enum stator_rc add_rows(struct printer *printer, const struct stator_item *item, struct stator_error *err)
{
    for (size_t i = 0; i < item->count; i++) {
        const struct stator_attribute *attribute = &item->attributes[i];

        if (cell_text(printer, &attribute->value, err) != STATOR_OK)
            return err->rc;
        add_cell(&printer->grid, "attribute", attribute->name, false);
        add_cell(&printer->grid, "type", stator_text(type_name(attribute->value.type)), false);
        add_cell(&printer->grid, "value", text_view(&printer->text), false);
        grid_row_end(&printer->grid);
    }
    return STATOR_OK;
}

static enum stator_rc add_json(struct printer *printer, const struct stator_item *item, struct stator_error *err)
{
    const struct cli *cli = printer->cli;
    bool list = printer->many && cli->output == OUTPUT_JSON;
    enum stator_json_form form = cli->output == OUTPUT_DYNAMODB ? STATOR_JSON_DYNAMODB : STATOR_JSON_PLAIN;
    unsigned indent = cli->terminal && !printer->many ? INDENT : 0;
    struct stator_bytes json;

    if (stator_json_write_item(printer->builder, &json, item, form, indent, err) != STATOR_OK)
        return err->rc;
    if (list)
        fputs(printer->count == 0 ? "[\n" : ",\n", stdout);
    fwrite(json.at, 1, json.len, stdout);
    if (!list)
        putchar('\n');
    return STATOR_OK;
}

enum stator_rc printer_item(struct printer *printer, const struct stator_item *item, struct stator_error *err)
{
    enum stator_rc rc;

    if (printer->cli->output == OUTPUT_TABLE)
        rc = printer->many ? add_row(printer, item, err) : add_rows(printer, item, err);
    else
        rc = add_json(printer, item, err);
    stator_builder_reset(printer->builder);
    printer->count++;
    return rc;
}

void printer_end(struct printer *printer, bool well)
{
    if (printer->cli->output == OUTPUT_TABLE && printer->grid.rows > 0)
        flush_rows(printer);
    if (printer->cli->output == OUTPUT_JSON && printer->many && (well || printer->count > 0))
        fputs(printer->count == 0 ? "[]\n" : "\n]\n", stdout);
    if (printer->cli->output == OUTPUT_TABLE && printer->many && well && printer->count == 0)
        fputs("no items\n", stderr);
    grid_free(&printer->grid);
    text_free(&printer->text);
    stator_builder_free(printer->builder);
}
