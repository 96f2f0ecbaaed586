/* SPDX-License-Identifier: Apache-2.0 */
/* The library from C++: that its headers read well there, and that what they declare is found by the linker. */
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "stator/build.h"
#include "stator/command.h"
#include "stator/json.h"

static int failures;

static void check(bool condition, const char *what)
{
    if (condition)
        return;
    std::fprintf(stderr, "test_cpp: %s\n", what);
    failures++;
}

using Builder = std::unique_ptr<stator_builder, decltype(&stator_builder_free)>;

static Builder make_builder()
{
    return Builder(stator_builder_new(nullptr, 0), stator_builder_free);
}

static std::string text_of(stator_bytes view)
{
    return view.at == nullptr ? "" : std::string(reinterpret_cast<const char *>(view.at), view.len);
}

static stator_item build_item(stator_builder *builder, const std::vector<std::string> &tags)
{
    stator_item item;

    stator_add_s(builder, "pk", "user#1");
    stator_add_double(builder, "height", 1.75);
    stator_add_set(builder, "tags", STATOR_TYPE_SS);
    for (const std::string &tag : tags)
        stator_add_s_len(builder, nullptr, tag.data(), tag.size());
    stator_add_end(builder);
    check(stator_builder_item(builder, &item, nullptr) == STATOR_OK, "an item is built");
    return item;
}

static void values_and_builders()
{
    Builder builder = make_builder();
    stator_item item = build_item(builder.get(), {"b", "a"});
    double height = 0;

    check(stator_value_double(stator_item_get(&item, "height"), &height, nullptr) == STATOR_OK, "a double is read");
    check(std::fabs(height - 1.75) < 1e-12, "it is the one that was written");
    check(text_of(stator_value_text(stator_item_find(&item, "tags[0]"))) == "a", "sets are sorted");
    check(stator_value_text(stator_item_get(&item, "none")).at == nullptr, "nothing is nothing");
}

static void literals()
{
    const stator_value tags[] = {stator_s("a"), stator_n("1.50")};
    const stator_attribute attributes[] = {stator_attr("pk", stator_s("x")),
                                           stator_attr("l", stator_members(STATOR_TYPE_L, tags, 2))};
    stator_item item = stator_item_of(attributes, 2);
    Builder builder = make_builder();
    stator_bytes text;

    check(stator_json_write_item(builder.get(), &text, &item, STATOR_JSON_PLAIN, 0, nullptr) == STATOR_OK,
          "an item is written");
    check(text_of(text) == "{\"pk\":\"x\",\"l\":[\"a\",1.5]}", "as plain JSON");
}

static void commands()
{
    Builder builder = make_builder();
    stator_request request;
    stator_error err;

    check(stator_command_build(builder.get(), &request, &err, "GetItem %a {pk: %s}", "T", "x") == STATOR_OK,
          "a command is read");
    check(text_of(request.json) == "{\"TableName\":\"T\",\"Key\":{\"pk\":{\"S\":\"x\"}}}", "and is a request");
    check(stator_command_build(builder.get(), &request, &err, "GetItem") == STATOR_VALIDATION, "a bad one is not");
    check(std::string(err.message) == "Column 8: a name is missing", "and says why");
}

int main()
{
    values_and_builders();
    literals();
    commands();
    return failures == 0 ? 0 : 1;
}
