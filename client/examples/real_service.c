/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of an account, with the credentials of the environment or of a profile in ~/.aws:
 *
 *     AWS_PROFILE=work AWS_REGION=eu-central-1 real_service
 */
#include <stdio.h>

#include <stator/page.h>

static void tell(enum stator_log_level level, const char *text, void *user)
{
    (void)user;
    fprintf(stderr, "%s%s\n", level == STATOR_LOG_WARNING ? "warning: " : "", text);
}

int main(int count, char **arguments)
{
    struct stator_client_options options = {.endpoint = count > 1 ? arguments[1] : NULL,
                                            .connect_timeout_ms = 2000,
                                            .call_timeout_ms = 20000,
                                            .user_agent = "example/1.0",
                                            .log = tell};
    struct stator_client *client;
    struct stator_error err;
    struct stator_call *call;
    struct stator_pages *pages;
    enum stator_rc rc;

    if (stator_client_open(&client, &options, &err) != STATOR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    call = stator_call_new(client);
    pages = stator_table_pages(call, &(struct stator_list_tables_input){.limit = stator_int(100)});
    while (stator_page_next(pages)) {
        const struct stator_list_tables_output *page = stator_page(pages);

        for (size_t i = 0; i < page->table_names.count; i++)
            printf("%.*s\n", STATOR_ARG(page->table_names.at[i]));
    }
    rc = stator_pages_end(pages);
    if (rc != STATOR_OK)
        fprintf(stderr, "%.*s: %s (request %.*s, %u attempts)\n", STATOR_ARG(stator_call_failure(call)->type),
                stator_call_failure(call)->message, STATOR_ARG(stator_call_failure(call)->request_id),
                stator_call_failure(call)->attempts);
    stator_call_free(call);
    stator_client_close(client);
    return rc == STATOR_OK ? 0 : 1;
}
