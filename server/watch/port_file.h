/* SPDX-License-Identifier: Apache-2.0 */
/* port_file: a file with the server's port, for those who wait for its start: it is there, whole, once the server
 * answers.
 *
 * Thread: [main]
 */
#ifndef SERVER_WATCH_PORT_FILE_H
#define SERVER_WATCH_PORT_FILE_H

#include <time.h>

#include "base/error.h"

/* Which file was written, and when, for its number may be given again: another server's is not removed. */
struct port_file {
    const char *path; /* borrowed; NULL: none */
    unsigned long long device, inode;
    struct timespec written;
};

/* Removes what a server that was killed has left, so that who waits for the file waits for this one; a file that holds
 * anything but a port is refused and stays. path NULL: no file is wanted. */
STATOR_MUST_CHECK enum stator_rc port_file_clear(const char *path, struct stator_error *err);

/* Readable by all: a port is no secret, and who waits may be another user. path NULL: no file is wanted. */
STATOR_MUST_CHECK enum stator_rc port_file_write(struct port_file *out, const char *path, uint16_t port,
                                                 struct stator_error *err);

/* If it is still ours. */
void port_file_remove(const struct port_file *file);

#endif
