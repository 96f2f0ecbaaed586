/* SPDX-License-Identifier: Apache-2.0 */
#include "http/compress.h"

#include <libdeflate.h>
#include <strings.h>
#include <zlib.h>

/* Bytes inflated at a time. */
#define PIECE ((size_t)64 * 1024)

/* zlib's window of 32 KiB, and the gzip form of the stream. */
#define WINDOW      15
#define WINDOW_GZIP (WINDOW + 16)

#define LEVEL_FASTEST 1 /* of libdeflate */

static bool equals(struct bytes word, const char *name)
{
    return word.len == strlen(name) && strncasecmp((const char *)word.at, name, word.len) == 0;
}

static struct bytes trim(struct bytes text)
{
    while (text.len != 0 && (*text.at == ' ' || *text.at == '\t')) {
        text.at++;
        text.len--;
    }
    while (text.len != 0 && (text.at[text.len - 1] == ' ' || text.at[text.len - 1] == '\t'))
        text.len--;
    return text;
}

enum encoding encoding_of(struct bytes header)
{
    header = trim(header);
    if (!bytes_present(header) || equals(header, "identity"))
        return ENCODING_PLAIN;
    if (equals(header, "gzip"))
        return ENCODING_GZIP;
    return equals(header, "deflate") ? ENCODING_DEFLATE : ENCODING_UNKNOWN;
}

/* Thousandths of a weight such as "q=0.5"; 1000 for what is none. */
static uint32_t weight_of(struct bytes text)
{
    uint32_t thousandths = 0, digit = 1000;

    text = trim(text);
    if (text.len < 3 || (text.at[0] | 0x20) != 'q' || text.at[1] != '=')
        return 1000;
    for (size_t i = 2; i < text.len; i++) {
        if (text.at[i] == '.' && i == 3)
            continue;
        if (text.at[i] < '0' || text.at[i] > '9')
            return 1000;
        thousandths += digit * (uint32_t)(text.at[i] - '0');
        digit /= 10;
    }
    return thousandths < 1000 ? thousandths : 1000;
}

/* What a header says of one coding: its weight, and how many others stand before it. */
struct preference {
    uint32_t weight, place;
    bool given;
};

static void note(struct preference *preference, uint32_t weight, uint32_t place)
{
    if (!preference->given)
        *preference = (struct preference){.weight = weight, .place = place, .given = true};
}

enum encoding encoding_accepted(struct bytes header)
{
    struct preference gzip = {0}, deflate = {0}, any = {0};

    for (uint32_t place = 0; header.len != 0; place++) {
        const uint8_t *comma = memchr(header.at, ',', header.len);
        struct bytes part = bytes_of(header.at, comma != NULL ? (size_t)(comma - header.at) : header.len);
        const uint8_t *semicolon = part.len != 0 ? memchr(part.at, ';', part.len) : NULL;
        struct bytes name = trim(bytes_of(part.at, semicolon != NULL ? (size_t)(semicolon - part.at) : part.len));
        uint32_t weight =
            semicolon != NULL ? weight_of(bytes_of(semicolon + 1, (size_t)(part.at + part.len - semicolon - 1))) : 1000;

        if (equals(name, "gzip"))
            note(&gzip, weight, place);
        else if (equals(name, "deflate"))
            note(&deflate, weight, place);
        else if (equals(name, "*"))
            note(&any, weight, place);
        header.at += part.len + (comma != NULL);
        header.len -= part.len + (comma != NULL);
    }
    if (!gzip.given)
        gzip = any;
    if (!deflate.given)
        deflate = any;
    if (gzip.weight == 0 && deflate.weight == 0)
        return ENCODING_PLAIN;
    if (gzip.weight != deflate.weight)
        return gzip.weight > deflate.weight ? ENCODING_GZIP : ENCODING_DEFLATE;
    return gzip.place <= deflate.place ? ENCODING_GZIP : ENCODING_DEFLATE;
}

/* Inflates until the input is used up. out may hold one byte more than `most`, which tells that it is too large. */
static enum inflated inflate_all(struct buf *out, z_stream *stream, bool members, size_t most)
{
    int rc = Z_OK;

    while (out->len <= most) {
        size_t room = most + 1 - out->len < PIECE ? most + 1 - out->len : PIECE;

        stream->next_out = buf_reserve(out, room);
        if (stream->next_out == NULL)
            return INFLATED_NO_MEMORY;
        stream->avail_out = (uInt)room;
        rc = inflate(stream, Z_NO_FLUSH);
        out->len += room - stream->avail_out;
        if (rc == Z_STREAM_END) {
            if (stream->avail_in == 0)
                return out->len <= most ? INFLATED : INFLATED_TOO_LARGE;
            if (!members || inflateReset(stream) != Z_OK)
                return INFLATED_BROKEN;
        } else if (rc != Z_OK) {
            return INFLATED_BROKEN; /* Z_BUF_ERROR: the body ends before its stream */
        }
    }
    return INFLATED_TOO_LARGE;
}

enum inflated compress_inflate(struct buf *out, struct bytes body, enum encoding encoding, size_t most)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)body.at, .avail_in = (uInt)body.len};
    enum inflated result;

    if (body.len == 0 || inflateInit2(&stream, encoding == ENCODING_GZIP ? WINDOW_GZIP : WINDOW) != Z_OK)
        return INFLATED_BROKEN;
    result = inflate_all(out, &stream, encoding == ENCODING_GZIP, most);
    inflateEnd(&stream);
    return result;
}

bool compress_deflate(struct buf *out, struct bytes body, enum encoding encoding)
{
    const bool gzip = encoding == ENCODING_GZIP;
    struct libdeflate_compressor *compressor = libdeflate_alloc_compressor(LEVEL_FASTEST);
    size_t bound, len = 0;
    uint8_t *room;

    if (compressor == NULL)
        return false;
    bound = gzip ? libdeflate_gzip_compress_bound(compressor, body.len)
                 : libdeflate_zlib_compress_bound(compressor, body.len);
    room = buf_reserve(out, bound);
    if (room != NULL)
        len = gzip ? libdeflate_gzip_compress(compressor, body.at, body.len, room, bound)
                   : libdeflate_zlib_compress(compressor, body.at, body.len, room, bound);
    libdeflate_free_compressor(compressor);
    out->len += len;
    return len != 0;
}
