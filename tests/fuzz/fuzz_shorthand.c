/* SPDX-License-Identifier: Apache-2.0 */
/* What people type: a value, an attribute of put, an expression. Whatever it is, it is read or refused with a reason. */
#include <stdlib.h>

#include "cli/expression.h"
#include "cli/literal.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void read_expression(struct stator_builder *builder, const char *text)
{
    struct stator_error err = {0};
    struct text out = {0};
    struct terms terms;

    shorthand_init(&terms, builder);
    if (shorthand_expression(&terms, &out, text, &err) != STATOR_OK)
        check(err.message[0] != '\0');
    shorthand_deinit(&terms);
    text_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_error err = {0};
    struct stator_value value;
    struct stator_item item;
    struct text text = {0};

    text_add(&text, data, size);
    if (literal_value(builder, &value, text.at, &err) != STATOR_OK)
        check(err.message[0] != '\0');
    if (literal_attribute(builder, text.at, &err) == STATOR_OK)
        (void)!stator_builder_item(builder, &item, &err);
    read_expression(builder, text.at);
    text_free(&text);
    stator_builder_free(builder);
    return 0;
}
