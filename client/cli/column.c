/* SPDX-License-Identifier: Apache-2.0 */
#include "column.h"

#include <stdlib.h>

#include "args.h"
#include "stator/json.h"

static const char *const names[] = {
    [STATOR_TYPE_ABSENT] = "",   [STATOR_TYPE_S] = "S",       [STATOR_TYPE_N] = "N",   [STATOR_TYPE_B] = "B",
    [STATOR_TYPE_BOOL] = "BOOL", [STATOR_TYPE_NULL] = "NULL", [STATOR_TYPE_SS] = "SS", [STATOR_TYPE_NS] = "NS",
    [STATOR_TYPE_BS] = "BS",     [STATOR_TYPE_L] = "L",       [STATOR_TYPE_M] = "M"};

enum stator_type type_of_name(struct stator_bytes name)
{
    for (int type = STATOR_TYPE_S; type <= STATOR_TYPE_M; type++)
        if (stator_is(name, names[type]))
            return (enum stator_type)type;
    return STATOR_TYPE_ABSENT;
}

const char *type_name(enum stator_type type)
{
    return names[type];
}

void column_parse(struct column *out, struct stator_bytes text)
{
    size_t name_len = text.len;

    for (size_t i = text.len; i > 0 && out->type == STATOR_TYPE_ABSENT; i--) {
        if (text.at[i - 1] != ':')
            continue;
        out->type = type_of_name(stator_bytes_of(text.at + i, text.len - i));
        if (out->type != STATOR_TYPE_ABSENT)
            name_len = i - 1;
        break;
    }
    out->name = must_alloc(name_len + 1);
    memcpy(out->name, text.at, name_len);
}

void column_deinit(struct column *column)
{
    free(column->name);
    *column = (struct column){0};
}

void columns_parse(struct column **out, size_t *count, const char *list)
{
    *out = NULL;
    *count = 0;
    while (*list != '\0') {
        size_t len = strcspn(list, ",");

        *out = must_resize(*out, (*count + 1) * sizeof(**out));
        (*out)[*count] = (struct column){0};
        column_parse(&(*out)[(*count)++], stator_bytes_of(list, len));
        list += len + (list[len] == ',');
    }
}

void columns_free(struct column *columns, size_t count)
{
    for (size_t i = 0; i < count; i++)
        column_deinit(&columns[i]);
    free(columns);
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

/* What JSON has of these types goes through the library's reader, in a frame that names the type. */
static enum stator_rc add_json(struct stator_builder *builder, const struct column *column, struct stator_bytes text,
                               struct stator_error *err)
{
    struct stator_value value;
    struct text json = {0};
    enum stator_rc rc;

    text_format(&json, "{\"%s\":", names[column->type]);
    text_bytes(&json, text);
    text_char(&json, '}');
    rc = stator_json_read_value(builder, &value, text_view(&json), STATOR_JSON_DYNAMODB, err);
    text_free(&json);
    if (rc == STATOR_OK)
        stator_add_value(builder, column->name, &value);
    return rc;
}

/* A set's numbers may stand without quotes: ["1",2]. */
static enum stator_rc add_number_set(struct stator_builder *builder, const struct column *column,
                                     struct stator_bytes text, struct stator_error *err)
{
    struct stator_value value;

    if (stator_json_read_value(builder, &value, text, STATOR_JSON_PLAIN, err) != STATOR_OK)
        return err->rc;
    if (value.type != STATOR_TYPE_L)
        return cli_fail(err, STATOR_VALIDATION, "'%.*s' is no JSON array", STATOR_ARG(text));
    stator_add_set(builder, column->name, STATOR_TYPE_NS);
    for (size_t i = 0; i < value.count; i++) {
        struct stator_value member = value.in.members[i];

        if (member.type != STATOR_TYPE_S && member.type != STATOR_TYPE_N)
            return cli_fail(err, STATOR_VALIDATION, "'%.*s' is no array of numbers", STATOR_ARG(text));
        member.type = STATOR_TYPE_N;
        stator_add_value(builder, NULL, &member);
    }
    stator_add_end(builder);
    return STATOR_OK;
}

static enum stator_rc add_binary(struct stator_builder *builder, const char *name, struct stator_bytes text,
                                 struct stator_error *err)
{
    struct text raw = {0};
    long len;

    text_bytes(&raw, text);
    len = text_unbase64(raw.at, raw.len);
    if (len >= 0)
        stator_add_b(builder, name, raw.at, (size_t)len);
    text_free(&raw);
    return len >= 0 ? STATOR_OK : cli_fail(err, STATOR_VALIDATION, "'%.*s' is no base64", STATOR_ARG(text));
}

static enum stator_rc add_number(struct stator_builder *builder, const char *name, struct stator_bytes text)
{
    struct stator_value value = stator_value_of(STATOR_TYPE_N, text);

    stator_add_value(builder, name, &value);
    return STATOR_OK;
}

enum stator_rc column_add(struct stator_builder *builder, const struct column *column, struct stator_bytes text,
                          struct stator_error *err)
{
    switch (column->type) {
    case STATOR_TYPE_ABSENT:
    case STATOR_TYPE_S:
        stator_add_s_len(builder, column->name, text.at, text.len);
        return STATOR_OK;
    case STATOR_TYPE_N:
        return add_number(builder, column->name, text);
    case STATOR_TYPE_B:
        return add_binary(builder, column->name, text, err);
    case STATOR_TYPE_BOOL:
        if (!stator_is(text, "true") && !stator_is(text, "false"))
            return cli_fail(err, STATOR_VALIDATION, "'%.*s' is neither true nor false", STATOR_ARG(text));
        stator_add_bool(builder, column->name, stator_is(text, "true"));
        return STATOR_OK;
    case STATOR_TYPE_NULL:
        if (!stator_is(text, "null"))
            return cli_fail(err, STATOR_VALIDATION, "'%.*s' is not null", STATOR_ARG(text));
        stator_add_null(builder, column->name);
        return STATOR_OK;
    case STATOR_TYPE_NS:
        return add_number_set(builder, column, text, err);
    case STATOR_TYPE_SS:
    case STATOR_TYPE_BS:
    case STATOR_TYPE_L:
    case STATOR_TYPE_M:
        return add_json(builder, column, text, err);
    }
    return STATOR_OK;
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

/* Of {"SS":["a"]} what is between the colon and the last brace. */
static enum stator_rc add_inner(struct stator_builder *builder, struct text *out, const struct stator_value *value,
                                struct stator_error *err)
{
    struct stator_bytes json;
    size_t frame = strlen(names[value->type]) + strlen("{\"\":");

    if (stator_json_write_value(builder, &json, value, STATOR_JSON_DYNAMODB, 0, err) != STATOR_OK)
        return err->rc;
    text_add(out, json.at + frame, json.len - frame - 1);
    return STATOR_OK;
}

enum stator_rc column_text(struct stator_builder *builder, struct text *out, const struct stator_value *value,
                           struct stator_error *err)
{
    switch (value->type) {
    case STATOR_TYPE_ABSENT:
        return STATOR_OK;
    case STATOR_TYPE_S:
    case STATOR_TYPE_N:
        text_bytes(out, value->text);
        return STATOR_OK;
    case STATOR_TYPE_B:
        text_base64(out, value->text);
        return STATOR_OK;
    case STATOR_TYPE_BOOL:
        text_string(out, value->boolean ? "true" : "false");
        return STATOR_OK;
    case STATOR_TYPE_NULL:
        text_string(out, "null");
        return STATOR_OK;
    default:
        return add_inner(builder, out, value, err);
    }
}
