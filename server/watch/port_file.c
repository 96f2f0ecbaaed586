/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/port_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static enum stator_rc fail(const char *path, int error, struct stator_error *err)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "--port-file: cannot write '%s': %s", path, strerror(error));
}

/* Into a file beside it, made anew. */
static bool write_beside(const char *beside, uint16_t port, struct port_file *out)
{
    FILE *file = fopen(beside, "wxe");
    struct stat made;
    bool written;

    if (file == NULL)
        return false;
    written = fchmod(fileno(file), 0644) == 0 && fprintf(file, "%u\n", port) > 0 && fflush(file) == 0 &&
              fstat(fileno(file), &made) == 0;
    written = fclose(file) == 0 && written;
    if (written) {
        out->device = made.st_dev;
        out->inode = made.st_ino;
        out->written = made.st_mtim;
    }
    return written;
}

/* Whether nothing would be lost: there is no file, or what another server left. */
static bool is_replaceable(const char *path)
{
    FILE *file = fopen(path, "re");
    char text[16];
    size_t len;

    if (file == NULL)
        return true; /* what else is wrong shows when it is written */
    len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    return len < sizeof(text) - 1 && strspn(text, "0123456789\n") == len;
}

enum stator_rc port_file_clear(const char *path, struct stator_error *err)
{
    if (path == NULL)
        return STATOR_OK;
    if (!is_replaceable(path))
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                           "--port-file: '%s' holds something other than a port and is left alone: name another file",
                           path);
    (void)unlink(path);
    return STATOR_OK;
}

enum stator_rc port_file_write(struct port_file *out, const char *path, uint16_t port, struct stator_error *err)
{
    char beside[PATH_MAX];
    int error;

    *out = (struct port_file){.path = NULL};
    if (path == NULL)
        return STATOR_OK;
    if ((size_t)snprintf(beside, sizeof(beside), "%s.%ld", path, (long)getpid()) >= sizeof(beside))
        return fail(path, ENAMETOOLONG, err);
    (void)unlink(beside); /* of a process that had our number */
    if (write_beside(beside, port, out) && rename(beside, path) == 0) {
        out->path = path;
        return STATOR_OK;
    }
    error = errno;
    (void)unlink(beside);
    return fail(path, error, err);
}

void port_file_remove(const struct port_file *file)
{
    struct stat found;

    if (file->path != NULL && lstat(file->path, &found) == 0 && found.st_dev == file->device &&
        found.st_ino == file->inode && found.st_mtim.tv_sec == file->written.tv_sec &&
        found.st_mtim.tv_nsec == file->written.tv_nsec)
        (void)unlink(file->path);
}
