/* SPDX-License-Identifier: Apache-2.0 */
#include "op/wording.h"

static bool is_older(enum operation operation)
{
    return operation == OPERATION_BatchWriteItem || operation == OPERATION_Scan;
}

static bool has_envelope(enum operation operation)
{
    return operation == OPERATION_PutItem || operation == OPERATION_UpdateItem || operation == OPERATION_DeleteItem;
}

struct wording_voice wording_voice(const struct engine *engine, const struct job *job)
{
    bool classic = engine->options.wording == WORDING_CLASSIC;

    return (struct wording_voice){
        .layer = classic || is_older(job->operation) ? VALUE_LAYER_OLDER : VALUE_LAYER_CURRENT,
        .envelope = !classic && has_envelope(job->operation),
    };
}

/* What the service tells without the envelope all the same. Texts begin with our words, never with the request's. */
static bool is_bare(const char *text)
{
    static const char *const beginnings[] = {
        "Supplied AttributeValue ", /* of no type, or of two */
        "Item size has exceeded ",
    };

    for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
        if (strncmp(text, beginnings[i], strlen(beginnings[i])) == 0)
            return true;
    return false;
}

enum stator_rc wording_refuse(const struct engine *engine, struct job *job, enum stator_rc rc)
{
    struct stator_error bare;

    if (rc != STATOR_VALIDATION || !wording_voice(engine, job).envelope || is_bare(job->error.message) ||
        message_is_deep(operation_info(job->operation)->input, job->input))
        return rc;
    bare = job->error;
    return stator_fail(&job->error, rc, "1 validation error detected: %s", bare.message);
}
