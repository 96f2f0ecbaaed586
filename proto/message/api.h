/* SPDX-License-Identifier: Apache-2.0 */
/* api: the structures of DynamoDB's API as C, made from api.def. Names are the wire's, so that `in->TableName` is the
 * member "TableName" and nothing is named twice.
 *
 * A decoded structure lives in the request's arena and borrows texts from the request's body. What was absent is
 * cleared: of a text .at is NULL, of a number, list, map or item .set is false, of an enumeration .value is 0, a flag
 * is API_ABSENT, a structure NULL. Nulls in lists and maps of the request are left out.
 *
 * An answer is built the same way and written by message_encode, which leaves out what is absent. A list or map whose
 * .json is there is copied from it; .set must be true all the same.
 */
#ifndef PROTO_MESSAGE_API_H
#define PROTO_MESSAGE_API_H

#include "base/bytes.h"
#include "value/value.h"

struct api_integer {
    int64_t value;
    bool set;
};

struct api_double {
    double value; /* of a time: seconds since 1970 */
    bool set;
};

enum api_boolean { API_ABSENT = 0, API_FALSE, API_TRUE };

struct api_enum {
    int value;         /* 0 absent, -1 not one of the values, else an enumerator such as BillingMode_PROVISIONED */
    struct bytes text; /* as given; answers need not set it */
};

/* What every list and map begins with. */
struct api_list {
    const void *at;
    size_t count;
    bool set;
    struct bytes json; /* answers only: the list's finished JSON, copied as it is */
};

#define API_INTEGER(value_) ((struct api_integer){.value = (value_), .set = true})
#define API_DOUBLE(value_)  ((struct api_double){.value = (value_), .set = true})
#define API_ENUM(value_)    ((struct api_enum){.value = (value_)})
#define API_BOOLEAN(value_) ((value_) ? API_TRUE : API_FALSE)
#define API_LIST(at_, count_)                                                                                          \
    {                                                                                                                  \
        .at = (at_), .count = (count_), .set = true                                                                    \
    }

/* How a member or an element of each kind is declared. */
#define API_C_STRING(shape)    struct bytes
#define API_C_INTEGER(shape)   struct api_integer
#define API_C_LONG(shape)      struct api_integer
#define API_C_DOUBLE(shape)    struct api_double
#define API_C_TIMESTAMP(shape) struct api_double
#define API_C_BOOLEAN(shape)   enum api_boolean
#define API_C_ENUM(shape)      struct api_enum
#define API_C_VALUE(shape)     struct value
#define API_C_ITEM(shape)      struct item
#define API_C_STRUCTURE(shape) const struct shape *
#define API_C_LIST(shape)      struct shape
#define API_C_MAP(shape)       struct shape

/* In lists and maps structures lie side by side, not behind pointers. */
#define API_E_STRING(shape)    struct bytes
#define API_E_INTEGER(shape)   struct api_integer
#define API_E_LONG(shape)      struct api_integer
#define API_E_DOUBLE(shape)    struct api_double
#define API_E_ENUM(shape)      struct api_enum
#define API_E_VALUE(shape)     struct value
#define API_E_ITEM(shape)      struct item
#define API_E_STRUCTURE(shape) struct shape
#define API_E_LIST(shape)      struct shape
#define API_E_MAP(shape)       struct shape

/* enum BillingMode { BillingMode_ABSENT, BillingMode_PROVISIONED, ... } */
#define ENUM_BEGIN(shape)        enum shape { shape##_ABSENT = 0,
#define ENUM_VALUE(shape, value) shape##_##value,
#define ENUM_END(shape)                                                                                                \
    }                                                                                                                  \
    ;
#include "message/api.def"

#define STRUCTURE_BEGIN(shape)                         struct shape;
#define MAP_SHAPE(shape, key, kind, element, min, max) struct shape##_entry;
#define LIST_SHAPE(shape, kind, element, min, max)     struct shape;
#include "message/api.def"

/* struct KeySchema { const struct KeySchemaElement *at; size_t count; bool set; struct bytes json; } */
#define LIST_SHAPE(shape, kind, element, min, max)                                                                     \
    struct shape {                                                                                                     \
        const API_E_##kind(element) * at;                                                                              \
        size_t count;                                                                                                  \
        bool set;                                                                                                      \
        struct bytes json;                                                                                             \
    };
#define MAP_SHAPE(shape, key, kind, element, min, max)                                                                 \
    struct shape {                                                                                                     \
        const struct shape##_entry *at; /* in the order of the request */                                              \
        size_t count;                                                                                                  \
        bool set;                                                                                                      \
        struct bytes json;                                                                                             \
    };
#include "message/api.def"

#define STRUCTURE_BEGIN(shape)                 struct shape {
#define MEMBER(owner, name, kind, shape, need) API_C_##kind(shape) name;
#define STRUCTURE_END(shape)                                                                                           \
    }                                                                                                                  \
    ;
#include "message/api.def"

/* struct TableOfX_entry { struct bytes key; struct X value; } */
#define MAP_SHAPE(shape, key_shape, kind, element, min, max)                                                           \
    struct shape##_entry {                                                                                             \
        struct bytes key;                                                                                              \
        API_E_##kind(element) value;                                                                                   \
    };
#include "message/api.def"

#endif
