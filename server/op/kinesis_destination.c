/* SPDX-License-Identifier: Apache-2.0 */
/* Enable-, Disable-, Update- and DescribeKinesisStreamingDestination: destinations as settings, with their statuses.
 * There is no Kinesis here: nothing is sent, and every stream's ARN is taken to be right.
 *
 *   ENABLING -> ACTIVE <-> UPDATING    ACTIVE -> DISABLING -> DISABLED -> ENABLING
 *
 * What settles does so by the clock: a status is kept with the time it began at. */
#include <math.h>

#include "op/resource.h"
#include "op/table_change.h"

#define DESTINATIONS_MAX 20 /* shown of one table; the oldest disabled ones are forgotten */
#define NOT_VALID        "Table is not in a valid state to enable Kinesis Streaming Destination: "

static uint64_t now_ms(void)
{
    return (uint64_t)llround(op_now() * 1000);
}

static int settled_status(const struct engine *engine, const struct destination *destination)
{
    int status = destination->entry->DestinationStatus.value;

    if (now_ms() < destination->since_ms + engine->options.transition_ms)
        return status;
    if (status == DestinationStatus_ENABLING || status == DestinationStatus_UPDATING)
        return DestinationStatus_ACTIVE;
    return status == DestinationStatus_DISABLING ? (int)DestinationStatus_DISABLED : status;
}

static const struct destination *find_destination(const struct table_settings *settings, struct bytes arn)
{
    for (size_t i = 0; i < settings->destination_count; i++) {
        if (bytes_equal(settings->destinations[i].entry->StreamArn, arn))
            return &settings->destinations[i];
    }
    return NULL;
}

static bool is_active(const struct engine *engine, const struct destination *destination)
{
    return destination != NULL && settled_status(engine, destination) == DestinationStatus_ACTIVE;
}

/* The table as it is now, held until the job is done. Within a change. */
static enum stator_rc find_table(struct table **out, struct engine *engine, struct job *job, struct bytes name)
{
    STATOR_TRY(op_table(out, engine, job, name, OP_CONTROL));
    return resource_check_settled(*out, &job->error);
}

/* Stores the destination first, in the place of what there was of the same stream. */
static enum stator_rc store(struct engine *engine, struct job *job, const struct table *table,
                            struct KinesisDataStreamDestination *entry)
{
    struct table_extras extras = *table->extras;
    const struct table_settings *settings = &table->extras->settings;
    struct destination *destinations = ARENA_ARRAY(&job->arena, struct destination, settings->destination_count + 1);
    size_t count = 1;

    if (destinations == NULL)
        return stator_fail_memory(&job->error);
    destinations[0] = (struct destination){.since_ms = now_ms(), .entry = entry};
    for (size_t i = 0; i < settings->destination_count && count < DESTINATIONS_MAX; i++) {
        if (!bytes_equal(settings->destinations[i].entry->StreamArn, entry->StreamArn))
            destinations[count++] = settings->destinations[i];
    }
    extras.settings.destinations = destinations;
    extras.settings.destination_count = count;
    return resource_store(engine, job, table, &extras);
}

static const struct KinesisStreamingDestinationOutput *
answer(const struct table *table, const struct KinesisDataStreamDestination *entry, struct arena *arena)
{
    struct KinesisStreamingDestinationOutput *out = ARENA_NEW(arena, struct KinesisStreamingDestinationOutput);
    struct EnableKinesisStreamingConfiguration *configuration =
        ARENA_NEW(arena, struct EnableKinesisStreamingConfiguration);

    if (out == NULL || configuration == NULL)
        return NULL;
    out->TableName = table->name;
    out->StreamArn = entry->StreamArn;
    out->DestinationStatus = entry->DestinationStatus;
    if (entry->DestinationStatus.value == DestinationStatus_ENABLING) {
        configuration->ApproximateCreationDateTimePrecision = entry->ApproximateCreationDateTimePrecision;
        out->EnableKinesisStreamingConfiguration = configuration; /* {} when nothing was asked for */
    }
    return out;
}

static enum stator_rc enable(struct engine *engine, struct job *job)
{
    const struct KinesisStreamingDestinationInput *in = job->input;
    struct KinesisDataStreamDestination *entry = ARENA_NEW(&job->arena, struct KinesisDataStreamDestination);
    const struct table_settings *settings;
    struct table *table;

    STATOR_TRY(find_table(&table, engine, job, in->TableName));
    settings = &table->extras->settings;
    for (size_t i = 0; i < settings->destination_count; i++) {
        if (settled_status(engine, &settings->destinations[i]) != DestinationStatus_DISABLED)
            return stator_fail(&job->error, STATOR_VALIDATION,
                               NOT_VALID "EnableKinesisStreamingDestination must be DISABLED or ENABLE_FAILED to "
                                         "perform ENABLE operation.");
    }
    if (entry == NULL)
        return stator_fail_memory(&job->error);
    entry->StreamArn = in->StreamArn;
    entry->DestinationStatus = API_ENUM(DestinationStatus_ENABLING);
    if (in->EnableKinesisStreamingConfiguration != NULL)
        entry->ApproximateCreationDateTimePrecision =
            in->EnableKinesisStreamingConfiguration->ApproximateCreationDateTimePrecision;
    job->output = answer(table, entry, &job->arena);
    return job->output != NULL ? store(engine, job, table, entry) : stator_fail_memory(&job->error);
}

enum stator_rc op_enable_kinesis_streaming_destination(struct engine *engine, struct job *job)
{
    return resource_change(engine, job, enable);
}

static enum stator_rc disable(struct engine *engine, struct job *job)
{
    const struct KinesisStreamingDestinationInput *in = job->input;
    struct KinesisDataStreamDestination *entry = ARENA_NEW(&job->arena, struct KinesisDataStreamDestination);
    const struct destination *there;
    struct table *table;

    STATOR_TRY(find_table(&table, engine, job, in->TableName));
    there = find_destination(&table->extras->settings, in->StreamArn);
    if (!is_active(engine, there))
        return stator_fail(&job->error, STATOR_VALIDATION,
                           NOT_VALID "KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.");
    if (entry == NULL)
        return stator_fail_memory(&job->error);
    *entry = *there->entry;
    entry->DestinationStatus = API_ENUM(DestinationStatus_DISABLING);
    job->output = answer(table, entry, &job->arena);
    return job->output != NULL ? store(engine, job, table, entry) : stator_fail_memory(&job->error);
}

enum stator_rc op_disable_kinesis_streaming_destination(struct engine *engine, struct job *job)
{
    const struct KinesisStreamingDestinationInput *in = job->input;

    if (in->EnableKinesisStreamingConfiguration != NULL &&
        in->EnableKinesisStreamingConfiguration->ApproximateCreationDateTimePrecision.value != 0)
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "Stream cannot be disabled using EnableKinesisStreamingConfiguration parameters");
    return resource_change(engine, job, disable);
}

static int precision_of(const struct KinesisDataStreamDestination *entry)
{
    int precision = entry->ApproximateCreationDateTimePrecision.value;

    return precision != 0 ? precision : (int)ApproximateCreationDateTimePrecision_MILLISECOND;
}

static enum stator_rc check_update(const struct engine *engine, struct job *job, const struct table *table,
                                   const struct destination *there)
{
    const struct UpdateKinesisStreamingDestinationInput *in = job->input;
    int asked = in->UpdateKinesisStreamingConfiguration->ApproximateCreationDateTimePrecision.value;
    struct bytes precision = message_enum_text(ApproximateCreationDateTimePrecision, asked);

    if (!is_active(engine, there))
        return stator_fail(&job->error, STATOR_VALIDATION,
                           NOT_VALID "Kinesis streaming is not in ACTIVE state. Updates are only allowed in ACTIVE "
                                     "state. TableName: %.*s, kdsArn: %.*s",
                           BYTES_ARG(table->name), BYTES_ARG(in->StreamArn));
    if (precision_of(there->entry) == asked)
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "Invalid Request: Precision is already set to the desired value of %.*s for tableId: %.*s, "
                           "kdsArn: %.*s",
                           BYTES_ARG(precision), BYTES_ARG(table->description->TableId), BYTES_ARG(in->StreamArn));
    return STATOR_OK;
}

static enum stator_rc update(struct engine *engine, struct job *job)
{
    const struct UpdateKinesisStreamingDestinationInput *in = job->input;
    struct UpdateKinesisStreamingDestinationOutput *out =
        ARENA_NEW(&job->arena, struct UpdateKinesisStreamingDestinationOutput);
    struct KinesisDataStreamDestination *entry = ARENA_NEW(&job->arena, struct KinesisDataStreamDestination);
    const struct destination *there;
    struct table *table;

    STATOR_TRY(find_table(&table, engine, job, in->TableName));
    there = find_destination(&table->extras->settings, in->StreamArn);
    STATOR_TRY(check_update(engine, job, table, there));
    if (entry == NULL || out == NULL)
        return stator_fail_memory(&job->error);
    *entry = *there->entry;
    entry->DestinationStatus = API_ENUM(DestinationStatus_UPDATING);
    entry->ApproximateCreationDateTimePrecision =
        in->UpdateKinesisStreamingConfiguration->ApproximateCreationDateTimePrecision;
    out->TableName = table->name;
    out->StreamArn = entry->StreamArn;
    out->DestinationStatus = entry->DestinationStatus;
    out->UpdateKinesisStreamingConfiguration = in->UpdateKinesisStreamingConfiguration;
    job->output = out;
    return store(engine, job, table, entry);
}

enum stator_rc op_update_kinesis_streaming_destination(struct engine *engine, struct job *job)
{
    const struct UpdateKinesisStreamingDestinationInput *in = job->input;

    if (in->UpdateKinesisStreamingConfiguration == NULL ||
        in->UpdateKinesisStreamingConfiguration->ApproximateCreationDateTimePrecision.value == 0)
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "Streaming destination cannot be updated with given parameters: "
                           "UpdateKinesisStreamingConfiguration cannot be null or contain only null values");
    return resource_change(engine, job, update);
}

enum stator_rc op_describe_kinesis_streaming_destination(struct engine *engine, struct job *job)
{
    const struct DescribeKinesisStreamingDestinationInput *in = job->input;
    struct DescribeKinesisStreamingDestinationOutput *out =
        ARENA_NEW(&job->arena, struct DescribeKinesisStreamingDestinationOutput);
    struct KinesisDataStreamDestination *entries;
    const struct table_settings *settings;
    struct table *table;

    STATOR_TRY(op_table(&table, engine, job, in->TableName, OP_CONTROL));
    settings = &table->extras->settings;
    entries = ARENA_ARRAY(&job->arena, struct KinesisDataStreamDestination, settings->destination_count);
    if (out == NULL || entries == NULL)
        return stator_fail_memory(&job->error);
    for (size_t i = 0; i < settings->destination_count; i++) {
        entries[i] = *settings->destinations[i].entry;
        entries[i].DestinationStatus = API_ENUM(settled_status(engine, &settings->destinations[i]));
    }
    out->TableName = table->name;
    out->KinesisDataStreamDestinations =
        (struct KinesisDataStreamDestinations)API_LIST(entries, settings->destination_count);
    job->output = out;
    return STATOR_OK;
}
