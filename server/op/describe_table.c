/* SPDX-License-Identifier: Apache-2.0 */
#include "op/engine.h"
#include "op/table_change.h"

enum stator_rc op_describe_table(struct engine *engine, struct job *job)
{
    const struct DescribeTableInput *in = job->input;
    struct DescribeTableOutput *out = ARENA_NEW(&job->arena, struct DescribeTableOutput);
    struct table *table;

    if (out == NULL)
        return stator_fail_memory(&job->error);
    STATOR_TRY(op_table(&table, engine, job, in->TableName, OP_CONTROL));
    out->Table = table_describe(engine, table->description, table, op_now(), &job->arena);
    if (out->Table == NULL)
        return stator_fail_memory(&job->error);
    job->output = out;
    return STATOR_OK;
}
