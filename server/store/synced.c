/* SPDX-License-Identifier: Apache-2.0 */
#include "store/synced.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/io.h"
#include "store/log_crc.h"

#define HEAD        "STATOR-SYNCED 2\n"
#define HEAD_BYTES  (sizeof(HEAD) - 1)
#define PLACE_FIRST 4096 /* each place begins a page */
#define ON_DISK     2    /* places for what is synced; the one behind them is for what is not */
#define SECRET_AT   8
#define COUNT_AT    (SECRET_AT + SYNCED_SECRET_BYTES)
#define FIXED_BYTES (COUNT_AT + 4)
#define LINE_BYTES  24
#define CRC_BYTES   4
#define DISK_MS     1000 /* the lines are on the disk, if something was synced, no older than that ... */
#define DISK_PART   20   /* ... and writing them takes no more than so great a part of the time */
#define MARK        BYTES("stator.synced")

struct synced {
    int fd;
    pthread_mutex_t lock;    /* guards all below */
    bool writes;             /* the file has lines */
    bool started;            /* what is entered goes to the disk at once */
    uint64_t start;          /* this one's */
    uint64_t on_disk_ms;     /* monotonic: when the lines go to the disk again */
    struct synced_list list; /* owned; room for SYNCED_FILES_MAX */
    struct buf place;        /* encoded */
};

/* --- The file's form ---------------------------------------------------------------------------------------------- */

static uint64_t place_at(unsigned place)
{
    return PLACE_FIRST + (uint64_t)place * SYNCED_PLACE_BYTES;
}

static bool is_manifest(uint64_t number)
{
    return (number & FILES_MANIFEST) != 0;
}

static void put_lines(struct buf *out, const struct synced_list *list, bool manifests)
{
    for (size_t i = 0; i < list->count; i++) {
        if (!manifests && is_manifest(list->files[i].number))
            continue;
        buf_append_be64(out, list->files[i].number);
        buf_append_be64(out, list->files[i].bytes);
        buf_append_be64(out, list->files[i].start);
    }
}

static struct synced_file read_line(const uint8_t *at)
{
    return (struct synced_file){.number = read_be64(at), .bytes = read_be64(at + 8), .start = read_be64(at + 16)};
}

static bool is_whole(struct bytes place)
{
    size_t count, len;

    if (place.len < FIXED_BYTES + CRC_BYTES)
        return false;
    count = read_be32(place.at + COUNT_AT);
    len = FIXED_BYTES + count * LINE_BYTES;
    return count <= SYNCED_FILES_MAX && place.len >= len + CRC_BYTES &&
           read_be32(place.at + len) == log_crc_extend(0, (const char *)place.at, len);
}

/* Places are read in their order, so that what is newest of the first two is known before the third. */
static void read_place(struct synced_list *list, unsigned which, struct bytes place)
{
    if (!is_whole(place) || (list->state == SYNCED_SOUND && list->generation > read_be64(place.at)))
        return;
    if (which < ON_DISK)
        list->on_disk = (uint8_t)which;
    list->state = SYNCED_SOUND;
    list->generation = read_be64(place.at);
    memcpy(list->secret, place.at + SECRET_AT, SYNCED_SECRET_BYTES);
    list->count = read_be32(place.at + COUNT_AT);
    for (size_t i = 0; i < list->count; i++)
        list->files[i] = read_line(place.at + FIXED_BYTES + i * LINE_BYTES);
}

/* Returns errno's value. */
static int read_places(struct synced_list *list, int fd, uint8_t *place)
{
    uint8_t head[HEAD_BYTES];
    struct stat info;
    bool bad = false;

    list->state = SYNCED_DAMAGED;
    for (unsigned i = 0; i <= ON_DISK; i++) {
        ssize_t len = io_read_at(fd, place, SYNCED_PLACE_BYTES, place_at(i));

        bad |= len < 0 && errno == EIO;
        if (len < 0 && errno != EIO)
            return errno;
        if (len >= 0)
            read_place(list, i, bytes_of(place, (size_t)len));
    }
    if (bad) { /* what the disk cannot read may have been the newest */
        list->state = SYNCED_DAMAGED;
        return 0;
    }
    if (fstat(fd, &info) != 0 || io_read_at(fd, head, HEAD_BYTES, 0) < 0)
        return errno;
    if (list->state == SYNCED_DAMAGED && info.st_size <= (off_t)HEAD_BYTES &&
        memcmp(head, HEAD, (size_t)info.st_size) == 0)
        list->state = SYNCED_BEGUN;
    return 0;
}

static enum stator_rc fail(struct stator_error *err, const char *dir, int error)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The file '%s/" SYNCED_NAME "' cannot be used: %s.", dir,
                       io_open_error(error));
}

static int open_file(const char *dir, int flags)
{
    char path[PATH_MAX];

    if ((size_t)snprintf(path, sizeof(path), "%s/" SYNCED_NAME, dir) >= sizeof(path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return io_open_file(AT_FDCWD, path, flags);
}

enum stator_rc synced_read(struct synced_list *out, const char *dir, struct stator_error *err)
{
    uint8_t *place = malloc(SYNCED_PLACE_BYTES);
    int fd = open_file(dir, O_RDONLY), error = fd < 0 && errno != ENOENT ? errno : 0;

    *out = (struct synced_list){.state = SYNCED_ABSENT, .files = calloc(SYNCED_FILES_MAX, sizeof(*out->files))};
    if (place == NULL || out->files == NULL)
        error = ENOMEM;
    if (error == 0 && fd >= 0)
        error = read_places(out, fd, place);
    if (fd >= 0)
        close(fd);
    free(place);
    return error == 0 ? STATOR_OK : fail(err, dir, error);
}

void synced_list_deinit(struct synced_list *list)
{
    free(list->files);
    list->files = NULL;
}

struct synced_file *synced_find(const struct synced_list *list, uint64_t number)
{
    for (size_t i = 0; i < list->count; i++) {
        if (list->files[i].number == number)
            return &list->files[i];
    }
    return NULL;
}

/* --- Writing it --------------------------------------------------------------------------------------------------- */

/* Each of these with the lock held. They return errno's value. */

static int write_lines(struct synced *synced, unsigned which)
{
    struct buf *place = &synced->place;

    buf_reset(place);
    buf_append_be64(place, ++synced->list.generation);
    buf_append(place, synced->list.secret, SYNCED_SECRET_BYTES);
    buf_append_be32(place, (uint32_t)synced->list.count);
    put_lines(place, &synced->list, true);
    buf_append_be32(place, log_crc_extend(0, (const char *)place->at, place->len));
    return place->failed ? ENOMEM : io_write_at(synced->fd, buf_bytes(place), place_at(which));
}

static int put_on_disk(struct synced *synced)
{
    const unsigned other = synced->list.on_disk ^ 1U;
    const uint64_t began_ms = io_monotonic_ms();
    int error = write_lines(synced, other);
    uint64_t rest_ms;

    if (error == 0 && fdatasync(synced->fd) != 0)
        error = errno;
    if (error == 0)
        synced->list.on_disk = (uint8_t)other;
    rest_ms = (io_monotonic_ms() - began_ms) * DISK_PART;
    synced->on_disk_ms = io_monotonic_ms() + (rest_ms > DISK_MS ? rest_ms : DISK_MS);
    return error;
}

static int note(struct synced *synced)
{
    return write_lines(synced, ON_DISK);
}

static int enter(struct synced *synced, uint64_t number)
{
    struct synced_file *line = synced_find(&synced->list, number);

    if (line == NULL && synced->list.count == SYNCED_FILES_MAX)
        return EMFILE;
    if (line == NULL)
        line = &synced->list.files[synced->list.count++];
    *line = (struct synced_file){.number = number, .start = synced->start};
    if (!synced->writes)
        return 0;
    return synced->started && !is_manifest(number) ? put_on_disk(synced) : note(synced);
}

static bool is_newest_manifest(const struct synced *synced, uint64_t number)
{
    for (size_t i = 0; i < synced->list.count; i++)
        if (synced->list.files[i].number > number)
            return false;
    return is_manifest(number);
}

/* The newest manifest goes only where it could not be written. A later start may make one with a lower number; CURRENT would be
 * taken for an old file if the line of this one came back with a power cut. */
static int strike(struct synced *synced, uint64_t number)
{
    const bool by_note = is_manifest(number) && !is_newest_manifest(synced, number);
    struct synced_file *line = synced_find(&synced->list, number);
    struct synced_file kept;
    int error = 0;

    if (line == NULL)
        return 0;
    kept = *line;
    *line = synced->list.files[--synced->list.count];
    if (synced->writes)
        error = by_note ? note(synced) : put_on_disk(synced);
    if (error != 0)
        synced->list.files[synced->list.count++] = kept;
    return error;
}

int synced_enter(struct synced *synced, uint64_t number)
{
    int error;

    pthread_mutex_lock(&synced->lock);
    error = enter(synced, number);
    pthread_mutex_unlock(&synced->lock);
    return error;
}

int synced_strike(struct synced *synced, uint64_t number)
{
    int error;

    pthread_mutex_lock(&synced->lock);
    error = strike(synced, number);
    pthread_mutex_unlock(&synced->lock);
    return error;
}

/* A failed write costs the proof of this sync alone, and the next one says it again. */
void synced_reached(struct synced *synced, uint64_t number, uint64_t bytes)
{
    struct synced_file *line;
    bool is_first;

    pthread_mutex_lock(&synced->lock);
    line = synced_find(&synced->list, number);
    if (line != NULL && line->bytes < bytes) {
        is_first = line->bytes == 0 && !is_manifest(number);
        line->bytes = bytes;
        if (synced->started && (is_first || io_monotonic_ms() >= synced->on_disk_ms))
            (void)put_on_disk(synced);
        else if (synced->writes)
            (void)note(synced);
    }
    pthread_mutex_unlock(&synced->lock);
}

/* --- Opening ------------------------------------------------------------------------------------------------------ */

/* What this thread did comes before what others do with the lock, and the other way round, whatever else orders them. */
static void publish(struct synced *synced)
{
    pthread_mutex_lock(&synced->lock);
    pthread_mutex_unlock(&synced->lock);
}

enum stator_rc synced_open(struct synced **out, const char *dir, const struct synced_list *lines, bool begun,
                           struct stator_error *err)
{
    struct synced *synced = calloc(1, sizeof(*synced));
    int error = 0;

    *out = NULL;
    if (synced == NULL)
        return stator_fail_memory(err);
    pthread_mutex_init(&synced->lock, NULL);
    buf_init(&synced->place, SYNCED_PLACE_BYTES);
    synced->writes = !begun;
    synced->list = *lines;
    if (begun && getrandom(synced->list.secret, SYNCED_SECRET_BYTES, 0) != SYNCED_SECRET_BYTES)
        error = EIO;
    if (getrandom(&synced->start, sizeof(synced->start), 0) != sizeof(synced->start))
        error = EIO;
    synced->list.files = calloc(SYNCED_FILES_MAX, sizeof(*synced->list.files));
    synced->fd = synced->list.files != NULL ? open_file(dir, O_RDWR | O_CREAT) : -1;
    if (synced->fd < 0)
        error = synced->list.files != NULL ? errno : ENOMEM;
    else if (lines->count != 0)
        memcpy(synced->list.files, lines->files, lines->count * sizeof(*lines->files));
    if (error == 0 && begun && ftruncate(synced->fd, 0) != 0)
        error = errno;
    if (error == 0 && begun)
        error = io_write_at(synced->fd, bytes_of(HEAD, HEAD_BYTES), 0);
    if (error == 0 && begun && fdatasync(synced->fd) != 0)
        error = errno;
    if (error == 0 && lines->ahead && !begun) /* as in strike */
        error = put_on_disk(synced);
    if (error == 0) {
        publish(synced);
        *out = synced;
        return STATOR_OK;
    }
    synced_close(synced);
    return fail(err, dir, error);
}

void synced_close(struct synced *synced)
{
    if (synced == NULL)
        return;
    publish(synced);
    if (synced->fd >= 0)
        close(synced->fd);
    pthread_mutex_destroy(&synced->lock);
    buf_deinit(&synced->place);
    synced_list_deinit(&synced->list);
    free(synced);
}

/* The engine makes a manifest when it opens a directory, and is open: CURRENT names that one, and is on the disk. */
static void drop_older_manifests(struct synced *synced)
{
    struct synced_list *list = &synced->list;
    bool made = false;
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++)
        made |= is_manifest(list->files[i].number) && list->files[i].start == synced->start;
    for (size_t i = 0; i < list->count; i++) {
        const struct synced_file line = list->files[i];

        if (!made || !is_manifest(line.number) || line.start == synced->start)
            list->files[count++] = line;
    }
    list->count = count;
}

enum stator_rc synced_start(struct synced *synced, const char *dir, struct stator_error *err)
{
    int error;

    pthread_mutex_lock(&synced->lock);
    drop_older_manifests(synced);
    error = put_on_disk(synced);
    if (error == 0) /* else the engine, which is closed now, may still delete logs: as before, not without a word */
        synced->writes = synced->started = true;
    pthread_mutex_unlock(&synced->lock);
    return error == 0 ? STATOR_OK : fail(err, dir, error);
}

bool synced_is_started(struct synced *synced)
{
    bool started;

    pthread_mutex_lock(&synced->lock);
    started = synced->started;
    pthread_mutex_unlock(&synced->lock);
    return started;
}

/* --- Marks -------------------------------------------------------------------------------------------------------- */

void synced_mark(struct synced *synced, struct buf *out)
{
    buf_append_bytes(out, MARK);
    buf_append(out, synced->list.secret, SYNCED_SECRET_BYTES);
    buf_append_be64(out, synced->start);
    pthread_mutex_lock(&synced->lock);
    put_lines(out, &synced->list, false);
    pthread_mutex_unlock(&synced->lock);
}

bool synced_take_mark(struct synced_list *list, struct bytes mark, uint64_t *start)
{
    const size_t head = MARK.len + SYNCED_SECRET_BYTES + sizeof(*start);

    if (mark.len < head || !bytes_starts_with(mark, MARK) || (mark.len - head) % LINE_BYTES != 0 ||
        memcmp(mark.at + MARK.len, list->secret, SYNCED_SECRET_BYTES) != 0)
        return false;
    *start = read_be64(mark.at + MARK.len + SYNCED_SECRET_BYTES);
    for (size_t at = head; at < mark.len; at += LINE_BYTES) {
        struct synced_file said = read_line(mark.at + at), *line = synced_find(list, said.number);

        if (line != NULL && line->bytes < said.bytes)
            line->bytes = said.bytes;
    }
    return true;
}
