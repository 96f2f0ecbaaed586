/* SPDX-License-Identifier: Apache-2.0 */
/* Sections of a table's record (record.c):
 *
 *   20 policy revision   ms since 1970 (8 bytes, big-endian, as all below)
 *   21 stream policy     revision, ms since 1970 (8) · length of the label (4) · label · text
 *   22 recovery          JSON of a PointInTimeRecoveryDescription
 *   23 destinations      of each: ms since 1970 (8) · length (4) · JSON of a KinesisDataStreamDestination
 *   24 insights          of each: id of the index (4) · length (4) · JSON of a DescribeContributorInsightsOutput
 *
 * A policy deleted at 1731940604149 leaves 14 00000008 000001933FB458F5.
 */
#include "catalog/settings.h"

#include "message/message.h"

enum {
    SECTION_POLICY_REVISION = 20,
    SECTION_STREAM_POLICY,
    SECTION_RECOVERY,
    SECTION_DESTINATIONS,
    SECTION_INSIGHTS,
};

/* Room for a length, and returns where what it counts begins. */
static size_t block_begin(struct buf *buf)
{
    buf_append_be32(buf, 0);
    return buf->len;
}

static void block_end(struct buf *buf, size_t start)
{
    uint32_t length = __builtin_bswap32((uint32_t)(buf->len - start));

    if (!buf->failed)
        memcpy(buf->at + start - sizeof(length), &length, sizeof(length));
}

static size_t section_begin(struct buf *buf, uint8_t kind)
{
    buf_append_byte(buf, kind);
    return block_begin(buf);
}

static void write_recovery(struct buf *buf, const struct PointInTimeRecoveryDescription *recovery)
{
    size_t start = section_begin(buf, SECTION_RECOVERY);

    message_encode(buf, &shape_of_PointInTimeRecoveryDescription, recovery);
    block_end(buf, start);
}

static void write_stream_policy(struct buf *buf, const struct stream_policy *policy)
{
    size_t start = section_begin(buf, SECTION_STREAM_POLICY);

    buf_append_be64(buf, policy->revision_ms);
    buf_append_be32(buf, (uint32_t)policy->label.len);
    buf_append_bytes(buf, policy->label);
    buf_append_bytes(buf, policy->text);
    block_end(buf, start);
}

static void write_destinations(struct buf *buf, const struct table_settings *settings)
{
    size_t start = section_begin(buf, SECTION_DESTINATIONS);

    for (size_t i = 0; i < settings->destination_count; i++) {
        size_t block;

        buf_append_be64(buf, settings->destinations[i].since_ms);
        block = block_begin(buf);
        message_encode(buf, &shape_of_KinesisDataStreamDestination, settings->destinations[i].entry);
        block_end(buf, block);
    }
    block_end(buf, start);
}

static void write_insights(struct buf *buf, const struct table_settings *settings)
{
    size_t start = section_begin(buf, SECTION_INSIGHTS);

    for (size_t i = 0; i < settings->insights_count; i++) {
        size_t block;

        buf_append_be32(buf, settings->insights[i].index_id);
        block = block_begin(buf);
        message_encode(buf, &shape_of_DescribeContributorInsightsOutput, settings->insights[i].entry);
        block_end(buf, block);
    }
    block_end(buf, start);
}

void settings_write(struct buf *buf, const struct table_settings *settings)
{
    if (settings->policy_revision_ms != 0) {
        size_t start = section_begin(buf, SECTION_POLICY_REVISION);

        buf_append_be64(buf, settings->policy_revision_ms);
        block_end(buf, start);
    }
    if (settings->stream_policy.revision_ms != 0)
        write_stream_policy(buf, &settings->stream_policy);
    if (settings->recovery != NULL)
        write_recovery(buf, settings->recovery);
    if (settings->destination_count != 0)
        write_destinations(buf, settings);
    if (settings->insights_count != 0)
        write_insights(buf, settings);
}

bool settings_is_kind(uint8_t kind)
{
    return kind >= SECTION_POLICY_REVISION && kind <= SECTION_INSIGHTS;
}

static enum stator_rc damaged(struct stator_error *err)
{
    return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "the record of a table is damaged: its settings");
}

static enum stator_rc read_structure(const void **out, const struct shape *shape, struct bytes json,
                                     struct arena *arena, struct stator_error *err)
{
    void *structure;
    enum stator_rc rc = message_decode(&structure, shape, json, arena, err);

    if (rc == STATOR_SERIALIZATION)
        return damaged(err);
    *out = structure;
    return rc;
}

static enum stator_rc read_revision(uint64_t *out, struct bytes section, struct stator_error *err)
{
    if (section.len < 8 || read_be64(section.at) == 0)
        return damaged(err);
    *out = read_be64(section.at);
    return STATOR_OK;
}

static enum stator_rc read_stream_policy(struct stream_policy *out, struct bytes section, struct stator_error *err)
{
    uint32_t length;

    STATOR_TRY(read_revision(&out->revision_ms, section, err));
    if (section.len < 12)
        return damaged(err);
    length = read_be32(section.at + 8);
    if (section.len - 12 < length)
        return damaged(err);
    out->label = bytes_of(section.at + 12, length);
    out->text = bytes_of(section.at + 12 + length, section.len - 12 - length);
    return STATOR_OK;
}

/* Takes `head` bytes, a length and as many bytes from the front. */
static bool take_block(struct bytes *rest, size_t head, struct bytes *block)
{
    uint32_t length;

    if (rest->len < head + 4)
        return false;
    length = read_be32(rest->at + head);
    if (rest->len - head - 4 < length)
        return false;
    *block = bytes_of(rest->at + head + 4, length);
    *rest = bytes_of(block->at + length, rest->len - head - 4 - length);
    return true;
}

/* How many there are; 0 when the section is damaged or empty. */
static size_t count_blocks(struct bytes section, size_t head)
{
    struct bytes block;
    size_t count = 0;

    for (; section.len != 0; count++) {
        if (!take_block(&section, head, &block))
            return 0;
    }
    return count;
}

static enum stator_rc read_destinations(struct table_settings *out, struct bytes section, struct arena *arena,
                                        struct stator_error *err)
{
    size_t count = count_blocks(section, 8);
    struct destination *destinations = ARENA_ARRAY(arena, struct destination, count);

    if (destinations == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const void *entry;
        struct bytes json;

        destinations[i].since_ms = read_be64(section.at);
        if (!take_block(&section, 8, &json))
            return damaged(err);
        STATOR_TRY(read_structure(&entry, &shape_of_KinesisDataStreamDestination, json, arena, err));
        destinations[i].entry = entry;
    }
    out->destinations = destinations;
    out->destination_count = count;
    return count != 0 ? STATOR_OK : damaged(err);
}

static enum stator_rc read_insights(struct table_settings *out, struct bytes section, struct arena *arena,
                                    struct stator_error *err)
{
    size_t count = count_blocks(section, 4);
    struct insights *insights = ARENA_ARRAY(arena, struct insights, count);

    if (insights == NULL)
        return stator_fail_memory(err);
    for (size_t i = 0; i < count; i++) {
        const void *entry;
        struct bytes json;

        insights[i].index_id = read_be32(section.at);
        if (!take_block(&section, 4, &json))
            return damaged(err);
        STATOR_TRY(read_structure(&entry, &shape_of_DescribeContributorInsightsOutput, json, arena, err));
        insights[i].entry = entry;
    }
    out->insights = insights;
    out->insights_count = count;
    return count != 0 ? STATOR_OK : damaged(err);
}

enum stator_rc settings_read(struct table_settings *out, uint8_t kind, struct bytes section, struct arena *arena,
                             struct stator_error *err)
{
    const void *structure = NULL;

    switch (kind) {
    case SECTION_POLICY_REVISION:
        return read_revision(&out->policy_revision_ms, section, err);
    case SECTION_STREAM_POLICY:
        return read_stream_policy(&out->stream_policy, section, err);
    case SECTION_RECOVERY:
        STATOR_TRY(read_structure(&structure, &shape_of_PointInTimeRecoveryDescription, section, arena, err));
        out->recovery = structure;
        return STATOR_OK;
    case SECTION_DESTINATIONS:
        return read_destinations(out, section, arena, err);
    default:
        return read_insights(out, section, arena, err);
    }
}
