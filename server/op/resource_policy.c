/* SPDX-License-Identifier: Apache-2.0 */
/* Put-, Get- and DeleteResourcePolicy: policies of tables and of their latest streams, kept and shown as the service
 * does. A revision is the time of the change; a deletion is one too. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "op/policy.h"
#include "op/resource.h"
#include "op/table_change.h"

#define NOT_FOUND "Resource-based policy not found for the provided ResourceArn: "

/* What a request's ARN names and the policy it has. */
struct target {
    struct table *table; /* held by the job */
    bool is_stream;
    struct bytes name;    /* in messages: the table's, or the stream's label */
    struct bytes text;    /* absent: there is none */
    uint64_t revision_ms; /* of the policy, or of its deletion; 0: there never was one */
};

static void look_at_table(struct target *target)
{
    const struct table *table = target->table;

    target->text = table->extras->policy;
    target->revision_ms = table->extras->settings.policy_revision_ms;
    if (bytes_present(target->text) && target->revision_ms == 0)
        target->revision_ms = (uint64_t)llround(table->description->CreationDateTime.value * 1000);
}

static enum stator_rc look_at_stream(struct target *target, struct bytes label, struct stator_error *err)
{
    const struct table *table = target->table;
    const struct stream_policy *policy = &table->extras->settings.stream_policy;

    target->is_stream = true;
    target->name = label;
    if (!bytes_present(table->description->LatestStreamLabel) ||
        !bytes_equal(table->description->LatestStreamLabel, label))
        return stator_fail(err, STATOR_RESOURCE_NOT_FOUND,
                           "Requested resource not found: Stream: %.*s not found for Table: %.*s", BYTES_ARG(label),
                           BYTES_ARG(table->name));
    if (policy->revision_ms == 0 || !bytes_equal(policy->label, label))
        return STATOR_OK;
    target->revision_ms = policy->revision_ms;
    if (policy->text.len != 0)
        target->text = policy->text;
    return STATOR_OK;
}

static enum stator_rc find_target(struct target *out, struct engine *engine, struct job *job, struct bytes arn)
{
    struct resource resource;

    *out = (struct target){0};
    STATOR_TRY(resource_of_arn(&resource, arn, &job->error));
    if (op_is_elsewhere(engine, job, arn))
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "One or more parameter values were invalid: Invalid resource Arn: %.*s", BYTES_ARG(arn));
    if (op_is_of_others(engine, arn))
        return stator_fail(&job->error, STATOR_VALIDATION,
                           "This action is only supported by accounts that match the resource owner’s account.");
    STATOR_TRY(op_table(&out->table, engine, job, resource.table, OP_CONTROL));
    out->name = out->table->name;
    if (bytes_present(resource.stream))
        return look_at_stream(out, resource.stream, &job->error);
    look_at_table(out);
    return STATOR_OK;
}

/* The revision as text; absent when the arena is full. */
static struct bytes revision_text(uint64_t revision_ms, struct arena *arena)
{
    char text[32];

    snprintf(text, sizeof(text), "%" PRIu64, revision_ms);
    return arena_copy(arena, bytes_of_string(text));
}

static enum stator_rc check_revision(const struct target *target, struct bytes expected, struct job *job)
{
    const char *kind = target->is_stream ? "stream" : "table";
    char revision[32];

    if (!bytes_present(expected))
        return STATOR_OK;
    snprintf(revision, sizeof(revision), "%" PRIu64, target->revision_ms);
    if (bytes_equal_string(expected, "NO_POLICY") && job->operation == OPERATION_PutResourcePolicy) {
        if (!bytes_present(target->text))
            return STATOR_OK;
        return stator_fail(&job->error, STATOR_POLICY_NOT_FOUND,
                           NOT_FOUND "Requested policy update expecting none to be present for %s %.*s, but a policy "
                                     "exists with revision id %s.",
                           kind, BYTES_ARG(target->name), revision);
    }
    if (!bytes_present(target->text))
        return stator_fail(&job->error, STATOR_POLICY_NOT_FOUND,
                           NOT_FOUND "Requested update for policy with revision id %.*s, but %s %.*s has no associated "
                                     "policy.",
                           BYTES_ARG(expected), kind, BYTES_ARG(target->name));
    if (bytes_equal_string(expected, revision))
        return STATOR_OK;
    return stator_fail(&job->error, STATOR_POLICY_NOT_FOUND,
                       NOT_FOUND "Requested update for policy with revision id %.*s, but the policy associated to "
                                 "target %s %.*s has revision id %s.",
                       BYTES_ARG(expected), kind, BYTES_ARG(target->name), revision);
}

/* The revision that a change of now makes. */
static uint64_t next_revision(const struct target *target)
{
    uint64_t now_ms = (uint64_t)llround(op_now() * 1000);

    return now_ms > target->revision_ms ? now_ms : target->revision_ms + 1;
}

/* Stores the policy, or an absent text, as that revision. */
static enum stator_rc store(struct engine *engine, struct job *job, const struct target *target, uint64_t revision_ms,
                            struct bytes text)
{
    struct table_extras extras = *target->table->extras;

    if (target->is_stream) {
        extras.settings.stream_policy =
            (struct stream_policy){.revision_ms = revision_ms, .label = target->name, .text = text};
    } else {
        extras.policy = text;
        extras.settings.policy_revision_ms = revision_ms;
    }
    return resource_store(engine, job, target->table, &extras);
}

/* --- PutResourcePolicy --- */

static enum stator_rc read_policy(struct policy *out, struct job *job)
{
    const struct PutResourcePolicyInput *in = job->input;
    struct resource resource;
    enum policy_target target;

    STATOR_TRY(resource_of_arn(&resource, in->ResourceArn, &job->error));
    target = bytes_present(resource.stream) ? POLICY_OF_STREAM : POLICY_OF_TABLE;
    return policy_read(out, in->Policy, target, &job->arena, &job->error);
}

static enum stator_rc put(struct engine *engine, struct job *job, const struct policy *policy)
{
    const struct PutResourcePolicyInput *in = job->input;
    struct PutResourcePolicyOutput *out = ARENA_NEW(&job->arena, struct PutResourcePolicyOutput);
    struct target target;
    uint64_t revision_ms;
    bool changes;

    STATOR_TRY(find_target(&target, engine, job, in->ResourceArn));
    if (policy->locks_out && in->ConfirmRemoveSelfResourceAccess != API_TRUE)
        return stator_fail(&job->error, STATOR_ACCESS_DENIED,
                           "The new resource policy will not allow you to update the resource policy in the future.");
    STATOR_TRY(check_revision(&target, in->ExpectedRevisionId, job));
    changes = !bytes_present(target.text) || !bytes_equal(policy->text, target.text);
    revision_ms = changes ? next_revision(&target) : target.revision_ms;
    if (out == NULL)
        return stator_fail_memory(&job->error);
    out->RevisionId = revision_text(revision_ms, &job->arena);
    if (!bytes_present(out->RevisionId))
        return stator_fail_memory(&job->error);
    job->output = out;
    if (!changes)
        return STATOR_OK;
    STATOR_TRY(resource_check_settled(target.table, &job->error));
    return store(engine, job, &target, revision_ms, policy->text);
}

enum stator_rc op_put_resource_policy(struct engine *engine, struct job *job)
{
    struct policy policy;
    enum stator_rc rc;

    if (!job->on_worker)
        return STATOR_AGAIN; /* a long policy takes its time, too */
    STATOR_TRY(read_policy(&policy, job));
    catalog_change_begin(engine->db.catalog);
    rc = put(engine, job, &policy);
    catalog_change_end(engine->db.catalog);
    return rc;
}

/* --- GetResourcePolicy --- */

enum stator_rc op_get_resource_policy(struct engine *engine, struct job *job)
{
    const struct GetResourcePolicyInput *in = job->input;
    struct GetResourcePolicyOutput *out = ARENA_NEW(&job->arena, struct GetResourcePolicyOutput);
    struct target target;

    STATOR_TRY(find_target(&target, engine, job, in->ResourceArn));
    if (!bytes_present(target.text))
        return stator_fail(&job->error, STATOR_POLICY_NOT_FOUND, NOT_FOUND "%.*s", BYTES_ARG(in->ResourceArn));
    if (out == NULL)
        return stator_fail_memory(&job->error);
    out->Policy = policy_shown(target.text, &job->arena);
    out->RevisionId = revision_text(target.revision_ms, &job->arena);
    job->output = out;
    return bytes_present(out->Policy) && bytes_present(out->RevisionId) ? STATOR_OK : stator_fail_memory(&job->error);
}

/* --- DeleteResourcePolicy --- */

/* Nothing to delete is no fault: the answer is empty, or has the revision of the deletion before. */
static enum stator_rc delete (struct engine *engine, struct job *job) {
    const struct DeleteResourcePolicyInput *in = job->input;
    struct DeleteResourcePolicyOutput *out = ARENA_NEW(&job->arena, struct DeleteResourcePolicyOutput);
    struct target target;

    STATOR_TRY(find_target(&target, engine, job, in->ResourceArn));
    STATOR_TRY(check_revision(&target, in->ExpectedRevisionId, job));
    if (out == NULL) return stator_fail_memory(&job->error);
    job->output = out;
    if (target.revision_ms == 0) return STATOR_OK;
    out->RevisionId = revision_text(target.revision_ms, &job->arena);
    if (!bytes_present(out->RevisionId)) return stator_fail_memory(&job->error);
    if (!bytes_present(target.text)) return STATOR_OK;
    STATOR_TRY(resource_check_settled(target.table, &job->error));
    return store(engine, job, &target, next_revision(&target), (struct bytes){NULL, 0});
}

enum stator_rc op_delete_resource_policy(struct engine *engine, struct job *job)
{
    return resource_change(engine, job, delete);
}
