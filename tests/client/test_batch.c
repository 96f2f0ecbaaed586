/* SPDX-License-Identifier: Apache-2.0 */
/* Batches: all is written and read whatever their number, later writes of a key win, what fails is said and kept. */
#include "client/fixture.h"

#include "stator/batch.h"
#include "stator/build.h"
#include "stator/page.h"

#define TABLE "Batches"

static const struct stator_writer_options by_key = {.table = TABLE, .partition_key = "pk", .sort_key = "sk"};

static int set_up(void **state)
{
    if (open_client(state) != 0)
        return -1;
    make_table(TABLE, false);
    return 0;
}

static void write_one(struct stator_writer *writer, const char *pk, const char *sk, const char *text)
{
    const struct stator_item item = STATOR_ITEM(stator_attr("pk", stator_s(pk)), stator_attr("sk", stator_n(sk)),
                                                stator_attr("text", stator_s(text)));

    assert_done(stator_writer_put(writer, &item));
}

static size_t count_of(const char *pk)
{
    const struct stator_item values = STATOR_ITEM(stator_attr(":pk", stator_s(pk)));
    struct stator_pages *pages =
        stator_query_pages(call, &(struct stator_query_input){.table_name = stator_text(TABLE),
                                                              .key_condition_expression = stator_text("pk = :pk"),
                                                              .expression_attribute_values = values});
    size_t count = 0;

    while (stator_next_item(pages) != NULL)
        count++;
    assert_done(stator_pages_end(pages));
    return count;
}

static void writes_any_number(void **state)
{
    static const int counts[] = {0, 1, 24, 25, 26, 130};

    (void)state;
    for (size_t i = 0; i < 6; i++) {
        struct stator_writer *writer = stator_writer_new(call, &by_key);
        char pk[16], sk[16];
        uint64_t written = 99;

        snprintf(pk, sizeof(pk), "many%d", counts[i]);
        for (int n = 0; n < counts[i]; n++) {
            snprintf(sk, sizeof(sk), "%d", n);
            write_one(writer, pk, sk, "x");
        }
        assert_done(stator_writer_end(writer, &written));
        assert_int_equal(written, counts[i]);
        assert_int_equal(count_of(pk), counts[i]);
    }
}

static void the_last_write_of_a_key_wins(void **state)
{
    struct stator_writer *writer = stator_writer_new(call, &by_key);
    const struct stator_item key = STATOR_ITEM(stator_attr("pk", stator_s("twice")), stator_attr("sk", stator_n("2")));
    const struct stator_get_item_output *got;
    uint64_t written;

    (void)state;
    write_one(writer, "twice", "1", "first");
    write_one(writer, "twice", "2", "goes");
    write_one(writer, "twice", "1.0", "second");
    assert_done(stator_writer_delete(writer, &key));
    assert_done(stator_writer_end(writer, &written));
    assert_int_equal(written, 4);
    assert_int_equal(count_of("twice"), 1);
    assert_done(stator_get_item(call,
                                &(struct stator_get_item_input){.table_name = stator_text(TABLE),
                                                                .key = STATOR_ITEM(stator_attr("pk", stator_s("twice")),
                                                                                   stator_attr("sk", stator_n("1")))},
                                &got));
    assert_view(stator_value_text(stator_item_get(&got->item, "text")), "second");
}

static void a_refused_batch_is_kept(void **state)
{
    struct stator_writer *writer = stator_writer_new(call, &(struct stator_writer_options){.table = TABLE});
    uint64_t written = 99;

    (void)state;
    write_one(writer, "dup", "1", "a");
    write_one(writer, "dup", "1", "b"); /* without the names of the key, the service's to refuse */
    assert_int_equal(stator_writer_flush(writer), STATOR_VALIDATION);
    assert_string_equal(stator_call_failure(call)->message, "Provided list of item keys contains duplicates");
    assert_view(stator_writer_left(writer),
                "[{\"PutRequest\":{\"Item\":{\"pk\":{\"S\":\"dup\"},\"sk\":{\"N\":\"1\"},\"text\":{\"S\":\"a\"}}}},"
                "{\"PutRequest\":{\"Item\":{\"pk\":{\"S\":\"dup\"},\"sk\":{\"N\":\"1\"},\"text\":{\"S\":\"b\"}}}}]");
    assert_int_equal(stator_writer_end(writer, &written), STATOR_VALIDATION);
    assert_int_equal(written, 0);
}

/* What a number's text says beside the number is not sent as JSON; nor is what has no type. */
static void only_values_are_sent(void **state)
{
    static const struct stator_value cleared;
    struct stator_item items[] = {
        STATOR_ITEM(stator_attr("pk", stator_s("x")), stator_attr("sk", stator_n("1\"},\"role\":{\"S\":\"admin"))),
        STATOR_ITEM(stator_attr("pk", stator_s("x")), stator_attr("sk", cleared))};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct stator_writer *writer = stator_writer_new(call, &by_key);

        write_one(writer, "checked", "1", "stays");
        assert_int_not_equal(stator_writer_put(writer, &items[i]), STATOR_OK);
        assert_view(stator_writer_left(writer), "[{\"PutRequest\":{\"Item\":{\"pk\":{\"S\":\"checked\"},\"sk\":{\"N\":"
                                                "\"1\"},\"text\":{\"S\":\"stays\"}}}}]");
        assert_int_not_equal(stator_writer_end(writer, NULL), STATOR_OK);
    }
    assert_int_equal(count_of("checked"), 0);
}

/* Quotes take two bytes of JSON each: 25 such items are more than a request may have. */
static void a_batch_fits_into_a_request(void **state)
{
    enum { ITEMS = 25, QUOTES = 390000 };
    struct stator_writer *writer = stator_writer_new(call, &by_key);
    char *text = malloc(QUOTES + 1), sk[16];
    uint64_t written;

    (void)state;
    memset(text, '"', QUOTES);
    text[QUOTES] = '\0';
    for (int i = 0; i < ITEMS; i++) {
        snprintf(sk, sizeof(sk), "%d", i);
        write_one(writer, "quotes", sk, text);
    }
    assert_done(stator_writer_end(writer, &written));
    assert_int_equal(written, ITEMS);
    free(text);
}

/* Items of 300 KB each: an answer of BatchGetItem holds 16 MB, so some keys are left over time and again. */
static void reads_past_the_size_of_an_answer(void **state)
{
    enum { ITEMS = 110, MISSING = 40 };
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_item keys[ITEMS + MISSING];
    struct stator_writer *writer = stator_writer_new(call, &by_key);
    struct stator_reader *reader;
    const struct stator_item *item;
    char *text = malloc(300001);
    bool seen[ITEMS] = {false};
    size_t count = 0;

    (void)state;
    memset(text, 'x', 300000);
    text[300000] = '\0';
    for (int i = 0; i < ITEMS + MISSING; i++) {
        stator_add_s(builder, "pk", "big");
        stator_add_int64(builder, "sk", i);
        assert_int_equal(stator_builder_item(builder, &keys[i], NULL), STATOR_OK);
        if (i < ITEMS) {
            char sk[16];

            snprintf(sk, sizeof(sk), "%d", i);
            write_one(writer, "big", sk, text);
        }
    }
    assert_done(stator_writer_end(writer, NULL));
    reader = stator_reader_new(call, &(struct stator_reader_options){
                                         .table = TABLE, .keys = keys, .count = ITEMS + MISSING, .consistent = true});
    while ((item = stator_reader_next(reader)) != NULL) {
        int64_t sk = number_of(item, "sk");

        assert_int_equal(stator_value_text(stator_item_get(item, "text")).len, 300000);
        assert_false(seen[sk]);
        seen[sk] = true;
        count++;
    }
    assert_done(stator_reader_end(reader));
    assert_int_equal(count, ITEMS);
    stator_builder_free(builder);
    free(text);
}

static void projects_what_it_reads(void **state)
{
    const struct stator_item key = STATOR_ITEM(stator_attr("pk", stator_s("many25")), stator_attr("sk", stator_n("3")));
    const struct stator_expression_attribute_name_map_entry names[] = {
        {.key = stator_text("#t"), .value = stator_text("text")}};
    struct stator_reader *reader = stator_reader_new(
        call,
        &(struct stator_reader_options){
            .table = TABLE, .keys = &key, .count = 1, .projection_expression = "#t", .names = STATOR_LIST(names)});
    const struct stator_item *item = stator_reader_next(reader);

    (void)state;
    assert_non_null(item);
    assert_int_equal(item->count, 1);
    assert_null(stator_reader_next(reader));
    assert_done(stator_reader_end(reader));
}

static void a_refused_read_ends_it(void **state)
{
    const struct stator_item key = STATOR_ITEM(stator_attr("pk", stator_s("no sort key")));
    struct stator_reader *reader =
        stator_reader_new(call, &(struct stator_reader_options){.table = TABLE, .keys = &key, .count = 1});

    (void)state;
    assert_null(stator_reader_next(reader));
    assert_int_equal(stator_reader_end(reader), STATOR_VALIDATION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_values_are_sent),    cmocka_unit_test(a_batch_fits_into_a_request),
        cmocka_unit_test(writes_any_number),       cmocka_unit_test(the_last_write_of_a_key_wins),
        cmocka_unit_test(a_refused_batch_is_kept), cmocka_unit_test(reads_past_the_size_of_an_answer),
        cmocka_unit_test(projects_what_it_reads),  cmocka_unit_test(a_refused_read_ends_it),
    };

    return cmocka_run_group_tests(tests, set_up, close_client);
}
