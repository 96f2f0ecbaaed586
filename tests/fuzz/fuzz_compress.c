/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a compressed body: never more than the maximum comes out. Any bytes compressed: they come back. */
#include <stdlib.h>

#include "http/compress.h"

#define MOST ((size_t)100000)

static void check(enum encoding encoding, struct bytes in)
{
    struct buf packed, out;

    buf_init(&packed, 1 << 20);
    buf_init(&out, MOST + 1);
    if (compress_inflate(&out, in, encoding, MOST) == INFLATED && out.len > MOST)
        abort();
    buf_reset(&out);
    if (!compress_deflate(&packed, in, encoding) ||
        compress_inflate(&out, buf_bytes(&packed), encoding, MOST) != INFLATED || !bytes_equal(buf_bytes(&out), in))
        abort();
    buf_deinit(&packed);
    buf_deinit(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes in = bytes_of(data, size < MOST ? size : MOST);

    (void)encoding_of(in);
    (void)encoding_accepted(in);
    check(ENCODING_GZIP, in);
    check(ENCODING_DEFLATE, in);
    return 0;
}
