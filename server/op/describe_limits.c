/* SPDX-License-Identifier: Apache-2.0 */
#include "op/engine.h"
#include "op/table_throughput.h"

#define ACCOUNT_MAX (2 * THROUGHPUT_MAX) /* the service's default quota; remembered throughput is not summed up here */

enum stator_rc op_describe_limits(struct engine *engine, struct job *job)
{
    struct DescribeLimitsOutput *out = ARENA_NEW(&job->arena, struct DescribeLimitsOutput);

    (void)engine;
    if (out == NULL)
        return stator_fail_memory(&job->error);
    out->AccountMaxReadCapacityUnits = out->AccountMaxWriteCapacityUnits = API_INTEGER(ACCOUNT_MAX);
    out->TableMaxReadCapacityUnits = out->TableMaxWriteCapacityUnits = API_INTEGER(THROUGHPUT_MAX);
    job->output = out;
    return STATOR_OK;
}
