/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/seed.h"

#include <time.h>

#include "seed/definition.h"
#include "seed/folder.h"
#include "seed/items.h"
#include "seed/runner.h"
#include "seed/tables.h"
#include "watch/log.h"

#define DEFAULT_REGION "us-east-1"

#define NOTE_MAX 4096 /* a name of 255 bytes fits */

struct seeding {
    struct runner runner;
    const struct seed_options *options;
    struct buf owner;
    uint32_t files, as_before, passed_over;
    struct tables_count tables;
    uint64_t items;
    struct stator_error *err;
};

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- Notes -------------------------------------------------------------------------------------------------------- */

/* Whose files they are, where tables have owners. No name of a file or a table has a slash. */
static enum stator_rc settle_owner(struct seeding *s)
{
    buf_init(&s->owner, NOTE_MAX);
    if (s->options->isolate_by_region) {
        buf_append_bytes(&s->owner, s->runner.region);
        buf_append_byte(&s->owner, '/');
    }
    if (s->options->isolate_by_access_key) {
        buf_append_bytes(&s->owner, s->runner.access_key);
        buf_append_byte(&s->owner, '/');
    }
    s->runner.owner = buf_bytes(&s->owner);
    return s->owner.failed ? stator_fail_memory(s->err) : STATOR_OK;
}

static enum stator_rc note_of(struct buf *out, const struct seeding *s, const struct folder_file *file)
{
    buf_init(out, 2 * NOTE_MAX);
    buf_append_literal(out, "seed file ");
    buf_append_bytes(out, s->runner.owner);
    buf_append_bytes(out, bytes_of_string(file->name));
    return out->failed ? stator_fail_memory(s->err) : STATOR_OK;
}

enum novelty { NEW, CHANGED, AS_BEFORE };

static enum stator_rc look_up(enum novelty *out, struct seeding *s, const struct folder_file *file,
                              const uint8_t hash[FOLDER_HASH_BYTES])
{
    struct buf name, value;
    enum stator_rc rc = note_of(&name, s, file);

    buf_init(&value, FOLDER_HASH_BYTES);
    if (rc == STATOR_OK)
        rc = engine_note_read(s->runner.engine, buf_bytes(&name), &value, s->err);
    *out = value.len == 0                                                      ? NEW
           : bytes_equal(buf_bytes(&value), bytes_of(hash, FOLDER_HASH_BYTES)) ? AS_BEFORE
                                                                               : CHANGED;
    buf_deinit(&value);
    buf_deinit(&name);
    return rc;
}

/* All that was written before is on disk, too. */
static enum stator_rc note_done(struct seeding *s, const struct folder_file *file,
                                const uint8_t hash[FOLDER_HASH_BYTES])
{
    struct buf name;
    enum stator_rc rc = note_of(&name, s, file);

    if (rc == STATOR_OK)
        rc = engine_note_write(s->runner.engine, buf_bytes(&name), bytes_of(hash, FOLDER_HASH_BYTES), s->err);
    if (rc == STATOR_OK)
        rc = engine_sync(s->runner.engine, s->err);
    buf_deinit(&name);
    return rc;
}

/* --- A file ------------------------------------------------------------------------------------------------------- */

static void tell_ignored(const struct definitions *definitions, const struct folder_file *file)
{
    for (const struct definition_ignored *at = definitions->ignored; at != NULL; at = at->next)
        LOG_LINE(LOG_LEVEL_WARN, "init: a property that is not applied", LOG_STRING("file", file->path),
                 LOG_NUMBER("line", at->line), LOG_TEXT("property", at->name));
}

static enum stator_rc apply_definitions(struct seeding *s, const struct folder_file *file, struct arena *arena)
{
    struct tree_source source = {.path = file->path, .form = file->kind == FOLDER_JSON ? TREE_JSON : TREE_YAML};
    struct tables_count before = s->tables;
    struct definitions definitions;

    STATOR_TRY(folder_load(&source.text, file, DEFINITION_FILE_MAX, arena, s->err));
    STATOR_TRY(definitions_read(&definitions, &source, s->runner.region, arena, s->err));
    tell_ignored(&definitions, file);
    STATOR_TRY(tables_apply(&s->runner, &definitions, &s->tables, s->err));
    STATOR_TRY(tables_forget(&s->runner, &definitions, s->err));
    LOG_LINE(LOG_LEVEL_INFO, "init: tables made", LOG_STRING("file", file->path),
             LOG_NUMBER("tables", s->tables.made - before.made),
             LOG_NUMBER("there_before", s->tables.there_before - before.there_before),
             LOG_NUMBER("other_resources", (int64_t)definitions.other_resources));
    return STATOR_OK;
}

static enum stator_rc apply_items(struct seeding *s, const struct folder_file *file)
{
    uint64_t before = s->items;

    STATOR_TRY(items_apply(&s->runner, file, &s->items, s->err));
    LOG_LINE(LOG_LEVEL_INFO, "init: items put", LOG_STRING("file", file->path),
             LOG_NUMBER("items", (int64_t)(s->items - before)));
    return STATOR_OK;
}

static enum stator_rc apply_kind(struct seeding *s, const struct folder_file *file)
{
    struct arena arena;
    enum stator_rc rc;

    if (file->kind == FOLDER_ITEMS)
        return apply_items(s, file);
    arena_init(&arena, DEFINITION_ARENA_MAX);
    rc = apply_definitions(s, file, &arena);
    arena_deinit(&arena);
    return rc;
}

/* Memory that ends is said to end without a place. */
static enum stator_rc name_file(enum stator_rc rc, const struct folder_file *file, struct stator_error *err)
{
    struct stator_error why;

    if (rc == STATOR_OK || rc == STATOR_MISUSE ||
        bytes_starts_with(bytes_of_string(err->message), bytes_of_string(file->path)))
        return rc;
    why = *err;
    return stator_fail(err, rc, "%.800s: %.1200s", file->path, why.message);
}

static enum stator_rc apply_file(struct seeding *s, const struct folder_file *file)
{
    uint8_t hash[FOLDER_HASH_BYTES];
    enum novelty novelty;

    STATOR_TRY(runner_go_on(&s->runner, s->err));
    STATOR_TRY(folder_hash(hash, file, file->kind == FOLDER_ITEMS ? UINT64_MAX : DEFINITION_FILE_MAX, s->err));
    STATOR_TRY(look_up(&novelty, s, file, hash));
    if (novelty == AS_BEFORE) {
        s->as_before++;
        return STATOR_OK;
    }
    if (novelty == CHANGED)
        LOG_LINE(LOG_LEVEL_INFO, "init: the file has changed and is applied again", LOG_STRING("file", file->path));
    STATOR_TRY(name_file(apply_kind(s, file), file, s->err));
    s->files++;
    return note_done(s, file, hash);
}

/* --- All ---------------------------------------------------------------------------------------------------------- */

/* Files that nobody could own are a mistake; a folder without any, as the image has one, is none. */
static enum stator_rc need_owner(const struct seeding *s, const struct folder_file *file)
{
    if (!s->options->isolate_by_access_key || s->options->access_key != NULL)
        return STATOR_OK;
    return stator_fail(s->err, STATOR_VALIDATION,
                       "%.1500s: with --isolate-by access-key the tables need an owner: set AWS_ACCESS_KEY_ID",
                       file->path);
}

static enum stator_rc apply_all(struct seeding *s, const struct folder *folder)
{
    STATOR_TRY(settle_owner(s));
    for (size_t i = 0; i < folder->count; i++) {
        if (folder->files[i].kind != FOLDER_OTHER) {
            STATOR_TRY(need_owner(s, &folder->files[i]));
            continue;
        }
        s->passed_over++;
        LOG_LINE(LOG_LEVEL_INFO, "init: passed over", LOG_STRING("file", folder->files[i].path));
    }
    for (size_t i = 0; i < folder->count; i++)
        if (folder->files[i].kind == FOLDER_JSON || folder->files[i].kind == FOLDER_YAML)
            STATOR_TRY(apply_file(s, &folder->files[i]));
    for (size_t i = 0; i < folder->count; i++)
        if (folder->files[i].kind == FOLDER_ITEMS)
            STATOR_TRY(apply_file(s, &folder->files[i]));
    return STATOR_OK;
}

static void report(const struct seeding *s, const char *dir, int64_t began_ms)
{
    LOG_LINE(LOG_LEVEL_INFO, "init: done", LOG_STRING("dir", dir), LOG_NUMBER("files", s->files),
             LOG_NUMBER("as_before", s->as_before), LOG_NUMBER("passed_over", s->passed_over),
             LOG_NUMBER("tables", s->tables.made), LOG_NUMBER("tables_there_before", s->tables.there_before),
             LOG_NUMBER("items", (int64_t)s->items), LOG_NUMBER("ms", now_ms() - began_ms));
}

enum stator_rc seed_apply(struct engine *engine, const struct seed_options *options, struct stator_error *err)
{
    const char *region = options->region != NULL ? options->region : DEFAULT_REGION;
    const char *access_key = options->access_key != NULL ? options->access_key : "";
    struct seeding s = {.options = options, .err = err};
    int64_t began_ms = now_ms();
    struct folder folder;
    enum stator_rc rc;

    rc = folder_read(&folder, options->dir, err);
    runner_init(&s.runner, engine, bytes_of_string(region), bytes_of_string(access_key), options->stopping);
    engine_enforce_throughput(engine, false);
    if (rc == STATOR_OK)
        rc = apply_all(&s, &folder);
    engine_enforce_throughput(engine, true);
    runner_deinit(&s.runner);
    buf_deinit(&s.owner);
    folder_free(&folder);
    if (rc == STATOR_OK)
        report(&s, options->dir, began_ms);
    return rc;
}
