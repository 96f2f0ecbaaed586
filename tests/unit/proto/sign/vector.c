/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "unit/proto/sign/vector.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "json/reader.h"

#define FILE_MAX 65536

bool vector_has(const char *folder, const char *name)
{
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return access(path, R_OK) == 0;
}

struct bytes vector_file(const char *folder, const char *name, struct arena *arena)
{
    char path[1024];
    uint8_t *text = arena_alloc(arena, FILE_MAX);
    FILE *file;
    size_t len;

    assert_non_null(text);
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s is missing", path);
    len = fread(text, 1, FILE_MAX, file);
    assert_true(len < FILE_MAX && !ferror(file));
    fclose(file);
    return bytes_of(text, len);
}

static void set(struct vector_context *out, struct bytes name, struct bytes value, enum json_token token)
{
    struct {
        const char *name;
        struct bytes *text;
        bool *flag, negated;
    } members[] = {{"access_key_id", &out->access_key_id, NULL, false},
                   {"secret_access_key", &out->secret, NULL, false},
                   {"token", &out->token, NULL, false},
                   {"region", &out->region, NULL, false},
                   {"service", &out->service, NULL, false},
                   {"timestamp", &out->timestamp, NULL, false},
                   {"normalize", NULL, &out->keep_dots, true},
                   {"escape", NULL, &out->keep_escapes, true},
                   {"sign_body", NULL, &out->sign_body, false},
                   {"omit_session_token", NULL, &out->omit_token, false}};

    for (size_t i = 0; i < COUNT_OF(members); i++) {
        if (!bytes_equal_string(name, members[i].name))
            continue;
        if (members[i].text != NULL)
            *members[i].text = value;
        else if (token != JSON_OBJECT_BEGIN && token != JSON_OBJECT_END)
            *members[i].flag = (token == JSON_TRUE) != members[i].negated;
    }
}

void vector_context(struct vector_context *out, const char *folder, struct arena *arena)
{
    struct json_reader reader;
    struct bytes name = {0};
    enum json_token token;

    *out = (struct vector_context){0};
    json_reader_init(&reader, vector_file(folder, "context.json", arena), arena);
    for (token = json_next(&reader); token != JSON_END; token = json_next(&reader)) {
        assert_int_not_equal(token, JSON_BAD);
        if (token == JSON_KEY)
            name = reader.text;
        else if (token != JSON_OBJECT_BEGIN && token != JSON_OBJECT_END)
            set(out, name, reader.text, token);
    }
    assert_true(out->secret.len != 0 && out->timestamp.len != 0);
}

static struct bytes line_of(struct bytes *rest)
{
    const uint8_t *end = rest->len != 0 ? memchr(rest->at, '\n', rest->len) : NULL;
    struct bytes line = *rest;

    if (end != NULL)
        line.len = (size_t)(end - rest->at);
    *rest = bytes_of(line.at + line.len + (end != NULL), rest->len - line.len - (end != NULL));
    return line;
}

/* "GET /path?query HTTP/1.1": there may be blanks in the path. */
static void read_first_line(struct vector_request *out, struct bytes line)
{
    static const char version[] = " HTTP/1.1";
    const uint8_t *blank = memchr(line.at, ' ', line.len);
    const uint8_t *mark;
    struct bytes target;

    assert_true(blank != NULL && line.len > sizeof(version));
    line.len -= sizeof(version) - 1;
    assert_memory_equal(line.at + line.len, version, sizeof(version) - 1);
    out->method = bytes_of(line.at, (size_t)(blank - line.at));
    target = bytes_of(blank + 1, (size_t)(line.at + line.len - blank - 1));
    mark = memchr(target.at, '?', target.len);
    out->path = bytes_of(target.at, mark != NULL ? (size_t)(mark - target.at) : target.len);
    out->query = mark != NULL ? bytes_of(mark + 1, target.len - out->path.len - 1) : BYTES("");
}

void vector_request(struct vector_request *out, const char *folder, const char *name, struct arena *arena)
{
    struct bytes rest = vector_file(folder, name, arena);

    *out = (struct vector_request){0};
    read_first_line(out, line_of(&rest));
    for (struct bytes line = line_of(&rest); line.len != 0; line = line_of(&rest)) {
        const uint8_t *colon = memchr(line.at, ':', line.len);
        struct sigv4_header *header = &out->headers[out->headers_count];

        if (line.at[0] == ' ') { /* folded: it belongs to the header before, with all between */
            header[-1].value.len = (size_t)(line.at + line.len - header[-1].value.at);
            continue;
        }
        assert_true(colon != NULL && out->headers_count < VECTOR_HEADERS_MAX);
        *header = (struct sigv4_header){bytes_of(line.at, (size_t)(colon - line.at)),
                                        bytes_of(colon + 1, (size_t)(line.at + line.len - colon - 1))};
        out->headers_count++;
    }
    out->body = rest;
}

int64_t vector_time(struct bytes timestamp)
{
    struct tm tm = {0};
    char text[64];

    snprintf(text, sizeof(text), "%.*s", BYTES_ARG(timestamp));
    assert_non_null(strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm));
    return (int64_t)timegm(&tm);
}
