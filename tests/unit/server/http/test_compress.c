/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>

#include "http/compress.h"

#define LARGE ((size_t)300000)

static void encodings(void **state)
{
    static const struct {
        const char *header;
        enum encoding encoding;
    } given[] = {{"gzip", ENCODING_GZIP},      {"GZip ", ENCODING_GZIP},       {"deflate", ENCODING_DEFLATE},
                 {"identity", ENCODING_PLAIN}, {"br", ENCODING_UNKNOWN},       {"", ENCODING_UNKNOWN},
                 {"gzi", ENCODING_UNKNOWN},    {"gzip,gzip", ENCODING_UNKNOWN}},
      accepted[] = {{"gzip", ENCODING_GZIP},
                    {"deflate, gzip", ENCODING_DEFLATE}, /* the list's order */
                    {"br, identity, deflate, gzip", ENCODING_DEFLATE},
                    {"gzip, deflate", ENCODING_GZIP},
                    {"*", ENCODING_GZIP},
                    {"*, deflate;q=0.5", ENCODING_GZIP},
                    {"*, identity", ENCODING_GZIP},
                    {"*, gzip;q=0.5", ENCODING_DEFLATE},
                    {"*;q=0.5,identity", ENCODING_GZIP},
                    {"deflate;q=0.5, gzip;q=0.2", ENCODING_DEFLATE},
                    {"deflate;q=0.5, gzip;q=1.0", ENCODING_GZIP},
                    {"gzip;q=0.123, deflate;q=0.124", ENCODING_DEFLATE},
                    {"gzip;q=0, *", ENCODING_DEFLATE},
                    {"*;q=0", ENCODING_PLAIN},
                    {"*;q=0, gzip", ENCODING_GZIP},
                    {"gzip;q=x", ENCODING_GZIP},
                    {"gzip;q=99999999999999999999", ENCODING_GZIP},
                    {"gzip;q=0.00000000001", ENCODING_PLAIN},
                    {"gzip;q=0, deflate", ENCODING_DEFLATE},
                    {"gzip;q=0.0", ENCODING_PLAIN},
                    {"gzip; q=0.001", ENCODING_GZIP},
                    {"br;q=1.0, DEFLATE;q=0.5, *;q=0.1", ENCODING_DEFLATE},
                    {"identity", ENCODING_PLAIN},
                    {"", ENCODING_PLAIN},
                    {",,;", ENCODING_PLAIN},
                    {"gzipped", ENCODING_PLAIN}};

    (void)state;
    assert_int_equal(encoding_of((struct bytes){0}), ENCODING_PLAIN);
    assert_int_equal(encoding_accepted((struct bytes){0}), ENCODING_PLAIN);
    for (size_t i = 0; i < COUNT_OF(given); i++)
        assert_int_equal(encoding_of(bytes_of_string(given[i].header)), given[i].encoding);
    for (size_t i = 0; i < COUNT_OF(accepted); i++)
        assert_int_equal(encoding_accepted(bytes_of_string(accepted[i].header)), accepted[i].encoding);
}

/* A body that compresses by about half. */
static uint8_t *large_body(void)
{
    uint8_t *body = malloc(LARGE);
    uint32_t seed = 1;

    for (size_t i = 0; i < LARGE; i++)
        body[i] = (uint8_t)('0' + ((seed = seed * 1664525 + 1013904223) >> 28));
    return body;
}

static void round_trips(void **state)
{
    uint8_t *body = large_body();

    (void)state;
    for (int encoding = ENCODING_GZIP; encoding <= ENCODING_DEFLATE; encoding++) {
        static const size_t lens[] = {1, 100, 65535, 65536, 65537, LARGE};

        for (size_t i = 0; i < COUNT_OF(lens); i++) {
            struct bytes in = bytes_of(body, lens[i]);
            struct buf packed, out;

            buf_init(&packed, 2 * LARGE);
            buf_init(&out, LARGE + 1);
            assert_true(compress_deflate(&packed, in, (enum encoding)encoding));
            assert_int_equal(compress_inflate(&out, buf_bytes(&packed), (enum encoding)encoding, lens[i]), INFLATED);
            assert_true(bytes_equal(buf_bytes(&out), in));
            buf_reset(&out);
            assert_int_equal(compress_inflate(&out, buf_bytes(&packed), (enum encoding)encoding, lens[i] - 1),
                             INFLATED_TOO_LARGE);
            buf_deinit(&out);
            buf_init(&out, lens[i] - 1);
            assert_int_equal(compress_inflate(&out, buf_bytes(&packed), (enum encoding)encoding, LARGE),
                             INFLATED_NO_MEMORY);
            buf_deinit(&packed);
            buf_deinit(&out);
        }
    }
    free(body);
}

/* Every cut of a body is broken; so is what follows one, unless it is another gzip member. */
static void broken(void **state)
{
    struct bytes in = BYTES("{\"TableName\":\"a table whose name is longish\"}");
    struct buf packed, out;

    (void)state;
    for (int encoding = ENCODING_GZIP; encoding <= ENCODING_DEFLATE; encoding++) {
        buf_init(&packed, 4096);
        buf_init(&out, 4096);
        assert_true(compress_deflate(&packed, in, (enum encoding)encoding));
        for (size_t len = 0; len < packed.len; len++) {
            uint8_t *copy = malloc(len + 1);

            memcpy(copy, packed.at, len);
            buf_reset(&out);
            assert_int_equal(compress_inflate(&out, bytes_of(copy, len), (enum encoding)encoding, 1000),
                             INFLATED_BROKEN);
            free(copy);
        }
        assert_true(compress_deflate(&packed, in, (enum encoding)encoding)); /* a second one behind it */
        buf_reset(&out);
        assert_int_equal(compress_inflate(&out, buf_bytes(&packed), (enum encoding)encoding, 1000),
                         encoding == ENCODING_GZIP ? INFLATED : INFLATED_BROKEN);
        if (encoding == ENCODING_GZIP)
            assert_int_equal(out.len, 2 * in.len);
        buf_deinit(&packed);
        buf_deinit(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodings),
        cmocka_unit_test(round_trips),
        cmocka_unit_test(broken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
