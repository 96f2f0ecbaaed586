/* SPDX-License-Identifier: Apache-2.0 */
/* command: the inside of stator/command.h. A command is read from left to right, once, token by token; arguments are
 * taken as their verbs come, and become values or names, never text to be read.
 *
 * command_scan.c      tokens and strings
 * command_argument.c  verbs and their arguments
 * command_value.c     literals: values, items
 * command_clause.c    expressions: names and values become placeholders
 * command_sql.c       PartiQL statements
 * command.c           the operations and their clauses, the request
 *
 * After the first failure there are no more tokens (the next is COMMAND_END), so that all that reads them ends by
 * itself.
 */
#ifndef CLIENT_COMMAND_H
#define CLIENT_COMMAND_H

#include "base/buf.h"
#include "build.h"
#include "stator/command.h"

enum command_kind {
    COMMAND_END,
    COMMAND_WORD,   /* text: letters, digits and _ (or more: command_next_bare) */
    COMMAND_NAME,   /* `text`: never a keyword */
    COMMAND_STRING, /* 'text' or "text" */
    COMMAND_BINARY, /* b'base64' */
    COMMAND_NUMBER,
    COMMAND_SIGN, /* text: one or two characters */
    COMMAND_VERB,
};

struct command_token {
    enum command_kind kind;
    struct bytes text; /* as written, without quotes */
    size_t start;      /* in the command */
    uint8_t quote;     /* STRING, NAME */
    char verb, size;   /* VERB: its letter; l, L (ll), z, j or 0 */
    bool dotted;       /* VERB: with .* */
};

/* Where arguments come from. */
struct command_arguments {
    bool listed; /* else `rest` */
    va_list rest;
    const struct value *values;
    size_t count, next;
};

struct command {
    struct stator_builder *builder;
    struct assembly *literal; /* the builder's inner one */
    struct command_arguments *arguments;
    struct bytes text;
    size_t at; /* behind the token */
    struct command_token token;
    struct buf names;      /* struct bytes: #n1, #n2 ... */
    struct buf values;     /* struct value: :v1, :v2 ...; of a statement: its parameters */
    struct buf expression; /* the one being written */
    struct stator_error failure;
};

/* --- Tokens --- */

static inline bool command_failed(const struct command *command)
{
    return command->failure.rc != STATOR_OK;
}

/* Notes the first failure, at that place of the command. */
void command_fail(struct command *command, size_t at, const char *format, ...) __attribute__((format(printf, 3, 4)));
void command_fail_memory(struct command *command);

/* Passes on what a literal or proto has said of the text at that place. */
void command_fail_as(struct command *command, size_t at, const struct stator_error *why);

void command_next(struct command *command);

/* The same, but a word may have these characters, too, and begin with them or a digit. */
void command_next_bare(struct command *command, const char *characters);

bool command_is_sign(const struct command *command, const char *sign);
bool command_is_word(const struct command *command, const char *word); /* in just these letters */
bool command_is_word_of_any_case(const struct command *command, const char *word);

/* Takes a sign, or fails. */
void command_expect(struct command *command, const char *sign);

/* At + or - right before a digit: the token becomes that number. */
bool command_join_sign(struct command *command);

/* The text of a string or a quoted name; fails where it is none. */
struct bytes command_text(struct command *command);

/* --- Arguments and literals --- */

/* At a verb: takes its argument. A value goes into the assembly of literals under that name; does not move on. */
void command_argument(struct command *command, struct bytes name);
struct bytes command_argument_name(struct command *command);
void command_argument_item(struct command *command, struct item *out);

/* Reads a value, or an item, and moves behind it. */
void command_value(struct command *command, struct value *out);
void command_item(struct command *command, struct item *out);

/* Reads an attribute's name where the next token is one already. */
struct bytes command_name(struct command *command);

/* --- Expressions --- */

enum command_language { COMMAND_CONDITION, COMMAND_UPDATE, COMMAND_PATHS };

/* Reads up to the end or a word in `ends`, which is a list that ends with NULL. */
struct bytes command_expression(struct command *command, enum command_language language, const char *const *ends);

/* --- Statements --- */

/* Reads the whole command as SQL: the statement with ? for arguments, which are then in `values`. */
struct bytes command_sql(struct command *command);

#endif
