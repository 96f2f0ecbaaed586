/* SPDX-License-Identifier: Apache-2.0 */
/* crowd: what the asynchronous examples do: a hundred items are written at once, and each is read back when it is there. */
#ifndef EXAMPLES_CROWD_H
#define EXAMPLES_CROWD_H

#include <stdbool.h>

#include "stator/async.h"

/* Opens a client for argv[1] and makes the table, waiting. Exits with a message when that fails. */
struct stator_client *crowd_prepare(int argc, char **argv);

/* Starts the writes. The rest comes in their stator_done. */
void crowd_start(struct stator_async *async);

/* Calls that have not ended. */
unsigned crowd_left(void);

/* Prints what happened; the program's exit code. */
int crowd_report(void);

#endif
