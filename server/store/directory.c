/* SPDX-License-Identifier: Apache-2.0 */
/* A look at the data directory before the engine sees it: the engine would put its files into anything it may write. */
#include "store/rocks.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Files the engine may have left when it was stopped before its database was complete. */
static bool is_engines(const char *name)
{
    static const char *const names[] = {"LOCK", "LOG", "IDENTITY", "CURRENT"};
    static const char *const prefixes[] = {"LOG.old.", "MANIFEST-", "OPTIONS-"};
    static const char *const suffixes[] = {".log", ".sst", ".dbtmp", ".blob"};
    size_t len = strlen(name);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        size_t suffix_len = strlen(suffixes[i]);

        if (len > suffix_len && name[0] >= '0' && name[0] <= '9' && strcmp(name + len - suffix_len, suffixes[i]) == 0)
            return true;
    }
    return false;
}

/* "lost+found" is what a fresh file system has. */
static bool is_harmless(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "lost+found") == 0 || is_engines(name);
}

static enum stator_rc fail(struct stator_error *err, const char *dir, const char *what, int error)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The data directory '%s' %s: %s.", dir, what,
                       strerror(error));
}

static enum stator_rc make(const char *dir, struct stator_error *err)
{
    enum stator_rc rc = STATOR_OK;
    char *path = strdup(dir);

    if (path == NULL)
        return stator_fail_memory(err);
    for (char *at = path + 1;; at++) {
        char was = *at;

        if (was != '/' && was != '\0')
            continue;
        *at = '\0';
        if (mkdir(path, 0700) != 0 && errno != EEXIST && (was == '\0' || access(path, F_OK) != 0)) {
            rc = fail(err, dir, "cannot be created", errno);
            break;
        }
        if (was == '\0')
            break;
        *at = was;
    }
    free(path);
    return rc;
}

static enum stator_rc look(enum directory_state *out, DIR *stream, const char *dir, struct stator_error *err)
{
    char foreign[256] = "";
    struct dirent *entry;

    *out = DIRECTORY_NEW;
    while ((errno = 0, entry = readdir(stream)) != NULL) {
        if (strcmp(entry->d_name, "CURRENT") == 0)
            *out = DIRECTORY_HAS_DATABASE;
        else if (!is_harmless(entry->d_name))
            memcpy(foreign, entry->d_name, sizeof(foreign));
    }
    if (errno != 0)
        return fail(err, dir, "cannot be read", errno);
    if (*out == DIRECTORY_NEW && foreign[0] != '\0')
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                           "The data directory '%s' has other files in it (for example '%s') and no Stator database: "
                           "choose an empty or a new one.",
                           dir, foreign);
    return STATOR_OK;
}

enum stator_rc directory_prepare(enum directory_state *out, const char *dir, struct stator_error *err)
{
    enum stator_rc rc;
    struct stat info;
    DIR *stream;

    if (dir[0] == '\0')
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The data directory has no name.");
    if (stat(dir, &info) != 0) {
        if (errno != ENOENT)
            return fail(err, dir, "cannot be used", errno);
        STATOR_TRY(make(dir, err));
    } else if (!S_ISDIR(info.st_mode)) {
        return fail(err, dir, "cannot be used", ENOTDIR);
    }
    stream = opendir(dir);
    if (stream == NULL)
        return fail(err, dir, "cannot be read", errno);
    rc = look(out, stream, dir, err);
    closedir(stream);
    STATOR_TRY(rc);
    if (access(dir, R_OK | W_OK | X_OK) != 0) /* tells of a read-only file system even to root */
        return fail(err, dir, "cannot be written", errno);
    return STATOR_OK;
}
