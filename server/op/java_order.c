/* SPDX-License-Identifier: Apache-2.0 */
#include "op/java_order.h"

#include <stdio.h>

#include "base/utf8.h"

static uint32_t code_point(const uint8_t *at, size_t len)
{
    static const uint8_t masks[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    uint32_t code = at[0] & masks[len];

    for (size_t i = 1; i < len; i++)
        code = code << 6 | (at[i] & 0x3F);
    return code;
}

uint32_t java_string_hash(struct bytes text)
{
    uint32_t hash = 0;

    while (text.len != 0) {
        size_t len = utf8_sequence(text);
        uint32_t code;

        if (len == 0)
            break;
        code = code_point(text.at, len);
        if (code >= 0x10000) {
            hash = hash * 31 + (0xD800 + ((code - 0x10000) >> 10));
            code = 0xDC00 + ((code - 0x10000) & 0x3FF);
        }
        hash = hash * 31 + code;
        text = bytes_of(text.at + len, text.len - len);
    }
    return hash;
}

uint32_t java_set_buckets(size_t count)
{
    uint32_t buckets = 16;

    while (count > buckets / 4 * 3)
        buckets *= 2;
    return buckets;
}

uint32_t java_sized_buckets(size_t count)
{
    size_t expected = count < 3 ? count + 1 : (size_t)((float)count / 0.75F + 1.0F);
    uint32_t buckets = 1;

    while (buckets < expected)
        buckets *= 2;
    return buckets;
}

static uint32_t bucket_of(struct bytes name, uint32_t buckets)
{
    uint32_t hash = java_string_hash(name);

    return (hash ^ hash >> 16) & (buckets - 1);
}

void java_set_text(char out[JAVA_SET_TEXT_MAX], struct bytes *names, size_t count, uint32_t buckets)
{
    size_t len = 0;

    for (size_t i = 1; i < count; i++) { /* names of one bucket stay in the order in which they came */
        struct bytes name = names[i];
        size_t at = i;

        for (; at > 0 && bucket_of(names[at - 1], buckets) > bucket_of(name, buckets); at--)
            names[at] = names[at - 1];
        names[at] = name;
    }
    out[len++] = '[';
    for (size_t i = 0; i < count && len + names[i].len + 4 < JAVA_SET_TEXT_MAX; i++)
        len += (size_t)snprintf(out + len, JAVA_SET_TEXT_MAX - len, "%s%.*s", i == 0 ? "" : ", ", BYTES_ARG(names[i]));
    snprintf(out + len, JAVA_SET_TEXT_MAX - len, "]");
}
