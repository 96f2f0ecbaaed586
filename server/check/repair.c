/* SPDX-License-Identifier: Apache-2.0 */
#include "check/repair.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define STAGE      RESCUE_STAGE
#define MOVING_OUT RESCUE_MOVING_OUT
#define MOVING_IN  RESCUE_MOVING_IN
#define PATH_BYTES 4096
#define KEPT_BYTES 64

static enum stator_rc fail(struct stator_error *err, const char *dir, const char *what)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The repair of '%s' cannot %s: %s.", dir, what,
                       strerror(errno));
}

/* What a database consists of, but for the lock's file, which is locked and stays. */
static bool is_of_database(const char *name)
{
    static const char *const whole[] = {"CURRENT", "IDENTITY", "LOCK", "STATOR-SYNCED", "STATOR-INCOMPLETE"};
    static const char *const begins[] = {"MANIFEST-", "OPTIONS-", "LOG"};
    static const char *const ends[] = {".log", ".sst", ".dbtmp"};
    const size_t len = strlen(name);

    for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++)
        if (strcmp(name, whole[i]) == 0)
            return true;
    for (size_t i = 0; i < sizeof(begins) / sizeof(begins[0]); i++)
        if (strncmp(name, begins[i], strlen(begins[i])) == 0)
            return true;
    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
        if (len > strlen(ends[i]) && strcmp(name + len - strlen(ends[i]), ends[i]) == 0)
            return true;
    return false;
}

static bool has_current(int dir)
{
    struct stat info;

    return fstatat(dir, "CURRENT", &info, AT_SYMLINK_NOFOLLOW) == 0;
}

static int open_directory(int parent, const char *name)
{
    return openat(parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
}

/* --- Moving ------------------------------------------------------------------------------------------------------- */

static bool move(int from, int to, const char *name)
{
    return renameat(from, name, to, name) == 0 || errno == ENOENT;
}

static bool sync_both(int one, int other)
{
    return fsync(one) == 0 && fsync(other) == 0;
}

/* All of a database, and its CURRENT first or last. CURRENT alone says whether a server may start, so no other file is moved
 * before it is known to be gone. */
static bool move_all(int from, int to, bool current_first)
{
    DIR *stream = fdopendir(dup(from));
    struct dirent *entry;
    bool done = stream != NULL && (!current_first || (move(from, to, "CURRENT") && sync_both(to, from)));

    if (stream != NULL)
        rewinddir(stream);
    while (done && (errno = 0, entry = readdir(stream)) != NULL)
        if (is_of_database(entry->d_name) && strcmp(entry->d_name, "CURRENT") != 0)
            done = move(from, to, entry->d_name);
    done = done && errno == 0 && sync_both(to, from);
    done = done && (current_first || (move(from, to, "CURRENT") && fsync(to) == 0));
    if (stream != NULL)
        closedir(stream);
    return done;
}

/* The name of the place for the old files is what the file says. */
static bool read_kept(int stage, const char *marker, char kept[KEPT_BYTES])
{
    int fd = openat(stage, marker, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t len = fd >= 0 ? read(fd, kept, KEPT_BYTES - 1) : -1;

    if (fd >= 0)
        close(fd);
    kept[len > 0 ? len : 0] = '\0';
    return len > 0 && strncmp(kept, "damaged-", 8) == 0 && strchr(kept, '/') == NULL;
}

static bool write_kept(int stage, const char *kept)
{
    int fd = openat(stage, MOVING_OUT ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool done = fd >= 0 && write(fd, kept, strlen(kept)) == (ssize_t)strlen(kept) && fsync(fd) == 0;

    if (fd >= 0)
        close(fd);
    return done && renameat(stage, MOVING_OUT ".new", stage, MOVING_OUT) == 0 && fsync(stage) == 0;
}

static bool move_out(int home, int stage, const char *kept)
{
    int to;
    bool done;

    if (mkdirat(home, kept, 0700) != 0 && errno != EEXIST)
        return false;
    to = open_directory(home, kept);
    if (to < 0)
        return false;
    done = fsync(home) == 0 && move_all(home, to, true) && renameat(stage, MOVING_OUT, stage, MOVING_IN) == 0 &&
           fsync(stage) == 0;
    close(to);
    return done;
}

static void remove_all(int parent, const char *name)
{
    int dir = open_directory(parent, name);
    DIR *stream = dir >= 0 ? fdopendir(dir) : NULL;
    struct dirent *entry;

    if (stream != NULL) {
        while ((entry = readdir(stream)) != NULL) {
            if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
                continue;
            if (unlinkat(dir, entry->d_name, 0) != 0)
                remove_all(dir, entry->d_name);
        }
        closedir(stream);
    }
    (void)unlinkat(parent, name, AT_REMOVEDIR);
}

static bool unlink_marker(int stage, const char *marker)
{
    return unlinkat(stage, marker, 0) == 0 || errno == ENOENT;
}

/* The markers go first: a stage of which a part is removed must not be taken for one that is whole. */
static bool remove_stage(int home, int stage)
{
    if (!unlink_marker(stage, MOVING_OUT) || !unlink_marker(stage, MOVING_IN) || fsync(stage) != 0)
        return false;
    remove_all(home, STAGE);
    return fsync(home) == 0;
}

/* Goes on from wherever it is. */
static bool exchange(int home, int stage, char kept[KEPT_BYTES])
{
    if (read_kept(stage, MOVING_OUT, kept) && !move_out(home, stage, kept))
        return false;
    if (!read_kept(stage, MOVING_IN, kept) || (!has_current(home) && !move_all(stage, home, false)))
        return false;
    return remove_stage(home, stage);
}

/* While the old CURRENT is there nothing has been moved, and a server may have gone on with the old files since the new ones
 * were made of them: that exchange is not gone on with. A new CURRENT is the last thing that comes: with it only the stage is
 * left to be removed. */
static bool is_under_way(int home, int stage)
{
    char name[KEPT_BYTES];

    if (read_kept(stage, MOVING_IN, name))
        return has_current(home) != has_current(stage);
    return read_kept(stage, MOVING_OUT, name) && !has_current(home) && has_current(stage);
}

/* --- Steps -------------------------------------------------------------------------------------------------------- */

struct places {
    int home, stage; /* -1: there is none */
};

static enum stator_rc open_places(struct places *out, const char *dir, struct stator_error *err)
{
    *out = (struct places){.home = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .stage = -1};
    if (out->home < 0)
        return fail(err, dir, "read it");
    out->stage = open_directory(out->home, STAGE);
    return STATOR_OK;
}

static void close_places(struct places *places)
{
    if (places->stage >= 0)
        close(places->stage);
    if (places->home >= 0)
        close(places->home);
}

enum stator_rc repair_begin(struct buf *stage, const char *dir, struct stator_error *err)
{
    struct places places;

    STATOR_TRY(open_places(&places, dir, err));
    buf_printf(stage, "%s/" STAGE, dir);
    buf_append_byte(stage, '\0');
    if (stage->failed)
        stator_fail_memory(err);
    else if (places.stage >= 0 && !remove_stage(places.home, places.stage))
        fail(err, dir, "remove " STAGE);
    else if (mkdirat(places.home, STAGE, 0700) != 0)
        fail(err, dir, "make " STAGE);
    else
        err->rc = STATOR_OK;
    close_places(&places);
    return err->rc;
}

void repair_abandon(const char *dir)
{
    struct stator_error err;
    struct places places;

    if (open_places(&places, dir, &err) == STATOR_OK && places.stage >= 0)
        (void)remove_stage(places.home, places.stage);
    close_places(&places);
}

static enum stator_rc finish(struct places *places, const char *dir, struct buf *kept, struct stator_error *err)
{
    char name[KEPT_BYTES];

    if (!exchange(places->home, places->stage, name))
        return fail(err, dir, "move its files; run it again");
    buf_printf(kept, "%s/%s", dir, name);
    buf_append_byte(kept, '\0');
    return kept->failed ? stator_fail_memory(err) : STATOR_OK;
}

/* Of this second, unless there is one. */
static bool name_kept(int home, char kept[KEPT_BYTES])
{
    time_t now = time(NULL);
    struct tm utc;
    struct stat info;

    for (int i = 0; i < 100; i++) {
        char stamp[32];

        strftime(stamp, sizeof(stamp), "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
        snprintf(kept, KEPT_BYTES, i == 0 ? "damaged-%s" : "damaged-%s-%d", stamp, i);
        if (fstatat(home, kept, &info, AT_SYMLINK_NOFOLLOW) != 0)
            return errno == ENOENT;
    }
    return false;
}

enum stator_rc repair_exchange(const char *dir, struct buf *kept, struct stator_error *err)
{
    char name[KEPT_BYTES];
    struct places places;
    enum stator_rc rc;

    STATOR_TRY(open_places(&places, dir, err));
    if (places.stage < 0 || !name_kept(places.home, name) || !write_kept(places.stage, name))
        rc = fail(err, dir, "begin to move its files");
    else
        rc = finish(&places, dir, kept, err);
    close_places(&places);
    return rc;
}

enum stator_rc repair_resume(const char *dir, bool *done, struct buf *kept, struct stator_error *err)
{
    struct places places;
    enum stator_rc rc = STATOR_OK;

    STATOR_TRY(open_places(&places, dir, err));
    *done = places.stage >= 0 && is_under_way(places.home, places.stage);
    if (*done)
        rc = finish(&places, dir, kept, err);
    close_places(&places);
    return rc;
}

void repair_give_to_owner(const char *dir)
{
    DIR *stream = geteuid() == 0 ? opendir(dir) : NULL;
    struct stat owner, file;
    struct dirent *entry;

    if (stream == NULL)
        return;
    while (fstat(dirfd(stream), &owner) == 0 && (entry = readdir(stream)) != NULL)
        if (strcmp(entry->d_name, "..") != 0 &&
            fstatat(dirfd(stream), entry->d_name, &file, AT_SYMLINK_NOFOLLOW) == 0 && file.st_uid == 0)
            (void)!fchownat(dirfd(stream), entry->d_name, owner.st_uid, owner.st_gid, AT_SYMLINK_NOFOLLOW);
    closedir(stream);
}
