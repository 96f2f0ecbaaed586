/* SPDX-License-Identifier: Apache-2.0 */
#include "op/transaction.h"

#include "op/batch.h"
#include "op/throttle.h"
#include "op/transaction_answer.h"
#include "plan/key.h"
#include "shard/hash.h"
#include "table/token.h"
#include "table/transact.h"

#define BODY_ON_LOOP    ((size_t)64 * 1024) /* of a longer request the rest is done on a worker */
#define ACTIONS_ON_LOOP 25                  /* likewise of more actions */

/* One attempt, on versions of the tables as they are when it begins. */
struct attempt {
    struct transaction *t;
    struct batch *batch;
    size_t *table_of; /* of each action: its place in the batch */
    struct item *keys;
    struct stator_error *reasons;

    /* writes */
    struct write *writes;
    struct write_result *results;
    double *read_units;  /* of each table: what a repetition will be charged */
    struct token *token; /* NULL: none */
    bool stale;
};

/* --- Planning ----------------------------------------------------------------------------------------------------- */

/* The tables named, each once. */
static enum stator_rc open_tables(struct attempt *a)
{
    struct transaction *t = a->t;
    struct bytes *names = ARENA_ARRAY(&t->job->arena, struct bytes, t->count);
    size_t count = 0;

    if (names == NULL || a->table_of == NULL)
        return stator_fail_memory(&t->job->error);
    for (size_t i = 0; i < t->count; i++) {
        struct bytes name = op_table_name(t->actions[i].table_name);
        size_t at = 0;

        STATOR_TRY(op_check_arn(t->engine, t->job, t->actions[i].table_name));
        while (at < count && !bytes_equal(names[at], name))
            at++;
        names[at] = name;
        count = at == count ? count + 1 : count;
        a->table_of[i] = at;
    }
    return batch_open(&a->batch, t->engine, t->job, names, count);
}

static const struct table *table_at(const struct attempt *a, size_t i)
{
    return a->batch->tables[a->table_of[i]].table;
}

/* Of an empty value for a key the service tells with the whole request, not as an action's reason. */
static bool is_whole(const struct stator_error *reason)
{
    static const char beginning[] = "One or more parameter values are not valid";

    return reason->rc == STATOR_VALIDATION && strncmp(reason->message, beginning, sizeof(beginning) - 1) == 0;
}

/* The transaction cannot be done: the error of the whole request, or the reasons of all actions. */
static enum stator_rc refuse(const struct attempt *a)
{
    for (size_t i = 0; i < a->t->count; i++) {
        if (is_whole(&a->reasons[i])) {
            a->t->job->error = a->reasons[i];
            return STATOR_VALIDATION;
        }
    }
    return transaction_cancelled(a->t, a->reasons, a->results);
}

/* *cancelled: there is a reason. */
static enum stator_rc plan_actions(struct attempt *a, bool *cancelled)
{
    struct transaction *t = a->t;

    for (size_t i = 0; i < t->count; i++) {
        enum stator_rc rc = t->plan(t, i, table_at(a, i), &a->reasons[i]);

        t->actions[i].write.table = table_at(a, i);
        if (rc != STATOR_OK && rc != STATOR_VALIDATION) {
            t->job->error = a->reasons[i];
            return rc;
        }
        a->reasons[i].rc = rc;
        *cancelled |= rc != STATOR_OK;
        if (is_whole(&a->reasons[i]))
            return refuse(a);
    }
    return STATOR_OK;
}

/* Of those whose key fits: no two may be of one item. */
static enum stator_rc check_distinct(struct attempt *a)
{
    struct transaction *t = a->t;

    for (size_t i = 0; i < t->count; i++) {
        if (a->reasons[i].rc != STATOR_OK)
            continue;
        a->keys[i] = key_of_item(table_at(a, i), t->actions[i].write.key, &t->job->arena);
        if (a->keys[i].count == 0)
            return stator_fail_memory(&t->job->error);
        for (size_t k = 0; k < i; k++)
            if (a->table_of[k] == a->table_of[i] && item_equal(&a->keys[k], &a->keys[i]))
                return stator_fail(&t->job->error, STATOR_VALIDATION,
                                   "Transaction request cannot include multiple operations on one item");
    }
    return STATOR_OK;
}

/* What the request itself brings counts, not what is there: a put's item, the key of all else. */
static enum stator_rc check_request_size(const struct transaction *t)
{
    size_t bytes = 0;

    for (size_t i = 0; i < t->count; i++) {
        const struct write *write = &t->actions[i].write;

        bytes += item_size(write->kind == WRITE_PUT ? write->item : write->key);
    }
    return bytes > TRANSACT_BYTES_MAX ? stator_fail(&t->job->error, STATOR_VALIDATION, TRANSACT_BYTES_TEXT) : STATOR_OK;
}

/* What is throttled is the reason of its action: the service lets in all of them or none. */
static void throttle_action(struct attempt *a, size_t i, enum stator_rc rc, bool *cancelled)
{
    if (rc == STATOR_OK)
        return;
    a->reasons[i] = a->t->job->error;
    a->reasons[i].rc = rc;
    throttle_forgive(a->t->job);
    *cancelled = true;
}

static enum stator_rc admit_actions(struct attempt *a, enum capacity_kind kind)
{
    struct transaction *t = a->t;
    bool cancelled = false;

    for (size_t i = 0; throttle_is_on(t->engine) && i < t->count; i++) {
        struct throttle_use use = throttle_use_of_item(t->engine, table_at(a, i), kind, t->actions[i].write.key);

        throttle_action(a, i, throttle_admit(t->engine, t->job, &use), &cancelled);
    }
    return cancelled ? refuse(a) : STATOR_OK;
}

/* Of the global indexes that the writes change; under the latches, with nothing stored yet. */
static enum stator_rc admit_indexes(struct attempt *a, struct stator_error *err)
{
    struct transaction *t = a->t;
    bool cancelled = false;

    for (size_t i = 0; throttle_is_on(t->engine) && i < t->count; i++)
        throttle_action(a, i,
                        throttle_admit_indexes(t->engine, t->job, table_at(a, i), a->results[i].index_units, NULL),
                        &cancelled);
    return cancelled ? stator_fail(err, STATOR_TRANSACTION_CANCELED, "Transaction cancelled") : STATOR_OK;
}

static void charge_writes(struct attempt *a)
{
    for (size_t i = 0; i < a->t->count; i++)
        throttle_charge_write(a->t->engine, a->t->job, table_at(a, i), a->writes[i].key,
                              TRANSACTION_COST * request_write_units(&a->results[i]), a->results[i].index_units);
}

static void charge_read(struct attempt *a, size_t i, double units)
{
    struct throttle_use use =
        throttle_use_of_item(a->t->engine, table_at(a, i), CAPACITY_READ, a->t->actions[i].write.key);

    throttle_charge(a->t->engine, a->t->job, &use, units);
}

/* TransactWriteItems looks no further than the first action that does not fit its table. */
static void keep_first_reason(struct attempt *a)
{
    bool found = false;

    for (size_t i = 0; i < a->t->count; i++) {
        if (found)
            a->reasons[i].rc = STATOR_OK;
        found |= a->reasons[i].rc != STATOR_OK;
    }
}

static enum stator_rc plan(struct attempt *a)
{
    struct transaction *t = a->t;
    struct arena *arena = &t->job->arena;
    bool cancelled = false;

    a->table_of = ARENA_ARRAY(arena, size_t, t->count);
    a->keys = ARENA_ARRAY(arena, struct item, t->count);
    a->reasons = ARENA_ARRAY(arena, struct stator_error, t->count);
    if (a->keys == NULL || a->reasons == NULL)
        return stator_fail_memory(&t->job->error);
    STATOR_TRY(open_tables(a));
    STATOR_TRY(plan_actions(a, &cancelled));
    STATOR_TRY(check_distinct(a));
    if (t->job->operation == OPERATION_TransactWriteItems)
        keep_first_reason(a);
    return cancelled ? refuse(a) : STATOR_OK;
}

bool transaction_is_long(const struct transaction *t)
{
    return !t->job->on_worker && (t->job->body.len > BODY_ON_LOOP || t->count > ACTIONS_ON_LOOP);
}

/* --- Tokens ------------------------------------------------------------------------------------------------------- */

static uint64_t now_ms(void)
{
    return (uint64_t)(op_now() * 1000);
}

/* What a repetition of this transaction will be told. */
static enum stator_rc add_token(const struct attempt *a, struct store_batch *batch, struct stator_error *err)
{
    struct arena *arena = &a->t->job->arena;
    struct token_table *tables = ARENA_ARRAY(arena, struct token_table, a->batch->count);
    struct token_record record = {.done_ms = now_ms(), .tables = tables, .table_count = a->batch->count};

    if (tables == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < a->batch->count; i++)
        tables[i] = (struct token_table){a->batch->tables[i].table->name, (uint32_t)a->read_units[i]};
    shard_digest(record.digest, a->t->identity);
    return token_add(a->token, batch, &record, err);
}

/* The transaction was done before: the same success, charged as reads of what it wrote. */
static enum stator_rc repeat(struct attempt *a, const struct token_found *found)
{
    struct transaction *t = a->t;
    uint8_t digest[SHARD_DIGEST_BYTES];

    _Static_assert(sizeof(digest) == TOKEN_DIGEST_BYTES, "a token keeps a digest");
    shard_digest(digest, t->identity);
    if (memcmp(digest, found->record.digest, sizeof(digest)) != 0)
        return stator_fail(&t->job->error, STATOR_IDEMPOTENT_PARAMETER_MISMATCH,
                           "The request has a ClientRequestToken that was used with other parameters");
    for (size_t i = 0; i < a->batch->count; i++)
        for (size_t k = 0; k < found->record.table_count; k++)
            if (bytes_equal(a->batch->tables[i].table->name, found->record.tables[k].name))
                a->batch->tables[i].units = found->record.tables[k].read_units;
    t->capacity = transaction_capacity(a->batch, t->capacity_wanted, TRANSACTION_READS, &t->job->arena);
    t->metrics = transaction_metrics(t, a->batch, a->table_of);
    return t->answer(t, &t->job->error);
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static double read_units_of(const struct write *write, const struct write_result *result)
{
    size_t bytes = write->kind == WRITE_CHECK ? result->old_bytes : result->new_bytes;

    return TRANSACTION_COST * request_read_units(bytes, true);
}

static void count_units(struct attempt *a)
{
    for (size_t i = 0; i < a->t->count; i++) {
        const struct write_result *result = &a->results[i];
        struct batch_table *table = &a->batch->tables[a->table_of[i]];

        table->units += TRANSACTION_COST * request_write_units(result);
        for (size_t k = 0; k < table->table->index_count; k++)
            table->index_units[k] += result->index_units[k];
        a->read_units[a->table_of[i]] += read_units_of(&a->writes[i], result);
    }
}

/* Under the latches, with nothing stored yet. */
static enum stator_rc before_commit(void *context, struct store_batch *batch, struct stator_error *err)
{
    struct attempt *a = context;
    struct transaction *t = a->t;

    STATOR_TRY(admit_indexes(a, err));
    count_units(a);
    t->capacity = transaction_capacity(a->batch, t->capacity_wanted, TRANSACTION_WRITES, &t->job->arena);
    t->metrics = transaction_metrics(t, a->batch, a->table_of);
    STATOR_TRY(t->answer(t, err));
    if (a->token != NULL)
        STATOR_TRY(add_token(a, batch, err));
    return t->job->arena.failed ? stator_fail_memory(err) : STATOR_OK;
}

static enum stator_rc make_writes(struct attempt *a)
{
    struct transaction *t = a->t;
    struct arena *arena = &t->job->arena;

    a->writes = ARENA_ARRAY(arena, struct write, t->count);
    a->results = ARENA_ARRAY(arena, struct write_result, t->count);
    a->read_units = ARENA_ARRAY(arena, double, a->batch->count);
    if (a->writes == NULL || a->results == NULL || a->read_units == NULL)
        return stator_fail_memory(&t->job->error);
    for (size_t i = 0; i < t->count; i++) {
        a->writes[i] = t->actions[i].write;
        a->writes[i].budget = &t->job->budget;
        a->writes[i].returns_old = t->actions[i].return_old;
    }
    return STATOR_OK;
}

static enum stator_rc write_planned(struct attempt *a)
{
    struct transaction *t = a->t;
    struct database *db = &t->engine->db;
    struct transact_write transact;
    enum stator_rc rc;

    STATOR_TRY(admit_actions(a, CAPACITY_WRITE));
    STATOR_TRY(make_writes(a));
    transact = (struct transact_write){
        .writes = a->writes,
        .results = a->results,
        .reasons = a->reasons,
        .count = t->count,
        .before_commit = before_commit,
        .context = a,
        .mark = a->token == NULL ? NULL : &db->tokens.mark,
    };
    rc = table_transact_write(db, &transact, request_wait(t->job), &t->job->arena, &t->job->error);
    a->stale = transact.stale;
    t->job->latch = transact.busy;
    if (rc == STATOR_TRANSACTION_CANCELED)
        rc = refuse(a);
    else if (rc == STATOR_OK && !a->stale)
        charge_writes(a);
    for (size_t i = 0; i < t->count; i++)
        write_result_release(&a->results[i]);
    return rc;
}

/* With the token in our hands: it was used before, or is used now. */
static enum stator_rc write_with_token(struct attempt *a)
{
    struct transaction *t = a->t;
    struct token_found found;

    STATOR_TRY(
        token_find(&found, a->token, &t->engine->db, now_ms(), t->job->on_worker, &t->job->arena, &t->job->error));
    return found.found ? repeat(a, &found) : write_planned(a);
}

static enum stator_rc write_once(struct attempt *a)
{
    struct transaction *t = a->t;
    struct database *db = &t->engine->db;
    struct token token;
    struct bytes namespace_;
    enum stator_rc rc;

    STATOR_TRY(plan(a));
    STATOR_TRY(check_request_size(t));
    if (!bytes_present(t->token))
        return write_planned(a);
    namespace_ = op_namespace(t->engine, t->job);
    if (!bytes_present(namespace_))
        return stator_fail_memory(&t->job->error);
    STATOR_TRY(token_begin(&token, db, namespace_, t->token, &t->job->arena, &t->job->error));
    a->token = &token;
    rc = write_with_token(a);
    token_end(&token, db);
    return rc;
}

enum stator_rc transaction_write(struct transaction *t)
{
    struct attempt attempt;
    enum stator_rc rc;

    do {
        attempt = (struct attempt){.t = t};
        rc = write_once(&attempt); /* stale: from the start, with new versions */
    } while (rc == STATOR_OK && attempt.stale);
    return rc;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

/* The item as it is answered. A projection that finds nothing is told by no item at all, unlike GetItem's. */
static enum stator_rc shape_response(struct ItemResponse *out, const struct transact_read *read,
                                     const struct projection *projection, struct job *job)
{
    struct item_source_stored source;

    if (projection == NULL) {
        out->Item = stored_item_answer(&read->result.item);
        return STATOR_OK;
    }
    if (!item_source_stored_init(&source, &read->result.item, &job->arena))
        return stator_fail_memory(&job->error);
    STATOR_TRY(projection_apply(&out->Item, projection, &source.source, &job->arena, &job->error));
    out->Item.set = out->Item.count != 0;
    return STATOR_OK;
}

static enum stator_rc answer_reads(struct attempt *a, const struct transact_read *reads)
{
    struct transaction *t = a->t;

    t->responses = ARENA_ARRAY(&t->job->arena, struct ItemResponse, t->count);
    if (t->responses == NULL)
        return stator_fail_memory(&t->job->error);
    for (size_t i = 0; i < t->count; i++) {
        const struct read_result *result = &reads[i].result;
        size_t size = result->exists ? result->item.size_bytes : 0;

        a->batch->tables[a->table_of[i]].units += TRANSACTION_COST * request_read_units(size, true);
        charge_read(a, i, TRANSACTION_COST * request_read_units(size, true));
        if (result->exists)
            STATOR_TRY(shape_response(&t->responses[i], &reads[i], t->actions[i].projection, t->job));
    }
    t->capacity = transaction_capacity(a->batch, t->capacity_wanted, TRANSACTION_READS, &t->job->arena);
    return t->answer(t, &t->job->error);
}

static enum stator_rc read_planned(struct attempt *a)
{
    struct transaction *t = a->t;
    struct transact_read *reads = ARENA_ARRAY(&t->job->arena, struct transact_read, t->count);
    enum stator_rc rc;

    if (reads == NULL)
        return stator_fail_memory(&t->job->error);
    STATOR_TRY(admit_actions(a, CAPACITY_READ));
    for (size_t i = 0; i < t->count; i++) {
        reads[i].table = table_at(a, i);
        reads[i].key = t->actions[i].write.key;
        reads[i].budget = &t->job->budget;
        reads[i].projected = t->actions[i].projection != NULL;
    }
    rc = table_transact_read(&t->engine->db, reads, t->count, t->job->on_worker, &t->job->arena, &t->job->error);
    if (rc == STATOR_TRANSACTION_CANCELED) {
        for (size_t i = 0; i < t->count; i++)
            a->reasons[i] = reads[i].reason;
        rc = refuse(a);
    } else if (rc == STATOR_OK) {
        rc = answer_reads(a, reads);
    }
    for (size_t i = 0; i < t->count; i++)
        store_release(&reads[i].result.pinned);
    return rc;
}

enum stator_rc transaction_read(struct transaction *t)
{
    struct attempt attempt = {.t = t};
    enum stator_rc rc;

    rc = plan(&attempt);
    if (rc == STATOR_OK)
        rc = read_planned(&attempt);
    return rc;
}
