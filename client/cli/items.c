/* SPDX-License-Identifier: Apache-2.0 */
/* put, get, update, delete: one item. */
#include <string.h>

#include "cli.h"
#include "expression.h"
#include "keys.h"
#include "literal.h"
#include "print.h"
#include "stator/json.h"

static struct stator_bytes view_or_absent(const struct text *text)
{
    return text->len == 0 ? stator_text(NULL) : text_view(text);
}

static struct stator_enum return_of(const struct args *args)
{
    static const struct {
        const char *name;
        enum stator_return_value value;
    } names[] = {{"none", STATOR_RETURN_VALUE_NONE},
                 {"old", STATOR_RETURN_VALUE_ALL_OLD},
                 {"new", STATOR_RETURN_VALUE_ALL_NEW},
                 {"changed-old", STATOR_RETURN_VALUE_UPDATED_OLD},
                 {"changed-new", STATOR_RETURN_VALUE_UPDATED_NEW}};
    const char *given = args->value[OPTION_RETURN];

    for (size_t i = 0; given != NULL && i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(names[i].name, given) == 0)
            return (struct stator_enum){.value = names[i].value};
    return (struct stator_enum){0};
}

/* --if, --if-exists and --if-not-exists together. */
static enum stator_rc condition_of(struct terms *terms, struct text *out, const struct cli *cli, const char *key,
                                   struct stator_error *err)
{
    const struct args *args = cli->args;

    if (args_has(args, OPTION_IF_EXISTS) || args_has(args, OPTION_IF_NOT_EXISTS)) {
        text_string(out, args_has(args, OPTION_IF_EXISTS) ? "attribute_exists(" : "attribute_not_exists(");
        shorthand_name(terms, out, stator_text(key));
        text_char(out, ')');
    }
    if (!args_has(args, OPTION_IF))
        return STATOR_OK;
    if (out->len > 0)
        text_string(out, " and (");
    else
        text_char(out, '(');
    if (shorthand_expression(terms, out, args->value[OPTION_IF], err) != STATOR_OK)
        return err->rc;
    text_char(out, ')');
    return STATOR_OK;
}

/* What all changes of an item have: key or item, condition, answer. */
struct change {
    struct cli *cli;
    const char *table;
    struct keys keys;
    struct terms terms;
    struct text condition, update;
    struct stator_item item; /* or the key */
};

static int change_begin(struct change *change, struct cli *cli, bool needs_keys)
{
    struct stator_error err = {0};
    int code = cli_connect(cli);

    *change = (struct change){.cli = cli, .table = cli->args->operands[0]};
    shorthand_init(&change->terms, cli->builder);
    if (code == CODE_OK && needs_keys)
        code = keys_load(&change->keys, cli->call, change->table, NULL);
    if (code == CODE_OK && condition_of(&change->terms, &change->condition, cli,
                                        needs_keys ? change->keys.columns[0].name : "", &err) != STATOR_OK)
        code = cli_complain(CODE_USAGE, "--if: %s", err.message);
    return code;
}

static void change_end(struct change *change)
{
    keys_free(&change->keys);
    shorthand_deinit(&change->terms);
    text_free(&change->condition);
    text_free(&change->update);
}

/* After the call: its failure, or the attributes it gave. */
static int report(const struct cli *cli, enum stator_rc rc, const struct stator_item *attributes)
{
    struct stator_error err = {0};
    struct printer printer;

    if (rc != STATOR_OK)
        return cli_complain_call(cli->call);
    if (!attributes->set)
        return CODE_OK;
    printer_init(&printer, cli, false);
    rc = printer_item(&printer, attributes, &err);
    printer_end(&printer, rc == STATOR_OK);
    return rc == STATOR_OK ? CODE_OK : cli_complain_error(&err);
}

/* --- put ---------------------------------------------------------------------------------------------------------- */

static enum stator_rc add_operand(struct stator_builder *builder, const char *operand, struct stator_error *err)
{
    struct stator_value value;
    struct stator_item item;

    if (operand[strspn(operand, " \t\n")] != '{')
        return literal_attribute(builder, operand, err);
    if (literal_value(builder, &value, operand, err) != STATOR_OK)
        return err->rc;
    if (value.type != STATOR_TYPE_M) /* a tag makes another of it: {"$SS": [...]} */
        return cli_fail(err, STATOR_VALIDATION, "'%s' is no item", operand);
    item = stator_item_of(value.in.attributes, value.count);
    stator_add_attributes(builder, &item);
    return STATOR_OK;
}

static int read_item(struct cli *cli, struct stator_item *out)
{
    struct stator_error err = {0};
    enum stator_rc rc = STATOR_OK;

    for (size_t i = 1; i < cli->args->count && rc == STATOR_OK; i++)
        rc = add_operand(cli->builder, cli->args->operands[i], &err);
    if (rc == STATOR_OK)
        rc = stator_builder_item(cli->builder, out, &err);
    return rc == STATOR_OK ? CODE_OK : cli_complain(CODE_USAGE, "the item: %s", err.message);
}

static int put(struct change *change)
{
    const struct stator_put_item_output *got = NULL;
    enum stator_rc rc;
    int code = read_item(change->cli, &change->item);

    if (code != CODE_OK)
        return code;
    rc =
        stator_put_item(change->cli->call,
                        &(struct stator_put_item_input){.table_name = stator_text(change->table),
                                                        .item = change->item,
                                                        .condition_expression = view_or_absent(&change->condition),
                                                        .expression_attribute_names = shorthand_names(&change->terms),
                                                        .expression_attribute_values = shorthand_values(&change->terms),
                                                        .return_values = return_of(change->cli->args)},
                        &got);
    return report(change->cli, rc, got == NULL ? NULL : &got->attributes);
}

int cli_put(struct cli *cli)
{
    bool needs_keys = args_has(cli->args, OPTION_IF_EXISTS) || args_has(cli->args, OPTION_IF_NOT_EXISTS);
    struct change change;
    int code = change_begin(&change, cli, needs_keys);

    if (code == CODE_OK)
        code = put(&change);
    change_end(&change);
    return code;
}

/* --- update ------------------------------------------------------------------------------------------------------- */

static int update(struct change *change)
{
    const struct args *args = change->cli->args;
    const struct stator_update_item_output *got = NULL;
    struct stator_error err = {0};
    enum stator_rc rc;
    int code = keys_item(&change->keys, change->cli->builder, &change->item, args->operands + 1, args->count - 2,
                         change->table);

    if (code != CODE_OK)
        return code;
    if (shorthand_expression(&change->terms, &change->update, args->operands[args->count - 1], &err) != STATOR_OK)
        return cli_complain(CODE_USAGE, "the change: %s", err.message);
    rc = stator_update_item(
        change->cli->call,
        &(struct stator_update_item_input){.table_name = stator_text(change->table),
                                           .key = change->item,
                                           .update_expression = text_view(&change->update),
                                           .condition_expression = view_or_absent(&change->condition),
                                           .expression_attribute_names = shorthand_names(&change->terms),
                                           .expression_attribute_values = shorthand_values(&change->terms),
                                           .return_values = return_of(args)},
        &got);
    return report(change->cli, rc, got == NULL ? NULL : &got->attributes);
}

int cli_update(struct cli *cli)
{
    struct change change;
    int code = change_begin(&change, cli, true);

    if (code == CODE_OK)
        code = update(&change);
    change_end(&change);
    return code;
}

/* --- delete ------------------------------------------------------------------------------------------------------- */

static int delete_one(struct change *change)
{
    const struct args *args = change->cli->args;
    const struct stator_delete_item_output *got = NULL;
    enum stator_rc rc;
    int code = keys_item(&change->keys, change->cli->builder, &change->item, args->operands + 1, args->count - 1,
                         change->table);

    if (code != CODE_OK)
        return code;
    rc = stator_delete_item(
        change->cli->call,
        &(struct stator_delete_item_input){.table_name = stator_text(change->table),
                                           .key = change->item,
                                           .condition_expression = view_or_absent(&change->condition),
                                           .expression_attribute_names = shorthand_names(&change->terms),
                                           .expression_attribute_values = shorthand_values(&change->terms),
                                           .return_values = return_of(args)},
        &got);
    return report(change->cli, rc, got == NULL ? NULL : &got->attributes);
}

int cli_delete(struct cli *cli)
{
    struct change change;
    int code = change_begin(&change, cli, true);

    if (code == CODE_OK)
        code = delete_one(&change);
    change_end(&change);
    return code;
}

/* --- get ---------------------------------------------------------------------------------------------------------- */

static int get(struct change *change)
{
    const struct args *args = change->cli->args;
    const struct stator_get_item_output *got = NULL;
    const char *attributes = args->value[OPTION_ATTRIBUTES];
    struct stator_error err = {0};
    enum stator_rc rc;
    int code = keys_item(&change->keys, change->cli->builder, &change->item, args->operands + 1, args->count - 1,
                         change->table);

    if (code != CODE_OK)
        return code;
    if (attributes != NULL && shorthand_expression(&change->terms, &change->update, attributes, &err) != STATOR_OK)
        return cli_complain(CODE_USAGE, "--attributes: %s", err.message);
    rc = stator_get_item(change->cli->call,
                         &(struct stator_get_item_input){
                             .table_name = stator_text(change->table),
                             .key = change->item,
                             .projection_expression = view_or_absent(&change->update),
                             .expression_attribute_names = shorthand_names(&change->terms),
                             .consistent_read = args_has(args, OPTION_CONSISTENT) ? STATOR_TRUE : STATOR_UNSET},
                         &got);
    if (rc == STATOR_OK && !got->item.set)
        return cli_complain(CODE_NOT_FOUND, "there is no such item");
    return report(change->cli, rc, got == NULL ? NULL : &got->item);
}

int cli_get(struct cli *cli)
{
    struct change change;
    int code = change_begin(&change, cli, true);

    if (code == CODE_OK)
        code = get(&change);
    change_end(&change);
    return code;
}
