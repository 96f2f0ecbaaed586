/* SPDX-License-Identifier: Apache-2.0 */
/* literal: values as people write them on a command line, as JSON of the library's tagged form, which then reads and checks
 * them. The liberties over JSON:
 *
 *     {id: 1}           a name of letters, digits, '_' and '-' needs no quotes
 *     'text'            single quotes; within them \' and all of JSON's escapes
 *     <<"a", "b">>      a set of strings, <<1, 2>> of numbers, <<b"aGk=">> of binaries
 *     b"aGk="           a binary, as base64
 */
#ifndef CLI_LITERAL_H
#define CLI_LITERAL_H

#include "stator/build.h"
#include "text.h"

/* Adds the JSON of the value that begins at *at to out and moves *at behind it. STATOR_VALIDATION, with a text, when
 * none begins there. What is wrong within it, the library will say. */
STATOR_MUST_CHECK enum stator_rc literal_rewrite(struct text *out, const char **at, struct stator_error *err);

/* The value that is the whole text. Lives as long as the builder. */
STATOR_MUST_CHECK enum stator_rc literal_value(struct stator_builder *builder, struct stator_value *out,
                                               const char *text, struct stator_error *err);

/* Adds the attribute that an operand of put tells: NAME=TEXT, NAME:=VALUE or NAME:TYPE=TEXT. */
STATOR_MUST_CHECK enum stator_rc literal_attribute(struct stator_builder *builder, const char *operand,
                                                   struct stator_error *err);

#endif
