/* SPDX-License-Identifier: Apache-2.0 */
#include "expr/condition_parser.h"
#include "expr/update_parser.h"

static const char *const members[] = {
    [EXPR_LANGUAGE_CONDITION] = "ConditionExpression",
    [EXPR_LANGUAGE_FILTER] = "FilterExpression",
    [EXPR_LANGUAGE_KEY_CONDITION] = "KeyConditionExpression",
};

enum stator_rc expr_parse_condition(const struct expr **out, struct bytes text, enum expr_language language,
                                    struct placeholders *placeholders, struct arena *arena, struct stator_error *err)
{
    struct parser parser;
    struct draft *draft;

    *out = NULL;
    STATOR_TRY(parser_init(&parser, members[language], text, placeholders, arena, err));
    STATOR_TRY(condition_parse(&draft, &parser));
    STATOR_TRY(condition_check(&parser));
    if (language == EXPR_LANGUAGE_KEY_CONDITION) {
        key_condition_turn(&parser);
        placeholders->key_condition = draft->expr;
    }
    *out = draft->expr;
    return STATOR_OK;
}

/* --- Updates ------------------------------------------------------------------------------------------------------ */

static enum stator_rc make_update(struct update **out, struct parser *parser, const struct update_drafts *drafts)
{
    struct update *update = ARENA_NEW(parser->arena, struct update);
    struct update_clause *clauses = ARENA_ARRAY(parser->arena, struct update_clause, drafts->clauses.count);

    if (update == NULL || clauses == NULL)
        return parser_no_memory(parser);
    for (size_t i = 0; i < drafts->clauses.count; i++) {
        const struct clause_draft *draft = drafts->clauses.at[i];

        clauses[i] = (struct update_clause){
            .action = draft->action,
            .path = draft->path,
            .operand = draft->operand == NULL ? NULL : draft->operand->expr,
        };
    }
    update->clauses = clauses;
    update->count = drafts->clauses.count;
    update->statement_bytes = update_cost(update);
    *out = update;
    return STATOR_OK;
}

enum stator_rc expr_parse_update(struct update **out, struct bytes text, struct placeholders *placeholders,
                                 struct arena *arena, struct stator_error *err)
{
    struct parser parser;
    struct update_drafts drafts;

    *out = NULL;
    STATOR_TRY(parser_init(&parser, "UpdateExpression", text, placeholders, arena, err));
    STATOR_TRY(update_parse(&drafts, &parser));
    STATOR_TRY(update_check(&parser, &drafts));
    return make_update(out, &parser, &drafts);
}

/* --- Projections -------------------------------------------------------------------------------------------------- */

static enum stator_rc parse_paths(struct parser *parser, struct pointers *paths)
{
    for (;;) {
        struct path *path = ARENA_NEW(parser->arena, struct path);

        if (path == NULL || !pointers_push(paths, path, parser->arena))
            return parser_no_memory(parser);
        STATOR_TRY(parser_path(parser, path, NULL));
        if (parser->token.kind == TOKEN_END)
            return STATOR_OK;
        STATOR_TRY(parser_expect(parser, TOKEN_COMMA));
    }
}

static enum stator_rc check_paths(struct parser *parser, const struct pointers *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        STATOR_TRY(check_reserved_path(parser, paths->at[i]));
    for (size_t i = 0; i < paths->count; i++)
        STATOR_TRY(resolve_path(parser, paths->at[i]));
    return check_path_overlap(parser, (const struct path *const *)(void *)paths->at, paths->count);
}

static enum stator_rc make_projection(struct projection **out, struct parser *parser, const struct pointers *paths)
{
    struct projection *projection = ARENA_NEW(parser->arena, struct projection);
    struct path *made = ARENA_ARRAY(parser->arena, struct path, paths->count);

    if (projection == NULL || made == NULL)
        return parser_no_memory(parser);
    for (size_t i = 0; i < paths->count; i++)
        made[i] = *(const struct path *)paths->at[i];
    *projection = (struct projection){.paths = made, .count = paths->count};
    *out = projection;
    return STATOR_OK;
}

enum stator_rc expr_parse_projection(struct projection **out, struct bytes text, struct placeholders *placeholders,
                                     struct arena *arena, struct stator_error *err)
{
    struct parser parser;
    struct pointers paths = {0};

    *out = NULL;
    STATOR_TRY(parser_init(&parser, "ProjectionExpression", text, placeholders, arena, err));
    STATOR_TRY(parse_paths(&parser, &paths));
    STATOR_TRY(check_form(&parser));
    STATOR_TRY(check_paths(&parser, &paths));
    return make_projection(out, &parser, &paths);
}

/* --- What an expression mentions ---------------------------------------------------------------------------------- */

void expr_each_path(const struct expr *expr, void (*visit)(void *context, const struct path *path), void *context)
{
    if (expr->type == EXPR_PATH)
        visit(context, &expr->path);
    for (size_t i = 0; i < expr->child_count; i++)
        expr_each_path(expr->children[i], visit, context);
}

struct search {
    const struct bytes *names;
    size_t count;
    struct bytes found;
};

static void search_path(void *context, const struct path *path)
{
    struct search *search = context;
    struct bytes name = path->elements[0].name;

    for (size_t i = 0; !bytes_present(search->found) && i < search->count; i++)
        if (bytes_equal(name, search->names[i]))
            search->found = name;
}

struct bytes expr_uses_any(const struct expr *expr, const struct bytes *names, size_t count)
{
    struct search search = {.names = names, .count = count};

    expr_each_path(expr, search_path, &search);
    return search.found;
}
