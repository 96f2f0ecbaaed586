/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/update_parser.h"

#include "expr/term.h"

static const char *const action_names[] = {
    [UPDATE_SET] = "SET", [UPDATE_REMOVE] = "REMOVE", [UPDATE_ADD] = "ADD", [UPDATE_DELETE] = "DELETE"};

#define ACTION_COUNT (sizeof(action_names) / sizeof(action_names[0]))

static bool is_action(const struct token *token, enum update_action *out)
{
    for (size_t i = 0; i < ACTION_COUNT; i++)
        if (token_is_keyword(token, action_names[i])) {
            *out = (enum update_action)i;
            return true;
        }
    return false;
}

static bool is_keyword(const struct token *token)
{
    enum update_action action;

    return is_action(token, &action);
}

/* --- The value of a SET ------------------------------------------------------------------------------------------- */

/* Only two operands: "a + b + c" is no value, and "(a + b)" no operand. */
static enum stator_rc begin_arithmetic(struct terms *terms, bool *more)
{
    struct parser *parser = terms->parser;
    struct draft *draft;

    STATOR_TRY(terms_operator(terms, &draft, parser->token.kind == TOKEN_PLUS ? EXPR_PLUS : EXPR_MINUS));
    parser_advance(parser);
    *more = true;
    return terms_push(terms, FRAME_ARITHMETIC, draft);
}

static enum stator_rc behind_term(struct terms *terms, bool *more, bool *end)
{
    enum token_kind kind = terms->parser->token.kind;

    *more = false;
    switch (terms_top(terms)->kind) {
    case FRAME_CALL:
        return terms_go_on_call(terms, more);
    case FRAME_OPERAND_GROUP:
        return terms_close_group(terms);
    case FRAME_ARITHMETIC:
        STATOR_TRY(terms_take(terms));
        terms_reduce(terms);
        return STATOR_OK;
    default:
        if ((kind == TOKEN_PLUS || kind == TOKEN_MINUS) && terms->term.class != TERM_COMPOUND)
            return begin_arithmetic(terms, more);
        if (terms_top(terms)->kind == FRAME_GROUP)
            return terms_close_group(terms);
        *end = true;
        return STATOR_OK;
    }
}

static enum stator_rc parse_operand(struct parser *parser, struct draft **out)
{
    struct terms terms;
    bool more = true, end = false;

    STATOR_TRY(terms_init(&terms, parser, is_keyword));
    while (!end) {
        bool complete = true;

        if (more)
            STATOR_TRY(terms_begin(&terms, &complete));
        more = !complete;
        if (complete)
            STATOR_TRY(behind_term(&terms, &more, &end));
    }
    *out = terms.term.draft;
    return STATOR_OK;
}

/* --- Sections ----------------------------------------------------------------------------------------------------- */

static enum stator_rc parse_value(struct parser *parser, struct draft **out)
{
    struct draft *draft = draft_new(parser, DRAFT_VALUE);

    if (draft == NULL)
        return parser_no_memory(parser);
    draft->text = parser->token.text;
    STATOR_TRY(parser_expect(parser, TOKEN_VALUE_REF));
    draft_append(parser, draft);
    *out = draft;
    return STATOR_OK;
}

static enum stator_rc parse_clause(struct parser *parser, struct update_drafts *drafts, enum update_action action)
{
    struct clause_draft *clause = ARENA_NEW(parser->arena, struct clause_draft);

    if (clause == NULL || !pointers_push(&drafts->clauses, clause, parser->arena))
        return parser_no_memory(parser);
    clause->action = action;
    STATOR_TRY(parser_path(parser, &clause->path, is_keyword));
    if (action == UPDATE_SET) {
        STATOR_TRY(parser_expect(parser, TOKEN_EQ));
        return parse_operand(parser, &clause->operand);
    }
    return action == UPDATE_REMOVE ? STATOR_OK : parse_value(parser, &clause->operand);
}

static enum stator_rc parse_section(struct parser *parser, struct update_drafts *drafts)
{
    enum update_action action;

    if (!is_action(&parser->token, &action))
        return parser_syntax_error(parser);
    if ((drafts->sections & (1U << action)) != 0 && drafts->repeated == NULL)
        drafts->repeated = action_names[action];
    drafts->sections |= 1U << action;
    do {
        parser_advance(parser); /* the keyword, then commas */
        STATOR_TRY(parse_clause(parser, drafts, action));
    } while (parser->token.kind == TOKEN_COMMA);
    return STATOR_OK;
}

enum stator_rc update_parse(struct update_drafts *out, struct parser *parser)
{
    *out = (struct update_drafts){0};
    do
        STATOR_TRY(parse_section(parser, out));
    while (parser->token.kind != TOKEN_END);
    return STATOR_OK;
}
