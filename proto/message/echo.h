/* SPDX-License-Identifier: Apache-2.0 */
/* echo: the text of a constraint message while it is put together, and values as the service prints them in it: the way
 * Java's toString does, "[KeySchemaElement(attributeName=a, keyType=HASH)]".
 *
 * Limit:  ECHO_MAX bytes in all. The service prints values whole; here one that would not leave room for what has to
 *         follow it ends in "...", with its brackets closed. More than fits is dropped.
 * Thread: one at a time, no state.
 */
#ifndef PROTO_MESSAGE_ECHO_H
#define PROTO_MESSAGE_ECHO_H

#include "message/tables.h"

#define ECHO_MAX (STATOR_ERROR_MESSAGE_MAX - 64) /* the rest is for "10 validation errors detected: " */

struct echo {
    size_t len;
    char at[ECHO_MAX];
};

void echo_bytes(struct echo *echo, struct bytes text);
void echo_text(struct echo *echo, const char *text);
void echo_printf(struct echo *echo, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "tableName" for "TableName". */
void echo_lower_first(struct echo *echo, struct bytes name);

/* The value at slot, without quotes. As in members, a structure is a pointer there. */
void echo_value(struct echo *echo, uint8_t kind, const struct shape *shape, const void *slot);

#endif
