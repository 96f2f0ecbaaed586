/* SPDX-License-Identifier: Apache-2.0 */
/* copy: tables from one endpoint to another, definition and items. */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "definition.h"
#include "keys.h"
#include "progress.h"
#include "segments.h"
#include "stator/batch.h"
#include "stator/page.h"
#include "text.h"

/* Client and call of one side. */
struct side {
    struct stator_client *client;
    struct stator_call *call;
};

struct copy {
    struct cli *cli;
    struct side from, to;
    unsigned segments;
    struct progress progress;

    /* Of the table under way. */
    const char *name, *new_name;
    struct keys keys;
    uint64_t expected;

    pthread_mutex_t lock;      /* of what follows */
    uint64_t items, all_items; /* of this table, of all */
    bool failed;
};

/* --- Definition ---------------------------------------------------------------------------------------------------- */

/* The description, in the call's answer. NULL, having complained. */
static const struct stator_table_description *describe(const struct side *side, const char *table)
{
    const struct stator_describe_table_output *got;
    struct stator_describe_table_input in = {.table_name = stator_text(table)};

    if (stator_describe_table(side->call, &in, &got) == STATOR_OK)
        return got->table;
    cli_complain_call(side->call);
    return NULL;
}

static int copy_time_to_live(const struct copy *copy)
{
    struct stator_describe_time_to_live_input ask = {.table_name = stator_text(copy->name)};
    const struct stator_describe_time_to_live_output *got;
    struct stator_time_to_live_specification specification = {.enabled = STATOR_TRUE};
    struct stator_update_time_to_live_input change = {.table_name = stator_text(copy->new_name),
                                                      .time_to_live_specification = &specification};

    if (stator_describe_time_to_live(copy->from.call, &ask, &got) != STATOR_OK)
        return cli_complain_call(copy->from.call);
    if (got->time_to_live_description == NULL || got->time_to_live_description->attribute_name.at == NULL)
        return CODE_OK;
    specification.attribute_name = got->time_to_live_description->attribute_name;
    if (stator_update_time_to_live(copy->to.call, &change, NULL) != STATOR_OK)
        return cli_complain_call(copy->to.call);
    return CODE_OK;
}

static int copy_tags(const struct copy *copy, const char *from_arn, const char *to_arn)
{
    struct stator_list_tags_of_resource_input ask = {.resource_arn = stator_text(from_arn)};
    struct stator_pages *pages = stator_tag_pages(copy->from.call, &ask);
    int code = CODE_OK;

    while (code == CODE_OK && stator_page_next(pages)) {
        const struct stator_list_tags_of_resource_output *page = stator_page(pages);
        struct stator_tag_resource_input change = {.resource_arn = stator_text(to_arn), .tags = page->tags};

        if (page->tags.count > 0 && stator_tag_resource(copy->to.call, &change) != STATOR_OK)
            code = cli_complain_call(copy->to.call);
    }
    if (stator_pages_end(pages) != STATOR_OK && code == CODE_OK)
        code = cli_complain_call(copy->from.call);
    return code;
}

static char *arn_of(const struct stator_table_description *description)
{
    char *copy = must_alloc(description->table_arn.len + 1);

    memcpy(copy, description->table_arn.at, description->table_arn.len);
    return copy;
}

/* What is not part of CreateTable. */
static int copy_settings(const struct copy *copy, const char *from_arn)
{
    int code = definition_await(copy->to.call, copy->new_name, true);
    const struct stator_table_description *there = code == CODE_OK ? describe(&copy->to, copy->new_name) : NULL;
    char *to_arn;

    if (there == NULL)
        return code == CODE_OK ? CODE_FAILED : code;
    to_arn = arn_of(there);
    code = copy_time_to_live(copy);
    if (code == CODE_OK)
        code = copy_tags(copy, from_arn, to_arn);
    free(to_arn);
    return code;
}

/* Both tables have the same keys; else items could not go from one to the other. */
static int check_keys(const struct copy *copy)
{
    const struct stator_table_description *there = describe(&copy->to, copy->new_name);
    struct keys keys;
    bool same;

    if (there == NULL)
        return CODE_FAILED;
    keys_of(&keys, there, &there->key_schema);
    same = keys.count == copy->keys.count;
    for (size_t i = 0; same && i < keys.count; i++)
        same = keys.columns[i].type == copy->keys.columns[i].type &&
               strcmp(keys.columns[i].name, copy->keys.columns[i].name) == 0;
    keys_free(&keys);
    return same ? CODE_OK : cli_complain(CODE_FAILED, "%s: is there already, with another key", copy->new_name);
}

static int copy_definition(struct copy *copy)
{
    const struct stator_table_description *here = describe(&copy->from, copy->name);
    struct definition definition;
    enum stator_rc rc;
    char *arn;
    int code;

    if (here == NULL)
        return cli_code_of(stator_call_failure(copy->from.call)->rc);
    keys_of(&copy->keys, here, &here->key_schema);
    copy->expected = (uint64_t)here->item_count.value;
    arn = arn_of(here);
    definition_like(&definition, here, copy->new_name);
    rc = stator_create_table(copy->to.call, definition_input(&definition), NULL);
    definition_free(&definition);
    if (rc == STATOR_OK)
        code = copy_settings(copy, arn);
    else if (rc == STATOR_RESOURCE_IN_USE)
        code = check_keys(copy);
    else
        code = cli_complain_call(copy->to.call);
    free(arn);
    return code;
}

/* --- Items -------------------------------------------------------------------------------------------------------- */

struct copier {
    struct stator_call *call;
    struct stator_writer *writer;
};

static void close_copier(void *pointer)
{
    struct copier *own = pointer;

    (void)stator_writer_end(own->writer, NULL);
    stator_call_free(own->call);
    free(own);
}

static void *open_copier(void *user, unsigned segment)
{
    const struct copy *copy = user;
    struct copier *own = must_alloc(sizeof(*own));

    (void)segment;
    own->call = stator_call_new(copy->to.client);
    if (own->call != NULL)
        own->writer = stator_writer_new(own->call, &(struct stator_writer_options){.table = copy->new_name});
    if (own->writer != NULL)
        return own;
    stator_call_free(own->call);
    free(own);
    return NULL;
}

static bool copy_page(void *user, void *pointer, unsigned segment, const struct stator_scan_output *page)
{
    struct copy *copy = user;
    struct copier *own = pointer;
    enum stator_rc rc = STATOR_OK;
    uint64_t all_items;
    double part;

    (void)segment;
    for (size_t i = 0; i < page->items.count && rc == STATOR_OK; i++)
        rc = stator_writer_put(own->writer, &page->items.at[i]);
    if (rc == STATOR_OK)
        rc = stator_writer_flush(own->writer);
    pthread_mutex_lock(&copy->lock);
    if (rc != STATOR_OK && !copy->failed) {
        copy->failed = true;
        progress_clear(&copy->progress);
        cli_complain_call(own->call);
    }
    copy->items += page->items.count;
    copy->all_items += page->items.count;
    all_items = copy->all_items;
    part = copy->expected == 0 ? -1 : (double)copy->items / (double)copy->expected;
    pthread_mutex_unlock(&copy->lock);
    if (rc == STATOR_OK) {
        progress_add(&copy->progress, page->items.count, part);
        progress_pace(&copy->progress, all_items);
    }
    return rc == STATOR_OK;
}

static int copy_items(struct copy *copy)
{
    struct segments segments = {.client = copy->from.client,
                                .input = {.table_name = stator_text(copy->name)},
                                .count = copy->segments,
                                .open = open_copier,
                                .close = close_copier,
                                .page = copy_page,
                                .user = copy};

    copy->items = 0;
    return segments_read(&segments);
}

static int copy_table(struct copy *copy, const char *name)
{
    int code;

    copy->name = name;
    copy->new_name = args_has(copy->cli->args, OPTION_AS) ? copy->cli->args->value[OPTION_AS] : name;
    code = copy_definition(copy);
    if (code == CODE_OK && !args_has(copy->cli->args, OPTION_DEFINITION_ONLY))
        code = copy_items(copy);
    keys_free(&copy->keys);
    return code;
}

/* --- The command -------------------------------------------------------------------------------------------------- */

/* All names, copied: the call is wanted for other things. */
static int list_tables(const struct copy *copy, char ***names, size_t *count)
{
    struct stator_pages *pages = stator_table_pages(copy->from.call, &(struct stator_list_tables_input){0});

    while (stator_page_next(pages)) {
        const struct stator_list_tables_output *page = stator_page(pages);

        for (size_t i = 0; i < page->table_names.count; i++) {
            struct stator_bytes name = page->table_names.at[i];

            *names = must_resize(*names, (*count + 1) * sizeof(**names));
            (*names)[*count] = must_alloc(name.len + 1);
            memcpy((*names)[(*count)++], name.at, name.len);
        }
    }
    return stator_pages_end(pages) == STATOR_OK ? CODE_OK : cli_complain_call(copy->from.call);
}

static int copy_all(struct copy *copy)
{
    char **names = NULL;
    size_t count = 0;
    int code = list_tables(copy, &names, &count);

    for (size_t i = 0; i < count && code == CODE_OK; i++)
        code = copy_table(copy, names[i]);
    for (size_t i = 0; i < count; i++)
        free(names[i]);
    free(names);
    return code;
}

static bool open_side(struct side *side, const struct cli *cli, const struct place *place)
{
    side->client = cli_open(cli, place);
    if (side->client == NULL)
        return false;
    side->call = stator_call_new(side->client);
    return side->call != NULL;
}

static void close_side(struct side *side)
{
    stator_call_free(side->call);
    stator_client_close(side->client);
}

static enum stator_rc read_options(struct copy *copy, struct stator_error *err)
{
    const struct args *args = copy->cli->args;
    long long segments;

    if (!args_has(args, OPTION_FROM) && !args_has(args, OPTION_TO))
        return cli_fail(err, STATOR_VALIDATION, "from where, to where? --from and --to say it");
    if (args_has(args, OPTION_AS) && args->count != 1)
        return cli_fail(err, STATOR_VALIDATION, "--as is for one table");
    if (args_number(&segments, args, OPTION_SEGMENTS, 4, 1, SEGMENTS_MAX, err) != STATOR_OK)
        return err->rc;
    copy->segments = (unsigned)segments;
    return progress_init(&copy->progress, args, "copied", err);
}

static int run(struct copy *copy)
{
    const struct args *args = copy->cli->args;
    struct stator_error err = {0};
    int code = CODE_OK;

    if (read_options(copy, &err) != STATOR_OK)
        return cli_complain(CODE_USAGE, "%s", err.message);
    if (!open_side(&copy->from, copy->cli,
                   &(struct place){args->value[OPTION_FROM], args->value[OPTION_FROM_REGION],
                                   args->value[OPTION_FROM_PROFILE]}) ||
        !open_side(
            &copy->to, copy->cli,
            &(struct place){args->value[OPTION_TO], args->value[OPTION_TO_REGION], args->value[OPTION_TO_PROFILE]}))
        return CODE_FAILED;
    if (args->count == 0)
        code = copy_all(copy);
    for (size_t i = 0; i < args->count && code == CODE_OK; i++)
        code = copy_table(copy, args->operands[i]);
    progress_end(&copy->progress, code == CODE_OK ? "" : "; not finished");
    return code;
}

int cli_copy(struct cli *cli)
{
    struct copy copy = {.cli = cli, .lock = PTHREAD_MUTEX_INITIALIZER};
    int code;

    cli_catch_signals();
    code = run(&copy);
    close_side(&copy.from);
    close_side(&copy.to);
    return code;
}
