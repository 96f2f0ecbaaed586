/* SPDX-License-Identifier: Apache-2.0 */
/* Any text as a command, with arguments that the first line of the input gives, and once more with harmless ones. Both
 * requests must be JSON with the same parts, but for the arguments: whatever an argument holds, it is a value or a name
 * and nothing else. */
#include <stdlib.h>

#include "base/utf8.h"
#include "stator/command.h"
#include "json/reader.h"

#define ARGUMENTS 3

static const char harmless[] = "harmless";

static void check(bool condition)
{
    if (!condition)
        abort();
}

static struct bytes view(struct stator_bytes bytes)
{
    return bytes_of(bytes.at, bytes.len);
}

/* Whether b may stand where a does. An identifier of a statement has its quotes around it, so that a statement with one
 * is compared by its beginning alone. */
static bool same_text(struct bytes a, struct bytes b, struct bytes argument)
{
    if (bytes_equal(a, b))
        return true;
    if (bytes_equal_string(a, harmless))
        return bytes_equal(b, argument);
    return memmem(a.at, a.len, harmless, strlen(harmless)) != NULL;
}

static void check_same(struct bytes one, struct bytes other, struct bytes argument, struct arena *arena)
{
    struct json_reader a, b;
    enum json_token token;

    json_reader_init(&a, one, arena);
    json_reader_init(&b, other, arena);
    do {
        token = json_next(&a);
        check(token != JSON_BAD && token == json_next(&b));
        if (token == JSON_STRING || token == JSON_KEY)
            check(same_text(a.text, b.text, argument));
    } while (token != JSON_END);
}

/* A sorted map may be sorted otherwise with other names: then only its being JSON is looked at. */
static bool has_names(struct bytes text)
{
    return text.len != 0 && memmem(text.at, text.len, "%a", 2) != NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* what libFuzzer calls */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = size == 0 ? NULL : memchr(data, '\n', size);
    struct bytes argument =
        bytes_of(data == NULL ? (const uint8_t *)"" : data, line == NULL ? 0 : (size_t)(line - data));
    struct bytes text = line == NULL ? bytes_of(data, size) : bytes_of(line + 1, size - argument.len - 1);
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_value wild[ARGUMENTS], tame[ARGUMENTS];
    struct stator_request request, other;
    struct stator_error err;
    struct stator_bytes command = stator_bytes_of(text.at, text.len);
    struct arena arena;

    for (size_t i = 0; i < ARGUMENTS; i++) {
        wild[i] = stator_s_len(argument.at, argument.len);
        tame[i] = stator_s(harmless);
    }
    arena_init(&arena, (size_t)64 << 20);
    for (size_t count = 0; count <= ARGUMENTS; count++) {
        if (stator_command_build_list(builder, &request, &err, command, wild, count) != STATOR_OK) {
            check(err.rc == STATOR_VALIDATION && strncmp(err.message, "Column ", 7) == 0);
            check(utf8_valid(bytes_of_string(err.message)));
            continue;
        }
        check(json_valid(view(request.json)));
        check(stator_command_build_list(builder, &other, &err, command, tame, count) == STATOR_OK || has_names(text));
        if (!has_names(text))
            check_same(view(other.json), view(request.json), argument, &arena);
    }
    arena_deinit(&arena);
    stator_builder_free(builder);
    return 0;
}
