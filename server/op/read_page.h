/* SPDX-License-Identifier: Apache-2.0 */
/* read_page: what Query and Scan share once their own members are understood: choosing the index, reading the page in
 * steps, the answer.
 */
#ifndef SERVER_OP_READ_PAGE_H
#define SERVER_OP_READ_PAGE_H

#include "op/request.h"
#include "table/page.h"

/* The members both have, and what their expressions became. */
struct read_page_input {
    struct bytes table_name, index_name;
    struct api_enum select, capacity;
    bool consistent;
    struct api_integer limit;
    struct expressions expressions; /* legacy members included */
    bool attributes_to_get;         /* the projection came from AttributesToGet */
    const char *filter_member;      /* "Filter Expression", "QueryFilter": in messages */
};

struct read_page {
    struct read_page_input in;
    struct table *table;
    struct page_request request;
    struct page page;
    bool page_open;
    bool last_page; /* whatever there is is on this page: there is no LastEvaluatedKey */
};

/* Checks of Select and projection that need no table. `envelope`: they are told in one. */
STATOR_MUST_CHECK enum stator_rc read_page_check_select(const struct read_page_input *in, bool envelope,
                                                        struct stator_error *err);

/* Faults of the values in ExclusiveStartKey. */
STATOR_MUST_CHECK enum stator_rc read_page_check_start_key(const struct item *key, enum value_layer layer,
                                                           struct stator_error *err);

/* Finds table and index and fills what both operations have in common of progress->request. */
STATOR_MUST_CHECK enum stator_rc read_page_open(struct read_page *progress, struct engine *engine, struct job *job);

/* The rules on Select, filter and projection that need the index; after the operation's own planning. */
STATOR_MUST_CHECK enum stator_rc read_page_check_index(struct read_page *progress, bool query, struct job *job);

/* Reads on. STATOR_AGAIN when there is more to do on a worker; STATOR_OK with the answer in job->output. */
STATOR_MUST_CHECK enum stator_rc read_page_step(struct read_page *progress, struct engine *engine, struct job *job);

#endif
