/* SPDX-License-Identifier: Apache-2.0 */
/* bench_client <url> <seconds>: PutItem and GetItem through libstator, one after the other; a line of JSON for each, as
 * the programs of the SDKs (sdk_boto3.py, sdk_js.mjs) write it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "stator/items.h"
#include "stator/tables.h"
#include "stator/wait.h"

#define TABLE     "sdk-c"
#define KEYS      100
#define CALLS_MAX 10000000

static struct stator_call *call;
static char text[301];

static double now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void check(enum stator_rc rc)
{
    if (rc == STATOR_OK)
        return;
    fprintf(stderr, "%s\n", stator_call_failure(call)->message);
    exit(1);
}

static void put(const char *key)
{
    check(stator_put_item(
        call,
        &(struct stator_put_item_input){
            .table_name = stator_text(TABLE),
            .item = STATOR_ITEM(stator_attr("pk", stator_s(key)), stator_attr("v", stator_s(text)))},
        NULL));
}

static void get(const char *key)
{
    const struct stator_get_item_output *out;

    check(stator_get_item(call,
                          &(struct stator_get_item_input){.table_name = stator_text(TABLE),
                                                          .key = STATOR_ITEM(stator_attr("pk", stator_s(key)))},
                          &out));
    if (!out->item.set)
        exit(1);
}

static int by_value(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;

    return (x > y) - (x < y);
}

static void measure(const char *operation, void (*one)(const char *key), double seconds, float *took)
{
    double began = now_ms(), cpu = cpu_us(), until = began + seconds * 1e3, total;
    size_t count = 0;

    while (count < CALLS_MAX && now_ms() < until) {
        double before = now_ms();
        char key[16];

        snprintf(key, sizeof(key), "key-%zu", count % KEYS);
        one(key);
        took[count++] = (float)(now_ms() - before);
    }
    total = now_ms() - began;
    cpu = cpu_us() - cpu;
    qsort(took, count, sizeof(*took), by_value);
    printf("{\"operation\": \"%s\", \"per_second\": %f, \"p50_ms\": %f, \"p99_ms\": %f, \"cpu_us\": %f}\n", operation,
           (double)count / total * 1e3, (double)took[count / 2], (double)took[count * 99 / 100], cpu / (double)count);
}

static void make_table(void)
{
    const struct stator_attribute_definition attributes[] = {
        {.attribute_name = stator_text("pk"), .attribute_type = {STATOR_SCALAR_ATTRIBUTE_TYPE_S}}};
    const struct stator_key_schema_element keys[] = {
        {.attribute_name = stator_text("pk"), .key_type = {STATOR_KEY_TYPE_HASH}}};
    enum stator_rc rc =
        stator_create_table(call,
                            &(struct stator_create_table_input){.table_name = stator_text(TABLE),
                                                                .attribute_definitions = STATOR_LIST(attributes),
                                                                .key_schema = STATOR_LIST(keys),
                                                                .billing_mode = {STATOR_BILLING_MODE_PAY_PER_REQUEST}},
                            NULL);

    if (rc != STATOR_RESOURCE_IN_USE)
        check(rc);
    check(stator_wait_active(call, TABLE, 30000));
}

int main(int count, char **arguments)
{
    struct stator_client *client;
    struct stator_error err;
    float *took = malloc(CALLS_MAX * sizeof(*took));
    char key[16];

    if (count != 3 || took == NULL)
        return 2;
    memset(text, 'v', sizeof(text) - 1);
    if (stator_client_open(&client, &(struct stator_client_options){.endpoint = arguments[1]}, &err) != STATOR_OK) {
        fprintf(stderr, "%s\n", err.message);
        return 1;
    }
    call = stator_call_new(client);
    make_table();
    for (size_t i = 0; i < KEYS; i++) {
        snprintf(key, sizeof(key), "key-%zu", i);
        put(key);
    }
    measure("PutItem", put, atof(arguments[2]), took);
    measure("GetItem", get, atof(arguments[2]), took);
    stator_call_free(call);
    stator_client_close(client);
    free(took);
    return 0;
}
