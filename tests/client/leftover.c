/* SPDX-License-Identifier: Apache-2.0 */
/* Writes and reads 60 items by batches, for leftover_test.py, whose server leaves much of every batch over. Prints how
 * it went: "written 60 of 60", or the failure and what is left. */
#include <stdio.h>
#include <stdlib.h>

#include "stator/batch.h"

#define ITEMS 60

static char names[ITEMS][12];

static void write_all(struct stator_call *call)
{
    struct stator_writer *writer =
        stator_writer_new(call, &(struct stator_writer_options){.table = "T", .rounds_max = 3});
    enum stator_rc rc = STATOR_OK;
    struct stator_bytes left;

    for (int i = 0; i < ITEMS && rc == STATOR_OK; i++)
        rc = stator_writer_put(writer, &STATOR_ITEM(stator_attr("pk", stator_s(names[i]))));
    if (rc == STATOR_OK)
        rc = stator_writer_flush(writer);
    left = stator_writer_left(writer);
    printf("written %llu rc %d left %.*s\n", (unsigned long long)stator_writer_written(writer), (int)rc,
           STATOR_ARG(left));
    (void)stator_writer_end(writer, NULL);
}

static void read_all(struct stator_call *call)
{
    struct stator_attribute attributes[ITEMS];
    struct stator_item keys[ITEMS];
    struct stator_reader *reader;
    int count = 0;

    for (int i = 0; i < ITEMS; i++) {
        attributes[i] = stator_attr("pk", stator_s(names[i]));
        keys[i] = stator_item_of(&attributes[i], 1);
    }
    reader = stator_reader_new(
        call, &(struct stator_reader_options){.table = "T", .keys = keys, .count = ITEMS, .rounds_max = 3});
    while (stator_reader_next(reader) != NULL)
        count++;
    printf("read %d rc %d\n", count, (int)stator_reader_end(reader));
}

int main(void)
{
    struct stator_client *client;
    struct stator_error err;
    struct stator_call *call;

    if (stator_client_open(&client,
                           &(struct stator_client_options){.endpoint = getenv("STATOR_ENDPOINT"), .attempts_max = 1},
                           &err) != STATOR_OK)
        return 1;
    call = stator_call_new(client);
    for (int i = 0; i < ITEMS; i++)
        snprintf(names[i], sizeof(names[i]), "%d", i);
    write_all(call);
    read_all(call);
    stator_call_free(call);
    stator_client_close(client);
    return 0;
}
