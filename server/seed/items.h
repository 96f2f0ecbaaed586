/* SPDX-License-Identifier: Apache-2.0 */
/* items: a file of items goes into its table, as BatchWriteItem would.
 *
 * In:     a file, one item a line (line.h). Its table is called as the file is, without its ending; or else without digits
 *         and one of - _ . at its front as well, which put files into an order.
 * Out:    the items are in the table. One put twice is what the later line says.
 * Memory: of a batch, or of the longest line.
 */
#ifndef SERVER_SEED_ITEMS_H
#define SERVER_SEED_ITEMS_H

#include "seed/folder.h"
#include "seed/runner.h"

/* *count is added to. err begins with "path:line: ". */
STATOR_MUST_CHECK enum stator_rc items_apply(struct runner *runner, const struct folder_file *file, uint64_t *count,
                                             struct stator_error *err);

#endif
