/* SPDX-License-Identifier: Apache-2.0 */
/* DescribeEndpoints: this server, as the client called it, so that one that asks for endpoints stays here. */
#include "op/engine.h"

#define CACHE_MINUTES 1440

enum stator_rc op_describe_endpoints(struct engine *engine, struct job *job)
{
    struct DescribeEndpointsResponse *out = ARENA_NEW(&job->arena, struct DescribeEndpointsResponse);
    struct Endpoint *endpoint = ARENA_NEW(&job->arena, struct Endpoint);

    (void)engine;
    if (out == NULL || endpoint == NULL)
        return stator_fail_memory(&job->error);
    endpoint->Address = bytes_present(job->host) ? job->host : BYTES("");
    endpoint->CachePeriodInMinutes = API_INTEGER(CACHE_MINUTES);
    out->Endpoints = (struct Endpoints)API_LIST(endpoint, 1);
    job->output = out;
    return STATOR_OK;
}
