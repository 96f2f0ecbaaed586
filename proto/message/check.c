/* SPDX-License-Identifier: Apache-2.0 */
#include "message/check.h"

#include "base/utf8.h"

#define ARN_MAX 1024

/* Where a value is: a chain of names and positions up to the request. */
struct path {
    const struct path *parent;
    enum { PATH_MEMBER, PATH_INDEX, PATH_KEY } kind;
    struct bytes name; /* of a member or key */
    size_t index;      /* from 1 */
};

/* What a length or a value may be. */
struct limits {
    int64_t min, max;
};

static void check_members(struct check *check, const struct shape *shape, const void *structure,
                          const struct path *path);
static void check_value(struct check *check, uint8_t kind, const struct shape *shape, const void *slot,
                        struct limits limits, const struct path *path);

/* --- Reporting --------------------------------------------------------------------------------------------------- */

static void put_path(struct check *check, const struct path *path)
{
    if (path->parent != NULL) {
        put_path(check, path->parent);
        echo_text(&check->text, ".");
    }
    if (path->kind == PATH_INDEX)
        echo_printf(&check->text, "%zu", path->index);
    else if (path->kind == PATH_MEMBER && check->layer == LAYER_OLDER)
        echo_lower_first(&check->text, path->name);
    else
        echo_bytes(&check->text, path->name);
    if (path->kind != PATH_MEMBER)
        echo_text(&check->text, ".member");
}

/* Counts a failure and puts the "; " before it. False when it is one too many. */
static bool begin(struct check *check)
{
    if (check->count == (check->layer == LAYER_NEWER ? 1 : CHECK_ERRORS_MAX))
        return false;
    if (check->count++ != 0)
        echo_text(&check->text, "; ");
    return true;
}

/* Puts "Value 'x' at 'a.b' failed to satisfy constraint: ". The slot of a missing value is NULL. */
static bool begin_value(struct check *check, uint8_t kind, const struct shape *shape, const void *slot,
                        const struct path *path)
{
    if (!begin(check))
        return false;
    echo_text(&check->text, "Value ");
    if (check->layer == LAYER_OLDER && slot == NULL) {
        echo_text(&check->text, "null ");
    } else if (check->layer == LAYER_OLDER) {
        echo_text(&check->text, "'");
        echo_value(&check->text, kind, shape, slot);
        echo_text(&check->text, "' ");
    }
    echo_text(&check->text, "at '");
    put_path(check, path);
    echo_text(&check->text, "' failed to satisfy constraint: ");
    return true;
}

static void put_enum(struct check *check, const struct shape *shape)
{
    echo_text(&check->text, "Member must satisfy enum value set: [");
    for (size_t i = 0; i < shape->count; i++) {
        if (i != 0)
            echo_text(&check->text, ", ");
        echo_bytes(&check->text, shape->values[i]);
    }
    echo_text(&check->text, "]");
}

/* --- Lengths, ranges, patterns ----------------------------------------------------------------------------------- */

static bool is_below(int64_t value, struct limits limits)
{
    return limits.min != NO_MIN && value < limits.min;
}

static bool is_above(int64_t value, struct limits limits)
{
    return limits.max != NO_MAX && value > limits.max;
}

/* `what` is "length" or "value". */
static void check_limits(struct check *check, uint8_t kind, const struct shape *shape, const void *slot, int64_t value,
                         const char *what, struct limits limits, const struct path *path)
{
    if (is_below(value, limits) && begin_value(check, kind, shape, slot, path))
        echo_printf(&check->text, "Member must have %s greater than or equal to %lld", what, (long long)limits.min);
    if (is_above(value, limits) && begin_value(check, kind, shape, slot, path))
        echo_printf(&check->text, "Member must have %s less than or equal to %lld", what, (long long)limits.max);
}

/* Texts are measured as Java does, in units of UTF-16; a text has at least one for three bytes and at most one a byte,
 * which mostly settles it. */
static int64_t text_length(struct bytes text, struct limits limits)
{
    if (!is_below((int64_t)text.len / 3, limits) && !is_above((int64_t)text.len, limits))
        return (int64_t)text.len;
    return (int64_t)utf8_utf16_units(text);
}

/* Where a table's name is asked for, its ARN will do. */
static bool is_arn_of_table(const struct shape *shape, struct bytes text)
{
    return (shape == &shape_of_TableOfItems || shape == &shape_of_TableNameOrArn) &&
           bytes_starts_with(text, BYTES("arn:"));
}

static bool name_is_good(struct bytes text)
{
    size_t length = utf8_utf16_units(text);

    return length >= 3 && length <= 255;
}

static void check_pattern(struct check *check, const struct shape *shape, const struct bytes *slot,
                          const struct path *path)
{
    if (!shape->pattern->matches(*slot) && begin_value(check, KIND_STRING, shape, slot, path))
        echo_printf(&check->text, "Member must satisfy regular expression pattern: %s", shape->pattern->text);
}

/* Whether a text that breaks both is first said to break its pattern. The service keeps a member's constraints in no
 * order that could be told from outside; for names this is what was seen. */
static bool pattern_is_first(const struct shape *shape)
{
    return shape == &shape_of_TableName || shape == &shape_of_BackupName;
}

static void check_string(struct check *check, const struct shape *shape, const struct bytes *slot, struct limits limits,
                         const struct path *path)
{
    bool arn = is_arn_of_table(shape, *slot);
    bool pattern = shape->pattern != NULL && !arn && check->layer == LAYER_OLDER;

    /* The published model knows only this of table names. */
    if (arn || (check->layer == LAYER_NEWER && shape == &shape_of_TableOfItems))
        limits = (struct limits){1, ARN_MAX};
    if (limits.min == 1 && slot->len == 0) /* an empty name of a table of items is only too short */
        pattern = false;
    if (shape->called != NULL && check->bad == NULL && !name_is_good(*slot))
        check->bad = shape;
    if (pattern && pattern_is_first(shape))
        check_pattern(check, shape, slot, path);
    check_limits(check, KIND_STRING, shape, slot, text_length(*slot, limits), "length", limits, path);
    if (pattern && !pattern_is_first(shape))
        check_pattern(check, shape, slot, path);
}

/* --- Lists and maps ---------------------------------------------------------------------------------------------- */

static struct limits limits_of(const struct shape *shape)
{
    return (struct limits){shape->min, shape->max};
}

static void check_element(struct check *check, const struct shape *collection, const void *slot,
                          const struct path *path)
{
    if (collection->element_kind == KIND_STRUCTURE)
        check_members(check, collection->element, slot, path);
    else
        check_value(check, collection->element_kind, collection->element, slot, limits_of(collection->element), path);
}

static void check_elements(struct check *check, const struct shape *shape, const struct api_list *list,
                           const struct path *path)
{
    if (shape->element_kind == KIND_VALUE || shape->element_kind == KIND_ITEM)
        return; /* the model demands nothing of these */
    for (size_t i = 0; i < list->count; i++) {
        struct path element = {.parent = path, .kind = PATH_INDEX, .index = i + 1};

        check_element(check, shape, element_at(shape, list, i), &element);
    }
}

/* "[Member must have length less than or equal to 255, Member must have length greater than or equal to 3, ...]" */
static void put_constraints(struct check *check, const struct shape *shape)
{
    const char *before = "[";

    if (shape->max != NO_MAX) {
        echo_printf(&check->text, "%sMember must have length less than or equal to %lld", before,
                    (long long)shape->max);
        before = ", ";
    }
    if (shape->min != NO_MIN) {
        echo_printf(&check->text, "%sMember must have length greater than or equal to %lld", before,
                    (long long)shape->min);
        before = ", ";
    }
    if (shape->pattern != NULL)
        echo_printf(&check->text, "%sMember must satisfy regular expression pattern: %s", before, shape->pattern->text);
    echo_text(&check->text, "]");
}

static struct bytes entry_key(const void *entry)
{
    struct bytes key;

    memcpy(&key, entry, sizeof(key));
    return key;
}

static bool key_is_good(const struct shape *shape, struct bytes key)
{
    struct limits limits = limits_of(shape);
    int64_t length = text_length(key, limits);

    if (is_arn_of_table(shape, key))
        return key.len <= ARN_MAX;
    return !is_below(length, limits) && !is_above(length, limits) &&
           (shape->pattern == NULL || shape->pattern->matches(key));
}

static void check_keys(struct check *check, const struct shape *shape, const struct api_list *map,
                       const struct path *path)
{
    for (size_t i = 0; i < map->count; i++) {
        if (key_is_good(shape->key, entry_key(element_at(shape, map, i))))
            continue;
        if (begin_value(check, KIND_MAP, shape, map, path)) {
            echo_text(&check->text, "Map keys must satisfy constraint: ");
            put_constraints(check, shape->key);
        }
        return;
    }
}

static const struct api_list *entry_list(const struct shape *shape, const struct api_list *map, size_t i)
{
    return (const void *)((const uint8_t *)element_at(shape, map, i) + shape->value_offset);
}

/* The older layer words the limits of a map's lists as the map's own. */
static void check_lists(struct check *check, const struct shape *shape, const struct api_list *map,
                        const struct path *path)
{
    struct limits limits = limits_of(shape->element);

    for (size_t i = 0; i < map->count; i++) {
        int64_t count = (int64_t)entry_list(shape, map, i)->count;

        if (!is_below(count, limits) && !is_above(count, limits))
            continue;
        if (begin_value(check, KIND_MAP, shape, map, path)) {
            echo_text(&check->text, "Map value must satisfy constraint: ");
            put_constraints(check, shape->element);
        }
        return;
    }
}

static void check_entries(struct check *check, const struct shape *shape, const struct api_list *map,
                          const struct path *path)
{
    if (check->layer == LAYER_OLDER && shape->element_kind == KIND_LIST)
        check_lists(check, shape, map, path);
    else if (check->layer == LAYER_OLDER)
        check_keys(check, shape, map, path);
    for (size_t i = 0; i < map->count; i++) {
        const uint8_t *entry = element_at(shape, map, i);
        struct path value = {.parent = path, .kind = PATH_KEY, .name = entry_key(entry)};

        if (shape->element_kind == KIND_LIST)
            check_elements(check, shape->element, entry_list(shape, map, i), &value);
        else
            check_element(check, shape, entry + shape->value_offset, &value);
    }
}

/* Where the model has no limit of a list or map, reading has one. How many parameters there are is the statement's to
 * say. */
static void check_count(struct check *check, uint8_t kind, const struct shape *shape, const struct api_list *list,
                        struct limits limits, const struct path *path)
{
    if (limits.max == NO_MAX && shape != &shape_of_PreparedStatementParameters)
        limits.max = ELEMENTS_MAX;
    check_limits(check, kind, shape, list, (int64_t)list->count, "length", limits, path);
}

static void check_map(struct check *check, const struct shape *shape, const struct api_list *map, struct limits limits,
                      const struct path *path)
{
    /* Of these two the older layer does not say that they are empty; validate.c has the service's sentence. */
    if (check->layer == LAYER_OLDER &&
        (shape == &shape_of_BatchGetRequestMap || shape == &shape_of_BatchWriteItemRequestMap))
        limits.min = NO_MIN;
    check_count(check, KIND_MAP, shape, map, limits, path);
    if (!check->shallow)
        check_entries(check, shape, map, path);
}

/* --- The walk ---------------------------------------------------------------------------------------------------- */

static void check_value(struct check *check, uint8_t kind, const struct shape *shape, const void *slot,
                        struct limits limits, const struct path *path)
{
    switch ((enum kind)kind) {
    case KIND_STRING:
        check_string(check, shape, slot, limits, path);
        return;
    case KIND_INTEGER:
    case KIND_LONG:
        check_limits(check, kind, shape, slot, ((const struct api_integer *)slot)->value, "value", limits, path);
        return;
    case KIND_ENUM:
        if (check->layer == LAYER_OLDER && ((const struct api_enum *)slot)->value < 0 &&
            begin_value(check, kind, shape, slot, path))
            put_enum(check, shape);
        return;
    case KIND_LIST:
        check_count(check, kind, shape, slot, limits, path);
        if (!check->shallow)
            check_elements(check, shape, slot, path);
        return;
    case KIND_MAP:
        check_map(check, shape, slot, limits, path);
        return;
    case KIND_STRUCTURE:
        if (!check->shallow)
            check_members(check, shape, *(const void *const *)slot, path);
        return;
    case KIND_DOUBLE:
    case KIND_TIMESTAMP:
    case KIND_BOOLEAN:
    case KIND_VALUE:
    case KIND_ITEM:
        return;
    }
}

static void check_slot(struct check *check, const struct member *member, const void *structure,
                       const struct path *parent)
{
    const struct path path = {.parent = parent, .kind = PATH_MEMBER, .name = member->name};
    struct limits limits = limits_of(member->shape);

    if (member->min != NO_MIN)
        limits.min = member->min;
    if (member->max != NO_MAX)
        limits.max = member->max;
    check_value(check, member->kind, member->shape, member_at(member, structure), limits, &path);
}

static void check_missing(struct check *check, const struct member *member, const struct path *parent)
{
    const struct path path = {.parent = parent, .kind = PATH_MEMBER, .name = member->name};

    check->missing = true;
    if (check->layer == LAYER_OLDER && begin_value(check, member->kind, member->shape, NULL, &path))
        echo_text(&check->text, "Member must not be null");
}

static void check_members(struct check *check, const struct shape *shape, const void *structure,
                          const struct path *path)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct member *member = &shape->members[i];

        if (slot_present(member->kind, member_at(member, structure))) {
            if (member != check->unchecked[0] && member != check->unchecked[1])
                check_slot(check, member, structure, path);
        } else if (member->need == REQUIRED) {
            check_missing(check, member, path);
        }
        if (member == check->after && check->instead != NULL && begin(check))
            echo_text(&check->text, check->instead);
    }
}

void check_init(struct check *check, enum layer layer)
{
    check->layer = layer;
    check->shallow = false;
    check->unchecked[0] = check->unchecked[1] = check->after = NULL;
    check->instead = NULL;
    check->count = 0;
    check->missing = false;
    check->bad = NULL;
    check->text.len = 0; /* the rest of it is written before it is read */
}

/* The names of tables with lists of requests are looked at only when nothing else is wrong. */
static void check_keys_of_lists(struct check *check, const struct shape *shape, const void *in)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct member *member = &shape->members[i];
        const struct path path = {.kind = PATH_MEMBER, .name = member->name};

        if (member->kind == KIND_MAP && member->shape->element_kind == KIND_LIST)
            check_keys(check, member->shape, member_at(member, in), &path);
    }
}

void check_request(struct check *check, const struct shape *shape, const void *in)
{
    check_members(check, shape, in, NULL);
    if (check->layer == LAYER_OLDER && check->count == 0)
        check_keys_of_lists(check, shape, in);
}

void check_member(struct check *check, const struct member *member, const void *structure)
{
    if (slot_present(member->kind, member_at(member, structure)))
        check_slot(check, member, structure, NULL);
}
