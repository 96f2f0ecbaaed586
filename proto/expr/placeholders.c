/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "expr/condition_parser.h"

#define KEY_BYTES_MAX 255 /* with its "#" or ":" */

/* "#a" or ":a" and nothing else. */
static bool well_formed(struct bytes key, enum token_kind kind)
{
    struct token token = lexer_token(key, 0);

    return token.kind == kind && token.text.at == key.at && token.text.len == key.len;
}

static enum stator_rc bad_key(const char *member, struct bytes key, struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION, "%s contains invalid key: Syntax error; key: \"%.*s\"", member,
                       BYTES_ARG(key));
}

static enum stator_rc check_name_key(struct bytes key, struct stator_error *err)
{
    if (key.len > KEY_BYTES_MAX)
        return stator_fail(err, STATOR_VALIDATION,
                           "ExpressionAttributeNames contains invalid key: The expression attribute map contains a "
                           "key that is too long; size of key: %zu",
                           key.len);
    return well_formed(key, TOKEN_NAME_REF) ? STATOR_OK : bad_key("ExpressionAttributeNames", key, err);
}

/* The service does not tell the size here. */
static enum stator_rc check_value_key(struct bytes key, struct stator_error *err)
{
    if (key.len > KEY_BYTES_MAX)
        return stator_fail(err, STATOR_VALIDATION,
                           "ExpressionAttributeValues contains invalid key: The expression attribute map contains a "
                           "key that is too long;");
    return well_formed(key, TOKEN_VALUE_REF) ? STATOR_OK : bad_key("ExpressionAttributeValues", key, err);
}

static enum stator_rc check_names(const struct placeholders *placeholders, struct stator_error *err)
{
    if (placeholders->name_count == 0)
        return stator_fail(err, STATOR_VALIDATION, "ExpressionAttributeNames must not be empty");
    for (size_t i = 0; i < placeholders->name_count; i++)
        STATOR_TRY(check_name_key(placeholders->names[i].key, err));
    for (size_t i = 0; i < placeholders->name_count; i++)
        if (placeholders->names[i].name.len == 0)
            return stator_fail(err, STATOR_VALIDATION,
                               "ExpressionAttributeNames contains invalid value: Empty attribute name for key %.*s",
                               BYTES_ARG(placeholders->names[i].key));
    return STATOR_OK;
}

/* Of all values' faults the one that comes first in the request. */
static enum stator_rc fail_first_fault(const struct placeholders *placeholders, struct stator_error *err)
{
    const struct value *first = NULL;
    struct bytes text, name = {NULL, 0};

    for (size_t i = 0; i < placeholders->values->count; i++) {
        const struct attribute *attribute = &placeholders->values->attributes[i];
        const struct value *fault = value_fault(&attribute->value);

        if (fault != NULL && (first == NULL || fault->count < first->count)) {
            first = fault;
            name = attribute->name;
        }
    }
    if (first == NULL)
        return STATOR_OK;
    text = value_fault_text(first, placeholders->layer);
    if (placeholders->layer == VALUE_LAYER_CURRENT)
        return stator_fail(err, STATOR_VALIDATION, "%.*s", BYTES_ARG(text));
    return stator_fail(err, STATOR_VALIDATION, "ExpressionAttributeValues contains invalid value: %.*s for key %.*s",
                       BYTES_ARG(text), BYTES_ARG(name));
}

static enum stator_rc check_values(const struct placeholders *placeholders, struct stator_error *err)
{
    const struct item *values = placeholders->values;

    if (values->count == 0)
        return stator_fail(err, STATOR_VALIDATION, "ExpressionAttributeValues must not be empty");
    for (size_t i = 0; i < values->count; i++)
        STATOR_TRY(check_value_key(values->attributes[i].name, err));
    return values->fault ? fail_first_fault(placeholders, err) : STATOR_OK;
}

enum stator_rc expr_check_placeholders(const struct placeholders *placeholders, bool expression_given,
                                       struct stator_error *err)
{
    bool values_set = placeholders->values != NULL && placeholders->values->set;

    if (placeholders->names_set && !expression_given)
        return stator_fail(err, STATOR_VALIDATION,
                           "ExpressionAttributeNames can only be specified when using expressions");
    if (placeholders->names_set)
        STATOR_TRY(check_names(placeholders, err));
    return values_set ? check_values(placeholders, err) : STATOR_OK;
}

/* --- What no expression has used ---------------------------------------------------------------------------------- */

struct listing {
    struct buf buf;
    size_t count;
};

static void list_key(struct listing *listing, struct bytes key)
{
    if (listing->count++ != 0)
        buf_append_literal(&listing->buf, ", ");
    buf_append_bytes(&listing->buf, key);
}

static enum stator_rc fail_unused(const struct listing *listing, const char *member, struct stator_error *err)
{
    if (listing->count == 0)
        return STATOR_OK;
    return stator_fail(err, STATOR_VALIDATION, "Value provided in %s unused in expressions: keys: {%.*s}", member,
                       BYTES_ARG(buf_bytes(&listing->buf)));
}

static void list_unused_names(struct listing *listing, const struct placeholders *placeholders)
{
    for (size_t i = 0; i < placeholders->name_count; i++)
        if (!placeholders->names[i].used)
            list_key(listing, placeholders->names[i].key);
}

static void list_unused_values(struct listing *listing, const struct placeholders *placeholders)
{
    const struct item *values = placeholders->values;

    for (size_t i = 0; values != NULL && values->set && i < values->count; i++)
        if (!placeholders->values_used[i])
            list_key(listing, values->attributes[i].name);
}

enum stator_rc expr_check_unused(const struct placeholders *placeholders, struct stator_error *err)
{
    struct listing listing = {0};
    enum stator_rc rc;

    buf_init(&listing.buf, STATOR_ERROR_MESSAGE_MAX); /* a message is cut there anyway */
    list_unused_names(&listing, placeholders);
    rc = fail_unused(&listing, "ExpressionAttributeNames", err);
    if (rc == STATOR_OK) {
        list_unused_values(&listing, placeholders);
        rc = fail_unused(&listing, "ExpressionAttributeValues", err);
    }
    buf_deinit(&listing.buf);
    if (rc == STATOR_OK && placeholders->key_condition != NULL)
        rc = key_condition_check(placeholders->key_condition, err);
    return rc;
}
