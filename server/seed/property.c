/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/property.h"

#include <strings.h>

const struct property property_key_schema[] = {
    {"AttributeName", PROPERTY_TEXT, NULL, NULL}, {"KeyType", PROPERTY_TEXT, NULL, NULL}, {NULL}};
const struct property property_attribute_definitions[] = {
    {"AttributeName", PROPERTY_TEXT, NULL, NULL}, {"AttributeType", PROPERTY_TEXT, NULL, NULL}, {NULL}};
const struct property property_projection[] = {
    {"ProjectionType", PROPERTY_TEXT, NULL, NULL}, {"NonKeyAttributes", PROPERTY_TEXTS, NULL, NULL}, {NULL}};
const struct property property_throughput[] = {
    {"ReadCapacityUnits", PROPERTY_NUMBER, NULL, NULL}, {"WriteCapacityUnits", PROPERTY_NUMBER, NULL, NULL}, {NULL}};
const struct property property_on_demand[] = {{"MaxReadRequestUnits", PROPERTY_NUMBER, NULL, NULL},
                                              {"MaxWriteRequestUnits", PROPERTY_NUMBER, NULL, NULL},
                                              {NULL}};

struct writing {
    struct json_writer *to;
    struct resolver *r;
    const struct property_unknown *unknown;
};

static enum stator_rc write_members(struct writing *w, const struct node *map, const struct property *table);

static enum stator_rc expected(struct writing *w, const struct node *node, const char *what)
{
    return tree_fail(w->r->err, w->r->path, node->line, "'%.*s' must be %s", BYTES_ARG(node->name), what);
}

static bool text_is(struct bytes text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.at, word, text.len) == 0;
}

enum stator_rc property_boolean(bool *out, struct resolver *r, const struct node *node)
{
    struct bytes text;

    if (node == NULL)
        return STATOR_OK;
    STATOR_TRY(resolve_text(&text, r, node));
    if (!bytes_present(text))
        return STATOR_OK;
    *out = text_is(text, "true");
    if (!*out && !text_is(text, "false"))
        return tree_fail(r->err, r->path, node->line, "'%.*s' must be true or false", BYTES_ARG(node->name));
    return STATOR_OK;
}

/* A whole number as JSON writes it: no 0 before others, few enough digits for the request's own check to see it. */
static bool is_number(struct bytes text)
{
    size_t i = text.len > 1 && text.at[0] == '-';

    if (text.len == 0 || text.len > 18 || (text.at[i] == '0' && text.len > i + 1))
        return false;
    for (; i < text.len; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return true;
}

static enum stator_rc write_scalar(struct writing *w, const struct node *node, enum property_form form)
{
    if (node->kind != NODE_TEXT)
        return expected(w, node, "a text, a number or a truth");
    if (form == PROPERTY_TEXT) {
        json_string(w->to, node->text);
    } else if (form == PROPERTY_NUMBER) {
        if (!is_number(node->text))
            return expected(w, node, "a whole number");
        json_raw(w->to, node->text);
    } else {
        bool truth = false;

        STATOR_TRY(property_boolean(&truth, w->r, node));
        json_bool(w->to, truth);
    }
    return STATOR_OK;
}

static enum stator_rc write_object(struct writing *w, const struct node *node, const struct property *members)
{
    if (node->kind != NODE_MAP)
        return expected(w, node, "an object");
    json_object_begin(w->to);
    STATOR_TRY(write_members(w, node, members));
    json_object_end(w->to);
    return STATOR_OK;
}

/* Members that are nothing are left out, as a function may make them. */
static enum stator_rc write_list(struct writing *w, const struct node *node, const struct property *property)
{
    if (node->kind != NODE_LIST)
        return expected(w, node, "a list");
    json_array_begin(w->to);
    for (const struct node *at = node->first; at != NULL; at = at->next) {
        const struct node *member;

        STATOR_TRY(resolve(&member, w->r, at));
        if (member == NULL)
            continue;
        if (property->form == PROPERTY_TEXTS)
            STATOR_TRY(write_scalar(w, member, PROPERTY_TEXT));
        else
            STATOR_TRY(write_object(w, member, property->members));
    }
    json_array_end(w->to);
    return STATOR_OK;
}

static bool is_zero(const struct node *throughput)
{
    return tree_text_is(tree_member(throughput, "ReadCapacityUnits"), "0");
}

static enum stator_rc write_property(struct writing *w, const struct node *node, const struct property *property)
{
    const struct node *value;
    struct node named;

    if (property->form == PROPERTY_ELSEWHERE)
        return STATOR_OK;
    STATOR_TRY(resolve(&value, w->r, node));
    if (value == NULL || (property->form == PROPERTY_THROUGHPUT && is_zero(value)))
        return STATOR_OK;
    named = *value; /* what a function made has no name, or that of another place */
    named.name = node->name;
    named.line = node->line;
    json_key(w->to, bytes_of_string(property->as != NULL ? property->as : property->name));
    switch (property->form) {
    case PROPERTY_OBJECT:
    case PROPERTY_THROUGHPUT:
        return write_object(w, &named, property->members);
    case PROPERTY_LIST:
    case PROPERTY_TEXTS:
        return write_list(w, &named, property);
    case PROPERTY_TEXT:
    case PROPERTY_NUMBER:
    case PROPERTY_BOOLEAN:
    case PROPERTY_ELSEWHERE:
        break;
    }
    return write_scalar(w, &named, property->form);
}

static const struct property *find(const struct property *table, struct bytes name)
{
    for (; table->name != NULL; table++)
        if (bytes_equal_string(name, table->name))
            return table;
    return NULL;
}

static enum stator_rc write_members(struct writing *w, const struct node *map, const struct property *table)
{
    for (const struct node *at = map->first; at != NULL; at = at->next) {
        const struct property *property = find(table, at->name);

        if (property != NULL)
            STATOR_TRY(write_property(w, at, property));
        else if (w->unknown != NULL)
            w->unknown->tell(w->unknown->context, at->name, at->line);
    }
    return STATOR_OK;
}

enum stator_rc properties_write(struct json_writer *writer, struct resolver *r, const struct node *map,
                                const struct property *table, const struct property_unknown *unknown)
{
    struct writing w = {.to = writer, .r = r, .unknown = unknown};
    const struct node *value;

    STATOR_TRY(resolve(&value, r, map));
    if (value == NULL)
        return STATOR_OK;
    if (value->kind != NODE_MAP)
        return tree_fail(r->err, r->path, map->line, "an object was expected here");
    return write_members(&w, value, table);
}
