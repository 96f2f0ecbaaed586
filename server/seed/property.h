/* SPDX-License-Identifier: Apache-2.0 */
/* property: members of a definition, by tables of them, as the JSON of a request.
 *
 * In:     a map of a file, and which of its members become which of the request's. Out: these, written.
 * Thread: one at a time.
 */
#ifndef SERVER_SEED_PROPERTY_H
#define SERVER_SEED_PROPERTY_H

#include "seed/resolve.h"
#include "json/writer.h"

enum property_form {
    PROPERTY_TEXT,
    PROPERTY_NUMBER,     /* also as a text, "5" */
    PROPERTY_BOOLEAN,    /* also as a text, "true" */
    PROPERTY_OBJECT,     /* by `members` */
    PROPERTY_LIST,       /* of such */
    PROPERTY_TEXTS,      /* a list of texts */
    PROPERTY_THROUGHPUT, /* an object; left out where its numbers are 0, as DescribeTable tells of tables on demand */
    PROPERTY_ELSEWHERE,  /* not written: the caller looks at it */
};

struct property {
    const char *name; /* NULL: the end of a table */
    enum property_form form;
    const char *as;                 /* in the request; NULL: the same */
    const struct property *members; /* OBJECT, LIST */
};

/* What tables, indexes and descriptions have alike. */
extern const struct property property_key_schema[], property_attribute_definitions[], property_projection[],
    property_throughput[], property_on_demand[];

/* Told of each member that is in no table; NULL: nobody is. */
struct property_unknown {
    void (*tell)(void *context, struct bytes name, uint32_t line);
    void *context;
};

/* Writes key and value of each member of the map, which is an object that the caller began. map may be a function. */
STATOR_MUST_CHECK enum stator_rc properties_write(struct json_writer *writer, struct resolver *r,
                                                  const struct node *map, const struct property *table,
                                                  const struct property_unknown *unknown);

/* A number or a truth, written or as a text. *out stays what it is when node is NULL or null. */
STATOR_MUST_CHECK enum stator_rc property_boolean(bool *out, struct resolver *r, const struct node *node);

#endif
