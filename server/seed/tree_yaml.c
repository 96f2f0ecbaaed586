/* SPDX-License-Identifier: Apache-2.0 */
/* YAML by libyaml, whose one home this is: event by event, so that the depth is ours to limit. */
#include "seed/tree.h"

#include <yaml.h>

struct reading {
    const struct tree_source *source;
    yaml_parser_t parser;
    yaml_event_t event; /* the last one taken; deleted by the next */
    struct arena *arena;
    struct stator_error *err;
};

static uint32_t line_of(yaml_mark_t mark)
{
    return (uint32_t)mark.line + 1;
}

static enum stator_rc refuse(struct reading *r, const char *why)
{
    return tree_fail(r->err, r->source->path, line_of(r->event.start_mark), "%s", why);
}

static enum stator_rc bad_yaml(struct reading *r)
{
    const yaml_parser_t *parser = &r->parser;

    if (parser->error == YAML_MEMORY_ERROR)
        return stator_fail_memory(r->err);
    if (parser->error == YAML_READER_ERROR) /* has no place in lines */
        return stator_fail(r->err, STATOR_VALIDATION, "%.800s: this is no YAML: %s (byte %zu)", r->source->path,
                           parser->problem, parser->problem_offset);
    return tree_fail(r->err, r->source->path, line_of(parser->problem_mark), "this is no YAML: %s (column %zu)",
                     parser->problem != NULL ? parser->problem : "it cannot be read", parser->problem_mark.column + 1);
}

static enum stator_rc next(struct reading *r)
{
    yaml_event_delete(&r->event);
    return yaml_parser_parse(&r->parser, &r->event) != 0 ? STATOR_OK : bad_yaml(r);
}

/* --- Tags --------------------------------------------------------------------------------------------------------- */

/* The name of the function that a tag such as !Sub stands for, or absent: none. */
static enum stator_rc function_of(struct bytes *out, struct reading *r, const yaml_char_t *tag)
{
    const char *text = (const char *)tag;
    bool bare;
    size_t len;
    char *name;

    *out = (struct bytes){NULL, 0};
    if (text == NULL || text[0] != '!' || text[1] == '\0')
        return STATOR_OK;
    bare = strcmp(text, "!Ref") == 0 || strcmp(text, "!Condition") == 0;
    len = strlen(text + 1) + (bare ? 0 : 4);
    name = arena_alloc(r->arena, len + 1);
    if (name == NULL)
        return stator_fail_memory(r->err);
    snprintf(name, len + 1, "%s%s", bare ? "" : "Fn::", text + 1);
    *out = bytes_of(name, len);
    return STATOR_OK;
}

/* Puts {function: node} in the place of a node with such a tag. */
static enum stator_rc apply_tag(struct node **node, struct reading *r, struct bytes function)
{
    struct node *call;

    if (!bytes_present(function))
        return STATOR_OK;
    call = tree_node(r->arena, NODE_MAP, (*node)->line);
    if (call == NULL)
        return stator_fail_memory(r->err);
    (*node)->name = function;
    tree_append(call, *node);
    *node = call;
    return STATOR_OK;
}

/* --- Values ------------------------------------------------------------------------------------------------------- */

static bool is_null(const yaml_event_t *event)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL"};
    const char *text = (const char *)event->data.scalar.value;

    if (event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE || event->data.scalar.tag != NULL)
        return false;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcmp(text, words[i]) == 0)
            return true;
    return false;
}

static enum stator_rc scalar_text(struct bytes *out, struct reading *r)
{
    *out = arena_copy(r->arena, bytes_of(r->event.data.scalar.value, r->event.data.scalar.length));
    return bytes_present(*out) ? STATOR_OK : stator_fail_memory(r->err);
}

static enum stator_rc read_value(struct node **out, struct reading *r, unsigned depth);

static enum stator_rc read_name(struct bytes *out, struct reading *r)
{
    if (r->event.type != YAML_SCALAR_EVENT)
        return refuse(r, "a name is no text");
    STATOR_TRY(scalar_text(out, r));
    return next(r);
}

/* The members of a list or map whose begin was taken last, up to its end. */
static enum stator_rc read_members(struct node *parent, struct reading *r, unsigned depth)
{
    yaml_event_type_t end = parent->kind == NODE_MAP ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;

    for (;;) {
        struct bytes name = {NULL, 0};
        struct node *child;
        uint32_t line;

        STATOR_TRY(next(r));
        if (r->event.type == end)
            return STATOR_OK;
        line = line_of(r->event.start_mark);
        if (parent->kind == NODE_MAP)
            STATOR_TRY(read_name(&name, r));
        STATOR_TRY(read_value(&child, r, depth));
        child->name = name;
        child->line = line;
        tree_append(parent, child);
    }
}

/* The value whose first event was taken last. */
static enum stator_rc read_value(struct node **out, struct reading *r, unsigned depth)
{
    uint32_t line = line_of(r->event.start_mark);
    const yaml_char_t *tag = NULL;
    enum node_kind kind = NODE_TEXT;
    struct bytes function;

    if (r->event.type == YAML_ALIAS_EVENT)
        return refuse(r, "aliases (*name) are no part of CloudFormation's YAML");
    if (depth == TREE_DEPTH_MAX)
        return tree_fail(r->err, r->source->path, line, "nested deeper than %d levels", TREE_DEPTH_MAX);
    if (r->event.type == YAML_SCALAR_EVENT) {
        tag = r->event.data.scalar.tag;
        kind = is_null(&r->event) ? NODE_NULL : NODE_TEXT;
    } else if (r->event.type == YAML_SEQUENCE_START_EVENT) {
        tag = r->event.data.sequence_start.tag;
        kind = NODE_LIST;
    } else {
        stator_assert(r->event.type == YAML_MAPPING_START_EVENT);
        tag = r->event.data.mapping_start.tag;
        kind = NODE_MAP;
    }
    STATOR_TRY(function_of(&function, r, tag));
    *out = tree_node(r->arena, kind, line);
    if (*out == NULL)
        return stator_fail_memory(r->err);
    if (kind == NODE_TEXT)
        STATOR_TRY(scalar_text(&(*out)->text, r));
    else if (kind != NODE_NULL)
        STATOR_TRY(read_members(*out, r, depth + 1));
    return apply_tag(out, r, function);
}

/* An empty file is a null. */
static enum stator_rc read_stream(struct node **out, struct reading *r)
{
    STATOR_TRY(next(r)); /* of the stream */
    STATOR_TRY(next(r)); /* of the document */
    if (r->event.type == YAML_STREAM_END_EVENT) {
        *out = tree_node(r->arena, NODE_NULL, 1);
        return *out != NULL ? STATOR_OK : stator_fail_memory(r->err);
    }
    STATOR_TRY(next(r));
    STATOR_TRY(read_value(out, r, 0));
    STATOR_TRY(next(r)); /* the document's end */
    STATOR_TRY(next(r));
    return r->event.type == YAML_STREAM_END_EVENT ? STATOR_OK : refuse(r, "a second document in one file");
}

/* The library compares each with all before it. Tags that need one have no meaning here. */
static enum stator_rc refuse_tag_directives(const struct tree_source *source, struct stator_error *err)
{
    static const char directive[] = "%TAG";
    const uint8_t *at = source->text.at, *end = at + source->text.len;

    for (uint32_t line = 1; at != NULL && at < end; line++) {
        if (bytes_starts_with(bytes_of(at, (size_t)(end - at)), bytes_of_string(directive)))
            return tree_fail(err, source->path, line, "%s is no part of CloudFormation's YAML", directive);
        at = memchr(at, '\n', (size_t)(end - at));
        at = at != NULL ? at + 1 : NULL;
    }
    return STATOR_OK;
}

enum stator_rc tree_read_yaml(struct node **out, const struct tree_source *source, struct arena *arena,
                              struct stator_error *err)
{
    struct reading r = {.source = source, .arena = arena, .err = err};
    enum stator_rc rc;

    STATOR_TRY(refuse_tag_directives(source, err));
    if (yaml_parser_initialize(&r.parser) == 0)
        return stator_fail_memory(err);
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, source->text.at, source->text.len);
    rc = read_stream(out, &r);
    yaml_event_delete(&r.event);
    yaml_parser_delete(&r.parser);
    return rc;
}
