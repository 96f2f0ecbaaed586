/* SPDX-License-Identifier: Apache-2.0 */
#include "answer.h"

#include "build.h"
#include "json/reader.h"

struct reading {
    struct json_reader json;
    struct arena *arena;
    struct stator_answer *out;
};

static bool read_item(struct reading *reading, struct stator_item *out, enum json_token first)
{
    struct stator_error ignored;

    return item_read((struct item *)out, &reading->json, first, reading->arena, &ignored) == STATOR_OK;
}

static bool read_one(struct reading *reading, enum json_token first)
{
    struct stator_item *item = arena_alloc(reading->arena, sizeof(*item));

    if (item == NULL || !read_item(reading, item, first))
        return false;
    reading->out->items = item;
    reading->out->count = item->set;
    return true;
}

/* How many values the array has whose first token has been taken; its text is left as it is. */
static bool count_members(const struct reading *reading, size_t *count)
{
    struct json_reader ahead = reading->json;
    enum json_token token;

    ahead.arena = NULL; /* strings need not be unescaped */
    for (*count = 0; (token = json_next(&ahead)) != JSON_ARRAY_END; ++*count) {
        if (!json_skip(&ahead, token))
            return false;
    }
    return true;
}

static bool read_all(struct reading *reading, enum json_token first)
{
    struct stator_item *items;
    size_t count;

    if (first != JSON_ARRAY_BEGIN || !count_members(reading, &count))
        return false;
    items = ARENA_ARRAY(reading->arena, struct stator_item, count);
    for (size_t i = 0; i < count && items != NULL; i++) {
        if (!read_item(reading, &items[i], json_next(&reading->json)))
            return false;
    }
    reading->out->items = items;
    reading->out->count = count;
    return items != NULL && json_next(&reading->json) == JSON_ARRAY_END;
}

static bool read_count(struct reading *reading, enum json_token token)
{
    struct stator_value number = stator_value_of(STATOR_TYPE_N, cast_bytes_out(reading->json.text));

    return token == JSON_NUMBER && stator_value_int64(&number, &reading->out->counted, NULL) == STATOR_OK;
}

static bool read_member(struct reading *reading)
{
    struct bytes name = reading->json.text;
    enum json_token first = json_next(&reading->json);

    if (bytes_equal_string(name, "Item") || bytes_equal_string(name, "Attributes"))
        return read_one(reading, first);
    if (bytes_equal_string(name, "Items"))
        return read_all(reading, first);
    if (bytes_equal_string(name, "Count"))
        return read_count(reading, first);
    if (bytes_equal_string(name, "LastEvaluatedKey"))
        return read_item(reading, &reading->out->last_key, first);
    if (bytes_equal_string(name, "NextToken") && first == JSON_STRING) {
        reading->out->next_token = cast_bytes_out(reading->json.text);
        return true;
    }
    return json_skip(&reading->json, first);
}

static bool read_members(struct reading *reading)
{
    enum json_token token = json_next(&reading->json);

    if (token != JSON_OBJECT_BEGIN)
        return false;
    while ((token = json_next(&reading->json)) == JSON_KEY) {
        if (!read_member(reading))
            return false;
    }
    return token == JSON_OBJECT_END && json_next(&reading->json) == JSON_END;
}

enum stator_rc answer_read(struct stator_answer *out, struct bytes json, struct arena *arena, struct stator_error *err)
{
    struct stator_answer answer = {.json = cast_bytes_out(json), .counted = -1};
    struct reading reading = {.arena = arena, .out = &answer};

    json_reader_init(&reading.json, json, arena);
    if (!read_members(&reading)) {
        if (arena->failed)
            return stator_fail(err, STATOR_NO_MEMORY, "The answer needs more memory than there is");
        return stator_fail(err, STATOR_BAD_ANSWER, "The answer is not what DynamoDB sends");
    }
    *out = answer;
    return STATOR_OK;
}

enum stator_rc stator_answer_read(struct stator_builder *builder, struct stator_answer *out, struct stator_bytes json,
                                  struct stator_error *err)
{
    struct bytes copy;

    if (builder == NULL)
        return builder_missing(err);
    builder->arena.failed = false; /* answer_read asks it */
    copy = arena_copy(&builder->arena, cast_bytes(json));
    if (!bytes_present(copy))
        return stator_fail(err, STATOR_NO_MEMORY, "The answer needs more memory than there is");
    return answer_read(out, copy, &builder->arena, err);
}
