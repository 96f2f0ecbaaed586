/* SPDX-License-Identifier: Apache-2.0 */
/* row: an item as a record of a file, there and back.
 *
 * Thread: [any]; a layout is not changed once it is made.
 */
#ifndef CLI_ROW_H
#define CLI_ROW_H

#include "args.h"
#include "column.h"
#include "csv.h"

enum row_format { ROW_DYNAMODB, ROW_JSON, ROW_CSV };

struct row_layout {
    enum row_format format;
    char delimiter;
    struct column *columns; /* CSV: of the file */
    size_t column_count;
    struct column *types; /* of attributes, where the file does not say: those of --types, then those of the key */
    size_t type_count;
    bool strict; /* writing CSV: an attribute without a column is an error */
};

/* Format, delimiter and types by the options and the file's name. STATOR_VALIDATION: an option is wrong. */
STATOR_MUST_CHECK enum stator_rc row_layout_read(struct row_layout *out, const struct args *args, const char *file,
                                                 struct stator_error *err);
void row_layout_free(struct row_layout *layout);

/* Types of --types come first, so that they win over these. */
void row_add_types(struct row_layout *layout, const struct column *columns, size_t count);

/* The columns of a header record, which is changed. */
STATOR_MUST_CHECK enum stator_rc row_header(struct row_layout *layout, char *record, size_t len,
                                            struct stator_error *err);

/* Buffers of one thread. */
struct row_buffers {
    struct csv_field *fields;
    size_t room;
};
void row_buffers_free(struct row_buffers *buffers);

/* The item of a record, which is changed. Lives as long as the builder. On failure err says why. */
STATOR_MUST_CHECK enum stator_rc row_read(const struct row_layout *layout, struct row_buffers *buffers,
                                          struct stator_builder *builder, struct stator_item *out, char *record,
                                          size_t len, struct stator_error *err);

/* Adds the record of an item, with its line end; and the header of CSV. The builder holds what that takes. */
STATOR_MUST_CHECK enum stator_rc row_write(const struct row_layout *layout, struct stator_builder *builder,
                                           struct text *out, const struct stator_item *item, struct stator_error *err);
void row_write_header(const struct row_layout *layout, struct text *out);

#endif
