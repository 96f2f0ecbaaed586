/* SPDX-License-Identifier: Apache-2.0 */
/* Does what number_oracle.py asks, one line each: a verb and its texts, separated by tabs. Answers "ok" and a result or
 * "no" and the message. */
#include <stdio.h>
#include <string.h>

#include "value/number.h"

#define LINE_BYTES ((size_t)1 << 16)

struct request {
    const char *verb;
    struct bytes texts[2];
    size_t count;
};

static void take_line(struct request *request, char *line)
{
    char *rest = line;

    line[strcspn(line, "\n")] = 0;
    *request = (struct request){.verb = strsep(&rest, "\t")};
    while (rest != NULL && request->count < 2)
        request->texts[request->count++] = bytes_of_string(strsep(&rest, "\t"));
}

static void answer_number(enum stator_rc rc, const struct number *number, const struct stator_error *err)
{
    char text[NUMBER_TEXT_MAX];

    if (rc == STATOR_OK)
        printf("ok\t%.*s\n", (int)number_format(text, number), text);
    else
        printf("no\t%s\n", err->message);
}

static void answer_two(const struct request *request)
{
    struct number a, b, result;
    struct stator_error err;
    enum stator_rc rc = number_parse(&a, request->texts[0], &err);

    if (rc == STATOR_OK)
        rc = number_parse(&b, request->texts[1], &err);
    if (rc != STATOR_OK) {
        answer_number(rc, NULL, &err);
    } else if (strcmp(request->verb, "compare") == 0) {
        char texts[2][NUMBER_TEXT_MAX];
        int by_text = number_compare_text(bytes_of(texts[0], number_format(texts[0], &a)),
                                          bytes_of(texts[1], number_format(texts[1], &b)));
        int order = number_compare(&a, &b);

        printf("ok\t%d\t%d\n", (order > 0) - (order < 0), (by_text > 0) - (by_text < 0));
    } else {
        rc = strcmp(request->verb, "add") == 0 ? number_add(&result, &a, &b, &err)
                                               : number_subtract(&result, &a, &b, &err);
        answer_number(rc, &result, &err);
    }
}

static void answer(const struct request *request)
{
    struct number number;
    struct stator_error err = {0};

    if (request->count == 2) {
        answer_two(request);
    } else if (strcmp(request->verb, "parse") == 0) {
        answer_number(number_parse(&number, request->texts[0], &err), &number, &err);
    } else if (strcmp(request->verb, "older") == 0) {
        (void)number_fail_older(request->texts[0], &err);
        printf("no\t%s\n", err.message);
    } else if (strcmp(request->verb, "canonical") == 0) {
        printf("ok\t%d\n", number_is_canonical(request->texts[0]));
    } else {
        printf("ok\t%zu\n", number_size(request->texts[0]));
    }
}

int main(void)
{
    static char line[LINE_BYTES];
    struct request request;

    while (fgets(line, sizeof(line), stdin) != NULL) {
        take_line(&request, line);
        answer(&request);
    }
    return 0;
}
