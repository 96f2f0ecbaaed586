/* SPDX-License-Identifier: Apache-2.0 */
#include "profile.h"

#include "ini.h"

static enum stator_rc fail_line(const struct ini_reader *reader, const char *path, struct stator_error *err)
{
    return stator_fail(err, STATOR_VALIDATION,
                       "%s: line %zu is neither a [section] nor a property of one, name = value", path, reader->line);
}

/* "profile x" or "profile 'x y'": x, if the word before it is this one. A name of several words needs quotes. */
static bool section_name(struct bytes *out, struct bytes section, struct bytes word)
{
    struct bytes rest = bytes_of(section.at + word.len, section.len - word.len);
    uint8_t quote;

    if (!bytes_starts_with(section, word) || section.len == word.len || (rest.at[0] != ' ' && rest.at[0] != '\t'))
        return false;
    while (rest.len != 0 && (rest.at[0] == ' ' || rest.at[0] == '\t'))
        rest = bytes_of(rest.at + 1, rest.len - 1);
    quote = rest.len >= 2 ? rest.at[0] : 0;
    if ((quote == '"' || quote == '\'') && rest.at[rest.len - 1] == quote)
        rest = bytes_of(rest.at + 1, rest.len - 2);
    else if (rest.len != 0 && (memchr(rest.at, ' ', rest.len) != NULL || memchr(rest.at, '\t', rest.len) != NULL))
        return false;
    *out = rest;
    return true;
}

/* Ways to credentials that a profile can ask for, and that need programs or services that are not part of this. */
static const char *const others[] = {"source_profile",     "credential_source", "web_identity_token_file",
                                     "credential_process", "sso_session",       "sso_start_url",
                                     "sso_account_id",     "sso_role_name",     "login_session"};

static void take(struct profile *out, struct bytes name, struct bytes value)
{
    const struct {
        const char *name;
        struct bytes *to;
    } members[] = {{"aws_access_key_id", &out->access_key_id},
                   {"aws_secret_access_key", &out->secret_access_key},
                   {"aws_session_token", &out->session_token},
                   {"region", &out->region},
                   {"endpoint_url", &out->endpoint_url},
                   {"services", &out->services},
                   {"ignore_configured_endpoint_urls", &out->ignore_endpoints},
                   {"role_arn", &out->role_arn}};

    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
        if (ini_is(name, members[i].name))
            *members[i].to = value;
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (value.len != 0 && ini_is(name, others[i]))
            out->other = others[i];
}

/* Whether the profile is in this section. *prefixed says whether "[profile default]" has been met. */
static bool is_ours(struct profile *out, bool *prefixed, struct bytes section, struct bytes name,
                    enum profile_file file)
{
    struct bytes found;

    if (file == PROFILE_CREDENTIALS)
        return bytes_equal(section, name);
    if (section_name(&found, section, BYTES("profile"))) {
        if (!bytes_equal(found, name))
            return false;
        if (!*prefixed)
            *out = (struct profile){0}; /* what "[default]" said */
        *prefixed = true;
        return true;
    }
    return !*prefixed && bytes_equal_string(section, "default") && bytes_equal_string(name, "default");
}

enum stator_rc profile_read(struct profile *out, struct bytes name, enum profile_file file, struct bytes text,
                            const char *path, struct stator_error *err)
{
    struct ini_reader reader;
    bool ours = false, prefixed = false;

    *out = (struct profile){0};
    ini_reader_init(&reader, text);
    for (;;) {
        switch (ini_next(&reader)) {
        case INI_SECTION:
            ours = is_ours(out, &prefixed, reader.name, name, file);
            out->found |= ours;
            break;
        case INI_PROPERTY:
            if (ours)
                take(out, reader.name, reader.value);
            break;
        case INI_NESTED:
            break;
        case INI_END:
            return STATOR_OK;
        case INI_BAD:
            return fail_line(&reader, path, err);
        }
    }
}

enum stator_rc profile_services_read(struct profile_services *out, struct bytes name, struct bytes text,
                                     const char *path, struct stator_error *err)
{
    struct ini_reader reader;
    struct bytes found;
    bool ours = false;

    *out = (struct profile_services){0};
    ini_reader_init(&reader, text);
    for (;;) {
        switch (ini_next(&reader)) {
        case INI_SECTION:
            ours = section_name(&found, reader.name, BYTES("services")) && bytes_equal(found, name);
            out->found |= ours;
            break;
        case INI_NESTED:
            if (ours && ini_is(reader.name, "endpoint_url") && ini_is(reader.parent, "dynamodb"))
                out->dynamodb = reader.value;
            else if (ours && ini_is(reader.name, "endpoint_url") && ini_is(reader.parent, "dynamodb_streams"))
                out->streams = reader.value;
            break;
        case INI_PROPERTY:
            break;
        case INI_END:
            return STATOR_OK;
        case INI_BAD:
            return fail_line(&reader, path, err);
        }
    }
}
