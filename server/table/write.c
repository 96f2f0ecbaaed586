/* SPDX-License-Identifier: Apache-2.0 */
#include "table/write.h"

#include "table/write_group.h"

static enum stator_rc write_opened(struct write_group *group, enum write_wait wait, struct write_result *results,
                                   struct stator_error *err)
{
    bool fresh;

    STATOR_TRY(write_group_check_free(group, err));
    STATOR_TRY(write_group_take(group, wait, &fresh, &results[0].busy, err));
    for (size_t i = 0; i < group->count; i++)
        results[i].stale = !fresh;
    if (!fresh)
        return STATOR_OK;
    for (size_t i = 0; i < group->count; i++)
        STATOR_TRY(write_group_prepare(group, i, wait, err));
    return write_group_commit(group, wait, err);
}

enum stator_rc table_write_many(struct database *db, const struct write *writes, size_t count, enum write_wait wait,
                                struct write_result *results, struct arena *arena, struct stator_error *err)
{
    struct write_group group;
    enum stator_rc rc = write_group_open(&group, db, writes, results, count, arena, err);

    if (rc == STATOR_OK)
        rc = write_opened(&group, wait, results, err);
    write_group_close(&group);
    return rc;
}

enum stator_rc table_write(struct database *db, const struct write *write, enum write_wait wait,
                           struct write_result *result, struct arena *arena, struct stator_error *err)
{
    return table_write_many(db, write, 1, wait, result, arena, err);
}

void write_result_release(struct write_result *result)
{
    store_release(&result->pinned);
}
