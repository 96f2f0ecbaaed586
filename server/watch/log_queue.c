/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/log_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "watch/log_repeats.h"

/* How long log_stop waits for a reader, and how long a failed write rests. */
#define PATIENCE_MS 1000

struct buffer {
    char at[LOG_QUEUE_BYTES];
    size_t len;
};

static struct {
    pthread_mutex_t lock; /* guards the buffers but for what is being written, and what follows them */
    pthread_cond_t wake;
    struct buffer buffers[2];
    struct buffer *filling;
    struct log_repeats repeats;
    uint64_t untold;  /* lines dropped that no line has told of yet */
    uint64_t telling; /* those that the line being written tells of; it is alone in its buffer */
    bool running, stopping, reopening;

    pthread_t thread;
    const char *file; /* or NULL */
    int fd;           /* the thread's own while it runs */
    _Atomic uint64_t dropped, repeated;
} queue = {.lock = PTHREAD_MUTEX_INITIALIZER, .fd = STDOUT_FILENO, .filling = &queue.buffers[0]};

static int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t log_lines_dropped(void)
{
    return atomic_load_explicit(&queue.dropped, memory_order_relaxed);
}

uint64_t log_lines_repeated(void)
{
    return atomic_load_explicit(&queue.repeated, memory_order_relaxed);
}

/* --- Writing -------------------------------------------------------------------------------------------------------
 */

static ssize_t write_once(const char *at, size_t len)
{
    ssize_t wrote;

    do
        wrote = write(queue.fd, at, len);
    while (wrote < 0 && errno == EINTR);
    return wrote;
}

/* False when it failed; *done is how much was written. Waits where the descriptor is of the kind that does not. */
static bool write_whole(const char *at, size_t len, size_t *done)
{
    for (*done = 0; *done < len;) {
        ssize_t wrote = write_once(at + *done, len - *done);

        if (wrote < 0 && errno == EAGAIN) {
            struct pollfd waiting = {.fd = queue.fd, .events = POLLOUT};

            (void)poll(&waiting, 1, -1);
        } else if (wrote < 0) {
            return false;
        } else {
            *done += (size_t)wrote;
        }
    }
    return true;
}

/* How much of the text goes into one write: whole lines, at most PIPE_BUF. Lines are no longer. */
static size_t piece_of(const char *at, size_t len)
{
    const char *end;

    if (len <= PIPE_BUF)
        return len;
    end = memrchr(at, '\n', PIPE_BUF);
    return end == NULL ? PIPE_BUF : (size_t)(end - at) + 1;
}

/* --- The queue -----------------------------------------------------------------------------------------------------
 */

static void drop(uint64_t lines)
{
    queue.untold += lines;
    atomic_fetch_add_explicit(&queue.dropped, lines, memory_order_relaxed);
}

/* Under the lock. */
static void add(const char *line, size_t len)
{
    struct buffer *buffer = queue.filling;

    if (queue.untold != 0 || len > sizeof(buffer->at) - buffer->len) {
        drop(1);
        return;
    }
    memcpy(buffer->at + buffer->len, line, len);
    buffer->len += len;
    if (buffer->len == len)
        pthread_cond_signal(&queue.wake);
}

void log_queue_line(const char *line, size_t len)
{
    size_t done;

    pthread_mutex_lock(&queue.lock);
    if (queue.running)
        add(line, len);
    else
        (void)write_whole(line, len, &done);
    pthread_mutex_unlock(&queue.lock);
}

/* Under the lock. */
static void add_count(const struct log_repeat *repeat)
{
    char line[LOG_LINE_MAX];

    add(line, log_format_line(line, log_chosen_format, log_now_ms(), repeat->level, repeat->message, repeat->fields,
                              repeat->count));
}

bool log_queue_repeats(enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
    struct log_repeat displaced;
    bool repeats;

    pthread_mutex_lock(&queue.lock);
    repeats =
        queue.running && log_repeats_note(&queue.repeats, monotonic_ms(), level, message, fields, count, &displaced);
    if (repeats)
        atomic_fetch_add_explicit(&queue.repeated, 1, memory_order_relaxed);
    else if (queue.running && displaced.more != 0)
        add_count(&displaced);
    if (repeats)
        pthread_cond_signal(&queue.wake); /* it has a count to tell in time */
    pthread_mutex_unlock(&queue.lock);
    return repeats;
}

/* --- The thread ----------------------------------------------------------------------------------------------------
 */

/* A pipe without a reader is an error, and not waited for. */
static int open_file(void)
{
    int fd = open(queue.file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);

    if (fd >= 0)
        (void)fcntl(fd, F_SETFL, O_APPEND);
    return fd;
}

/* The old file is written on when the new one cannot be opened. */
static void reopen(void)
{
    int fd = open_file();
    int error = errno;

    if (fd >= 0) {
        close(queue.fd);
        queue.fd = fd;
        LOG_LINE(LOG_LEVEL_INFO, "log file opened anew", LOG_STRING("file", queue.file));
    } else {
        LOG_LINE(LOG_LEVEL_ERROR, "cannot open the log file anew: going on with the old one",
                 LOG_STRING("file", queue.file), LOG_STRING("reason", strerror(error)));
    }
}

static void tell_untold(void)
{
    const struct log_field field = LOG_NUMBER("lines", (int64_t)queue.untold);
    char line[LOG_LINE_MAX];

    queue.telling = queue.untold;
    queue.untold = 0;
    add(line, log_format_line(line, log_chosen_format, log_now_ms(), LOG_LEVEL_WARN,
                              "lines of the log were dropped: nobody took them", &field, 1));
}

/* Under the lock. Until there is something to do; false: it is the end. */
static bool await_work(void)
{
    struct log_repeat repeat;

    for (;;) {
        int64_t due;
        struct timespec until;

        while (log_repeats_take(&queue.repeats, monotonic_ms(), queue.stopping, &repeat))
            add_count(&repeat);
        if (queue.filling->len == 0 && queue.untold != 0)
            tell_untold();
        if (queue.filling->len != 0 || queue.reopening)
            return true;
        if (queue.stopping)
            return false;
        due = log_repeats_due_ms(&queue.repeats);
        until = (struct timespec){.tv_sec = due / 1000, .tv_nsec = due % 1000 * 1000000};
        if (due == INT64_MAX)
            pthread_cond_wait(&queue.wake, &queue.lock);
        else
            pthread_cond_timedwait(&queue.wake, &queue.lock, &until);
    }
}

/* Under the lock, for a second or until the end. */
static void rest(void)
{
    int64_t end = monotonic_ms() + PATIENCE_MS;
    struct timespec until = {.tv_sec = end / 1000, .tv_nsec = end % 1000 * 1000000};

    while (!queue.stopping && pthread_cond_timedwait(&queue.wake, &queue.lock, &until) != ETIMEDOUT)
        ;
}

static uint64_t lines_in(const char *at, size_t len)
{
    uint64_t lines = 0;

    for (size_t i = 0; i < len; i++)
        lines += at[i] == '\n';
    return lines;
}

/* Under the lock. Drops the lines that were refused, but for the rest of one that was begun: returns how long it is. */
static size_t refuse(const char *at, size_t len, bool begun)
{
    const char *end = begun && !queue.stopping ? memchr(at, '\n', len) : NULL;
    size_t kept = end != NULL ? (size_t)(end - at) + 1 : 0;

    if (queue.telling == 0)
        drop(lines_in(at + kept, len - kept));
    else if (kept == 0)
        queue.untold += queue.telling;
    if (queue.stopping)
        queue.untold = 0; /* nobody will be told */
    return kept;
}

/* Not under the lock. */
static void write_out(const char *at, size_t len)
{
    const char *start = at;

    while (len != 0) {
        size_t done;
        bool written = write_whole(at, piece_of(at, len), &done);

        at += done;
        len -= done;
        if (written)
            continue;
        pthread_mutex_lock(&queue.lock);
        len = refuse(at, len, at > start && at[-1] != '\n');
        rest();
        pthread_mutex_unlock(&queue.lock);
    }
}

static void *writer_main(void *context)
{
    (void)context;
    pthread_mutex_lock(&queue.lock);
    while (await_work()) {
        struct buffer *full = queue.filling;
        bool reopening = queue.reopening;

        queue.filling = full == &queue.buffers[0] ? &queue.buffers[1] : &queue.buffers[0];
        queue.reopening = false;
        pthread_mutex_unlock(&queue.lock);
        write_out(full->at, full->len);
        if (reopening)
            reopen();
        pthread_mutex_lock(&queue.lock);
        full->len = 0;
        queue.telling = 0;
    }
    pthread_mutex_unlock(&queue.lock);
    return NULL;
}

/* --- Crashes -------------------------------------------------------------------------------------------------------
 */

/* Only what a handler may call, and no lock: whoever crashed may hold it. */
static void write_if_it_can_be(const char *at, size_t len)
{
    struct pollfd waiting = {.fd = queue.fd, .events = POLLOUT};

    while (len != 0 && poll(&waiting, 1, 0) == 1 && (waiting.revents & POLLOUT) != 0) {
        size_t piece = piece_of(at, len);

        if (write_once(at, piece) < (ssize_t)piece)
            return;
        at += piece;
        len -= piece;
    }
}

void log_last_words(int number)
{
    static const char text[] = "stator: the process ends by a signal: ",
                      json[] = "{\"level\":\"error\",\"message\":\"the "
                               "process ends by a signal\",\"signal\":\"SIG";
    const char *name = sigabbrev_np(number);
    char line[sizeof(json) + 32];
    size_t len = 0;
    bool as_json = log_chosen_format == LOG_FORMAT_JSON;

    for (const char *at = as_json ? json : text; *at != '\0'; at++)
        line[len++] = *at;
    for (const char *at = name != NULL ? name : "?"; *at != '\0' && len < sizeof(line) - 3; at++)
        line[len++] = *at;
    for (const char *at = as_json ? "\"}\n" : "\n"; *at != '\0'; at++)
        line[len++] = *at;
    write_if_it_can_be(queue.filling->at, queue.filling->len);
    write_if_it_can_be(line, len);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

static void on_crash(int number)
{
    log_last_words(number);
    raise(number); /* SA_RESETHAND: its default now */
}

static void catch_crashes(void)
{
    static const int numbers[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS};
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_RESETHAND | SA_NODEFER};

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        sigaction(numbers[i], &action, NULL);
}

#else /* the sanitizers tell of crashes themselves */

static void catch_crashes(void)
{
}

#endif

/* --- Life ----------------------------------------------------------------------------------------------------------
 */

enum stator_rc log_start(const struct log_options *options, struct stator_error *err)
{
    pthread_condattr_t attributes;
    int error;

    log_chosen_format = options->format;
    log_highest_level = options->highest;
    queue.file = options->file;
    if (queue.file != NULL && (queue.fd = open_file()) < 0) {
        queue.fd = STDOUT_FILENO;
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "--log-file: cannot open '%s': %s", queue.file,
                           strerror(errno));
    }
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&queue.wake, &attributes);
    pthread_condattr_destroy(&attributes);
    signal(SIGPIPE, SIG_IGN); /* a reader that is gone is no reason to end */
    catch_crashes();
    queue.stopping = false;
    queue.running = true;
    error = pthread_create(&queue.thread, NULL, writer_main, NULL);
    if (error == 0)
        return STATOR_OK;
    queue.running = false;
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "cannot start the log's thread: %s", strerror(error));
}

bool log_reopen(void)
{
    if (queue.file == NULL)
        return false;
    pthread_mutex_lock(&queue.lock);
    queue.reopening = true;
    pthread_cond_signal(&queue.wake);
    pthread_mutex_unlock(&queue.lock);
    return true;
}

/* A thread whose reader takes nothing is left behind: the process is about to end. */
void log_stop(void)
{
    struct timespec until;

    if (!queue.running)
        return;
    pthread_mutex_lock(&queue.lock);
    queue.stopping = true;
    pthread_cond_signal(&queue.wake);
    pthread_mutex_unlock(&queue.lock);
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_MS / 1000;
    if (pthread_timedjoin_np(queue.thread, NULL, &until) != 0)
        return;
    pthread_mutex_lock(&queue.lock);
    queue.running = false;
    if (queue.file != NULL)
        close(queue.fd);
    queue.fd = STDOUT_FILENO;
    pthread_mutex_unlock(&queue.lock);
}
