/* SPDX-License-Identifier: Apache-2.0 */
/* exposition: writes metrics as Prometheus reads them, its text format 0.0.4:
 *
 *   # HELP stator_requests_total Requests answered.
 *   # TYPE stator_requests_total counter
 *   stator_requests_total{operation="GetItem",table="music"} 12
 *
 * All samples of a family follow its head. The buf remembers a lack of memory.
 */
#ifndef SERVER_WATCH_EXPOSITION_H
#define SERVER_WATCH_EXPOSITION_H

#include "base/buf.h"
#include "watch/tally.h"

/* Quotes, backslashes and newlines of values are escaped; bytes that are no UTF-8 become '?'. One whose value is empty
 * is left out: it is the same as none. */
struct exposition_label {
    const char *name;
    struct bytes value;
};

struct exposition_labels {
    const struct exposition_label *at;
    size_t count;
};

#define EXPOSITION_NO_LABELS ((struct exposition_labels){NULL, 0})

/* type: "counter", "gauge" or "histogram". */
void exposition_family(struct buf *out, const char *name, const char *type, const char *help);

void exposition_integer(struct buf *out, const char *name, struct exposition_labels labels, uint64_t value);
void exposition_number(struct buf *out, const char *name, struct exposition_labels labels, double value);
/* Nanoseconds, written as seconds. */
void exposition_seconds(struct buf *out, const char *name, struct exposition_labels labels, uint64_t ns);

/* The buckets, which include those below them, the sum (of times: in seconds) and the count. */
void exposition_histogram(struct buf *out, const char *name, struct exposition_labels labels,
                          enum histogram_scale scale, const struct histogram_sum *sum);

/* A family of one sample without labels. */
void exposition_counter(struct buf *out, const char *name, const char *help, uint64_t value);
void exposition_gauge(struct buf *out, const char *name, const char *help, uint64_t value);

#endif
