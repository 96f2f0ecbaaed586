/* SPDX-License-Identifier: Apache-2.0 */
/* tables: api.def as constants that code can walk. Inside proto/message only; built by message.c.
 *
 * A shape says how a member, element or structure looks in memory (size, offsets) and what the service demands of it
 * (lengths, ranges, patterns). All of it is read-only and lives as long as the program.
 */
#ifndef PROTO_MESSAGE_TABLES_H
#define PROTO_MESSAGE_TABLES_H

#include "message/message.h"
#include "json/writer.h"

enum kind {
    KIND_STRING,
    KIND_INTEGER,
    KIND_LONG,
    KIND_DOUBLE,
    KIND_TIMESTAMP,
    KIND_BOOLEAN,
    KIND_ENUM,
    KIND_VALUE,
    KIND_ITEM,
    KIND_LIST,
    KIND_MAP,
    KIND_STRUCTURE,
};

#define NO_MIN INT64_MIN
#define NO_MAX INT64_MAX

/* Whether a member may be left out, and how the service says that it may not. */
enum need {
    OPTIONAL,
    REQUIRED,  /* "Value null at 'x' failed to satisfy constraint: Member must not be null" */
    PARAMETER, /* "The parameter 'X' is required but was not present in the request", before all else */
};

struct member {
    struct bytes name;   /* "TableName" */
    struct bytes quoted; /* "\"TableName\":" */
    const struct shape *shape;
    int64_t min, max; /* NO_MIN and NO_MAX: those of the shape */
    uint16_t offset;  /* in the owner */
    uint8_t kind, need;
};

struct pattern {
    const char *text; /* as the service prints it */
    bool (*matches)(struct bytes text);
};

struct shape {
    struct bytes name;
    uint8_t kind;
    uint8_t element_kind;          /* of a list or map */
    uint16_t count;                /* structure: members; enumeration: values */
    uint32_t size;                 /* bytes of a structure, or of one element of a list, or of one entry of a map */
    uint32_t value_offset;         /* map: of an entry's value */
    int64_t min, max;              /* length of a text, list or map, or value of a number */
    const struct pattern *pattern; /* of a text, or NULL */
    const char *called;            /* of a NAME_SHAPE */
    const struct shape *key;       /* of a map */
    const struct shape *element;   /* of a list or map */
    union {
        const struct member *members;
        const struct bytes *values; /* of an enumeration; values[0] is enumerator 1 */
    };
};

/* pattern.c */
#define PATTERN(name_, text_) bool pattern_##name_(struct bytes text);
#include "message/api.def"

/* One constant for each shape of api.def, of whatever kind. */
#define STRING_SHAPE(shape_, min_, max_, pattern_)           extern const struct shape shape_of_##shape_;
#define NAME_SHAPE(shape_, called_)                          extern const struct shape shape_of_##shape_;
#define INTEGER_SHAPE(shape_, min_, max_)                    extern const struct shape shape_of_##shape_;
#define LONG_SHAPE(shape_, min_, max_)                       extern const struct shape shape_of_##shape_;
#define DOUBLE_SHAPE(shape_, min_, max_)                     extern const struct shape shape_of_##shape_;
#define TIMESTAMP_SHAPE(shape_, min_, max_)                  extern const struct shape shape_of_##shape_;
#define BOOLEAN_SHAPE(shape_, min_, max_)                    extern const struct shape shape_of_##shape_;
#define VALUE_SHAPE(shape_)                                  extern const struct shape shape_of_##shape_;
#define ITEM_SHAPE(shape_, key_)                             extern const struct shape shape_of_##shape_;
#define LIST_SHAPE(shape_, kind_, element_, min_, max_)      extern const struct shape shape_of_##shape_;
#define MAP_SHAPE(shape_, key_, kind_, element_, min_, max_) extern const struct shape shape_of_##shape_;
#include "message/api.def"

/* Where a member of that structure lies. */
static inline const void *member_at(const struct member *member, const void *structure)
{
    return (const uint8_t *)structure + member->offset;
}

/* Whether something of that kind is present; structures are pointers here, as they are in members. */
bool slot_present(uint8_t kind, const void *slot);

/* Element i of a list or entry i of a map. A structure is the element itself, as it is in lists and maps. */
static inline const void *element_at(const struct shape *shape, const struct api_list *list, size_t i)
{
    return (const uint8_t *)list->at + i * shape->size;
}

/* Writes what lies at slot, not a structure. */
void encode_slot(struct json_writer *writer, const void *slot, uint8_t kind, const struct shape *shape);

#endif
