/* SPDX-License-Identifier: Apache-2.0 */
/* check: one walk over a request that finds what breaks the tables' constraints, in the words of one layer of the
 * service (validate.c says what the layers are).
 *
 * In:     a structure of api.h and its shape. Out: failures, joined by "; ".
 * Thread: one at a time, no state.
 */
#ifndef PROTO_MESSAGE_CHECK_H
#define PROTO_MESSAGE_CHECK_H

#include "message/echo.h"
#include "message/tables.h"

#define CHECK_ERRORS_MAX 10 /* failures that the service lists */

enum layer {
    LAYER_OLDER, /* all constraints, all failures, camelCase paths, values */
    LAYER_NEWER, /* lengths and ranges, the first failure, PascalCase paths */
};

struct check {
    enum layer layer;
    bool shallow; /* the request's own members only, not what is in them */

    /* Enumerations that the newer layer has words of its own for: they are not checked in their places; `instead` is a
     * failure that is listed after the member `after`. */
    const struct member *unchecked[2];
    const struct member *after;
    const char *instead;

    /* Out. */
    unsigned count;          /* failures in text */
    bool missing;            /* something required is */
    const struct shape *bad; /* the first NAME_SHAPE that is not satisfied; not counted */
    struct echo text;
};

/* A check of that layer with nothing found. */
void check_init(struct check *check, enum layer layer);

void check_request(struct check *check, const struct shape *shape, const void *in);

/* One member, as far as it is present. */
void check_member(struct check *check, const struct member *member, const void *structure);

#endif
