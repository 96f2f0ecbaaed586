/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a credential: header, dates and query, with a newline between. Whoever is accepted has a key; a refusal
 * has a text that is UTF-8 and not cut by its buffer.
 */
#include <stdlib.h>

#include "auth/auth.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bytes part[4] = {{0}};
    struct bytes rest = bytes_of(data, size);
    struct auth_identity identity = {0};
    struct stator_error err = {0};
    struct auth_input input;
    struct arena arena;

    for (size_t i = 0; i < 4 && rest.len != 0; i++) {
        const uint8_t *end = memchr(rest.at, '\n', rest.len);

        part[i] = bytes_of(rest.at, end != NULL ? (size_t)(end - rest.at) : rest.len);
        rest = bytes_of(rest.at + part[i].len + (end != NULL), rest.len - part[i].len - (end != NULL));
    }
    input = (struct auth_input){.authorization = part[0], .x_amz_date = part[1], .date = part[2], .query = part[3]};
    arena_init(&arena, 1 << 20);
    if (auth_identify(&identity, &input, &arena, &err) == STATOR_OK) {
        if (identity.access_key.len == 0 || identity.region.at == NULL || !utf8_valid(identity.access_key) ||
            !utf8_valid(identity.region))
            abort();
    } else if (err.message[0] == '\0' || strlen(err.message) == STATOR_ERROR_MESSAGE_MAX - 1 ||
               !utf8_valid(bytes_of_string(err.message))) {
        abort();
    }
    arena_deinit(&arena);
    return 0;
}
