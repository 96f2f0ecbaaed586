/* SPDX-License-Identifier: Apache-2.0 */
#include "check/report.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/arena.h"
#include "format/keycodec.h"
#include "json/writer.h"

#define OWNERS_MAX     5 /* tables that a line names */
#define KEY_ARENA_MAX  ((size_t)1 << 20)
#define LINE_BYTES_MAX ((size_t)1 << 20)

void report_deinit(struct report *report)
{
    for (size_t i = 0; i < report->table_count; i++)
        table_release(report->tables[i]);
    free(report->tables);
    report->tables = NULL;
    report->table_count = 0;
}

bool report_add_table(struct report *report, struct table *table)
{
    struct table **tables = realloc(report->tables, (report->table_count + 1) * sizeof(struct table *));

    if (tables == NULL) {
        table_release(table);
        return false;
    }
    report->tables = tables;
    tables[report->table_count++] = table;
    return true;
}

void report_fault(struct report *report, const char *format, ...)
{
    va_list arguments;

    report->faults++;
    va_start(arguments, format);
    vfprintf(report->out, format, arguments);
    va_end(arguments);
    fputc('\n', report->out);
}

void report_line(struct report *report, const char *format, ...)
{
    va_list arguments;

    fputs("  ", report->out);
    va_start(arguments, format);
    vfprintf(report->out, format, arguments);
    va_end(arguments);
    fputc('\n', report->out);
}

bool report_is_shown(const struct report *report, uint64_t n)
{
    return report->repairing || n < REPORT_EXAMPLES_MAX;
}

/* --- Whose an id is ----------------------------------------------------------------------------------------------- */

static void append_table(struct buf *out, const struct table *table)
{
    buf_append_bytes(out, table->name);
    if (table->namespace_.len != 0)
        buf_printf(out, " (of %.*s)", BYTES_ARG(table->namespace_));
}

void report_owner(struct buf *out, const struct report *report, uint32_t id)
{
    for (size_t i = 0; i < report->table_count; i++) {
        const struct table *table = report->tables[i];
        const char *what = table->base.state->id == id   ? ""
                           : table->extras->ttl.id == id ? "time to live of "
                           : table->extras->stream == id ? "the stream of "
                                                         : NULL;

        for (size_t k = 0; what == NULL && k < table->index_count; k++) {
            if (table->indexes[k].state->id != id)
                continue;
            buf_printf(out, "index %.*s of ", BYTES_ARG(table->indexes[k].name));
            what = "";
        }
        if (what == NULL)
            continue;
        buf_append(out, what, strlen(what));
        append_table(out, table);
        return;
    }
    buf_append_bytes(out, BYTES("no table"));
}

static uint32_t id_of(struct bytes key, uint32_t otherwise)
{
    return key.len >= 4 ? read_be32(key.at) : otherwise;
}

static bool has_id_between(const struct table *table, uint32_t first, uint32_t last)
{
    const uint32_t others[] = {table->base.state->id, table->extras->ttl.id, table->extras->stream};

    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (others[i] != 0 && first <= others[i] && others[i] <= last)
            return true;
    for (size_t i = 0; i < table->index_count; i++)
        if (first <= table->indexes[i].state->id && table->indexes[i].state->id <= last)
            return true;
    return false;
}

void report_owners(struct buf *out, const struct report *report, const struct rescue_fault *fault)
{
    const bool all = fault->kind != RESCUE_TABLE || fault->family < STORE_SHARD_FIRST;
    const uint32_t first = all ? 0 : id_of(fault->first, 0), last = all ? UINT32_MAX : id_of(fault->last, UINT32_MAX);
    size_t count = 0;

    for (size_t i = 0; i < report->table_count; i++) {
        if (!has_id_between(report->tables[i], first, last))
            continue;
        if (count < OWNERS_MAX) {
            buf_printf(out, "%s", count != 0 ? ", " : "");
            append_table(out, report->tables[i]);
        }
        count++;
    }
    if (count > OWNERS_MAX)
        buf_printf(out, " and %zu more", count - OWNERS_MAX);
    if (count == 0)
        buf_printf(out, "none");
}

/* --- Keys --------------------------------------------------------------------------------------------------------- */

/* The next value of the key under that name; written if it is the item's key. */
static bool take_value(struct json_writer *writer, const struct key_attribute *attribute, bool is_item_key,
                       struct bytes *key, struct arena *arena)
{
    struct value value;

    if (!key_read_value(&value, attribute->type, key, arena))
        return false;
    if (is_item_key) {
        json_key(writer, attribute->name);
        value_write(writer->buf, &value);
        writer->comma = true;
    }
    return true;
}

static bool take_values(struct json_writer *writer, const struct key_attribute *attributes, uint32_t count,
                        bool is_item_key, struct bytes *key, struct arena *arena)
{
    for (uint32_t i = 0; i < count; i++)
        if (!take_value(writer, &attributes[i], is_item_key, key, arena))
            return false;
    return true;
}

void report_key(struct buf *out, const struct table *table, const struct index *index, struct bytes key)
{
    const struct key_schema *base = &table->base.key, *own = &index->key;
    struct json_writer writer = json_writer_of(out);
    struct arena arena;
    bool whole = key.len >= KEY_PREFIX_BYTES;

    key = whole ? bytes_of(key.at + KEY_PREFIX_BYTES, key.len - KEY_PREFIX_BYTES) : key;
    arena_init(&arena, KEY_ARENA_MAX);
    json_object_begin(&writer);
    if (index->kind != INDEX_BASE) {
        whole = whole && take_values(&writer, own->hash, own->hash_count, index->kind == INDEX_LOCAL, &key, &arena) &&
                take_values(&writer, own->range, own->range_count, false, &key, &arena);
    }
    if (index->kind != INDEX_LOCAL)
        whole = whole && take_values(&writer, base->hash, base->hash_count, true, &key, &arena);
    whole = whole && take_values(&writer, base->range, base->range_count, true, &key, &arena);
    json_object_end(&writer);
    if (!whole)
        buf_append_bytes(out, BYTES(" (its key cannot be read further)"));
    arena_deinit(&arena);
}

/* --- Files -------------------------------------------------------------------------------------------------------- */

void report_any_table(struct report *report)
{
    struct buf owners;

    buf_init(&owners, LINE_BYTES_MAX);
    report_owners(&owners, report, &(struct rescue_fault){.kind = RESCUE_LOG});
    report_line(report, "of %.*s", (int)owners.len, (const char *)owners.at);
    buf_deinit(&owners);
}

void report_file(void *context, const struct rescue_fault *fault)
{
    struct report *report = context;

    report->file_faults++;
    report->manifest_faults += fault->kind == RESCUE_MANIFEST;
    report->lost |= fault->bytes != 0;
    report_fault(report, "%s %s", fault->file, fault->what);
    if (fault->kind == RESCUE_TABLE && fault->bytes != 0) {
        struct buf owners;

        buf_init(&owners, LINE_BYTES_MAX);
        report_owners(&owners, report, fault);
        report_line(report, "at most %llu bytes of %.*s", (unsigned long long)fault->bytes, (int)owners.len,
                    (const char *)owners.at);
        buf_deinit(&owners);
    }
}
