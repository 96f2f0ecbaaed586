/* SPDX-License-Identifier: Apache-2.0 */
/* Expressions by the precedence of their operators. The order in which faults are looked for is that of the service's
 * parser, whose words its messages are. */
#include "base/buf.h"
#include "partiql/keyword.h"
#include "partiql/parser.h"

enum stator_rc parse_fail(struct partiql_parser *parser, const char *detail)
{
    return partiql_malformed(parser->err, detail);
}

enum stator_rc parse_node(struct partiql_parser *parser, enum partiql_kind kind, struct partiql_node **out)
{
    *out = ARENA_NEW(parser->arena, struct partiql_node);
    if (*out == NULL)
        return stator_fail_memory(parser->err);
    **out = (struct partiql_node){.kind = kind, .token = parser->token, .text = parser->token->text, .depth = 1};
    return STATOR_OK;
}

enum stator_rc parse_add(struct partiql_parser *parser, struct partiql_node *node, struct partiql_node *child)
{
    if (!pointers_push(&node->children, child, parser->arena))
        return stator_fail_memory(parser->err);
    if (child->depth >= node->depth)
        node->depth = child->depth + 1;
    return node->depth > PARTIQL_DEPTH_MAX ? parse_fail(parser, "") : STATOR_OK;
}

static void advance(struct partiql_parser *parser)
{
    if (parser->token->kind != PARTIQL_END)
        parser->token++;
}

bool parse_accept(struct partiql_parser *parser, const char *word)
{
    if (!partiql_is(parser->token, word))
        return false;
    advance(parser);
    return true;
}

enum stator_rc parse_expect(struct partiql_parser *parser, const char *symbol, const char *name)
{
    char detail[64] = "Expected ";

    if (parse_accept(parser, symbol))
        return STATOR_OK;
    return parse_fail(parser, strncat(detail, name, sizeof(detail) - sizeof("Expected ")));
}

enum stator_rc parse_list(struct partiql_parser *parser, struct partiql_node *node)
{
    struct partiql_node *child;

    do {
        STATOR_TRY(parse_expression(parser, -1, &child));
        STATOR_TRY(parse_add(parser, node, child));
    } while (parse_accept(parser, ","));
    return STATOR_OK;
}

/* --- Terms -------------------------------------------------------------------------------------------------------- */

/* "[" or "<<" has been consumed. */
static enum stator_rc collection(struct partiql_parser *parser, struct partiql_node *node, const char *end,
                                 const char *end_name)
{
    if (parse_accept(parser, end))
        return STATOR_OK;
    STATOR_TRY(parse_list(parser, node));
    return parse_expect(parser, end, end_name);
}

static enum stator_rc structure(struct partiql_parser *parser, struct partiql_node *node)
{
    struct partiql_node *child;

    if (parse_accept(parser, "}"))
        return STATOR_OK;
    do {
        STATOR_TRY(parse_expression(parser, -1, &child));
        STATOR_TRY(parse_add(parser, node, child));
        STATOR_TRY(parse_expect(parser, ":", "COLON"));
        STATOR_TRY(parse_expression(parser, -1, &child));
        STATOR_TRY(parse_add(parser, node, child));
    } while (parse_accept(parser, ","));
    return parse_expect(parser, "}", "RIGHT_CURLY");
}

/* "(" has been consumed: a group, or with commas a list. */
static enum stator_rc group(struct partiql_parser *parser, struct partiql_node *list, struct partiql_node **out)
{
    list->kind = PARTIQL_NODE_LIST;
    STATOR_TRY(parse_list(parser, list));
    STATOR_TRY(parse_expect(parser, ")", "RIGHT_PAREN"));
    *out = list->children.count == 1 ? partiql_child(list, 0) : list;
    (*out)->grouped = true;
    return STATOR_OK;
}

/* The name has been consumed, and "(" is at hand. */
static enum stator_rc call(struct partiql_parser *parser, struct partiql_node *node)
{
    node->kind = PARTIQL_NODE_CALL;
    advance(parser);
    if (parse_accept(parser, ")"))
        return STATOR_OK;
    if (!parse_accept(parser, "*")) /* COUNT(*) */
        STATOR_TRY(parse_list(parser, node));
    return parse_expect(parser, ")", "RIGHT_PAREN");
}

static bool is_operator_word(const struct partiql_token *token)
{
    static const char *const words[] = {"and",  "or",      "not",   "is",        "in",
                                        "like", "between", "union", "intersect", "except"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (partiql_is(token, words[i]))
            return true;
    return false;
}

static enum stator_rc keyword(struct partiql_parser *parser, struct partiql_node *node, struct partiql_node **out)
{
    static const struct {
        const char *word;
        enum partiql_kind kind;
    } literals[] = {{"true", PARTIQL_NODE_TRUE},
                    {"false", PARTIQL_NODE_FALSE},
                    {"null", PARTIQL_NODE_NULL},
                    {"missing", PARTIQL_NODE_MISSING}};

    for (size_t i = 0; i < sizeof(literals) / sizeof(literals[0]); i++)
        if (parse_accept(parser, literals[i].word)) {
            node->kind = literals[i].kind;
            return STATOR_OK;
        }
    if (parse_begins_statement(parser))
        return parse_statement(parser, out);
    if (is_operator_word(parser->token))
        return parse_fail(parser, "Unexpected operator");
    if (!partiql_function_keyword(parser->token->text) || !partiql_is(parser->token + 1, "("))
        return parse_fail(parser, "Unexpected keyword");
    advance(parser);
    return call(parser, node);
}

static enum stator_rc symbol(struct partiql_parser *parser, struct partiql_node *node, struct partiql_node **out)
{
    static const char *const operators[] = {"=", "<>", "<", "<=", ">", ">=", "/", "%", "||", "@"};

    if (parse_accept(parser, "("))
        return group(parser, node, out);
    if (parse_accept(parser, "[")) {
        node->kind = PARTIQL_NODE_LIST;
        return collection(parser, node, "]", "RIGHT_BRACKET");
    }
    if (parse_accept(parser, "<<")) {
        node->kind = PARTIQL_NODE_BAG;
        return collection(parser, node, ">>", "RIGHT_DOUBLE_ANGLE_BRACKET");
    }
    if (parse_accept(parser, "{")) {
        node->kind = PARTIQL_NODE_STRUCT;
        return structure(parser, node);
    }
    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++)
        if (partiql_is(parser->token, operators[i]))
            return parse_fail(parser, "Unexpected operator");
    return parse_fail(parser, "Unexpected term");
}

static enum stator_rc term(struct partiql_parser *parser, struct partiql_node **out)
{
    struct partiql_node *node;

    STATOR_TRY(parse_node(parser, PARTIQL_NODE_NAME, &node));
    *out = node;
    switch (parser->token->kind) {
    case PARTIQL_KEYWORD:
        return keyword(parser, node, out);
    case PARTIQL_SYMBOL:
        return symbol(parser, node, out);
    case PARTIQL_END:
        return parse_fail(parser, "Unexpected term");
    case PARTIQL_NAME:
    case PARTIQL_QUOTED:
        advance(parser);
        return partiql_is(parser->token, "(") ? call(parser, node) : STATOR_OK;
    case PARTIQL_STRING:
        node->kind = PARTIQL_NODE_STRING;
        break;
    case PARTIQL_NUMBER:
        node->kind = PARTIQL_NODE_NUMBER;
        break;
    case PARTIQL_PARAMETER:
        node->kind = PARTIQL_NODE_PARAMETER;
        node->index = parser->parameters++;
        break;
    }
    advance(parser);
    return STATOR_OK;
}

/* --- Paths -------------------------------------------------------------------------------------------------------- */

/* "." has been consumed. */
static enum stator_rc step_name(struct partiql_parser *parser, bool simple, struct partiql_node **out)
{
    STATOR_TRY(parse_node(parser, PARTIQL_NODE_STEP_NAME, out));
    if (partiql_is(parser->token, "*")) {
        if (simple)
            return parse_fail(parser, "Invalid path dot component for simple path");
        (*out)->kind = PARTIQL_NODE_STEP_ALL;
    } else if (parser->token->kind != PARTIQL_NAME && parser->token->kind != PARTIQL_QUOTED) {
        return parse_fail(parser, "Invalid path dot component");
    }
    advance(parser);
    return STATOR_OK;
}

/* "[" has been consumed. */
static enum stator_rc step_index(struct partiql_parser *parser, bool simple, struct partiql_node **out)
{
    struct partiql_node *index;

    STATOR_TRY(parse_node(parser, PARTIQL_NODE_STEP_INDEX, out));
    if (parse_accept(parser, "*")) {
        (*out)->kind = PARTIQL_NODE_STEP_ALL;
    } else {
        STATOR_TRY(parse_expression(parser, -1, &index));
        STATOR_TRY(parse_add(parser, *out, index));
    }
    STATOR_TRY(parse_expect(parser, "]", "RIGHT_BRACKET"));
    if (simple && (*out)->kind == PARTIQL_NODE_STEP_ALL)
        return parse_fail(parser, "Invalid path component for simple path");
    return STATOR_OK;
}

static enum stator_rc path(struct partiql_parser *parser, struct partiql_node *root, bool simple,
                           struct partiql_node **out)
{
    struct partiql_node *whole, *step;

    *out = root;
    if (!partiql_is(parser->token, ".") && !partiql_is(parser->token, "["))
        return STATOR_OK;
    STATOR_TRY(parse_node(parser, PARTIQL_NODE_PATH, &whole));
    whole->token = root->token;
    STATOR_TRY(parse_add(parser, whole, root));
    for (;;) {
        if (parse_accept(parser, "."))
            STATOR_TRY(step_name(parser, simple, &step));
        else if (parse_accept(parser, "["))
            STATOR_TRY(step_index(parser, simple, &step));
        else
            break;
        STATOR_TRY(parse_add(parser, whole, step));
    }
    *out = whole;
    return STATOR_OK;
}

enum stator_rc parse_simple_path(struct partiql_parser *parser, struct partiql_node **out)
{
    struct partiql_node *root;

    if (parser->token->kind != PARTIQL_NAME && parser->token->kind != PARTIQL_QUOTED)
        return parse_fail(parser, "Expected identifier for simple path");
    STATOR_TRY(parse_node(parser, PARTIQL_NODE_NAME, &root));
    advance(parser);
    return path(parser, root, true, out);
}

/* --- Operators ---------------------------------------------------------------------------------------------------- */

enum precedence { UNION = 5, OR = 10, AND = 20, NOT = 30, EQUALITY = 40, COMPARISON = 50, SUM = 60, PRODUCT = 70 };

struct infix_operator {
    const char *word, *second; /* second: the word that must follow, or NULL */
    enum precedence precedence;
    enum partiql_kind kind;
    bool negated;
};

static const struct infix_operator infix[] = {
    {"union", NULL, UNION, PARTIQL_NODE_OPERATOR, false},
    {"intersect", NULL, UNION, PARTIQL_NODE_OPERATOR, false},
    {"except", NULL, UNION, PARTIQL_NODE_OPERATOR, false},
    {"or", NULL, OR, PARTIQL_NODE_OR, false},
    {"and", NULL, AND, PARTIQL_NODE_AND, false},
    {"=", NULL, EQUALITY, PARTIQL_NODE_EQ, false},
    {"<>", NULL, EQUALITY, PARTIQL_NODE_NE, false},
    {"is", "not", EQUALITY, PARTIQL_NODE_IS, true},
    {"is", NULL, EQUALITY, PARTIQL_NODE_IS, false},
    {"in", NULL, EQUALITY, PARTIQL_NODE_IN, false},
    {"not", "in", EQUALITY, PARTIQL_NODE_IN, true},
    {"<", NULL, COMPARISON, PARTIQL_NODE_LT, false},
    {"<=", NULL, COMPARISON, PARTIQL_NODE_LE, false},
    {">", NULL, COMPARISON, PARTIQL_NODE_GT, false},
    {">=", NULL, COMPARISON, PARTIQL_NODE_GE, false},
    {"between", NULL, COMPARISON, PARTIQL_NODE_BETWEEN, false},
    {"not", "between", COMPARISON, PARTIQL_NODE_BETWEEN, true},
    {"like", NULL, COMPARISON, PARTIQL_NODE_LIKE, false},
    {"not", "like", COMPARISON, PARTIQL_NODE_LIKE, true},
    {"+", NULL, SUM, PARTIQL_NODE_PLUS, false},
    {"-", NULL, SUM, PARTIQL_NODE_MINUS, false},
    {"||", NULL, SUM, PARTIQL_NODE_OPERATOR, false},
    {"*", NULL, PRODUCT, PARTIQL_NODE_OPERATOR, false},
    {"/", NULL, PRODUCT, PARTIQL_NODE_OPERATOR, false},
    {"%", NULL, PRODUCT, PARTIQL_NODE_OPERATOR, false},
};

static const struct infix_operator *find_infix(const struct partiql_token *token)
{
    for (size_t i = 0; i < sizeof(infix) / sizeof(infix[0]); i++)
        if (partiql_is(token, infix[i].word) &&
            (infix[i].second == NULL || (token->kind != PARTIQL_END && partiql_is(token + 1, infix[i].second))))
            return &infix[i];
    return NULL;
}

static enum stator_rc right(struct partiql_parser *parser, const struct infix_operator *op, struct partiql_node **out)
{
    if (parser->token->kind == PARTIQL_END)
        return parse_fail(parser, "Missing right-hand side expression of infix operator");
    return parse_expression(parser, op->precedence, out);
}

/* What may stand behind IS, in small letters; two words are joined by "_". */
static enum stator_rc type_name(struct partiql_parser *parser, struct bytes *out)
{
    static const struct {
        const char *word, *second, *name;
    } types[] = {
        {"missing", NULL, "missing"},
        {"null", NULL, "null"},
        {"bool", NULL, "boolean"},
        {"boolean", NULL, "boolean"},
        {"int2", NULL, "smallint"},
        {"integer2", NULL, "smallint"},
        {"smallint", NULL, "smallint"},
        {"int4", NULL, "integer4"},
        {"integer4", NULL, "integer4"},
        {"int8", NULL, "integer8"},
        {"integer8", NULL, "integer8"},
        {"int", NULL, "integer"},
        {"integer", NULL, "integer"},
        {"float", NULL, "float"},
        {"real", NULL, "real"},
        {"double", "precision", "double_precision"},
        {"dec", NULL, "decimal"},
        {"decimal", NULL, "decimal"},
        {"numeric", NULL, "numeric"},
        {"timestamp", NULL, "timestamp"},
        {"date", NULL, "date"},
        {"time", NULL, "time"},
        {"varchar", NULL, "character_varying"},
        {"character", "varying", "character_varying"},
        {"char", NULL, "character"},
        {"character", NULL, "character"},
        {"string", NULL, "string"},
        {"symbol", NULL, "symbol"},
        {"clob", NULL, "clob"},
        {"blob", NULL, "blob"},
        {"struct", NULL, "struct"},
        {"tuple", NULL, "tuple"},
        {"list", NULL, "list"},
        {"sexp", NULL, "sexp"},
        {"bag", NULL, "bag"},
    };

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (!partiql_is(parser->token, types[i].word) ||
            (types[i].second != NULL && !partiql_is(parser->token + 1, types[i].second)))
            continue;
        parser->token += types[i].second == NULL ? 1 : 2;
        *out = bytes_of_string(types[i].name);
        return STATOR_OK;
    }
    return parse_fail(parser, "Expected type name");
}

static enum stator_rc between(struct partiql_parser *parser, const struct infix_operator *op, struct partiql_node *node)
{
    struct partiql_node *bound;

    STATOR_TRY(right(parser, op, &bound));
    STATOR_TRY(parse_add(parser, node, bound));
    if (!parse_accept(parser, "and"))
        return parse_fail(parser, "Expected keyword: and");
    if (parser->token->kind == PARTIQL_END)
        return parse_fail(parser, "Expected expression after AND");
    STATOR_TRY(parse_expression(parser, op->precedence, &bound));
    return parse_add(parser, node, bound);
}

/* IN (a, b) is a list even with one member. */
static enum stator_rc members(struct partiql_parser *parser, const struct infix_operator *op, struct partiql_node *node)
{
    struct partiql_node *list;

    if (!partiql_is(parser->token, "(") || partiql_is(parser->token + 1, "select") ||
        partiql_is(parser->token + 1, "values")) {
        STATOR_TRY(right(parser, op, &list));
    } else {
        STATOR_TRY(parse_node(parser, PARTIQL_NODE_LIST, &list));
        advance(parser);
        STATOR_TRY(parse_list(parser, list));
        STATOR_TRY(parse_expect(parser, ")", "RIGHT_PAREN"));
    }
    return parse_add(parser, node, list);
}

static enum stator_rc negate(struct partiql_parser *parser, struct partiql_node *node, struct partiql_node **out)
{
    STATOR_TRY(parse_node(parser, PARTIQL_NODE_NOT, out));
    (*out)->token = node->token;
    return parse_add(parser, *out, node);
}

/* left op ...: AND and OR of many are one node. */
static enum stator_rc operation(struct partiql_parser *parser, const struct infix_operator *op,
                                struct partiql_node *left, struct partiql_node **out)
{
    struct partiql_node *node, *operand;

    STATOR_TRY(parse_node(parser, op->kind, &node));
    parser->token += op->second == NULL ? 1 : 2;
    *out = node;
    if ((op->kind == PARTIQL_NODE_AND || op->kind == PARTIQL_NODE_OR) && left->kind == op->kind && !left->grouped) {
        *out = left;
        STATOR_TRY(right(parser, op, &operand));
        return parse_add(parser, left, operand);
    }
    STATOR_TRY(parse_add(parser, node, left));
    switch (op->kind) {
    case PARTIQL_NODE_IS:
        STATOR_TRY(type_name(parser, &node->text));
        break;
    case PARTIQL_NODE_BETWEEN:
        STATOR_TRY(between(parser, op, node));
        break;
    case PARTIQL_NODE_IN:
        STATOR_TRY(members(parser, op, node));
        break;
    default:
        STATOR_TRY(right(parser, op, &operand));
        STATOR_TRY(parse_add(parser, node, operand));
        break;
    }
    return op->negated ? negate(parser, node, out) : STATOR_OK;
}

/* A sign before a number is part of it, as many as there are. */
static enum stator_rc fold_sign(struct partiql_parser *parser, const struct partiql_node *sign,
                                struct partiql_node *number)
{
    bool negative = number->text.at[0] == '-';
    uint8_t *text;

    if (bytes_equal(sign->text, BYTES("+")))
        return STATOR_OK;
    if (negative) {
        number->text = bytes_of(number->text.at + 1, number->text.len - 1);
        return STATOR_OK;
    }
    text = arena_alloc(parser->arena, number->text.len + 1);
    if (text == NULL)
        return stator_fail_memory(parser->err);
    text[0] = '-';
    memcpy(text + 1, number->text.at, number->text.len);
    number->text = bytes_of(text, number->text.len + 1);
    return STATOR_OK;
}

static enum stator_rc unary(struct partiql_parser *parser, struct partiql_node **out);

static enum stator_rc signed_term(struct partiql_parser *parser, struct partiql_node **out)
{
    struct partiql_node *sign, *operand;

    STATOR_TRY(parse_node(parser, PARTIQL_NODE_OPERATOR, &sign));
    advance(parser);
    STATOR_TRY(unary(parser, &operand));
    *out = operand;
    if (operand->kind == PARTIQL_NODE_NUMBER)
        return fold_sign(parser, sign, operand);
    *out = sign;
    return parse_add(parser, sign, operand);
}

static enum stator_rc inner_unary(struct partiql_parser *parser, struct partiql_node **out)
{
    struct partiql_node *root, *operand;

    if (partiql_is(parser->token, "+") || partiql_is(parser->token, "-"))
        return signed_term(parser, out);
    if (partiql_is(parser->token, "not")) {
        STATOR_TRY(parse_node(parser, PARTIQL_NODE_NOT, out));
        advance(parser);
        STATOR_TRY(parse_expression(parser, NOT, &operand));
        return parse_add(parser, *out, operand);
    }
    STATOR_TRY(term(parser, &root));
    return path(parser, root, false, out);
}

/* Everything nested comes by here, so here the nesting is bounded. */
static enum stator_rc unary(struct partiql_parser *parser, struct partiql_node **out)
{
    enum stator_rc rc;

    if (++parser->depth > PARTIQL_DEPTH_MAX)
        return parse_fail(parser, "");
    rc = inner_unary(parser, out);
    parser->depth--;
    return rc;
}

enum stator_rc parse_expression(struct partiql_parser *parser, int precedence, struct partiql_node **out)
{
    const struct infix_operator *op;

    STATOR_TRY(unary(parser, out));
    for (op = find_infix(parser->token); op != NULL && (int)op->precedence > precedence; op = find_infix(parser->token))
        STATOR_TRY(operation(parser, op, *out, out));
    return STATOR_OK;
}
