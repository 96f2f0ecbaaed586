/* SPDX-License-Identifier: Apache-2.0 */
/* seed: --init-dir: tables and items that a data directory begins with.
 *
 * In:     a folder. Out: its tables and items are in the engine, on disk, and a note of each file that was wholly applied.
 *         Files of definitions come first, then files of items, each in the order of their names.
 *
 * A file is applied once: a note has its name and the hash of its bytes, and is written behind what the file made. A file
 * that has changed is applied again as a whole. A crash half-way leaves no note, so the next start applies the file from
 * its beginning; nobody was served meanwhile. In memory everything is new at each start. Where each region or access key
 * has tables of its own, each has notes of its own.
 *
 * Thread: [main], before the server listens.
 */
#ifndef SERVER_SEED_SEED_H
#define SERVER_SEED_SEED_H

#include "op/op.h"

struct seed_options {
    const char *dir;
    const char *region, *access_key; /* the tables are those of a client who signs with these; may be NULL */
    bool isolate_by_region, isolate_by_access_key;
    bool (*stopping)(void); /* whether the process has been asked to end; may be NULL */
};

/* Reports in the log. err names file and line. */
STATOR_MUST_CHECK enum stator_rc seed_apply(struct engine *engine, const struct seed_options *options,
                                            struct stator_error *err);

#endif
