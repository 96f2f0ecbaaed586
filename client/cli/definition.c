/* SPDX-License-Identifier: Apache-2.0 */
#include "definition.h"

#include <stdlib.h>
#include <time.h>

#include "cli.h"
#include "column.h"

/* Zeroed memory that lives as long as the definition. */
static void *hold(struct definition *definition, size_t len)
{
    void *block = must_alloc(len);

    definition->blocks = must_resize(definition->blocks, (definition->block_count + 1) * sizeof(*definition->blocks));
    definition->blocks[definition->block_count++] = block;
    return block;
}

/* A copy of an array with room for one more. */
static void *grown(struct definition *definition, const void *array, size_t count, size_t element)
{
    char *copy = hold(definition, (count + 1) * element);

    if (count > 0)
        memcpy(copy, array, count * element);
    return copy;
}

static struct stator_bytes hold_text(struct definition *definition, const char *at, size_t len)
{
    char *copy = hold(definition, len + 1);

    memcpy(copy, at, len);
    return stator_bytes_of(copy, len);
}

void definition_free(struct definition *definition)
{
    for (size_t i = 0; i < definition->block_count; i++)
        free(definition->blocks[i]);
    free(definition->blocks);
    *definition = (struct definition){0};
}

const struct stator_create_table_input *definition_input(const struct definition *definition)
{
    return &definition->input;
}

/* --- Keys --------------------------------------------------------------------------------------------------------- */

static enum stator_rc add_attribute(struct definition *definition, struct stator_bytes name, enum stator_type type,
                                    bool typed, struct stator_error *err)
{
    struct stator_attribute_definitions *all = &definition->input.attribute_definitions;
    struct stator_attribute_definition *copy;
    struct stator_bytes type_text = stator_text(type_name(type));

    for (size_t i = 0; i < all->count; i++) {
        if (!stator_bytes_equal(all->at[i].attribute_name, name))
            continue;
        if (typed && !stator_bytes_equal(all->at[i].attribute_type.text, type_text))
            return cli_fail(err, STATOR_VALIDATION, "the attribute %.*s has two types", STATOR_ARG(name));
        return STATOR_OK;
    }
    copy = grown(definition, all->at, all->count, sizeof(*copy));
    copy[all->count].attribute_name = name;
    copy[all->count].attribute_type.text = type_text;
    copy[all->count].attribute_type.value = type == STATOR_TYPE_S   ? STATOR_SCALAR_ATTRIBUTE_TYPE_S
                                            : type == STATOR_TYPE_N ? STATOR_SCALAR_ATTRIBUTE_TYPE_N
                                                                    : STATOR_SCALAR_ATTRIBUTE_TYPE_B;
    all->at = copy;
    all->count++;
    all->set = true;
    return STATOR_OK;
}

/* NAME or NAME:TYPE becomes the next element of a schema. */
static enum stator_rc add_key(struct definition *definition, struct stator_key_schema *schema, const char *text,
                              size_t len, enum stator_key_type kind, struct stator_error *err)
{
    struct column column = {0};
    struct stator_key_schema_element *copy = grown(definition, schema->at, schema->count, sizeof(*copy));
    enum stator_rc rc = STATOR_OK;
    bool typed;

    column_parse(&column, stator_bytes_of(text, len));
    typed = column.type != STATOR_TYPE_ABSENT;
    if (!typed)
        column.type = STATOR_TYPE_S;
    if (column.name[0] == '\0')
        rc = cli_fail(err, STATOR_VALIDATION, "'%.*s': a key has a name", (int)len, text);
    else if (column.type > STATOR_TYPE_B)
        rc = cli_fail(err, STATOR_VALIDATION, "'%.*s': a key is of type S, N or B", (int)len, text);
    copy[schema->count].attribute_name = hold_text(definition, column.name, strlen(column.name));
    copy[schema->count].key_type.value = kind;
    if (rc == STATOR_OK)
        rc = add_attribute(definition, copy[schema->count].attribute_name, column.type, typed, err);
    column_deinit(&column);
    schema->at = copy;
    schema->count++;
    schema->set = true;
    return rc;
}

static enum stator_rc add_keys(struct definition *definition, struct stator_key_schema *schema, const char *list,
                               size_t len, struct stator_error *err)
{
    const char *comma = memchr(list, ',', len);
    size_t first = comma == NULL ? len : (size_t)(comma - list);

    if (add_key(definition, schema, list, first, STATOR_KEY_TYPE_HASH, err) != STATOR_OK)
        return err->rc;
    if (comma == NULL)
        return STATOR_OK;
    return add_key(definition, schema, comma + 1, len - first - 1, STATOR_KEY_TYPE_RANGE, err);
}

/* --- Indexes ------------------------------------------------------------------------------------------------------ */

/* What follows ';': "keys", or attributes with commas between. NULL: all. */
static const struct stator_projection *read_projection(struct definition *definition, const char *text)
{
    struct stator_projection *projection = hold(definition, sizeof(*projection));
    struct stator_non_key_attribute_name_list *names = &projection->non_key_attributes;

    projection->projection_type.value = text == NULL                ? STATOR_PROJECTION_TYPE_ALL
                                        : strcmp(text, "keys") == 0 ? STATOR_PROJECTION_TYPE_KEYS_ONLY
                                                                    : STATOR_PROJECTION_TYPE_INCLUDE;
    while (projection->projection_type.value == STATOR_PROJECTION_TYPE_INCLUDE && *text != '\0') {
        size_t len = strcspn(text, ",");
        struct stator_bytes *copy = grown(definition, names->at, names->count, sizeof(*copy));

        copy[names->count] = hold_text(definition, text, len);
        names->at = copy;
        names->count++;
        names->set = true;
        text += len + (text[len] == ',');
    }
    return projection;
}

/* NAME=KEYS[;PROJECTION] taken apart. */
struct index_text {
    struct stator_bytes name;
    const char *keys, *projection;
    size_t keys_len;
};

static enum stator_rc read_index(struct definition *definition, struct index_text *out, const char *text,
                                 struct stator_error *err)
{
    const char *equals = strchr(text, '='), *semicolon = strchr(text, ';');

    if (equals == NULL || equals == text || (semicolon != NULL && semicolon < equals))
        return cli_fail(err, STATOR_VALIDATION, "'%s': an index is NAME=KEY[,SORT]", text);
    out->name = hold_text(definition, text, (size_t)(equals - text));
    out->keys = equals + 1;
    out->keys_len = semicolon == NULL ? strlen(out->keys) : (size_t)(semicolon - out->keys);
    out->projection = semicolon == NULL ? NULL : semicolon + 1;
    return STATOR_OK;
}

static enum stator_rc add_global_index(struct definition *definition, const char *text, struct stator_error *err)
{
    struct stator_global_secondary_index_list *all = &definition->input.global_secondary_indexes;
    struct stator_global_secondary_index *copy = grown(definition, all->at, all->count, sizeof(*copy));
    struct index_text index;

    if (read_index(definition, &index, text, err) != STATOR_OK)
        return err->rc;
    copy[all->count].index_name = index.name;
    copy[all->count].projection = read_projection(definition, index.projection);
    copy[all->count].provisioned_throughput = definition->input.provisioned_throughput;
    if (add_keys(definition, &copy[all->count].key_schema, index.keys, index.keys_len, err) != STATOR_OK)
        return err->rc;
    all->at = copy;
    all->count++;
    all->set = true;
    return STATOR_OK;
}

static enum stator_rc add_local_index(struct definition *definition, const char *text, struct stator_error *err)
{
    struct stator_local_secondary_index_list *all = &definition->input.local_secondary_indexes;
    struct stator_local_secondary_index *copy = grown(definition, all->at, all->count, sizeof(*copy));
    struct stator_key_schema *schema = &copy[all->count].key_schema;
    struct stator_key_schema_element *hash = hold(definition, sizeof(*hash));
    struct index_text index;

    if (read_index(definition, &index, text, err) != STATOR_OK)
        return err->rc;
    copy[all->count].index_name = index.name;
    copy[all->count].projection = read_projection(definition, index.projection);
    *hash = definition->input.key_schema.at[0];
    *schema = (struct stator_key_schema){.at = hash, .count = 1, .set = true};
    if (add_key(definition, schema, index.keys, index.keys_len, STATOR_KEY_TYPE_RANGE, err) != STATOR_OK)
        return err->rc;
    all->at = copy;
    all->count++;
    all->set = true;
    return STATOR_OK;
}

/* --- From options ------------------------------------------------------------------------------------------------- */

static enum stator_rc read_throughput(struct definition *definition, const char *text, struct stator_error *err)
{
    struct stator_provisioned_throughput *units = hold(definition, sizeof(*units));
    long long read, write;
    int end = 0;

    definition->input.billing_mode.value = STATOR_BILLING_MODE_PAY_PER_REQUEST;
    if (text == NULL)
        return STATOR_OK;
    if (sscanf(text, "%lld,%lld%n", &read, &write, &end) != 2 || text[end] != '\0' || read < 1 || write < 1)
        return cli_fail(err, STATOR_VALIDATION, "--throughput: '%s' is not READ,WRITE, as in 5,5", text);
    units->read_capacity_units = stator_int(read);
    units->write_capacity_units = stator_int(write);
    definition->input.provisioned_throughput = units;
    definition->input.billing_mode.value = STATOR_BILLING_MODE_PROVISIONED;
    return STATOR_OK;
}

static void read_stream(struct definition *definition, const char *view)
{
    static const struct {
        const char *name;
        enum stator_stream_view_type type;
    } views[] = {{"keys", STATOR_STREAM_VIEW_TYPE_KEYS_ONLY},
                 {"new", STATOR_STREAM_VIEW_TYPE_NEW_IMAGE},
                 {"old", STATOR_STREAM_VIEW_TYPE_OLD_IMAGE},
                 {"both", STATOR_STREAM_VIEW_TYPE_NEW_AND_OLD_IMAGES}};
    struct stator_stream_specification *stream = hold(definition, sizeof(*stream));

    for (size_t i = 0; view != NULL && i < sizeof(views) / sizeof(views[0]); i++) {
        if (strcmp(views[i].name, view) != 0)
            continue;
        stream->stream_enabled = STATOR_TRUE;
        stream->stream_view_type.value = (int)views[i].type;
        definition->input.stream_specification = stream;
    }
}

static enum stator_rc read_indexes(struct definition *definition, const struct args *args, struct stator_error *err)
{
    enum stator_rc rc = STATOR_OK;

    for (size_t i = 0; i < args->given_count && rc == STATOR_OK; i++) {
        if (args->given[i].id == OPTION_INDEX)
            rc = add_global_index(definition, args->given[i].value, err);
        else if (args->given[i].id == OPTION_LOCAL_INDEX)
            rc = add_local_index(definition, args->given[i].value, err);
    }
    return rc;
}

enum stator_rc definition_read(struct definition *out, const struct args *args, struct stator_error *err)
{
    *out = (struct definition){.input = {.table_name = stator_text(args->operands[0])}};
    for (size_t i = 1; i < args->count; i++)
        if (add_key(out, &out->input.key_schema, args->operands[i], strlen(args->operands[i]),
                    i == 1 ? STATOR_KEY_TYPE_HASH : STATOR_KEY_TYPE_RANGE, err) != STATOR_OK)
            return err->rc;
    read_stream(out, args->value[OPTION_STREAM]);
    if (read_throughput(out, args->value[OPTION_BILLING], err) != STATOR_OK)
        return err->rc;
    return read_indexes(out, args, err);
}

enum stator_rc definition_of_keys(struct definition *out, const char *table, const char *keys, struct stator_error *err)
{
    *out = (struct definition){.input = {.table_name = stator_text(table)}};
    out->input.billing_mode.value = STATOR_BILLING_MODE_PAY_PER_REQUEST;
    return add_keys(out, &out->input.key_schema, keys, strlen(keys), err);
}

/* --- Like another ------------------------------------------------------------------------------------------------- */

static const struct stator_provisioned_throughput *
same_throughput(struct definition *definition, const struct stator_provisioned_throughput_description *given)
{
    struct stator_provisioned_throughput *units;

    if (given == NULL || given->read_capacity_units.value < 1)
        return NULL;
    units = hold(definition, sizeof(*units));
    units->read_capacity_units = given->read_capacity_units;
    units->write_capacity_units = given->write_capacity_units;
    return units;
}

static void same_global_indexes(struct definition *out,
                                const struct stator_global_secondary_index_description_list *all)
{
    struct stator_global_secondary_index *copy = hold(out, all->count * sizeof(*copy));

    for (size_t i = 0; i < all->count; i++) {
        copy[i].index_name = all->at[i].index_name;
        copy[i].key_schema = all->at[i].key_schema;
        copy[i].projection = all->at[i].projection;
        copy[i].provisioned_throughput = same_throughput(out, all->at[i].provisioned_throughput);
        copy[i].on_demand_throughput = all->at[i].on_demand_throughput;
    }
    out->input.global_secondary_indexes =
        (struct stator_global_secondary_index_list){.at = copy, .count = all->count, .set = all->count > 0};
}

static void same_local_indexes(struct definition *out, const struct stator_local_secondary_index_description_list *all)
{
    struct stator_local_secondary_index *copy = hold(out, all->count * sizeof(*copy));

    for (size_t i = 0; i < all->count; i++) {
        copy[i].index_name = all->at[i].index_name;
        copy[i].key_schema = all->at[i].key_schema;
        copy[i].projection = all->at[i].projection;
    }
    out->input.local_secondary_indexes =
        (struct stator_local_secondary_index_list){.at = copy, .count = all->count, .set = all->count > 0};
}

void definition_like(struct definition *out, const struct stator_table_description *description, const char *table)
{
    *out = (struct definition){.input = {.table_name = stator_text(table),
                                         .attribute_definitions = description->attribute_definitions,
                                         .key_schema = description->key_schema,
                                         .on_demand_throughput = description->on_demand_throughput}};
    out->input.provisioned_throughput = same_throughput(out, description->provisioned_throughput);
    out->input.billing_mode.value = out->input.provisioned_throughput == NULL ? STATOR_BILLING_MODE_PAY_PER_REQUEST
                                                                              : STATOR_BILLING_MODE_PROVISIONED;
    if (description->stream_specification != NULL && description->stream_specification->stream_enabled == STATOR_TRUE)
        out->input.stream_specification = description->stream_specification;
    out->input.deletion_protection_enabled = description->deletion_protection_enabled;
    if (description->table_class_summary != NULL)
        out->input.table_class = description->table_class_summary->table_class;
    same_global_indexes(out, &description->global_secondary_indexes);
    same_local_indexes(out, &description->local_secondary_indexes);
}

/* --- Waiting ------------------------------------------------------------------------------------------------------ */

#define LOOK_MS_FIRST 10
#define LOOK_MS_MOST  2000

static bool all_active(const struct stator_table_description *table)
{
    if (table->table_status.value != STATOR_TABLE_STATUS_ACTIVE)
        return false;
    for (size_t i = 0; i < table->global_secondary_indexes.count; i++)
        if (table->global_secondary_indexes.at[i].index_status.value != STATOR_INDEX_STATUS_ACTIVE)
            return false;
    return true;
}

static void pause_ms(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000}, NULL);
}

int definition_await(struct stator_call *call, const char *table, bool active)
{
    struct stator_describe_table_input in = {.table_name = stator_text(table)};
    const struct stator_describe_table_output *got;

    for (unsigned ms = LOOK_MS_FIRST; !cli_interrupted(); ms = ms * 2 < LOOK_MS_MOST ? ms * 2 : LOOK_MS_MOST) {
        enum stator_rc rc = stator_describe_table(call, &in, &got);

        if (rc == STATOR_RESOURCE_NOT_FOUND && !active)
            return CODE_OK;
        if (rc != STATOR_OK)
            return cli_complain_call(call);
        if (active && all_active(got->table))
            return CODE_OK;
        pause_ms(ms);
    }
    return CODE_INTERRUPTED;
}
