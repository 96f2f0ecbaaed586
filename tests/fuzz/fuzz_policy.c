/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a resource policy. The first byte chooses what it is of. One that is taken is JSON, is taken again and is
 * then the very same; a refusal has a text. */
#include <stdlib.h>

#include "op/policy.h"
#include "json/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stator_error err = {.message = ""};
    struct policy policy, again;
    enum policy_target target;
    struct arena arena;

    if (size == 0)
        return 0;
    target = data[0] & 1 ? POLICY_OF_STREAM : POLICY_OF_TABLE;
    arena_init(&arena, 1 << 24);
    if (policy_read(&policy, bytes_of(data + 1, size - 1), target, &arena, &err) != STATOR_OK) {
        if (err.message[0] == '\0')
            abort();
    } else {
        if (!json_valid(policy.text) || !json_valid(policy_shown(policy.text, &arena)))
            abort();
        if (policy.text.len <= POLICY_BYTES_MAX &&
            (policy_read(&again, policy.text, target, &arena, &err) != STATOR_OK ||
             !bytes_equal(again.text, policy.text)))
            abort();
    }
    arena_deinit(&arena);
    return 0;
}
