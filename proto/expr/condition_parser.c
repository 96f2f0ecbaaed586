/* SPDX-License-Identifier: Apache-2.0 */
/* Precedence, from tight to loose: comparisons, NOT, AND, OR. What stands between parentheses may turn out to be an
 * operand ("(a) = b") or a condition ("(a = b)"); a group on the stack is therefore open to both, and a term says
 * which it is.
 */
#include "expr/condition_parser.h"

#include "expr/term.h"

static bool is_keyword(const struct token *token)
{
    static const char *const keywords[] = {"AND", "OR", "NOT", "IN", "BETWEEN"};

    for (size_t i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
        if (token_is_keyword(token, keywords[i]))
            return true;
    return false;
}

/* --- Before a term ------------------------------------------------------------------------------------------------ */

static enum stator_rc begin_term(struct terms *terms, bool *complete)
{
    struct parser *parser = terms->parser;

    if (!frame_wants_operand(terms_top(terms)) && token_is_keyword(&parser->token, "NOT")) {
        struct draft *not = draft_new(parser, DRAFT_OPERATOR);

        if (not == NULL)
            return parser_no_memory(parser);
        not ->type = EXPR_NOT;
        parser_advance(parser);
        *complete = false;
        return terms_push(terms, FRAME_NOT, not );
    }
    return terms_begin(terms, complete);
}

/* --- Behind an operand -------------------------------------------------------------------------------------------- */

static bool comparator(const struct token *token, enum expr_type *out)
{
    switch (token->kind) {
    case TOKEN_EQ:
        *out = EXPR_EQ;
        return true;
    case TOKEN_NE:
        *out = EXPR_NE;
        return true;
    case TOKEN_LT:
        *out = EXPR_LT;
        return true;
    case TOKEN_LE:
        *out = EXPR_LE;
        return true;
    case TOKEN_GT:
        *out = EXPR_GT;
        return true;
    case TOKEN_GE:
        *out = EXPR_GE;
        return true;
    default:
        return false;
    }
}

static enum stator_rc begin_operator(struct terms *terms, enum frame_kind kind, enum expr_type type)
{
    struct draft *draft;

    STATOR_TRY(terms_operator(terms, &draft, type));
    draft->condition = true;
    parser_advance(terms->parser);
    if (kind == FRAME_IN)
        STATOR_TRY(parser_expect(terms->parser, TOKEN_LPAREN));
    return terms_push(terms, kind, draft);
}

/* An operand where a condition is wanted: a comparison must follow, unless it is a function, or fills a group. */
static enum stator_rc behind_operand(struct terms *terms, bool *more)
{
    struct parser *parser = terms->parser;
    enum expr_type type;

    *more = true;
    if (comparator(&parser->token, &type))
        return begin_operator(terms, FRAME_COMPARE, type);
    if (token_is_keyword(&parser->token, "BETWEEN"))
        return begin_operator(terms, FRAME_BETWEEN_LOW, EXPR_BETWEEN);
    if (token_is_keyword(&parser->token, "IN"))
        return begin_operator(terms, FRAME_IN, EXPR_IN);
    *more = false;
    if (terms_top(terms)->kind == FRAME_GROUP && parser->token.kind == TOKEN_RPAREN)
        return terms_close_group(terms);
    if (terms->term.class != TERM_FUNCTION)
        return parser_syntax_error(parser);
    terms->term.draft->condition = true;
    terms->term.class = TERM_COMPOUND;
    return STATOR_OK;
}

/* --- Behind an operand that an operator has waited for ------------------------------------------------------------ */

static enum stator_rc behind_low(struct terms *terms, bool *more)
{
    if (!token_is_keyword(&terms->parser->token, "AND"))
        return parser_syntax_error(terms->parser);
    STATOR_TRY(terms_take(terms));
    parser_advance(terms->parser);
    terms_top(terms)->kind = FRAME_BETWEEN_HIGH;
    *more = true;
    return STATOR_OK;
}

static enum stator_rc behind_awaited(struct terms *terms, bool *more)
{
    *more = false;
    switch (terms_top(terms)->kind) {
    case FRAME_OPERAND_GROUP:
        return terms_close_group(terms);
    case FRAME_CALL:
    case FRAME_IN:
        return terms_go_on_call(terms, more);
    case FRAME_BETWEEN_LOW:
        return behind_low(terms, more);
    default: /* COMPARE, BETWEEN_HIGH */
        STATOR_TRY(terms_take(terms));
        terms_reduce(terms);
        return STATOR_OK;
    }
}

/* --- Behind a condition ------------------------------------------------------------------------------------------- */

/* Completes the operators on the stack that bind at least as tightly as `loosest`. */
static enum stator_rc reduce_to(struct terms *terms, enum frame_kind loosest)
{
    while (terms_top(terms)->kind >= FRAME_NOT && terms_top(terms)->kind <= loosest) {
        STATOR_TRY(terms_take(terms));
        terms_reduce(terms);
    }
    return STATOR_OK;
}

static enum stator_rc begin_logical(struct terms *terms, enum frame_kind kind, enum expr_type type)
{
    struct draft *draft;

    STATOR_TRY(reduce_to(terms, kind));
    STATOR_TRY(terms_operator(terms, &draft, type));
    parser_advance(terms->parser);
    return terms_push(terms, kind, draft);
}

static enum stator_rc behind_condition(struct terms *terms, bool *more, bool *end)
{
    struct parser *parser = terms->parser;

    *more = true;
    if (token_is_keyword(&parser->token, "AND"))
        return begin_logical(terms, FRAME_AND, EXPR_AND);
    if (token_is_keyword(&parser->token, "OR"))
        return begin_logical(terms, FRAME_OR, EXPR_OR);
    *more = false;
    STATOR_TRY(reduce_to(terms, FRAME_OR));
    if (terms_top(terms)->kind == FRAME_GROUP)
        return terms_close_group(terms);
    *end = true;
    return parser->token.kind == TOKEN_END ? STATOR_OK : parser_syntax_error(parser);
}

static enum stator_rc behind_term(struct terms *terms, bool *more, bool *end)
{
    if (frame_wants_operand(terms_top(terms)))
        return behind_awaited(terms, more);
    if (terms->term.class != TERM_COMPOUND)
        return behind_operand(terms, more);
    return behind_condition(terms, more, end);
}

enum stator_rc condition_parse(struct draft **out, struct parser *parser)
{
    struct terms terms;
    bool more = true, end = false;

    STATOR_TRY(terms_init(&terms, parser, is_keyword));
    terms.path_goes_on = true;
    while (!end) {
        bool complete = true;

        if (more)
            STATOR_TRY(begin_term(&terms, &complete));
        more = !complete;
        if (complete)
            STATOR_TRY(behind_term(&terms, &more, &end));
    }
    *out = terms.term.draft;
    return STATOR_OK;
}
