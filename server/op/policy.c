/* SPDX-License-Identifier: Apache-2.0 */
/* The service keeps a policy without blanks, its members in a fixed order, lists of one element as that element, and
 * accounts as the ARNs of their roots:
 *
 *   {"Statement": {"Action": ["dynamodb:GetItem"], "Effect": "allow", "Resource": "*", "Principal": {"AWS": "1234..."}}}
 *   {"Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::1234...:root"},"Action":"dynamodb:GetItem",
 *    "Resource":"*"}]}
 *
 * Members of a statement are written one behind the other as they come, and put into order at its end. */
#include "op/policy.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>

#include "base/buf.h"
#include "json/reader.h"
#include "json/writer.h"

#define INVALID  "One or more parameter values were invalid: "
#define DOCUMENT INVALID "Invalid policy document: "
#define OUT_MAX  ((size_t)1 << 19) /* a policy of the largest size, all of it accounts or escapes, is a quarter of it */

/* Members of a statement in the order in which they are shown. */
enum part { PART_SID, PART_EFFECT, PART_PRINCIPAL, PART_ACTION, PART_RESOURCE, PART_CONDITION, PART_COUNT };

struct statement {
    struct {
        const char *name;  /* NULL: it is not there */
        size_t start, len; /* of its value's JSON in `parts` */
    } parts[PART_COUNT];
    bool allows, everyone, account, puts;
};

struct reading {
    struct json_reader json;
    struct arena *arena;
    struct stator_error *err;
    enum policy_target target;
    struct bytes *texts; /* of the list that is read; room for all that a policy can have */
    size_t text_count;
    struct bytes *sids;
    size_t sid_count;
    struct buf parts, statements;
    size_t statement_count;
    struct bytes version, id; /* absent, or texts */
    struct buf bad_actions;   /* as they are told */
    bool locks_out;
};

static enum stator_rc syntax(struct reading *r)
{
    unsigned line = 1, column = 1;

    if (r->json.out_of_memory)
        return stator_fail_memory(r->err);
    for (const uint8_t *at = r->json.start; at != r->json.at; at++) {
        column = *at == '\n' ? 1 : column + 1;
        line += *at == '\n';
    }
    return stator_fail(r->err, STATOR_VALIDATION, DOCUMENT "Syntax error at position (%u,%u)", line, column);
}

/* --- Lists of texts --- */

/* A text, or a list of at least one. */
static enum stator_rc read_texts(struct reading *r, enum json_token token)
{
    r->text_count = 0;
    if (token == JSON_STRING) {
        r->texts[r->text_count++] = r->json.text;
        return STATOR_OK;
    }
    if (token != JSON_ARRAY_BEGIN)
        return syntax(r);
    for (token = json_next(&r->json); token == JSON_STRING; token = json_next(&r->json))
        r->texts[r->text_count++] = r->json.text;
    return token == JSON_ARRAY_END && r->text_count != 0 ? STATOR_OK : syntax(r);
}

static void write_texts(struct reading *r)
{
    struct json_writer writer = json_writer_of(&r->parts);

    if (r->text_count > 1)
        json_array_begin(&writer);
    for (size_t i = 0; i < r->text_count; i++)
        json_string(&writer, r->texts[i]);
    if (r->text_count > 1)
        json_array_end(&writer);
}

/* --- Principals --- */

static bool is_account(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (!isdigit(text.at[i]))
            return false;
    }
    return text.len == 12;
}

static bool is_among(struct bytes text, const struct bytes *texts, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (bytes_equal(text, texts[i]))
            return true;
    }
    return false;
}

/* Accounts become their roots, and each is there once. */
static enum stator_rc expand_principals(struct reading *r, struct statement *statement)
{
    size_t count = 0;

    for (size_t i = 0; i < r->text_count; i++) {
        struct bytes text = r->texts[i];
        char root[64];

        if (is_account(text)) {
            snprintf(root, sizeof(root), "arn:aws:iam::%.*s:root", BYTES_ARG(text));
            text = arena_copy(r->arena, bytes_of_string(root));
            if (!bytes_present(text))
                return stator_fail_memory(r->err);
        }
        statement->everyone = statement->everyone || bytes_equal_string(text, "*");
        statement->account = statement->account || bytes_equal_string(text, "arn:aws:iam::000000000000:root");
        if (!is_among(text, r->texts, count))
            r->texts[count++] = text;
    }
    r->text_count = count;
    return STATOR_OK;
}

static enum stator_rc read_principal(struct reading *r, struct statement *statement)
{
    static const char *const kinds[] = {"AWS", "Service", "Federated", "CanonicalUser"};
    enum json_token token = json_next(&r->json);
    struct json_writer writer = json_writer_of(&r->parts);

    if (token == JSON_STRING && bytes_equal_string(r->json.text, "*")) {
        statement->everyone = true;
        json_string(&writer, r->json.text);
        return STATOR_OK;
    }
    if (token != JSON_OBJECT_BEGIN)
        return syntax(r);
    json_object_begin(&writer);
    for (token = json_next(&r->json); token == JSON_KEY; token = json_next(&r->json)) {
        size_t kind = 0;

        while (kind < 4 && !bytes_equal_string(r->json.text, kinds[kind]))
            kind++;
        if (kind == 4)
            return syntax(r);
        json_key(&writer, r->json.text);
        STATOR_TRY(read_texts(r, json_next(&r->json)));
        if (kind == 0)
            STATOR_TRY(expand_principals(r, statement));
        write_texts(r);
        writer.comma = true;
    }
    json_object_end(&writer);
    return token == JSON_OBJECT_END ? STATOR_OK : syntax(r);
}

/* --- Actions --- */

/* Whether the pattern, with * and ?, covers the lower-case name. */
static bool covers(struct bytes pattern, const char *name)
{
    size_t at = 0, star = SIZE_MAX, from = 0, i = 0;

    while (name[i] != '\0') {
        if (at < pattern.len && pattern.at[at] == '*') {
            star = at++;
            from = i;
        } else if (at < pattern.len && (pattern.at[at] == '?' || tolower(pattern.at[at]) == name[i])) {
            at++;
            i++;
        } else if (star != SIZE_MAX) {
            at = star + 1;
            i = ++from;
        } else {
            return false;
        }
    }
    while (at < pattern.len && pattern.at[at] == '*')
        at++;
    return at == pattern.len;
}

/* Of the actions on streams a table has none, and a stream has no others than these and those on policies. */
static bool is_of_target(struct bytes action, enum policy_target target)
{
    static const char *const streams[] = {"dynamodb:describestream", "dynamodb:getrecords",
                                          "dynamodb:getsharditerator"};
    static const char *const both[] = {"dynamodb:putresourcepolicy", "dynamodb:getresourcepolicy",
                                       "dynamodb:deleteresourcepolicy"};
    bool of_stream = false, of_both = false;

    if (memchr(action.at, '*', action.len) != NULL || memchr(action.at, '?', action.len) != NULL)
        return true;
    for (size_t i = 0; i < 3; i++) {
        of_stream = of_stream || covers(action, streams[i]);
        of_both = of_both || covers(action, both[i]);
    }
    return of_both || of_stream == (target == POLICY_OF_STREAM);
}

static enum stator_rc read_actions(struct reading *r, struct statement *statement)
{
    STATOR_TRY(read_texts(r, json_next(&r->json)));
    for (size_t i = 0; i < r->text_count; i++) {
        struct buf *bad = &r->bad_actions;

        statement->puts = statement->puts || covers(r->texts[i], "dynamodb:putresourcepolicy");
        if (!is_of_target(r->texts[i], r->target))
            buf_printf(bad, "%s\"%.*s\"", bad->len == 0 ? "" : ", ", BYTES_ARG(r->texts[i]));
    }
    write_texts(r);
    return STATOR_OK;
}

/* --- Conditions --- */

static enum stator_rc copy_value(struct reading *r, enum json_token token);

/* A list of one element is that element. */
static enum stator_rc copy_list(struct reading *r)
{
    enum json_token token = json_next(&r->json);
    struct buf *to = &r->parts;
    size_t start = to->len, count = 0;

    buf_append_byte(to, '[');
    for (; token != JSON_ARRAY_END; token = json_next(&r->json)) {
        if (count++ != 0)
            buf_append_byte(to, ',');
        STATOR_TRY(copy_value(r, token));
    }
    if (count != 1) {
        buf_append_byte(to, ']');
    } else if (!to->failed) {
        memmove(to->at + start, to->at + start + 1, to->len - start - 1);
        to->len--;
    }
    return STATOR_OK;
}

static enum stator_rc copy_object(struct reading *r)
{
    enum json_token token = json_next(&r->json);

    buf_append_byte(&r->parts, '{');
    for (bool first = true; token == JSON_KEY; token = json_next(&r->json), first = false) {
        if (!first)
            buf_append_byte(&r->parts, ',');
        json_quote(&r->parts, r->json.text);
        buf_append_byte(&r->parts, ':');
        STATOR_TRY(copy_value(r, json_next(&r->json)));
    }
    buf_append_byte(&r->parts, '}');
    return token == JSON_OBJECT_END ? STATOR_OK : syntax(r);
}

static enum stator_rc copy_value(struct reading *r, enum json_token token)
{
    switch (token) {
    case JSON_OBJECT_BEGIN:
        return copy_object(r);
    case JSON_ARRAY_BEGIN:
        return copy_list(r);
    case JSON_STRING:
        json_quote(&r->parts, r->json.text);
        return STATOR_OK;
    case JSON_NUMBER:
        buf_append_bytes(&r->parts, r->json.text);
        return STATOR_OK;
    case JSON_TRUE:
    case JSON_FALSE:
        buf_append_bytes(&r->parts, token == JSON_TRUE ? BYTES("true") : BYTES("false"));
        return STATOR_OK;
    default: /* null is no value of a condition */
        return syntax(r);
    }
}

static enum stator_rc read_condition(struct reading *r)
{
    return json_next(&r->json) == JSON_OBJECT_BEGIN ? copy_object(r) : syntax(r);
}

/* --- Statements --- */

static enum stator_rc read_sid(struct reading *r)
{
    if (json_next(&r->json) != JSON_STRING)
        return syntax(r);
    if (is_among(r->json.text, r->sids, r->sid_count))
        return stator_fail(r->err, STATOR_VALIDATION, DOCUMENT "The Statement Ids in the policy are not unique");
    r->sids[r->sid_count++] = r->json.text;
    json_quote(&r->parts, r->json.text);
    return STATOR_OK;
}

static bool is_word(struct bytes text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.at, word, text.len) == 0;
}

static enum stator_rc read_effect(struct reading *r, struct statement *statement)
{
    if (json_next(&r->json) != JSON_STRING || (!is_word(r->json.text, "Allow") && !is_word(r->json.text, "Deny")))
        return syntax(r);
    statement->allows = is_word(r->json.text, "Allow");
    json_quote(&r->parts, statement->allows ? BYTES("Allow") : BYTES("Deny"));
    return STATOR_OK;
}

static enum stator_rc read_resources(struct reading *r)
{
    STATOR_TRY(read_texts(r, json_next(&r->json)));
    write_texts(r);
    return STATOR_OK;
}

static enum stator_rc read_part(struct reading *r, struct statement *statement, enum part part)
{
    switch (part) {
    case PART_SID:
        return read_sid(r);
    case PART_EFFECT:
        return read_effect(r, statement);
    case PART_PRINCIPAL:
        return read_principal(r, statement);
    case PART_ACTION:
        return read_actions(r, statement);
    case PART_RESOURCE:
        return read_resources(r);
    default:
        return read_condition(r);
    }
}

static enum stator_rc read_member(struct reading *r, struct statement *statement)
{
    static const struct {
        const char *name;
        enum part part;
    } members[] = {
        {"Sid", PART_SID},          {"Effect", PART_EFFECT},        {"Principal", PART_PRINCIPAL},
        {"Action", PART_ACTION},    {"Resource", PART_RESOURCE},    {"Condition", PART_CONDITION},
        {"NotAction", PART_ACTION}, {"NotResource", PART_RESOURCE}, {"NotPrincipal", PART_PRINCIPAL},
    };

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        enum part part = members[i].part;

        if (!bytes_equal_string(r->json.text, members[i].name))
            continue;
        if (statement->parts[part].name != NULL)
            return syntax(r);
        statement->parts[part].name = members[i].name;
        statement->parts[part].start = r->parts.len;
        STATOR_TRY(read_part(r, statement, part));
        statement->parts[part].len = r->parts.len - statement->parts[part].start;
        return STATOR_OK;
    }
    return syntax(r);
}

static enum stator_rc check_statement(struct reading *r, const struct statement *statement)
{
    static const char *const names[PART_COUNT] = {"", "Effect", "Principal", "Action", "Resource", ""};
    bool conditional = statement->parts[PART_CONDITION].name != NULL;

    for (int part = PART_EFFECT; part <= PART_RESOURCE; part++) {
        if (statement->parts[part].name == NULL)
            return stator_fail(r->err, STATOR_VALIDATION, DOCUMENT "Missing required field %s", names[part]);
    }
    if (statement->allows && statement->everyone && !conditional)
        return stator_fail(r->err, STATOR_VALIDATION,
                           "Resource-based policy grants unbounded access in one or more elements. Please revise the "
                           "policy to ensure least-privilege form of access");
    if (!statement->allows && !conditional && statement->puts && (statement->everyone || statement->account) &&
        strcmp(statement->parts[PART_ACTION].name, "Action") == 0 &&
        strcmp(statement->parts[PART_PRINCIPAL].name, "Principal") == 0)
        r->locks_out = true;
    return STATOR_OK;
}

static void write_statement(struct reading *r, const struct statement *statement)
{
    struct json_writer writer = {.buf = &r->statements, .comma = r->statement_count++ != 0};

    json_object_begin(&writer);
    for (int part = 0; part < PART_COUNT; part++) {
        if (statement->parts[part].name == NULL)
            continue;
        json_key(&writer, bytes_of_string(statement->parts[part].name));
        json_raw(&writer, bytes_of(buf_bytes(&r->parts).at + statement->parts[part].start, statement->parts[part].len));
    }
    json_object_end(&writer);
}

/* After its opening brace. */
static enum stator_rc read_statement(struct reading *r)
{
    struct statement statement = {0};
    enum json_token token;

    buf_reset(&r->parts);
    for (token = json_next(&r->json); token == JSON_KEY; token = json_next(&r->json))
        STATOR_TRY(read_member(r, &statement));
    if (token != JSON_OBJECT_END)
        return syntax(r);
    STATOR_TRY(check_statement(r, &statement));
    if (r->parts.failed)
        return stator_fail_memory(r->err);
    write_statement(r, &statement);
    return STATOR_OK;
}

static enum stator_rc read_statements(struct reading *r)
{
    enum json_token token = json_next(&r->json);

    if (token == JSON_OBJECT_BEGIN)
        return read_statement(r);
    if (token != JSON_ARRAY_BEGIN)
        return syntax(r);
    for (token = json_next(&r->json); token == JSON_OBJECT_BEGIN; token = json_next(&r->json))
        STATOR_TRY(read_statement(r));
    if (token != JSON_ARRAY_END)
        return syntax(r);
    if (r->statement_count == 0)
        return stator_fail(r->err, STATOR_VALIDATION, DOCUMENT "Could not parse the policy: Statement is empty!");
    return STATOR_OK;
}

/* --- The document --- */

static enum stator_rc read_version(struct reading *r)
{
    if (json_next(&r->json) != JSON_STRING ||
        (!bytes_equal_string(r->json.text, "2012-10-17") && !bytes_equal_string(r->json.text, "2008-10-17")))
        return syntax(r);
    r->version = r->json.text;
    return STATOR_OK;
}

static enum stator_rc read_document(struct reading *r)
{
    enum json_token token = json_next(&r->json);

    if (token == JSON_NULL)
        return stator_fail(r->err, STATOR_VALIDATION, DOCUMENT "This text appears not to be a policy");
    if (token != JSON_OBJECT_BEGIN)
        return stator_fail(r->err, STATOR_VALIDATION, DOCUMENT "This policy contains invalid Json");
    for (token = json_next(&r->json); token == JSON_KEY; token = json_next(&r->json)) {
        if (bytes_equal_string(r->json.text, "Statement") && r->statement_count == 0) {
            STATOR_TRY(read_statements(r));
        } else if (bytes_equal_string(r->json.text, "Version")) {
            STATOR_TRY(read_version(r));
        } else if (bytes_equal_string(r->json.text, "Id") && json_next(&r->json) == JSON_STRING) {
            r->id = r->json.text;
        } else {
            return syntax(r);
        }
    }
    if (token != JSON_OBJECT_END || r->statement_count == 0)
        return syntax(r);
    if (r->bad_actions.failed)
        return stator_fail_memory(r->err);
    if (r->bad_actions.len != 0)
        return stator_fail(r->err, STATOR_VALIDATION, DOCUMENT "The following action names are invalid: %.*s",
                           BYTES_ARG(buf_bytes(&r->bad_actions)));
    return STATOR_OK;
}

static enum stator_rc write_document(struct bytes *out, struct reading *r)
{
    struct buf *to = &r->parts; /* which no statement needs any more */
    struct json_writer writer = json_writer_of(to);

    buf_reset(to);
    json_object_begin(&writer);
    if (bytes_present(r->version)) {
        json_key(&writer, BYTES("Version"));
        json_string(&writer, r->version);
    }
    if (bytes_present(r->id)) {
        json_key(&writer, BYTES("Id"));
        json_string(&writer, r->id);
    }
    json_key(&writer, BYTES("Statement"));
    json_array_begin(&writer);
    writer.comma = false;
    json_raw(&writer, buf_bytes(&r->statements));
    json_array_end(&writer);
    json_object_end(&writer);
    if (to->failed || r->statements.failed)
        return stator_fail_memory(r->err);
    *out = arena_copy(r->arena, buf_bytes(to));
    return bytes_present(*out) ? STATOR_OK : stator_fail_memory(r->err);
}

enum stator_rc policy_read(struct policy *out, struct bytes text, enum policy_target target, struct arena *arena,
                           struct stator_error *err)
{
    size_t texts_max = text.len / 2 + 1; /* a text takes two bytes at least, a statement more */
    struct reading r = {.arena = arena, .err = err, .target = target};
    enum stator_rc rc;

    *out = (struct policy){0};
    if (text.len > POLICY_BYTES_MAX)
        return stator_fail(err, STATOR_VALIDATION, INVALID "Maximum policy size of %d bytes exceeded",
                           POLICY_BYTES_MAX);
    if (!json_valid(text))
        return stator_fail(err, STATOR_VALIDATION, DOCUMENT "This policy contains invalid Json");
    r.texts = ARENA_ARRAY(arena, struct bytes, texts_max);
    r.sids = ARENA_ARRAY(arena, struct bytes, texts_max);
    if (r.texts == NULL || r.sids == NULL)
        return stator_fail_memory(err);
    json_reader_init(&r.json, text, arena);
    buf_init(&r.parts, OUT_MAX);
    buf_init(&r.statements, OUT_MAX);
    buf_init(&r.bad_actions, OUT_MAX);
    rc = read_document(&r);
    if (rc == STATOR_OK)
        rc = write_document(&out->text, &r);
    out->locks_out = r.locks_out;
    buf_deinit(&r.parts);
    buf_deinit(&r.statements);
    buf_deinit(&r.bad_actions);
    return rc;
}

struct bytes policy_shown(struct bytes text, struct arena *arena)
{
    static const char version[] = "{\"Version\":\"2008-10-17\",";
    uint8_t *at;

    if (!bytes_starts_with(text, BYTES("{\"Statement\"")) && !bytes_starts_with(text, BYTES("{\"Id\"")))
        return text;
    at = arena_alloc(arena, sizeof(version) - 1 + text.len - 1);
    if (at == NULL)
        return (struct bytes){NULL, 0};
    memcpy(at, version, sizeof(version) - 1);
    memcpy(at + sizeof(version) - 1, text.at + 1, text.len - 1);
    return bytes_of(at, sizeof(version) - 1 + text.len - 1);
}
