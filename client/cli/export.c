/* SPDX-License-Identifier: Apache-2.0 */
/* export: the items of a table become records of a file. Segments are read side by side, and what a page gave is written
 * as a whole, in the order in which pages come. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "expression.h"
#include "keys.h"
#include "progress.h"
#include "resume.h"
#include "row.h"
#include "segments.h"
#include "stator/json.h"

/* How far a segment is. */
struct reached {
    struct text key; /* as JSON; empty: at the beginning */
    bool done;
};

struct export
{
    struct cli *cli;
    const char *table, *file; /* file NULL: standard output */
    FILE *out;
    struct row_layout layout;
    struct keys keys;
    struct terms terms;
    struct text filter, attributes;
    struct progress progress;
    unsigned segments;
    uint64_t expected; /* items, about; 0: nobody knows */

    pthread_mutex_t lock; /* of what follows, while threads read */
    struct resume resume;
    struct reached reached[SEGMENTS_MAX];
    uint64_t offset, items, items_before; /* the latter: by the run before this one */
    bool failed;
};

/* --- Threads ------------------------------------------------------------------------------------------------------ */

struct formatter {
    struct stator_builder *builder;
    struct text text, key;
};

static void *open_formatter(void *user, unsigned segment)
{
    struct formatter *own = must_alloc(sizeof(*own));

    (void)user, (void)segment;
    own->builder = stator_builder_new(NULL, 0);
    if (own->builder != NULL)
        return own;
    free(own);
    return NULL;
}

static void close_formatter(void *pointer)
{
    struct formatter *own = pointer;

    stator_builder_free(own->builder);
    text_free(&own->text);
    text_free(&own->key);
    free(own);
}

static enum stator_rc format_page(const struct export *export, struct formatter *own,
                                  const struct stator_scan_output *page, struct stator_error *err)
{
    enum stator_rc rc = STATOR_OK;
    struct stator_bytes key = stator_text("");

    text_clear(&own->text);
    for (size_t i = 0; i < page->items.count && rc == STATOR_OK; i++) {
        rc = row_write(&export->layout, own->builder, &own->text, &page->items.at[i], err);
        stator_builder_reset(own->builder);
    }
    if (rc == STATOR_OK && !segments_ended(page))
        rc = stator_json_write_item(own->builder, &key, &page->last_evaluated_key, STATOR_JSON_DYNAMODB, 0, err);
    text_clear(&own->key);
    text_bytes(&own->key, key);
    stator_builder_reset(own->builder);
    return rc;
}

/* What the resume file must be about; then how far it is. */
static void about(const struct export *export, struct text *out)
{
    const struct args *args = export->cli->args;

    text_format(out, "export\n%s\n%s\nformat %d delimiter %d segments %u\n", export->table, export->file,
                (int)export->layout.format, export->layout.delimiter, export->segments);
    for (size_t i = 0; i < args->given_count; i++)
        if (args->given[i].id == OPTION_FILTER || args->given[i].id == OPTION_ATTRIBUTES)
            text_format(out, "--%s %s\n", option_infos[args->given[i].id].name, args->given[i].value);
}

static void add_columns(const struct export *export, struct text *out)
{
    struct row_layout only = {
        .columns = export->layout.columns, .column_count = export->layout.column_count, .delimiter = ','};
    struct text header = {0};

    row_write_header(&only, &header);
    text_format(out, "columns %zu\n", header.len);
    text_bytes(out, text_view(&header));
    text_free(&header);
}

static enum stator_rc save(struct export *export, struct stator_error *err)
{
    struct text lines = {0};
    enum stator_rc rc;

    if (export->resume.file == NULL)
        return STATOR_OK;
    if (fflush(export->out) != 0 || fdatasync(fileno(export->out)) != 0)
        return cli_fail(err, STATOR_MISUSE, "%s: %s", export->file, strerror(errno));
    about(export, &lines);
    text_format(&lines, "offset %llu items %llu\n", (unsigned long long)export->offset,
                (unsigned long long)export->items);
    for (unsigned i = 0; i < export->segments; i++) {
        const struct reached *reached = &export->reached[i];

        text_format(&lines, "%s\n", reached->done ? "done" : reached->key.len > 0 ? reached->key.at : "begin");
    }
    add_columns(export, &lines);
    rc = resume_save(&export->resume, &lines, err);
    text_free(&lines);
    return rc;
}

static enum stator_rc write_page(struct export *export, struct formatter *own, unsigned segment,
                                 const struct stator_scan_output *page, struct stator_error *err)
{
    struct reached *reached = &export->reached[segment];

    if (own->text.len > 0 && fwrite(own->text.at, 1, own->text.len, export->out) != own->text.len)
        return cli_fail(err, STATOR_MISUSE, "%s: %s", export->file == NULL ? "standard output" : export->file,
                        strerror(errno));
    export->offset += own->text.len;
    export->items += page->items.count;
    reached->done = segments_ended(page);
    text_clear(&reached->key);
    text_bytes(&reached->key, text_view(&own->key));
    return resume_due(&export->resume) ? save(export, err) : STATOR_OK;
}

static bool take_page(void *user, void *own, unsigned segment, const struct stator_scan_output *page)
{
    struct export *export = user;
    struct stator_error err = {0};
    enum stator_rc rc = format_page(export, own, page, &err);
    uint64_t items;
    double part;

    pthread_mutex_lock(&export->lock);
    if (rc == STATOR_OK && !export->failed)
        rc = write_page(export, own, segment, page, &err);
    if (rc != STATOR_OK && !export->failed) {
        progress_clear(&export->progress);
        cli_complain_error(&err);
        export->failed = true;
    }
    part = export->expected == 0 ? -1 : (double)export->items / (double)export->expected;
    items = export->items - export->items_before;
    pthread_mutex_unlock(&export->lock);
    if (rc == STATOR_OK) {
        progress_add(&export->progress, page->items.count, part);
        progress_pace(&export->progress, items);
    }
    return rc == STATOR_OK;
}

/* --- Columns ------------------------------------------------------------------------------------------------------ */

static void note_column(struct row_layout *layout, const struct stator_attribute *attribute)
{
    struct column *columns = layout->columns;

    for (size_t i = 0; i < layout->column_count; i++)
        if (columns[i].type == attribute->value.type && stator_is(attribute->name, columns[i].name))
            return;
    columns = must_resize(columns, (layout->column_count + 1) * sizeof(*columns));
    columns[layout->column_count].name = must_alloc(attribute->name.len + 1);
    memcpy(columns[layout->column_count].name, attribute->name.at, attribute->name.len);
    columns[layout->column_count++].type = attribute->value.type;
    layout->columns = columns;
}

static bool note_page(void *user, void *own, unsigned segment, const struct stator_scan_output *page)
{
    struct export *export = user;

    (void)own, (void)segment;
    pthread_mutex_lock(&export->lock);
    for (size_t i = 0; i < page->items.count; i++)
        for (size_t k = 0; k < page->items.at[i].count; k++)
            note_column(&export->layout, &page->items.at[i].attributes[k]);
    pthread_mutex_unlock(&export->lock);
    return true;
}

/* Behind the key: by name, then by type. */
static int compare_columns(const void *a, const void *b)
{
    const struct column *left = a, *right = b;
    int order = strcmp(left->name, right->name);

    return order != 0 ? order : (int)left->type - (int)right->type;
}

static struct segments scan_of(struct export *export)
{
    const struct args *args = export->cli->args;

    return (struct segments){
        .client = export->cli->client,
        .input = {.table_name = stator_text(export->table),
                  .filter_expression = export->filter.len > 0 ? text_view(&export->filter) : stator_text(NULL),
                  .projection_expression =
                      export->attributes.len > 0 ? text_view(&export->attributes) : stator_text(NULL),
                  .expression_attribute_names = shorthand_names(&export->terms),
                  .expression_attribute_values = shorthand_values(&export->terms),
                  .consistent_read = args_has(args, OPTION_CONSISTENT) ? STATOR_TRUE : STATOR_UNSET},
        .count = export->segments,
        .user = export,
    };
}

static int find_columns(struct export *export)
{
    struct segments segments = scan_of(export);
    const char *given = export->cli->args->value[OPTION_COLUMNS];
    int code;

    if (export->layout.format != ROW_CSV || export->layout.column_count > 0)
        return CODE_OK;
    if (given != NULL) {
        columns_parse(&export->layout.columns, &export->layout.column_count, given);
        return CODE_OK;
    }
    for (size_t i = 0; i < export->keys.count; i++)
        note_column(&export->layout, &(struct stator_attribute){.name = stator_text(export->keys.columns[i].name),
                                                                .value = {.type = export->keys.columns[i].type}});
    segments.page = note_page;
    code = segments_read(&segments);
    qsort(export->layout.columns + export->keys.count, export->layout.column_count - export->keys.count,
          sizeof(struct column), compare_columns);
    return code;
}

/* --- Going on ----------------------------------------------------------------------------------------------------- */

/* The next line of the resume file, without its end. NULL: there is none. */
static char *next_line(char **rest)
{
    char *line = *rest, *end = line == NULL ? NULL : strchr(line, '\n');

    if (end == NULL)
        return NULL;
    *end = '\0';
    *rest = end + 1;
    return line;
}

static bool read_reached(struct export *export, char **rest)
{
    for (unsigned i = 0; i < export->segments; i++) {
        char *line = next_line(rest);

        if (line == NULL)
            return false;
        export->reached[i].done = strcmp(line, "done") == 0;
        if (*line == '{')
            text_string(&export->reached[i].key, line);
    }
    return true;
}

static bool read_columns(struct export *export, char *rest)
{
    struct row_layout only = {.delimiter = ','};
    struct stator_error err = {0};
    char *line = next_line(&rest);
    size_t len;

    if (line == NULL || sscanf(line, "columns %zu", &len) != 1 || strlen(rest) != len)
        return false;
    if (export->layout.format != ROW_CSV)
        return true;
    if (row_header(&only, rest, len, &err) != STATOR_OK)
        return false;
    export->layout.columns = only.columns;
    export->layout.column_count = only.column_count;
    return true;
}

static enum stator_rc go_on(struct export *export, struct stator_error *err)
{
    unsigned long long offset, items;
    struct text expected = {0};
    char *rest = export->resume.before.at, *line;
    bool same;

    if (export->resume.before.len == 0)
        return STATOR_OK;
    about(export, &expected);
    same = strncmp(rest, expected.at, expected.len) == 0;
    rest += same ? expected.len : 0;
    text_free(&expected);
    line = same ? next_line(&rest) : NULL;
    if (line == NULL || sscanf(line, "offset %llu items %llu", &offset, &items) != 2 || !read_reached(export, &rest) ||
        !read_columns(export, rest))
        return cli_fail(err, STATOR_VALIDATION, "%s: is about another export", export->resume.file);
    export->offset = offset;
    export->items = export->items_before = items;
    return STATOR_OK;
}

/* Opens the file; going on, what was written after the last save goes. */
static enum stator_rc open_file(struct export *export, struct stator_error *err)
{
    bool more = export->resume.before.len > 0;
    long size;

    export->out = export->file == NULL ? stdout : fopen(export->file, more ? "r+e" : "we");
    if (export->out == NULL)
        return cli_fail(err, STATOR_MISUSE, "%s: %s", export->file, strerror(errno));
    if (!more)
        return STATOR_OK;
    if (fseek(export->out, 0, SEEK_END) != 0 || (size = ftell(export->out)) < 0 || (uint64_t)size < export->offset)
        return cli_fail(err, STATOR_VALIDATION, "%s: is shorter than what was written to it before", export->file);
    if (ftruncate(fileno(export->out), (off_t) export->offset) != 0 || fseek(export->out, 0, SEEK_END) != 0)
        return cli_fail(err, STATOR_MISUSE, "%s: %s", export->file, strerror(errno));
    return STATOR_OK;
}

/* --- The command -------------------------------------------------------------------------------------------------- */

static enum stator_rc read_options(struct export *export, struct stator_error *err)
{
    const struct args *args = export->cli->args;
    long long segments;

    export->table = args->count > 0 ? args->operands[0] : args->value[OPTION_TABLE];
    export->file = args->value[OPTION_TO_FILE];
    if (export->table == NULL)
        return cli_fail(err, STATOR_VALIDATION, "which table? stator export TABLE");
    if (args_has(args, OPTION_RESUME) && export->file == NULL)
        return cli_fail(err, STATOR_VALIDATION, "--resume needs --to-file");
    if (args_number(&segments, args, OPTION_SEGMENTS, 4, 1, SEGMENTS_MAX, err) != STATOR_OK ||
        row_layout_read(&export->layout, args, export->file == NULL ? "" : export->file, err) != STATOR_OK ||
        progress_init(&export->progress, args, "exported", err) != STATOR_OK ||
        resume_open(&export->resume, args->value[OPTION_RESUME], err) != STATOR_OK)
        return err->rc;
    export->segments = (unsigned)segments;
    export->layout.strict = !args_has(args, OPTION_COLUMNS);
    return STATOR_OK;
}

static enum stator_rc read_expressions(struct export *export, struct stator_error *err)
{
    const struct args *args = export->cli->args;

    shorthand_init(&export->terms, export->cli->builder);
    if (args_has(args, OPTION_FILTER) &&
        shorthand_expression(&export->terms, &export->filter, args->value[OPTION_FILTER], err) != STATOR_OK)
        return err->rc;
    if (!args_has(args, OPTION_ATTRIBUTES))
        return STATOR_OK;
    return shorthand_expression(&export->terms, &export->attributes, args->value[OPTION_ATTRIBUTES], err);
}

/* The table's keys, and about how many items it has: the service counts every six hours. */
static int find_table(struct export *export)
{
    struct stator_describe_table_input in = {.table_name = stator_text(export->table)};
    const struct stator_describe_table_output *got;

    if (stator_describe_table(export->cli->call, &in, &got) != STATOR_OK)
        return cli_complain_call(export->cli->call);
    keys_of(&export->keys, got->table, &got->table->key_schema);
    if (export->filter.len == 0)
        export->expected = (uint64_t)got->table->item_count.value;
    return CODE_OK;
}

static int read_table(struct export *export)
{
    struct stator_bytes begin[SEGMENTS_MAX] = {{0}};
    bool done[SEGMENTS_MAX] = {false};
    struct segments segments = scan_of(export);
    struct text header = {0};

    if (export->layout.format == ROW_CSV && export->resume.before.len == 0) {
        row_write_header(&export->layout, &header);
        fwrite(header.at, 1, header.len, export->out);
        export->offset = header.len;
        text_free(&header);
    }
    for (unsigned i = 0; i < export->segments; i++) {
        struct text *key = &export->reached[i].key;

        done[i] = export->reached[i].done;
        if (key->len > 0)
            begin[i] = stator_text(must_copy(key->at));
    }
    segments.begin = begin;
    segments.done = done;
    segments.open = open_formatter;
    segments.close = close_formatter;
    segments.page = take_page;
    {
        int code = segments_read(&segments);

        for (unsigned i = 0; i < export->segments; i++)
            free((void *)(uintptr_t)begin[i].at);
        return code;
    }
}

static int finish(struct export *export, int code)
{
    struct stator_error err = {0};

    if (code == CODE_OK && fflush(export->out) != 0)
        code = cli_complain(CODE_FAILED, "%s: %s", export->file == NULL ? "standard output" : export->file,
                            strerror(errno));
    if (code == CODE_OK)
        resume_remove(&export->resume);
    else if (!export->failed && save(export, &err) != STATOR_OK)
        cli_complain_error(&err);
    progress_end(&export->progress, code == CODE_OK ? "" : "; not finished");
    return code == CODE_PARTIAL ? CODE_FAILED : code;
}

static int run(struct export *export)
{
    struct stator_error err = {0};
    int code;

    if (read_options(export, &err) != STATOR_OK)
        return cli_complain(CODE_USAGE, "%s", err.message);
    code = cli_connect(export->cli);
    if (code == CODE_OK && read_expressions(export, &err) != STATOR_OK)
        code = cli_complain(CODE_USAGE, "%s", err.message);
    if (code == CODE_OK)
        code = find_table(export);
    if (code == CODE_OK && (go_on(export, &err) != STATOR_OK))
        code = cli_complain(CODE_FAILED, "%s", err.message);
    if (code == CODE_OK)
        code = find_columns(export);
    if (code == CODE_OK && open_file(export, &err) != STATOR_OK)
        code = cli_complain(CODE_FAILED, "%s", err.message);
    return code == CODE_OK ? finish(export, read_table(export)) : code;
}

int cli_export(struct cli *cli)
{
    struct export export = {.cli = cli, .lock = PTHREAD_MUTEX_INITIALIZER};
    int code;

    cli_catch_signals();
    code = run(&export);
    if (export.out != NULL && export.out != stdout && fclose(export.out) != 0 && code == CODE_OK)
        code = cli_complain(CODE_FAILED, "%s: %s", export.file, strerror(errno));
    for (unsigned i = 0; i < SEGMENTS_MAX; i++)
        text_free(&export.reached[i].key);
    row_layout_free(&export.layout);
    keys_free(&export.keys);
    shorthand_deinit(&export.terms);
    text_free(&export.filter);
    text_free(&export.attributes);
    resume_close(&export.resume);
    return code;
}
