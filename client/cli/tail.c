/* SPDX-License-Identifier: Apache-2.0 */
/* tail: a line, or a row, for each change of a table's items. */
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "cli.h"
#include "print.h"
#include "stator/json.h"
#include "stator/tail.h"
#include "width.h"

#define WAIT_MS 250 /* between two looks at signals */

static struct stator_bytes json_of(struct stator_builder *builder, const struct stator_item *item,
                                   enum stator_json_form form)
{
    struct stator_bytes json = stator_text("null");

    if (item->set && stator_json_write_item(builder, &json, item, form, 0, NULL) != STATOR_OK)
        json = stator_text("null");
    return json;
}

static void print_line(struct cli *cli, const struct stator_record *record)
{
    enum stator_json_form form = cli->output == OUTPUT_DYNAMODB ? STATOR_JSON_DYNAMODB : STATOR_JSON_PLAIN;
    const struct stator_stream_record *change = record->dynamodb;
    const struct stator_item *const items[] = {&change->keys, &change->old_image, &change->new_image};
    static const char *const names[] = {"keys", "old", "new"};

    printf("{\"event\":\"%.*s\",\"time\":%.0f", STATOR_ARG(record->event_name.text),
           change->approximate_creation_date_time.value);
    for (int i = 0; i < 3; i++)
        if (items[i]->set)
            printf(",\"%s\":%.*s", names[i], STATOR_ARG(json_of(cli->builder, items[i], form)));
    printf(",\"sequence\":\"%.*s\"}\n", STATOR_ARG(change->sequence_number));
}

/* For people: the time, what happened, the key, and the newest image there is. */
static void print_row(struct cli *cli, const struct stator_record *record)
{
    const struct stator_stream_record *change = record->dynamodb;
    const struct stator_item *image = change->new_image.set ? &change->new_image : &change->old_image;
    time_t seconds = (time_t)change->approximate_creation_date_time.value;
    size_t width = print_width(cli);
    struct tm local;
    struct text line = {0}, shown = {0};
    char when[32] = "";

    if (localtime_r(&seconds, &local) != NULL)
        strftime(when, sizeof(when), "%H:%M:%S", &local);
    text_format(&line, "%s  %-6.*s  ", when, STATOR_ARG(record->event_name.text));
    text_bytes(&line, json_of(cli->builder, &change->keys, STATOR_JSON_PLAIN));
    if (image->set) {
        text_string(&line, "  ");
        text_bytes(&line, json_of(cli->builder, image, STATOR_JSON_PLAIN));
    }
    width_add(&shown, line.at, line.len, width == 0 ? line.len * 2 : width);
    printf("%s\n", shown.at);
    text_free(&line);
    text_free(&shown);
}

static void print_change(struct cli *cli, const struct stator_record *record)
{
    if (record->dynamodb == NULL)
        return;
    if (cli->output == OUTPUT_TABLE)
        print_row(cli, record);
    else
        print_line(cli, record);
    fflush(stdout);
    stator_builder_reset(cli->builder);
}

static int follow(struct cli *cli, struct stator_tail *tail, long long limit)
{
    long long count = 0;

    while (!cli_interrupted() && !ferror(stdout) && (limit == 0 || count < limit)) {
        const struct stator_record *record = stator_tail_next(tail, WAIT_MS);

        if (record != NULL) {
            print_change(cli, record);
            count++;
        } else if (stator_tail_rc(tail) != STATOR_OK) {
            return cli_complain_call(cli->call);
        } else if (stator_tail_ended(tail)) {
            break;
        }
    }
    return CODE_OK;
}

int cli_tail(struct cli *cli)
{
    const char *since = cli->args->value[OPTION_SINCE];
    struct stator_tail_options options = {.table = cli->args->operands[0],
                                          .from_start = since != NULL && strcmp(since, "start") == 0};
    struct stator_error err = {0};
    struct stator_tail *tail;
    long long limit;
    int code;

    if (args_number(&limit, cli->args, OPTION_LIMIT, 0, 1, 1000000000, &err) != STATOR_OK)
        return cli_complain(CODE_USAGE, "%s", err.message);
    code = cli_connect(cli);
    if (code != CODE_OK)
        return code;
    cli_catch_signals();
    tail = stator_tail_new(cli->call, &options);
    code = follow(cli, tail, limit);
    if (stator_tail_gaps(tail) > 0)
        cli_complain(code, "%" PRIu64 " times changes were gone before they could be read", stator_tail_gaps(tail));
    stator_tail_free(tail);
    return code;
}
