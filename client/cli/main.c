/* SPDX-License-Identifier: Apache-2.0 */
/* stator-cli: every command of `stator` that is not the server's; `stator` runs it by itself. */
#include <fcntl.h>
#include <unistd.h>

#include "cli.h"

/* A stream that was closed for us is nothing, and not the first file that we open. */
static void open_streams(void)
{
    int fd;

    while ((fd = open("/dev/null", O_RDWR)) >= 0 && fd <= STDERR_FILENO)
        ;
    if (fd > STDERR_FILENO)
        close(fd);
}

int main(int argc, char **argv)
{
    open_streams();
    return cli_run(argc, argv);
}
