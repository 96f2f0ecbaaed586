/* SPDX-License-Identifier: Apache-2.0 */
/* definition: a table to be made: from options, from keys alone, or like another one.
 *
 * Owns:   all texts and lists that the input points to.
 * Thread: [main]
 */
#ifndef CLI_DEFINITION_H
#define CLI_DEFINITION_H

#include "args.h"
#include "stator/tables.h"

struct definition {
    struct stator_create_table_input input;
    void **blocks; /* all that was allocated */
    size_t block_count;
};

/* operands: TABLE KEY [SORT], with the options of 'tables create'. definition_free() in any case. */
STATOR_MUST_CHECK enum stator_rc definition_read(struct definition *out, const struct args *args,
                                                 struct stator_error *err);

/* A table with those keys, "id", "id:N,date"; on demand. */
STATOR_MUST_CHECK enum stator_rc definition_of_keys(struct definition *out, const char *table, const char *keys,
                                                    struct stator_error *err);

/* A table like that one, under the name `table`. It borrows from the description. */
void definition_like(struct definition *out, const struct stator_table_description *description, const char *table);

const struct stator_create_table_input *definition_input(const struct definition *definition);
void definition_free(struct definition *definition);

/* Waits until the table is active, with all its indexes, or gone. CODE_OK, or complains; ends when interrupted. */
int definition_await(struct stator_call *call, const char *table, bool active);

#endif
