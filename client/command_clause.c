/* SPDX-License-Identifier: Apache-2.0 */
/* command_clause: expressions of a command as the service takes them. Every name becomes #n1, #n2, ..., so that none is
 * a reserved word; every value becomes :v1, :v2, ... What an expression means is for the service to say. */
#include <stdio.h>

#include "command.h"

#define NAMES_MAX 1000 /* an expression has at most 4 KB */

struct clause {
    enum command_language language;
    bool operand; /* the last token ended one: what follows is an operator, or an index */
    bool step;    /* the last token was the point of a path: what follows is a name */
    bool adding;  /* within ADD and DELETE, where a value follows right behind a name */
};

static void append(struct command *command, struct bytes text)
{
    buf_append_bytes(&command->expression, text);
}

/* Blanks between all but the steps of a path. */
static void append_apart(struct command *command, struct bytes text)
{
    if (command->expression.len != 0)
        buf_append_byte(&command->expression, ' ');
    append(command, text);
}

static void append_name(struct command *command, const struct clause *clause, struct bytes name)
{
    const struct bytes *names = (const struct bytes *)command->names.at;
    size_t count = command->names.len / sizeof(*names), number = 0;
    char text[24];

    while (number < count && !bytes_equal(names[number], name))
        number++;
    if (number == NAMES_MAX)
        command_fail(command, command->token.start, "there are more than %d names", NAMES_MAX);
    else if (number == count)
        buf_append(&command->names, &name, sizeof(name));
    snprintf(text, sizeof(text), "#n%zu", number + 1);
    if (clause->step)
        append(command, bytes_of_string(text));
    else
        append_apart(command, bytes_of_string(text));
}

static void append_value(struct command *command)
{
    struct value value;
    char text[24];

    command_value(command, &value);
    if (command_failed(command))
        return;
    buf_append(&command->values, &value, sizeof(value));
    snprintf(text, sizeof(text), ":v%zu", command->values.len / sizeof(value));
    append_apart(command, bytes_of_string(text));
}

static bool is_operator(const struct command *command)
{
    static const char *const operators[] = {"AND", "OR", "NOT", "BETWEEN", "IN"};

    for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
        if (command_is_word_of_any_case(command, operators[i]))
            return true;
    }
    return false;
}

static bool is_literal_word(const struct command *command)
{
    return command_is_word(command, "true") || command_is_word(command, "false") || command_is_word(command, "null");
}

/* Whether the word is followed by a parenthesis: a function. */
static bool is_function(const struct command *command)
{
    size_t at = command->at;

    while (at < command->text.len && command->text.at[at] == ' ')
        at++;
    return at < command->text.len && command->text.at[at] == '(';
}

/* SET, REMOVE, ADD and DELETE in an update. */
static bool is_action(struct command *command, struct clause *clause)
{
    bool adds = command_is_word(command, "ADD") || command_is_word(command, "DELETE");

    if (clause->language != COMMAND_UPDATE ||
        !(adds || command_is_word(command, "SET") || command_is_word(command, "REMOVE")))
        return false;
    clause->adding = adds;
    return true;
}

/* Copies a token that is no operand by itself. */
static void copy_token(struct command *command, struct clause *clause)
{
    append_apart(command, command_is_sign(command, "!=") ? BYTES("<>") : command->token.text);
    clause->operand = command_is_sign(command, ")");
    command_next(command);
}

static void add_name(struct command *command, struct clause *clause)
{
    append_name(command, clause, command_name(command));
    clause->operand = true;
    clause->step = false;
    command_next(command);
}

static void add_value(struct command *command, struct clause *clause)
{
    if (clause->language == COMMAND_PATHS)
        command_fail(command, command->token.start, "a value stands where names of attributes are wanted");
    append_value(command);
    clause->operand = true;
}

static void add_word(struct command *command, struct clause *clause)
{
    if (clause->step)
        add_name(command, clause);
    else if (is_operator(command) || is_action(command, clause))
        copy_token(command, clause);
    else if (is_literal_word(command))
        add_value(command, clause);
    else if (is_function(command))
        copy_token(command, clause);
    else
        add_name(command, clause);
}

/* The [3] of a path. */
static void add_index(struct command *command)
{
    append(command, BYTES("["));
    command_next(command);
    if (command->token.kind != COMMAND_NUMBER)
        command_fail(command, command->token.start, "an index is a number");
    append(command, command->token.text);
    command_next(command);
    append(command, BYTES("]"));
    command_expect(command, "]");
}

static void add_sign(struct command *command, struct clause *clause)
{
    static const char *const copied[] = {"(", ")", ",", "=", "<>", "!=", "<", "<=", ">", ">=", "+", "-"};

    if (command_is_sign(command, ".") && clause->operand) {
        append(command, BYTES("."));
        clause->step = true;
        command_next(command);
        return;
    }
    if (command_is_sign(command, "[") && clause->operand) {
        add_index(command);
        return;
    }
    if (command_is_sign(command, "[") || command_is_sign(command, "{") || command_is_sign(command, "<<") ||
        ((!clause->operand || clause->adding) && command_join_sign(command))) {
        add_value(command, clause);
        return;
    }
    for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
        if (command_is_sign(command, copied[i])) {
            copy_token(command, clause);
            return;
        }
    }
    command_fail(command, command->token.start, "%.*s means nothing in an expression", BYTES_ARG(command->token.text));
}

static void add_token(struct command *command, struct clause *clause)
{
    const struct command_token *token = &command->token;

    if (clause->step && token->kind != COMMAND_WORD && token->kind != COMMAND_NAME &&
        !(token->kind == COMMAND_VERB && token->verb == 'a'))
        command_fail(command, token->start, "a name is missing behind the point");
    else if (token->kind == COMMAND_WORD)
        add_word(command, clause);
    else if (token->kind == COMMAND_NAME || (token->kind == COMMAND_VERB && token->verb == 'a'))
        add_name(command, clause);
    else if (token->kind == COMMAND_SIGN)
        add_sign(command, clause);
    else
        add_value(command, clause);
}

/* In an update SET and its like are part of the expression, not words that end it. */
static bool is_end(struct command *command, struct clause *clause, const char *const *ends)
{
    if (command->token.kind == COMMAND_END)
        return true;
    if (clause->step || is_action(command, clause))
        return false;
    for (; *ends != NULL; ends++) {
        if (command_is_word(command, *ends))
            return true;
    }
    return false;
}

struct bytes command_expression(struct command *command, enum command_language language, const char *const *ends)
{
    struct clause clause = {.language = language};
    size_t start = command->token.start;
    struct bytes text;

    buf_reset(&command->expression);
    while (!is_end(command, &clause, ends)) {
        add_token(command, &clause);
        if (command_failed(command))
            return BYTES("");
    }
    if (clause.step)
        command_fail(command, command->token.start, "a name is missing behind the point");
    text = arena_copy(&command->builder->arena, buf_bytes(&command->expression));
    if (command->expression.failed || command->names.failed || command->values.failed || !bytes_present(text))
        command_fail_memory(command);
    else if (text.len == 0)
        command_fail(command, start, "an expression is missing");
    return text;
}
