/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "op/table_options.h"

#define INVALID "One or more parameter values were invalid: "

static void streams_need_a_view_type_when_they_are_enabled(void **state)
{
    static const struct {
        enum api_boolean enabled;
        int type;
        const char *created, *updated;
    } cases[] = {
        {API_TRUE, StreamViewType_KEYS_ONLY, "", ""},
        {API_FALSE, 0, "", ""},
        {API_TRUE, 0, INVALID "Table is being created with a stream enabled, UpdateViewType is required",
         INVALID "If stream is being enabled then UpdateViewType is required"},
        {API_FALSE, StreamViewType_NEW_IMAGE,
         INVALID "Table is being created with a stream disabled, UpdateViewType should not be specified",
         INVALID "If stream is being disabled, then UpdateViewType must not be specified"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct StreamSpecification stream = {.StreamEnabled = cases[i].enabled,
                                             .StreamViewType = API_ENUM(cases[i].type)};
        struct stator_error created = {0}, updated = {0};

        assert_int_equal(options_check_new_stream(&stream, &created),
                         cases[i].created[0] == '\0' ? STATOR_OK : STATOR_VALIDATION);
        assert_string_equal(created.message, cases[i].created);
        assert_int_equal(options_check_stream(&stream, &updated),
                         cases[i].updated[0] == '\0' ? STATOR_OK : STATOR_VALIDATION);
        assert_string_equal(updated.message, cases[i].updated);
    }
}

static void encryption_is_checked_and_shown(void **state)
{
    static const struct {
        enum api_boolean enabled;
        int type;
        const char *key, *message;
        bool on;
        const char *arn; /* what it ends with; NULL: any */
    } cases[] = {
        {API_ABSENT, 0, NULL, "", false, NULL},
        {API_FALSE, 0, NULL, "", false, NULL},
        {API_TRUE, 0, NULL, "", true, NULL},
        {API_ABSENT, SSEType_KMS, NULL, "", true, NULL},
        {API_TRUE, SSEType_KMS, "arn:aws:kms:eu-west-1:1:key/x", "", true, "arn:aws:kms:eu-west-1:1:key/x"},
        {API_TRUE, SSEType_KMS, "8963cda5-0fac-4af1-8635-0af67d16fe14", "", true,
         "arn:aws:kms:us-west-2:000000000000:key/8963cda5-0fac-4af1-8635-0af67d16fe14"},
        {API_TRUE, SSEType_KMS, "alias/mine", "", true, NULL},
        {API_FALSE, SSEType_KMS, "k", INVALID "SSEType can not be specified if Enabled is false", false, NULL},
        {API_FALSE, 0, "k", INVALID "KMSMasterKeyId can not be specified if Enabled is false", false, NULL},
        {API_TRUE, SSEType_AES256, NULL, INVALID "SSEType AES256 is not supported", false, NULL},
        {API_TRUE, 0, "k", INVALID "SSEType KMS is required if KMSMasterKeyId is specified", false, NULL},
    };
    struct arena arena;

    (void)state;
    arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct SSESpecification sse = {.Enabled = cases[i].enabled, .SSEType = API_ENUM(cases[i].type)};
        struct stator_error err = {0};
        const struct SSEDescription *shown, *again;

        if (cases[i].key != NULL)
            sse.KMSMasterKeyId = bytes_of_string(cases[i].key);
        assert_int_equal(options_check_sse(&sse, &err), cases[i].message[0] == '\0' ? STATOR_OK : STATOR_VALIDATION);
        assert_string_equal(err.message, cases[i].message);
        if (cases[i].message[0] != '\0')
            continue;
        assert_int_equal(options_sse_enabled(&sse), cases[i].on);
        shown = options_describe_sse(&sse, BYTES("us-west-2"), BYTES("000000000000"), &arena);
        again = options_describe_sse(&sse, BYTES("us-west-2"), BYTES("000000000000"), &arena);
        assert_non_null(shown);
        assert_true(bytes_equal(shown->KMSMasterKeyArn, again->KMSMasterKeyArn));
        if (cases[i].arn != NULL)
            assert_bytes_are(shown->KMSMasterKeyArn, cases[i].arn);
    }
    arena_deinit(&arena);
}

static void tags_are_checked(void **state)
{
    static char long_key[130], long_value[258];
    const struct {
        const char *key, *value, *message;
    } cases[] = {
        {"k", "v", ""},
        {"sp ace", "a b+c-d=e.f_g:h/i@j", ""},
        {"\xD0\xBA\xD0\xBB\xD1\x8E\xD1\x87", "\xE8\xA1\xA8", ""},
        {"k", "", ""},
        {"myaws:foo", "x", ""},
        {"aws:foo", "x", "Tag Key cannot be prefixed with aws:, Key: aws:foo"},
        {"AWS:foo", "x", "Tag Key cannot be prefixed with aws:, Key: AWS:foo"},
        {"bad#char", "x", "The Tag Key provided is invalid, Key: bad#char"},
        {"", "x", "The Tag Key provided is invalid, Key: "},
        {"k", "100%", "The Tag Value provided is invalid, Value: 100%"},
        {"k", "\xF0\x9F\x94\x91", "The Tag Value provided is invalid, Value: \xF0\x9F\x94\x91"},
        {"k", NULL, "The Tag Value provided is invalid, Value: null"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct Tag tag = {.Key = bytes_of_string(cases[i].key),
                          .Value = cases[i].value != NULL ? bytes_of_string(cases[i].value) : (struct bytes){NULL, 0}};
        struct TagList tags = API_LIST(&tag, 1);
        struct stator_error err = {0};

        assert_int_equal(options_check_tags(&tags, &err), cases[i].message[0] == '\0' ? STATOR_OK : STATOR_VALIDATION);
        assert_string_equal(err.message, cases[i].message);
    }
    memset(long_key, 'k', 129);
    memset(long_value, 'v', 257);
    const struct Tag too_long[] = {{.Key = bytes_of_string(long_key), .Value = BYTES("")},
                                   {.Key = BYTES("k"), .Value = bytes_of_string(long_value)}};

    for (size_t i = 0; i < COUNT_OF(too_long); i++) {
        struct TagList tags = API_LIST(&too_long[i], 1);
        struct stator_error err;

        assert_int_equal(options_check_tags(&tags, &err), STATOR_VALIDATION);
    }
}

static void fifty_distinct_tags_are_allowed(void **state)
{
    char keys[51][16];
    struct Tag tags[51];
    struct stator_error err = {0};

    (void)state;
    for (int i = 0; i < 51; i++) {
        snprintf(keys[i], sizeof(keys[i]), "k%d", i);
        tags[i] = (struct Tag){.Key = bytes_of_string(keys[i]), .Value = BYTES("")};
    }
    assert_int_equal(options_check_tags(&(struct TagList)API_LIST(tags, 50), &err), STATOR_OK);
    assert_int_equal(options_check_tags(&(struct TagList)API_LIST(tags, 51), &err), STATOR_VALIDATION);
    assert_string_equal(err.message, "Number of Tags exceed the current limit for the provided ResourceArn");
    tags[7].Key = tags[3].Key;
    assert_int_equal(options_check_tags(&(struct TagList)API_LIST(tags, 50), &err), STATOR_VALIDATION);
    assert_string_equal(err.message, "Duplicate Tag Keys provided as input: Duplicate Tag Key found k3");
}

static void a_stream_label_is_its_time(void **state)
{
    struct arena arena;
    struct bytes label;

    (void)state;
    arena_init(&arena, 1 << 16);
    label = options_stream_label(1731940604.149, &arena);
    assert_bytes_are(label, "2024-11-18T14:36:44.149");
    assert_bytes_are(options_stream_arn(BYTES("arn:t"), label, &arena), "arn:t/stream/2024-11-18T14:36:44.149");
    arena_deinit(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(streams_need_a_view_type_when_they_are_enabled),
        cmocka_unit_test(encryption_is_checked_and_shown),
        cmocka_unit_test(tags_are_checked),
        cmocka_unit_test(fifty_distinct_tags_are_allowed),
        cmocka_unit_test(a_stream_label_is_its_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
