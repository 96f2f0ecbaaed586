/* SPDX-License-Identifier: Apache-2.0 */
/* uri: path and query of a canonical request. Private to this folder.
 *
 * Both give false when the arena is full.
 */
#ifndef PROTO_SIGN_URI_H
#define PROTO_SIGN_URI_H

#include "base/arena.h"

/* keep_dots and keep_escapes as in struct sigv4_request. */
bool uri_path(struct bytes *out, struct bytes path, bool keep_dots, bool keep_escapes, struct arena *arena);

/* Parameters are unescaped, escaped again in the one canonical way, and sorted; X-Amz-Signature is left out. */
bool uri_query(struct bytes *out, struct bytes query, struct arena *arena);

#endif
