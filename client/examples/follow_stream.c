/* SPDX-License-Identifier: Apache-2.0 */
/* What changes in a table, as it happens. Here the program itself makes the changes. */
#include "example.h"

#include <stator/tail.h>

static void turn_stream_on(const char *table)
{
    const struct stator_stream_specification on = {.stream_enabled = STATOR_TRUE,
                                                   .stream_view_type = {STATOR_STREAM_VIEW_TYPE_NEW_AND_OLD_IMAGES}};
    enum stator_rc rc = stator_update_table(
        call, &(struct stator_update_table_input){.table_name = stator_text(table), .stream_specification = &on}, NULL);

    if (rc != STATOR_VALIDATION) /* it is on already */
        check(rc);
    check(stator_wait_active(call, table, 60000));
}

static void change(const char *name, const char *text)
{
    check(stator_put_item(call,
                          &(struct stator_put_item_input){.table_name = stator_text("Notes"),
                                                          .item = STATOR_ITEM(stator_attr("pk", stator_s(name)),
                                                                              stator_attr("text", stator_s(text)))},
                          NULL));
}

int main(int count, char **arguments)
{
    struct stator_call *reading; /* the tail has a call to itself */
    struct stator_tail *tail;

    begin(count, arguments);
    make_table("Notes", false);
    turn_stream_on("Notes");
    reading = stator_call_new(client);
    tail = stator_tail_new(reading, &(struct stator_tail_options){.table = "Notes"});
    (void)stator_tail_next(tail, 0); /* from here on */
    change("milk", "two bottles");
    change("milk", "three bottles");
    for (int seen = 0; seen < 2 && stator_tail_rc(tail) == STATOR_OK;) {
        const struct stator_record *record = stator_tail_next(tail, 1000);

        if (record == NULL)
            continue;
        printf("%.*s: %.*s\n", STATOR_ARG(record->event_name.text),
               STATOR_ARG(stator_value_text(stator_item_get(&record->dynamodb->new_image, "text"))));
        seen++;
    }
    stator_tail_free(tail);
    stator_call_free(reading);
    return end();
}
