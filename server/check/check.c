/* SPDX-License-Identifier: Apache-2.0 */
#include "check/check.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "check/contents.h"
#include "check/repair.h"
#include "check/report.h"
#include "shard/ring.h"
#include "store/rescue.h"
#include "store/verify.h"

#define PATH_BYTES_MAX ((size_t)64 * 1024)
#define CONCERNED_MAX  3 /* files that a refused start names */
#define TABLES_NAMED   5
#define LINE_BYTES_MAX ((size_t)64 * 1024)
#define ITEMS_TOLD_MAX ((size_t)4 << 20)

/* program: NULL where nothing is written. */
static struct store_options options_of(const char *dir, const char *program)
{
    return (struct store_options){.dir = dir, .layout = RING_LAYOUT, .durability = STORE_FULL, .program = program};
}

/* --- The disk itself ---------------------------------------------------------------------------------------------- */

#define DISK_FAILS                                                                                                     \
    "The disk under '%s' does not answer a read (" STORE_DISK_FAILS "). Look at it first: dmesg tells why, and a "     \
    "file system that has shut itself down is to be mounted again. The data may be sound."

/* Before what is said of the data. */
static void put_disk_first(struct stator_error *err, const char *dir)
{
    struct stator_error told = *err;

    if (strstr(told.message, STORE_DISK_FAILS) != NULL || rescue_disk_fails(dir))
        stator_fail(err, told.rc, DISK_FAILS " What it looks like without it: %s", dir, told.message);
}

static bool is_empty(const char *dir)
{
    DIR *stream = opendir(dir);
    struct dirent *entry;
    bool empty = stream != NULL;

    while (empty && (errno = 0, entry = readdir(stream)) != NULL)
        empty = entry->d_name[0] == '.' || strcmp(entry->d_name, "lost+found") == 0;
    empty = empty && errno == 0;
    if (stream != NULL)
        closedir(stream);
    return empty;
}

/* What is no damage, and so nothing to look for. */
static enum stator_rc refuse(const struct check_request *request, struct stator_error *err)
{
    const struct store_options options = options_of(request->dir, request->program);

    STATOR_TRY(rescue_may_read(request->dir, err));
    if (is_empty(request->dir))
        return stator_fail(err, STATOR_INTERNAL_SERVER_ERROR, "There is no database in '%s'.", request->dir);
    return rescue_refuse_newer(&options, err);
}

static void tell_disk_first(const struct check_request *request)
{
    if (rescue_disk_fails(request->dir))
        fprintf(request->out, DISK_FAILS "\n", request->dir);
}

/* --- Looking ------------------------------------------------------------------------------------------------------ */

static enum stator_rc look(struct rescue *rescue, struct report *report, struct stator_error *err)
{
    STATOR_TRY(contents_load(rescue_store(rescue), false, report, err));
    if (report->file_faults != 0)
        report_any_table(report);
    return rescue_examine(rescue, RESCUE_READS, report_file, report, err);
}

static void print_end(const struct report *report, const char *dir)
{
    fprintf(report->out, "%s: %zu %s", dir, report->table_count, report->table_count == 1 ? "table" : "tables");
    if (report->file_faults == 0 || report->repairing) /* else a repair may find more */
        fprintf(report->out, ", %llu %s", (unsigned long long)report->items, report->items == 1 ? "item" : "items");
    fputs(": ", report->out);
    if (report->faults == 0)
        fprintf(report->out, "sound\n");
    else
        fprintf(report->out, "%llu %s\n", (unsigned long long)report->faults, report->faults == 1 ? "fault" : "faults");
}

static void say_rebuilds(const char *dir, struct stator_error *err)
{
    const size_t len = strlen(err->message);
    const bool ended = len != 0 && err->message[len - 1] == '.';

    snprintf(err->message + len, sizeof(err->message) - len,
             "%s stator check --repair '%s' makes it anew of its table files and logs.", ended ? "" : ".", dir);
}

enum stator_rc check_directory(const struct check_request *request, uint64_t *faults, struct stator_error *err)
{
    const char *dir = request->dir;
    const struct store_options options = options_of(dir, request->program);
    struct report report = {.out = request->out, .dir = dir};
    struct rescue *rescue;
    enum stator_rc rc;

    *faults = 0;
    STATOR_TRY(refuse(request, err));
    tell_disk_first(request);
    rc = rescue_open(&rescue, &options, report_file, &report, err);
    if (rc != STATOR_OK && (report.manifest_faults != 0 || !rescue_has_manifest(dir)) && rescue_has_data(dir))
        say_rebuilds(dir, err);
    if (rc == STATOR_OK)
        rc = look(rescue, &report, err);
    if (rc == STATOR_OK)
        rc = contents_check(rescue_store(rescue), false, &report, err);
    rescue_close(rescue);
    if (rc != STATOR_OK)
        put_disk_first(err, dir);
    if (rc == STATOR_OK) {
        print_end(&report, dir);
        if (report.disk_fails)
            fprintf(report.out, DISK_FAILS "\n", dir);
        if (report.faults != 0)
            fprintf(report.out, "Nothing was changed. stator check --repair '%s' keeps what is sound.\n", dir);
    }
    *faults = report.faults;
    report_deinit(&report);
    return rc;
}

/* --- Repairing ---------------------------------------------------------------------------------------------------- */

static enum stator_rc mend(struct store *store, struct report *report, struct stator_error *err)
{
    report->items = 0;
    report_deinit(report); /* the store's own definitions count */
    STATOR_TRY(contents_load(store, true, report, err));
    return contents_check(store, true, report, err);
}

/* Its files are sound. */
static enum stator_rc repair_in_place(const char *dir, struct report *report, bool *opened, struct stator_error *err)
{
    const struct store_options options = options_of(dir, report->program);
    struct store *store;
    enum stator_rc rc;

    rc = store_open(&store, &options, err);
    *opened = rc == STATOR_OK;
    if (rc == STATOR_OK)
        rc = mend(store, report, err);
    store_close(store);
    return rc;
}

static enum stator_rc copy_into(const char *stage, const char *dir, struct rescue *rescue, struct report *report,
                                struct stator_error *err)
{
    struct store_options options = options_of(stage, report->program);
    struct store *store;
    enum stator_rc rc;

    (void)dir;

    options.shards = store_shards(rescue_store(rescue));
    STATOR_TRY(store_open(&store, &options, err));
    rc = rescue_copy(rescue, store, err);
    if (rc == STATOR_OK)
        rc = mend(store, report, err);
    store_close(store);
    return rc;
}

static enum stator_rc rebuild_into(const char *stage, const char *dir, struct rescue *rescue, struct report *report,
                                   struct stator_error *err)
{
    const struct store_options options = options_of(stage, report->program);
    struct store *store;
    enum stator_rc rc;

    (void)rescue;
    STATOR_TRY(rescue_rebuild(&store, dir, &options, report_file, report, err));
    report->counters_are_new = true; /* the engine has added up what logs and tables both had */
    rc = mend(store, report, err);
    store_close(store);
    return rc;
}

static void print_kept(FILE *out, const struct buf *kept)
{
    fprintf(out, "The old files are in '%s'. Remove them when nothing in them is missed.\n", (const char *)kept->at);
}

/* Into an empty directory, from a source of which what is told has been told. */
typedef enum stator_rc copy_into_fn(const char *stage, const char *dir, struct rescue *rescue, struct report *report,
                                    struct stator_error *err);

static enum stator_rc repair_by_copy(const char *dir, copy_into_fn *copy, struct rescue *rescue, struct report *report,
                                     struct stator_error *err)
{
    struct buf stage, kept;
    enum stator_rc rc;

    buf_init(&stage, PATH_BYTES_MAX);
    buf_init(&kept, PATH_BYTES_MAX);
    rc = repair_begin(&stage, dir, err);
    if (rc == STATOR_OK)
        rc = copy((const char *)stage.at, dir, rescue, report, err);
    if (rc == STATOR_OK)
        rc = repair_exchange(dir, &kept, err);
    else
        repair_abandon(dir);
    if (rc == STATOR_OK)
        print_kept(report->out, &kept);
    buf_deinit(&stage);
    buf_deinit(&kept);
    return rc;
}

/* Nothing says which of its files count. */
static enum stator_rc repair_by_rebuilding(const char *dir, struct report *report, struct stator_error *err)
{
    enum stator_rc rc;
    int lock;

    STATOR_TRY(rescue_lock(&lock, dir, err));
    rc = repair_by_copy(dir, rebuild_into, NULL, report, err);
    close(lock);
    return rc;
}

/* Whether its contents fit together; nothing is printed. */
static enum stator_rc is_sound(struct rescue *rescue, const struct report *report, bool *sound, uint64_t *items,
                               struct stator_error *err)
{
    struct report quiet = *report;
    enum stator_rc rc;

    *sound = false;
    quiet.out = fopen("/dev/null", "w");
    if (quiet.out == NULL)
        return stator_fail_memory(err);
    rc = contents_check(rescue_store(rescue), false, &quiet, err);
    fclose(quiet.out);
    *sound = quiet.faults == 0;
    *items = quiet.items;
    return rc;
}

/* What is sound is not touched. */
static enum stator_rc repair_opened(const char *dir, struct rescue *rescue, struct report *report, bool *in_place,
                                    struct stator_error *err)
{
    bool sound;

    *in_place = false;
    repair_abandon(dir); /* what an earlier one has left is of no more use */
    STATOR_TRY(look(rescue, report, err));
    if (report->file_faults != 0)
        return repair_by_copy(dir, copy_into, rescue, report, err);
    STATOR_TRY(is_sound(rescue, report, &sound, &report->items, err));
    *in_place = !sound || report->faults != 0;
    return STATOR_OK;
}

/* What can be read is copied although no fault of a file is known: a server would not open it. */
static enum stator_rc repair_unopened(const char *dir, struct report *report, struct stator_error *err)
{
    const struct store_options options = options_of(dir, NULL);
    struct rescue *rescue;
    enum stator_rc rc;

    STATOR_TRY(rescue_open(&rescue, &options, report_file, report, err));
    rc = rescue_examine(rescue, RESCUE_READS, report_file, report, err);
    if (rc == STATOR_OK)
        rc = repair_by_copy(dir, copy_into, rescue, report, err);
    rescue_close(rescue);
    return rc;
}

static enum stator_rc repair(const char *dir, struct report *report, struct stator_error *err)
{
    const struct store_options options = options_of(dir, report->program);
    struct rescue *rescue;
    enum stator_rc rc = rescue_open(&rescue, &options, report_file, report, err);
    bool in_place, opened;

    if (rc != STATOR_OK && report->manifest_faults == 0 && rescue_has_manifest(dir))
        return rc;
    if (rc != STATOR_OK || report->manifest_faults != 0) {
        rescue_close(rescue);
        return repair_by_rebuilding(dir, report, err);
    }
    rc = repair_opened(dir, rescue, report, &in_place, err);
    rescue_close(rescue);
    if (rc != STATOR_OK || !in_place)
        return rc;
    rc = repair_in_place(dir, report, &opened, err);
    return opened ? rc : repair_unopened(dir, report, err);
}

static enum stator_rc resume(const char *dir, FILE *out, struct stator_error *err)
{
    struct buf kept;
    enum stator_rc rc;
    bool done;
    int lock;

    STATOR_TRY(rescue_lock(&lock, dir, err));
    buf_init(&kept, PATH_BYTES_MAX);
    rc = repair_resume(dir, &done, &kept, err);
    if (rc == STATOR_OK && done) {
        fprintf(out, "A repair that was interrupted has been ended.\n");
        print_kept(out, &kept);
    }
    buf_deinit(&kept);
    close(lock);
    return rc;
}

/* The store says of a full disk what a server has to say. */
static void say_room(const char *dir, struct stator_error *err)
{
    uint64_t wanted, is_free;

    if ((strstr(err->message, "is full: ") == NULL && strstr(err->message, "No space left") == NULL) ||
        !rescue_room(dir, &wanted, &is_free))
        return;
    snprintf(
        err->message, sizeof(err->message),
        "The disk has too little room for the repair of '%s', which makes a copy where a file is damaged: that may "
        "need %llu MiB beside what "
        "is kept free (168 MiB, of a small disk an eighth), and %llu MiB are free. Make room and run it again. Nothing "
        "was changed.",
        dir, (unsigned long long)(wanted >> 20) + 1, (unsigned long long)(is_free >> 20));
}

static void say_why(struct stator_error *err, const char *dir)
{
    say_room(dir, err);
    put_disk_first(err, dir);
}

static void print_repaired(const struct report *report, const char *dir)
{
    print_end(report, dir);
    if (report->disk_fails)
        fprintf(report->out, DISK_FAILS "\n", dir);
    if (report->faults != 0 && !report_may_have_lost(report))
        fprintf(report->out, "All of them are mended.\n");
    report_lost(report);
}

enum stator_rc check_repair(const struct check_request *request, uint64_t *faults, bool *lost, struct stator_error *err)
{
    struct report report = {.out = request->out, .dir = request->dir, .program = request->program, .repairing = true};
    enum stator_rc rc;

    *faults = 0;
    *lost = false;
    STATOR_TRY(refuse(request, err));
    tell_disk_first(request);
    STATOR_TRY(resume(request->dir, request->out, err));
    buf_init(&report.items_told, ITEMS_TOLD_MAX);
    rc = repair(request->dir, &report, err);
    repair_give_to_owner(request->dir);
    if (rc == STATOR_OK)
        print_repaired(&report, request->dir);
    else
        say_why(err, request->dir);
    *faults = report.faults;
    *lost = report_may_have_lost(&report);
    buf_deinit(&report.items_told);
    report_deinit(&report);
    return rc;
}

/* --- A start that was refused ------------------------------------------------------------------------------------- */

struct concerned {
    struct report report; /* its tables */
    struct buf *out;
    uint64_t others, tables; /* faults told: of logs and manifest, of table files */
};

static void tell_concerned(void *context, const struct rescue_fault *fault)
{
    struct concerned *concerned = context;

    if (fault->kind != RESCUE_TABLE) {
        concerned->others++;
        return;
    }
    if (concerned->tables++ >= CONCERNED_MAX)
        return;
    buf_printf(concerned->out, " %s %s: ", fault->file, fault->what);
    if (fault->bytes != 0)
        buf_printf(concerned->out, "at most %llu bytes of ", (unsigned long long)fault->bytes);
    else
        buf_printf(concerned->out, "nothing is lost of ");
    report_owners(concerned->out, &concerned->report, fault);
    buf_append_byte(concerned->out, '.');
}

/* Whose writes a log had nobody knows. */
static void tell_all_tables(struct concerned *concerned)
{
    if (concerned->report.table_count == 0) {
        buf_append_bytes(concerned->out,
                         BYTES(" No table is known: those that were made in what cannot be read are gone, too."));
        return;
    }
    buf_append_bytes(concerned->out, BYTES(" The tables: "));
    report_owners(concerned->out, &concerned->report, &(struct rescue_fault){.kind = RESCUE_LOG});
    buf_append_byte(concerned->out, '.');
}

/* What the engine reads when it opens them, and if that is sound all of them. */
static enum stator_rc examine(struct rescue *rescue, struct concerned *concerned, struct stator_error *err)
{
    STATOR_TRY(contents_load(rescue_store(rescue), false, &concerned->report, err));
    STATOR_TRY(rescue_examine(rescue, RESCUE_OPENS, tell_concerned, concerned, err));
    if (concerned->tables == 0 && concerned->others == 0)
        STATOR_TRY(rescue_examine(rescue, RESCUE_READS, tell_concerned, concerned, err));
    return STATOR_OK;
}

static void look_whose(struct concerned *concerned, const struct store_options *options)
{
    const char *dir = options->dir;
    struct rescue *rescue = NULL;
    struct stator_error err;
    enum stator_rc rc = rescue_open(&rescue, options, tell_concerned, concerned, &err);

    if (rc == STATOR_OK && examine(rescue, concerned, &err) == STATOR_OK) {
        if (concerned->tables > CONCERNED_MAX)
            buf_printf(concerned->out, " And %llu more.", (unsigned long long)(concerned->tables - CONCERNED_MAX));
        if (concerned->others != 0)
            tell_all_tables(concerned);
    } else if (rc != STATOR_OK && rescue_has_data(dir) && (concerned->others != 0 || !rescue_has_manifest(dir)) &&
               !rescue_disk_fails(dir)) {
        buf_append_bytes(concerned->out, BYTES(" All tables are concerned; a repair tells what is lost of each."));
    }
    rescue_close(rescue);
}

/* Where table files are what is wrong, the engine's words give way to ours. */
static void add_concerned(struct stator_error *err, const struct concerned *concerned, const char *dir)
{
    const size_t len = strlen(err->message);
    const int told = (int)concerned->out->len;
    const char *text = concerned->out->at != NULL ? (const char *)concerned->out->at : "";

    if (concerned->tables != 0 && concerned->others == 0 && strstr(err->message, "is damaged") != NULL)
        snprintf(err->message, sizeof(err->message),
                 "The data directory '%s' is damaged:%.*s A copy that was made while its server was writing looks like "
                 "this, too. " VERIFY_GO_ON,
                 dir, told, text, dir, dir);
    else
        snprintf(err->message + len, sizeof(err->message) - len, "%.*s", told, text);
    if (strstr(err->message, "check --repair") == NULL && (concerned->tables != 0 || concerned->report.faults != 0))
        snprintf(err->message + strlen(err->message), sizeof(err->message) - strlen(err->message), " " VERIFY_GO_ON,
                 dir, dir);
}

void check_concerned(struct stator_error *err, const char *dir)
{
    const struct store_options options = options_of(dir, "");
    struct buf out;
    struct concerned concerned = {.report = {.out = fopen("/dev/null", "w"), .dir = dir}, .out = &out};
    struct stator_error why;

    if (concerned.report.out == NULL)
        return;
    buf_init(&out, sizeof(err->message));
    if (rescue_may_read(dir, &why) == STATOR_OK && rescue_refuse_newer(&options, &why) == STATOR_OK)
        look_whose(&concerned, &options);
    if (!out.failed && (out.len != 0 || concerned.report.faults != 0))
        add_concerned(err, &concerned, dir);
    put_disk_first(err, dir);
    fclose(concerned.report.out);
    report_deinit(&concerned.report);
    buf_deinit(&out);
}
