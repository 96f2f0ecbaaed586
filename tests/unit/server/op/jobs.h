/* SPDX-License-Identifier: Apache-2.0 */
/* Whole jobs for unit tests, JSON in and JSON out, and an engine with a table to run them on. */
#ifndef TESTS_UNIT_SERVER_OP_JOBS_H
#define TESTS_UNIT_SERVER_OP_JOBS_H

#include "op/engine.h"

/* dir NULL: in memory. */
struct engine *open_engine(const char *dir);

enum operation operation_named(const char *name);

struct answer {
    enum stator_rc rc;
    bool went_to_worker;
    size_t kept_bytes; /* the most that its arena held between two steps */
    char text[1 << 16];
};

/* Runs one job to its end, on a loop (and on a worker, if it asks for one) or on a worker at once. */
void run_job(struct answer *out, struct engine *engine, enum operation operation, const char *body, bool on_worker,
             size_t arena_max);

/* Whether the answer is that of a request without memory, or of one that the store failed. */
bool is_memory_error(const struct answer *answer);
bool is_fault(const struct answer *answer);

/* In texts here ' stands for ". */
struct step {
    const char *operation, *request;
    const char *answer; /* the whole of it; with a first '~' a part of it; "SomeException: its message" for an error */
};

/* A copy of text with " for '. */
const char *quoted(char *out, size_t size, const char *text);

bool is_expected(const char *answer, const char *expected);

/* Runs the step, number of its list, and fails the test unless the answer is the expected one. */
void run_step(struct engine *engine, size_t number, const struct step *step, bool on_worker);

/* Makes the table "test": pk (S) and sk (N), the local index lsi on l that keeps keys only, the global index gsi on g
 * that keeps a, and a stream of both images. */
extern const struct step create, create_without_stream;

/* The same with five items in it: pk "p", sk 0..4, l "l", g "x", m {n: [1]}. */
void fill(struct engine *engine);
void fill_with(struct engine *engine, const struct step *how); /* made so */

/* An entry of an index, or an item of a table. */
struct stored_entry {
    uint32_t shard;
    uint8_t key[256], value[1024];
    size_t key_len, value_len;
};

/* Any of the index of that id. Fails the test when there is none. */
void stored_entry_find(struct engine *engine, uint32_t id, struct stored_entry *out);
bool stored_entry_exists(struct engine *engine, const struct stored_entry *entry);

/* Everything in the table, as text; and the audit of database.h. */
void contents(struct answer *out, struct engine *engine);
void audit(struct engine *engine);

#endif
