/* SPDX-License-Identifier: Apache-2.0 */
/* What is admitted to the log has space on the disk, whatever another program takes meanwhile. */
#include "store/log_room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "unit/server/store/temporary.h"
#include "unit/unit.h"

#define MIB ((size_t)1 << 20)

static atomic_int error;              /* that the next ones meet, or 0 */
static atomic_llong most = LLONG_MAX; /* bytes that one may have */
static _Atomic uint64_t reached;      /* the end of the last one that was had */

__attribute__((visibility("default"))) int fallocate(int fd, int mode, off_t offset, off_t len)
{
    assert_int_equal(mode, FALLOC_FL_KEEP_SIZE);
    if (error == ENOSPC) /* as ext4 does */
        syscall(SYS_fallocate, fd, mode, offset, len / 2);
    if (error != 0 || len > most) {
        errno = error != 0 ? error : ENOSPC;
        return -1;
    }
    reached = (uint64_t)(offset + len);
    return (int)syscall(SYS_fallocate, fd, mode, offset, len);
}

struct fixture {
    char dir[64], first[80], second[80], spare[80];
    struct log_room room;
};

static void make_file(const char *path)
{
    const int fd = open(path, O_CREAT | O_WRONLY, 0600);

    assert_true(fd >= 0);
    close(fd);
}

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    temporary_make(f->dir);
    snprintf(f->first, sizeof(f->first), "%s/first", f->dir);
    snprintf(f->second, sizeof(f->second), "%s/second", f->dir);
    make_file(f->first);
    make_file(f->second);
    error = 0;
    most = LLONG_MAX;
    log_room_init(&f->room);
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    log_room_deinit(&f->room);
    temporary_remove(f->dir);
    free(f);
    return 0;
}

static bool admits(struct fixture *f, size_t bytes)
{
    (void)log_room_set_out(&f->room, bytes);
    if (log_room_take(&f->room, bytes, true) == LOG_ROOM_TAKEN)
        return true;
    log_room_arrive(&f->room, bytes);
    return false;
}

static void there_is_no_limit_before_a_log(void **state)
{
    struct fixture *f = *state;

    error = ENOSPC;
    assert_true(admits(f, 100 * MIB) && log_room_refill(&f->room));
}

/* All that is admitted is allocated, and the file is no longer for it. */
static void it_grows(void **state)
{
    struct fixture *f = *state;
    struct stat info;

    assert_true(log_room_begin(&f->room, f->first, false));
    assert_true(reached >= MIB);
    for (uint64_t all = 0; all < 10 * MIB; all += 100000) {
        assert_true(admits(f, 100000));
        assert_true(reached > all + 100000);
        log_room_arrive_all(&f->room);
    }
    assert_true(reached < 13 * MIB);
    assert_int_equal(stat(f->first, &info), 0);
    assert_int_equal(info.st_size, 0);
    assert_true((uint64_t)info.st_blocks * 512 >= reached);
}

static void a_large_one_has_room_for_itself(void **state)
{
    struct fixture *f = *state;

    assert_true(log_room_begin(&f->room, f->first, false));
    assert_true(admits(f, 20 * MIB));
    assert_true(reached > 20 * MIB + 20 * MIB / 4096);
}

static void whoever_finds_none_is_refused(void **state)
{
    static const int errors[] = {ENOSPC, EDQUOT};
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        uint64_t all = 0;

        error = 0;
        assert_true(log_room_begin(&f->room, f->first, false));
        error = errors[i];
        while (all < 2 * MIB && admits(f, 1000))
            all += 1000;
        assert_in_range(all, MIB * 9 / 10, MIB);
        assert_false(log_room_refill(&f->room));
        assert_false(admits(f, 1000));
        error = 0;
        assert_true(admits(f, 1000) && log_room_refill(&f->room));
    }
}

/* Where there is less than it would like to have, it takes what it needs. */
static void the_last_space_is_used(void **state)
{
    struct fixture *f = *state;

    most = 5000;
    assert_true(log_room_begin(&f->room, f->first, false));
    assert_true(admits(f, 4000) && admits(f, 4000));
    assert_false(admits(f, 6000));
    (void)log_room_set_out(&f->room, 6000);
    assert_false(log_room_begin(&f->room, f->second, false));
}

static void a_file_system_that_cannot_sets_no_limit(void **state)
{
    static const int errors[] = {EOPNOTSUPP, ENOSYS, EIO};
    struct fixture *f = *state;

    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        error = errors[i];
        assert_true(log_room_begin(&f->room, f->first, false));
        error = ENOSPC;
        for (int times = 0; times < 100; times++)
            assert_true(admits(f, 30 * MIB) && log_room_refill(&f->room));
        assert_false(log_room_begin(&f->room, f->first, false)); /* each log asks anew */
    }
}

static void set_dir(struct fixture *f)
{
    assert_true(log_room_set_dir(&f->room, f->dir));
    snprintf(f->spare, sizeof(f->spare), "%s/" LOG_ROOM_SPARE, f->dir);
}

static off_t blocks_of(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 ? info.st_blocks * 512 : -1;
}

/* --- The spare ---------------------------------------------------------------------------------------------------- */

/* It has room for all that is on its way, and becomes the next log. Nothing is admitted until there is another. */
static void the_next_log_is_spare(void **state)
{
    struct fixture *f = *state;

    set_dir(f);
    assert_true(log_room_begin(&f->room, f->first, false));
    assert_true(admits(f, 3 * MIB));
    assert_true(blocks_of(f->spare) > (off_t)(3 * MIB));
    error = ENOSPC;
    assert_false(log_room_begin(&f->room, f->second, false));
    assert_true(log_room_use_spare(&f->room, f->second));
    assert_int_equal(blocks_of(f->spare), -1);
    assert_true(blocks_of(f->second) > (off_t)(3 * MIB));
    (void)log_room_set_out(&f->room, 9 * MIB); /* not admitted yet, and it will not be */
    assert_true(log_room_begin(&f->room, f->second, false));
    log_room_arrive(&f->room, 9 * MIB);
    assert_false(log_room_has_spare(&f->room) || log_room_use_spare(&f->room, f->first));
    assert_false(admits(f, 1) || log_room_refill(&f->room));
    error = 0;
    assert_true(admits(f, 1) && log_room_has_spare(&f->room));
    assert_true(blocks_of(f->spare) > (off_t)(3 * MIB));
    log_room_arrive_all(&f->room);
    assert_true(log_room_use_spare(&f->room, f->first));
    assert_true(log_room_refill(&f->room));
    assert_in_range(blocks_of(f->spare), MIB, 2 * MIB);
}

static void a_large_one_waits_for_a_larger_spare(void **state)
{
    struct fixture *f = *state;

    set_dir(f);
    assert_true(log_room_begin(&f->room, f->first, false));
    assert_true(log_room_has_spare(&f->room));
    assert_true(admits(f, MIB / 2));
    log_room_arrive_all(&f->room);
    most = MIB + MIB / 2; /* enough for itself */
    assert_true(log_room_refill(&f->room));
    error = ENOSPC;
    assert_false(admits(f, MIB + MIB / 4));
    error = 0;
    assert_int_equal(log_room_take(&f->room, 10, false), LOG_ROOM_TAKEN);
    assert_true(admits(f, MIB + MIB / 4));
}

/* What an earlier start left there is nothing. */
static void a_spare_is_empty(void **state)
{
    struct fixture *f = *state;
    FILE *file;

    set_dir(f);
    file = fopen(f->spare, "w");
    fputs("left", file);
    fclose(file);
    assert_true(log_room_has_spare(&f->room));
    assert_true(blocks_of(f->spare) >= (off_t)MIB);
}

/* Without one the file system's answer counts, as before. */
static void where_none_can_be(void **state)
{
    struct fixture *f = *state;
    struct stat info;

    set_dir(f);
    error = EOPNOTSUPP;
    assert_true(log_room_has_spare(&f->room));
    assert_int_equal(stat(f->spare, &info), -1);
    error = 0;
    assert_true(log_room_begin(&f->room, f->first, false));
    assert_true(admits(f, 3 * MIB));
    assert_false(log_room_use_spare(&f->room, f->second));
    assert_int_equal(stat(f->spare, &info), -1);
    set_dir(f);
    assert_int_equal(mkdir(f->spare, 0700), 0);
    assert_true(log_room_has_spare(&f->room));
    assert_true(admits(f, 100));
    assert_false(log_room_use_spare(&f->room, f->second));
}

static void a_spare_goes_with_its_store(void **state)
{
    struct fixture *f = *state;
    struct stat info;

    set_dir(f);
    assert_true(log_room_has_spare(&f->room));
    assert_int_equal(stat(f->spare, &info), 0);
    log_room_drop_spare(&f->room);
    assert_int_equal(stat(f->spare, &info), -1);
    set_dir(f);
    assert_true(log_room_has_spare(&f->room));
    log_room_deinit(&f->room);
    assert_int_equal(stat(f->spare, &info), -1);
    log_room_init(&f->room);
}

static void who_may_not_wait_is_told(void **state)
{
    struct fixture *f = *state;

    assert_true(log_room_begin(&f->room, f->first, false));
    assert_int_equal(log_room_take(&f->room, MIB / 2, false), LOG_ROOM_TAKEN);
    assert_int_equal(log_room_take(&f->room, MIB / 2, false), LOG_ROOM_WOULD_WAIT);
    assert_true(log_room_refill(&f->room));
    assert_int_equal(log_room_take(&f->room, MIB / 2, false), LOG_ROOM_TAKEN);
}

static void what_is_given_back_is_there(void **state)
{
    struct fixture *f = *state;

    assert_true(log_room_begin(&f->room, f->first, false));
    error = ENOSPC;
    for (int i = 0; i < 100; i++) {
        assert_true(admits(f, MIB / 2));
        log_room_give_back(&f->room, MIB / 2);
        log_room_arrive(&f->room, MIB / 2);
    }
}

/* The new log has room for what was admitted while the one before was written, and no more of it is given away. */
static void what_is_on_its_way_has_room_in_the_next(void **state)
{
    struct fixture *f = *state;
    uint64_t all = 0;

    assert_true(log_room_begin(&f->room, f->first, false));
    assert_true(admits(f, 3 * MIB));
    assert_true(log_room_begin(&f->room, f->second, false));
    assert_true(reached >= 4 * MIB);
    error = ENOSPC;
    while (admits(f, 1000))
        all += 1000;
    assert_in_range(all, MIB * 9 / 10, MIB);
    log_room_arrive_all(&f->room);
    error = 0;
    assert_true(log_room_begin(&f->room, f->first, false));
    assert_true(reached < 2 * MIB);
}

static void the_log_before_stays_where_there_is_no_space_for_another(void **state)
{
    struct fixture *f = *state;

    assert_true(log_room_begin(&f->room, f->first, false));
    assert_true(admits(f, MIB / 2));
    error = ENOSPC;
    assert_false(log_room_begin(&f->room, f->second, false));
    assert_true(admits(f, MIB / 4)); /* what is left of the first */
    assert_false(admits(f, MIB / 2));
    error = 0;
    assert_true(admits(f, MIB / 2));
    assert_true(reached >= 2 * MIB); /* of the first: behind what it had */
}

/* A start has other uses for the last space. What it writes itself is not what others are admitted for. */
static void a_start_on_a_full_disk(void **state)
{
    struct fixture *f = *state;
    FILE *file;

    assert_false(log_room_begin(&f->room, f->first, true));
    assert_int_equal(blocks_of(f->first), 0);
    file = fopen(f->first, "w");
    fputs("a record of the start", file);
    fclose(file);
    error = ENOSPC;
    assert_false(admits(f, 1) || log_room_refill(&f->room));
    file = fopen(f->first, "r");
    assert_int_equal(fgetc(file), 'a');
    fclose(file);
    error = 0;
    assert_true(admits(f, 1));
    assert_int_equal(reached, 21 + 1 + 64 + MIB);
}

/* What ext4 keeps of a failed attempt is given back. */
static void no_space_takes_no_space(void **state)
{
    struct fixture *f = *state;

    assert_true(log_room_begin(&f->room, f->first, false));
    error = ENOSPC;
    assert_false(log_room_begin(&f->room, f->second, false));
    assert_int_equal(blocks_of(f->second), 0);
    set_dir(f);
    assert_false(log_room_has_spare(&f->room));
    assert_int_equal(blocks_of(f->spare), 0);
}

static void a_small_disk_gives_little(void **state)
{
    struct fixture *f = *state;

    log_room_set_reserve(&f->room, 2 * MIB);
    assert_true(log_room_begin(&f->room, f->first, false));
    assert_int_equal(reached, MIB / 8);
    log_room_set_reserve(&f->room, 1);
    assert_true(log_room_begin(&f->room, f->second, false));
    assert_int_equal(reached, MIB / 16);
}

/* It needs no descriptor to grow. */
static void descriptors_may_be_gone(void **state)
{
    struct fixture *f = *state;
    struct rlimit before, none;

    assert_true(log_room_begin(&f->room, f->first, false));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_true(admits(f, 2 * MIB));
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_true(reached > 2 * MIB);
    assert_true(log_room_left(&f->room) > 0);
}

/* --- Many at once ------------------------------------------------------------------------------------------------- */

#define ROUNDS 20000

static void *write_and_arrive(void *argument)
{
    struct fixture *f = argument;

    for (int i = 0; i < ROUNDS; i++) {
        (void)log_room_set_out(&f->room, 500);
        if (i % 3 == 0 && log_room_take(&f->room, 500, i % 2 == 0) == LOG_ROOM_TAKEN)
            log_room_give_back(&f->room, 500);
        else
            (void)log_room_take(&f->room, 500, i % 2 == 0);
        log_room_arrive(&f->room, 500);
    }
    return NULL;
}

/* Logs come meanwhile, and there is space or there is none. What is left in the end is no more than the file has. */
static void many_at_once(void **state)
{
    struct fixture *f = *state;
    pthread_t threads[3];

    assert_true(log_room_begin(&f->room, f->first, false));
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, write_and_arrive, f), 0);
    for (int i = 0; i < 2000; i++) {
        error = i % 5 == 0 ? ENOSPC : 0;
        (void)log_room_begin(&f->room, i % 2 == 0 ? f->second : f->first, i % 7 == 0);
    }
    error = 0;
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&f->room.on_way), 0);
    assert_in_range(atomic_load(&f->room.left), 0, (int64_t)f->room.allocated);
}

int main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        ONE(there_is_no_limit_before_a_log),
        ONE(it_grows),
        ONE(a_large_one_has_room_for_itself),
        ONE(whoever_finds_none_is_refused),
        ONE(the_last_space_is_used),
        ONE(a_file_system_that_cannot_sets_no_limit),
        ONE(the_next_log_is_spare),
        ONE(a_large_one_waits_for_a_larger_spare),
        ONE(a_spare_is_empty),
        ONE(where_none_can_be),
        ONE(a_spare_goes_with_its_store),
        ONE(who_may_not_wait_is_told),
        ONE(what_is_given_back_is_there),
        ONE(what_is_on_its_way_has_room_in_the_next),
        ONE(the_log_before_stays_where_there_is_no_space_for_another),
        ONE(a_start_on_a_full_disk),
        ONE(no_space_takes_no_space),
        ONE(a_small_disk_gives_little),
        ONE(descriptors_may_be_gone),
        ONE(many_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
