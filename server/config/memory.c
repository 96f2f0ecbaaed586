/* SPDX-License-Identifier: Apache-2.0 */
#include "config/memory.h"

#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/limits.h"

/* The number in a file; SIZE_MAX when there is none: "max", or no such file. */
static size_t read_number(const char *root, const char *folder, const char *group, const char *name)
{
    char path[PATH_MAX], text[32];
    unsigned long long number;
    char *end;
    FILE *file;

    if (snprintf(path, sizeof(path), "%s%s%s/%s", root, folder, group, name) >= (int)sizeof(path))
        return SIZE_MAX;
    file = fopen(path, "re");
    if (file == NULL)
        return SIZE_MAX;
    if (fgets(text, sizeof(text), file) == NULL)
        text[0] = '\0';
    fclose(file);
    number = strtoull(text, &end, 10);
    return end == text || number > SIZE_MAX ? SIZE_MAX : (size_t)number;
}

/* The least limit from the group up to the root of the hierarchy. In a container the paths of /proc/self/cgroup may be
 * those of the machine, where nothing is found, and the container's own limit is at the root. */
static size_t least_of(const char *root, const char *folder, char *group, const char *name)
{
    size_t least = SIZE_MAX;

    for (;;) {
        size_t number = read_number(root, folder, group, name);
        char *slash = strrchr(group, '/');

        least = number < least ? number : least;
        if (slash == NULL)
            return least;
        *slash = '\0';
    }
}

static size_t cgroup_limit(const char *root)
{
    char path[PATH_MAX], line[PATH_MAX];
    size_t least = SIZE_MAX;
    FILE *file;

    if (snprintf(path, sizeof(path), "%s/proc/self/cgroup", root) >= (int)sizeof(path))
        return SIZE_MAX;
    file = fopen(path, "re");
    if (file == NULL)
        return SIZE_MAX;
    while (fgets(line, sizeof(line), file) != NULL) { /* "0::/system.slice/x", "5:memory:/docker/1234" */
        char *group = strrchr(line, ':');
        size_t limit = SIZE_MAX;

        line[strcspn(line, "\n")] = '\0';
        if (group == NULL)
            continue;
        group++;
        if (strncmp(line, "0::", 3) == 0)
            limit = least_of(root, "/sys/fs/cgroup", group, "memory.max");
        else if (strstr(line, ":memory:") != NULL)
            limit = least_of(root, "/sys/fs/cgroup/memory", group, "memory.limit_in_bytes");
        least = limit < least ? limit : least;
    }
    fclose(file);
    return least;
}

size_t memory_limit(const char *root)
{
    size_t limit = cgroup_limit(root);
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    size_t machine = pages > 0 && page > 0 ? (size_t)pages * (size_t)page : SIZE_MAX;

    return limit < machine ? limit : machine;
}

uint32_t memory_for_connections(size_t limit)
{
    size_t count = limit / LIMIT_CONNECTIONS_MEMORY_SHARE / LIMIT_CONNECTION_BYTES;

    return count < LIMIT_CONNECTIONS ? (uint32_t)count : LIMIT_CONNECTIONS;
}

size_t memory_for_tables(size_t limit)
{
    return limit / 6 < LIMIT_TABLES_LEAST_BYTES ? LIMIT_TABLES_LEAST_BYTES : limit / 6;
}

size_t memory_for_requests(size_t limit)
{
    size_t third = limit / 3;

    if (third < LIMIT_MEMORY_LEAST_BYTES)
        return LIMIT_MEMORY_LEAST_BYTES;
    return third < LIMIT_MEMORY_MOST_BYTES ? third : LIMIT_MEMORY_MOST_BYTES;
}
