/* SPDX-License-Identifier: Apache-2.0 */
#include "op/read_page.h"

#include "op/throttle.h"
#include "plan/attribute.h"
#include "plan/index.h"
#include "plan/key.h"

#define STEP_ITEMS_ON_LOOP 64 /* what a loop evaluates before it hands the page to a worker */

static void release(void *what)
{
    struct read_page *progress = what;

    if (progress->page_open)
        page_deinit(&progress->page);
}

/* --- Rules -------------------------------------------------------------------------------------------------------- */

static enum stator_rc refuse_projection(const struct read_page_input *in, const char *what, struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "Cannot specify the %s when choosing to get %s",
                       in->attributes_to_get ? "AttributesToGet" : "ProjectionExpression", what);
}

static enum stator_rc check_select(const struct read_page_input *in, struct stator_error *err)
{
    bool projection = in->attributes_to_get || bytes_present(in->expressions.projection_text);

    switch (in->select.value) {
    case Select_ALL_ATTRIBUTES:
        return projection ? refuse_projection(in, "ALL_ATTRIBUTES", err) : STATOR_OK;
    case Select_COUNT:
        return projection ? refuse_projection(in, "only the Count", err) : STATOR_OK;
    case Select_ALL_PROJECTED_ATTRIBUTES:
        if (projection)
            return refuse_projection(in, "ALL_PROJECTED_ATTRIBUTES", err);
        if (!bytes_present(in->index_name))
            return stator_fail(err, STATOR_VALIDATION,
                               "ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
        return STATOR_OK;
    case Select_SPECIFIC_ATTRIBUTES:
        if (!projection)
            return stator_fail(err, STATOR_VALIDATION,
                               "Must specify the AttributesToGet or ProjectionExpression when choosing to get "
                               "SPECIFIC_ATTRIBUTES");
        return STATOR_OK;
    default:
        return STATOR_OK;
    }
}

enum stator_rc read_page_check_select(const struct read_page_input *in, bool envelope, struct stator_error *err)
{
    struct stator_error bare;

    if (check_select(in, &bare) == STATOR_OK)
        return STATOR_OK;
    return stator_fail(err, bare.rc, "%s%s", envelope ? "1 validation error detected: " : "", bare.message);
}

/* The service begins some of the faults with the key's name, and some not. */
enum stator_rc read_page_check_start_key(const struct item *key, enum value_layer layer, struct stator_error *err)
{
    static const char *const bare[] = {"contains duplicates", "number set", "numeric value", "significant digits",
                                       "number with magnitude"};
    struct stator_error why;
    const char *prefix = "The provided starting key is invalid: ";

    if (!key->set || attribute_check_item(key, layer, &why) == STATOR_OK)
        return STATOR_OK;
    for (size_t i = 0; i < sizeof(bare) / sizeof(bare[0]); i++)
        if (strstr(why.message, bare[i]) != NULL)
            prefix = "";
    return stator_fail(err, STATOR_VALIDATION, "%s%s", prefix, why.message);
}

/* Top-level attributes that an index does not keep, gathered as "a, b". */
struct unkept {
    const struct read_page *progress;
    struct buf names;
};

/* Whether "a, b" has the name. */
static bool already_named(const struct buf *names, struct bytes name)
{
    struct bytes rest = buf_bytes(names);

    while (rest.len != 0) {
        const uint8_t *comma = memmem(rest.at, rest.len, ", ", 2);
        size_t len = comma == NULL ? rest.len : (size_t)(comma - rest.at);

        if (bytes_equal(bytes_of(rest.at, len), name))
            return true;
        rest = comma == NULL ? (struct bytes){0} : bytes_of(comma + 2, rest.len - len - 2);
    }
    return false;
}

static void add_unkept(void *context, const struct path *path)
{
    struct unkept *unkept = context;
    struct bytes name = path->elements[0].name;

    if (index_keeps(unkept->progress->table, unkept->progress->request.index, name) ||
        already_named(&unkept->names, name))
        return;
    if (unkept->names.len != 0)
        buf_append_literal(&unkept->names, ", ");
    buf_append_bytes(&unkept->names, name);
}

static bool projection_unkept(struct unkept *unkept)
{
    const struct projection *projection = unkept->progress->in.expressions.projection;

    for (size_t i = 0; projection != NULL && i < projection->count; i++)
        add_unkept(unkept, &projection->paths[i]);
    return unkept->names.len != 0;
}

static bool filter_unkept(struct unkept *unkept)
{
    buf_reset(&unkept->names);
    if (unkept->progress->in.expressions.filter != NULL)
        expr_each_path(unkept->progress->in.expressions.filter, add_unkept, unkept);
    return unkept->names.len != 0;
}

/* A global index gives what it keeps; a local one fetches the rest from the table. A Query's filter may not ask for
 * what the index does not keep; a Scan's finds nothing there. */
static enum stator_rc check_kept(struct read_page *progress, struct unkept *unkept, bool query,
                                 struct stator_error *err)
{
    struct bytes name = progress->request.index->name;
    bool global = progress->request.index->kind == INDEX_GLOBAL;

    if (progress->in.select.value == Select_ALL_ATTRIBUTES) {
        if (global)
            return stator_fail(err, STATOR_VALIDATION,
                               "One or more parameter values were invalid: Select type ALL_ATTRIBUTES is not supported "
                               "for global secondary index %.*s because its projection type is not ALL",
                               BYTES_ARG(name));
        progress->request.fetch = true;
    }
    if (projection_unkept(unkept)) {
        if (global)
            return stator_fail(err, STATOR_VALIDATION,
                               "One or more parameter values were invalid: Global secondary index %.*s does not "
                               "project [%.*s]",
                               BYTES_ARG(name), BYTES_ARG(buf_bytes(&unkept->names)));
        progress->request.fetch = true;
    }
    if (query && !progress->request.fetch && filter_unkept(unkept))
        return stator_fail(err, STATOR_VALIDATION,
                           "One or more parameter values were invalid: Secondary index %.*s does not project one or "
                           "more filter attributes: [%.*s]",
                           BYTES_ARG(name), BYTES_ARG(buf_bytes(&unkept->names)));
    return STATOR_OK;
}

/* A Query's filter has nothing to say about the key: the key condition does. */
static enum stator_rc check_filter_keys(const struct read_page *progress, struct stator_error *err)
{
    const struct key_schema *key = &progress->request.index->key;
    struct bytes names[2 * KEY_PARTS_MAX], used;
    size_t count = 0;

    if (progress->in.expressions.filter == NULL)
        return STATOR_OK;
    for (uint32_t i = 0; i < key->hash_count; i++)
        names[count++] = key->hash[i].name;
    for (uint32_t i = 0; i < key->range_count; i++)
        names[count++] = key->range[i].name;
    used = expr_uses_any(progress->in.expressions.filter, names, count);
    if (!bytes_present(used))
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION,
                       "%s can only contain non-primary key attributes: Primary key attribute: %.*s",
                       progress->in.filter_member, BYTES_ARG(used));
}

enum stator_rc read_page_check_index(struct read_page *progress, bool query, struct job *job)
{
    struct unkept unkept = {.progress = progress};
    enum stator_rc rc = STATOR_OK;

    STATOR_TRY(key_check_paths(progress->table, progress->in.expressions.projection, NULL, &job->error));
    if (query)
        STATOR_TRY(check_filter_keys(progress, &job->error));
    STATOR_TRY(key_check_paths(progress->table, NULL, progress->in.expressions.filter, &job->error));
    if (progress->request.index->projection == ProjectionType_ALL)
        return STATOR_OK;
    buf_init(&unkept.names, STATOR_ERROR_MESSAGE_MAX);
    rc = check_kept(progress, &unkept, query, &job->error);
    buf_deinit(&unkept.names);
    return rc;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static enum stator_rc choose_index(struct read_page *progress, struct stator_error *err)
{
    const struct table *table = progress->table;

    progress->request.index = &table->base;
    if (!bytes_present(progress->in.index_name))
        return STATOR_OK;
    progress->request.index = table_index(table, progress->in.index_name);
    if (progress->request.index == NULL)
        return stator_fail(err, STATOR_VALIDATION, "The table does not have the specified index: %.*s",
                           BYTES_ARG(progress->in.index_name));
    if (progress->request.index->kind != INDEX_GLOBAL)
        return STATOR_OK;
    if (progress->in.consistent)
        return stator_fail(err, STATOR_VALIDATION, "Consistent reads are not supported on global secondary indexes");
    if (progress->request.index->backfilling)
        return stator_fail(err, STATOR_VALIDATION, "Cannot read from backfilling global secondary index: %.*s",
                           BYTES_ARG(progress->in.index_name));
    return STATOR_OK;
}

enum stator_rc read_page_open(struct read_page *progress, struct engine *engine, struct job *job)
{
    STATOR_TRY(op_table(&progress->table, engine, job, progress->in.table_name, OP_DATA));
    if (!job_defer(job, release, progress))
        return stator_fail_memory(&job->error);
    job->progress = progress;
    progress->request.table = progress->table;
    progress->request.forward = true;
    progress->request.limit = progress->in.limit.set ? (uint32_t)progress->in.limit.value : 0;
    progress->request.count_only = progress->in.select.value == Select_COUNT;
    progress->request.filter = progress->in.expressions.filter;
    progress->request.projection = progress->in.expressions.projection;
    return choose_index(progress, &job->error);
}

/* Reads are charged before filter and projection, the page's sum rounded once. */
static double index_units(const struct read_page *progress)
{
    return request_read_units(progress->page.evaluated_bytes, progress->in.consistent);
}

/* Of the table, for what an index does not keep. */
static double fetched_units(const struct read_page *progress)
{
    return (double)progress->page.fetched_units * (progress->in.consistent ? 1 : 0.5);
}

static const struct ConsumedCapacity *capacity(const struct read_page *progress, struct arena *arena)
{
    const struct index *index = progress->request.index;
    double units = index_units(progress), fetched = fetched_units(progress);

    if (index->kind == INDEX_BASE)
        return request_read_capacity(&progress->in.capacity, progress->table, index, units, 0, arena);
    return request_read_capacity(&progress->in.capacity, progress->table, index, fetched, units, arena);
}

/* QueryOutput and ScanOutput have the same members; Scan's is filled through Query's. */
_Static_assert(sizeof(struct QueryOutput) == sizeof(struct ScanOutput), "one structure serves both");

static enum stator_rc answer(struct read_page *progress, struct job *job)
{
    const struct page *page = &progress->page;
    struct QueryOutput *out = ARENA_NEW(&job->arena, struct QueryOutput);

    if (out == NULL)
        return stator_fail_memory(&job->error);
    if (!progress->request.count_only)
        buf_append_byte(&job->answer, ']');
    out->Count = API_INTEGER(page->count);
    out->ScannedCount = API_INTEGER(page->scanned);
    if (!progress->last_page)
        out->LastEvaluatedKey = page->last_key;
    out->ConsumedCapacity = capacity(progress, &job->arena);
    job->output = out;
    return STATOR_OK;
}

enum stator_rc read_page_step(struct read_page *progress, struct engine *engine, struct job *job)
{
    struct throttle_use use = throttle_use_of_page(&progress->request);

    if (!progress->page_open) {
        STATOR_TRY(throttle_admit(engine, job, &use));
        if (!progress->request.count_only)
            buf_append_literal(&job->answer, "{\"Items\":[");
        page_init(&progress->page, &engine->db, &progress->request, &job->answer, &job->arena);
        progress->page.budget = &job->budget;
        progress->page_open = true;
    }
    STATOR_TRY(
        page_step(&progress->page, job->on_worker ? UINT32_MAX : STEP_ITEMS_ON_LOOP, job->on_worker, &job->error));
    if (!progress->page.done)
        return STATOR_AGAIN;
    throttle_charge(engine, job, &use, index_units(progress) + fetched_units(progress));
    return answer(progress, job);
}
