/* SPDX-License-Identifier: Apache-2.0 */
/* peers: which client addresses a loop's connections are from, how many each has on all loops, and which may be closed to
 * make room. Private to http.
 *
 * A connection waits while it is the client's turn: between requests, with half of a request, and while an answer is
 * not read. Waiting ones are kept in the order in which they began to wait, those of all clients and those of each, so
 * that nothing is ever searched. A client is an address of IPv4, or of IPv6 without its last 64 bits, which one machine
 * may choose as it likes.
 *
 * Owns:   its table of clients. The places are the connections'.
 * Limit:  memory for those who are connected. Who is to be closed is looked for among the crowds alone.
 * Thread: the loop's; what all loops share is under a lock, which a client's first and last connection on a loop take.
 */
#ifndef SERVER_HTTP_PEERS_H
#define SERVER_HTTP_PEERS_H

#include <h2o/linklist.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct peer;
struct clients;

/* One connection's. */
struct place {
    struct peer *peer;
    h2o_linklist_t link, peer_link; /* while it waits */
    bool gone;                      /* it counts no more */
};

struct peers {
    struct clients *clients; /* of all loops */
    struct peer **lists;     /* by hash */
    uint32_t crowd;          /* a client with more connections is one */
    h2o_linklist_t crowds;   /* struct peer.link */
    h2o_linklist_t waiting;  /* struct place.link; who has waited longest is first */
};

/* What the loops share: whose connections are how many. */
struct clients *clients_new(void);
void clients_free(struct clients *clients); /* when no loop has peers any more; NULL is allowed */

/* crowd: a client with more connections than that on this loop is the first to lose some. Borrows clients. */
void peers_init(struct peers *peers, struct clients *clients, uint32_t crowd);
void peers_deinit(struct peers *peers); /* when nobody is connected */

/* A connection from there. It does not wait yet. */
void peers_join(struct peers *peers, struct place *place, const struct sockaddr *from);
void peers_leave(struct peers *peers, struct place *place);

/* It is about to be closed: it counts no more among its client's. */
void peers_give_up(struct place *place);

/* How many connections its client has on all loops; and how many of them wait. */
uint32_t peers_count(const struct place *place);
uint32_t peers_waiting(const struct peers *peers, const struct place *place);

/* It waits from now on; it does not wait. */
void peers_wait(struct peers *peers, struct place *place);
void peers_work(struct place *place);

/* Who is to be closed: of the largest crowd, else of all, the one that has waited longest. NULL: nobody waits. */
struct place *peers_first(struct peers *peers);

/* The same among its client's. */
struct place *peers_first_of(const struct place *place);

#endif
