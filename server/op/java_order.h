/* SPDX-License-Identifier: Apache-2.0 */
/* java_order: some of the service's messages print a set of names, and its sets are Java's HashSet: the order follows
 * from String.hashCode and the number of buckets. Tools compare these messages, so we print the same order. Pure.
 */
#ifndef SERVER_OP_JAVA_ORDER_H
#define SERVER_OP_JAVA_ORDER_H

#include "base/bytes.h"

#define JAVA_SET_TEXT_MAX 900 /* two of them fit into an error's text; longer ones are cut */

/* String.hashCode: over UTF-16 units. */
uint32_t java_string_hash(struct bytes text);

/* Buckets of a HashSet that grew to that many names from the default size. */
uint32_t java_set_buckets(size_t count);

/* Buckets of a HashSet made for that many names (Guava's newHashSetWithExpectedSize). */
uint32_t java_sized_buckets(size_t count);

/* "[a, b]" in the order of a HashSet. Sorts the names in place. */
void java_set_text(char out[JAVA_SET_TEXT_MAX], struct bytes *names, size_t count, uint32_t buckets);

#endif
