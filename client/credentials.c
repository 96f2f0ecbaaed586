/* SPDX-License-Identifier: Apache-2.0 */
#include "credentials.h"

#include <sodium.h>
#include <stdio.h>

#include "base/utf8.h"
#include "ini.h"
#include "profile.h"

#define QUOTED_MAX 100 /* bytes of a profile's name in a message */

/* What is known while it is looked for. */
struct search {
    const struct credentials_given *given;
    const struct credentials_sources *sources;
    struct bytes profile;
    bool profile_named; /* by the caller or the environment, so that it has to be there */
    struct profile file, config;
};

static struct bytes variable(const struct search *s, const char *name)
{
    const char *value = s->sources->variable(s->sources->context, name);

    return value != NULL ? bytes_of_string(value) : BYTES("");
}

static struct bytes quotable(struct bytes name)
{
    return name.len <= QUOTED_MAX && utf8_valid(name) ? name : BYTES("...");
}

/* The first that is not empty. */
static struct bytes first_of(struct bytes a, struct bytes b)
{
    return a.len != 0 ? a : b;
}

/* --- What a text may be ------------------------------------------------------------------------------------------- */

static bool is_printable(struct bytes text, uint8_t least)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < least || text.at[i] > '~')
            return false;
    return true;
}

static bool is_key_id(struct bytes text)
{
    return is_printable(text, '!') && memchr(text.at, ',', text.len) == NULL;
}

/* Only what would be the end of the text or of a line is refused: it is nothing but bytes to be hashed. */
static bool is_secret(struct bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.at[i] < ' ' || text.at[i] == 0x7F)
            return false;
    return true;
}

static bool is_token(struct bytes text)
{
    return is_printable(text, '!');
}

/* A label of a host's name that is not all digits. */
static bool is_region(struct bytes text)
{
    size_t digits = 0;

    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        bool digit = c >= '0' && c <= '9';

        if (!digit && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '-')
            return false;
        digits += digit;
    }
    return digits != text.len && text.at[0] != '-' && text.at[text.len - 1] != '-';
}

static bool is_endpoint(struct bytes text)
{
    struct bytes scheme = bytes_starts_with(text, BYTES("https://")) ? BYTES("https://") : BYTES("http://");

    return bytes_starts_with(text, scheme) && text.len > scheme.len && text.at[scheme.len] != '/' &&
           is_printable(text, '!');
}

/* --- Taking a text over ------------------------------------------------------------------------------------------- */

struct place {
    const char *name; /* of a variable or a property */
    const char *path; /* of the file, NULL: none */
    struct bytes profile;
};

static const struct kind {
    bool (*allowed)(struct bytes text);
    const char *what;
    size_t max;
} key_id = {is_key_id, "an access key id", CREDENTIALS_KEY_ID_MAX},
  secret = {is_secret, "a secret access key", SIGV4_SECRET_MAX},
  token = {is_token, "a session token", CREDENTIALS_TOKEN_MAX},
  region = {is_region, "a region's name", CREDENTIALS_REGION_MAX},
  endpoint = {is_endpoint, "a URL that begins with http:// or https://", CREDENTIALS_ENDPOINT_MAX};

static enum stator_rc fail_place(const struct place *place, struct stator_error *err, const char *what)
{
    struct bytes name = quotable(place->profile);

    if (place->path == NULL)
        return stator_fail(err, STATOR_VALIDATION, "%s %s", place->name, what);
    return stator_fail(err, STATOR_VALIDATION, "%s: %s of profile '%.*s' %s", place->path, place->name, BYTES_ARG(name),
                       what);
}

/* Copies text, with NUL, to `to`, which has room for kind's max and one more. Empty stays empty. */
static enum stator_rc keep(char *to, struct bytes text, const struct kind *kind, const struct place *place,
                           struct stator_error *err)
{
    char what[96];

    if (text.len == 0) {
        to[0] = '\0';
        return STATOR_OK;
    }
    if (text.len > kind->max) {
        snprintf(what, sizeof(what), "is longer than %zu bytes", kind->max);
        return fail_place(place, err, what);
    }
    if (!kind->allowed(text)) {
        snprintf(what, sizeof(what), "is not %s", kind->what);
        return fail_place(place, err, what);
    }
    memcpy(to, text.at, text.len);
    to[text.len] = '\0';
    return STATOR_OK;
}

/* --- Keys --------------------------------------------------------------------------------------------------------- */

struct keys {
    struct bytes id, secret, token;
    const char *id_name, *secret_name, *token_name;
    enum credentials_from from;
};

static enum stator_rc keep_keys(struct credentials *out, const struct keys *keys, struct place place,
                                struct stator_error *err)
{
    place.name = keys->secret_name;
    if (keys->secret.len == 0)
        return fail_place(&place, err, "is missing; there is an access key id without it");
    STATOR_TRY(keep(out->secret_access_key, keys->secret, &secret, &place, err));
    place.name = keys->token_name;
    STATOR_TRY(keep(out->session_token, keys->token, &token, &place, err));
    place.name = keys->id_name;
    STATOR_TRY(keep(out->access_key_id, keys->id, &key_id, &place, err));
    out->from = keys->from;
    return STATOR_OK;
}

static enum stator_rc keep_profile_keys(struct credentials *out, const struct search *s, const struct profile *profile,
                                        enum credentials_from from, struct stator_error *err)
{
    const struct keys keys = {profile->access_key_id,
                              profile->secret_access_key,
                              profile->session_token,
                              "aws_access_key_id",
                              "aws_secret_access_key",
                              "aws_session_token",
                              from};
    const struct place place = {.path =
                                    from == CREDENTIALS_FILE ? s->sources->credentials_path : s->sources->config_path,
                                .profile = s->profile};

    return keep_keys(out, &keys, place, err);
}

/* A way to keys that others have. */
static void say_unsupported(struct credentials *out, const struct search *s, const char *name)
{
    struct bytes profile = quotable(s->profile);

    snprintf(out->why, sizeof(out->why),
             "There are no credentials: profile '%.*s' gets them by %s, which is not supported; AWS_ACCESS_KEY_ID and "
             "AWS_SECRET_ACCESS_KEY, or aws_access_key_id and aws_secret_access_key of a profile, are",
             BYTES_ARG(profile), name);
}

static enum stator_rc find_profile_keys(struct credentials *out, const struct search *s, struct stator_error *err)
{
    const char *other = s->file.other != NULL ? s->file.other : s->config.other;

    if (s->file.role_arn.len != 0 || s->config.role_arn.len != 0)
        other = "role_arn"; /* keys beside it are those that ask for the role's */
    else if (s->file.access_key_id.len != 0)
        return keep_profile_keys(out, s, &s->file, CREDENTIALS_FILE, err);
    else if (s->config.access_key_id.len != 0)
        return keep_profile_keys(out, s, &s->config, CREDENTIALS_CONFIG, err);
    if (other != NULL)
        say_unsupported(out, s, other);
    return STATOR_OK;
}

/* Nothing was found in a profile, nor a reason. */
static void say_nowhere(struct credentials *out, const struct search *s)
{
    static const char *const names[] = {"AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                                        "AWS_CONTAINER_CREDENTIALS_FULL_URI"};
    struct bytes profile = quotable(s->profile);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (variable(s, names[i]).len == 0)
            continue;
        snprintf(out->why, sizeof(out->why),
                 "There are no credentials: %s is set, which is not supported; AWS_ACCESS_KEY_ID and "
                 "AWS_SECRET_ACCESS_KEY are",
                 names[i]);
        return;
    }
    snprintf(
        out->why, sizeof(out->why),
        "There are no credentials: AWS_ACCESS_KEY_ID is not set, and profile '%.*s' has no aws_access_key_id in the "
        "shared credentials and config files",
        BYTES_ARG(profile));
}

static enum stator_rc find_keys(struct credentials *out, const struct search *s, struct stator_error *err)
{
    const struct credentials_given *g = s->given;
    const struct keys given = {g->access_key_id,        g->secret_access_key, g->session_token, "The access key id",
                               "The secret access key", "The session token",  CREDENTIALS_GIVEN};
    const struct keys environment = {variable(s, "AWS_ACCESS_KEY_ID"), variable(s, "AWS_SECRET_ACCESS_KEY"),
                                     variable(s, "AWS_SESSION_TOKEN"), "AWS_ACCESS_KEY_ID",
                                     "AWS_SECRET_ACCESS_KEY",          "AWS_SESSION_TOKEN",
                                     CREDENTIALS_ENVIRONMENT};

    if (g->access_key_id.len != 0)
        return keep_keys(out, &given, (struct place){0}, err);
    if (g->secret_access_key.len != 0)
        return stator_fail(err, STATOR_VALIDATION, "There is a secret access key without an access key id");
    if (environment.id.len != 0 && g->profile.len == 0)
        return keep_keys(out, &environment, (struct place){0}, err);
    STATOR_TRY(find_profile_keys(out, s, err));
    if (out->from == CREDENTIALS_NOWHERE && out->why[0] == '\0')
        say_nowhere(out, s);
    return STATOR_OK;
}

/* --- Region ------------------------------------------------------------------------------------------------------- */

/* A property of the profile: the credentials file comes first. */
static struct place place_of(const struct search *s, const char *name, bool in_file)
{
    return (struct place){name, in_file ? s->sources->credentials_path : s->sources->config_path, s->profile};
}

static enum stator_rc find_region(struct credentials *out, const struct search *s, struct stator_error *err)
{
    static const char *const names[] = {"AWS_REGION", "AWS_DEFAULT_REGION"};
    struct place place = {.name = "The region"};

    if (s->given->region.len != 0)
        return keep(out->region, s->given->region, &region, &place, err);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        place.name = names[i];
        if (variable(s, names[i]).len != 0)
            return keep(out->region, variable(s, names[i]), &region, &place, err);
    }
    place = place_of(s, "region", s->file.region.len != 0);
    return keep(out->region, first_of(s->file.region, s->config.region), &region, &place, err);
}

/* --- Endpoints ---------------------------------------------------------------------------------------------------- */

static bool endpoints_ignored(const struct search *s)
{
    struct bytes said = variable(s, "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS");

    said = first_of(said, first_of(s->file.ignore_endpoints, s->config.ignore_endpoints));
    return ini_is(said, "true");
}

static enum stator_rc find_services(struct profile_services *out, const struct search *s, struct stator_error *err)
{
    struct bytes name = first_of(s->file.services, s->config.services);
    struct bytes quoted = quotable(name), profile = quotable(s->profile);

    *out = (struct profile_services){0};
    if (name.len == 0)
        return STATOR_OK;
    STATOR_TRY(profile_services_read(out, name, s->sources->config_file, s->sources->config_path, err));
    if (!out->found)
        return stator_fail(err, STATOR_VALIDATION, "%s: there is no [services %.*s], which profile '%.*s' refers to",
                           s->sources->config_path, BYTES_ARG(quoted), BYTES_ARG(profile));
    return STATOR_OK;
}

/* Of one service: its own variable, that of all, its own property, that of all. */
static enum stator_rc find_configured(char *to, const struct search *s, const char *name, struct bytes of_services,
                                      struct stator_error *err)
{
    struct place place = {.name = name};
    struct bytes found = variable(s, name);

    if (found.len == 0) {
        place.name = "AWS_ENDPOINT_URL";
        found = variable(s, place.name);
    }
    if (found.len == 0) {
        place = place_of(s, "endpoint_url", of_services.len == 0 && s->file.endpoint_url.len != 0);
        found = first_of(of_services, first_of(s->file.endpoint_url, s->config.endpoint_url));
    }
    return keep(to, found, &endpoint, &place, err);
}

/* Whether a service's endpoint is to be looked for in files. */
static bool in_files(const struct search *s, struct bytes given, const char *name)
{
    return given.len == 0 && variable(s, name).len == 0 && variable(s, "AWS_ENDPOINT_URL").len == 0;
}

static enum stator_rc find_endpoints(struct credentials *out, const struct search *s, struct stator_error *err)
{
    static const char main_name[] = "AWS_ENDPOINT_URL_DYNAMODB", streams_name[] = "AWS_ENDPOINT_URL_DYNAMODB_STREAMS";
    const struct place place = {.name = "The endpoint"};
    struct bytes given = s->given->endpoint, streams_given = first_of(s->given->streams_endpoint, given);
    bool configured = !endpoints_ignored(s);
    struct profile_services services = {0};

    if (configured && (in_files(s, given, main_name) || in_files(s, streams_given, streams_name)))
        STATOR_TRY(find_services(&services, s, err));
    STATOR_TRY(keep(out->endpoint, given, &endpoint, &place, err));
    STATOR_TRY(keep(out->streams_endpoint, streams_given, &endpoint, &place, err));
    if (configured && given.len == 0)
        STATOR_TRY(find_configured(out->endpoint, s, main_name, services.dynamodb, err));
    if (configured && streams_given.len == 0)
        STATOR_TRY(find_configured(out->streams_endpoint, s, streams_name, services.streams, err));
    return STATOR_OK;
}

/* --- All of it ---------------------------------------------------------------------------------------------------- */

bool credentials_all_given(const struct credentials_given *given)
{
    return (given->access_key_id.len != 0 || given->no_keys) && given->region.len != 0 && given->endpoint.len != 0;
}

static enum stator_rc read_profile(struct search *s, struct stator_error *err)
{
    const struct credentials_sources *from = s->sources;
    struct bytes named = first_of(s->given->profile, variable(s, "AWS_PROFILE"));
    struct bytes quoted;

    named = first_of(named, variable(s, "AWS_DEFAULT_PROFILE"));
    s->profile = first_of(named, BYTES("default"));
    if (bytes_present(from->credentials_file))
        STATOR_TRY(profile_read(&s->file, s->profile, PROFILE_CREDENTIALS, from->credentials_file,
                                from->credentials_path, err));
    if (bytes_present(from->config_file))
        STATOR_TRY(profile_read(&s->config, s->profile, PROFILE_CONFIG, from->config_file, from->config_path, err));
    quoted = quotable(named);
    if (named.len != 0 && !s->file.found && !s->config.found)
        return stator_fail(err, STATOR_VALIDATION, "There is no profile '%.*s' in %s or %s", BYTES_ARG(quoted),
                           from->config_path, from->credentials_path);
    return STATOR_OK;
}

static enum stator_rc resolve(struct credentials *out, struct search *s, struct stator_error *err)
{
    if (!credentials_all_given(s->given))
        STATOR_TRY(read_profile(s, err));
    if (!s->given->no_keys)
        STATOR_TRY(find_keys(out, s, err));
    STATOR_TRY(find_region(out, s, err));
    return find_endpoints(out, s, err);
}

enum stator_rc credentials_resolve(struct credentials *out, const struct credentials_given *given,
                                   const struct credentials_sources *sources, struct stator_error *err)
{
    struct search search = {.given = given, .sources = sources};
    enum stator_rc rc;

    credentials_wipe(out);
    rc = resolve(out, &search, err);
    if (rc != STATOR_OK)
        credentials_wipe(out);
    return rc;
}

void credentials_wipe(struct credentials *credentials)
{
    sodium_memzero(credentials, sizeof(*credentials));
}
