/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/health.h"

#include "watch/ask.h"

#define TIMEOUT_S 1

/* 200 is ours, 400 is ours when started as DynamoDB Local is. */
enum stator_rc health_check(const char *host, uint16_t port, struct stator_error *err)
{
    const struct ask ask = {.host = host, .port = port, .path = "/", .timeout_s = TIMEOUT_S};
    struct ask_answer answer;
    int status;

    STATOR_TRY(ask_get(&answer, &ask, err));
    status = answer.status;
    ask_release(&answer);
    if (status == 200 || status == 400)
        return STATOR_OK;
    return ask_fail(&ask, err, "it answers, but not as Stator does");
}
