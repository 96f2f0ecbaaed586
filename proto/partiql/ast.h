/* SPDX-License-Identifier: Apache-2.0 */
/* ast: a statement as it was written: all that PartiQL's grammar lets through, whether DynamoDB does it or not. To the
 * grammar a statement is an expression: "x IS INT4" parses, and is refused as an operation afterwards.
 *
 * Nodes live in the request's arena and borrow from its tokens. No node is deeper than PARTIQL_DEPTH_MAX, so what walks
 * along them may recurse.
 */
#ifndef PROTO_PARTIQL_AST_H
#define PROTO_PARTIQL_AST_H

#include "expr/draft.h"
#include "partiql/lexer.h"
#include "partiql/partiql.h"

#define PARTIQL_DEPTH_MAX 200 /* nested expressions */

enum partiql_kind {
    /* leaves */
    PARTIQL_NODE_NAME,
    PARTIQL_NODE_STRING,
    PARTIQL_NODE_NUMBER, /* text has its sign */
    PARTIQL_NODE_TRUE,
    PARTIQL_NODE_FALSE,
    PARTIQL_NODE_NULL,
    PARTIQL_NODE_MISSING,
    PARTIQL_NODE_PARAMETER, /* index */
    /* with children */
    PARTIQL_NODE_LIST,
    PARTIQL_NODE_BAG,
    PARTIQL_NODE_STRUCT, /* name, value, name, value */
    PARTIQL_NODE_PATH,   /* what it begins with, then steps */
    PARTIQL_NODE_STEP_NAME,
    PARTIQL_NODE_STEP_INDEX, /* the expression between the brackets */
    PARTIQL_NODE_STEP_ALL,   /* "*" as a step */
    PARTIQL_NODE_CALL,       /* text is the function's name */
    PARTIQL_NODE_AND,        /* 2 or more */
    PARTIQL_NODE_OR,
    PARTIQL_NODE_NOT,
    PARTIQL_NODE_EQ,
    PARTIQL_NODE_NE,
    PARTIQL_NODE_LT,
    PARTIQL_NODE_LE,
    PARTIQL_NODE_GT,
    PARTIQL_NODE_GE,
    PARTIQL_NODE_PLUS,
    PARTIQL_NODE_MINUS,
    PARTIQL_NODE_OPERATOR, /* one that DynamoDB has not: * / % || UNION ...; signs of what is no number */
    PARTIQL_NODE_BETWEEN,
    PARTIQL_NODE_IN, /* 2: what, and a list or an expression */
    PARTIQL_NODE_LIKE,
    PARTIQL_NODE_IS, /* 1; text is the type's name */
    /* statements */
    PARTIQL_NODE_SELECT,
    PARTIQL_NODE_INSERT,
    PARTIQL_NODE_UPDATE,
    PARTIQL_NODE_DELETE,
    PARTIQL_NODE_SET,    /* target, value, target, value; within an UPDATE */
    PARTIQL_NODE_REMOVE, /* target */
};

struct partiql_node {
    enum partiql_kind kind;
    const struct partiql_token *token; /* the one that messages point to */
    struct bytes text;
    size_t index;                    /* PARAMETER: from 0 */
    struct pointers children;        /* of struct partiql_node */
    bool grouped;                    /* stood in parentheses */
    unsigned depth;                  /* 1: no children */
    struct partiql_clauses *clauses; /* statements */
};

struct partiql_order {
    const struct partiql_node *by;
    bool descending;
};

/* What a statement consists of beside its children: of a SELECT these are its columns, of an UPDATE its SETs and
 * REMOVEs, of an INSERT the value. */
struct partiql_clauses {
    bool star;                                  /* SELECT * */
    const struct partiql_token *unsupported;    /* the first clause that DynamoDB has not, ... */
    const struct partiql_token *unsupported_at; /* ... and where its message points to */
    struct partiql_node *from;                  /* the table's path */
    bool many;                                  /* from more than one table */
    bool alias;                                 /* something has another name with AS, AT or BY */
    bool value;                                 /* INSERT ... VALUE, not INSERT ... */
    struct partiql_node *where;                 /* or NULL */
    struct pointers order;                      /* of struct partiql_order */
    enum partiql_returning returning;
};

static inline struct partiql_node *partiql_child(const struct partiql_node *node, size_t i)
{
    return node->children.at[i];
}

/* The whole text as one node. Faults are told in the service's words. *parameters: how many "?" there are. */
STATOR_MUST_CHECK enum stator_rc partiql_parse(struct partiql_node **out, size_t *parameters, struct bytes text,
                                               struct arena *arena, struct stator_error *err);

#endif
