/* SPDX-License-Identifier: Apache-2.0 */
#include "config/outside.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"

bool outside_wants(int argc, char *const *argv)
{
    if (argc < 2 || argv[1][0] == '-' || argv[1][0] == '\0')
        return false;
    if (strcmp(argv[1], "help") == 0)
        return argc > 2;
    return !config_has_command(argv[1]);
}

/* The path of the program in the directory of this executable. False when that cannot be told. */
static bool find_beside(char path[PATH_MAX])
{
    ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
    char *slash;

    if (len <= 0)
        return false;
    path[len] = '\0';
    slash = strrchr(path, '/');
    if (slash == NULL || (size_t)(slash + 1 - path) + sizeof(OUTSIDE_PROGRAM) > PATH_MAX)
        return false;
    strcpy(slash + 1, OUTSIDE_PROGRAM);
    return true;
}

enum stator_rc outside_run(char **argv, struct stator_error *err)
{
    char path[PATH_MAX];
    const char *word = argv[1];

    argv[0] = OUTSIDE_PROGRAM;
    if (find_beside(path) && access(path, X_OK) == 0) {
        execv(path, argv);
        return stator_fail(err, STATOR_INTERNAL_FAILURE, "%s: %s", path, strerror(errno));
    }
    execvp(OUTSIDE_PROGRAM, argv);
    return stator_fail(err, STATOR_VALIDATION,
                       "'%s' is no command of the server (stator --help lists them), and " OUTSIDE_PROGRAM
                       ", which has the others, is neither beside it nor in PATH",
                       word);
}
