/* SPDX-License-Identifier: Apache-2.0 */
/* The typed calls: each hands its structures to call_run() or async_start() with the operation's shapes. */
#include "call.h"

#include "stator/items.h"
#include "stator/streams.h"
#include "stator/tables.h"

/* Not proto's own table, which holds the shapes of all 66: these are what the library then has to carry. */
static const struct operation_info operations[OPERATION_COUNT] = {
#define PUBLIC_OPERATION(operation, name_, target_, in_shape, in, out_shape, out)                                      \
    [OPERATION_##operation] = {                                                                                        \
        .name = #operation, .target = (target_), .input = &shape_of_##in_shape, .output = &shape_of_##out_shape},
#define PUBLIC_OPERATION_SILENT(operation, name_, target_, in_shape, in)                                               \
    [OPERATION_##operation] = {.name = #operation, .target = (target_), .input = &shape_of_##in_shape},
#include "api.def"
};

const struct operation_info *call_operation(enum operation operation)
{
    return &operations[operation];
}

const char *call_target(const char *name)
{
    for (int i = OPERATION_NONE + 1; i < OPERATION_COUNT; i++)
        if (operations[i].name != NULL && strcmp(operations[i].name, name) == 0)
            return operations[i].target;
    return NULL;
}

static const void *answer_of(const struct stator_call *call, enum operation operation)
{
    return call->operation == operation ? call->answer : NULL;
}

#define STARTER(operation, name, input)                                                                                \
    enum stator_rc stator_##name##_start(struct stator_async *async, struct stator_call *call,                         \
                                         const struct stator_##input *in, stator_done *done, void *user)               \
    {                                                                                                                  \
        return async_start(async, call, OPERATION_##operation, in, done, user);                                        \
    }
#define PUBLIC_OPERATION(operation, name, target, in_shape, input, out_shape, output)                                  \
    enum stator_rc stator_##name(struct stator_call *call, const struct stator_##input *in,                            \
                                 const struct stator_##output **out)                                                   \
    {                                                                                                                  \
        const void *answer = NULL;                                                                                     \
        enum stator_rc rc = call_run(call, OPERATION_##operation, in, &answer);                                        \
                                                                                                                       \
        if (out != NULL)                                                                                               \
            *out = answer;                                                                                             \
        return rc;                                                                                                     \
    }                                                                                                                  \
    STARTER(operation, name, input)                                                                                    \
    const struct stator_##output *stator_##name##_answer(const struct stator_call *call)                               \
    {                                                                                                                  \
        return answer_of(call, OPERATION_##operation);                                                                 \
    }
#define PUBLIC_OPERATION_SILENT(operation, name, target, in_shape, input)                                              \
    enum stator_rc stator_##name(struct stator_call *call, const struct stator_##input *in)                            \
    {                                                                                                                  \
        return call_run(call, OPERATION_##operation, in, NULL);                                                        \
    }                                                                                                                  \
    STARTER(operation, name, input)
#include "api.def"
