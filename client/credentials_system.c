/* SPDX-License-Identifier: Apache-2.0 */
/* The environment and the files of this machine: nothing is decided here. */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "credentials.h"

#define PATH_LEN_MAX 4096

struct file {
    char path[PATH_LEN_MAX];
    struct buf text;
    bool there;
};

static const char *variable(void *context, const char *name)
{
    (void)context;
    return getenv(name);
}

/* The home directory, or "" if there is none. */
static void find_home(char home[PATH_LEN_MAX])
{
    const char *said = getenv("HOME");
    char names[16384];
    struct passwd entry, *found = NULL;

    if (said == NULL && getpwuid_r(getuid(), &entry, names, sizeof(names), &found) == 0 && found != NULL)
        said = entry.pw_dir;
    snprintf(home, PATH_LEN_MAX, "%s", said != NULL ? said : "");
}

/* What the variable says, or a file of the home directory. A path too long is that of no file. */
static void find_path(char path[PATH_LEN_MAX], const char *name, const char *otherwise)
{
    const char *said = getenv(name);
    char home[PATH_LEN_MAX];
    int len;

    if (said == NULL || said[0] == '\0')
        said = otherwise;
    if (strncmp(said, "~/", 2) == 0) {
        find_home(home);
        len = snprintf(path, PATH_LEN_MAX, "%s%s", home, said + 1);
    } else {
        len = snprintf(path, PATH_LEN_MAX, "%s", said);
    }
    if (len < 0 || len >= PATH_LEN_MAX)
        path[0] = '\0';
}

static enum stator_rc fail_file(const struct file *file, const char *why, struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "%s cannot be read: %s", file->path, why);
}

/* One block, taken once: a buffer that grew would leave copies of secrets behind. */
static enum stator_rc read_all(struct file *file, int fd, size_t size, struct stator_error *err)
{
    uint8_t *at = buf_reserve(&file->text, size + 1);

    if (at == NULL)
        return stator_fail_memory(err);
    while (file->text.len < size) {
        ssize_t got = read(fd, at + file->text.len, size - file->text.len);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_file(file, strerror(errno), err);
        if (got == 0)
            break;
        file->text.len += (size_t)got;
    }
    file->there = true;
    return STATOR_OK;
}

/* Only ordinary files are read; /dev/null, by which people say "none", is none. */
static enum stator_rc read_open(struct file *file, int fd, struct stator_error *err)
{
    struct stat stat;

    if (fstat(fd, &stat) != 0)
        return fail_file(file, strerror(errno), err);
    if (S_ISDIR(stat.st_mode))
        return fail_file(file, "it is a directory", err);
    if (!S_ISREG(stat.st_mode))
        return STATOR_OK;
    if (stat.st_size > CREDENTIALS_FILE_MAX)
        return fail_file(file, "it is larger than 1 MiB", err);
    return read_all(file, fd, (size_t)stat.st_size, err);
}

/* file is empty and stays so if there is none. */
static enum stator_rc read_file(struct file *file, const char *name, const char *otherwise, struct stator_error *err)
{
    enum stator_rc rc;
    int fd;

    find_path(file->path, name, otherwise);
    fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? STATOR_OK : fail_file(file, strerror(errno), err);
    rc = read_open(file, fd, err);
    close(fd);
    return rc;
}

static enum stator_rc read_both(struct file *credentials, struct file *config, const struct credentials_given *given,
                                struct stator_error *err)
{
    if (credentials_all_given(given))
        return STATOR_OK;
    STATOR_TRY(read_file(credentials, "AWS_SHARED_CREDENTIALS_FILE", "~/.aws/credentials", err));
    return read_file(config, "AWS_CONFIG_FILE", "~/.aws/config", err);
}

static struct bytes text_of(const struct file *file)
{
    return file->there ? buf_bytes(&file->text) : bytes_of(NULL, 0);
}

static void wipe(struct file *file)
{
    if (file->text.at != NULL)
        sodium_memzero(file->text.at, file->text.capacity);
    buf_deinit(&file->text);
}

enum stator_rc credentials_find(struct credentials *out, const struct credentials_given *given,
                                struct stator_error *err)
{
    struct file credentials = {0}, config = {0};
    struct credentials_sources sources = {.variable = variable};
    enum stator_rc rc;

    credentials_wipe(out);
    buf_init(&credentials.text, CREDENTIALS_FILE_MAX + 1);
    buf_init(&config.text, CREDENTIALS_FILE_MAX + 1);
    rc = read_both(&credentials, &config, given, err);
    if (rc == STATOR_OK) {
        sources.credentials_file = text_of(&credentials);
        sources.credentials_path = credentials.path;
        sources.config_file = text_of(&config);
        sources.config_path = config.path;
        rc = credentials_resolve(out, given, &sources, err);
    }
    wipe(&credentials);
    wipe(&config);
    return rc;
}
