/* SPDX-License-Identifier: Apache-2.0 */
#include "op/select.h"

#include "op/java_order.h"
#include "op/throttle.h"
#include "plan/index.h"
#include "plan/key.h"

#define STEP_ITEMS_ON_LOOP 64 /* what a loop evaluates before it hands the page to a worker */
#define NAMES_MAX          64 /* that a message names */

struct select {
    const struct statement *statement;
    struct table *table;
    struct page_request base; /* what all ranges have in common */
    bool consistent;
    uint32_t limit; /* items to evaluate; 0: no limit */
    struct statement_ranges ranges;
    struct next_token token; /* where to begin */
    size_t range;            /* being read */
    struct page_request request;
    struct page page;
    bool page_open;

    uint32_t scanned; /* in the ranges read, like the others */
    size_t evaluated_bytes;
    double index_units, fetched_units;
};

static void close_page(struct select *select)
{
    if (select->page_open)
        page_deinit(&select->page);
    select->page_open = false;
}

static void release(void *select)
{
    close_page(select);
}

bool select_is_open(const struct job *job)
{
    return job->progress != NULL;
}

/* --- Rules -------------------------------------------------------------------------------------------------------- */

static enum stator_rc choose_index(struct select *select, struct stator_error *err)
{
    struct bytes name = select->statement->partiql.index;
    const struct index *index = &select->table->base;

    if (bytes_present(name)) {
        index = table_index(select->table, name);
        if (index == NULL)
            return stator_fail(err, STATOR_VALIDATION, "The table does not have the specified index");
    }
    if (index->kind == INDEX_GLOBAL && select->consistent)
        return stator_fail(err, STATOR_VALIDATION,
                           "Strongly consistent read is not supported on Global Secondary Indexes");
    if (index->kind == INDEX_GLOBAL && index->backfilling)
        return stator_fail(err, STATOR_VALIDATION, "Cannot read from backfilling global secondary index: %.*s",
                           BYTES_ARG(name));
    select->base.index = index;
    return STATOR_OK;
}

/* Top-level attributes that the index does not keep, each once. */
struct unkept {
    const struct select *select;
    struct bytes names[NAMES_MAX];
    size_t count;
};

static void add_unkept(void *context, const struct path *path)
{
    struct unkept *unkept = context;
    struct bytes name = path->elements[0].name;

    if (index_keeps(unkept->select->table, unkept->select->base.index, name) || unkept->count == NAMES_MAX)
        return;
    for (size_t i = 0; i < unkept->count; i++)
        if (bytes_equal(unkept->names[i], name))
            return;
    unkept->names[unkept->count++] = name;
}

/* Columns that an index does not keep: a local one fetches them from the table. Named in the statement's order. */
static enum stator_rc check_columns(struct select *select, struct stator_error *err)
{
    const struct projection *projection = select->statement->partiql.projection;
    struct unkept unkept = {.select = select};
    struct buf names;
    enum stator_rc rc;

    for (size_t i = 0; projection != NULL && i < projection->count; i++)
        add_unkept(&unkept, &projection->paths[i]);
    if (unkept.count == 0)
        return STATOR_OK;
    select->base.fetch = select->base.index->kind == INDEX_LOCAL;
    if (select->base.fetch)
        return STATOR_OK;
    buf_init(&names, STATOR_ERROR_MESSAGE_MAX);
    for (size_t i = 0; i < unkept.count; i++)
        buf_printf(&names, "%s%.*s", i == 0 ? "" : ", ", BYTES_ARG(unkept.names[i]));
    rc = stator_fail(err, STATOR_VALIDATION,
                     "One or more parameter values were invalid: Global secondary index %.*s does not project [%.*s]",
                     BYTES_ARG(select->base.index->name), BYTES_ARG(buf_bytes(&names)));
    buf_deinit(&names);
    return rc;
}

/* When each range is filtered by what the index does not keep, the service refuses, and names what the last range in
 * the order of the keys is filtered by. */
static enum stator_rc check_filters(const struct select *select, struct stator_error *err)
{
    const struct statement_ranges *ranges = &select->ranges;
    struct unkept unkept = {.select = select};
    char text[JAVA_SET_TEXT_MAX];

    if (!ranges->keyed || ranges->count == 0 || select->base.fetch)
        return STATOR_OK;
    for (size_t i = 0; i < ranges->count; i++) {
        unkept.count = 0;
        for (size_t k = 0; k < ranges->at[i].filter_count; k++)
            expr_each_path(ranges->at[i].filters[k], add_unkept, &unkept);
        if (unkept.count == 0)
            return STATOR_OK;
    }
    java_set_text(text, unkept.names, unkept.count, java_set_buckets(unkept.count));
    return stator_fail(err, STATOR_VALIDATION,
                       "One or more parameter values were invalid: Secondary index %.*s does not project one or more "
                       "filter attributes: %s",
                       BYTES_ARG(select->base.index->name), text);
}

static enum stator_rc plan(struct select *select, struct engine *engine, struct job *job)
{
    const struct ExecuteStatementInput *in = job->input;
    const struct partiql_statement *partiql = &select->statement->partiql;
    struct stator_error *err = &job->error;

    STATOR_TRY(choose_index(select, err));
    STATOR_TRY(plan_statement_ranges(&select->ranges, partiql, &select->base, &engine->db.ring, &job->arena, err));
    STATOR_TRY(check_columns(select, err));
    STATOR_TRY(check_filters(select, err));
    STATOR_TRY(key_check_paths(select->table, partiql->projection, partiql->where, err));
    select->base.projection = partiql->projection;
    select->base.filter = select->ranges.filtered ? partiql->where : NULL;
    if (bytes_present(in->NextToken))
        STATOR_TRY(next_token_read(&select->token, in->NextToken, select->statement, &job->arena, err));
    if (select->token.range > select->ranges.count)
        return stator_fail(err, STATOR_VALIDATION, "NextToken does not match request");
    select->range = select->token.range;
    return STATOR_OK;
}

enum stator_rc select_open(const struct statement *statement, struct engine *engine, struct job *job)
{
    const struct ExecuteStatementInput *in = job->input;
    struct select *select = ARENA_NEW(&job->arena, struct select);

    if (select == NULL)
        return stator_fail_memory(&job->error);
    select->statement = statement;
    select->consistent = in->ConsistentRead == API_TRUE;
    select->limit = in->Limit.set ? (uint32_t)in->Limit.value : 0;
    STATOR_TRY(op_table(&select->table, engine, job, statement->partiql.table, OP_DATA));
    if (!job_defer(job, release, select))
        return stator_fail_memory(&job->error);
    buf_append_literal(&job->answer, "{\"Items\":[");
    job->progress = select;
    select->base.table = select->table;
    return plan(select, engine, job);
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static size_t pages(const struct select *select)
{
    return select->ranges.keyed ? select->ranges.count : 1;
}

static enum stator_rc open_page(struct select *select, struct engine *engine, struct job *job)
{
    bool resumed = select->range == select->token.range && select->token.key.set;

    select->request = select->base;
    select->request.limit = select->limit == 0 ? 0 : select->limit - select->scanned;
    STATOR_TRY(plan_statement_page(&select->request, &select->ranges, select->range, &engine->db.ring,
                                   resumed ? &select->token.key : NULL, &job->arena, &job->error));
    if (select->evaluated_bytes == 0) {
        const struct throttle_use use = throttle_use_of_page(&select->request);

        STATOR_TRY(throttle_admit(engine, job, &use));
    }
    page_init(&select->page, &engine->db, &select->request, &job->answer, &job->arena);
    select->page.budget = &job->budget;
    select->page_open = true;
    return STATOR_OK;
}

/* Takes over what a page has read. Each range is a read of its own, and charged as one. */
static void take_page(struct select *select, struct engine *engine, struct job *job)
{
    const struct page *page = &select->page;
    const struct throttle_use use = throttle_use_of_page(&select->request);
    double index_units = request_read_units(page->evaluated_bytes, select->consistent);
    double fetched_units = (double)page->fetched_units * (select->consistent ? 1 : 0.5);

    select->scanned += page->scanned;
    select->evaluated_bytes += page->evaluated_bytes;
    select->index_units += index_units;
    select->fetched_units += fetched_units;
    throttle_charge(engine, job, &use, index_units + fetched_units);
}

static const struct ConsumedCapacity *capacity(const struct select *select, struct job *job)
{
    const struct ExecuteStatementInput *in = job->input;
    bool base = select->base.index->kind == INDEX_BASE;

    return request_read_capacity(&in->ReturnConsumedCapacity, select->table, select->base.index,
                                 base ? select->index_units : select->fetched_units, base ? 0 : select->index_units,
                                 &job->arena);
}

/* `more`: the page at hand has stopped before its end. */
static enum stator_rc answer(struct select *select, bool more, struct job *job)
{
    struct ExecuteStatementOutput *out = ARENA_NEW(&job->arena, struct ExecuteStatementOutput);
    struct next_token token = {.range = (uint32_t)select->range};

    if (out == NULL)
        return stator_fail_memory(&job->error);
    buf_append_byte(&job->answer, ']');
    if (more || select->range < pages(select)) {
        if (more)
            token.key = out->LastEvaluatedKey = select->page.last_key;
        out->NextToken = next_token_write(&token, select->statement, &job->arena);
        if (!bytes_present(out->NextToken))
            return stator_fail_memory(&job->error);
    }
    out->ConsumedCapacity = capacity(select, job);
    job->output = out;
    return STATOR_OK;
}

enum stator_rc select_step(struct engine *engine, struct job *job)
{
    struct select *select = job->progress;
    bool more = false;

    while (!more && select->range < pages(select) && select->evaluated_bytes < PAGE_BYTES_MAX) {
        if (!select->page_open)
            STATOR_TRY(open_page(select, engine, job));
        STATOR_TRY(
            page_step(&select->page, job->on_worker ? UINT32_MAX : STEP_ITEMS_ON_LOOP, job->on_worker, &job->error));
        if (!select->page.done)
            return STATOR_AGAIN;
        take_page(select, engine, job);
        more = select->page.more;
        if (more)
            break;
        close_page(select);
        select->range++;
    }
    return answer(select, more, job);
}
