/* SPDX-License-Identifier: Apache-2.0 */
/* rescue_files: what the engine can do for damaged files and its C API does not have: table files read by themselves,
 * iterators that leave some out, and a directory that opens though some cannot be.
 *
 * Thread: [main].
 */
#ifndef SERVER_STORE_RESCUE_FILES_H
#define SERVER_STORE_RESCUE_FILES_H

#include <rocksdb/c.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The system's files for a database that is only read. Logs have the records alone that can be read. In the place of a table file that cannot be opened, being as long as the manifest says, there is one
 * without a key. manifest: the number of the one that CURRENT is to name; 0: what it names. Ended by rocksdb_env_destroy.
 * NULL: no memory. */
rocksdb_env_t *rescue_env(uint64_t manifest);

/* Opens a table file of so many bytes, by the manifest, and with `whole` reads all of it. NULL: it is sound. Otherwise the engine's words, the caller's to
 * free. *opens: parts of it can be read; a fault of its filters alone keeps the engine from them all the same. */
char *rescue_read_table(const char *path, uint64_t size, bool whole, bool *opens);

/* The value of a key in a table file of that family, the caller's to free. NULL: it is of another one, has no such key, or cannot
 * be read; or there is no memory. */
char *rescue_value_in_table(const char *path, const char *family, const char *key, size_t key_len, size_t *len);

/* An iterator over a family with what is in memory and, of its table files, those of these numbers alone (only), or all but
 * those. Ended by rocksdb_iter_destroy. NULL: no memory. */
rocksdb_iterator_t *rescue_iterator(rocksdb_t *db, rocksdb_column_family_handle_t *family, const uint64_t *numbers,
                                    size_t count, bool only);

#ifdef __cplusplus
}
#endif

#endif
