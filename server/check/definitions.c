/* SPDX-License-Identifier: Apache-2.0 */
/* Definitions of tables, of which there are two copies (catalog/catalog.c). */
#include "check/contents.h"

#include "catalog/catalog.h"

/* 't' · length of the namespace (2) · namespace · name */
static struct bytes namespace_of(struct bytes key)
{
    size_t len = key.len >= 3 ? (size_t)key.at[1] << 8 | key.at[2] : SIZE_MAX;

    return len <= key.len - 3 ? bytes_of(key.at + 3, len) : (struct bytes){NULL, 0};
}

static enum stator_rc load_table(struct store_batch *batch, struct bytes key, struct bytes record,
                                 struct report *report, struct stator_error *err)
{
    struct bytes namespace_ = namespace_of(key), name = BYTES("?");
    struct stator_error why = {.rc = STATOR_OK};
    struct table *table;

    if (bytes_present(namespace_)) {
        name = bytes_of(key.at + 3 + namespace_.len, key.len - 3 - namespace_.len);
        if (table_read(&table, namespace_, record, &why) == STATOR_OK)
            return report_add_table(report, table) ? STATOR_OK : stator_fail_memory(err);
    }
    report_fault(report, "the definition of table %.*s cannot be read%s%s", BYTES_ARG(name),
                 why.rc != STATOR_OK ? ": " : "", why.rc != STATOR_OK ? why.message : "");
    store_batch_delete(batch, STORE_CATALOG, key);
    return STATOR_OK;
}

static bool is_known(const struct report *report, struct bytes namespace_, struct bytes name)
{
    for (size_t i = 0; i < report->table_count; i++)
        if (bytes_equal(report->tables[i]->namespace_, namespace_) && bytes_equal(report->tables[i]->name, name))
            return true;
    return false;
}

/* A copy whose table is not there, or not readable, takes its place. */
static enum stator_rc load_second(struct store_batch *batch, struct bytes key, struct bytes record,
                                  struct report *report, struct stator_error *err)
{
    struct bytes first = bytes_of(key.at + CATALOG_SECOND.len, key.len - CATALOG_SECOND.len);
    struct bytes namespace_ = first.len > 0 && first.at[0] == 't' ? namespace_of(first) : (struct bytes){NULL, 0}, name;
    struct table *table;

    if (!bytes_present(namespace_))
        return STATOR_OK;
    name = bytes_of(first.at + 3 + namespace_.len, first.len - 3 - namespace_.len);
    if (is_known(report, namespace_, name) || table_read(&table, namespace_, record, NULL) != STATOR_OK)
        return STATOR_OK;
    report_fault(report, "the definition of table %.*s is gone, and there is a copy of it", BYTES_ARG(name));
    store_batch_put(batch, STORE_CATALOG, first, record);
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

enum stator_rc contents_load(struct store *store, bool mend, struct report *report, struct stator_error *err)
{
    struct store_iterator *iterator =
        store_iterator_open(store, STORE_CATALOG, BYTES("t"), BYTES("u"), NULL, STORE_ANY);
    struct store_batch *batch = store_batch_new(store);
    enum stator_rc rc = iterator != NULL && batch != NULL ? STATOR_OK : stator_fail_memory(err);

    if (rc == STATOR_OK)
        store_iterator_seek_first(iterator);
    while (rc == STATOR_OK && store_iterator_valid(iterator)) {
        rc = load_table(batch, store_iterator_key(iterator), store_iterator_value(iterator), report, err);
        store_iterator_next(iterator);
    }
    if (rc == STATOR_OK && store_iterator_status(iterator, err) != STATOR_OK)
        report_fault(report, "further definitions of tables cannot be read: %s", err->message);
    if (iterator != NULL)
        store_iterator_close(iterator);
    if (rc == STATOR_OK)
        rc = load_seconds(store, batch, report, err);
    if (rc == STATOR_OK && mend)
        rc = store_write(store, batch, true, err);
    if (batch != NULL)
        store_batch_free(batch);
    return rc;
}
