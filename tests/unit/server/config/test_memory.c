/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/limits.h"
#include "config/memory.h"

#define MIB ((size_t)1 << 20)

static char root[] = "/tmp/stator-memory-XXXXXX";

/* A file below root, with the folders before it. */
static void put(const char *path, const char *text)
{
    char whole[PATH_MAX];
    FILE *file;

    snprintf(whole, sizeof(whole), "%s%s", root, path);
    for (char *at = whole + strlen(root) + 1; (at = strchr(at, '/')) != NULL; at++) {
        *at = '\0';
        mkdir(whole, 0700);
        *at = '/';
    }
    file = fopen(whole, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void least_limit_around_the_process(void **state)
{
    size_t machine;

    (void)state;
    assert_non_null(mkdtemp(root));
    machine = memory_limit(root); /* no cgroup */
    assert_true(machine > 64 * MIB);
    put("/proc/self/cgroup", "0::/a/b\n");
    assert_int_equal(memory_limit(root), machine);
    put("/sys/fs/cgroup/a/b/memory.max", "max\n");
    assert_int_equal(memory_limit(root), machine);
    put("/sys/fs/cgroup/a/memory.max", "67108864\n");
    assert_int_equal(memory_limit(root), 64 * MIB);
    put("/sys/fs/cgroup/memory.max", "33554432\n"); /* a container, whose path is the machine's */
    assert_int_equal(memory_limit(root), 32 * MIB);
    put("/proc/self/cgroup", "3:cpu:/x\n7:memory:/c\n");
    put("/sys/fs/cgroup/memory/c/memory.limit_in_bytes", "50331648\n");
    assert_int_equal(memory_limit(root), 48 * MIB);
}

static void requests_may_take_a_third(void **state)
{
    (void)state;
    assert_int_equal(memory_for_requests(300 * MIB), 100 * MIB);
    assert_int_equal(memory_for_tables(300 * MIB), 50 * MIB);
    assert_int_equal(memory_for_connections(256 * MIB), 2048);
    assert_int_equal(memory_for_connections((size_t)1 << 40), LIMIT_CONNECTIONS);
    assert_int_equal(memory_for_tables(16 * MIB), LIMIT_TABLES_LEAST_BYTES);
    assert_int_equal(memory_for_requests(16 * MIB), LIMIT_MEMORY_LEAST_BYTES);
    assert_int_equal(memory_for_requests((size_t)1 << 40), LIMIT_MEMORY_MOST_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(least_limit_around_the_process),
        cmocka_unit_test(requests_may_take_a_third),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
