/* SPDX-License-Identifier: Apache-2.0 */
/* command_argument: verbs and what they take. */
#include <inttypes.h>
#include <stdio.h>

#include "base/utf8.h"
#include "command.h"

#define INTEGER_TEXT_MAX 24

static void fail_verb(struct command *command, const char *wanted)
{
    command_fail(command, command->token.start, "%.*s is no verb%s", BYTES_ARG(command->token.text), wanted);
}

/* The next of the list, or NULL. */
static const struct value *listed(struct command *command)
{
    struct command_arguments *arguments = command->arguments;

    if (arguments->next < arguments->count)
        return &arguments->values[arguments->next++];
    command_fail(command, command->token.start, "there are only %zu arguments", arguments->count);
    return NULL;
}

/* Text that a C string, or a length and a pointer, say. Absent after a failure. */
static struct bytes text_argument(struct command *command)
{
    struct command_arguments *arguments = command->arguments;
    int len = command->token.dotted ? va_arg(arguments->rest, int) : -1;
    const char *text = va_arg(arguments->rest, const char *);

    if (text == NULL && len != 0) {
        command_fail(command, command->token.start, "the argument of %.*s is NULL", BYTES_ARG(command->token.text));
        return (struct bytes){0};
    }
    if (command->token.dotted && len < 0) {
        command_fail(command, command->token.start, "the length for %.*s is negative", BYTES_ARG(command->token.text));
        return (struct bytes){0};
    }
    if (text == NULL)
        return BYTES("");
    return bytes_of(text, command->token.dotted ? (size_t)len : strlen(text));
}

/* --- Values ------------------------------------------------------------------------------------------------------- */

static int64_t signed_argument(struct command *command)
{
    struct command_arguments *arguments = command->arguments;

    switch (command->token.size) {
    case 'l':
        return va_arg(arguments->rest, long);
    case 'L':
        return va_arg(arguments->rest, long long);
    case 'z':
        return (int64_t)va_arg(arguments->rest, size_t); /* %zd is what ssize_t is printed with */
    case 'j':
        return va_arg(arguments->rest, intmax_t);
    default:
        return va_arg(arguments->rest, int);
    }
}

static uint64_t unsigned_argument(struct command *command)
{
    struct command_arguments *arguments = command->arguments;

    switch (command->token.size) {
    case 'l':
        return va_arg(arguments->rest, unsigned long);
    case 'L':
        return va_arg(arguments->rest, unsigned long long);
    case 'z':
        return va_arg(arguments->rest, size_t);
    case 'j':
        return va_arg(arguments->rest, uintmax_t);
    default:
        return va_arg(arguments->rest, unsigned);
    }
}

static void add_integer(struct command *command, struct bytes name)
{
    char text[INTEGER_TEXT_MAX];
    int len = command->token.verb == 'u' ? snprintf(text, sizeof(text), "%" PRIu64, unsigned_argument(command))
                                         : snprintf(text, sizeof(text), "%" PRId64, signed_argument(command));

    assembly_number(command->literal, name, bytes_of(text, (size_t)len));
}

static void add_binary(struct command *command, struct bytes name)
{
    const void *raw = va_arg(command->arguments->rest, const void *);
    size_t len = va_arg(command->arguments->rest, size_t);

    if (raw == NULL && len != 0)
        command_fail(command, command->token.start, "the argument of %%b is NULL");
    else
        assembly_binary(command->literal, name, raw == NULL ? BYTES("") : bytes_of(raw, len));
}

static void add_copy(struct command *command, struct bytes name, const struct value *value)
{
    if (value == NULL)
        command_fail(command, command->token.start, "the argument of %%v is NULL");
    else
        assembly_copy(command->literal, name, value);
}

static bool is_finished(struct command *command, const struct item *item)
{
    if (item == NULL)
        command_fail(command, command->token.start, "the argument of %%m is NULL");
    else if (bytes_present(item->json))
        command_fail(command, command->token.start, "an item of finished JSON cannot be part of a command");
    return !command_failed(command);
}

static void add_item(struct command *command, struct bytes name)
{
    const struct item *item = va_arg(command->arguments->rest, const struct item *);

    if (!is_finished(command, item))
        return;
    assembly_open(command->literal, name, VALUE_M);
    assembly_copy_attributes(command->literal, item->attributes, item->count);
    assembly_close(command->literal);
}

static void add_text(struct command *command, struct bytes name, bool number)
{
    struct bytes text = text_argument(command);

    if (command_failed(command))
        return;
    if (number)
        assembly_number(command->literal, name, text);
    else
        assembly_string(command->literal, name, text);
}

/* Lengths are for integers, .* is for texts. */
static bool is_verb(const struct command_token *token)
{
    const char *verbs = token->size != 0 ? "diu" : token->dotted ? "sNa" : "sNadiufgebBvm";

    return token->verb != 0 && strchr(verbs, token->verb) != NULL && !(token->size != 0 && token->dotted);
}

void command_argument(struct command *command, struct bytes name)
{
    char verb = command->token.verb;

    if (!is_verb(&command->token))
        fail_verb(command, ": there are %s %d %u %f %N %b %B %v %m for values, %a for names");
    else if (verb == 'a')
        command_fail(command, command->token.start, "%%a is a name, but a value stands here");
    else if (command->arguments->listed && verb != 'v')
        command_fail(command, command->token.start, "with a list of arguments a value is %%v");
    else if (command->arguments->listed)
        add_copy(command, name, listed(command));
    else if (verb == 's' || verb == 'N')
        add_text(command, name, verb == 'N');
    else if (verb == 'd' || verb == 'i' || verb == 'u')
        add_integer(command, name);
    else if (verb == 'f' || verb == 'g' || verb == 'e')
        assembly_double(command->literal, name, va_arg(command->arguments->rest, double));
    else if (verb == 'b')
        add_binary(command, name);
    else if (verb == 'B')
        assembly_bool(command->literal, name, va_arg(command->arguments->rest, int) != 0);
    else if (verb == 'm')
        add_item(command, name);
    else
        add_copy(command, name, va_arg(command->arguments->rest, const struct value *));
}

/* --- Names and items ---------------------------------------------------------------------------------------------- */

struct bytes command_argument_name(struct command *command)
{
    struct bytes name = BYTES("");

    if (command->token.verb != 'a' || !is_verb(&command->token)) {
        fail_verb(command, " for a name: that is %a");
    } else if (command->arguments->listed) {
        const struct value *value = listed(command);

        if (value != NULL && value->type == VALUE_S)
            name = value->text;
        else
            command_fail(command, command->token.start, "the argument of %%a is no string (S)");
    } else {
        name = text_argument(command);
    }
    if (!command_failed(command) && (name.len == 0 || !utf8_valid(name)))
        command_fail(command, command->token.start, "a name is empty or no UTF-8");
    name = arena_copy(&command->builder->arena, name);
    if (!bytes_present(name))
        command_fail_memory(command);
    return name;
}

/* A list has maps in place of items. */
static struct item item_of(struct command *command, const struct value *map)
{
    if (map != NULL && map->type == VALUE_M)
        return (struct item){.attributes = map->attributes, .count = map->count};
    command_fail(command, command->token.start, "the argument of %%m is no map (M)");
    return (struct item){0};
}

void command_argument_item(struct command *command, struct item *out)
{
    struct item none = {0}, mapped;
    const struct item *item = &none;
    struct stator_error why;

    if (command->token.verb != 'm' || !is_verb(&command->token)) {
        fail_verb(command, " for an item: that is %m, or {...}");
    } else if (command->arguments->listed) {
        mapped = item_of(command, listed(command));
        item = &mapped;
    } else {
        item = va_arg(command->arguments->rest, const struct item *);
        if (!is_finished(command, item))
            item = &none;
    }
    assembly_begin(command->literal, VALUE_M);
    assembly_copy_attributes(command->literal, item->attributes, item->count);
    if (assembly_item(command->literal, out, &why) != STATOR_OK)
        command_fail_as(command, command->token.start, &why);
}
