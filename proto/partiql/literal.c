/* SPDX-License-Identifier: Apache-2.0 */
/* Literals become values. The service tells where in a value a fault lies: "under root.a[2]". */
#include <stdio.h>

#include "partiql/lower.h"
#include "value/number.h"

#define PLACE_TEXT_MAX (PARTIQL_TEXT_MAX * 8) /* names of a statement, and indexes */

/* Where in a value we are: a list of steps from the innermost outwards. */
struct place {
    const struct place *outer; /* NULL: the value itself */
    struct bytes name;         /* absent: an index */
    size_t index;
};

static unsigned levels(const struct place *place)
{
    return place == NULL ? 0 : levels(place->outer) + 1;
}

static void append_place(struct buf *buf, const struct place *place)
{
    if (place == NULL) {
        buf_append_literal(buf, "root");
        return;
    }
    append_place(buf, place->outer);
    if (bytes_present(place->name))
        buf_printf(buf, ".%.*s", BYTES_ARG(place->name));
    else
        buf_printf(buf, "[%zu]", place->index);
}

/* "<before> root.a[2]" in the arena. */
static const char *placed(struct lowering *lowering, const char *before, const struct place *place)
{
    struct buf buf;
    struct bytes copy;

    buf_init(&buf, PLACE_TEXT_MAX);
    buf_printf(&buf, "%s ", before);
    append_place(&buf, place);
    buf_append_byte(&buf, '\0');
    copy = buf.failed ? (struct bytes){0} : arena_copy(lowering->parser.arena, buf_bytes(&buf));
    buf_deinit(&buf);
    return bytes_present(copy) ? (const char *)copy.at : " ";
}

/* What the service calls a thing that is no literal. */
static const char *data_type(struct lowering *lowering, const struct partiql_node *node)
{
    if (node->kind == PARTIQL_NODE_PARAMETER)
        return "Parameter";
    if (node->kind == PARTIQL_NODE_MISSING)
        return "Missing";
    return node->kind == PARTIQL_NODE_CALL ? lower_letters(lowering, node->text) : "Id";
}

static enum stator_rc number(struct lowering *lowering, struct value *out, const struct partiql_node *node,
                             const struct place *place)
{
    struct arena *arena = lowering->parser.arena;
    char text[NUMBER_TEXT_MAX];
    struct number parsed;
    struct stator_error why;

    if (number_parse(&parsed, node->text, &why) != STATOR_OK)
        return stator_fail(lowering->parser.err, STATOR_VALIDATION, "%s under%s", why.message,
                           placed(lowering, "", place));
    *out = (struct value){.type = VALUE_N};
    out->text = arena_copy(arena, bytes_of(text, number_format(text, &parsed)));
    return bytes_present(out->text) ? STATOR_OK : stator_fail_memory(lowering->parser.err);
}

static enum stator_rc literal(struct lowering *lowering, struct value *out, const struct partiql_node *node,
                              const struct place *place);

static enum stator_rc list(struct lowering *lowering, struct value *out, const struct partiql_node *node,
                           const struct place *place)
{
    struct value *members = ARENA_ARRAY(lowering->parser.arena, struct value, node->children.count);

    if (members == NULL)
        return stator_fail_memory(lowering->parser.err);
    for (size_t i = 0; i < node->children.count; i++) {
        const struct place inner = {.outer = place, .index = i};

        STATOR_TRY(literal(lowering, &members[i], partiql_child(node, i), &inner));
    }
    *out = (struct value){.type = VALUE_L, .count = node->children.count, .members = members};
    return STATOR_OK;
}

/* "[a, a]": as written. */
static enum stator_rc duplicates(struct lowering *lowering, const struct partiql_node *node, bool numbers,
                                 const struct place *place)
{
    struct buf text;
    enum stator_rc rc;

    buf_init(&text, STATOR_ERROR_MESSAGE_MAX);
    for (size_t i = 0; i < node->children.count; i++)
        buf_printf(&text, "%s%.*s", i == 0 ? "" : ", ", BYTES_ARG(partiql_child(node, i)->text));
    rc = stator_fail(lowering->parser.err, STATOR_VALIDATION,
                     "One or more parameter values were invalid: Input collection [%.*s] contains duplicates%s",
                     BYTES_ARG(buf_bytes(&text)), numbers ? placed(lowering, "! under", place) : ".");
    buf_deinit(&text);
    return rc;
}

/* << >>: a set of strings or of numbers. */
static enum stator_rc bag(struct lowering *lowering, struct value *out, const struct partiql_node *node,
                          const struct place *place)
{
    size_t count = node->children.count;
    struct value *members = ARENA_ARRAY(lowering->parser.arena, struct value, count);
    enum partiql_kind kind;

    if (members == NULL)
        return stator_fail_memory(lowering->parser.err);
    if (count == 0)
        return stator_fail(lowering->parser.err, STATOR_VALIDATION, "Empty bags are not supported");
    kind = partiql_child(node, 0)->kind;
    for (size_t i = 0; i < count; i++) {
        const struct partiql_node *member = partiql_child(node, i);
        const struct place inner = {.outer = place, .index = i};

        if (member->kind != kind || (kind != PARTIQL_NODE_STRING && kind != PARTIQL_NODE_NUMBER))
            return stator_fail(lowering->parser.err, STATOR_VALIDATION,
                               "Unsupported data type in Bag. DynamoDB only supports either numbers or strings in "
                               "bags");
        STATOR_TRY(literal(lowering, &members[i], member, &inner));
    }
    if (!value_set_make(out, kind == PARTIQL_NODE_STRING ? VALUE_SS : VALUE_NS, members, count, lowering->parser.arena))
        return stator_fail_memory(lowering->parser.err);
    return out->count == count ? STATOR_OK : duplicates(lowering, node, kind == PARTIQL_NODE_NUMBER, place);
}

/* Of a name given twice the last value counts. */
static struct attribute *attribute_for(struct attribute *attributes, size_t *count, struct bytes name)
{
    for (size_t i = 0; i < *count; i++)
        if (bytes_equal(attributes[i].name, name))
            return &attributes[i];
    attributes[*count].name = name;
    return &attributes[(*count)++];
}

static enum stator_rc map(struct lowering *lowering, struct value *out, const struct partiql_node *node,
                          const struct place *place)
{
    struct attribute *attributes = ARENA_ARRAY(lowering->parser.arena, struct attribute, node->children.count / 2);
    size_t count = 0;

    if (attributes == NULL)
        return stator_fail_memory(lowering->parser.err);
    for (size_t i = 0; i + 1 < node->children.count; i += 2) {
        const struct partiql_node *name = partiql_child(node, i);
        const struct place inner = {.outer = place, .name = name->text};

        if (name->kind != PARTIQL_NODE_STRING)
            return lower_fail_at(lowering, name->token, "Unsupported data type: %s under key %s",
                                 data_type(lowering, name), placed(lowering, "", place) + 1);
        STATOR_TRY(literal(lowering, &attribute_for(attributes, &count, name->text)->value, partiql_child(node, i + 1),
                           &inner));
    }
    attributes_sort(attributes, count);
    *out = (struct value){.type = VALUE_M, .count = count, .attributes = attributes};
    return STATOR_OK;
}

static enum stator_rc literal(struct lowering *lowering, struct value *out, const struct partiql_node *node,
                              const struct place *place)
{
    if (levels(place) >= VALUE_DEPTH_MAX)
        return stator_fail(lowering->parser.err, STATOR_VALIDATION, "%s",
                           placed(lowering, "Nesting Levels have exceeded supported limits under", place));
    *out = (struct value){0};
    switch (node->kind) {
    case PARTIQL_NODE_STRING:
        *out = (struct value){.type = VALUE_S, .text = node->text};
        return STATOR_OK;
    case PARTIQL_NODE_NUMBER:
        return number(lowering, out, node, place);
    case PARTIQL_NODE_TRUE:
    case PARTIQL_NODE_FALSE:
        *out = (struct value){.type = VALUE_BOOL, .boolean = node->kind == PARTIQL_NODE_TRUE};
        return STATOR_OK;
    case PARTIQL_NODE_NULL:
        *out = (struct value){.type = VALUE_NULL};
        return STATOR_OK;
    case PARTIQL_NODE_LIST:
        return list(lowering, out, node, place);
    case PARTIQL_NODE_BAG:
        return bag(lowering, out, node, place);
    case PARTIQL_NODE_STRUCT:
        return map(lowering, out, node, place);
    default:
        return lower_fail_at(lowering, node->token, "Unsupported data type: %s under key %s", data_type(lowering, node),
                             placed(lowering, "", place) + 1);
    }
}

bool lower_is_value(const struct partiql_node *node)
{
    switch (node->kind) {
    case PARTIQL_NODE_STRING:
    case PARTIQL_NODE_NUMBER:
    case PARTIQL_NODE_TRUE:
    case PARTIQL_NODE_FALSE:
    case PARTIQL_NODE_NULL:
    case PARTIQL_NODE_MISSING:
    case PARTIQL_NODE_PARAMETER:
    case PARTIQL_NODE_LIST:
    case PARTIQL_NODE_BAG:
    case PARTIQL_NODE_STRUCT:
        return true;
    default:
        return false;
    }
}

enum stator_rc lower_value(struct lowering *lowering, const struct value **out, const struct partiql_node *node)
{
    struct value *value;

    if (node->kind == PARTIQL_NODE_PARAMETER) {
        if (node->index >= lowering->parameter_count)
            return stator_fail(lowering->parser.err, STATOR_VALIDATION,
                               "Number of parameters in request and statement don't match.");
        *out = &lowering->parameters[node->index];
        return STATOR_OK;
    }
    value = ARENA_NEW(lowering->parser.arena, struct value);
    if (value == NULL)
        return stator_fail_memory(lowering->parser.err);
    *out = value;
    return literal(lowering, value, node, NULL);
}
