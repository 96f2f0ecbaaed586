/* SPDX-License-Identifier: Apache-2.0 */
#include "op/select.h"

/* A write of ExecuteStatement on its way. */
struct execution {
    struct item_write item_write; /* first */
    struct statement *statement;
    struct statement_write bound;
};

static struct execution *execution_of(const struct item_write *item_write)
{
    return (struct execution *)item_write;
}

/* The table's version decides which conditions of WHERE are its key. */
static enum stator_rc bind(const struct table *table, struct item_write *item_write, struct job *job)
{
    struct execution *execution = execution_of(item_write);
    struct write *write = &item_write->write;

    STATOR_TRY(statement_bind(&execution->bound, execution->statement, table, false, &job->arena, &job->error));
    execution->bound.write.before_commit = write->before_commit;
    execution->bound.write.context = write->context;
    *write = execution->bound.write;
    return STATOR_OK;
}

static enum stator_rc answer(struct engine *engine, struct job *job, const struct item_write *done)
{
    const struct ExecuteStatementInput *in = job->input;
    struct ExecuteStatementOutput *out = ARENA_NEW(&job->arena, struct ExecuteStatementOutput);
    struct item *item = ARENA_NEW(&job->arena, struct item);

    (void)engine;
    if (out == NULL || item == NULL)
        return stator_fail_memory(&job->error);
    STATOR_TRY(statement_returned(item, execution_of(done)->statement, &done->result, &job->arena, &job->error));
    out->Items = (struct ItemList)API_LIST(item, item->set);
    out->ConsumedCapacity =
        request_write_capacity(&in->ReturnConsumedCapacity, done->table, &done->result, &job->arena);
    job->output = out;
    return STATOR_OK;
}

static enum stator_rc condition_failed(const struct execution *execution, struct job *job)
{
    const struct ExecuteStatementInput *in = job->input;

    if (execution->statement->partiql.what == PARTIQL_INSERT)
        return statement_condition_failed(execution->statement, &job->error);
    return request_condition_failed(job, &in->ReturnValuesOnConditionCheckFailure, &execution->item_write.result);
}

static enum stator_rc write_item(struct statement *statement, struct engine *engine, struct job *job)
{
    struct execution *execution = ARENA_NEW(&job->arena, struct execution);

    if (execution == NULL)
        return stator_fail_memory(&job->error);
    execution->statement = statement;
    execution->item_write.table_name = statement->partiql.table;
    execution->item_write.check = bind;
    execution->item_write.answer = answer;
    STATOR_TRY(request_write(&execution->item_write, engine, job));
    return execution->item_write.result.condition_failed ? condition_failed(execution, job) : STATOR_OK;
}

enum stator_rc op_execute_statement(struct engine *engine, struct job *job)
{
    const struct ExecuteStatementInput *in = job->input;
    struct statement *statement;

    if (select_is_open(job))
        return select_step(engine, job);
    statement = ARENA_NEW(&job->arena, struct statement);
    if (statement == NULL)
        return stator_fail_memory(&job->error);
    statement->text = in->Statement;
    statement->parameters = &in->Parameters;
    STATOR_TRY(statement_check_parameters(&in->Parameters, &job->error));
    STATOR_TRY(statement_read(statement, engine, job));
    if (statement->partiql.what == PARTIQL_EXISTS)
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "EXISTS can only be used in ExecuteTransaction write requests.");
    if (!statement_reads(statement))
        return write_item(statement, engine, job);
    STATOR_TRY(select_open(statement, engine, job));
    return select_step(engine, job);
}
