/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "watch/port_file.h"

static char dir[64], path[80];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof(dir), "/tmp/stator-port-XXXXXX");
    snprintf(path, sizeof(path), "%s/port", mkdtemp(dir));
    return 0;
}

static void check_content(const char *expected)
{
    char text[16] = "";
    FILE *file = fopen(path, "re");

    assert_non_null(file);
    assert_non_null(fgets(text, sizeof(text), file));
    fclose(file);
    assert_string_equal(text, expected);
}

static void life(void **state)
{
    struct port_file first, second;
    struct stator_error err;
    struct stat found;
    mode_t before = umask(077);

    (void)state;
    assert_int_equal(port_file_write(&first, path, 8000, &err), STATOR_OK);
    umask(before);
    check_content("8000\n");
    assert_int_equal(stat(path, &found), 0);
    assert_int_equal(found.st_mode & 07777, 0644);
    assert_int_equal(port_file_write(&second, path, 65535, &err), STATOR_OK);
    check_content("65535\n");
    port_file_remove(&first); /* is the second's now */
    check_content("65535\n");
    port_file_remove(&second);
    assert_int_not_equal(stat(path, &found), 0);
    port_file_remove(&second);
    assert_int_equal(rmdir(dir), 0); /* nothing is left beside it */
}

/* What a killed server left goes, and nothing else. */
static void cleared(void **state)
{
    static const struct {
        const char *content;
        bool goes;
    } cases[] = {{"8000\n", true},
                 {"", true},
                 {"65535", true},
                 {"notes\n", false},
                 {"8000 and more\n", false},
                 {"12345678901234567890\n", false}};
    struct stator_error err;
    struct stat found;

    (void)state;
    assert_int_equal(port_file_clear(NULL, &err), STATOR_OK);
    assert_int_equal(port_file_clear(path, &err), STATOR_OK);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        FILE *file = fopen(path, "we");

        assert_non_null(file);
        fputs(cases[i].content, file);
        fclose(file);
        assert_int_equal(port_file_clear(path, &err), cases[i].goes ? STATOR_OK : STATOR_INTERNAL_SERVER_ERROR);
        assert_int_equal(stat(path, &found) != 0, cases[i].goes);
        if (!cases[i].goes)
            unlink(path);
    }
    assert_int_equal(rmdir(dir), 0);
}

static void refused(void **state)
{
    struct stator_error err;
    struct port_file file;
    char expected[160];

    (void)state;
    assert_int_equal(port_file_write(&file, NULL, 1, &err), STATOR_OK);
    port_file_remove(&file);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(port_file_write(&file, path, 1, &err), STATOR_INTERNAL_SERVER_ERROR);
    snprintf(expected, sizeof(expected), "--port-file: cannot write '%s': Is a directory", path);
    assert_string_equal(err.message, expected);
    assert_null(file.path);
    assert_int_equal(rmdir(path), 0);
    assert_int_equal(rmdir(dir), 0);
    assert_int_equal(port_file_write(&file, path, 1, &err), STATOR_INTERNAL_SERVER_ERROR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(life, make_dir),
                                       cmocka_unit_test_setup(cleared, make_dir),
                                       cmocka_unit_test_setup(refused, make_dir)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
