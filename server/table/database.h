/* SPDX-License-Identifier: Apache-2.0 */
/* database: what reads and writes of items work with. Filled by the engine at start-up, borrowed by everyone else. */
#ifndef SERVER_TABLE_DATABASE_H
#define SERVER_TABLE_DATABASE_H

#include "catalog/catalog.h"
#include "shard/durability.h"
#include "shard/latch.h"
#include "shard/ring.h"
#include "shard/running.h"
#include "store/store.h"
#include "stream/registry.h"
#include "table/token.h"

struct database {
    struct store *store;
    struct ring ring;
    struct latch_table *latches;
    struct durability *durability;
    struct catalog *catalog;
    struct tokens tokens;
    struct running *running; /* items of transactions under way; NULL: who meets one waits for it */
    struct streams *streams;
};

#endif
