/* SPDX-License-Identifier: Apache-2.0 */
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli.h"

#define SHOW_MS   100
#define BAR_CELLS 30
#define NAP_MS    100 /* the longest a wait goes without a look at signals */

static int64_t now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum stator_rc progress_init(struct progress *progress, const struct args *args, const char *verb,
                             struct stator_error *err)
{
    long long rate;
    bool quiet = args_has(args, OPTION_QUIET);

    *progress = (struct progress){.verb = verb,
                                  .quiet = quiet,
                                  .bar = !quiet && !args_has(args, OPTION_NO_PROGRESS) && isatty(STDERR_FILENO),
                                  .began_ms = now_ms()};
    pthread_mutex_init(&progress->lock, NULL);
    if (args_number(&rate, args, OPTION_RATE, 0, 1, 1000000000, err) != STATOR_OK)
        return err->rc;
    progress->rate = (double)rate;
    return STATOR_OK;
}

static void print_left(int64_t ms)
{
    long long seconds = ms / 1000;

    if (seconds < 3600)
        fprintf(stderr, "  %lld:%02lld left", seconds / 60, seconds % 60);
    else
        fprintf(stderr, "  %lld:%02lld:%02lld left", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

static void show(const struct progress *progress, int64_t now, double part)
{
    double seconds = (double)(now - progress->began_ms) / 1000;

    fputs("\r\033[K", stderr);
    if (part >= 0) {
        int cells = part > 1 ? BAR_CELLS : (int)(part * BAR_CELLS);

        fputc('[', stderr);
        for (int i = 0; i < BAR_CELLS; i++)
            fputc(i < cells ? '=' : i == cells ? '>' : ' ', stderr);
        fprintf(stderr, "] %3d%%  ", part > 1 ? 100 : (int)(part * 100));
    }
    fprintf(stderr, "%llu items", (unsigned long long)progress->items);
    if (seconds > 0)
        fprintf(stderr, "  %.0f/s", (double)progress->items / seconds);
    if (part > 0 && part < 1)
        print_left((int64_t)(seconds * 1000 * (1 - part) / part));
    fflush(stderr);
}

void progress_pace(struct progress *progress, uint64_t items)
{
    int64_t due;

    if (progress->rate <= 0)
        return;
    due = progress->began_ms + (int64_t)((double)items / progress->rate * 1000);

    for (int64_t left = due - now_ms(); left > 0 && !cli_interrupted(); left = due - now_ms()) {
        int64_t nap = left < NAP_MS ? left : NAP_MS;

        nanosleep(&(struct timespec){.tv_nsec = (long)nap * 1000000}, NULL);
    }
}

void progress_add(struct progress *progress, uint64_t items, double part)
{
    int64_t now = now_ms();

    pthread_mutex_lock(&progress->lock);
    progress->items += items;
    if (progress->bar && now - progress->shown_ms >= SHOW_MS) {
        show(progress, now, part);
        progress->shown_ms = now;
    }
    pthread_mutex_unlock(&progress->lock);
}

void progress_clear(struct progress *progress)
{
    if (progress->bar)
        fputs("\r\033[K", stderr);
}

void progress_end(struct progress *progress, const char *detail)
{
    double seconds = (double)(now_ms() - progress->began_ms) / 1000;

    progress_clear(progress);
    if (progress->quiet)
        return;
    fprintf(stderr, "%s %llu items in %.1f s", progress->verb, (unsigned long long)progress->items, seconds);
    if (seconds >= 0.1)
        fprintf(stderr, " (%.0f/s)", (double)progress->items / seconds);
    fprintf(stderr, "%s\n", detail);
}
