/* SPDX-License-Identifier: Apache-2.0 */
/* The members of a batch have nothing to do with each other: they are carried out one after the other, and the fault of
 * one is told in its place of the answer. A member that is done stays done, so the batch remembers how far it is when
 * it must go on on a worker. */
#include "op/statement.h"
#include "op/throttle.h"
#include "plan/key.h"

#define MEMBERS_ON_LOOP 10 /* a longer batch is carried out on a worker */

struct member {
    struct statement statement;
    enum stator_rc rc; /* it was refused before it ran */
};

/* What the batch consumes of one version of a table. */
struct consumed {
    const struct table *table;
    double units;
    uint32_t *index_units;
};

struct batch_execution {
    struct engine *engine;
    struct job *job;
    struct member *members;
    struct BatchStatementResponse *responses;
    struct BatchStatementError *errors;
    struct consumed *consumed; /* one for each table, and more if its indexes changed meanwhile */
    size_t consumed_count;
    size_t next; /* the member to be carried out */
};

/* --- Faults of members -------------------------------------------------------------------------------------------- */

static enum BatchStatementErrorCodeEnum code_of(enum stator_rc rc)
{
    switch (rc) {
    case STATOR_VALIDATION:
        return BatchStatementErrorCodeEnum_ValidationError;
    case STATOR_RESOURCE_NOT_FOUND:
        return BatchStatementErrorCodeEnum_ResourceNotFound;
    case STATOR_CONDITIONAL_CHECK_FAILED:
        return BatchStatementErrorCodeEnum_ConditionalCheckFailed;
    case STATOR_DUPLICATE_ITEM:
        return BatchStatementErrorCodeEnum_DuplicateItem;
    case STATOR_ACCESS_DENIED:
        return BatchStatementErrorCodeEnum_AccessDenied;
    case STATOR_TRANSACTION_CONFLICT:
        return BatchStatementErrorCodeEnum_TransactionConflict;
    case STATOR_ITEM_COLLECTION_SIZE_LIMIT_EXCEEDED:
        return BatchStatementErrorCodeEnum_ItemCollectionSizeLimitExceeded;
    case STATOR_PROVISIONED_THROUGHPUT_EXCEEDED:
        return BatchStatementErrorCodeEnum_ProvisionedThroughputExceeded;
    case STATOR_REQUEST_LIMIT_EXCEEDED:
        return BatchStatementErrorCodeEnum_RequestLimitExceeded;
    case STATOR_THROTTLING:
    case STATOR_THROUGHPUT_THROTTLED:
        return BatchStatementErrorCodeEnum_ThrottlingError;
    default:
        return BatchStatementErrorCodeEnum_InternalServerError;
    }
}

/* The fault in job->error becomes that of member i. Only what is no member's own fault ends the batch. */
static enum stator_rc tell(struct batch_execution *batch, size_t i, enum stator_rc rc)
{
    struct BatchStatementError *error = &batch->errors[i];
    struct bytes text = bytes_of_string(batch->job->error.message);

    if (rc == STATOR_OK || rc == STATOR_AGAIN)
        return rc;
    batch->responses[i].Item = (struct item){0};
    if (rc == STATOR_NO_MEMORY) { /* what was done before stays done, and is told */
        batch->job->arena.failed = false;
        error->Code = API_ENUM(BatchStatementErrorCodeEnum_ThrottlingError);
        error->Item = (struct item){0};
        error->Message = BYTES(OP_NO_MEMORY_TEXT);
        batch->responses[i].Error = error;
        return STATOR_OK;
    }
    batch->job->error_throttling = (struct bytes){NULL, 0}; /* there is no place for it */
    error->Code = API_ENUM(code_of(rc));
    error->Message = arena_copy(&batch->job->arena, text);
    batch->responses[i].Error = error;
    return bytes_present(error->Message) ? STATOR_OK : stator_fail_memory(&batch->job->error);
}

/* --- Before anything is done -------------------------------------------------------------------------------------- */

static enum stator_rc read_member(struct batch_execution *batch, size_t i)
{
    struct statement *statement = &batch->members[i].statement;
    struct job *job = batch->job;

    STATOR_TRY(statement_check_parameters(statement->parameters, &job->error));
    STATOR_TRY(statement_read(statement, batch->engine, job));
    if (statement->partiql.what == PARTIQL_EXISTS)
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "EXISTS can only be used in ExecuteTransaction write requests.");
    return STATOR_OK;
}

static enum stator_rc read_members(struct batch_execution *batch)
{
    const struct BatchExecuteStatementInput *in = batch->job->input;
    bool reads = false, writes = false;

    for (size_t i = 0; i < in->Statements.count; i++) {
        const struct BatchStatementRequest *request = &in->Statements.at[i];
        struct member *member = &batch->members[i];

        member->statement.text = request->Statement;
        member->statement.parameters = &request->Parameters;
        member->rc = read_member(batch, i);
        STATOR_TRY(tell(batch, i, member->rc));
        if (member->rc == STATOR_OK) {
            reads |= statement_reads(&member->statement);
            writes |= !statement_reads(&member->statement);
        }
    }
    if (reads && writes)
        return stator_fail(&batch->job->error, STATOR_VALIDATION,
                           "BatchExecuteStatement API does not support both read and write operations in the same "
                           "request.");
    return STATOR_OK;
}

static enum stator_rc open_batch(struct batch_execution **out, struct engine *engine, struct job *job)
{
    const struct BatchExecuteStatementInput *in = job->input;
    size_t count = in->Statements.count;
    struct batch_execution *batch = ARENA_NEW(&job->arena, struct batch_execution);

    if (batch == NULL)
        return stator_fail_memory(&job->error);
    batch->engine = engine;
    batch->job = job;
    batch->members = ARENA_ARRAY(&job->arena, struct member, count);
    batch->responses = ARENA_ARRAY(&job->arena, struct BatchStatementResponse, count);
    batch->errors = ARENA_ARRAY(&job->arena, struct BatchStatementError, count);
    batch->consumed = ARENA_ARRAY(&job->arena, struct consumed, count + 1);
    if (batch->members == NULL || batch->responses == NULL || batch->errors == NULL || batch->consumed == NULL)
        return stator_fail_memory(&job->error);
    job->progress = batch;
    *out = batch;
    return read_members(batch);
}

/* --- Carrying out ------------------------------------------------------------------------------------------------- */

/* The entry of the table, in whichever version it was met first, with the same indexes. */
static struct consumed *consumed_by(struct batch_execution *batch, const struct table *table)
{
    struct consumed *new;

    for (size_t i = 0; i < batch->consumed_count; i++) {
        const struct table *met = batch->consumed[i].table;

        if (met->state == table->state && met->index_count == table->index_count)
            return &batch->consumed[i];
    }
    new = &batch->consumed[batch->consumed_count];
    new->index_units = ARENA_ARRAY(&batch->job->arena, uint32_t, table->index_count);
    if (new->index_units == NULL)
        return NULL;
    new->table = table;
    batch->consumed_count++;
    return new;
}

static enum stator_rc read_item(struct batch_execution *batch, size_t i, struct table *table)
{
    const struct BatchExecuteStatementInput *in = batch->job->input;
    const struct statement *statement = &batch->members[i].statement;
    struct job *job = batch->job;
    struct read_result read = {0};
    struct statement_key key;
    struct consumed *consumed;
    struct throttle_use use;
    enum stator_rc rc;

    STATOR_TRY(
        statement_read_key(&key, statement, table, batch->engine, "BatchExecuteStatement", &job->arena, &job->error));
    consumed = consumed_by(batch, table);
    if (consumed == NULL)
        return stator_fail_memory(&job->error);
    use = throttle_use_of_item(batch->engine, table, CAPACITY_READ, &key.key);
    STATOR_TRY(throttle_admit(batch->engine, job, &use));
    rc = table_get_paid(&batch->engine->db, table, &key.key, NULL, job->on_worker, &job->budget, &read, &job->error);
    if (rc == STATOR_OK && read.exists &&
        !expr_budget_allows(&job->budget, expr_answer_cost(stored_item_answer_bytes(&read.item),
                                                           statement->partiql.projection != NULL)))
        rc = STATOR_AGAIN;
    if (rc == STATOR_OK && read.exists)
        rc = statement_item(&batch->responses[i].Item, statement, &read, &job->arena, &job->error);
    if (rc == STATOR_OK) {
        double units =
            request_read_units(read.exists ? read.item.size_bytes : 0, in->Statements.at[i].ConsistentRead == API_TRUE);

        consumed->units += units;
        throttle_charge(batch->engine, job, &use, units);
        batch->responses[i].TableName = table->name;
    }
    store_release(&read.pinned);
    return rc;
}

/* What a write's answer is made from, before it is stored. */
struct answering {
    struct batch_execution *batch;
    size_t i;
    struct table *table;
    const struct write_result *result;
};

static void consume(struct consumed *consumed, const struct write_result *result)
{
    consumed->units += request_write_units(result);
    for (size_t k = 0; result->index_units != NULL && k < consumed->table->index_count; k++)
        consumed->index_units[k] += result->index_units[k];
}

/* A copy: the item lies in what the write has pinned. */
static enum stator_rc copy_item(struct item *item, struct arena *arena, struct stator_error *err)
{
    struct buf json;

    if (!item->set)
        return STATOR_OK;
    buf_init_with(&json, JOB_ANSWER_MAX, arena->allocator);
    item_write(&json, item);
    *item = (struct item){.set = true};
    if (!json.failed)
        item->json = arena_copy(arena, buf_bytes(&json));
    buf_deinit(&json);
    return bytes_present(item->json) ? STATOR_OK : stator_fail_memory(err);
}

static enum stator_rc make_answer(void *context, struct stator_error *err)
{
    struct answering *answering = context;
    struct batch_execution *batch = answering->batch;
    struct item *item = &batch->responses[answering->i].Item;
    struct arena *arena = &batch->job->arena;
    struct consumed *consumed = consumed_by(batch, answering->table);

    if (consumed == NULL)
        return stator_fail_memory(err);
    STATOR_TRY(
        throttle_admit_indexes(batch->engine, batch->job, answering->table, answering->result->index_units, NULL));
    STATOR_TRY(statement_returned(item, &batch->members[answering->i].statement, answering->result, arena, err));
    STATOR_TRY(copy_item(item, arena, err));
    return arena->failed ? stator_fail_memory(err) : STATOR_OK;
}

static enum stator_rc condition_failed(struct batch_execution *batch, size_t i, const struct write_result *result)
{
    const struct BatchExecuteStatementInput *in = batch->job->input;
    const struct statement *statement = &batch->members[i].statement;
    struct item *item = &batch->errors[i].Item;

    if (in->Statements.at[i].ReturnValuesOnConditionCheckFailure.value == ReturnValuesOnConditionCheckFailure_ALL_OLD &&
        statement->partiql.what != PARTIQL_INSERT && result->existed) {
        *item = stored_item_answer(&result->old);
        STATOR_TRY(copy_item(item, &batch->job->arena, &batch->job->error));
    }
    return statement_condition_failed(statement, &batch->job->error);
}

/* On that version of the table; *stale: it is superseded, and nothing is done. */
static enum stator_rc write_once(struct batch_execution *batch, size_t i, struct table *table, bool *stale)
{
    struct job *job = batch->job;
    struct write_result result = {0};
    struct answering answering = {batch, i, table, &result};
    struct statement_write bound;
    struct throttle_use use;
    enum stator_rc rc;

    STATOR_TRY(statement_bind(&bound, &batch->members[i].statement, table, false, &job->arena, &job->error));
    use = throttle_use_of_item(batch->engine, table, CAPACITY_WRITE, bound.write.key);
    STATOR_TRY(throttle_admit(batch->engine, job, &use));
    bound.write.before_commit = make_answer;
    bound.write.context = &answering;
    bound.write.budget = &job->budget;
    rc = table_write(&batch->engine->db, &bound.write, request_wait(job), &result, &job->arena, &job->error);
    *stale = rc == STATOR_OK && result.stale;
    job->latch = result.busy;
    if (rc != STATOR_AGAIN && !*stale)
        batch->responses[i].TableName = table->name;
    if (rc == STATOR_OK && !result.stale) {
        struct consumed *consumed = consumed_by(batch, table);

        throttle_charge_write(batch->engine, job, table, bound.write.key, request_write_units(&result),
                              result.index_units);
        if (consumed != NULL)
            consume(consumed, &result);
        if (result.condition_failed)
            rc = condition_failed(batch, i, &result);
    }
    write_result_release(&result);
    return rc;
}

static enum stator_rc execute(struct batch_execution *batch, size_t i)
{
    const struct statement *statement = &batch->members[i].statement;
    struct table *table;
    enum stator_rc rc;
    bool stale;

    do {
        stale = false;
        STATOR_TRY(op_table(&table, batch->engine, batch->job, statement->partiql.table, OP_DATA));
        rc = statement_reads(statement) ? read_item(batch, i, table) : write_once(batch, i, table, &stale);
    } while (rc == STATOR_OK && stale);
    return rc;
}

/* --- The answer --------------------------------------------------------------------------------------------------- */

static struct ConsumedCapacityMultiple capacity(struct batch_execution *batch)
{
    const struct BatchExecuteStatementInput *in = batch->job->input;
    struct ConsumedCapacity *list = ARENA_ARRAY(&batch->job->arena, struct ConsumedCapacity, batch->consumed_count);
    struct ConsumedCapacityMultiple out = {0};

    for (size_t i = 0; list != NULL && i < batch->consumed_count; i++) {
        const struct consumed *consumed = &batch->consumed[i];
        const struct ConsumedCapacity *one = request_capacity(
            &in->ReturnConsumedCapacity, consumed->table, consumed->units, consumed->index_units, &batch->job->arena);

        if (one == NULL)
            return out;
        list[i] = *one;
        out = (struct ConsumedCapacityMultiple)API_LIST(list, i + 1);
    }
    return out;
}

enum stator_rc op_batch_execute_statement(struct engine *engine, struct job *job)
{
    const struct BatchExecuteStatementInput *in = job->input;
    struct BatchExecuteStatementOutput *out = ARENA_NEW(&job->arena, struct BatchExecuteStatementOutput);
    struct batch_execution *batch = job->progress;

    if (out == NULL)
        return stator_fail_memory(&job->error);
    if (in->Statements.count > MEMBERS_ON_LOOP && !job->on_worker)
        return STATOR_AGAIN;
    if (batch == NULL)
        STATOR_TRY(open_batch(&batch, engine, job));
    for (; batch->next < in->Statements.count; batch->next++) {
        size_t i = batch->next;

        if (batch->members[i].rc == STATOR_OK)
            STATOR_TRY(tell(batch, i, execute(batch, i)));
    }
    out->Responses = (struct PartiQLBatchResponse)API_LIST(batch->responses, in->Statements.count);
    out->ConsumedCapacity = capacity(batch);
    job->arena.failed = false; /* it is all done, with or without its capacity */
    job->output = out;
    return STATOR_OK;
}
