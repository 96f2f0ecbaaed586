/* SPDX-License-Identifier: Apache-2.0 */
#include "store/files.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/listener.h>
#include <rocksdb/options.h>

#include <sys/stat.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>

/* As in the engine's db/c.cc, where alone they are defined. */
struct rocksdb_t {
    rocksdb::DB *rep;
};
struct rocksdb_env_t {
    rocksdb::Env *rep;
    bool is_default;
};
struct rocksdb_options_t {
    rocksdb::Options rep;
};
struct rocksdb_flushoptions_t {
    rocksdb::FlushOptions rep;
};

namespace
{

using rocksdb::FileOptions;
using rocksdb::FileSystem;
using rocksdb::FSWritableFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

/* Its number, as files.h has it; 0 for a file that is neither a log nor a manifest. */
uint64_t number_of(const std::string &path)
{
    static const char manifest[] = "MANIFEST-";
    const char *name = path.c_str() + path.rfind('/') + 1;
    const bool is_manifest = std::strncmp(name, manifest, sizeof(manifest) - 1) == 0;
    const char *digits = is_manifest ? name + sizeof(manifest) - 1 : name;
    uint64_t number = 0;

    for (; *digits >= '0' && *digits <= '9'; digits++)
        number = number * 10 + static_cast<uint64_t>(*digits - '0');
    if (is_manifest)
        return *digits == '\0' ? number | FILES_MANIFEST : 0;
    return std::strcmp(digits, ".log") == 0 ? number : 0;
}

bool is_log(uint64_t number)
{
    return number != 0 && (number & FILES_MANIFEST) == 0;
}

bool ends_with(const std::string &path, const char *ending)
{
    const size_t len = std::strlen(ending);

    return path.size() >= len && path.compare(path.size() - len, len, ending) == 0;
}

bool is_table(const std::string &path)
{
    return ends_with(path, ".sst");
}

/* CURRENT, before it has its name, is one of these. */
bool is_of_manifest(const std::string &path)
{
    return (number_of(path) & FILES_MANIFEST) != 0 || ends_with(path, ".dbtmp") || ends_with(path, "/CURRENT");
}

/* The thread is about a compaction for which there is no room. The engine asks nobody before it begins one, so the first
 * table that it makes fails. */
thread_local bool has_no_room;

/* The log that this thread was about to make could not be made, for lack of space. */
thread_local bool log_has_no_space;

/* files_ask's */
thread_local bool (*asked)(void *context, size_t bytes);
thread_local void *asked_context;

/* How often it failed to write something of a manifest, whoever's: what one thread wants to have there another may write. */
std::atomic<uint64_t> manifest_failures{0};
thread_local uint64_t failures_when_asked;

bool manifest_failed_since_asked()
{
    return asked != nullptr && manifest_failures != failures_when_asked;
}

IOStatus count_failure(bool of_manifest, IOStatus status)
{
    if (of_manifest && !status.ok())
        manifest_failures++;
    return status;
}

IOStatus status_of(int error, const std::string &path)
{
    if (error == 0)
        return IOStatus::OK();
    if (error == ENOSPC)
        return IOStatus::NoSpace("While keeping what is synced of " + path, std::strerror(error));
    return IOStatus::IOError("While keeping what is synced of " + path, std::strerror(error));
}

/* A write that fails is told by the sync behind it, while the engine opens a log: with a torn end before it, it begins one by a record
 * and a sync, under a lock that it would take once more to note that the write has failed, and wait for itself. */
class WatchedFile : public rocksdb::FSWritableFileOwnerWrapper
{
  public:
    WatchedFile(std::unique_ptr<FSWritableFile> file, const files_watcher &watcher, uint64_t number)
        : FSWritableFileOwnerWrapper(std::move(file)), watcher_(watcher), number_(number), is_log_(is_log(number))
    {
    }

    IOStatus Append(const Slice &data, const IOOptions &options, IODebugContext *debug) override
    {
        return count(data, FSWritableFileOwnerWrapper::Append(data, options, debug));
    }

    IOStatus Append(const Slice &data, const IOOptions &options, const rocksdb::DataVerificationInfo &info,
                    IODebugContext *debug) override
    {
        return count(data, FSWritableFileOwnerWrapper::Append(data, options, info, debug));
    }

    IOStatus Sync(const IOOptions &options, IODebugContext *debug) override
    {
        const uint64_t bytes = bytes_.load();

        if (!failed_.ok())
            return failed_;
        watcher_.syncing(watcher_.context);
        return note(bytes, FSWritableFileOwnerWrapper::Sync(options, debug));
    }

    IOStatus Fsync(const IOOptions &options, IODebugContext *debug) override
    {
        const uint64_t bytes = bytes_.load();

        if (!failed_.ok())
            return failed_;
        watcher_.syncing(watcher_.context);
        return note(bytes, FSWritableFileOwnerWrapper::Fsync(options, debug));
    }

  private:
    IOStatus count(const Slice &data, IOStatus status)
    {
        if (status.ok())
            bytes_ += data.size();
        else if (is_log_ && watcher_.opening(watcher_.context))
            failed_ = status;
        return failed_.ok() ? count_failure(!is_log_, status) : IOStatus::OK();
    }

    IOStatus note(uint64_t bytes, IOStatus status)
    {
        if (status.ok() && number_ != 0)
            watcher_.synced(watcher_.context, number_, bytes);
        return count_failure(!is_log_, status);
    }

    const files_watcher watcher_;
    const uint64_t number_; /* 0: it is to become CURRENT */
    const bool is_log_;
    std::atomic<uint64_t> bytes_{0};
    IOStatus failed_; /* written by the thread that opens the database, before there are others */
};

/* A table of a thread that asks. */
class AskingFile : public rocksdb::FSWritableFileOwnerWrapper
{
  public:
    explicit AskingFile(std::unique_ptr<FSWritableFile> file) : FSWritableFileOwnerWrapper(std::move(file))
    {
    }

    IOStatus Append(const Slice &data, const IOOptions &options, IODebugContext *debug) override
    {
        return goes_on(data) ? FSWritableFileOwnerWrapper::Append(data, options, debug) : given_up();
    }

    IOStatus Append(const Slice &data, const IOOptions &options, const rocksdb::DataVerificationInfo &info,
                    IODebugContext *debug) override
    {
        return goes_on(data) ? FSWritableFileOwnerWrapper::Append(data, options, info, debug) : given_up();
    }

  private:
    static bool goes_on(const Slice &data)
    {
        return asked == nullptr || asked(asked_context, data.size());
    }

    static IOStatus given_up()
    {
        return IOStatus::NoSpace("Given up, for lack of room");
    }
};

/* The database's, to which CURRENT belongs. */
class WatchedDirectory : public rocksdb::FSDirectoryWrapper
{
  public:
    explicit WatchedDirectory(std::unique_ptr<rocksdb::FSDirectory> directory)
        : FSDirectoryWrapper(std::move(directory))
    {
    }

    IOStatus Fsync(const IOOptions &options, IODebugContext *debug) override
    {
        return count_failure(true, FSDirectoryWrapper::Fsync(options, debug));
    }

    IOStatus FsyncWithDirOptions(const IOOptions &options, IODebugContext *debug,
                                 const rocksdb::DirFsyncOptions &how) override
    {
        return count_failure(true, FSDirectoryWrapper::FsyncWithDirOptions(options, debug, how));
    }
};

class WatchedFiles : public rocksdb::FileSystemWrapper
{
  public:
    explicit WatchedFiles(const files_watcher &watcher) : FileSystemWrapper(FileSystem::Default()), watcher_(watcher)
    {
    }

    static const char *kClassName()
    {
        return "WatchedFiles";
    }

    const char *Name() const override
    {
        return kClassName();
    }

    IOStatus NewWritableFile(const std::string &path, const FileOptions &options, std::unique_ptr<FSWritableFile> *out,
                             IODebugContext *debug) override
    {
        const uint64_t number = number_of(path);
        IOStatus status = status_of(number != 0 ? watcher_.making(watcher_.context, number) : 0, path);

        if (has_no_room && is_table(path))
            return IOStatus::NoSpace("Not begun, for lack of room: " + path);
        if (status.ok())
            status = target()->NewWritableFile(path, options, out, debug);
        if (is_log(number))
            status = made(path, number, options, std::move(status), out);
        status = count_failure(is_of_manifest(path), std::move(status));
        if (status.ok() && (number != 0 || is_of_manifest(path)))
            out->reset(new WatchedFile(std::move(*out), watcher_, number));
        if (status.ok() && asked != nullptr && is_table(path))
            out->reset(new AskingFile(std::move(*out)));
        return status;
    }

    IOStatus DeleteFile(const std::string &path, const IOOptions &options, IODebugContext *debug) override
    {
        const uint64_t number = number_of(path);
        const IOStatus status = status_of(number != 0 ? watcher_.deleting(watcher_.context, number) : 0, path);

        return status.ok() ? target()->DeleteFile(path, options, debug) : status;
    }

    IOStatus RenameFile(const std::string &from, const std::string &to, const IOOptions &options,
                        IODebugContext *debug) override
    {
        return count_failure(is_of_manifest(to), target()->RenameFile(from, to, options, debug));
    }

    IOStatus NewDirectory(const std::string &path, const IOOptions &options, std::unique_ptr<rocksdb::FSDirectory> *out,
                          IODebugContext *debug) override
    {
        const IOStatus status = target()->NewDirectory(path, options, out, debug);

        if (status.ok())
            out->reset(new WatchedDirectory(std::move(*out)));
        return status;
    }

  private:
    IOStatus ready(const std::string &path, IOStatus status)
    {
        return status.ok() ? status_of(watcher_.made(watcher_.context, path.c_str()), path) : status;
    }

    /* The log that the engine has is written on if there is none of that number, however far its making came. */
    IOStatus made(const std::string &path, uint64_t number, const FileOptions &options, IOStatus status,
                  std::unique_ptr<FSWritableFile> *out)
    {
        status = ready(path, std::move(status));
        if (status.IsNoSpace() && watcher_.spare(watcher_.context, path.c_str())) {
            out->reset();
            /* not ReopenWritableFile, which writes behind the file's end: behind what log_ahead.c has written ahead */
            status = ready(path, target()->ReuseWritableFile(path, path, options, out, nullptr));
        }
        if (!status.ok()) {
            out->reset();
            if (watcher_.deleting(watcher_.context, number) == 0)
                target()->DeleteFile(path, IOOptions(), nullptr).PermitUncheckedError();
        }
        log_has_no_space = status.IsNoSpace();
        return status;
    }

    const files_watcher watcher_;
};

/* The engine begins a new log together with a memtable. */
bool is_next_log(rocksdb::BackgroundErrorReason reason)
{
    return reason == rocksdb::BackgroundErrorReason::kMemTable && log_has_no_space;
}

/* The engine does not tell a compaction that was asked for from its entry in the manifest (merge.cc). */
bool is_manifest(rocksdb::BackgroundErrorReason reason)
{
    return reason == rocksdb::BackgroundErrorReason::kCompaction && manifest_failed_since_asked();
}

/* What fails is what is written behind the log's back, or the next log: this one has all that was acknowledged, and can be written on. */
bool spares_log(rocksdb::BackgroundErrorReason reason)
{
    return is_next_log(reason) || is_manifest(reason) || reason == rocksdb::BackgroundErrorReason::kFlushNoWAL ||
           reason == rocksdb::BackgroundErrorReason::kManifestWrite ||
           reason == rocksdb::BackgroundErrorReason::kManifestWriteNoWAL;
}

class Listener : public rocksdb::EventListener
{
  public:
    explicit Listener(const files_listener &listener) : listener_(listener)
    {
    }

    void OnCompactionBegin(rocksdb::DB *, const rocksdb::CompactionJobInfo &job) override
    {
        uint64_t bytes = 0;
        struct stat info;

        for (const std::string &path : job.input_files)
            bytes += stat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
        has_no_room = job.compaction_reason != rocksdb::CompactionReason::kManualCompaction &&
                      !listener_.has_room(listener_.context, bytes, job.base_input_level == 0);
    }

    void OnCompactionCompleted(rocksdb::DB *, const rocksdb::CompactionJobInfo &) override
    {
        has_no_room = false;
    }

    void OnBackgroundError(rocksdb::BackgroundErrorReason reason, rocksdb::Status *error) override
    {
        if (reason != rocksdb::BackgroundErrorReason::kCompaction || is_manifest(reason)) {
            listener_.stopped(listener_.context, error->IsNoSpace() && spares_log(reason));
            /* It would take the one for what nothing mends, and the other for what stops nothing. */
            if (error->IsNoSpace() && (is_next_log(reason) || is_manifest(reason)))
                *error = rocksdb::Status(*error, rocksdb::Status::Severity::kHardError);
            return;
        }
        if (!error->IsCorruption() && !error->IsIOError())
            return;
        if (error->IsNoSpace())
            listener_.had_no_space(listener_.context);
        else
            listener_.met_damage(listener_.context);
        *error = rocksdb::Status::OK();
    }

    void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool *by_itself) override
    {
        *by_itself = false;
    }

  private:
    const files_listener listener_;
};

} // namespace

bool files_listen(rocksdb_options_t *options, const struct files_listener *listener)
{
    try {
        options->rep.listeners.push_back(std::make_shared<Listener>(*listener));
        return true;
    } catch (const std::bad_alloc &) {
        return false;
    }
}

void files_flush_at_once(rocksdb_flushoptions_t *options)
{
    options->rep.allow_write_stall = true;
}

bool files_resume(rocksdb_t *db)
{
    return db->rep->Resume().ok();
}

void files_ask(bool (*goes_on)(void *context, size_t bytes), void *context)
{
    asked = goes_on;
    asked_context = context;
    failures_when_asked = manifest_failures;
}

bool files_manifest_failed(void)
{
    return manifest_failed_since_asked();
}

rocksdb_env_t *files_env(const files_watcher *watcher)
{
    try {
        std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(std::make_shared<WatchedFiles>(*watcher));
        rocksdb_env_t *out = new rocksdb_env_t{env.get(), false};

        env.release();
        return out;
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}
