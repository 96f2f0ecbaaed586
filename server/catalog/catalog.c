/* SPDX-License-Identifier: Apache-2.0 */
/* Keys in the catalog's family, by their first byte:
 *
 *   'n'                                        next id, 4 bytes big-endian
 *   't' · length of the namespace (2 bytes, big-endian) · namespace · name    a table: record.c
 *   'b' · index id (4 bytes, big-endian)       how far the backfill of that index got: server/task
 *   'd' · id (4 bytes, big-endian)             all keys of that id are deleted, and take space yet: server/task
 *   'i' · name                                what the server itself has done: op/note.c
 *   'k' · ... and 'e' · ...                    a ClientRequestToken and when it was used: token.c
 *
 * What 't' has is kept a second time, in the family of the counters: all definitions may lie in one block of one file, and
 * without them no item can be read. Only a repair reads that.
 *
 * The map is an array sorted by namespace and name: a lookup is a few comparisons, and ListTables walks it in order.
 */
#include "catalog/catalog.h"

#include <pthread.h>
#include <stdlib.h>

#define ERASED_BYTES_LEAST ((uint64_t)1 << 20) /* less than that the engine gets back some time */

struct catalog {
    struct store *store;    /* borrowed */
    pthread_mutex_t change; /* one change at a time; guards next_id, stored_id */
    pthread_rwlock_t lock;  /* guards tables, count, capacity; taken after `change`, never held over a write */
    struct table **tables;  /* sorted by namespace, then name; one reference each */
    size_t count, capacity;
    uint32_t next_id, stored_id;
};

static const uint8_t next_id_key[] = {'n'};

static int compare(const struct table *table, struct bytes namespace_, struct bytes name)
{
    int order = bytes_compare(table->namespace_, namespace_);

    return order != 0 ? order : bytes_compare(table->name, name);
}

/* Where that name is or would be. The lock is held. */
static size_t lower_bound(const struct catalog *catalog, struct bytes namespace_, struct bytes name)
{
    size_t low = 0, high = catalog->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (compare(catalog->tables[middle], namespace_, name) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct catalog *catalog, size_t at, struct bytes namespace_, struct bytes name)
{
    return at < catalog->count && compare(catalog->tables[at], namespace_, name) == 0;
}

/* Room for one more, so that publishing cannot fail after the write. The lock is held for writing. */
static bool reserve(struct catalog *catalog)
{
    size_t capacity = catalog->capacity == 0 ? 16 : catalog->capacity * 2;
    struct table **tables;

    if (catalog->count < catalog->capacity)
        return true;
    tables = realloc(catalog->tables, capacity * sizeof(struct table *));
    if (tables == NULL)
        return false;
    catalog->tables = tables;
    catalog->capacity = capacity;
    return true;
}

/* Puts the version in the place of the old one, which it returns, or NULL. The lock is held for writing. */
static struct table *publish(struct catalog *catalog, struct table *table)
{
    size_t at = lower_bound(catalog, table->namespace_, table->name);
    struct table *old = NULL;

    table_hold(table);
    if (is_at(catalog, at, table->namespace_, table->name)) {
        old = catalog->tables[at];
        atomic_store(&old->superseded, true);
    } else {
        memmove(&catalog->tables[at + 1], &catalog->tables[at], (catalog->count - at) * sizeof(struct table *));
        catalog->count++;
    }
    catalog->tables[at] = table;
    return old;
}

/* --- Opening ------------------------------------------------------------------------------------------------------ */

static enum stator_rc load_counter(struct store *store, uint32_t id, enum catalog_counter counter, _Atomic int64_t *out,
                                   struct stator_error *err)
{
    uint8_t key[8];
    int64_t value;

    STATOR_TRY(store_counter(store, catalog_counter_key(key, id, counter), &value, err));
    atomic_store(out, value);
    return STATOR_OK;
}

static enum stator_rc load_counters(struct store *store, struct table *table, struct stator_error *err)
{
    for (size_t i = 0; i <= table->index_count; i++) {
        struct index_state *state = i == 0 ? table->base.state : table->indexes[i - 1].state;

        STATOR_TRY(load_counter(store, state->id, COUNTER_ITEMS, &state->item_count, err));
        STATOR_TRY(load_counter(store, state->id, COUNTER_BYTES, &state->size_bytes, err));
    }
    return STATOR_OK;
}

static enum stator_rc load_table(struct catalog *catalog, struct bytes key, struct bytes record,
                                 struct stator_error *err)
{
    struct table *table;
    size_t namespace_len;
    enum stator_rc rc;

    namespace_len = key.len >= 3 ? (size_t)key.at[1] << 8 | key.at[2] : SIZE_MAX;
    if (namespace_len > key.len - 3)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "the catalog has a damaged key");
    STATOR_TRY(table_read(&table, bytes_of(key.at + 3, namespace_len), record, err));
    rc = load_counters(catalog->store, table, err);
    if (rc == STATOR_OK && !reserve(catalog))
        rc = stator_fail_memory(err);
    if (rc == STATOR_OK)
        publish(catalog, table);
    table_release(table);
    return rc;
}

static enum stator_rc load_tables(struct catalog *catalog, struct stator_error *err)
{
    struct store_iterator *iterator =
        store_iterator_open(catalog->store, STORE_CATALOG, BYTES("t"), BYTES("u"), NULL, STORE_ANY);
    enum stator_rc rc = STATOR_OK;

    if (iterator == NULL)
        return stator_fail_memory(err);
    store_iterator_seek_first(iterator);
    while (rc == STATOR_OK && store_iterator_valid(iterator)) {
        rc = load_table(catalog, store_iterator_key(iterator), store_iterator_value(iterator), err);
        store_iterator_next(iterator);
    }
    if (rc == STATOR_OK)
        rc = store_iterator_status(iterator, err);
    store_iterator_close(iterator);
    return rc;
}

static enum stator_rc load_next_id(struct catalog *catalog, struct stator_error *err)
{
    struct store_pinned pinned;

    STATOR_TRY(store_get(catalog->store, STORE_CATALOG, bytes_of(next_id_key, sizeof(next_id_key)), STORE_ANY, NULL,
                         &pinned, err));
    if (!bytes_present(pinned.value))
        return STATOR_OK;
    if (pinned.value.len == 4)
        catalog->next_id = read_be32(pinned.value.at);
    store_release(&pinned);
    if (catalog->next_id == 0)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "the catalog's next id is damaged");
    catalog->stored_id = catalog->next_id;
    return STATOR_OK;
}

enum stator_rc catalog_open(struct catalog **out, struct store *store, struct stator_error *err)
{
    struct catalog *catalog = calloc(1, sizeof(*catalog));
    enum stator_rc rc;

    *out = NULL;
    if (catalog == NULL)
        return stator_fail_memory(err);
    catalog->store = store;
    catalog->next_id = 1;
    pthread_mutex_init(&catalog->change, NULL);
    pthread_rwlock_init(&catalog->lock, NULL);
    rc = load_next_id(catalog, err);
    if (rc == STATOR_OK)
        rc = load_tables(catalog, err);
    if (rc != STATOR_OK) {
        catalog_close(catalog);
        return rc;
    }
    *out = catalog;
    return STATOR_OK;
}

void catalog_close(struct catalog *catalog)
{
    if (catalog == NULL)
        return;
    for (size_t i = 0; i < catalog->count; i++)
        table_release(catalog->tables[i]);
    free(catalog->tables);
    pthread_rwlock_destroy(&catalog->lock);
    pthread_mutex_destroy(&catalog->change);
    free(catalog);
}

/* --- Looking ------------------------------------------------------------------------------------------------------ */

struct table *catalog_find(struct catalog *catalog, struct bytes namespace_, struct bytes name)
{
    struct table *table = NULL;
    size_t at;

    pthread_rwlock_rdlock(&catalog->lock);
    at = lower_bound(catalog, namespace_, name);
    if (is_at(catalog, at, namespace_, name)) {
        table = catalog->tables[at];
        table_hold(table);
    }
    pthread_rwlock_unlock(&catalog->lock);
    return table;
}

/* Copies the names from `at` on. The lock is held. */
static bool copy_names(const struct catalog *catalog, size_t at, size_t count, struct bytes **names,
                       struct arena *arena)
{
    *names = ARENA_ARRAY(arena, struct bytes, count);
    if (*names == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        (*names)[i] = arena_copy(arena, catalog->tables[at + i]->name);
        if (!bytes_present((*names)[i]))
            return false;
    }
    return true;
}

enum stator_rc catalog_list(struct catalog *catalog, struct bytes namespace_, struct bytes after, size_t max,
                            struct bytes **names, size_t *count, bool *more, struct arena *arena,
                            struct stator_error *err)
{
    size_t at, end;
    bool copied;

    pthread_rwlock_rdlock(&catalog->lock);
    at = lower_bound(catalog, namespace_, after);
    if (bytes_present(after) && is_at(catalog, at, namespace_, after))
        at++;
    end = at;
    while (end < catalog->count && end - at < max && bytes_equal(catalog->tables[end]->namespace_, namespace_))
        end++;
    *count = end - at;
    *more = end < catalog->count && bytes_equal(catalog->tables[end]->namespace_, namespace_);
    copied = copy_names(catalog, at, end - at, names, arena);
    pthread_rwlock_unlock(&catalog->lock);
    return copied ? STATOR_OK : stator_fail_memory(err);
}

size_t catalog_count(struct catalog *catalog, struct bytes namespace_)
{
    size_t count = 0;

    pthread_rwlock_rdlock(&catalog->lock);
    for (size_t at = lower_bound(catalog, namespace_, BYTES("")); at < catalog->count; at++) {
        if (!bytes_equal(catalog->tables[at]->namespace_, namespace_))
            break;
        count++;
    }
    pthread_rwlock_unlock(&catalog->lock);
    return count;
}

size_t catalog_count_all(struct catalog *catalog)
{
    size_t count;

    pthread_rwlock_rdlock(&catalog->lock);
    count = catalog->count;
    pthread_rwlock_unlock(&catalog->lock);
    return count;
}

size_t catalog_bytes(struct catalog *catalog)
{
    size_t bytes = 0;

    pthread_rwlock_rdlock(&catalog->lock);
    for (size_t i = 0; i < catalog->count; i++)
        bytes += catalog->tables[i]->arena.used_bytes;
    pthread_rwlock_unlock(&catalog->lock);
    return bytes;
}

void catalog_each(struct catalog *catalog, void (*visit)(void *context, struct table *table), void *context)
{
    struct table **tables;
    size_t count;

    pthread_rwlock_rdlock(&catalog->lock);
    count = catalog->count;
    tables = malloc((count + 1) * sizeof(struct table *));
    for (size_t i = 0; tables != NULL && i < count; i++) {
        tables[i] = catalog->tables[i];
        table_hold(tables[i]);
    }
    pthread_rwlock_unlock(&catalog->lock);
    if (tables == NULL) /* tasks look again later */
        return;
    for (size_t i = 0; i < count; i++) {
        visit(context, tables[i]);
        table_release(tables[i]);
    }
    free(tables);
}

/* --- Changing ----------------------------------------------------------------------------------------------------- */

void catalog_change_begin(struct catalog *catalog)
{
    pthread_mutex_lock(&catalog->change);
}

void catalog_change_end(struct catalog *catalog)
{
    pthread_mutex_unlock(&catalog->change);
}

enum stator_rc catalog_new_id(uint32_t *out, struct catalog *catalog, struct stator_error *err)
{
    if (catalog->next_id == UINT32_MAX)
        return stator_fail(
            err, STATOR_INTERNAL_SERVER_ERROR,
            "No id is left for a table, an index or a stream: stop the server, and stator check tells why.");
    *out = catalog->next_id++;
    return STATOR_OK;
}

static void table_key(struct buf *key, const struct table *table)
{
    buf_append_byte(key, 't');
    buf_append_byte(key, (uint8_t)(table->namespace_.len >> 8));
    buf_append_byte(key, (uint8_t)table->namespace_.len);
    buf_append_bytes(key, table->namespace_);
    buf_append_bytes(key, table->name);
}

/* Whether the version is on the way to erasing something, which a full disk must not prevent. */
static bool erases(const struct table *table)
{
    if (table->status == TableStatus_DELETING || table->extras->dropped_count != 0)
        return true;
    for (size_t i = 0; i < table->index_count; i++)
        if (table->indexes[i].status == IndexStatus_DELETING)
            return true;
    return false;
}

static void put_or_delete(struct store_batch *batch, uint32_t family, struct bytes key, bool remove, struct bytes value)
{
    if (remove)
        store_batch_delete(batch, family, key);
    else
        store_batch_put(batch, family, key, value);
}

/* Both copies. */
static enum stator_rc add_definition(struct store_batch *batch, const struct table *table, bool remove,
                                     struct stator_error *err)
{
    struct buf key, second;
    bool memory;

    if (table->namespace_.len > UINT16_MAX)
        return stator_fail(err, STATOR_VALIDATION, "The name of the table's namespace is too long");
    buf_init(&key, 1 << 20);
    buf_init(&second, 1 << 20);
    table_key(&key, table);
    buf_append_bytes(&second, CATALOG_SECOND);
    buf_append_bytes(&second, buf_bytes(&key));
    memory = !key.failed && !second.failed;
    if (memory) {
        put_or_delete(batch, STORE_CATALOG, buf_bytes(&key), remove, table->record);
        put_or_delete(batch, STORE_COUNTERS, buf_bytes(&second), remove, table->record);
    }
    buf_deinit(&key);
    buf_deinit(&second);
    return memory ? STATOR_OK : stator_fail_memory(err);
}

enum stator_rc catalog_add_definition(struct store_batch *batch, const struct table *table, struct stator_error *err)
{
    return add_definition(batch, table, false, err);
}

/* Writes the batch with the table's record, or its removal, and waits until it is on disk. */
static enum stator_rc store_table(struct catalog *catalog, const struct table *table, bool remove,
                                  struct store_batch *batch, struct stator_error *err)
{
    enum stator_rc rc;

    STATOR_TRY(add_definition(batch, table, remove, err));
    if (catalog->next_id != catalog->stored_id) {
        uint32_t next = __builtin_bswap32(catalog->next_id);

        store_batch_put(batch, STORE_CATALOG, bytes_of(next_id_key, sizeof(next_id_key)),
                        bytes_of(&next, sizeof(next)));
    }
    if (remove || erases(table))
        store_batch_frees(batch, STORE_FREES_NOW);
    rc = store_write(catalog->store, batch, true, err);
    if (rc == STATOR_OK)
        rc = store_sync(catalog->store, err);
    if (rc == STATOR_OK)
        catalog->stored_id = catalog->next_id;
    return rc;
}

static enum stator_rc store_table_own_batch(struct catalog *catalog, const struct table *table, bool remove,
                                            struct store_batch *batch, struct stator_error *err)
{
    struct store_batch *own = NULL;
    enum stator_rc rc;

    if (batch == NULL) {
        own = store_batch_new(catalog->store);
        if (own == NULL)
            return stator_fail_memory(err);
    }
    rc = store_table(catalog, table, remove, batch != NULL ? batch : own, err);
    if (own != NULL)
        store_batch_free(own);
    return rc;
}

enum stator_rc catalog_put(struct catalog *catalog, struct table *table, struct store_batch *batch,
                           struct stator_error *err)
{
    struct table *old;
    bool room;

    pthread_rwlock_wrlock(&catalog->lock);
    room = reserve(catalog);
    pthread_rwlock_unlock(&catalog->lock);
    if (!room)
        return stator_fail_memory(err);
    STATOR_TRY(store_table_own_batch(catalog, table, false, batch, err));
    pthread_rwlock_wrlock(&catalog->lock);
    old = publish(catalog, table);
    pthread_rwlock_unlock(&catalog->lock);
    table_release(old);
    return STATOR_OK;
}

enum stator_rc catalog_remove(struct catalog *catalog, struct table *table, struct store_batch *batch,
                              struct stator_error *err)
{
    struct table *old = NULL;
    size_t at;

    STATOR_TRY(store_table_own_batch(catalog, table, true, batch, err));
    pthread_rwlock_wrlock(&catalog->lock);
    at = lower_bound(catalog, table->namespace_, table->name);
    if (is_at(catalog, at, table->namespace_, table->name)) {
        old = catalog->tables[at];
        atomic_store(&old->superseded, true);
        catalog->count--;
        memmove(&catalog->tables[at], &catalog->tables[at + 1], (catalog->count - at) * sizeof(struct table *));
    }
    pthread_rwlock_unlock(&catalog->lock);
    table_release(old);
    return STATOR_OK;
}

/* --- Keys --------------------------------------------------------------------------------------------------------- */

struct bytes catalog_counter_key(uint8_t out[8], uint32_t index_id, enum catalog_counter counter)
{
    const uint32_t parts[2] = {__builtin_bswap32(index_id), __builtin_bswap32((uint32_t)counter)};

    memcpy(out, parts, sizeof(parts));
    return bytes_of(out, sizeof(parts));
}

struct bytes catalog_backfill_key(uint8_t out[5], uint32_t index_id)
{
    const uint32_t id = __builtin_bswap32(index_id);

    out[0] = 'b';
    memcpy(out + 1, &id, sizeof(id));
    return bytes_of(out, 5);
}

struct bytes catalog_erased_key(uint8_t out[CATALOG_ERASED_KEY_BYTES], uint32_t id)
{
    const uint32_t swapped = __builtin_bswap32(id);

    out[0] = 'd';
    memcpy(out + 1, &swapped, sizeof(swapped));
    return bytes_of(out, CATALOG_ERASED_KEY_BYTES);
}

uint32_t catalog_erased_id(struct bytes key)
{
    return key.len == CATALOG_ERASED_KEY_BYTES && key.at[0] == 'd' ? read_be32(key.at + 1) : 0;
}

void catalog_note_erased(struct store *store, uint32_t id, struct store_batch *batch)
{
    const uint32_t first = __builtin_bswap32(id), end = __builtin_bswap32(id + 1);
    uint8_t key[CATALOG_ERASED_KEY_BYTES];
    uint64_t bytes = 0;

    for (uint32_t shard = 0; shard < store_shards(store); shard++)
        bytes +=
            store_range_bytes(store, STORE_SHARD(shard), bytes_of(&first, sizeof(first)), bytes_of(&end, sizeof(end)));
    if (bytes >= ERASED_BYTES_LEAST)
        store_batch_put(batch, STORE_CATALOG, catalog_erased_key(key, id), BYTES(""));
}
