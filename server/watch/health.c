/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/health.h"

#include "watch/ask.h"

#define TIMEOUT_S  1
#define QUOTED_MAX 300

enum stator_rc health_check(const char *host, uint16_t port, struct stator_error *err)
{
    const struct ask ask = {.host = host, .port = port, .path = "/_stator/health", .timeout_s = TIMEOUT_S};
    struct ask_answer answer;
    enum stator_rc rc;

    STATOR_TRY(ask_server(&answer, &ask, err));
    if (answer.status == 200)
        rc = STATOR_OK;
    else if (answer.status == 503)
        rc = ask_fail(&ask, err, "it is not well: %.*s",
                      answer.body.len < QUOTED_MAX ? (int)answer.body.len : QUOTED_MAX, (const char *)answer.body.at);
    else
        rc = ask_fail(&ask, err, "it answers, but not as Stator does");
    ask_release(&answer);
    return rc;
}
