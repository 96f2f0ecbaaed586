/* SPDX-License-Identifier: Apache-2.0 */
/* A counter with a limit: an update that happens only while a condition holds, and what the item was when it did not. */
#include "example.h"

static void reset_counter(void)
{
    check(stator_put_item(call,
                          &(struct stator_put_item_input){.table_name = stator_text("Counters"),
                                                          .item = STATOR_ITEM(stator_attr("pk", stator_s("visits")),
                                                                              stator_attr("n", stator_n("0")))},
                          NULL));
}

/* Adds one while n is below 3. */
static enum stator_rc count_one(const struct stator_update_item_output **out)
{
    const struct stator_expression_attribute_name_map_entry names[] = {
        {.key = stator_text("#n"), .value = stator_text("n")}};

    return stator_update_item(
        call,
        &(struct stator_update_item_input){
            .table_name = stator_text("Counters"),
            .key = STATOR_ITEM(stator_attr("pk", stator_s("visits"))),
            .update_expression = stator_text("ADD #n :one"),
            .condition_expression = stator_text("#n < :limit"),
            .expression_attribute_names = STATOR_LIST(names),
            .expression_attribute_values =
                STATOR_ITEM(stator_attr(":one", stator_n("1")), stator_attr(":limit", stator_n("3"))),
            .return_values = {STATOR_RETURN_VALUE_UPDATED_NEW},
            .return_values_on_condition_check_failure = {STATOR_RETURN_VALUES_ON_CONDITION_CHECK_FAILURE_ALL_OLD}},
        out);
}

int main(int count, char **arguments)
{
    const struct stator_update_item_output *out;
    enum stator_rc rc;

    begin(count, arguments);
    make_table("Counters", false);
    reset_counter();
    while ((rc = count_one(&out)) == STATOR_OK)
        printf("counted to %.*s\n", STATOR_ARG(stator_value_text(stator_item_get(&out->attributes, "n"))));
    if (rc != STATOR_CONDITIONAL_CHECK_FAILED)
        check(rc);
    printf("refused at %.*s: %s\n",
           STATOR_ARG(stator_value_text(stator_item_get(&stator_call_failure(call)->item, "n"))),
           stator_call_failure(call)->message);
    return end();
}
