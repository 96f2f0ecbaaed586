/* SPDX-License-Identifier: Apache-2.0 */
/* scarcity: does a thing with a builder again and again, with memory that runs out at the first allocation, the second,
 * and so on, until there is enough. Each time it must say STATOR_NO_MEMORY, do well when tried once more, and lose
 * nothing. */
#ifndef TESTS_UNIT_CLIENT_SCARCITY_H
#define TESTS_UNIT_CLIENT_SCARCITY_H

#include "stator/build.h"
#include "unit/allocator.h"

static inline void assert_survives_scarcity(enum stator_rc (*thing)(struct stator_builder *builder,
                                                                    struct stator_error *err))
{
    enum stator_rc rc = STATOR_NO_MEMORY;
    size_t rounds = 0;

    for (; rc != STATOR_OK; rounds++) {
        struct scarce scarce = {.fail_at = rounds + 1};
        struct stator_allocator allocator = scarce_allocator(&scarce);
        struct stator_builder *builder = stator_builder_new(&allocator, 0);
        struct stator_error err = {0};

        rc = thing(builder, &err);
        if (rc != STATOR_OK) {
            assert_int_equal(rc, STATOR_NO_MEMORY);
            assert_int_equal(err.rc, STATOR_NO_MEMORY);
            assert_true(err.message[0] != '\0');
            assert_int_equal(scarce.calls >= scarce.fail_at, 1);
            if (builder != NULL)
                assert_int_equal(thing(builder, &err), STATOR_OK);
        }
        stator_builder_free(builder);
        assert_int_equal(scarce.live, 0);
    }
    assert_true(rounds > 2); /* it did need memory */
}

#endif
