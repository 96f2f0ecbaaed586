/* SPDX-License-Identifier: Apache-2.0 */
/* For tests that the linker leads the store's calls to (--wrap): such a call comes to __wrap_store_..., which the test
 * defines, and __real_store_... is the store's own. */
#ifndef TESTS_UNIT_SERVER_STORE_WRAPPED_H
#define TESTS_UNIT_SERVER_STORE_WRAPPED_H

#include "store/store.h"

#define WRAPPED(type, name, ...)                                                                                       \
    type __real_store_##name(__VA_ARGS__);                                                                             \
    type __wrap_store_##name(__VA_ARGS__)

WRAPPED(enum stator_rc, get, struct store *store, uint32_t family, struct bytes key, enum store_tier tier,
        const struct store_snapshot *snapshot, struct store_pinned *out, struct stator_error *err);
WRAPPED(enum stator_rc, write, struct store *store, struct store_batch *batch, bool may_wait, struct stator_error *err);
WRAPPED(struct store_batch *, batch_new, struct store *store);
WRAPPED(struct store_iterator *, iterator_open, struct store *store, uint32_t family, struct bytes lower,
        struct bytes upper, const struct store_snapshot *snapshot, enum store_tier tier);
WRAPPED(bool, iterator_valid, const struct store_iterator *iterator);
WRAPPED(enum stator_rc, iterator_status, const struct store_iterator *iterator, struct stator_error *err);

#endif
