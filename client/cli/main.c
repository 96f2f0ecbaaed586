/* SPDX-License-Identifier: Apache-2.0 */
/* stator-cli: every command of `stator` that is not the server's; `stator` runs it by itself. */
#include "cli.h"

int main(int argc, char **argv)
{
    return cli_run(argc, argv);
}
