/* SPDX-License-Identifier: Apache-2.0 */
#include "table/read.h"

#include "format/keycodec.h"
#include "plan/index.h"

static enum stator_rc get(struct database *db, struct buf *key, const struct location *where,
                          const struct store_snapshot *snapshot, bool may_wait, struct read_result *result,
                          struct stator_error *err)
{
    result->hash = ring_token(buf_bytes(key));
    STATOR_TRY(store_get(db->store, STORE_SHARD(where->shard), buf_bytes(key), may_wait ? STORE_ANY : STORE_CACHED,
                         snapshot, &result->pinned, err));
    durable_mark_look(latch_mark(db->latches, latch_of(db->latches, result->hash)), db->durability);
    if (!bytes_present(result->pinned.value))
        return STATOR_OK;
    result->exists = stored_item_open(&result->item, result->pinned.value);
    if (!result->exists)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "A stored item is damaged");
    return STATOR_OK;
}

enum stator_rc table_get_at(struct database *db, const struct table *table, const struct item *key,
                            const struct store_snapshot *snapshot, bool may_wait, struct read_result *result,
                            struct stator_error *err)
{
    struct location where;
    struct buf encoded;
    enum stator_rc rc;

    *result = (struct read_result){0};
    buf_init(&encoded, KEY_BYTES_MAX);
    if (index_key(&encoded, &where, &db->ring, table, &table->base, key))
        rc = get(db, &encoded, &where, snapshot, may_wait, result, err);
    else
        rc = stator_fail(err, STATOR_VALIDATION, "The provided key element does not match the schema");
    buf_deinit(&encoded);
    return rc;
}

enum stator_rc table_get(struct database *db, const struct table *table, const struct item *key, bool may_wait,
                         struct read_result *result, struct stator_error *err)
{
    return table_get_at(db, table, key, NULL, may_wait, result, err);
}

enum stator_rc table_get_paid(struct database *db, const struct table *table, const struct item *key,
                              const struct store_snapshot *snapshot, bool may_wait, struct expr_budget *budget,
                              struct read_result *result, struct stator_error *err)
{
    enum stator_rc rc = table_get_at(db, table, key, snapshot, false, result, err);

    if (rc != STATOR_AGAIN || !may_wait || !expr_budget_allows(budget, READ_DISK_COST))
        return rc;
    store_release(&result->pinned);
    return table_get_at(db, table, key, snapshot, true, result, err);
}
