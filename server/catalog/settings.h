/* SPDX-License-Identifier: Apache-2.0 */
/* settings: what is kept with a table for calls around it that no read or write of items looks at. In the record as
 * sections of their own; layouts in settings.c. Pure.
 */
#ifndef SERVER_CATALOG_SETTINGS_H
#define SERVER_CATALOG_SETTINGS_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"
#include "message/api.h"

/* A stream's resource policy. */
struct stream_policy {
    uint64_t revision_ms; /* since 1970: when it was last set or deleted; 0: never */
    struct bytes label;   /* of the stream */
    struct bytes text;    /* empty: deleted */
};

/* One Kinesis data stream that was named as a destination. */
struct destination {
    uint64_t since_ms; /* since 1970: when its status began */
    const struct KinesisDataStreamDestination *entry;
};

/* Contributor Insights of the table or of a global index. */
struct insights {
    uint32_t index_id;                                     /* never used again, so what is left of an index is known */
    const struct DescribeContributorInsightsOutput *entry; /* without rules and names */
};

struct table_settings {
    uint64_t policy_revision_ms; /* of the table's own policy, as in stream_policy */
    struct stream_policy stream_policy;
    const struct PointInTimeRecoveryDescription *recovery; /* NULL: off. Without the latest time */
    const struct destination *destinations;
    size_t destination_count;
    const struct insights *insights; /* of the table and its indexes, where they were ever enabled */
    size_t insights_count;
};

/* Appends a section for each setting that there is. */
void settings_write(struct buf *buf, const struct table_settings *settings);

/* Whether sections of that kind are settings. */
bool settings_is_kind(uint8_t kind);

/* Reads one section; views into it and the arena. */
STATOR_MUST_CHECK enum stator_rc settings_read(struct table_settings *out, uint8_t kind, struct bytes section,
                                               struct arena *arena, struct stator_error *err);

#endif
