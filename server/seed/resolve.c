/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/resolve.h"

#include "base/buf.h"

#define RESOLVE_DEPTH_MAX 64

typedef enum stator_rc function(const struct node **out, struct resolver *r, const struct node *argument);

/* --- What all of them use ----------------------------------------------------------------------------------------- */

static enum stator_rc enter(struct resolver *r, uint32_t line)
{
    if (++r->steps > RESOLVE_STEPS_MAX || r->looks > RESOLVE_LOOKS_MAX)
        return tree_fail(r->err, r->path, line, "the functions of this template take more than %d steps",
                         RESOLVE_STEPS_MAX);
    if (r->depth == RESOLVE_DEPTH_MAX)
        return tree_fail(r->err, r->path, line, "functions or conditions within each other go too deep");
    r->depth++;
    return STATOR_OK;
}

static enum stator_rc make_text(const struct node **out, struct resolver *r, struct bytes text, uint32_t line)
{
    struct node *node = tree_node(r->arena, NODE_TEXT, line);

    if (node == NULL || !bytes_present(text))
        return stator_fail_memory(r->err);
    node->text = text;
    *out = node;
    return STATOR_OK;
}

static enum stator_rc take_buf(const struct node **out, struct resolver *r, struct buf *buf, uint32_t line)
{
    enum stator_rc rc = buf->failed ? tree_fail(r->err, r->path, line, "a text longer than %d bytes", RESOLVE_TEXT_MAX)
                                    : make_text(out, r, arena_copy(r->arena, buf_bytes(buf)), line);

    buf_deinit(buf);
    return rc;
}

/* The list that a function's argument must be, with that many members. */
static enum stator_rc take_list(const struct node **out, struct resolver *r, const struct node *argument, size_t least,
                                size_t most)
{
    STATOR_TRY(resolve(out, r, argument));
    if (*out == NULL || (*out)->kind != NODE_LIST || (*out)->count < least || (*out)->count > most)
        return tree_fail(r->err, r->path, argument->line, "%.*s has other arguments than it takes",
                         BYTES_ARG(argument->name));
    return STATOR_OK;
}

static enum stator_rc need_text(struct bytes *out, struct resolver *r, const struct node *node)
{
    STATOR_TRY(resolve_text(out, r, node));
    return bytes_present(*out) ? STATOR_OK : tree_fail(r->err, r->path, node->line, "a text is missing here");
}

/* --- Ref and Fn::Sub ---------------------------------------------------------------------------------------------- */

/* Absent: there is none of that name. */
static struct bytes pseudo_parameter(const struct resolver *r, struct bytes name)
{
    static const struct {
        const char *name;
        struct bytes value;
    } fixed[] = {{"AWS::AccountId", BYTES(RESOLVE_ACCOUNT_ID)},
                 {"AWS::StackName", BYTES("stator")},
                 {"AWS::StackId", BYTES("arn:aws:cloudformation:local:" RESOLVE_ACCOUNT_ID ":stack/stator/0")},
                 {"AWS::Partition", BYTES("aws")},
                 {"AWS::URLSuffix", BYTES("amazonaws.com")}};

    if (bytes_equal_string(name, "AWS::Region"))
        return r->region;
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        if (bytes_equal_string(name, fixed[i].name))
            return fixed[i].value;
    return (struct bytes){NULL, 0};
}

static const struct node *member_of(struct resolver *r, const struct node *map, struct bytes name)
{
    const struct node *found = NULL;

    r->looks += map != NULL ? map->count : 0;
    if (map != NULL && map->kind == NODE_MAP)
        for (const struct node *at = map->first; at != NULL; at = at->next)
            found = bytes_equal(at->name, name) ? at : found;
    return found;
}

static bool is_list_type(const struct node *parameter)
{
    const struct node *type = tree_member(parameter, "Type");

    return tree_text_is(type, "CommaDelimitedList") ||
           (type != NULL && type->kind == NODE_TEXT && bytes_starts_with(type->text, BYTES("List<")));
}

/* Its Default is the name of a value that is kept elsewhere. */
static bool is_from_store(const struct node *parameter)
{
    const struct node *type = tree_member(parameter, "Type");

    return type != NULL && type->kind == NODE_TEXT && bytes_starts_with(type->text, BYTES("AWS::SSM::"));
}

/* The members of a text with a separator between them. */
static enum stator_rc split(const struct node **out, struct resolver *r, struct bytes text, struct bytes separator,
                            uint32_t line)
{
    struct node *list = tree_node(r->arena, NODE_LIST, line);
    const uint8_t *at = text.at, *end = text.at + text.len;

    if (list == NULL)
        return stator_fail_memory(r->err);
    for (;;) {
        const uint8_t *found = memmem(at, (size_t)(end - at), separator.at, separator.len);
        struct node *member = tree_node(r->arena, NODE_TEXT, line);

        if (member == NULL)
            return stator_fail_memory(r->err);
        member->text = bytes_of(at, (size_t)((found != NULL ? found : end) - at));
        tree_append(list, member);
        if (found == NULL)
            break;
        at = found + separator.len;
    }
    *out = list;
    return STATOR_OK;
}

/* Of a parameter, or of a pseudo parameter. */
static enum stator_rc refer(const struct node **out, struct resolver *r, struct bytes name, uint32_t line)
{
    struct bytes pseudo = pseudo_parameter(r, name);
    const struct node *parameter = member_of(r, r->parameters, name), *value = tree_member(parameter, "Default");

    *out = NULL;
    if (bytes_present(pseudo))
        return make_text(out, r, pseudo, line);
    if (bytes_equal_string(name, "AWS::NoValue"))
        return STATOR_OK;
    if (parameter == NULL)
        return tree_fail(r->err, r->path, line, "'%.*s' is no parameter of this template: it cannot be known here",
                         BYTES_ARG(name));
    if (is_from_store(parameter))
        return tree_fail(r->err, r->path, line, "the parameter '%.*s' names one of Systems Manager, which is not here",
                         BYTES_ARG(name));
    if (value == NULL || value->kind != NODE_TEXT)
        return tree_fail(r->err, r->path, line, "the parameter '%.*s' has no Default (line %u)", BYTES_ARG(name),
                         parameter->line);
    if (is_list_type(parameter))
        return split(out, r, value->text, BYTES(","), line);
    *out = value;
    return STATOR_OK;
}

static enum stator_rc call_ref(const struct node **out, struct resolver *r, const struct node *argument)
{
    if (argument->kind != NODE_TEXT)
        return tree_fail(r->err, r->path, argument->line, "Ref of what is no name");
    return refer(out, r, argument->text, argument->line);
}

/* One ${name}. */
static enum stator_rc substitute(struct buf *buf, struct resolver *r, struct bytes name, const struct node *own,
                                 uint32_t line)
{
    const struct node *value = member_of(r, own, name);

    if (value != NULL)
        STATOR_TRY(resolve(&value, r, value));
    else
        STATOR_TRY(refer(&value, r, name, line));
    if (value == NULL || value->kind != NODE_TEXT)
        return tree_fail(r->err, r->path, line, "${%.*s} is no text", BYTES_ARG(name));
    buf_append_bytes(buf, value->text);
    return STATOR_OK;
}

static enum stator_rc substitute_all(struct buf *buf, struct resolver *r, struct bytes text, const struct node *own,
                                     uint32_t line)
{
    for (size_t i = 0; i < text.len;) {
        const uint8_t *at = text.at + i, *close;
        size_t name_len;

        if (*at != '$' || text.len - i < 2 || at[1] != '{') {
            buf_append_byte(buf, *at);
            i++;
            continue;
        }
        close = memchr(at, '}', text.len - i);
        if (close == NULL)
            return tree_fail(r->err, r->path, line, "Fn::Sub: a ${ without its }");
        name_len = (size_t)(close - at) - 2;
        if (name_len > 0 && at[2] == '!') { /* ${!x} is a ${x} that stays */
            buf_append_literal(buf, "${");
            buf_append(buf, at + 3, name_len - 1);
            buf_append_byte(buf, '}');
        } else {
            if (++r->steps > RESOLVE_STEPS_MAX || r->looks > RESOLVE_LOOKS_MAX)
                return enter(r, line);
            STATOR_TRY(substitute(buf, r, bytes_of(at + 2, name_len), own, line));
        }
        i += name_len + 3;
    }
    return STATOR_OK;
}

/* A text, or a list of it and of a map of names of its own. */
static enum stator_rc call_sub(const struct node **out, struct resolver *r, const struct node *argument)
{
    const struct node *text = argument, *own = NULL;
    struct buf buf;
    enum stator_rc rc;

    if (argument->kind == NODE_LIST && argument->count == 2) {
        text = argument->first;
        own = text->next;
    }
    if (text->kind != NODE_TEXT || (own != NULL && own->kind != NODE_MAP))
        return tree_fail(r->err, r->path, argument->line, "Fn::Sub has other arguments than it takes");
    buf_init(&buf, RESOLVE_TEXT_MAX);
    rc = substitute_all(&buf, r, text->text, own, text->line);
    if (rc == STATOR_OK)
        return take_buf(out, r, &buf, text->line);
    buf_deinit(&buf);
    return rc;
}

/* --- Texts and lists ---------------------------------------------------------------------------------------------- */

static enum stator_rc join_into(struct buf *buf, struct resolver *r, struct bytes between, const struct node *members)
{
    for (const struct node *at = members->first; at != NULL; at = at->next) {
        struct bytes text;

        STATOR_TRY(need_text(&text, r, at));
        if (at != members->first)
            buf_append_bytes(buf, between);
        buf_append_bytes(buf, text);
    }
    return STATOR_OK;
}

static enum stator_rc call_join(const struct node **out, struct resolver *r, const struct node *argument)
{
    const struct node *list, *members;
    struct bytes between;
    struct buf buf;
    enum stator_rc rc;

    STATOR_TRY(take_list(&list, r, argument, 2, 2));
    STATOR_TRY(need_text(&between, r, list->first));
    STATOR_TRY(resolve(&members, r, list->last));
    if (members == NULL || members->kind != NODE_LIST)
        return tree_fail(r->err, r->path, argument->line, "Fn::Join has other arguments than it takes");
    buf_init(&buf, RESOLVE_TEXT_MAX);
    rc = join_into(&buf, r, between, members);
    if (rc == STATOR_OK)
        return take_buf(out, r, &buf, argument->line);
    buf_deinit(&buf);
    return rc;
}

static enum stator_rc call_split(const struct node **out, struct resolver *r, const struct node *argument)
{
    struct bytes separator, text;
    const struct node *list;

    STATOR_TRY(take_list(&list, r, argument, 2, 2));
    STATOR_TRY(need_text(&separator, r, list->first));
    STATOR_TRY(need_text(&text, r, list->last));
    if (separator.len == 0)
        return tree_fail(r->err, r->path, argument->line, "Fn::Split by nothing");
    return split(out, r, text, separator, argument->line);
}

static enum stator_rc call_select(const struct node **out, struct resolver *r, const struct node *argument)
{
    const struct node *list, *members, *at;
    struct bytes text;
    size_t index = 0;

    STATOR_TRY(take_list(&list, r, argument, 2, 2));
    STATOR_TRY(need_text(&text, r, list->first));
    STATOR_TRY(resolve(&members, r, list->last));
    for (size_t i = 0; i < text.len && index < RESOLVE_STEPS_MAX; i++)
        index = text.at[i] >= '0' && text.at[i] <= '9' ? index * 10 + (text.at[i] - '0') : RESOLVE_STEPS_MAX;
    at = members != NULL && members->kind == NODE_LIST ? members->first : NULL;
    r->looks += at != NULL ? members->count : 0;
    while (at != NULL && index-- > 0)
        at = at->next;
    if (at == NULL)
        return tree_fail(r->err, r->path, argument->line, "Fn::Select has no such member");
    return resolve(out, r, at);
}

static enum stator_rc call_find_in_map(const struct node **out, struct resolver *r, const struct node *argument)
{
    const struct node *list, *at = r->mappings;

    STATOR_TRY(take_list(&list, r, argument, 3, 3));
    for (const struct node *key = list->first; key != NULL; key = key->next) {
        struct bytes name;

        STATOR_TRY(need_text(&name, r, key));
        at = member_of(r, at, name);
        if (at == NULL)
            return tree_fail(r->err, r->path, argument->line, "Fn::FindInMap finds no '%.*s'", BYTES_ARG(name));
    }
    *out = at;
    return STATOR_OK;
}

/* --- Conditions --------------------------------------------------------------------------------------------------- */

static enum stator_rc truth_of(bool *out, struct resolver *r, const struct node *node);

static enum stator_rc equals(bool *out, struct resolver *r, const struct node *argument)
{
    const struct node *list;
    struct bytes a, b;

    STATOR_TRY(take_list(&list, r, argument, 2, 2));
    STATOR_TRY(need_text(&a, r, list->first));
    STATOR_TRY(need_text(&b, r, list->last));
    *out = bytes_equal(a, b);
    return STATOR_OK;
}

/* And, or Or. */
static enum stator_rc combine(bool *out, struct resolver *r, const struct node *argument, bool all)
{
    const struct node *list;

    STATOR_TRY(take_list(&list, r, argument, 2, 10));
    *out = all;
    for (const struct node *at = list->first; at != NULL; at = at->next) {
        bool holds;

        STATOR_TRY(truth_of(&holds, r, at));
        *out = all ? *out && holds : *out || holds;
    }
    return STATOR_OK;
}

static enum stator_rc evaluate(bool *out, struct resolver *r, const struct node *node)
{
    const struct node *list;

    if (tree_is_call(node, "Fn::Equals"))
        return equals(out, r, node->first);
    if (tree_is_call(node, "Fn::And") || tree_is_call(node, "Fn::Or"))
        return combine(out, r, node->first, tree_is_call(node, "Fn::And"));
    if (tree_is_call(node, "Condition") && node->first->kind == NODE_TEXT)
        return resolve_condition(out, r, node->first->text, node->line);
    if (!tree_is_call(node, "Fn::Not"))
        return tree_fail(r->err, r->path, node->line, "this is no condition");
    STATOR_TRY(take_list(&list, r, node->first, 1, 1));
    STATOR_TRY(truth_of(out, r, list->first));
    *out = !*out;
    return STATOR_OK;
}

static enum stator_rc truth_of(bool *out, struct resolver *r, const struct node *node)
{
    STATOR_TRY(enter(r, node->line));
    STATOR_TRY(evaluate(out, r, node));
    r->depth--;
    return STATOR_OK;
}

enum stator_rc resolve_condition(bool *out, struct resolver *r, struct bytes name, uint32_t line)
{
    const struct node *condition = member_of(r, r->conditions, name);

    if (condition == NULL)
        return tree_fail(r->err, r->path, line, "there is no condition '%.*s'", BYTES_ARG(name));
    return truth_of(out, r, condition);
}

static enum stator_rc call_if(const struct node **out, struct resolver *r, const struct node *argument)
{
    const struct node *list;
    struct bytes name;
    bool holds;

    STATOR_TRY(take_list(&list, r, argument, 3, 3));
    STATOR_TRY(need_text(&name, r, list->first));
    STATOR_TRY(resolve_condition(&holds, r, name, argument->line));
    return resolve(out, r, holds ? list->first->next : list->last);
}

/* --- The ways in -------------------------------------------------------------------------------------------------- */

static enum stator_rc call(const struct node **out, struct resolver *r, const struct node *node)
{
    static const struct {
        const char *name;
        function *run;
    } functions[] = {{"Ref", call_ref},         {"Fn::Sub", call_sub},       {"Fn::Join", call_join},
                     {"Fn::Split", call_split}, {"Fn::Select", call_select}, {"Fn::FindInMap", call_find_in_map},
                     {"Fn::If", call_if}};

    for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++)
        if (tree_is_call(node, functions[i].name))
            return functions[i].run(out, r, node->first);
    if (node->kind == NODE_MAP && node->count == 1 && bytes_starts_with(node->first->name, BYTES("Fn::")))
        return tree_fail(r->err, r->path, node->line,
                         "%.*s cannot be known here: Ref of parameters with a Default, Fn::Sub, Fn::Join, Fn::Select, "
                         "Fn::Split, Fn::FindInMap and Fn::If can",
                         BYTES_ARG(node->first->name));
    *out = node->kind == NODE_NULL ? NULL : node;
    return STATOR_OK;
}

enum stator_rc resolve(const struct node **out, struct resolver *r, const struct node *node)
{
    *out = NULL;
    STATOR_TRY(enter(r, node->line));
    STATOR_TRY(call(out, r, node));
    r->depth--;
    return STATOR_OK;
}

enum stator_rc resolve_text(struct bytes *out, struct resolver *r, const struct node *node)
{
    const struct node *value;

    *out = (struct bytes){NULL, 0};
    STATOR_TRY(resolve(&value, r, node));
    if (value != NULL && value->kind != NODE_TEXT)
        return tree_fail(r->err, r->path, node->line, "a text was expected here");
    if (value != NULL)
        *out = value->text;
    return STATOR_OK;
}
