/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/compact.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "watch/ask.h"
#include "json/reader.h"

#define PATH       "/_stator/compact"
#define TIMEOUT_S  10
#define PAUSE_MS   200
#define ARENA_MAX  ((size_t)1 << 20)
#define STATE_SIZE 16

struct answer {
    char state[STATE_SIZE];
    uint64_t files_bytes, left_bytes;
};

/* False when it is not such JSON. */
static bool understand(struct answer *out, struct bytes json)
{
    struct json_reader reader;
    enum json_token token;
    struct arena arena;
    bool sound;

    *out = (struct answer){.state = ""};
    arena_init(&arena, ARENA_MAX);
    json_reader_init(&reader, json, &arena);
    sound = json_next(&reader) == JSON_OBJECT_BEGIN;
    while (sound && (token = json_next(&reader)) != JSON_OBJECT_END) {
        struct bytes key = reader.text;
        char text[24];

        sound = token == JSON_KEY;
        if (!sound)
            break;
        token = json_next(&reader);
        snprintf(text, sizeof(text), "%.*s", BYTES_ARG(reader.text));
        if (bytes_equal(key, BYTES("compaction")))
            snprintf(out->state, sizeof(out->state), "%.*s", STATE_SIZE - 1, text);
        else if (bytes_equal(key, BYTES("files_bytes")))
            out->files_bytes = strtoull(text, NULL, 10);
        else if (bytes_equal(key, BYTES("compaction_left_bytes")))
            out->left_bytes = strtoull(text, NULL, 10);
    }
    arena_deinit(&arena);
    return sound && out->state[0] != '\0';
}

static enum stator_rc ask_once(struct answer *out, const struct ask *ask, struct stator_error *err)
{
    struct ask_answer answer;
    enum stator_rc rc = STATOR_OK;

    STATOR_TRY(ask_server(&answer, ask, err));
    if (answer.status != 200)
        rc = ask_fail(ask, err, "it answers with status %d: %.*s", answer.status, BYTES_ARG(answer.body));
    else if (!understand(out, answer.body))
        rc = ask_fail(ask, err, "it answers, but not as Stator does");
    ask_release(&answer);
    return rc;
}

static double mib(uint64_t bytes)
{
    return (double)bytes / (1 << 20);
}

enum stator_rc compact_run(const char *host, uint16_t port, bool person, struct stator_error *err)
{
    static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000};
    struct ask ask = {.host = host, .port = port, .path = PATH, .timeout_s = TIMEOUT_S, .posts = true};
    struct answer answer;
    uint64_t before;

    STATOR_TRY(ask_once(&answer, &ask, err));
    before = answer.files_bytes;
    ask.posts = false;
    while (strcmp(answer.state, "running") == 0) {
        if (person)
            fprintf(stderr, "\r%.1f MiB to rewrite \033[K", mib(answer.left_bytes));
        nanosleep(&pause, NULL);
        STATOR_TRY(ask_once(&answer, &ask, err));
    }
    if (person)
        fprintf(stderr, "\r\033[K");
    if (strcmp(answer.state, "damaged") == 0)
        return ask_fail(&ask, err, "a file of the data directory is damaged (stator check, with the server stopped)");
    if (strcmp(answer.state, "done") != 0)
        return ask_fail(&ask, err, "the disk has no room to rewrite its files, or the database is read-only");
    printf("files took %.1f MiB, and take %.1f now\n", mib(before), mib(answer.files_bytes));
    return STATOR_OK;
}
