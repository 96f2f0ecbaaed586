/* SPDX-License-Identifier: Apache-2.0 */
/* limits: every maximum of the edge, once, with its reason. Past one, that request or connection alone fails. */
#ifndef SERVER_CONFIG_LIMITS_H
#define SERVER_CONFIG_LIMITS_H

/* --- One request --- */

/* DynamoDB's: exactly this many bytes pass, inflated ones too. */
#define LIMIT_BODY_BYTES ((size_t)16 * 1024 * 1024)
/* DynamoDB's, of the request line and of all headers. h2o itself holds at most 100 headers and 417,792 bytes, and takes
 * 16 KiB of extensions and trailers with a chunked body (deploy/h2o). */
#define LIMIT_HEAD_BYTES ((size_t)16 * 1024)
/* An answer is compressed only past this size: DynamoDB's rule. */
#define LIMIT_PLAIN_ANSWER_BYTES ((size_t)4096)
/* Answers larger than this are compressed on a worker: it takes a millisecond, which the neighbours would wait. */
#define LIMIT_INLINE_COMPRESS_BYTES ((size_t)64 * 1024)

/* --- One connection --- */

/* Idle between requests, or from a request's first byte to its last. Longer than clients keep idle connections (Java 60
 * s, Go 90 s), so that it is the client who closes and no request meets a closing socket. */
#define LIMIT_REQUEST_MS 120000
/* An answer is sent in pieces, and a client that has not taken a piece within this time is cut off: h2o itself would
 * wait for ever. 35 KB/s is enough. */
#define LIMIT_WRITE_PIECE_BYTES ((size_t)1024 * 1024)
#define LIMIT_WRITE_PIECE_MS    30000
/* After refusing a body half-way we read on and throw away, so that the refusal is not lost in a reset ... */
#define LIMIT_LINGER_MS    2000
#define LIMIT_LINGER_BYTES ((size_t)64 * 1024 * 1024)

/* --- All connections --- */

/* 16 KiB of buffers and a descriptor each; more only by --max-connections. */
#define LIMIT_CONNECTIONS 10000
/* Descriptors that are not connections: the store's 256 files, its log and lock, listeners, pipes, some spare. */
#define LIMIT_RESERVED_DESCRIPTORS 400
/* Bytes of unfinished requests in all. Past it the connections with the largest are closed. */
#define LIMIT_UNFINISHED_BYTES ((size_t)1024 * 1024 * 1024)
/* How often that is looked at while connections are open. */
#define LIMIT_SWEEP_MS 1000
/* How long accepting rests when descriptors or connections are used up. */
#define LIMIT_ACCEPT_REST_MS 100
/* Connections taken at one wake-up, so that those open are not kept waiting. */
#define LIMIT_ACCEPTS_AT_ONCE 64
/* Addresses a host name may stand for. */
#define LIMIT_ADDRESSES 4

/* --- Threads and queues --- */

#define LIMIT_LOOPS 256
/* Workers wait for disks, so there are a few even on one core; more than this helps no disk. */
#define LIMIT_WORKERS_LEAST 2
#define LIMIT_WORKERS_MOST  8
/* Jobs waiting for a worker; the next is throttled. */
#define LIMIT_WORKER_QUEUE 1024
/* Memory that they hold: a batch of 16 MB may become ten times that once it is decoded. */
#define LIMIT_WORKER_QUEUE_BYTES ((size_t)1024 * 1024 * 1024)
/* Requests for metrics or status that wait for their one thread. */
#define LIMIT_WATCHER_QUEUE 16
/* Finished requests each loop keeps for the next, with their warm memory. */
#define LIMIT_SPARE_REQUESTS 128

/* --- Stopping --- */

/* Work still unfinished so long after SIGTERM is ended with an error: under a container's 10 s. */
#define LIMIT_DRAIN_MS 5000

#endif
