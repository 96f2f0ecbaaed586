/* SPDX-License-Identifier: Apache-2.0 */
#include "store/nowait.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/uio.h>
#include <unistd.h>

static _Thread_local bool active, gave_up;
static atomic_bool always_cold;

void nowait_begin(void)
{
    active = true;
    gave_up = false;
}

bool nowait_end(void)
{
    active = false;
    return gave_up;
}

void nowait_set_cold(bool cold)
{
    atomic_store(&always_cold, cold);
}

#if NOWAIT

ssize_t __real_pread(int fd, void *out, size_t len, off_t offset);
ssize_t __wrap_pread(int fd, void *out, size_t len, off_t offset);

/* The linker's --wrap=pread makes this the engine's pread. A file system that knows no RWF_NOWAIT gives up each time. */
ssize_t __wrap_pread(int fd, void *out, size_t len, off_t offset)
{
    const struct iovec part = {.iov_base = out, .iov_len = len};
    ssize_t got = -1;

    if (!active)
        return __real_pread(fd, out, len, offset);
    if (!atomic_load_explicit(&always_cold, memory_order_relaxed))
        got = preadv2(fd, &part, 1, offset, RWF_NOWAIT);
    if (got < 0) {
        gave_up = true;
        errno = EIO; /* not EINTR, after which the engine would try again */
    }
    return got;
}

#endif
