/* SPDX-License-Identifier: Apache-2.0 */
/* Money from one account to another, both or neither, and who refused when it cannot be. */
#include "example.h"

static void set_balance(const char *account, const char *balance)
{
    check(
        stator_put_item(call,
                        &(struct stator_put_item_input){.table_name = stator_text("Accounts"),
                                                        .item = STATOR_ITEM(stator_attr("pk", stator_s(account)),
                                                                            stator_attr("balance", stator_n(balance)))},
                        NULL));
}

static enum stator_rc transfer(const char *from, const char *to, const char *amount)
{
    const struct stator_update take = {.table_name = stator_text("Accounts"),
                                       .key = STATOR_ITEM(stator_attr("pk", stator_s(from))),
                                       .update_expression = stator_text("SET balance = balance - :amount"),
                                       .condition_expression = stator_text("balance >= :amount"),
                                       .expression_attribute_values =
                                           STATOR_ITEM(stator_attr(":amount", stator_n(amount)))};
    const struct stator_update give = {.table_name = stator_text("Accounts"),
                                       .key = STATOR_ITEM(stator_attr("pk", stator_s(to))),
                                       .update_expression = stator_text("SET balance = balance + :amount"),
                                       .condition_expression = stator_text("attribute_exists(pk)"),
                                       .expression_attribute_values =
                                           STATOR_ITEM(stator_attr(":amount", stator_n(amount)))};
    const struct stator_transact_write_item actions[] = {{.update = &take}, {.update = &give}};

    return stator_transact_write_items(
        call, &(struct stator_transact_write_items_input){.transact_items = STATOR_LIST(actions)}, NULL);
}

static void try_transfer(const char *from, const char *to, const char *amount)
{
    enum stator_rc rc = transfer(from, to, amount);
    const struct stator_failure *failure = stator_call_failure(call);

    printf("%s from %s to %s: ", amount, from, to);
    if (rc == STATOR_OK) {
        printf("done\n");
        return;
    }
    if (rc != STATOR_TRANSACTION_CANCELED)
        check(rc);
    for (size_t i = 0; i < failure->cancellation_count; i++)
        printf("%s%.*s", i == 0 ? "refused: " : ", ", STATOR_ARG(failure->cancellations[i].code));
    printf("\n");
}

int main(int count, char **arguments)
{
    begin(count, arguments);
    make_table("Accounts", false);
    set_balance("anna", "100");
    set_balance("ben", "0");
    try_transfer("anna", "ben", "70");
    try_transfer("anna", "ben", "70");
    try_transfer("anna", "nobody", "10");
    return end();
}
