/* SPDX-License-Identifier: Apache-2.0 */
#include "op/resource.h"
#include "op/table_options.h"

/* The table's tags with these put among them. At most TABLE_TAGS_MAX. */
static enum stator_rc merge(struct TagList *out, const struct TagList *there, const struct TagList *given,
                            struct job *job)
{
    struct Tag *tags = ARENA_ARRAY(&job->arena, struct Tag, there->count + given->count);
    size_t count = there->count;

    if (tags == NULL)
        return stator_fail_memory(&job->error);
    if (count != 0)
        memcpy(tags, there->at, count * sizeof(*tags));
    for (size_t i = 0; i < given->count; i++) {
        size_t at = 0;

        while (at < count && !bytes_equal(tags[at].Key, given->at[i].Key))
            at++;
        tags[at] = given->at[i];
        if (at == count)
            count++;
    }
    *out = (struct TagList)API_LIST(tags, count);
    return options_check_tag_count(count, &job->error);
}

static enum stator_rc tag(struct engine *engine, struct job *job)
{
    const struct TagResourceInput *in = job->input;
    struct table_extras extras;
    struct table *table;

    STATOR_TRY(resource_tagged_table(&table, engine, job, in->ResourceArn));
    STATOR_TRY(resource_check_settled(table, &job->error));
    extras = *table->extras;
    STATOR_TRY(merge(&extras.tags, &table->extras->tags, &in->Tags, job));
    return resource_store(engine, job, table, &extras);
}

enum stator_rc op_tag_resource(struct engine *engine, struct job *job)
{
    const struct TagResourceInput *in = job->input;

    STATOR_TRY(resource_check_tagging(in->ResourceArn, in->Tags.set, "tags", &job->error));
    if (in->Tags.count == 0)
        return stator_fail(&job->error, STATOR_VALIDATION, "Atleast one Tag needs to be provided as Input.");
    STATOR_TRY(options_check_tags(&in->Tags, &job->error));
    return resource_change(engine, job, tag);
}
