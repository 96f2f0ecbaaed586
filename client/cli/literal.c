/* SPDX-License-Identifier: Apache-2.0 */
#include "literal.h"

#include <ctype.h>

#include "args.h"
#include "column.h"
#include "stator/json.h"

#define DEPTH_MAX 64 /* more than the service's 32, which the library tells of */

/* What is open around the place that is looked at. */
struct nest {
    char closers[DEPTH_MAX];     /* ']', '}', or '>' of a set */
    bool of_binaries[DEPTH_MAX]; /* the set is */
    size_t depth;
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.' || c == '+' || (c & 0x80) != 0;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* A string in either kind of quotes, as JSON. */
static enum stator_rc add_string(struct text *out, const char **at, struct stator_error *err)
{
    const char *begin = *at;
    char quote = *(*at)++;

    text_char(out, '"');
    for (; **at != quote; (*at)++) {
        if (**at == '\0')
            return cli_fail(err, STATOR_VALIDATION, "%s: a quote that is not closed", begin);
        if (**at == '\\' && (*at)[1] == '\'') {
            text_char(out, '\'');
            (*at)++;
        } else if (**at == '\\' && (*at)[1] != '\0') {
            text_add(out, *at, 2);
            (*at)++;
        } else if (**at == '"') {
            text_string(out, "\\\"");
        } else if ((unsigned char)**at < ' ') {
            text_format(out, "\\u%04x", (unsigned)**at);
        } else {
            text_char(out, **at);
        }
    }
    (*at)++;
    text_char(out, '"');
    return STATOR_OK;
}

static bool is_binary(const char *at)
{
    return *at == 'b' && (at[1] == '"' || at[1] == '\'');
}

static bool in_set(const struct nest *nest)
{
    return nest->depth > 0 && nest->closers[nest->depth - 1] == '>';
}

static enum stator_rc add_binary(struct text *out, const char **at, bool member, struct stator_error *err)
{
    (*at)++;
    if (!member)
        text_string(out, "{\"$B\":");
    if (add_string(out, at, err) != STATOR_OK)
        return err->rc;
    if (!member)
        text_char(out, '}');
    return STATOR_OK;
}

/* A word: a name, if a colon follows, or a number, true, false or null. */
static void add_word(struct text *out, const char **at)
{
    const char *begin = *at;
    bool name;

    while (is_word(**at))
        (*at)++;
    name = *skip_blanks(*at) == ':';
    if (name)
        text_char(out, '"');
    text_add(out, begin, (size_t)(*at - begin));
    if (name)
        text_char(out, '"');
}

static enum stator_rc open_nest(struct text *out, const char **at, struct nest *nest, struct stator_error *err)
{
    char closer = **at == '[' ? ']' : **at == '{' ? '}' : '>';
    const char *first;

    if (nest->depth == DEPTH_MAX)
        return cli_fail(err, STATOR_VALIDATION, "more than %d levels of brackets", DEPTH_MAX);
    nest->closers[nest->depth++] = closer;
    if (closer != '>') {
        text_char(out, *(*at)++);
        return STATOR_OK;
    }
    *at += 2;
    first = skip_blanks(*at);
    nest->of_binaries[nest->depth - 1] = is_binary(first);
    text_string(out, is_binary(first) ? "{\"$BS\":[" : *first == '"' || *first == '\'' ? "{\"$SS\":[" : "{\"$NS\":[");
    return STATOR_OK;
}

static enum stator_rc close_nest(struct text *out, const char **at, struct nest *nest, struct stator_error *err)
{
    char closer = **at;

    if (nest->depth == 0 || nest->closers[nest->depth - 1] != closer || (closer == '>' && (*at)[1] != '>'))
        return cli_fail(err, STATOR_VALIDATION, "%s: a bracket that closes nothing", *at);
    nest->depth--;
    *at += closer == '>' ? 2 : 1;
    text_string(out, closer == ']' ? "]" : closer == '}' ? "}" : "]}");
    return STATOR_OK;
}

static bool begins_member(char c)
{
    return strchr("]}>,:", c) == NULL; /* the NUL is found, too */
}

static enum stator_rc add_token(struct text *out, const char **at, struct nest *nest, struct stator_error *err)
{
    if (in_set(nest) && begins_member(**at) && is_binary(*at) != nest->of_binaries[nest->depth - 1])
        return cli_fail(err, STATOR_VALIDATION, "%s: a set is of strings, of numbers, or of binaries", *at);
    switch (**at) {
    case '"':
    case '\'':
        return add_string(out, at, err);
    case '{':
    case '[':
        return open_nest(out, at, nest, err);
    case '<':
        if ((*at)[1] == '<')
            return open_nest(out, at, nest, err);
        break;
    case '}':
    case ']':
    case '>':
        return close_nest(out, at, nest, err);
    case ',':
    case ':':
        if (nest->depth > 0) {
            text_char(out, *(*at)++);
            return STATOR_OK;
        }
        break;
    case '\0':
        return cli_fail(err, STATOR_VALIDATION, "a value is missing, or a bracket is not closed");
    default:
        if (is_binary(*at))
            return add_binary(out, at, in_set(nest), err);
        if (is_word(**at)) {
            add_word(out, at);
            return STATOR_OK;
        }
    }
    return cli_fail(err, STATOR_VALIDATION, "'%c' does not begin a value", **at);
}

enum stator_rc literal_rewrite(struct text *out, const char **at, struct stator_error *err)
{
    struct nest nest = {.depth = 0};

    do {
        *at = skip_blanks(*at);
        if (add_token(out, at, &nest, err) != STATOR_OK)
            return err->rc;
    } while (nest.depth > 0);
    return STATOR_OK;
}

enum stator_rc literal_value(struct stator_builder *builder, struct stator_value *out, const char *text,
                             struct stator_error *err)
{
    const char *at = text;
    struct text json = {0};
    enum stator_rc rc = literal_rewrite(&json, &at, err);

    if (rc == STATOR_OK && *skip_blanks(at) != '\0')
        rc = cli_fail(err, STATOR_VALIDATION, "'%s' after a value", at);
    if (rc == STATOR_OK)
        rc = stator_json_read_value(builder, out, text_view(&json), STATOR_JSON_TAGGED, err);
    text_free(&json);
    return rc;
}

/* --- NAME=TEXT ---------------------------------------------------------------------------------------------------- */

static enum stator_rc add_literal(struct stator_builder *builder, const char *name, const char *text,
                                  struct stator_error *err)
{
    struct stator_value value;

    if (literal_value(builder, &value, text, err) != STATOR_OK)
        return err->rc;
    stator_add_value(builder, name, &value);
    return STATOR_OK;
}

enum stator_rc literal_attribute(struct stator_builder *builder, const char *operand, struct stator_error *err)
{
    const char *equals = strchr(operand, '=');
    struct text name = {0};
    struct column column = {0};
    enum stator_rc rc = STATOR_OK;

    if (equals == NULL || equals == operand)
        return cli_fail(err, STATOR_VALIDATION, "'%s' is neither {...} nor NAME=TEXT nor NAME:=VALUE", operand);
    text_add(&name, operand, (size_t)(equals - operand));
    if (equals[-1] == ':') {
        name.at[--name.len] = '\0';
        rc = add_literal(builder, name.at, equals + 1, err);
    } else {
        column_parse(&column, text_view(&name));
        rc = column_add(builder, &column, stator_text(equals + 1), err);
        column_deinit(&column);
    }
    if (rc != STATOR_OK && err->message[0] != '\0') {
        struct stator_error cause = *err;

        cli_fail(err, rc, "%.200s: %.1800s", name.at, cause.message);
    }
    text_free(&name);
    return rc;
}
