/* SPDX-License-Identifier: Apache-2.0 */
#include "op/op.h"

#include "op/engine.h"
#include "json/writer.h"

/* The operations that are built. */
static operation_step *const steps[OPERATION_COUNT] = {
    [OPERATION_BatchGetItem] = op_batch_get_item,
    [OPERATION_BatchWriteItem] = op_batch_write_item,
    [OPERATION_CreateTable] = op_create_table,
    [OPERATION_DeleteItem] = op_delete_item,
    [OPERATION_DeleteTable] = op_delete_table,
    [OPERATION_DescribeTable] = op_describe_table,
    [OPERATION_DescribeTimeToLive] = op_describe_time_to_live,
    [OPERATION_GetItem] = op_get_item,
    [OPERATION_ListTables] = op_list_tables,
    [OPERATION_PutItem] = op_put_item,
    [OPERATION_Query] = op_query,
    [OPERATION_Scan] = op_scan,
    [OPERATION_UpdateItem] = op_update_item,
    [OPERATION_UpdateTable] = op_update_table,
    [OPERATION_UpdateTimeToLive] = op_update_time_to_live,
};

void op_answer_error(struct job *job)
{
    const struct stator_error_info *info = stator_error_info(job->error.rc);
    struct json_writer writer = json_writer_of(&job->answer);

    job->rc = job->error.rc;
    buf_reset(&job->answer);
    json_object_begin(&writer);
    json_key(&writer, BYTES("__type"));
    json_string(&writer, bytes_of_string(info->type));
    if (bytes_present(job->error_item)) {
        json_key(&writer, BYTES("Item"));
        json_raw(&writer, job->error_item);
    }
    if (bytes_present(job->error_throttling)) {
        json_key(&writer, job->error.rc == STATOR_THROUGHPUT_THROTTLED ? BYTES("throttlingReasons")
                                                                       : BYTES("ThrottlingReasons"));
        json_raw(&writer, job->error_throttling);
    }
    if (job->error.message[0] != '\0') {
        json_key(&writer, bytes_of_string(info->text_member));
        json_string(&writer, bytes_of_string(job->error.message));
    }
    json_object_end(&writer);
}

static enum stator_rc decode(const struct engine *engine, struct job *job)
{
    const struct operation_info *info = operation_info(job->operation);

    if (job->input != NULL)
        return STATOR_OK; /* a later step */
    STATOR_TRY(message_decode(&job->input, info->input, job->body, &job->arena, &job->error));
    return message_validate(info->input, job->input, engine->options.wording, &job->error);
}

static enum stator_rc run(struct engine *engine, struct job *job)
{
    const struct operation_info *info = operation_info(job->operation);

    STATOR_TRY(decode(engine, job));
    if (steps[job->operation] == NULL)
        return stator_fail(&job->error, STATOR_UNKNOWN_OPERATION, "Stator does not support the operation %s yet",
                           info->name);
    STATOR_TRY(steps[job->operation](engine, job));
    return job->arena.failed ? stator_fail_memory(&job->error) : STATOR_OK; /* an answer that lacks something is none */
}

static void encode(struct job *job)
{
    const struct operation_info *info = operation_info(job->operation);

    buf_reset(&job->answer);
    if (info->output != NULL)
        message_encode(&job->answer, info->output, job->output);
    if (!job->answer.failed)
        return;
    stator_fail(&job->error, STATOR_INTERNAL_SERVER_ERROR, "The answer is larger than an answer may be");
    op_answer_error(job);
}

/* Releases what the operation holds, once its answer is finished. */
static void cleanup(struct job *job)
{
    if (job->cleanup != NULL)
        job->cleanup(job);
    job->cleanup = NULL;
}

enum op_outcome op_run(struct engine *engine, struct job *job)
{
    enum stator_rc rc = run(engine, job);

    if (rc == STATOR_AGAIN)
        return OP_WORK;
    job->error.rc = rc;
    job->rc = rc;
    if (rc == STATOR_OK)
        encode(job);
    else
        op_answer_error(job);
    cleanup(job);
    return durability_reached(engine->db.durability, job->wait.epoch) ? OP_DONE : OP_SYNC;
}
