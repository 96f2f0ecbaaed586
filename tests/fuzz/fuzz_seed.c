/* SPDX-License-Identifier: Apache-2.0 */
/* Files of --init-dir: whatever they hold, what is made of them are requests that are JSON. The first byte says whether they
 * are JSON, YAML or lines of items. */
#include <stdlib.h>

#include "seed/definition.h"
#include "seed/line.h"
#include "json/reader.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

static void check_definitions(enum tree_form form, struct bytes text, struct arena *arena)
{
    const struct tree_source source = {.path = "file", .form = form, .text = text};
    struct definitions out;
    struct stator_error err = {0};

    if (definitions_read(&out, &source, BYTES("us-east-1"), arena, &err) != STATOR_OK) {
        check(err.message[0] != '\0');
        return;
    }
    for (const struct definition *at = out.first; at != NULL; at = at->next) {
        check(at->line > 0 && json_valid(at->create));
        check(!bytes_present(at->time_to_live) || json_valid(at->time_to_live));
        check(!bytes_present(at->backups) || json_valid(at->backups));
    }
}

static void check_line(struct bytes text, struct arena *arena)
{
    struct stator_error err = {0};
    struct buf once, twice;

    buf_init(&once, (size_t)64 << 20);
    buf_init(&twice, (size_t)64 << 20);
    if (line_to_item(&once, text, arena, &err) == STATOR_OK) {
        check(json_valid(buf_bytes(&once)));
        check(line_to_item(&twice, buf_bytes(&once), arena, &err) == STATOR_OK);
        check(json_valid(buf_bytes(&twice)));
    } else {
        check(err.message[0] != '\0');
    }
    buf_deinit(&once);
    buf_deinit(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena;
    struct bytes text;

    if (size == 0)
        return 0;
    text = bytes_of(data + 1, size - 1);
    arena_init(&arena, (size_t)64 << 20);
    if (data[0] % 3 == 2)
        check_line(text, &arena);
    else
        check_definitions(data[0] % 3 == 0 ? TREE_YAML : TREE_JSON, text, &arena);
    arena_deinit(&arena);
    return 0;
}
