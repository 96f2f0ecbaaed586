/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <stdlib.h>

#include "watch/log.h"

#define TIME INT64_C(1763717400123) /* 2025-11-21T09:30:00.123Z */

static void check(enum log_format format, const struct log_field *fields, size_t count, const char *expected)
{
    char *out = malloc(LOG_LINE_MAX);
    size_t len = log_format_line(out, format, TIME, LOG_LEVEL_WARN, "disk \"full\"", fields, count);

    assert_bytes_are(bytes_of(out, len), expected);
    free(out);
}

static void lines(void **state)
{
    const struct log_field fields[] = {
        {.name = NULL},
        LOG_NUMBER("port", 8000),
        LOG_NUMBER("least", INT64_MIN),
        LOG_STRING("plain", "a/b:c"),
        LOG_STRING("quoted", "a b"),
        LOG_STRING("escaped", "\"\\\n=\x01"),
        LOG_STRING("empty", ""),
        LOG_STRING("utf8", "\xC3\xA9"),
        LOG_STRING("bad", "\xff!"),
    };

    (void)state;
    check(
        LOG_FORMAT_TEXT, fields, COUNT_OF(fields),
        "2025-11-21T09:30:00.123Z warn  disk \"full\" port=8000 least=-9223372036854775808 plain=a/b:c quoted=\"a b\" "
        "escaped=\"\\\"\\\\\\u000a=\\u0001\" empty=\"\" utf8=\"\xC3\xA9\" bad=\"?!\"\n");
    check(LOG_FORMAT_JSON, fields, COUNT_OF(fields),
          "{\"time\":\"2025-11-21T09:30:00.123Z\",\"level\":\"warn\",\"message\":\"disk \\\"full\\\"\",\"port\":8000,"
          "\"least\":-9223372036854775808,\"plain\":\"a/b:c\",\"quoted\":\"a b\",\"escaped\":"
          "\"\\\"\\\\\\u000a=\\u0001\",\"empty\":\"\",\"utf8\":\"\xC3\xA9\",\"bad\":\"?!\"}\n");
    check(LOG_FORMAT_TEXT, NULL, 0, "2025-11-21T09:30:00.123Z warn  disk \"full\"\n");
}

/* However long the texts, a line fits, ends, and (as JSON) closes what it opened. */
static void long_lines(void **state)
{
    static char text[2 * LOG_LINE_MAX];

    (void)state;
    for (size_t len = 0; len < sizeof(text) - 1; len += 37) {
        char *out = malloc(LOG_LINE_MAX);

        memset(text, len % 2 == 0 ? '\n' : 'x', len);
        text[len] = '\0';
        for (int format = LOG_FORMAT_TEXT; format <= LOG_FORMAT_JSON; format++) {
            const struct log_field fields[] = {LOG_STRING("a", text), LOG_STRING("b", text), LOG_STRING("c", text),
                                               LOG_NUMBER("d", -1)};
            size_t got = log_format_line(out, (enum log_format)format, TIME, LOG_LEVEL_INFO, text, fields, 4);
            size_t quotes = 0;

            assert_in_range(got, 1, LOG_LINE_MAX);
            assert_int_equal(out[got - 1], '\n');
            if (format == LOG_FORMAT_JSON) {
                for (size_t i = 0; i < got; i++)
                    quotes += out[i] == '"';
                assert_int_equal(out[got - 2], '}');
                assert_int_equal(quotes % 2, 0);
            }
        }
        free(out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(long_lines)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
