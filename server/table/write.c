/* SPDX-License-Identifier: Apache-2.0 */
#include "table/write.h"

#include "table/write_group.h"

/* What has a part of the series so long that it is cut is likely in the next, too: it begins with fewer, whose items are
 * all brought from the disk before the first is written. */
static void cut(struct write_group *group, struct write_series *series, size_t count)
{
    write_group_cut(group, count);
    series->part_max = 2 * count;
}

static enum stator_rc write_opened(struct write_group *group, struct write_series *series, enum write_wait wait,
                                   struct stator_error *err)
{
    struct write_result *results = &series->results[series->done];
    bool fresh;

    STATOR_TRY(write_group_check_free(group, err));
    STATOR_TRY(write_group_take(group, wait, &fresh, &results[0].busy, err));
    for (size_t i = 0; i < group->count; i++)
        results[i].stale = !fresh;
    if (!fresh)
        return STATOR_OK;
    for (size_t i = 0; i < group->count; i++) {
        if (i != 0 && store_batch_bytes(group->site.batch) >= WRITE_PART_BYTES)
            cut(group, series, i);
        else
            STATOR_TRY(write_group_prepare(group, i, wait, err));
    }
    STATOR_TRY(write_group_commit(group, wait, err));
    series->done += group->count;
    return STATOR_OK;
}

enum stator_rc table_write_part(struct database *db, struct write_series *series, enum write_wait wait,
                                struct arena *arena, struct stator_error *err)
{
    size_t from = series->done, left = series->count - from;
    size_t count = series->part_max != 0 && series->part_max < left ? series->part_max : left;
    struct write_group group;
    enum stator_rc rc = write_group_open(&group, db, &series->writes[from], &series->results[from], count, arena, err);

    group.charged = series->charged;
    if (rc == STATOR_OK)
        rc = write_opened(&group, series, wait, err);
    series->charged = group.charged;
    write_group_close(&group);
    return rc;
}

enum stator_rc table_write(struct database *db, const struct write *write, enum write_wait wait,
                           struct write_result *result, struct arena *arena, struct stator_error *err)
{
    struct write_series series = {.writes = write, .results = result, .count = 1};

    return table_write_part(db, &series, wait, arena, err);
}

void write_result_release(struct write_result *result)
{
    store_release(&result->pinned);
}
