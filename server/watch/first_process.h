/* SPDX-License-Identifier: Apache-2.0 */
/* first_process: what the server of this container was started with.
 *
 * In:     /proc/1/cmdline: our own command line (by the name of stator, or of java), or an init's with ours behind "--".
 * Out:    the arguments, the program's name first; none if process 1 is something else.
 * Limit:  FIRST_PROCESS_BYTES and FIRST_PROCESS_ARGUMENTS; a longer command line counts as none.
 * Thread: [main] of its own process.
 */
#ifndef SERVER_WATCH_FIRST_PROCESS_H
#define SERVER_WATCH_FIRST_PROCESS_H

#include <stddef.h>

#define FIRST_PROCESS_BYTES     16384
#define FIRST_PROCESS_ARGUMENTS 256

struct first_process {
    int count;
    char *arguments[FIRST_PROCESS_ARGUMENTS]; /* into text */
    char text[FIRST_PROCESS_BYTES];
};

/* path: /proc/1/cmdline, or a test's. */
void first_process_read(struct first_process *out, const char *path);

#endif
