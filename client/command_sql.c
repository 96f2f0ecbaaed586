/* SPDX-License-Identifier: Apache-2.0 */
/* command_sql: a PartiQL statement, left as it is but for arguments: values become ? and parameters, names become quoted
 * identifiers. It is read only as far as it takes to know what is in quotes and in comments. */
#include "command.h"

/* The length of the quoted text, comment or single byte at the start of rest. */
static size_t piece_length(struct command *command, size_t at, struct bytes rest)
{
    const uint8_t *end = rest.at + rest.len;
    const uint8_t *found = NULL;

    if (rest.at[0] == '\'' || rest.at[0] == '"') { /* a doubled quote ends one text and begins the next */
        found = memchr(rest.at + 1, rest.at[0], rest.len - 1);
        if (found == NULL)
            command_fail(command, at, "a quote is not closed");
        return found == NULL ? rest.len : (size_t)(found + 1 - rest.at);
    }
    if (bytes_starts_with(rest, BYTES("--"))) {
        found = memchr(rest.at, '\n', rest.len);
        return found == NULL ? rest.len : (size_t)(found - rest.at);
    }
    if (bytes_starts_with(rest, BYTES("/*"))) {
        found = memmem(rest.at + 2, rest.len - 2, "*/", 2);
        return found == NULL ? (size_t)(end - rest.at) : (size_t)(found + 2 - rest.at);
    }
    return 1;
}

/* What is in quotes: with arguments, %% is a percent sign, and one alone is a mistake. */
static void copy_quoted(struct command *command, size_t at, struct bytes quoted)
{
    bool formatted = !command->arguments->listed || command->arguments->count != 0;

    for (size_t i = 0; i < quoted.len; i++) {
        buf_append_byte(&command->expression, quoted.at[i]);
        if (quoted.at[i] != '%' || !formatted)
            continue;
        if (i + 1 == quoted.len || quoted.at[i + 1] != '%')
            command_fail(command, at + i, "a %% inside of quotes is %%%%; an argument stands without quotes");
        i++;
    }
}

static void add_parameter(struct command *command)
{
    struct value value;

    command_value(command, &value);
    if (command_failed(command))
        return;
    buf_append(&command->values, &value, sizeof(value));
    buf_append_byte(&command->expression, '?');
}

static void add_identifier(struct command *command)
{
    struct bytes name = command_argument_name(command);

    buf_append_byte(&command->expression, '"');
    for (size_t i = 0; i < name.len; i++)
        buf_append(&command->expression, name.at[i] == '"' ? "\"\"" : (const char *)name.at + i,
                   name.at[i] == '"' ? 2 : 1);
    buf_append_byte(&command->expression, '"');
}

/* At a verb, or at a ? with a list of arguments. */
static void add_argument(struct command *command, size_t at)
{
    size_t end;

    command->at = at;
    if (command->text.at[at] == '?') {
        command->at = at + 1;
        command->token = (struct command_token){.kind = COMMAND_VERB, .verb = 'v', .start = at};
    } else {
        command_next(command);
    }
    end = command->at;
    if (command->token.verb == 'a')
        add_identifier(command);
    else
        add_parameter(command);
    command->at = end; /* behind the verb: what follows is no token of ours */
}

/* One piece of the statement. Returns where the next begins. */
static size_t add_piece(struct command *command, size_t at)
{
    struct bytes rest = bytes_of(command->text.at + at, command->text.len - at);
    size_t len = piece_length(command, at, rest);
    uint8_t first = rest.at[0];

    if (first == '%' || (first == '?' && command->arguments->listed)) {
        add_argument(command, at);
        return command->at;
    }
    if (first == '?')
        command_fail(command, at, "an argument is a verb, like %%s, and no ?");
    if (first == '\'' || first == '"')
        copy_quoted(command, at, bytes_of(rest.at, len));
    else
        buf_append(&command->expression, rest.at, len);
    return at + len;
}

struct bytes command_sql(struct command *command)
{
    struct bytes statement;

    buf_reset(&command->expression);
    for (size_t at = 0; at < command->text.len && !command_failed(command);)
        at = add_piece(command, at);
    statement = arena_copy(&command->builder->arena, buf_bytes(&command->expression));
    if (command->expression.failed || command->values.failed || !bytes_present(statement))
        command_fail_memory(command);
    return statement;
}
