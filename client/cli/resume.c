/* SPDX-License-Identifier: Apache-2.0 */
#include "resume.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define FIRST_LINE "stator resume 1\n"
#define SAVE_MS    1000
#define FILE_MAX   (1 << 24)

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static enum stator_rc read_file(struct text *out, const char *name, struct stator_error *err)
{
    FILE *file = fopen(name, "re");
    char block[4096];
    size_t len;

    if (file == NULL && errno == ENOENT)
        return STATOR_OK;
    if (file == NULL)
        return cli_fail(err, STATOR_MISUSE, "%s: %s", name, strerror(errno));
    while ((len = fread(block, 1, sizeof(block), file)) > 0 && out->len < FILE_MAX)
        text_add(out, block, len);
    fclose(file);
    if (out->len < strlen(FIRST_LINE) || strncmp(out->at, FIRST_LINE, strlen(FIRST_LINE)) != 0)
        return cli_fail(err, STATOR_VALIDATION, "%s: is no resume file", name);
    return STATOR_OK;
}

enum stator_rc resume_open(struct resume *out, const char *file, struct stator_error *err)
{
    struct text whole = {0};
    enum stator_rc rc;

    *out = (struct resume){.file = file, .saved_ms = now_ms() - SAVE_MS};
    if (file == NULL)
        return STATOR_OK;
    rc = read_file(&whole, file, err);
    if (rc == STATOR_OK && whole.len > 0)
        text_string(&out->before, whole.at + strlen(FIRST_LINE));
    text_free(&whole);
    return rc;
}

void resume_close(struct resume *resume)
{
    text_free(&resume->before);
}

bool resume_due(const struct resume *resume)
{
    return resume->file != NULL && now_ms() - resume->saved_ms >= SAVE_MS;
}

static bool write_file(const char *name, const struct text *lines)
{
    FILE *file = fopen(name, "we");
    bool well;

    if (file == NULL)
        return false;
    well = fputs(FIRST_LINE, file) >= 0 && fwrite(lines->at, 1, lines->len, file) == lines->len && fflush(file) == 0 &&
           fsync(fileno(file)) == 0;
    return fclose(file) == 0 && well;
}

enum stator_rc resume_save(struct resume *resume, const struct text *lines, struct stator_error *err)
{
    struct text beside = {0};
    enum stator_rc rc = STATOR_OK;

    if (resume->file == NULL)
        return STATOR_OK;
    text_format(&beside, "%s.new", resume->file);
    if (!write_file(beside.at, lines) || rename(beside.at, resume->file) != 0)
        rc = cli_fail(err, STATOR_MISUSE, "%s: %s", resume->file, strerror(errno));
    resume->saved_ms = now_ms();
    text_free(&beside);
    return rc;
}

void resume_remove(const struct resume *resume)
{
    if (resume->file != NULL)
        unlink(resume->file);
}
