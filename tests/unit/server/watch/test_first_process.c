/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "watch/first_process.h"

/* Reads a file of these bytes; its arguments with spaces between. */
static void check(const char *cmdline, size_t len, const char *expected)
{
    struct first_process *first = malloc(sizeof(*first));
    char path[] = "/tmp/stator-test-XXXXXX";
    int fd = mkstemp(path);
    char found[256] = "";

    assert_true(fd >= 0);
    assert_int_equal(write(fd, cmdline, len), len);
    close(fd);
    first_process_read(first, path);
    unlink(path);
    for (int i = 0; i < first->count; i++)
        snprintf(found + strlen(found), sizeof(found) - strlen(found), "%s%s", i == 0 ? "" : " ", first->arguments[i]);
    assert_string_equal(found, expected);
    free(first);
}

#define CHECK(cmdline, expected) check(cmdline, sizeof(cmdline) - 1, expected)

static void servers_are_known(void **state)
{
    (void)state;
    CHECK("/usr/bin/stator\0--port\0"
          "9000\0",
          "/usr/bin/stator --port 9000");
    CHECK("java\0-jar\0DynamoDBLocal.jar\0-port\0"
          "9000\0",
          "java -jar DynamoDBLocal.jar -port 9000");
    CHECK("/sbin/docker-init\0--\0/usr/bin/stator\0--in-memory\0", "/usr/bin/stator --in-memory");
    CHECK("stator", "stator");
}

static void others_are_not(void **state)
{
    (void)state;
    CHECK("", "");
    CHECK("/sbin/init\0", "");
    CHECK("/sbin/init\0--\0", "");
    CHECK("/sbin/init\0--\0/bin/sh\0stator\0", "");
    CHECK("/bin/sh\0stator\0", "");
}

static void too_long_is_none(void **state)
{
    char *long_text = malloc(FIRST_PROCESS_BYTES);
    char many[7 + 2 * FIRST_PROCESS_ARGUMENTS] = "stator";
    struct first_process *first = malloc(sizeof(*first));

    (void)state;
    memset(long_text, 'x', FIRST_PROCESS_BYTES);
    memcpy(long_text, "stator", 7);
    check(long_text, FIRST_PROCESS_BYTES, "");
    free(long_text);
    for (size_t i = 7; i < sizeof(many); i += 2)
        many[i] = 'x';
    check(many, sizeof(many), "");
    first_process_read(first, "/nonexistent/cmdline");
    assert_int_equal(first->count, 0);
    free(first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(servers_are_known),
        cmocka_unit_test(others_are_not),
        cmocka_unit_test(too_long_is_none),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
