/* SPDX-License-Identifier: Apache-2.0 */
/* term: paths, values, functions and parentheses, as conditions and updates share them.
 *
 * The grammars are read with a stack of frames in the arena instead of by recursion, so that 4,096 parentheses cost
 * memory of the request and not of the thread. A frame is what has been opened and waits for its next term; `term` is
 * what has been read last. The languages add their own frames from FRAME_LANGUAGE on.
 */
#ifndef PROTO_EXPR_TERM_H
#define PROTO_EXPR_TERM_H

#include "expr/draft.h"

/* In this order: what waits for the language's whole expressions, the tightest operator first; then what waits for an
 * operand. */
enum frame_kind {
    FRAME_BOTTOM, /* the whole */
    FRAME_GROUP,  /* "(" */
    FRAME_NOT,
    FRAME_AND,
    FRAME_OR,
    FRAME_OPERAND_GROUP, /* "(" where only an operand is allowed */
    FRAME_CALL,          /* "name(": draft is the call */
    FRAME_COMPARE,
    FRAME_BETWEEN_LOW,
    FRAME_BETWEEN_HIGH,
    FRAME_IN,
    FRAME_ARITHMETIC,
};

struct frame {
    enum frame_kind kind;
    struct draft *draft; /* the operator or call that waits for operands; NULL for groups */
};

enum term_class {
    TERM_OPERAND,  /* a path or a value */
    TERM_FUNCTION, /* a call: an operand or a condition, as it turns out */
    TERM_COMPOUND, /* a condition, or an arithmetic value: no operand */
};

struct term {
    struct draft *draft;
    enum term_class class;
    bool parenthesized;
};

struct terms {
    struct parser *parser;
    struct frame *frames;
    size_t depth, capacity;
    struct term term;
    bool (*keyword)(const struct token *token);
    bool path_goes_on; /* "(a.b).c" is a path */
};

STATOR_MUST_CHECK enum stator_rc terms_init(struct terms *terms, struct parser *parser,
                                            bool (*keyword)(const struct token *token));

struct frame *terms_top(struct terms *terms);
STATOR_MUST_CHECK enum stator_rc terms_push(struct terms *terms, enum frame_kind kind, struct draft *draft);
void terms_pop(struct terms *terms);

/* Whether the frame takes operands only. */
bool frame_wants_operand(const struct frame *frame);

/* Consumes what begins a term: "(", "name(", a path or a value. *complete tells whether terms->term was set. */
STATOR_MUST_CHECK enum stator_rc terms_begin(struct terms *terms, bool *complete);

/* With a term read and a group or call on top: consumes ")" or ",". *more: another term must follow. */
STATOR_MUST_CHECK enum stator_rc terms_close_group(struct terms *terms);
STATOR_MUST_CHECK enum stator_rc terms_go_on_call(struct terms *terms, bool *more);

/* A new operator with the term read last as its first operand. */
STATOR_MUST_CHECK enum stator_rc terms_operator(struct terms *terms, struct draft **out, enum expr_type type);

/* Adds the term read last to the operands of the top frame's draft. */
STATOR_MUST_CHECK enum stator_rc terms_take(struct terms *terms);

/* The top frame's operator is complete: it becomes the term read last. */
void terms_reduce(struct terms *terms);

#endif
