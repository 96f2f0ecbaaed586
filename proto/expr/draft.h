/* SPDX-License-Identifier: Apache-2.0 */
/* draft: an expression as it was written, before its placeholders, functions and names have been looked at.
 *
 * The service reports a syntax error anywhere before it looks at anything else, then goes over the whole expression
 * several times. So parsing leaves drafts, in one list: each draft follows its operands, and what is written earlier
 * comes earlier. A check is a walk along that list, without recursion. draft_resolve then makes the trees of expr.h.
 *
 * Limit:  EXPR_TEXT_MAX bytes of text, and so of tokens, drafts and stack; all of it is in the request's arena.
 */
#ifndef PROTO_EXPR_DRAFT_H
#define PROTO_EXPR_DRAFT_H

#include "expr/expr.h"
#include "expr/lexer.h"

#define EXPR_TEXT_MAX       4096 /* bytes */
#define EXPR_OPERATORS_MAX  300  /* operators and functions; bounds the depth of every tree that is accepted */
#define EXPR_IN_MAX         100  /* operands after IN */
#define EXPR_PATH_PARTS_MAX 32   /* names and indexes of one path */

enum draft_kind { DRAFT_PATH, DRAFT_VALUE, DRAFT_CALL, DRAFT_OPERATOR };

/* Pointers that grow in an arena. */
struct pointers {
    void **at;
    size_t count, capacity;
};

/* False when the arena is full. */
bool pointers_push(struct pointers *pointers, void *item, struct arena *arena);

struct draft {
    enum draft_kind kind;
    enum expr_type type;      /* OPERATOR; CALL once its name is known */
    struct bytes text;        /* VALUE: ":v"; CALL: the function's name as written */
    struct path path;         /* PATH: names as written, "#n" not yet resolved */
    struct pointers operands; /* CALL, OPERATOR: of struct draft */
    bool condition;           /* stands where a condition stands and is no AND, OR, NOT */
    struct draft *next;       /* in the order of the text */
    struct expr *expr;        /* set by draft_resolve */
};

struct parser {
    struct bytes text;
    const char *member; /* "ConditionExpression": what messages begin with; NULL: a PartiQL statement, with nothing */
    struct token token; /* not yet consumed */
    struct token before;
    struct placeholders *placeholders;
    struct arena *arena;
    struct stator_error *err;
    struct draft *first, *last;
    size_t operators;
    bool redundant_parentheses;
    struct bytes bad_index; /* the last one past INT32_MAX, or absent */
};

/* Checks the length too. */
STATOR_MUST_CHECK enum stator_rc parser_init(struct parser *parser, const char *member, struct bytes text,
                                             struct placeholders *placeholders, struct arena *arena,
                                             struct stator_error *err);

void parser_advance(struct parser *parser);

/* STATOR_VALIDATION: "Invalid <member>: " and the text. */
enum stator_rc parser_fail(struct parser *parser, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The token at hand does not fit: quotes it, and the text from the token before to the one behind. */
enum stator_rc parser_syntax_error(struct parser *parser);

enum stator_rc parser_no_memory(struct parser *parser);

/* Consumes a token of that kind, or fails. */
STATOR_MUST_CHECK enum stator_rc parser_expect(struct parser *parser, enum token_kind kind);

/* Consumes ".name" and "[1]" as long as there are any, and appends them to path. */
STATOR_MUST_CHECK enum stator_rc parser_path_rest(struct parser *parser, struct path *path,
                                                  bool (*keyword)(const struct token *token));

/* Consumes a whole path. `keyword` tells which names the language keeps for itself; NULL: none. */
STATOR_MUST_CHECK enum stator_rc parser_path(struct parser *parser, struct path *path,
                                             bool (*keyword)(const struct token *token));

/* A cleared draft that is not yet in the list; NULL when the arena is full. */
struct draft *draft_new(struct parser *parser, enum draft_kind kind);

/* Its operands are complete: it takes its place in the list. */
void draft_append(struct parser *parser, struct draft *draft);

/* --- Checks that all languages share; each reports what is written first --------------------------------------------
 */

STATOR_MUST_CHECK enum stator_rc check_operator_count(struct parser *parser);
/* Redundant parentheses; a list index that is no index. */
STATOR_MUST_CHECK enum stator_rc check_form(struct parser *parser);
/* Bare names that are reserved words, in the list's paths. */
STATOR_MUST_CHECK enum stator_rc check_reserved(struct parser *parser);
STATOR_MUST_CHECK enum stator_rc check_reserved_path(struct parser *parser, const struct path *path);

/* Puts the attribute's name for each "#n" and marks it used; the first undefined one fails. Without an error the names
 * in path are real ones afterwards. */
STATOR_MUST_CHECK enum stator_rc resolve_path(struct parser *parser, struct path *path);
STATOR_MUST_CHECK enum stator_rc resolve_value(struct parser *parser, const struct value **out, struct bytes reference);

/* Makes draft->expr; its operands' and its own names and values must be resolved already: see resolve_draft. */
STATOR_MUST_CHECK enum stator_rc resolve_draft(struct parser *parser, struct draft *draft);

/* "S", "N", ... of a value written in the request or of what a function gives; NULL when only the item will tell. */
const char *draft_type_name(const struct draft *draft);

/* --- Paths -------------------------------------------------------------------------------------------------------- */

bool path_equal(const struct path *a, const struct path *b);

/* Element by element: indexes before names, a path before those within it. So what lies under one element is together,
 * in the order of a map's names or a list's indexes. */
int path_compare(const struct path *a, const struct path *b);

bool path_same_element(const struct path *a, const struct path *b, size_t at);

/* Writes "[a, b, [1]]" into the arena; an empty text when the arena is full. */
const char *path_text(const struct path *path, struct arena *arena);

/* Fails for the first two paths of which one lies within the other, else for the first two that take the same thing
 * for a list and for a map. */
STATOR_MUST_CHECK enum stator_rc check_path_overlap(struct parser *parser, const struct path *const *paths,
                                                    size_t count);

#endif
