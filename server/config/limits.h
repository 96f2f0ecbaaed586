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
/* A longer body, and any that comes compressed, is read on a worker: a megabyte takes some milliseconds. */
#define LIMIT_INLINE_BODY_BYTES ((size_t)64 * 1024)
/* The same for a loop that has worked for LIMIT_TURN_NS: 60 KB take most of a millisecond, and others wait. */
#define LIMIT_BRIEF_BODY_BYTES ((size_t)4 * 1024)
/* A longer body, inflated, is read among the slow jobs, and a longer answer compressed there. An item of 400 KB is shorter,
 * in base64, too. */
#define LIMIT_QUICK_BYTES ((size_t)640 * 1024)
/* Answers larger than this are compressed on a worker: it takes a millisecond, which the neighbours would wait. */
#define LIMIT_INLINE_COMPRESS_BYTES ((size_t)64 * 1024)

/* --- One connection --- */

/* Idle between requests, or from a request's first byte to its last. Longer than clients keep idle connections (Java 60
 * s, Go 90 s), so that it is the client who closes and no request meets a closing socket. */
#define LIMIT_REQUEST_MS 120000
/* An answer is sent in pieces, and a client that has not taken a piece within this time is cut off: h2o itself would
 * wait for ever. So is one that falls further behind than that time with an answer of many pieces: 128 KiB/s is enough,
 * about what a request of 16 MiB needs to arrive in time. */
#define LIMIT_WRITE_PIECE_BYTES        ((size_t)1024 * 1024)
#define LIMIT_WRITE_PIECE_MS           30000
#define LIMIT_WRITE_LEAST_BYTES_PER_MS 128
/* What the kernel takes of an answer beyond what it may send at once: its memory is not in our budget, and with the usual
 * limits it takes megabytes for each client that does not read. */
#define LIMIT_UNSENT_BYTES (128 * 1024)
/* After refusing a body half-way we read on and throw away, so that the refusal is not lost in a reset ... */
#define LIMIT_LINGER_MS    2000
#define LIMIT_LINGER_BYTES ((size_t)64 * 1024 * 1024)

/* --- All connections --- */

/* 16 KiB of buffers and a descriptor each; more only by --max-connections, and fewer where those buffers, which are in no
 * budget, would take more than this part of the memory. */
#define LIMIT_CONNECTIONS              10000
#define LIMIT_CONNECTION_BYTES         ((size_t)16 * 1024)
#define LIMIT_CONNECTIONS_MEMORY_SHARE 8
/* Of all connections this part is kept for other clients, whatever one client's do; --max-connections-per-address. */
#define LIMIT_ADDRESS_SHARE 8
/* Above the maximum, and above a client's, for /_stator/ and health checks when all connections have requests at work. */
#define LIMIT_SPARE_CONNECTIONS 32
/* Who has waited shorter than this is not closed to make room: the request may be on its way. */
#define LIMIT_LEAST_WAIT_MS 1000
/* A client with more than this part of a loop's connections is a crowd, and the largest crowd makes room first. */
#define LIMIT_CROWD_SHARE 8
/* Descriptors that are not connections: each loop's listeners, its epoll, its pipe; the store's tables (STORE_OPEN_FILES_MAX,
 * and at most a quarter of all descriptors), its logs and locks, what is being written. */
#define LIMIT_LOOP_DESCRIPTORS  8
#define LIMIT_STORE_DESCRIPTORS 48
#define LIMIT_OTHER_DESCRIPTORS 16
/* A server with room for fewer connections is none. */
#define LIMIT_LEAST_CONNECTIONS 16
/* Memory of all requests together (--memory-mib): at least one large one's, at most what makes no request faster. */
#define LIMIT_MEMORY_LEAST_BYTES ((size_t)32 * 1024 * 1024)
#define LIMIT_MEMORY_MOST_BYTES  ((size_t)1024 * 1024 * 1024)
/* What definitions of tables may take at least: some thousand plain tables. */
#define LIMIT_TABLES_LEAST_BYTES ((size_t)16 * 1024 * 1024)
/* Answers under /_stator/ that are not taken, all together. */
#define LIMIT_OPERATORS_BYTES ((size_t)32 * 1024 * 1024)
/* How often a loop looks after its connections; while memory is short. */
#define LIMIT_SWEEP_MS 1000
#define LIMIT_HURRY_MS 100
/* A connection that holds memory, and has not gone on for so long, is closed while memory is short. */
#define LIMIT_STALLED_MS 1000
/* How long accepting rests when descriptors or connections are used up. */
#define LIMIT_ACCEPT_REST_MS 100
/* Connections taken at one wake-up, so that those open are not kept waiting. */
#define LIMIT_ACCEPTS_AT_ONCE 64
/* A loop that has answered requests for so long without looking for new ones leaves to workers what is not small. */
#define LIMIT_TURN_NS 3000000u
/* Addresses a host name may stand for. */
#define LIMIT_ADDRESSES 4

/* --- Threads and queues --- */

#define LIMIT_LOOPS 256
/* Workers wait for disks, so there are a few even on one core; more than this helps no disk. */
#define LIMIT_WORKERS_LEAST 2
#define LIMIT_WORKERS_MOST  8
/* Jobs waiting for a worker in one lane, the quick or the slow; the next is throttled. */
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
/* And every so long from then on, connections are closed that have not taken that error. */
#define LIMIT_END_MS 500

#endif
