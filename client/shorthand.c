/* SPDX-License-Identifier: Apache-2.0 */
/* shorthand: commands that are sent. */
#include "answer.h"
#include "build.h"
#include "call.h"
#include "failure.h"

static enum stator_rc read_answer(struct stator_call *call, const struct stator_answer **out, struct stator_bytes json)
{
    struct stator_answer *answer = arena_alloc(&call->arena, sizeof(*answer));
    struct stator_error err;

    if (answer == NULL)
        return call_fail(call, STATOR_NO_MEMORY, "No memory for the answer");
    if (answer_read(answer, cast_bytes(json), &call->arena, &err) != STATOR_OK)
        return failure_local(&call->failure, &err, &call->arena);
    *out = answer;
    return STATOR_OK;
}

/* Sends what was built, or tells why it was not. */
static enum stator_rc finish(struct stator_call *call, struct stator_builder *builder, const struct stator_answer **out,
                             const struct stator_request *request, const struct stator_error *err)
{
    struct stator_bytes json;
    enum stator_rc rc;

    if (err->rc == STATOR_OK)
        rc = stator_call_json(call, request->operation, request->json, &json);
    else
        rc = call_refuse(call, err);
    stator_builder_free(builder); /* the call has a copy of the request */
    if (rc != STATOR_OK || out == NULL)
        return rc;
    return read_answer(call, out, json);
}

enum stator_rc stator_command_va(struct stator_call *call, const struct stator_answer **answer, const char *format,
                                 va_list arguments)
{
    struct stator_builder *builder = stator_builder_new(&call->client->allocator, 0);
    struct stator_request request;
    struct stator_error err = {.rc = STATOR_OK};

    if (answer != NULL)
        *answer = NULL;
    err.rc = stator_command_build_va(builder, &request, &err, format, arguments);
    return finish(call, builder, answer, &request, &err);
}

enum stator_rc stator_command(struct stator_call *call, const struct stator_answer **answer, const char *format, ...)
{
    va_list arguments;
    enum stator_rc rc;

    va_start(arguments, format);
    rc = stator_command_va(call, answer, format, arguments);
    va_end(arguments);
    return rc;
}

enum stator_rc stator_command_list(struct stator_call *call, const struct stator_answer **answer,
                                   struct stator_bytes text, const struct stator_value *arguments, size_t count)
{
    struct stator_builder *builder = stator_builder_new(&call->client->allocator, 0);
    struct stator_request request;
    struct stator_error err = {.rc = STATOR_OK};

    if (answer != NULL)
        *answer = NULL;
    err.rc = stator_command_build_list(builder, &request, &err, text, arguments, count);
    return finish(call, builder, answer, &request, &err);
}
