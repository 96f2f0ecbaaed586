/* SPDX-License-Identifier: Apache-2.0 */
#include "config/descriptors.h"

#include <sys/resource.h>

#include "config/limits.h"

/* What a limit of `most` has no connections in. */
static uint64_t reserved(const struct config *config, uint64_t most)
{
    uint64_t tables = most / 4 < STORE_OPEN_FILES_MAX ? most / 4 : STORE_OPEN_FILES_MAX;
    uint64_t others = LIMIT_OTHER_DESCRIPTORS + LIMIT_SPARE_CONNECTIONS + LIMIT_LOOP_DESCRIPTORS * config->loops;

    return others + (config->data_dir != NULL ? LIMIT_STORE_DESCRIPTORS + tables : 0);
}

/* The store's part grows with the limit, but by a quarter of it at most. */
uint64_t descriptors_needed(const struct config *config, uint32_t connections)
{
    uint64_t most = 0;

    while (most < reserved(config, most) + connections)
        most = reserved(config, most) + connections;
    return most;
}

enum stator_rc descriptors_share(struct config *config, uint64_t most, struct stator_error *err)
{
    if (most >= descriptors_needed(config, config->max_connections))
        return STATOR_OK;
    if (config->max_connections_by != NULL)
        return stator_fail(err, STATOR_VALIDATION,
                           "%s: %u connections need a limit of %llu open files, and it is %llu: raise it (ulimit -n, "
                           "LimitNOFILE=, docker run --ulimit nofile=...) or ask for fewer",
                           config->max_connections_by, config->max_connections,
                           (unsigned long long)descriptors_needed(config, config->max_connections),
                           (unsigned long long)most);
    if (most < descriptors_needed(config, LIMIT_LEAST_CONNECTIONS))
        return stator_fail(err, STATOR_VALIDATION,
                           "the limit of open files is %llu, and a server with %u event loops needs %llu: raise it "
                           "(ulimit -n, LimitNOFILE=, docker run --ulimit nofile=...)",
                           (unsigned long long)most, config->loops,
                           (unsigned long long)descriptors_needed(config, LIMIT_LEAST_CONNECTIONS));
    config->max_connections = (uint32_t)(most - reserved(config, most));
    return STATOR_OK;
}

enum stator_rc descriptors_settle(struct config *config, struct stator_error *err)
{
    uint64_t wanted = descriptors_needed(config, config->max_connections);
    uint32_t asked = config->max_connections;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return STATOR_OK;
    if (limit.rlim_cur < wanted && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = wanted < limit.rlim_max ? wanted : limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
    STATOR_TRY(descriptors_share(config, limit.rlim_cur, err));
    if (config->max_connections != asked)
        LOG_LINE(LOG_LEVEL_WARN, "fewer connections than by default: the limit of open files is low",
                 LOG_NUMBER("max_connections", config->max_connections),
                 LOG_NUMBER("open_files", (int64_t)limit.rlim_cur));
    return STATOR_OK;
}
