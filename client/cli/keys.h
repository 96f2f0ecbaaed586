/* SPDX-License-Identifier: Apache-2.0 */
/* keys: the key attributes of a table or index, so that people need not say the types of what they type. */
#ifndef CLI_KEYS_H
#define CLI_KEYS_H

#include "cli.h"
#include "column.h"
#include "stator/tables.h"

struct keys {
    struct column *columns; /* partition keys, then sort keys */
    size_t count, hash_count;
};

/* Asks the server. index: NULL for the table itself. CODE_OK, or complains. keys_free() in any case. */
int keys_load(struct keys *out, struct stator_call *call, const char *table, const char *index);
void keys_free(struct keys *keys);

/* From a description: those of the table, and the type of a key attribute. */
void keys_of(struct keys *out, const struct stator_table_description *table, const struct stator_key_schema *schema);

/* The key that the operands say, all of it. Lives as long as the builder. CODE_OK, or complains. */
int keys_item(const struct keys *keys, struct stator_builder *builder, struct stator_item *out, char *const *operands,
              size_t count, const char *table);

#endif
