/* SPDX-License-Identifier: Apache-2.0 */
/* member: what the members of requests and answers are made of, beside texts and values. All zero is "left out".
 *
 *     .table_name = stator_text("Users"),
 *     .limit = stator_int(10),
 *     .consistent_read = STATOR_TRUE,
 *     .select = {STATOR_SELECT_COUNT},
 *     .expression_attribute_names = STATOR_LIST(names),   an array of ..._entry
 *
 * Lists and maps of every kind begin with { at, count, set }; their `json`, if it is there, is sent in place of the
 * elements: finished JSON, as it is.
 */
#ifndef STATOR_MEMBER_H
#define STATOR_MEMBER_H

#include <stdbool.h>
#include <stdint.h>

#include "stator/bytes.h"

#ifdef __cplusplus
extern "C" {
#endif

struct stator_integer {
    int64_t value;
    bool set;
};

struct stator_number {
    double value;
    bool set;
};

enum stator_flag { STATOR_UNSET = 0, STATOR_FALSE, STATOR_TRUE };

/* One of a list of names. In a request `value` is enough: {STATOR_SELECT_COUNT}. In an answer `value` is -1 for a name
 * that this version does not know, and `text` is the name. */
struct stator_enum {
    int value;
    struct stator_bytes text;
};

static inline struct stator_integer stator_int(int64_t value)
{
    struct stator_integer integer;

    integer.value = value;
    integer.set = true;
    return integer;
}

static inline struct stator_number stator_real(double value)
{
    struct stator_number number;

    number.value = value;
    number.set = true;
    return number;
}

/* An initialiser for any list or map, of an array of its elements or entries. */
#define STATOR_LIST(array)                                                                                             \
    {                                                                                                                  \
        (array), sizeof(array) / sizeof((array)[0]), true,                                                             \
        {                                                                                                              \
            NULL, 0                                                                                                    \
        }                                                                                                              \
    }

#ifdef __cplusplus
}
#endif

#endif
