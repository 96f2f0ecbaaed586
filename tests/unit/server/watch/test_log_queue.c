/* SPDX-License-Identifier: Apache-2.0 */
/* The log's file is a pipe with a name here, so that its reader may be as slow as it likes. */
#include "unit/unit.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "watch/log.h"

#define THREADS 4
#define LINES   2000

static char dir[64], path[80];
static int reader;

static int begin(void **state)
{
    const struct log_options options = {LOG_FORMAT_TEXT, LOG_LEVEL_INFO, path};
    struct stator_error err;

    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/stator-log-XXXXXX");
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s/pipe", dir);
    assert_int_equal(mkfifo(path, 0600), 0);
    reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    assert_int_equal(log_start(&options, &err), STATOR_OK);
    return 0;
}

static int end(void **state)
{
    (void)state;
    close(reader);
    unlink(path);
    rmdir(dir);
    return 0;
}

static void pause_ms(long ms)
{
    const struct timespec wait = {ms / 1000, ms % 1000 * 1000000};

    nanosleep(&wait, NULL);
}

/* Everything that comes within half a second. */
static char *read_all(void)
{
    size_t len = 0, size = 4 << 20;
    char *out = malloc(size);
    struct pollfd waiting = {.fd = reader, .events = POLLIN};

    assert_non_null(out);
    while (len < size - 1 && poll(&waiting, 1, 500) == 1) {
        ssize_t got = read(reader, out + len, size - 1 - len);

        if (got <= 0)
            break;
        len += (size_t)got;
    }
    out[len] = '\0';
    return out;
}

static void *write_lines(void *context)
{
    for (int i = 0; i < LINES; i++)
        LOG_LINE(LOG_LEVEL_INFO, "line", LOG_NUMBER("thread", (int64_t)(intptr_t)context), LOG_NUMBER("number", i));
    return NULL;
}

static void write_by_all(void)
{
    pthread_t threads[THREADS];

    for (intptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_lines, (void *)i), 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

/* Each thread's lines are whole and in their order; returns how many there are. */
static int count_lines(const char *text)
{
    int next[THREADS] = {0}, count = 0;

    for (const char *at = text; (at = strstr(at, " info  line thread=")) != NULL; at++) {
        int thread, number;

        assert_int_equal(sscanf(at, " info  line thread=%d number=%d\n", &thread, &number), 2);
        assert_true(number >= next[thread]);
        next[thread] = number + 1;
        count++;
    }
    return count;
}

/* Nobody reads: nobody waits, and what could not be kept is counted. */
static void unread(void **state)
{
    uint64_t dropped = log_lines_dropped();
    const char *notice;
    char *text;
    int count, told;

    (void)state;
    write_by_all();
    dropped = log_lines_dropped() - dropped;
    assert_true(dropped > 0);
    text = read_all();
    count = count_lines(text);
    assert_int_equal(count + (int)dropped, THREADS * LINES);
    notice = strstr(text, "lines of the log were dropped");
    assert_non_null(notice);
    assert_int_equal(sscanf(notice, "lines of the log were dropped: nobody took them lines=%d", &told), 1);
    assert_int_equal(told, dropped);
    assert_null(strchr(strchr(notice, '\n') + 1, '\n')); /* it is the last */
    free(text);

    LOG_LINE(LOG_LEVEL_INFO, "again");
    text = read_all();
    assert_non_null(strstr(text, "info  again\n"));
    free(text);
    log_stop();
}

/* What the system refuses is counted when it does, and told of when it no longer does. */
static void refused(void **state)
{
    uint64_t before = log_lines_dropped();
    const char *notice = NULL;
    int told;

    (void)state;
    close(reader);
    for (int i = 0; i < 3; i++)
        LOG_LINE(LOG_LEVEL_INFO, "line");
    for (int i = 0; i < 500 && log_lines_dropped() - before < 3; i++)
        pause_ms(10);
    assert_int_equal(log_lines_dropped() - before, 3);
    pause_ms(1500); /* the notice itself is refused, too, and is no line that was lost */
    assert_int_equal(log_lines_dropped() - before, 3);
    reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    for (int i = 0; i < 10 && notice == NULL; i++) {
        char *text = read_all();

        notice = strstr(text, "lines of the log were dropped");
        if (notice != NULL)
            assert_int_equal(sscanf(notice, "lines of the log were dropped: nobody took them lines=%d", &told), 1);
        free(text);
    }
    assert_non_null(notice);
    assert_int_equal(told, 3);
    close(reader); /* and a stop waits for nobody */
    LOG_LINE(LOG_LEVEL_INFO, "line");
    log_stop();
    assert_int_equal(log_lines_dropped() - before, 4);
    reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
}

static void limit_files(rlim_t bytes)
{
    struct rlimit limit;

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A disk that is full in the middle of a line: the line is whole once there is room again. */
static void torn(void **state)
{
    const struct log_options options = {LOG_FORMAT_TEXT, LOG_LEVEL_INFO, path};
    struct stator_error err;
    uint64_t before;
    char *text;

    (void)state;
    log_stop();
    unlink(path);
    signal(SIGXFSZ, SIG_IGN);
    limit_files(60);
    assert_int_equal(log_start(&options, &err), STATOR_OK);
    before = log_lines_dropped();
    LOG_LINE(LOG_LEVEL_INFO, "the first line");
    LOG_LINE(LOG_LEVEL_INFO, "the second line");
    pause_ms(200);
    limit_files(RLIM_INFINITY);
    pause_ms(1500);
    LOG_LINE(LOG_LEVEL_INFO, "the third line");
    log_stop();
    close(reader);
    reader = open(path, O_RDONLY | O_CLOEXEC);
    text = read_all();
    assert_non_null(strstr(text, " info  the first line\n"));
    assert_non_null(strstr(text, "Z info  the second line\n"));
    assert_non_null(strstr(text, "Z info  the third line\n"));
    assert_int_equal(log_lines_dropped(), before);
    free(text);
}

/* With a reader no line is lost, those before a stop included. */
static void *stop_soon(void *context)
{
    (void)context;
    for (int i = 0; i < 100; i++)
        LOG_LINE(LOG_LEVEL_INFO, "line", LOG_NUMBER("thread", 0), LOG_NUMBER("number", i));
    log_stop();
    return NULL;
}

static void stopped(void **state)
{
    pthread_t thread;
    char *text;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, stop_soon, NULL), 0);
    text = read_all();
    assert_int_equal(count_lines(text), 100);
    pthread_join(thread, NULL);
    free(text);
}

/* The count of those alike is told at the stop at the latest. */
static void repeated(void **state)
{
    uint64_t before = log_lines_repeated();
    const char *first, *second;
    char *text;

    (void)state;
    for (int i = 0; i < 100; i++)
        LOG_LINE(LOG_LEVEL_ERROR, "a request failed", LOG_STRING("reason", "the disk is full"),
                 LOG_NUMBER("number", i));
    assert_int_equal(log_lines_repeated() - before, 99);
    log_stop();
    text = read_all();
    first = strstr(text, "error a request failed reason=\"the disk is full\" number=0\n");
    assert_non_null(first);
    second = strstr(first, "error a request failed reason=\"the disk is full\" more_like_it=99\n");
    assert_non_null(second);
    assert_null(strstr(strchr(second, '\n'), "a request failed"));
    free(text);
}

/* The file is opened anew under its name. */
static void reopened(void **state)
{
    char *text;
    struct stat found;

    (void)state;
    LOG_LINE(LOG_LEVEL_INFO, "before");
    text = read_all();
    assert_non_null(strstr(text, "before"));
    free(text);
    unlink(path);
    assert_true(log_reopen());
    for (int i = 0; i < 100 && stat(path, &found) != 0; i++)
        pause_ms(10);
    LOG_LINE(LOG_LEVEL_INFO, "after");
    log_stop();
    close(reader);
    reader = open(path, O_RDONLY | O_CLOEXEC);
    text = read_all();
    assert_non_null(strstr(text, "info  after\n"));
    assert_null(strstr(text, "before"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(unread, begin, end),   cmocka_unit_test_setup_teardown(refused, begin, end),
        cmocka_unit_test_setup_teardown(torn, begin, end),     cmocka_unit_test_setup_teardown(stopped, begin, end),
        cmocka_unit_test_setup_teardown(repeated, begin, end), cmocka_unit_test_setup_teardown(reopened, begin, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
