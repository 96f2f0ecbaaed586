/* SPDX-License-Identifier: Apache-2.0 */
/* Follows a stream from its start for fair_test.py, whose server has one: follow STREAM-ARN COUNT. Prints the event ids of
 * so many records. */
#include <stdio.h>
#include <stdlib.h>

#include "stator/tail.h"

#define WAIT_MS 100000 /* for what must come */

static int follow(struct stator_call *call, const char *arn, unsigned long count)
{
    struct stator_tail *tail =
        stator_tail_new(call, &(struct stator_tail_options){.stream_arn = arn, .from_start = true, .poll_ms = 1});
    const struct stator_record *record = NULL;

    while (count-- > 0 && (record = stator_tail_next(tail, WAIT_MS)) != NULL)
        printf("%.*s\n", STATOR_ARG(record->event_id));
    if (record == NULL)
        fprintf(stderr, "no record: %d: %s\n", (int)stator_tail_rc(tail), stator_call_failure(call)->message);
    stator_tail_free(tail);
    return record == NULL;
}

int main(int argc, char **argv)
{
    struct stator_client *client;
    struct stator_error err;
    struct stator_call *call;
    int code;

    if (argc != 3 || stator_client_open(&client, &(struct stator_client_options){.endpoint = getenv("STATOR_ENDPOINT")},
                                        &err) != STATOR_OK)
        return 1;
    call = stator_call_new(client);
    code = follow(call, argv[1], strtoul(argv[2], NULL, 10));
    stator_call_free(call);
    stator_client_close(client);
    return code;
}
