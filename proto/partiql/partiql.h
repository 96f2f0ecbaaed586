/* SPDX-License-Identifier: Apache-2.0 */
/* partiql: a statement and its parameters become what the expression languages become: conditions, updates,
 * projections, items.
 *
 * In:     the text of one statement, and the values of its "?".
 * Out:    struct partiql_statement, in the request's arena; or the service's own message.
 * Never:  a table. Whether WHERE names an item's key is for server/plan.
 *
 * In two steps, because the service looks at the table in between: partiql_read knows what is to be done to which
 * table, partiql_understand the rest.
 */
#ifndef PROTO_PARTIQL_PARTIQL_H
#define PROTO_PARTIQL_PARTIQL_H

#include "expr/expr.h"

struct partiql_node; /* lives in ast.h */

enum partiql_what {
    PARTIQL_SELECT,
    PARTIQL_INSERT,
    PARTIQL_UPDATE,
    PARTIQL_DELETE,
    PARTIQL_EXISTS, /* EXISTS(SELECT ...): a check in a transaction */
};

enum partiql_returning {
    PARTIQL_RETURNING_NOTHING,
    PARTIQL_RETURNING_ALL_OLD,
    PARTIQL_RETURNING_ALL_NEW,
    PARTIQL_RETURNING_MODIFIED_OLD,
    PARTIQL_RETURNING_MODIFIED_NEW,
};

struct partiql_sort {
    struct bytes name; /* of an attribute; absent: not a name alone */
    struct bytes text; /* for messages */
    bool descending;
};

struct partiql_statement {
    /* partiql_read: */
    enum partiql_what what;
    struct bytes table, index; /* index absent: the table itself */
    const struct partiql_node *node;
    size_t parameters; /* how many "?" there are */
    /* partiql_understand: */
    struct projection *projection; /* SELECT; NULL: * */
    const struct expr *where;      /* NULL: none */
    struct partiql_sort *order;
    size_t order_count;
    struct item item;      /* INSERT */
    struct update *update; /* UPDATE */
    enum partiql_returning returning;
};

STATOR_MUST_CHECK enum stator_rc partiql_read(struct partiql_statement *out, struct bytes text, struct arena *arena,
                                              struct stator_error *err);

/* The parameters' own faults are checked already. */
STATOR_MUST_CHECK enum stator_rc partiql_understand(struct partiql_statement *statement, const struct value *parameters,
                                                    size_t parameter_count, struct arena *arena,
                                                    struct stator_error *err);

#endif
