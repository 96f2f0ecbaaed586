/* SPDX-License-Identifier: Apache-2.0 */
/* wait: until a table is what it was asked to become. */
#ifndef STATOR_WAIT_H
#define STATOR_WAIT_H

#include "stator/tables.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* Asks for the table, with pauses that grow from 20 ms to 2 s, until it and all its global secondary indexes are ACTIVE.
 * STATOR_TIMED_OUT after wait_ms; else fails as stator_describe_table does. A table that is not (yet) there is waited
 * for. [the call's thread] */
STATOR_MUST_CHECK enum stator_rc stator_wait_active(struct stator_call *call, const char *table, uint32_t wait_ms);

/* The same until there is no such table. */
STATOR_MUST_CHECK enum stator_rc stator_wait_gone(struct stator_call *call, const char *table, uint32_t wait_ms);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
