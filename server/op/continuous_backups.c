/* SPDX-License-Identifier: Apache-2.0 */
/* DescribeContinuousBackups and UpdateContinuousBackups: point-in-time recovery as a setting. What it promises to
 * restore from is not kept yet. */
#include <math.h>

#include "op/resource.h"
#include "op/table_change.h"

#define PERIOD_DAYS    35  /* unless another one is asked for */
#define LATEST_SECONDS 300 /* the service can restore up to five minutes ago */
#define DAY_SECONDS    86400

/* These operations have an error of their own for a table that is not there. */
static enum stator_rc find(struct table **out, struct engine *engine, struct job *job, struct bytes name)
{
    enum stator_rc rc = op_table(out, engine, job, name, OP_CONTROL);
    struct bytes bare = op_table_name(name);

    if (rc == STATOR_RESOURCE_NOT_FOUND)
        return stator_fail(&job->error, STATOR_TABLE_NOT_FOUND, "Table not found: %.*s", BYTES_ARG(bare));
    STATOR_TRY(rc);
    return STATOR_OK;
}

/* What is kept of it, with the times of now. NULL when the arena is full. */
static const struct PointInTimeRecoveryDescription *describe_recovery(const struct PointInTimeRecoveryDescription *kept,
                                                                      double now, struct arena *arena)
{
    struct PointInTimeRecoveryDescription *out = ARENA_NEW(arena, struct PointInTimeRecoveryDescription);
    double enabled;

    if (out == NULL)
        return NULL;
    out->PointInTimeRecoveryStatus = API_ENUM(PointInTimeRecoveryStatus_DISABLED);
    if (kept == NULL)
        return out;
    *out = *kept;
    enabled = kept->EarliestRestorableDateTime.value;
    out->EarliestRestorableDateTime =
        API_DOUBLE(fmax(enabled, floor(now) - (double)(kept->RecoveryPeriodInDays.value * DAY_SECONDS)));
    out->LatestRestorableDateTime = API_DOUBLE(fmax(enabled, floor(now) - LATEST_SECONDS));
    return out;
}

static const struct ContinuousBackupsDescription *
describe(const struct table *table, const struct PointInTimeRecoveryDescription *kept, struct arena *arena)
{
    struct ContinuousBackupsDescription *out = ARENA_NEW(arena, struct ContinuousBackupsDescription);

    if (out == NULL)
        return NULL;
    out->ContinuousBackupsStatus = API_ENUM(table->status == TableStatus_CREATING ? ContinuousBackupsStatus_DISABLED
                                                                                  : ContinuousBackupsStatus_ENABLED);
    out->PointInTimeRecoveryDescription = describe_recovery(kept, op_now(), arena);
    return out->PointInTimeRecoveryDescription != NULL ? out : NULL;
}

enum stator_rc op_describe_continuous_backups(struct engine *engine, struct job *job)
{
    const struct DescribeContinuousBackupsInput *in = job->input;
    struct DescribeContinuousBackupsOutput *out = ARENA_NEW(&job->arena, struct DescribeContinuousBackupsOutput);
    struct table *table;

    STATOR_TRY(find(&table, engine, job, in->TableName));
    if (out == NULL)
        return stator_fail_memory(&job->error);
    out->ContinuousBackupsDescription = describe(table, table->extras->settings.recovery, &job->arena);
    if (out->ContinuousBackupsDescription == NULL)
        return stator_fail_memory(&job->error);
    job->output = out;
    return STATOR_OK;
}

/* The setting after the request; NULL: off, or (*failed) the arena is full. */
static const struct PointInTimeRecoveryDescription *changed(const struct PointInTimeRecoveryDescription *kept,
                                                            const struct PointInTimeRecoverySpecification *asked,
                                                            struct arena *arena, bool *failed)
{
    struct PointInTimeRecoveryDescription *out;

    *failed = false;
    if (asked->PointInTimeRecoveryEnabled != API_TRUE)
        return NULL;
    out = ARENA_NEW(arena, struct PointInTimeRecoveryDescription);
    *failed = out == NULL;
    if (out == NULL)
        return NULL;
    out->PointInTimeRecoveryStatus = API_ENUM(PointInTimeRecoveryStatus_ENABLED);
    out->EarliestRestorableDateTime = kept != NULL ? kept->EarliestRestorableDateTime : API_DOUBLE(floor(op_now()));
    out->RecoveryPeriodInDays = asked->RecoveryPeriodInDays.set ? asked->RecoveryPeriodInDays
                                : kept != NULL                  ? kept->RecoveryPeriodInDays
                                                                : API_INTEGER(PERIOD_DAYS);
    return out;
}

static enum stator_rc update(struct engine *engine, struct job *job)
{
    const struct UpdateContinuousBackupsInput *in = job->input;
    struct UpdateContinuousBackupsOutput *out = ARENA_NEW(&job->arena, struct UpdateContinuousBackupsOutput);
    struct table_extras extras;
    struct table *table;
    bool failed;

    STATOR_TRY(find(&table, engine, job, in->TableName));
    if (table->status == TableStatus_CREATING)
        return stator_fail(&job->error, STATOR_CONTINUOUS_BACKUPS_UNAVAILABLE,
                           "Backups are being enabled for the table: %.*s. Please retry later", BYTES_ARG(table->name));
    extras = *table->extras;
    extras.settings.recovery =
        changed(extras.settings.recovery, in->PointInTimeRecoverySpecification, &job->arena, &failed);
    if (failed || out == NULL)
        return stator_fail_memory(&job->error);
    out->ContinuousBackupsDescription = describe(table, extras.settings.recovery, &job->arena);
    if (out->ContinuousBackupsDescription == NULL)
        return stator_fail_memory(&job->error);
    job->output = out;
    return resource_store(engine, job, table, &extras);
}

enum stator_rc op_update_continuous_backups(struct engine *engine, struct job *job)
{
    const struct UpdateContinuousBackupsInput *in = job->input;
    const struct PointInTimeRecoverySpecification *asked = in->PointInTimeRecoverySpecification;

    if (asked->PointInTimeRecoveryEnabled != API_TRUE && asked->RecoveryPeriodInDays.set)
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "Invalid Request: Cannot specify RecoveryPeriodInDays when disabling point-in-time "
                           "recovery.");
    return resource_change(engine, job, update);
}
