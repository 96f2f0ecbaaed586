/* SPDX-License-Identifier: Apache-2.0 */
#include "partiql/parser.h"

static enum stator_rc new_statement(struct partiql_parser *parser, enum partiql_kind kind, struct partiql_node **out)
{
    STATOR_TRY(parse_node(parser, kind, out));
    (*out)->clauses = ARENA_NEW(parser->arena, struct partiql_clauses);
    return (*out)->clauses == NULL ? stator_fail_memory(parser->err) : STATOR_OK;
}

static bool is_name(const struct partiql_token *token)
{
    return token->kind == PARTIQL_NAME || token->kind == PARTIQL_QUOTED;
}

/* A name may stand behind AS, which may be left out, and must stand behind AT and BY. */
static enum stator_rc alias(struct partiql_parser *parser, const char *word, bool optional, bool *given)
{
    char detail[64] = "Expected identifier for ";
    bool explicit = parse_accept(parser, word);

    if (!explicit && !(optional && is_name(parser->token) && !partiql_is(parser->token, "returning")))
        return STATOR_OK;
    if (!is_name(parser->token)) {
        strcat(detail, word[0] == 'a' && word[1] == 's' ? "AS" : word[0] == 'a' ? "AT" : "BY");
        return parse_fail(parser, strcat(detail, "-alias"));
    }
    parser->token++;
    *given = true;
    return STATOR_OK;
}

static enum stator_rc aliases(struct partiql_parser *parser, bool *given)
{
    STATOR_TRY(alias(parser, "as", true, given));
    STATOR_TRY(alias(parser, "at", false, given));
    return alias(parser, "by", false, given);
}

static enum stator_rc where(struct partiql_parser *parser, struct partiql_clauses *clauses)
{
    if (!parse_accept(parser, "where"))
        return STATOR_OK;
    return parse_expression(parser, -1, &clauses->where);
}

/* --- SELECT ------------------------------------------------------------------------------------------------------- */

static void unsupported(struct partiql_clauses *clauses, const struct partiql_token *clause,
                        const struct partiql_token *at)
{
    if (clauses->unsupported != NULL)
        return;
    clauses->unsupported = clause;
    clauses->unsupported_at = at;
}

static enum stator_rc columns(struct partiql_parser *parser, struct partiql_node *select)
{
    struct partiql_node *column;
    bool star = false;
    size_t count = 0;

    do {
        count++;
        if (parse_accept(parser, "*")) {
            star = true;
            continue;
        }
        STATOR_TRY(parse_expression(parser, -1, &column));
        STATOR_TRY(parse_add(parser, select, column));
        STATOR_TRY(alias(parser, "as", true, &select->clauses->alias));
    } while (parse_accept(parser, ","));
    if (star && count > 1)
        return parse_fail(parser, "Other expressions may not be present in the select list when '*' is used without "
                                  "dot notation.");
    select->clauses->star = star;
    return STATOR_OK;
}

static enum stator_rc sources(struct partiql_parser *parser, struct partiql_clauses *clauses)
{
    struct partiql_node *source;

    do {
        STATOR_TRY(parse_expression(parser, -1, &source));
        STATOR_TRY(aliases(parser, &clauses->alias));
        clauses->many = clauses->from != NULL;
        clauses->from = source;
    } while (parse_accept(parser, ","));
    return STATOR_OK;
}

static enum stator_rc order(struct partiql_parser *parser, struct partiql_clauses *clauses)
{
    struct partiql_node *by;

    if (!parse_accept(parser, "order"))
        return STATOR_OK;
    STATOR_TRY(parse_expect(parser, "by", "BY"));
    do {
        struct partiql_order *one = ARENA_NEW(parser->arena, struct partiql_order);

        STATOR_TRY(parse_expression(parser, -1, &by));
        if (one == NULL || !pointers_push(&clauses->order, one, parser->arena))
            return stator_fail_memory(parser->err);
        one->by = by;
        one->descending = parse_accept(parser, "desc");
        if (!one->descending)
            parse_accept(parser, "asc");
    } while (parse_accept(parser, ","));
    return STATOR_OK;
}

/* A clause of one or more expressions that DynamoDB has not. */
static enum stator_rc skip_clause(struct partiql_parser *parser, struct partiql_clauses *clauses, const char *word)
{
    const struct partiql_token *begin = parser->token;
    struct partiql_node *list;

    if (!parse_accept(parser, word))
        return STATOR_OK;
    if (strcmp(word, "group") == 0) {
        parse_accept(parser, "partial");
        STATOR_TRY(parse_expect(parser, "by", "BY"));
    }
    unsupported(clauses, begin, parser->token);
    STATOR_TRY(parse_node(parser, PARTIQL_NODE_LIST, &list));
    return parse_list(parser, list);
}

static enum stator_rc select(struct partiql_parser *parser, struct partiql_node **out)
{
    struct partiql_clauses *clauses;

    STATOR_TRY(new_statement(parser, PARTIQL_NODE_SELECT, out));
    clauses = (*out)->clauses;
    parser->token++;
    if (partiql_is(parser->token, "distinct"))
        unsupported(clauses, parser->token, parser->token);
    if (!parse_accept(parser, "distinct"))
        parse_accept(parser, "all");
    if (partiql_is(parser->token, "value")) {
        unsupported(clauses, parser->token, parser->token);
        parser->token++;
    }
    STATOR_TRY(columns(parser, *out));
    if (!parse_accept(parser, "from"))
        return parse_fail(parser, "Expected FROM after SELECT list");
    STATOR_TRY(sources(parser, clauses));
    STATOR_TRY(where(parser, clauses));
    STATOR_TRY(order(parser, clauses));
    STATOR_TRY(skip_clause(parser, clauses, "group"));
    STATOR_TRY(skip_clause(parser, clauses, "having"));
    return skip_clause(parser, clauses, "limit");
}

/* --- Changes ------------------------------------------------------------------------------------------------------ */

static enum stator_rc assignments(struct partiql_parser *parser, struct partiql_node *set)
{
    struct partiql_node *target, *value;

    do {
        STATOR_TRY(parse_simple_path(parser, &target));
        STATOR_TRY(parse_add(parser, set, target));
        if (!parse_accept(parser, "="))
            return parse_fail(parser, "Expected '='");
        STATOR_TRY(parse_expression(parser, -1, &value));
        STATOR_TRY(parse_add(parser, set, value));
    } while (parse_accept(parser, ","));
    return STATOR_OK;
}

/* One or more SET and REMOVE, as children of the statement. */
static enum stator_rc changes(struct partiql_parser *parser, struct partiql_node *update)
{
    struct partiql_node *change, *target;

    do {
        STATOR_TRY(parse_node(parser, PARTIQL_NODE_SET, &change));
        if (parse_accept(parser, "set")) {
            STATOR_TRY(assignments(parser, change));
        } else if (parse_accept(parser, "remove")) {
            change->kind = PARTIQL_NODE_REMOVE;
            STATOR_TRY(parse_simple_path(parser, &target));
            STATOR_TRY(parse_add(parser, change, target));
        } else {
            return parse_fail(parser, "Expected data manipulation");
        }
        STATOR_TRY(parse_add(parser, update, change));
    } while (partiql_is(parser->token, "set") || partiql_is(parser->token, "remove"));
    return STATOR_OK;
}

static enum stator_rc returning(struct partiql_parser *parser, struct partiql_clauses *clauses)
{
    bool all, old;

    if (!parse_accept(parser, "returning"))
        return STATOR_OK;
    all = partiql_is(parser->token, "all");
    if (!parse_accept(parser, "all") && !parse_accept(parser, "modified"))
        return parse_fail(parser, "Expected ALL or MODIFIED in returning clause.");
    old = partiql_is(parser->token, "old");
    if (!parse_accept(parser, "old") && !parse_accept(parser, "new"))
        return parse_fail(parser, "Expected OLD or NEW in returning clause.");
    STATOR_TRY(parse_expect(parser, "*", "STAR"));
    if (all)
        clauses->returning = old ? PARTIQL_RETURNING_ALL_OLD : PARTIQL_RETURNING_ALL_NEW;
    else
        clauses->returning = old ? PARTIQL_RETURNING_MODIFIED_OLD : PARTIQL_RETURNING_MODIFIED_NEW;
    return STATOR_OK;
}

static enum stator_rc target(struct partiql_parser *parser, struct partiql_clauses *clauses)
{
    STATOR_TRY(parse_simple_path(parser, &clauses->from));
    return aliases(parser, &clauses->alias);
}

static enum stator_rc update(struct partiql_parser *parser, struct partiql_node **out)
{
    STATOR_TRY(new_statement(parser, PARTIQL_NODE_UPDATE, out));
    parser->token++;
    STATOR_TRY(target(parser, (*out)->clauses));
    STATOR_TRY(changes(parser, *out));
    STATOR_TRY(where(parser, (*out)->clauses));
    return returning(parser, (*out)->clauses);
}

/* FROM table WHERE ... SET ...: an UPDATE, too. */
static enum stator_rc from(struct partiql_parser *parser, struct partiql_node **out)
{
    STATOR_TRY(new_statement(parser, PARTIQL_NODE_UPDATE, out));
    parser->token++;
    STATOR_TRY(sources(parser, (*out)->clauses));
    STATOR_TRY(where(parser, (*out)->clauses));
    STATOR_TRY(changes(parser, *out));
    return returning(parser, (*out)->clauses);
}

static enum stator_rc delete (struct partiql_parser *parser, struct partiql_node **out) {
    STATOR_TRY(new_statement(parser, PARTIQL_NODE_DELETE, out)); parser->token++;
    if (!parse_accept(parser, "from")) return parse_fail(parser, "Expected FROM after DELETE");
    STATOR_TRY(target(parser, (*out)->clauses));
    STATOR_TRY(where(parser, (*out)->clauses));
    return returning(parser, (*out)->clauses);
}

static enum stator_rc insert(struct partiql_parser *parser, struct partiql_node **out)
{
    struct partiql_node *value;

    STATOR_TRY(new_statement(parser, PARTIQL_NODE_INSERT, out));
    parser->token += 2;
    STATOR_TRY(parse_simple_path(parser, &(*out)->clauses->from));
    (*out)->clauses->value = parse_accept(parser, "value");
    STATOR_TRY(parse_expression(parser, -1, &value));
    return parse_add(parser, *out, value);
}

/* SET or REMOVE of nothing: the grammar lets it stand alone. */
static enum stator_rc lone_changes(struct partiql_parser *parser, struct partiql_node **out)
{
    STATOR_TRY(new_statement(parser, PARTIQL_NODE_UPDATE, out));
    return changes(parser, *out);
}

static bool begins_insert(const struct partiql_parser *parser)
{
    return partiql_is(parser->token, "insert") && partiql_is(parser->token + 1, "into");
}

bool parse_begins_statement(const struct partiql_parser *parser)
{
    static const char *const words[] = {"select", "update", "delete", "from", "set", "remove"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (partiql_is(parser->token, words[i]))
            return true;
    return begins_insert(parser);
}

enum stator_rc parse_statement(struct partiql_parser *parser, struct partiql_node **out)
{
    if (partiql_is(parser->token, "select"))
        return select(parser, out);
    if (partiql_is(parser->token, "update"))
        return update(parser, out);
    if (partiql_is(parser->token, "delete"))
        return delete (parser, out);
    if (partiql_is(parser->token, "from"))
        return from(parser, out);
    if (begins_insert(parser))
        return insert(parser, out);
    return lone_changes(parser, out);
}

enum stator_rc partiql_parse(struct partiql_node **out, size_t *parameters, struct bytes text, struct arena *arena,
                             struct stator_error *err)
{
    struct partiql_parser parser = {.arena = arena, .err = err};
    size_t count;

    if (text.len > PARTIQL_TEXT_MAX * 4) /* the model counts characters */
        return partiql_malformed(err, "");
    STATOR_TRY(partiql_tokens(&parser.token, &count, text, arena, err));
    STATOR_TRY(parse_expression(&parser, -1, out));
    if (parse_accept(&parser, ";") && parser.token->kind != PARTIQL_END)
        return parse_fail(&parser, "Unexpected token after semicolon. (Only one query is allowed.)");
    if (parser.token->kind != PARTIQL_END)
        return parse_fail(&parser, "Unexpected token after expression");
    *parameters = parser.parameters;
    return STATOR_OK;
}
