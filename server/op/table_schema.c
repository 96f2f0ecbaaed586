/* SPDX-License-Identifier: Apache-2.0 */
#include "op/table_schema.h"

#include <stdlib.h>

#include "op/java_order.h"
#include "op/table_throughput.h"

#define INVALID "One or more parameter values were invalid: "

const struct AttributeDefinition *table_schema_definition(const struct AttributeDefinitions *definitions,
                                                          struct bytes name)
{
    for (size_t i = 0; i < definitions->count; i++) {
        if (bytes_equal(definitions->at[i].AttributeName, name))
            return &definitions->at[i];
    }
    return NULL;
}

/* --- Names in messages -------------------------------------------------------------------------------------------- */

/* A set of names; the service prints its sets in the order of Java's HashSet. */
struct names {
    struct bytes *at;
    size_t count, max;
};

static bool names_init(struct names *names, size_t max, struct arena *arena)
{
    *names = (struct names){ARENA_ARRAY(arena, struct bytes, max), 0, max};
    return names->at != NULL;
}

static void names_add(struct names *names, struct bytes name)
{
    for (size_t i = 0; i < names->count; i++) {
        if (bytes_equal(names->at[i], name))
            return;
    }
    stator_assert(names->count < names->max);
    names->at[names->count++] = name;
}

static void names_add_schema(struct names *names, const struct KeySchema *schema)
{
    for (size_t i = 0; i < schema->count; i++)
        names_add(names, schema->at[i].AttributeName);
}

static enum stator_rc names_of_definitions(struct names *out, const struct AttributeDefinitions *definitions,
                                           struct arena *arena, struct stator_error *err)
{
    if (!names_init(out, definitions->count, arena))
        return stator_fail_memory(err);
    for (size_t i = 0; i < definitions->count; i++)
        names_add(out, definitions->at[i].AttributeName);
    return STATOR_OK;
}

/* A set and how many buckets the service's set of it has. */
struct printed {
    struct names names;
    uint32_t buckets;
};

static enum stator_rc fail_with_names(struct stator_error *err, const char *before, struct printed first,
                                      const char *between, struct printed second)
{
    char texts[2][JAVA_SET_TEXT_MAX];

    java_set_text(texts[0], first.names.at, first.names.count, first.buckets);
    java_set_text(texts[1], second.names.at, second.names.count, second.buckets);
    return stator_fail(err, STATOR_VALIDATION, INVALID "%s%s%s%s", before, texts[0], between, texts[1]);
}

/* --- Keys --------------------------------------------------------------------------------------------------------- */

static enum stator_rc check_defined(const struct KeySchema *schema, const struct AttributeDefinitions *definitions,
                                    struct arena *arena, struct stator_error *err)
{
    struct names keys, defined;
    bool all = true;

    for (size_t i = 0; i < schema->count; i++)
        all = all && table_schema_definition(definitions, schema->at[i].AttributeName) != NULL;
    if (all)
        return STATOR_OK;
    if (!names_init(&keys, schema->count, arena))
        return stator_fail_memory(err);
    names_add_schema(&keys, schema);
    STATOR_TRY(names_of_definitions(&defined, definitions, arena, err));
    return fail_with_names(err, "Some index key attributes are not defined in AttributeDefinitions. Keys: ",
                           (struct printed){keys, java_set_buckets(keys.count)},
                           ", AttributeDefinitions: ", (struct printed){defined, java_sized_buckets(defined.count)});
}

static enum stator_rc check_distinct_definitions(const struct AttributeDefinitions *definitions,
                                                 struct stator_error *err)
{
    for (size_t i = 0; i < definitions->count; i++) {
        struct bytes name = definitions->at[i].AttributeName;

        if (table_schema_definition(definitions, name) != &definitions->at[i])
            return stator_fail(err, STATOR_VALIDATION, "Attribute Name is duplicated: %.*s", BYTES_ARG(name));
    }
    return STATOR_OK;
}

static bool has_repeated_name(const struct KeySchema *schema)
{
    for (size_t i = 0; i < schema->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (bytes_equal(schema->at[i].AttributeName, schema->at[j].AttributeName))
                return true;
        }
    }
    return false;
}

static enum stator_rc check_names_differ(const struct KeySchema *schema, struct stator_error *err)
{
    if (!has_repeated_name(schema))
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION, "%s",
                       schema->count == 2
                           ? "Both the Hash Key and the Range Key element in the KeySchema have the same name"
                           : "The KeySchema contains multiple key attributes with the same name");
}

/* Of a base table or a local index: one HASH, perhaps one RANGE. */
static enum stator_rc check_pair(const struct KeySchema *schema, struct stator_error *err)
{
    STATOR_TRY(check_names_differ(schema, err));
    if (schema->at[0].KeyType.value != KeyType_HASH)
        return stator_fail(err, STATOR_VALIDATION,
                           "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
    if (schema->count > 1 && schema->at[1].KeyType.value != KeyType_RANGE)
        return stator_fail(err, STATOR_VALIDATION,
                           "Invalid KeySchema: The second KeySchemaElement is not a RANGE key type");
    return STATOR_OK;
}

/* Of a global index: up to four HASH, then up to four RANGE. */
static enum stator_rc check_multiple(const struct KeySchema *schema, struct stator_error *err)
{
    size_t hashes = 0, ranges = 0;

    STATOR_TRY(check_names_differ(schema, err));
    if (schema->at[0].KeyType.value != KeyType_HASH)
        return stator_fail(err, STATOR_VALIDATION,
                           "Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
    for (size_t i = 0; i < schema->count; i++) {
        if (schema->at[i].KeyType.value == KeyType_RANGE)
            ranges++;
        else if (ranges != 0)
            return stator_fail(err, STATOR_VALIDATION,
                               INVALID "All HASH key attributes must precede RANGE key attributes in the KeySchema");
        else
            hashes++;
    }
    if (hashes > 4 || ranges > 4)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "The KeySchema exceeds the maximum allowed number of %s key attributes",
                           hashes > 4 ? "HASH" : "RANGE");
    return STATOR_OK;
}

static enum stator_rc check_base_key(const struct CreateTableInput *in, struct arena *arena, struct stator_error *err)
{
    STATOR_TRY(check_distinct_definitions(&in->AttributeDefinitions, err));
    if (in->KeySchema.count > in->AttributeDefinitions.count)
        return stator_fail(err, STATOR_VALIDATION, "Invalid KeySchema: Some index key attribute have no definition");
    STATOR_TRY(check_defined(&in->KeySchema, &in->AttributeDefinitions, arena, err));
    STATOR_TRY(check_pair(&in->KeySchema, err));
    if (!in->LocalSecondaryIndexes.set && !in->GlobalSecondaryIndexes.set &&
        in->KeySchema.count != in->AttributeDefinitions.count)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Number of attributes in KeySchema does not exactly match number of attributes "
                                   "defined in AttributeDefinitions");
    return STATOR_OK;
}

/* --- Indexes ------------------------------------------------------------------------------------------------------ */

static enum stator_rc check_projection(const struct Projection *projection, struct stator_error *err)
{
    const struct NonKeyAttributeNameList *names = &projection->NonKeyAttributes;
    int type = projection->ProjectionType.value;

    if (type == ProjectionType_ABSENT)
        return stator_fail(err, STATOR_VALIDATION, INVALID "Unknown ProjectionType: null");
    if (names->set != (type == ProjectionType_INCLUDE))
        return stator_fail(err, STATOR_VALIDATION, INVALID "ProjectionType is %s, but NonKeyAttributes is %s",
                           type == ProjectionType_ALL         ? "ALL"
                           : type == ProjectionType_KEYS_ONLY ? "KEYS_ONLY"
                                                              : "INCLUDE",
                           names->set ? "specified" : "not specified");
    for (size_t i = 0; i < names->count; i++) {
        for (size_t j = 0; j < i; j++) {
            if (bytes_equal(names->at[i], names->at[j]))
                return stator_fail(err, STATOR_VALIDATION, INVALID "Duplicate element in NonKeyAttributes: %.*s",
                                   BYTES_ARG(names->at[i]));
        }
    }
    return STATOR_OK;
}

static enum stator_rc check_name(const struct CreateTableInput *in, size_t locals, size_t globals, struct bytes name,
                                 struct stator_error *err)
{
    bool there = false;

    for (size_t i = 0; i < locals; i++)
        there = there || bytes_equal(in->LocalSecondaryIndexes.at[i].IndexName, name);
    for (size_t i = 0; i < globals; i++)
        there = there || bytes_equal(in->GlobalSecondaryIndexes.at[i].IndexName, name);
    if (there)
        return stator_fail(err, STATOR_VALIDATION, INVALID "Duplicate index name: %.*s", BYTES_ARG(name));
    return STATOR_OK;
}

static enum stator_rc check_local(const struct CreateTableInput *in, size_t at, struct stator_error *err)
{
    const struct LocalSecondaryIndex *index = &in->LocalSecondaryIndexes.at[at];
    struct bytes table_hash = in->KeySchema.at[0].AttributeName, hash = index->KeySchema.at[0].AttributeName;

    STATOR_TRY(check_pair(&index->KeySchema, err));
    if (index->KeySchema.count != 2)
        return stator_fail(err, STATOR_VALIDATION, INVALID "Index KeySchema does not have a range key for index: %.*s",
                           BYTES_ARG(index->IndexName));
    if (!bytes_equal(hash, table_hash))
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Index KeySchema does not have the same leading hash key as table KeySchema for "
                                   "index: %.*s. index hash key: %.*s, table hash key: %.*s",
                           BYTES_ARG(index->IndexName), BYTES_ARG(hash), BYTES_ARG(table_hash));
    STATOR_TRY(check_projection(index->Projection, err));
    return check_name(in, at, 0, index->IndexName, err);
}

static enum stator_rc check_global(const struct CreateTableInput *in, size_t at, struct stator_error *err)
{
    const struct GlobalSecondaryIndex *index = &in->GlobalSecondaryIndexes.at[at];

    STATOR_TRY(check_multiple(&index->KeySchema, err));
    STATOR_TRY(check_projection(index->Projection, err));
    STATOR_TRY(throughput_check_new_index(in->BillingMode.value == BillingMode_PAY_PER_REQUEST, index, err));
    return check_name(in, in->LocalSecondaryIndexes.count, at, index->IndexName, err);
}

/* Every definition is some key's, and every key has one. A name twice in a key is told before what is not used. */
static enum stator_rc check_all_used(const struct CreateTableInput *in, struct arena *arena, struct stator_error *err)
{
    size_t elements = in->KeySchema.count;
    struct names used, defined;

    for (size_t i = 0; i < in->LocalSecondaryIndexes.count; i++) {
        elements += in->LocalSecondaryIndexes.at[i].KeySchema.count;
        STATOR_TRY(check_defined(&in->LocalSecondaryIndexes.at[i].KeySchema, &in->AttributeDefinitions, arena, err));
        STATOR_TRY(check_names_differ(&in->LocalSecondaryIndexes.at[i].KeySchema, err));
    }
    for (size_t i = 0; i < in->GlobalSecondaryIndexes.count; i++) {
        elements += in->GlobalSecondaryIndexes.at[i].KeySchema.count;
        STATOR_TRY(check_defined(&in->GlobalSecondaryIndexes.at[i].KeySchema, &in->AttributeDefinitions, arena, err));
        STATOR_TRY(check_names_differ(&in->GlobalSecondaryIndexes.at[i].KeySchema, err));
    }
    if (!names_init(&used, elements, arena))
        return stator_fail_memory(err);
    names_add_schema(&used, &in->KeySchema);
    for (size_t i = 0; i < in->LocalSecondaryIndexes.count; i++)
        names_add_schema(&used, &in->LocalSecondaryIndexes.at[i].KeySchema);
    for (size_t i = 0; i < in->GlobalSecondaryIndexes.count; i++)
        names_add_schema(&used, &in->GlobalSecondaryIndexes.at[i].KeySchema);
    if (used.count == in->AttributeDefinitions.count)
        return STATOR_OK;
    STATOR_TRY(names_of_definitions(&defined, &in->AttributeDefinitions, arena, err));
    return fail_with_names(err, "Some AttributeDefinitions are not used. AttributeDefinitions: ",
                           (struct printed){defined, java_sized_buckets(defined.count)},
                           ", keys used: ", (struct printed){used, java_set_buckets(used.count)});
}

static enum stator_rc check_lists(const struct CreateTableInput *in, struct stator_error *err)
{
    if (in->LocalSecondaryIndexes.set && in->LocalSecondaryIndexes.count == 0)
        return stator_fail(err, STATOR_VALIDATION, INVALID "List of LocalSecondaryIndexes is empty");
    if (in->LocalSecondaryIndexes.set && in->KeySchema.count < 2)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Table KeySchema does not have a range key, which is required when specifying a "
                                   "LocalSecondaryIndex");
    if (in->GlobalSecondaryIndexes.set && in->GlobalSecondaryIndexes.count == 0)
        return stator_fail(err, STATOR_VALIDATION, INVALID "List of GlobalSecondaryIndexes is empty");
    return STATOR_OK;
}

static enum stator_rc check_counts(const struct CreateTableInput *in, struct stator_error *err)
{
    size_t projected = 0;

    if (in->LocalSecondaryIndexes.count > TABLE_LOCAL_INDEXES_MAX)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Number of LocalSecondaryIndexes exceeds per-table limit of %d",
                           TABLE_LOCAL_INDEXES_MAX);
    if (in->GlobalSecondaryIndexes.count > TABLE_GLOBAL_INDEXES_MAX)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "GlobalSecondaryIndex count exceeds the per-table limit of %d",
                           TABLE_GLOBAL_INDEXES_MAX);
    for (size_t i = 0; i < in->LocalSecondaryIndexes.count; i++)
        projected += in->LocalSecondaryIndexes.at[i].Projection->NonKeyAttributes.count;
    for (size_t i = 0; i < in->GlobalSecondaryIndexes.count; i++)
        projected += in->GlobalSecondaryIndexes.at[i].Projection->NonKeyAttributes.count;
    if (projected > TABLE_PROJECTED_MAX)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Number of NonKeyAttributes of all indexes exceeds per-table limit of %d",
                           TABLE_PROJECTED_MAX);
    return STATOR_OK;
}

enum stator_rc table_schema_check(const struct CreateTableInput *in, struct arena *arena, struct stator_error *err)
{
    STATOR_TRY(check_base_key(in, arena, err));
    STATOR_TRY(check_lists(in, err));
    STATOR_TRY(check_all_used(in, arena, err));
    for (size_t i = 0; i < in->LocalSecondaryIndexes.count; i++)
        STATOR_TRY(check_local(in, i, err));
    for (size_t i = 0; i < in->GlobalSecondaryIndexes.count; i++)
        STATOR_TRY(check_global(in, i, err));
    return check_counts(in, err);
}

enum stator_rc table_schema_check_index(const struct CreateGlobalSecondaryIndexAction *create,
                                        const struct AttributeDefinitions *definitions, struct arena *arena,
                                        struct stator_error *err)
{
    STATOR_TRY(check_defined(&create->KeySchema, definitions, arena, err));
    STATOR_TRY(check_multiple(&create->KeySchema, err));
    return check_projection(create->Projection, err);
}

/* --- Order -------------------------------------------------------------------------------------------------------- */

static int compare_definitions(const void *a, const void *b)
{
    return bytes_compare(((const struct AttributeDefinition *)a)->AttributeName,
                         ((const struct AttributeDefinition *)b)->AttributeName);
}

static int compare_names(const void *a, const void *b)
{
    return bytes_compare(*(const struct bytes *)a, *(const struct bytes *)b);
}

bool table_schema_sort_definitions(struct AttributeDefinitions *definitions, struct arena *arena)
{
    struct AttributeDefinition *sorted = ARENA_ARRAY(arena, struct AttributeDefinition, definitions->count);

    if (sorted == NULL)
        return false;
    for (size_t i = 0; i < definitions->count; i++)
        sorted[i] = definitions->at[i];
    qsort(sorted, definitions->count, sizeof(*sorted), compare_definitions);
    definitions->at = sorted;
    return true;
}

bool table_schema_sort_projection(const struct Projection **projection, struct arena *arena)
{
    size_t count = (*projection)->NonKeyAttributes.count;
    struct Projection *copy;
    struct bytes *sorted;

    if (count == 0)
        return true;
    copy = ARENA_NEW(arena, struct Projection);
    sorted = ARENA_ARRAY(arena, struct bytes, count);
    if (copy == NULL || sorted == NULL)
        return false;
    *copy = **projection;
    memcpy(sorted, copy->NonKeyAttributes.at, count * sizeof(*sorted));
    qsort(sorted, count, sizeof(*sorted), compare_names);
    copy->NonKeyAttributes.at = sorted;
    *projection = copy;
    return true;
}
