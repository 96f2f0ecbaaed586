/* SPDX-License-Identifier: Apache-2.0 */
#include "check/contents.h"

#include <stdlib.h>

#include "format/keycodec.h"
#include "stream/record.h"
#include "stream/stream.h"
#include "table/compare.h"

#define STEP_KEYS      1000
#define LINE_BYTES_MAX ((size_t)1 << 20)

static const uint8_t next_id_key[] = {'n'};

/* A stream as the catalog's family has it. */
struct kept_stream {
    uint32_t id;
    bool described;                     /* there is what is kept of it, and it can be read */
    uint64_t trimmed[STREAM_LANES_MAX]; /* records below are no longer there */
    uint64_t shards[STREAM_LANES_MAX];  /* count */
};

struct checking {
    struct database db; /* the store, the ring and the latches alone */
    bool mend;
    struct report *report;
    struct store_batch *batch;
    struct kept_stream *streams;
    size_t stream_count;
    uint32_t *erased; /* ids whose keys are deleted and still in files */
    size_t erased_count;
    uint32_t highest_id;
};

static enum stator_rc commit(struct checking *c, struct stator_error *err)
{
    enum stator_rc rc = c->mend ? store_write(c->db.store, c->batch, true, err) : STATOR_OK;

    store_batch_clear(c->batch);
    return rc;
}

/* --- What the catalog has beside definitions ------------------------------------------------------------------------ */

static struct kept_stream *stream_of(struct checking *c, uint32_t id)
{
    struct kept_stream *more;

    for (size_t i = 0; i < c->stream_count; i++)
        if (c->streams[i].id == id)
            return &c->streams[i];
    more = realloc(c->streams, (c->stream_count + 1) * sizeof(*more));
    if (more == NULL)
        return NULL;
    c->streams = more;
    more += c->stream_count++;
    *more = (struct kept_stream){.id = id};
    return more;
}

static enum stator_rc load_stream_key(struct checking *c, struct bytes key, struct bytes value,
                                      struct stator_error *err)
{
    struct stream_about about;
    struct kept_stream *stream;
    struct stream_key read;
    bool sound = stream_key_read(&read, key);

    if (sound) {
        stream = stream_of(c, read.stream);
        if (stream == NULL)
            return stator_fail_memory(err);
        switch (read.kind) {
        case STREAM_KEY_ABOUT:
            sound = stream->described = stream_about_read(&about, value);
            break;
        case STREAM_KEY_TRIMMED:
            sound = value.len == 8;
            stream->trimmed[read.lane] = sound ? read_be64(value.at) : 0;
            break;
        case STREAM_KEY_SHARD:
            sound = value.len == 16;
            stream->shards[read.lane] += sound;
            break;
        }
    }
    if (!sound) {
        report_loss(c->report, "what is kept of a stream cannot be read");
        store_batch_delete(c->batch, STORE_CATALOG, key);
    }
    return STATOR_OK;
}

static void note_id(struct checking *c, uint32_t id)
{
    c->highest_id = id > c->highest_id ? id : c->highest_id;
}

static bool note_erased(struct checking *c, uint32_t id)
{
    uint32_t *more = realloc(c->erased, (c->erased_count + 1) * sizeof(*more));

    if (more == NULL)
        return false;
    c->erased = more;
    more[c->erased_count++] = id;
    return true;
}

static enum stator_rc load_others(struct checking *c, struct stator_error *err)
{
    struct store_iterator *iterator = store_iterator_open(c->db.store, STORE_CATALOG, (struct bytes){NULL, 0},
                                                          (struct bytes){NULL, 0}, NULL, STORE_ANY);
    enum stator_rc rc = STATOR_OK;

    if (iterator == NULL)
        return stator_fail_memory(err);
    for (store_iterator_seek_first(iterator); rc == STATOR_OK && store_iterator_valid(iterator);
         store_iterator_next(iterator)) {
        struct bytes key = store_iterator_key(iterator);

        if (key.at[0] == 's')
            rc = load_stream_key(c, key, store_iterator_value(iterator), err);
        else if (catalog_erased_id(key) != 0 && !note_erased(c, catalog_erased_id(key)))
            rc = stator_fail_memory(err);
    }
    if (rc == STATOR_OK && store_iterator_status(iterator, err) != STATOR_OK)
        report_fault(c->report, "the catalog cannot be read further: %s", err->message);
    store_iterator_close(iterator);
    return rc == STATOR_OK ? commit(c, err) : rc;
}

static const struct kept_stream *find_stream(const struct checking *c, uint32_t id)
{
    for (size_t i = 0; i < c->stream_count; i++)
        if (c->streams[i].id == id && c->streams[i].described)
            return &c->streams[i];
    return NULL;
}

/* What is left of streams of which nothing says what they were. */
static enum stator_rc drop_remains(struct checking *c, struct stator_error *err)
{
    struct store_iterator *iterator =
        store_iterator_open(c->db.store, STORE_CATALOG, BYTES("s"), BYTES("t"), NULL, STORE_ANY);
    struct stream_key key;
    uint32_t told = 0;

    if (iterator == NULL)
        return stator_fail_memory(err);
    for (store_iterator_seek_first(iterator); store_iterator_valid(iterator); store_iterator_next(iterator)) {
        if (!stream_key_read(&key, store_iterator_key(iterator)) || find_stream(c, key.stream) != NULL)
            continue;
        if (key.stream != told)
            report_loss(c->report, "what stream %u was is not known", key.stream);
        told = key.stream;
        store_batch_delete(c->batch, STORE_CATALOG, store_iterator_key(iterator));
    }
    store_iterator_close(iterator);
    return commit(c, err);
}

/* A table whose stream is lost has none: it takes no write otherwise. */
static enum stator_rc check_table_stream(struct checking *c, const struct table *table, struct stator_error *err)
{
    struct TableDescription description = *table->description;
    struct table_extras extras = *table->extras;
    uint32_t *ids;
    struct table_source source = {.namespace_ = table->namespace_, .description = &description, .extras = &extras};
    struct table *without;
    enum stator_rc rc;

    if (extras.stream == 0 || find_stream(c, extras.stream) != NULL)
        return STATOR_OK;
    report_loss(c->report, "the stream of %.*s is gone, and disabled", BYTES_ARG(table->name));
    extras.stream = 0;
    description.StreamSpecification = NULL;
    description.LatestStreamArn = description.LatestStreamLabel = (struct bytes){NULL, 0};
    ids = calloc(table->index_count + 1, sizeof(*ids));
    if (ids == NULL)
        return stator_fail_memory(err);
    ids[0] = table->base.state->id;
    for (size_t i = 0; i < table->index_count; i++)
        ids[i + 1] = table->indexes[i].state->id;
    source.ids = ids;
    source.id_count = table->index_count + 1;
    rc = table_new(&without, &source, err);
    if (rc == STATOR_OK) {
        rc = catalog_add_definition(c->batch, without, err);
        table_release(without);
    }
    free(ids);
    return rc == STATOR_OK ? commit(c, err) : rc;
}

/* --- Items, entries, counters ------------------------------------------------------------------------------------- */

/* One comparison, and what it found. */
struct finding {
    struct checking *c;
    const struct table *table;
    const struct index *index; /* NULL: expiry */
    uint64_t counts[4];        /* by compare_kind */
};

static void print_difference(struct finding *finding, const struct compare_difference *difference)
{
    static const char *const of_items[] = {"", "is not where its key says", "", "cannot be read"};
    static const char *const of_entries[] = {"has no entry", "has an entry that is not its own",
                                             "is gone, and has an entry", "cannot be read"};
    struct report *report = finding->c->report;
    const bool is_base = finding->index == &finding->table->base;
    struct buf key;

    if (finding->index == NULL || !report_is_shown(report, finding->counts[difference->kind]))
        return;
    buf_init(&key, LINE_BYTES_MAX);
    report_key(&key, finding->table, finding->index, difference->key);
    report_line(report, "%sitem %.*s of %.*s %s",
                report->repairing && (is_base || difference->kind == COMPARE_EXTRA) ? "lost: " : "", (int)key.len,
                (const char *)key.at, BYTES_ARG(finding->table->name),
                (is_base ? of_items : of_entries)[difference->kind]);
    buf_deinit(&key);
}

/* Of a table the item goes; what makes up an index is made anew. */
static enum stator_rc on_difference(void *context, const struct compare_difference *difference,
                                    struct stator_error *err)
{
    struct finding *finding = context;
    struct checking *c = finding->c;
    const bool is_base = finding->index == &finding->table->base;

    if (!is_base && difference->kind == COMPARE_DAMAGED)
        return STATOR_OK; /* told as the item's own fault */
    print_difference(finding, difference);
    c->report->lost |= is_base || difference->kind == COMPARE_EXTRA;
    finding->counts[difference->kind]++;
    if (!c->mend)
        return STATOR_OK;
    if (!is_base)
        return compare_mend(&c->db, finding->index, difference, err);
    store_batch_delete(c->batch, STORE_SHARD(difference->shard), difference->key);
    return commit(c, err);
}

static uint64_t sum(const struct finding *finding)
{
    return finding->counts[0] + finding->counts[1] + finding->counts[2] + finding->counts[3];
}

static void tell_finding(const struct finding *finding)
{
    const bool is_base = finding->index == &finding->table->base;
    const uint64_t *counts = finding->counts;
    struct buf owner;

    if (sum(finding) == 0)
        return;
    buf_init(&owner, LINE_BYTES_MAX);
    report_owner(&owner, finding->c->report,
                 finding->index != NULL ? finding->index->state->id : finding->table->extras->ttl.id);
    if (is_base)
        report_fault(finding->c->report, "%.*s: %llu items cannot be read, %llu are not where their keys say",
                     (int)owner.len, (const char *)owner.at, (unsigned long long)counts[COMPARE_DAMAGED],
                     (unsigned long long)counts[COMPARE_WRONG]);
    else
        report_fault(finding->c->report, "%.*s: %llu entries are missing, %llu are wrong, %llu are too many",
                     (int)owner.len, (const char *)owner.at, (unsigned long long)counts[COMPARE_MISSING],
                     (unsigned long long)counts[COMPARE_WRONG], (unsigned long long)counts[COMPARE_EXTRA]);
    buf_deinit(&owner);
}

static void tell_counter(struct checking *c, uint32_t id, enum catalog_counter counter, int64_t counted, uint64_t there)
{
    static const char *const units[] = {[COUNTER_ITEMS] = "items", [COUNTER_BYTES] = "bytes"};
    struct buf owner;

    if (c->report->counters_are_new)
        return;
    buf_init(&owner, LINE_BYTES_MAX);
    report_owner(&owner, c->report, id);
    report_fault(c->report, "%.*s: %lld %s were counted, and %llu are there", (int)owner.len, (const char *)owner.at,
                 (long long)counted, units[counter], (unsigned long long)there);
    buf_deinit(&owner);
}

static enum stator_rc check_counter(struct checking *c, uint32_t id, enum catalog_counter counter, uint64_t there,
                                    struct stator_error *err)
{
    uint8_t key[8];
    int64_t counted;

    STATOR_TRY(store_counter(c->db.store, catalog_counter_key(key, id, counter), &counted, err));
    if (counted == (int64_t)there)
        return STATOR_OK;
    tell_counter(c, id, counter, counted, there);
    store_batch_add(c->batch, catalog_counter_key(key, id, counter), (int64_t)there - counted);
    return commit(c, err);
}

/* Before they are mended. */
static enum stator_rc tell_items(struct checking *c, const struct table *table, uint64_t found,
                                 struct stator_error *err)
{
    uint8_t key[8];
    int64_t counted;

    STATOR_TRY(
        store_counter(c->db.store, catalog_counter_key(key, table->base.state->id, COUNTER_ITEMS), &counted, err));
    report_items(c->report, table, found, counted);
    return STATOR_OK;
}

static enum stator_rc check_counters(struct checking *c, const struct table *table, const struct index *index,
                                     const struct compare *compare, struct stator_error *err)
{
    const bool is_base = index->kind == INDEX_BASE;

    if (is_base && c->mend)
        STATOR_TRY(tell_items(c, table, compare->items, err));
    STATOR_TRY(check_counter(c, index->state->id, COUNTER_ITEMS, is_base ? compare->items : compare->entries, err));
    return check_counter(c, index->state->id, COUNTER_BYTES, is_base ? compare->item_bytes : compare->entry_bytes, err);
}

static enum stator_rc compare_all(struct finding *finding, struct compare *compare, struct stator_error *err)
{
    const struct compare_request request = {
        .table = finding->table, .index = finding->index, .differs = on_difference, .context = finding};
    bool done = false;

    while (!done)
        STATOR_TRY(table_compare(&finding->c->db, compare, &request, STEP_KEYS, &done, err));
    return STATOR_OK;
}

/* What was mended changed the sums: they are made once more. */
static enum stator_rc compare_settled(struct finding *finding, struct compare *compare, struct stator_error *err)
{
    uint64_t before = 0;
    enum stator_rc rc;

    do {
        before = sum(finding);
        compare_restart(compare);
        rc = compare_all(finding, compare, err);
    } while (rc == STATOR_OK && finding->c->mend && sum(finding) != before);
    return rc;
}

static enum stator_rc check_index(struct checking *c, const struct table *table, const struct index *index,
                                  struct stator_error *err)
{
    struct finding finding = {.c = c, .table = table, .index = index};
    struct compare compare;
    enum stator_rc rc;

    compare_init(&compare);
    rc = compare_settled(&finding, &compare, err);
    tell_finding(&finding);
    if (index == &table->base)
        c->report->items += compare.items;
    if (rc == STATOR_OK && index != NULL)
        rc = check_counters(c, table, index, &compare, err);
    compare_deinit(&compare);
    return rc;
}

/* A part of the store that cannot be read is a fault, and the rest goes on. */
static enum stator_rc check_index_anyhow(struct checking *c, const struct table *table, const struct index *index,
                                         struct stator_error *err)
{
    struct stator_error why = {.rc = STATOR_OK};
    struct buf owner;

    if (check_index(c, table, index, &why) == STATOR_OK)
        return STATOR_OK;
    if (c->mend) {
        *err = why;
        return err->rc;
    }
    buf_init(&owner, LINE_BYTES_MAX);
    report_owner(&owner, c->report, index != NULL ? index->state->id : table->extras->ttl.id);
    report_fault(c->report, "%.*s: cannot be compared: %s", (int)owner.len, (const char *)owner.at, why.message);
    buf_deinit(&owner);
    return STATOR_OK;
}

/* What is being made or erased is not yet, or no longer, what it should be; the server goes on with it. */
static enum stator_rc check_table(struct checking *c, const struct table *table, struct stator_error *err)
{
    if (table->status == TableStatus_DELETING)
        return STATOR_OK;
    STATOR_TRY(check_index_anyhow(c, table, &table->base, err));
    for (size_t i = 0; i < table->index_count; i++)
        if (table->indexes[i].status == IndexStatus_ACTIVE)
            STATOR_TRY(check_index_anyhow(c, table, &table->indexes[i], err));
    if (table->extras->ttl.status == TimeToLiveStatus_ENABLED)
        STATOR_TRY(check_index_anyhow(c, table, NULL, err));
    return STATOR_OK;
}

/* --- Streams, and what is nobody's -------------------------------------------------------------------------------- */

static bool is_of_table(struct checking *c, uint32_t id)
{
    for (size_t i = 0; i < c->report->table_count; i++) {
        const struct table *table = c->report->tables[i];

        if (table->base.state->id == id || table->extras->ttl.id == id)
            return true;
        for (size_t k = 0; k < table->index_count; k++)
            if (table->indexes[k].state->id == id)
                return true;
        for (size_t k = 0; k < table->extras->dropped_count; k++)
            if (table->extras->dropped[k] == id)
                return true;
    }
    for (size_t i = 0; i < c->erased_count; i++)
        if (c->erased[i] == id)
            return true;
    return false;
}

/* An iterator may show what is deleted as a range. */
static enum stator_rc is_there(struct checking *c, uint32_t family, struct bytes key, bool *there,
                               struct stator_error *err)
{
    struct store_pinned pinned;

    STATOR_TRY(store_get(c->db.store, family, key, STORE_ANY, NULL, &pinned, err));
    *there = bytes_present(pinned.value);
    store_release(&pinned);
    return STATOR_OK;
}

/* What is too short for an id has the one that follows it, so that whoever goes from id to id comes past it. */
static uint32_t id_of(struct bytes key)
{
    uint8_t id[4] = {0};

    memcpy(id, key.at, key.len < sizeof(id) ? key.len : sizeof(id));
    return read_be32(id);
}

/* Keys of one id in one family. */
struct ids_keys {
    uint32_t family, id;
    const struct kept_stream *stream; /* NULL: nobody's */
    uint64_t faults;
};

static enum stator_rc check_key(struct checking *c, struct ids_keys *keys, struct bytes key, struct bytes value,
                                struct stator_error *err)
{
    struct stream_record record;
    uint64_t number;
    bool there;

    if (keys->stream != NULL) {
        const bool is_record = stream_record_key_read(&number, key);
        const uint8_t lane = key.len > 4 ? key.at[4] : 0;

        if (is_record && (number < keys->stream->trimmed[lane] ||
                          (keys->stream->shards[lane] != 0 && stream_record_read(&record, value))))
            return STATOR_OK;
    }
    STATOR_TRY(is_there(c, keys->family, key, &there, err));
    if (!there) {
        note_id(c, keys->id); /* what is deleted as a range would be shown of whoever had the id next */
        return STATOR_OK;
    }
    keys->faults++;
    store_batch_delete(c->batch, keys->family, key);
    return store_batch_bytes(c->batch) >= STORE_LARGE_BYTES ? commit(c, err) : STATOR_OK;
}

static void tell_keys(struct checking *c, const struct ids_keys *keys)
{
    if (keys->faults == 0)
        return;
    if (keys->stream != NULL)
        report_loss(c->report, "%llu records of stream %u cannot be read, or are of no shard",
                    (unsigned long long)keys->faults, keys->id);
    else
        report_fault(c->report, "%llu keys with the id %u belong to no table", (unsigned long long)keys->faults,
                     keys->id);
    c->report->lost |= !c->report->counters_are_new; /* else they may be of a table that was deleted */
}

/* From the iterator's key on, all with its id. */
static enum stator_rc check_id(struct checking *c, uint32_t family, uint32_t id, struct store_iterator *iterator,
                               struct stator_error *err)
{
    struct ids_keys keys = {.family = family, .id = id, .stream = find_stream(c, id)};
    enum stator_rc rc = STATOR_OK;

    while (rc == STATOR_OK && store_iterator_valid(iterator)) {
        struct bytes key = store_iterator_key(iterator);

        if (id_of(key) != id)
            break;
        rc = check_key(c, &keys, key, store_iterator_value(iterator), err);
        store_iterator_next(iterator);
    }
    tell_keys(c, &keys);
    return rc;
}

static void seek_id(struct store_iterator *iterator, uint32_t id)
{
    const uint32_t bytes = __builtin_bswap32(id);

    store_iterator_seek(iterator, bytes_of(&bytes, sizeof(bytes)));
}

/* Keys of tables have been compared; those of other ids are looked at. */
static enum stator_rc check_family(struct checking *c, uint32_t family, struct stator_error *err)
{
    struct store_iterator *iterator =
        store_iterator_open(c->db.store, family, (struct bytes){NULL, 0}, (struct bytes){NULL, 0}, NULL, STORE_SCAN);
    enum stator_rc rc = STATOR_OK;

    if (iterator == NULL)
        return stator_fail_memory(err);
    seek_id(iterator, 1); /* 0 is nobody's */
    while (rc == STATOR_OK && store_iterator_valid(iterator)) {
        const uint32_t id = id_of(store_iterator_key(iterator));

        if (!is_of_table(c, id)) {
            rc = check_id(c, family, id, iterator, err);
            continue;
        }
        note_id(c, id);
        if (id == UINT32_MAX)
            break;
        seek_id(iterator, id + 1);
    }
    if (rc == STATOR_OK && store_iterator_status(iterator, err) != STATOR_OK) {
        report_fault(c->report, "shard %u cannot be read in whole: %s", family - STORE_SHARD_FIRST, err->message);
    }
    store_iterator_close(iterator);
    return rc == STATOR_OK ? commit(c, err) : rc;
}

/* An id that is given again would find the keys of its last owner. Keys of nobody do not count: they are gone before an id is
 * given. Of the last id there is no next: it comes of such a key, and is taken back. */
static enum stator_rc check_next_id(struct checking *c, struct stator_error *err)
{
    struct store_pinned pinned;
    uint32_t next = 1, wanted = c->highest_id == UINT32_MAX ? UINT32_MAX : c->highest_id + 1;
    uint32_t stored = __builtin_bswap32(wanted);

    STATOR_TRY(store_get(c->db.store, STORE_CATALOG, bytes_of(next_id_key, sizeof(next_id_key)), STORE_ANY, NULL,
                         &pinned, err));
    if (bytes_present(pinned.value))
        next = pinned.value.len == 4 ? read_be32(pinned.value.at) : 0;
    store_release(&pinned);
    if (next >= wanted && (next != UINT32_MAX || wanted == UINT32_MAX))
        return STATOR_OK;
    report_fault(c->report, "the next id is %u, and %u is in use", next, c->highest_id);
    store_batch_put(c->batch, STORE_CATALOG, bytes_of(next_id_key, sizeof(next_id_key)),
                    bytes_of(&stored, sizeof(stored)));
    return commit(c, err);
}

static void note_ids(struct checking *c)
{
    for (size_t i = 0; i < c->report->table_count; i++) {
        const struct table *table = c->report->tables[i];
        uint32_t ids[3] = {table->base.state->id, table->extras->ttl.id, table->extras->stream};

        for (size_t k = 0; k < 3; k++)
            note_id(c, ids[k]);
        for (size_t k = 0; k < table->index_count; k++)
            note_id(c, table->indexes[k].state->id);
    }
    for (size_t i = 0; i < c->stream_count; i++)
        note_id(c, c->streams[i].id);
}

/* --- All of it ---------------------------------------------------------------------------------------------------- */

static enum stator_rc check_all(struct checking *c, struct stator_error *err)
{
    STATOR_TRY(load_others(c, err));
    STATOR_TRY(drop_remains(c, err));
    for (size_t i = 0; i < c->report->table_count; i++) {
        STATOR_TRY(check_table_stream(c, c->report->tables[i], err));
        STATOR_TRY(check_table(c, c->report->tables[i], err));
    }
    note_ids(c);
    for (uint32_t i = 0; i < store_shards(c->db.store); i++)
        STATOR_TRY(check_family(c, STORE_SHARD(i), err));
    return check_next_id(c, err);
}

enum stator_rc contents_check(struct store *store, bool mend, struct report *report, struct stator_error *err)
{
    struct checking c = {.db = {.store = store}, .mend = mend, .report = report};
    enum stator_rc rc = ring_init(&c.db.ring, store_shards(store), err);

    if (rc != STATOR_OK)
        return rc;
    c.db.latches = latch_table_new();
    c.batch = store_batch_new(store);
    if (c.db.latches == NULL || c.batch == NULL)
        rc = stator_fail_memory(err);
    else
        rc = check_all(&c, err);
    if (rc == STATOR_OK && mend)
        rc = store_sync(store, err);
    if (c.batch != NULL)
        store_batch_free(c.batch);
    latch_table_free(c.db.latches);
    ring_deinit(&c.db.ring);
    free(c.streams);
    free(c.erased);
    return rc;
}
