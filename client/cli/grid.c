/* SPDX-License-Identifier: Apache-2.0 */
#include "grid.h"

#include <stdlib.h>

#include "width.h"

#define GAP       2 /* columns between two cells */
#define LEAST     8 /* no column is cut below this, unless all are */
#define CELL_MOST 200

static struct grid_column *column_of(struct grid *table, const char *name, size_t len)
{
    struct grid_column *column;

    for (size_t i = 0; i < table->column_count; i++)
        if (strlen(table->columns[i].name) == len && memcmp(table->columns[i].name, name, len) == 0)
            return &table->columns[i];
    table->columns = must_resize(table->columns, (table->column_count + 1) * sizeof(*table->columns));
    column = &table->columns[table->column_count++];
    *column = (struct grid_column){.name = must_alloc(len + 1), .width = width_of(name, len), .numbers = true};
    memcpy(column->name, name, len);
    return column;
}

void grid_column(struct grid *table, const char *name, size_t len)
{
    column_of(table, name, len);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

void grid_cell(struct grid *table, const char *name, size_t name_len, const char *at, size_t len, bool number)
{
    struct grid_column *column = column_of(table, name, name_len);
    size_t columns = least(width_of(at, len), CELL_MOST);

    if (table->cell_count == table->cell_room) {
        table->cell_room = table->cell_room == 0 ? 64 : table->cell_room * 2;
        table->cells = must_resize(table->cells, table->cell_room * sizeof(*table->cells));
    }
    if (columns > column->width)
        column->width = columns;
    column->numbers = column->numbers && number;
    table->cells[table->cell_count++] =
        (struct grid_cell){table->rows, (size_t)(column - table->columns), table->texts.len, len};
    text_add(&table->texts, at, len);
}

void grid_row_end(struct grid *table)
{
    table->rows++;
}

/* Narrows the widest columns until all fit; when there are too many for that, the last ones have no room at all. */
static void fit(const struct grid *table, size_t *widths, size_t width)
{
    size_t total = 0;

    for (size_t i = 0; i < table->column_count; i++) {
        widths[i] = least(table->columns[i].width, CELL_MOST);
        total += widths[i] + (i > 0 ? GAP : 0);
    }
    while (width > 0 && total > width) {
        size_t widest = 0;

        for (size_t i = 1; i < table->column_count; i++)
            if (widths[i] > widths[widest])
                widest = i;
        if (widths[widest] <= LEAST)
            break;
        widths[widest]--;
        total--;
    }
}

/* What a line has room for at column `used`. */
static size_t room_at(size_t used, size_t wanted, size_t width)
{
    if (width == 0)
        return wanted;
    return used >= width ? 0 : least(wanted, width - used);
}

static void blanks(struct text *out, size_t count)
{
    while (count-- > 0)
        text_char(out, ' ');
}

/* A line of cells: texts[i] may be absent. Without blanks at its end. */
static void print_line(const struct grid *table, struct text *out, const size_t *widths,
                       const struct stator_bytes *texts, size_t width)
{
    size_t used = 0, start = out->len;

    for (size_t i = 0; i < table->column_count; i++) {
        struct text cell = {0};
        size_t gap = i > 0 ? GAP : 0, room = room_at(used + gap, widths[i], width), columns;

        if (room == 0)
            break;
        columns = texts[i].at == NULL ? 0 : width_add(&cell, (const char *)texts[i].at, texts[i].len, room);
        blanks(out, gap + (table->columns[i].numbers ? room - columns : 0));
        text_bytes(out, text_view(&cell));
        blanks(out, table->columns[i].numbers ? 0 : room - columns);
        used += gap + room;
        text_free(&cell);
    }
    while (out->len > start && out->at[out->len - 1] == ' ')
        out->len--;
}

static void print_heading(const struct grid *table, struct text *out, const size_t *widths, struct stator_bytes *texts,
                          size_t width, bool bold)
{
    for (size_t i = 0; i < table->column_count; i++)
        texts[i] = stator_text(table->columns[i].name);
    if (bold)
        text_string(out, "\033[1m");
    print_line(table, out, widths, texts, width);
    text_string(out, bold ? "\033[0m\n" : "\n");
}

static void forget_rows(struct grid *table)
{
    table->rows = 0;
    table->cell_count = 0;
    text_clear(&table->texts);
}

void grid_print(struct grid *table, struct text *out, size_t width, bool bold_heading)
{
    size_t *widths = must_alloc(table->column_count * sizeof(*widths));
    struct stator_bytes *texts = must_alloc(table->column_count * sizeof(*texts));
    size_t cell = 0;

    fit(table, widths, width);
    print_heading(table, out, widths, texts, width, bold_heading);
    for (size_t row = 0; row < table->rows; row++) {
        memset(texts, 0, table->column_count * sizeof(*texts));
        for (; cell < table->cell_count && table->cells[cell].row == row; cell++)
            texts[table->cells[cell].column] =
                stator_bytes_of(table->texts.at + table->cells[cell].at, table->cells[cell].len);
        print_line(table, out, widths, texts, width);
        text_char(out, '\n');
    }
    free(widths);
    free(texts);
    forget_rows(table);
}

void grid_free(struct grid *table)
{
    for (size_t i = 0; i < table->column_count; i++)
        free(table->columns[i].name);
    free(table->columns);
    free(table->cells);
    text_free(&table->texts);
    *table = (struct grid){0};
}
