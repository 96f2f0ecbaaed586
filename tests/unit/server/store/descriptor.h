/* SPDX-License-Identifier: Apache-2.0 */
/* For tests whose program has a system call of its own: which file it is about. */
#ifndef TESTS_UNIT_SERVER_STORE_DESCRIPTOR_H
#define TESTS_UNIT_SERVER_STORE_DESCRIPTOR_H

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Whether the file's name, without its folders, has that part. */
static inline bool descriptor_is_of(int fd, const char *part)
{
    char link[64], path[PATH_MAX];
    ssize_t len;

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    len = readlink(link, path, sizeof(path) - 1);
    path[len > 0 ? len : 0] = '\0';
    return strrchr(path, '/') != NULL && strstr(strrchr(path, '/'), part) != NULL;
}

#endif
