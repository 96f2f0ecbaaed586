/* SPDX-License-Identifier: Apache-2.0 */
#include "http/peers.h"

#include <h2o.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>

#define CLIENTS_BITS 10

struct client {
    struct client *next; /* of the same hash */
    uint64_t address[2];
    h2o_linklist_t peers; /* struct peer.client_link: one of each loop that has some; under the lock */
    _Atomic uint32_t count;
};

struct clients {
    pthread_mutex_t lock; /* guards all but the counts */
    uint64_t keys[3];     /* of the hash: which addresses meet in one list is a secret */
    struct client *lists[1 << CLIENTS_BITS];
};

/* A client on one loop. */
struct peer {
    struct peer *next; /* of the same hash */
    struct client *client;
    uint32_t count;
    _Atomic uint32_t waiting_count; /* other loops read it */
    h2o_linklist_t link;            /* peers->crowds, if it is one */
    h2o_linklist_t client_link;     /* client->peers */
    h2o_linklist_t waiting;         /* struct place.peer_link */
};

/* --- On all loops --------------------------------------------------------------------------------------------------
 */

struct clients *clients_new(void)
{
    struct clients *clients = calloc(1, sizeof(*clients));

    if (clients == NULL)
        return NULL;
    pthread_mutex_init(&clients->lock, NULL);
    randombytes_buf(clients->keys, sizeof(clients->keys));
    return clients;
}

void clients_free(struct clients *clients)
{
    if (clients != NULL)
        pthread_mutex_destroy(&clients->lock);
    free(clients);
}

static size_t hash_of(const struct clients *clients, const uint64_t address[2])
{
    const uint64_t *keys = clients->keys;
    uint64_t hash = (address[0] ^ keys[2]) * (keys[0] | 1) + address[1] * (keys[1] | 1);

    hash ^= hash >> 32;
    hash *= keys[0] | 1;
    return hash >> (64 - CLIENTS_BITS);
}

static bool is_at(const struct client *client, const uint64_t address[2])
{
    return client->address[0] == address[0] && client->address[1] == address[1];
}

static void join_client(struct clients *clients, struct peer *peer, size_t hash, const uint64_t address[2])
{
    struct client *client;

    pthread_mutex_lock(&clients->lock);
    for (client = clients->lists[hash]; client != NULL && !is_at(client, address); client = client->next)
        ;
    if (client == NULL) {
        client = h2o_mem_alloc(sizeof(*client));
        *client = (struct client){.next = clients->lists[hash], .address = {address[0], address[1]}};
        h2o_linklist_init_anchor(&client->peers);
        clients->lists[hash] = client;
    }
    h2o_linklist_insert(&client->peers, &peer->client_link);
    peer->client = client;
    pthread_mutex_unlock(&clients->lock);
}

static void leave_client(struct clients *clients, struct peer *peer)
{
    struct client *client = peer->client, **at = &clients->lists[hash_of(clients, client->address)];

    pthread_mutex_lock(&clients->lock);
    h2o_linklist_unlink(&peer->client_link);
    if (h2o_linklist_is_empty(&client->peers)) {
        while (*at != client)
            at = &(*at)->next;
        *at = client->next;
        free(client);
    }
    pthread_mutex_unlock(&clients->lock);
}

/* --- On one loop ---------------------------------------------------------------------------------------------------
 */

void peers_init(struct peers *peers, struct clients *clients, uint32_t crowd)
{
    size_t size = sizeof(*peers->lists) << CLIENTS_BITS;

    peers->clients = clients;
    peers->lists = h2o_mem_alloc(size);
    memset(peers->lists, 0, size);
    peers->crowd = crowd;
    h2o_linklist_init_anchor(&peers->crowds);
    h2o_linklist_init_anchor(&peers->waiting);
}

void peers_deinit(struct peers *peers)
{
    free(peers->lists);
}

/* An address of IPv4 is the same client whether or not it came in by a socket of IPv6. */
static void read_address(uint64_t address[2], const struct sockaddr *from)
{
    const struct in6_addr *ipv6 = &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr;

    address[0] = address[1] = 0;
    if (from->sa_family == AF_INET)
        address[1] = ((const struct sockaddr_in *)(const void *)from)->sin_addr.s_addr;
    else if (from->sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(ipv6))
        address[1] = ipv6->s6_addr32[3];
    else if (from->sa_family == AF_INET6)
        memcpy(address, ipv6, sizeof(address[0]));
}

static struct peer *find_or_make(const struct peers *peers, const uint64_t address[2])
{
    size_t hash = hash_of(peers->clients, address);
    struct peer *peer;

    for (peer = peers->lists[hash]; peer != NULL; peer = peer->next)
        if (is_at(peer->client, address))
            return peer;
    peer = h2o_mem_alloc(sizeof(*peer));
    *peer = (struct peer){.next = peers->lists[hash]};
    join_client(peers->clients, peer, hash, address);
    h2o_linklist_init_anchor(&peer->waiting);
    peers->lists[hash] = peer;
    return peer;
}

void peers_join(struct peers *peers, struct place *place, const struct sockaddr *from)
{
    uint64_t address[2];

    read_address(address, from);
    *place = (struct place){.peer = find_or_make(peers, address)};
    atomic_fetch_add_explicit(&place->peer->client->count, 1, memory_order_relaxed);
    if (++place->peer->count == peers->crowd + 1)
        h2o_linklist_insert(&peers->crowds, &place->peer->link);
}

void peers_give_up(struct place *place)
{
    if (!place->gone)
        atomic_fetch_sub_explicit(&place->peer->client->count, 1, memory_order_relaxed);
    place->gone = true;
}

uint32_t peers_count(const struct place *place)
{
    return atomic_load_explicit(&place->peer->client->count, memory_order_relaxed);
}

uint32_t peers_waiting(const struct peers *peers, const struct place *place)
{
    const h2o_linklist_t *all = &place->peer->client->peers;
    uint32_t count = 0;

    pthread_mutex_lock(&peers->clients->lock);
    for (const h2o_linklist_t *at = all->next; at != all; at = at->next)
        count += atomic_load_explicit(&H2O_STRUCT_FROM_MEMBER(struct peer, client_link, at)->waiting_count,
                                      memory_order_relaxed);
    pthread_mutex_unlock(&peers->clients->lock);
    return count;
}

void peers_leave(struct peers *peers, struct place *place)
{
    struct peer *peer = place->peer, **at;

    peers_work(place);
    peers_give_up(place);
    if (--peer->count == peers->crowd)
        h2o_linklist_unlink(&peer->link);
    if (peer->count != 0)
        return;
    for (at = &peers->lists[hash_of(peers->clients, peer->client->address)]; *at != peer; at = &(*at)->next)
        ;
    *at = peer->next;
    leave_client(peers->clients, peer);
    free(peer);
}

/* Only the loop itself writes it. */
static void count_waiting(struct peer *peer, int change)
{
    atomic_store_explicit(&peer->waiting_count, peer->waiting_count + (uint32_t)change, memory_order_relaxed);
}

void peers_wait(struct peers *peers, struct place *place)
{
    peers_work(place);
    h2o_linklist_insert(&peers->waiting, &place->link);
    h2o_linklist_insert(&place->peer->waiting, &place->peer_link);
    count_waiting(place->peer, 1);
}

void peers_work(struct place *place)
{
    if (!h2o_linklist_is_linked(&place->link))
        return;
    h2o_linklist_unlink(&place->link);
    h2o_linklist_unlink(&place->peer_link);
    count_waiting(place->peer, -1);
}

static struct place *first_of(const struct peer *peer)
{
    return H2O_STRUCT_FROM_MEMBER(struct place, peer_link, peer->waiting.next);
}

struct place *peers_first_of(const struct place *place)
{
    return h2o_linklist_is_empty(&place->peer->waiting) ? NULL : first_of(place->peer);
}

struct place *peers_first(struct peers *peers)
{
    struct peer *most = NULL;

    for (h2o_linklist_t *at = peers->crowds.next; at != &peers->crowds; at = at->next) {
        struct peer *peer = H2O_STRUCT_FROM_MEMBER(struct peer, link, at);

        if (!h2o_linklist_is_empty(&peer->waiting) && (most == NULL || peer->count > most->count))
            most = peer;
    }
    if (most != NULL)
        return first_of(most);
    if (h2o_linklist_is_empty(&peers->waiting))
        return NULL;
    return H2O_STRUCT_FROM_MEMBER(struct place, link, peers->waiting.next);
}
