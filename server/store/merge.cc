/* SPDX-License-Identifier: Apache-2.0 */
#include "store/merge.h"

#include "store/files.h"

#include <rocksdb/db.h>
#include <rocksdb/options.h>
#include <rocksdb/sst_partitioner.h>

#include <algorithm>
#include <memory>
#include <new>
#include <string>
#include <vector>

/* As in the engine's db/c.cc, where alone they are defined. */
struct rocksdb_t {
    rocksdb::DB *rep;
};
struct rocksdb_column_family_handle_t {
    rocksdb::ColumnFamilyHandle *rep;
};
struct rocksdb_options_t {
    rocksdb::Options rep;
};

namespace
{

using rocksdb::Slice;

/* The one that this thread is about. The engine runs it here, and asks for its partitions here. */
thread_local const struct merge *merging;

struct bytes bytes_in(const Slice &slice)
{
    return bytes_of(slice.data(), slice.size());
}

class Cuts : public rocksdb::SstPartitioner
{
  public:
    explicit Cuts(const struct merge *merge) : merge_(merge)
    {
    }

    const char *Name() const override
    {
        return "Cuts";
    }

    rocksdb::PartitionerResult ShouldPartition(const rocksdb::PartitionerRequest &request) override
    {
        const struct bytes key = bytes_in(*request.current_user_key);
        bool crossed = false;

        for (; next_ < merge_->cut_count && bytes_compare(merge_->cuts[next_], key) <= 0; next_++)
            crossed = crossed || bytes_compare(bytes_in(*request.prev_user_key), merge_->cuts[next_]) < 0;
        return crossed ? rocksdb::kRequired : rocksdb::kNotRequired;
    }

    bool CanDoTrivialMove(const Slice &, const Slice &) override
    {
        return false;
    }

  private:
    const struct merge *merge_;
    size_t next_ = 0;
};

class CutsFactory : public rocksdb::SstPartitionerFactory
{
  public:
    const char *Name() const override
    {
        return "CutsFactory";
    }

    std::unique_ptr<rocksdb::SstPartitioner> CreatePartitioner(const rocksdb::SstPartitioner::Context &) const override
    {
        return std::unique_ptr<rocksdb::SstPartitioner>(merging != nullptr ? new (std::nothrow) Cuts(merging)
                                                                           : nullptr);
    }
};

/* A compaction that fails deletes what it has written. Where it has failed at the manifest, which may name that by now, the files
 * stay, as they do after all others of the engine's failures there, until a new manifest is written (revive.c). */
rocksdb::Status run(rocksdb_t *db, rocksdb_column_family_handle_t *family, const struct merge *merge)
{
    rocksdb::CompactionOptions how;
    const std::vector<std::string> names(merge->names, merge->names + merge->count);
    rocksdb::Status status;

    how.compression = rocksdb::kDisableCompressionOption; /* the family's */
    how.output_file_size_limit = merge->file_bytes;
    how.max_subcompactions = 1; /* no other thread */
    db->rep->DisableFileDeletions().PermitUncheckedError();
    status = db->rep->CompactFiles(how, family->rep, names, merge->level);
    if (status.ok() || !files_manifest_failed())
        db->rep->EnableFileDeletions(false).PermitUncheckedError();
    return status;
}

} // namespace

bool merge_prepare(rocksdb_options_t *options)
{
    try {
        options->rep.sst_partitioner_factory = std::make_shared<CutsFactory>();
        return true;
    } catch (const std::bad_alloc &) {
        return false;
    }
}

enum merged merge_files(rocksdb_t *db, rocksdb_column_family_handle_t *family, const struct merge *merge)
{
    enum merged done = MERGE_FAILED;

    merging = merge;
    files_ask(merge->goes_on, merge->context);
    try {
        const rocksdb::Status status = run(db, family, merge);

        if (status.ok())
            done = MERGE_DONE;
        else if (status.IsAborted() || status.IsInvalidArgument())
            done = MERGE_BUSY;
    } catch (const std::bad_alloc &) {
    }
    files_ask(nullptr, nullptr);
    merging = nullptr;
    return done;
}

bool merge_is_under_way(rocksdb_t *db)
{
    try {
        std::vector<rocksdb::LiveFileMetaData> files;

        db->rep->GetLiveFilesMetaData(&files);
        return std::any_of(files.begin(), files.end(),
                           [](const rocksdb::LiveFileMetaData &file) { return file.being_compacted; });
    } catch (const std::bad_alloc &) {
        return true;
    }
}
