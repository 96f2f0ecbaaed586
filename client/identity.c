/* SPDX-License-Identifier: Apache-2.0 */
#include "identity.h"

#include <sodium.h>

#include "client.h"
#include "memory.h"

#define ASK_BEFORE_S 300 /* credentials are renewed so long before they expire */
#define ASK_AGAIN_S  60  /* and no sooner after a failure */

void identity_init(struct identity *identity)
{
    *identity = (struct identity){.ask_at = INT64_MIN};
    pthread_mutex_init(&identity->lock, NULL);
}

static void free_texts(struct identity *identity, const struct stator_allocator *allocator)
{
    memory_free_secret(allocator, identity->access_key_id);
    memory_free_secret(allocator, identity->secret_access_key);
    memory_free_secret(allocator, identity->session_token);
}

void identity_deinit(struct identity *identity, const struct stator_allocator *allocator)
{
    free_texts(identity, allocator);
    sigv4_key_wipe(&identity->key);
    pthread_mutex_destroy(&identity->lock);
}

enum stator_rc identity_set(struct identity *identity, const struct stator_credentials *credentials,
                            const struct stator_allocator *allocator, struct stator_error *err)
{
    struct identity copy = {0};
    bool has_token = credentials->session_token != NULL && credentials->session_token[0] != '\0';

    copy.access_key_id = memory_text(allocator, credentials->access_key_id);
    copy.secret_access_key = memory_text(allocator, credentials->secret_access_key);
    copy.session_token = has_token ? memory_text(allocator, credentials->session_token) : NULL;
    if (copy.access_key_id == NULL || copy.secret_access_key == NULL || (has_token && copy.session_token == NULL)) {
        free_texts(&copy, allocator);
        return stator_fail(err, STATOR_NO_MEMORY, "No memory for credentials");
    }
    free_texts(identity, allocator);
    identity->access_key_id = copy.access_key_id;
    identity->secret_access_key = copy.secret_access_key;
    identity->session_token = copy.session_token;
    identity->expires_at = credentials->expires_at;
    return STATOR_OK;
}

/* --- Asking for them ------------------------------------------------------------------------------------------------ */

static enum stator_rc ask(struct identity *identity, const struct stator_client *client, struct stator_error *err)
{
    struct stator_credentials found = {0};
    enum stator_rc rc;

    err->message[0] = '\0';
    rc = client->options.find_credentials(&found, err, client->options.user);
    if (rc == STATOR_OK && (found.access_key_id == NULL || found.secret_access_key == NULL))
        return stator_fail(err, STATOR_CREDENTIALS, "find_credentials gave no key");
    if (rc == STATOR_OK)
        return identity_set(identity, &found, &client->allocator, err);
    err->rc = STATOR_CREDENTIALS;
    if (err->message[0] == '\0')
        return stator_fail(err, STATOR_CREDENTIALS, "find_credentials failed");
    return STATOR_CREDENTIALS;
}

/* When to ask next; not at every call when what was given is about to expire already. */
static int64_t next_time(int64_t expires_at, int64_t now)
{
    int64_t soon = now + ASK_AGAIN_S < expires_at ? now + ASK_AGAIN_S : expires_at;

    if (expires_at == 0)
        return INT64_MAX;
    return expires_at - ASK_BEFORE_S > soon ? expires_at - ASK_BEFORE_S : soon;
}

static bool is_usable(const struct identity *identity, int64_t now)
{
    return identity->access_key_id != NULL && (identity->expires_at == 0 || now < identity->expires_at);
}

static enum stator_rc renew(struct identity *identity, const struct stator_client *client, int64_t now,
                            struct stator_error *err)
{
    enum stator_rc rc = ask(identity, client, err);

    if (rc == STATOR_OK) {
        identity->ask_at = next_time(identity->expires_at, now);
        return STATOR_OK;
    }
    if (!is_usable(identity, now))
        return rc;
    identity->ask_at = now + ASK_AGAIN_S;
    client_log(client, STATOR_LOG_WARNING, "credentials could not be renewed; those at hand are good for %lld s more",
               (long long)(identity->expires_at - now));
    return STATOR_OK;
}

/* --- Using them ----------------------------------------------------------------------------------------------------- */

static enum stator_rc copy_out(struct identity_use *out, struct identity *identity, const struct stator_client *client,
                               int64_t now, struct arena *arena, struct stator_error *err)
{
    *out = (struct identity_use){.access_key_id = arena_copy(arena, bytes_of_string(identity->access_key_id))};
    if (identity->session_token != NULL)
        out->session_token = arena_copy(arena, bytes_of_string(identity->session_token));
    if (!bytes_present(out->access_key_id) || (identity->session_token != NULL && !bytes_present(out->session_token)))
        return stator_fail(err, STATOR_NO_MEMORY, "No memory for a signature");
    STATOR_TRY(sigv4_key_make(&identity->key, bytes_of_string(identity->secret_access_key), now,
                              bytes_of_string(client->region), BYTES("dynamodb"), err));
    out->key = identity->key;
    return STATOR_OK;
}

enum stator_rc identity_take(struct identity_use *out, struct stator_client *client, int64_t now, struct arena *arena,
                             struct stator_error *err)
{
    struct identity *identity = &client->identity;
    enum stator_rc rc = STATOR_OK;

    *out = (struct identity_use){0};
    pthread_mutex_lock(&identity->lock);
    if (client->options.find_credentials != NULL && now >= identity->ask_at)
        rc = renew(identity, client, now, err);
    if (rc == STATOR_OK)
        rc = copy_out(out, identity, client, now, arena, err);
    pthread_mutex_unlock(&identity->lock);
    return rc;
}

void identity_forget(struct identity_use *use)
{
    sigv4_key_wipe(&use->key);
    if (use->session_token.len != 0)
        sodium_memzero((void *)use->session_token.at, use->session_token.len);
}
