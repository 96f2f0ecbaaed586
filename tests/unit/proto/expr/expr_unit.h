/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of expressions share: a fixture with names and values given as JSON, and items as JSON. */
#ifndef TESTS_UNIT_PROTO_EXPR_EXPR_UNIT_H
#define TESTS_UNIT_PROTO_EXPR_EXPR_UNIT_H

#include "unit/unit.h"

#include "expr/expr.h"

#define NAMES_MAX 16

struct fixture {
    struct arena arena;
    struct stator_error err;
    struct placeholders placeholders;
    struct placeholder_name names[NAMES_MAX];
    struct item values;
};

static inline struct item item_of_json(struct arena *arena, const char *json)
{
    struct json_reader reader;
    struct stator_error err;
    struct item item = {0};

    json_reader_init(&reader, bytes_of_string(json), arena);
    assert_int_equal(item_read(&item, &reader, json_next(&reader), arena, &err), STATOR_OK);
    return item;
}

/* names: "#a=a #b=status"; values: a JSON map; each may be NULL. */
static inline void fixture_init(struct fixture *fixture, const char *names, const char *values)
{
    *fixture = (struct fixture){0};
    arena_init(&fixture->arena, (size_t)16 << 20);
    fixture->placeholders.names = fixture->names;
    for (const char *at = names; at != NULL && *at != '\0';) {
        struct placeholder_name *name = &fixture->names[fixture->placeholders.name_count++];
        size_t key = strcspn(at, "="), rest = strcspn(at + key + 1, " ");

        name->key = bytes_of(at, key);
        name->name = bytes_of(at + key + 1, rest);
        at += key + 1 + rest;
        at += strspn(at, " ");
    }
    fixture->placeholders.names_set = names != NULL;
    if (values == NULL)
        return;
    fixture->values = item_of_json(&fixture->arena, values);
    fixture->placeholders.values = &fixture->values;
    fixture->placeholders.values_used = ARENA_ARRAY(&fixture->arena, bool, fixture->values.count);
}

static inline void fixture_deinit(struct fixture *fixture)
{
    arena_deinit(&fixture->arena);
}

/* message NULL: the call succeeded. */
static inline void assert_outcome(const struct fixture *fixture, const char *text, enum stator_rc rc,
                                  const char *message)
{
    if (message == NULL && rc != STATOR_OK)
        fail_msg("%s: %s", text, fixture->err.message);
    if (message != NULL && rc == STATOR_OK)
        fail_msg("%s: accepted instead of %s", text, message);
    if (message != NULL && (rc != STATOR_VALIDATION || strcmp(message, fixture->err.message) != 0))
        fail_msg("%s:\n     got %s\nexpected %s", text, fixture->err.message, message);
}

static inline void assert_item_is(const char *what, const struct item *item, const char *json)
{
    struct buf buf;

    buf_init(&buf, (size_t)1 << 20);
    item_write(&buf, item);
    if (!bytes_equal_string(buf_bytes(&buf), json))
        fail_msg("%s:\n     got %.*s\nexpected %s", what, BYTES_ARG(buf_bytes(&buf)), json);
    buf_deinit(&buf);
}

#endif
