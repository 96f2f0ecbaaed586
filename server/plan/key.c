/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/key.h"

enum stator_rc key_check_length(const struct value *value, bool is_hash, struct stator_error *err)
{
    if (value->type == VALUE_N || value->text.len <= (is_hash ? KEY_HASH_BYTES_MAX : KEY_RANGE_BYTES_MAX))
        return STATOR_OK;
    if (is_hash)
        return stator_fail(err, STATOR_VALIDATION,
                           "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size "
                           "limit of2048 bytes");
    return stator_fail(err, STATOR_VALIDATION,
                       "One or more parameter values were invalid: Aggregated size of all range keys has exceeded "
                       "the size limit of 1024 bytes");
}

static bool empty(const struct value *value)
{
    return value->type != VALUE_N && value->text.len == 0;
}

static const char *kind_of(const struct value *value)
{
    return value->type == VALUE_B ? "binary" : "string";
}

enum stator_rc key_check_attribute(const struct item *key, const struct key_attribute *attribute, bool is_hash,
                                   struct stator_error *err)
{
    const struct value *value = item_find(key, attribute->name);

    if (value == NULL || value->type != attribute->type)
        return stator_fail(err, STATOR_VALIDATION, "The provided key element does not match the schema");
    if (empty(value))
        return stator_fail(err, STATOR_VALIDATION,
                           "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
                           "contain an empty %s value. Key: %.*s",
                           kind_of(value), BYTES_ARG(attribute->name));
    return key_check_length(value, is_hash, err);
}

enum stator_rc key_check(const struct table *table, const struct item *key, struct stator_error *err)
{
    const struct key_schema *schema = &table->base.key;

    if (key->count != schema->hash_count + schema->range_count)
        return stator_fail(err, STATOR_VALIDATION, "The provided key element does not match the schema");
    STATOR_TRY(key_check_attribute(key, &schema->hash[0], true, err));
    if (schema->range_count != 0)
        STATOR_TRY(key_check_attribute(key, &schema->range[0], false, err));
    return STATOR_OK;
}

static enum stator_rc check_own_part(const struct item *item, const struct key_attribute *part, bool is_hash,
                                     struct stator_error *err)
{
    const struct value *value = item_find(item, part->name);

    if (value == NULL)
        return stator_fail(err, STATOR_VALIDATION,
                           "One or more parameter values were invalid: Missing the key %.*s in the item",
                           BYTES_ARG(part->name));
    if (value->type != part->type)
        return stator_fail(err, STATOR_VALIDATION,
                           "One or more parameter values were invalid: Type mismatch for key %.*s expected: %s "
                           "actual: %s",
                           BYTES_ARG(part->name), value_type_name(part->type), value_type_name(value->type));
    if (empty(value))
        return stator_fail(err, STATOR_VALIDATION,
                           "One or more parameter values are not valid. The AttributeValue for a key attribute cannot "
                           "contain an empty %s value. Key: %.*s",
                           kind_of(value), BYTES_ARG(part->name));
    return key_check_length(value, is_hash, err);
}

static enum stator_rc check_index_type(enum value_type type, const struct index *index,
                                       const struct key_attribute *part, struct stator_error *err)
{
    if (type == part->type)
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION,
                       "One or more parameter values were invalid: Type mismatch for Index Key %.*s Expected: %s "
                       "Actual: %s IndexName: %.*s",
                       BYTES_ARG(part->name), value_type_name(part->type), value_type_name(type),
                       BYTES_ARG(index->name));
}

static enum stator_rc check_index_part(const struct item *item, const struct index *index,
                                       const struct key_attribute *part, bool is_hash, struct stator_error *err)
{
    const struct value *value = item_find(item, part->name);

    if (value == NULL)
        return STATOR_OK;
    STATOR_TRY(check_index_type(value->type, index, part, err));
    if (empty(value))
        return stator_fail(err, STATOR_VALIDATION,
                           "One or more parameter values are not valid. A value specified for a secondary index key "
                           "is not supported. The AttributeValue for a key attribute cannot contain an empty %s value. "
                           "IndexName: %.*s, IndexKey: %.*s",
                           kind_of(value), BYTES_ARG(index->name), BYTES_ARG(part->name));
    return key_check_length(value, is_hash, err);
}

static enum stator_rc check_index_item(const struct index *index, const void *item, struct stator_error *err)
{
    for (uint32_t k = 0; k < index->key.hash_count; k++)
        STATOR_TRY(check_index_part(item, index, &index->key.hash[k], true, err));
    for (uint32_t k = 0; k < index->key.range_count; k++)
        STATOR_TRY(check_index_part(item, index, &index->key.range[k], false, err));
    return STATOR_OK;
}

typedef enum stator_rc index_check(const struct index *index, const void *subject, struct stator_error *err);

/* Of the indexes that refuse it the service names the first by name. */
static enum stator_rc check_indexes(const struct table *table, index_check *check, const void *subject,
                                    struct stator_error *err)
{
    const struct index *first = NULL;

    for (size_t i = 0; i < table->index_count; i++) {
        const struct index *index = &table->indexes[i];

        if (check(index, subject, NULL) != STATOR_OK && (first == NULL || bytes_compare(index->name, first->name) < 0))
            first = index;
    }
    return first == NULL ? STATOR_OK : check(first, subject, err);
}

enum stator_rc key_check_item(const struct table *table, const struct item *item, struct stator_error *err)
{
    STATOR_TRY(check_own_part(item, &table->base.key.hash[0], true, err));
    if (table->base.key.range_count != 0)
        STATOR_TRY(check_own_part(item, &table->base.key.range[0], false, err));
    return check_indexes(table, check_index_item, item, err);
}

static bool is_base_key(const struct table *table, struct bytes name)
{
    const struct key_schema *key = &table->base.key;

    return bytes_equal(key->hash[0].name, name) || (key->range_count != 0 && bytes_equal(key->range[0].name, name));
}

static enum stator_rc check_path(const struct table *table, const struct path *path, struct stator_error *err)
{
    struct bytes name = path->elements[0].name;

    if (path->count == 1 || table_key_type(table, name) == VALUE_ABSENT)
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION,
                       "Key attributes must be scalars; list random access '[]' and map lookup '.' are not allowed: "
                       "%s: %.*s",
                       is_base_key(table, name) ? "Key" : "IndexKey", BYTES_ARG(name));
}

/* The type an operand has whatever the item is; VALUE_ABSENT when it depends on the item. */
static enum value_type type_of(const struct expr *operand)
{
    switch (operand->type) {
    case EXPR_VALUE:
        return operand->value->type;
    case EXPR_PLUS:
    case EXPR_MINUS:
        return VALUE_N;
    case EXPR_LIST_APPEND:
        return VALUE_L;
    case EXPR_IF_NOT_EXISTS:
        return type_of(operand->children[1]);
    default:
        return VALUE_ABSENT;
    }
}

static enum stator_rc check_part_update(const struct index *index, const struct key_attribute *part,
                                        const struct update *update, struct stator_error *err)
{
    for (size_t i = 0; i < update->count; i++) {
        const struct update_clause *clause = &update->clauses[i];
        enum value_type type = clause->operand == NULL ? VALUE_ABSENT : type_of(clause->operand);

        if (type != VALUE_ABSENT && clause->path.count == 1 && bytes_equal(clause->path.elements[0].name, part->name))
            STATOR_TRY(check_index_type(type, index, part, err));
    }
    return STATOR_OK;
}

static enum stator_rc check_index_update(const struct index *index, const void *update, struct stator_error *err)
{
    for (uint32_t k = 0; k < index->key.hash_count; k++)
        STATOR_TRY(check_part_update(index, &index->key.hash[k], update, err));
    for (uint32_t k = 0; k < index->key.range_count; k++)
        STATOR_TRY(check_part_update(index, &index->key.range[k], update, err));
    return STATOR_OK;
}

enum stator_rc key_check_update(const struct table *table, const struct update *update, struct stator_error *err)
{
    for (size_t i = 0; i < update->count; i++) {
        struct bytes name = update->clauses[i].path.elements[0].name;

        if (is_base_key(table, name))
            return stator_fail(err, STATOR_VALIDATION,
                               "One or more parameter values were invalid: Cannot update attribute %.*s. This "
                               "attribute is part of the key",
                               BYTES_ARG(name));
    }
    STATOR_TRY(check_indexes(table, check_index_update, update, err));
    for (size_t i = 0; i < update->count; i++)
        STATOR_TRY(check_path(table, &update->clauses[i].path, err));
    return STATOR_OK;
}

struct path_check {
    const struct table *table;
    struct stator_error *err;
    enum stator_rc rc;
};

static void visit_path(void *context, const struct path *path)
{
    struct path_check *check = context;

    if (check->rc == STATOR_OK)
        check->rc = check_path(check->table, path, check->err);
}

enum stator_rc key_check_paths(const struct table *table, const struct projection *projection,
                               const struct expr *condition, struct stator_error *err)
{
    struct path_check check = {table, err, STATOR_OK};

    for (size_t i = 0; projection != NULL && i < projection->count; i++)
        visit_path(&check, &projection->paths[i]);
    if (condition != NULL)
        expr_each_path(condition, visit_path, &check);
    return check.rc;
}

struct item key_of_item(const struct table *table, const struct item *item, struct arena *arena)
{
    const struct key_schema *schema = &table->base.key;
    struct attribute *parts = ARENA_ARRAY(arena, struct attribute, 2);
    size_t count = 0;

    if (parts == NULL)
        return (struct item){0};
    parts[count++] = (struct attribute){schema->hash[0].name, *item_find(item, schema->hash[0].name)};
    if (schema->range_count != 0)
        parts[count++] = (struct attribute){schema->range[0].name, *item_find(item, schema->range[0].name)};
    attributes_sort(parts, count);
    return (struct item){.attributes = parts, .count = count, .set = true};
}
