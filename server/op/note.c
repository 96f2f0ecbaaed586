/* SPDX-License-Identifier: Apache-2.0 */
/* Notes of what the server did by itself, in the catalog's family under 'i' and their name. */
#include "op/engine.h"

static enum stator_rc key_of(struct buf *out, struct bytes name, struct stator_error *err)
{
    buf_init(out, name.len + 1);
    buf_append_byte(out, 'i');
    buf_append_bytes(out, name);
    return out->failed ? stator_fail_memory(err) : STATOR_OK;
}

enum stator_rc engine_note_read(struct engine *engine, struct bytes name, struct buf *out, struct stator_error *err)
{
    struct store_pinned pinned;
    struct buf key;
    enum stator_rc rc = key_of(&key, name, err);

    buf_reset(out);
    if (rc == STATOR_OK)
        rc = store_get(engine->db.store, STORE_CATALOG, buf_bytes(&key), STORE_ANY, NULL, &pinned, err);
    if (rc == STATOR_OK && bytes_present(pinned.value)) {
        buf_append_bytes(out, pinned.value);
        store_release(&pinned);
    }
    buf_deinit(&key);
    if (rc == STATOR_OK && out->failed)
        return stator_fail_memory(err);
    return rc;
}

enum stator_rc engine_note_write(struct engine *engine, struct bytes name, struct bytes value, struct stator_error *err)
{
    struct store_batch *batch = store_batch_new(engine->db.store);
    struct buf key;
    enum stator_rc rc = key_of(&key, name, err);

    if (rc == STATOR_OK && batch == NULL)
        rc = stator_fail_memory(err);
    if (rc == STATOR_OK) {
        if (bytes_present(value))
            store_batch_put(batch, STORE_CATALOG, buf_bytes(&key), value);
        else
            store_batch_delete(batch, STORE_CATALOG, buf_bytes(&key));
        rc = store_write(engine->db.store, batch, true, err);
    }
    store_batch_free(batch);
    buf_deinit(&key);
    return rc;
}

enum stator_rc engine_sync(struct engine *engine, struct stator_error *err)
{
    return store_sync(engine->db.store, err);
}

void engine_enforce_throughput(struct engine *engine, bool on)
{
    engine->lenient = !on;
}
