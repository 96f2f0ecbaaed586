/* SPDX-License-Identifier: Apache-2.0 */
/* synced: which files of the engine a data directory must have, and how much of each was on the disk when somebody was told so.
 *
 * After a crash a log ends somewhere, and what is torn behind its last sync is lost rightly. Only who knows how far that sync
 * went can tell a torn end from damage, and a log that was deleted from one that is gone. So the directory keeps, in
 * STATOR-SYNCED, a line for each write-ahead log and for the manifest: its number, and how many of its bytes were synced.
 *
 * - A log is entered, on the disk, before it is made, and struck out, on the disk, before it is deleted: the lines are
 *   exactly the logs that must be there. A log without a line that is older than they is one whose deletion a power cut
 *   undid. A flush makes one log and deletes some, and costs a sync for each.
 * - A manifest is entered before it is made, and struck out when CURRENT names the next one and is on the disk; synced_start does
 *   that, too, if the engine has not deleted the old one yet. Neither has a sync of its own: a power cut may take the line of the
 *   newest, but never leaves CURRENT with one that has no line while a newer one has. That CURRENT is an old file.
 * - How far a file is synced is written after each sync, without one of its own. The system keeps that if the process is
 *   killed. For a power cut the same is said by a mark that each sync of the log brings (synced_mark): it tells of all syncs
 *   but the last. Marks go with the end of their log; so the lines go to the disk, too, with the first sync of each log and then
 *   once a second, or once in 20 times the time that this takes.
 * - A line says which start made the log, and so do the log's marks: a log of that number of a copy that went on by itself is
 *   known to be another.
 *
 * Layout: 16 bytes of text, and from 4096 on three places of SYNCED_PLACE_BYTES. What is synced goes to the first two in turn,
 * so that one of them is whole on the disk at any time. What is not synced goes to the third, which a power cut may tear. The
 * highest generation that is whole counts.
 *
 *      generation (8 bytes, big-endian) · secret (16) · count (4) · count lines: number (8, the top bit set for a manifest),
 *      bytes (8), start (8) · CRC-32C of all these (4)
 *
 * The secret is the directory's and in each of its marks: nobody can make a mark by writing an item that looks like one.
 *
 * Thread: [any], with a lock of its own.
 */
#ifndef SERVER_STORE_SYNCED_H
#define SERVER_STORE_SYNCED_H

#include "base/buf.h"
#include "base/error.h"
#include "store/files.h"

#define SYNCED_NAME         "STATOR-SYNCED"
#define SYNCED_PLACE_BYTES  131072
#define SYNCED_FILES_MAX    4000
#define SYNCED_SECRET_BYTES 16

struct synced_file {
    uint64_t number; /* as files_watcher has it */
    uint64_t bytes;
    uint64_t start; /* a number that the start which made it has drawn */
};

/* What was read of a directory. */
struct synced_list {
    enum {
        SYNCED_ABSENT, /* there is no such file: a directory of format 1 */
        SYNCED_BEGUN,  /* it was being made: of a directory of format 1, or it is cut short or empty */
        SYNCED_SOUND,
        SYNCED_DAMAGED
    } state;
    uint64_t generation;
    uint8_t on_disk; /* of the first two places the one that is whole on the disk */
    uint8_t secret[SYNCED_SECRET_BYTES];
    size_t count;
    struct synced_file *files; /* owned */
    uint64_t instead;          /* the manifest that was in use, where CURRENT names an older one; else 0 */
    bool ahead;                /* there was the line of a newer manifest than CURRENT's, which is left out here */
    char left_out[128];        /* what a start leaves out behind what was synced; "": nothing that could be read */
};

struct synced;

/* Fails only if the file cannot be read. synced_list_deinit in any case. */
STATOR_MUST_CHECK enum stator_rc synced_read(struct synced_list *out, const char *dir, struct stator_error *err);
void synced_list_deinit(struct synced_list *list);
/* NULL: there is no such line. */
struct synced_file *synced_find(const struct synced_list *list, uint64_t number);

/* Opens the directory's file, with lines that are copied. On STATOR_OK ended by synced_close. If the directory has no lines
 * yet (begun), its file is made, with the text alone, and nothing else is written before synced_start. */
STATOR_MUST_CHECK enum stator_rc synced_open(struct synced **out, const char *dir, const struct synced_list *lines,
                                             bool begun, struct stator_error *err);
void synced_close(struct synced *synced);

/* The directory is open: on STATOR_OK all lines are on the disk. Before it, what is entered may get there later, for such a
 * log has no record that changes anything. Of the manifests only this start's are left. */
STATOR_MUST_CHECK enum stator_rc synced_start(struct synced *synced, const char *dir, struct stator_error *err);

bool synced_is_started(struct synced *synced);

/* What struct files_watcher tells. */
int synced_enter(struct synced *synced, uint64_t number);
int synced_strike(struct synced *synced, uint64_t number);
void synced_reached(struct synced *synced, uint64_t number, uint64_t bytes);

/* Puts the lines of the logs into a mark for the log, and takes them out of one: what a line of list says is raised to what the
 * mark says of that log. start: which one wrote the mark. False: it is no mark of that directory. */
void synced_mark(struct synced *synced, struct buf *out);
bool synced_take_mark(struct synced_list *list, struct bytes mark, uint64_t *start);

#endif
