/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/unit.h"

#include "config/descriptors.h"
#include "config/limits.h"

static struct config config_of(const char *data_dir, uint32_t loops, uint32_t connections, const char *by)
{
    return (struct config){
        .data_dir = data_dir, .loops = loops, .max_connections = connections, .max_connections_by = by};
}

/* A limit that is large enough is taken as it is; one below it is not. */
static void enough(void **state)
{
    static const uint32_t connections[] = {1, 16, 100, 600, 1000, 10000, 20000, 1000000};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(connections); i++) {
        for (uint32_t loops = 1; loops <= LIMIT_LOOPS; loops *= 4) {
            for (int on_disk = 0; on_disk < 2; on_disk++) {
                struct config config = config_of(on_disk ? "/d" : NULL, loops, connections[i], "--max-connections");
                uint64_t needed = descriptors_needed(&config, connections[i]);
                struct stator_error err = {0};

                assert_int_equal(descriptors_share(&config, needed, &err), STATOR_OK);
                assert_int_equal(config.max_connections, connections[i]);
                assert_int_equal(descriptors_share(&config, needed - 1, &err), STATOR_VALIDATION);
            }
        }
    }
}

/* A number that was asked for is kept or refused, the default is lowered. */
static void asked_or_not(void **state)
{
    struct config asked = config_of("/d", 2, 20000, "STATOR_MAX_CONNECTIONS"),
                  not_asked = config_of("/d", 2, 10000, NULL);
    struct stator_error err = {0};

    (void)state;
    assert_int_equal(descriptors_share(&asked, 20000, &err), STATOR_VALIDATION);
    assert_string_equal(err.message,
                        "STATOR_MAX_CONNECTIONS: 20000 connections need a limit of 20368 open files, and it is 20000: "
                        "raise it (ulimit -n, LimitNOFILE=, docker run --ulimit nofile=...) or ask for fewer");
    assert_int_equal(descriptors_share(&not_asked, 1024, &err), STATOR_OK);
    assert_int_equal(not_asked.max_connections, 1024 - 256 - 112);
}

/* Without room for the store it would be read-only soon. */
static void too_few(void **state)
{
    struct config config = config_of("/d", 2, 10000, NULL), in_memory = config_of(NULL, 2, 10000, NULL);
    struct stator_error err = {0};

    (void)state;
    assert_int_equal(descriptors_share(&config, 64, &err), STATOR_VALIDATION);
    assert_string_equal(err.message,
                        "the limit of open files is 64, and a server with 2 event loops needs 170: raise it "
                        "(ulimit -n, LimitNOFILE=, docker run --ulimit nofile=...)");
    assert_int_equal(descriptors_share(&config, 169, &err), STATOR_VALIDATION);
    assert_int_equal(descriptors_share(&config, 170, &err), STATOR_OK);
    assert_int_equal(config.max_connections, LIMIT_LEAST_CONNECTIONS);
    assert_int_equal(descriptors_share(&in_memory, 96, &err), STATOR_OK);
    assert_int_equal(in_memory.max_connections, 32);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(enough), cmocka_unit_test(asked_or_not),
                                       cmocka_unit_test(too_few)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
