/* SPDX-License-Identifier: Apache-2.0 */
/* tables: list, describe, create, drop. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "definition.h"
#include "keys.h"
#include "print.h"
#include "stator/page.h"

/* --- list --------------------------------------------------------------------------------------------------------- */

static void print_name(const struct cli *cli, struct grid *table, struct stator_bytes name, bool first)
{
    switch (cli->output) {
    case OUTPUT_TABLE:
        grid_cell(table, "table", strlen("table"), (const char *)name.at, name.len, false);
        grid_row_end(table);
        break;
    case OUTPUT_JSON: /* names have letters, digits and _ - . alone */
        printf("%s\"%.*s\"", first ? "[\n" : ",\n", STATOR_ARG(name));
        break;
    case OUTPUT_JSONL:
    case OUTPUT_DYNAMODB:
        printf("\"%.*s\"\n", STATOR_ARG(name));
        break;
    }
}

static int list(struct cli *cli, long long limit)
{
    struct stator_pages *pages = stator_table_pages(cli->call, &(struct stator_list_tables_input){0});
    struct grid table = {0};
    long long count = 0;

    while ((limit == 0 || count < limit) && stator_page_next(pages)) {
        const struct stator_list_tables_output *page = stator_page(pages);

        for (size_t i = 0; i < page->table_names.count && (limit == 0 || count < limit); i++)
            print_name(cli, &table, page->table_names.at[i], count++ == 0);
    }
    if (stator_pages_end(pages) != STATOR_OK) {
        grid_free(&table);
        return cli_complain_call(cli->call);
    }
    if (cli->output == OUTPUT_JSON)
        fputs(count == 0 ? "[]\n" : "\n]\n", stdout);
    if (count > 0 && cli->output == OUTPUT_TABLE)
        print_grid(cli, &table);
    if (count == 0 && cli->output == OUTPUT_TABLE)
        fputs("no tables\n", stderr);
    return CODE_OK;
}

int cli_tables_list(struct cli *cli)
{
    struct stator_error err = {0};
    long long limit;
    int code;

    if (args_number(&limit, cli->args, OPTION_LIMIT, 0, 1, 1000000, &err) != STATOR_OK)
        return cli_complain(CODE_USAGE, "%s", err.message);
    code = cli_connect(cli);
    return code == CODE_OK ? list(cli, limit) : code;
}

/* --- describe ----------------------------------------------------------------------------------------------------- */

static void add_row(struct grid *table, const char *name, struct stator_bytes value)
{
    grid_cell(table, "what", 4, name, strlen(name), false);
    grid_cell(table, "value", 5, (const char *)value.at, value.len, false);
    grid_row_end(table);
}

static void add_text(struct grid *table, const char *name, struct text *value)
{
    add_row(table, name, text_view(value));
    text_clear(value);
}

static void add_schema(struct text *out, const struct stator_table_description *description,
                       const struct stator_key_schema *schema)
{
    struct keys keys;

    keys_of(&keys, description, schema);
    for (size_t i = 0; i < keys.count; i++)
        text_format(out, "%s%s:%s%s", i > 0 ? ", " : "", keys.columns[i].name, type_name(keys.columns[i].type),
                    i >= keys.hash_count ? " (sort)" : "");
    keys_free(&keys);
}

static void add_index(struct grid *table, const struct stator_table_description *description, const char *kind,
                      struct stator_bytes name, const struct stator_key_schema *schema,
                      const struct stator_projection *projection, struct stator_bytes status)
{
    struct text value = {0};

    text_format(&value, "%.*s: ", STATOR_ARG(name));
    add_schema(&value, description, schema);
    if (projection != NULL)
        text_format(&value, "; %.*s", STATOR_ARG(projection->projection_type.text));
    if (status.at != NULL)
        text_format(&value, "; %.*s", STATOR_ARG(status));
    add_text(table, kind, &value);
    text_free(&value);
}

static void add_indexes(struct grid *table, const struct stator_table_description *description)
{
    for (size_t i = 0; i < description->global_secondary_indexes.count; i++) {
        const struct stator_global_secondary_index_description *index = &description->global_secondary_indexes.at[i];

        add_index(table, description, "global index", index->index_name, &index->key_schema, index->projection,
                  index->index_status.text);
    }
    for (size_t i = 0; i < description->local_secondary_indexes.count; i++) {
        const struct stator_local_secondary_index_description *index = &description->local_secondary_indexes.at[i];

        add_index(table, description, "local index", index->index_name, &index->key_schema, index->projection,
                  stator_text(NULL));
    }
}

static void add_throughput(struct grid *table, const struct stator_table_description *description)
{
    const struct stator_provisioned_throughput_description *given = description->provisioned_throughput;
    struct text value = {0};

    if (given != NULL && given->read_capacity_units.value > 0)
        text_format(&value, "%lld read, %lld write units", (long long)given->read_capacity_units.value,
                    (long long)given->write_capacity_units.value);
    else
        text_string(&value, "on demand");
    add_text(table, "throughput", &value);
    text_free(&value);
}

static void print_description(const struct cli *cli, const struct stator_table_description *description)
{
    const struct stator_stream_specification *stream = description->stream_specification;
    struct grid table = {0};
    struct text value = {0};

    add_row(&table, "table", description->table_name);
    add_row(&table, "status", description->table_status.text);
    add_schema(&value, description, &description->key_schema);
    add_text(&table, "key", &value);
    text_format(&value, "%lld (%lld bytes)", (long long)description->item_count.value,
                (long long)description->table_size_bytes.value);
    add_text(&table, "items", &value);
    add_throughput(&table, description);
    add_indexes(&table, description);
    if (stream != NULL && stream->stream_enabled == STATOR_TRUE)
        add_row(&table, "stream", stream->stream_view_type.text);
    add_row(&table, "arn", description->table_arn);
    print_grid(cli, &table);
    text_free(&value);
}

static int describe_json(struct cli *cli)
{
    struct stator_bytes answer;
    struct text request = {0};
    enum stator_rc rc;

    text_format(&request, "{\"TableName\":");
    text_json(&request, cli->args->operands[0]);
    text_char(&request, '}');
    rc = stator_call_json(cli->call, "DescribeTable", text_view(&request), &answer);
    text_free(&request);
    if (rc != STATOR_OK)
        return cli_complain_call(cli->call);
    print_json(cli, answer);
    return CODE_OK;
}

int cli_tables_describe(struct cli *cli)
{
    struct stator_describe_table_input in = {.table_name = stator_text(cli->args->operands[0])};
    const struct stator_describe_table_output *got;
    int code = cli_connect(cli);

    if (code != CODE_OK)
        return code;
    if (cli->output != OUTPUT_TABLE)
        return describe_json(cli);
    if (stator_describe_table(cli->call, &in, &got) != STATOR_OK)
        return cli_complain_call(cli->call);
    print_description(cli, got->table);
    return CODE_OK;
}

/* --- create ------------------------------------------------------------------------------------------------------- */

static int set_time_to_live(const struct cli *cli, const char *table)
{
    struct stator_time_to_live_specification specification = {
        .attribute_name = stator_text(cli->args->value[OPTION_TTL]), .enabled = STATOR_TRUE};
    struct stator_update_time_to_live_input in = {.table_name = stator_text(table),
                                                  .time_to_live_specification = &specification};

    if (!args_has(cli->args, OPTION_TTL))
        return CODE_OK;
    return stator_update_time_to_live(cli->call, &in, NULL) == STATOR_OK ? CODE_OK : cli_complain_call(cli->call);
}

int cli_tables_create(struct cli *cli)
{
    const struct args *args = cli->args;
    struct stator_error err = {0};
    struct definition definition;
    enum stator_rc rc;
    int code;

    if (definition_read(&definition, args, &err) != STATOR_OK) {
        definition_free(&definition);
        return cli_complain(CODE_USAGE, "%s", err.message);
    }
    code = cli_connect(cli);
    if (code == CODE_OK) {
        rc = stator_create_table(cli->call, definition_input(&definition), NULL);
        if (rc == STATOR_RESOURCE_IN_USE && args_has(args, OPTION_IF_NOT_EXISTS))
            code = CODE_OK;
        else if (rc != STATOR_OK)
            code = cli_complain_call(cli->call);
        else if ((code = definition_await(cli->call, args->operands[0], true)) == CODE_OK)
            code = set_time_to_live(cli, args->operands[0]);
    }
    definition_free(&definition);
    return code;
}

/* --- drop --------------------------------------------------------------------------------------------------------- */

static int drop(struct cli *cli, const char *table)
{
    struct stator_delete_table_input in = {.table_name = stator_text(table)};
    enum stator_rc rc = stator_delete_table(cli->call, &in, NULL);

    if (rc == STATOR_RESOURCE_NOT_FOUND && args_has(cli->args, OPTION_IF_EXISTS))
        return CODE_OK;
    if (rc != STATOR_OK)
        return cli_complain_call(cli->call);
    return definition_await(cli->call, table, false);
}

int cli_tables_drop(struct cli *cli)
{
    int code = cli_connect(cli);

    for (size_t i = 0; i < cli->args->count && code == CODE_OK; i++)
        code = drop(cli, cli->args->operands[i]);
    return code;
}
