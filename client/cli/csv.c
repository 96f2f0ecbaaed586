/* SPDX-License-Identifier: Apache-2.0 */
#include "csv.h"

size_t csv_record(const char *at, size_t len, char delimiter, bool ended, size_t *lines)
{
    bool quoted = false;
    size_t closed = SIZE_MAX; /* where the last quoted field seemed to end: a quote right behind says that it did not */

    *lines = 0;
    for (size_t i = 0; i < len; i++) {
        if (at[i] == '"' && quoted) {
            quoted = false;
            closed = i;
        } else if (at[i] == '"') {
            quoted = i == 0 || at[i - 1] == delimiter || closed == i - 1;
        }
        if (at[i] != '\n')
            continue;
        (*lines)++;
        if (!quoted)
            return i + 1;
    }
    return ended ? len : 0;
}

static size_t without_line_end(const char *record, size_t len)
{
    if (len > 0 && record[len - 1] == '\n')
        len--;
    if (len > 0 && record[len - 1] == '\r')
        len--;
    return len;
}

/* A quoted field that begins at record[*i], after its quote. Gives false when it has no end. */
static bool unquote(struct csv_field *field, char *record, size_t *i, size_t len)
{
    char *out = record + *i;

    *field = (struct csv_field){stator_bytes_of(out, 0), true};
    for (; *i < len; (*i)++) {
        if (record[*i] == '"') {
            if (*i + 1 >= len || record[*i + 1] != '"') {
                (*i)++;
                field->text.len = (size_t)(out - (const char *)field->text.at);
                return true;
            }
            (*i)++;
        }
        *out++ = record[*i];
    }
    return false;
}

static const char *plain(struct csv_field *field, char *record, size_t *i, size_t len, char delimiter)
{
    *field = (struct csv_field){stator_bytes_of(record + *i, 0), false};
    for (; *i < len && record[*i] != delimiter; (*i)++) {
        if (record[*i] == '"')
            return "a quote within a field that does not begin with one";
        field->text.len++;
    }
    return NULL;
}

static const char *next_field(struct csv_field *field, char *record, size_t *i, size_t len, char delimiter)
{
    if (*i >= len || record[*i] != '"')
        return plain(field, record, i, len, delimiter);
    (*i)++;
    if (!unquote(field, record, i, len))
        return "a quote that is not closed";
    if (*i < len && record[*i] != delimiter)
        return "something between a closing quote and the delimiter";
    return NULL;
}

long csv_fields(struct csv_field **fields, size_t *room, char *record, size_t len, char delimiter, const char **why)
{
    size_t count = 0, i = 0;

    len = without_line_end(record, len);
    for (;;) {
        if (count == *room) {
            *room = *room == 0 ? 16 : *room * 2;
            *fields = must_resize(*fields, *room * sizeof(**fields));
        }
        *why = next_field(&(*fields)[count++], record, &i, len, delimiter);
        if (*why != NULL)
            return -1;
        if (i >= len)
            return (long)count;
        i++; /* the delimiter: one more field comes, be it empty */
    }
}

/* Some programs take blanks at the ends of a field for nothing. */
static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static bool needs_quotes(struct stator_bytes field, char delimiter)
{
    for (size_t i = 0; i < field.len; i++)
        if (field.at[i] == '"' || field.at[i] == '\n' || field.at[i] == '\r' || field.at[i] == (uint8_t)delimiter)
            return true;
    return field.len == 0 || is_blank(field.at[0]) || is_blank(field.at[field.len - 1]);
}

void csv_add(struct text *out, struct stator_bytes field, char delimiter)
{
    if (!needs_quotes(field, delimiter)) {
        text_bytes(out, field);
        return;
    }
    text_char(out, '"');
    for (size_t i = 0; i < field.len; i++) {
        if (field.at[i] == '"')
            text_char(out, '"');
        text_char(out, (char)field.at[i]);
    }
    text_char(out, '"');
}
