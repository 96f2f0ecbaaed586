/* SPDX-License-Identifier: Apache-2.0 */
/* A disk with a volatile cache: a file system with one file, `disk`, to put a file system on by a loop device.
 *
 *      volatile_disk MOUNT MIB SEED
 *
 * What is written is in the cache until a sync. The cache may write each sector earlier, so of several writes of one
 * any may be what a power cut leaves. Lines on standard input, each answered by one on standard output:
 *
 *      cut KEEP TEAR      the power fails now. Each cached block of 4 KiB is kept with a chance of KEEP per cent, and one of
 *                         TEAR per cent of those sector by sector.                 -> "cut HELD KEPT TORN", in blocks
 *      arm N KEEP TEAR    the same in the midst of a sync, the first that has N blocks or more to write
 *                                                                                  -> "armed", later "cut …"
 *      off                what waits since the cut, and comes, fails with EIO      -> "off"
 *      on                 there is power again                                     -> "on HELD": in the cache at most, so far
 *
 * From a cut until `off` every request waits: nobody can learn that there is a disk that fails, as nobody would live. With the
 * end of its input the program unmounts and ends.
 */
#define FUSE_USE_VERSION 31

#include <errno.h>
#include <fuse.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#define SECTOR 512u
#define BLOCK  4096u
#define PATH   "/disk"

/* The superblock of ext4 in a file system of 1 KiB blocks: ext4 itself counts on it being written whole. */
#define WHOLE_FROM 1024u
#define WHOLE_TO   2048u

enum power { ON, CUT, OFF };

static struct {
    pthread_mutex_t lock; /* guards all below */
    pthread_cond_t moved; /* power changed from CUT */
    enum power power;
    uint8_t *now, *stable; /* what is read; what a power cut leaves at least */
    uint8_t *dirty;        /* for each sector, 1: they differ */
    size_t bytes;
    size_t held, held_most; /* dirty sectors */
    size_t armed;           /* the next sync with so many dirty sectors or more is cut; 0: none is */
    int keep, tear;         /* per cent, of that cut */
    uint64_t random;
} disk = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static const char *mount_point;

/* Whether something happens that has this chance in a hundred. */
static bool happens(int chance)
{
    disk.random = disk.random * 6364136223846793005u + 1442695040888963407u;
    return (int)((disk.random >> 33) % 100) < chance;
}

/* One sector reaches the disk. */
static void settle(size_t sector)
{
    memcpy(disk.stable + sector * SECTOR, disk.now + sector * SECTOR, SECTOR);
    disk.held -= disk.dirty[sector];
    disk.dirty[sector] = 0;
}

/* One sector is lost. */
static void lose(size_t sector)
{
    memcpy(disk.now + sector * SECTOR, disk.stable + sector * SECTOR, SECTOR);
    disk.held -= disk.dirty[sector];
    disk.dirty[sector] = 0;
}

static bool is_whole(size_t sector)
{
    return sector * SECTOR >= WHOLE_FROM && sector * SECTOR < WHOLE_TO;
}

/* Decides on the dirty sectors of one block. True: some were kept and some were lost. */
static bool cut_block(size_t first, int keep, int tear, size_t *kept)
{
    bool torn = happens(tear), keeps = happens(keep), any_kept = false, any_lost = false, before = keeps;

    for (size_t sector = first; sector < first + BLOCK / SECTOR; sector++) {
        bool stays;

        if (disk.dirty[sector] == 0)
            continue;
        stays = !torn ? keeps : is_whole(sector) && is_whole(sector - 1) ? before : happens(50);
        before = stays;
        any_kept = any_kept || stays;
        any_lost = any_lost || !stays;
        if (stays)
            settle(sector);
        else
            lose(sector);
    }
    *kept += any_kept && !any_lost;
    return any_kept && any_lost;
}

static void answer(const char *text)
{
    (void)!write(STDOUT_FILENO, text, strlen(text));
}

/* With the lock held. */
static void cut(int keep, int tear)
{
    size_t blocks = 0, kept = 0, torn = 0;
    char line[64];

    for (size_t first = 0; first < disk.bytes / SECTOR; first += BLOCK / SECTOR) {
        if (memchr(disk.dirty + first, 1, BLOCK / SECTOR) == NULL)
            continue;
        blocks++;
        torn += cut_block(first, keep, tear, &kept);
    }
    disk.power = CUT;
    disk.armed = 0;
    snprintf(line, sizeof(line), "cut %zu %zu %zu\n", blocks, kept, torn);
    answer(line);
}

/* Takes the lock when there is power. False, and no lock: there is none. */
static bool enter(void)
{
    pthread_mutex_lock(&disk.lock);
    while (disk.power == CUT)
        pthread_cond_wait(&disk.moved, &disk.lock);
    if (disk.power == ON)
        return true;
    pthread_mutex_unlock(&disk.lock);
    return false;
}

static int get_attributes(const char *path, struct stat *out, struct fuse_file_info *file)
{
    (void)file;
    memset(out, 0, sizeof(*out));
    if (strcmp(path, "/") == 0) {
        out->st_mode = S_IFDIR | 0700;
        out->st_nlink = 2;
        return 0;
    }
    if (strcmp(path, PATH) != 0)
        return -ENOENT;
    out->st_mode = S_IFREG | 0600;
    out->st_nlink = 1;
    out->st_size = (off_t)disk.bytes;
    return 0;
}

static int open_disk(const char *path, struct fuse_file_info *file)
{
    file->direct_io = 1; /* the kernel keeps nothing of it: what is written is here */
    return strcmp(path, PATH) == 0 ? 0 : -ENOENT;
}

static size_t within(size_t len, off_t offset)
{
    size_t left = (size_t)offset < disk.bytes ? disk.bytes - (size_t)offset : 0;

    return len < left ? len : left;
}

static int read_disk(const char *path, char *out, size_t len, off_t offset, struct fuse_file_info *file)
{
    (void)path, (void)file;
    len = within(len, offset);
    if (!enter())
        return -EIO;
    memcpy(out, disk.now + offset, len);
    pthread_mutex_unlock(&disk.lock);
    return (int)len;
}

static int write_disk(const char *path, const char *data, size_t len, off_t offset, struct fuse_file_info *file)
{
    size_t end;

    (void)path, (void)file;
    len = within(len, offset);
    if (len == 0)
        return -ENOSPC;
    if (!enter())
        return -EIO;
    end = ((size_t)offset + len + SECTOR - 1) / SECTOR;
    for (size_t sector = (size_t)offset / SECTOR; sector < end; sector++) {
        if (disk.dirty[sector] != 0 && happens(30))
            settle(sector);
        disk.held += 1u - disk.dirty[sector];
        disk.dirty[sector] = 1;
    }
    memcpy(disk.now + offset, data, len);
    disk.held_most = disk.held > disk.held_most ? disk.held : disk.held_most;
    pthread_mutex_unlock(&disk.lock);
    return (int)len;
}

static int sync_disk(const char *path, int data_only, struct fuse_file_info *file)
{
    (void)path, (void)data_only, (void)file;
    if (!enter())
        return -EIO;
    if (disk.armed != 0 && disk.held >= disk.armed) {
        cut(disk.keep, disk.tear);
        pthread_mutex_unlock(&disk.lock);
        return enter() ? (pthread_mutex_unlock(&disk.lock), -EIO) : -EIO;
    }
    for (size_t sector = 0; disk.held != 0 && sector < disk.bytes / SECTOR; sector++)
        if (disk.dirty[sector] != 0)
            settle(sector);
    pthread_mutex_unlock(&disk.lock);
    return 0;
}

/* One line of standard input. */
static void obey(const char *line)
{
    char told[64];
    int keep, tear;
    unsigned blocks;

    pthread_mutex_lock(&disk.lock);
    if (sscanf(line, "cut %d %d", &keep, &tear) == 2) {
        if (disk.power == ON)
            cut(keep, tear);
    } else if (sscanf(line, "arm %u %d %d", &blocks, &keep, &tear) == 3) {
        disk.armed = (size_t)blocks * (BLOCK / SECTOR);
        disk.keep = keep;
        disk.tear = tear;
        answer("armed\n");
    } else if (strncmp(line, "off", 3) == 0) {
        disk.power = OFF;
        answer("off\n");
    } else {
        disk.power = ON;
        snprintf(told, sizeof(told), "on %zu\n", disk.held_most * SECTOR / BLOCK);
        answer(told);
    }
    pthread_cond_broadcast(&disk.moved);
    pthread_mutex_unlock(&disk.lock);
}

static void *obey_lines(void *unused)
{
    char line[64];

    (void)unused;
    while (fgets(line, sizeof(line), stdin) != NULL)
        obey(line);
    umount2(mount_point, MNT_DETACH);
    _exit(0);
}

static void *begin(struct fuse_conn_info *connection, struct fuse_config *config)
{
    pthread_t thread;

    (void)connection;
    config->direct_io = 1;
    if (pthread_create(&thread, NULL, obey_lines, NULL) != 0)
        _exit(1);
    answer("ready\n");
    return NULL;
}

static void *room(size_t bytes)
{
    void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

    if (at == MAP_FAILED) {
        perror("mmap");
        exit(1);
    }
    return at;
}

int main(int argc, char **argv)
{
    static const struct fuse_operations operations = {
        .init = begin,
        .getattr = get_attributes,
        .open = open_disk,
        .read = read_disk,
        .write = write_disk,
        .fsync = sync_disk,
    };
    char foreground[] = "-f";
    char *arguments[] = {argv[0], foreground, argc == 4 ? argv[1] : NULL, NULL};

    if (argc != 4) {
        fprintf(stderr, "volatile_disk MOUNT MIB SEED\n");
        return 2;
    }
    mount_point = argv[1];
    disk.bytes = strtoul(argv[2], NULL, 10) << 20;
    disk.random = strtoul(argv[3], NULL, 10);
    disk.now = room(disk.bytes);
    disk.stable = room(disk.bytes);
    disk.dirty = room(disk.bytes / SECTOR);
    return fuse_main(3, arguments, &operations, NULL);
}
