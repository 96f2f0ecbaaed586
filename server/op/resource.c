/* SPDX-License-Identifier: Apache-2.0 */
#include "op/resource.h"

#include "op/table_change.h"

#define INVALID "One or more parameter values were invalid: "

/* The part of an ARN after its n-th colon; absent when it has fewer. */
static struct bytes after_colon(struct bytes arn, unsigned n)
{
    for (size_t i = 0; i < arn.len; i++) {
        if (arn.at[i] == ':' && --n == 0)
            return bytes_of(arn.at + i + 1, arn.len - i - 1);
    }
    return (struct bytes){NULL, 0};
}

static bool take_prefix(struct bytes *text, struct bytes prefix)
{
    if (!bytes_starts_with(*text, prefix))
        return false;
    *text = bytes_of(text->at + prefix.len, text->len - prefix.len);
    return true;
}

enum stator_rc resource_of_arn(struct resource *out, struct bytes arn, struct stator_error *err)
{
    struct bytes service = after_colon(arn, 2), name = after_colon(arn, 5), part;
    const uint8_t *slash;

    *out = (struct resource){0};
    if (!bytes_starts_with(arn, BYTES("arn:")))
        return stator_fail(err, STATOR_VALIDATION, INVALID "ARNs must start with 'arn:': %.*s", BYTES_ARG(arn));
    if (!bytes_present(name) || !bytes_starts_with(service, BYTES("dynamodb:")) || !take_prefix(&name, BYTES("table/")))
        return stator_fail(err, STATOR_VALIDATION, INVALID "Provided Arn is not a DynamoDB resource arn: %.*s",
                           BYTES_ARG(arn));
    out->table = name;
    slash = memchr(name.at, '/', name.len);
    if (slash == NULL)
        return STATOR_OK;
    out->table = bytes_of(name.at, (size_t)(slash - name.at));
    part = bytes_of(slash, (size_t)(name.at + name.len - slash));
    if (take_prefix(&part, BYTES("/stream/"))) {
        out->stream = part;
        return STATOR_OK;
    }
    if (bytes_starts_with(part, BYTES("/index/")))
        return stator_fail(err, STATOR_VALIDATION,
                           INVALID "Invalid resource arn provided, only table or stream is accepted. Provided resource "
                                   "arn: %.*s",
                           BYTES_ARG(arn));
    return stator_fail(err, STATOR_VALIDATION, INVALID "Provided Arn is not a DynamoDB resource arn: %.*s",
                       BYTES_ARG(arn));
}

enum stator_rc resource_check_tagging(struct bytes arn, bool given, const char *list, struct stator_error *err)
{
    struct resource resource;

    if (!bytes_present(arn))
        return stator_fail(err, STATOR_VALIDATION, "Invalid TableArn");
    if (!given)
        return stator_fail(err, STATOR_VALIDATION,
                           "1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must "
                           "not be null",
                           list);
    return resource_of_arn(&resource, arn, err);
}

enum stator_rc resource_change(struct engine *engine, struct job *job, operation_step *change)
{
    enum stator_rc rc;

    if (!job->on_worker)
        return STATOR_AGAIN;
    catalog_change_begin(engine->db.catalog);
    rc = change(engine, job);
    catalog_change_end(engine->db.catalog);
    return rc;
}

enum stator_rc resource_store(struct engine *engine, struct job *job, const struct table *table,
                              const struct table_extras *extras)
{
    struct table_change change = {.previous = table, .draft = table->description, .extras = *extras};

    return table_change_store(engine, job, &change, false);
}

enum stator_rc resource_check_settled(const struct table *table, struct stator_error *err)
{
    if (table->status == TableStatus_CREATING)
        return stator_fail(err, STATOR_RESOURCE_IN_USE, TABLE_IN_USE "Table is being created: %.*s",
                           BYTES_ARG(table->name));
    if (table->status == TableStatus_DELETING)
        return stator_fail(err, STATOR_RESOURCE_IN_USE, TABLE_IN_USE "Table is being deleted: %.*s",
                           BYTES_ARG(table->name));
    return STATOR_OK;
}

/* The service tells who only reads tags of a table that is not the account's that the access is denied. */
static enum stator_rc not_found(struct job *job, struct bytes arn)
{
    if (job->operation == OPERATION_ListTagsOfResource)
        return stator_fail(&job->error, STATOR_ACCESS_DENIED, "Access is denied");
    return stator_fail(&job->error, STATOR_RESOURCE_NOT_FOUND,
                       "Requested resource not found: ResourceArn: %.*s not found", BYTES_ARG(arn));
}

enum stator_rc resource_tagged_table(struct table **out, struct engine *engine, struct job *job, struct bytes arn)
{
    struct resource resource;
    enum stator_rc rc;

    *out = NULL;
    STATOR_TRY(resource_of_arn(&resource, arn, &job->error));
    if (op_is_elsewhere(engine, job, arn))
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "Invalid TableArn: Invalid ResourceArn provided as input %.*s", BYTES_ARG(arn));
    if (op_is_of_others(engine, arn))
        return stator_fail(&job->error, STATOR_ACCESS_DENIED, "Access is denied");
    if (bytes_present(resource.stream))
        return not_found(job, arn);
    rc = op_table(out, engine, job, resource.table, OP_CONTROL);
    if (rc == STATOR_RESOURCE_NOT_FOUND)
        return not_found(job, arn);
    STATOR_TRY(rc);
    return STATOR_OK;
}
