/* SPDX-License-Identifier: Apache-2.0 */
/* repair: a directory's database copied as far as it can be read, and put in the place of the old one.
 *
 *      DIR/STATOR-REPAIR/            the new database while it is made; then one file says how far the exchange is:
 *      DIR/STATOR-REPAIR/MOVING-OUT  old files go to damaged-<time>, CURRENT first
 *      DIR/STATOR-REPAIR/MOVING-IN   new files come, CURRENT last
 *
 * Killed before CURRENT is moved it has changed nothing: a server may start, which removes MOVING-OUT first
 * (directory_prepare), and the next repair begins anew. After that no server starts, for there is no CURRENT, and the next
 * repair goes on from there.
 *
 * Thread: [main], with the directory's lock held.
 */
#ifndef SERVER_CHECK_REPAIR_H
#define SERVER_CHECK_REPAIR_H

#include "check/report.h"

/* The directory in which the new database is made; on STATOR_OK it is there, and empty. */
STATOR_MUST_CHECK enum stator_rc repair_begin(struct buf *stage, const char *dir, struct stator_error *err);

/* The database in it is whole, closed, and on the disk: exchanges them. *kept is the path of the old files. */
STATOR_MUST_CHECK enum stator_rc repair_exchange(const char *dir, struct buf *kept, struct stator_error *err);

/* Ends an exchange that was interrupted after it had moved something. *done: there was one. */
STATOR_MUST_CHECK enum stator_rc repair_resume(const char *dir, bool *done, struct buf *kept, struct stator_error *err);

/* What root has made belongs to whom the directory belongs to, who could not start on it otherwise. */
void repair_give_to_owner(const char *dir);

/* Removes a stage that is of no more use. */
void repair_abandon(const char *dir);

#endif
