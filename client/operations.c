/* SPDX-License-Identifier: Apache-2.0 */
/* The typed calls: each hands its structures to call_run() with the operation's shapes. */
#include "call.h"

#include "stator/items.h"
#include "stator/streams.h"
#include "stator/tables.h"

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
    }
#define PUBLIC_OPERATION_SILENT(operation, name, input, output)                                                        \
    enum stator_rc stator_##name(struct stator_call *call, const struct stator_##input *in)                            \
    {                                                                                                                  \
        return call_run(call, OPERATION_##operation, in, NULL);                                                        \
    }
#include "api.def"
