/* SPDX-License-Identifier: Apache-2.0 */
#include "op/engine.h"

#define LIST_TABLES_MAX 100

enum stator_rc op_list_tables(struct engine *engine, struct job *job)
{
    const struct ListTablesInput *in = job->input;
    struct ListTablesOutput *out = ARENA_NEW(&job->arena, struct ListTablesOutput);
    struct bytes *names;
    size_t count, max = in->Limit.set ? (size_t)in->Limit.value : LIST_TABLES_MAX;
    bool more;

    if (out == NULL)
        return stator_fail_memory(&job->error);
    STATOR_TRY(catalog_list(engine->db.catalog, op_namespace(engine, job), in->ExclusiveStartTableName, max, &names,
                            &count, &more, &job->arena, &job->error));
    out->TableNames = (struct TableNameList)API_LIST(names, count);
    if (more)
        out->LastEvaluatedTableName = names[count - 1];
    job->output = out;
    return STATOR_OK;
}
