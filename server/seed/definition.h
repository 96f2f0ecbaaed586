/* SPDX-License-Identifier: Apache-2.0 */
/* definition: what a file says of tables, as requests.
 *
 * In:     a file: a CreateTable request, a list of them, what `aws dynamodb describe-table` prints, or a CloudFormation
 *         template. Out: for each table the bodies of the requests that make it.
 * Owns:   nothing; all is in the arena.
 * Thread: [any], no state.
 */
#ifndef SERVER_SEED_DEFINITION_H
#define SERVER_SEED_DEFINITION_H

#include "seed/tree.h"

/* CloudFormation's own limit is a megabyte. */
#define DEFINITION_FILE_MAX  ((size_t)4 << 20)
#define DEFINITION_ARENA_MAX ((size_t)256 << 20)

struct definition {
    const char *path;
    uint32_t line;
    struct bytes table;
    struct bytes create;       /* CreateTable's body */
    struct bytes time_to_live; /* UpdateTimeToLive's, or absent */
    struct bytes backups;      /* UpdateContinuousBackups', or absent */
    bool made;                 /* by tables.c, in this run */
    struct definition *next;
};

/* A property that is not applied. */
struct definition_ignored {
    struct bytes name;
    uint32_t line;
    struct definition_ignored *next;
};

struct definitions {
    struct definition *first, *last; /* in the file's order */
    size_t count;
    size_t other_resources; /* of the template: no tables, or with a condition that does not hold */
    struct definition_ignored *ignored;
};

/* region: what AWS::Region is. Bodies are JSON; whether the tables can be made with them is CreateTable's to say. */
STATOR_MUST_CHECK enum stator_rc definitions_read(struct definitions *out, const struct tree_source *source,
                                                  struct bytes region, struct arena *arena, struct stator_error *err);

/* --- Between definition.c and template.c --- */

struct resolver;

struct definition *definition_add(struct definitions *out, const struct tree_source *source, uint32_t line,
                                  struct bytes table, struct arena *arena);

/* {"TableName": table, key: {...}} with those members of the map; of none an absent text. */
struct property;
STATOR_MUST_CHECK enum stator_rc definition_request(struct bytes *out, struct resolver *r, struct bytes table,
                                                    const char *key, const struct node *map,
                                                    const struct property *members);

/* UpdateTimeToLive's body, if the specification enables it. */
STATOR_MUST_CHECK enum stator_rc definition_time_to_live(struct definition *definition, struct resolver *r,
                                                         const struct node *specification);

STATOR_MUST_CHECK enum stator_rc template_read(struct definitions *out, const struct tree_source *source,
                                               const struct node *root, struct bytes region, struct arena *arena,
                                               struct stator_error *err);

#endif
