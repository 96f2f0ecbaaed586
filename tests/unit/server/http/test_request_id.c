/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "http/request_id.h"

#define ROUNDS 10000

static void form(void **state)
{
    char before[REQUEST_ID_LEN + 1] = "";
    unsigned counts[256] = {0};
    struct request_ids ids;

    (void)state;
    request_ids_init(&ids);
    for (int i = 0; i < ROUNDS; i++) {
        char id[REQUEST_ID_LEN + 1];

        request_id_next(&ids, id);
        assert_int_equal(strlen(id), REQUEST_ID_LEN);
        assert_int_equal(strspn(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"), REQUEST_ID_LEN);
        assert_string_not_equal(id, before);
        memcpy(before, id, sizeof(id));
        for (int j = 0; j < REQUEST_ID_LEN; j++)
            counts[(unsigned char)id[j]]++;
    }
    /* Each of 36 characters is expected 14444 times; a tenth off is 12 sigma. */
    for (const char *c = "09AZ"; *c != '\0'; c++)
        assert_in_range(counts[(unsigned char)*c], ROUNDS * REQUEST_ID_LEN / 40, ROUNDS * REQUEST_ID_LEN / 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(form)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
