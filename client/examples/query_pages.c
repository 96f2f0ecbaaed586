/* SPDX-License-Identifier: Apache-2.0 */
/* The items of one partition, newest first, however many pages that takes. */
#include "example.h"

#include <stator/page.h>

#define ORDERS 250

static void write_orders(void)
{
    char number[16];

    for (int i = 0; i < ORDERS; i++) {
        snprintf(number, sizeof(number), "%d", i);
        check(stator_put_item(
            call,
            &(struct stator_put_item_input){.table_name = stator_text("Orders"),
                                            .item = STATOR_ITEM(stator_attr("pk", stator_s("customer#1")),
                                                                stator_attr("sk", stator_n(number)),
                                                                stator_attr("paid", stator_bool(i % 2 == 0)))},
            NULL));
    }
}

/* Paid orders; the filter is the server's, the pages are the library's. */
static void show_paid_orders(void)
{
    struct stator_pages *pages =
        stator_query_pages(call, &(struct stator_query_input){.table_name = stator_text("Orders"),
                                                              .key_condition_expression = stator_text("pk = :customer"),
                                                              .filter_expression = stator_text("paid = :yes"),
                                                              .expression_attribute_values = STATOR_ITEM(
                                                                  stator_attr(":customer", stator_s("customer#1")),
                                                                  stator_attr(":yes", stator_bool(true))),
                                                              .scan_index_forward = STATOR_FALSE,
                                                              .limit = stator_int(40)});
    const struct stator_item *item;
    int shown = 0;

    while ((item = stator_next_item(pages)) != NULL)
        if (shown++ < 3)
            printf("order %.*s\n", STATOR_ARG(stator_value_text(stator_item_get(item, "sk"))));
    check(stator_pages_end(pages));
    printf("%d paid orders\n", shown);
}

int main(int count, char **arguments)
{
    begin(count, arguments);
    make_table("Orders", true);
    write_orders();
    show_paid_orders();
    return end();
}
