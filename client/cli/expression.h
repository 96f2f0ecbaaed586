/* SPDX-License-Identifier: Apache-2.0 */
/* expression: conditions, updates and projections as people write them, as DynamoDB wants them: names and values out of the
 * text. All names are escaped, so that reserved words need no thought.
 *
 *     set age = age + 1, name = "Ann"      SET-expression  set #0 = #0 + :0, #1 = :1
 *                                          names  #0 age, #1 name; values  :0 {"N":"1"}, :1 {"S":"Ann"}
 *
 * Values are those of literal.h. A name that is a keyword or has other characters than letters, digits and '_' stands
 * in `backquotes`. Keywords: and or not in between set remove add delete; a word before '(' is a function.
 *
 * Owns:   names and values, for all expressions of one request.
 * Thread: [main]
 */
#ifndef CLI_EXPRESSION_H
#define CLI_EXPRESSION_H

#include "stator/items.h"
#include "text.h"

struct terms {
    struct stator_builder *builder; /* borrowed; has the values */
    struct stator_expression_attribute_name_map_entry *names;
    size_t name_count;
    struct stator_attribute *values; /* names owned, values the builder's */
    size_t value_count;
};

void shorthand_init(struct terms *terms, struct stator_builder *builder);
void shorthand_deinit(struct terms *terms);

/* The placeholder, in out, of a name and of a value. */
void shorthand_name(struct terms *terms, struct text *out, struct stator_bytes name);
void shorthand_value(struct terms *terms, struct text *out, const struct stator_value *value);

/* Adds the expression in DynamoDB's form. STATOR_VALIDATION: a value in it cannot be read. */
STATOR_MUST_CHECK enum stator_rc shorthand_expression(struct terms *terms, struct text *out, const char *source,
                                                      struct stator_error *err);

/* What a request has of them; not set when there are none. */
struct stator_expression_attribute_name_map shorthand_names(const struct terms *terms);
struct stator_item shorthand_values(const struct terms *terms);

#endif
