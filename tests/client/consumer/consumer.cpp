// SPDX-License-Identifier: Apache-2.0
// The library from C++: makes a table, writes items, reads them back page by page.
#include <cstdlib>
#include <iostream>
#include <string>

#include <stator/batch.h>
#include <stator/build.h>
#include <stator/page.h>
#include <stator/tail.h>
#include <stator/wait.h>

namespace {

std::string text(stator_bytes view)
{
    return std::string(reinterpret_cast<const char *>(view.at), view.len);
}

bool make_table(stator_call *call)
{
    stator_attribute_definition attribute = {};
    stator_key_schema_element key = {};
    stator_create_table_input in = {};

    attribute.attribute_name = stator_text("pk");
    attribute.attribute_type.value = STATOR_SCALAR_ATTRIBUTE_TYPE_S;
    key.attribute_name = stator_text("pk");
    key.key_type.value = STATOR_KEY_TYPE_HASH;
    in.table_name = stator_text("Consumer");
    in.attribute_definitions.at = &attribute;
    in.attribute_definitions.count = 1;
    in.attribute_definitions.set = true;
    in.key_schema.at = &key;
    in.key_schema.count = 1;
    in.key_schema.set = true;
    in.billing_mode.value = STATOR_BILLING_MODE_PAY_PER_REQUEST;
    return stator_create_table(call, &in, nullptr) == STATOR_OK && stator_wait_active(call, "Consumer", 10000) == STATOR_OK;
}

bool write(stator_call *call, int count)
{
    stator_writer_options options = {};
    stator_builder *builder = stator_builder_new(nullptr, 0);
    bool done = true;

    options.table = "Consumer";
    stator_writer *writer = stator_writer_new(call, &options);
    for (int i = 0; i < count && done; i++) {
        stator_item item;

        stator_builder_reset(builder);
        stator_add_s(builder, "pk", std::to_string(i).c_str());
        stator_add_int64(builder, "n", i);
        done = stator_builder_item(builder, &item, nullptr) == STATOR_OK && stator_writer_put(writer, &item) == STATOR_OK;
    }
    stator_builder_free(builder);
    return stator_writer_end(writer, nullptr) == STATOR_OK && done;
}

int64_t sum(stator_call *call)
{
    stator_scan_input in = {};
    int64_t total = 0;

    in.table_name = stator_text("Consumer");
    in.limit = stator_int(7);
    stator_pages *pages = stator_scan_pages(call, &in);
    while (const stator_item *item = stator_next_item(pages)) {
        int64_t n = 0;

        if (stator_value_int64(stator_item_get(item, "n"), &n, nullptr) == STATOR_OK)
            total += n;
    }
    return stator_pages_end(pages) == STATOR_OK ? total : -1;
}

} // namespace

int main()
{
    stator_client_options options = {};
    stator_client *client = nullptr;
    stator_error err;

    options.endpoint = std::getenv("STATOR_ENDPOINT");
    if (stator_client_open(&client, &options, &err) != STATOR_OK) {
        std::cerr << err.message << "\n";
        return 1;
    }
    stator_call *call = stator_call_new(client);
    int code = 1;
    if (make_table(call) && write(call, 100)) {
        std::cout << "version " << stator_version() << " sum " << sum(call) << "\n";
        code = 0;
    } else {
        std::cerr << text(stator_call_failure(call)->type) << ": " << stator_call_failure(call)->message << "\n";
    }
    stator_call_free(call);
    stator_client_close(client);
    return code;
}
