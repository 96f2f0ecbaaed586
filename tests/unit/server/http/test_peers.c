/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include <arpa/inet.h>

#include "http/peers.h"

#define CROWD  4
#define PLACES 64

struct table {
    struct clients *clients;
    struct peers peers;
    struct place places[PLACES];
};

static void begin(struct table *table)
{
    table->clients = clients_new();
    peers_init(&table->peers, table->clients, CROWD);
}

static void end(struct table *table)
{
    peers_deinit(&table->peers);
    clients_free(table->clients);
}

static void join(struct table *table, int place, const char *from)
{
    struct sockaddr_storage address = {.ss_family = AF_INET};

    if (inet_pton(AF_INET, from, &((struct sockaddr_in *)(void *)&address)->sin_addr) != 1) {
        address.ss_family = AF_INET6;
        assert_int_equal(inet_pton(AF_INET6, from, &((struct sockaddr_in6 *)(void *)&address)->sin6_addr), 1);
    }
    peers_join(&table->peers, &table->places[place], (const struct sockaddr *)&address);
    peers_wait(&table->peers, &table->places[place]);
}

static int first(struct table *table)
{
    const struct place *place = peers_first(&table->peers);

    return place == NULL ? -1 : (int)(place - table->places);
}

static void leave(struct table *table, int from, int to)
{
    for (int i = from; i < to; i++)
        peers_leave(&table->peers, &table->places[i]);
}

/* Without a crowd it is the longest wait that counts, and each turn of a connection begins a new one. */
static void longest_wait(void **state)
{
    struct table table;

    (void)state;
    begin(&table);
    assert_int_equal(first(&table), -1);
    join(&table, 0, "10.0.0.1");
    join(&table, 1, "10.0.0.2");
    join(&table, 2, "10.0.0.1");
    assert_int_equal(first(&table), 0);
    peers_wait(&table.peers, &table.places[0]);
    assert_int_equal(first(&table), 1);
    peers_work(&table.places[1]);
    peers_work(&table.places[1]);
    assert_int_equal(first(&table), 2);
    peers_work(&table.places[2]);
    peers_work(&table.places[0]);
    assert_int_equal(first(&table), -1);
    peers_wait(&table.peers, &table.places[1]);
    assert_int_equal(first(&table), 1);
    leave(&table, 0, 3);
    end(&table);
}

/* The client with the most loses its longest wait, however long others have waited; unless all of its work. */
static void largest_crowd(void **state)
{
    struct table table;

    (void)state;
    begin(&table);
    join(&table, 0, "10.0.0.1");
    for (int i = 1; i < 6; i++)
        join(&table, i, "10.0.0.2");
    assert_int_equal(first(&table), 1);
    for (int i = 6; i < 13; i++)
        join(&table, i, "10.0.0.3");
    assert_int_equal(first(&table), 6);
    for (int i = 6; i < 13; i++)
        peers_work(&table.places[i]);
    assert_int_equal(first(&table), 1);
    leave(&table, 1, 2); /* four are no crowd */
    assert_int_equal(first(&table), 0);
    leave(&table, 2, 13);
    assert_int_equal(first(&table), 0);
    leave(&table, 0, 1);
    end(&table);
}

/* Which connections are one client's. */
static void clients(void **state)
{
    static const struct {
        const char *one, *other;
        bool same;
    } cases[] = {
        {"10.0.0.1", "::ffff:10.0.0.1", true},
        {"10.0.0.1", "10.0.0.2", false},
        {"2001:db8:1:2::3", "2001:db8:1:2:ffff:ffff:ffff:ffff", true},
        {"2001:db8:1:2::3", "2001:db8:1:3::3", false},
        {"::1", "127.0.0.1", false},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct table table;

        begin(&table);
        join(&table, 0, "192.0.2.1");
        for (int place = 1; place < 6; place++)
            join(&table, place, place % 2 == 0 ? cases[i].one : cases[i].other);
        assert_int_equal(first(&table), cases[i].same ? 1 : 0);
        leave(&table, 0, 6);
        end(&table);
    }
}

/* Many clients, coming and going: every one is found again, and none is left. */
static void many(void **state)
{
    static struct place places[5000];
    struct clients *shared = clients_new();
    struct peers peers;

    (void)state;
    peers_init(&peers, shared, CROWD);
    for (uint32_t round = 0; round < 3; round++) {
        for (uint32_t i = 0; i < COUNT_OF(places); i++) {
            struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(0x0a000000u + i / 4)}};

            peers_join(&peers, &places[i], (const struct sockaddr *)&from);
            peers_wait(&peers, &places[i]);
            assert_ptr_equal(places[i].peer, places[i - i % 4].peer);
        }
        assert_ptr_equal(peers_first(&peers), &places[0]);
        for (uint32_t i = 0; i < COUNT_OF(places); i++)
            peers_leave(&peers, &places[(i * 7919) % COUNT_OF(places)]);
        assert_null(peers_first(&peers));
    }
    peers_deinit(&peers);
    clients_free(shared);
}

/* A client's connections are counted on all loops, until they are given up or leave; who goes first is asked on each. */
static void counts(void **state)
{
    struct table here, there;

    (void)state;
    begin(&here);
    there.clients = here.clients;
    peers_init(&there.peers, here.clients, CROWD);
    for (int i = 0; i < 3; i++)
        join(&here, i, "10.0.0.1");
    join(&there, 0, "10.0.0.1");
    join(&there, 1, "10.0.0.2");
    assert_int_equal(peers_count(&here.places[0]), 4);
    assert_int_equal(peers_count(&there.places[0]), 4);
    assert_int_equal(peers_count(&there.places[1]), 1);
    assert_int_equal(peers_waiting(&here.peers, &here.places[0]), 4);
    assert_ptr_equal(peers_first_of(&here.places[2]), &here.places[0]);
    peers_work(&here.places[0]);
    assert_int_equal(peers_waiting(&here.peers, &here.places[0]), 3);
    assert_ptr_equal(peers_first_of(&here.places[2]), &here.places[1]);
    peers_give_up(&here.places[1]);
    peers_give_up(&here.places[1]);
    assert_int_equal(peers_count(&there.places[0]), 3);
    leave(&here, 0, 3);
    assert_int_equal(peers_count(&there.places[0]), 1);
    peers_work(&there.places[0]);
    assert_null(peers_first_of(&there.places[0]));
    leave(&there, 0, 2);
    peers_deinit(&there.peers);
    end(&here);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longest_wait), cmocka_unit_test(largest_crowd), cmocka_unit_test(clients),
        cmocka_unit_test(many),         cmocka_unit_test(counts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
