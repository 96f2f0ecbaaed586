/* SPDX-License-Identifier: Apache-2.0 */
/* A table's record:
 *
 *   version (1 byte: 1) · section ... section
 *   section: kind (1 byte) · length (4 bytes, big-endian) · that many bytes
 *
 *   1 ids          4 bytes each, big-endian: of the base, of each local index, of each global one
 *   2 description  JSON of the API's TableDescription; counts and sizes in it mean nothing
 *   3 tags         JSON of the API's ListTagsOfResourceOutput
 *   4 policy       the resource policy's text
 *   5 transition   kinds (4) · due, ms since 1970 (8) · JSON of a TableDescription with what will change, or nothing
 *   6 dropped      4 bytes each, big-endian: ids of former indexes whose entries are to be erased
 *   7 stream       4 bytes, big-endian: id of the stream that is enabled
 *   8 time to live status (1: 1 ENABLING, 2 ENABLED, 3 DISABLING, 4 DISABLED) · id of the expiry index (4) · changed, ms
 *                  since 1970 (8) · due (8) · attribute
 *   20 to 24       settings: settings.c
 *
 * Sections from 3 on are there only when there is something to say. A table "t" with the id 7 and no index starts
 *
 *   01  01 00000004 00000007  02 000000C5 {"AttributeDefinitions":[{"AttributeName":"pk",...
 *
 * New facts become new kinds. A kind that is not known comes from a newer Stator, and the record is refused: writing
 * the table anew would lose it.
 */
#include "catalog/record.h"

#include "message/message.h"

#define RECORD_VERSION 1

enum {
    SECTION_IDS = 1,
    SECTION_DESCRIPTION,
    SECTION_TAGS,
    SECTION_POLICY,
    SECTION_TRANSITION,
    SECTION_DROPPED,
    SECTION_STREAM,
    SECTION_TTL,
};

#define TTL_BYTES 21 /* before the attribute */

/* Writes a section's head and returns where its length goes. */
static size_t section_begin(struct buf *buf, uint8_t kind)
{
    buf_append_byte(buf, kind);
    buf_append_be32(buf, 0);
    return buf->len;
}

static void section_end(struct buf *buf, size_t start)
{
    uint32_t length = __builtin_bswap32((uint32_t)(buf->len - start));

    if (!buf->failed)
        memcpy(buf->at + start - sizeof(length), &length, sizeof(length));
}

static void write_transition(struct buf *buf, const struct transition *transition)
{
    size_t start = section_begin(buf, SECTION_TRANSITION);

    buf_append_be32(buf, transition->kinds);
    buf_append_be64(buf, transition->due_ms);
    if (transition->settled != NULL)
        message_encode(buf, &shape_of_TableDescription, transition->settled);
    section_end(buf, start);
}

static void write_ttl(struct buf *buf, const struct time_to_live *ttl)
{
    size_t start = section_begin(buf, SECTION_TTL);

    buf_append_byte(buf, (uint8_t)ttl->status);
    buf_append_be32(buf, ttl->id);
    buf_append_be64(buf, ttl->changed_ms);
    buf_append_be64(buf, ttl->due_ms);
    buf_append_bytes(buf, ttl->attribute);
    section_end(buf, start);
}

static void write_ids(struct buf *buf, uint8_t kind, const uint32_t *ids, size_t count)
{
    size_t start = section_begin(buf, kind);

    for (size_t i = 0; i < count; i++)
        buf_append_be32(buf, ids[i]);
    section_end(buf, start);
}

void record_write(struct buf *buf, const struct record *record)
{
    size_t start;

    buf_append_byte(buf, RECORD_VERSION);
    write_ids(buf, SECTION_IDS, record->ids, record->id_count);
    start = section_begin(buf, SECTION_DESCRIPTION);
    message_encode(buf, &shape_of_TableDescription, record->description);
    section_end(buf, start);

    if (record->extras.tags.count != 0) {
        const struct ListTagsOfResourceOutput tags = {.Tags = record->extras.tags};

        start = section_begin(buf, SECTION_TAGS);
        message_encode(buf, &shape_of_ListTagsOfResourceOutput, &tags);
        section_end(buf, start);
    }
    if (bytes_present(record->extras.policy)) {
        start = section_begin(buf, SECTION_POLICY);
        buf_append_bytes(buf, record->extras.policy);
        section_end(buf, start);
    }
    if (record->extras.transition.kinds != 0)
        write_transition(buf, &record->extras.transition);
    if (record->extras.dropped_count != 0)
        write_ids(buf, SECTION_DROPPED, record->extras.dropped, record->extras.dropped_count);
    if (record->extras.stream != 0)
        write_ids(buf, SECTION_STREAM, &record->extras.stream, 1);
    if (record->extras.ttl.status != 0)
        write_ttl(buf, &record->extras.ttl);
    settings_write(buf, &record->extras.settings);
}

static enum stator_rc damaged(struct stator_error *err, const char *what)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "the record of a table is damaged: %s", what);
}

static enum stator_rc read_ids(const uint32_t **out, size_t *count, struct bytes section, struct arena *arena,
                               struct stator_error *err)
{
    uint32_t *ids;

    if (section.len == 0 || section.len % 4 != 0)
        return damaged(err, "its ids");
    ids = ARENA_ARRAY(arena, uint32_t, section.len / 4);
    if (ids == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < section.len / 4; i++)
        ids[i] = read_be32(section.at + 4 * i);
    *out = ids;
    *count = section.len / 4;
    return STATOR_OK;
}

static enum stator_rc read_structure(void **out, const struct shape *shape, struct bytes section, struct arena *arena,
                                     struct stator_error *err)
{
    enum stator_rc rc = message_decode(out, shape, section, arena, err);

    if (rc == STATOR_SERIALIZATION)
        return damaged(err, "its JSON");
    return rc;
}

static enum stator_rc read_transition(struct transition *out, struct bytes section, struct arena *arena,
                                      struct stator_error *err)
{
    void *settled = NULL;

    if (section.len < 12)
        return damaged(err, "its transition");
    out->kinds = read_be32(section.at);
    out->due_ms = read_be64(section.at + 4);
    if (section.len > 12)
        STATOR_TRY(read_structure(&settled, &shape_of_TableDescription, bytes_of(section.at + 12, section.len - 12),
                                  arena, err));
    out->settled = settled;
    return STATOR_OK;
}

static enum stator_rc read_ttl(struct time_to_live *out, struct bytes section, struct stator_error *err)
{
    bool has_attribute = section.len > TTL_BYTES;

    if (section.len < TTL_BYTES || section.at[0] < TimeToLiveStatus_ENABLING ||
        section.at[0] > TimeToLiveStatus_DISABLED)
        return damaged(err, "its time to live");
    *out = (struct time_to_live){
        .status = (enum TimeToLiveStatus)section.at[0],
        .id = read_be32(section.at + 1),
        .changed_ms = read_be64(section.at + 5),
        .due_ms = read_be64(section.at + 13),
    };
    if (has_attribute)
        out->attribute = bytes_of(section.at + TTL_BYTES, section.len - TTL_BYTES);
    if (has_attribute == (out->status == TimeToLiveStatus_DISABLED) ||
        (out->id != 0) != (out->status == TimeToLiveStatus_ENABLING || out->status == TimeToLiveStatus_ENABLED))
        return damaged(err, "its time to live");
    return STATOR_OK;
}

static enum stator_rc read_stream(uint32_t *out, struct bytes section, struct stator_error *err)
{
    if (section.len != 4)
        return damaged(err, "its stream");
    *out = read_be32(section.at);
    return STATOR_OK;
}

static enum stator_rc read_section(struct record *out, uint8_t kind, struct bytes section, struct arena *arena,
                                   struct stator_error *err)
{
    void *structure = NULL;

    switch (kind) {
    case SECTION_IDS:
        return read_ids(&out->ids, &out->id_count, section, arena, err);
    case SECTION_DESCRIPTION:
        STATOR_TRY(read_structure(&structure, &shape_of_TableDescription, section, arena, err));
        out->description = structure;
        return STATOR_OK;
    case SECTION_TAGS:
        STATOR_TRY(read_structure(&structure, &shape_of_ListTagsOfResourceOutput, section, arena, err));
        out->extras.tags = ((const struct ListTagsOfResourceOutput *)structure)->Tags;
        return STATOR_OK;
    case SECTION_POLICY:
        out->extras.policy = section;
        return STATOR_OK;
    case SECTION_TRANSITION:
        return read_transition(&out->extras.transition, section, arena, err);
    case SECTION_DROPPED:
        return read_ids(&out->extras.dropped, &out->extras.dropped_count, section, arena, err);
    case SECTION_STREAM:
        return read_stream(&out->extras.stream, section, err);
    case SECTION_TTL:
        return read_ttl(&out->extras.ttl, section, err);
    default:
        if (settings_is_kind(kind))
            return settings_read(&out->extras.settings, kind, section, arena, err);
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                           "the record of a table was made by a newer Stator: "
                           "section %u is not known",
                           kind);
    }
}

enum stator_rc record_read(struct record *out, struct bytes stored, struct arena *arena, struct stator_error *err)
{
    const uint8_t *at = stored.at, *end = stored.at + stored.len;

    memset(out, 0, sizeof(*out));
    if (stored.len == 0)
        return damaged(err, "it is empty");
    if (*at != RECORD_VERSION)
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR,
                           "the record of a table has format %u; this Stator reads %d", *at, RECORD_VERSION);
    at++;
    while (at != end) {
        struct bytes section;

        if (end - at < 5 || (size_t)(end - at) - 5 < read_be32(at + 1))
            return damaged(err, "it is cut off");
        section = bytes_of(at + 5, read_be32(at + 1));
        STATOR_TRY(read_section(out, *at, section, arena, err));
        at = section.at + section.len;
    }
    if (out->description == NULL || out->ids == NULL)
        return damaged(err, "a section is missing");
    return STATOR_OK;
}
