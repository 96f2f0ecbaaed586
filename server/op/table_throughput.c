/* SPDX-License-Identifier: Apache-2.0 */
#include "op/table_throughput.h"

#include <stdio.h>
#include <time.h>

#define INVALID "One or more parameter values were invalid: "
#define GUIDE   "Refer to the Amazon DynamoDB Developer Guide for current limits and how to request higher limits."

#define UNITS_BOUND      1000000000000 /* what the service calls out of bounds */
#define DAY_SECONDS      86400
#define DECREASES_FREE   4
#define DECREASE_PAUSE_S 3600
#define TIME_TEXT_MAX    200

/* --- Checks --- */

static enum stator_rc check_bound(int64_t units, const char *member, struct stator_error *err)
{
    if (units > UNITS_BOUND)
        return stator_fail(err, STATOR_VALIDATION, "Given value %lld for %s is out of bounds", (long long)units,
                           member);
    return STATOR_OK;
}

enum stator_rc throughput_check_bounds(const struct ProvisionedThroughput *provisioned, struct stator_error *err)
{
    STATOR_TRY(check_bound(provisioned->ReadCapacityUnits.value, "ReadCapacityUnits", err));
    return check_bound(provisioned->WriteCapacityUnits.value, "WriteCapacityUnits", err);
}

/* " for table", " for index : name" ...: the service writes it in several ways. */
static void name_text(char out[300], const char *for_table, const char *for_index, struct bytes index)
{
    if (bytes_present(index))
        snprintf(out, 300, "%s%.*s", for_index, BYTES_ARG(index));
    else
        snprintf(out, 300, "%s", for_table);
}

static enum stator_rc check_on_demand_unit(struct api_integer units, const char *member, struct bytes index,
                                           bool may_clear, struct stator_error *err)
{
    char name[300];

    if (!units.set || units.value >= 1 || (may_clear && units.value == -1))
        return STATOR_OK;
    name_text(name, "table", "index : ", index);
    return stator_fail(err, STATOR_VALIDATION,
                       INVALID "Requested %s for OnDemandThroughput for %s is outside of valid range", member, name);
}

enum stator_rc throughput_check_on_demand(const struct OnDemandThroughput *units, struct bytes index, bool may_clear,
                                          struct stator_error *err)
{
    STATOR_TRY(check_on_demand_unit(units->MaxReadRequestUnits, "MaxReadRequestUnits", index, may_clear, err));
    return check_on_demand_unit(units->MaxWriteRequestUnits, "MaxWriteRequestUnits", index, may_clear, err);
}

static enum stator_rc refuse_on_demand(const struct OnDemandThroughput *units, struct bytes index,
                                       struct stator_error *err)
{
    const char *member = units->MaxReadRequestUnits.set ? "MaxReadRequestUnits" : "MaxWriteRequestUnits";
    char name[300];

    if (!units->MaxReadRequestUnits.set && !units->MaxWriteRequestUnits.set)
        return STATOR_OK;
    name_text(name, "", " for index: ", index);
    return stator_fail(err, STATOR_VALIDATION,
                       INVALID "%s for OnDemandThroughput%s cannot be specified when table BillingMode is PROVISIONED.",
                       member, name);
}

/* A new table's or index's warm throughput is at least what it has anyway. */
static enum stator_rc check_new_warm(const struct WarmThroughput *warm, const struct ProvisionedThroughput *provisioned,
                                     struct bytes index, struct stator_error *err)
{
    int64_t read = provisioned != NULL ? provisioned->ReadCapacityUnits.value : THROUGHPUT_ON_DEMAND_READ;
    int64_t write = provisioned != NULL ? provisioned->WriteCapacityUnits.value : THROUGHPUT_ON_DEMAND_WRITE;
    bool low_read = warm->ReadUnitsPerSecond.set && warm->ReadUnitsPerSecond.value < read;
    bool low_write = warm->WriteUnitsPerSecond.set && warm->WriteUnitsPerSecond.value < write;
    char name[300];

    if (!low_read && !low_write)
        return STATOR_OK;
    name_text(name, "table", "index ", index);
    if (provisioned != NULL)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Requested %s for WarmThroughput for %s is lower than %s of ProvisionedThroughput",
                           low_read ? "ReadUnitsPerSecond" : "WriteUnitsPerSecond", name,
                           low_read ? "ReadCapacityUnits" : "WriteCapacityUnits");
    return stator_fail(err, STATOR_VALIDATION,
                       INVALID "Requested %s for WarmThroughput for %s is lower than initial throughput for OnDemand. "
                               "See: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/"
                               "on-demand-capacity-mode.html#on-demand-capacity-mode-initial",
                       low_read ? "ReadUnitsPerSecond" : "WriteUnitsPerSecond", name);
}

enum stator_rc throughput_check_new_table(const struct CreateTableInput *in, struct stator_error *err)
{
    static const struct bytes table = {NULL, 0};
    bool on_demand = in->BillingMode.value == BillingMode_PAY_PER_REQUEST;

    if (on_demand && in->ProvisionedThroughput != NULL)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode "
                                   "is PAY_PER_REQUEST");
    if (!on_demand && in->ProvisionedThroughput == NULL)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID
                           "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is "
                           "PROVISIONED");
    if (!on_demand)
        STATOR_TRY(throughput_check_bounds(in->ProvisionedThroughput, err));
    if (in->OnDemandThroughput != NULL) {
        if (!on_demand)
            STATOR_TRY(refuse_on_demand(in->OnDemandThroughput, table, err));
        STATOR_TRY(throughput_check_on_demand(in->OnDemandThroughput, table, false, err));
    }
    if (in->WarmThroughput != NULL)
        STATOR_TRY(check_new_warm(in->WarmThroughput, in->ProvisionedThroughput, table, err));
    return STATOR_OK;
}

enum stator_rc throughput_check_new_index(bool on_demand, const struct GlobalSecondaryIndex *index,
                                          struct stator_error *err)
{
    if (on_demand && index->ProvisionedThroughput != NULL)
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "ProvisionedThroughput should not be specified for index: %.*s when BillingMode is "
                                   "PAY_PER_REQUEST",
                           BYTES_ARG(index->IndexName));
    if (!on_demand && index->ProvisionedThroughput == NULL)
        return stator_fail(err, STATOR_VALIDATION, INVALID "ProvisionedThroughput is not specified for index: %.*s",
                           BYTES_ARG(index->IndexName));
    if (!on_demand)
        STATOR_TRY(throughput_check_bounds(index->ProvisionedThroughput, err));
    if (index->OnDemandThroughput != NULL) {
        if (!on_demand)
            STATOR_TRY(refuse_on_demand(index->OnDemandThroughput, index->IndexName, err));
        STATOR_TRY(throughput_check_on_demand(index->OnDemandThroughput, index->IndexName, false, err));
    }
    if (index->WarmThroughput != NULL)
        STATOR_TRY(check_new_warm(index->WarmThroughput, index->ProvisionedThroughput, index->IndexName, err));
    return STATOR_OK;
}

/* --- Quotas --- */

static enum stator_rc check_provisioned_quota(struct api_integer units, const char *member, struct bytes index,
                                              struct bytes region, struct stator_error *err)
{
    char name[300];

    if (units.value <= THROUGHPUT_MAX)
        return STATOR_OK;
    name_text(name, "", " for index ", index);
    return stator_fail(err, STATOR_LIMIT_EXCEEDED,
                       "The requested %s%s, %lld, is above the per %s maximum for the account in %.*s. Per table "
                       "maximum: %d. " GUIDE,
                       member, name, (long long)units.value, bytes_present(index) ? "index" : "table",
                       BYTES_ARG(region), THROUGHPUT_MAX);
}

static enum stator_rc check_other_quota(struct api_integer units, const char *member, const char *what,
                                        const char *for_index, bool read, struct bytes index, struct bytes region,
                                        struct stator_error *err)
{
    char name[300];

    if (!units.set || units.value <= THROUGHPUT_MAX)
        return STATOR_OK;
    name_text(name, "table", for_index, index);
    return stator_fail(err, STATOR_LIMIT_EXCEEDED,
                       "Subscriber limit exceeded: Requested %s for %s for %s exceeds TableMax%sCapacityUnits of the "
                       "account in region %.*s",
                       member, what, name, read ? "Read" : "Write", BYTES_ARG(region));
}

enum stator_rc throughput_check_quota(const struct ProvisionedThroughput *provisioned,
                                      const struct OnDemandThroughput *on_demand, const struct WarmThroughput *warm,
                                      struct bytes index, struct bytes region, struct stator_error *err)
{
    if (provisioned != NULL) {
        STATOR_TRY(check_provisioned_quota(provisioned->ReadCapacityUnits, "ReadCapacityUnits", index, region, err));
        STATOR_TRY(check_provisioned_quota(provisioned->WriteCapacityUnits, "WriteCapacityUnits", index, region, err));
    }
    if (on_demand != NULL) {
        STATOR_TRY(check_other_quota(on_demand->MaxReadRequestUnits, "MaxReadRequestUnits", "OnDemandThroughput",
                                     "index : ", true, index, region, err));
        STATOR_TRY(check_other_quota(on_demand->MaxWriteRequestUnits, "MaxWriteRequestUnits", "OnDemandThroughput",
                                     "index : ", false, index, region, err));
    }
    if (warm != NULL) {
        STATOR_TRY(check_other_quota(warm->ReadUnitsPerSecond, "ReadUnitsPerSecond", "WarmThroughput", "index ", true,
                                     index, region, err));
        STATOR_TRY(check_other_quota(warm->WriteUnitsPerSecond, "WriteUnitsPerSecond", "WarmThroughput", "index ",
                                     false, index, region, err));
    }
    return STATOR_OK;
}

/* --- Descriptions --- */

const struct ProvisionedThroughputDescription *throughput_describe(const struct ProvisionedThroughput *provisioned,
                                                                   struct arena *arena)
{
    struct ProvisionedThroughputDescription *out = ARENA_NEW(arena, struct ProvisionedThroughputDescription);

    if (out == NULL)
        return NULL;
    out->NumberOfDecreasesToday = API_INTEGER(0);
    out->ReadCapacityUnits = API_INTEGER(provisioned != NULL ? provisioned->ReadCapacityUnits.value : 0);
    out->WriteCapacityUnits = API_INTEGER(provisioned != NULL ? provisioned->WriteCapacityUnits.value : 0);
    return out;
}

const struct TableWarmThroughputDescription *throughput_describe_warm(const struct ProvisionedThroughput *provisioned,
                                                                      const struct WarmThroughput *asked,
                                                                      struct arena *arena)
{
    struct TableWarmThroughputDescription *out = ARENA_NEW(arena, struct TableWarmThroughputDescription);

    if (out == NULL)
        return NULL;
    out->ReadUnitsPerSecond =
        API_INTEGER(provisioned != NULL ? provisioned->ReadCapacityUnits.value : THROUGHPUT_ON_DEMAND_READ);
    out->WriteUnitsPerSecond =
        API_INTEGER(provisioned != NULL ? provisioned->WriteCapacityUnits.value : THROUGHPUT_ON_DEMAND_WRITE);
    if (asked != NULL && asked->ReadUnitsPerSecond.set)
        out->ReadUnitsPerSecond = asked->ReadUnitsPerSecond;
    if (asked != NULL && asked->WriteUnitsPerSecond.set)
        out->WriteUnitsPerSecond = asked->WriteUnitsPerSecond;
    out->Status = API_ENUM(TableStatus_ACTIVE);
    return out;
}

const struct GlobalSecondaryIndexWarmThroughputDescription *
throughput_index_warm(const struct TableWarmThroughputDescription *warm, struct arena *arena)
{
    struct GlobalSecondaryIndexWarmThroughputDescription *out;

    if (warm == NULL)
        return NULL;
    out = ARENA_NEW(arena, struct GlobalSecondaryIndexWarmThroughputDescription);
    if (out == NULL)
        return NULL;
    out->ReadUnitsPerSecond = warm->ReadUnitsPerSecond;
    out->WriteUnitsPerSecond = warm->WriteUnitsPerSecond;
    out->Status =
        API_ENUM(warm->Status.value == TableStatus_UPDATING ? (int)IndexStatus_UPDATING : (int)IndexStatus_ACTIVE);
    return out;
}

static struct api_integer merged(struct api_integer now, struct api_integer change, bool keep_cleared)
{
    struct api_integer out = change.set ? change : now;

    if (out.value == -1 && !(change.set && keep_cleared))
        out.set = false;
    return out;
}

bool throughput_merge_on_demand(const struct OnDemandThroughput **out, const struct OnDemandThroughput *now,
                                const struct OnDemandThroughput *change, bool keep_cleared, struct arena *arena)
{
    static const struct OnDemandThroughput none = {0};
    struct OnDemandThroughput *both = ARENA_NEW(arena, struct OnDemandThroughput);

    if (both == NULL)
        return false;
    if (now == NULL)
        now = &none;
    both->MaxReadRequestUnits = merged(now->MaxReadRequestUnits, change->MaxReadRequestUnits, keep_cleared);
    both->MaxWriteRequestUnits = merged(now->MaxWriteRequestUnits, change->MaxWriteRequestUnits, keep_cleared);
    *out = both->MaxReadRequestUnits.set || both->MaxWriteRequestUnits.set ? both : NULL;
    return true;
}

/* --- Changes --- */

int64_t throughput_decreases_today(const struct ProvisionedThroughputDescription *provisioned, double seconds)
{
    int64_t today = (int64_t)seconds / DAY_SECONDS;

    if (provisioned->LastDecreaseDateTime.set &&
        (int64_t)provisioned->LastDecreaseDateTime.value / DAY_SECONDS != today)
        return 0;
    return provisioned->NumberOfDecreasesToday.value;
}

/* "Thursday, October 8, 2026 at 11:20:48 PM Coordinated Universal Time" */
static void time_text(char out[TIME_TEXT_MAX], int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm tm;
    char start[64], end[32];

    gmtime_r(&when, &tm);
    strftime(start, sizeof(start), "%A, %B", &tm);
    strftime(end, sizeof(end), "%M:%S %p", &tm);
    snprintf(out, TIME_TEXT_MAX, "%s %d, %d at %d:%s Coordinated Universal Time", start, tm.tm_mday, tm.tm_year + 1900,
             tm.tm_hour % 12 == 0 ? 12 : tm.tm_hour % 12, end);
}

static enum stator_rc check_decreases(const struct ProvisionedThroughputDescription *now, double seconds,
                                      struct stator_error *err)
{
    int64_t decreases = throughput_decreases_today(now, seconds), last, next, midnight;
    char last_text[TIME_TEXT_MAX], next_text[TIME_TEXT_MAX];

    if (decreases < DECREASES_FREE)
        return STATOR_OK;
    last = (int64_t)now->LastDecreaseDateTime.value;
    next = last + DECREASE_PAUSE_S;
    midnight = (last / DAY_SECONDS + 1) * DAY_SECONDS;
    if (next > midnight)
        next = midnight;
    if ((int64_t)seconds >= next)
        return STATOR_OK;
    time_text(last_text, last);
    time_text(next_text, next);
    return stator_fail(
        err, STATOR_LIMIT_EXCEEDED,
        "Subscriber limit exceeded: Provisioned throughput decreases are limited within a given UTC day. "
        "After the first 4 decreases, each subsequent decrease in the same UTC day can be performed at "
        "most once every 3600 seconds. Number of decreases today: %lld. Last decrease at %s. Next "
        "decrease can be made at %s.",
        (long long)decreases, last_text, next_text);
}

static enum stator_rc refuse_same(const struct ProvisionedThroughput *same, struct bytes index,
                                  struct stator_error *err)
{
    long long read = (long long)same->ReadCapacityUnits.value, write = (long long)same->WriteCapacityUnits.value;
    char name[300], of[300];

    name_text(name, "table", "index ", index);
    name_text(of, "the table", "index ", index);
    return stator_fail(
        err, STATOR_VALIDATION,
        "The provisioned throughput for the %s will not change. The requested value equals the current "
        "value. Current ReadCapacityUnits provisioned for %s: %lld. Requested ReadCapacityUnits: %lld. "
        "Current WriteCapacityUnits provisioned for %s: %lld. Requested WriteCapacityUnits: %lld. " GUIDE,
        name, of, read, read, of, write, write);
}

enum stator_rc throughput_change(struct throughput_change *out, const struct ProvisionedThroughputDescription *now,
                                 const struct ProvisionedThroughput *change, struct bytes index, double seconds,
                                 struct arena *arena, struct stator_error *err)
{
    int64_t read = change->ReadCapacityUnits.value - now->ReadCapacityUnits.value;
    int64_t write = change->WriteCapacityUnits.value - now->WriteCapacityUnits.value;
    int64_t decreases = throughput_decreases_today(now, seconds);
    struct ProvisionedThroughputDescription *answered, *settled;

    if (read == 0 && write == 0)
        return refuse_same(change, index, err);
    if (read < 0 || write < 0)
        STATOR_TRY(check_decreases(now, seconds, err));
    answered = ARENA_NEW(arena, struct ProvisionedThroughputDescription);
    settled = ARENA_NEW(arena, struct ProvisionedThroughputDescription);
    if (answered == NULL || settled == NULL)
        return stator_fail_memory(err);
    *answered = *now;
    answered->NumberOfDecreasesToday = API_INTEGER(decreases);
    if (read > 0 || write > 0)
        answered->LastIncreaseDateTime = API_DOUBLE(seconds);
    if (read < 0 || write < 0)
        answered->LastDecreaseDateTime = API_DOUBLE(seconds);
    *settled = *answered;
    settled->ReadCapacityUnits = change->ReadCapacityUnits;
    settled->WriteCapacityUnits = change->WriteCapacityUnits;
    if (read < 0 || write < 0)
        settled->NumberOfDecreasesToday = API_INTEGER(decreases + 1);
    *out = (struct throughput_change){answered, settled};
    return STATOR_OK;
}

static enum stator_rc check_warm_unit(struct api_integer now, struct api_integer change, const char *member,
                                      struct bytes index, struct stator_error *err)
{
    char name[300];

    if (!change.set || change.value >= now.value)
        return STATOR_OK;
    name_text(name, "table", "index ", index);
    return stator_fail(err, STATOR_VALIDATION,
                       INVALID
                       "Requested %s for WarmThroughput for %s is lower than current WarmThroughput, decreasing "
                       "WarmThroughput is not supported",
                       member, name);
}

enum stator_rc throughput_change_warm(const struct TableWarmThroughputDescription **out,
                                      const struct TableWarmThroughputDescription *now,
                                      const struct WarmThroughput *change, struct bytes index, struct arena *arena,
                                      struct stator_error *err)
{
    struct TableWarmThroughputDescription *next = ARENA_NEW(arena, struct TableWarmThroughputDescription);

    if (next == NULL)
        return stator_fail_memory(err);
    STATOR_TRY(check_warm_unit(now->ReadUnitsPerSecond, change->ReadUnitsPerSecond, "ReadUnitsPerSecond", index, err));
    STATOR_TRY(
        check_warm_unit(now->WriteUnitsPerSecond, change->WriteUnitsPerSecond, "WriteUnitsPerSecond", index, err));
    *next = *now;
    if (change->ReadUnitsPerSecond.set)
        next->ReadUnitsPerSecond = change->ReadUnitsPerSecond;
    if (change->WriteUnitsPerSecond.set)
        next->WriteUnitsPerSecond = change->WriteUnitsPerSecond;
    next->Status = API_ENUM(TableStatus_ACTIVE);
    *out = next;
    return STATOR_OK;
}
