/* SPDX-License-Identifier: Apache-2.0 */
/* cast: the public structures of stator/value.h are those of proto under other names, byte for byte, so a pointer to
 * one is a pointer to the other and nothing is copied between a program and the encoder.
 */
#ifndef CLIENT_CAST_H
#define CLIENT_CAST_H

#include "stator/value.h"
#include "value/value.h"

static inline struct bytes cast_bytes(struct stator_bytes view)
{
    return (struct bytes){view.at, view.len};
}

static inline struct stator_bytes cast_bytes_out(struct bytes view)
{
    return (struct stator_bytes){view.at, view.len};
}

static inline const struct value *cast_value(const struct stator_value *value)
{
    return (const struct value *)value;
}

static inline const struct stator_value *cast_value_out(const struct value *value)
{
    return (const struct stator_value *)value;
}

static inline const struct item *cast_item(const struct stator_item *item)
{
    return (const struct item *)item;
}

#endif
