/* SPDX-License-Identifier: Apache-2.0 */
#include "keys.h"

#include <stdlib.h>

static enum stator_type type_of(const struct stator_attribute_definitions *definitions, struct stator_bytes name)
{
    for (size_t i = 0; i < definitions->count; i++)
        if (stator_bytes_equal(definitions->at[i].attribute_name, name))
            return type_of_name(definitions->at[i].attribute_type.text);
    return STATOR_TYPE_S;
}

void keys_of(struct keys *out, const struct stator_table_description *table, const struct stator_key_schema *schema)
{
    *out = (struct keys){.columns = must_alloc(schema->count * sizeof(*out->columns)), .count = schema->count};
    for (size_t i = 0; i < schema->count; i++) {
        struct stator_bytes name = schema->at[i].attribute_name;

        out->columns[i].name = must_alloc(name.len + 1);
        memcpy(out->columns[i].name, name.at, name.len);
        out->columns[i].type = type_of(&table->attribute_definitions, name);
        if (schema->at[i].key_type.value == STATOR_KEY_TYPE_HASH)
            out->hash_count++;
    }
}

static const struct stator_key_schema *schema_of(const struct stator_table_description *table, const char *index)
{
    if (index == NULL)
        return &table->key_schema;
    for (size_t i = 0; i < table->global_secondary_indexes.count; i++)
        if (stator_is(table->global_secondary_indexes.at[i].index_name, index))
            return &table->global_secondary_indexes.at[i].key_schema;
    for (size_t i = 0; i < table->local_secondary_indexes.count; i++)
        if (stator_is(table->local_secondary_indexes.at[i].index_name, index))
            return &table->local_secondary_indexes.at[i].key_schema;
    return NULL;
}

int keys_load(struct keys *out, struct stator_call *call, const char *table, const char *index)
{
    const struct stator_describe_table_output *got;
    const struct stator_key_schema *schema;

    *out = (struct keys){0};
    if (stator_describe_table(call, &(struct stator_describe_table_input){.table_name = stator_text(table)}, &got) !=
        STATOR_OK)
        return cli_complain_call(call);
    if (got->table == NULL)
        return cli_complain(CODE_FAILED, "the server does not describe the table %s", table);
    schema = schema_of(got->table, index);
    if (schema == NULL)
        return cli_complain(CODE_NOT_FOUND, "the table %s has no index %s", table, index);
    keys_of(out, got->table, schema);
    return CODE_OK;
}

void keys_free(struct keys *keys)
{
    columns_free(keys->columns, keys->count);
    *keys = (struct keys){0};
}

static int complain_count(const struct keys *keys, const char *table)
{
    struct text names = {0};

    for (size_t i = 0; i < keys->count; i++)
        text_format(&names, "%s%s (%s)", i > 0 ? ", " : "", keys->columns[i].name, type_name(keys->columns[i].type));
    cli_complain(CODE_USAGE, "the key of %s is %s", table, names.at);
    text_free(&names);
    return CODE_USAGE;
}

int keys_item(const struct keys *keys, struct stator_builder *builder, struct stator_item *out, char *const *operands,
              size_t count, const char *table)
{
    struct stator_error err = {0};
    enum stator_rc rc = STATOR_OK;

    if (count != keys->count)
        return complain_count(keys, table);
    for (size_t i = 0; i < count && rc == STATOR_OK; i++)
        rc = column_add(builder, &keys->columns[i], stator_text(operands[i]), &err);
    if (rc == STATOR_OK)
        rc = stator_builder_item(builder, out, &err);
    return rc == STATOR_OK ? CODE_OK : cli_complain(CODE_USAGE, "the key: %s", err.message);
}
