/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/items.h"

#include <ctype.h>

#include "seed/line.h"
#include "seed/tables.h"
#include "json/writer.h"

#define BATCH_COUNT 25                /* as many as BatchWriteItem takes */
#define BATCH_BYTES ((size_t)2 << 20) /* a batch that has so much is full */
#define BODY_MAX    ((size_t)256 << 20)

struct entry {
    size_t begin, len; /* in `items` */
    uint32_t line;
};

struct loading {
    struct runner *runner;
    const struct folder_file *file;
    struct bytes table;
    struct entry entries[BATCH_COUNT];
    size_t count;
    struct buf items, body; /* JSON of the batch's items, one behind the other; of a request */
    struct arena arena;     /* of a line */
    struct stator_error *err;
};

static enum stator_rc fail_at(struct loading *l, uint32_t line, enum stator_rc rc, const struct stator_error *why)
{
    return stator_fail(l->err, rc, "%.800s:%u: %.1200s", l->file->path, line, why->message);
}

/* --- The table ---------------------------------------------------------------------------------------------------- */

static struct bytes without_order(struct bytes name)
{
    size_t i = 0;

    while (i < name.len && isdigit(name.at[i]))
        i++;
    if (i == 0 || i + 1 >= name.len || strchr("-_.", name.at[i]) == NULL)
        return (struct bytes){NULL, 0};
    return bytes_of(name.at + i + 1, name.len - i - 1);
}

static bool is_none(enum stator_rc rc)
{
    return rc == STATOR_RESOURCE_NOT_FOUND || rc == STATOR_VALIDATION; /* of a name that no table may have */
}

static enum stator_rc find_table(struct loading *l)
{
    const char *name = l->file->name;
    struct bytes whole = bytes_of(name, (size_t)(strrchr(name, '.') - name)), rest = without_order(whole);
    struct stator_error why = {0};
    enum stator_rc rc = tables_await(l->runner, whole, &why);

    l->table = whole;
    if (is_none(rc) && bytes_present(rest)) {
        l->table = rest;
        rc = tables_await(l->runner, rest, &why);
    }
    if (is_none(rc))
        return stator_fail(l->err, rc, "%.1500s: there is no table '%.*s'", l->file->path, BYTES_ARG(whole));
    if (rc == STATOR_MISUSE) /* asked to stop: the file is not at fault */
        return stator_fail(l->err, rc, "%s", why.message);
    return rc == STATOR_OK ? rc : stator_fail(l->err, rc, "%.800s: %.1200s", l->file->path, why.message);
}

/* --- Writing ------------------------------------------------------------------------------------------------------ */

static struct bytes item_of(const struct loading *l, const struct entry *entry)
{
    return bytes_of(l->items.at + entry->begin, entry->len);
}

static enum stator_rc put_one(struct loading *l, const struct entry *entry)
{
    struct json_writer writer = json_writer_of(&l->body);
    struct stator_error why = {0};

    buf_reset(&l->body);
    json_object_begin(&writer);
    json_key(&writer, BYTES("TableName"));
    json_string(&writer, l->table);
    json_key(&writer, BYTES("Item"));
    json_raw(&writer, item_of(l, entry));
    json_object_end(&writer);
    if (l->body.failed)
        return stator_fail_memory(l->err);
    if (runner_run(l->runner, OPERATION_PutItem, buf_bytes(&l->body), &why) != STATOR_OK)
        return fail_at(l, entry->line, l->runner->job.rc, &why);
    return STATOR_OK;
}

static void write_batch(struct loading *l)
{
    struct json_writer writer = json_writer_of(&l->body);

    buf_reset(&l->body);
    json_object_begin(&writer);
    json_key(&writer, BYTES("RequestItems"));
    json_object_begin(&writer);
    json_key(&writer, l->table);
    json_array_begin(&writer);
    for (size_t i = 0; i < l->count; i++) {
        json_object_begin(&writer);
        json_key(&writer, BYTES("PutRequest"));
        json_object_begin(&writer);
        json_key(&writer, BYTES("Item"));
        json_raw(&writer, item_of(l, &l->entries[i]));
        json_object_end(&writer);
        json_object_end(&writer);
    }
    json_array_end(&writer);
    json_object_end(&writer);
    json_object_end(&writer);
}

static bool batch_is_done(struct loading *l)
{
    struct stator_error why;

    write_batch(l);
    return !l->body.failed && runner_run(l->runner, OPERATION_BatchWriteItem, buf_bytes(&l->body), &why) == STATOR_OK &&
           ((const struct BatchWriteItemOutput *)l->runner->job.output)->UnprocessedItems.count == 0;
}

/* A batch that is refused is put item by item: a single put says which line is at fault and of what, and takes two items
 * of one key, which a batch does not. */
static enum stator_rc flush(struct loading *l)
{
    if (l->count == 0)
        return STATOR_OK;
    STATOR_TRY(runner_go_on(l->runner, l->err));
    if (!batch_is_done(l))
        for (size_t i = 0; i < l->count; i++)
            STATOR_TRY(put_one(l, &l->entries[i]));
    l->count = 0;
    buf_reset(&l->items);
    return STATOR_OK;
}

/* --- Reading ------------------------------------------------------------------------------------------------------ */

static bool is_blank(struct bytes line)
{
    for (size_t i = 0; i < line.len; i++)
        if (line.at[i] != ' ' && line.at[i] != '\t' && line.at[i] != '\r')
            return false;
    return true;
}

static enum stator_rc take(struct loading *l, struct bytes text, uint32_t line)
{
    struct entry *entry = &l->entries[l->count];
    struct stator_error why = {0};
    enum stator_rc rc;

    entry->line = line;
    entry->begin = l->items.len;
    rc = line_to_item(&l->items, text, &l->arena, &why);
    arena_reset(&l->arena);
    if (rc != STATOR_OK) {
        l->items.len = entry->begin;
        l->items.failed = false;
        STATOR_TRY(flush(l)); /* a line before this one may be at fault, too */
        return fail_at(l, line, rc, &why);
    }
    entry->len = l->items.len - entry->begin;
    l->count++;
    return l->count == BATCH_COUNT || l->items.len >= BATCH_BYTES ? flush(l) : STATOR_OK;
}

static enum stator_rc take_all(struct loading *l, struct folder_lines *lines, uint64_t *count)
{
    for (;;) {
        struct bytes line;

        STATOR_TRY(folder_next(lines, &line, l->err));
        if (!bytes_present(line))
            return flush(l);
        if (is_blank(line))
            continue;
        STATOR_TRY(take(l, line, lines->line));
        ++*count;
    }
}

enum stator_rc items_apply(struct runner *runner, const struct folder_file *file, uint64_t *count,
                           struct stator_error *err)
{
    struct loading l = {.runner = runner, .file = file, .err = err};
    struct folder_lines lines;
    enum stator_rc rc;

    STATOR_TRY(find_table(&l));
    arena_init(&l.arena, JOB_ARENA_MAX);
    buf_init(&l.items, BODY_MAX);
    buf_init(&l.body, BODY_MAX);
    rc = folder_open(&lines, file, err);
    if (rc == STATOR_OK)
        rc = take_all(&l, &lines, count);
    folder_close(&lines);
    buf_deinit(&l.body);
    buf_deinit(&l.items);
    arena_deinit(&l.arena);
    return rc;
}
