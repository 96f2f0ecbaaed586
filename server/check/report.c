/* SPDX-License-Identifier: Apache-2.0 */
#include "check/report.h"

#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/arena.h"
#include "format/keycodec.h"
#include "store/log_sound.h"
#include "store/synced.h"
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

void report_loss(struct report *report, const char *format, ...)
{
    va_list arguments;

    report->faults++;
    report->lost = true;
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

    if (report->table_count == 0) {
        report_line(report, "No table is known: those that were made in what cannot be read are gone, too.");
        return;
    }
    buf_init(&owners, LINE_BYTES_MAX);
    report_owners(&owners, report, &(struct rescue_fault){.kind = RESCUE_LOG});
    report_line(report, "of %.*s%s", (int)owners.len, (const char *)owners.at,
                report->logs_lost ? "; tables that were made in what cannot be read are gone, too" : "");
    buf_deinit(&owners);
}

static bool ends_with(const char *name, const char *suffix)
{
    const size_t len = strlen(name), suffix_len = strlen(suffix);

    return len >= suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* What a log has behind the part that is lost is kept. */
static void tell_behind(struct report *report, const struct rescue_fault *fault)
{
    struct log_behind behind;
    char path[PATH_MAX];

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", report->dir, fault->file) >= sizeof(path))
        return;
    behind = log_sound_behind(path, fault->bytes);
    if (behind.records != 0 && behind.bytes < fault->bytes)
        report_line(report,
                    "%llu records behind it can still be read, and a repair keeps them: so at most the writes in %llu "
                    "bytes are lost",
                    (unsigned long long)behind.records, (unsigned long long)(fault->bytes - behind.bytes));
}

/* A rebuilding tells of a manifest that it cannot use, and then of the files that it cannot; of those that are gone the manifest
 * alone would. */
static void note_loss(struct report *report, const struct rescue_fault *fault)
{
    const bool is_log = ends_with(fault->file, ".log");

    report->lost |= fault->bytes != 0 || is_log || ends_with(fault->file, ".sst");
    report->witness_lost |= fault->kind == RESCUE_MANIFEST || strcmp(fault->file, SYNCED_NAME) == 0;
    report->logs_lost |= is_log;
    report->disk_fails |= strstr(fault->what, STORE_DISK_FAILS) != NULL;
}

void report_items(struct report *report, const struct table *table, uint64_t found, int64_t counted)
{
    struct buf *out = &report->items_told;

    buf_append_literal(out, "  ");
    append_table(out, table);
    if (report->counters_are_new)
        buf_printf(out, ": %llu items found; how many there were its counters do not tell", (unsigned long long)found);
    else if (counted > 0 && (uint64_t)counted > found)
        buf_printf(out, ": %llu %s lost, as far as its counters tell (%llu found)",
                   (unsigned long long)((uint64_t)counted - found), (uint64_t)counted - found == 1 ? "item" : "items",
                   (unsigned long long)found);
    else
        buf_printf(out, ": %llu items found; its counters tell of no more, but may have lost the same writes",
                   (unsigned long long)found);
    buf_append_byte(out, '\n');
}

void report_lost(const struct report *report)
{
    if (report->lost)
        fprintf(
            report->out,
            "What is sound is kept. What could not be read is lost: an item or a stream record of it is gone, or an "
            "item is as it was before its last write.\n");
    else if (report->witness_lost)
        fprintf(report->out,
                "What was found is kept. Whether there was more nothing is left to tell: compare the tables "
                "and items below with what you know.\n");
    if (report->lost && report->table_count == 0)
        fprintf(report->out, "No table is left; which there were, and how many items they had, nothing tells.\n");
    else if (report->logs_lost)
        fprintf(report->out, "Tables that were made in what is lost are gone, too; which they were nothing tells.\n");
    if ((report_may_have_lost(report) || report->counters_are_new) && !report->items_told.failed)
        fprintf(report->out, "%.*s", (int)report->items_told.len, (const char *)report->items_told.at);
}

void report_file(void *context, const struct rescue_fault *fault)
{
    struct report *report = context;

    report->file_faults++;
    report->manifest_faults += fault->kind == RESCUE_MANIFEST;
    note_loss(report, fault);
    report_fault(report, "%s %s", fault->file, fault->what);
    if (fault->kind == RESCUE_LOG && fault->bytes != 0)
        tell_behind(report, fault);
    if (fault->kind == RESCUE_TABLE && fault->bytes != 0) {
        struct buf owners;

        buf_init(&owners, LINE_BYTES_MAX);
        report_owners(&owners, report, fault);
        report_line(report, "at most %llu bytes of %.*s", (unsigned long long)fault->bytes, (int)owners.len,
                    (const char *)owners.at);
        buf_deinit(&owners);
    }
}
