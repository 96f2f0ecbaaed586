/* SPDX-License-Identifier: Apache-2.0 */
/* A disk whose syncs fail while `syncs_fail` is set, and that keeps those waiting that begin while `syncs_wait` is: of one .c file of a test, whose program has its own fdatasync then. */
#ifndef TESTS_UNIT_SERVER_STORE_FAILING_SYNC_H
#define TESTS_UNIT_SERVER_STORE_FAILING_SYNC_H

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

static atomic_bool syncs_fail, syncs_wait;
static atomic_int syncs_waiting;

/* Seen by the engine's shared library, too. */
__attribute__((visibility("default"))) int fdatasync(int fd)
{
    if (atomic_load(&syncs_fail)) {
        errno = EIO;
        return -1;
    }
    atomic_fetch_add(&syncs_waiting, 1);
    while (atomic_load(&syncs_wait))
        usleep(1000);
    atomic_fetch_sub(&syncs_waiting, 1);
    return (int)syscall(SYS_fdatasync, fd);
}

#endif
