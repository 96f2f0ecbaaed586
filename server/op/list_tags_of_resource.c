/* SPDX-License-Identifier: Apache-2.0 */
/* ListTagsOfResource: all tags at once. There are never more than fit on the service's first page, so that no token is
 * ever given out. */
#include "op/resource.h"

enum stator_rc op_list_tags_of_resource(struct engine *engine, struct job *job)
{
    const struct ListTagsOfResourceInput *in = job->input;
    struct ListTagsOfResourceOutput *out = ARENA_NEW(&job->arena, struct ListTagsOfResourceOutput);
    struct table *table;

    STATOR_TRY(resource_check_tagging(in->ResourceArn, true, "", &job->error));
    STATOR_TRY(resource_tagged_table(&table, engine, job, in->ResourceArn));
    if (out == NULL)
        return stator_fail_memory(&job->error);
    out->Tags = table->extras->tags;
    out->Tags.set = true;
    job->output = out;
    return STATOR_OK;
}
