/* SPDX-License-Identifier: Apache-2.0 */
#include "segments.h"

#include <pthread.h>
#include <stdatomic.h>

#include "stator/page.h"

struct run {
    const struct segments *segments;
    atomic_int code; /* the first that was not CODE_OK: all stop */
};

struct part {
    struct run *run;
    unsigned number;
    pthread_t thread;
};

/* Only the first failure is told. */
static bool first_failure(struct run *run, int code)
{
    int none = CODE_OK;

    return atomic_compare_exchange_strong(&run->code, &none, code);
}

static bool is_wanted(const struct part *part)
{
    return atomic_load(&part->run->code) == CODE_OK && !cli_interrupted();
}

static void read_pages(struct part *part, struct stator_call *call, void *own)
{
    const struct segments *segments = part->run->segments;
    struct stator_scan_input input = segments->input;
    struct stator_pages *pages;

    if (segments->count > 1) {
        input.segment = stator_int(part->number);
        input.total_segments = stator_int(segments->count);
    }
    if (segments->begin != NULL && segments->begin[part->number].at != NULL)
        input.exclusive_start_key = (struct stator_item){.json = segments->begin[part->number], .set = true};
    pages = stator_scan_pages(call, &input);
    while (is_wanted(part) && stator_page_next(pages))
        if (!segments->page(segments->user, own, part->number, stator_page(pages)))
            first_failure(part->run, CODE_PARTIAL);
    if (stator_pages_end(pages) != STATOR_OK && first_failure(part->run, cli_code_of(stator_call_failure(call)->rc)))
        cli_complain_call(call);
}

static void *read_part(void *argument)
{
    struct part *part = argument;
    const struct segments *segments = part->run->segments;
    struct stator_call *call;
    void *own;

    if (segments->done != NULL && segments->done[part->number])
        return NULL;
    call = stator_call_new(segments->client);
    own = segments->open == NULL ? NULL : segments->open(segments->user, part->number);
    if (call == NULL || (segments->open != NULL && own == NULL))
        first_failure(part->run, cli_complain(CODE_FAILED, "out of memory"));
    else
        read_pages(part, call, own);
    if (own != NULL)
        segments->close(own);
    stator_call_free(call);
    return NULL;
}

int segments_read(const struct segments *segments)
{
    struct run run = {.segments = segments};
    struct part parts[SEGMENTS_MAX];
    unsigned started = 0;
    int code;

    for (; started < segments->count; started++) {
        parts[started] = (struct part){.run = &run, .number = started};
        if (pthread_create(&parts[started].thread, NULL, read_part, &parts[started]) != 0)
            break;
    }
    if (started < segments->count)
        first_failure(&run, cli_complain(CODE_FAILED, "no more threads can be started"));
    for (unsigned i = 0; i < started; i++)
        pthread_join(parts[i].thread, NULL);
    code = atomic_load(&run.code);
    return code == CODE_OK && cli_interrupted() ? CODE_INTERRUPTED : code;
}
