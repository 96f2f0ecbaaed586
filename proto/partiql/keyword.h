/* SPDX-License-Identifier: Apache-2.0 */
/* keyword: the words that PartiQL keeps for itself: those of SQL-92, and its own. An attribute of such a name is
 * written in double quotes. Parts of dates (year, day, ...) are names to the service all the same.
 */
#ifndef PROTO_PARTIQL_KEYWORD_H
#define PROTO_PARTIQL_KEYWORD_H

#include "base/bytes.h"

/* In any case. */
bool partiql_keyword(struct bytes word);

/* Whether the word, which is a keyword, may be called as a function: "exists", "size", "count". */
bool partiql_function_keyword(struct bytes word);

#endif
