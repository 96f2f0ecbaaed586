/* SPDX-License-Identifier: Apache-2.0 */
#include "op/table_stream.h"

#include "op/table_options.h"

enum stator_rc table_stream_name(struct engine *engine, struct bytes namespace_, struct TableDescription *draft,
                                 double seconds, struct job *job)
{
    bool taken = true;

    while (taken) {
        struct stream *other;

        draft->LatestStreamLabel = options_stream_label(seconds, &job->arena);
        draft->LatestStreamArn = options_stream_arn(draft->TableArn, draft->LatestStreamLabel, &job->arena);
        if (!bytes_present(draft->LatestStreamArn))
            return stator_fail_memory(&job->error);
        other = streams_named(engine->db.streams, namespace_, draft->LatestStreamArn);
        taken = other != NULL;
        stream_release(other);
        seconds += 0.001;
    }
    return STATOR_OK;
}

static struct bytes key_name(const struct TableDescription *description, enum KeyType type)
{
    for (size_t i = 0; i < description->KeySchema.count; i++) {
        if (description->KeySchema.at[i].KeyType.value == (int)type)
            return description->KeySchema.at[i].AttributeName;
    }
    return BYTES("");
}

static enum stator_rc begin_stream(struct table_stream *change, struct bytes namespace_,
                                   const struct TableDescription *description, struct table_extras *extras,
                                   struct stator_error *err)
{
    struct stream_about about = {
        .view = (enum StreamViewType)description->StreamSpecification->StreamViewType.value,
        .namespace_ = namespace_,
        .table_name = description->TableName,
        .arn = description->LatestStreamArn,
        .label = description->LatestStreamLabel,
        .hash_name = key_name(description, KeyType_HASH),
        .range_name = key_name(description, KeyType_RANGE),
    };

    STATOR_TRY(catalog_new_id(&extras->stream, change->engine->db.catalog, err));
    return streams_add(change->engine->db.streams, &change->begun, extras->stream, &about, change->batch, err);
}

static enum stator_rc end_stream(struct table_stream *change, struct table_extras *extras, struct stator_error *err)
{
    change->ended = streams_find(change->engine->db.streams, extras->stream);
    extras->stream = 0;
    return change->ended != NULL ? streams_end(change->ended, change->now_ms, change->batch, err) : STATOR_OK;
}

enum stator_rc table_stream_begin(struct table_stream *change, struct bytes namespace_, const struct table *previous,
                                  const struct TableDescription *description, struct table_extras *extras,
                                  struct stator_error *err)
{
    bool has = previous != NULL && previous->extras->stream != 0;
    bool wants =
        description->StreamSpecification != NULL && description->StreamSpecification->StreamEnabled == API_TRUE;

    if (has == wants)
        return STATOR_OK;
    change->now_ms = stream_now_ms();
    change->batch = store_batch_new(change->engine->db.store);
    if (change->batch == NULL)
        return stator_fail_memory(err);
    return wants ? begin_stream(change, namespace_, description, extras, err) : end_stream(change, extras, err);
}

void table_stream_end(struct table_stream *change, bool stored)
{
    struct database *db = &change->engine->db;

    if (change->begun != NULL && stored)
        streams_show(db->streams, change->begun);
    else if (change->begun != NULL)
        streams_drop(db->streams, change->begun);
    if (change->ended != NULL && stored) {
        latch_barrier(db->latches); /* no writer goes on with a version that had it */
        streams_ended(change->ended, change->now_ms);
    }
    stream_release(change->ended);
    store_batch_free(change->batch);
}
