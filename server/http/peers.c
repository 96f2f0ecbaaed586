/* SPDX-License-Identifier: Apache-2.0 */
#include "http/peers.h"

#include <h2o.h>
#include <netinet/in.h>
#include <sodium.h>

#define CLIENTS_BITS 10

struct peer {
    struct peer *next; /* of the same hash */
    uint64_t address[2];
    uint32_t count;
    h2o_linklist_t link;    /* peers->crowds, if it is one */
    h2o_linklist_t waiting; /* struct place.peer_link */
};

void peers_init(struct peers *peers, uint32_t crowd)
{
    size_t size = sizeof(*peers->clients) << CLIENTS_BITS;

    peers->clients = h2o_mem_alloc(size);
    memset(peers->clients, 0, size);
    randombytes_buf(peers->keys, sizeof(peers->keys));
    peers->crowd = crowd;
    h2o_linklist_init_anchor(&peers->crowds);
    h2o_linklist_init_anchor(&peers->waiting);
}

void peers_deinit(struct peers *peers)
{
    free(peers->clients);
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

/* Which addresses meet in one list is the keys' secret. */
static struct peer **list_of(const struct peers *peers, const uint64_t address[2])
{
    uint64_t hash = (address[0] ^ peers->keys[2]) * (peers->keys[0] | 1) + address[1] * (peers->keys[1] | 1);

    hash ^= hash >> 32;
    hash *= peers->keys[0] | 1;
    return &peers->clients[hash >> (64 - CLIENTS_BITS)];
}

static struct peer *find_or_make(const struct peers *peers, const uint64_t address[2])
{
    struct peer **list = list_of(peers, address), *peer;

    for (peer = *list; peer != NULL; peer = peer->next)
        if (peer->address[0] == address[0] && peer->address[1] == address[1])
            return peer;
    peer = h2o_mem_alloc(sizeof(*peer));
    *peer = (struct peer){.next = *list, .address = {address[0], address[1]}};
    h2o_linklist_init_anchor(&peer->waiting);
    *list = peer;
    return peer;
}

void peers_join(struct peers *peers, struct place *place, const struct sockaddr *from)
{
    uint64_t address[2];

    read_address(address, from);
    *place = (struct place){.peer = find_or_make(peers, address)};
    if (++place->peer->count == peers->crowd + 1)
        h2o_linklist_insert(&peers->crowds, &place->peer->link);
}

void peers_leave(struct peers *peers, struct place *place)
{
    struct peer *peer = place->peer, **at;

    peers_work(place);
    if (--peer->count == peers->crowd)
        h2o_linklist_unlink(&peer->link);
    if (peer->count != 0)
        return;
    for (at = list_of(peers, peer->address); *at != peer; at = &(*at)->next)
        ;
    *at = peer->next;
    free(peer);
}

void peers_wait(struct peers *peers, struct place *place)
{
    peers_work(place);
    h2o_linklist_insert(&peers->waiting, &place->link);
    h2o_linklist_insert(&place->peer->waiting, &place->peer_link);
}

void peers_work(struct place *place)
{
    if (!h2o_linklist_is_linked(&place->link))
        return;
    h2o_linklist_unlink(&place->link);
    h2o_linklist_unlink(&place->peer_link);
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
        return H2O_STRUCT_FROM_MEMBER(struct place, peer_link, most->waiting.next);
    if (h2o_linklist_is_empty(&peers->waiting))
        return NULL;
    return H2O_STRUCT_FROM_MEMBER(struct place, link, peers->waiting.next);
}
