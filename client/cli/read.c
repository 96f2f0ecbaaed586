/* SPDX-License-Identifier: Apache-2.0 */
/* query, scan, sql: many items; call: any operation. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "expression.h"
#include "keys.h"
#include "literal.h"
#include "print.h"
#include "stator/page.h"

/* What query and scan have in common. */
struct reading {
    struct cli *cli;
    struct stator_builder *builder; /* values of the expressions */
    struct terms terms;
    struct text keys, filter, attributes;
    long long limit; /* 0: all */
};

static struct stator_bytes view_or_absent(const struct text *text)
{
    return text->len == 0 ? stator_text(NULL) : text_view(text);
}

static int read_expression(struct reading *reading, struct text *out, enum option_id id)
{
    const char *source = reading->cli->args->value[id];
    struct stator_error err = {0};

    if (source == NULL || shorthand_expression(&reading->terms, out, source, &err) == STATOR_OK)
        return CODE_OK;
    return cli_complain(CODE_USAGE, "--%s: %s", option_infos[id].name, err.message);
}

static int read_limit(long long *out, const struct cli *cli)
{
    struct stator_error err = {0};

    if (args_number(out, cli->args, OPTION_LIMIT, 0, 1, 1000000000, &err) == STATOR_OK)
        return CODE_OK;
    return cli_complain(CODE_USAGE, "%s", err.message);
}

static int reading_begin(struct reading *reading, struct cli *cli)
{
    int code = cli_connect(cli);

    *reading = (struct reading){.cli = cli};
    shorthand_init(&reading->terms, cli->builder);
    if (code == CODE_OK)
        code = read_limit(&reading->limit, cli);
    if (code == CODE_OK)
        code = read_expression(reading, &reading->filter, OPTION_FILTER);
    if (code == CODE_OK)
        code = read_expression(reading, &reading->attributes, OPTION_ATTRIBUTES);
    return code;
}

static void reading_end(struct reading *reading)
{
    shorthand_deinit(&reading->terms);
    text_free(&reading->keys);
    text_free(&reading->filter);
    text_free(&reading->attributes);
}

/* Columns of a table begin with the key. That it cannot be had is no reason to stop. */
static void place_keys(struct printer *printer, const struct keys *keys)
{
    for (size_t i = 0; i < keys->count; i++)
        grid_column(&printer->grid, keys->columns[i].name, strlen(keys->columns[i].name));
}

static int end_pages(const struct cli *cli, struct stator_pages *pages)
{
    return stator_pages_end(pages) == STATOR_OK ? CODE_OK : cli_complain_call(cli->call);
}

/* Prints up to `limit` items; frees the pages. */
static int print_pages(const struct cli *cli, struct stator_pages *pages, const struct keys *keys, long long limit)
{
    struct stator_error err = {0};
    enum stator_rc rc = STATOR_OK;
    const struct stator_item *item;
    struct printer printer;
    int code;

    printer_init(&printer, cli, true);
    place_keys(&printer, keys);
    while (rc == STATOR_OK && (limit == 0 || printer.count < (size_t)limit) && !ferror(stdout) &&
           (item = stator_next_item(pages)) != NULL)
        rc = printer_item(&printer, item, &err);
    printer_end(&printer, rc == STATOR_OK && stator_pages_rc(pages) == STATOR_OK);
    code = end_pages(cli, pages);
    return rc == STATOR_OK ? code : cli_complain_error(&err);
}

static void print_count(long long count)
{
    printf("%lld\n", count);
}

/* Adds up the counts of pages of a query or scan; frees the pages. */
static int print_counts(const struct cli *cli, struct stator_pages *pages, bool query)
{
    long long count = 0;
    int code;

    while (stator_page_next(pages))
        count += query ? ((const struct stator_query_output *)stator_page(pages))->count.value
                       : ((const struct stator_scan_output *)stator_page(pages))->count.value;
    code = end_pages(cli, pages);
    if (code == CODE_OK)
        print_count(count);
    return code;
}

/* A page need not be longer than what is wanted of it; with a filter nobody knows what that is. */
static struct stator_integer page_limit(const struct reading *reading)
{
    if (reading->limit == 0 || reading->filter.len > 0)
        return (struct stator_integer){0};
    return stator_int(reading->limit);
}

static enum stator_flag flag(const struct cli *cli, enum option_id id, enum stator_flag value)
{
    return args_has(cli->args, id) ? value : STATOR_UNSET;
}

static struct stator_enum select_of(const struct cli *cli)
{
    return (struct stator_enum){.value = args_has(cli->args, OPTION_COUNT) ? STATOR_SELECT_COUNT : 0};
}

/* --- query -------------------------------------------------------------------------------------------------------- */

/* Adds a typed value of the column to the key condition. */
static enum stator_rc add_value(struct reading *reading, const struct column *column, const char *text, size_t len,
                                struct stator_error *err)
{
    struct stator_builder *builder = reading->cli->builder;
    struct stator_item item;

    if (column_add(builder, column, stator_bytes_of(text, len), err) != STATOR_OK ||
        stator_builder_item(builder, &item, err) != STATOR_OK)
        return err->rc;
    shorthand_value(&reading->terms, &reading->keys, &item.attributes[0].value);
    return STATOR_OK;
}

static enum stator_rc add_comparison(struct reading *reading, const struct column *column, const char *operator,
                                     const char * text, struct stator_error *err)
{
    shorthand_name(&reading->terms, &reading->keys, stator_text(column->name));
    text_format(&reading->keys, " %s ", operator);
    return add_value(reading, column, text, strlen(text), err);
}

static enum stator_rc add_between(struct reading *reading, const struct column *column, const char *text,
                                  const char *points, struct stator_error *err)
{
    shorthand_name(&reading->terms, &reading->keys, stator_text(column->name));
    text_string(&reading->keys, " between ");
    if (add_value(reading, column, text, (size_t)(points - text), err) != STATOR_OK)
        return err->rc;
    text_string(&reading->keys, " and ");
    return add_value(reading, column, points + 2, strlen(points + 2), err);
}

static enum stator_rc add_prefix(struct reading *reading, const struct column *column, const char *text,
                                 struct stator_error *err)
{
    text_string(&reading->keys, "begins_with(");
    shorthand_name(&reading->terms, &reading->keys, stator_text(column->name));
    text_string(&reading->keys, ", ");
    if (add_value(reading, column, text, strlen(text) - 1, err) != STATOR_OK)
        return err->rc;
    text_char(&reading->keys, ')');
    return STATOR_OK;
}

/* ">= x", "x..y", "x*", "= x" or the value itself. */
static enum stator_rc add_sort(struct reading *reading, const struct column *column, const char *text,
                               struct stator_error *err)
{
    static const char *const operators[] = {"<=", ">=", "<", ">", "=", NULL};
    const char *points = strstr(text, "..");
    size_t len = strlen(text);

    for (const char *const *operator= operators; *operator!= NULL; operator++)
        if (strncmp(text, *operator, strlen(*operator)) == 0) {
            text += strlen(*operator);
            return add_comparison(reading, column, *operator, text + strspn(text, " "), err);
        }
    if (points != NULL && points > text && points[2] != '\0')
        return add_between(reading, column, text, points, err);
    if (len > 1 && text[len - 1] == '*')
        return add_prefix(reading, column, text, err);
    return add_comparison(reading, column, "=", text, err);
}

static int read_keys(struct reading *reading, const struct keys *keys)
{
    const struct args *args = reading->cli->args;
    struct stator_error err = {0};
    enum stator_rc rc = STATOR_OK;

    if (args->count - 1 < keys->hash_count || args->count - 1 > keys->count)
        return cli_complain(CODE_USAGE, "%s has %zu partition and %zu sort key attributes, not %zu values",
                            args->operands[0], keys->hash_count, keys->count - keys->hash_count, args->count - 1);
    for (size_t i = 0; i + 1 < args->count && rc == STATOR_OK; i++) {
        text_string(&reading->keys, i > 0 ? " and " : "");
        if (i < keys->hash_count || i + 2 < args->count)
            rc = add_comparison(reading, &keys->columns[i], "=", args->operands[i + 1], &err);
        else
            rc = add_sort(reading, &keys->columns[i], args->operands[i + 1], &err);
    }
    return rc == STATOR_OK ? CODE_OK : cli_complain(CODE_USAGE, "the key: %s", err.message);
}

static int query(struct reading *reading, const struct keys *keys)
{
    struct cli *cli = reading->cli;
    const struct args *args = cli->args;
    struct stator_query_input in = {
        .table_name = stator_text(args->operands[0]),
        .index_name = stator_text(args->value[OPTION_INDEX]),
        .key_condition_expression = text_view(&reading->keys),
        .filter_expression = view_or_absent(&reading->filter),
        .projection_expression = view_or_absent(&reading->attributes),
        .expression_attribute_names = shorthand_names(&reading->terms),
        .expression_attribute_values = shorthand_values(&reading->terms),
        .consistent_read = flag(cli, OPTION_CONSISTENT, STATOR_TRUE),
        .scan_index_forward = flag(cli, OPTION_DESCENDING, STATOR_FALSE),
        .select = select_of(cli),
        .limit = page_limit(reading),
    };
    struct stator_pages *pages = stator_query_pages(cli->call, &in);

    return args_has(args, OPTION_COUNT) ? print_counts(cli, pages, true)
                                        : print_pages(cli, pages, keys, reading->limit);
}

int cli_query(struct cli *cli)
{
    const struct args *args = cli->args;
    struct reading reading;
    struct keys keys = {0};
    int code = reading_begin(&reading, cli);

    if (code == CODE_OK)
        code = keys_load(&keys, cli->call, args->operands[0], args->value[OPTION_INDEX]);
    if (code == CODE_OK)
        code = read_keys(&reading, &keys);
    if (code == CODE_OK)
        code = query(&reading, &keys);
    keys_free(&keys);
    reading_end(&reading);
    return code;
}

/* --- scan --------------------------------------------------------------------------------------------------------- */

static int scan(struct reading *reading, const struct keys *keys)
{
    struct cli *cli = reading->cli;
    const struct args *args = cli->args;
    struct stator_scan_input in = {
        .table_name = stator_text(args->operands[0]),
        .index_name = stator_text(args->value[OPTION_INDEX]),
        .filter_expression = view_or_absent(&reading->filter),
        .projection_expression = view_or_absent(&reading->attributes),
        .expression_attribute_names = shorthand_names(&reading->terms),
        .expression_attribute_values = shorthand_values(&reading->terms),
        .consistent_read = flag(cli, OPTION_CONSISTENT, STATOR_TRUE),
        .select = select_of(cli),
        .limit = page_limit(reading),
    };
    struct stator_pages *pages = stator_scan_pages(cli->call, &in);

    return args_has(args, OPTION_COUNT) ? print_counts(cli, pages, false)
                                        : print_pages(cli, pages, keys, reading->limit);
}

int cli_scan(struct cli *cli)
{
    const struct args *args = cli->args;
    struct reading reading;
    struct keys keys = {0};
    int code = reading_begin(&reading, cli);

    if (code == CODE_OK && cli->output == OUTPUT_TABLE)
        code = keys_load(&keys, cli->call, args->operands[0], args->value[OPTION_INDEX]);
    if (code == CODE_OK)
        code = scan(&reading, &keys);
    keys_free(&keys);
    reading_end(&reading);
    return code;
}

/* --- sql ---------------------------------------------------------------------------------------------------------- */

/* What is no value is a string: ann needs no quotes within those of the shell. */
static struct stator_value parameter(struct stator_builder *builder, const char *text)
{
    struct stator_error err = {0};
    struct stator_value value;

    return literal_value(builder, &value, text, &err) == STATOR_OK ? value : stator_s(text);
}

static int run_statement(struct cli *cli, const struct stator_value *values, size_t count, long long limit)
{
    struct stator_execute_statement_input in = {
        .statement = stator_text(cli->args->operands[0]),
        .parameters = {.at = values, .count = count, .set = count > 0},
        .consistent_read = flag(cli, OPTION_CONSISTENT, STATOR_TRUE),
    };

    return print_pages(cli, stator_statement_pages(cli->call, &in), &(struct keys){0}, limit);
}

int cli_sql(struct cli *cli)
{
    size_t count = cli->args->count - 1;
    struct stator_value *values = must_alloc(count * sizeof(*values));
    long long limit = 0;
    int code = cli_connect(cli);

    if (code == CODE_OK)
        code = read_limit(&limit, cli);
    for (size_t i = 0; i < count && code == CODE_OK; i++)
        values[i] = parameter(cli->builder, cli->args->operands[i + 1]);
    if (code == CODE_OK)
        code = run_statement(cli, values, count, limit);
    free(values);
    return code;
}

/* --- call --------------------------------------------------------------------------------------------------------- */

static void read_all(struct text *out, FILE *file)
{
    char block[65536];
    size_t len;

    while ((len = fread(block, 1, sizeof(block), file)) > 0)
        text_add(out, block, len);
}

int cli_call(struct cli *cli)
{
    const struct args *args = cli->args;
    const char *json = args->count > 1 ? args->operands[1] : "{}";
    struct stator_bytes answer;
    struct text request = {0};
    int code = cli_connect(cli);

    if (code == CODE_OK && strcmp(json, "-") == 0)
        read_all(&request, stdin);
    else
        text_string(&request, json);
    if (code == CODE_OK && stator_call_json(cli->call, args->operands[0], text_view(&request), &answer) != STATOR_OK)
        code = cli_complain_call(cli->call);
    if (code == CODE_OK)
        print_json(cli, answer);
    text_free(&request);
    return code;
}
