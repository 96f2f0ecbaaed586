/* SPDX-License-Identifier: Apache-2.0 */
#include "op/throttle.h"

#include "clock/clock.h"
#include "format/keycodec.h"
#include "op/meter.h"
#include "plan/index.h"
#include "json/writer.h"

#define PROVISIONED_BURST_S 300 /* of unused capacity is kept */
#define OTHER_BURST_S       1

#define REASONS_MAX 4096

enum limit { LIMIT_PROVISIONED, LIMIT_ON_DEMAND, LIMIT_PARTITION };

/* --- Which bucket, which rate ------------------------------------------------------------------------------------- */

/* What has the capacity: a global index or the table. */
static const struct index *resource_of(const struct throttle_use *use)
{
    return use->index->kind == INDEX_GLOBAL ? use->index : &use->table->base;
}

static bool is_on_demand(const struct table *table)
{
    const struct BillingModeSummary *billing = table->description->BillingModeSummary;

    return billing != NULL && billing->BillingMode.value == BillingMode_PAY_PER_REQUEST;
}

/* False: there is no limit. */
static bool rate_of(struct bucket_rate *rate, const struct throttle_use *use)
{
    const struct TableDescription *table = use->table->description;
    const struct GlobalSecondaryIndexDescription *index =
        use->index->kind == INDEX_GLOBAL ? description_index(table, use->index->name) : NULL;
    const struct ProvisionedThroughputDescription *provisioned =
        index != NULL ? index->ProvisionedThroughput : table->ProvisionedThroughput;
    const struct OnDemandThroughput *maximum = index != NULL ? index->OnDemandThroughput : table->OnDemandThroughput;
    int64_t units = 0;

    if (!is_on_demand(use->table) && provisioned != NULL)
        units =
            use->kind == CAPACITY_READ ? provisioned->ReadCapacityUnits.value : provisioned->WriteCapacityUnits.value;
    else if (is_on_demand(use->table) && maximum != NULL)
        units = use->kind == CAPACITY_READ ? maximum->MaxReadRequestUnits.value : maximum->MaxWriteRequestUnits.value;
    rate->per_second = (double)units;
    rate->burst_seconds = is_on_demand(use->table) ? OTHER_BURST_S : PROVISIONED_BURST_S;
    return units > 0;
}

static struct bucket *partition_of(const struct engine *engine, const struct throttle_use *use)
{
    uint64_t place = use->token ^ (uint64_t)resource_of(use)->state->id * 0x9E3779B97F4A7C15;

    return &engine->partitions[(place >> 32) % THROTTLE_PARTITIONS].buckets[use->kind];
}

static struct bucket_rate partition_rate(enum capacity_kind kind)
{
    return (struct bucket_rate){.per_second = kind == CAPACITY_READ ? 3000 : 1000, .burst_seconds = OTHER_BURST_S};
}

struct throttle_use throttle_use_of_item(const struct engine *engine, const struct table *table,
                                         enum capacity_kind kind, const struct item *key)
{
    struct throttle_use use = {.table = table, .index = &table->base, .kind = kind};
    struct location where;
    struct buf encoded;

    if (!throttle_is_on(engine))
        return use;
    buf_init(&encoded, KEY_BYTES_MAX);
    use.one_partition = index_hash_prefix(&encoded, &where, &engine->db.ring, &table->base, key);
    if (use.one_partition)
        use.token = where.token;
    buf_deinit(&encoded);
    return use;
}

struct throttle_use throttle_use_of_page(const struct page_request *request)
{
    struct throttle_use use = {.table = request->table, .index = request->index, .kind = CAPACITY_READ};

    use.one_partition = request->one_shard && request->lower.len >= KEY_PREFIX_BYTES;
    if (use.one_partition)
        use.token = read_be64(request->lower.at + KEY_PREFIX_BYTES - sizeof(uint64_t));
    return use;
}

/* --- Refusals ----------------------------------------------------------------------------------------------------- */

static const char *reason_of(const struct throttle_use *use, enum limit limit)
{
    static const char *const reasons[2][2][3] = {
        {{"TableReadProvisionedThroughputExceeded", "TableReadMaxOnDemandThroughputExceeded",
          "TableReadKeyRangeThroughputExceeded"},
         {"TableWriteProvisionedThroughputExceeded", "TableWriteMaxOnDemandThroughputExceeded",
          "TableWriteKeyRangeThroughputExceeded"}},
        {{"IndexReadProvisionedThroughputExceeded", "IndexReadMaxOnDemandThroughputExceeded",
          "IndexReadKeyRangeThroughputExceeded"},
         {"IndexWriteProvisionedThroughputExceeded", "IndexWriteMaxOnDemandThroughputExceeded",
          "IndexWriteKeyRangeThroughputExceeded"}},
    };

    return reasons[resource_of(use)->kind == INDEX_GLOBAL][use->kind][limit];
}

static void tell_reason(struct job *job, const struct throttle_use *use, enum limit limit)
{
    struct json_writer writer;
    struct buf buf;

    buf_init(&buf, REASONS_MAX);
    writer = json_writer_of(&buf);
    json_array_begin(&writer);
    json_object_begin(&writer);
    json_key(&writer, BYTES("reason"));
    json_string(&writer, bytes_of_string(reason_of(use, limit)));
    json_key(&writer, BYTES("resource"));
    json_string(&writer, resource_of(use)->arn);
    json_object_end(&writer);
    json_array_end(&writer);
    if (!buf.failed)
        job->error_throttling = arena_copy(&job->arena, buf_bytes(&buf));
    buf_deinit(&buf);
}

static void count_refusal(struct engine *engine, struct job *job, const struct throttle_use *use)
{
    struct job_use *job_use = meter_use(engine, job, use->table);

    if (job_use != NULL && use->kind == CAPACITY_READ)
        job_use->use.read_throttles++;
    else if (job_use != NULL)
        job_use->use.write_throttles++;
}

static enum stator_rc refuse(struct engine *engine, struct job *job, const struct throttle_use *use, enum limit limit)
{
    count_refusal(engine, job, use);
    tell_reason(job, use, limit);
    if (limit == LIMIT_ON_DEMAND)
        return stator_fail(&job->error, STATOR_THROUGHPUT_THROTTLED,
                           "Throughput exceeds the maximum OnDemandThroughput configured on table or index");
    if (is_on_demand(use->table))
        return stator_fail(&job->error, STATOR_THROUGHPUT_THROTTLED,
                           "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically "
                           "scaling your table or index so please try again shortly. If exceptions persist, check if "
                           "you have a hot key: "
                           "https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
                           "bp-partition-key-design.html");
    if (resource_of(use)->kind == INDEX_GLOBAL)
        return stator_fail(&job->error, STATOR_PROVISIONED_THROUGHPUT_EXCEEDED,
                           "The level of configured provisioned throughput for one or more global secondary indexes of "
                           "the table was exceeded. Consider increasing your provisioning level for the "
                           "under-provisioned global secondary indexes with the UpdateTable API");
    return stator_fail(&job->error, STATOR_PROVISIONED_THROUGHPUT_EXCEEDED,
                       "The level of configured provisioned throughput for the table was exceeded. Consider increasing "
                       "your provisioning level with the UpdateTable API.");
}

void throttle_forgive(struct job *job)
{
    job->error_throttling = (struct bytes){NULL, 0};
    job->error.message[0] = '\0';
}

/* --- Taking ------------------------------------------------------------------------------------------------------- */

enum stator_rc throttle_admit(struct engine *engine, struct job *job, const struct throttle_use *use)
{
    struct bucket_rate rate;
    uint64_t now;

    if (!throttle_is_on(engine))
        return STATOR_OK;
    now = clock_flow_ns();
    if (rate_of(&rate, use) && bucket_left(&resource_of(use)->state->buckets[use->kind], rate, now) <= use->reserved)
        return refuse(engine, job, use, is_on_demand(use->table) ? LIMIT_ON_DEMAND : LIMIT_PROVISIONED);
    if (use->one_partition && bucket_left(partition_of(engine, use), partition_rate(use->kind), now) <= 0)
        return refuse(engine, job, use, LIMIT_PARTITION);
    return STATOR_OK;
}

enum stator_rc throttle_admit_indexes(struct engine *engine, struct job *job, const struct table *table,
                                      const uint32_t *index_units, const double *reserved)
{
    if (!throttle_is_on(engine) || index_units == NULL)
        return STATOR_OK;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct throttle_use use = {.table = table,
                                         .index = &table->indexes[i],
                                         .kind = CAPACITY_WRITE,
                                         .reserved = reserved != NULL ? reserved[i] : 0};

        if (index_units[i] != 0 && table->indexes[i].kind == INDEX_GLOBAL)
            STATOR_TRY(throttle_admit(engine, job, &use));
    }
    return STATOR_OK;
}

static void charge(struct engine *engine, const struct throttle_use *use, double units)
{
    struct bucket_rate rate;
    uint64_t now;

    if (units <= 0)
        return;
    now = clock_flow_ns();
    if (rate_of(&rate, use))
        bucket_take(&resource_of(use)->state->buckets[use->kind], rate, units, now);
    if (use->one_partition)
        bucket_take(partition_of(engine, use), partition_rate(use->kind), units, now);
}

void throttle_charge(struct engine *engine, struct job *job, const struct throttle_use *use, double units)
{
    struct job_use *job_use = meter_use(engine, job, use->table);

    if (job_use != NULL && use->kind == CAPACITY_READ)
        job_use->use.read_units += units;
    else if (job_use != NULL)
        job_use->use.write_units += units;
    if (throttle_is_on(engine))
        charge(engine, use, units);
}

void throttle_charge_write(struct engine *engine, struct job *job, const struct table *table, const struct item *key,
                           double units, const uint32_t *index_units)
{
    struct job_use *job_use = meter_use(engine, job, table);
    double all_units = units;
    struct throttle_use use;

    for (size_t i = 0; index_units != NULL && i < table->index_count; i++)
        all_units += index_units[i];
    if (job_use != NULL)
        job_use->use.write_units += all_units;
    if (!throttle_is_on(engine))
        return;
    use = throttle_use_of_item(engine, table, CAPACITY_WRITE, key);
    charge(engine, &use, units);
    for (size_t i = 0; index_units != NULL && i < table->index_count; i++) {
        const struct throttle_use index = {.table = table, .index = &table->indexes[i], .kind = CAPACITY_WRITE};

        charge(engine, &index, index_units[i]);
    }
}
