/* SPDX-License-Identifier: Apache-2.0 */
/* line: an item as a line of a file.
 *
 * In:     one line of JSON in any of these forms, told apart by the line alone, for a key is never a map or a list:
 *             {"pk": {"S": "x"}}              attribute values, as the service writes them
 *             {"Item": {"pk": {"S": "x"}}}    as the service exports them
 *             {"pk": "x", "n": 1.5}           plain; binaries and sets as {"$B": "aGk="}, {"$SS": ["a"]}, $NS, $BS, and
 *                                             {"$M": {...}} for a map that has such a name itself, as `stator` writes them
 * Out:    the item in the first form.
 * Thread: [any], no state.
 */
#ifndef SERVER_SEED_LINE_H
#define SERVER_SEED_LINE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

/* Appends to out. The error says nothing of file and line. */
STATOR_MUST_CHECK enum stator_rc line_to_item(struct buf *out, struct bytes line, struct arena *arena,
                                              struct stator_error *err);

#endif
