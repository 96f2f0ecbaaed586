/* SPDX-License-Identifier: Apache-2.0 */
/* Table files that are lost, of every family and level: what is read then is what the others have, all of it, once and in order,
 * whichever way it is read. What they have is told by an iterator over the sound directory that leaves those files out. */
#include "unit/unit.h"

#include "base/arena.h"
#include "store/rescue.h"
#include "store/rescue_files.h"
#include "store/rocks.h"
#include "unit/server/store/crashed.h"
#include "unit/server/store/temporary.h"

#define FILES_MAX     128
#define PAIRS_MAX     4096
#define SHARDS        1
#define FAMILIES      (STORE_SHARD_FIRST + SHARDS)
#define ITEMS         900 /* of each shard */
#define VALUE_BYTES   100
#define BYTES_OF_EACH 1
#define STARTS        11 /* so many logs become tables: the first family has none otherwise */

/* Files and levels are so small that a family has several of both. */
void __real_rocksdb_options_set_target_file_size_base(rocksdb_options_t *options, uint64_t bytes);
void __wrap_rocksdb_options_set_target_file_size_base(rocksdb_options_t *options, uint64_t bytes);
void __wrap_rocksdb_options_set_target_file_size_base(rocksdb_options_t *options, uint64_t bytes)
{
    (void)bytes;
    __real_rocksdb_options_set_target_file_size_base(options, 8 << 10);
}

void __real_rocksdb_options_set_max_bytes_for_level_base(rocksdb_options_t *options, uint64_t bytes);
void __wrap_rocksdb_options_set_max_bytes_for_level_base(rocksdb_options_t *options, uint64_t bytes);
void __wrap_rocksdb_options_set_max_bytes_for_level_base(rocksdb_options_t *options, uint64_t bytes)
{
    (void)bytes;
    __real_rocksdb_options_set_max_bytes_for_level_base(options, 8 << 10);
}

struct file {
    char name[32];
    uint64_t number;
    uint32_t family; /* FAMILIES: the format record's */
    int level;
};

struct listing {
    struct arena arena;
    size_t count;
    struct pair {
        struct bytes key, value;
    } pairs[PAIRS_MAX];
};

struct fixture {
    char dir[64], kept[64], copy[64], whole_dir[64];
    struct file files[FILES_MAX];
    size_t count;
    struct rescue *sound; /* a second directory of the same files, none of which is ever lost */
    struct listing whole[FAMILIES], expected[FAMILIES], found; /* of each family */
    /* what is told */
    size_t tables, others;
    struct told {
        char name[32];
        uint32_t family;
        uint8_t first[128], last[128];
        size_t first_len, last_len;
    } told[FILES_MAX];
};

/* --- A directory -------------------------------------------------------------------------------------------------- */

/* Bytes that are not to be made shorter. */
static void spread(uint8_t *out, size_t len, uint32_t seed)
{
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(seed * 2654435761u * (i + 7) >> 13);
}

/* So long that there are several files of them. */
static struct bytes counter_key(uint8_t out[VALUE_BYTES], uint32_t number)
{
    const uint32_t key = __builtin_bswap32(number + 1);

    spread(out, VALUE_BYTES, number + 1);
    memcpy(out, &key, sizeof(key));
    return bytes_of(out, VALUE_BYTES);
}

static void write_item(struct store *store, uint32_t number, uint32_t round)
{
    struct store_batch *batch = store_batch_new(store);
    const uint32_t key = __builtin_bswap32(number + 1);
    uint8_t value[VALUE_BYTES], of_counter[VALUE_BYTES];

    spread(value, sizeof(value), number + 1 + round * 7919);
    for (uint32_t family = 0; family < FAMILIES; family++) {
        if (family == STORE_COUNTERS)
            store_batch_add(batch, counter_key(of_counter, number), round + 1);
        else if (round != 0 && number % 5 == 0)
            store_batch_delete(batch, family, bytes_of(&key, sizeof(key)));
        else
            store_batch_put(batch, family, bytes_of(&key, sizeof(key)), bytes_of(value, sizeof(value)));
    }
    assert_int_equal(store_write(store, batch, true, NULL), STATOR_OK);
    store_batch_free(batch);
}

static void delete_range(struct store *store, uint32_t from, uint32_t to)
{
    struct store_batch *batch = store_batch_new(store);
    const uint32_t first = __builtin_bswap32(from), end = __builtin_bswap32(to);

    for (uint32_t family = STORE_SHARD_FIRST; family < FAMILIES; family++)
        store_batch_delete_range(batch, family, bytes_of(&first, 4), bytes_of(&end, 4));
    assert_int_equal(store_write(store, batch, true, NULL), STATOR_OK);
    store_batch_free(batch);
}

static struct store *open_store(const char *dir)
{
    const struct store_options options = {
        .dir = dir, .shards = SHARDS, .durability = STORE_PROCESS, .memtable_bytes = 64 << 10};
    struct stator_error err = {0};
    struct store *store;

    if (store_open(&store, &options, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    return store;
}

static void compact(struct store *store)
{
    struct store_sweep sweep = {.family = 0};

    buf_init(&sweep.from, STORE_SWEEP_KEY_MAX);
    while (store_compact_step(store, &sweep) == STORE_RECLAIM_DONE)
        continue;
    buf_deinit(&sweep.from);
}

/* In several rounds; the later ones write and delete parts of what is there anew. */
static void fill(const char *dir, bool ranges)
{
    struct store *store = open_store(dir);
    uint32_t chance = 1;

    for (uint32_t i = 0; i < ITEMS; i++)
        write_item(store, i, 0);
    compact(store);
    for (uint32_t start = 0; start < STARTS; start++) {
        store_close(store);
        store = open_store(dir);
        for (uint32_t i = 0; i < 150; i++) {
            chance = chance * 1664525 + 1013904223;
            write_item(store, (chance >> 8) % ITEMS, start + 1);
        }
        if (ranges)
            delete_range(store, 100 * start, 100 * start + 30);
    }
    store_close(store);
}

/* --- What is in it ------------------------------------------------------------------------------------------------ */

static uint32_t family_named(const char *name)
{
    char text[FAMILY_NAME_MAX];

    for (uint32_t i = 0; i < FAMILIES; i++) {
        family_name(text, i + 1);
        if (strcmp(text, name) == 0)
            return i;
    }
    return FAMILIES;
}

static void tell(void *context, const struct rescue_fault *fault)
{
    struct fixture *f = context;
    struct told *told = &f->told[f->tables];

    if (fault->kind != RESCUE_TABLE) {
        f->others++;
        return;
    }
    assert_true(f->tables++ < FILES_MAX);
    snprintf(told->name, sizeof(told->name), "%s", fault->file);
    told->family = fault->family;
    told->first_len = fault->first.len < 128 ? fault->first.len : 128;
    told->last_len = fault->last.len < 128 ? fault->last.len : 128;
    memcpy(told->first, fault->first.at, told->first_len);
    memcpy(told->last, fault->last.at, told->last_len);
}

static struct rescue *open_rescue(struct fixture *f, const char *dir, enum rescue_depth depth)
{
    const struct store_options options = {.dir = dir};
    struct stator_error err = {0};
    struct rescue *rescue;

    f->tables = f->others = 0;
    if (rescue_open(&rescue, &options, tell, f, &err) != STATOR_OK ||
        rescue_examine(rescue, depth, tell, f, &err) != STATOR_OK)
        fail_msg("%s", err.message);
    return rescue;
}

static void begin(struct listing *listing)
{
    arena_deinit(&listing->arena);
    arena_init(&listing->arena, 16 << 20);
    listing->count = 0;
}

/* In rising order. */
static void add(struct listing *listing, struct bytes key, struct bytes value)
{
    struct pair *pair = &listing->pairs[listing->count];

    assert_true(listing->count++ < PAIRS_MAX);
    pair->key = arena_copy(&listing->arena, key);
    pair->value = arena_copy(&listing->arena, value);
    if (listing->count > 1)
        assert_true(bytes_compare(pair[-1].key, key) < 0);
}

static void list_without(struct listing *out, struct rescue *rescue, uint32_t family, const uint64_t *numbers,
                         size_t count)
{
    struct store *store = rescue_store(rescue);
    rocksdb_iterator_t *iterator = rescue_iterator(store->db, store->families[family], numbers, count, false);

    begin(out);
    for (rocksdb_iter_seek_to_first(iterator); rocksdb_iter_valid(iterator); rocksdb_iter_next(iterator)) {
        struct bytes key, value;

        key.at = (const uint8_t *)rocksdb_iter_key(iterator, &key.len);
        value.at = (const uint8_t *)rocksdb_iter_value(iterator, &value.len);
        add(out, key, value);
    }
    rocksdb_iter_destroy(iterator);
}

static void list_files(struct fixture *f, struct rescue *rescue)
{
    const rocksdb_livefiles_t *live = rocksdb_livefiles(rescue_store(rescue)->db);

    for (int i = 0; i < rocksdb_livefiles_count(live); i++) {
        struct file *file = &f->files[f->count];
        const char *name = rocksdb_livefiles_name(live, i);

        assert_true(f->count++ < FILES_MAX);
        snprintf(file->name, sizeof(file->name), "%s", name + (name[0] == '/'));
        file->number = strtoull(file->name, NULL, 10);
        file->family = family_named(rocksdb_livefiles_column_family_name(live, i));
        file->level = rocksdb_livefiles_level(live, i);
    }
    rocksdb_livefiles_destroy(live);
}

static size_t files_at(const struct fixture *f, uint32_t family, int level)
{
    size_t count = 0;

    for (size_t i = 0; i < f->count; i++)
        count += f->files[i].family == family && (f->files[i].level == level || level < 0);
    return count;
}

static void set_up_with(struct fixture *f, bool ranges)
{
    temporary_make(f->dir);
    temporary_make(f->whole_dir);
    temporary_make(f->kept);
    temporary_make(f->copy);
    fill(f->whole_dir, ranges);
    copy_files(f->whole_dir, f->dir);
    f->sound = open_rescue(f, f->whole_dir, RESCUE_READS);
    assert_int_equal(f->tables + f->others, 0);
    list_files(f, f->sound);
    for (uint32_t family = 0; family < FAMILIES; family++)
        list_without(&f->whole[family], f->sound, family, NULL, 0);
    assert_true(files_at(f, FAMILIES, -1) != 0);
    for (uint32_t family = 0; family < FAMILIES; family++) {
        size_t levels = 0, several = 0;

        for (int level = 0; level < 7; level++) {
            levels += files_at(f, family, level) != 0;
            several += level != 0 && files_at(f, family, level) > 2;
        }
        if (levels < 2 || several == 0)
            fail_msg("family %u has %zu levels, %zu of them with several files", family, levels, several);
    }
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    set_up_with(f, false);
    return 0;
}

static int set_up_ranges(void **state)
{
    struct fixture *f = calloc(1, sizeof(*f));

    *state = f;
    set_up_with(f, true);
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;

    for (uint32_t family = 0; family < FAMILIES; family++) {
        arena_deinit(&f->whole[family].arena);
        arena_deinit(&f->expected[family].arena);
    }
    arena_deinit(&f->found.arena);
    rescue_close(f->sound);
    temporary_remove(f->dir);
    temporary_remove(f->whole_dir);
    temporary_remove(f->kept);
    temporary_remove(f->copy);
    free(f);
    return 0;
}

/* --- Losing some of it -------------------------------------------------------------------------------------------- */

enum loss { GONE, EMPTY, HALF, NO_FOOTER, ZEROS, LOSSES };

static void lose(struct fixture *f, const struct file *file, enum loss loss)
{
    uint8_t *bytes = malloc(FILE_MAX);
    char from[512], to[512];
    size_t len;

    snprintf(from, sizeof(from), "%s/%s", f->dir, file->name);
    snprintf(to, sizeof(to), "%s/%s", f->kept, file->name);
    assert_int_equal(rename(from, to), 0);
    len = read_file(to, bytes);
    if (loss == NO_FOOTER)
        bytes[len - 4] ^= 1; /* of the magic number */
    if (loss == ZEROS)
        memset(bytes, 0, len);
    if (loss != GONE)
        write_bytes(f->dir, file->name, bytes_of(bytes, loss == EMPTY ? 0 : loss == HALF ? len / 2 : len));
    free(bytes);
}

static void put_back(struct fixture *f, const struct file *file)
{
    char from[512], to[512];

    snprintf(from, sizeof(from), "%s/%s", f->kept, file->name);
    snprintf(to, sizeof(to), "%s/%s", f->dir, file->name);
    assert_int_equal(rename(from, to), 0);
}

static void assert_same(const struct listing *found, const struct listing *expected, const char *what)
{
    for (size_t i = 0; i < found->count && i < expected->count; i++)
        if (!bytes_equal(found->pairs[i].key, expected->pairs[i].key) ||
            !bytes_equal(found->pairs[i].value, expected->pairs[i].value))
            fail_msg("%s: other than expected from the %zu-th key on", what, i);
    if (found->count != expected->count)
        fail_msg("%s: %zu keys instead of %zu", what, found->count, expected->count);
}

static struct store_iterator *open_iterator(struct store *store, uint32_t family)
{
    return store_iterator_open(store, family, (struct bytes){NULL, 0}, (struct bytes){NULL, 0}, NULL, STORE_SCAN);
}

static void list_forward(struct listing *out, struct store *store, uint32_t family)
{
    struct store_iterator *it = open_iterator(store, family);

    begin(out);
    for (store_iterator_seek_first(it); store_iterator_valid(it); store_iterator_next(it))
        add(out, store_iterator_key(it), store_iterator_value(it));
    store_iterator_close(it);
}

static void assert_backward(struct store *store, uint32_t family, const struct listing *expected)
{
    struct store_iterator *it = open_iterator(store, family);
    size_t left = expected->count;

    for (store_iterator_seek_last(it); store_iterator_valid(it); store_iterator_previous(it)) {
        assert_true(left-- > 0);
        assert_true(bytes_equal(store_iterator_key(it), expected->pairs[left].key));
        assert_true(bytes_equal(store_iterator_value(it), expected->pairs[left].value));
    }
    assert_int_equal(left, 0);
    store_iterator_close(it);
}

/* place: of the first key that is not below. */
static void assert_seeks(struct store_iterator *it, struct bytes key, const struct listing *expected, size_t place)
{
    const bool there = place < expected->count && bytes_equal(expected->pairs[place].key, key);

    store_iterator_seek(it, key);
    assert_int_equal(store_iterator_valid(it), place < expected->count);
    if (place < expected->count)
        assert_true(bytes_equal(store_iterator_key(it), expected->pairs[place].key));
    store_iterator_seek_back(it, key);
    assert_int_equal(store_iterator_valid(it), there || place > 0);
    if (there || place > 0)
        assert_true(bytes_equal(store_iterator_key(it), expected->pairs[place - !there].key));
}

static void assert_gets(struct store *store, uint32_t family, struct bytes key, const struct listing *expected,
                        size_t place)
{
    const bool there = place < expected->count && bytes_equal(expected->pairs[place].key, key);
    struct store_pinned pinned;

    assert_int_equal(store_get(store, family, key, STORE_ANY, NULL, &pinned, NULL), STATOR_OK);
    assert_int_equal(bytes_present(pinned.value), there);
    if (there)
        assert_true(bytes_equal(pinned.value, expected->pairs[place].value));
    store_release(&pinned);
}

/* Keys that were ever written, and such as never were. gets: else what is deleted as a range is shown by an iterator alone. */
static void assert_by_key(struct store *store, uint32_t family, const struct listing *expected, bool gets)
{
    struct store_iterator *it = open_iterator(store, family);
    size_t place = 0;

    for (uint32_t number = 0; number < ITEMS + 2; number++) {
        const uint32_t key = __builtin_bswap32(number);

        while (place < expected->count && bytes_compare(expected->pairs[place].key, bytes_of(&key, 4)) < 0)
            place++;
        if (number % 7 == 0)
            assert_seeks(it, bytes_of(&key, 4), expected, place);
        if (gets)
            assert_gets(store, family, bytes_of(&key, 4), expected, place);
    }
    assert_int_equal(store_iterator_status(it, NULL), STATOR_OK);
    store_iterator_close(it);
}

static void assert_reads(struct fixture *f, struct rescue *rescue, uint32_t family, bool whole)
{
    struct store *store = rescue_store(rescue);

    list_forward(&f->found, store, family);
    assert_same(&f->found, &f->expected[family], "a scan");
    if (!whole)
        return;
    assert_backward(store, family, &f->expected[family]);
    assert_by_key(store, family, &f->expected[family], true);
}

/* To be closed. */
static struct store *copy_of(struct fixture *f, struct rescue *rescue, const char *what)
{
    struct stator_error err = {0};
    struct store *copy;

    temporary_remove(f->copy);
    copy = open_store(f->copy);
    if (rescue_copy(rescue, copy, &err) != STATOR_OK)
        fail_msg("%s: %s", what, err.message);
    return copy;
}

static void assert_copies(struct fixture *f, struct rescue *rescue)
{
    struct store *copy = copy_of(f, rescue, "a copy");

    for (uint32_t family = 0; family < FAMILIES; family++) {
        list_forward(&f->found, copy, family);
        assert_same(&f->found, &f->expected[family], "a copy");
    }
    store_close(copy);
}

static bool is_told(const struct fixture *f, uint32_t family, struct bytes key)
{
    for (size_t i = 0; i < f->tables; i++)
        if (f->told[i].family == family && bytes_compare(bytes_of(f->told[i].first, f->told[i].first_len), key) <= 0 &&
            bytes_compare(key, bytes_of(f->told[i].last, f->told[i].last_len)) <= 0)
            return true;
    return false;
}

static void assert_untold_are_there(const struct fixture *f, uint32_t family, const struct listing *found,
                                    const char *what)
{
    size_t at = 0;

    for (size_t i = 0; i < f->whole[family].count; i++) {
        const struct pair *pair = &f->whole[family].pairs[i];

        while (at < found->count && bytes_compare(found->pairs[at].key, pair->key) < 0)
            at++;
        if (at < found->count && bytes_equal(found->pairs[at].key, pair->key) &&
            bytes_equal(found->pairs[at].value, pair->value))
            continue;
        if (!is_told(f, family, pair->key))
            fail_msg("%s: family %u: key %zu is lost or old, and nobody told", what, family, i);
    }
}

static void assert_untold_are_copied(struct fixture *f, struct rescue *rescue, const char *what)
{
    struct store *copy = copy_of(f, rescue, what);

    for (uint32_t family = 0; family < FAMILIES; family++) {
        list_forward(&f->found, copy, family);
        assert_untold_are_there(f, family, &f->found, what);
    }
    store_close(copy);
}

static bool is_lost(const uint64_t *numbers, size_t count, uint64_t number)
{
    for (size_t i = 0; i < count; i++)
        if (numbers[i] == number)
            return true;
    return false;
}

/* Each of them is told, and nothing else. */
static void assert_told(const struct fixture *f, const uint64_t *numbers, size_t count)
{
    assert_int_equal(f->tables + f->others, count);
    for (size_t i = 0; i < f->tables; i++)
        assert_true(is_lost(numbers, count, strtoull(f->told[i].name, NULL, 10)));
}

static void for_each_lost(struct fixture *f, const uint64_t *numbers, size_t count, bool back, enum loss loss)
{
    for (size_t i = 0; i < f->count; i++) {
        if (!is_lost(numbers, count, f->files[i].number))
            continue;
        if (back)
            put_back(f, &f->files[i]);
        else
            lose(f, &f->files[i], loss);
    }
}

/* The family `of`, or with FAMILIES each, is read in every way; of the others it is what a scan shows. */
static void assert_loss(struct fixture *f, const uint64_t *numbers, size_t count, enum loss loss, uint32_t of,
                        bool copies)
{
    struct rescue *rescue;

    for (uint32_t family = 0; family < FAMILIES; family++)
        list_without(&f->expected[family], f->sound, family, numbers, count);
    for_each_lost(f, numbers, count, false, loss);
    rescue = open_rescue(f, f->dir, RESCUE_OPENS);
    assert_told(f, numbers, count);
    for (uint32_t family = 0; family < FAMILIES; family++) {
        assert_reads(f, rescue, family, family == of || of == FAMILIES);
        assert_untold_are_there(f, family, &f->expected[family], "lost");
    }
    if (copies)
        assert_copies(f, rescue);
    rescue_close(rescue);
    for_each_lost(f, numbers, count, true, loss);
}

/* --- Tests -------------------------------------------------------------------------------------------------------- */

static void each_file_that_is_gone(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < f->count; i++)
        assert_loss(f, &f->files[i].number, 1, GONE, f->files[i].family, i % 4 == 0);
}

static void every_second_file_that_cannot_be_opened(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < f->count; i += 2)
        assert_loss(f, &f->files[i].number, 1, EMPTY + (enum loss)(i / 2 % (LOSSES - EMPTY)), f->files[i].family,
                    false);
}

/* All of one level of one family, and all of one family, and all there are. */
static void all_files_of_a_level(void **state)
{
    struct fixture *f = *state;

    for (uint32_t family = 0; family <= FAMILIES; family++) {
        for (int level = -1; level < 7; level++) {
            uint64_t numbers[FILES_MAX];
            size_t count = 0;

            for (size_t i = 0; i < f->count; i++)
                if (f->files[i].family == family && (f->files[i].level == level || level < 0))
                    numbers[count++] = f->files[i].number;
            if (count != 0)
                assert_loss(f, numbers, count, GONE, family, level < 0);
        }
    }
}

static void several_files(void **state)
{
    struct fixture *f = *state;
    uint32_t chance = 1;

    for (uint32_t round = 0; round < 8; round++) {
        uint64_t numbers[FILES_MAX];
        size_t count = 0;

        for (size_t i = 0; i < f->count; i++) {
            chance = chance * 1664525 + 1013904223;
            if (round == 0 || (chance >> 8) % 8 < round)
                numbers[count++] = f->files[i].number;
        }
        assert_loss(f, numbers, count, round % LOSSES, FAMILIES, round % 4 == 0);
    }
}

/* What was deleted as a range may be back where that deletion is lost. */
static void files_among_deleted_ranges(void **state)
{
    struct fixture *f = *state;

    for (size_t i = 0; i < f->count; i++) {
        const uint32_t family = f->files[i].family;
        struct rescue *rescue;

        if (family < STORE_SHARD_FIRST || family == FAMILIES)
            continue;
        lose(f, &f->files[i], i % LOSSES);
        rescue = open_rescue(f, f->dir, RESCUE_READS);
        assert_told(f, &f->files[i].number, 1);
        list_forward(&f->found, rescue_store(rescue), family);
        assert_untold_are_there(f, family, &f->found, f->files[i].name);
        assert_backward(rescue_store(rescue), family, &f->found);
        assert_by_key(rescue_store(rescue), family, &f->found, false);
        assert_untold_are_copied(f, rescue, f->files[i].name);
        rescue_close(rescue);
        put_back(f, &f->files[i]);
    }
}

/* A byte of the last of a file's data, or behind it: of its index, its filters, its properties. What can be read of the file is. */
static void a_byte_of_each_file(void **state)
{
    struct fixture *f = *state;
    uint8_t *bytes = malloc(FILE_MAX);

    for (size_t i = 0; i < BYTES_OF_EACH * f->count; i++) {
        const struct file *file = &f->files[i % f->count];
        struct rescue *rescue;
        char path[512];
        size_t len, at;

        if (file->family == STORE_COUNTERS)
            continue;
        lose(f, file, GONE);
        snprintf(path, sizeof(path), "%s/%s", f->kept, file->name);
        len = read_file(path, bytes);
        at = len - 1 - (i * 397) % (len < 3000 ? len : 3000);
        bytes[at] ^= 0x41;
        write_bytes(f->dir, file->name, bytes_of(bytes, len));
        rescue = open_rescue(f, f->dir, RESCUE_READS);
        for (uint32_t family = 0; family < FAMILIES; family++)
            list_forward(&f->found, rescue_store(rescue), family); /* as far as that goes, in order */
        snprintf(path, sizeof(path), "%s of %zu bytes, at %zu", file->name, len, at);
        assert_untold_are_copied(f, rescue, path);
        rescue_close(rescue);
        put_back(f, file);
    }
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_file_that_is_gone), cmocka_unit_test(every_second_file_that_cannot_be_opened),
        cmocka_unit_test(all_files_of_a_level),   cmocka_unit_test(several_files),
        cmocka_unit_test(a_byte_of_each_file),
    };
    const struct CMUnitTest of_ranges[] = {
        cmocka_unit_test(files_among_deleted_ranges),
    };
    const int failed = cmocka_run_group_tests(tests, set_up, tear_down);

    return failed + cmocka_run_group_tests(of_ranges, set_up_ranges, tear_down);
}
