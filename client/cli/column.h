/* SPDX-License-Identifier: Apache-2.0 */
/* column: an attribute's name and type, NAME:TYPE, and its values as texts: the fields of CSV, and what is typed on a
 * command line.
 *
 *     S the text · N the digits · B base64 · BOOL true, false · NULL null · SS NS BS ["a","b"], those of BS as base64
 *     L M DynamoDB's JSON: [{"S":"a"}], {"a":{"N":"1"}}
 *
 * Thread: [any]; nothing here has state.
 */
#ifndef CLI_COLUMN_H
#define CLI_COLUMN_H

#include "stator/build.h"
#include "text.h"

struct column {
    char *name;            /* owned */
    enum stator_type type; /* STATOR_TYPE_ABSENT: none was given */
};

/* "S", "BOOL", ... STATOR_TYPE_ABSENT when it is none. */
enum stator_type type_of_name(struct stator_bytes name);
const char *type_name(enum stator_type type);

/* Takes NAME:TYPE apart. What follows the last colon and is no type belongs to the name. */
void column_parse(struct column *out, struct stator_bytes text);
void column_deinit(struct column *column);

/* The columns in a list with commas between; *out is an array of *count, to be freed with columns_free(). */
void columns_parse(struct column **out, size_t *count, const char *list);
void columns_free(struct column *columns, size_t count);

/* Adds an attribute of the column's type (S if it has none) to the builder. STATOR_VALIDATION: the text is none of that
 * type; the builder remembers it, too. */
STATOR_MUST_CHECK enum stator_rc column_add(struct stator_builder *builder, const struct column *column,
                                            struct stator_bytes text, struct stator_error *err);

/* The text that column_add() reads as that value. The builder holds what it takes. */
STATOR_MUST_CHECK enum stator_rc column_text(struct stator_builder *builder, struct text *out,
                                             const struct stator_value *value, struct stator_error *err);

#endif
