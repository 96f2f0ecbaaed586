/* SPDX-License-Identifier: Apache-2.0 */
/* import: a file's records become items of a table. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "definition.h"
#include "keys.h"
#include "load.h"
#include "resume.h"
#include "source.h"

struct import {
    struct cli *cli;
    const char *table, *file;
    struct row_layout layout;
    struct keys keys;
    struct source source;
    struct progress progress;
    struct resume resume;
    uint64_t items; /* read, those of before included */
    long long threads, errors_max;
};

/* --- Beginning ---------------------------------------------------------------------------------------------------- */

static enum stator_rc read_options(struct import *import, struct stator_error *err)
{
    const struct args *args = import->cli->args;

    if (import->table == NULL)
        return cli_fail(err, STATOR_VALIDATION, "into which table? --table says it");
    if (args_number(&import->threads, args, OPTION_THREADS, 8, 1, LOAD_THREADS, err) != STATOR_OK ||
        args_number(&import->errors_max, args, OPTION_MAX_ERRORS, 0, 0, 1000000000000, err) != STATOR_OK ||
        row_layout_read(&import->layout, args, import->file, err) != STATOR_OK ||
        progress_init(&import->progress, args, "imported", err) != STATOR_OK)
        return err->rc;
    return resume_open(&import->resume, args->value[OPTION_RESUME], err);
}

static int make_table(struct import *import)
{
    struct stator_error err = {0};
    struct definition definition;
    enum stator_rc rc = definition_of_keys(&definition, import->table, import->cli->args->value[OPTION_CREATE], &err);
    int code = CODE_OK;

    if (rc != STATOR_OK) {
        code = cli_complain(CODE_USAGE, "--create: %s", err.message);
    } else {
        rc = stator_create_table(import->cli->call, definition_input(&definition), NULL);
        if (rc == STATOR_OK)
            code = definition_await(import->cli->call, import->table, true);
        else if (rc != STATOR_RESOURCE_IN_USE)
            code = cli_complain_call(import->cli->call);
    }
    definition_free(&definition);
    return code;
}

static int find_table(struct import *import)
{
    int code = cli_connect(import->cli);

    if (code == CODE_OK && args_has(import->cli->args, OPTION_CREATE))
        code = make_table(import);
    if (code == CODE_OK)
        code = keys_load(&import->keys, import->cli->call, import->table, NULL);
    if (code == CODE_OK)
        row_add_types(&import->layout, import->keys.columns, import->keys.count);
    return code;
}

/* The header of CSV. */
static enum stator_rc read_header(struct import *import, struct stator_error *err)
{
    struct stator_bytes record;
    struct text copy = {0};
    uint64_t line;
    enum stator_rc rc;

    if (import->layout.format != ROW_CSV)
        return STATOR_OK;
    rc = source_next(&import->source, &record, &line, err);
    if (rc == STATOR_OK && record.at == NULL)
        return cli_fail(err, STATOR_VALIDATION, "%s: has no header", import->source.name);
    if (rc != STATOR_OK)
        return rc;
    text_bytes(&copy, record);
    if (row_header(&import->layout, copy.at, copy.len, err) != STATOR_OK) {
        struct stator_error cause = *err;

        rc = cli_fail(err, STATOR_VALIDATION, "%s:1: %.1900s", import->source.name, cause.message);
    }
    text_free(&copy);
    return rc;
}

/* --- Going on ----------------------------------------------------------------------------------------------------- */

/* What the resume file must be about. Not when the file was changed: to mend a record and go on is what it is for. */
static void about(const struct import *import, struct text *out)
{
    text_format(out, "import\n%s\n%s\nformat %d\nsize %llu\n", import->table, import->file, (int)import->layout.format,
                (unsigned long long)import->source.size);
}

static enum stator_rc save(struct import *import, struct load_mark mark, struct stator_error *err)
{
    struct text lines = {0};
    enum stator_rc rc;

    if (mark.line == 0)
        return STATOR_OK; /* nothing is written yet */
    about(import, &lines);
    text_format(&lines, "offset %llu line %llu items %llu\n", (unsigned long long)mark.offset,
                (unsigned long long)mark.line, (unsigned long long)mark.items);
    rc = resume_save(&import->resume, &lines, err);
    text_free(&lines);
    return rc;
}

static enum stator_rc go_on(struct import *import, struct stator_error *err)
{
    const struct text *before = &import->resume.before;
    unsigned long long offset, line, items;
    struct text expected = {0};
    bool same;

    if (before->len == 0)
        return STATOR_OK;
    about(import, &expected);
    same = strncmp(before->at, expected.at, expected.len) == 0 &&
           sscanf(before->at + expected.len, "offset %llu line %llu items %llu", &offset, &line, &items) == 3;
    text_free(&expected);
    if (!same)
        return cli_fail(err, STATOR_VALIDATION, "%s: is about another import, or the file has changed since",
                        import->resume.file);
    import->items = items;
    return source_skip(&import->source, offset, line, err);
}

/* A line of blanks is a row of CSV whose first field has them. */
static bool is_blank(const struct import *import, struct stator_bytes record)
{
    const char *blanks = import->layout.format == ROW_CSV ? "\r\n" : " \t\r\n";

    for (size_t i = 0; i < record.len; i++)
        if (record.at[i] == '\0' || strchr(blanks, record.at[i]) == NULL)
            return false;
    return true;
}

static enum stator_rc read_all(struct import *import, struct load *load, struct stator_error *err)
{
    struct stator_bytes record;
    uint64_t line, paced = 0;

    while (!cli_interrupted()) {
        const struct source *source = &import->source;

        if (source_next(&import->source, &record, &line, err) != STATOR_OK)
            return err->rc;
        if (record.at == NULL)
            break;
        if (is_blank(import, record))
            continue;
        import->items++;
        progress_pace(&import->progress, ++paced);
        if (!load_add(load, record, line, (struct load_mark){source->offset, source->line, import->items}))
            break;
        if (resume_due(&import->resume) && save(import, load_mark(load), err) != STATOR_OK)
            return err->rc;
    }
    return STATOR_OK;
}

/* --- The command -------------------------------------------------------------------------------------------------- */

static void tell_end(struct import *import, uint64_t bad, int code)
{
    char detail[128] = "";

    if (bad > 0)
        snprintf(detail, sizeof(detail), "; %llu bad record%s", (unsigned long long)bad, bad == 1 ? "" : "s");
    if (code != CODE_OK && bad == 0)
        snprintf(detail, sizeof(detail), "; not finished%s", import->resume.file != NULL ? ", to be resumed" : "");
    progress_end(&import->progress, detail);
}

static int load_file(struct import *import)
{
    struct load_options options = {.client = import->cli->client,
                                   .table = import->table,
                                   .source = import->source.name,
                                   .source_size = import->source.size,
                                   .layout = &import->layout,
                                   .keys = import->keys.columns,
                                   .key_count = import->keys.count,
                                   .threads = (unsigned)import->threads,
                                   .errors_max = (uint64_t)import->errors_max,
                                   .progress = &import->progress};
    struct load *load = load_start(&options);
    struct stator_error err = {0};
    struct load_mark mark;
    uint64_t bad = 0;
    enum stator_rc rc;
    int code;

    if (load == NULL)
        return CODE_FAILED;
    rc = read_all(import, load, &err);
    code = load_end(load, &bad, &mark);
    if (cli_interrupted())
        code = CODE_INTERRUPTED;
    else if (rc != STATOR_OK)
        code = cli_complain(CODE_PARTIAL, "%s", err.message);
    if (code == CODE_OK || (code == CODE_PARTIAL && rc == STATOR_OK && bad <= (uint64_t)import->errors_max))
        resume_remove(&import->resume);
    else if (save(import, mark, &err) != STATOR_OK)
        cli_complain_error(&err);
    tell_end(import, bad, code);
    return code;
}

static int run(struct import *import)
{
    struct stator_error err = {0};
    int code;

    if (read_options(import, &err) != STATOR_OK)
        return cli_complain(CODE_USAGE, "%s", err.message);
    if (source_open(&import->source, import->file, import->layout.format == ROW_CSV ? import->layout.delimiter : 0,
                    &err) != STATOR_OK)
        return cli_complain(CODE_FAILED, "%s", err.message);
    code = find_table(import);
    if (code != CODE_OK)
        return code;
    if (read_header(import, &err) != STATOR_OK || go_on(import, &err) != STATOR_OK)
        return cli_complain(CODE_FAILED, "%s", err.message);
    return load_file(import);
}

int cli_import(struct cli *cli)
{
    struct import import = {
        .cli = cli, .table = cli->args->value[OPTION_TABLE], .file = cli->args->operands[0], .source = {.fd = -1}};
    int code;

    cli_catch_signals();
    code = run(&import);
    row_layout_free(&import.layout);
    keys_free(&import.keys);
    source_close(&import.source);
    resume_close(&import.resume);
    return code;
}
