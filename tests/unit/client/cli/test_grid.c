/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <locale.h>

#include "cli/grid.h"
#include "cli/width.h"

static int utf8(void **state)
{
    (void)state;
    return setlocale(LC_CTYPE, "C.UTF-8") == NULL;
}

static void widths(void **state)
{
    static const struct {
        const char *text;
        size_t columns;
    } cases[] = {
        {"", 0},          {"abc", 3}, {"\xC3\xA9t\xC3\xA9", 3}, {"\xE6\x97\xA5\xE6\x9C\xAC", 4}, /* two columns each */
        {"e\xCC\x81", 1}, /* a combining accent */
        {"a\nb", 4},      {"\t", 2},  {"\x1B[2J", 4},           {"\xFF", 1},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(width_of(cases[i].text, strlen(cases[i].text)), cases[i].columns);
}

static void cut(void **state)
{
    static const struct {
        const char *text;
        size_t most;
        const char *shown;
    } cases[] = {
        {"abc", 3, "abc"},
        {"abcd", 3, "ab\xE2\x80\xA6"},
        {"abcd", 1, "\xE2\x80\xA6"},
        {"abcd", 0, ""},
        {"\xE6\x97\xA5\xE6\x9C\xAC", 3, "\xE6\x97\xA5\xE2\x80\xA6"},
        {"\xE6\x97\xA5\xE6\x9C\xAC", 2, "\xE2\x80\xA6"}, /* a wide one does not fit beside the ellipsis */
        {"a\nb\t", 9, "a\\nb\\t"},
        {"\x1B[31mred", 20, "?[31mred"}, /* items cannot speak to the terminal */
        {"\xC2\x9B"
         "31m",
         20, "?31m"},
        {"\xFF\xFE", 5, "??"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text out = {0};

        assert_true(width_add(&out, cases[i].text, strlen(cases[i].text), cases[i].most) <= cases[i].most);
        assert_true(stator_is(text_view(&out), cases[i].shown));
        text_free(&out);
    }
}

static void cell(struct grid *table, const char *name, const char *text, bool number)
{
    grid_cell(table, name, strlen(name), text, strlen(text), number);
}

static void aligned(void **state)
{
    struct grid table = {0};
    struct text out = {0};

    (void)state;
    cell(&table, "name", "\xE6\x97\xA5\xE6\x9C\xAC", false);
    cell(&table, "n", "5", true);
    grid_row_end(&table);
    cell(&table, "n", "1000", true);
    cell(&table, "name", "x", false);
    cell(&table, "more", "yes", false);
    grid_row_end(&table);
    grid_row_end(&table); /* an empty one */
    grid_print(&table, &out, 0, false);
    assert_string_equal(out.at, "name     n  more\n"
                                "\xE6\x97\xA5\xE6\x9C\xAC     5\n"
                                "x     1000  yes\n"
                                "\n");
    text_clear(&out);
    cell(&table, "more", "no", false);
    grid_row_end(&table);
    grid_print(&table, &out, 0, true); /* columns stay, rows are forgotten */
    assert_string_equal(out.at, "\033[1mname     n  more\033[0m\n"
                                "            no\n");
    text_free(&out);
    grid_free(&table);
}

static void narrow(void **state)
{
    struct grid table = {0};
    struct text out = {0};

    (void)state;
    cell(&table, "a", "0123456789012345678901234567890123456789", false);
    cell(&table, "b", "short", false);
    grid_row_end(&table);
    grid_print(&table, &out, 20, false);
    assert_string_equal(out.at, "a              b\n"
                                "012345678901\xE2\x80\xA6  short\n");
    text_clear(&out);
    for (int i = 0; i < 30; i++) {
        char name[32];

        snprintf(name, sizeof(name), "column-%d", i);
        cell(&table, name, "0123456789", false);
    }
    grid_row_end(&table);
    grid_print(&table, &out, 40, false); /* more columns than there is room for: no line is wider */
    for (const char *line = out.at; *line != '\0'; line = strchr(line, '\n') + 1)
        assert_true(width_of(line, (size_t)(strchr(line, '\n') - line)) <= 40);
    text_free(&out);
    grid_free(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(widths),
        cmocka_unit_test(cut),
        cmocka_unit_test(aligned),
        cmocka_unit_test(narrow),
    };

    return cmocka_run_group_tests(tests, utf8, NULL);
}
