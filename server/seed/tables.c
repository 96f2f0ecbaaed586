/* SPDX-License-Identifier: Apache-2.0 */
#include "seed/tables.h"

#include <time.h>

#include "watch/log.h"
#include "json/writer.h"

#define LOOK_AGAIN_MS 5
#define NOTE_MAX      8192

/* A note's value before the table is there; then it is the table's TableId. */
#define TO_BE_MADE BYTES("1")

static enum stator_rc fail_at(const struct definition *definition, const struct stator_error *why,
                              struct stator_error *err)
{
    if (why->rc == STATOR_MISUSE) /* asked to stop: no line is at fault */
        return stator_fail(err, why->rc, "%s", why->message);
    return stator_fail(err, why->rc, "%.800s:%u: %.*s: %.1000s", definition->path, definition->line,
                       (int)(definition->table.len < 255 ? definition->table.len : 255),
                       (const char *)definition->table.at, why->message);
}

static const struct TableDescription *described(const struct runner *runner)
{
    return ((const struct DescribeTableOutput *)runner->job.output)->Table;
}

static bool is_passing(enum TableStatus status, bool updates_too)
{
    return status == TableStatus_CREATING || status == TableStatus_DELETING ||
           (updates_too && status == TableStatus_UPDATING);
}

static enum stator_rc await(struct runner *runner, struct bytes table, bool updates_too, struct stator_error *err)
{
    static const struct timespec pause = {.tv_nsec = LOOK_AGAIN_MS * 1000000};

    for (;;) {
        STATOR_TRY(runner_go_on(runner, err));
        STATOR_TRY(runner_ask(runner, OPERATION_DescribeTable, table, err));
        if (!is_passing(described(runner)->TableStatus.value, updates_too))
            return STATOR_OK;
        nanosleep(&pause, NULL);
    }
}

enum stator_rc tables_await(struct runner *runner, struct bytes table, struct stator_error *err)
{
    return await(runner, table, false, err);
}

/* --- Notes -------------------------------------------------------------------------------------------------------- */

static enum stator_rc note_of(struct buf *out, const struct runner *runner, struct bytes table,
                              struct stator_error *err)
{
    buf_init(out, NOTE_MAX);
    buf_append_literal(out, "seed table ");
    buf_append_bytes(out, runner->owner);
    buf_append_bytes(out, table);
    return out->failed ? stator_fail_memory(err) : STATOR_OK;
}

/* Of an absent value none is left. */
static enum stator_rc write_note(struct runner *runner, struct bytes table, struct bytes value,
                                 struct stator_error *err)
{
    struct buf name;
    enum stator_rc rc = note_of(&name, runner, table, err);

    if (rc == STATOR_OK)
        rc = engine_note_write(runner->engine, buf_bytes(&name), value, err);
    buf_deinit(&name);
    return rc;
}

static enum stator_rc drop_note(struct runner *runner, struct bytes table, struct stator_error *err)
{
    return write_note(runner, table, (struct bytes){NULL, 0}, err);
}

/* Whether the table, which was described last, is one that a file here began. A note of one that is gone says nothing of
 * its user's own table of that name. */
static enum stator_rc is_begun(bool *out, struct runner *runner, struct bytes table, struct stator_error *err)
{
    struct buf name, value;
    enum stator_rc rc = note_of(&name, runner, table, err);

    buf_init(&value, NOTE_MAX);
    if (rc == STATOR_OK)
        rc = engine_note_read(runner->engine, buf_bytes(&name), &value, err);
    *out = value.len > 0 &&
           (bytes_equal(buf_bytes(&value), TO_BE_MADE) || bytes_equal(buf_bytes(&value), described(runner)->TableId));
    buf_deinit(&value);
    buf_deinit(&name);
    return rc;
}

/* --- A table that is there ---------------------------------------------------------------------------------------- */

static struct bytes type_of(const struct AttributeDefinitions *definitions, struct bytes name)
{
    for (size_t i = 0; i < definitions->count; i++)
        if (bytes_equal(definitions->at[i].AttributeName, name))
            return message_enum_text(ScalarAttributeType, definitions->at[i].AttributeType.value);
    return BYTES("");
}

static bool same_key(const struct CreateTableInput *wanted, const struct TableDescription *there)
{
    if (wanted->KeySchema.count != there->KeySchema.count)
        return false;
    for (size_t i = 0; i < wanted->KeySchema.count; i++) {
        const struct KeySchemaElement *a = &wanted->KeySchema.at[i], *b = &there->KeySchema.at[i];

        if (!bytes_equal(a->AttributeName, b->AttributeName) || a->KeyType.value != b->KeyType.value ||
            !bytes_equal(type_of(&wanted->AttributeDefinitions, a->AttributeName),
                         type_of(&there->AttributeDefinitions, a->AttributeName)))
            return false;
    }
    return true;
}

/* The table was described last. */
static enum stator_rc compare(const struct runner *runner, const struct definition *definition,
                              struct stator_error *err)
{
    void *wanted;
    struct arena arena;
    enum stator_rc rc;

    arena_init(&arena, JOB_ARENA_MAX);
    rc = message_decode(&wanted, operation_info(OPERATION_CreateTable)->input, definition->create, &arena, err);
    if (rc == STATOR_OK && !same_key(wanted, described(runner)))
        rc = stator_fail(err, STATOR_VALIDATION, "there is a table of that name with another key");
    arena_deinit(&arena);
    return rc;
}

/* --- A table that is not ------------------------------------------------------------------------------------------ */

static enum stator_rc create(struct runner *runner, struct definition *definition, struct stator_error *err)
{
    struct stator_error unheard;

    STATOR_TRY(write_note(runner, definition->table, TO_BE_MADE, err));
    if (runner_run(runner, OPERATION_CreateTable, definition->create, err) != STATOR_OK) {
        (void)!drop_note(runner, definition->table, &unheard);
        return err->rc;
    }
    definition->made = true;
    return write_note(runner, definition->table,
                      ((const struct CreateTableOutput *)runner->job.output)->TableDescription->TableId, err);
}

static enum stator_rc make(struct runner *runner, struct definition *definition, struct tables_count *count,
                           struct stator_error *err)
{
    bool begun = false;
    enum stator_rc rc = tables_await(runner, definition->table, err);

    if (rc == STATOR_OK) {
        STATOR_TRY(compare(runner, definition, err));
        STATOR_TRY(is_begun(&begun, runner, definition->table, err));
        if (begun) {
            count->made++;
            return STATOR_OK;
        }
        count->there_before++;
        LOG_LINE(LOG_LEVEL_INFO, "init: the table is there and is left as it is", LOG_TEXT("table", definition->table),
                 LOG_STRING("file", definition->path), LOG_NUMBER("line", definition->line));
        return STATOR_OK;
    }
    if (rc != STATOR_RESOURCE_NOT_FOUND && rc != STATOR_VALIDATION)
        return rc;
    STATOR_TRY(rc == STATOR_RESOURCE_NOT_FOUND
                   ? create(runner, definition, err) /* or a name that cannot be: CreateTable says so */
                   : runner_run(runner, OPERATION_CreateTable, definition->create, err));
    count->made++;
    return STATOR_OK;
}

static enum stator_rc unprotect(struct runner *runner, struct bytes table, struct stator_error *err)
{
    struct json_writer writer;
    struct buf body;
    enum stator_rc rc;

    buf_init(&body, NOTE_MAX);
    writer = json_writer_of(&body);
    json_object_begin(&writer);
    json_key(&writer, BYTES("TableName"));
    json_string(&writer, table);
    json_key(&writer, BYTES("DeletionProtectionEnabled"));
    json_bool(&writer, false);
    json_object_end(&writer);
    rc = body.failed ? stator_fail_memory(err) : runner_run(runner, OPERATION_UpdateTable, buf_bytes(&body), err);
    buf_deinit(&body);
    return rc;
}

static enum stator_rc unmake(struct runner *runner, struct bytes table, struct stator_error *err)
{
    enum stator_rc rc;

    STATOR_TRY(tables_await(runner, table, err));
    if (described(runner)->DeletionProtectionEnabled == API_TRUE)
        STATOR_TRY(unprotect(runner, table, err));
    STATOR_TRY(await(runner, table, true, err));
    STATOR_TRY(runner_ask(runner, OPERATION_DeleteTable, table, err));
    rc = tables_await(runner, table, err);
    return rc == STATOR_RESOURCE_NOT_FOUND ? drop_note(runner, table, err) : rc;
}

/* A file that fails leaves no tables behind: the next start shall make them as the mended file has them. One that cannot
 * be deleted keeps its note. */
static void undo(struct runner *runner, const struct definitions *definitions)
{
    struct stator_error why;

    for (const struct definition *at = definitions->first; at != NULL; at = at->next)
        if (at->made && unmake(runner, at->table, &why) != STATOR_OK)
            LOG_LINE(LOG_LEVEL_WARN, "init: the table stays though its file failed", LOG_TEXT("table", at->table),
                     LOG_STRING("reason", why.message));
}

static bool fades(const struct TimeToLiveDescription *about)
{
    return about->TimeToLiveStatus.value == TimeToLiveStatus_ENABLED ||
           about->TimeToLiveStatus.value == TimeToLiveStatus_ENABLING;
}

/* What CreateTable cannot say. What was done before a crash is not done twice. */
static enum stator_rc finish(struct runner *runner, const struct definition *definition, struct stator_error *err)
{
    const struct DescribeTimeToLiveOutput *out;

    if (bytes_present(definition->time_to_live)) {
        STATOR_TRY(runner_ask(runner, OPERATION_DescribeTimeToLive, definition->table, err));
        out = runner->job.output;
        if (!fades(out->TimeToLiveDescription))
            STATOR_TRY(runner_run(runner, OPERATION_UpdateTimeToLive, definition->time_to_live, err));
    }
    if (bytes_present(definition->backups))
        STATOR_TRY(runner_run(runner, OPERATION_UpdateContinuousBackups, definition->backups, err));
    return STATOR_OK;
}

static enum stator_rc finish_made(struct runner *runner, const struct definition *definition, struct stator_error *err)
{
    bool begun = false;

    STATOR_TRY(tables_await(runner, definition->table, err));
    STATOR_TRY(is_begun(&begun, runner, definition->table, err));
    return begun ? finish(runner, definition, err) : STATOR_OK;
}

static enum stator_rc make_all(struct runner *runner, const struct definitions *definitions, struct tables_count *count,
                               struct stator_error *err)
{
    struct stator_error why = {0};

    for (struct definition *at = definitions->first; at != NULL; at = at->next) {
        STATOR_TRY(runner_go_on(runner, err));
        if (make(runner, at, count, &why) != STATOR_OK)
            return fail_at(at, &why, err);
    }
    for (const struct definition *at = definitions->first; at != NULL; at = at->next) {
        STATOR_TRY(runner_go_on(runner, err));
        if (finish_made(runner, at, &why) != STATOR_OK)
            return fail_at(at, &why, err);
    }
    return STATOR_OK;
}

enum stator_rc tables_apply(struct runner *runner, const struct definitions *definitions, struct tables_count *count,
                            struct stator_error *err)
{
    enum stator_rc rc = make_all(runner, definitions, count, err);

    if (rc != STATOR_OK && rc != STATOR_MISUSE) /* after being asked to stop, the next start goes on */
        undo(runner, definitions);
    return rc;
}

enum stator_rc tables_forget(struct runner *runner, const struct definitions *definitions, struct stator_error *err)
{
    for (const struct definition *at = definitions->first; at != NULL; at = at->next)
        STATOR_TRY(drop_note(runner, at->table, err));
    return STATOR_OK;
}
