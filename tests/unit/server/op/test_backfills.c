/* SPDX-License-Identifier: Apache-2.0 */
/* Indexes that are added to a full table by a background thread whose store fails, or does not do what it says: they end
 * complete, or not ACTIVE. */
#include "format/itemcodec.h"
#include "unit/server/database.h"
#include "unit/server/op/jobs.h"
#include "unit/server/store/wrapped.h"
#include "unit/unit.h"
#include "watch/log.h"

#include <pthread.h>
#include <unistd.h>

#define ITEMS      150
#define PATIENCE_S 30

static pthread_t tester;

/* Of the calls of other threads than the test's: one in so many fails, up to `left` times. */
static struct {
    _Atomic unsigned every, calls, left;
} fault;

/* Of the reads of an index's entries the last so many of the first ITEMS, which are the backfill's, are told that the entry
 * is there. */
#define LIES 5
static _Atomic int reads; /* that are left of them */
static _Atomic uint32_t reads_of;

static bool fails(struct stator_error *err)
{
    unsigned every = atomic_load(&fault.every);

    if (every == 0 || pthread_equal(pthread_self(), tester) || atomic_fetch_add(&fault.calls, 1) % every != 0 ||
        atomic_load(&fault.left) == 0)
        return false;
    atomic_fetch_sub(&fault.left, 1);
    stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "as the test wants");
    return true;
}

/* The first write after a walk began is said to be done, and is not. */
static _Atomic enum { LOSES_NOTHING, LOSES_OF_WALK, LOSES_NEXT } loss;

enum stator_rc __wrap_store_write(struct store *store, struct store_batch *batch, bool may_wait,
                                  struct stator_error *err)
{
    if (atomic_load(&loss) == LOSES_NEXT) {
        atomic_store(&loss, LOSES_NOTHING);
        return STATOR_OK;
    }
    return fails(err) ? STATOR_INTERNAL_SERVER_ERROR : __real_store_write(store, batch, may_wait, err);
}

enum stator_rc __wrap_store_get(struct store *store, uint32_t family, struct bytes key, enum store_tier tier,
                                const struct store_snapshot *snapshot, struct store_pinned *out,
                                struct stator_error *err)
{
    *out = (struct store_pinned){.slice = NULL};
    if (fails(err))
        return STATOR_INTERNAL_SERVER_ERROR;
    if (key.len > 4 && read_be32(key.at) == atomic_load(&reads_of) && atomic_load(&reads) > 0 &&
        atomic_fetch_sub(&reads, 1) <= LIES) {
        out->value = BYTES("there");
        return STATOR_OK;
    }
    return __real_store_get(store, family, key, tier, snapshot, out, err);
}

/* The id of the table whose items are walked over, and how often that was begun or gone on with. */
static _Atomic uint32_t walks_of;
static _Atomic int walks;

struct store_iterator *__wrap_store_iterator_open(struct store *store, uint32_t family, struct bytes lower,
                                                  struct bytes upper, const struct store_snapshot *snapshot,
                                                  enum store_tier tier)
{
    if (lower.len > 4 && read_be32(lower.at) == atomic_load(&walks_of)) {
        atomic_fetch_add(&walks, 1);
        if (atomic_load(&loss) == LOSES_OF_WALK)
            atomic_store(&loss, LOSES_NEXT);
    }
    return fails(NULL) ? NULL : __real_store_iterator_open(store, family, lower, upper, snapshot, tier);
}

enum stator_rc __wrap_store_iterator_status(const struct store_iterator *iterator, struct stator_error *err)
{
    return fails(err) ? STATOR_INTERNAL_SERVER_ERROR : __real_store_iterator_status(iterator, err);
}

/* What is done to the index when a comparison that found something has come to its end. */
static struct {
    struct engine *_Atomic engine; /* NULL: nothing */
    _Atomic int rounds;            /* that there were */
} planting;

static void plant(struct engine *engine, bool surplus);

void __real_log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count);
void __wrap_log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count);

void __wrap_log_write(enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
    __real_log_write(level, message, fields, count);
    if (planting.engine != NULL && strstr(message, "is compared again") != NULL && planting.rounds++ < 2)
        plant(planting.engine, planting.rounds == 2);
}

static struct engine *open_full(void)
{
    static struct answer answer;
    struct engine *engine = open_engine(NULL);

    tester = pthread_self();
    run_step(engine, 0, &create_without_stream, true);
    for (int i = 0; i < ITEMS; i++) {
        char item[256];

        snprintf(item, sizeof(item),
                 "{\"TableName\":\"test\",\"Item\":{\"pk\":{\"S\":\"p%d\"},\"sk\":{\"N\":\"%d\"},\"n\":{\"S\":\"%d\"},"
                 "\"exp\":{\"N\":\"4000000000\"}}}",
                 i % 20, i, i % 3);
        run_job(&answer, engine, OPERATION_PutItem, item, true, JOB_ARENA_MAX);
        assert_int_equal(answer.rc, STATOR_OK);
    }
    return engine;
}

static const struct step add_index = {
    "UpdateTable",
    "{'TableName':'test','AttributeDefinitions':[{'AttributeName':'n','AttributeType':'S'}],"
    "'GlobalSecondaryIndexUpdates':[{'Create':{'IndexName':'new','KeySchema':[{'AttributeName':'n','KeyType':'HASH'}],"
    "'Projection':{'ProjectionType':'ALL'}}}]}",
    "~'IndexStatus':'CREATING'",
};

static const struct step enable = {
    "UpdateTimeToLive",
    "{'TableName':'test','TimeToLiveSpecification':{'Enabled':true,'AttributeName':'exp'}}",
    "~'Enabled':true",
};

static bool is_complete(struct engine *engine, bool ttl)
{
    struct table *table = catalog_find(engine->db.catalog, BYTES(""), BYTES("test"));
    bool complete = ttl ? table->extras->ttl.status == TimeToLiveStatus_ENABLED
                        : table->indexes[table->index_count - 1].status == IndexStatus_ACTIVE;

    table_release(table);
    return complete;
}

static void await_complete(struct engine *engine, bool ttl)
{
    for (int ms = 0; !is_complete(engine, ttl); ms++) {
        assert_true(ms < PATIENCE_S * 1000);
        usleep(1000);
    }
}

/* The index of next id is about to be made. */
static uint32_t next_id(struct engine *engine)
{
    struct table *table = catalog_find(engine->db.catalog, BYTES(""), BYTES("test"));
    uint32_t id = table->base.state->id;

    for (size_t i = 0; i < table->index_count; i++)
        id = table->indexes[i].state->id > id ? table->indexes[i].state->id : id;
    table_release(table);
    return id + 1;
}

static void make_fail(unsigned every)
{
    atomic_store(&fault.calls, 0);
    atomic_store(&fault.left, 2); /* each costs a second's pause */
    atomic_store(&fault.every, every);
}

/* Every kind of call fails somewhere: a step is done again, and nothing is left out. */
static void errors_cost_no_entry(void **state)
{
    static const unsigned every[] = {7, 150};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(every); i++)
        for (int ttl = 0; ttl < 2; ttl++) {
            struct engine *engine = open_full();

            make_fail(every[i]);
            run_step(engine, 1, ttl ? &enable : &add_index, true);
            await_complete(engine, ttl);
            atomic_store(&fault.every, 0);
            if (!ttl)
                assert_int_equal(atomic_load(&fault.left), 0);
            audit(engine);
            engine_close(engine);
        }
}

/* Entries that the backfill takes to be there and that are not: the comparison finds and mends them. */
static void what_is_left_out_is_found(void **state)
{
    struct engine *engine = open_full();

    (void)state;
    atomic_store(&reads_of, next_id(engine));
    atomic_store(&reads, ITEMS);
    run_step(engine, 1, &add_index, true);
    await_complete(engine, false);
    assert_int_equal(atomic_load(&reads), 0);
    audit(engine);
    engine_close(engine);
}

/* Also where a request makes the whole index of a small table: it is not enabled before it is compared. */
static void what_is_left_out_of_expiry_is_found(void **state)
{
    struct engine *engine = open_full();
    struct table *table = catalog_find(engine->db.catalog, BYTES(""), BYTES("test"));

    (void)state;
    atomic_store(&walks_of, table->base.state->id);
    table_release(table);
    atomic_store(&loss, LOSES_OF_WALK);
    run_step(engine, 1, &enable, true);
    await_complete(engine, true);
    assert_int_equal(atomic_load(&loss), LOSES_NOTHING);
    atomic_store(&walks_of, 0);
    audit(engine);
    engine_close(engine);
}

/* Takes an entry away, or adds one that no item calls for, as no write does: the counters say that it was there, or not. */
static void plant(struct engine *engine, bool surplus)
{
    struct table *table = catalog_find(engine->db.catalog, BYTES(""), BYTES("test"));
    struct index_state *index = table->indexes[table->index_count - 1].state;
    struct store_batch *batch = store_batch_new(engine->db.store);
    const int64_t sign = surplus ? 1 : -1;
    struct stored_entry entry;
    struct stored_item item;
    uint8_t key[8];

    stored_entry_find(engine, index->id, &entry);
    assert_true(stored_item_open(&item, bytes_of(entry.value, entry.value_len)));
    entry.key[entry.key_len - 1] ^= surplus; /* that of an item that is not there */
    if (surplus)
        store_batch_put(batch, STORE_SHARD(entry.shard), bytes_of(entry.key, entry.key_len),
                        bytes_of(entry.value, entry.value_len));
    else
        store_batch_delete(batch, STORE_SHARD(entry.shard), bytes_of(entry.key, entry.key_len));
    store_batch_add(batch, catalog_counter_key(key, index->id, COUNTER_ITEMS), sign);
    store_batch_add(batch, catalog_counter_key(key, index->id, COUNTER_BYTES), sign * (int64_t)item.size_bytes);
    assert_int_equal(__real_store_write(engine->db.store, batch, true, NULL), STATOR_OK);
    atomic_fetch_add(&index->item_count, sign);
    atomic_fetch_add(&index->size_bytes, sign * (int64_t)item.size_bytes);
    store_batch_free(batch);
    table_release(table);
}

/* An index that a comparison has found something in is compared again, and is not ACTIVE before: there may be more. */
static void is_compared_until_it_is_right(void **state)
{
    struct engine *engine = open_full();

    (void)state;
    planting.rounds = 0;
    planting.engine = engine;
    atomic_store(&reads_of, next_id(engine));
    atomic_store(&reads, ITEMS);
    run_step(engine, 1, &add_index, true);
    await_complete(engine, false);
    assert_int_equal(planting.rounds, 3); /* what the backfill left out, and what was planted */
    audit(engine);
    planting.engine = NULL;
    engine_close(engine);
}

struct writer {
    struct engine *engine;
    _Atomic bool holds;
    int walks; /* that it saw begin */
};

static void *hold_latch(void *context)
{
    struct writer *writer = context;

    latch_take(writer->engine->db.latches, LATCH_COUNT - 1);
    atomic_store(&writer->holds, true);
    usleep(300000);
    writer->walks = atomic_load(&walks);
    latch_release(writer->engine->db.latches, LATCH_COUNT - 1);
    return NULL;
}

/* A writer that began before the index may keep no entry in it: items are walked over when it is done. */
static void waits_for_writers_of_before(void **state)
{
    (void)state;
    for (int ttl = 0; ttl < 2; ttl++) {
        struct writer writer = {.engine = open_full()};
        struct table *table = catalog_find(writer.engine->db.catalog, BYTES(""), BYTES("test"));
        pthread_t thread;

        atomic_store(&walks, 0);
        atomic_store(&walks_of, table->base.state->id);
        table_release(table);
        assert_int_equal(pthread_create(&thread, NULL, hold_latch, &writer), 0);
        while (!atomic_load(&writer.holds))
            usleep(100);
        run_step(writer.engine, 1, ttl ? &enable : &add_index, true);
        pthread_join(thread, NULL);
        assert_int_equal(writer.walks, 0);
        await_complete(writer.engine, ttl);
        assert_int_not_equal(atomic_load(&walks), 0);
        atomic_store(&walks_of, 0);
        audit(writer.engine);
        engine_close(writer.engine);
    }
}

/* While it cannot be compared it is not ACTIVE. */
static void is_not_complete_while_steps_fail(void **state)
{
    struct engine *engine = open_full();

    (void)state;
    atomic_store(&fault.left, UINT32_MAX);
    atomic_store(&fault.every, 1);
    run_step(engine, 1, &add_index, true);
    usleep(1200000); /* a second try included */
    assert_false(is_complete(engine, false));
    atomic_store(&fault.every, 0);
    await_complete(engine, false);
    audit(engine);
    engine_close(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(errors_cost_no_entry),
        cmocka_unit_test(what_is_left_out_is_found),
        cmocka_unit_test(what_is_left_out_of_expiry_is_found),
        cmocka_unit_test(is_compared_until_it_is_right),
        cmocka_unit_test(waits_for_writers_of_before),
        cmocka_unit_test(is_not_complete_while_steps_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
