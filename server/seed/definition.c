/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/definition.h"

#include "seed/property.h"

struct definition *definition_add(struct definitions *out, const struct tree_source *source, uint32_t line,
                                  struct bytes table, struct arena *arena)
{
    struct definition *definition = ARENA_NEW(arena, struct definition);

    if (definition == NULL)
        return NULL;
    definition->path = source->path;
    definition->line = line;
    definition->table = table;
    if (out->last != NULL)
        out->last->next = definition;
    else
        out->first = definition;
    out->last = definition;
    out->count++;
    return definition;
}

enum stator_rc definition_request(struct bytes *out, struct resolver *r, struct bytes table, const char *key,
                                  const struct node *map, const struct property *members)
{
    struct json_writer writer;
    struct buf buf;
    enum stator_rc rc;

    buf_init(&buf, DEFINITION_FILE_MAX);
    writer = json_writer_of(&buf);
    json_object_begin(&writer);
    json_key(&writer, BYTES("TableName"));
    json_string(&writer, table);
    json_key(&writer, bytes_of_string(key));
    json_object_begin(&writer);
    rc = properties_write(&writer, r, map, members, NULL);
    json_object_end(&writer);
    json_object_end(&writer);
    if (rc == STATOR_OK) {
        *out = arena_copy(r->arena, buf_bytes(&buf));
        rc = buf.failed || !bytes_present(*out) ? stator_fail_memory(r->err) : STATOR_OK;
    }
    buf_deinit(&buf);
    return rc;
}

enum stator_rc definition_time_to_live(struct definition *definition, struct resolver *r,
                                       const struct node *specification)
{
    static const struct property members[] = {
        {"AttributeName", PROPERTY_TEXT, NULL, NULL}, {"Enabled", PROPERTY_BOOLEAN, NULL, NULL}, {NULL}};
    const struct node *value = NULL;
    bool enabled = false;

    if (specification != NULL)
        STATOR_TRY(resolve(&value, r, specification));
    if (value == NULL)
        return STATOR_OK;
    STATOR_TRY(property_boolean(&enabled, r, tree_member(value, "Enabled")));
    if (!enabled)
        return STATOR_OK;
    return definition_request(&definition->time_to_live, r, definition->table, "TimeToLiveSpecification", value,
                              members);
}

/* --- CreateTable and DescribeTable -------------------------------------------------------------------------------- */

static const struct property described_index[] = {
    {"IndexName", PROPERTY_TEXT, NULL, NULL},
    {"KeySchema", PROPERTY_LIST, NULL, property_key_schema},
    {"Projection", PROPERTY_OBJECT, NULL, property_projection},
    {"ProvisionedThroughput", PROPERTY_THROUGHPUT, NULL, property_throughput},
    {"OnDemandThroughput", PROPERTY_OBJECT, NULL, property_on_demand},
    {NULL}};
static const struct property stream[] = {
    {"StreamEnabled", PROPERTY_BOOLEAN, NULL, NULL}, {"StreamViewType", PROPERTY_TEXT, NULL, NULL}, {NULL}};
static const struct property described[] = {
    {"AttributeDefinitions", PROPERTY_LIST, NULL, property_attribute_definitions},
    {"KeySchema", PROPERTY_LIST, NULL, property_key_schema},
    {"LocalSecondaryIndexes", PROPERTY_LIST, NULL, described_index},
    {"GlobalSecondaryIndexes", PROPERTY_LIST, NULL, described_index},
    {"ProvisionedThroughput", PROPERTY_THROUGHPUT, NULL, property_throughput},
    {"OnDemandThroughput", PROPERTY_OBJECT, NULL, property_on_demand},
    {"StreamSpecification", PROPERTY_OBJECT, NULL, stream},
    {"DeletionProtectionEnabled", PROPERTY_BOOLEAN, NULL, NULL},
    {NULL}};
static const struct property billing[] = {{"BillingMode", PROPERTY_TEXT, NULL, NULL}, {NULL}};
static const struct property class[] = {{"TableClass", PROPERTY_TEXT, NULL, NULL}, {NULL}};

struct files {
    struct definitions *out;
    const struct tree_source *source;
    struct resolver resolver;
};

static enum stator_rc name_of(struct bytes *out, struct files *f, const struct node *table)
{
    const struct node *name = tree_member(table, "TableName");

    if (name == NULL || name->kind != NODE_TEXT)
        return tree_fail(
            f->resolver.err, f->source->path, table->line,
            tree_member(table, "Item") != NULL
                ? "an item, not a table: items are read of files called TABLE.jsonl"
                : "neither a CreateTable request (it has no TableName), nor a list of them, nor the answer "
                  "of DescribeTable, nor a template (it has no Resources)");
    *out = name->text;
    return STATOR_OK;
}

static enum stator_rc add(struct definition **out, struct files *f, const struct node *table)
{
    struct bytes name;

    STATOR_TRY(name_of(&name, f, table));
    *out = definition_add(f->out, f->source, table->line, name, f->resolver.arena);
    return *out != NULL ? STATOR_OK : stator_fail_memory(f->resolver.err);
}

static enum stator_rc read_create(struct files *f, const struct node *table)
{
    struct definition *definition;

    STATOR_TRY(add(&definition, f, table));
    definition->create = table->text;
    return definition_time_to_live(definition, &f->resolver, tree_member(table, "TimeToLiveSpecification"));
}

static enum stator_rc write_described(struct json_writer *writer, struct resolver *r, const struct node *table,
                                      struct bytes name)
{
    json_key(writer, BYTES("TableName"));
    json_string(writer, name);
    STATOR_TRY(properties_write(writer, r, table, described, NULL));
    if (tree_member(table, "BillingModeSummary") != NULL)
        STATOR_TRY(properties_write(writer, r, tree_member(table, "BillingModeSummary"), billing, NULL));
    if (tree_member(table, "TableClassSummary") != NULL)
        STATOR_TRY(properties_write(writer, r, tree_member(table, "TableClassSummary"), class, NULL));
    return STATOR_OK;
}

/* answer: what is around the table, or the table itself. */
static enum stator_rc read_described(struct files *f, const struct node *table, const struct node *answer)
{
    const struct node *fading = tree_member(table, "TimeToLiveSpecification");
    struct definition *definition;
    struct json_writer writer;
    struct buf buf;
    enum stator_rc rc;

    STATOR_TRY(add(&definition, f, table));
    buf_init(&buf, DEFINITION_FILE_MAX);
    writer = json_writer_of(&buf);
    json_object_begin(&writer);
    rc = write_described(&writer, &f->resolver, table, definition->table);
    json_object_end(&writer);
    if (rc == STATOR_OK) {
        definition->create = arena_copy(f->resolver.arena, buf_bytes(&buf));
        rc = buf.failed || !bytes_present(definition->create) ? stator_fail_memory(f->resolver.err) : STATOR_OK;
    }
    buf_deinit(&buf);
    STATOR_TRY(rc);
    return definition_time_to_live(definition, &f->resolver,
                                   fading != NULL ? fading : tree_member(answer, "TimeToLiveSpecification"));
}

/* `aws dynamodb describe-table --query Table` prints the table alone: it has a status, which no request has. */
static enum stator_rc read_table(struct files *f, const struct node *table)
{
    const struct node *inner = tree_member(table, "Table");

    if (inner != NULL && inner->kind == NODE_MAP)
        return read_described(f, inner, table);
    return tree_member(table, "TableStatus") != NULL ? read_described(f, table, table) : read_create(f, table);
}

enum stator_rc definitions_read(struct definitions *out, const struct tree_source *source, struct bytes region,
                                struct arena *arena, struct stator_error *err)
{
    struct files f = {
        .out = out, .source = source, .resolver = {.path = source->path, .region = region, .arena = arena, .err = err}};
    struct node *root;

    *out = (struct definitions){0};
    STATOR_TRY(tree_read(&root, source, arena, err));
    if (tree_member(root, "Resources") != NULL)
        return template_read(out, source, root, region, arena, err);
    if (source->form == TREE_YAML)
        return tree_fail(err, source->path, root->line, "this is no CloudFormation template: it has no Resources");
    if (root->kind != NODE_LIST)
        return read_table(&f, root);
    for (const struct node *at = root->first; at != NULL; at = at->next)
        STATOR_TRY(read_table(&f, at));
    return STATOR_OK;
}
