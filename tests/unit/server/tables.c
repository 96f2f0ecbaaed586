/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/server/tables.h"

#include "unit/unit.h"

#define PARTS_MAX   8
#define INDEXES_MAX 4
#define EXPIRY_ID   99

struct line {
    struct KeySchemaElement keys[PARTS_MAX];
    size_t key_count;
    struct bytes included[PARTS_MAX];
    size_t included_count;
    bool keys_only, creating;
};

struct definitions {
    struct AttributeDefinition at[PARTS_MAX * INDEXES_MAX];
    size_t count;
};

static void define(struct definitions *all, struct bytes name, char type)
{
    for (size_t i = 0; i < all->count; i++)
        if (bytes_equal(all->at[i].AttributeName, name))
            return;
    all->at[all->count].AttributeName = name;
    all->at[all->count++].AttributeType = API_ENUM(type == 'S'   ? ScalarAttributeType_S
                                                   : type == 'N' ? ScalarAttributeType_N
                                                                 : ScalarAttributeType_B);
}

/* What else may be in an index's words; false when the word is a key attribute. */
static bool read_option(struct line *out, struct bytes word)
{
    if (word.at[0] == '+')
        out->included[out->included_count++] = bytes_of(word.at + 1, word.len - 1);
    else if (bytes_equal_string(word, "-"))
        out->keys_only = true;
    else if (bytes_equal_string(word, "~"))
        out->creating = true;
    else
        return false;
    return true;
}

/* "pk:S sk:N" */
static void read_keys(struct line *out, struct definitions *all, const char **at, bool first_is_hash)
{
    *out = (struct line){0};
    while (**at != '\0' && **at != '|') {
        size_t word = strcspn(*at, " "), len = strcspn(*at, ":");
        struct bytes name = bytes_of(*at, len);

        if (read_option(out, bytes_of(*at, word))) {
            *at += word;
            *at += strspn(*at, " ");
            continue;
        }
        define(all, name, (*at)[len + 1]);
        out->keys[out->key_count].AttributeName = name;
        out->keys[out->key_count].KeyType =
            API_ENUM(out->key_count == 0 && first_is_hash ? KeyType_HASH : KeyType_RANGE);
        out->key_count++;
        *at += len + 2;
        *at += strspn(*at, " ");
    }
    if (**at == '|')
        *at += 1 + strspn(*at + 1, " ");
}

static struct KeySchema schema_of(const struct line *line, const struct KeySchemaElement *before, struct arena *arena)
{
    size_t lead = before != NULL;
    struct KeySchemaElement *keys = ARENA_ARRAY(arena, struct KeySchemaElement, line->key_count + lead);

    assert_non_null(keys);
    if (before != NULL)
        keys[0] = *before;
    memcpy(keys + lead, line->keys, line->key_count * sizeof(*keys));
    return (struct KeySchema){.at = keys, .count = line->key_count + lead, .set = true};
}

static const struct Projection *projection_of(const struct line *line, struct arena *arena)
{
    struct Projection *out = ARENA_NEW(arena, struct Projection);
    struct bytes *names = ARENA_ARRAY(arena, struct bytes, line->included_count);

    assert_non_null(out);
    assert_non_null(names);
    out->ProjectionType = API_ENUM(line->keys_only             ? ProjectionType_KEYS_ONLY
                                   : line->included_count != 0 ? ProjectionType_INCLUDE
                                                               : ProjectionType_ALL);
    if (line->included_count == 0)
        return out;
    memcpy(names, line->included, line->included_count * sizeof(*names));
    out->NonKeyAttributes.at = names;
    out->NonKeyAttributes.count = line->included_count;
    out->NonKeyAttributes.set = true;
    return out;
}

/* "exp": the attribute of time to live. */
static void read_ttl(struct time_to_live *out, const char **at)
{
    size_t len = strcspn(*at, " ");

    *out = (struct time_to_live){.status = TimeToLiveStatus_ENABLED, .id = EXPIRY_ID, .attribute = bytes_of(*at, len)};
    *at += len;
    *at += strspn(*at, " |");
}

static void read_indexes(struct TableDescription *out, struct time_to_live *ttl, struct definitions *all,
                         const char *at, struct arena *arena)
{
    struct LocalSecondaryIndexDescription *locals =
        ARENA_ARRAY(arena, struct LocalSecondaryIndexDescription, INDEXES_MAX);
    struct GlobalSecondaryIndexDescription *globals =
        ARENA_ARRAY(arena, struct GlobalSecondaryIndexDescription, INDEXES_MAX);

    out->LocalSecondaryIndexes.at = locals;
    out->GlobalSecondaryIndexes.at = globals;
    while (*at != '\0') {
        size_t len = strcspn(at, " ");
        struct bytes name = bytes_of(at, len);
        struct line line;

        at += len + strspn(at + len, " ");
        if (bytes_equal_string(name, "ttl")) {
            read_ttl(ttl, &at);
            continue;
        }
        read_keys(&line, all, &at, name.at[0] == 'g');
        if (name.at[0] == 'g') {
            struct GlobalSecondaryIndexDescription *index = &globals[out->GlobalSecondaryIndexes.count++];

            index->IndexName = name;
            index->KeySchema = schema_of(&line, NULL, arena);
            index->Projection = projection_of(&line, arena);
            index->IndexStatus = API_ENUM(line.creating ? IndexStatus_CREATING : IndexStatus_ACTIVE);
            if (line.creating)
                index->Backfilling = API_TRUE;
            out->GlobalSecondaryIndexes.set = true;
        } else {
            struct LocalSecondaryIndexDescription *index = &locals[out->LocalSecondaryIndexes.count++];

            index->IndexName = name;
            index->KeySchema = schema_of(&line, &out->KeySchema.at[0], arena);
            index->Projection = projection_of(&line, arena);
            out->LocalSecondaryIndexes.set = true;
        }
    }
}

struct table *table_of(const char *text, struct arena *arena)
{
    return table_version_of(text, NULL, arena);
}

struct table *table_version_of(const char *text, const struct table *previous, struct arena *arena)
{
    return table_numbered(text, 1, previous, arena);
}

struct table *table_numbered(const char *text, uint32_t first_id, const struct table *previous, struct arena *arena)
{
    const uint32_t ids[] = {first_id,     first_id + 1, first_id + 2, first_id + 3, first_id + 4,
                            first_id + 5, first_id + 6, first_id + 7, first_id + 8};
    struct TableDescription *description = ARENA_NEW(arena, struct TableDescription);
    struct definitions *all = ARENA_NEW(arena, struct definitions);
    struct table_extras extras = {0};
    struct table_source source = {
        .namespace_ = BYTES(""), .description = description, .ids = ids, .extras = &extras, .previous = previous};
    struct stator_error err = {0};
    struct table *table;
    struct line base;

    assert_non_null(description);
    assert_non_null(all);
    read_keys(&base, all, &text, true);
    description->TableName = BYTES("test");
    description->TableArn = BYTES("arn:aws:dynamodb:us-east-1:000000000000:table/test");
    description->TableStatus = API_ENUM(TableStatus_ACTIVE);
    description->KeySchema = schema_of(&base, NULL, arena);
    read_indexes(description, &extras.ttl, all, text, arena);
    description->AttributeDefinitions.at = all->at;
    description->AttributeDefinitions.count = all->count;
    description->AttributeDefinitions.set = true;
    source.id_count = 1 + description->LocalSecondaryIndexes.count + description->GlobalSecondaryIndexes.count;
    if (table_new(&table, &source, &err) != STATOR_OK)
        fail_msg("%s: %s", text, err.message);
    return table;
}

struct item item_of(const char *json, struct arena *arena)
{
    struct stator_error err = {0};
    struct json_reader reader;
    struct item item;

    json_reader_init(&reader, bytes_of_string(json), arena);
    if (item_read(&item, &reader, json_next(&reader), arena, &err) != STATOR_OK || item.fault)
        fail_msg("%s: %s", json, err.message);
    item.set = true;
    return item;
}
