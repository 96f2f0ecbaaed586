/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/term.h"

#define FRAMES_FIRST 16

enum stator_rc terms_init(struct terms *terms, struct parser *parser, bool (*keyword)(const struct token *token))
{
    *terms = (struct terms){.parser = parser, .keyword = keyword};
    return terms_push(terms, FRAME_BOTTOM, NULL);
}

struct frame *terms_top(struct terms *terms)
{
    return &terms->frames[terms->depth - 1];
}

enum stator_rc terms_push(struct terms *terms, enum frame_kind kind, struct draft *draft)
{
    if (terms->depth == terms->capacity) {
        size_t capacity = terms->capacity == 0 ? FRAMES_FIRST : terms->capacity * 2;
        struct frame *frames = ARENA_ARRAY(terms->parser->arena, struct frame, capacity);

        if (frames == NULL)
            return parser_no_memory(terms->parser);
        if (terms->depth != 0)
            memcpy(frames, terms->frames, terms->depth * sizeof(*frames));
        terms->frames = frames;
        terms->capacity = capacity;
    }
    terms->frames[terms->depth++] = (struct frame){kind, draft};
    return STATOR_OK;
}

void terms_pop(struct terms *terms)
{
    terms->depth--;
}

bool frame_wants_operand(const struct frame *frame)
{
    return frame->kind >= FRAME_OPERAND_GROUP;
}

static enum stator_rc begin_call(struct terms *terms, struct bytes name)
{
    struct draft *call = draft_new(terms->parser, DRAFT_CALL);

    if (call == NULL)
        return parser_no_memory(terms->parser);
    call->text = name;
    parser_advance(terms->parser); /* "(" */
    return terms_push(terms, FRAME_CALL, call);
}

static void set_term(struct terms *terms, struct draft *draft, enum term_class class)
{
    draft_append(terms->parser, draft);
    terms->term = (struct term){draft, class, false};
}

static enum stator_rc read_path(struct terms *terms)
{
    struct draft *draft = draft_new(terms->parser, DRAFT_PATH);

    if (draft == NULL)
        return parser_no_memory(terms->parser);
    STATOR_TRY(parser_path(terms->parser, &draft->path, terms->keyword));
    set_term(terms, draft, TERM_OPERAND);
    return STATOR_OK;
}

static enum stator_rc read_value(struct terms *terms)
{
    struct draft *draft = draft_new(terms->parser, DRAFT_VALUE);

    if (draft == NULL)
        return parser_no_memory(terms->parser);
    draft->text = terms->parser->token.text;
    parser_advance(terms->parser);
    set_term(terms, draft, TERM_OPERAND);
    return STATOR_OK;
}

/* Whether the name at hand is followed by "(". */
static bool is_call(const struct terms *terms)
{
    const struct parser *parser = terms->parser;
    size_t end = (size_t)(parser->token.text.at - parser->text.at) + parser->token.text.len;

    if (parser->token.kind != TOKEN_NAME || (terms->keyword != NULL && terms->keyword(&parser->token)))
        return false;
    return lexer_token(parser->text, end).kind == TOKEN_LPAREN;
}

enum stator_rc terms_begin(struct terms *terms, bool *complete)
{
    struct parser *parser = terms->parser;

    *complete = false;
    if (parser->token.kind == TOKEN_LPAREN) {
        bool operand = frame_wants_operand(terms_top(terms));

        parser_advance(parser);
        return terms_push(terms, operand ? FRAME_OPERAND_GROUP : FRAME_GROUP, NULL);
    }
    if (is_call(terms)) {
        struct bytes name = parser->token.text;

        parser_advance(parser);
        return begin_call(terms, name);
    }
    *complete = true;
    if (parser->token.kind == TOKEN_VALUE_REF)
        return read_value(terms);
    return read_path(terms);
}

enum stator_rc terms_close_group(struct terms *terms)
{
    STATOR_TRY(parser_expect(terms->parser, TOKEN_RPAREN));
    terms_pop(terms);
    if (terms->term.parenthesized)
        terms->parser->redundant_parentheses = true;
    terms->term.parenthesized = true;
    if (terms->path_goes_on && terms->term.draft->kind == DRAFT_PATH) {
        struct path *path = &terms->term.draft->path;
        size_t count = path->count;

        STATOR_TRY(parser_path_rest(terms->parser, path, terms->keyword));
        if (path->count != count)
            terms->term.parenthesized = false;
    }
    return STATOR_OK;
}

enum stator_rc terms_take(struct terms *terms)
{
    if (!pointers_push(&terms_top(terms)->draft->operands, terms->term.draft, terms->parser->arena))
        return parser_no_memory(terms->parser);
    return STATOR_OK;
}

void terms_reduce(struct terms *terms)
{
    struct draft *draft = terms_top(terms)->draft;

    terms_pop(terms);
    set_term(terms, draft, draft->kind == DRAFT_CALL ? TERM_FUNCTION : TERM_COMPOUND);
}

enum stator_rc terms_go_on_call(struct terms *terms, bool *more)
{
    struct parser *parser = terms->parser;

    STATOR_TRY(terms_take(terms));
    *more = parser->token.kind == TOKEN_COMMA;
    if (*more) {
        parser_advance(parser);
        return STATOR_OK;
    }
    STATOR_TRY(parser_expect(parser, TOKEN_RPAREN));
    terms_reduce(terms);
    return STATOR_OK;
}

enum stator_rc terms_operator(struct terms *terms, struct draft **out, enum expr_type type)
{
    struct draft *draft = draft_new(terms->parser, DRAFT_OPERATOR);

    if (draft == NULL || !pointers_push(&draft->operands, terms->term.draft, terms->parser->arena))
        return parser_no_memory(terms->parser);
    draft->type = type;
    *out = draft;
    return STATOR_OK;
}
