/* SPDX-License-Identifier: Apache-2.0 */
/* Statements as the actions of one transaction. What is wrong with a statement itself is told of the whole request,
 * what does not fit its table as a reason why the transaction is cancelled; so is a table that is not there. */
#include "op/statement.h"
#include "op/transaction.h"
#include "op/transaction_answer.h"
#include "plan/key.h"

#define IDENTITY_MAX ((size_t)64 * 1024 * 1024) /* a request of 16 MB written canonically */

struct script {
    struct transaction t; /* first */
    struct statement *statements;
    struct statement_write *writes; /* what the actions borrow from */
    bool reads;                     /* all are SELECTs; else none is */
};

static const struct ParameterizedStatements *given(const struct script *script)
{
    const struct ExecuteTransactionInput *in = script->t.job->input;

    return &in->TransactStatements;
}

/* --- Statements --------------------------------------------------------------------------------------------------- */

/* The fault in job->error is that of statement i. */
static enum stator_rc tell(const struct script *script, size_t i, enum stator_rc rc)
{
    struct job *job = script->t.job;
    struct stator_error bare;

    if (rc != STATOR_VALIDATION)
        return rc;
    bare = job->error;
    return stator_fail(&job->error, rc, "Validation failed in TransactStatements[%zu]: %s", i, bare.message);
}

static enum stator_rc read_statements(struct script *script)
{
    const struct ParameterizedStatements *in = given(script);
    struct job *job = script->t.job;
    bool reads = false, writes = false;

    for (size_t i = 0; i < in->count; i++)
        STATOR_TRY(statement_check_parameters(&in->at[i].Parameters, &job->error));
    for (size_t i = 0; i < in->count; i++) {
        struct statement *statement = &script->statements[i];

        statement->text = in->at[i].Statement;
        statement->parameters = &in->at[i].Parameters;
        STATOR_TRY(tell(script, i, statement_read(statement, script->t.engine, job)));
        reads |= statement_reads(statement);
        writes |= !statement_reads(statement);
    }
    if (reads && writes)
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "ExecuteTransaction API does not support both read and write operations in the same "
                           "request.");
    script->reads = reads;
    return STATOR_OK;
}

/* What a statement may not say in a transaction, told of the whole request. */
static enum stator_rc check_statement(const struct script *script, size_t i, const struct table *table)
{
    const struct statement *statement = &script->statements[i];
    struct job *job = script->t.job;
    struct statement_key key;

    if (statement->partiql.returning != PARTIQL_RETURNING_NOTHING)
        return stator_fail(&job->error, STATOR_VALIDATION, "RETURNING clause is not supported in ExecuteTransaction.");
    if (bytes_present(statement->partiql.index))
        return stator_fail(&job->error, STATOR_VALIDATION, "Reads on indices are not supported within transactions.");
    if (statement->partiql.what == PARTIQL_EXISTS)
        return statement_check_key(&key, statement, table, &job->arena, &job->error);
    if (!script->reads)
        return STATOR_OK;
    return statement_read_key(&key, statement, table, script->t.engine, "ExecuteTransaction", &job->arena, &job->error);
}

/* The tables that are there now. What is missing is a reason, but only if no statement is wrong in itself. */
static enum stator_rc check_tables(struct script *script)
{
    struct transaction *t = &script->t;
    struct stator_error *reasons = ARENA_ARRAY(&t->job->arena, struct stator_error, t->count);
    bool missing = false;

    if (reasons == NULL)
        return stator_fail_memory(&t->job->error);
    for (size_t i = 0; i < t->count; i++) {
        struct table *table;
        enum stator_rc rc = op_table(&table, t->engine, t->job, t->actions[i].table_name, OP_DATA);

        if (rc == STATOR_RESOURCE_NOT_FOUND) {
            reasons[i] = t->job->error;
            missing = true;
            continue;
        }
        STATOR_TRY(rc);
        STATOR_TRY(tell(script, i, check_statement(script, i, table)));
    }
    return missing ? transaction_cancelled(t, reasons, NULL) : STATOR_OK;
}

/* --- Actions ------------------------------------------------------------------------------------------------------ */

static enum stator_rc plan_read(struct script *script, size_t i, const struct table *table, struct stator_error *err)
{
    const struct statement *statement = &script->statements[i];
    struct statement_write *bound = &script->writes[i];

    STATOR_TRY(statement_read_key(&bound->key, statement, table, script->t.engine, "ExecuteTransaction",
                                  &script->t.job->arena, err));
    STATOR_TRY(key_check(table, &bound->key.key, err));
    script->t.actions[i].write.key = &bound->key.key;
    script->t.actions[i].projection = statement->partiql.projection;
    return key_check_paths(table, statement->partiql.projection, NULL, err);
}

static enum stator_rc plan(struct transaction *t, size_t i, const struct table *table, struct stator_error *err)
{
    struct script *script = (struct script *)t;
    struct statement_write *bound = &script->writes[i];

    t->actions[i].write.kind = WRITE_CHECK;
    t->actions[i].write.key = &script->statements[i].partiql.item; /* nothing, while there is none */
    if (script->reads)
        return plan_read(script, i, table, err);
    STATOR_TRY(statement_bind(bound, &script->statements[i], table, true, &t->job->arena, err));
    t->actions[i].write = bound->write;
    return STATOR_OK;
}

static void make_actions(struct script *script)
{
    const struct ParameterizedStatements *in = given(script);

    for (size_t i = 0; i < script->t.count; i++) {
        const struct partiql_statement *partiql = &script->statements[i].partiql;

        script->t.actions[i] = (struct transaction_action){
            .table_name = partiql->table,
            .failure = partiql->what == PARTIQL_INSERT ? STATOR_DUPLICATE_ITEM : STATOR_CONDITIONAL_CHECK_FAILED,
            .return_old = partiql->what != PARTIQL_INSERT && in->at[i].ReturnValuesOnConditionCheckFailure.value ==
                                                                 ReturnValuesOnConditionCheckFailure_ALL_OLD,
        };
    }
}

/* The statements, their parameters in canonical form, and the options. */
static enum stator_rc make_identity(struct script *script)
{
    const struct ParameterizedStatements *in = given(script);
    struct transaction *t = &script->t;
    struct buf buf;

    if (!bytes_present(t->token))
        return STATOR_OK;
    buf_init(&buf, IDENTITY_MAX);
    buf_append_literal(&buf, "ExecuteTransaction");
    buf_append_byte(&buf, (uint8_t)t->capacity_wanted->value);
    for (size_t i = 0; i < in->count; i++) {
        buf_append_be32(&buf, (uint32_t)in->at[i].Statement.len);
        buf_append_bytes(&buf, in->at[i].Statement);
        buf_append_be32(&buf, (uint32_t)in->at[i].Parameters.count);
        for (size_t k = 0; k < in->at[i].Parameters.count; k++)
            value_write(&buf, &in->at[i].Parameters.at[k]);
        buf_append_byte(&buf, (uint8_t)in->at[i].ReturnValuesOnConditionCheckFailure.value);
    }
    if (!buf.failed)
        t->identity = arena_copy(&t->job->arena, buf_bytes(&buf));
    buf_deinit(&buf);
    return bytes_present(t->identity) ? STATOR_OK : stator_fail_memory(&t->job->error);
}

/* --- The operation ------------------------------------------------------------------------------------------------ */

static enum stator_rc answer(struct transaction *t, struct stator_error *err)
{
    const struct script *script = (const struct script *)t;
    struct ExecuteTransactionOutput *out = ARENA_NEW(&t->job->arena, struct ExecuteTransactionOutput);

    if (out == NULL)
        return stator_fail_memory(err);
    out->ConsumedCapacity = t->capacity;
    out->Responses = (struct ItemResponseList)API_LIST(t->responses, script->reads ? t->count : 0);
    t->job->output = out;
    return STATOR_OK;
}

enum stator_rc op_execute_transaction(struct engine *engine, struct job *job)
{
    const struct ExecuteTransactionInput *in = job->input;
    size_t count = in->TransactStatements.count;
    struct script script = {
        .t =
            {
                .engine = engine,
                .job = job,
                .count = count,
                .plan = plan,
                .answer = answer,
                .token = in->ClientRequestToken,
                .capacity_wanted = &in->ReturnConsumedCapacity,
            },
    };

    if (transaction_is_long(&script.t))
        return STATOR_AGAIN;
    script.t.actions = ARENA_ARRAY(&job->arena, struct transaction_action, count);
    script.statements = ARENA_ARRAY(&job->arena, struct statement, count);
    script.writes = ARENA_ARRAY(&job->arena, struct statement_write, count);
    if (script.t.actions == NULL || script.statements == NULL || script.writes == NULL)
        return stator_fail_memory(&job->error);
    STATOR_TRY(read_statements(&script));
    make_actions(&script);
    STATOR_TRY(check_tables(&script));
    STATOR_TRY(make_identity(&script));
    return script.reads ? transaction_read(&script.t) : transaction_write(&script.t);
}
