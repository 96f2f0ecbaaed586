/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "credentials.h"
#include "json/reader.h"

#define VARIABLES_MAX 8
#define SECRETS       "SECRETSECRET" /* is never in a message */

struct variable {
    const char *name, *value;
};

static const char *look_up(void *context, const char *name)
{
    const struct variable *variables = context;

    for (size_t i = 0; i < VARIABLES_MAX && variables[i].name != NULL; i++)
        if (strcmp(variables[i].name, name) == 0)
            return variables[i].value;
    return NULL;
}

static struct bytes text_of(const char *text)
{
    return text != NULL ? bytes_of_string(text) : bytes_of(NULL, 0);
}

static enum stator_rc resolve(struct credentials *out, const struct credentials_given *given,
                              const struct variable *variables, const char *config, const char *credentials,
                              struct stator_error *err)
{
    static const struct variable none[1];
    const struct credentials_sources sources = {.variable = look_up,
                                                .context = (void *)(variables != NULL ? variables : none),
                                                .credentials_file = text_of(credentials),
                                                .config_file = text_of(config),
                                                .credentials_path = "/h/credentials",
                                                .config_path = "/h/config"};

    memset(out, 'x', sizeof(*out));
    memset(err, 0, sizeof(*err));
    return credentials_resolve(out, given, &sources, err);
}

/* --- What botocore finds ------------------------------------------------------------------------------------------ */

struct vector {
    struct variable variables[VARIABLES_MAX];
    size_t variables_count;
    const char *name, *config, *credentials;
    const char *access_key_id, *secret_access_key, *session_token, *from, *region, *endpoint, *streams_endpoint;
    const char *refused;
};

static char *copy_text(struct arena *arena, struct bytes text)
{
    char *copy = arena_alloc(arena, text.len + 1);

    assert_non_null(copy);
    memcpy(copy, text.at, text.len);
    copy[text.len] = '\0';
    return copy;
}

static void set(struct vector *vector, const char *name, const char *value)
{
    const struct {
        const char *name;
        const char **to;
    } members[] = {{"name", &vector->name},
                   {"config", &vector->config},
                   {"credentials", &vector->credentials},
                   {"access_key_id", &vector->access_key_id},
                   {"secret_access_key", &vector->secret_access_key},
                   {"session_token", &vector->session_token},
                   {"from", &vector->from},
                   {"region", &vector->region},
                   {"endpoint", &vector->endpoint},
                   {"streams_endpoint", &vector->streams_endpoint},
                   {"refused", &vector->refused}};

    for (size_t i = 0; i < COUNT_OF(members); i++)
        if (strcmp(name, members[i].name) == 0) {
            *members[i].to = value;
            return;
        }
    fail_msg("%s is no member", name);
}

/* The reader is behind the '{' of a case. */
static void read_vector(struct vector *vector, struct json_reader *reader, struct arena *arena)
{
    enum json_token token;
    bool in_environment = false;
    const char *name = NULL;

    *vector = (struct vector){0};
    while ((token = json_next(reader)) != JSON_OBJECT_END || in_environment) {
        if (token == JSON_OBJECT_END || token == JSON_OBJECT_BEGIN) {
            in_environment = token == JSON_OBJECT_BEGIN;
        } else if (token == JSON_KEY) {
            name = copy_text(arena, reader->text);
        } else if (in_environment) {
            assert_int_equal(token, JSON_STRING);
            assert_true(vector->variables_count < VARIABLES_MAX);
            vector->variables[vector->variables_count++] = (struct variable){name, copy_text(arena, reader->text)};
        } else {
            assert_int_equal(token, JSON_STRING);
            set(vector, name, copy_text(arena, reader->text));
        }
    }
}

static const char *method_of(enum credentials_from from)
{
    switch (from) {
    case CREDENTIALS_ENVIRONMENT:
        return "env";
    case CREDENTIALS_FILE:
        return "shared-credentials-file";
    case CREDENTIALS_CONFIG:
        return "config-file";
    case CREDENTIALS_GIVEN:
    case CREDENTIALS_NOWHERE:
        break;
    }
    return "";
}

static void check_vector(const struct vector *vector)
{
    static const struct credentials_given nothing;
    struct credentials found;
    struct stator_error err;
    enum stator_rc rc = resolve(&found, &nothing, vector->variables, vector->config, vector->credentials, &err);

    if ((rc == STATOR_OK) != (vector->refused == NULL))
        fail_msg("%s: refused: %s, not: %s", vector->name, err.message, vector->refused);
    if (rc != STATOR_OK) {
        assert_int_equal(rc, STATOR_VALIDATION);
        assert_int_not_equal(err.message[0], '\0');
        return;
    }
    print_message("%s\n", vector->name);
    assert_string_equal(found.access_key_id, vector->access_key_id);
    assert_string_equal(found.secret_access_key, vector->secret_access_key);
    assert_string_equal(found.session_token, vector->session_token);
    assert_string_equal(method_of(found.from), vector->from);
    assert_string_equal(found.region, vector->region);
    assert_string_equal(found.endpoint, vector->endpoint);
    assert_string_equal(found.streams_endpoint, vector->streams_endpoint);
    assert_int_equal(found.why[0] == '\0', found.access_key_id[0] != '\0');
    credentials_wipe(&found);
}

static void vectors(void **state)
{
    enum { TEXT_MAX = 1 << 20 };
    char *text = malloc(TEXT_MAX);
    FILE *file = fopen(VECTORS, "rb");
    struct json_reader reader;
    struct arena arena;
    size_t len, count = 0;

    (void)state;
    assert_true(text != NULL && file != NULL);
    len = fread(text, 1, TEXT_MAX, file);
    assert_true(len < TEXT_MAX);
    fclose(file);
    arena_init(&arena, 16 << 20);
    json_reader_init(&reader, bytes_of(text, len), &arena);
    assert_int_equal(json_next(&reader), JSON_ARRAY_BEGIN);
    while (json_next(&reader) == JSON_OBJECT_BEGIN) {
        struct vector vector;

        read_vector(&vector, &reader, &arena);
        check_vector(&vector);
        count++;
    }
    assert_int_equal(json_next(&reader), JSON_END);
    assert_true(count > 70);
    arena_deinit(&arena);
    free(text);
}

/* --- What the caller gives, and what is not as botocore has it ---------------------------------------------------- */

#define KEYS "aws_access_key_id = AKIDFILE\naws_secret_access_key = " SECRETS "\n"
#define ENVIRONMENT                                                                                                    \
    {"AWS_ACCESS_KEY_ID", "AKIDENV"},                                                                                  \
    {                                                                                                                  \
        "AWS_SECRET_ACCESS_KEY", SECRETS                                                                               \
    }

static const struct {
    struct credentials_given given;
    struct variable variables[VARIABLES_MAX];
    const char *config, *credentials;
    const char *access_key_id, *region, *endpoint, *streams_endpoint;
    enum credentials_from from;
} found_cases[] = {
    /* given */
    {.given = {.access_key_id = BYTES("AKID"), .secret_access_key = BYTES("s")},
     .variables = {ENVIRONMENT, {"AWS_REGION", "eu-west-1"}},
     .access_key_id = "AKID",
     .region = "eu-west-1",
     .from = CREDENTIALS_GIVEN},
    {.given = {.region = BYTES("moon-1"), .endpoint = BYTES("http://x:8000")},
     .variables = {ENVIRONMENT, {"AWS_REGION", "eu-west-1"}, {"AWS_ENDPOINT_URL", "http://y"}},
     .access_key_id = "AKIDENV",
     .region = "moon-1",
     .endpoint = "http://x:8000",
     .streams_endpoint = "http://x:8000",
     .from = CREDENTIALS_ENVIRONMENT},
    {.given = {.endpoint = BYTES("https://x"), .streams_endpoint = BYTES("http://s")},
     .variables = {{"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "true"}},
     .endpoint = "https://x",
     .streams_endpoint = "http://s"},
    {.given = {.streams_endpoint = BYTES("http://s")},
     .variables = {{"AWS_ENDPOINT_URL", "http://y"}},
     .endpoint = "http://y",
     .streams_endpoint = "http://s"},

    /* a profile that is given comes before keys in the environment, and one named there does not */
    {.given = {.profile = BYTES("b")},
     .variables = {ENVIRONMENT, {"AWS_PROFILE", "c"}},
     .credentials = "[b]\n" KEYS,
     .access_key_id = "AKIDFILE",
     .from = CREDENTIALS_FILE},
    {.variables = {ENVIRONMENT, {"AWS_PROFILE", "b"}},
     .credentials = "[b]\n" KEYS,
     .access_key_id = "AKIDENV",
     .from = CREDENTIALS_ENVIRONMENT},

    /* with all of it given no profile is looked for, not even one that is nowhere */
    {.given = {.access_key_id = BYTES("AK/ID"),
               .secret_access_key = BYTES("s"),
               .region = BYTES("local"),
               .endpoint = BYTES("http://x")},
     .variables = {{"AWS_PROFILE", "gone"}},
     .config = "no section",
     .access_key_id = "AK/ID",
     .region = "local",
     .endpoint = "http://x",
     .streams_endpoint = "http://x",
     .from = CREDENTIALS_GIVEN},
    {.given = {.no_keys = true, .region = BYTES("local"), .endpoint = BYTES("http://x")},
     .variables = {{"AWS_PROFILE", "gone"}},
     .region = "local",
     .endpoint = "http://x",
     .streams_endpoint = "http://x"},
    {.given = {.no_keys = true},
     .variables = {{"AWS_ACCESS_KEY_ID", "half"}},
     .config = "[default]\nregion = eu-west-1\nrole_arn = x\n",
     .region = "eu-west-1"},

    /* the other SDKs' names and order */
    {.variables = {{"AWS_REGION", "eu-west-1"}, {"AWS_DEFAULT_REGION", "eu-west-2"}}, .region = "eu-west-1"},
    {.variables = {{"AWS_REGION", ""}, {"AWS_DEFAULT_REGION", "eu-west-2"}}, .region = "eu-west-2"},
    {.variables = {{"AWS_PROFILE", "b"}, {"AWS_DEFAULT_PROFILE", "c"}},
     .config = "[profile b]\nregion = eu-west-1\n[profile c]\nregion = eu-west-2\n",
     .region = "eu-west-1"},
    {.variables = {{"AWS_PROFILE", ""}}, .config = "[default]\nregion = eu-west-1\n", .region = "eu-west-1"},

    /* lenient where botocore refuses, as the others are */
    {.config = "\xEF\xBB\xBF[default]\nregion = eu-west-1\n", .region = "eu-west-1"},
    {.config = "[default]\nregion = eu-west-1 # Ireland\nendpoint_url = http://x/#y ; z\n",
     .region = "eu-west-1",
     .endpoint = "http://x/#y",
     .streams_endpoint = "http://x/#y"},
    {.config = "[default]\nregion = a\nregion = b\n[default]\nregion = c\n", .region = "c"},
    {.config = "[profile default]\nregion = eu-west-1\n[default]\nregion = eu-west-2\nendpoint_url = http://x\n",
     .region = "eu-west-1"},
    {.config = "[default]\nregion =\n", .credentials = "[default]\naws_access_key_id =\n"},
    {.config = "[default]\ncredential_process = x\n",
     .credentials = "[default]\n" KEYS,
     .access_key_id = "AKIDFILE",
     .from = CREDENTIALS_FILE},
};

static const char *or_empty(const char *text)
{
    return text != NULL ? text : "";
}

static void found(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(found_cases); i++) {
        struct credentials out;
        struct stator_error err;

        if (resolve(&out, &found_cases[i].given, found_cases[i].variables, found_cases[i].config,
                    found_cases[i].credentials, &err) != STATOR_OK)
            fail_msg("case %zu: %s", i, err.message);
        print_message("case %zu\n", i);
        assert_string_equal(out.access_key_id, or_empty(found_cases[i].access_key_id));
        assert_string_equal(out.region, or_empty(found_cases[i].region));
        assert_string_equal(out.endpoint, or_empty(found_cases[i].endpoint));
        assert_string_equal(out.streams_endpoint, or_empty(found_cases[i].streams_endpoint));
        assert_int_equal(out.from, found_cases[i].from);
    }
}

/* --- Why there are none ------------------------------------------------------------------------------------------- */

#define UNSUPPORTED(name)                                                                                              \
    "There are no credentials: profile 'default' gets them by " name                                                   \
    ", which is not supported; AWS_ACCESS_KEY_ID and "                                                                 \
    "AWS_SECRET_ACCESS_KEY, or aws_access_key_id and aws_secret_access_key of a profile, are"
#define UNSUPPORTED_VARIABLE(name)                                                                                     \
    "There are no credentials: " name " is set, which is not supported; AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY "  \
    "are"

static void missing(void **state)
{
    static const struct {
        struct variable variables[VARIABLES_MAX];
        const char *config, *credentials, *why;
    } cases[] = {
        {{{0}},
         NULL,
         NULL,
         "There are no credentials: AWS_ACCESS_KEY_ID is not set, and profile 'default' has no aws_access_key_id in "
         "the "
         "shared credentials and config files"},
        {{{"AWS_PROFILE", "b"}},
         "[profile b]\n",
         NULL,
         "There are no credentials: AWS_ACCESS_KEY_ID is not set, and profile 'b' has no aws_access_key_id in the "
         "shared credentials and config files"},
        {{{0}}, "[default]\nsource_profile = b\n[profile b]\n" KEYS, NULL, UNSUPPORTED("source_profile")},
        {{{0}}, "[default]\ncredential_process = x\n", NULL, UNSUPPORTED("credential_process")},
        {{{0}}, "[default]\nsso_session = x\n", NULL, UNSUPPORTED("sso_session")},
        {{{0}}, "[default]\nSSO_START_URL = x\n", NULL, UNSUPPORTED("sso_start_url")},
        {{{0}}, "[default]\nlogin_session = x\n", NULL, UNSUPPORTED("login_session")},
        {{{0}}, NULL, "[default]\nweb_identity_token_file = x\n", UNSUPPORTED("web_identity_token_file")},
        {{{0}}, "[default]\nrole_arn = x\nsource_profile = default\n", "[default]\n" KEYS, UNSUPPORTED("role_arn")},
        {{{"AWS_WEB_IDENTITY_TOKEN_FILE", "/x"}}, NULL, NULL, UNSUPPORTED_VARIABLE("AWS_WEB_IDENTITY_TOKEN_FILE")},
        {{{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "x"}},
         NULL,
         NULL,
         UNSUPPORTED_VARIABLE("AWS_CONTAINER_CREDENTIALS_FULL_URI")},
        {{{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "x"}},
         NULL,
         NULL,
         UNSUPPORTED_VARIABLE("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")},
    };
    static const struct credentials_given nothing;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct credentials out;
        struct stator_error err;

        assert_int_equal(resolve(&out, &nothing, cases[i].variables, cases[i].config, cases[i].credentials, &err),
                         STATOR_OK);
        assert_string_equal(out.why, cases[i].why);
        assert_string_equal(out.access_key_id, "");
        assert_string_equal(out.secret_access_key, "");
        assert_int_equal(out.from, CREDENTIALS_NOWHERE);
    }
}

/* --- Refusals ----------------------------------------------------------------------------------------------------- */

static char long_text[CREDENTIALS_TOKEN_MAX + 2]; /* filled by main */
static char long_profile[201];

#define NO_LINE " is neither a [section] nor a property of one, name = value"

static const struct {
    struct credentials_given given;
    struct variable variables[VARIABLES_MAX];
    const char *config, *credentials, *message;
} refused_cases[] = {
    /* a half pair */
    {.given = {.access_key_id = BYTES("AKID")},
     .message = "The secret access key is missing; there is an access key id without it"},
    {.given = {.secret_access_key = BYTES(SECRETS)},
     .message = "There is a secret access key without an access key id"},
    {.variables = {{"AWS_ACCESS_KEY_ID", "AKID"}},
     .message = "AWS_SECRET_ACCESS_KEY is missing; there is an access key id without it"},
    {.credentials = "[default]\naws_access_key_id = AKID\n",
     .config = "[default]\n" KEYS,
     .message =
         "/h/credentials: aws_secret_access_key of profile 'default' is missing; there is an access key id without "
         "it"},

    /* what no header can carry */
    {.variables = {{"AWS_ACCESS_KEY_ID", "AK ID"}, {"AWS_SECRET_ACCESS_KEY", SECRETS}},
     .message = "AWS_ACCESS_KEY_ID is not an access key id"},
    {.variables = {{"AWS_ACCESS_KEY_ID", "AK,ID"}, {"AWS_SECRET_ACCESS_KEY", SECRETS}},
     .message = "AWS_ACCESS_KEY_ID is not an access key id"},
    {.variables = {{"AWS_ACCESS_KEY_ID", "AKID"}, {"AWS_SECRET_ACCESS_KEY", SECRETS "\n"}},
     .message = "AWS_SECRET_ACCESS_KEY is not a secret access key"},
    {.variables = {ENVIRONMENT, {"AWS_SESSION_TOKEN", SECRETS "\r\nX-Other: y"}},
     .message = "AWS_SESSION_TOKEN is not a session token"},
    {.variables = {ENVIRONMENT, {"AWS_SESSION_TOKEN", long_text}},
     .message = "AWS_SESSION_TOKEN is longer than 8192 bytes"},
    {.given = {.access_key_id = BYTES("AKID"), .secret_access_key = BYTES(SECRETS), .session_token = BYTES("a b")},
     .message = "The session token is not a session token"},
    {.config = "[profile b]\naws_access_key_id = AKID\naws_secret_access_key = " SECRETS "\n  " SECRETS "\n",
     .variables = {{"AWS_PROFILE", "b"}},
     .message = "/h/config: aws_secret_access_key of profile 'b' is not a secret access key"},

    /* regions and endpoints */
    {.given = {.region = BYTES("-x")}, .message = "The region is not a region's name"},
    {.variables = {{"AWS_REGION", "a.b"}}, .message = "AWS_REGION is not a region's name"},
    {.variables = {{"AWS_DEFAULT_REGION", "us-east-1 "}}, .message = "AWS_DEFAULT_REGION is not a region's name"},
    {.config = "[default]\nregion = a/b\n", .message = "/h/config: region of profile 'default' is not a region's name"},
    {.config = "[default]\nregion = eu-west-1\n",
     .credentials = "[default]\nregion = a/b\n",
     .message = "/h/credentials: region of profile 'default' is not a region's name"},
    {.variables = {{"AWS_REGION", "a123456789012345678901234567890123456789012345678901234567890123"}},
     .message = "AWS_REGION is longer than 63 bytes"},
    {.given = {.endpoint = BYTES("localhost:8000")},
     .message = "The endpoint is not a URL that begins with http:// or https://"},
    {.variables = {{"AWS_ENDPOINT_URL", "ftp://x"}},
     .message = "AWS_ENDPOINT_URL is not a URL that begins with http:// or https://"},
    {.variables = {{"AWS_ENDPOINT_URL_DYNAMODB", "http://"}},
     .message = "AWS_ENDPOINT_URL_DYNAMODB is not a URL that begins with http:// or https://"},
    {.variables = {{"AWS_ENDPOINT_URL_DYNAMODB_STREAMS", "http:///x"}},
     .message = "AWS_ENDPOINT_URL_DYNAMODB_STREAMS is not a URL that begins with http:// or https://"},
    {.config = "[default]\nendpoint_url = http://a b\n",
     .message = "/h/config: endpoint_url of profile 'default' is not a URL that begins with http:// or https://"},
    {.config = "[default]\nservices = s\n[services s]\ndynamodb =\n endpoint_url = x\n",
     .credentials = "[default]\nendpoint_url = http://x\n",
     .message = "/h/config: endpoint_url of profile 'default' is not a URL that begins with http:// or https://"},
    {.config = "[default]\nservices = s\n",
     .message = "/h/config: there is no [services s], which profile 'default' refers to"},
    {.credentials = "[default]\nservices = s\n",
     .message = "/h/config: there is no [services s], which profile 'default' refers to"},

    /* profiles */
    {.given = {.profile = BYTES("b")},
     .config = "[default]\n",
     .message = "There is no profile 'b' in /h/config or /h/credentials"},
    {.variables = {ENVIRONMENT, {"AWS_PROFILE", "default"}},
     .message = "There is no profile 'default' in /h/config or /h/credentials"},
    {.variables = {{"AWS_PROFILE", long_profile}},
     .message = "There is no profile '...' in /h/config or /h/credentials"},
    {.variables = {{"AWS_PROFILE", "\xff"}}, .message = "There is no profile '...' in /h/config or /h/credentials"},

    /* files */
    {.config = SECRETS "\n", .message = "/h/config: line 1" NO_LINE},
    {.config = "[default]\n\n\n" SECRETS "\n", .message = "/h/config: line 4" NO_LINE},
    {.credentials = "[default]\r\n= " SECRETS, .message = "/h/credentials: line 2" NO_LINE},
    {.credentials = "[" SECRETS, .message = "/h/credentials: line 1" NO_LINE},
};

static void refused(void **state)
{
    static const struct credentials none;

    (void)state;
    for (size_t i = 0; i < COUNT_OF(refused_cases); i++) {
        struct credentials out;
        struct stator_error err;

        assert_int_equal(resolve(&out, &refused_cases[i].given, refused_cases[i].variables, refused_cases[i].config,
                                 refused_cases[i].credentials, &err),
                         STATOR_VALIDATION);
        assert_string_equal(err.message, refused_cases[i].message);
        assert_null(strstr(err.message, SECRETS));
        assert_memory_equal(&out, &none, sizeof(out));
    }
}

/* --- The real environment and files ------------------------------------------------------------------------------- */

/* A home directory of its own, and an environment without anything of AWS. */
static int set_up(void **state)
{
    static char folder[64];

    strcpy(folder, "/tmp/stator-credentials-XXXXXX");
    if (mkdtemp(folder) == NULL)
        return -1;
    clearenv();
    setenv("HOME", folder, 1);
    *state = folder;
    return 0;
}

static int tear_down(void **state)
{
    char path[256];
    static const char *const names[] = {".aws/config", ".aws/credentials", "elsewhere", ".aws", ""};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", (const char *)*state, names[i]);
        remove(path);
    }
    return 0;
}

static void write_file(const char *home, const char *name, const char *text, size_t len)
{
    char path[256];
    FILE *file;

    snprintf(path, sizeof(path), "%s/.aws", home);
    mkdir(path, 0700);
    snprintf(path, sizeof(path), "%s/%s", home, name);
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void write_text(const char *home, const char *name, const char *text)
{
    write_file(home, name, text, strlen(text));
}

static enum stator_rc find(struct credentials *out, struct stator_error *err)
{
    static const struct credentials_given nothing;

    memset(err, 0, sizeof(*err));
    return credentials_find(out, &nothing, err);
}

static void assert_found(const char *access_key_id, const char *region)
{
    struct credentials out;
    struct stator_error err;

    if (find(&out, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    assert_string_equal(out.access_key_id, access_key_id);
    assert_string_equal(out.region, region);
    credentials_wipe(&out);
}

static void assert_refused(const char *home, const char *name, const char *why)
{
    struct credentials out;
    struct stator_error err;
    char message[512];

    snprintf(message, sizeof(message), "%s/%s cannot be read: %s", home, name, why);
    assert_int_equal(find(&out, &err), STATOR_VALIDATION);
    assert_string_equal(err.message, message);
}

static void real_files(void **state)
{
    const char *home = *state;

    assert_found("", "");
    write_text(home, ".aws/config", "[default]\nregion = eu-west-1\n");
    assert_found("", "eu-west-1");
    write_text(home, ".aws/credentials", "[default]\n" KEYS);
    assert_found("AKIDFILE", "eu-west-1");
    write_text(home, ".aws/config", "");
    assert_found("AKIDFILE", "");
    setenv("AWS_ACCESS_KEY_ID", "AKIDENV", 1);
    setenv("AWS_SECRET_ACCESS_KEY", "s", 1);
    assert_found("AKIDENV", "");
}

static void other_files(void **state)
{
    const char *home = *state;
    char path[256];

    write_text(home, ".aws/config", "[default]\nregion = eu-west-1\n");
    write_text(home, "elsewhere", "[default]\nregion = eu-west-2\n" KEYS);
    setenv("AWS_SHARED_CREDENTIALS_FILE", "~/elsewhere", 1);
    assert_found("AKIDFILE", "eu-west-2");
    setenv("AWS_SHARED_CREDENTIALS_FILE", "", 1);
    snprintf(path, sizeof(path), "%s/elsewhere", home);
    write_text(home, "elsewhere", "[default]\nregion = eu-west-3\n");
    setenv("AWS_CONFIG_FILE", path, 1);
    assert_found("", "eu-west-3");
    setenv("AWS_CONFIG_FILE", "/dev/null", 1);
    assert_found("", "");
    setenv("AWS_CONFIG_FILE", "/nowhere/config", 1);
    assert_found("", "");
    setenv("AWS_CONFIG_FILE", "~/.aws/config/x", 1);
    assert_found("", "");
    unsetenv("AWS_CONFIG_FILE");
    assert_found("", "eu-west-1");
}

static void unreadable_files(void **state)
{
    const struct credentials_given given = {.no_keys = true, .region = BYTES("local"), .endpoint = BYTES("http://x")};
    struct credentials out;
    const char *home = *state;
    char path[256];

    write_text(home, "elsewhere", "");
    setenv("AWS_CONFIG_FILE", "~/.aws", 1);
    assert_refused(home, ".aws", "it is a directory");
    unsetenv("AWS_CONFIG_FILE");
    snprintf(path, sizeof(path), "%s/.aws/credentials", home);
    assert_int_equal(symlink(path, path), 0);
    assert_refused(home, ".aws/credentials", strerror(ELOOP));
    assert_int_equal(credentials_find(&out, &given, NULL), STATOR_OK); /* it is not even looked at */
}

/* As large as it may be, and a byte more. */
static void large_files(void **state)
{
    static const char end[] = "\n[default]\nregion = eu-west-1\n";
    char *text = malloc(CREDENTIALS_FILE_MAX + 1);

    assert_non_null(text);
    memset(text, '#', CREDENTIALS_FILE_MAX + 1);
    memcpy(text + CREDENTIALS_FILE_MAX - strlen(end), end, strlen(end));
    write_file(*state, ".aws/config", text, CREDENTIALS_FILE_MAX);
    assert_found("", "eu-west-1");
    write_file(*state, ".aws/config", text, CREDENTIALS_FILE_MAX + 1);
    assert_refused(*state, ".aws/config", "it is larger than 1 MiB");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors),
        cmocka_unit_test(found),
        cmocka_unit_test(missing),
        cmocka_unit_test(refused),
        cmocka_unit_test_setup_teardown(real_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(other_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(unreadable_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(large_files, set_up, tear_down),
    };

    memset(long_text, 't', sizeof(long_text) - 1);
    memset(long_profile, 'p', sizeof(long_profile) - 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
