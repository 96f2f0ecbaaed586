/* SPDX-License-Identifier: Apache-2.0 */
#include "op/op.h"

#include "job/budget.h"
#include "op/engine.h"
#include "op/kept_settings.h"
#include "op/request.h"
#include "watch/log.h"
#include "json/writer.h"

/* The operations that are built. */
static operation_step *const steps[OPERATION_COUNT] = {
    [OPERATION_BatchExecuteStatement] = op_batch_execute_statement,
    [OPERATION_BatchGetItem] = op_batch_get_item,
    [OPERATION_BatchWriteItem] = op_batch_write_item,
    [OPERATION_CreateGlobalTable] = op_create_global_table,
    [OPERATION_CreateTable] = op_create_table,
    [OPERATION_DeleteItem] = op_delete_item,
    [OPERATION_DeleteResourcePolicy] = op_delete_resource_policy,
    [OPERATION_DeleteTable] = op_delete_table,
    [OPERATION_DescribeContinuousBackups] = op_describe_continuous_backups,
    [OPERATION_DescribeContributorInsights] = op_describe_contributor_insights,
    [OPERATION_DescribeEndpoints] = op_describe_endpoints,
    [OPERATION_DescribeGlobalTable] = op_describe_global_table,
    [OPERATION_DescribeGlobalTableSettings] = op_describe_global_table_settings,
    [OPERATION_DescribeKinesisStreamingDestination] = op_describe_kinesis_streaming_destination,
    [OPERATION_DescribeLimits] = op_describe_limits,
    [OPERATION_DescribeStream] = op_describe_stream,
    [OPERATION_DescribeTable] = op_describe_table,
    [OPERATION_DescribeTableReplicaAutoScaling] = op_describe_table_replica_auto_scaling,
    [OPERATION_DescribeTimeToLive] = op_describe_time_to_live,
    [OPERATION_DisableKinesisStreamingDestination] = op_disable_kinesis_streaming_destination,
    [OPERATION_EnableKinesisStreamingDestination] = op_enable_kinesis_streaming_destination,
    [OPERATION_ExecuteStatement] = op_execute_statement,
    [OPERATION_ExecuteTransaction] = op_execute_transaction,
    [OPERATION_GetItem] = op_get_item,
    [OPERATION_GetRecords] = op_get_records,
    [OPERATION_GetResourcePolicy] = op_get_resource_policy,
    [OPERATION_GetShardIterator] = op_get_shard_iterator,
    [OPERATION_ListContributorInsights] = op_list_contributor_insights,
    [OPERATION_ListGlobalTables] = op_list_global_tables,
    [OPERATION_ListStreams] = op_list_streams,
    [OPERATION_ListTables] = op_list_tables,
    [OPERATION_ListTagsOfResource] = op_list_tags_of_resource,
    [OPERATION_PutItem] = op_put_item,
    [OPERATION_PutResourcePolicy] = op_put_resource_policy,
    [OPERATION_Query] = op_query,
    [OPERATION_Scan] = op_scan,
    [OPERATION_TagResource] = op_tag_resource,
    [OPERATION_TransactGetItems] = op_transact_get_items,
    [OPERATION_TransactWriteItems] = op_transact_write_items,
    [OPERATION_UntagResource] = op_untag_resource,
    [OPERATION_UpdateContinuousBackups] = op_update_continuous_backups,
    [OPERATION_UpdateContributorInsights] = op_update_contributor_insights,
    [OPERATION_UpdateGlobalTable] = op_update_global_table,
    [OPERATION_UpdateGlobalTableSettings] = op_update_global_table_settings,
    [OPERATION_UpdateItem] = op_update_item,
    [OPERATION_UpdateKinesisStreamingDestination] = op_update_kinesis_streaming_destination,
    [OPERATION_UpdateTable] = op_update_table,
    [OPERATION_UpdateTableReplicaAutoScaling] = op_update_table_replica_auto_scaling,
    [OPERATION_UpdateTimeToLive] = op_update_time_to_live,
};

static void write_error(struct job *job)
{
    const struct stator_error_info *info = stator_error_info(job->error.rc);
    struct bytes text = bytes_present(job->error_text) ? job->error_text : bytes_of_string(job->error.message);
    struct json_writer writer = json_writer_of(&job->answer);

    job->rc = job->error.rc;
    buf_reset(&job->answer);
    json_object_begin(&writer);
    json_key(&writer, BYTES("__type"));
    json_string(&writer, bytes_of_string(info->type));
    if (job->error_item.set) {
        json_key(&writer, BYTES("Item"));
        item_write(writer.buf, &job->error_item);
        writer.comma = true;
    }
    if (bytes_present(job->error_reasons)) {
        json_key(&writer, BYTES("CancellationReasons"));
        json_raw(&writer, job->error_reasons);
    }
    if (bytes_present(job->error_throttling)) {
        json_key(&writer, job->error.rc == STATOR_THROUGHPUT_THROTTLED ? BYTES("throttlingReasons")
                                                                       : BYTES("ThrottlingReasons"));
        json_raw(&writer, job->error_throttling);
    }
    if (text.len != 0) {
        json_key(&writer, bytes_of_string(info->text_member));
        json_string(&writer, text);
    }
    json_object_end(&writer);
}

static enum stator_rc decode(const struct engine *engine, struct job *job)
{
    const struct operation_info *info = operation_info(job->operation);

    if (job->input != NULL)
        return STATOR_OK; /* a later step */
    STATOR_TRY(message_decode(&job->input, info->input, job->body, &job->arena, &job->error));
    job->decoded = arena_mark(&job->arena);
    return message_validate(info->input, job->input, engine->options.wording, &job->error);
}

/* A loop's share of an expression's work is below a millisecond, and a small part of that while others have waited long for
 * the loop; that of a worker for quick jobs is some milliseconds; all of it is some 100 ms at worst. */
#define BUDGET_BRIEF   ((uint64_t)8 * 1024)
#define BUDGET_ON_LOOP ((uint64_t)256 * 1024)
#define BUDGET_QUICK   ((uint64_t)2 * 1024 * 1024)
#define BUDGET         ((uint64_t)32 * 1024 * 1024)

/* What goes on among the slow goes on with what it has left; what begins there, or comes there, has all of it. */
static void begin_budget(const struct engine *engine, struct job *job)
{
    if (!job->on_worker)
        job->budget = (struct expr_budget){job->brief ? BUDGET_BRIEF : BUDGET_ON_LOOP, true, &engine->hurried};
    else if (!job->slow)
        job->budget = (struct expr_budget){BUDGET_QUICK, true, &engine->hurried};
    else if (job->progress == NULL || job->budget.later)
        job->budget = (struct expr_budget){BUDGET, false, &engine->hurried};
}

static enum stator_rc run(struct engine *engine, struct job *job)
{
    const struct operation_info *info = operation_info(job->operation);

    begin_budget(engine, job);
    job->latch = 0;
    STATOR_TRY(decode(engine, job));
    if (steps[job->operation] == NULL)
        return stator_fail(&job->error, STATOR_VALIDATION, "The operation %s is not supported by Stator yet",
                           info->name);
    STATOR_TRY(steps[job->operation](engine, job));
    return job->arena.failed ? stator_fail_memory(&job->error) : STATOR_OK; /* an answer that lacks something is none */
}

static void log_no_memory(const struct job *job)
{
    LOG_LINE(LOG_LEVEL_WARN, "refusing a request: the memory of requests is used up (--memory-mib)",
             LOG_STRING("request_id", job->request_id));
}

/* A request that outgrows its own arena will never fit; one that finds no room beside the others may, later. */
static void tell_no_memory(struct job *job)
{
    if (job->arena.exhausted) {
        stator_fail(&job->error, STATOR_VALIDATION, "The request needs more memory than a request may take");
    } else {
        stator_fail(&job->error, STATOR_THROTTLING, OP_NO_MEMORY_TEXT);
        log_no_memory(job);
    }
}

/* An error may have as much to say as an answer: the item, or the items, that a condition failed on. Nothing was done
 * then, and what finds no room is asked again. */
void op_answer_error(struct job *job)
{
    write_error(job);
    if (!job->answer.failed)
        return;
    tell_no_memory(job);
    job->error_item = (struct item){0};
    job->error_reasons = job->error_text = job->error_throttling = (struct bytes){0};
    write_error(job);
}

/* What has changed nothing may be asked for again. */
static bool only_reads(const struct job *job)
{
    switch (job->operation) {
    case OPERATION_GetItem:
    case OPERATION_BatchGetItem:
    case OPERATION_Query:
    case OPERATION_Scan:
    case OPERATION_TransactGetItems:
    case OPERATION_GetRecords:
    case OPERATION_DescribeTable:
        return true;
    case OPERATION_ExecuteStatement: /* a SELECT has pages */
        return job->progress != NULL;
    default:
        return false;
    }
}

static void encode_output(struct job *job)
{
    const struct operation_info *info = operation_info(job->operation);

    if (job->answer.len != 0)
        message_encode_rest(&job->answer, info->output, job->output);
    else if (info->output != NULL)
        message_encode(&job->answer, info->output, job->output);
}

enum stator_rc op_encode(struct job *job)
{
    encode_output(job);
    if (job->answer.failed) {
        buf_reset(&job->answer);
        return stator_fail_memory(&job->error);
    }
    job->encoded = true;
    return STATOR_OK;
}

/* The change is done, and the answer must say so: it is made beside the budget. Only of batches: op_encode. */
static void encode_beside_budget(struct job *job)
{
    const struct stator_allocator *beside = budget_beside(job->answer.allocator);

    buf_deinit(&job->answer);
    buf_init_with(&job->answer, JOB_ANSWER_MAX, beside);
    encode_output(job);
    if (!job->answer.failed)
        return;
    stator_fail(&job->error, STATOR_INTERNAL_SERVER_ERROR,
                "The request is done, but its answer is larger than an answer may be");
    op_answer_error(job);
}

static void encode(struct job *job)
{
    if (job->encoded)
        return;
    encode_output(job);
    if (job->answer.failed && !only_reads(job))
        encode_beside_budget(job);
    if (!job->answer.failed)
        return;
    tell_no_memory(job);
    op_answer_error(job);
}

/* The next step will be the first again: while the job waits for it, with a thousand others perhaps, it keeps no more than
 * the request. */
static void begin_anew(struct job *job)
{
    job_release(job);
    job->table_name = (struct bytes){0};
    arena_rewind(&job->arena, job->decoded);
}

#define MET_DAMAGE                                                                                                     \
    "a read met damage in the data directory: stop the server and let stator check tell, or put back a sound copy of " \
    "it"
#define DISK_FAILS                                                                                                     \
    "a read met damage on the disk of the data directory, which does not answer: look at it first (dmesg, mount); "    \
    "the "                                                                                                             \
    "data may be sound. If it answers again, start the server again; if not, put back a sound copy"

/* Like lines are counted by the log, not written. */
static void tell_damage(struct engine *engine, const struct job *job)
{
    uint64_t met = store_damaged_reads(engine->db.store);

    if (atomic_exchange(&engine->damage_told, met) != met)
        LOG_LINE(LOG_LEVEL_ERROR, strstr(job->error.message, STORE_DISK_FAILS) != NULL ? DISK_FAILS : MET_DAMAGE,
                 LOG_TEXT("table", job->table_name), LOG_STRING("reason", job->error.message));
}

enum op_outcome op_run(struct engine *engine, struct job *job)
{
    enum stator_rc rc;

    if (job->progress == NULL)
        job->frozen = store_frozen(engine->db.store);
    durable_seen_begin(job->wait.epoch, job->frozen ? engine->db.durability : NULL);
    rc = run(engine, job);
    if (rc == STATOR_INTERNAL_SERVER_ERROR)
        tell_damage(engine, job);
    job->wait.epoch = durable_seen();
    if (rc == STATOR_AGAIN) {
        job->slow |= job->on_worker && job->latch == 0;
        if (job->progress == NULL)
            begin_anew(job);
        return OP_WORK;
    }
    if (rc == STATOR_NO_MEMORY)
        tell_no_memory(job);
    else
        job->error.rc = rc;
    job->rc = rc;
    if (rc == STATOR_OK) {
        kept_settings_tell(engine, job);
        encode(job);
    } else {
        op_answer_error(job);
    }
    job_release(job);
    if (durability_reached(engine->db.durability, job->wait.epoch))
        return OP_DONE;
    job->repeats = only_reads(job);
    return OP_SYNC;
}

void op_repeat(struct job *job)
{
    stator_assert(job->repeats && job->input != NULL);
    job->repeats = job->encoded = job->as_service = false;
    job->progress = NULL;
    job->output = NULL;
    job->wait.epoch = 0;
    job->error_item = (struct item){0};
    job->error_reasons = job->error_text = job->error_throttling = (struct bytes){0};
    job->error = (struct stator_error){.rc = STATOR_OK};
    buf_reset(&job->answer);
    begin_anew(job);
}

void op_park(struct engine *engine, struct job *job, void (*wake)(struct latch_wait *wait))
{
    job->latch_wait = (struct latch_wait){.latch = job->latch - 1, .wake = wake};
    job->latch = 0;
    job->parkings++;
    job->slow |= job->parkings > REQUEST_PARKINGS;    /* it may wait for long */
    latch_park(engine->db.latches, &job->latch_wait); /* it may be on a worker already */
}
