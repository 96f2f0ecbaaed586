/* SPDX-License-Identifier: Apache-2.0 */
/* read: attribute values from JSON, one pass, members collected on one growing stack and copied once their number is
 * known. Recursion ends at JSON_DEPTH_MAX, which the reader holds. */
#include "value/reading.h"
#include "value/set.h"

#define LARGE_SET_COUNT 1000

/* --- Sets --------------------------------------------------------------------------------------------------------- */

static enum stator_rc read_member_of_set(struct reading *r, struct value *out, enum value_type set,
                                         enum json_token token)
{
    if (token == JSON_NULL)
        return reading_not_allowed(r, out, set == VALUE_SS ? FAULT_NULL_IN_SS : FAULT_NO_TYPE);
    if (set == VALUE_SS)
        return reading_string(r, out, token);
    return set == VALUE_NS ? reading_number(r, out, token) : reading_binary(r, out, token);
}

/* Of members that may be in another order than a set's, and lie in the scratch arena. */
static enum stator_rc order_set(struct reading *r, struct value *out, enum value_type type, const struct value *members,
                                size_t count, struct arena *scratch)
{
    struct arena_mark mark = arena_mark(r->arena);
    const struct place *order = set_order(members, count, scratch);

    if (order == NULL || !set_make_ordered(out, type, order, count, r->arena))
        return stator_fail_memory(r->err);
    if (out->count == count)
        return STATOR_OK;
    r->fault = true;
    if (scratch != r->arena)
        arena_rewind(r->arena, mark);
    if (!fault_make_duplicates(out, type, members, order, count, reading_offset(r), r->arena))
        return stator_fail_memory(r->err);
    return STATOR_OK;
}

/* Of the members above base. */
static enum stator_rc make_set(struct reading *r, struct value *out, enum value_type type, size_t base,
                               struct arena *scratch)
{
    size_t count;
    const struct value *members = reading_pop_members(r, base, &count, scratch);

    if (members == NULL)
        return stator_fail_memory(r->err);
    if (!set_is_canonical(members, count)) {
        r->canonical = false;
        return order_set(r, out, type, members, count, scratch);
    }
    if (scratch != r->arena)
        members = (const void *)arena_copy(r->arena, bytes_of((const void *)members, count * sizeof(*members))).at;
    *out = (struct value){.type = type, .count = count, .members = members};
    return members != NULL ? STATOR_OK : stator_fail_memory(r->err);
}

/* Of a large set only what is made of it stays in the arena, not what it was sorted with. */
static enum stator_rc make_large_set(struct reading *r, struct value *out, enum value_type type, size_t base)
{
    struct arena scratch;
    enum stator_rc rc;

    arena_init_with(&scratch, r->arena->max_bytes, r->arena->allocator);
    rc = make_set(r, out, type, base, &scratch);
    r->arena->failed |= scratch.failed;
    arena_deinit(&scratch);
    return rc;
}

/* A set with a member that is not allowed is that member's fault. */
static enum stator_rc read_set(struct reading *r, struct value *out, enum value_type type, enum json_token token)
{
    static const enum fault when_empty[] = {
        [VALUE_SS] = FAULT_EMPTY_SS, [VALUE_NS] = FAULT_EMPTY_NS, [VALUE_BS] = FAULT_EMPTY_BS};
    size_t base = r->used;
    struct value fault = {0};
    bool empty = true, told = r->told;

    if (token != JSON_ARRAY_BEGIN)
        return reading_wrong_type(r, token, &expect_list);
    while ((token = json_next(r->json)) != JSON_ARRAY_END) {
        struct reading_place began = reading_begin(r);
        struct value member;

        STATOR_TRY(read_member_of_set(r, &member, type, token));
        if (member.type == VALUE_FAULT && fault.type == VALUE_ABSENT) {
            fault = member;
            began.mark = arena_mark(r->arena);
        }
        STATOR_TRY(reading_push(r, (struct bytes){0}, &member, member.text.len == 0, &began));
        empty = false;
    }
    r->told = told; /* the members are not kept, the set is */
    if (fault.type == VALUE_FAULT || empty) {
        r->used = base;
        *out = fault;
        return empty ? reading_not_allowed(r, out, when_empty[type]) : STATOR_OK;
    }
    if (r->used - base > LARGE_SET_COUNT)
        STATOR_TRY(make_large_set(r, out, type, base));
    else
        STATOR_TRY(make_set(r, out, type, base, r->arena));
    if (out->type == type && out->count != 0 && out->members[0].text.len == 0)
        r->bytes--; /* of empty members, which were counted, there is one */
    return STATOR_OK;
}

/* --- Values that hold values -------------------------------------------------------------------------------------- */

static enum stator_rc read_value(struct reading *r, struct value *out, enum json_token token);

static enum stator_rc read_list(struct reading *r, struct value *out, enum json_token token)
{
    size_t base = r->used;

    if (token != JSON_ARRAY_BEGIN)
        return reading_wrong_type(r, token, &expect_list);
    while ((token = json_next(r->json)) != JSON_ARRAY_END) {
        const struct reading_place began = reading_begin(r);
        struct value element;

        STATOR_TRY(read_value(r, &element, token));
        STATOR_TRY(reading_push(r, (struct bytes){0}, &element, 1, &began));
    }
    *out = (struct value){.type = VALUE_L};
    out->members = reading_pop_members(r, base, &out->count, r->arena);
    return out->members != NULL ? STATOR_OK : stator_fail_memory(r->err);
}

/* The attributes of a map or an item; in a map each takes a byte of its own. */
static enum stator_rc read_attributes(struct reading *r, const struct attribute **out, size_t *count, size_t overhead,
                                      enum json_token token)
{
    size_t base = r->used;

    if (token != JSON_OBJECT_BEGIN)
        return reading_wrong_type(r, token, &expect_map);
    while ((token = json_next(r->json)) == JSON_KEY) {
        const struct reading_place began = reading_begin(r);
        struct bytes name = r->json->text;
        struct value value;

        STATOR_TRY(read_value(r, &value, json_next(r->json)));
        STATOR_TRY(reading_push(r, name, &value, overhead, &began));
    }
    return token == JSON_OBJECT_END ? reading_pop_attributes(r, base, out, count) : reading_bad_json(r);
}

/* What stands behind the name of a type. */
static enum stator_rc read_typed(struct reading *r, struct value *out, enum value_type type, enum json_token token)
{
    switch (type) {
    case VALUE_S:
        return reading_string(r, out, token);
    case VALUE_N:
        return reading_number(r, out, token);
    case VALUE_B:
        return reading_binary(r, out, token);
    case VALUE_BOOL:
        *out = (struct value){.type = type};
        return reading_boolean(r, &out->boolean, token);
    case VALUE_NULL:
        *out = (struct value){.type = type};
        STATOR_TRY(reading_boolean(r, &out->boolean, token));
        return out->boolean ? STATOR_OK : reading_not_allowed(r, out, FAULT_NULL_FALSE);
    case VALUE_SS:
    case VALUE_NS:
    case VALUE_BS:
        return read_set(r, out, type, token);
    case VALUE_L:
        return read_list(r, out, token);
    case VALUE_M:
        *out = (struct value){.type = type};
        return read_attributes(r, &out->attributes, &out->count, 1, token);
    case VALUE_ABSENT:
    case VALUE_FAULT:
        break;
    }
    stator_assert(type > VALUE_ABSENT && type < VALUE_FAULT);
    return STATOR_OK;
}

static enum value_type type_of_letter(uint8_t letter)
{
    switch (letter) {
    case 'S':
        return VALUE_S;
    case 'N':
        return VALUE_N;
    case 'B':
        return VALUE_B;
    case 'L':
        return VALUE_L;
    case 'M':
        return VALUE_M;
    default:
        return VALUE_ABSENT;
    }
}

static enum value_type type_named(struct bytes name)
{
    if (name.len == 1)
        return type_of_letter(name.at[0]);
    if (name.len == 4)
        return memcmp(name.at, "BOOL", 4) == 0   ? VALUE_BOOL
               : memcmp(name.at, "NULL", 4) == 0 ? VALUE_NULL
                                                 : VALUE_ABSENT;
    if (name.len != 2 || name.at[1] != 'S')
        return VALUE_ABSENT;
    return name.at[0] == 'S' ? VALUE_SS : name.at[0] == 'N' ? VALUE_NS : name.at[0] == 'B' ? VALUE_BS : VALUE_ABSENT;
}

/* Moves to the next member that names a type and is not null. *type is VALUE_ABSENT when the value ends first. */
static enum stator_rc next_typed(struct reading *r, enum value_type *type, enum json_token *token)
{
    for (;;) {
        *type = VALUE_ABSENT;
        *token = json_next(r->json);
        if (*token == JSON_OBJECT_END)
            return STATOR_OK;
        if (*token != JSON_KEY)
            return reading_bad_json(r);
        *type = type_named(r->json->text);
        *token = json_next(r->json);
        if (*type != VALUE_ABSENT && *token != JSON_NULL)
            return STATOR_OK;
        r->canonical = false;
        if (!json_skip(r->json, *token))
            return reading_bad_json(r);
    }
}

/* What several members of one value make: the first fault in the order of the model, else the one type that was given
 * (twice), else the fault of having several. */
static enum stator_rc choose(struct reading *r, struct value *out, const struct value *given)
{
    static const enum value_type order[] = {VALUE_S,  VALUE_B,  VALUE_N,  VALUE_BOOL, VALUE_NULL,
                                            VALUE_BS, VALUE_NS, VALUE_SS, VALUE_L,    VALUE_M};
    const struct value *only = NULL;
    size_t types = 0;

    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
        const struct value *value = &given[order[i]];
        const struct value *fault = value_fault(value);

        if (fault != NULL) {
            *out = *fault;
            return STATOR_OK;
        }
        if (value->type != VALUE_ABSENT) {
            only = value;
            types++;
        }
    }
    if (types != 1)
        return reading_not_allowed(r, out, FAULT_MANY_TYPES);
    *out = *only;
    return STATOR_OK;
}

/* A value with a second member. Kept out of read_value so that its table takes no stack where nothing is wrong. */
__attribute__((noinline)) static enum stator_rc read_several(struct reading *r, struct value *out, enum value_type seen,
                                                             enum value_type type, enum json_token token)
{
    struct value given[VALUE_M + 1] = {0};

    r->canonical = false;
    given[seen] = *out;
    while (type != VALUE_ABSENT) {
        STATOR_TRY(read_typed(r, &given[type], type, token));
        STATOR_TRY(next_typed(r, &type, &token));
    }
    return choose(r, out, given);
}

static enum stator_rc read_value(struct reading *r, struct value *out, enum json_token token)
{
    enum value_type seen, type;

    if (token == JSON_NULL)
        return reading_not_allowed(r, out, FAULT_NO_TYPE);
    if (token != JSON_OBJECT_BEGIN)
        return reading_wrong_type(r, token, &expect_value);
    STATOR_TRY(next_typed(r, &seen, &token));
    if (seen == VALUE_ABSENT)
        return reading_not_allowed(r, out, FAULT_NO_TYPE);
    STATOR_TRY(read_typed(r, out, seen, token));
    STATOR_TRY(next_typed(r, &type, &token));
    return type == VALUE_ABSENT ? STATOR_OK : read_several(r, out, seen, type, token);
}

/* --- The ways in -------------------------------------------------------------------------------------------------- */

enum stator_rc value_read_within(struct value *out, struct json_reader *reader, enum json_token first, bool *fault,
                                 size_t limit, struct arena *arena, struct stator_error *err)
{
    struct reading r;
    enum stator_rc rc;

    reading_init(&r, reader, limit, arena, err);
    rc = read_value(&r, out, first);
    reading_deinit(&r);
    STATOR_TRY(rc);
    if (r.cut && value_fault(out) == NULL)
        STATOR_TRY(reading_not_allowed(&r, out, FAULT_TOO_LARGE));
    if (r.fault && value_fault(out) != NULL)
        *fault = true;
    return STATOR_OK;
}

enum stator_rc value_read(struct value *out, struct json_reader *reader, enum json_token first, bool *fault,
                          struct arena *arena, struct stator_error *err)
{
    return value_read_within(out, reader, first, fault, SIZE_MAX, arena, err);
}

/* Of names that were given twice one is left, so that what was cut may look small: it is a fault then. */
static enum stator_rc check_cut(struct reading *r, struct item *item)
{
    struct attribute *first;

    item->cut = r->cut;
    if (!r->cut || item->count == 0 || item_size(item) > r->limit)
        return STATOR_OK;
    first = ARENA_NEW(r->arena, struct attribute);
    if (first == NULL)
        return stator_fail_memory(r->err);
    first->name = item->attributes[0].name;
    item->attributes = first;
    item->count = 1;
    return reading_not_allowed(r, &first->value, FAULT_TOO_LARGE);
}

static enum stator_rc read_item(struct item *out, bool *repeated, struct json_reader *reader, enum json_token first,
                                size_t limit, struct arena *arena, struct stator_error *err)
{
    struct reading r;
    enum stator_rc rc;

    *out = (struct item){0};
    if (first == JSON_NULL)
        return STATOR_OK;
    reading_init(&r, reader, limit, arena, err);
    rc = read_attributes(&r, &out->attributes, &out->count, 0, first);
    reading_deinit(&r);
    STATOR_TRY(rc);
    out->set = true;
    STATOR_TRY(check_cut(&r, out));
    out->fault = r.fault;
    out->fault = item_fault(out) != NULL;
    *repeated = r.repeated;
    return STATOR_OK;
}

enum stator_rc item_read_within(struct item *out, struct json_reader *reader, enum json_token first, size_t limit,
                                struct arena *arena, struct stator_error *err)
{
    bool ignored;

    return read_item(out, &ignored, reader, first, limit, arena, err);
}

enum stator_rc item_read(struct item *out, struct json_reader *reader, enum json_token first, struct arena *arena,
                         struct stator_error *err)
{
    return item_read_within(out, reader, first, SIZE_MAX, arena, err);
}

enum stator_rc item_read_once(struct item *out, struct json_reader *reader, enum json_token first, struct arena *arena,
                              struct stator_error *err)
{
    bool repeated = false;

    STATOR_TRY(read_item(out, &repeated, reader, first, SIZE_MAX, arena, err));
    return repeated ? stator_fail(err, STATOR_VALIDATION, "A name is given twice") : STATOR_OK;
}

/* Whether all of the text was read and is what this module would have written. */
static bool finish_stored(struct reading *r, enum stator_rc rc)
{
    reading_deinit(r);
    return rc == STATOR_OK && r->canonical && !r->fault && json_next(r->json) == JSON_END;
}

bool value_read_stored(struct value *out, struct bytes json, struct arena *arena)
{
    struct json_reader reader;
    struct reading r;

    json_reader_init(&reader, json, arena);
    reading_init(&r, &reader, SIZE_MAX, arena, NULL);
    return finish_stored(&r, read_value(&r, out, json_next(&reader)));
}

bool item_read_stored(struct item *out, struct bytes json, struct arena *arena)
{
    struct json_reader reader;
    struct reading r;

    *out = (struct item){.set = true};
    json_reader_init(&reader, json, arena);
    reading_init(&r, &reader, SIZE_MAX, arena, NULL);
    return finish_stored(&r, read_attributes(&r, &out->attributes, &out->count, 0, json_next(&reader)));
}
