/* SPDX-License-Identifier: Apache-2.0 */
/* rescue: a directory that may be damaged, read as far as that goes. Nothing in it is changed.
 *
 * What cannot be read is taken for never written: where a block of a table file or a record of a log is lost, what lay
 * under the same keys before counts.
 *
 * Thread: [main]. The directory's lock is held from rescue_open to rescue_close: a running server's is refused.
 */
#ifndef SERVER_STORE_RESCUE_H
#define SERVER_STORE_RESCUE_H

#include "store/store.h"

/* A directory in the data directory, in which a repair makes the new database. */
#define RESCUE_STAGE "STATOR-REPAIR"
/* Files in it, while it takes the place of the old one (check/repair.h). */
#define RESCUE_MOVING_OUT "MOVING-OUT"
#define RESCUE_MOVING_IN  "MOVING-IN"

struct rescue;

/* A part that cannot be read. The texts and keys are good until the call returns. */
struct rescue_fault {
    enum {
        RESCUE_TABLE,    /* what is lost is in that family, from first up to last */
        RESCUE_LOG,      /* it may be anybody's */
        RESCUE_MANIFEST, /* which files there are is not known */
    } kind;
    const char *file;         /* its name in the directory */
    const char *what;         /* what is wrong with it: "is gone" */
    uint32_t family;          /* STORE_... */
    struct bytes first, last; /* absent: from the family's beginning, to its end */
    uint64_t bytes;           /* that are lost at most; 0: none, or nobody knows */
};

typedef void rescue_tell(void *context, const struct rescue_fault *fault);

enum rescue_depth {
    RESCUE_OPENS, /* each is opened */
    RESCUE_READS, /* each is read */
};

/* Of the options only dir, layout and program count. Tells of each fault of the logs and of the manifest. Where
 * CURRENT is an old file, the manifest that was in use is read. Fails if the directory is in use, is none of ours, or is in such
 * a state that nothing can be read of it, which the text says. On STATOR_OK ended by rescue_close. */
STATOR_MUST_CHECK enum stator_rc rescue_open(struct rescue **out, const struct store_options *options,
                                             rescue_tell *tell, void *context, struct stator_error *err);

/* Tells of each fault of the table files. */
STATOR_MUST_CHECK enum stator_rc rescue_examine(struct rescue *rescue, enum rescue_depth depth, rescue_tell *tell,
                                                void *context, struct stator_error *err);
void rescue_close(struct rescue *rescue); /* NULL is allowed */

/* What can be read of it. Reads that meet a fault fail; writes are refused. */
struct store *rescue_store(struct rescue *rescue);

/* Copies all families, but for what rescue_examine found with RESCUE_READS, into a new store that has as many shards. What lay
 * under a counter's key is its value now. */
STATOR_MUST_CHECK enum stator_rc rescue_copy(struct rescue *rescue, struct store *to, struct stator_error *err);

/* Fails if this user may not read one of the directory's files, which is no damage. */
STATOR_MUST_CHECK enum stator_rc rescue_may_read(const char *dir, struct stator_error *err);

/* Fails if a newer program has left the directory: what is new in it would be taken for damage. Of the options dir and program count.
 * Where the lock's file does not tell the format, logs and table files are searched for it. */
STATOR_MUST_CHECK enum stator_rc rescue_refuse_newer(const struct store_options *options, struct stator_error *err);

/* Whether it has a table file or a log. */
bool rescue_has_data(const char *dir);

/* Whether a read of it fails with EIO: of a disk that does not answer, or a file system that has shut itself down, nothing can be
 * said of the data. Looks at the beginning of each file. */
bool rescue_disk_fails(const char *dir);

/* Bytes of its table files and logs, which is what a copy of them may take, and what is free on its disk. False: it does not tell. */
bool rescue_room(const char *dir, uint64_t *wanted, uint64_t *is_free);

/* False: the directory's manifest or its CURRENT cannot be used, which is why rescue_open failed. */
bool rescue_has_manifest(const char *dir);

/* For a directory without a manifest. Makes a new store (options->dir, which
 * is made, and layout) of all table files and logs, and tells what cannot be read. Of what was deleted
 * something may be back, and its counters are not to be believed. On STATOR_OK the caller owns *out. */
STATOR_MUST_CHECK enum stator_rc rescue_rebuild(struct store **out, const char *dir,
                                                const struct store_options *options, rescue_tell *tell, void *context,
                                                struct stator_error *err);

/* Holds the directory's lock: a running server's is refused. Ended by close. Nothing is made: where the lock's file is gone it
 * is the directory itself that is locked, which keeps out other callers of this alone. */
STATOR_MUST_CHECK enum stator_rc rescue_lock(int *out, const char *dir, struct stator_error *err);

#endif
