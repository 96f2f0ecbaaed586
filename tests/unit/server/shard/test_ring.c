/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <math.h>
#include <stdlib.h>

#include "shard/ring.h"

#define TOKENS 400000

static uint64_t token_of(uint32_t i)
{
    char key[32];
    int len = snprintf(key, sizeof(key), "customer#%u", (unsigned)i);

    return ring_token(bytes_of(key, (size_t)len));
}

/* What is on users' disks: a change here is a change of the format. */
static void tokens_and_places_are_fixed(void **state)
{
    static const struct {
        const char *key;
        uint64_t token;
        uint32_t of4, of16;
    } cases[] = {
        {"", 0xC85787B3C80A8D4C, 3, 3},
        {"a", 0x25B2CF44E76E366A, 1, 12},
        {"customer#1", 0xC1EA810622E64527, 1, 13},
    };
    struct ring four, sixteen;

    (void)state;
    assert_int_equal(ring_init(&four, 4, NULL), STATOR_OK);
    assert_int_equal(ring_init(&sixteen, 16, NULL), STATOR_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t token = ring_token(bytes_of_string(cases[i].key));

        if (token != cases[i].token || ring_shard(&four, token) != cases[i].of4 ||
            ring_shard(&sixteen, token) != cases[i].of16)
            fail_msg("{\"%s\", 0x%016llX, %u, %u},", cases[i].key, (unsigned long long)token, ring_shard(&four, token),
                     ring_shard(&sixteen, token));
    }
    ring_deinit(&four);
    ring_deinit(&sixteen);
}

static void points_are_in_order(void **state)
{
    static const uint32_t counts[] = {1, 2, 3, 4, 31, RING_SHARDS_MAX};

    (void)state;
    for (size_t c = 0; c < COUNT_OF(counts); c++) {
        uint32_t of[RING_SHARDS_MAX] = {0};
        struct ring ring;

        assert_int_equal(ring_init(&ring, counts[c], NULL), STATOR_OK);
        for (size_t i = 0; i < ring.count; i++) {
            assert_true(i == 0 || ring.points[i - 1].token < ring.points[i].token);
            of[ring.points[i].shard]++;
        }
        for (uint32_t shard = 0; shard < counts[c]; shard++)
            assert_int_equal(of[shard], RING_POINTS);
        ring_deinit(&ring);
    }
}

static void shares_are_even(void **state)
{
    (void)state;
    for (uint32_t shards = 1; shards <= 16; shards++) {
        uint32_t count[16] = {0};
        struct ring ring;

        assert_int_equal(ring_init(&ring, shards, NULL), STATOR_OK);
        for (uint32_t i = 0; i < TOKENS; i++)
            count[ring_shard(&ring, token_of(i))]++;
        for (uint32_t s = 0; s < shards; s++) {
            double share = (double)count[s] * shards / TOKENS;

            if (fabs(share - 1) > 0.06)
                fail_msg("shard %u of %u has %.3f of its share", s, shards, share);
        }
        ring_deinit(&ring);
    }
}

/* One shard more takes about its share, from everybody, and nothing moves between the others. */
static void a_new_shard_moves_only_its_share(void **state)
{
    (void)state;
    for (uint32_t shards = 1; shards < 16; shards++) {
        struct ring before, after;
        uint32_t moved = 0;

        assert_int_equal(ring_init(&before, shards, NULL), STATOR_OK);
        assert_int_equal(ring_init(&after, shards + 1, NULL), STATOR_OK);
        for (uint32_t i = 0; i < TOKENS / 4; i++) {
            uint64_t token = token_of(i);
            uint32_t from = ring_shard(&before, token), to = ring_shard(&after, token);

            if (from != to)
                assert_int_equal(to, shards);
            moved += from != to;
        }
        assert_true(fabs((double)moved * (shards + 1) / (TOKENS / 4.0) - 1) < 0.09);
        ring_deinit(&before);
        ring_deinit(&after);
    }
}

static void the_ring_closes(void **state)
{
    struct ring ring;

    (void)state;
    assert_int_equal(ring_init(&ring, RING_SHARDS_MAX, NULL), STATOR_OK);
    assert_int_equal(ring_shard(&ring, 0), ring.points[0].shard);
    assert_int_equal(ring_shard(&ring, ring.points[0].token), ring.points[0].shard);
    assert_int_equal(ring_shard(&ring, ring.points[0].token + 1), ring.points[1].shard);
    assert_int_equal(ring_shard(&ring, UINT64_MAX), ring.points[0].shard);
    for (size_t i = 1; i < ring.count; i++)
        assert_true(ring.points[i - 1].token < ring.points[i].token);
    ring_deinit(&ring);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_and_places_are_fixed),
        cmocka_unit_test(points_are_in_order),
        cmocka_unit_test(shares_are_even),
        cmocka_unit_test(a_new_shard_moves_only_its_share),
        cmocka_unit_test(the_ring_closes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
