/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of a test's own, with what is in it removed at the end. */
#ifndef TESTS_UNIT_SERVER_STORE_TEMPORARY_H
#define TESTS_UNIT_SERVER_STORE_TEMPORARY_H

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static inline int temporary_remove_one(const char *path, const struct stat *info, int kind, struct FTW *where)
{
    (void)info, (void)kind, (void)where;
    return remove(path);
}

static inline void temporary_remove(const char *dir)
{
    nftw(dir, temporary_remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* out has room for 64 bytes. */
static inline const char *temporary_make(char *out)
{
    const char *base = getenv("TMPDIR");

    snprintf(out, 64, "%.40s/stator-test-XXXXXX", base != NULL ? base : "/tmp");
    return mkdtemp(out);
}

#endif
