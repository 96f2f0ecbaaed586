/* SPDX-License-Identifier: Apache-2.0 */
/* report: the lines that a check prints, and what ids and keys in them mean.
 *
 * Thread: [main].
 */
#ifndef SERVER_CHECK_REPORT_H
#define SERVER_CHECK_REPORT_H

#include <stdio.h>

#include "catalog/table.h"
#include "store/rescue.h"

/* Of one kind of fault in one place so many are printed; the others are counted. All are in a repair. */
#define REPORT_EXAMPLES_MAX 10

struct report {
    FILE *out;
    const char *program; /* of check_request */
    const char *dir;
    bool repairing;
    uint64_t faults;
    uint64_t file_faults; /* of them, those of files */
    uint64_t manifest_faults;
    bool lost;             /* something that could not be read may have been there */
    bool witness_lost;     /* the manifest or STATOR-SYNCED: what nobody names may have been there */
    bool logs_lost;        /* a part of a log: it may have made tables */
    bool disk_fails;       /* a fault was the disk's answer (EIO) */
    bool counters_are_new; /* they say nothing of what was there */
    struct buf items_told; /* of a repair: report_items */
    uint64_t items;        /* of all tables that were compared */
    struct table **tables; /* one reference each; NULL until they are known */
    size_t table_count;
};

/* Something is lost, or nothing is left to tell that it is not. */
static inline bool report_may_have_lost(const struct report *report)
{
    return report->lost || report->witness_lost;
}

void report_deinit(struct report *report);

/* Takes over the reference. False: no memory. */
bool report_add_table(struct report *report, struct table *table);

/* One line, counted as a fault. */
void report_fault(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The same for one with which something is lost where it is mended. */
void report_loss(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* One line more about the fault before. */
void report_line(struct report *report, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A fault of the n-th of its kind: printed if it is one of the first, or all are. */
bool report_is_shown(const struct report *report, uint64_t n);

/* Appends "Music", or "index ByYear of Music"; "no table" for an id that is nobody's. */
void report_owner(struct buf *out, const struct report *report, uint32_t id);

/* Appends the values in a key of that table's or index's: {"artist": "a", "year": 1999}. */
void report_key(struct buf *out, const struct table *table, const struct index *index, struct bytes key);

/* A rescue_tell: context is the report. */
void report_file(void *context, const struct rescue_fault *fault);

/* A line about the faults before: whose writes they may have cost. */
void report_any_table(struct report *report);

/* Keeps a line about the items that a repair has found, and how many its counters say there were. */
void report_items(struct report *report, const struct table *table, uint64_t found, int64_t counted);
/* What is lost, and those lines. */
void report_lost(const struct report *report);

/* Appends whose keys lie between the two, or all. */
void report_owners(struct buf *out, const struct report *report, const struct rescue_fault *fault);

#endif
