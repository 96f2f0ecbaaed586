/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions of tables, of which there are two copies (catalog/catalog.c). */
#include "check/contents.h"

#include "catalog/catalog.h"

/* 't' · length of the namespace (2) · namespace · name */
static struct bytes namespace_of(struct bytes key)
{
    size_t len = key.len >= 3 ? (size_t)key.at[1] << 8 | key.at[2] : SIZE_MAX;

    return key.len >= 3 && len <= key.len - 3 ? bytes_of(key.at + 3, len) : (struct bytes){NULL, 0};
}

static struct bytes name_of(struct bytes key, struct bytes namespace_)
{
    return bytes_present(namespace_) ? bytes_of(key.at + 3 + namespace_.len, key.len - 3 - namespace_.len) : BYTES("?");
}

/* The table under a key, of which the name is that of the record, too; or NULL. */
static struct table *read_table(struct bytes key, struct bytes record, struct stator_error *why)
{
    const struct bytes namespace_ = namespace_of(key);
    struct table *table;

    if (key.len == 0 || key.at[0] != 't' || !bytes_present(namespace_) ||
        table_read(&table, namespace_, record, why) != STATOR_OK)
        return NULL;
    if (bytes_equal(table->name, name_of(key, namespace_)))
        return table;
    stator_fail(why, STATOR_INTERNAL_SERVER_ERROR, "it is under the key of another name");
    table_release(table);
    return NULL;
}

/* Whether the other copy of a definition can be read. */
static bool has_second(struct store *store, struct bytes key)
{
    struct store_pinned pinned;
    struct stator_error why;
    struct table *table = NULL;
    struct buf second;

    buf_init(&second, CATALOG_SECOND.len + key.len);
    buf_append_bytes(&second, CATALOG_SECOND);
    buf_append_bytes(&second, key);
    if (!second.failed &&
        store_get(store, STORE_COUNTERS, buf_bytes(&second), STORE_ANY, NULL, &pinned, &why) == STATOR_OK) {
        if (bytes_present(pinned.value))
            table = read_table(key, pinned.value, &why);
        store_release(&pinned);
    }
    buf_deinit(&second);
    if (table == NULL)
        return false;
    table_release(table);
    return true;
}

static enum stator_rc load_table(struct store *store, struct store_batch *batch, struct bytes key, struct bytes record,
                                 struct report *report, struct stator_error *err)
{
    struct stator_error why = {.rc = STATOR_OK};
    struct table *table = read_table(key, record, &why);

    if (table != NULL)
        return report_add_table(report, table) ? STATOR_OK : stator_fail_memory(err);
    report_fault(report, "the definition of table %.*s cannot be read%s%s", BYTES_ARG(name_of(key, namespace_of(key))),
                 why.rc != STATOR_OK ? ": " : "", why.rc != STATOR_OK ? why.message : "");
    report->lost |= !has_second(store, key);
    store_batch_delete(batch, STORE_CATALOG, key);
    return STATOR_OK;
}

static const struct table *find_table(const struct report *report, struct bytes namespace_, struct bytes name)
{
    for (size_t i = 0; i < report->table_count; i++)
        if (bytes_equal(report->tables[i]->namespace_, namespace_) && bytes_equal(report->tables[i]->name, name))
            return report->tables[i];
    return NULL;
}

/* A copy whose table is not there, or not readable, takes its place; one that is not as its table is no copy. */
static enum stator_rc load_second(struct store_batch *batch, struct bytes key, struct bytes record,
                                  struct report *report, struct stator_error *err)
{
    const struct bytes first = bytes_of(key.at + CATALOG_SECOND.len, key.len - CATALOG_SECOND.len);
    const struct bytes namespace_ = namespace_of(first), name = name_of(first, namespace_);
    const struct table *known = bytes_present(namespace_) ? find_table(report, namespace_, name) : NULL;
    struct stator_error why;
    struct table *table;

    if (known != NULL && bytes_equal(known->record, record))
        return STATOR_OK;
    table = known == NULL ? read_table(first, record, &why) : NULL;
    if (table == NULL) {
        report_fault(report, "the copy of the definition of table %.*s is damaged", BYTES_ARG(name));
        store_batch_delete(batch, STORE_COUNTERS, key);
        return STATOR_OK;
    }
    report_fault(report, "the definition of table %.*s is gone, and there is a copy of it", BYTES_ARG(name));
    return report_add_table(report, table) ? STATOR_OK : stator_fail_memory(err);
}

static enum stator_rc load_seconds(struct store *store, struct store_batch *batch, struct report *report,
                                   struct stator_error *err)
{
    struct store_iterator *iterator =
        store_iterator_open(store, STORE_COUNTERS, CATALOG_SECOND, BYTES("definition!"), NULL, STORE_ANY);
    enum stator_rc rc = STATOR_OK;

    if (iterator == NULL)
        return stator_fail_memory(err);
    for (store_iterator_seek_first(iterator); rc == STATOR_OK && store_iterator_valid(iterator);
         store_iterator_next(iterator))
        rc = load_second(batch, store_iterator_key(iterator), store_iterator_value(iterator), report, err);
    if (rc == STATOR_OK && store_iterator_status(iterator, err) != STATOR_OK)
        report_fault(report, "counters and copies of definitions cannot be read: %s", err->message);
    store_iterator_close(iterator);
    return rc;
}

/* Both copies of each table, behind the removal of what is none. */
static enum stator_rc put_tables(struct store *store, struct store_batch *batch, const struct report *report,
                                 struct stator_error *err)
{
    for (size_t i = 0; i < report->table_count; i++)
        STATOR_TRY(catalog_add_definition(batch, report->tables[i], err));
    return store_write(store, batch, true, err);
}

enum stator_rc contents_load(struct store *store, bool mend, struct report *report, struct stator_error *err)
{
    struct store_iterator *iterator =
        store_iterator_open(store, STORE_CATALOG, BYTES("t"), BYTES("u"), NULL, STORE_ANY);
    struct store_batch *batch = store_batch_new(store);
    enum stator_rc rc = iterator != NULL && batch != NULL ? STATOR_OK : stator_fail_memory(err);

    if (rc == STATOR_OK)
        store_iterator_seek_first(iterator);
    while (rc == STATOR_OK && store_iterator_valid(iterator)) {
        rc = load_table(store, batch, store_iterator_key(iterator), store_iterator_value(iterator), report, err);
        store_iterator_next(iterator);
    }
    if (rc == STATOR_OK && store_iterator_status(iterator, err) != STATOR_OK)
        report_fault(report, "further definitions of tables cannot be read: %s", err->message);
    if (iterator != NULL)
        store_iterator_close(iterator);
    if (rc == STATOR_OK)
        rc = load_seconds(store, batch, report, err);
    if (rc == STATOR_OK && mend)
        rc = put_tables(store, batch, report, err);
    if (batch != NULL)
        store_batch_free(batch);
    return rc;
}
