/* SPDX-License-Identifier: Apache-2.0 */
/* JSON in each of the client's forms: what is read as an item can be written in every form, reads back equal from the
 * two that lose nothing, and is then written as the same bytes; laid out for people it is still the same item. */
#include <stdlib.h>

#include "stator/json.h"

static void check(bool condition)
{
    if (!condition)
        abort();
}

static struct stator_bytes written(struct stator_builder *builder, const struct stator_item *item,
                                   enum stator_json_form form, unsigned indent)
{
    struct stator_bytes text = stator_text(NULL);

    check(stator_json_write_item(builder, &text, item, form, indent, NULL) == STATOR_OK);
    return text;
}

static void check_item(struct stator_builder *builder, const struct stator_item *item)
{
    static const enum stator_json_form lossless[] = {STATOR_JSON_DYNAMODB, STATOR_JSON_TAGGED};

    for (size_t i = 0; i < 2; i++) {
        struct stator_bytes text = written(builder, item, lossless[i], 0);

        for (unsigned indent = 0; indent < 3; indent += 2) {
            struct stator_item again;

            check(stator_json_read_item(builder, &again, written(builder, item, lossless[i], indent), lossless[i],
                                        NULL) == STATOR_OK);
            check(stator_item_equal(item, &again));
            check(stator_bytes_equal(text, written(builder, &again, lossless[i], 0)));
        }
    }
}

/* Reads what it wrote, though some types are others then; those stay. */
static void check_plain(struct stator_builder *builder, const struct stator_item *item)
{
    struct stator_bytes text = written(builder, item, STATOR_JSON_PLAIN, 0);
    struct stator_item again;

    check(stator_json_read_item(builder, &again, text, STATOR_JSON_PLAIN, NULL) == STATOR_OK);
    check(stator_bytes_equal(text, written(builder, &again, STATOR_JSON_PLAIN, 0)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* what libFuzzer calls */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    enum stator_json_form form = size == 0 ? STATOR_JSON_PLAIN : (enum stator_json_form)(data[size - 1] % 3);
    struct stator_bytes json = stator_bytes_of(size == 0 ? (const uint8_t *)"" : data, size == 0 ? 0 : size - 1);
    struct stator_item item;
    struct stator_value value;
    struct stator_error err;
    struct stator_bytes text;

    if (stator_json_read_item(builder, &item, json, form, &err) == STATOR_OK) {
        check_item(builder, &item);
        check_plain(builder, &item);
    } else {
        check(err.rc == STATOR_SERIALIZATION || err.rc == STATOR_VALIDATION);
        check(err.message[0] != '\0');
    }
    if (stator_json_read_value(builder, &value, json, form, &err) == STATOR_OK)
        check(stator_json_write_value(builder, &text, &value, STATOR_JSON_TAGGED, 0, &err) == STATOR_OK);
    (void)!stator_json_indent(builder, &text, json, 1, &err);
    stator_builder_free(builder);
    return 0;
}
