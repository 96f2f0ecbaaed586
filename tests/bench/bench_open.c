/* SPDX-License-Identifier: Apache-2.0 */
/* Time to open and memory taken: bench_open <dir|-> <shards>. "-" is in memory. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "store/store.h"

static double now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static double resident_mib(void)
{
    long pages = 0, ignored;
    FILE *f = fopen("/proc/self/statm", "r");

    if (f == NULL || fscanf(f, "%ld %ld", &ignored, &pages) != 2)
        pages = 0;
    if (f != NULL)
        fclose(f);
    return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1048576.0;
}

int main(int argc, char **argv)
{
    struct store_options options = {.durability = STORE_FULL};
    struct stator_error err = {0};
    struct store *store;
    double before_ms = now_ms(), before_mib = resident_mib(), open_ms;

    if (argc != 3)
        return 2;
    options.dir = argv[1][0] == '-' ? NULL : argv[1];
    options.shards = (uint32_t)atoi(argv[2]);
    if (store_open(&store, &options, &err) != STATOR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    open_ms = now_ms() - before_ms;
    printf("open %.2f ms, resident %.1f MiB (before %.1f)", open_ms, resident_mib(), before_mib);
    before_ms = now_ms();
    store_close(store);
    printf(", close %.2f ms\n", now_ms() - before_ms);
    return 0;
}
