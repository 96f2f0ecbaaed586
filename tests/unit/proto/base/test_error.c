/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "base/error.h"
#include "base/utf8.h"

static enum stator_rc refuses(struct stator_error *err)
{
    STATOR_TRY(stator_fail(err, STATOR_RESOURCE_NOT_FOUND, "no %s", "table"));
    return STATOR_OK;
}

static void text_and_code_travel(void **state)
{
    struct stator_error err = {0};

    (void)state;
    assert_int_equal(refuses(&err), STATOR_RESOURCE_NOT_FOUND);
    assert_int_equal(err.rc, STATOR_RESOURCE_NOT_FOUND);
    assert_string_equal(err.message, "no table");
    assert_int_equal(refuses(NULL), STATOR_RESOURCE_NOT_FOUND);
}

static void a_long_text_is_cut(void **state)
{
    struct stator_error err = {0};

    (void)state;
    assert_int_equal(stator_fail(&err, STATOR_VALIDATION, "%05000d", 7), STATOR_VALIDATION);
    assert_int_equal(strlen(err.message), STATOR_ERROR_MESSAGE_MAX - 1);
}

/* Whatever the cut falls into, the text stays UTF-8 and loses no whole character. */
static void a_cut_leaves_whole_characters(void **state)
{
    static const char *const characters[] = {"x", "\u00e9", "\u20ac", "\U0001f600"};

    (void)state;
    for (size_t c = 0; c < COUNT_OF(characters); c++) {
        size_t bytes = strlen(characters[c]);
        char long_text[2 * STATOR_ERROR_MESSAGE_MAX];

        for (size_t lead = 0; lead < 4; lead++) {
            struct stator_error err;
            size_t len = lead, whole = lead + (STATOR_ERROR_MESSAGE_MAX - 1 - lead) / bytes * bytes;

            memset(long_text, 'a', lead);
            for (; len + bytes < sizeof(long_text); len += bytes)
                memcpy(long_text + len, characters[c], bytes);
            long_text[len] = '\0';
            assert_int_equal(stator_fail(&err, STATOR_VALIDATION, "%s", long_text), STATOR_VALIDATION);
            assert_int_equal(strlen(err.message), whole);
            assert_true(utf8_valid(bytes_of_string(err.message)));
        }
    }
}

static void wire_names(void **state)
{
    (void)state;
    assert_string_equal(stator_error_info(STATOR_VALIDATION)->type, "com.amazon.coral.validate#ValidationException");
    assert_string_equal(stator_error_info(STATOR_SERIALIZATION)->text_member, "Message");
    assert_int_equal(stator_error_info(STATOR_INTERNAL_SERVER_ERROR)->http_status, 500);
    assert_string_equal(stator_error_info(STATOR_NO_MEMORY)->name, "InternalServerError");
    for (int rc = 0; rc < STATOR_RC_COUNT; rc++)
        assert_non_null(stator_error_info((enum stator_rc)rc)->name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_and_code_travel),
        cmocka_unit_test(a_long_text_is_cut),
        cmocka_unit_test(a_cut_leaves_whole_characters),
        cmocka_unit_test(wire_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
