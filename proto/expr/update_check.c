/* SPDX-License-Identifier: Apache-2.0 */
/* What can be wrong with an update that is well formed: the service looks for one kind of fault in the whole text
 * before it looks for the next.
 */
#include "expr/update_parser.h"

static bool is_condition_function(struct bytes name)
{
    static const char *const names[] = {
        "attribute_exists", "attribute_not_exists", "attribute_type", "begins_with", "contains", "size"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (bytes_equal_string(name, names[i]))
            return true;
    return false;
}

static enum stator_rc check_function_names(struct parser *parser)
{
    for (struct draft *draft = parser->first; draft != NULL; draft = draft->next) {
        if (draft->kind != DRAFT_CALL)
            continue;
        if (bytes_equal_string(draft->text, "if_not_exists"))
            draft->type = EXPR_IF_NOT_EXISTS;
        else if (bytes_equal_string(draft->text, "list_append"))
            draft->type = EXPR_LIST_APPEND;
        else if (is_condition_function(draft->text))
            return parser_fail(parser, "The function is not allowed in an update expression; function: %.*s",
                               BYTES_ARG(draft->text));
        else
            return parser_fail(parser, "Invalid function name; function: %.*s", BYTES_ARG(draft->text));
    }
    return STATOR_OK;
}

/* list_append() may only be the whole of a value. */
static enum stator_rc check_function_places(struct parser *parser)
{
    for (const struct draft *draft = parser->first; draft != NULL; draft = draft->next)
        for (size_t i = 0; i < draft->operands.count; i++) {
            const struct draft *operand = draft->operands.at[i];

            if (operand->kind == DRAFT_CALL && operand->type == EXPR_LIST_APPEND)
                return parser_fail(parser,
                                   "The function is not allowed to be used this way in an expression; function: %.*s",
                                   BYTES_ARG(operand->text));
        }
    return STATOR_OK;
}

static enum stator_rc check_all_reserved(struct parser *parser, const struct update_drafts *drafts)
{
    const struct draft *draft = parser->first;

    for (size_t i = 0; i < drafts->clauses.count; i++) { /* in the order of the text: a target, then its operands */
        const struct clause_draft *clause = drafts->clauses.at[i];

        STATOR_TRY(check_reserved_path(parser, &clause->path));
        for (; clause->operand != NULL && draft != NULL; draft = draft->next) {
            STATOR_TRY(check_reserved_path(parser, &draft->path));
            if (draft == clause->operand) {
                draft = draft->next;
                break;
            }
        }
    }
    return STATOR_OK;
}

static enum stator_rc resolve_names(struct parser *parser, struct update_drafts *drafts)
{
    struct draft *draft = parser->first;

    for (size_t i = 0; i < drafts->clauses.count; i++) {
        struct clause_draft *clause = drafts->clauses.at[i];

        STATOR_TRY(resolve_path(parser, &clause->path));
        for (; clause->operand != NULL && draft != NULL; draft = draft->next) {
            if (draft->kind == DRAFT_PATH)
                STATOR_TRY(resolve_draft(parser, draft));
            if (draft == clause->operand) {
                draft = draft->next;
                break;
            }
        }
    }
    return STATOR_OK;
}

/* Values, then what is made of names and values: every draft follows its operands. */
static enum stator_rc resolve_rest(struct parser *parser)
{
    for (struct draft *draft = parser->first; draft != NULL; draft = draft->next)
        if (draft->kind != DRAFT_PATH)
            STATOR_TRY(resolve_draft(parser, draft));
    return STATOR_OK;
}

static enum stator_rc check_paths(struct parser *parser, const struct update_drafts *drafts)
{
    size_t count = drafts->clauses.count;
    const struct path **paths = ARENA_ARRAY(parser->arena, const struct path *, count);

    if (paths == NULL)
        return parser_no_memory(parser);
    for (size_t i = 0; i < count; i++)
        paths[i] = &((const struct clause_draft *)drafts->clauses.at[i])->path;
    return check_path_overlap(parser, paths, count);
}

/* ADD wants a number or a set, DELETE a set. */
static enum stator_rc check_added(struct parser *parser, const struct clause_draft *clause)
{
    static const char *const names[] = {
        [VALUE_S] = "STRING",     [VALUE_N] = "NUMBER", [VALUE_B] = "BINARY", [VALUE_NULL] = "NULL",
        [VALUE_BOOL] = "BOOLEAN", [VALUE_L] = "LIST",   [VALUE_M] = "MAP",    [VALUE_FAULT] = NULL};
    enum value_type type = clause->operand->expr->value->type;

    if (names[type] == NULL || (clause->action == UPDATE_ADD && type == VALUE_N))
        return STATOR_OK;
    return parser_fail(parser, "Incorrect operand type for operator or function; operator: %s, operand type: %s",
                       clause->action == UPDATE_ADD ? "ADD" : "DELETE", names[type]);
}

static enum stator_rc wrong_type(struct parser *parser, const char *operator, const char * type)
{
    return parser_fail(
        parser, "Incorrect operand type for operator or function; operator or function: %s, operand type: %s", operator,
        type);
}

static enum stator_rc check_types(struct parser *parser, const struct draft *draft, const char *operator,
                                  const char * allowed)
{
    for (size_t i = 0; i < draft->operands.count; i++) {
        const char *type = draft_type_name(draft->operands.at[i]);

        if (type != NULL && strcmp(type, allowed) != 0)
            return wrong_type(parser, operator, type);
    }
    return STATOR_OK;
}

static enum stator_rc check_call(struct parser *parser, const struct draft *draft)
{
    const struct draft *first = draft->operands.count == 0 ? NULL : draft->operands.at[0];

    if (draft->operands.count != 2)
        return parser_fail(parser,
                           "Incorrect number of operands for operator or function; operator or function: %.*s, "
                           "number of operands: %zu",
                           BYTES_ARG(draft->text), draft->operands.count);
    if (draft->type == EXPR_LIST_APPEND)
        return check_types(parser, draft, "list_append", "L");
    if (first->kind != DRAFT_PATH)
        return parser_fail(parser, "Operator or function requires a document path; operator or function: %.*s",
                           BYTES_ARG(draft->text));
    return STATOR_OK;
}

enum stator_rc update_check_operand(struct parser *parser, const struct draft *draft)
{
    if (draft->kind == DRAFT_CALL)
        return check_call(parser, draft);
    if (draft->kind == DRAFT_OPERATOR)
        return check_types(parser, draft, draft->type == EXPR_PLUS ? "+" : "-", "N");
    return STATOR_OK;
}

static enum stator_rc check_operands(struct parser *parser, const struct update_drafts *drafts)
{
    for (size_t i = 0; i < drafts->clauses.count; i++) {
        const struct clause_draft *clause = drafts->clauses.at[i];

        if (clause->action == UPDATE_ADD || clause->action == UPDATE_DELETE)
            STATOR_TRY(check_added(parser, clause));
    }
    for (const struct draft *draft = parser->first; draft != NULL; draft = draft->next)
        STATOR_TRY(update_check_operand(parser, draft));
    return STATOR_OK;
}

enum stator_rc update_check(struct parser *parser, struct update_drafts *drafts)
{
    STATOR_TRY(check_form(parser));
    STATOR_TRY(check_all_reserved(parser, drafts));
    STATOR_TRY(check_function_names(parser));
    STATOR_TRY(check_function_places(parser));
    if (drafts->repeated != NULL)
        return parser_fail(parser, "The \"%s\" section can only be used once in an update expression;",
                           drafts->repeated);
    STATOR_TRY(resolve_names(parser, drafts));
    STATOR_TRY(resolve_rest(parser));
    STATOR_TRY(check_paths(parser, drafts));
    STATOR_TRY(check_operands(parser, drafts));
    return check_operator_count(parser);
}
