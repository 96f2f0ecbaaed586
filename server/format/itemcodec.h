/* SPDX-License-Identifier: Apache-2.0 */
/* itemcodec: the bytes of a stored item, base or index entry. Kept so that GetItem's answer is copied, not rebuilt: the
 * whole item is canonical JSON behind a small header with a table of attributes. Only where numbers have very many zeros
 * are they shortened, and the answer is rebuilt. Layout with an example: itemcodec.c.
 * Part of the format, versioned.
 * Thread: [any], pure.
 */
#ifndef SERVER_FORMAT_ITEMCODEC_H
#define SERVER_FORMAT_ITEMCODEC_H

#include "base/arena.h"
#include "base/buf.h"
#include "value/value.h"

/* The longest stored form. JSON may take 13 times what DynamoDB counts: 400 KB of the list member {"S":""}, which counts
 * one byte; version 1 wrote the number 1E-130, which counts 2 bytes, with 133. */
#define STORED_ITEM_BYTES_MAX ((size_t)32 * 1024 * 1024)

/* Appends the stored form. The item's values are canonical and free of faults. */
void item_store(struct buf *buf, const struct item *item);

/* A view of a stored item; borrows the bytes. */
struct stored_item {
    struct bytes text;    /* {"a":{"S":"x"},...}, numbers perhaps shortened */
    const uint8_t *table; /* private */
    uint32_t attribute_count;
    uint32_t size_bytes; /* DynamoDB's item size */
    bool shortened;      /* numbers are */
};

/* False when the bytes are no stored item of a known version: a damaged database. Looks at the header only, so that a
 * read of the whole item costs nothing for each attribute; offsets are checked when they are used. */
bool stored_item_open(struct stored_item *out, struct bytes stored);

/* The item as it is answered whole; borrows its bytes. */
struct item stored_item_answer(const struct stored_item *item);

/* How long its JSON is then, or may be. */
size_t stored_item_answer_bytes(const struct stored_item *item);

/* The stored JSON of one attribute's value, {"S":"x"}, for value_read_stored; absent when the item has none of that name
 * (or its table is damaged). type may be NULL. */
struct bytes stored_item_attribute(const struct stored_item *item, struct bytes name, enum value_type *type);

/* Parses the whole item. False when memory is used up or the bytes are damaged. */
bool stored_item_parse(struct item *out, const struct stored_item *item, struct arena *arena);

/* Expressions read stored items through this; attributes are parsed when first asked for and kept. */
struct item_source_stored {
    struct item_source source; /* first */
    struct stored_item item;
    struct arena *arena;
    struct value **parsed; /* one for each attribute; NULL until asked for */
};
/* False when memory is used up. */
bool item_source_stored_init(struct item_source_stored *source, const struct stored_item *item, struct arena *arena);

#endif
