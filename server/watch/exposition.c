/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/exposition.h"

#include <inttypes.h>

#include "base/utf8.h"

#define NS_OF_SECOND UINT64_C(1000000000)

/* The bounds as Prometheus shall show them. */
static const char *const bound_texts[2][HISTOGRAM_BUCKETS] = {
    [HISTOGRAM_TIMES] = {"0.00001", "0.000025", "0.00005", "0.0001", "0.00025", "0.0005", "0.001",
                         "0.0025",  "0.005",    "0.01",    "0.025",  "0.05",    "0.1",    "0.25",
                         "0.5",     "1",        "2.5",     "5",      "10",      "+Inf"},
    [HISTOGRAM_SIZES] = {"1",  "2",  "3",  "4",   "6",   "8",   "12",  "16",  "24",   "32",
                         "48", "64", "96", "128", "192", "256", "384", "512", "1024", "+Inf"},
};

void exposition_family(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_value(struct buf *out, struct bytes value)
{
    while (value.len != 0) {
        size_t len = utf8_sequence(value);

        if (len == 0)
            buf_append_byte(out, '?');
        else if (*value.at == '\n')
            buf_append_literal(out, "\\n");
        else if (*value.at == '"' || *value.at == '\\')
            buf_printf(out, "\\%c", *value.at);
        else
            buf_append(out, value.at, len);
        value.at += len == 0 ? 1 : len;
        value.len -= len == 0 ? 1 : len;
    }
}

static void put_label(struct buf *out, bool *first, const char *name, struct bytes value)
{
    if (value.len == 0)
        return;
    buf_append_byte(out, *first ? '{' : ',');
    *first = false;
    buf_append_bytes(out, bytes_of_string(name));
    buf_append_literal(out, "=\"");
    put_value(out, value);
    buf_append_byte(out, '"');
}

/* le: of a bucket, or NULL. */
static void put_head(struct buf *out, const char *name, const char *suffix, struct exposition_labels labels,
                     const char *le)
{
    bool first = true;

    buf_append_bytes(out, bytes_of_string(name));
    buf_append_bytes(out, bytes_of_string(suffix));
    for (size_t i = 0; i < labels.count; i++)
        put_label(out, &first, labels.at[i].name, labels.at[i].value);
    if (le != NULL)
        put_label(out, &first, "le", bytes_of_string(le));
    if (!first)
        buf_append_byte(out, '}');
    buf_append_byte(out, ' ');
}

static void put_integer(struct buf *out, uint64_t value)
{
    buf_printf(out, "%" PRIu64 "\n", value);
}

static void put_seconds(struct buf *out, uint64_t ns)
{
    buf_printf(out, "%" PRIu64 ".%09" PRIu64 "\n", ns / NS_OF_SECOND, ns % NS_OF_SECOND);
}

void exposition_integer(struct buf *out, const char *name, struct exposition_labels labels, uint64_t value)
{
    put_head(out, name, "", labels, NULL);
    put_integer(out, value);
}

void exposition_number(struct buf *out, const char *name, struct exposition_labels labels, double value)
{
    put_head(out, name, "", labels, NULL);
    buf_printf(out, "%.15g\n", value);
}

void exposition_seconds(struct buf *out, const char *name, struct exposition_labels labels, uint64_t ns)
{
    put_head(out, name, "", labels, NULL);
    put_seconds(out, ns);
}

void exposition_histogram(struct buf *out, const char *name, struct exposition_labels labels,
                          enum histogram_scale scale, const struct histogram_sum *sum)
{
    uint64_t count = 0;

    for (size_t i = 0; i < HISTOGRAM_BUCKETS; i++) {
        count += sum->buckets[i];
        put_head(out, name, "_bucket", labels, bound_texts[scale][i]);
        put_integer(out, count);
    }
    put_head(out, name, "_sum", labels, NULL);
    if (scale == HISTOGRAM_TIMES)
        put_seconds(out, sum->sum);
    else
        put_integer(out, sum->sum);
    put_head(out, name, "_count", labels, NULL);
    put_integer(out, count);
}

void exposition_counter(struct buf *out, const char *name, const char *help, uint64_t value)
{
    exposition_family(out, name, "counter", help);
    exposition_integer(out, name, EXPOSITION_NO_LABELS, value);
}

void exposition_gauge(struct buf *out, const char *name, const char *help, uint64_t value)
{
    exposition_family(out, name, "gauge", help);
    exposition_integer(out, name, EXPOSITION_NO_LABELS, value);
}
