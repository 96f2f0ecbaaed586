/* SPDX-License-Identifier: Apache-2.0 */
/* refusal: h2o refuses some requests before we see them: what is no HTTP or can be read in two ways, a body announced too
 * large, broken chunks, an unknown expectation. Its text/plain answer is replaced on the way out by the service's, and
 * since the client may still be sending, the connection is not closed at once (a reset would take the answer with it): we
 * read on and throw away.
 */
#include "http/request.h"
#include "watch/log.h"

struct refusal {
    h2o_ostream_t super;
    h2o_timeout_entry_t linger_entry;
    h2o_req_t *req;
    size_t thrown_away;
    bool sent;
    struct bytes body;
    char request_id[REQUEST_ID_LEN + 1];
};

static const h2o_iovec_t transfer_encoding = {(char *)"Transfer-Encoding", 17};

#define BAD_REQUEST                                                                                                    \
    "{\"__type\":\"com.amazon.coral.service#SerializationException\",\"Message\":\"The HTTP request is malformed\"}"
#define BAD_EXPECTATION                                                                                                \
    "{\"__type\":\"com.amazon.coral.service#SerializationException\",\"Message\":\"Only the expectation 100-continue " \
    "is understood\"}"
#define NO_MEMORY                                                                                                      \
    "{\"__type\":\"com.amazon.coral.availability#ThrottlingException\",\"message\":\"" OP_NO_MEMORY_TEXT "\"}"
#define TOO_LARGE /* for HTTP/1.0, which has no chunks */                                                              \
    "{\"__type\":\"com.amazon.coral.service#SerializationException\",\"Message\":\"The request has more than 16 "      \
    "MiB\"}"

static h2o_socket_t *socket_of(struct refusal *refusal)
{
    return refusal->req->conn->callbacks->get_socket(refusal->req->conn);
}

/* The end: h2o closes the connection, and disposes of the request and so of refusal. */
static void finish(struct refusal *refusal)
{
    h2o_req_t *req = refusal->req;

    h2o_timeout_unlink(&refusal->linger_entry);
    connection_of(req)->lingering = NULL;
    h2o_socket_read_stop(socket_of(refusal));
    h2o_ostream_send_next(&refusal->super, req, NULL, 0, H2O_SEND_STATE_FINAL);
}

static void on_linger_timeout(h2o_timeout_entry_t *entry)
{
    finish(H2O_STRUCT_FROM_MEMBER(struct refusal, linger_entry, entry));
}

static void on_linger_read(h2o_socket_t *sock, const char *err)
{
    struct connection *connection = sock->on_close.data;
    struct refusal *refusal = connection->lingering;

    refusal->thrown_away += sock->input->size;
    h2o_buffer_consume(&sock->input, sock->input->size);
    if ((err != NULL && err != h2o_socket_error_out_of_memory) || refusal->thrown_away > LIMIT_LINGER_BYTES)
        finish(refusal);
}

static void start_linger(struct refusal *refusal)
{
    struct connection *connection = connection_of(refusal->req);
    struct loop *loop = connection->loop;
    h2o_socket_t *sock = socket_of(refusal);

    connection->lingering = refusal;
    refusal->linger_entry.cb = on_linger_timeout;
    h2o_timeout_link(loop->evloop, &loop->linger_timeout, &refusal->linger_entry);
    h2o_buffer_consume(&sock->input, sock->input->size); /* its memory is for others */
    shutdown(h2o_socket_get_fd(sock), SHUT_WR);
    h2o_socket_read_start(sock, on_linger_read);
}

/* First h2o's text, in whose place ours goes; then, when that is written, nothing. */
static void do_send(h2o_ostream_t *self, h2o_req_t *req, h2o_iovec_t *buffers, size_t count, h2o_send_state_t state)
{
    struct refusal *refusal = (struct refusal *)(void *)self;
    bool head = h2o_memis(req->input.method.base, req->input.method.len, H2O_STRLIT("HEAD"));
    h2o_iovec_t buffer = h2o_iovec_init(refusal->body.at, head ? 0 : refusal->body.len);

    (void)buffers, (void)count, (void)state;
    if (!refusal->sent) {
        refusal->sent = true;
        h2o_ostream_send_next(self, req, &buffer, 1, H2O_SEND_STATE_IN_PROGRESS);
    } else {
        start_linger(refusal);
    }
}

static void on_stop(h2o_ostream_t *self, h2o_req_t *req)
{
    struct refusal *refusal = (struct refusal *)(void *)self;

    (void)req;
    h2o_timeout_unlink(&refusal->linger_entry);
}

/* By the status that h2o gives. */
static struct bytes body_of(int status)
{
    switch (status) {
    case 413:
        return BYTES(TOO_LARGE);
    case 417:
        return BYTES(BAD_EXPECTATION);
    case 503:
        return BYTES(NO_MEMORY);
    default:
        return BYTES(BAD_REQUEST);
    }
}

static void mend(struct refusal *refusal, h2o_req_t *req)
{
    int status = req->res.status;

    if (status == 503) {
        req->res.status = 400; /* as the service throttles */
        LOG_LINE(LOG_LEVEL_WARN, "refusing a request half-way: the memory of requests is used up (--memory-mib)");
    }
    request_id_next(&loop_of(req)->ids, refusal->request_id);
    metrics_count_answer(loop_of(req)->metrics, req->res.status);
    req->res.reason = answer_reason(req->res.status);
    req->res.headers = (h2o_headers_t){0};
    answer_add_common(req, bytes_of(refusal->request_id, REQUEST_ID_LEN), request_header(req, "origin"));
    if (status == 413 && req->version >= 0x101) {
        answer_add_header(req, &transfer_encoding, BYTES("chunked"));
        req->res.content_length = SIZE_MAX;
        refusal->body = BYTES("0\r\n\r\n");
        return;
    }
    answer_add_header(req, &answer_content_type, BYTES("application/json"));
    refusal->body = body_of(status);
    req->res.content_length = refusal->body.len;
}

static void on_setup_ostream(h2o_filter_t *self, h2o_req_t *req, h2o_ostream_t **slot)
{
    (void)self;
    if (!answer_is_ours(req)) {
        struct refusal *refusal = (struct refusal *)(void *)h2o_add_ostream(req, sizeof(*refusal), slot);

        memset((char *)refusal + sizeof(refusal->super), 0, sizeof(*refusal) - sizeof(refusal->super));
        refusal->super.do_send = do_send;
        refusal->super.stop = on_stop;
        refusal->req = req;
        mend(refusal, req);
        slot = &refusal->super.next;
    }
    h2o_setup_next_ostream(req, slot);
}

void refusal_register(h2o_pathconf_t *path)
{
    h2o_create_filter(path, sizeof(h2o_filter_t))->on_setup_ostream = on_setup_ostream;
}
