/* SPDX-License-Identifier: Apache-2.0 */
#include "clock/clock.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define SECONDS_MAX 100000000000LL /* three thousand years; times in milliseconds stay far from their type's end */

static const char *followed; /* NULL: none */
static _Atomic int64_t last_offset_ms;
static _Atomic uint64_t forwards_ms; /* the sum of all its rises */

/* False when there is no such file or no number in it. */
static bool read_offset(int64_t *out_ms, const char *path)
{
    int file = open(path, O_RDONLY | O_CLOEXEC);
    long long seconds;
    ssize_t length;
    char text[32], *end;

    if (file < 0)
        return false;
    length = read(file, text, sizeof(text) - 1);
    close(file);
    if (length <= 0)
        return false;
    text[length] = '\0';
    seconds = strtoll(text, &end, 10);
    if (end == text || (*end != '\0' && !isspace((unsigned char)*end)) || seconds > SECONDS_MAX ||
        seconds < -SECONDS_MAX)
        return false;
    *out_ms = seconds * 1000;
    return true;
}

enum stator_rc clock_follow(const char *path, struct stator_error *err)
{
    int64_t offset_ms = 0;

    if (path != NULL && !read_offset(&offset_ms, path))
        return stator_fail(err, STATOR_VALIDATION, "--clock-file: '%s' has no number of seconds in it", path);
    followed = path;
    atomic_store(&last_offset_ms, offset_ms);
    return STATOR_OK;
}

/* What the file says. */
static int64_t look(void)
{
    int64_t before = atomic_load(&last_offset_ms), now;

    if (!read_offset(&now, followed) || now == before)
        return before;
    if (atomic_compare_exchange_strong(&last_offset_ms, &before, now) && now > before)
        atomic_fetch_add(&forwards_ms, (uint64_t)(now - before));
    return now;
}

uint64_t clock_ms(void)
{
    struct timespec now;
    int64_t ms;

    clock_gettime(CLOCK_REALTIME, &now);
    ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (followed != NULL)
        ms += look();
    return ms > 0 ? (uint64_t)ms : 0;
}

uint64_t clock_flow_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    if (followed != NULL)
        (void)look();
    return ((uint64_t)now.tv_sec * 1000 + atomic_load(&forwards_ms)) * 1000000 + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}
