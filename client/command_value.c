/* SPDX-License-Identifier: Apache-2.0 */
/* command_value: values and items as they are written in a command. */
#include "command.h"
#include "value/base64.h"

#define NAME_CHARACTERS "_.-" /* of an attribute's name in an item, besides letters and digits */

static void read_value(struct command *command, struct bytes name);

static void read_binary(struct command *command, struct bytes name)
{
    struct bytes raw;
    bool full = false;

    if (base64_decode(&raw, command->token.text, &command->builder->arena, &full))
        assembly_binary(command->literal, name, raw);
    else if (full)
        command_fail_memory(command);
    else
        command_fail(command, command->token.start, "b'...' is no base64");
}

static void read_word(struct command *command, struct bytes name)
{
    if (command_is_word(command, "true") || command_is_word(command, "false"))
        assembly_bool(command->literal, name, command_is_word(command, "true"));
    else if (command_is_word(command, "null"))
        assembly_null(command->literal, name);
    else
        command_fail(command, command->token.start, "%.*s is no value; a text stands in quotes",
                     BYTES_ARG(command->token.text));
}

/* Members up to ']' or '>>'. */
static void read_members(struct command *command, struct bytes name, const char *end)
{
    assembly_open(command->literal, name, VALUE_L);
    command_next(command);
    while (!command_is_sign(command, end) && !command_failed(command) && !assembly_failed(command->literal)) {
        read_value(command, (struct bytes){0});
        if (!command_is_sign(command, end))
            command_expect(command, ",");
    }
    if (end[0] == '>')
        assembly_close_as_set(command->literal);
    else
        assembly_close(command->literal);
}

struct bytes command_name(struct command *command)
{
    const struct command_token *token = &command->token;

    if (token->kind == COMMAND_WORD)
        return token->text;
    if (token->kind == COMMAND_NAME || token->kind == COMMAND_STRING)
        return command_text(command);
    if (token->kind == COMMAND_VERB)
        return command_argument_name(command);
    command_fail(command, token->start, "the name of an attribute is missing");
    return BYTES("");
}

/* What is between { and }, of an item or a map; the } stays. */
static void read_attributes(struct command *command)
{
    command_next_bare(command, NAME_CHARACTERS);
    while (!command_is_sign(command, "}") && !command_failed(command) && !assembly_failed(command->literal)) {
        struct bytes name = command_name(command);

        command_next(command);
        command_expect(command, ":");
        read_value(command, name);
        if (command_is_sign(command, "}"))
            break;
        if (!command_is_sign(command, ","))
            command_fail(command, command->token.start, "',' or '}' is missing");
        command_next_bare(command, NAME_CHARACTERS);
    }
}

static void read_map(struct command *command, struct bytes name)
{
    assembly_open(command->literal, name, VALUE_M);
    read_attributes(command);
    assembly_close(command->literal);
}

/* What the literal has refused is told at the place where it was refused. */
static void note_failure(struct command *command, size_t at)
{
    if (assembly_failed(command->literal))
        command_fail_as(command, at, &command->literal->failure);
}

/* Moves behind it. Recursion ends where the assembly refuses to go deeper. */
static void read_value(struct command *command, struct bytes name)
{
    size_t start = command->token.start;

    command_join_sign(command);
    if (command_failed(command))
        return;
    if (command->token.kind == COMMAND_STRING)
        assembly_string(command->literal, name, command_text(command));
    else if (command->token.kind == COMMAND_BINARY)
        read_binary(command, name);
    else if (command->token.kind == COMMAND_NUMBER)
        assembly_number(command->literal, name, command->token.text);
    else if (command->token.kind == COMMAND_WORD)
        read_word(command, name);
    else if (command->token.kind == COMMAND_VERB)
        command_argument(command, name);
    else if (command_is_sign(command, "["))
        read_members(command, name, "]");
    else if (command_is_sign(command, "<<"))
        read_members(command, name, ">>");
    else if (command_is_sign(command, "{"))
        read_map(command, name);
    else
        command_fail(command, start, "a value is missing: a text in quotes, a number, [...], {...}, <<...>> or a verb");
    note_failure(command, start);
    command_next(command);
}

void command_value(struct command *command, struct value *out)
{
    size_t start = command->token.start;
    struct stator_error why;

    assembly_begin(command->literal, VALUE_ABSENT);
    read_value(command, (struct bytes){0});
    if (!command_failed(command) && assembly_value(command->literal, out, &why) != STATOR_OK)
        command_fail_as(command, start, &why);
}

void command_item(struct command *command, struct item *out)
{
    size_t start = command->token.start;
    struct stator_error why;

    if (command->token.kind == COMMAND_VERB) {
        command_argument_item(command, out);
        command_next(command);
        return;
    }
    if (!command_is_sign(command, "{")) {
        command_fail(command, start, "an item is missing: {name: value, ...} or %%m");
        return;
    }
    assembly_begin(command->literal, VALUE_M);
    read_attributes(command);
    command_next(command);
    if (!command_failed(command) && assembly_item(command->literal, out, &why) != STATOR_OK)
        command_fail_as(command, start, &why);
}
