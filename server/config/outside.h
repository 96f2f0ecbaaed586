/* SPDX-License-Identifier: Apache-2.0 */
/* outside: commands that are not the server's. `stator put ...` becomes `stator-cli put ...`: the server need not be linked
 * with what the command line needs, libcurl above all.
 *
 * In:     argv. Out: another program in place of this one, or why not.
 * Thread: [main], before anything is started.
 */
#ifndef SERVER_CONFIG_OUTSIDE_H
#define SERVER_CONFIG_OUTSIDE_H

#include <stdbool.h>

#include "base/error.h"

#define OUTSIDE_PROGRAM "stator-cli"

/* Whether the first argument is a word that is no command of the server; or "help" with something behind it. */
bool outside_wants(int argc, char *const *argv);

/* Runs the program beside this one, or the one in PATH. Comes back only to say why not. */
enum stator_rc outside_run(char **argv, struct stator_error *err);

#endif
