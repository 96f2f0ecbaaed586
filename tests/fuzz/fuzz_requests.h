/* SPDX-License-Identifier: Apache-2.0 */
/* Requests made of a fuzzer's bytes: whatever operation the shapes of api.def have, filled from small alphabets, so that
 * most of them get as far as tables and items. A request made of no bytes is the shortest of its operation. */
#ifndef TESTS_FUZZ_FUZZ_REQUESTS_H
#define TESTS_FUZZ_FUZZ_REQUESTS_H

#include <string.h>

#include "json/writer.h"
#include "message/tables.h"

#define DEPTH_MAX 6

/* Where the next request is made: what is left of the bytes, and what answers have told that requests ask for again. */
struct source {
    const uint8_t *at, *end;
    struct json_writer writer;
    struct buf text; /* an expression or statement under way */
    const char *table;
    char iterator[1024], arn[256], token[4096], start_key[1024]; /* the last of each; "": none yet */
    uint32_t names, values;                                      /* bits: #a and :a that expressions have asked for */
    uint32_t parameters;                                         /* question marks of a statement */
};

static inline uint32_t pick(struct source *s, uint32_t count)
{
    return s->at == s->end ? 0 : *s->at++ % count;
}

#define PICK(s, words) ((words)[pick(s, (uint32_t)(sizeof(words) / sizeof((words)[0])))])

/* The tables of prelude(), one that is often made, and one that is not there. */
static const char *const tables[] = {"one", "two", "two", "new", "none"};
static const char *const attributes[] = {"a", "b", "l", "m", "n", "g", "pk", "sk", "ttl", "none"};
static const char *const indexes[] = {"gsi", "lsi", "late", "none"};
static const char *const comparators[] = {"=", "<>", "<", "<=", ">", ">="};
static const char *const texts[] = {"", "p", "q", "x", "l", "g", "prefix of some length"};
static const char *const numbers[] = {"0", "1", "2", "-1", "3.5", "1E40", "-9.9E-128", "99999999999999999999999999999999999999"};

static inline void add(struct source *s, const char *text)
{
    buf_append_bytes(&s->text, bytes_of_string(text));
}

/* #a or :a, of which the request has to tell what it stands for. */
static inline void add_name(struct source *s, uint32_t i)
{
    const char name[] = {'#', (char)('a' + i), '\0'};

    s->names |= 1u << i;
    add(s, name);
}

static inline void add_value(struct source *s, uint32_t i)
{
    const char name[] = {':', (char)('a' + i), '\0'};

    s->values |= 1u << i;
    add(s, name);
}

/* --- Expressions ------------------------------------------------------------------------------------------------- */

static inline void path(struct source *s)
{
    uint32_t i = pick(s, 16);

    if (i < 10)
        add(s, attributes[i]);
    else
        add_name(s, i - 10);
    switch (pick(s, 6)) {
    case 1:
        add(s, ".n");
        break;
    case 2:
        add(s, "[0]");
        break;
    case 3:
        add(s, ".n[1].a");
        break;
    }
}

static inline void operand(struct source *s)
{
    switch (pick(s, 8)) {
    case 0:
        path(s);
        break;
    case 1:
        add(s, "size(");
        path(s);
        add(s, ")");
        break;
    default:
        add_value(s, pick(s, 8));
    }
}

static inline void call(struct source *s, const char *function, bool two)
{
    add(s, function);
    add(s, "(");
    path(s);
    if (two) {
        add(s, ",");
        add_value(s, pick(s, 8));
    }
    add(s, ")");
}

static inline void condition(struct source *s, int depth)
{
    uint32_t kind = pick(s, depth == 0 ? 9 : 13);

    switch (kind) {
    case 1:
        call(s, "attribute_exists", false);
        return;
    case 2:
        call(s, "attribute_not_exists", false);
        return;
    case 3:
        call(s, "attribute_type", true);
        return;
    case 4:
        call(s, "begins_with", true);
        return;
    case 5:
        call(s, "contains", true);
        return;
    case 6:
        operand(s);
        add(s, " BETWEEN ");
        operand(s);
        add(s, " AND ");
        operand(s);
        return;
    case 7:
        operand(s);
        add(s, " IN (");
        operand(s);
        add(s, ",");
        operand(s);
        add(s, ")");
        return;
    case 9:
        add(s, "NOT ");
        condition(s, depth - 1);
        return;
    case 10:
        add(s, "(");
        condition(s, depth - 1);
        add(s, ")");
        return;
    case 11:
    case 12:
        condition(s, depth - 1);
        add(s, kind == 11 ? " AND " : " OR ");
        condition(s, depth - 1);
        return;
    default:
        operand(s);
        add(s, PICK(s, comparators));
        operand(s);
    }
}

static inline void set_operand(struct source *s)
{
    switch (pick(s, 5)) {
    case 1:
        call(s, "if_not_exists", true);
        break;
    case 2:
        call(s, "list_append", true);
        break;
    default:
        operand(s);
    }
}

static inline void set_action(struct source *s)
{
    path(s);
    add(s, "=");
    set_operand(s);
    if (pick(s, 3) == 1) {
        add(s, pick(s, 2) ? "-" : "+");
        set_operand(s);
    }
}

static inline void update(struct source *s)
{
    static const char *const clauses[] = {" SET ", " REMOVE ", " ADD ", " DELETE "};
    uint32_t count = 1 + pick(s, 3);

    for (uint32_t i = 0; i < count; i++) {
        uint32_t clause = pick(s, 4), actions = 1 + pick(s, 3);

        add(s, clauses[clause]);
        for (uint32_t j = 0; j < actions; j++) {
            add(s, j == 0 ? "" : ",");
            if (clause == 0) {
                set_action(s);
                continue;
            }
            path(s);
            if (clause >= 2) {
                add(s, " ");
                add_value(s, pick(s, 8));
            }
        }
    }
}

/* :g is a text and :h a number, as keys are. */
static inline void key_condition(struct source *s)
{
    static const char *const hashes[] = {"pk", "g", "l"};
    static const char *const ranges[] = {"sk", "l", "pk"};

    add(s, PICK(s, hashes));
    add(s, "=");
    add_value(s, 6);
    switch (pick(s, 4)) {
    case 1:
        add(s, " AND ");
        add(s, PICK(s, ranges));
        add(s, PICK(s, comparators));
        add_value(s, 7 - pick(s, 2));
        break;
    case 2:
        add(s, " AND sk BETWEEN :g AND :h");
        s->values |= 3u << 6;
        break;
    case 3:
        add(s, " AND begins_with(l,:g)");
        break;
    }
}

static inline void projection(struct source *s)
{
    uint32_t count = 1 + pick(s, 3);

    for (uint32_t i = 0; i < count; i++) {
        add(s, i == 0 ? "" : ",");
        path(s);
    }
}

/* --- Statements -------------------------------------------------------------------------------------------------- */

static inline void term(struct source *s)
{
    static const char *const terms[] = {"1",       "'p'",     "'q'",     "0",    "-1.5", "{'a':1}",
                                        "[1,'x']", "<<1,2>>", "<<'x'>>", "NULL", "true", "missing"};
    uint32_t i = pick(s, 16);

    if (i < sizeof(terms) / sizeof(terms[0])) {
        add(s, terms[i]);
    } else {
        add(s, "?");
        s->parameters++;
    }
}

static inline void where(struct source *s, int depth)
{
    switch (pick(s, depth == 0 ? 7 : 10)) {
    case 0:
        add(s, "pk='p'");
        return;
    case 1:
        add(s, "pk='p' AND sk=");
        term(s);
        return;
    case 2:
        path(s);
        add(s, " IN [");
        term(s);
        add(s, ",");
        term(s);
        add(s, "]");
        return;
    case 3:
        path(s);
        add(s, " BETWEEN ");
        term(s);
        add(s, " AND ");
        term(s);
        return;
    case 4:
        add(s, pick(s, 2) ? "begins_with(" : "contains(");
        path(s);
        add(s, ",");
        term(s);
        add(s, ")");
        return;
    case 5:
        path(s);
        add(s, pick(s, 2) ? " IS MISSING" : " IS NOT NULL");
        return;
    case 7:
        add(s, "NOT ");
        where(s, depth - 1);
        return;
    case 8:
    case 9:
        where(s, depth - 1);
        add(s, pick(s, 2) ? " OR " : " AND ");
        where(s, depth - 1);
        return;
    default:
        path(s);
        add(s, PICK(s, comparators));
        term(s);
    }
}

static inline void named_table(struct source *s)
{
    add(s, "\"");
    add(s, s->table);
    add(s, "\"");
    if (pick(s, 4) == 1) {
        add(s, ".\"");
        add(s, PICK(s, indexes));
        add(s, "\"");
    }
}

static inline void select_statement(struct source *s)
{
    add(s, "SELECT ");
    if (pick(s, 2))
        projection(s);
    else
        add(s, "*");
    add(s, " FROM ");
    named_table(s);
    if (pick(s, 4) != 1) {
        add(s, " WHERE ");
        where(s, 3);
    }
    if (pick(s, 4) == 1)
        add(s, pick(s, 2) ? " ORDER BY sk DESC" : " ORDER BY pk, l");
}

static inline void returning(struct source *s)
{
    static const char *const what[] = {"", "", " RETURNING ALL OLD *", " RETURNING ALL NEW *", " RETURNING MODIFIED OLD *",
                                       " RETURNING MODIFIED NEW *"};

    add(s, PICK(s, what));
}

static inline void statement(struct source *s)
{
    switch (pick(s, 5)) {
    case 0:
    case 1:
        select_statement(s);
        return;
    case 2:
        add(s, "INSERT INTO ");
        named_table(s);
        add(s, " VALUE {'pk':'p','sk':");
        term(s);
        add(s, ",'a':");
        term(s);
        add(s, "}");
        return;
    case 3:
        add(s, "UPDATE ");
        named_table(s);
        add(s, pick(s, 2) ? " REMOVE " : " SET ");
        path(s);
        if (pick(s, 4) != 3) {
            add(s, "=");
            if (pick(s, 3) == 0)
                path(s), add(s, "+");
            term(s);
        }
        break;
    default:
        add(s, "DELETE FROM ");
        named_table(s);
    }
    add(s, " WHERE ");
    where(s, 2);
    returning(s);
}

/* --- Values ------------------------------------------------------------------------------------------------------ */

static inline void word(struct source *s, const char *text)
{
    json_string(&s->writer, bytes_of_string(text));
}

static inline void type_of(struct source *s, const char *type)
{
    json_key(&s->writer, bytes_of_string(type));
}

static inline void typed(struct source *s, const char *type, const char *text)
{
    json_object_begin(&s->writer);
    type_of(s, type);
    word(s, text);
    json_object_end(&s->writer);
}

static inline void value(struct source *s, int depth);

static inline void elements(struct source *s, const char *type, int depth)
{
    uint32_t count = pick(s, 4);

    type_of(s, type);
    json_array_begin(&s->writer);
    for (uint32_t i = 0; i < count; i++) {
        if (type[0] == 'L')
            value(s, depth - 1);
        else if (type[0] == 'N')
            word(s, PICK(s, numbers));
        else
            word(s, type[0] == 'S' ? PICK(s, texts) : "AAEC");
    }
    json_array_end(&s->writer);
}

static inline void value(struct source *s, int depth)
{
    static const char *const sets[] = {"SS", "NS", "BS", "L"};
    uint32_t kind = pick(s, depth <= 0 ? 8 : 12);

    if (kind <= 1) {
        typed(s, "N", PICK(s, numbers));
        return;
    }
    if (kind <= 4) {
        typed(s, "S", PICK(s, texts));
        return;
    }
    json_object_begin(&s->writer);
    if (kind == 5 || kind == 6) {
        type_of(s, kind == 5 ? "NULL" : "BOOL");
        json_bool(&s->writer, pick(s, 4) != 3);
    } else if (kind == 7) {
        type_of(s, "B");
        word(s, pick(s, 2) ? "" : "AAEC");
    } else if (kind < 11) {
        elements(s, PICK(s, sets), depth);
    } else {
        uint32_t count = pick(s, 3);

        type_of(s, "M");
        json_object_begin(&s->writer);
        for (uint32_t i = 0; i < count; i++) {
            type_of(s, i == 0 ? "n" : "a");
            value(s, depth - 1);
        }
        json_object_end(&s->writer);
    }
    json_object_end(&s->writer);
}

/* The key that the table has, or now and then another. */
static inline void key_members(struct source *s)
{
    static const char *const keys[] = {"p", "p", "q", "x", ""};
    bool sorted = strcmp(s->table, "one") != 0;

    type_of(s, "pk");
    typed(s, "S", PICK(s, keys));
    if (sorted != (pick(s, 16) == 15)) {
        type_of(s, "sk");
        typed(s, "N", PICK(s, numbers));
    }
}

static inline void item(struct source *s, bool only_key)
{
    uint32_t count = only_key ? pick(s, 16) == 15 : pick(s, 6);

    json_object_begin(&s->writer);
    key_members(s);
    for (uint32_t i = 0; i < count; i++) {
        static const char *const own[] = {"a", "l", "g", "m", "n", "ttl"};

        type_of(s, own[(i + pick(s, 6)) % 6]);
        value(s, 3);
    }
    json_object_end(&s->writer);
}

static inline void names_asked_for(struct source *s)
{
    json_object_begin(&s->writer);
    for (uint32_t i = 0; i < 6; i++) {
        const char name[] = {'#', (char)('a' + i), '\0'};

        if ((s->names >> i & 1) == 0)
            continue;
        type_of(s, name);
        word(s, attributes[i]);
    }
    json_object_end(&s->writer);
}

static inline void values_asked_for(struct source *s)
{
    json_object_begin(&s->writer);
    for (uint32_t i = 0; i < 8; i++) {
        const char name[] = {':', (char)('a' + i), '\0'};

        if ((s->values >> i & 1) == 0)
            continue;
        type_of(s, name);
        if (i == 6)
            typed(s, "S", PICK(s, texts));
        else if (i == 7)
            typed(s, "N", PICK(s, numbers));
        else
            value(s, 2);
    }
    json_object_end(&s->writer);
}

/* --- Whole requests ---------------------------------------------------------------------------------------------- */

static inline bool is(struct bytes name, const char *text)
{
    return bytes_equal_string(name, text);
}

static inline bool ends_in(struct bytes name, const char *text)
{
    size_t len = strlen(text);

    return name.len >= len && memcmp(name.at + name.len - len, text, len) == 0;
}

static inline bool grammar(struct source *s, struct bytes name)
{
    buf_reset(&s->text);
    if (is(name, "KeyConditionExpression"))
        key_condition(s);
    else if (is(name, "UpdateExpression"))
        update(s);
    else if (is(name, "ProjectionExpression"))
        projection(s);
    else if (ends_in(name, "Expression"))
        condition(s, 3);
    else if (is(name, "Statement"))
        statement(s);
    else
        return false;
    json_string(&s->writer, buf_bytes(&s->text));
    return true;
}

static inline void table_arn(struct source *s)
{
    char arn[256];

    if (s->arn[0] != '\0' && pick(s, 2) == 0) {
        word(s, s->arn);
        return;
    }
    snprintf(arn, sizeof(arn), "arn:aws:dynamodb:eu-west-1:000000000000:table/%s", s->table);
    word(s, arn);
}

static inline void text_member(struct source *s, struct bytes name)
{
    if (pick(s, 64) == 63)
        word(s, "junk \xf0\x9f\x90\x98");
    else if (ends_in(name, "TableName"))
        word(s, pick(s, 16) == 15 ? PICK(s, tables) : s->table);
    else if (is(name, "IndexName"))
        word(s, PICK(s, indexes));
    else if (ends_in(name, "Arn"))
        table_arn(s);
    else if (is(name, "ShardIterator"))
        word(s, s->iterator);
    else if (is(name, "NextToken"))
        word(s, s->token);
    else if (is(name, "AttributeName") || is(name, "AttributesToGet") || is(name, "NonKeyAttributes"))
        word(s, PICK(s, attributes));
    else if (!grammar(s, name))
        word(s, PICK(s, texts));
}

static inline void slot(struct source *s, struct bytes name, uint8_t kind, const struct shape *shape, int depth);

static inline bool is_deferred(struct bytes name)
{
    return is(name, "ExpressionAttributeNames") || is(name, "ExpressionAttributeValues") || is(name, "Parameters");
}

/* What the expressions and statements beside it have asked for. */
static inline void deferred(struct source *s, uint32_t parameters)
{
    if (s->names != 0) {
        type_of(s, "ExpressionAttributeNames");
        names_asked_for(s);
    }
    if (s->values != 0) {
        type_of(s, "ExpressionAttributeValues");
        values_asked_for(s);
    }
    if (s->parameters > parameters) {
        type_of(s, "Parameters");
        json_array_begin(&s->writer);
        for (uint32_t i = parameters; i < s->parameters; i++)
            value(s, 2);
        json_array_end(&s->writer);
    }
    s->names = s->values = 0;
    s->parameters = parameters;
}

static inline void structure(struct source *s, const struct shape *shape, int depth)
{
    uint32_t names = s->names, values = s->values, parameters = s->parameters;

    s->names = s->values = 0;
    json_object_begin(&s->writer);
    for (size_t i = 0; i < shape->count; i++) {
        const struct member *member = &shape->members[i];
        bool wanted = member->need == OPTIONAL ? depth > 0 && pick(s, 4) == 1 : pick(s, 64) != 63;

        if (!wanted || is_deferred(member->name))
            continue;
        json_key(&s->writer, member->name);
        slot(s, member->name, member->kind, member->shape, depth);
    }
    deferred(s, parameters);
    json_object_end(&s->writer);
    s->names = names, s->values = values;
}

static inline void list(struct source *s, struct bytes name, const struct shape *shape, int depth)
{
    uint32_t count = shape->min == 1 || depth == DEPTH_MAX ? 1 + pick(s, 3) : pick(s, 3);

    json_array_begin(&s->writer);
    for (uint32_t i = 0; i < count; i++) {
        if (pick(s, 4) == 3)
            s->table = PICK(s, tables);
        slot(s, name, shape->element_kind, shape->element, depth - 1);
    }
    json_array_end(&s->writer);
}

static inline void map(struct source *s, struct bytes name, const struct shape *shape, int depth)
{
    uint32_t count = 1 + pick(s, 2);

    json_object_begin(&s->writer);
    for (uint32_t i = 0; i < count; i++) {
        if (is(name, "RequestItems")) {
            if (i != 0)
                s->table = strcmp(s->table, "one") == 0 ? "two" : "one";
            type_of(s, s->table);
        } else {
            type_of(s, i == 0 ? "pk" : attributes[pick(s, 6)]);
        }
        slot(s, name, shape->element_kind, shape->element, depth - 1);
    }
    json_object_end(&s->writer);
}

static inline void integer(struct source *s)
{
    static const int64_t some[] = {1, 2, 3, 0, -1, 5, 100, 1000000};

    json_integer(&s->writer, PICK(s, some));
}

static inline void enumeration(struct source *s, const struct shape *shape)
{
    uint32_t i = pick(s, (uint32_t)shape->count + (shape->count < 16));

    json_string(&s->writer, i < shape->count ? shape->values[i] : BYTES("NO_SUCH"));
}

static inline void slot(struct source *s, struct bytes name, uint8_t kind, const struct shape *shape, int depth)
{
    switch ((enum kind)kind) {
    case KIND_STRING:
        text_member(s, name);
        break;
    case KIND_INTEGER:
    case KIND_LONG:
    case KIND_DOUBLE:
    case KIND_TIMESTAMP:
        integer(s);
        break;
    case KIND_BOOLEAN:
        json_bool(&s->writer, pick(s, 2));
        break;
    case KIND_ENUM:
        enumeration(s, shape);
        break;
    case KIND_VALUE:
        value(s, 3);
        break;
    case KIND_ITEM:
        if (is(name, "ExclusiveStartKey") && s->start_key[0] != '\0' && pick(s, 4) != 3)
            json_raw(&s->writer, bytes_of_string(s->start_key));
        else
            item(s, ends_in(name, "Key") || is(name, "Keys"));
        break;
    case KIND_LIST:
        list(s, name, shape, depth);
        break;
    case KIND_MAP:
        map(s, name, shape, depth);
        break;
    case KIND_STRUCTURE:
        structure(s, shape, depth - 1);
        break;
    }
}

/* The body of a request of that operation, in out. */
static inline void make_request(struct source *s, struct buf *out, enum operation operation)
{
    buf_reset(out);
    s->writer = json_writer_of(out);
    s->names = s->values = s->parameters = 0;
    s->table = PICK(s, tables);
    structure(s, operation_info(operation)->input, DEPTH_MAX);
}

#endif
