/* SPDX-License-Identifier: Apache-2.0 */
#include "expression.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "args.h"
#include "literal.h"
#include "stator/json.h"

void shorthand_init(struct terms *terms, struct stator_builder *builder)
{
    *terms = (struct terms){.builder = builder};
}

static void free_view(struct stator_bytes view)
{
    free((void *)(uintptr_t)view.at);
}

void shorthand_deinit(struct terms *terms)
{
    for (size_t i = 0; i < terms->name_count; i++) {
        free_view(terms->names[i].key);
        free_view(terms->names[i].value);
    }
    for (size_t i = 0; i < terms->value_count; i++)
        free_view(terms->values[i].name);
    free(terms->names);
    free(terms->values);
}

static struct stator_bytes placeholder(char mark, size_t number)
{
    char name[32];

    snprintf(name, sizeof(name), "%c%zu", mark, number);
    return stator_text(must_copy(name));
}

void shorthand_name(struct terms *terms, struct text *out, struct stator_bytes name)
{
    size_t i = 0;

    while (i < terms->name_count && !stator_bytes_equal(terms->names[i].value, name))
        i++;
    if (i == terms->name_count) {
        char *copy = must_alloc(name.len + 1);

        memcpy(copy, name.at, name.len);
        terms->names = must_resize(terms->names, (i + 1) * sizeof(*terms->names));
        terms->names[i].key = placeholder('#', i);
        terms->names[i].value = stator_bytes_of(copy, name.len);
        terms->name_count++;
    }
    text_bytes(out, terms->names[i].key);
}

void shorthand_value(struct terms *terms, struct text *out, const struct stator_value *value)
{
    struct stator_attribute *added;

    terms->values = must_resize(terms->values, (terms->value_count + 1) * sizeof(*terms->values));
    added = &terms->values[terms->value_count];
    added->name = placeholder(':', terms->value_count++);
    added->value = *value;
    text_bytes(out, added->name);
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static bool begins_name(char c)
{
    return isalpha((unsigned char)c) || c == '_' || (c & 0x80) != 0;
}

static bool continues_name(char c)
{
    return begins_name(c) || isdigit((unsigned char)c);
}

static bool is_one_of(const char *const *words, struct stator_bytes word)
{
    for (; *words != NULL; words++)
        if (strlen(*words) == word.len && strncasecmp(*words, (const char *)word.at, word.len) == 0)
            return true;
    return false;
}

/* operand: what came last can be followed by an operator alone; a bracket is then an index, a sign an operator. */
struct reader {
    struct terms *terms;
    struct text *out;
    const char *at;
    bool operand, after_point;
};

static enum stator_rc read_value(struct reader *reader, struct stator_error *err)
{
    struct stator_value value;
    struct text json = {0};
    enum stator_rc rc = literal_rewrite(&json, &reader->at, err);

    if (rc == STATOR_OK)
        rc = stator_json_read_value(reader->terms->builder, &value, text_view(&json), STATOR_JSON_TAGGED, err);
    if (rc == STATOR_OK)
        shorthand_value(reader->terms, reader->out, &value);
    text_free(&json);
    reader->operand = true;
    return rc;
}

static enum stator_rc read_word(struct reader *reader, struct stator_error *err)
{
    static const char *const keywords[] = {"and", "or", "not", "in", "between", "set", "remove", "add", "delete", NULL};
    static const char *const constants[] = {"true", "false", "null", NULL};
    const char *begin = reader->at, *end = begin;
    struct stator_bytes word;

    while (continues_name(*end))
        end++;
    word = stator_bytes_of(begin, (size_t)(end - begin));
    if (!reader->after_point && is_one_of(constants, word))
        return read_value(reader, err);
    reader->at = end;
    reader->operand = false;
    if (!reader->after_point && (is_one_of(keywords, word) || end[strspn(end, " \t\n")] == '(')) {
        text_bytes(reader->out, word);
        return STATOR_OK;
    }
    shorthand_name(reader->terms, reader->out, word);
    reader->operand = true;
    return STATOR_OK;
}

static enum stator_rc read_backquoted(struct reader *reader, struct stator_error *err)
{
    const char *begin = reader->at + 1, *end = strchr(begin, '`');

    if (end == NULL)
        return cli_fail(err, STATOR_VALIDATION, "`%s: a backquote that is not closed", begin);
    shorthand_name(reader->terms, reader->out, stator_bytes_of(begin, (size_t)(end - begin)));
    reader->at = end + 1;
    reader->operand = true;
    return STATOR_OK;
}

static enum stator_rc read_index(struct reader *reader, struct stator_error *err)
{
    size_t len = 1 + strspn(reader->at + 1, "0123456789 ");

    if (reader->at[len] != ']')
        return cli_fail(err, STATOR_VALIDATION, "%s: an index is a number, as in [0]", reader->at);
    text_add(reader->out, reader->at, len + 1);
    reader->at += len + 1;
    return STATOR_OK;
}

static bool begins_value(const struct reader *reader)
{
    char c = *reader->at, next = c == '\0' ? '\0' : reader->at[1];

    if (c == '"' || c == '\'' || c == '{' || isdigit((unsigned char)c) || (c == '<' && next == '<'))
        return true;
    if (c == 'b' && (next == '"' || next == '\''))
        return true;
    return !reader->operand && (c == '[' || ((c == '-' || c == '+') && isdigit((unsigned char)next)));
}

static enum stator_rc read_token(struct reader *reader, struct stator_error *err)
{
    char c = *reader->at;

    if (begins_value(reader))
        return read_value(reader, err);
    if (begins_name(c))
        return read_word(reader, err);
    if (c == '`')
        return read_backquoted(reader, err);
    if (c == '[')
        return read_index(reader, err);
    if (c == ':' || c == '#')
        return cli_fail(err, STATOR_VALIDATION, "%s: names and values stand in the expression as they are", reader->at);
    text_char(reader->out, c);
    reader->at++;
    if (c != ' ' && c != '\t' && c != '\n')
        reader->operand = c == ')';
    return STATOR_OK;
}

enum stator_rc shorthand_expression(struct terms *terms, struct text *out, const char *source, struct stator_error *err)
{
    struct reader reader = {.terms = terms, .out = out, .at = source};

    while (*reader.at != '\0') {
        bool point = *reader.at == '.';

        if (read_token(&reader, err) != STATOR_OK)
            return err->rc;
        reader.after_point = point;
    }
    return STATOR_OK;
}

struct stator_expression_attribute_name_map shorthand_names(const struct terms *terms)
{
    return (struct stator_expression_attribute_name_map){
        .at = terms->names, .count = terms->name_count, .set = terms->name_count > 0};
}

struct stator_item shorthand_values(const struct terms *terms)
{
    return (struct stator_item){
        .attributes = terms->values, .count = terms->value_count, .set = terms->value_count > 0};
}
