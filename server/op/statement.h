/* SPDX-License-Identifier: Apache-2.0 */
/* statement: what the three PartiQL operations share: reading a statement, binding a write to a table, what RETURNING
 * asks for, reads by key.
 *
 * A SELECT is a Query or a Scan (select.h), an INSERT a put on condition that there is no such item, an UPDATE an
 * update on condition that there is one, a DELETE a delete whose condition counts only if there is one.
 */
#ifndef SERVER_OP_STATEMENT_H
#define SERVER_OP_STATEMENT_H

#include "op/request.h"
#include "plan/statement.h"
#include "table/read.h"

/* One statement of a request. */
struct statement {
    struct bytes text;
    const struct PreparedStatementParameters *parameters;
    struct partiql_statement partiql;
};

/* Checks the parameters' values: before any text is looked at. */
STATOR_MUST_CHECK enum stator_rc statement_check_parameters(const struct PreparedStatementParameters *parameters,
                                                            struct stator_error *err);

/* Understands the text. Looks at the table only to refuse what PartiQL does not do on an index of many key attributes,
 * which the service tells before other faults. */
STATOR_MUST_CHECK enum stator_rc statement_read(struct statement *statement, struct engine *engine, struct job *job);

static inline bool statement_reads(const struct statement *statement)
{
    return statement->partiql.what == PARTIQL_SELECT;
}

/* A statement that changes one item, as a write. */
struct statement_write {
    struct write write; /* table, key, item, update, condition */
    struct statement_key key;
};

/* Fills the write for that version of the table. `transaction`: a WHERE that is not one item's key is told as a key that
 * does not fit, and EXISTS is a write, too: one that only checks. */
STATOR_MUST_CHECK enum stator_rc statement_bind(struct statement_write *out, const struct statement *statement,
                                                const struct table *table, bool transaction, struct arena *arena,
                                                struct stator_error *err);

/* What RETURNING asks for: not set when there is nothing to give. It borrows from the result. */
STATOR_MUST_CHECK enum stator_rc statement_returned(struct item *out, const struct statement *statement,
                                                    const struct write_result *result, struct arena *arena,
                                                    struct stator_error *err);

/* The error of a write whose condition failed. */
enum stator_rc statement_condition_failed(const struct statement *statement, struct stator_error *err);

/* The key and the conditions of EXISTS(SELECT ...). */
STATOR_MUST_CHECK enum stator_rc statement_check_key(struct statement_key *out, const struct statement *statement,
                                                     const struct table *table, struct arena *arena,
                                                     struct stator_error *err);

/* Of a SELECT by key alone: the key, which may be of wrong types. `operation` names the one that allows no other
 * ("BatchExecuteStatement"). */
STATOR_MUST_CHECK enum stator_rc statement_read_key(struct statement_key *out, const struct statement *statement,
                                                    const struct table *table, const struct engine *engine,
                                                    const char *operation, struct arena *arena,
                                                    struct stator_error *err);

/* The columns that a SELECT asks for of the item read, copied into the arena. */
STATOR_MUST_CHECK enum stator_rc statement_item(struct item *out, const struct statement *statement,
                                                const struct read_result *read, struct arena *arena,
                                                struct stator_error *err);

#endif
