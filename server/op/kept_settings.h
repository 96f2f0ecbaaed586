/* SPDX-License-Identifier: Apache-2.0 */
/* kept_settings: settings that are kept and described as on the service, and have no effect here: the log says so.
 * README.md lists them ("Kept, and no more").
 */
#ifndef SERVER_OP_KEPT_SETTINGS_H
#define SERVER_OP_KEPT_SETTINGS_H

#include "op/engine.h"

/* After a request that was done. Logs each of these settings that it made, once in the life of the engine. */
void kept_settings_tell(struct engine *engine, const struct job *job);

#endif
