/* SPDX-License-Identifier: Apache-2.0 */
#include "catalog/table.h"

#include <stdlib.h>

#include "catalog/record.h"

#define TABLE_ARENA_MAX ((size_t)64 << 20) /* a megabyte of JSON, decoded, many times over */

static enum stator_rc wrong(struct stator_error *err, const char *what)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "the description makes no table: %s", what);
}

static enum value_type attribute_type(const struct TableDescription *description, struct bytes name)
{
    for (size_t i = 0; i < description->AttributeDefinitions.count; i++) {
        const struct AttributeDefinition *definition = &description->AttributeDefinitions.at[i];

        if (!bytes_equal(definition->AttributeName, name))
            continue;
        switch (definition->AttributeType.value) {
        case ScalarAttributeType_S:
            return VALUE_S;
        case ScalarAttributeType_N:
            return VALUE_N;
        case ScalarAttributeType_B:
            return VALUE_B;
        default:
            return VALUE_ABSENT;
        }
    }
    return VALUE_ABSENT;
}

static enum stator_rc build_key(struct key_schema *out, const struct KeySchema *schema,
                                const struct TableDescription *description, struct stator_error *err)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct KeySchemaElement *element = &schema->at[i];
        bool hash = element->KeyType.value == KeyType_HASH;
        struct key_attribute attribute = {element->AttributeName, attribute_type(description, element->AttributeName)};
        uint32_t *count = hash ? &out->hash_count : &out->range_count;

        if (attribute.type == VALUE_ABSENT)
            return wrong(err, "a key attribute has no type");
        if (*count == KEY_PARTS_MAX)
            return wrong(err, "a key has too many attributes");
        (hash ? out->hash : out->range)[(*count)++] = attribute;
    }
    if (out->hash_count == 0)
        return wrong(err, "a key has no hash attribute");
    return STATOR_OK;
}

static struct index_state *state_of(const struct index *index, uint32_t id)
{
    return index->state != NULL && index->state->id == id ? index->state : NULL;
}

static enum stator_rc share_state(struct index *index, uint32_t id, const struct table *previous,
                                  struct stator_error *err)
{
    struct index_state *state = NULL;

    if (id == 0)
        return wrong(err, "an index has no id");
    if (previous != NULL) {
        state = state_of(&previous->base, id);
        for (size_t i = 0; state == NULL && i < previous->index_count; i++)
            state = state_of(&previous->indexes[i], id);
    }
    if (state != NULL) {
        atomic_fetch_add(&state->references, 1);
    } else {
        state = calloc(1, sizeof(*state));
        if (state == NULL)
            return stator_fail_memory(err);
        atomic_init(&state->references, 1);
        state->id = id;
    }
    index->state = state;
    return STATOR_OK;
}

static void state_release(struct index_state *state)
{
    if (state != NULL && atomic_fetch_sub(&state->references, 1) == 1)
        free(state);
}

static void set_projection(struct index *index, const struct Projection *projection)
{
    index->projection = ProjectionType_ALL;
    if (projection == NULL)
        return;
    index->projection = (enum ProjectionType)projection->ProjectionType.value;
    if (index->projection == ProjectionType_INCLUDE) {
        index->non_key = projection->NonKeyAttributes.at;
        index->non_key_count = projection->NonKeyAttributes.count;
    }
}

static enum stator_rc build_local(struct index *index, const struct LocalSecondaryIndexDescription *description,
                                  const struct TableDescription *table, struct stator_error *err)
{
    *index = (struct index){.kind = INDEX_LOCAL,
                            .name = description->IndexName,
                            .arn = description->IndexArn,
                            .status = IndexStatus_ACTIVE};
    set_projection(index, description->Projection);
    return build_key(&index->key, &description->KeySchema, table, err);
}

static enum stator_rc build_global(struct index *index, const struct GlobalSecondaryIndexDescription *description,
                                   const struct TableDescription *table, struct stator_error *err)
{
    *index = (struct index){.kind = INDEX_GLOBAL,
                            .name = description->IndexName,
                            .arn = description->IndexArn,
                            .status = (enum IndexStatus)description->IndexStatus.value,
                            .backfilling = description->Backfilling == API_TRUE};
    set_projection(index, description->Projection);
    return build_key(&index->key, &description->KeySchema, table, err);
}

static enum stator_rc build_indexes(struct table *table, const struct record *record, const struct table *previous,
                                    struct stator_error *err)
{
    const struct TableDescription *description = record->description;
    size_t locals = description->LocalSecondaryIndexes.count, globals = description->GlobalSecondaryIndexes.count;

    if (record->id_count != 1 + locals + globals)
        return wrong(err, "it has another number of ids than of indexes");
    table->base = (struct index){
        .kind = INDEX_BASE, .arn = table->arn, .projection = ProjectionType_ALL, .status = IndexStatus_ACTIVE};
    STATOR_TRY(build_key(&table->base.key, &description->KeySchema, description, err));
    STATOR_TRY(share_state(&table->base, record->ids[0], previous, err));
    table->indexes = ARENA_ARRAY(&table->arena, struct index, locals + globals);
    if (table->indexes == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < locals + globals; i++) {
        struct index *index = &table->indexes[i];

        if (i < locals)
            STATOR_TRY(build_local(index, &description->LocalSecondaryIndexes.at[i], description, err));
        else
            STATOR_TRY(build_global(index, &description->GlobalSecondaryIndexes.at[i - locals], description, err));
        table->index_count = i + 1;
        STATOR_TRY(share_state(index, record->ids[i + 1], previous, err));
    }
    return STATOR_OK;
}

static enum stator_rc share_table_state(struct table *table, const struct table *previous, struct stator_error *err)
{
    if (previous != NULL) {
        table->state = previous->state;
        table_state_hold(table->state);
        return STATOR_OK;
    }
    table->state = calloc(1, sizeof(*table->state));
    if (table->state == NULL)
        return stator_fail_memory(err);
    atomic_init(&table->state->references, 1);
    return STATOR_OK;
}

/* Fills a cleared table from record bytes, which it copies. */
static enum stator_rc build(struct table *table, struct bytes namespace_, struct bytes stored,
                            const struct table *previous, struct stator_error *err)
{
    struct record record;
    struct table_extras *extras;

    table->namespace_ = arena_copy(&table->arena, namespace_);
    table->record = arena_copy(&table->arena, stored);
    extras = ARENA_NEW(&table->arena, struct table_extras);
    if (!bytes_present(table->namespace_) || !bytes_present(table->record) || extras == NULL)
        return stator_fail_memory(err);
    STATOR_TRY(record_read(&record, table->record, &table->arena, err));
    *extras = record.extras;
    table->extras = extras;
    table->description = record.description;
    table->name = record.description->TableName;
    table->arn = record.description->TableArn;
    table->status = (enum TableStatus)record.description->TableStatus.value;
    if (!bytes_present(table->name) || !bytes_present(table->arn) || record.description->TableStatus.value <= 0)
        return wrong(err, "it has no name, ARN or status");
    STATOR_TRY(build_indexes(table, &record, previous, err));
    return share_table_state(table, previous, err);
}

static enum stator_rc make(struct table **out, struct bytes namespace_, struct bytes stored,
                           const struct table *previous, struct stator_error *err)
{
    struct table *table = calloc(1, sizeof(*table));
    enum stator_rc rc;

    *out = NULL;
    if (table == NULL)
        return stator_fail_memory(err);
    atomic_init(&table->references, 1);
    arena_init(&table->arena, TABLE_ARENA_MAX);
    rc = build(table, namespace_, stored, previous, err);
    if (rc != STATOR_OK) {
        table_release(table);
        return rc;
    }
    *out = table;
    return STATOR_OK;
}

enum stator_rc table_new(struct table **out, const struct table_source *source, struct stator_error *err)
{
    struct record record = {.description = source->description, .ids = source->ids, .id_count = source->id_count};
    struct buf buf;
    enum stator_rc rc;

    *out = NULL;
    if (source->extras != NULL)
        record.extras = *source->extras;
    buf_init(&buf, RECORD_MAX);
    record_write(&buf, &record);
    if (buf.failed)
        rc = stator_fail_memory(err);
    else
        rc = make(out, source->namespace_, buf_bytes(&buf), source->previous, err);
    buf_deinit(&buf);
    return rc;
}

enum stator_rc table_read(struct table **out, struct bytes namespace_, struct bytes record, struct stator_error *err)
{
    return make(out, namespace_, record, NULL, err);
}

void table_hold(struct table *table)
{
    atomic_fetch_add(&table->references, 1);
}

void table_state_hold(struct table_state *state)
{
    atomic_fetch_add(&state->references, 1);
}

void table_state_release(struct table_state *state)
{
    if (state != NULL && atomic_fetch_sub(&state->references, 1) == 1)
        free(state);
}

void table_release(struct table *table)
{
    if (table == NULL || atomic_fetch_sub(&table->references, 1) != 1)
        return;
    state_release(table->base.state);
    for (size_t i = 0; i < table->index_count; i++)
        state_release(table->indexes[i].state);
    table_state_release(table->state);
    arena_deinit(&table->arena);
    free(table);
}

const struct index *table_index(const struct table *table, struct bytes name)
{
    for (size_t i = 0; i < table->index_count; i++) {
        if (bytes_equal(table->indexes[i].name, name))
            return &table->indexes[i];
    }
    return NULL;
}

uint32_t table_id_of(const struct table *table, struct bytes index_name)
{
    const struct index *index = bytes_present(index_name) ? table_index(table, index_name) : &table->base;

    return index != NULL ? index->state->id : 0;
}

static enum value_type key_type(const struct key_schema *key, struct bytes name)
{
    for (uint32_t i = 0; i < key->hash_count; i++) {
        if (bytes_equal(key->hash[i].name, name))
            return key->hash[i].type;
    }
    for (uint32_t i = 0; i < key->range_count; i++) {
        if (bytes_equal(key->range[i].name, name))
            return key->range[i].type;
    }
    return VALUE_ABSENT;
}

enum value_type table_key_type(const struct table *table, struct bytes name)
{
    enum value_type type = key_type(&table->base.key, name);

    for (size_t i = 0; type == VALUE_ABSENT && i < table->index_count; i++)
        type = key_type(&table->indexes[i].key, name);
    return type;
}
