/* SPDX-License-Identifier: Apache-2.0 */
/* scalar: values of type S, N, B, BOOL and NULL from JSON. */
#include <strings.h>

#include "value/base64.h"
#include "value/number.h"
#include "value/reading.h"

enum stator_rc reading_string(struct reading *r, struct value *out, enum json_token token)
{
    if (token != JSON_STRING)
        return reading_wrong_type(r, token, &expect_string);
    *out = (struct value){.type = VALUE_S, .text = r->json->text};
    return STATOR_OK;
}

/* A number that may not be in canonical form. */
static enum stator_rc normalise(struct reading *r, struct value *out)
{
    struct bytes given = out->text;
    struct number number;
    char text[NUMBER_TEXT_MAX], shortened[NUMBER_SHORT_MAX];

    if (number_parse(&number, given, NULL) != STATOR_OK) {
        r->fault = true;
        return fault_make_number(out, given, reading_offset(r), r->arena) ? STATOR_OK : stator_fail_memory(r->err);
    }
    out->text = bytes_of(text, number_format(text, &number));
    if (bytes_equal(out->text, given)) {
        out->text = given;
        return STATOR_OK;
    }
    if (!bytes_equal(given, bytes_of(shortened, number_shorten(shortened, out->text))))
        r->canonical = false;
    out->text = arena_copy(r->arena, out->text);
    return bytes_present(out->text) ? STATOR_OK : stator_fail_memory(r->err);
}

enum stator_rc reading_number(struct reading *r, struct value *out, enum json_token token)
{
    if (token != JSON_STRING)
        return reading_wrong_type(r, token, &expect_string);
    *out = (struct value){.type = VALUE_N, .text = r->json->text};
    return number_is_canonical(out->text) ? STATOR_OK : normalise(r, out);
}

static enum stator_rc bad_base64(struct reading *r, struct bytes text)
{
    uint8_t letter = 0;

    switch (base64_why(text, &letter)) {
    case BASE64_LENGTH:
        return stator_fail(r->err, STATOR_SERIALIZATION,
                           "Base64 encoded length is expected a multiple of 4 bytes but found: %zu", text.len);
    case BASE64_LAST:
        break;
    case BASE64_LETTER:
        if (letter < 0x80)
            return stator_fail(r->err, STATOR_SERIALIZATION, "Invalid Base64 character: '%c'", letter);
        return stator_fail(r->err, STATOR_SERIALIZATION, "Invalid Base64 character");
    }
    return stator_fail(r->err, STATOR_SERIALIZATION, "Invalid last non-pad Base64 character dectected");
}

enum stator_rc reading_binary(struct reading *r, struct value *out, enum json_token token)
{
    bool full = false;

    if (token != JSON_STRING)
        return reading_wrong_type(r, token, &expect_blob);
    *out = (struct value){.type = VALUE_B};
    if (base64_decode(&out->text, r->json->text, r->arena, &full))
        return STATOR_OK;
    return full ? stator_fail_memory(r->err) : bad_base64(r, r->json->text);
}

static bool is_word(struct bytes text, const char *word)
{
    return text.len == strlen(word) && strncasecmp((const char *)text.at, word, text.len) == 0;
}

/* The service takes some words for booleans. */
enum stator_rc reading_boolean(struct reading *r, bool *out, enum json_token token)
{
    struct bytes text = r->json->text;

    *out = token == JSON_TRUE;
    if (token == JSON_TRUE || token == JSON_FALSE)
        return STATOR_OK;
    if (token != JSON_STRING)
        return reading_wrong_type(r, token, &expect_boolean);
    r->canonical = false;
    *out = is_word(text, "true") || is_word(text, "1") || is_word(text, "yes");
    if (*out || is_word(text, "false") || is_word(text, "0") || is_word(text, "no"))
        return STATOR_OK;
    return stator_fail(r->err, STATOR_SERIALIZATION, "Unexpected token received from parser");
}
