/* SPDX-License-Identifier: Apache-2.0 */
#include "store/rescue_files.h"

#include "store/log_sound.h"

#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/sst_file_reader.h>
#include <rocksdb/sst_file_writer.h>
#include <rocksdb/table.h>
#include <rocksdb/table_properties.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

/* As in the engine's db/c.cc, where alone they are defined. */
struct rocksdb_env_t {
    rocksdb::Env *rep;
    bool is_default;
};
struct rocksdb_t {
    rocksdb::DB *rep;
};
struct rocksdb_column_family_handle_t {
    rocksdb::ColumnFamilyHandle *rep;
};
struct rocksdb_iterator_t {
    rocksdb::Iterator *rep;
};

namespace
{

using rocksdb::FileOptions;
using rocksdb::FileSystem;
using rocksdb::FSRandomAccessFile;
using rocksdb::FSSequentialFile;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Options;
using rocksdb::Slice;
using rocksdb::Status;

constexpr size_t FOOTER_BYTES = 53; /* of a table file in the format that has a version */

bool has_suffix(const std::string &path, const char *suffix)
{
    const size_t len = std::strlen(suffix);

    return path.size() > len && path.compare(path.size() - len, len, suffix) == 0;
}

/* A table file without a key: one with a key would show it where no key of that file may be, and the engine's search within a
 * level then goes wrong without end. The engine makes none but with a deleted range, and finds that range by a name: which is
 * spoilt here, as it can be where nothing has a checksum. */
Status make_empty_table(std::string *out)
{
    static const std::string name = "rocksdb.range_del";
    std::unique_ptr<rocksdb::Env> memory(rocksdb::NewMemEnv(rocksdb::Env::Default()));
    rocksdb::BlockBasedTableOptions table;
    Options options;
    size_t at;

    table.checksum = rocksdb::kNoChecksum;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    options.env = memory.get();
    options.compression = rocksdb::kNoCompression;
    rocksdb::SstFileWriter writer(rocksdb::EnvOptions(), options);
    Status status = writer.Open("/empty.sst");

    if (status.ok())
        status = writer.DeleteRange("a", "b");
    if (status.ok())
        status = writer.Finish();
    if (status.ok())
        status = rocksdb::ReadFileToString(memory.get(), "/empty.sst", out);
    if (!status.ok())
        return status;
    at = out->rfind(name);
    if (at == std::string::npos)
        return Status::Corruption("a table file has no deleted range");
    (*out)[at + name.size() - 1]++;
    return status;
}

/* Without filters no more of a table file is read than must be before it is open, as options.c has it for who only looks. */
Options reader_options(bool filters)
{
    rocksdb::BlockBasedTableOptions table;
    Options options;

    table.cache_index_and_filter_blocks = true;
    table.partition_filters = filters;
    if (filters)
        table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    return options;
}

/* Files that are as long as the manifest says: the engine looks for a table file's end there, not where the file ends. */
class SizedFiles : public rocksdb::FileSystemWrapper
{
  public:
    explicit SizedFiles(uint64_t size) : FileSystemWrapper(FileSystem::Default()), size_(size)
    {
    }

    const char *Name() const override
    {
        return "SizedFiles";
    }

    IOStatus GetFileSize(const std::string &, const IOOptions &, uint64_t *out, IODebugContext *) override
    {
        *out = size_;
        return IOStatus::OK();
    }

  private:
    const uint64_t size_;
};

/* A table file of that size, read by itself. */
class TableReader
{
  public:
    TableReader(uint64_t size, bool filters) : env_(rocksdb::NewCompositeEnv(std::make_shared<SizedFiles>(size)))
    {
        Options options = reader_options(filters);

        options.env = env_.get();
        reader_ = std::make_unique<rocksdb::SstFileReader>(options);
    }

    rocksdb::SstFileReader &operator*()
    {
        return *reader_;
    }

    rocksdb::SstFileReader *operator->()
    {
        return reader_.get();
    }

  private:
    std::unique_ptr<rocksdb::Env> env_; /* outlives the reader */
    std::unique_ptr<rocksdb::SstFileReader> reader_;
};

/* Where a table file was. The engine knows how long that one was, and reads its end first: there, so far behind the rest, is
 * the footer, which says where everything else lies. */
class EmptyTable : public FSRandomAccessFile
{
  public:
    explicit EmptyTable(std::string bytes) : bytes_(std::move(bytes))
    {
    }

    IOStatus Read(uint64_t offset, size_t count, const IOOptions &, Slice *result, char *scratch,
                  IODebugContext *) const override
    {
        size_ = std::max(size_, offset + count);
        std::memset(scratch, 0, count);
        copy(scratch, offset, count, 0, bytes_.size() - FOOTER_BYTES, 0);
        copy(scratch, offset, count, size_ - FOOTER_BYTES, FOOTER_BYTES, bytes_.size() - FOOTER_BYTES);
        *result = Slice(scratch, count);
        return IOStatus::OK();
    }

    IOStatus Prefetch(uint64_t offset, size_t count, const IOOptions &, IODebugContext *) override
    {
        size_ = std::max(size_, offset + count);
        return IOStatus::OK();
    }

  private:
    /* The part of len bytes at `from` of bytes_, which lie at `place` in the file, that was asked for. */
    void copy(char *scratch, uint64_t offset, size_t count, uint64_t place, size_t len, size_t from) const
    {
        const uint64_t begin = std::max(offset, place), end = std::min(offset + count, place + len);

        if (begin < end)
            std::memcpy(scratch + (begin - offset), bytes_.data() + from + (begin - place), end - begin);
    }

    const std::string bytes_;
    mutable uint64_t size_ = 0;
};

/* A table file, or an empty one if it cannot be opened as long as the manifest says it is: which is known when its end is read. */
class LookedAtTable : public FSRandomAccessFile
{
  public:
    LookedAtTable(std::string path, std::unique_ptr<FSRandomAccessFile> file, const std::string &empty)
        : path_(std::move(path)), file_(std::move(file)), empty_(empty)
    {
    }

    IOStatus Read(uint64_t offset, size_t count, const IOOptions &options, Slice *result, char *scratch,
                  IODebugContext *debug) const override
    {
        return chosen(offset + count).Read(offset, count, options, result, scratch, debug);
    }

    IOStatus Prefetch(uint64_t offset, size_t count, const IOOptions &options, IODebugContext *debug) override
    {
        return chosen(offset + count).Prefetch(offset, count, options, debug);
    }

  private:
    FSRandomAccessFile &chosen(uint64_t end) const
    {
        if (!asked_)
            opens_ = file_ != nullptr && TableReader(end, false)->Open(path_).ok();
        asked_ = true;
        if (opens_)
            return *file_;
        return empty_;
    }

    const std::string path_;
    const std::unique_ptr<FSRandomAccessFile> file_; /* null: there is none */
    mutable EmptyTable empty_;
    mutable bool asked_ = false, opens_ = false;
};

/* A log as if it had never had anything but the records that can be read. */
class SoundLog : public FSSequentialFile
{
  public:
    explicit SoundLog(log_sound *log) : log_(log)
    {
    }

    ~SoundLog() override
    {
        log_sound_close(log_);
    }

    IOStatus Read(size_t count, const IOOptions &, Slice *result, char *scratch, IODebugContext *) override
    {
        *result = Slice(scratch, log_sound_read(log_, scratch, count));
        return IOStatus::OK();
    }

    IOStatus Skip(uint64_t) override
    {
        return IOStatus::NotSupported();
    }

  private:
    log_sound *const log_;
};

/* CURRENT as it should be. */
class OtherCurrent : public FSSequentialFile
{
  public:
    explicit OtherCurrent(std::string text) : text_(std::move(text))
    {
    }

    IOStatus Read(size_t count, const IOOptions &, Slice *result, char *scratch, IODebugContext *) override
    {
        const size_t len = text_.copy(scratch, count, at_);

        at_ += len;
        *result = Slice(scratch, len);
        return IOStatus::OK();
    }

    IOStatus Skip(uint64_t) override
    {
        return IOStatus::NotSupported();
    }

  private:
    const std::string text_;
    size_t at_ = 0;
};

class LookedAtFiles : public rocksdb::FileSystemWrapper
{
  public:
    LookedAtFiles(std::string empty, uint64_t manifest)
        : FileSystemWrapper(FileSystem::Default()), empty_(std::move(empty)), manifest_(manifest)
    {
    }

    const char *Name() const override
    {
        return "LookedAtFiles";
    }

    IOStatus NewRandomAccessFile(const std::string &path, const FileOptions &options,
                                 std::unique_ptr<FSRandomAccessFile> *out, IODebugContext *debug) override
    {
        std::unique_ptr<FSRandomAccessFile> file;

        if (!has_suffix(path, ".sst"))
            return target()->NewRandomAccessFile(path, options, out, debug);
        if (!target()->NewRandomAccessFile(path, options, &file, debug).ok())
            file.reset();
        out->reset(new LookedAtTable(path, std::move(file), empty_));
        return IOStatus::OK();
    }

    IOStatus NewSequentialFile(const std::string &path, const FileOptions &options,
                               std::unique_ptr<FSSequentialFile> *out, IODebugContext *debug) override
    {
        log_sound *log;

        if (manifest_ != 0 && has_suffix(path, "/CURRENT")) {
            char text[48];

            std::snprintf(text, sizeof(text), "MANIFEST-%06llu\n", static_cast<unsigned long long>(manifest_));
            out->reset(new OtherCurrent(text));
            return IOStatus::OK();
        }
        if (!has_suffix(path, ".log"))
            return target()->NewSequentialFile(path, options, out, debug);
        log = log_sound_open(path.c_str(), &next_);
        if (log == nullptr)
            return IOStatus::IOError(path, std::strerror(errno));
        out->reset(new SoundLog(log));
        return IOStatus::OK();
    }

    /* The engine reads its own name there, which nobody who only looks needs: without it it makes one up. */
    IOStatus FileExists(const std::string &path, const IOOptions &options, IODebugContext *debug) override
    {
        return has_suffix(path, "/IDENTITY") ? IOStatus::NotFound() : target()->FileExists(path, options, debug);
    }

  private:
    uint64_t next_ = 0; /* one thread reads the logs, by their numbers */
    const std::string empty_;
    const uint64_t manifest_;
};

rocksdb::ReadOptions read_options()
{
    rocksdb::ReadOptions options;

    options.fill_cache = false;
    options.total_order_seek = true;
    return options;
}

/* VerifyChecksum takes the end of what it can read of an index for the end of the index. Of families that merge the keys alone
 * are read here, without their operator. */
Status read_all(rocksdb::SstFileReader &reader)
{
    std::unique_ptr<rocksdb::Iterator> iterator(reader.NewIterator(read_options()));

    iterator->SeekToFirst();
    while (iterator->Valid())
        iterator->Next();
    return iterator->status().IsInvalidArgument() ? Status::OK() : iterator->status();
}

} // namespace

rocksdb_env_t *rescue_env(uint64_t manifest)
{
    try {
        std::string empty;

        if (!make_empty_table(&empty).ok())
            return nullptr;
        std::unique_ptr<rocksdb::Env> env = rocksdb::NewCompositeEnv(std::make_shared<LookedAtFiles>(empty, manifest));
        rocksdb_env_t *out = new rocksdb_env_t{env.get(), false};

        env.release();
        return out;
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}

char *rescue_read_table(const char *path, uint64_t size, bool whole, bool *opens)
{
    TableReader reader(size, false);
    Status status = reader->Open(path);

    *opens = status.ok();
    if (status.ok() && whole)
        status = reader->VerifyChecksum(read_options());
    if (status.ok() && whole)
        status = read_all(*reader);
    if (status.ok())
        status = TableReader(size, true)->Open(path);
    return status.ok() ? nullptr : strdup(status.ToString().c_str());
}

char *rescue_value_in_table(const char *path, const char *family, const char *key, size_t key_len, size_t *len)
{
    rocksdb::SstFileReader reader(reader_options(false));
    char *out;

    if (!reader.Open(path).ok() || reader.GetTableProperties()->column_family_name != family)
        return nullptr;
    std::unique_ptr<rocksdb::Iterator> iterator(reader.NewIterator(read_options()));
    iterator->Seek(Slice(key, key_len));
    if (!iterator->Valid() || iterator->key() != Slice(key, key_len))
        return nullptr;
    *len = iterator->value().size();
    out = static_cast<char *>(std::malloc(*len + 1));
    if (out != nullptr)
        std::memcpy(out, iterator->value().data(), *len);
    return out;
}

rocksdb_iterator_t *rescue_iterator(rocksdb_t *db, rocksdb_column_family_handle_t *family, const uint64_t *numbers,
                                    size_t count, bool only)
{
    try {
        const std::vector<uint64_t> listed(numbers, numbers + count);
        rocksdb::ReadOptions options = read_options();

        options.table_filter = [listed, only](const rocksdb::TableProperties &table) {
            return (std::find(listed.begin(), listed.end(), table.orig_file_number) != listed.end()) == only;
        };
        return new rocksdb_iterator_t{db->rep->NewIterator(options, family->rep)};
    } catch (const std::bad_alloc &) {
        return nullptr;
    }
}
