/* SPDX-License-Identifier: Apache-2.0 */
/* What a crash leaves of a directory, and what is done to it. */
#ifndef TESTS_UNIT_SERVER_STORE_CRASHED_H
#define TESTS_UNIT_SERVER_STORE_CRASHED_H

#include "unit/unit.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "store/synced.h"

#define FILE_MAX ((size_t)16 << 20)

/* The path of the newest log in dir. */
static inline void find_log(const char *dir, char out[256])
{
    DIR *open = opendir(dir);
    struct dirent *entry;
    char newest[32] = "";

    while ((entry = readdir(open)) != NULL) {
        size_t len = strlen(entry->d_name);

        if (len > 4 && len < sizeof(newest) && strcmp(entry->d_name + len - 4, ".log") == 0 &&
            strcmp(entry->d_name, newest) > 0)
            memcpy(newest, entry->d_name, len + 1);
    }
    closedir(open);
    assert_true(newest[0] != '\0');
    snprintf(out, 256, "%.200s/%s", dir, newest);
}

static inline size_t read_file(const char *path, uint8_t *out)
{
    FILE *file = fopen(path, "rb");
    size_t len;

    assert_non_null(file);
    len = fread(out, 1, FILE_MAX, file);
    fclose(file);
    return len;
}

static inline void write_bytes(const char *dir, const char *name, struct bytes bytes)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", dir, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.at, 1, bytes.len, file), bytes.len);
    fclose(file);
}

/* What a crash now would leave of the directory. */
static inline void copy_files(const char *from, const char *to)
{
    uint8_t *bytes = malloc(FILE_MAX);
    DIR *open = opendir(from);
    struct dirent *entry;

    while ((entry = readdir(open)) != NULL) {
        char path[512];
        size_t len;

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s", from, entry->d_name);
        len = read_file(path, bytes);
        write_bytes(to, entry->d_name, bytes_of(bytes, len));
    }
    closedir(open);
    free(bytes);
}

/* Makes STATOR-SYNCED say that of what there is nothing was synced, so that nothing can be missing. */
static inline void forget_synced(const char *dir)
{
    struct synced_file files[256];
    struct synced_list lines = {.state = SYNCED_ABSENT, .files = files};
    struct synced *synced;
    DIR *open = opendir(dir);
    struct dirent *entry;

    while ((entry = readdir(open)) != NULL && lines.count < 256) {
        if (strstr(entry->d_name, ".log") != NULL)
            files[lines.count++] = (struct synced_file){.number = strtoull(entry->d_name, NULL, 10)};
    }
    closedir(open);
    assert_int_equal(synced_open(&synced, dir, &lines, true, NULL), STATOR_OK);
    assert_int_equal(synced_start(synced, dir, NULL), STATOR_OK);
    synced_close(synced);
}

#endif
