/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "watch/status.h"

static void check(const char *json, const char *expected)
{
    struct buf out;
    bool sound;

    buf_init(&out, 65536);
    sound = status_write(&out, bytes_of_string(json));
    assert_true(sound == (expected != NULL));
    if (expected != NULL)
        assert_bytes_are(buf_bytes(&out), expected);
    buf_deinit(&out);
}

static void for_a_person(void **state)
{
    (void)state;
    check("{}", "");
    check("{\"status\":\"ready\",\"uptime_s\":93784,\"item_bytes\":1536,\"file_bytes\":7,\"data_dir\":null,"
          "\"full\":true,\"text\":\"\\u001b[2J\",\"operations\":[]}",
          "status            ready\nuptime            1 d 02:03:04\nitem              1.5 KiB\nfile              7 B\n"
          "data dir          -\nfull              yes\ntext              ?[2J\n");
    check("{\"operations\":[{\"operation\":\"GetItem\",\"count\":12,\"errors\":1,\"faults\":0,\"p50_s\":0.000025,"
          "\"p99_s\":null},{\"operation\":\"Scan\",\"count\":1,\"errors\":0,\"faults\":0,\"p50_s\":0.0025,\"p99_s\":"
          "2.5}],\"x\":1}",
          "\n"
          "operation                               requests      errors      faults         p50         p99\n"
          "GetItem                                       12           1           0       25 us        > 10 s\n"
          "Scan                                           1           0           0      2.5 ms      2.5 s \n"
          "x                 1\n");
}

static void not_a_status(void **state)
{
    static const char *const texts[] = {
        "", "[]", "{", "{\"a\":{}}", "{\"a\":1}x", "{\"a\":[1]}", "{\"a\":[{", "\"text\"", "{\"a\":[[]]}"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        check(texts[i], NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(for_a_person), cmocka_unit_test(not_a_status)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
