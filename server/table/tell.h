/* SPDX-License-Identifier: Apache-2.0 */
/* tell: the record that an item's change leaves in the stream of its table, in the same batch. Known to this folder alone.
 *
 * Thread: that of the step's group, between its latch and the release of it.
 */
#ifndef SERVER_TABLE_TELL_H
#define SERVER_TABLE_TELL_H

#include "table/write_step.h"

#define TELL_RECORD_BYTES_MAX (2 * STORED_ITEM_BYTES_MAX + 64 * 1024) /* two images, the keys, a header */

/* Adds the record to the batch, if the table has a stream and the item is another one now. The scratch buffer `stored`
 * holds the new item. A number is in flight from then until tell_end. */
STATOR_MUST_CHECK enum stator_rc tell_change(struct write_step *step, struct stator_error *err);

/* What came of the batch. Does nothing the second time. */
void tell_end(struct write_step *step, enum lane_outcome outcome, uint64_t epoch);

#endif
