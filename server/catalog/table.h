/* SPDX-License-Identifier: Apache-2.0 */
/* table: what is known of one table: its description as the API gives it, and the working form that reads and writes
 * need.
 *
 * A struct table never changes once it is in the catalog: a change makes a new version and marks the old one
 * superseded. What goes on over versions (counters, the durability mark) lies in struct index_state and struct
 * table_state, shared by reference. A request holds the version it found until its end.
 *
 * Life of a table: CREATING -> ACTIVE <-> UPDATING -> DELETING -> gone; of a global index: CREATING (Backfilling) ->
 * ACTIVE -> DELETING -> gone. The statuses are in the description and are moved by server/task.
 */
#ifndef SERVER_CATALOG_TABLE_H
#define SERVER_CATALOG_TABLE_H

#include <stdatomic.h>

#include "base/arena.h"
#include "catalog/settings.h"
#include "catalog/transition.h"
#include "message/api.h"
#include "shard/bucket.h"
#include "shard/durability.h"

#define KEY_HASH_BYTES_MAX  2048 /* of one attribute's text */
#define KEY_RANGE_BYTES_MAX 1024
#define KEY_PARTS_MAX       4 /* hash, and range, attributes of a global index */

struct key_attribute {
    struct bytes name;
    enum value_type type; /* S, N or B */
};

struct key_schema {
    struct key_attribute hash[KEY_PARTS_MAX], range[KEY_PARTS_MAX];
    uint32_t hash_count, range_count; /* a base table and a local index: 1 and 0..1 */
};

enum capacity_kind { CAPACITY_READ, CAPACITY_WRITE };

/* Live sums of one index (the base counts as one), kept exact over crashes by counters in the store. */
struct index_state {
    _Atomic uint32_t references;
    uint32_t id; /* in keys; never used again */
    _Atomic int64_t item_count, size_bytes;
    struct bucket buckets[2]; /* by capacity_kind, with --enforce-throughput; not for local indexes */
};

enum index_kind { INDEX_BASE, INDEX_LOCAL, INDEX_GLOBAL };

/* Anything with keys of its own: the table itself, a local or a global secondary index. */
struct index {
    enum index_kind kind;
    struct bytes name; /* absent for the base */
    struct bytes arn;
    struct key_schema key;
    enum ProjectionType projection; /* base: ALL */
    const struct bytes *non_key;    /* INCLUDE: the attributes named */
    size_t non_key_count;
    enum IndexStatus status; /* base and local: ACTIVE; written from CREATING on, not read before ACTIVE */
    bool backfilling;
    struct index_state *state;
};

struct table_state {
    _Atomic uint32_t references;
    struct durable_mark mark; /* of all writes to the table and its indexes */
    _Atomic uint32_t meter;   /* op/meter.h: under which its requests are counted; 0: not yet given */
    /* Time to live, as server/task tells it: items that ended before that time, in seconds since 1970, are deleted (0:
     * no pass is done), and how many were. */
    _Atomic uint64_t ttl_done_s, ttl_deleted;
};

/* Which of a table's items end by themselves, and when. ENABLING -> ENABLED once the expiry index is complete, DISABLING
 * -> DISABLED; moved by server/task. */
struct time_to_live {
    enum TimeToLiveStatus status; /* a cleared one: never enabled, as good as DISABLED */
    struct bytes attribute;       /* whose value is the time; absent when DISABLED */
    uint32_t id;                  /* of the expiry index, which writers keep; 0: there is none */
    uint64_t changed_ms;          /* since 1970: the last UpdateTimeToLive */
    uint64_t due_ms;              /* until when ENABLING or DISABLING lasts at least */
};

/* What is kept with a table and is not in its description. */
struct table_extras {
    struct transition transition;
    struct TagList tags;
    struct bytes policy; /* the resource policy as GetResourcePolicy shows it but for a missing version; or absent */
    struct table_settings settings;
    const uint32_t *dropped; /* ids of indexes that are no longer the table's and whose entries are not yet erased */
    size_t dropped_count;
    uint32_t stream; /* id of the stream that writes go to; 0: none is enabled */
    struct time_to_live ttl;
};

struct table {
    _Atomic uint32_t references;
    _Atomic bool superseded; /* a newer version is in the catalog, or the table is gone: look it up again */
    struct arena arena;      /* holds everything below */
    struct bytes namespace_; /* "" by default; see --isolate-by */
    struct bytes name;
    struct bytes arn;
    enum TableStatus status;
    const struct TableDescription *description; /* counts and sizes in it are not kept: index_state has them */
    const struct table_extras *extras;          /* never NULL */
    struct bytes record;                        /* what the catalog stores: record.c */
    struct index base;
    struct index *indexes; /* local ones first, then global ones, each in the order of the description */
    size_t index_count;
    struct table_state *state;
};

/* Builds a version from a description. ids: of the base, then of each index in the order of the description (local ones
 * first). With `previous`, states of the same ids and the table_state are shared with it; other states start at zero.
 * On STATOR_OK *out has one reference; everything is copied. A description that makes no table (no key, an index with
 * an undefined attribute, a wrong count of ids) is STATOR_INTERNAL_SERVER_ERROR. */
struct table_source {
    struct bytes namespace_;
    const struct TableDescription *description;
    const uint32_t *ids;
    size_t id_count;
    const struct table_extras *extras; /* NULL: none */
    const struct table *previous;      /* or NULL */
};
STATOR_MUST_CHECK enum stator_rc table_new(struct table **out, const struct table_source *source,
                                           struct stator_error *err);

/* The same from a stored record. */
STATOR_MUST_CHECK enum stator_rc table_read(struct table **out, struct bytes namespace_, struct bytes record,
                                            struct stator_error *err);

void table_hold(struct table *table);
void table_release(struct table *table); /* NULL is allowed */

void table_state_hold(struct table_state *state);
void table_state_release(struct table_state *state); /* NULL is allowed */

/* The id of the index of that name (an absent name: the base); 0, which is never an id, when there is none. */
uint32_t table_id_of(const struct table *table, struct bytes index_name);

/* The index of that name, or NULL. */
const struct index *table_index(const struct table *table, struct bytes name);

/* The type of a key attribute of the table or any index; VALUE_ABSENT when the name is none of them. */
enum value_type table_key_type(const struct table *table, struct bytes name);

#endif
