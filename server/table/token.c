/* SPDX-License-Identifier: Apache-2.0 */
#include "table/token.h"

#include "table/database.h"

enum stator_rc tokens_init(struct tokens *tokens, struct stator_error *err)
{
    tokens->in_use = running_new();
    return tokens->in_use == NULL ? stator_fail_memory(err) : STATOR_OK;
}

void tokens_deinit(struct tokens *tokens)
{
    running_free(tokens->in_use);
    tokens->in_use = NULL;
}

enum stator_rc token_begin(struct token *token, struct database *db, struct bytes namespace_, struct bytes text,
                           struct arena *arena, struct stator_error *err)
{
    struct buf key;

    buf_init(&key, TOKEN_KEY_MAX);
    token_key_write(&key, namespace_, text);
    token->key = key.failed ? (struct bytes){0} : arena_copy(arena, buf_bytes(&key));
    buf_deinit(&key);
    if (!bytes_present(token->key))
        return stator_fail_memory(err);
    token->entry.id = ring_token(token->key);
    if (!running_enter(db->tokens.in_use, &token->entry))
        return stator_fail(err, STATOR_TRANSACTION_IN_PROGRESS,
                           "Transaction from previous request is still in progress");
    return STATOR_OK;
}

void token_end(struct token *token, struct database *db)
{
    running_leave(db->tokens.in_use, &token->entry);
}

static bool is_over(uint64_t done_ms, uint64_t now_ms)
{
    return now_ms >= done_ms && now_ms - done_ms >= TOKEN_KEPT_MS;
}

enum stator_rc token_find(struct token_found *out, const struct token *token, struct database *db, uint64_t now_ms,
                          bool may_wait, struct arena *arena, struct stator_error *err)
{
    struct store_pinned pinned;
    struct bytes stored;

    *out = (struct token_found){0};
    STATOR_TRY(
        store_get(db->store, STORE_CATALOG, token->key, may_wait ? STORE_ANY : STORE_CACHED, NULL, &pinned, err));
    if (!bytes_present(pinned.value))
        return STATOR_OK;
    durable_mark_look(&db->tokens.mark, db->durability);
    stored = arena_copy(arena, pinned.value);
    store_release(&pinned);
    if (!bytes_present(stored))
        return stator_fail_memory(err);
    STATOR_TRY(token_record_read(&out->record, stored, arena, err));
    out->found = !is_over(out->record.done_ms, now_ms);
    return STATOR_OK;
}

enum stator_rc token_add(const struct token *token, struct store_batch *batch, const struct token_record *record,
                         struct stator_error *err)
{
    struct buf bytes;
    bool failed;

    buf_init(&bytes, TOKEN_RECORD_MAX + TOKEN_KEY_MAX);
    token_record_write(&bytes, record);
    failed = bytes.failed;
    if (!failed)
        store_batch_put(batch, STORE_CATALOG, token->key, buf_bytes(&bytes));
    buf_reset(&bytes);
    token_expiry_write(&bytes, record->done_ms, token->key);
    failed |= bytes.failed;
    if (!failed)
        store_batch_put(batch, STORE_CATALOG, buf_bytes(&bytes), BYTES(""));
    buf_deinit(&bytes);
    return failed ? stator_fail_memory(err) : STATOR_OK;
}

/* --- The sweep ---------------------------------------------------------------------------------------------------- */

/* Whether the record of that key is still the one of that time: the token may have been used anew. */
static enum stator_rc is_of_time(bool *is, struct database *db, struct bytes key, uint64_t done_ms,
                                 struct stator_error *err)
{
    struct token_record record;
    struct store_pinned pinned;
    struct arena arena;
    enum stator_rc rc = STATOR_OK;

    *is = false;
    STATOR_TRY(store_get(db->store, STORE_CATALOG, key, STORE_ANY, NULL, &pinned, err));
    if (!bytes_present(pinned.value))
        return STATOR_OK;
    arena_init(&arena, (size_t)64 * 1024);
    rc = token_record_read(&record, pinned.value, &arena, err);
    *is = rc == STATOR_OK && record.done_ms == done_ms;
    arena_deinit(&arena);
    store_release(&pinned);
    return rc;
}

/* Removes one expiry and its record. The token is ours meanwhile; *left: it is in use, and is left for the next time. */
static enum stator_rc sweep_one(struct database *db, struct bytes expiry, uint64_t done_ms, struct bytes key,
                                bool *left, struct stator_error *err)
{
    struct running_entry entry = {.id = ring_token(key)};
    struct store_batch *batch;
    bool both = false;
    enum stator_rc rc;

    *left = !running_enter(db->tokens.in_use, &entry);
    if (*left)
        return STATOR_OK;
    batch = store_batch_new(db->store);
    rc = batch == NULL ? stator_fail_memory(err) : is_of_time(&both, db, key, done_ms, err);
    if (rc == STATOR_OK) {
        store_batch_delete(batch, STORE_CATALOG, expiry);
        if (both)
            store_batch_delete(batch, STORE_CATALOG, key);
        store_batch_frees(batch, STORE_FREES_LATER);
        rc = store_write(db->store, batch, true, err);
    }
    store_batch_free(batch);
    running_leave(db->tokens.in_use, &entry);
    return rc;
}

static enum stator_rc sweep(struct database *db, struct store_iterator *iterator, uint64_t now_ms, size_t max,
                            uint64_t *from_ms, bool *more, struct stator_error *err)
{
    bool left = false, any_left = false;
    size_t swept = 0;

    for (store_iterator_seek_first(iterator); store_iterator_valid(iterator); store_iterator_next(iterator)) {
        struct bytes expiry = store_iterator_key(iterator), key;
        uint64_t done_ms;

        if (!token_expiry_read(&done_ms, &key, expiry))
            return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "the expiry of a token is damaged");
        if (!is_over(done_ms, now_ms))
            return STATOR_OK; /* all others are later */
        if (swept++ == max) {
            *more = true;
            return STATOR_OK;
        }
        STATOR_TRY(sweep_one(db, expiry, done_ms, key, &left, err));
        any_left |= left;
        if (!any_left)
            *from_ms = done_ms;
    }
    return store_iterator_status(iterator, err);
}

enum stator_rc tokens_sweep(struct database *db, uint64_t now_ms, size_t max, uint64_t *from_ms, bool *more,
                            struct stator_error *err)
{
    struct store_iterator *iterator = NULL;
    struct buf first;
    enum stator_rc rc;

    *more = false;
    if (now_ms < *from_ms) /* the clock was set back, and there may be older ones again */
        *from_ms = 0;
    buf_init(&first, TOKEN_KEY_MAX);
    token_expiry_write(&first, *from_ms, BYTES(""));
    if (!first.failed)
        iterator = store_iterator_open(db->store, STORE_CATALOG, buf_bytes(&first), TOKEN_EXPIRY_END, NULL, STORE_ANY);
    buf_deinit(&first);
    if (iterator == NULL)
        return stator_fail_memory(err);
    rc = sweep(db, iterator, now_ms, max, from_ms, more, err);
    store_iterator_close(iterator);
    return rc;
}
