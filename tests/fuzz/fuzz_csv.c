/* SPDX-License-Identifier: Apache-2.0 */
/* Records and fields of CSV: those of whatever bytes, written and read again, are the same. */
#include <stdlib.h>

#include "cli/csv.h"

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* The fields of a record, written and read again. */
static void there_and_back(const struct csv_field *fields, size_t count)
{
    struct csv_field *back = NULL;
    struct text out = {0};
    size_t room = 0, lines;
    const char *why;

    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_char(&out, ',');
        csv_add(&out, fields[i].text, ',');
    }
    text_char(&out, '\n');
    check(csv_record(out.at, out.len, ',', false, &lines) == out.len);
    check(csv_fields(&back, &room, out.at, out.len, ',', &why) == (long)count);
    for (size_t i = 0; i < count; i++)
        check(stator_bytes_equal(back[i].text, fields[i].text));
    free(back);
    text_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text rest = {0};
    struct csv_field *fields = NULL;
    size_t room = 0;

    text_add(&rest, data, size);
    for (size_t at = 0; at < size;) {
        size_t lines, len = csv_record(rest.at + at, size - at, ',', true, &lines);
        const char *why;
        long count;

        check(len > 0 && len <= size - at);
        count = csv_fields(&fields, &room, rest.at + at, len, ',', &why);
        if (count >= 0)
            there_and_back(fields, (size_t)count);
        at += len;
    }
    free(fields);
    text_free(&rest);
    return 0;
}
