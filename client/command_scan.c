/* SPDX-License-Identifier: Apache-2.0 */
/* command_scan: a command as tokens. */
#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "base/utf8.h"
#include "command.h"
#include "json/reader.h"

/* --- Failing ------------------------------------------------------------------------------------------------------ */

/* In characters, from 1. */
static size_t column_of(const struct command *command, size_t at)
{
    size_t column = 1;

    for (size_t i = 0; i < at && i < command->text.len; i++)
        column += (command->text.at[i] & 0xC0) != 0x80;
    return column;
}

static void end(struct command *command)
{
    command->token = (struct command_token){.kind = COMMAND_END, .start = command->at};
}

void command_fail(struct command *command, size_t at, const char *format, ...)
{
    char message[STATOR_ERROR_MESSAGE_MAX - 64];
    va_list args;

    if (command_failed(command))
        return;
    va_start(args, format);
    vsnprintf(message, sizeof(message), format, args);
    va_end(args);
    stator_fail(&command->failure, STATOR_VALIDATION, "Column %zu: %s", column_of(command, at), message);
    end(command);
}

void command_fail_memory(struct command *command)
{
    if (!command_failed(command))
        stator_fail(&command->failure, STATOR_NO_MEMORY, "A command needs more memory than there is");
    end(command);
}

void command_fail_as(struct command *command, size_t at, const struct stator_error *why)
{
    if (why->rc == STATOR_NO_MEMORY)
        command_fail_memory(command);
    else
        command_fail(command, at, "%s", why->message);
}

/* --- Tokens ------------------------------------------------------------------------------------------------------- */

static uint8_t peek(const struct command *command, size_t ahead)
{
    return command->at + ahead < command->text.len ? command->text.at[command->at + ahead] : 0;
}

static bool is_word_part(uint8_t c, const char *more)
{
    return isascii(c) && (isalnum(c) || c == '_' || (c != 0 && strchr(more, c) != NULL));
}

static void skip_blanks(struct command *command)
{
    while (peek(command, 0) == ' ' || (peek(command, 0) >= '\t' && peek(command, 0) <= '\r'))
        command->at++;
}

/* From the token's start to where the command is now. */
static struct bytes taken(const struct command *command)
{
    return bytes_of(command->text.at + command->token.start, command->at - command->token.start);
}

static void take_word(struct command *command, const char *more)
{
    while (is_word_part(peek(command, 0), more))
        command->at++;
    command->token.kind = COMMAND_WORD;
    command->token.text = taken(command);
}

static void take_digits(struct command *command)
{
    while (isdigit(peek(command, 0)))
        command->at++;
}

static void take_number(struct command *command)
{
    size_t exponent;

    take_digits(command);
    if (peek(command, 0) == '.' && isdigit(peek(command, 1))) {
        command->at++;
        take_digits(command);
    }
    exponent = 1 + (peek(command, 1) == '+' || peek(command, 1) == '-');
    if ((peek(command, 0) == 'e' || peek(command, 0) == 'E') && isdigit(peek(command, exponent))) {
        command->at += exponent;
        take_digits(command);
    }
    command->token.kind = COMMAND_NUMBER;
    command->token.text = taken(command);
    if (is_word_part(peek(command, 0), ""))
        command_fail(command, command->token.start, "a number ends in a letter");
}

/* In "..." a backslash and what follows are one; elsewhere a doubled quote is. */
static void take_quoted(struct command *command, enum command_kind kind)
{
    size_t from;

    command->token.kind = kind;
    command->token.quote = peek(command, 0);
    from = ++command->at;
    while (command->at < command->text.len) {
        uint8_t c = peek(command, 0);

        if (c == command->token.quote && (c == '"' || peek(command, 1) != c))
            break;
        command->at += c == command->token.quote || (c == '\\' && command->token.quote == '"') ? 2 : 1;
    }
    if (command->at >= command->text.len) {
        command->at = command->text.len;
        command_fail(command, command->token.start, "a quote is not closed");
        return;
    }
    command->token.text = bytes_of(command->text.at + from, command->at - from);
    command->at++;
}

/* Of the character here; 0 at the end. */
static size_t character_length(const struct command *command)
{
    struct bytes rest = bytes_of(command->text.at + command->at, command->text.len - command->at);
    size_t len = utf8_sequence(rest);

    return rest.len != 0 && len == 0 ? 1 : len;
}

static void take_verb(struct command *command)
{
    command->at++;
    command->token.kind = COMMAND_VERB;
    if (peek(command, 0) == '.' && peek(command, 1) == '*') {
        command->token.dotted = true;
        command->at += 2;
    }
    if (peek(command, 0) == 'l' && peek(command, 1) == 'l') {
        command->token.size = 'L';
        command->at += 2;
    } else if (peek(command, 0) != 0 && strchr("lzj", peek(command, 0)) != NULL) {
        command->token.size = (char)peek(command, 0);
        command->at++;
    }
    command->token.verb = (char)peek(command, 0);
    command->at += character_length(command);
    command->token.text = taken(command);
}

static void take_sign(struct command *command)
{
    static const char *const pairs[] = {"<<", ">>", "<=", ">=", "<>", "!="};
    size_t len = character_length(command);

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        if (peek(command, 0) == (uint8_t)pairs[i][0] && peek(command, 1) == (uint8_t)pairs[i][1])
            len = 2;
    }
    command->at += len;
    command->token.kind = COMMAND_SIGN;
    command->token.text = taken(command);
}

void command_next(struct command *command)
{
    command_next_bare(command, "");
}

void command_next_bare(struct command *command, const char *characters)
{
    uint8_t c;

    skip_blanks(command);
    end(command);
    if (command_failed(command) || command->at >= command->text.len)
        return;
    c = peek(command, 0);
    if (c == 'b' && peek(command, 1) == '\'') {
        command->at++;
        take_quoted(command, COMMAND_BINARY);
    } else if (characters[0] != '\0' && is_word_part(c, characters))
        take_word(command, characters);
    else if (isdigit(c))
        take_number(command);
    else if (is_word_part(c, ""))
        take_word(command, "");
    else if (c == '\'' || c == '"')
        take_quoted(command, COMMAND_STRING);
    else if (c == '`')
        take_quoted(command, COMMAND_NAME);
    else if (c == '%')
        take_verb(command);
    else
        take_sign(command);
}

bool command_is_sign(const struct command *command, const char *sign)
{
    return command->token.kind == COMMAND_SIGN && bytes_equal_string(command->token.text, sign);
}

bool command_is_word(const struct command *command, const char *word)
{
    return command->token.kind == COMMAND_WORD && bytes_equal_string(command->token.text, word);
}

bool command_is_word_of_any_case(const struct command *command, const char *word)
{
    return command->token.kind == COMMAND_WORD && command->token.text.len == strlen(word) &&
           strncasecmp((const char *)command->token.text.at, word, strlen(word)) == 0;
}

void command_expect(struct command *command, const char *sign)
{
    if (command_is_sign(command, sign))
        command_next(command);
    else
        command_fail(command, command->token.start, "'%s' is missing", sign);
}

bool command_join_sign(struct command *command)
{
    if ((!command_is_sign(command, "-") && !command_is_sign(command, "+")) || !isdigit(peek(command, 0)))
        return false;
    take_number(command); /* its text begins where the token did: with the sign */
    return true;
}

/* --- Strings ------------------------------------------------------------------------------------------------------ */

/* A copy with each doubled c once. One alone fails with that message. */
static struct bytes halve(struct command *command, struct bytes text, uint8_t c, const char *alone)
{
    uint8_t *copy = arena_alloc(&command->builder->arena, text.len);
    size_t len = 0;

    if (copy == NULL) {
        command_fail_memory(command);
        return BYTES("");
    }
    for (size_t i = 0; i < text.len; i++) {
        copy[len++] = text.at[i];
        if (text.at[i] != c)
            continue;
        if (i + 1 == text.len || text.at[i + 1] != c) {
            command_fail(command, command->token.start, "%s", alone);
            return BYTES("");
        }
        i++;
    }
    return bytes_of(copy, len);
}

/* A string in JSON's quotes, with JSON's escapes. */
static struct bytes unescape(struct command *command)
{
    struct bytes quoted = bytes_of(command->token.text.at - 1, command->token.text.len + 2);
    struct json_reader reader;

    json_reader_init(&reader, quoted, &command->builder->arena);
    if (json_next(&reader) == JSON_STRING)
        return reader.text;
    if (reader.out_of_memory)
        command_fail_memory(command);
    else
        command_fail(command, command->token.start, "a text in \"...\" is no JSON string");
    return BYTES("");
}

struct bytes command_text(struct command *command)
{
    static const char formatted[] = "a % inside of quotes is %%; an argument stands without quotes";
    const struct command_arguments *arguments = command->arguments;
    struct bytes text = command->token.text;

    if (command->token.kind == COMMAND_STRING && command->token.quote == '"')
        text = unescape(command);
    else if (command->token.kind != COMMAND_BINARY && text.len != 0 && memchr(text.at, command->token.quote, text.len))
        text = halve(command, text, command->token.quote, ""); /* take_quoted has seen to it that they are doubled */
    if (!arguments->listed || arguments->count != 0)
        text = text.len != 0 && memchr(text.at, '%', text.len) != NULL ? halve(command, text, '%', formatted) : text;
    if (!utf8_valid(text))
        command_fail(command, command->token.start, "a text is no UTF-8");
    return text;
}
