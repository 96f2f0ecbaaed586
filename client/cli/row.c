/* SPDX-License-Identifier: Apache-2.0 */
#include "row.h"

#include <stdlib.h>
#include <string.h>

#include "stator/json.h"

/* --- The layout --------------------------------------------------------------------------------------------------- */

static bool ends_in(const char *file, const char *suffix)
{
    size_t len = strlen(file), suffix_len = strlen(suffix);

    return len > suffix_len && strcmp(file + len - suffix_len, suffix) == 0;
}

static enum row_format format_of(const char *given, const char *file)
{
    if (given != NULL)
        return strcmp(given, "csv") == 0 ? ROW_CSV : strcmp(given, "json") == 0 ? ROW_JSON : ROW_DYNAMODB;
    return ends_in(file, ".csv") || ends_in(file, ".tsv") ? ROW_CSV : ROW_DYNAMODB;
}

static enum stator_rc read_delimiter(struct row_layout *out, const char *given, const char *file,
                                     struct stator_error *err)
{
    out->delimiter = ends_in(file, ".tsv") ? '\t' : ',';
    if (given == NULL)
        return STATOR_OK;
    if (strcmp(given, "tab") == 0)
        out->delimiter = '\t';
    else if (strlen(given) == 1 && strchr("\"\r\n", *given) == NULL)
        out->delimiter = *given;
    else
        return cli_fail(err, STATOR_VALIDATION, "--delimiter: '%s' is not one character", given);
    return STATOR_OK;
}

enum stator_rc row_layout_read(struct row_layout *out, const struct args *args, const char *file,
                               struct stator_error *err)
{
    *out = (struct row_layout){.format = format_of(args->value[OPTION_FORMAT], file)};
    if (args_has(args, OPTION_TYPES))
        columns_parse(&out->types, &out->type_count, args->value[OPTION_TYPES]);
    for (size_t i = 0; i < out->type_count; i++)
        if (out->types[i].type == STATOR_TYPE_ABSENT)
            return cli_fail(err, STATOR_VALIDATION, "--types: '%s' has no type, as in %s:N", out->types[i].name,
                            out->types[i].name);
    return read_delimiter(out, args->value[OPTION_DELIMITER], file, err);
}

void row_layout_free(struct row_layout *layout)
{
    columns_free(layout->columns, layout->column_count);
    columns_free(layout->types, layout->type_count);
    *layout = (struct row_layout){0};
}

void row_add_types(struct row_layout *layout, const struct column *columns, size_t count)
{
    layout->types = must_resize(layout->types, (layout->type_count + count) * sizeof(*layout->types));
    for (size_t i = 0; i < count; i++)
        layout->types[layout->type_count++] = (struct column){must_copy(columns[i].name), columns[i].type};
}

static const struct column *type_for(const struct row_layout *layout, struct stator_bytes name)
{
    for (size_t i = 0; i < layout->type_count; i++)
        if (stator_is(name, layout->types[i].name))
            return &layout->types[i];
    return NULL;
}

enum stator_rc row_header(struct row_layout *layout, char *record, size_t len, struct stator_error *err)
{
    struct csv_field *fields = NULL;
    const char *why = NULL;
    size_t room = 0;
    long count = csv_fields(&fields, &room, record, len, layout->delimiter, &why);

    layout->columns = must_alloc((count > 0 ? (size_t)count : 0) * sizeof(*layout->columns));
    for (long i = 0; i < count; i++) {
        struct column *column = &layout->columns[layout->column_count++];
        const struct column *known;

        column_parse(column, fields[i].text);
        known = type_for(layout, stator_text(column->name));
        if (column->type == STATOR_TYPE_ABSENT && known != NULL)
            column->type = known->type;
        if (column->name[0] == '\0' && why == NULL)
            why = "a column without a name";
    }
    free(fields);
    return why == NULL ? STATOR_OK : cli_fail(err, STATOR_VALIDATION, "the header: %s", why);
}

void row_buffers_free(struct row_buffers *buffers)
{
    free(buffers->fields);
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static enum stator_rc read_csv(const struct row_layout *layout, struct row_buffers *buffers,
                               struct stator_builder *builder, struct stator_item *out, char *record, size_t len,
                               struct stator_error *err)
{
    const char *why;
    long count = csv_fields(&buffers->fields, &buffers->room, record, len, layout->delimiter, &why);

    if (count < 0)
        return cli_fail(err, STATOR_VALIDATION, "%s", why);
    if ((size_t)count != layout->column_count)
        return cli_fail(err, STATOR_VALIDATION, "%ld fields, but %zu columns", count, layout->column_count);
    for (size_t i = 0; i < (size_t)count; i++) {
        const struct csv_field *field = &buffers->fields[i];

        if (field->text.len == 0 && !field->quoted)
            continue;
        if (column_add(builder, &layout->columns[i], field->text, err) != STATOR_OK) {
            struct stator_error cause = *err;
            struct stator_item none;

            (void)!stator_builder_item(builder, &none, NULL); /* forgets what was added */
            return cli_fail(err, STATOR_VALIDATION, "%.200s: %.1800s", layout->columns[i].name, cause.message);
        }
    }
    return stator_builder_item(builder, out, err);
}

static const char item_frame[] = "{\"Item\":";

/* What the service exports has a frame around each item: {"Item":{...}}. An item with an attribute of that name reads
 * well without its being taken away. */
static enum stator_rc read_dynamodb(struct stator_builder *builder, struct stator_item *out, struct stator_bytes text,
                                    struct stator_error *err)
{
    enum stator_rc rc = stator_json_read_item(builder, out, text, STATOR_JSON_DYNAMODB, err);
    size_t frame = sizeof(item_frame) - 1;
    struct stator_bytes inner = stator_bytes_of(text.at + frame, text.len - frame - 1);

    if (rc == STATOR_OK || rc == STATOR_NO_MEMORY || text.len <= frame + 1 || memcmp(text.at, item_frame, frame) != 0 ||
        text.at[text.len - 1] != '}')
        return rc;
    return stator_json_read_item(builder, out, inner, STATOR_JSON_DYNAMODB, err);
}

static enum stator_rc add_as(struct stator_builder *builder, const char *name, enum stator_type type,
                             const struct stator_value *value, struct stator_error *err);

static enum stator_rc add_as_set(struct stator_builder *builder, const char *name, enum stator_type type,
                                 const struct stator_value *list, struct stator_error *err)
{
    enum stator_type member = type == STATOR_TYPE_SS   ? STATOR_TYPE_S
                              : type == STATOR_TYPE_NS ? STATOR_TYPE_N
                                                       : STATOR_TYPE_B;
    enum stator_rc rc = STATOR_OK;

    stator_add_set(builder, name, type);
    for (size_t i = 0; i < list->count && rc == STATOR_OK; i++)
        rc = add_as(builder, NULL, member, &list->in.members[i], err);
    stator_add_end(builder);
    return rc;
}

/* Adds the value as one of that type, if JSON could not tell it. */
static enum stator_rc add_as(struct stator_builder *builder, const char *name, enum stator_type type,
                             const struct stator_value *value, struct stator_error *err)
{
    bool set = type == STATOR_TYPE_SS || type == STATOR_TYPE_NS || type == STATOR_TYPE_BS;
    struct column column = {(char *)(uintptr_t)name, type};

    if (value->type == type)
        stator_add_value(builder, name, value);
    else if (value->type == STATOR_TYPE_S && (type == STATOR_TYPE_B || type == STATOR_TYPE_N))
        return column_add(builder, &column, value->text, err);
    else if (value->type == STATOR_TYPE_N && type == STATOR_TYPE_S)
        stator_add_s_len(builder, name, value->text.at, value->text.len);
    else if (value->type == STATOR_TYPE_L && set)
        return add_as_set(builder, name, type, value, err);
    else
        return cli_fail(err, STATOR_VALIDATION, "%s: a value of type %s, not %s", name == NULL ? "a member" : name,
                        type_name(value->type), type_name(type));
    return STATOR_OK;
}

static bool all_as_wanted(const struct row_layout *layout, const struct stator_item *item)
{
    for (size_t i = 0; i < item->count; i++) {
        const struct column *wanted = type_for(layout, item->attributes[i].name);

        if (wanted != NULL && wanted->type != item->attributes[i].value.type)
            return false;
    }
    return true;
}

/* The same item with the types that the layout knows. */
static enum stator_rc with_types(const struct row_layout *layout, struct stator_builder *builder,
                                 struct stator_item *item, struct stator_error *err)
{
    enum stator_rc rc = STATOR_OK, end;
    struct stator_item typed;
    struct text name = {0};

    for (size_t i = 0; i < item->count && rc == STATOR_OK; i++) {
        const struct stator_attribute *attribute = &item->attributes[i];
        const struct column *wanted = type_for(layout, attribute->name);

        if (memchr(attribute->name.at, '\0', attribute->name.len) != NULL) {
            rc = cli_fail(err, STATOR_VALIDATION, "the name of an attribute has a NUL in it");
            break;
        }
        text_clear(&name);
        text_bytes(&name, attribute->name);
        rc = add_as(builder, name.at, wanted == NULL ? attribute->value.type : wanted->type, &attribute->value, err);
    }
    text_free(&name);
    end = stator_builder_item(builder, &typed, rc == STATOR_OK ? err : NULL);
    if (rc == STATOR_OK && end == STATOR_OK)
        *item = typed;
    return rc != STATOR_OK ? rc : end;
}

static enum stator_rc read_json(const struct row_layout *layout, struct stator_builder *builder,
                                struct stator_item *out, struct stator_bytes text, struct stator_error *err)
{
    if (stator_json_read_item(builder, out, text, STATOR_JSON_TAGGED, err) != STATOR_OK)
        return err->rc;
    return all_as_wanted(layout, out) ? STATOR_OK : with_types(layout, builder, out, err);
}

static enum stator_rc read_record(const struct row_layout *layout, struct row_buffers *buffers,
                                  struct stator_builder *builder, struct stator_item *out, char *record, size_t len,
                                  struct stator_error *err)
{
    *err = (struct stator_error){0};
    if (layout->format == ROW_CSV)
        return read_csv(layout, buffers, builder, out, record, len, err);
    while (len > 0 && (record[len - 1] == '\n' || record[len - 1] == '\r' || record[len - 1] == ' '))
        len--;
    if (layout->format == ROW_JSON)
        return read_json(layout, builder, out, stator_bytes_of(record, len), err);
    return read_dynamodb(builder, out, stator_bytes_of(record, len), err);
}

enum stator_rc row_read(const struct row_layout *layout, struct row_buffers *buffers, struct stator_builder *builder,
                        struct stator_item *out, char *record, size_t len, struct stator_error *err)
{
    enum stator_rc rc = read_record(layout, buffers, builder, out, record, len, err);

    if (rc == STATOR_OK && !out->set)
        return cli_fail(err, STATOR_VALIDATION, "null is no item");
    return rc;
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

void row_write_header(const struct row_layout *layout, struct text *out)
{
    for (size_t i = 0; i < layout->column_count; i++) {
        const struct column *column = &layout->columns[i];
        struct text name = {0};

        if (i > 0)
            text_char(out, layout->delimiter);
        text_string(&name, column->name);
        if (column->type != STATOR_TYPE_ABSENT)
            text_format(&name, ":%s", type_name(column->type));
        csv_add(out, text_view(&name), layout->delimiter);
        text_free(&name);
    }
    text_string(out, "\r\n");
}

static bool fits(const struct column *column, const struct stator_attribute *attribute)
{
    return stator_is(attribute->name, column->name) &&
           (column->type == STATOR_TYPE_ABSENT || column->type == attribute->value.type);
}

static enum stator_rc check_columns(const struct row_layout *layout, const struct stator_item *item,
                                    struct stator_error *err)
{
    for (size_t i = 0; i < item->count; i++) {
        size_t k = 0;

        while (k < layout->column_count && !fits(&layout->columns[k], &item->attributes[i]))
            k++;
        if (k == layout->column_count)
            return cli_fail(err, STATOR_VALIDATION,
                            "the attribute %.*s:%s has come up since the columns were read; begin again, or name them "
                            "with --columns",
                            STATOR_ARG(item->attributes[i].name), type_name(item->attributes[i].value.type));
    }
    return STATOR_OK;
}

static const struct stator_value *value_for(const struct column *column, const struct stator_item *item)
{
    for (size_t i = 0; i < item->count; i++)
        if (fits(column, &item->attributes[i]))
            return &item->attributes[i].value;
    return NULL;
}

static enum stator_rc write_csv(const struct row_layout *layout, struct stator_builder *builder, struct text *out,
                                const struct stator_item *item, struct stator_error *err)
{
    struct text field = {0};
    enum stator_rc rc = layout->strict ? check_columns(layout, item, err) : STATOR_OK;

    for (size_t i = 0; i < layout->column_count && rc == STATOR_OK; i++) {
        const struct stator_value *value = value_for(&layout->columns[i], item);

        if (i > 0)
            text_char(out, layout->delimiter);
        text_clear(&field);
        if (value == NULL)
            continue;
        rc = column_text(builder, &field, value, err);
        csv_add(out, text_view(&field), layout->delimiter);
    }
    text_free(&field);
    text_string(out, "\r\n");
    return rc;
}

enum stator_rc row_write(const struct row_layout *layout, struct stator_builder *builder, struct text *out,
                         const struct stator_item *item, struct stator_error *err)
{
    enum stator_json_form form = layout->format == ROW_JSON ? STATOR_JSON_TAGGED : STATOR_JSON_DYNAMODB;
    struct stator_bytes json;

    if (layout->format == ROW_CSV)
        return write_csv(layout, builder, out, item, err);
    if (stator_json_write_item(builder, &json, item, form, 0, err) != STATOR_OK)
        return err->rc;
    text_bytes(out, json);
    text_char(out, '\n');
    return STATOR_OK;
}
