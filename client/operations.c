/* SPDX-License-Identifier: Apache-2.0 */
/* The typed calls: each hands its structures to call_run() or async_start() with the operation's shapes. */
#include "call.h"

#include "stator/items.h"
#include "stator/streams.h"
#include "stator/tables.h"

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
#define PUBLIC_OPERATION(operation, name, input, output)                                                               \
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
#define PUBLIC_OPERATION_SILENT(operation, name, input, output)                                                        \
    enum stator_rc stator_##name(struct stator_call *call, const struct stator_##input *in)                            \
    {                                                                                                                  \
        return call_run(call, OPERATION_##operation, in, NULL);                                                        \
    }                                                                                                                  \
    STARTER(operation, name, input)
#include "api.def"
