/* SPDX-License-Identifier: Apache-2.0 */
/* What can be wrong with a condition that is well formed. The service looks at the whole text for redundant
 * parentheses, unknown functions, functions out of place and reserved words, in this order. Then it goes from
 * condition to condition, a condition being a comparison or a function with all its operands, and looks in each for
 * undefined names and values, counts of operands, operands that are the same, and types. The number of operators is
 * looked at last.
 */
#include <strings.h>

#include "base/buf.h"
#include "expr/condition_parser.h"
#include "value/base64.h"

struct function {
    const char *name;
    enum expr_type type;
    size_t operands;
};

static const struct function functions[] = {
    {"attribute_exists", EXPR_ATTRIBUTE_EXISTS, 1},
    {"attribute_not_exists", EXPR_ATTRIBUTE_NOT_EXISTS, 1},
    {"attribute_type", EXPR_ATTRIBUTE_TYPE, 2},
    {"begins_with", EXPR_BEGINS_WITH, 2},
    {"contains", EXPR_CONTAINS, 2},
    {"size", EXPR_SIZE, 1},
};

static const struct function *find_function(struct bytes name)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (bytes_equal_string(name, functions[i].name))
            return &functions[i];
    return NULL;
}

const char *condition_operator_name(enum expr_type type)
{
    switch (type) {
    case EXPR_EQ:
        return "=";
    case EXPR_NE:
        return "<>";
    case EXPR_LT:
        return "<";
    case EXPR_LE:
        return "<=";
    case EXPR_GT:
        return ">";
    case EXPR_GE:
        return ">=";
    case EXPR_BETWEEN:
        return "BETWEEN";
    case EXPR_IN:
        return "IN";
    case EXPR_AND:
        return "AND";
    case EXPR_OR:
        return "OR";
    case EXPR_NOT:
        return "NOT";
    default:
        for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
            if (functions[i].type == type)
                return functions[i].name;
        return "";
    }
}

/* --- Over the whole text ------------------------------------------------------------------------------------------ */

static enum stator_rc check_function_names(struct parser *parser)
{
    for (struct draft *draft = parser->first; draft != NULL; draft = draft->next) {
        const struct function *function;

        if (draft->kind != DRAFT_CALL)
            continue;
        function = find_function(draft->text);
        if (bytes_equal_string(draft->text, "if_not_exists") || bytes_equal_string(draft->text, "list_append"))
            return parser_fail(parser, "The function is not allowed in a condition expression; function: %.*s",
                               BYTES_ARG(draft->text));
        if (function == NULL)
            return parser_fail(parser, "Invalid function name; function: %.*s", BYTES_ARG(draft->text));
        draft->type = function->type;
    }
    return STATOR_OK;
}

static enum stator_rc misused(struct parser *parser, const struct draft *call)
{
    return parser_fail(parser, "The function is not allowed to be used this way in an expression; function: %.*s",
                       BYTES_ARG(call->text));
}

/* Conditions are no operands, and size() is no condition. */
static enum stator_rc check_function_places(struct parser *parser)
{
    for (const struct draft *draft = parser->first; draft != NULL; draft = draft->next) {
        bool logical = draft->kind == DRAFT_OPERATOR && !draft->condition;

        if (draft->kind == DRAFT_CALL && draft->condition && draft->type == EXPR_SIZE)
            return misused(parser, draft);
        for (size_t i = 0; !logical && i < draft->operands.count; i++) {
            const struct draft *operand = draft->operands.at[i];

            if (operand->kind == DRAFT_CALL && operand->type != EXPR_SIZE)
                return misused(parser, operand);
        }
    }
    return STATOR_OK;
}

/* --- Within one condition: the drafts from first to last ---------------------------------------------------------- */

static enum stator_rc check_operand_count(struct parser *parser, const struct draft *draft)
{
    if (draft->kind == DRAFT_CALL && find_function(draft->text)->operands != draft->operands.count)
        return parser_fail(parser,
                           "Incorrect number of operands for operator or function; operator or function: %.*s, "
                           "number of operands: %zu",
                           BYTES_ARG(draft->text), draft->operands.count);
    if (draft->type == EXPR_IN && draft->kind == DRAFT_OPERATOR && draft->operands.count - 1 > EXPR_IN_MAX)
        return parser_fail(parser, "The IN operator is provided with too many operands; number of operands: %zu",
                           draft->operands.count - 1);
    return STATOR_OK;
}

static enum stator_rc check_distinct(struct parser *parser, const struct draft *draft)
{
    const struct draft *first = draft->operands.count == 0 ? NULL : draft->operands.at[0];

    if (first == NULL || first->kind != DRAFT_PATH)
        return STATOR_OK;
    for (size_t i = 1; i < draft->operands.count; i++) {
        const struct draft *other = draft->operands.at[i];

        if (other->kind == DRAFT_PATH && path_equal(&first->path, &other->path))
            return parser_fail(parser,
                               "The first operand must be distinct from the remaining operands for this operator or "
                               "function; operator: %s, first operand: %s",
                               condition_operator_name(draft->type), path_text(&first->path, parser->arena));
    }
    return STATOR_OK;
}

static enum stator_rc wrong_type(struct parser *parser, const struct draft *draft, const char *type)
{
    return parser_fail(parser,
                       "Incorrect operand type for operator or function; operator or function: %s, operand type: %s",
                       condition_operator_name(draft->type), type);
}

/* Fails for the first operand that is known to have a type not in `allowed` ("S B"). */
static enum stator_rc check_types(struct parser *parser, const struct draft *draft, const char *allowed)
{
    for (size_t i = 0; i < draft->operands.count; i++) {
        const char *type = draft_type_name(draft->operands.at[i]);

        if (type != NULL && (strlen(type) != 1 || strchr(allowed, type[0]) == NULL))
            return wrong_type(parser, draft, type);
    }
    return STATOR_OK;
}

static enum stator_rc check_size(struct parser *parser, const struct draft *draft)
{
    const char *type = draft_type_name(draft->operands.at[0]);

    if (type != NULL && (strcmp(type, "N") == 0 || strcmp(type, "BOOL") == 0 || strcmp(type, "NULL") == 0))
        return wrong_type(parser, draft, type);
    return STATOR_OK;
}

static enum stator_rc check_attribute_type(struct parser *parser, const struct draft *draft)
{
    static const char *const names[] = {"B", "NULL", "SS", "BOOL", "L", "BS", "N", "NS", "S", "M"};
    const struct draft *wanted = draft->operands.at[1];
    const char *type = draft_type_name(wanted);

    if (type == NULL)
        return wrong_type(parser, draft, "{NS,SS,L,BS,N,M,B,BOOL,NULL,S}");
    if (strcmp(type, "S") != 0)
        return wrong_type(parser, draft, type);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bytes_equal_string(wanted->expr->value->text, names[i]))
            return STATOR_OK;
    return parser_fail(parser, "Invalid attribute type name found; type: %.*s, valid types: {%s}",
                       BYTES_ARG(wanted->expr->value->text),
                       parser->member == NULL ? "N,BS,L,B,NULL,M,S,SS,NS,BOOL" : "B,NULL,SS,BOOL,L,BS,N,NS,S,M");
}

static enum stator_rc check_exists(struct parser *parser, const struct draft *draft)
{
    const struct draft *operand = draft->operands.at[0];

    if (operand->kind == DRAFT_PATH)
        return STATOR_OK;
    return parser_fail(parser, "Operator or function requires a document path; operator or function: %s",
                       condition_operator_name(draft->type));
}

/* "{N:1}"; binaries as in JSON, so that the message stays text. */
static void describe(struct buf *buf, const struct value *value)
{
    buf_printf(buf, "AttributeValue: {%s:", value_type_name(value->type));
    if (value->type == VALUE_B)
        base64_encode(buf, value->text);
    else
        buf_append_bytes(buf, value->text);
    buf_append_byte(buf, '}');
}

static enum stator_rc bad_bounds(struct parser *parser, const char *what, const struct value *low,
                                 const struct value *high)
{
    struct buf text;
    enum stator_rc rc;

    buf_init(&text, (size_t)1 << 20);
    buf_append_literal(&text, "lower bound operand: ");
    describe(&text, low);
    buf_append_literal(&text, ", upper bound operand: ");
    describe(&text, high);
    rc = parser_fail(parser, "The BETWEEN operator requires %s; %.*s", what, BYTES_ARG(buf_bytes(&text)));
    buf_deinit(&text);
    return rc;
}

static enum stator_rc check_between(struct parser *parser, const struct draft *draft)
{
    const struct draft *low = draft->operands.at[1], *high = draft->operands.at[2];
    const struct value *a, *b;

    STATOR_TRY(check_types(parser, draft, "SNB"));
    if (low->kind != DRAFT_VALUE || high->kind != DRAFT_VALUE)
        return STATOR_OK;
    a = low->expr->value;
    b = high->expr->value;
    if (a->type != b->type)
        return bad_bounds(parser, "same data type for lower and upper bounds", a, b);
    if (value_compare(a, b) > 0)
        return bad_bounds(parser, "upper bound to be greater than or equal to lower bound", a, b);
    return STATOR_OK;
}

static enum stator_rc check_operand_types(struct parser *parser, const struct draft *draft)
{
    switch (draft->type) {
    case EXPR_LT:
    case EXPR_LE:
    case EXPR_GT:
    case EXPR_GE:
        return check_types(parser, draft, "SNB");
    case EXPR_BETWEEN:
        return check_between(parser, draft);
    case EXPR_BEGINS_WITH:
        return check_types(parser, draft, "SB");
    case EXPR_ATTRIBUTE_TYPE:
        return check_attribute_type(parser, draft);
    case EXPR_ATTRIBUTE_EXISTS:
    case EXPR_ATTRIBUTE_NOT_EXISTS:
        return check_exists(parser, draft);
    case EXPR_SIZE:
        return check_size(parser, draft);
    default:
        return STATOR_OK;
    }
}

static enum stator_rc check_each(struct parser *parser, struct draft *first, const struct draft *last,
                                 enum stator_rc (*check)(struct parser *parser, const struct draft *draft))
{
    for (const struct draft *draft = first;; draft = draft->next) {
        if (draft->kind == DRAFT_CALL || draft->kind == DRAFT_OPERATOR)
            STATOR_TRY(check(parser, draft));
        if (draft == last)
            return STATOR_OK;
    }
}

static enum stator_rc check_one_condition(struct parser *parser, struct draft *first, struct draft *last)
{
    for (struct draft *draft = first;; draft = draft->next) {
        STATOR_TRY(resolve_draft(parser, draft));
        if (draft == last)
            break;
    }
    STATOR_TRY(check_each(parser, first, last, check_operand_count));
    STATOR_TRY(check_each(parser, first, last, check_distinct));
    return check_each(parser, first, last, check_operand_types);
}

enum stator_rc condition_check_one(struct parser *parser, const struct draft *draft)
{
    STATOR_TRY(check_operand_count(parser, draft));
    STATOR_TRY(check_distinct(parser, draft));
    return check_operand_types(parser, draft);
}

struct bytes condition_function(struct bytes name, enum expr_type *type)
{
    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
        struct bytes known = bytes_of_string(functions[i].name);

        if (known.len != name.len || strncasecmp((const char *)known.at, (const char *)name.at, name.len) != 0)
            continue;
        *type = functions[i].type;
        return known;
    }
    return (struct bytes){0};
}

enum stator_rc condition_check(struct parser *parser)
{
    struct draft *first = parser->first;

    STATOR_TRY(check_form(parser));
    STATOR_TRY(check_function_names(parser));
    STATOR_TRY(check_function_places(parser));
    STATOR_TRY(check_reserved(parser));
    for (struct draft *draft = parser->first; draft != NULL; draft = draft->next) {
        if (draft->condition) {
            STATOR_TRY(check_one_condition(parser, first, draft));
            first = draft->next;
        } else if (draft->kind == DRAFT_OPERATOR) { /* AND, OR, NOT: nothing of their own to check */
            STATOR_TRY(resolve_draft(parser, draft));
            first = draft->next;
        }
    }
    return check_operator_count(parser);
}
