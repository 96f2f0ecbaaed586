/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as the environment, the credentials file and the config file, with a NUL between: "NAME=value" lines, then
 * two texts. What is found can be signed with, and region and endpoints can stand in a request; a refusal has a text
 * that is short UTF-8. */
#include <stdlib.h>

#include "base/utf8.h"
#include "credentials.h"
#include "ini.h"
#include "sign/authorization.h"

#define VARIABLES_MAX 16
#define NOON          1440938160

struct environment {
    char *lines[VARIABLES_MAX]; /* "NAME=value", each with its NUL */
    size_t count;
};

static void check(bool condition)
{
    if (!condition)
        abort();
}

static const char *look_up(void *context, const char *name)
{
    const struct environment *environment = context;
    size_t len = strlen(name);

    for (size_t i = 0; i < environment->count; i++)
        if (strncmp(environment->lines[i], name, len) == 0 && environment->lines[i][len] == '=')
            return environment->lines[i] + len + 1;
    return NULL;
}

static void read_environment(struct environment *out, struct bytes text)
{
    while (text.len != 0 && out->count < VARIABLES_MAX) {
        struct bytes line = authorization_cut(&text, '\n');
        char *copy = malloc(line.len + 1);

        check(copy != NULL);
        memcpy(copy, line.at, line.len);
        copy[line.len] = '\0';
        out->lines[out->count++] = copy;
    }
}

/* Every token is of a line of the text, and the lines rise. */
static void check_lines(struct bytes text)
{
    struct ini_reader reader;
    enum ini_token token;
    size_t line = 0, lines = 1;

    for (size_t i = 0; i < text.len; i++)
        lines += text.at[i] == '\n';
    ini_reader_init(&reader, text);
    while ((token = ini_next(&reader)) != INI_END && token != INI_BAD) {
        check(reader.line > line && reader.line <= lines);
        line = reader.line;
        check(reader.name.at >= text.at && reader.name.at + reader.name.len <= text.at + text.len);
        check(token == INI_SECTION || (reader.value.at >= reader.name.at + reader.name.len &&
                                       reader.value.at + reader.value.len <= text.at + text.len));
    }
}

static void check_found(const struct credentials *found)
{
    const struct sigv4_request request = {.method = BYTES("GET")};
    struct sigv4_key key = {0};
    struct sigv4_signed done;
    struct sigv4_signer signer = {bytes_of_string(found->access_key_id), bytes_of_string(found->session_token), &key,
                                  NOON};
    struct stator_error err;
    struct arena arena;

    check((found->access_key_id[0] == '\0') == (found->from == CREDENTIALS_NOWHERE));
    check((found->access_key_id[0] == '\0') == (found->why[0] != '\0'));
    check(utf8_valid(bytes_of_string(found->why)) && strlen(found->why) < CREDENTIALS_WHY_MAX);
    check(found->endpoint[0] == '\0' || strncmp(found->endpoint, "http", 4) == 0);
    if (found->access_key_id[0] == '\0')
        return;
    check(sigv4_key_make(&key, bytes_of_string(found->secret_access_key), NOON,
                         bytes_of_string(found->region[0] != '\0' ? found->region : "local"), BYTES("dynamodb"),
                         &err) == STATOR_OK);
    arena_init(&arena, 1 << 20);
    check(sigv4_sign(&done, &request, &signer, &arena, &err) == STATOR_OK);
    arena_deinit(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size); /* what libFuzzer calls */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes rest = bytes_of(data, size), first = authorization_cut(&rest, '\0');
    struct bytes file = authorization_cut(&rest, '\0');
    struct environment environment = {0};
    const struct credentials_given nothing = {0};
    struct credentials_sources sources = {.variable = look_up,
                                          .context = &environment,
                                          .credentials_file = file,
                                          .config_file = rest,
                                          .credentials_path = "credentials",
                                          .config_path = "config"};
    struct credentials found;
    struct stator_error err = {0};

    if (size == 0)
        return 0;
    read_environment(&environment, first);
    check_lines(file);
    check_lines(rest);
    if (credentials_resolve(&found, &nothing, &sources, &err) == STATOR_OK)
        check_found(&found);
    else
        check(err.rc == STATOR_VALIDATION && err.message[0] != '\0' && utf8_valid(bytes_of_string(err.message)) &&
              strlen(err.message) < 512);
    for (size_t i = 0; i < environment.count; i++)
        free(environment.lines[i]);
    return 0;
}
