/* SPDX-License-Identifier: Apache-2.0 */
/* contents: what a store says of tables, compared with itself: definitions, where each item lies, entries of indexes and of
 * expiry, counters, records of streams, what is nobody's.
 *
 * Thread: [main], and nobody else has the store.
 */
#ifndef SERVER_CHECK_CONTENTS_H
#define SERVER_CHECK_CONTENTS_H

#include "check/report.h"
#include "store/store.h"

/* Reads the definitions of all tables into the report. Without `mend` a definition that cannot be read is told; with it, it is
 * deleted as well. */
STATOR_MUST_CHECK enum stator_rc contents_load(struct store *store, bool mend, struct report *report,
                                               struct stator_error *err);

/* Compares all of it. With `mend` the items are taken for right, and all else is made to fit. Fails if the store cannot be
 * written, or memory is used up; what cannot be read is a fault. */
STATOR_MUST_CHECK enum stator_rc contents_check(struct store *store, bool mend, struct report *report,
                                                struct stator_error *err);

#endif
