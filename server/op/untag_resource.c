/* SPDX-License-Identifier: Apache-2.0 */
#include "op/resource.h"
#include "op/table_options.h"

static bool has_key(const struct TagKeyList *keys, struct bytes key)
{
    for (size_t i = 0; i < keys->count; i++) {
        if (bytes_equal(keys->at[i], key))
            return true;
    }
    return false;
}

static enum stator_rc check_keys(const struct TagKeyList *keys, struct stator_error *err)
{
    if (keys->count == 0)
        return stator_fail(err, STATOR_VALIDATION, "Atleast one Tag Key needs to be provided as Input.");
    STATOR_TRY(options_check_tag_count(keys->count, err));
    for (size_t i = 0; i < keys->count; i++)
        STATOR_TRY(options_check_tag_key(keys->at[i], err));
    return STATOR_OK;
}

static enum stator_rc untag(struct engine *engine, struct job *job)
{
    const struct UntagResourceInput *in = job->input;
    struct table_extras extras;
    struct table *table;
    struct Tag *kept;
    size_t count = 0;

    STATOR_TRY(resource_tagged_table(&table, engine, job, in->ResourceArn));
    STATOR_TRY(resource_check_settled(table, &job->error));
    extras = *table->extras;
    kept = ARENA_ARRAY(&job->arena, struct Tag, extras.tags.count);
    if (kept == NULL)
        return stator_fail_memory(&job->error);
    for (size_t i = 0; i < extras.tags.count; i++) {
        if (!has_key(&in->TagKeys, extras.tags.at[i].Key))
            kept[count++] = extras.tags.at[i];
    }
    if (count == extras.tags.count)
        return STATOR_OK; /* nothing to take away is no fault */
    extras.tags = (struct TagList)API_LIST(kept, count);
    return resource_store(engine, job, table, &extras);
}

enum stator_rc op_untag_resource(struct engine *engine, struct job *job)
{
    const struct UntagResourceInput *in = job->input;

    STATOR_TRY(resource_check_tagging(in->ResourceArn, in->TagKeys.set, "tagKeys", &job->error));
    STATOR_TRY(check_keys(&in->TagKeys, &job->error));
    return resource_change(engine, job, untag);
}
