/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of a CloudFormation template. A table without a TableName has the name of its resource: there is no stack to
 * make one of. */
#include "seed/definition.h"

#include "seed/property.h"

/* --- AWS::DynamoDB::Table ----------------------------------------------------------------------------------------- */

static const struct property warm[] = {
    {"ReadUnitsPerSecond", PROPERTY_NUMBER, NULL, NULL}, {"WriteUnitsPerSecond", PROPERTY_NUMBER, NULL, NULL}, {NULL}};
static const struct property tag[] = {{"Key", PROPERTY_TEXT, NULL, NULL}, {"Value", PROPERTY_TEXT, NULL, NULL}, {NULL}};
static const struct property encryption[] = {{"SSEEnabled", PROPERTY_BOOLEAN, "Enabled", NULL},
                                             {"SSEType", PROPERTY_TEXT, NULL, NULL},
                                             {"KMSMasterKeyId", PROPERTY_ELSEWHERE, NULL, NULL}, /* there are no keys */
                                             {NULL}};
static const struct property local_index[] = {{"IndexName", PROPERTY_TEXT, NULL, NULL},
                                              {"KeySchema", PROPERTY_LIST, NULL, property_key_schema},
                                              {"Projection", PROPERTY_OBJECT, NULL, property_projection},
                                              {NULL}};
static const struct property global_index[] = {{"IndexName", PROPERTY_TEXT, NULL, NULL},
                                               {"KeySchema", PROPERTY_LIST, NULL, property_key_schema},
                                               {"Projection", PROPERTY_OBJECT, NULL, property_projection},
                                               {"ProvisionedThroughput", PROPERTY_OBJECT, NULL, property_throughput},
                                               {"OnDemandThroughput", PROPERTY_OBJECT, NULL, property_on_demand},
                                               {"WarmThroughput", PROPERTY_OBJECT, NULL, warm},
                                               {NULL}};
static const struct property table_properties[] = {
    {"TableName", PROPERTY_ELSEWHERE, NULL, NULL},
    {"AttributeDefinitions", PROPERTY_LIST, NULL, property_attribute_definitions},
    {"KeySchema", PROPERTY_LIST, NULL, property_key_schema},
    {"BillingMode", PROPERTY_TEXT, NULL, NULL},
    {"ProvisionedThroughput", PROPERTY_OBJECT, NULL, property_throughput},
    {"OnDemandThroughput", PROPERTY_OBJECT, NULL, property_on_demand},
    {"WarmThroughput", PROPERTY_OBJECT, NULL, warm},
    {"LocalSecondaryIndexes", PROPERTY_LIST, NULL, local_index},
    {"GlobalSecondaryIndexes", PROPERTY_LIST, NULL, global_index},
    {"StreamSpecification", PROPERTY_ELSEWHERE, NULL, NULL},
    {"SSESpecification", PROPERTY_OBJECT, NULL, encryption},
    {"TimeToLiveSpecification", PROPERTY_ELSEWHERE, NULL, NULL},
    {"PointInTimeRecoverySpecification", PROPERTY_ELSEWHERE, NULL, NULL},
    {"Tags", PROPERTY_LIST, NULL, tag},
    {"TableClass", PROPERTY_TEXT, NULL, NULL},
    {"DeletionProtectionEnabled", PROPERTY_BOOLEAN, NULL, NULL},
    {NULL}};

/* --- AWS::DynamoDB::GlobalTable: one table of it, on demand ------------------------------------------------------- */

static const struct property replicated_index[] = {
    {"IndexName", PROPERTY_TEXT, NULL, NULL},
    {"KeySchema", PROPERTY_LIST, NULL, property_key_schema},
    {"Projection", PROPERTY_OBJECT, NULL, property_projection},
    {"WriteProvisionedThroughputSettings", PROPERTY_ELSEWHERE, NULL, NULL},
    {"WriteOnDemandThroughputSettings", PROPERTY_ELSEWHERE, NULL, NULL},
    {NULL}};
static const struct property global_table_properties[] = {
    {"TableName", PROPERTY_ELSEWHERE, NULL, NULL},
    {"AttributeDefinitions", PROPERTY_LIST, NULL, property_attribute_definitions},
    {"KeySchema", PROPERTY_LIST, NULL, property_key_schema},
    {"BillingMode", PROPERTY_ELSEWHERE, NULL, NULL},
    {"WriteProvisionedThroughputSettings", PROPERTY_ELSEWHERE, NULL, NULL},
    {"WriteOnDemandThroughputSettings", PROPERTY_ELSEWHERE, NULL, NULL},
    {"LocalSecondaryIndexes", PROPERTY_LIST, NULL, local_index},
    {"GlobalSecondaryIndexes", PROPERTY_LIST, NULL, replicated_index},
    {"StreamSpecification", PROPERTY_ELSEWHERE, NULL, NULL},
    {"SSESpecification", PROPERTY_OBJECT, NULL, encryption},
    {"TimeToLiveSpecification", PROPERTY_ELSEWHERE, NULL, NULL},
    {"Replicas", PROPERTY_ELSEWHERE, NULL, NULL},
    {NULL}};

/* --- AWS::Serverless::SimpleTable --------------------------------------------------------------------------------- */

static const struct property simple_properties[] = {
    {"TableName", PROPERTY_ELSEWHERE, NULL, NULL},
    {"PrimaryKey", PROPERTY_ELSEWHERE, NULL, NULL},
    {"ProvisionedThroughput", PROPERTY_OBJECT, NULL, property_throughput},
    {"SSESpecification", PROPERTY_OBJECT, NULL, encryption},
    {"PointInTimeRecoverySpecification", PROPERTY_ELSEWHERE, NULL, NULL},
    {"Tags", PROPERTY_ELSEWHERE, NULL, NULL},
    {NULL}};

struct template
{
    struct definitions *out;
    const struct tree_source *source;
    struct resolver resolver;
    bool no_memory;
};

struct resource {
    struct template *t;
    const struct node *properties; /* NULL: none */
    struct definition *definition;
    struct json_writer *writer; /* of CreateTable's body */
};

static void note_ignored(void *context, struct bytes name, uint32_t line)
{
    struct template *t = context;
    struct definition_ignored *ignored = ARENA_NEW(t->resolver.arena, struct definition_ignored);

    t->no_memory = t->no_memory || ignored == NULL;
    if (ignored == NULL)
        return;
    *ignored = (struct definition_ignored){.name = name, .line = line, .next = t->out->ignored};
    t->out->ignored = ignored;
}

/* In CreateTable a stream is also said to be enabled. */
static enum stator_rc write_stream(struct resource *resource)
{
    static const struct property members[] = {{"StreamViewType", PROPERTY_TEXT, NULL, NULL}, {NULL}};
    const struct node *stream = tree_member(resource->properties, "StreamSpecification"), *value;

    if (stream == NULL)
        return STATOR_OK;
    STATOR_TRY(resolve(&value, &resource->t->resolver, stream));
    if (value == NULL)
        return STATOR_OK;
    json_key(resource->writer, BYTES("StreamSpecification"));
    json_object_begin(resource->writer);
    json_key(resource->writer, BYTES("StreamEnabled"));
    json_bool(resource->writer, true);
    STATOR_TRY(properties_write(resource->writer, &resource->t->resolver, stream, members, NULL));
    json_object_end(resource->writer);
    return STATOR_OK;
}

static enum stator_rc write_by(struct resource *resource, const struct property *table)
{
    const struct property_unknown unknown = {.tell = note_ignored, .context = resource->t};

    if (resource->properties == NULL)
        return STATOR_OK;
    STATOR_TRY(properties_write(resource->writer, &resource->t->resolver, resource->properties, table, &unknown));
    return write_stream(resource);
}

static enum stator_rc write_backups(struct resource *resource)
{
    static const struct property members[] = {{"PointInTimeRecoveryEnabled", PROPERTY_BOOLEAN, NULL, NULL},
                                              {"RecoveryPeriodInDays", PROPERTY_NUMBER, NULL, NULL},
                                              {NULL}};
    const struct node *specification = tree_member(resource->properties, "PointInTimeRecoverySpecification");
    const struct node *value = NULL;
    bool enabled = false;

    if (specification != NULL)
        STATOR_TRY(resolve(&value, &resource->t->resolver, specification));
    if (value == NULL)
        return STATOR_OK;
    STATOR_TRY(property_boolean(&enabled, &resource->t->resolver, tree_member(value, "PointInTimeRecoveryEnabled")));
    if (!enabled)
        return STATOR_OK;
    return definition_request(&resource->definition->backups, &resource->t->resolver, resource->definition->table,
                              "PointInTimeRecoverySpecification", value, members);
}

static enum stator_rc write_table(struct resource *resource)
{
    STATOR_TRY(write_by(resource, table_properties));
    STATOR_TRY(definition_time_to_live(resource->definition, &resource->t->resolver,
                                       tree_member(resource->properties, "TimeToLiveSpecification")));
    return write_backups(resource);
}

static enum stator_rc write_global_table(struct resource *resource)
{
    STATOR_TRY(write_by(resource, global_table_properties));
    json_key(resource->writer, BYTES("BillingMode"));
    json_string(resource->writer, BYTES("PAY_PER_REQUEST"));
    return definition_time_to_live(resource->definition, &resource->t->resolver,
                                   tree_member(resource->properties, "TimeToLiveSpecification"));
}

/* --- The simple table --- */

static void write_key(struct json_writer *writer, const char *list, struct bytes name, const char *member,
                      const char *value)
{
    json_key(writer, bytes_of_string(list));
    json_array_begin(writer);
    json_object_begin(writer);
    json_key(writer, BYTES("AttributeName"));
    json_string(writer, name);
    json_key(writer, bytes_of_string(member));
    json_string(writer, bytes_of_string(value));
    json_object_end(writer);
    json_array_end(writer);
}

static enum stator_rc member_text(struct bytes *out, struct resource *resource, const struct node *map,
                                  const char *name)
{
    const struct node *member = tree_member(map, name);
    struct bytes given = {NULL, 0};

    if (member != NULL)
        STATOR_TRY(resolve_text(&given, &resource->t->resolver, member));
    if (bytes_present(given))
        *out = given;
    return STATOR_OK;
}

static enum stator_rc write_simple_key(struct resource *resource)
{
    const struct node *given = tree_member(resource->properties, "PrimaryKey"), *key = NULL;
    struct bytes name = BYTES("id"), type = BYTES("String");

    if (given != NULL)
        STATOR_TRY(resolve(&key, &resource->t->resolver, given));
    STATOR_TRY(member_text(&name, resource, key, "Name"));
    STATOR_TRY(member_text(&type, resource, key, "Type"));
    if (!bytes_equal_string(type, "String") && !bytes_equal_string(type, "Number") &&
        !bytes_equal_string(type, "Binary"))
        return tree_fail(resource->t->resolver.err, resource->t->source->path, given->line,
                         "the Type of a PrimaryKey is String, Number or Binary");
    write_key(resource->writer, "KeySchema", name, "KeyType", "HASH");
    write_key(resource->writer, "AttributeDefinitions", name, "AttributeType",
              type.at[0] == 'S'   ? "S"
              : type.at[0] == 'N' ? "N"
                                  : "B");
    return STATOR_OK;
}

/* A map, where the service's have a list. */
static enum stator_rc write_simple_tags(struct resource *resource)
{
    const struct node *given = tree_member(resource->properties, "Tags"), *tags = NULL;

    if (given != NULL)
        STATOR_TRY(resolve(&tags, &resource->t->resolver, given));
    if (tags == NULL || tags->kind != NODE_MAP)
        return STATOR_OK;
    json_key(resource->writer, BYTES("Tags"));
    json_array_begin(resource->writer);
    for (const struct node *at = tags->first; at != NULL; at = at->next) {
        struct bytes value;

        STATOR_TRY(resolve_text(&value, &resource->t->resolver, at));
        json_object_begin(resource->writer);
        json_key(resource->writer, BYTES("Key"));
        json_string(resource->writer, at->name);
        json_key(resource->writer, BYTES("Value"));
        json_string(resource->writer, bytes_present(value) ? value : BYTES(""));
        json_object_end(resource->writer);
    }
    json_array_end(resource->writer);
    return STATOR_OK;
}

static enum stator_rc write_simple_table(struct resource *resource)
{
    STATOR_TRY(write_by(resource, simple_properties));
    STATOR_TRY(write_simple_key(resource));
    STATOR_TRY(write_simple_tags(resource));
    if (tree_member(resource->properties, "ProvisionedThroughput") == NULL) {
        json_key(resource->writer, BYTES("BillingMode"));
        json_string(resource->writer, BYTES("PAY_PER_REQUEST"));
    }
    return write_backups(resource);
}

/* --- Resources ---------------------------------------------------------------------------------------------------- */

typedef enum stator_rc write_resource(struct resource *resource);

static write_resource *writer_of(const struct node *resource)
{
    static const struct {
        const char *type;
        write_resource *write;
    } types[] = {{"AWS::DynamoDB::Table", write_table},
                 {"AWS::DynamoDB::GlobalTable", write_global_table},
                 {"AWS::Serverless::SimpleTable", write_simple_table}};
    const struct node *type = tree_member(resource, "Type");

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (tree_text_is(type, types[i].type))
            return types[i].write;
    return NULL;
}

/* The body of CreateTable: its name, and what the type's function writes. */
static enum stator_rc write_create(struct resource *resource, write_resource *write)
{
    struct template *t = resource->t;
    struct json_writer writer;
    struct buf buf;
    enum stator_rc rc;

    buf_init(&buf, DEFINITION_FILE_MAX);
    writer = json_writer_of(&buf);
    resource->writer = &writer;
    json_object_begin(&writer);
    json_key(&writer, BYTES("TableName"));
    json_string(&writer, resource->definition->table);
    rc = write(resource);
    json_object_end(&writer);
    if (rc == STATOR_OK) {
        resource->definition->create = arena_copy(t->resolver.arena, buf_bytes(&buf));
        if (buf.failed || t->no_memory || !bytes_present(resource->definition->create))
            rc = stator_fail_memory(t->resolver.err);
    }
    buf_deinit(&buf);
    return rc;
}

static enum stator_rc read_resource(struct template *t, const struct node *node, write_resource *write)
{
    const struct node *properties = tree_member(node, "Properties"), *given;
    struct resource resource = {.t = t};
    struct bytes name = {NULL, 0};

    if (properties != NULL)
        STATOR_TRY(resolve(&resource.properties, &t->resolver, properties));
    given = tree_member(resource.properties, "TableName");
    if (given != NULL)
        STATOR_TRY(resolve_text(&name, &t->resolver, given));
    if (!bytes_present(name))
        name = node->name;
    resource.definition = definition_add(t->out, t->source, node->line, name, t->resolver.arena);
    if (resource.definition == NULL)
        return stator_fail_memory(t->resolver.err);
    return write_create(&resource, write);
}

static enum stator_rc is_wanted(bool *out, struct template *t, const struct node *node)
{
    const struct node *condition = tree_member(node, "Condition");

    *out = true;
    if (condition == NULL)
        return STATOR_OK;
    if (condition->kind != NODE_TEXT)
        return tree_fail(t->resolver.err, t->source->path, condition->line, "a resource's Condition must be a name");
    return resolve_condition(out, &t->resolver, condition->text, condition->line);
}

enum stator_rc template_read(struct definitions *out, const struct tree_source *source, const struct node *root,
                             struct bytes region, struct arena *arena, struct stator_error *err)
{
    const struct node *resources = tree_member(root, "Resources");
    struct template t = {.out = out,
                         .source = source,
                         .resolver = {.path = source->path,
                                      .region = region,
                                      .parameters = tree_member(root, "Parameters"),
                                      .mappings = tree_member(root, "Mappings"),
                                      .conditions = tree_member(root, "Conditions"),
                                      .arena = arena,
                                      .err = err}};

    if (resources->kind != NODE_MAP)
        return tree_fail(err, source->path, resources->line, "Resources must be an object");
    for (const struct node *at = resources->first; at != NULL; at = at->next) {
        write_resource *write = writer_of(at);
        bool wanted = false;

        if (write != NULL)
            STATOR_TRY(is_wanted(&wanted, &t, at));
        if (wanted)
            STATOR_TRY(read_resource(&t, at, write));
        else
            out->other_resources++;
    }
    return STATOR_OK;
}
