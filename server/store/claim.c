/* SPDX-License-Identifier: Apache-2.0 */
/* What the lock's file says of the directory, for people and for programs that cannot read the rest:
 *
 *      A Stator database. Its server holds a lock on this file.
 *      Last opened by Stator 0.1.0 (1a2b3c4), format 2.
 *
 * Directories that 0.1.0 left have an empty file, or the first line alone.
 */
#include "store/io.h"
#include "store/rocks.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FIRST_LINE "A Stator database. Its server holds a lock on this file.\n"
#define BY         "Last opened by Stator "
#define FORMAT     ", format "
#define TEXT_MAX   256

/* The number of bytes read; 0: nothing, or it cannot be read. */
static size_t read_text(char out[TEXT_MAX], int lock)
{
    ssize_t got = pread(lock, out, TEXT_MAX - 1, 0);
    size_t len = got > 0 ? (size_t)got : 0;

    out[len] = '\0';
    return len;
}

void claim_read(struct claim *out, int lock)
{
    char text[TEXT_MAX];
    const char *program, *format;

    *out = (struct claim){.format = 0};
    if (read_text(text, lock) == 0 || (program = strstr(text, "\n" BY)) == NULL)
        return;
    program += strlen("\n" BY);
    format = strstr(program, FORMAT);
    if (format == NULL || (size_t)(format - program) >= sizeof(out->program))
        return;
    memcpy(out->program, program, (size_t)(format - program));
    out->format = (uint32_t)strtoul(format + strlen(FORMAT), NULL, 10);
}

enum stator_rc claim_refuse_newer(struct stator_error *err, const char *dir, const struct claim *claim,
                                  uint32_t version, const char *program)
{
    const bool named = claim->format == version && claim->program[0] != '\0';

    return stator_fail(
        err, STATOR_INTERNAL_SERVER_ERROR,
        "The data directory '%s' has format %u, last opened by %s%s; this is Stator %s, which reads formats 1 "
        "to %u: start %s.",
        dir, version, named ? "Stator " : "a newer Stator", named ? claim->program : "", program, STORE_FORMAT,
        named ? "that version or a newer one" : "the newer one");
}

int claim_write(int lock, const char *program)
{
    char text[TEXT_MAX], before[TEXT_MAX];
    int error, len = snprintf(text, sizeof(text), FIRST_LINE BY "%.*s" FORMAT "%u.\n", CLAIM_PROGRAM_MAX - 1, program,
                              STORE_FORMAT);

    if (read_text(before, lock) == (size_t)len && strcmp(before, text) == 0)
        return 0;
    error = io_write_at(lock, bytes_of(text, (size_t)len), 0);
    if (error == 0 && (ftruncate(lock, len) != 0 || fdatasync(lock) != 0))
        error = errno;
    return error;
}
