/* SPDX-License-Identifier: Apache-2.0 */
/* command: requests in a line, for scripts and for people.
 *
 *     const struct stator_answer *answer;
 *
 *     if (stator_command(call, &answer, "PutItem Users {pk: %s, age: %d, tags: <<'a', 'b'>>} IF attribute_not_exists(pk)",
 *                        id, 42) == STATOR_OK &&
 *         stator_command(call, &answer, "Query Users WHERE pk = %s AND age > %d LIMIT 10", id, 18) == STATOR_OK)
 *         for (size_t i = 0; i < answer->count; i++)
 *             ... stator_item_get(&answer->items[i], "age") ...
 *
 * Safe by construction: the text is read first, from left to right, and an argument only ever becomes a value, or with %a
 * a name. Nothing in an argument is read as part of a command, so there is nothing to be escaped. What must not come from
 * somebody else is the text itself.
 *
 * | command                                                                        | is                              |
 * |--------------------------------------------------------------------------------|---------------------------------|
 * | GetItem TABLE KEY [RETURN paths] [CONSISTENT]                                  | GetItem                         |
 * | PutItem TABLE ITEM [IF condition] [RETURN ALL_OLD]                             | PutItem                         |
 * | UpdateItem TABLE KEY [SET a = v, ...] [REMOVE ...] [ADD n 1] [DELETE s <<..>>] | UpdateItem                      |
 * |     [IF condition] [RETURN ALL_OLD, UPDATED_OLD, ALL_NEW or UPDATED_NEW]       |                                 |
 * | DeleteItem TABLE KEY [IF condition] [RETURN ALL_OLD]                           | DeleteItem                      |
 * | Query TABLE WHERE condition [INDEX name] [FILTER condition] [RETURN paths]     | Query; RETURN COUNT counts only |
 * |     [LIMIT n] [REVERSE] [CONSISTENT] [AFTER KEY]                               | AFTER: where a page ended       |
 * | Scan TABLE [INDEX name] [FILTER condition] [RETURN paths] [LIMIT n]            | Scan                            |
 * |     [SEGMENT n OF n] [CONSISTENT] [AFTER KEY]                                  |                                 |
 * | SELECT ..., INSERT ..., UPDATE ..., DELETE ...                                 | ExecuteStatement: PartiQL as it |
 * |                                                                                | is, with verbs for parameters   |
 *
 * Clauses stand in any order, each once, and begin with their word in capitals. Operations may be written in any case.
 *
 * | written                           | is                                                                           |
 * |-----------------------------------|------------------------------------------------------------------------------|
 * | 'text', "text"                    | S. In '...' a quote is doubled; in "..." escapes are those of JSON           |
 * | 42, -1.5e3                        | N, all of its digits                                                         |
 * | true, false, null                 | BOOL, NULL                                                                   |
 * | b'aGk='                           | B, of base64                                                                 |
 * | [1, 'a'], {a: 1, 'b c': 2}        | L, M. A JSON object is an item, too                                          |
 * | <<'a', 'b'>>, <<1, 2>>            | SS, NS or BS, as its members are                                             |
 * | name, a.b[0].c, `odd name`        | names and paths in expressions. Any name will do, also the service's         |
 * |                                   | reserved words; a clause's own word in capitals wants its `...`              |
 * | size(a), a IN (1, 2), a BETWEEN . | conditions and updates as the service has them, with values where they stand |
 *
 * | verb                   | argument                                  | becomes                                       |
 * |------------------------|-------------------------------------------|-----------------------------------------------|
 * | %s, %.*s               | const char *; int and const char *        | S                                             |
 * | %d %i %u, with l ll z j| int, unsigned, long ... (PRId64 works)    | N                                             |
 * | %f %g %e               | double                                    | N, the shortest text that reads as the double |
 * | %N, %.*N               | const char *, digits                      | N                                             |
 * | %b                     | const void *, size_t                      | B                                             |
 * | %B                     | int or bool                               | BOOL                                          |
 * | %v                     | const struct stator_value *               | that value                                    |
 * | %m                     | const struct stator_item *                | an item, a key, or an M                       |
 * | %a, %.*a               | const char *                              | a name: of a table, an index, an attribute    |
 *
 * A verb stands outside of quotes, where a value or a name could stand. Inside of them %% is a percent sign.
 *
 * Failures of a command's text are STATOR_VALIDATION, "Column 14: ...", with columns in characters from 1, before
 * anything is sent.
 */
#ifndef STATOR_COMMAND_H
#define STATOR_COMMAND_H

#include <stdarg.h>

#include "stator/build.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

struct stator_call;

/* What a command, or its request, was answered. */
struct stator_answer {
    struct stator_bytes json;        /* all of it */
    const struct stator_item *items; /* Items; or the one of Item or Attributes */
    size_t count;                    /* of items */
    int64_t counted;                 /* Count, which RETURN COUNT asks for; -1: it does not say */
    struct stator_item last_key;     /* LastEvaluatedKey, for AFTER %m; not set: this was the last page */
    struct stator_bytes next_token;  /* of SQL; absent: this was the last page */
};

/* Makes a call of a command and waits for its answer. *answer lives until the next use of the call. Fails as any call
 * does, or with STATOR_VALIDATION for the command's text (stator_call_failure() has the message either way); *answer is
 * then NULL. answer itself may be NULL. Arguments must be of the types that the verbs say. [the call's thread] */
STATOR_MUST_CHECK enum stator_rc stator_command(struct stator_call *call, const struct stator_answer **answer,
                                                const char *format, ...);

/* The same with arguments as a va_list, and as a list of values: then a value is %v, in SQL also ?, an item %m (of an M)
 * and a name %a (of an S), and all of them must be used. With no arguments at all a % inside of quotes is just that: for
 * text that a person has typed. */
STATOR_MUST_CHECK enum stator_rc stator_command_va(struct stator_call *call, const struct stator_answer **answer,
                                                   const char *format, va_list arguments);
STATOR_MUST_CHECK enum stator_rc stator_command_list(struct stator_call *call, const struct stator_answer **answer,
                                                     struct stator_bytes text, const struct stator_value *arguments,
                                                     size_t count);

/* --- Without a call ---------------------------------------------------------------------------------------------- */

/* What stator_call_json() takes. */
struct stator_request {
    const char *operation; /* "PutItem"; static */
    struct stator_bytes json;
};

/* The request that a command is. Sends nothing. out->json lives as long as the builder, or until it is reset, and ends
 * with a NUL that its length does not count. STATOR_VALIDATION for what is wrong with the text or an argument,
 * STATOR_NO_MEMORY; *out is then untouched. builder and err may be NULL. */
STATOR_MUST_CHECK enum stator_rc stator_command_build(struct stator_builder *builder, struct stator_request *out,
                                                      struct stator_error *err, const char *format, ...);
STATOR_MUST_CHECK enum stator_rc stator_command_build_va(struct stator_builder *builder, struct stator_request *out,
                                                         struct stator_error *err, const char *format,
                                                         va_list arguments);
STATOR_MUST_CHECK enum stator_rc stator_command_build_list(struct stator_builder *builder, struct stator_request *out,
                                                           struct stator_error *err, struct stator_bytes text,
                                                           const struct stator_value *arguments, size_t count);

/* Reads what one of these operations was answered. *out is a copy that lives as long as the builder. STATOR_BAD_ANSWER
 * when it is not what DynamoDB sends, STATOR_NO_MEMORY; *out is then untouched. builder and err may be NULL. */
STATOR_MUST_CHECK enum stator_rc stator_answer_read(struct stator_builder *builder, struct stator_answer *out,
                                                    struct stator_bytes json, struct stator_error *err);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
