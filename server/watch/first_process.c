/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/first_process.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The bytes of the file, or 0 if it is too long. */
static size_t read_text(struct first_process *out, const char *path)
{
    FILE *file = fopen(path, "re");
    size_t len;

    if (file == NULL)
        return 0;
    len = fread(out->text, 1, sizeof(out->text), file);
    fclose(file);
    return len < sizeof(out->text) ? len : 0;
}

/* Each argument ends in a NUL; the last one of a truncated file may not. */
static bool split(struct first_process *out, size_t len)
{
    out->text[len] = '\0';
    for (size_t at = 0; at < len; at += strlen(out->text + at) + 1) {
        if (out->count == FIRST_PROCESS_ARGUMENTS)
            return false;
        out->arguments[out->count++] = out->text + at;
    }
    return true;
}

static bool is_server(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;

    return strcmp(name, "stator") == 0 || strcmp(name, "java") == 0;
}

static void drop_init(struct first_process *out)
{
    int skip = 0;

    if (out->count == 0 || is_server(out->arguments[0]))
        return;
    while (skip < out->count && strcmp(out->arguments[skip], "--") != 0)
        skip++;
    skip++;
    if (skip >= out->count || !is_server(out->arguments[skip])) {
        out->count = 0;
        return;
    }
    out->count -= skip;
    memmove(out->arguments, out->arguments + skip, (size_t)out->count * sizeof(out->arguments[0]));
}

void first_process_read(struct first_process *out, const char *path)
{
    out->count = 0;
    if (!split(out, read_text(out, path)))
        out->count = 0;
    drop_init(out);
}
