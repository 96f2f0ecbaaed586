/* SPDX-License-Identifier: Apache-2.0 */
/* A look at the data directory before the engine sees it: the engine would put its files into anything it may write. */
#include "store/io.h"
#include "store/rocks.h"
#include "store/verify.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "STATOR-INCOMPLETE" /* there while a database is made */
#define LOCK "STATOR-LOCK"       /* the engine's own goes with a database that is made anew */
/* Most that the making of a database leaves in its one log (the format record) or its one table. */
#define MADE_LOG_BYTES_MAX   256
#define MADE_TABLE_BYTES_MAX 4096

static bool ends_with(const char *name, const char *suffix)
{
    size_t len = strlen(name), suffix_len = strlen(suffix);

    return len >= suffix_len && strcmp(name + len - suffix_len, suffix) == 0;
}

/* Files of a database that was stopped before it was complete. Logs and tables come later: with
 * them and without CURRENT it is a damaged database, and the engine would begin a new one over it. */
static bool is_engines(const char *name)
{
    static const char *const names[] = {"LOCK", "LOG", "IDENTITY", MARK, LOCK, SYNCED_NAME, LOG_ROOM_SPARE};
    static const char *const prefixes[] = {"LOG.old.", "MANIFEST-", "OPTIONS-"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    }
    return name[0] >= '0' && name[0] <= '9' && ends_with(name, ".dbtmp");
}

/* What DynamoDB Local keeps in its -dbPath: who swaps us in keeps the directory, and may swap back. */
static bool is_dynamodb_locals(const char *name)
{
    return ends_with(name, ".db") || ends_with(name, ".db-journal") || ends_with(name, ".db-wal") ||
           ends_with(name, ".db-shm");
}

/* What a fresh file system has, and what keeps an empty directory in a repository. */
static bool is_harmless(const char *name)
{
    static const char *const names[] = {".", "..", "lost+found", ".gitkeep", ".keep", ".gitignore"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return is_engines(name) || is_dynamodb_locals(name);
}

static enum stator_rc fail(struct stator_error *err, const char *dir, const char *what, int error)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The data directory '%s' %s: %s.", dir, what,
                       strerror(error));
}

/* Whose it is and who we are: a volume that another user made is what goes wrong most in containers. */
static enum stator_rc fail_write(struct stator_error *err, const char *dir, int error)
{
    struct stat info;

    if (error != EACCES || stat(dir, &info) != 0)
        return fail(err, dir, "cannot be written", error);
    return stator_fail(
        err, STATOR_INTERNAL_SERVER_ERROR,
        "The data directory '%s' cannot be written: %s. It belongs to user %u and group %u with mode %03o; "
        "this is user %u and group %u.",
        dir, strerror(error), (unsigned)info.st_uid, (unsigned)info.st_gid, info.st_mode & 07777u, (unsigned)geteuid(),
        (unsigned)getegid());
}

/* A new directory is there after a power cut when its parent is synced. */
static void sync_parent(const char *path)
{
    char parent[PATH_MAX];
    int fd;

    if ((size_t)snprintf(parent, sizeof(parent), "%s/..", path) >= sizeof(parent))
        return;
    fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
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
        if (mkdir(path, 0700) == 0) {
            sync_parent(path);
        } else if (errno != EEXIST && (was == '\0' || access(path, F_OK) != 0)) {
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

/* As an image has them where a volume may be mounted. */
static bool is_empty_directory(int parent, const char *name)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *stream = fd >= 0 ? fdopendir(fd) : NULL;
    int entries = 0;

    if (stream == NULL) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    while (entries < 3 && readdir(stream) != NULL) /* "." and ".." are always there */
        entries++;
    closedir(stream);
    return entries == 2;
}

/* What is in a directory, beside what struct directory tells. */
struct seen {
    char foreign[256], data[256]; /* names; "": there is none */
    uint32_t tables, full_logs;
    bool large;
    bool had_database, repairing;
};

/* A log or a table. */
static void see_data(struct seen *seen, int dir, const char *name)
{
    const bool log = ends_with(name, ".log");
    struct stat info;
    bool empty = fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) != 0 || info.st_size == 0;

    snprintf(seen->data, sizeof(seen->data), "%s", name);
    if (log)
        seen->full_logs += !empty;
    else
        seen->tables++;
    if (!empty && info.st_size > (log ? MADE_LOG_BYTES_MAX : MADE_TABLE_BYTES_MAX))
        seen->large = true;
}

/* What is left says that there was one. */
static bool had_database(int dir)
{
    static const char *const names[] = {LOCK, SYNCED_NAME};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct stat info;

        if (fstatat(dir, names[i], &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_size != 0)
            return true;
    }
    return false;
}

static enum stator_rc judge(const struct directory *found, const struct seen *seen, const char *dir,
                            struct stator_error *err)
{
    const char *foreign = seen->data[0] != '\0' && !found->incomplete ? seen->data : seen->foreign;

    /* A mark that came with a copy, or that an older server did not heed, must not cost what was written since. Without the
     * lock it may be another server's, which has gone on since the mark was seen. */
    if (found->incomplete && found->lock >= 0 && (seen->large || seen->tables > 1 || seen->full_logs > 1))
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                           "The data directory '%s' has " MARK ", as one that was never complete, and data: if it is a "
                           "copy of a complete one, remove that file; otherwise choose another directory.",
                           dir);
    if (!found->has_database && seen->repairing)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                           "A repair of the data directory '%s' was interrupted: stator check --repair '%s' ends it.",
                           dir, dir);
    /* without the lock it may be one that another server is just making */
    if (found->lock >= 0 && !found->has_database && !found->incomplete && seen->had_database)
        return stator_fail(
            err, STATOR_INTERNAL_SERVER_ERROR,
            "The data directory '%s' is damaged: it had a database, and its CURRENT is gone. " VERIFY_GO_ON
            " If nothing in it is wanted, empty it.",
            dir, dir, dir);
    if (!found->has_database && !seen->had_database && foreign[0] != '\0')
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                           "The data directory '%s' has other files in it (for example '%s') and no Stator database: "
                           "choose an empty or a new one.",
                           dir, foreign);
    return STATOR_OK;
}

static enum stator_rc look(struct directory *out, DIR *stream, const char *dir, struct stator_error *err)
{
    struct seen seen = {.tables = 0};
    struct dirent *entry;

    while ((errno = 0, entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;

        if (strcmp(name, "CURRENT") == 0)
            out->has_database = true;
        else if (strcmp(name, MARK) == 0)
            out->incomplete = true;
        else if (strcmp(name, RESCUE_STAGE) == 0)
            seen.repairing = true;
        else if (ends_with(name, ".log") || ends_with(name, ".sst"))
            see_data(&seen, dirfd(stream), name);
        else if (!is_harmless(name) && !is_empty_directory(dirfd(stream), name))
            memcpy(seen.foreign, name, sizeof(seen.foreign));
        if (ends_with(name, ".log"))
            out->logs++;
    }
    if (errno != 0)
        return fail(err, dir, "cannot be read", errno);
    seen.had_database = had_database(dirfd(stream));
    return judge(out, &seen, dir, err);
}

static enum stator_rc look_into(struct directory *out, const char *dir, struct stator_error *err)
{
    DIR *stream = opendir(dir);
    enum stator_rc rc;

    if (stream == NULL)
        return fail(err, dir, "cannot be read", errno);
    *out = (struct directory){.lock = out->lock};
    rc = look(out, stream, dir, err);
    closedir(stream);
    return rc;
}

/* One of ours that this user may not open: of a start as root, say, in a directory that is another user's. */
static bool fail_other_owner(struct stator_error *err, const char *dir, const char *name)
{
    char path[PATH_MAX];
    struct stat info;

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path) || lstat(path, &info) != 0)
        return false;
    stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                "The file '%s' cannot be opened: %s. It belongs to user %u and group %u with mode %03o; this is user "
                "%u and group %u: give the directory and all that is in it to one user (chown -R).",
                path, strerror(EACCES), (unsigned)info.st_uid, (unsigned)info.st_gid, info.st_mode & 07777u,
                (unsigned)geteuid(), (unsigned)getegid());
    return true;
}

static enum stator_rc fail_own(struct stator_error *err, const char *dir, const char *name, int error)
{
    if (error == EACCES && fail_other_owner(err, dir, name))
        return err->rc;
    if (error != EINVAL && error != ELOOP && error != EISDIR)
        return fail_write(err, dir, error);
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The file '%s/%s' cannot be used: %s.", dir, name,
                       io_open_error(error));
}

/* A file of ours in the directory, opened and made if need be. */
static enum stator_rc open_own(int *out, const char *dir, const char *name, struct stator_error *err)
{
    char path[PATH_MAX];

    if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) >= sizeof(path))
        return fail(err, dir, "cannot be used", ENAMETOOLONG);
    *out = io_open_file(AT_FDCWD, path, O_RDWR | O_CREAT);
    return *out >= 0 ? STATOR_OK : fail_own(err, dir, name, errno);
}

/* A file system that has no such locks has the engine's own, which comes a little later. */
static enum stator_rc lock(int *out, const char *dir, struct stator_error *err)
{
    STATOR_TRY(open_own(out, dir, LOCK, err));
    return flock(*out, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK ? STATOR_OK : fault_in_use(err, dir);
}

enum stator_rc directory_refuse_pipes(const char *dir, struct stator_error *err)
{
    DIR *stream = opendir(dir);
    enum stator_rc rc = STATOR_OK;
    struct dirent *entry;

    if (stream == NULL)
        return fail(err, dir, "cannot be read", errno);
    while (rc == STATOR_OK && (entry = readdir(stream)) != NULL) {
        const char *name = entry->d_name;
        struct stat info;

        if ((is_engines(name) || strcmp(name, "CURRENT") == 0 || ends_with(name, ".log") || ends_with(name, ".sst")) &&
            fstatat(dirfd(stream), name, &info, 0) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode))
            rc = stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                             "The file '%s/%s' cannot be used: %s. Take it away; then stator check '%s' says what is "
                             "missing.",
                             dir, name, io_open_error(EINVAL), dir);
    }
    closedir(stream);
    return rc;
}

enum stator_rc rescue_lock(int *out, const char *dir, struct stator_error *err)
{
    char path[PATH_MAX];

    *out = -1;
    if (access(dir, R_OK | X_OK) != 0)
        return fail(err, dir, "cannot be read", errno);
    STATOR_TRY(directory_refuse_pipes(dir, err));
    if ((size_t)snprintf(path, sizeof(path), "%s/" LOCK, dir) >= sizeof(path))
        return fail(err, dir, "cannot be used", ENAMETOOLONG);
    *out = io_open_file(AT_FDCWD, path, O_RDONLY);
    if (*out < 0 && errno == ENOENT)
        *out = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*out < 0)
        return fail_own(err, dir, LOCK, errno);
    if (flock(*out, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return STATOR_OK;
    close(*out);
    *out = -1;
    return fault_in_use(err, dir);
}

static bool fails_reads(int dir, const char *name)
{
    int fd = io_open_file(dir, name, O_RDONLY), error = fd < 0 ? errno : 0;
    uint8_t byte;

    if (fd >= 0 && io_read_at(fd, &byte, 1, 0) < 0)
        error = errno;
    if (fd >= 0)
        close(fd);
    return error == EIO;
}

bool rescue_disk_fails(const char *dir)
{
    DIR *stream = opendir(dir);
    struct dirent *entry;
    bool fails = stream == NULL && errno == EIO;

    while (stream != NULL && !fails && (errno = 0, entry = readdir(stream)) != NULL)
        fails = fails_reads(dirfd(stream), entry->d_name);
    fails |= stream != NULL && errno == EIO;
    if (stream != NULL)
        closedir(stream);
    return fails;
}

bool rescue_room(const char *dir, uint64_t *wanted, uint64_t *is_free)
{
    DIR *stream = opendir(dir);
    struct dirent *entry;
    uint64_t total;

    *wanted = 0;

    while (stream != NULL && (entry = readdir(stream)) != NULL) {
        struct stat info;

        if ((ends_with(entry->d_name, ".sst") || ends_with(entry->d_name, ".log")) &&
            fstatat(dirfd(stream), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode))
            *wanted += (uint64_t)info.st_size;
    }
    if (stream != NULL)
        closedir(stream);
    return space_of(dir, is_free, &total);
}

/* A repair was killed before it had moved a file: what this start writes is not in the copy it made, which must not take the
 * place of it, whatever becomes of the directory. The next repair removes the rest of it. */
static enum stator_rc void_repair(const char *dir, struct stator_error *err)
{
    static const char *const markers[] = {RESCUE_MOVING_OUT, RESCUE_MOVING_IN};
    enum stator_rc rc = STATOR_OK;
    char path[PATH_MAX];
    int stage;

    if ((size_t)snprintf(path, sizeof(path), "%s/" RESCUE_STAGE, dir) >= sizeof(path))
        return fail(err, dir, "cannot be used", ENAMETOOLONG);
    stage = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (stage < 0)
        return errno == ENOENT || errno == ENOTDIR ? STATOR_OK : fail(err, dir, "has a " RESCUE_STAGE, errno);
    for (size_t i = 0; rc == STATOR_OK && i < sizeof(markers) / sizeof(markers[0]); i++)
        if (unlinkat(stage, markers[i], 0) != 0 && errno != ENOENT)
            rc = fail_write(err, dir, errno);
    if (rc == STATOR_OK && fsync(stage) != 0)
        rc = fail(err, dir, "cannot be synced", errno);
    close(stage);
    return rc;
}

enum stator_rc directory_prepare(struct directory *out, const char *dir, struct stator_error *err)
{
    enum stator_rc rc;
    struct stat info;

    *out = (struct directory){.lock = -1};
    if (dir[0] == '\0')
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The data directory has no name.");
    if (stat(dir, &info) != 0) {
        if (errno != ENOENT)
            return fail(err, dir, "cannot be used", errno);
        STATOR_TRY(make(dir, err));
    } else if (!S_ISDIR(info.st_mode)) {
        return fail(err, dir, "cannot be used", ENOTDIR);
    }
    STATOR_TRY(look_into(out, dir, err)); /* nothing is left in a directory that is somebody else's */
    STATOR_TRY(directory_refuse_pipes(dir, err));
    if (access(dir, R_OK | W_OK | X_OK) != 0) /* tells of a read-only file system even to root */
        return fail_write(err, dir, errno);
    rc = lock(&out->lock, dir, err);
    if (rc == STATOR_OK)
        rc = look_into(out, dir, err); /* another server may have been faster */
    if (rc == STATOR_OK && out->has_database)
        rc = void_repair(dir, err);
    if (rc != STATOR_OK && out->lock >= 0)
        close(out->lock);
    return rc;
}

enum stator_rc directory_begin(const char *dir, struct stator_error *err)
{
    int fd;

    STATOR_TRY(open_own(&fd, dir, MARK, err));
    close(fd);
    return STATOR_OK;
}

static int sync_file(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), error = 0;

    if (fd < 0)
        return errno;
    if (fdatasync(fd) != 0)
        error = errno;
    close(fd);
    return error;
}

/* Names first, the mark's among them, then what is in the files, and only then that the mark is gone. */
static int sync_all(DIR *stream)
{
    struct dirent *entry;
    int error = fsync(dirfd(stream)) != 0 ? errno : 0;

    while (error == 0 && (errno = 0, entry = readdir(stream)) != NULL) {
        struct stat info;

        if ((is_harmless(entry->d_name) && !is_engines(entry->d_name)) || ends_with(entry->d_name, ".dbtmp"))
            continue;
        if (fstatat(dirfd(stream), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode) &&
            info.st_size > 0)
            error = sync_file(dirfd(stream), entry->d_name);
    }
    if (error == 0 && errno != 0)
        error = errno;
    if (error == 0 && (unlinkat(dirfd(stream), MARK, 0) != 0 || fsync(dirfd(stream)) != 0))
        error = errno;
    return error;
}

enum stator_rc directory_claim(const char *dir, int lock, const char *program, struct stator_error *err)
{
    int error = claim_write(lock, program);

    return error == 0 ? STATOR_OK : fail_write(err, dir, error);
}

enum stator_rc directory_complete(const char *dir, struct stator_error *err)
{
    DIR *stream = opendir(dir);
    int error;

    if (stream == NULL)
        return fail(err, dir, "cannot be read", errno);
    error = sync_all(stream);
    closedir(stream);
    return error == 0 ? STATOR_OK : fail(err, dir, "cannot be synced", error);
}

void directory_sweep(const char *dir)
{
    DIR *stream = opendir(dir);
    struct dirent *entry;

    if (stream == NULL)
        return;
    while ((entry = readdir(stream)) != NULL) {
        if (strncmp(entry->d_name, "OPTIONS-", 8) == 0 && ends_with(entry->d_name, ".dbtmp"))
            (void)unlinkat(dirfd(stream), entry->d_name, 0);
    }
    closedir(stream);
}
