/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/tally.h"

#define US UINT64_C(1000)
#define MS UINT64_C(1000000)
#define S  UINT64_C(1000000000)

const uint64_t histogram_bounds[2][HISTOGRAM_BOUNDS] = {
    [HISTOGRAM_TIMES] = {10 * US, 25 * US, 50 * US, 100 * US, 250 * US, 500 * US, 1 * MS, 2500 * US, 5 * MS, 10 * MS,
                         25 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS, 1 * S, 2500 * MS, 5 * S, 10 * S},
    [HISTOGRAM_SIZES] = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 1024},
};

void histogram_read(struct histogram_sum *out, const struct histogram *histogram)
{
    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        out->buckets[i] += tally_read(&histogram->buckets[i]);
    out->sum += tally_read(&histogram->sum);
}

uint64_t histogram_total(const struct histogram_sum *sum)
{
    uint64_t total = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++)
        total += sum->buckets[i];
    return total;
}

uint64_t histogram_quantile(const struct histogram_sum *sum, enum histogram_scale scale, double part)
{
    uint64_t total = histogram_total(sum), seen = 0;

    if (total == 0)
        return 0;
    for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
        seen += sum->buckets[i];
        if ((double)seen >= part * (double)total)
            return histogram_bounds[scale][i];
    }
    return UINT64_MAX;
}
