/* SPDX-License-Identifier: Apache-2.0 */
#include "op/stream.h"

#include <stdlib.h>

#include "stream/name.h"

#define DESCRIBE_SHARDS_MAX 100

/* Enabling and disabling last as long as the table's transition. */
static enum StreamStatus status_of(struct engine *engine, const struct stream *stream)
{
    struct table *table = catalog_find(engine->db.catalog, stream->about.namespace_, stream->about.table_name);
    bool disabled = atomic_load(&((struct stream *)(uintptr_t)stream)->disabled_ms) != 0, changing = false;

    if (table != NULL && bytes_equal(table->description->LatestStreamArn, stream->about.arn)) {
        changing = (table->extras->transition.kinds & (TRANSITION_STREAM | TRANSITION_CREATE)) != 0;
        if (table->status == TableStatus_DELETING)
            changing = disabled = true;
    }
    table_release(table);
    if (disabled)
        return changing ? StreamStatus_DISABLING : StreamStatus_DISABLED;
    return changing ? StreamStatus_ENABLING : StreamStatus_ENABLED;
}

static const struct KeySchemaElement *describe_key(const struct stream_about *about, size_t *count, struct arena *arena)
{
    struct KeySchemaElement *key = ARENA_ARRAY(arena, struct KeySchemaElement, 2);

    if (key == NULL)
        return NULL;
    key[0] = (struct KeySchemaElement){.AttributeName = arena_copy(arena, about->hash_name),
                                       .KeyType = API_ENUM(KeyType_HASH)};
    key[1] = (struct KeySchemaElement){.AttributeName = arena_copy(arena, about->range_name),
                                       .KeyType = API_ENUM(KeyType_RANGE)};
    *count = about->range_name.len != 0 ? 2 : 1;
    return key;
}

static bool describe_shard(struct Shard *out, const struct lane_view *view, struct arena *arena)
{
    struct SequenceNumberRange *range = ARENA_NEW(arena, struct SequenceNumberRange);

    if (range == NULL)
        return false;
    out->ShardId = op_stream_text(stream_shard_write, view->shard.start, arena);
    if (view->shard.parent != 0)
        out->ParentShardId = op_stream_text(stream_shard_write, view->shard.parent, arena);
    range->StartingSequenceNumber = op_stream_text(stream_number_write, view->shard.start, arena);
    if (!view->open)
        range->EndingSequenceNumber = op_stream_text(stream_number_write, view->shard.last, arena);
    out->SequenceNumberRange = range;
    return !arena->failed;
}

/* --- Which shards ------------------------------------------------------------------------------------------------- */

/* What the request asks for of the shards, which are listed by their ids. */
struct wanted {
    uint64_t after; /* start of the last one that was seen */
    bool children;  /* only those whose parent is `parent` */
    uint64_t parent;
    size_t max;
};

/* Ids are compared as texts: one that is none of ours stands before all or behind. */
static uint64_t start_behind(struct bytes shard_id)
{
    uint64_t start;

    if (!bytes_present(shard_id))
        return 0;
    if (stream_shard_read(&start, shard_id))
        return start;
    return bytes_compare(shard_id, BYTES("shardId-")) < 0 ? 0 : UINT64_MAX - 1;
}

static enum stator_rc read_wanted(struct wanted *out, const struct DescribeStreamInput *in, struct stator_error *err)
{
    out->after = start_behind(in->ExclusiveStartShardId);
    out->max = in->Limit.set ? (size_t)in->Limit.value : DESCRIBE_SHARDS_MAX;
    out->children = in->ShardFilter != NULL;
    if (!out->children)
        return STATOR_OK;
    if (in->ShardFilter->Type.value == 0 || !bytes_present(in->ShardFilter->ShardId))
        return stator_fail(err, STATOR_VALIDATION, "ShardFilter must have both a Type and a ShardId");
    if (!stream_shard_read(&out->parent, in->ShardFilter->ShardId))
        return stator_fail(err, STATOR_RESOURCE_NOT_FOUND, "Requested resource not found: Shard does not exist");
    return STATOR_OK;
}

static int by_start(const void *a, const void *b)
{
    const struct lane_view *one = a, *other = b;

    return (one->shard.start > other->shard.start) - (one->shard.start < other->shard.start);
}

/* Of one lane: those that are wanted, and one more to tell that there is one. */
static size_t collect_lane(struct lane_view *views, struct lane *lane, const struct wanted *wanted)
{
    if (!wanted->children)
        return lane_list(lane, wanted->after, views, wanted->max + 1);
    /* The child of a shard begins after it, and nothing of its lane begins in between. */
    if (wanted->parent % STREAM_NUMBER_STEP != lane->index || lane_list(lane, wanted->parent, views, 1) == 0)
        return 0;
    return views->shard.parent == wanted->parent && views->shard.start > wanted->after ? 1 : 0;
}

static struct lane_view *collect(const struct stream *stream, const struct wanted *wanted, size_t *count,
                                 struct arena *arena)
{
    struct lane_view *views = ARENA_ARRAY(arena, struct lane_view, (wanted->max + 1) * (size_t)stream->about.lanes);

    *count = 0;
    if (views == NULL)
        return NULL;
    for (uint32_t i = 0; i < stream->about.lanes; i++)
        *count += collect_lane(views + *count, &stream->lanes[i], wanted);
    qsort(views, *count, sizeof(*views), by_start);
    return views;
}

/* --- The answer --------------------------------------------------------------------------------------------------- */

static enum stator_rc describe_shards(struct StreamDescription *out, const struct stream *stream,
                                      const struct wanted *wanted, struct job *job)
{
    size_t count, shown;
    struct lane_view *views = collect(stream, wanted, &count, &job->arena);
    struct Shard *shards;

    shown = count < wanted->max ? count : wanted->max;
    shards = ARENA_ARRAY(&job->arena, struct Shard, shown);
    if (views == NULL || shards == NULL)
        return stator_fail_memory(&job->error);
    for (size_t i = 0; i < shown; i++) {
        if (!describe_shard(&shards[i], &views[i], &job->arena))
            return stator_fail_memory(&job->error);
    }
    out->Shards = (struct ShardDescriptionList)API_LIST(shards, shown);
    if (count > shown)
        out->LastEvaluatedShardId = shards[shown - 1].ShardId;
    return STATOR_OK;
}

static enum stator_rc describe(struct engine *engine, struct job *job, const struct stream *stream,
                               const struct wanted *wanted)
{
    struct DescribeStreamOutput *out = ARENA_NEW(&job->arena, struct DescribeStreamOutput);
    struct StreamDescription *description = ARENA_NEW(&job->arena, struct StreamDescription);
    const struct stream_about *about = &stream->about;
    struct KeySchema *key;

    if (out == NULL || description == NULL)
        return stator_fail_memory(&job->error);
    key = &description->KeySchema;
    key->at = describe_key(about, &key->count, &job->arena);
    key->set = true;
    description->StreamArn = arena_copy(&job->arena, about->arn);
    description->StreamLabel = arena_copy(&job->arena, about->label);
    description->StreamStatus = API_ENUM(status_of(engine, stream));
    description->StreamViewType = API_ENUM(about->view);
    description->CreationRequestDateTime = API_DOUBLE((double)about->created_ms / 1000);
    description->TableName = arena_copy(&job->arena, about->table_name);
    out->StreamDescription = description;
    job->output = out;
    return job->arena.failed ? stator_fail_memory(&job->error) : describe_shards(description, stream, wanted, job);
}

enum stator_rc op_describe_stream(struct engine *engine, struct job *job)
{
    const struct DescribeStreamInput *in = job->input;
    struct stream *stream;
    struct wanted wanted;
    enum stator_rc rc;

    STATOR_TRY(op_stream(&stream, engine, job, in->StreamArn));
    rc = read_wanted(&wanted, in, &job->error);
    if (rc == STATOR_OK)
        rc = describe(engine, job, stream, &wanted);
    stream_release(stream);
    return rc;
}
