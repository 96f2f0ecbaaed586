/* SPDX-License-Identifier: Apache-2.0 */
/* tree: a file of definitions, JSON or YAML, as values that know their lines.
 *
 * In:     the whole text of a file. Out: its one value. YAML's short forms are written out: `!Ref x` is {"Ref": x}, `!Sub x`
 *         is {"Fn::Sub": x}. Scalars stay texts: whether "5" is a number is for who wants one to say.
 * Refused: nesting deeper than TREE_DEPTH_MAX; in YAML aliases (CloudFormation has none, and no bomb is made without
 *         them), a second document, keys that are no scalars.
 * Owns:   nothing; all is in the arena, or borrows from the text.
 * Thread: [any], no state.
 */
#ifndef SERVER_SEED_TREE_H
#define SERVER_SEED_TREE_H

#include "base/arena.h"
#include "base/error.h"

#define TREE_DEPTH_MAX 64

enum node_kind { NODE_NULL, NODE_TEXT, NODE_LIST, NODE_MAP };

struct node {
    enum node_kind kind;
    uint32_t line;             /* of a map's member: where its name is */
    struct bytes name;         /* of a map's member */
    struct bytes text;         /* TEXT: the characters; of JSON's lists and maps: how they are written; else absent */
    struct node *first, *last; /* of a LIST or MAP */
    struct node *next;         /* in it */
    size_t count;
};

enum tree_form { TREE_JSON, TREE_YAML };

/* A file that is being read, as messages name it. */
struct tree_source {
    const char *path;
    enum tree_form form;
    struct bytes text;
};

/* On failure err begins with "path:line: ". */
STATOR_MUST_CHECK enum stator_rc tree_read(struct node **out, const struct tree_source *source, struct arena *arena,
                                           struct stator_error *err);

/* The member of that name, or NULL: of a map only. Of a name given twice the last counts. */
struct node *tree_member(const struct node *map, const char *name);

/* Whether it is a map with one member alone, of that name. */
bool tree_is_call(const struct node *node, const char *name);

bool tree_text_is(const struct node *node, const char *text);

/* "path:line: ..." into err. */
enum stator_rc tree_fail(struct stator_error *err, const char *path, uint32_t line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* --- For the two readers --- */

struct node *tree_node(struct arena *arena, enum node_kind kind, uint32_t line);
void tree_append(struct node *parent, struct node *child);
STATOR_MUST_CHECK enum stator_rc tree_read_json(struct node **out, const struct tree_source *source,
                                                struct arena *arena, struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc tree_read_yaml(struct node **out, const struct tree_source *source,
                                                struct arena *arena, struct stator_error *err);

#endif
