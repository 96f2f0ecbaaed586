/* SPDX-License-Identifier: Apache-2.0 */
/* The floor that figures are compared with: h2o with a handler that reads the whole request and answers a fixed body,
 * with headers like DynamoDB's. Nothing is parsed; the path says how long the answer is.
 *
 *   bench_bare <port> <loops>      serves until it is killed
 *   POST /300                      is answered with 300 bytes
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <h2o.h>

#define LOOPS_MAX 64
#define BODY_MAX  (8u << 20)

static h2o_globalconf_t config;
static char *body;

struct loop {
    pthread_t thread;
    h2o_context_t context;
    h2o_accept_ctx_t accept;
    int fd;
};

static void add_header(h2o_req_t *req, const char *name, const char *value)
{
    h2o_add_header_by_str(&req->pool, &req->res.headers, name, strlen(name), 0, name, value, strlen(value));
}

static int on_request(h2o_handler_t *handler, h2o_req_t *req)
{
    static h2o_generator_t generator = {NULL, NULL};
    size_t len = h2o_strtosize(req->path.base + 1, req->path.len - 1);
    h2o_iovec_t answer = h2o_iovec_init(body, len <= BODY_MAX ? len : BODY_MAX);

    (void)handler;
    req->res.status = 200;
    req->res.reason = "OK";
    req->res.content_length = answer.len;
    add_header(req, "Content-Type", "application/x-amz-json-1.0");
    add_header(req, "x-amzn-RequestId", "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789ABCDEF");
    add_header(req, "x-amz-crc32", "2745614147");
    h2o_start_response(req, &generator);
    h2o_send(req, &answer, 1, H2O_SEND_STATE_FINAL);
    return 0;
}

static void on_accept(h2o_socket_t *listener, const char *err)
{
    struct loop *loop = listener->data;
    h2o_socket_t *sock;

    while (err == NULL && (sock = h2o_evloop_socket_accept(listener)) != NULL)
        h2o_accept(&loop->accept, sock);
}

static void *run(void *data)
{
    struct loop *loop = data;
    h2o_socket_t *listener;

    h2o_context_init(&loop->context, h2o_evloop_create(), &config);
    loop->accept.ctx = &loop->context;
    loop->accept.hosts = config.hosts;
    listener = h2o_evloop_socket_create(loop->context.loop, loop->fd, H2O_SOCKET_FLAG_DONT_READ);
    listener->data = loop;
    h2o_socket_read_start(listener, on_accept);
    while (h2o_evloop_run(loop->context.loop, INT32_MAX) == 0)
        continue;
    return NULL;
}

/* Each loop has a listener of its own on the same port; the kernel spreads connections. */
static int listen_on(struct sockaddr_in *address)
{
    socklen_t len = sizeof(*address);
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0 ||
        bind(fd, (struct sockaddr *)address, len) != 0 || listen(fd, SOMAXCONN) != 0 ||
        getsockname(fd, (struct sockaddr *)address, &len) != 0) {
        perror("bare");
        exit(EXIT_FAILURE);
    }
    return fd;
}

static void configure(void)
{
    h2o_hostconf_t *host;

    h2o_config_init(&config);
    config.http1.req_timeout = 120000;
    config.http1.upgrade_to_http2 = 0;
    host = h2o_config_register_host(&config, h2o_iovec_init(H2O_STRLIT("default")), 65535);
    h2o_create_handler(&host->fallback_path, sizeof(h2o_handler_t))->on_req = on_request;
}

int main(int argc, char **argv)
{
    static struct loop loops[LOOPS_MAX];
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int count;

    if (argc != 3 || (count = atoi(argv[2])) < 1 || count > LOOPS_MAX) {
        fprintf(stderr, "usage: bench_bare <port> <loops>\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    address.sin_port = htons((uint16_t)atoi(argv[1]));
    body = malloc(BODY_MAX);
    memset(body, 'x', BODY_MAX);
    configure();
    for (int i = 0; i < count; i++)
        loops[i].fd = listen_on(&address);
    for (int i = 0; i < count; i++)
        pthread_create(&loops[i].thread, NULL, run, &loops[i]);
    pthread_join(loops[0].thread, NULL);
    return 0;
}
