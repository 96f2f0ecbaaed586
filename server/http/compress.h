/* SPDX-License-Identifier: Apache-2.0 */
/* compress: gzip and deflate (zlib's form) of bodies, both ways.
 *
 * Limit:  the buf's maximum.
 * Thread: [any], no state.
 */
#ifndef SERVER_HTTP_COMPRESS_H
#define SERVER_HTTP_COMPRESS_H

#include "base/buf.h"

enum encoding { ENCODING_PLAIN, ENCODING_GZIP, ENCODING_DEFLATE, ENCODING_UNKNOWN };

/* Of a Content-Encoding; absent is plain. */
enum encoding encoding_of(struct bytes header);

/* The one to answer in, of an Accept-Encoding; absent is plain. The service's rule: the larger weight, then the
 * place in the list, then gzip; identity only if neither is accepted. */
enum encoding encoding_accepted(struct bytes header);

enum inflated { INFLATED, INFLATED_BROKEN, INFLATED_TOO_LARGE, INFLATED_NO_MEMORY };

/* Several gzip members in a row are one body. Nothing, or a body cut off, is broken; more than `most` is too large. */
enum inflated compress_inflate(struct buf *out, struct bytes body, enum encoding encoding, size_t most);

/* False without memory; out is then of no use. */
bool compress_deflate(struct buf *out, struct bytes body, enum encoding encoding);

#endif
