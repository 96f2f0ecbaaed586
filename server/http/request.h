/* SPDX-License-Identifier: Apache-2.0 */
/* request: an h2o request and its job, from the last byte of the body to the last byte of the answer. Private to http.
 *
 *      request_take -> endpoint: checks -> op_run -> answer -> h2o disposes of it -> request_give_back
 *                                            |  ^
 *                                            v  |
 *                                   away: on a worker, at the syncer
 *
 * It ends when both have happened: the job is at home, and h2o has disposed of the request: that may be inside the last
 * h2o_send, or long after it. h2o_req_t is touched on its loop only.
 */
#ifndef SERVER_HTTP_REQUEST_H
#define SERVER_HTTP_REQUEST_H

#include "http/compress.h"
#include "http/guard.h"
#include "http/loop.h"

/* What a job that is no operation's is away for: operator.c. */
enum errand { ERRAND_NONE, ERRAND_METRICS, ERRAND_STATUS, ERRAND_COMPACTION };

struct request {
    struct job job;
    struct loop *loop;
    h2o_req_t *req;       /* NULL once h2o has disposed of it */
    struct request *next; /* spare ones */
    bool away;

    /* Of the header; views into the request. */
    struct bytes origin, content_type, x_amz_target;
    bool amz_json;                    /* content type application/x-amz-json-1.0 */
    enum encoding accepted, encoding; /* of the answer, of the body */
    enum stator_rc identified;        /* who asks; else why that is not known, with the text in job.error */
    bool unread;                      /* the body has not been looked at */
    bool too_large;                   /* it is longer than a body may be, inflated */

    /* The answer on its way. */
    h2o_generator_t generator;
    struct bytes unsent;
    size_t sent;
    uint64_t sending_since_ns;
    h2o_timeout_entry_t write_entry;
    h2o_linklist_t piece_link; /* loop->pieces: its next piece may be sent */
    int status;
    bool summed; /* the checksum of job.answer is in `sum` */
    uint32_t sum;
    char crc[11];
    enum encoding packed_as; /* ENCODING_PLAIN: `packed` is empty */
    bool packing;            /* is with a worker only to be compressed */
    enum errand errand;
    enum stator_rc sync_rc;

    char table_name[255]; /* what job.table_name names once the arena is reset */
    struct buf inflated;  /* the body, where it came compressed */
    struct buf packed;    /* the answer compressed */
    h2o_buffer_t *kept;   /* the socket's input with the request, while away; its owner when more input came */
};

static inline struct request *request_of_job(struct job *job)
{
    return (struct request *)((char *)job - offsetof(struct request, job));
}

struct request *request_take(struct loop *loop, h2o_req_t *req);

/* The job leaves its loop, and is there again. */
static inline void request_leave(struct request *request)
{
    request->away = true;
    request->loop->away_count++;
}

static inline void request_come_back(struct request *request)
{
    request->away = false;
    request->loop->away_count--;
}

#define REQUEST_KEPT_BYTES ((size_t)16 * 1024)

/* For an operator, who is answered when the memory of requests is used up, too. Until request_give_back. */
void request_answer_beside_budget(struct request *request);

/* The answer is encoded: the memory of what it was made from goes back. [any] */
void request_forget(struct request *request);

/* Likewise of a job that `repeats`, whose request may be needed again. [any] */
void request_forget_progress(struct request *request);

/* For the time that the job waits or is worked on elsewhere: before it leaves and, unless h2o has disposed of the
 * request, when it is at home again. */
void request_read_on(struct request *request);
void request_read_no_more(struct request *request);

/* When the job is at home and req is NULL. */
void request_give_back(struct request *request);

/* Frees the loop's spare ones. */
void request_free_spare(struct loop *loop);

/* h2o's handler: checks the request in the service's order and has it answered. */
int endpoint_on_request(h2o_handler_t *handler, h2o_req_t *req);

/* The job is at home again: on with it. */
void endpoint_came_home(struct request *request);

/* Has these jobs (a list, all of one loop) wait for the sync that covers them. [any] */
void endpoint_await_sync(struct http *http, struct job *jobs);

/* A worker's part; struct http is the context. [worker] */
void endpoint_work(void *context, struct job *job);

/* Whether it is for what is under /_stator/; then operator_on_request answers it. */
bool operator_is_asked(const h2o_req_t *req);
struct guard_names operator_names(const struct http *http);
void operator_on_request(struct request *request);

/* Its thread's part; struct http is the context. [watcher] */
void operator_work(void *context, struct job *job);
void operator_came_home(struct request *request);

/* --- Answers ------------------------------------------------------------------------------------------------------ */

/* Sends the job's answer. */
void answer_job(struct request *request);

/* Compresses the answer when the client asked for it and it is large enough. [any] */
bool answer_wants_packing(const struct request *request);
void answer_pack(struct request *request);

/* Its checksum, of a long one: before the job goes home. [any] */
void answer_sum(struct request *request);

/* Sends the next piece of one answer, of those whose clients have taken the last. False: none waits. h2o may have to go on
 * at once with what came of it. */
bool answer_send_next(struct loop *loop);

/* body must be static. crc: with x-amz-crc32. */
void answer_fixed(struct request *request, int status, struct bytes content_type, struct bytes body, bool crc);

/* To an operator: the job's answer. Never with CORS headers. */
void answer_operator(struct request *request, int status, struct bytes content_type);

/* The request is over: counts it, and logs a slow one. */
void answer_count(struct request *request);

/* 413 as the service has it: chunked and empty. */
void answer_too_large(struct request *request);

/* OPTIONS with an Origin. */
void answer_preflight(struct request *request, struct bytes headers, struct bytes method);

/* The headers every answer has: the request id, and CORS where there is an Origin. */
void answer_add_common(h2o_req_t *req, struct bytes request_id, struct bytes origin);
void answer_add_header(h2o_req_t *req, const h2o_iovec_t *name, struct bytes value);
extern const h2o_iovec_t answer_content_type;

/* True of a response that answer_... started, not h2o itself. */
bool answer_is_ours(const h2o_req_t *req);

/* Registers the filter that mends h2o's own error responses. */
void refusal_register(h2o_pathconf_t *path);

/* The text of a status line. */
const char *answer_reason(int status);

struct bytes request_header(const h2o_req_t *req, const char *name);

#endif
