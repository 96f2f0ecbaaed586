/* SPDX-License-Identifier: Apache-2.0 */
/* command: the operations, their clauses, and the request they make. */
#include "command.h"

#include <stdio.h>

#include "base/utf8.h"
#include "json/writer.h"

#define TABLE_CHARACTERS "_.-:/" /* of a table's or an index's name or ARN, besides letters and digits */

enum { GET = 1, PUT = 2, UPDATE = 4, DELETE = 8, QUERY = 16, SCAN = 32, PAGES = QUERY | SCAN };

struct operation_row {
    const char *name;
    unsigned bit;
    const char *item; /* the member that the item behind the table is; NULL: there is none */
};

static const struct operation_row operations[] = {
    {"GetItem", GET, "Key"},       {"PutItem", PUT, "Item"}, {"UpdateItem", UPDATE, "Key"},
    {"DeleteItem", DELETE, "Key"}, {"Query", QUERY, NULL},   {"Scan", SCAN, NULL},
};

/* What the clauses have said. Absent texts and sets are not in the request. */
struct request {
    const struct operation_row *operation;
    struct bytes table, index, return_values;
    struct item item, after;
    struct bytes condition, update, key_condition, filter, projection;
    struct bytes limit, segment, segments; /* whole numbers, canonical */
    bool consistent, reverse, count;
};

/* --- Clauses ------------------------------------------------------------------------------------------------------ */

/* The words that begin a clause of any operation; an expression ends at each of its own operation's. */
struct clause_row {
    const char *word;
    unsigned operations;
    void (*read)(struct command *command, struct request *request, const char *const *ends);
};

static bool once(struct command *command, bool before)
{
    if (before)
        command_fail(command, command->token.start, "a clause is there twice");
    return !before;
}

static void read_condition(struct command *command, struct request *request, const char *const *ends)
{
    command_next(command);
    if (once(command, bytes_present(request->condition)))
        request->condition = command_expression(command, COMMAND_CONDITION, ends);
}

/* SET, REMOVE, ADD or DELETE is part of the expression. */
static void read_update(struct command *command, struct request *request, const char *const *ends)
{
    if (once(command, bytes_present(request->update)))
        request->update = command_expression(command, COMMAND_UPDATE, ends);
}

static void read_where(struct command *command, struct request *request, const char *const *ends)
{
    command_next(command);
    if (once(command, bytes_present(request->key_condition)))
        request->key_condition = command_expression(command, COMMAND_CONDITION, ends);
}

static void read_filter(struct command *command, struct request *request, const char *const *ends)
{
    command_next(command);
    if (once(command, bytes_present(request->filter)))
        request->filter = command_expression(command, COMMAND_CONDITION, ends);
}

static void read_return_values(struct command *command, struct request *request)
{
    static const char *const words[] = {"NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (command_is_word(command, words[i]))
            request->return_values = bytes_of_string(words[i]);
    }
    if (!bytes_present(request->return_values))
        command_fail(command, command->token.start,
                     "RETURN is NONE, ALL_OLD, UPDATED_OLD, ALL_NEW or UPDATED_NEW of what is written");
    command_next(command);
}

static void read_return(struct command *command, struct request *request, const char *const *ends)
{
    command_next(command);
    if (!once(command, bytes_present(request->return_values) || bytes_present(request->projection) || request->count))
        return;
    if ((request->operation->bit & (PUT | UPDATE | DELETE)) != 0) {
        read_return_values(command, request);
    } else if ((request->operation->bit & PAGES) != 0 && command_is_word(command, "COUNT")) {
        request->count = true;
        command_next(command);
    } else {
        request->projection = command_expression(command, COMMAND_PATHS, ends);
    }
}

static struct bytes read_table_name(struct command *command)
{
    struct bytes name;

    command_next_bare(command, TABLE_CHARACTERS);
    if (command->token.kind == COMMAND_END)
        command_fail(command, command->token.start, "a name is missing");
    name = command_name(command);
    command_next(command);
    return name;
}

static void read_index(struct command *command, struct request *request, const char *const *ends)
{
    (void)ends;
    if (once(command, bytes_present(request->index)))
        request->index = read_table_name(command);
}

/* Moves behind a number that is whole and not negative. */
static struct bytes read_count(struct command *command)
{
    size_t start = command->token.start;
    struct value value = {0};

    command_value(command, &value);
    if (!command_failed(command) &&
        (value.type != VALUE_N || memchr(value.text.at, '.', value.text.len) != NULL || value.text.at[0] == '-'))
        command_fail(command, start, "a whole number is missing");
    return value.text;
}

static void read_limit(struct command *command, struct request *request, const char *const *ends)
{
    (void)ends;
    command_next(command);
    if (once(command, bytes_present(request->limit)))
        request->limit = read_count(command);
}

static void read_segment(struct command *command, struct request *request, const char *const *ends)
{
    (void)ends;
    command_next(command);
    if (!once(command, bytes_present(request->segment)))
        return;
    request->segment = read_count(command);
    if (!command_is_word(command, "OF"))
        command_fail(command, command->token.start, "a segment is one OF a number of segments");
    command_next(command);
    request->segments = read_count(command);
}

static void read_after(struct command *command, struct request *request, const char *const *ends)
{
    (void)ends;
    command_next(command);
    if (once(command, request->after.set))
        command_item(command, &request->after);
}

static void read_consistent(struct command *command, struct request *request, const char *const *ends)
{
    (void)ends;
    once(command, request->consistent);
    request->consistent = true;
    command_next(command);
}

static void read_reverse(struct command *command, struct request *request, const char *const *ends)
{
    (void)ends;
    once(command, request->reverse);
    request->reverse = true;
    command_next(command);
}

static const struct clause_row clauses[] = {
    {"IF", PUT | UPDATE | DELETE, read_condition},
    {"SET", UPDATE, read_update},
    {"REMOVE", UPDATE, read_update},
    {"ADD", UPDATE, read_update},
    {"DELETE", UPDATE, read_update},
    {"RETURN", GET | PUT | UPDATE | DELETE | PAGES, read_return},
    {"INDEX", PAGES, read_index},
    {"WHERE", QUERY, read_where},
    {"FILTER", PAGES, read_filter},
    {"LIMIT", PAGES, read_limit},
    {"AFTER", PAGES, read_after},
    {"REVERSE", QUERY, read_reverse},
    {"SEGMENT", SCAN, read_segment},
    {"CONSISTENT", GET | PAGES, read_consistent},
};

#define CLAUSE_COUNT (sizeof(clauses) / sizeof(clauses[0]))

/* The words at which an expression of that operation ends: those of its clauses. */
static void list_ends(const char *ends[CLAUSE_COUNT + 1], unsigned operation)
{
    size_t count = 0;

    for (size_t i = 0; i < CLAUSE_COUNT; i++) {
        if ((clauses[i].operations & operation) != 0)
            ends[count++] = clauses[i].word;
    }
    ends[count] = NULL;
}

static const struct clause_row *clause_here(const struct command *command, unsigned operation)
{
    for (size_t i = 0; i < CLAUSE_COUNT; i++) {
        if ((clauses[i].operations & operation) != 0 && command_is_word(command, clauses[i].word))
            return &clauses[i];
    }
    return NULL;
}

static void fail_clause(struct command *command, const struct operation_row *operation)
{
    struct buf words;

    buf_init_with(&words, STATOR_ERROR_MESSAGE_MAX, command->builder->allocator);
    for (size_t i = 0; i < CLAUSE_COUNT; i++) {
        if ((clauses[i].operations & operation->bit) != 0)
            buf_printf(&words, "%s%s", words.len == 0 ? "" : ", ", clauses[i].word);
    }
    command_fail(command, command->token.start, "%s goes on with %.*s, in capitals", operation->name,
                 BYTES_ARG(buf_bytes(&words)));
    buf_deinit(&words);
}

static void read_clauses(struct command *command, struct request *request)
{
    const char *ends[CLAUSE_COUNT + 1];

    list_ends(ends, request->operation->bit);
    while (command->token.kind != COMMAND_END && !command_failed(command)) {
        const struct clause_row *clause = clause_here(command, request->operation->bit);

        if (clause == NULL)
            fail_clause(command, request->operation);
        else
            clause->read(command, request, ends);
    }
    if (request->operation->bit == QUERY && !bytes_present(request->key_condition))
        command_fail(command, command->token.start, "Query needs WHERE with a condition on its key");
}

/* --- The request -------------------------------------------------------------------------------------------------- */

static void write_text(struct json_writer *json, const char *member, struct bytes text)
{
    if (!bytes_present(text))
        return;
    json_key(json, bytes_of_string(member));
    json_string(json, text);
}

static void write_number(struct json_writer *json, const char *member, struct bytes digits)
{
    if (!bytes_present(digits))
        return;
    json_key(json, bytes_of_string(member));
    json_raw(json, digits);
}

static void write_item(struct json_writer *json, const char *member, const struct item *item)
{
    if (!item->set)
        return;
    json_key(json, bytes_of_string(member));
    item_write(json->buf, item);
    json->comma = true;
}

static void write_flag(struct json_writer *json, const char *member, bool set, bool value)
{
    if (!set)
        return;
    json_key(json, bytes_of_string(member));
    json_bool(json, value);
}

static void write_names(const struct command *command, struct json_writer *json)
{
    const struct bytes *names = (const struct bytes *)command->names.at;
    size_t count = command->names.len / sizeof(*names);
    char key[24];

    if (count == 0)
        return;
    json_key(json, BYTES("ExpressionAttributeNames"));
    json_object_begin(json);
    for (size_t i = 0; i < count; i++) {
        snprintf(key, sizeof(key), "#n%zu", i + 1);
        write_text(json, key, names[i]);
    }
    json_object_end(json);
}

static void write_value(struct json_writer *json, const struct value *value)
{
    json_raw(json, BYTES("")); /* its comma */
    value_write(json->buf, value);
}

static void write_values(const struct command *command, struct json_writer *json)
{
    const struct value *values = (const struct value *)command->values.at;
    size_t count = command->values.len / sizeof(*values);
    char key[24];

    if (count == 0)
        return;
    json_key(json, BYTES("ExpressionAttributeValues"));
    json_object_begin(json);
    for (size_t i = 0; i < count; i++) {
        snprintf(key, sizeof(key), ":v%zu", i + 1);
        json_key(json, bytes_of_string(key));
        write_value(json, &values[i]);
    }
    json_object_end(json);
}

static void write_request(const struct command *command, const struct request *request)
{
    struct json_writer json = json_writer_of(&command->builder->scratch);

    json_object_begin(&json);
    write_text(&json, "TableName", request->table);
    write_text(&json, "IndexName", request->index);
    write_item(&json, request->operation->item, &request->item);
    write_text(&json, "UpdateExpression", request->update);
    write_text(&json, "ConditionExpression", request->condition);
    write_text(&json, "KeyConditionExpression", request->key_condition);
    write_text(&json, "FilterExpression", request->filter);
    write_text(&json, "ProjectionExpression", request->projection);
    write_names(command, &json);
    write_values(command, &json);
    write_text(&json, "Select", request->count ? BYTES("COUNT") : (struct bytes){0});
    write_text(&json, "ReturnValues", request->return_values);
    write_flag(&json, "ConsistentRead", request->consistent, true);
    write_flag(&json, "ScanIndexForward", request->reverse, false);
    write_number(&json, "Limit", request->limit);
    write_number(&json, "Segment", request->segment);
    write_number(&json, "TotalSegments", request->segments);
    write_item(&json, "ExclusiveStartKey", &request->after);
    json_object_end(&json);
}

static void write_statement(const struct command *command, struct bytes statement)
{
    struct json_writer json = json_writer_of(&command->builder->scratch);
    const struct value *values = (const struct value *)command->values.at;
    size_t count = command->values.len / sizeof(*values);

    json_object_begin(&json);
    write_text(&json, "Statement", statement);
    if (count != 0) {
        json_key(&json, BYTES("Parameters"));
        json_array_begin(&json);
        for (size_t i = 0; i < count; i++)
            write_value(&json, &values[i]);
        json_array_end(&json);
    }
    json_object_end(&json);
}

/* --- The ways in -------------------------------------------------------------------------------------------------- */

static bool is_sql(const struct command *command)
{
    return command_is_word_of_any_case(command, "SELECT") || command_is_word_of_any_case(command, "INSERT") ||
           command_is_word_of_any_case(command, "UPDATE") || command_is_word_of_any_case(command, "DELETE") ||
           command_is_word_of_any_case(command, "EXISTS");
}

static const struct operation_row *operation_here(const struct command *command)
{
    for (size_t i = 0; i < sizeof(operations) / sizeof(operations[0]); i++) {
        if (command_is_word_of_any_case(command, operations[i].name))
            return &operations[i];
    }
    return NULL;
}

static void read_operation(struct command *command, const struct operation_row *operation)
{
    struct request request = {.operation = operation};

    request.table = read_table_name(command);
    if (operation->item != NULL)
        command_item(command, &request.item);
    read_clauses(command, &request);
    if (!command_failed(command))
        write_request(command, &request);
}

/* Returns the operation's name. */
static const char *read_command(struct command *command)
{
    const struct operation_row *operation;
    struct bytes statement;

    if (!utf8_valid(command->text))
        command_fail(command, 0, "a command is no UTF-8");
    command_next(command);
    if (is_sql(command)) {
        statement = command_sql(command);
        if (!command_failed(command))
            write_statement(command, statement);
        return "ExecuteStatement";
    }
    operation = operation_here(command);
    if (operation == NULL) {
        command_fail(command, command->token.start,
                     "a command begins with GetItem, PutItem, UpdateItem, DeleteItem, Query or Scan, or it is SQL: "
                     "SELECT, INSERT, UPDATE, DELETE");
        return NULL;
    }
    read_operation(command, operation);
    return operation->name;
}

static void check_all_taken(struct command *command)
{
    const struct command_arguments *arguments = command->arguments;

    if (arguments->listed && arguments->next != arguments->count)
        command_fail(command, command->text.len, "there are %zu arguments, but only %zu are asked for",
                     arguments->count, arguments->next);
}

static enum stator_rc build(struct stator_builder *builder, struct stator_request *out, struct bytes text,
                            struct command_arguments *arguments, struct stator_error *err)
{
    struct command command = {.builder = builder, .literal = &builder->inner, .arguments = arguments, .text = text};
    struct stator_request request;
    enum stator_rc rc;

    buf_init_with(&command.names, builder->arena.max_bytes, builder->allocator);
    buf_init_with(&command.values, builder->arena.max_bytes, builder->allocator);
    buf_init_with(&command.expression, builder->arena.max_bytes, builder->allocator);
    buf_reset(&builder->scratch);
    request.operation = read_command(&command);
    check_all_taken(&command);
    rc = command.failure.rc;
    if (rc == STATOR_OK)
        rc = builder_text(builder, &request.json, err);
    else if (err != NULL)
        *err = command.failure;
    if (rc == STATOR_OK)
        *out = request;
    buf_deinit(&command.names);
    buf_deinit(&command.values);
    buf_deinit(&command.expression);
    return rc;
}

enum stator_rc stator_command_build_va(struct stator_builder *builder, struct stator_request *out,
                                       struct stator_error *err, const char *format, va_list arguments)
{
    struct command_arguments taken = {.listed = false};
    enum stator_rc rc;

    if (builder == NULL)
        return builder_missing(err);
    va_copy(taken.rest, arguments);
    rc = build(builder, out, bytes_of_string(format), &taken, err);
    va_end(taken.rest);
    return rc;
}

enum stator_rc stator_command_build(struct stator_builder *builder, struct stator_request *out,
                                    struct stator_error *err, const char *format, ...)
{
    va_list arguments;
    enum stator_rc rc;

    va_start(arguments, format);
    rc = stator_command_build_va(builder, out, err, format, arguments);
    va_end(arguments);
    return rc;
}

enum stator_rc stator_command_build_list(struct stator_builder *builder, struct stator_request *out,
                                         struct stator_error *err, struct stator_bytes text,
                                         const struct stator_value *arguments, size_t count)
{
    struct command_arguments taken = {.listed = true, .values = cast_value(arguments), .count = count};

    if (builder == NULL)
        return builder_missing(err);
    return build(builder, out, cast_bytes(text), &taken, err);
}
