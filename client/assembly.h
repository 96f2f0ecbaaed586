/* SPDX-License-Identifier: Apache-2.0 */
/* assembly: an item or a value put together from its parts, one by one, outermost first. What builders, JSON and
 * commands have in common.
 *
 * Out:    canonical values in an arena, with all their texts; nothing borrowed from what was put in.
 * Owns:   the list of parts that no map, list or set has been made of yet.
 * Limit:  VALUE_DEPTH_MAX levels, as the service has it; the arena's maximum.
 * Never:  goes on after a failure: the first is kept and told at the end, and all that follows does nothing.
 * Thread: one at a time.
 */
#ifndef CLIENT_ASSEMBLY_H
#define CLIENT_ASSEMBLY_H

#include "base/arena.h"
#include "base/buf.h"
#include "cast.h"

/* A map, list or set that is open; the outermost is the item, or holds the value. */
struct assembly_frame {
    enum value_type type; /* VALUE_ABSENT: of one value */
    struct bytes name;    /* that it will have in the frame around it */
    size_t first;         /* of its members among the parts */
};

struct assembly {
    struct arena *arena;                               /* borrowed */
    struct buf parts;                                  /* struct attribute, of all frames, the innermost last */
    size_t depth;                                      /* frames open within the outermost */
    struct assembly_frame frames[VALUE_DEPTH_MAX + 2]; /* the innermost may be a set, which counts as no level */
    struct stator_error failure;                       /* rc is STATOR_OK as long as there is none */
};

void assembly_init(struct assembly *assembly, struct arena *arena, const struct stator_allocator *allocator);
void assembly_deinit(struct assembly *assembly);

/* Forgets all parts and the failure. What comes next is an item (VALUE_M) or one value (VALUE_ABSENT). */
void assembly_begin(struct assembly *assembly, enum value_type type);

/* The item, or the value, of all since assembly_begin; or the first failure, told in err. */
STATOR_MUST_CHECK enum stator_rc assembly_item(struct assembly *assembly, struct item *out, struct stator_error *err);
STATOR_MUST_CHECK enum stator_rc assembly_value(struct assembly *assembly, struct value *out, struct stator_error *err);

static inline bool assembly_failed(const struct assembly *assembly)
{
    return assembly->failure.rc != STATOR_OK;
}

void assembly_fail(struct assembly *assembly, enum stator_rc rc, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void assembly_fail_memory(struct assembly *assembly);

/* Parts. Names are absent in lists, in sets and for the one value. Texts are checked and copied. */
void assembly_string(struct assembly *assembly, struct bytes name, struct bytes text);
void assembly_number(struct assembly *assembly, struct bytes name, struct bytes digits);
void assembly_binary(struct assembly *assembly, struct bytes name, struct bytes raw);
void assembly_double(struct assembly *assembly, struct bytes name, double value);
void assembly_bool(struct assembly *assembly, struct bytes name, bool value);
void assembly_null(struct assembly *assembly, struct bytes name);

/* A copy of a whole value or of all attributes of an item, which need not be canonical or even valid. */
void assembly_copy(struct assembly *assembly, struct bytes name, const struct value *value);
void assembly_copy_attributes(struct assembly *assembly, const struct attribute *attributes, size_t count);

/* A map, list or set, of what comes until assembly_close. */
void assembly_open(struct assembly *assembly, struct bytes name, enum value_type type);
void assembly_close(struct assembly *assembly);

/* Closes a list as a set of its members, which tell the set's type. */
void assembly_close_as_set(struct assembly *assembly);

#endif
