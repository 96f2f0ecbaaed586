/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a file of the engine's log, as STATOR-SYNCED of its directory, and as a mark. What is read of a log lies in the
 * file, in order; the directory opens to a list or is refused with a text. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/log_read.h"
#include "store/verify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_log(int fd, uint64_t size, bool by_blocks)
{
    struct log_reader reader;
    uint64_t end = 0;
    enum log_read found = LOG_RECORD;

    if (!log_reader_init(&reader, fd))
        abort();
    reader.by_blocks = by_blocks;
    while (found != LOG_END) {
        found = log_reader_next(&reader);
        if (found == LOG_FAILED || reader.end < end || reader.end > size || (found == LOG_GAP && reader.gap > size))
            abort();
        end = reader.end;
    }
    log_reader_deinit(&reader);
}

static void write_file(const char *path, const uint8_t *data, size_t size)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    close(fd);
}

static void read_directory(const char *dir)
{
    struct stator_error err = {.message = ""};
    struct synced_list found;

    if (verify_directory(&found, dir, NULL, NULL, &err) != STATOR_OK && err.message[0] == '\0')
        abort();
    synced_list_deinit(&found);
}

/* The first two bytes say where the log ends and STATOR-SYNCED begins. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char dir[] = "/dev/shm/stator-fuzz-XXXXXX", log[64], synced[64];
    size_t split;
    int fd;

    if (log[0] == '\0') {
        if (mkdtemp(dir) == NULL)
            abort();
        snprintf(log, sizeof(log), "%s/000004.log", dir);
        snprintf(synced, sizeof(synced), "%s/" SYNCED_NAME, dir);
    }
    if (size < 2)
        return 0;
    split = ((size_t)data[0] << 8 | data[1]) % (size - 1);
    write_file(log, data + 2, split);
    write_file(synced, data + 2 + split, size - 2 - split);
    fd = open(log, O_RDONLY);
    read_log(fd, split, false);
    read_log(fd, split, true);
    close(fd);
    read_directory(dir);
    return 0;
}
