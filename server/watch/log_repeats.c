/* SPDX-License-Identifier: Apache-2.0 */
#include "watch/log_repeats.h"

static uint64_t hash_bytes(uint64_t hash, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        hash = (hash ^ bytes.at[i]) * UINT64_C(0x100000001b3);
    return (hash ^ 0xff) * UINT64_C(0x100000001b3); /* where it ends counts */
}

/* Whether a field tells one kind of line from another. */
static bool tells_kind(const struct log_field *field)
{
    return field->name != NULL && bytes_present(field->text) && strcmp(field->name, "request_id") != 0;
}

static uint64_t hash_line(enum log_level level, const char *message, const struct log_field *fields, size_t count)
{
    uint64_t hash = hash_bytes(UINT64_C(0xcbf29ce484222325) + (uint64_t)level, bytes_of_string(message));

    for (size_t i = 0; i < count; i++)
        if (tells_kind(&fields[i]))
            hash = hash_bytes(hash, fields[i].text);
    return hash;
}

static void copy_fields(struct log_repeat *kind, const struct log_field *fields, size_t count)
{
    size_t used = 0;

    kind->count = 0;
    for (size_t i = 0; i < count && kind->count < LOG_REPEAT_FIELDS; i++) {
        if (!tells_kind(&fields[i]) || fields[i].text.len > sizeof(kind->texts) - used)
            continue;
        memcpy(kind->texts + used, fields[i].text.at, fields[i].text.len);
        kind->fields[kind->count++] = LOG_TEXT(fields[i].name, bytes_of(kind->texts + used, fields[i].text.len));
        used += fields[i].text.len;
    }
}

/* A copy of a kind with its count, its texts its own. */
static void take(struct log_repeat *out, const struct log_repeat *kind)
{
    *out = *kind;
    copy_fields(out, kind->fields, kind->count);
    out->fields[out->count++] = LOG_NUMBER("more_like_it", (int64_t)kind->more);
}

bool log_repeats_note(struct log_repeats *repeats, int64_t now_ms, enum log_level level, const char *message,
                      const struct log_field *fields, size_t count, struct log_repeat *out)
{
    uint64_t hash = hash_line(level, message, fields, count);
    struct log_repeat *oldest = &repeats->kinds[0];

    out->more = 0;
    for (struct log_repeat *kind = repeats->kinds; kind < repeats->kinds + LOG_REPEATS; kind++) {
        bool same = kind->since_ms != 0 && kind->hash == hash;

        if (same && (kind->more != 0 || now_ms - kind->since_ms < LOG_REPEAT_MS)) {
            kind->more++;
            return true;
        }
        if (same || kind->since_ms < oldest->since_ms)
            oldest = kind;
        if (same)
            break;
    }
    if (oldest->since_ms != 0 && oldest->more != 0)
        take(out, oldest);
    *oldest = (struct log_repeat){.hash = hash, .since_ms = now_ms, .level = level, .message = message};
    copy_fields(oldest, fields, count);
    return false;
}

bool log_repeats_take(struct log_repeats *repeats, int64_t now_ms, bool end, struct log_repeat *out)
{
    for (struct log_repeat *kind = repeats->kinds; kind < repeats->kinds + LOG_REPEATS; kind++) {
        if (kind->since_ms == 0 || kind->more == 0 || (!end && now_ms - kind->since_ms < LOG_REPEAT_MS))
            continue;
        take(out, kind);
        kind->more = 0;
        kind->since_ms = now_ms; /* those that follow are counted again */
        return true;
    }
    return false;
}

int64_t log_repeats_due_ms(const struct log_repeats *repeats)
{
    int64_t due = INT64_MAX;

    for (const struct log_repeat *kind = repeats->kinds; kind < repeats->kinds + LOG_REPEATS; kind++)
        if (kind->since_ms != 0 && kind->more != 0 && kind->since_ms + LOG_REPEAT_MS < due)
            due = kind->since_ms + LOG_REPEAT_MS;
    return due;
}
