/* SPDX-License-Identifier: Apache-2.0 */
/* build: the inside of stator/build.h, for those whose results a builder holds. */
#ifndef CLIENT_BUILD_H
#define CLIENT_BUILD_H

#include "assembly.h"
#include "stator/build.h"

struct stator_builder {
    const struct stator_allocator *allocator; /* borrowed; NULL: malloc */
    struct arena arena;                       /* all that came out */
    struct assembly own;                      /* the item that the program is adding to */
    struct assembly inner;                    /* of JSON and commands, apart from it; begin it before use */
    struct buf scratch;                       /* a text while it grows */
};

/* What a call says when its builder is NULL. */
enum stator_rc builder_missing(struct stator_error *err);

/* The scratch text, copied to where it stays, with a NUL behind it; or its failure. */
STATOR_MUST_CHECK enum stator_rc builder_text(struct stator_builder *builder, struct stator_bytes *out,
                                              struct stator_error *err);

#endif
