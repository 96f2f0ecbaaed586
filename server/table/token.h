/* SPDX-License-Identifier: Apache-2.0 */
/* token: ClientRequestTokens that transactions have been done with, kept for ten minutes and through restarts.
 *
 * In:     a token and the digest of its request.
 * Out:    what is to be stored with the transaction, or what was stored when it was done before.
 * Owns:   which tokens are in use now. The records are in the store's catalog family (catalog/token.h).
 * Thread: [any]; [main] init and deinit.
 *
 *      begin   nobody else uses the token until end
 *      find    whether it was used before
 *      add     puts its record into the batch of the transaction
 *      end
 */
#ifndef SERVER_TABLE_TOKEN_H
#define SERVER_TABLE_TOKEN_H

#include "catalog/token.h"
#include "shard/durability.h"
#include "shard/running.h"

#define TOKEN_KEPT_MS ((uint64_t)10 * 60 * 1000) /* the service's time */

struct database;

struct tokens {
    struct running *in_use;
    struct durable_mark mark; /* readers of a record wait for what it says */
};

STATOR_MUST_CHECK enum stator_rc tokens_init(struct tokens *tokens, struct stator_error *err);
void tokens_deinit(struct tokens *tokens);

/* One use of a token. */
struct token {
    struct running_entry entry;
    struct bytes key; /* in the arena */
};

/* STATOR_TRANSACTION_IN_PROGRESS when another one uses it. After STATOR_OK alone token_end. */
STATOR_MUST_CHECK enum stator_rc token_begin(struct token *token, struct database *db, struct bytes namespace_,
                                             struct bytes text, struct arena *arena, struct stator_error *err);
void token_end(struct token *token, struct database *db);

struct token_found {
    bool found;
    struct token_record record; /* when found; in the arena */
};

/* A record whose time is over counts as none. STATOR_AGAIN when may_wait is false and it is not in memory. */
STATOR_MUST_CHECK enum stator_rc token_find(struct token_found *out, const struct token *token, struct database *db,
                                            uint64_t now_ms, bool may_wait, struct arena *arena,
                                            struct stator_error *err);

/* The batch is to be stored between durable_mark_begin and _end of tokens.mark. */
STATOR_MUST_CHECK enum stator_rc token_add(const struct token *token, struct store_batch *batch,
                                           const struct token_record *record, struct stator_error *err);

/* Removes up to `max` records whose time is over. *more: there may be others. *from_ms: 0 at first, then kept by the one
 * who sweeps: nothing older is left, so that a sweep need not pass by what earlier ones have removed. May wait for the
 * disk. */
STATOR_MUST_CHECK enum stator_rc tokens_sweep(struct database *db, uint64_t now_ms, size_t max, uint64_t *from_ms,
                                              bool *more, struct stator_error *err);

#endif
