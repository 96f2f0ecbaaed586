/* SPDX-License-Identifier: Apache-2.0 */
/* Update-, Describe- and ListContributorInsights: whether they are on, of tables and global indexes. No keys are counted
 * yet. */
#include <math.h>
#include <stdio.h>

#include "op/resource.h"
#include "op/table_change.h"

#define LIST_MAX 100
#define RULES    4 /* at most: partition and sort keys, accessed and throttled ones */

/* The table itself, or its global index of that name; the service knows no others here. */
static enum stator_rc find_index(const struct index **out, const struct table *table, struct bytes name,
                                 struct stator_error *err)
{
    *out = bytes_present(name) ? table_index(table, name) : &table->base;
    if (*out == NULL || (*out)->kind == INDEX_LOCAL)
        return stator_fail(err, STATOR_RESOURCE_NOT_FOUND,
                           "Requested resource not found: Index: %.*s not found for table: %.*s", BYTES_ARG(name),
                           BYTES_ARG(table->name));
    return STATOR_OK;
}

static const struct DescribeContributorInsightsOutput *entry_of(const struct table *table, const struct index *index)
{
    const struct table_settings *settings = &table->extras->settings;

    for (size_t i = 0; i < settings->insights_count; i++) {
        if (settings->insights[i].index_id == index->state->id)
            return settings->insights[i].entry;
    }
    return NULL;
}

/* What is on its way arrives by the clock. */
static int settled_status(const struct engine *engine, const struct DescribeContributorInsightsOutput *entry)
{
    int status = entry != NULL ? entry->ContributorInsightsStatus.value : (int)ContributorInsightsStatus_DISABLED;

    if (entry == NULL || op_now() < entry->LastUpdateDateTime.value + (double)engine->options.transition_ms / 1000)
        return status;
    if (status == ContributorInsightsStatus_ENABLING)
        return ContributorInsightsStatus_ENABLED;
    return status == ContributorInsightsStatus_DISABLING ? (int)ContributorInsightsStatus_DISABLED : status;
}

/* --- UpdateContributorInsights --- */

static enum stator_rc check_state(const struct table *table, const struct index *index, struct stator_error *err)
{
    const char *what = table->status == TableStatus_CREATING || table->status == TableStatus_DELETING ? "TableStatus"
                       : index->status != IndexStatus_ACTIVE && index->status != IndexStatus_UPDATING ? "IndexStatus"
                                                                                                      : NULL;

    if (what == NULL)
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION,
                       "Table or Index is not in a valid state to update Key Access Insights: %s must be ACTIVE to "
                       "enable ContributorInsights.",
                       what);
}

/* Stores the entry in the place of the index's last one, and forgets those of indexes that are gone. */
static enum stator_rc store(struct engine *engine, struct job *job, const struct table *table,
                            const struct index *index, const struct DescribeContributorInsightsOutput *entry)
{
    struct table_extras extras = *table->extras;
    struct insights *insights = ARENA_ARRAY(&job->arena, struct insights, table->index_count + 1);
    size_t count = 0;

    if (insights == NULL)
        return stator_fail_memory(&job->error);
    for (size_t i = 0; i <= table->index_count; i++) {
        const struct index *each = i == 0 ? &table->base : &table->indexes[i - 1];
        const struct DescribeContributorInsightsOutput *there = each == index ? entry : entry_of(table, each);

        if (there != NULL)
            insights[count++] = (struct insights){.index_id = each->state->id, .entry = there};
    }
    extras.settings.insights = insights;
    extras.settings.insights_count = count;
    return resource_store(engine, job, table, &extras);
}

/* The status that the action leads to, or the one that there is when nothing changes. */
static int next_status(int now, int mode_now, enum ContributorInsightsAction action, int mode)
{
    bool on = now == ContributorInsightsStatus_ENABLED || now == ContributorInsightsStatus_ENABLING;

    if (action == ContributorInsightsAction_ENABLE)
        return on && mode == mode_now ? now : (int)ContributorInsightsStatus_ENABLING;
    return on ? (int)ContributorInsightsStatus_DISABLING : now;
}

static enum stator_rc update(struct engine *engine, struct job *job)
{
    const struct UpdateContributorInsightsInput *in = job->input;
    struct UpdateContributorInsightsOutput *out = ARENA_NEW(&job->arena, struct UpdateContributorInsightsOutput);
    struct DescribeContributorInsightsOutput *entry = ARENA_NEW(&job->arena, struct DescribeContributorInsightsOutput);
    bool enables = in->ContributorInsightsAction.value == ContributorInsightsAction_ENABLE;
    const struct DescribeContributorInsightsOutput *there;
    const struct index *index;
    struct table *table;
    int now, status, mode;

    STATOR_TRY(op_table(&table, engine, job, in->TableName, OP_CONTROL));
    STATOR_TRY(find_index(&index, table, in->IndexName, &job->error));
    STATOR_TRY(check_state(table, index, &job->error));
    if (out == NULL || entry == NULL)
        return stator_fail_memory(&job->error);
    there = entry_of(table, index);
    now = settled_status(engine, there);
    mode = there != NULL ? there->ContributorInsightsMode.value : 0;
    if (enables)
        mode = in->ContributorInsightsMode.value != 0 ? in->ContributorInsightsMode.value
                                                      : (int)ContributorInsightsMode_ACCESSED_AND_THROTTLED_KEYS;
    status = next_status(now, there != NULL ? there->ContributorInsightsMode.value : 0,
                         (enum ContributorInsightsAction)in->ContributorInsightsAction.value, mode);
    out->TableName = table->name;
    out->IndexName = in->IndexName;
    out->ContributorInsightsStatus = API_ENUM(status);
    out->ContributorInsightsMode = API_ENUM(mode);
    job->output = out;
    if (status == now)
        return STATOR_OK;
    entry->ContributorInsightsStatus = API_ENUM(status);
    entry->ContributorInsightsMode = API_ENUM(mode);
    entry->LastUpdateDateTime = API_DOUBLE(op_now());
    return store(engine, job, table, index, entry);
}

enum stator_rc op_update_contributor_insights(struct engine *engine, struct job *job)
{
    return resource_change(engine, job, update);
}

/* --- DescribeContributorInsights --- */

/* The names that CloudWatch's rules have on the service. False when the arena is full. */
static bool name_rules(struct DescribeContributorInsightsOutput *out, const struct index *index, struct arena *arena)
{
    static const char *const kinds[RULES] = {"PKC", "PKT", "SKC", "SKT"};
    struct bytes *rules = ARENA_ARRAY(arena, struct bytes, RULES);
    size_t count = 0;

    if (rules == NULL)
        return false;
    for (size_t i = 0; i < RULES; i++) {
        char text[600];

        if ((kinds[i][0] == 'S' && index->key.range_count == 0) ||
            (kinds[i][2] == 'C' && out->ContributorInsightsMode.value == ContributorInsightsMode_THROTTLED_KEYS))
            continue;
        snprintf(text, sizeof(text), "DynamoDBContributorInsights-%s-%.*s%s%.*s-%lld", kinds[i],
                 BYTES_ARG(out->TableName), bytes_present(out->IndexName) ? "-" : "", BYTES_ARG(out->IndexName),
                 llround(out->LastUpdateDateTime.value * 1000));
        rules[count] = arena_copy(arena, bytes_of_string(text));
        if (!bytes_present(rules[count++]))
            return false;
    }
    out->ContributorInsightsRuleList = (struct ContributorInsightsRuleList)API_LIST(rules, count);
    return true;
}

enum stator_rc op_describe_contributor_insights(struct engine *engine, struct job *job)
{
    const struct DescribeContributorInsightsInput *in = job->input;
    struct DescribeContributorInsightsOutput *out = ARENA_NEW(&job->arena, struct DescribeContributorInsightsOutput);
    const struct DescribeContributorInsightsOutput *entry;
    const struct index *index;
    struct table *table;
    int status;

    STATOR_TRY(op_table(&table, engine, job, in->TableName, OP_CONTROL));
    STATOR_TRY(find_index(&index, table, in->IndexName, &job->error));
    if (out == NULL)
        return stator_fail_memory(&job->error);
    entry = entry_of(table, index);
    status = settled_status(engine, entry);
    if (entry != NULL)
        *out = *entry;
    out->TableName = table->name;
    out->IndexName = index->name;
    out->ContributorInsightsStatus = API_ENUM(status);
    if (status == ContributorInsightsStatus_ENABLED && !name_rules(out, index, &job->arena))
        return stator_fail_memory(&job->error);
    job->output = out;
    return STATOR_OK;
}

/* --- ListContributorInsights --- */

/* The page so far. Entries go by table and, of one table, by index, the table's own first; a token is the names of the
 * page's last entry. */
struct listing {
    const struct engine *engine;
    struct arena *arena;
    struct ContributorInsightsSummary *page;
    size_t count, max;
    bool more;
};

/* The index of the table with the lowest name after that one; NULL: none. The table's own name is an empty one. */
static const struct index *index_after(const struct table *table, struct bytes name)
{
    const struct index *next = NULL;

    for (size_t i = 0; i < table->index_count; i++) {
        const struct index *each = &table->indexes[i];

        if (bytes_compare(each->name, name) > 0 && (next == NULL || bytes_compare(each->name, next->name) < 0))
            next = each;
    }
    return next;
}

static bool list_entry(struct listing *listing, const struct table *table, const struct index *index)
{
    const struct DescribeContributorInsightsOutput *entry = entry_of(table, index);
    int status = settled_status(listing->engine, entry);
    struct ContributorInsightsSummary *summary;

    if (status == ContributorInsightsStatus_DISABLED)
        return true;
    if (listing->count == listing->max) {
        listing->more = true;
        return true;
    }
    summary = &listing->page[listing->count++];
    summary->TableName = arena_copy(listing->arena, table->name);
    summary->ContributorInsightsStatus = API_ENUM(status);
    summary->ContributorInsightsMode = entry->ContributorInsightsMode;
    if (bytes_present(index->name))
        summary->IndexName = arena_copy(listing->arena, index->name);
    return !listing->arena->failed;
}

/* Those after the index of that name; all of them when it is absent. */
static bool list_table(struct listing *listing, const struct table *table, struct bytes after)
{
    const struct index *index = bytes_present(after) ? index_after(table, after) : &table->base;

    while (index != NULL && !listing->more) {
        if (!list_entry(listing, table, index))
            return false;
        index = index_after(table, bytes_present(index->name) ? index->name : BYTES(""));
    }
    return true;
}

static bool list_named(struct listing *listing, struct bytes namespace_, struct bytes name, struct bytes after)
{
    struct table *table = catalog_find(listing->engine->db.catalog, namespace_, name);
    bool ok = table == NULL || list_table(listing, table, after);

    table_release(table);
    return ok;
}

/* Goes on behind the entry that the token names. */
static enum stator_rc list_all(struct listing *listing, struct engine *engine, struct job *job, struct bytes token)
{
    const uint8_t *slash = bytes_present(token) ? memchr(token.at, '/', token.len) : NULL;
    struct bytes namespace_ = op_namespace(engine, job), after = token, *names;
    size_t count;
    bool more = true;

    if (!bytes_present(namespace_))
        return stator_fail_memory(&job->error);
    if (slash != NULL) {
        after = bytes_of(token.at, (size_t)(slash - token.at));
        if (!list_named(listing, namespace_, after, bytes_of(slash + 1, (size_t)(token.at + token.len - slash - 1))))
            return stator_fail_memory(&job->error);
    }
    while (more && !listing->more) {
        STATOR_TRY(catalog_list(engine->db.catalog, namespace_, after, LIST_MAX, &names, &count, &more, &job->arena,
                                &job->error));
        for (size_t i = 0; i < count && !listing->more; i++) {
            if (!list_named(listing, namespace_, names[i], (struct bytes){NULL, 0}))
                return stator_fail_memory(&job->error);
        }
        if (count != 0)
            after = names[count - 1];
    }
    return STATOR_OK;
}

static enum stator_rc list_one(struct listing *listing, struct engine *engine, struct job *job, struct bytes token)
{
    const struct ListContributorInsightsInput *in = job->input;
    const uint8_t *slash = bytes_present(token) ? memchr(token.at, '/', token.len) : NULL;
    struct bytes after = {NULL, 0};
    struct table *table;

    STATOR_TRY(op_table(&table, engine, job, in->TableName, OP_CONTROL));
    if (slash != NULL)
        after = bytes_of(slash + 1, (size_t)(token.at + token.len - slash - 1));
    return list_table(listing, table, after) ? STATOR_OK : stator_fail_memory(&job->error);
}

static bool token_of(struct bytes *out, const struct ContributorInsightsSummary *last, struct arena *arena)
{
    char text[600];

    snprintf(text, sizeof(text), "%.*s/%.*s", BYTES_ARG(last->TableName), BYTES_ARG(last->IndexName));
    *out = arena_copy(arena, bytes_of_string(text));
    return bytes_present(*out);
}

enum stator_rc op_list_contributor_insights(struct engine *engine, struct job *job)
{
    const struct ListContributorInsightsInput *in = job->input;
    struct ListContributorInsightsOutput *out = ARENA_NEW(&job->arena, struct ListContributorInsightsOutput);
    struct listing listing = {.engine = engine, .arena = &job->arena, .max = LIST_MAX};

    if (in->MaxResults.set && in->MaxResults.value > 0 && in->MaxResults.value < LIST_MAX)
        listing.max = (size_t)in->MaxResults.value;
    listing.page = ARENA_ARRAY(&job->arena, struct ContributorInsightsSummary, listing.max);
    if (out == NULL || listing.page == NULL)
        return stator_fail_memory(&job->error);
    if (bytes_present(in->TableName))
        STATOR_TRY(list_one(&listing, engine, job, in->NextToken));
    else
        STATOR_TRY(list_all(&listing, engine, job, in->NextToken));
    out->ContributorInsightsSummaries = (struct ContributorInsightsSummaries)API_LIST(listing.page, listing.count);
    if (listing.more && !token_of(&out->NextToken, &listing.page[listing.count - 1], &job->arena))
        return stator_fail_memory(&job->error);
    job->output = out;
    return STATOR_OK;
}
