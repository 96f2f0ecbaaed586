/* SPDX-License-Identifier: Apache-2.0 */
/* record: the bytes of a table in the catalog's family. Layout with an example: record.c. Part of the format.
 * Pure.
 */
#ifndef SERVER_CATALOG_RECORD_H
#define SERVER_CATALOG_RECORD_H

#include "base/error.h"
#include "catalog/table.h"

#define RECORD_MAX ((size_t)1 << 20) /* 20 indexes of 8 names of 255 bytes and 100 projected ones are a tenth of it */

struct record {
    const struct TableDescription *description;
    const uint32_t *ids;
    size_t id_count;
    struct table_extras extras;
};

/* Appends the record. */
void record_write(struct buf *buf, const struct record *record);

/* Reads what record_write wrote; views into `stored` and the arena. Bytes that are none, or of a newer version, are
 * STATOR_INTERNAL_SERVER_ERROR with a text fit for an operator. */
STATOR_MUST_CHECK enum stator_rc record_read(struct record *out, struct bytes stored, struct arena *arena,
                                             struct stator_error *err);

#endif
