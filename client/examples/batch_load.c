/* SPDX-License-Identifier: Apache-2.0 */
/* Ten thousand items, 25 to a request, built one after another in the same memory. */
#include "example.h"

#include <stator/batch.h>
#include <stator/build.h>

#define ITEMS 10000

int main(int count, char **arguments)
{
    const struct stator_writer_options options = {.table = "Readings", .partition_key = "pk", .sort_key = "sk"};
    struct stator_builder *builder = stator_builder_new(NULL, 0);
    struct stator_writer *writer;
    enum stator_rc rc = STATOR_OK;
    uint64_t written;

    begin(count, arguments);
    make_table("Readings", true);
    writer = stator_writer_new(call, &options);
    for (int i = 0; i < ITEMS && rc == STATOR_OK; i++) {
        struct stator_item item;
        struct stator_error err;

        stator_builder_reset(builder);
        stator_add_s(builder, "pk", i % 2 == 0 ? "sensor#even" : "sensor#odd");
        stator_add_int64(builder, "sk", i);
        stator_add_double(builder, "celsius", 20.0 + i % 100 / 10.0);
        rc = stator_builder_item(builder, &item, &err);
        if (rc == STATOR_OK)
            rc = stator_writer_put(writer, &item);
    }
    check(stator_writer_end(writer, &written));
    stator_builder_free(builder);
    printf("%llu items written\n", (unsigned long long)written);
    return end();
}
