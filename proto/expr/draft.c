/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/draft.h"

#include <stdarg.h>
#include <stdio.h>

#define POINTERS_FIRST 4

bool pointers_push(struct pointers *pointers, void *item, struct arena *arena)
{
    if (pointers->count == pointers->capacity) {
        size_t capacity = pointers->capacity == 0 ? POINTERS_FIRST : pointers->capacity * 2;
        void **at = ARENA_ARRAY(arena, void *, capacity);

        if (at == NULL)
            return false;
        if (pointers->count != 0)
            memcpy(at, pointers->at, pointers->count * sizeof(*at));
        pointers->at = at;
        pointers->capacity = capacity;
    }
    pointers->at[pointers->count++] = item;
    return true;
}

/* --- Tokens ------------------------------------------------------------------------------------------------------- */

void parser_advance(struct parser *parser)
{
    size_t end = (size_t)(parser->token.text.at - parser->text.at) + parser->token.text.len;

    parser->before = parser->token;
    parser->token = lexer_token(parser->text, end);
}

/* Only two of the five tell the size. */
static enum stator_rc fail_size(struct parser *parser)
{
    bool tells = strcmp(parser->member, "ConditionExpression") == 0 || strcmp(parser->member, "FilterExpression") == 0;

    if (!tells)
        return parser_fail(parser, "Expression size has exceeded the maximum allowed size;");
    return parser_fail(parser, "Expression size has exceeded the maximum allowed size; expression size: %zu",
                       parser->text.len);
}

enum stator_rc parser_init(struct parser *parser, const char *member, struct bytes text,
                           struct placeholders *placeholders, struct arena *arena, struct stator_error *err)
{
    *parser = (struct parser){.text = text, .member = member, .placeholders = placeholders, .arena = arena, .err = err};
    if (text.len == 0)
        return parser_fail(parser, "The expression can not be empty;");
    if (text.len > EXPR_TEXT_MAX)
        return fail_size(parser);
    parser->token = lexer_token(text, 0);
    return STATOR_OK;
}

enum stator_rc parser_fail(struct parser *parser, const char *format, ...)
{
    char text[STATOR_ERROR_MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (parser->member == NULL)
        return stator_fail(parser->err, STATOR_VALIDATION, "%s", text);
    return stator_fail(parser->err, STATOR_VALIDATION, "Invalid %s: %s", parser->member, text);
}

enum stator_rc parser_no_memory(struct parser *parser)
{
    return stator_fail_memory(parser->err);
}

enum stator_rc parser_syntax_error(struct parser *parser)
{
    struct token bad = parser->token;
    struct bytes from = bytes_present(parser->before.text) ? parser->before.text : bad.text;
    struct bytes to = bad.text;
    struct bytes quoted = bad.kind == TOKEN_END ? BYTES("<EOF>") : bad.text;

    if (bad.kind == TOKEN_END) {
        to = from; /* no blanks behind the last token */
    } else {
        struct token behind;

        parser_advance(parser);
        behind = parser->token;
        if (behind.kind != TOKEN_END)
            to = behind.text;
    }
    return parser_fail(parser, "Syntax error; token: \"%.*s\", near: \"%.*s\"", BYTES_ARG(quoted),
                       (int)(to.at + to.len - from.at), (const char *)from.at);
}

enum stator_rc parser_expect(struct parser *parser, enum token_kind kind)
{
    if (parser->token.kind != kind)
        return parser_syntax_error(parser);
    parser_advance(parser);
    return STATOR_OK;
}

/* --- Paths -------------------------------------------------------------------------------------------------------- */

/* The elements lie in an array whose capacity is the next power of two, so that no path carries one. */
static enum stator_rc push_element(struct parser *parser, struct path *path, struct path_element element)
{
    struct path_element *elements = (struct path_element *)path->elements;

    if ((path->count & (path->count - 1)) == 0) {
        size_t capacity = path->count == 0 ? 1 : path->count * 2;

        elements = ARENA_ARRAY(parser->arena, struct path_element, capacity);
        if (elements == NULL)
            return parser_no_memory(parser);
        if (path->count != 0)
            memcpy(elements, path->elements, path->count * sizeof(*elements));
        path->elements = elements;
    }
    elements[path->count++] = element;
    return STATOR_OK;
}

static enum stator_rc path_name(struct parser *parser, struct path *path, bool (*keyword)(const struct token *token))
{
    struct token token = parser->token;

    if (token.kind != TOKEN_NAME && token.kind != TOKEN_NAME_REF)
        return parser_syntax_error(parser);
    if (token.kind == TOKEN_NAME && keyword != NULL && keyword(&token))
        return parser_syntax_error(parser);
    parser_advance(parser);
    return push_element(parser, path, (struct path_element){.name = token.text});
}

static enum stator_rc path_index(struct parser *parser, struct path *path)
{
    struct bytes digits = parser->token.text;
    uint64_t index = 0;

    STATOR_TRY(parser_expect(parser, TOKEN_NUMBER));
    for (size_t i = 0; i < digits.len; i++) {
        index = index * 10 + (uint64_t)(digits.at[i] - '0');
        if (index > INT32_MAX) {
            index = INT32_MAX;
            parser->bad_index = digits;
        }
    }
    STATOR_TRY(parser_expect(parser, TOKEN_RBRACKET));
    return push_element(parser, path, (struct path_element){.index = (uint32_t)index});
}

enum stator_rc parser_path_rest(struct parser *parser, struct path *path, bool (*keyword)(const struct token *token))
{
    for (;;) {
        if (parser->token.kind == TOKEN_DOT) {
            parser_advance(parser);
            STATOR_TRY(path_name(parser, path, keyword));
        } else if (parser->token.kind == TOKEN_LBRACKET) {
            parser_advance(parser);
            STATOR_TRY(path_index(parser, path));
        } else {
            return STATOR_OK;
        }
    }
}

enum stator_rc parser_path(struct parser *parser, struct path *path, bool (*keyword)(const struct token *token))
{
    *path = (struct path){0};
    STATOR_TRY(path_name(parser, path, keyword));
    return parser_path_rest(parser, path, keyword);
}

/* --- Drafts ------------------------------------------------------------------------------------------------------- */

struct draft *draft_new(struct parser *parser, enum draft_kind kind)
{
    struct draft *draft = ARENA_NEW(parser->arena, struct draft);

    if (draft != NULL)
        draft->kind = kind;
    return draft;
}

void draft_append(struct parser *parser, struct draft *draft)
{
    if (parser->last == NULL)
        parser->first = draft;
    else
        parser->last->next = draft;
    parser->last = draft;
    if (draft->kind == DRAFT_CALL || draft->kind == DRAFT_OPERATOR)
        parser->operators++;
}
