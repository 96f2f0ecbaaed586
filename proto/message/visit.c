/* SPDX-License-Identifier: Apache-2.0 */
/* visit: a walk to all items and values of a structure. */
#include "message/tables.h"

struct visit {
    const struct message_visitor *visitor;
    struct stator_error *err;
};

static enum stator_rc visit_slot(const struct visit *visit, uint8_t kind, const struct shape *shape, const void *slot);

static enum stator_rc visit_structure(const struct visit *visit, const struct shape *shape, const void *structure)
{
    for (size_t i = 0; i < shape->count; i++) {
        const struct member *member = &shape->members[i];
        const void *slot = member_at(member, structure);

        if (!slot_present(member->kind, slot))
            continue;
        if (member->kind == KIND_STRUCTURE)
            STATOR_TRY(visit_structure(visit, member->shape, *(const void *const *)slot));
        else
            STATOR_TRY(visit_slot(visit, member->kind, member->shape, slot));
    }
    return STATOR_OK;
}

/* Of a list, or of a map. Finished JSON has no elements to walk to. */
static enum stator_rc visit_elements(const struct visit *visit, const struct shape *shape, const struct api_list *list)
{
    if (bytes_present(list->json))
        return STATOR_OK;
    for (size_t i = 0; i < list->count; i++) {
        const uint8_t *slot = (const uint8_t *)element_at(shape, list, i) + shape->value_offset;

        if (shape->element_kind == KIND_STRUCTURE)
            STATOR_TRY(visit_structure(visit, shape->element, slot));
        else
            STATOR_TRY(visit_slot(visit, shape->element_kind, shape->element, slot));
    }
    return STATOR_OK;
}

static enum stator_rc visit_slot(const struct visit *visit, uint8_t kind, const struct shape *shape, const void *slot)
{
    const struct item *item = slot;

    if (kind == KIND_LIST || kind == KIND_MAP)
        return visit_elements(visit, shape, slot);
    if (kind == KIND_VALUE)
        return visit->visitor->value(slot, visit->err);
    if (kind == KIND_ITEM && !bytes_present(item->json))
        return visit->visitor->item(item, visit->err);
    return STATOR_OK;
}

enum stator_rc message_visit(const struct shape *shape, const void *in, const struct message_visitor *visitor,
                             struct stator_error *err)
{
    return visit_structure(&(struct visit){visitor, err}, shape, in);
}
