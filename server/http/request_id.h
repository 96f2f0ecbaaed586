/* SPDX-License-Identifier: Apache-2.0 */
/* request_id: the 52 characters of 0-9A-Z that every answer carries. Unguessable start, fast steps (xoshiro256**);
 * nothing rests on their secrecy.
 *
 * Thread: one at a time: each loop has its own.
 */
#ifndef SERVER_HTTP_REQUEST_ID_H
#define SERVER_HTTP_REQUEST_ID_H

#include <stdint.h>

#define REQUEST_ID_LEN 52

struct request_ids {
    uint64_t state[4];
};

void request_ids_init(struct request_ids *ids);

/* Writes REQUEST_ID_LEN characters and a NUL. */
void request_id_next(struct request_ids *ids, char out[REQUEST_ID_LEN + 1]);

#endif
