/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/tree.h"

#include "json/reader.h"

struct reading {
    const struct tree_source *source;
    struct json_reader json;
    const uint8_t *counted; /* lines up to here */
    uint32_t line;
    struct arena *arena;
    struct stator_error *err;
};

static uint32_t line_now(struct reading *r)
{
    for (; r->counted < r->json.at; r->counted++)
        r->line += *r->counted == '\n';
    return r->line;
}

static enum stator_rc bad_json(struct reading *r)
{
    uint32_t line = line_now(r);
    const uint8_t *start = r->json.at;

    if (r->json.out_of_memory)
        return stator_fail_memory(r->err);
    while (start > r->source->text.at && start[-1] != '\n')
        start--;
    return tree_fail(r->err, r->source->path, line, "this is no JSON (column %zu)", (size_t)(r->json.at - start) + 1);
}

static enum stator_rc read_value(struct node **out, struct reading *r, enum json_token token, unsigned depth);

/* The members of a list or map that has begun, up to its end. */
static enum stator_rc read_members(struct node *parent, struct reading *r, enum json_token end, unsigned depth)
{
    const uint8_t *begin = r->json.at - 1;
    enum json_token token;

    while ((token = json_next(&r->json)) != end) {
        struct bytes name = {NULL, 0};
        uint32_t line = 0;
        struct node *child;

        if (token == JSON_KEY) {
            name = r->json.text;
            line = line_now(r);
            token = json_next(&r->json);
        }
        STATOR_TRY(read_value(&child, r, token, depth));
        child->name = name;
        child->line = line != 0 ? line : child->line;
        tree_append(parent, child);
    }
    parent->text = bytes_of(begin, (size_t)(r->json.at - begin));
    return STATOR_OK;
}

static enum stator_rc read_value(struct node **out, struct reading *r, enum json_token token, unsigned depth)
{
    enum node_kind kind = NODE_TEXT;
    struct bytes text = r->json.text;

    *out = NULL;
    if (token == JSON_BAD || token == JSON_END)
        return bad_json(r);
    if (token == JSON_OBJECT_BEGIN || token == JSON_ARRAY_BEGIN)
        kind = token == JSON_OBJECT_BEGIN ? NODE_MAP : NODE_LIST;
    else if (token == JSON_TRUE || token == JSON_FALSE)
        text = token == JSON_TRUE ? BYTES("true") : BYTES("false");
    else if (token == JSON_NULL)
        kind = NODE_NULL;
    *out = tree_node(r->arena, kind, line_now(r));
    if (*out == NULL)
        return stator_fail_memory(r->err);
    if (kind == NODE_TEXT)
        (*out)->text = text;
    if (kind != NODE_MAP && kind != NODE_LIST)
        return STATOR_OK;
    if (depth == TREE_DEPTH_MAX)
        return tree_fail(r->err, r->source->path, line_now(r), "nested deeper than %d levels", TREE_DEPTH_MAX);
    return read_members(*out, r, kind == NODE_MAP ? JSON_OBJECT_END : JSON_ARRAY_END, depth + 1);
}

enum stator_rc tree_read_json(struct node **out, const struct tree_source *source, struct arena *arena,
                              struct stator_error *err)
{
    struct reading r = {.source = source, .counted = source->text.at, .line = 1, .arena = arena, .err = err};

    json_reader_init(&r.json, source->text, arena);
    STATOR_TRY(read_value(out, &r, json_next(&r.json), 0));
    return json_next(&r.json) == JSON_END ? STATOR_OK : bad_json(&r);
}
