/* SPDX-License-Identifier: Apache-2.0 */
#include "ini.h"

static bool is_blank(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static struct bytes trim(struct bytes text)
{
    while (text.len != 0 && is_blank(text.at[0]))
        text = bytes_of(text.at + 1, text.len - 1);
    while (text.len != 0 && is_blank(text.at[text.len - 1]))
        text.len--;
    return text;
}

void ini_reader_init(struct ini_reader *reader, struct bytes text)
{
    struct bytes mark = BYTES("\xEF\xBB\xBF");

    if (bytes_starts_with(text, mark))
        text = bytes_of(text.at + mark.len, text.len - mark.len);
    *reader = (struct ini_reader){.rest = text};
}

static struct bytes cut_line(struct bytes *rest)
{
    const uint8_t *end = memchr(rest->at, '\n', rest->len);
    struct bytes line = bytes_of(rest->at, end != NULL ? (size_t)(end - rest->at) : rest->len);
    size_t taken = line.len + (end != NULL);

    *rest = bytes_of(rest->at + taken, rest->len - taken);
    return line;
}

/* The next line that says something, trimmed. False at the end. */
static bool next_line(struct bytes *line, size_t *indent, struct bytes *rest, size_t *lines)
{
    while (rest->len != 0) {
        struct bytes raw = cut_line(rest);

        *line = trim(raw);
        ++*lines;
        if (line->len == 0 || line->at[0] == '#' || line->at[0] == ';')
            continue;
        *indent = (size_t)(line->at - raw.at);
        return true;
    }
    return false;
}

/* Up to a comment behind a blank. */
static struct bytes without_comment(struct bytes text)
{
    for (size_t i = 1; i < text.len; i++)
        if ((text.at[i] == '#' || text.at[i] == ';') && is_blank(text.at[i - 1]))
            return trim(bytes_of(text.at, i));
    return trim(text);
}

static bool split(struct bytes *name, struct bytes *value, struct bytes line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (line.at[i] != '=' && line.at[i] != ':')
            continue;
        *name = trim(bytes_of(line.at, i));
        *value = without_comment(bytes_of(line.at + i + 1, line.len - i - 1));
        return name->len != 0;
    }
    return false;
}

static enum ini_token bad(struct ini_reader *reader)
{
    reader->bad = true;
    return INI_BAD;
}

static enum ini_token read_section(struct ini_reader *reader, struct bytes line)
{
    const uint8_t *end = memchr(line.at, ']', line.len);

    if (end == NULL)
        return bad(reader);
    reader->name = trim(bytes_of(line.at + 1, (size_t)(end - line.at - 1)));
    reader->in_section = true;
    reader->open = false;
    return INI_SECTION;
}

/* A value goes on over the lines that are deeper than its name and begin no section. */
static void read_on(struct ini_reader *reader)
{
    struct bytes rest = reader->rest, line;
    size_t lines = reader->lines, indent;

    while (next_line(&line, &indent, &rest, &lines) && indent > reader->indent && line.at[0] != '[') {
        reader->value.len = (size_t)(line.at + line.len - reader->value.at);
        reader->rest = rest;
        reader->lines = lines;
    }
}

enum ini_token ini_next(struct ini_reader *reader)
{
    struct bytes line;
    size_t indent;

    if (reader->bad)
        return INI_BAD;
    if (!next_line(&line, &indent, &reader->rest, &reader->lines))
        return INI_END;
    reader->line = reader->lines;
    if (line.at[0] == '[')
        return read_section(reader, line);
    if (!reader->in_section || !split(&reader->name, &reader->value, line))
        return bad(reader);
    if (reader->open && indent > reader->indent)
        return INI_NESTED;
    reader->indent = indent;
    reader->open = reader->value.len == 0;
    reader->parent = reader->name;
    if (!reader->open)
        read_on(reader);
    return INI_PROPERTY;
}

bool ini_is(struct bytes name, const char *lower)
{
    size_t len = strlen(lower);

    if (name.len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if ((name.at[i] >= 'A' && name.at[i] <= 'Z' ? name.at[i] + ('a' - 'A') : name.at[i]) != (uint8_t)lower[i])
            return false;
    return true;
}
