/* SPDX-License-Identifier: Apache-2.0 */
#include "call.h"

#include "stator/wait.h"

#define PAUSE_MIN_MS 20u
#define PAUSE_MAX_MS 2000u

static bool is_active(const struct stator_table_description *table)
{
    if (table->table_status.value != STATOR_TABLE_STATUS_ACTIVE)
        return false;
    for (size_t i = 0; i < table->global_secondary_indexes.count; i++)
        if (table->global_secondary_indexes.at[i].index_status.value != STATOR_INDEX_STATUS_ACTIVE)
            return false;
    return true;
}

/* How the waiting ended, and nothing of how the last question did. */
static enum stator_rc end(struct stator_call *call, enum stator_rc rc, const char *text)
{
    call->failure = (struct stator_failure){.attempts = call->failure.attempts};
    return call_fail(call, rc, text);
}

/* Until the table is active, or gone. */
static enum stator_rc wait_for(struct stator_call *call, const char *name, bool gone, uint32_t wait_ms)
{
    struct stator_describe_table_input in = {.table_name = stator_text(name)};
    int64_t end_ms = call_clock_ms() + wait_ms;
    uint32_t pause_ms = PAUSE_MIN_MS;

    for (;;) {
        const struct stator_describe_table_output *out;
        enum stator_rc rc = stator_describe_table(call, &in, &out);
        int64_t left_ms = end_ms - call_clock_ms();

        if (rc != STATOR_OK && rc != STATOR_RESOURCE_NOT_FOUND)
            return rc;
        if (gone ? rc == STATOR_RESOURCE_NOT_FOUND : rc == STATOR_OK && out->table != NULL && is_active(out->table))
            return end(call, STATOR_OK, "");
        if (left_ms <= 0)
            return end(call, STATOR_TIMED_OUT, gone ? "The table is still there" : "The table is not active yet");
        call_pause(pause_ms < left_ms ? pause_ms : (uint32_t)left_ms);
        pause_ms = 2 * pause_ms < PAUSE_MAX_MS ? 2 * pause_ms : PAUSE_MAX_MS;
    }
}

enum stator_rc stator_wait_active(struct stator_call *call, const char *table, uint32_t wait_ms)
{
    return wait_for(call, table, false, wait_ms);
}

enum stator_rc stator_wait_gone(struct stator_call *call, const char *table, uint32_t wait_ms)
{
    return wait_for(call, table, true, wait_ms);
}
