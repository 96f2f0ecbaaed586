/* SPDX-License-Identifier: Apache-2.0 */
/* credentials: keys, region and endpoints, found where the AWS SDKs look for them.
 *
 * In:     what the caller gives, then the environment, then the shared credentials file, then the config file. Each of
 *         keys, region and endpoints is taken from the first place that has it; keys never from two.
 * Out:    texts in the caller's struct, which ends with credentials_wipe(). What is nowhere is empty, and no error: some
 *         need no keys. Roles, programs (credential_process), single sign-on and metadata services are not supported;
 *         `why` names the one that was met.
 * Fails:  STATOR_VALIDATION with a text that names variable, file, profile or property, and never a value.
 * Thread: [any]; credentials_find() reads the environment, so nobody may change that meanwhile.
 *
 * The rules are botocore's, and where it stands alone, those of the other SDKs: AWS_REGION counts and comes before
 * AWS_DEFAULT_REGION, AWS_PROFILE before AWS_DEFAULT_PROFILE; an empty variable or property is none; a value ends at a
 * comment behind a blank; repeated sections and properties are no error; keys in a profile come before its
 * credential_process or sso_... (but after its role_arn).
 */
#ifndef CLIENT_CREDENTIALS_H
#define CLIENT_CREDENTIALS_H

#include "base/error.h"
#include "sign/sigv4.h"

#define CREDENTIALS_KEY_ID_MAX   128
#define CREDENTIALS_TOKEN_MAX    8192 /* AWS names no limit; what it gives has some hundred to two thousand */
#define CREDENTIALS_ENDPOINT_MAX 1024
#define CREDENTIALS_REGION_MAX   63 /* it becomes a part of a host's name */
#define CREDENTIALS_WHY_MAX      511
#define CREDENTIALS_FILE_MAX     (1024 * 1024) /* of each of the two files */

enum credentials_from {
    CREDENTIALS_NOWHERE,
    CREDENTIALS_GIVEN,
    CREDENTIALS_ENVIRONMENT,
    CREDENTIALS_FILE,   /* the shared credentials file */
    CREDENTIALS_CONFIG, /* the config file */
};

/* Texts end with NUL. */
struct credentials {
    char access_key_id[CREDENTIALS_KEY_ID_MAX + 1]; /* empty: no keys were found */
    char secret_access_key[SIGV4_SECRET_MAX + 1];
    char session_token[CREDENTIALS_TOKEN_MAX + 1];       /* empty: none */
    char region[CREDENTIALS_REGION_MAX + 1];             /* empty: none was found */
    char endpoint[CREDENTIALS_ENDPOINT_MAX + 1];         /* http:// or https://; empty: none was configured */
    char streams_endpoint[CREDENTIALS_ENDPOINT_MAX + 1]; /* the same for DynamoDB Streams */
    enum credentials_from from;                          /* where the keys are from */
    char why[CREDENTIALS_WHY_MAX + 1]; /* without keys: where they were looked for, or which unsupported way to them was
                                        * met, as a sentence for whoever needs keys */
};

/* What the caller gives; absent or empty is not given. */
struct credentials_given {
    struct bytes access_key_id, secret_access_key, session_token;
    struct bytes region;
    struct bytes endpoint, streams_endpoint; /* the latter is the former if that alone is given */
    struct bytes profile;                    /* given, it comes before keys in the environment */
    bool no_keys;                            /* they come from elsewhere: region and endpoints alone are looked for */
};

struct credentials_sources {
    const char *(*variable)(void *context, const char *name); /* as getenv */
    void *context;
    struct bytes credentials_file, config_file; /* their texts; absent: no such file */
    const char *credentials_path, *config_path; /* for messages */
};

/* Pure: reads nothing but its arguments. On failure *out is wiped. */
STATOR_MUST_CHECK enum stator_rc credentials_resolve(struct credentials *out, const struct credentials_given *given,
                                                     const struct credentials_sources *sources,
                                                     struct stator_error *err);

/* With keys (or no_keys), region and endpoint given there is nothing to look for: no profile is missed, no file read. */
bool credentials_all_given(const struct credentials_given *given);

/* The same with the process's environment and the files that AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE name, or
 * ~/.aws/credentials and ~/.aws/config. A file that is not there is no error; one that cannot be read is. */
STATOR_MUST_CHECK enum stator_rc credentials_find(struct credentials *out, const struct credentials_given *given,
                                                  struct stator_error *err);

void credentials_wipe(struct credentials *credentials);

#endif
