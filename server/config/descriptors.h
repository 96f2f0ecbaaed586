/* SPDX-License-Identifier: Apache-2.0 */
/* descriptors: how many connections the limit of open files leaves room for.
 *
 * Thread: [main], before the store is opened, which takes its part of the limit.
 */
#ifndef SERVER_CONFIG_DESCRIPTORS_H
#define SERVER_CONFIG_DESCRIPTORS_H

#include "config/config.h"

/* Raises the process's limit as far as it goes and as it is needed. A default number of connections becomes smaller,
 * with a line in the log; a number that was asked for and cannot be had is an error, and so is a limit that leaves no
 * room for the store and a few connections. */
STATOR_MUST_CHECK enum stator_rc descriptors_settle(struct config *config, struct stator_error *err);

/* The same for a limit of `most`, without the log. */
STATOR_MUST_CHECK enum stator_rc descriptors_share(struct config *config, uint64_t most, struct stator_error *err);

/* What a server with that configuration needs. */
uint64_t descriptors_needed(const struct config *config, uint32_t connections);

#endif
