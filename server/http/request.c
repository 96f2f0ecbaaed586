/* SPDX-License-Identifier: Apache-2.0 */
#include "http/request.h"

#include <stdlib.h>
#include <time.h>

/* The client has sent more, or is gone: no further until the answer is out, as h2o has it. */
static void on_early_input(h2o_socket_t *sock, const char *err)
{
    (void)err;
    h2o_socket_read_stop(sock);
}

/* The socket is read on, into another buffer: the views of the request stay where they are, and as h2o has just stopped
 * reading and will start when the answer is out, the system is not told of either (two calls of epoll_ctl). */
void request_read_on(struct request *request)
{
    h2o_socket_t *sock = request->req->conn->callbacks->get_socket(request->req->conn);
    const h2o_iovec_t *body = &request->req->entity;

    /* More lies behind this request already: read on, what a client sends ahead would grow without bound. */
    if (body->base + body->len != sock->input->bytes + sock->input->size)
        return;
    request->kept = sock->input;
    h2o_buffer_init(&sock->input, &h2o_socket_buffer_prototype);
    h2o_socket_read_start(sock, on_early_input);
}

/* What h2o knows and what came meanwhile, in one buffer; `kept` stays for the views into it. NULL without memory. */
static h2o_buffer_t *joined_input(const h2o_buffer_t *kept, const h2o_buffer_t *early)
{
    h2o_buffer_t *all;
    char *at;

    h2o_buffer_init(&all, &h2o_socket_buffer_prototype);
    at = h2o_buffer_reserve(&all, kept->size + early->size).base;
    if (at == NULL)
        return NULL;
    memcpy(at, kept->bytes, kept->size);
    memcpy(at + kept->size, early->bytes, early->size);
    all->size = kept->size + early->size;
    return all;
}

void request_read_no_more(struct request *request)
{
    h2o_socket_t *sock = request->req->conn->callbacks->get_socket(request->req->conn);
    h2o_buffer_t *early = sock->input, *all = NULL;

    if (request->kept == NULL)
        return;
    h2o_socket_read_stop(sock);
    if (early->size != 0)
        all = joined_input(request->kept, early);
    if (early->size != 0 && all == NULL) /* what came is lost, and so is the connection */
        request->req->http1_is_persistent = 0;
    sock->input = all != NULL ? all : request->kept;
    if (all == NULL)
        request->kept = NULL;
    h2o_buffer_dispose(&early);
}

/* h2o is done with the request: the anchor in its pool is released. */
static void on_dispose(void *anchor)
{
    struct request *request = *(struct request **)anchor;

    h2o_timeout_unlink(&request->write_entry);
    if (h2o_linklist_is_linked(&request->piece_link))
        h2o_linklist_unlink(&request->piece_link);
    connection_of(request->req)->request = NULL;
    connection_wait(connection_of(request->req));
    request->req = NULL;
    if (!request->away)
        request_give_back(request);
}

static struct request *new_request(struct loop *loop)
{
    const struct stator_allocator *memory = &loop->http->memory.allocator;
    struct request *request = h2o_mem_alloc(sizeof(*request));

    memset(request, 0, sizeof(*request));
    request->loop = loop;
    arena_init_with(&request->job.arena, JOB_ARENA_MAX, memory);
    arena_init(&request->job.notes, JOB_NOTES_MAX);
    buf_init_with(&request->job.answer, JOB_ANSWER_MAX, memory);
    buf_init_with(&request->inflated, LIMIT_BODY_BYTES + 1, memory);
    buf_init_with(&request->packed, JOB_ANSWER_MAX, memory);
    return request;
}

static void free_request(struct request *request)
{
    arena_deinit(&request->job.arena);
    arena_deinit(&request->job.notes);
    buf_deinit(&request->job.answer);
    buf_deinit(&request->inflated);
    buf_deinit(&request->packed);
    free(request);
}

static void send_back(struct job *job)
{
    job->next = NULL;
    loop_send_home(request_of_job(job)->loop, job);
}

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

struct request *request_take(struct loop *loop, h2o_req_t *req)
{
    struct request *request = loop->spare;
    struct request **anchor;

    if (request != NULL) {
        loop->spare = request->next;
        loop->spare_count--;
    } else {
        request = new_request(loop);
    }
    request->req = req;
    connection_work(connection_of(req));
    connection_of(req)->request = request;
    anchor = h2o_mem_alloc_shared(&req->pool, sizeof(struct request *), on_dispose);
    *anchor = request;

    request->job.state = JOB_DECODED;
    request->job.operation = OPERATION_NONE;
    request->job.body = bytes_of(req->entity.base, req->entity.len);
    request->job.host = bytes_of(req->input.authority.base, req->input.authority.len);
    request->job.send_back = send_back;
    request->job.owner = request;
    request->job.started_ns = now_ns();
    request_id_next(&loop->ids, request->job.request_id);
    return request;
}

void request_answer_beside_budget(struct request *request)
{
    buf_deinit(&request->job.answer);
    buf_init_with(&request->job.answer, JOB_ANSWER_MAX, &request->loop->http->operators.allocator);
}

/* The log tells of the table when its name's memory is gone. */
static void keep_table_name(struct request *request)
{
    struct job *job = &request->job;
    size_t len = job->table_name.len < sizeof(request->table_name) ? job->table_name.len : sizeof(request->table_name);

    if (len != 0)
        memmove(request->table_name, job->table_name.at, len);
    job->table_name = len != 0 ? bytes_of(request->table_name, len) : (struct bytes){0};
}

void request_forget_progress(struct request *request)
{
    keep_table_name(request);
    request->job.progress = NULL;
    request->job.output = NULL;
    arena_rewind(&request->job.arena, request->job.decoded);
}

void request_forget(struct request *request)
{
    struct job *job = &request->job;

    keep_table_name(request);
    job->input = NULL;
    job->output = NULL;
    job->body.at = NULL; /* its length is told by the log */
    buf_reset(&request->inflated);
    if (job->arena.used_bytes > REQUEST_KEPT_BYTES)
        arena_reset(&job->arena);
}

/* Clears what one request leaves behind; memory stays warm for the next. */
static void clean(struct request *request)
{
    struct job *job = &request->job;

    stator_assert(job->holds == NULL);
    if (request->kept != NULL)
        h2o_buffer_dispose(&request->kept);
    arena_reset(&job->arena);
    arena_reset(&job->notes);
    if (job->answer.allocator != job->arena.allocator) {
        buf_deinit(&job->answer);
        buf_init_with(&job->answer, JOB_ANSWER_MAX, job->arena.allocator);
    }
    buf_reset(&job->answer);
    buf_reset(&request->inflated);
    if (request->packed.len != 0 || request->packed.failed)
        buf_reset(&request->packed);
    job->access_key = job->region = (struct bytes){0};
    job->error_item = (struct item){0};
    job->error_reasons = job->error_text = job->error_throttling = (struct bytes){0};
    job->input = job->progress = NULL;
    job->output = NULL;
    job->on_worker = job->slow = job->as_service = job->encoded = job->repeats = false;
    job->latch = job->parkings = 0;
    job->use = (struct job_use){0};
    job->table_name = (struct bytes){0};
    job->rc = job->error.rc = STATOR_OK;
    job->error.message[0] = '\0';
    job->wait.epoch = 0;
    request->origin = request->content_type = request->x_amz_target = (struct bytes){0};
    request->amz_json = request->packing = request->unread = request->too_large = request->summed = false;
    request->accepted = request->encoding = request->packed_as = ENCODING_PLAIN;
    request->sync_rc = STATOR_OK;
    request->errand = ERRAND_NONE;
}

void request_give_back(struct request *request)
{
    struct loop *loop = request->loop;

    clean(request);
    if (loop->spare_count >= LIMIT_SPARE_REQUESTS || budget_is_short(&loop->http->memory)) {
        free_request(request);
        return;
    }
    request->next = loop->spare;
    loop->spare = request;
    loop->spare_count++;
}

void request_free_spare(struct loop *loop)
{
    while (loop->spare != NULL) {
        struct request *request = loop->spare;

        loop->spare = request->next;
        free_request(request);
    }
    loop->spare_count = 0;
}
