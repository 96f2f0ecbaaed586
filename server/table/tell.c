/* SPDX-License-Identifier: Apache-2.0 */
#include "table/tell.h"

#include "stream/record.h"
#include "json/writer.h"

/* {"pk":{"S":"a"},"sk":{"N":"1"}}, sorted by name as all items are; adds what it counts to *size. */
static void write_keys(struct buf *buf, size_t *size, const struct key_schema *key, const struct item *attributes)
{
    const struct key_attribute *parts[2] = {&key->hash[0], &key->range[0]};
    struct json_writer writer = json_writer_of(buf);
    uint32_t count = 1 + key->range_count;

    if (count == 2 && bytes_compare(parts[0]->name, parts[1]->name) > 0) {
        parts[0] = &key->range[0];
        parts[1] = &key->hash[0];
    }
    json_object_begin(&writer);
    for (uint32_t i = 0; i < count; i++) {
        const struct value *value = item_find(attributes, parts[i]->name);

        json_key(&writer, parts[i]->name);
        value_write(buf, value);
        writer.comma = true;
        *size += parts[i]->name.len + value_size(value);
    }
    json_object_end(&writer);
}

static enum stator_rc make_record(struct write_step *s, const struct stream *stream, const struct stored_item *now,
                                  struct stator_error *err)
{
    enum StreamViewType view = stream->about.view;
    const struct write_result *result = s->result;
    struct buf *record = &s->site->scratch->record, *keys = &s->site->scratch->new_entry;
    bool removed = !result->new_item.set;
    struct stream_record out = {.event = removed           ? STREAM_REMOVE
                                         : result->existed ? STREAM_MODIFY
                                                           : STREAM_INSERT,
                                .expired = s->write->expired};
    size_t size = 0;

    buf_reset(record);
    buf_reset(keys);
    write_keys(keys, &size, &s->write->table->base.key, s->write->key);
    out.keys = buf_bytes(keys);
    if (!removed && (view == StreamViewType_NEW_IMAGE || view == StreamViewType_NEW_AND_OLD_IMAGES)) {
        out.new_image = now->text;
        out.shortened |= now->shortened;
        size += result->new_bytes;
    }
    if (result->existed && (view == StreamViewType_OLD_IMAGE || view == StreamViewType_NEW_AND_OLD_IMAGES)) {
        out.old_image = result->old.text;
        out.shortened |= result->old.shortened;
        size += result->old_bytes;
    }
    out.size_bytes = (uint32_t)size;
    stream_record_write(record, &out);
    return keys->failed || record->failed ? stator_fail_memory(err) : STATOR_OK;
}

enum stator_rc tell_change(struct write_step *s, struct stator_error *err)
{
    const struct write_result *result = s->result;
    uint32_t id = s->write->table->extras->stream;
    struct stored_item now = {0};
    struct stream *stream;
    enum stator_rc rc;

    if (id == 0)
        return STATOR_OK;
    if (result->new_item.set && !stored_item_open(&now, buf_bytes(&s->site->scratch->stored)))
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "A new item cannot be read back");
    if (result->existed && bytes_equal(result->old.text, now.text)) /* canonical: the same item */
        return STATOR_OK;
    stream = streams_find(s->site->db->streams, id);
    if (stream == NULL) /* that of a current version outlives it */
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "The stream of a table is missing");
    rc = make_record(s, stream, &now, err);
    if (rc == STATOR_OK) {
        stream_enter(&s->entry, stream, s->base.shard, s->base.token, s->site->batch);
        stream_put(&s->entry, buf_bytes(&s->site->scratch->record), s->site->batch);
    }
    stream_release(stream);
    return rc;
}

void tell_end(struct write_step *s, enum lane_outcome outcome, uint64_t epoch)
{
    stream_leave(&s->entry, outcome, epoch);
}
