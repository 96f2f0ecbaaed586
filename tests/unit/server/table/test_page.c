/* SPDX-License-Identifier: Apache-2.0 */
#include "table/page.h"

#include "store/nowait.h"
#include "table/write.h"
#include "unit/server/database.h"
#include "unit/server/expressions.h"
#include "unit/server/json.h"
#include "unit/server/store/temporary.h"
#include "unit/server/tables.h"
#include "unit/unit.h"

#define SCHEMA     "pk:S sk:N | lsi l:S - | gsi g:S sk:N +a"
#define PARTITIONS 7
#define ITEMS      9 /* of each partition: sk 1..9; l is "9".."1"; every third is in gsi, under "x" */

struct fixture {
    struct database db;
    struct arena arena;
    struct table *table;
    struct buf items; /* of the page at hand */
};

static void set_up(struct fixture *f, const char *dir)
{
    arena_init(&f->arena, 1 << 28);
    buf_init(&f->items, 1 << 28);
    database_open(&f->db, dir, STORE_NONE);
    f->table = table_of(SCHEMA, &f->arena);
}

static void tear_down(struct fixture *f)
{
    table_release(f->table);
    database_close(&f->db);
    buf_deinit(&f->items);
    arena_deinit(&f->arena);
}

static void begin_page(struct page *page, struct fixture *f, const struct page_request *request, struct arena *arena)
{
    buf_reset(&f->items);
    buf_append_byte(&f->items, '[');
    page_init(page, &f->db, request, &f->items, arena);
}

static void put_items(struct fixture *f)
{
    for (int p = 0; p < PARTITIONS; p++)
        for (int i = 1; i <= ITEMS; i++) {
            char item[256];

            snprintf(item, sizeof(item),
                     ITEM(S("pk", "p%d"), N("sk", "%d"), S("l", "%d"), S("a", "a%d"), S("b", "b%d") "%s"), p, i,
                     ITEMS + 1 - i, i % 2, i, i % 3 == 0 ? "," S("g", "x") : "");
            database_put(&f->db, f->table, item);
        }
}

/* What a test asks for. */
struct ask {
    const char *index;              /* NULL: the base */
    const char *condition, *values; /* NULL condition: a scan */
    const char *filter, *projection, *start;
    uint32_t limit, segment, segments;
    bool backward, count_only, fetch;
    /* Expected: the sk of the items in order (of one partition), counts, and the last key. NULL: not looked at. */
    const char *order;
    uint32_t scanned;
    const char *last;
};

static struct page_request request_of(struct fixture *f, const struct ask *ask)
{
    struct stator_error err = {0};
    struct item start = {0};
    struct page_request request = {
        .table = f->table,
        .index = ask->index == NULL ? &f->table->base : table_index(f->table, bytes_of_string(ask->index)),
        .forward = !ask->backward,
        .count_only = ask->count_only,
        .fetch = ask->fetch,
        .limit = ask->limit,
        .filter = condition_of(ask->filter, EXPR_LANGUAGE_FILTER, ask->values, &f->arena),
        .projection = projection_of(ask->projection, &f->arena),
    };
    enum stator_rc rc;

    if (ask->start != NULL)
        start = item_of(ask->start, &f->arena);
    if (ask->condition == NULL)
        rc = plan_scan(&request, &f->db.ring, ask->segment, ask->segments == 0 ? 1 : ask->segments, &start, &f->arena,
                       &err);
    else
        rc = plan_query(&request, &f->db.ring,
                        condition_of(ask->condition, EXPR_LANGUAGE_KEY_CONDITION, ask->values, &f->arena), &start,
                        &f->arena, &err);
    if (rc != STATOR_OK)
        fail_msg("%s", err.message);
    return request;
}

/* How a page is read: so many items a step, may_wait by turns. */
struct pace {
    uint32_t items;
    bool first_waits, alternates;
};

static const struct pace paces[] = {{UINT32_MAX, true, false}, {UINT32_MAX, false, true}, {1, true, false},
                                    {1, false, true},          {2, true, true},           {5, false, false}};

/* Reads to the page's end; a miss is gone on from with may_wait. */
static void read_all(struct page *page, const struct pace *pace)
{
    struct stator_error err = {0};
    bool wait = pace->first_waits;
    int steps = 0;

    while (!page->done) {
        enum stator_rc rc = page_step(page, pace->items, wait, &err);

        if (rc == STATOR_AGAIN) {
            assert_false(wait);
            rc = page_step(page, pace->items, true, &err);
        }
        if (rc != STATOR_OK)
            fail_msg("%s", err.message);
        assert_null(page->iterator); /* who waits for the next step pins nothing */
        if (pace->alternates)
            wait = !wait;
        assert_true(++steps < 10000);
    }
}

/* Everything a page says, in one text. */
static void text_of(char *out, size_t size, const struct page *page)
{
    struct buf last;

    buf_init(&last, 1 << 20);
    if (page->last_key.set)
        item_write(&last, &page->last_key);
    snprintf(out, size, "%.*s count=%u scanned=%u bytes=%zu fetched=%zu more=%d last=%.*s",
             BYTES_ARG(buf_bytes(page->items)), page->count, page->scanned, page->evaluated_bytes, page->fetched_units,
             page->more, BYTES_ARG(buf_bytes(&last)));
    buf_deinit(&last);
}

/* The sk (or, without it, another attribute's value) of each item: "1 2 3". */
static void order_of(char *out, size_t size, const struct page *page, struct arena *arena)
{
    struct json_reader reader;
    struct value list = {0};
    size_t len = 0;
    struct buf whole;
    bool fault = false;
    struct stator_error err = {0};

    buf_init(&whole, 1 << 24);
    buf_append_literal(&whole, "{\"L\":[");
    for (size_t i = 1; i < page->items->len; i++) { /* each item becomes an M */
        if (page->items->at[i] == '{' && (i == 1 || (page->items->at[i - 1] == ',' && page->items->at[i - 2] == '}' &&
                                                     page->items->at[i - 3] == '}')))
            buf_append_literal(&whole, "{\"M\":");
        buf_append_byte(&whole, page->items->at[i]);
        if (page->items->at[i] == '}' && page->items->at[i - 1] == '}' &&
            (i + 1 == page->items->len || page->items->at[i + 1] == ','))
            buf_append_byte(&whole, '}');
    }
    buf_append_literal(&whole, "]}");
    json_reader_init(&reader, buf_bytes(&whole), arena);
    if (value_read(&list, &reader, json_next(&reader), &fault, arena, &err) != STATOR_OK || fault)
        fail_msg("no list of items: %.*s", BYTES_ARG(buf_bytes(page->items)));
    assert_int_equal(list.count, page->count);
    out[0] = '\0';
    for (size_t i = 0; i < list.count; i++) {
        const struct value *sk = value_find(&list.members[i], BYTES("sk"));

        if (sk == NULL)
            sk = &list.members[i].attributes[0].value;
        len += (size_t)snprintf(out + len, size - len, "%s%.*s", i == 0 ? "" : " ", BYTES_ARG(sk->text));
    }
    buf_deinit(&whole);
}

static void check_page(struct fixture *f, size_t number, const struct ask *ask)
{
    static char first[1 << 20], other[1 << 20];

    for (size_t p = 0; p < COUNT_OF(paces); p++) {
        struct page_request request = request_of(f, ask);
        struct page page;
        char order[256];

        begin_page(&page, f, &request, &f->arena);
        read_all(&page, &paces[p]);
        text_of(p == 0 ? first : other, sizeof(first), &page);
        if (p != 0 && strcmp(first, other) != 0)
            fail_msg("case %zu, pace %zu:\n%s\nis not\n%s", number, p, other, first);
        if (ask->order != NULL) {
            order_of(order, sizeof(order), &page, &f->arena);
            if (strcmp(order, ask->order) != 0)
                fail_msg("case %zu: %s, not %s", number, order, ask->order);
        }
        if (ask->scanned != 0 && page.scanned != ask->scanned)
            fail_msg("case %zu: scanned %u, not %u", number, page.scanned, ask->scanned);
        assert_int_equal(page.more, page.last_key.set);
        if (ask->last != NULL && strstr(first, ask->last) == NULL)
            fail_msg("case %zu: last key is not %s: %s", number, ask->last, first);
        page_deinit(&page);
    }
}

#define OF_P3    "pk = :p"
#define VALUES   ITEM(S(":p", "p3"), N(":n", "4"), S(":x", "x"), S(":a", "a1"), S(":b", "b3"))
#define ALL_OF_P "{\"a\":{\"S\":\"a1\"}"

static const struct ask asks[] = {
    {.condition = OF_P3, .values = VALUES, .order = "1 2 3 4 5 6 7 8 9", .scanned = 9, .last = "last="},
    {.condition = OF_P3, .values = VALUES, .backward = true, .order = "9 8 7 6 5 4 3 2 1"},
    {.condition = OF_P3 " AND sk > :n", .values = VALUES, .order = "5 6 7 8 9", .scanned = 5},
    {.condition = OF_P3 " AND sk <= :n", .values = VALUES, .backward = true, .order = "4 3 2 1"},
    {.condition = OF_P3 " AND sk BETWEEN :n AND :n", .values = VALUES, .order = "4"},
    /* a limit ends the page, at the end of the data too */
    {.condition = OF_P3,
     .values = VALUES,
     .limit = 4,
     .order = "1 2 3 4",
     .last = "last=" ITEM(S("pk", "p3"), N("sk", "4"))},
    {.condition = OF_P3, .values = VALUES, .limit = 9, .scanned = 9, .last = "last=" ITEM(S("pk", "p3"), N("sk", "9"))},
    {.condition = OF_P3, .values = VALUES, .limit = 10, .scanned = 9, .last = "more=0 last="},
    {.condition = OF_P3,
     .values = VALUES,
     .limit = 2,
     .backward = true,
     .order = "9 8",
     .last = ITEM(S("pk", "p3"), N("sk", "8"))},
    /* on from a key, which need not be there */
    {.condition = OF_P3, .values = VALUES, .start = ITEM(S("pk", "p3"), N("sk", "7")), .order = "8 9"},
    {.condition = OF_P3, .values = VALUES, .start = ITEM(S("pk", "p3"), N("sk", "7.5")), .order = "8 9"},
    {.condition = OF_P3,
     .values = VALUES,
     .start = ITEM(S("pk", "p3"), N("sk", "3")),
     .backward = true,
     .order = "2 1"},
    {.condition = OF_P3, .values = VALUES, .start = ITEM(S("pk", "p3"), N("sk", "9")), .order = ""},
    {.condition = OF_P3 " AND sk > :n",
     .values = VALUES,
     .start = ITEM(S("pk", "p3"), N("sk", "6")),
     .limit = 2,
     .order = "7 8"},
    /* a filter is after the limit; what it drops is scanned */
    {.condition = OF_P3, .values = VALUES, .filter = "a = :a", .order = "1 3 5 7 9", .scanned = 9},
    {.condition = OF_P3,
     .values = VALUES,
     .filter = "a = :a",
     .limit = 4,
     .order = "1 3",
     .scanned = 4,
     .last = ITEM(S("pk", "p3"), N("sk", "4"))},
    {.condition = OF_P3, .values = VALUES, .filter = "attribute_exists(nope)", .order = "", .scanned = 9},
    {.condition = OF_P3, .values = VALUES, .projection = "b", .limit = 2, .order = "b1 b2"},
    {.condition = OF_P3, .values = VALUES, .count_only = true, .filter = "a = :a", .scanned = 9, .last = "count=5"},
    /* a local index: l is sk backwards. Its entries have the keys only; the rest is fetched */
    {.index = "lsi",
     .condition = OF_P3,
     .values = VALUES,
     .order = "9 8 7 6 5 4 3 2 1",
     .last = "[" ITEM(S("l", "1"), S("pk", "p3"), N("sk", "9"))},
    {.index = "lsi",
     .condition = OF_P3,
     .values = VALUES,
     .fetch = true,
     .order = "9 8 7 6 5 4 3 2 1",
     .last = "fetched=9"},
    {.index = "lsi",
     .condition = OF_P3,
     .values = VALUES,
     .fetch = true,
     .filter = "b = :b",
     .projection = "a",
     .order = "a1",
     .scanned = 9},
    {.index = "lsi",
     .condition = OF_P3,
     .values = VALUES,
     .limit = 3,
     .backward = true,
     .order = "1 2 3",
     .last = "last=" ITEM(S("l", "7"), S("pk", "p3"), N("sk", "3"))},
    {.index = "lsi",
     .condition = OF_P3,
     .values = VALUES,
     .start = ITEM(S("l", "7"), S("pk", "p3"), N("sk", "3")),
     .order = "2 1"},
    /* a global index over all partitions */
    {.index = "gsi",
     .condition = "g = :x",
     .values = VALUES,
     .scanned = 3 * PARTITIONS,
     .last = "[" ITEM(S("a", "a1"), S("g", "x"), S("pk", "p0"), N("sk", "3"))},
    {.index = "gsi",
     .condition = "g = :x AND sk > :n",
     .values = VALUES,
     .limit = 1,
     .order = "6",
     .last = "last=" ITEM(S("g", "x"), S("pk", "p0"), N("sk", "6"))},
    {.index = "gsi", .scanned = 3 * PARTITIONS},
    {.index = "gsi", .limit = 5, .scanned = 5},
    {.index = "lsi", .scanned = ITEMS * PARTITIONS},
    {.scanned = ITEMS * PARTITIONS},
    {.limit = 20, .scanned = 20},
    {.filter = "a = :a", .values = VALUES, .scanned = ITEMS * PARTITIONS},
    {.projection = "pk, sk", .scanned = ITEMS * PARTITIONS},
};

static void pages(void **state)
{
    struct fixture f;

    (void)state;
    set_up(&f, NULL);
    put_items(&f);
    for (size_t i = 0; i < COUNT_OF(asks); i++)
        check_page(&f, i, &asks[i]);
    tear_down(&f);
}

/* The same from files that nothing has been read of: a loop gives way and a worker goes on. */
static void pages_from_the_disk(void **state)
{
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    for (size_t i = 0; i < COUNT_OF(asks); i++) {
        struct stator_error err = {0};
        struct page_request request;
        struct page page;
        struct fixture f;

        set_up(&f, dir);
        if (i == 0)
            put_items(&f);
        if (i != 0 && asks[i].condition != NULL && (asks[i].start == NULL || asks[i].order[0] != '\0')) {
            request = request_of(&f, &asks[i]);
            begin_page(&page, &f, &request, &f.arena);
            assert_int_equal(page_step(&page, UINT32_MAX, false, &err), STATOR_AGAIN);
            assert_int_equal(page.scanned, 0);
            page_deinit(&page); /* given up in the middle */
        }
        check_page(&f, i, &asks[i]);
        tear_down(&f);
    }
    temporary_remove(dir);
}

/* A page whose first items are in memory and whose others are not: a loop begins it, a worker ends it. */
static void moves_to_a_worker(void **state)
{
    const struct ask whole = {.condition = OF_P3, .values = VALUES};
    const struct ask beginning = {.condition = OF_P3, .values = VALUES, .limit = 3};
    struct stator_error err = {0};
    struct page_request request;
    static char item[4000];
    struct page page;
    struct fixture f;
    char dir[64];

    (void)state;
    assert_non_null(temporary_make(dir));
    set_up(&f, dir);
    for (int i = 0; i < 100; i++) {
        snprintf(item, sizeof(item), ITEM(S("pk", "p3"), N("sk", "%d"), S("l", "%d"), S("a", "%03000d")), i, i, i);
        database_put(&f.db, f.table, item);
    }
    tear_down(&f);
    set_up(&f, dir);
    request = request_of(&f, &beginning);
    begin_page(&page, &f, &request, &f.arena);
    assert_int_equal(page_step(&page, UINT32_MAX, true, &err), STATOR_OK);
    page_deinit(&page);

    request = request_of(&f, &whole);
    begin_page(&page, &f, &request, &f.arena);
    assert_int_equal(page_step(&page, 2, false, &err), STATOR_OK);
    assert_int_equal(page.scanned, 2);
    assert_int_equal(page_step(&page, UINT32_MAX, true, &err), STATOR_OK);
    assert_true(page.done);
    assert_int_equal(page.count, 100);
    page_deinit(&page);
    tear_down(&f);
    temporary_remove(dir);
}

/* Between two items are many that are deleted: a loop does not pass over them, nor does a worker for quick jobs over more
 * than it may; the page comes out the same. */
static void much_is_deleted(void **state)
{
    (void)state;
    for (int backward = 0; backward < 2; backward++) {
        const struct ask ask = {.condition = OF_P3, .values = VALUES, .backward = backward};
        struct expr_budget quick = {.left = 1 << 24, .later = true};
        struct stator_error err = {0};
        struct page_request request;
        struct page page;
        char order[64];
        struct fixture f;

        set_up(&f, NULL);
        for (int i = 0; i < 2 * STORE_PASSED_MAX; i++) {
            char item[64];

            snprintf(item, sizeof(item), ITEM(S("pk", "p3"), N("sk", "%d")), i);
            database_put(&f.db, f.table, item);
            if (i > 1 && i != 2 * STORE_PASSED_MAX - 1)
                database_delete(&f.db, f.table, item);
        }
        request = request_of(&f, &ask);
        begin_page(&page, &f, &request, &f.arena);
        page.budget = &quick;
        assert_int_equal(page_step(&page, UINT32_MAX, false, &err), STATOR_AGAIN);
        assert_int_equal(page.scanned, backward ? 1 : 2);
        assert_null(page.iterator);
        assert_int_equal(page_step(&page, UINT32_MAX, true, &err), STATOR_OK);
        assert_true(page.done);
        order_of(order, sizeof(order), &page, &f.arena);
        assert_string_equal(order, backward ? "511 1 0" : "0 1 511");
        page_deinit(&page);
        tear_down(&f);
    }
}

/* Page by page, or segment by segment, every item comes once. */
static void all_items_once(void **state)
{
    static const struct {
        const char *index;
        uint32_t limit, segments, expected;
        bool backward;
    } cases[] = {
        {NULL, 1, 1, ITEMS * PARTITIONS, false},  {NULL, 10, 1, ITEMS * PARTITIONS, false},
        {NULL, 4, 3, ITEMS * PARTITIONS, false},  {NULL, 0, 64, ITEMS * PARTITIONS, false},
        {"lsi", 5, 2, ITEMS * PARTITIONS, false}, {"gsi", 2, 5, 3 * PARTITIONS, false},
        {"gsi", 4, 1, 3 * PARTITIONS, false},
    };
    struct fixture f;

    (void)state;
    set_up(&f, NULL);
    put_items(&f);
    for (size_t c = 0; c < COUNT_OF(cases); c++) {
        bool seen[PARTITIONS][ITEMS + 1] = {{false}};
        uint32_t found = 0;

        for (uint32_t segment = 0; segment < cases[c].segments; segment++) {
            char start[256] = "";

            do {
                const struct ask ask = {.index = cases[c].index,
                                        .limit = cases[c].limit,
                                        .segment = segment,
                                        .segments = cases[c].segments,
                                        .start = start[0] == '\0' ? NULL : start};
                struct page_request request = request_of(&f, &ask);
                struct page page;
                struct buf last;

                begin_page(&page, &f, &request, &f.arena);
                read_all(&page, &paces[segment % COUNT_OF(paces)]);
                for (size_t i = 0; i + 12 < page.items->len; i++)
                    if (memcmp(page.items->at + i, "\"pk\":{\"S\":\"p", 12) == 0) {
                        int p = page.items->at[i + 12] - '0', s = page.items->at[i + 27] - '0';

                        assert_memory_equal(page.items->at + i + 16, "\"sk\":{\"N\":\"", 11);
                        assert_in_range(p, 0, PARTITIONS - 1);
                        assert_in_range(s, 1, ITEMS);
                        assert_false(seen[p][s]);
                        seen[p][s] = true;
                        found++;
                    }
                buf_init(&last, sizeof(start) - 1);
                if (page.last_key.set)
                    item_write(&last, &page.last_key);
                assert_false(last.failed);
                snprintf(start, sizeof(start), "%.*s", BYTES_ARG(buf_bytes(&last)));
                buf_deinit(&last);
                page_deinit(&page);
            } while (start[0] != '\0');
        }
        assert_int_equal(found, cases[c].expected);
    }
    tear_down(&f);
}

/* A page ends with the item that brings what was evaluated to 1 MB, whatever filter and projection leave of it. */
static void a_megabyte(void **state)
{
    static const struct ask big[] = {
        {.condition = OF_P3, .values = VALUES, .scanned = 11},
        {.condition = OF_P3, .values = VALUES, .scanned = 11, .backward = true},
        {.condition = OF_P3, .values = VALUES, .scanned = 11, .filter = "attribute_exists(nope)", .order = ""},
        {.condition = OF_P3, .values = VALUES, .scanned = 11, .projection = "sk", .order = "1 2 3 4 5 6 7 8 9 10 11"},
        {.scanned = 11, .projection = "sk", .order = "1 2 3 4 5 6 7 8 9 10 11"},
        {.index = "lsi", .condition = OF_P3, .values = VALUES, .scanned = 15, .projection = "sk"}, /* small entries */
        {.index = "lsi", .condition = OF_P3, .values = VALUES, .scanned = 15, .fetch = true, .projection = "sk"},
    };
    static char item[110000];
    struct fixture f;

    (void)state;
    set_up(&f, NULL);
    for (int i = 1; i <= 15; i++) {
        snprintf(item, sizeof(item), ITEM(S("pk", "p3"), N("sk", "%d"), S("l", "%d"), S("a", "%0100000d")), i, i, i);
        database_put(&f.db, f.table, item);
    }
    for (size_t i = 0; i < COUNT_OF(big); i++)
        check_page(&f, i, &big[i]);
    tear_down(&f);
}

/* An index of the most key attributes, all as long as they may be and of bytes that the codec escapes. */
static void longest_keys(void **state)
{
    static const char schema[] = "pk:B sk:B | g a:B b:B c:B d:B";
    static const char *const names[] = {"a", "b", "c", "d", "pk", "sk"};
    struct attribute attributes[COUNT_OF(names)];
    const struct item item = {.attributes = attributes, .count = COUNT_OF(names), .set = true};
    const struct ask ask = {.index = "g", .limit = 1};
    struct stator_error err = {0};
    struct page_request request;
    struct write_result result;
    struct key_schema *key;
    struct page page;
    struct fixture f;

    (void)state;
    set_up(&f, NULL);
    table_release(f.table);
    f.table = table_of(schema, &f.arena);
    key = &f.table->indexes[0].key; /* as if made of three hash attributes and one range attribute */
    memcpy(&key->hash[1], key->range, 2 * sizeof(key->hash[0]));
    key->hash_count = 3;
    key->range[0] = key->range[2];
    key->range_count = 1;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        size_t bytes = i == 3 || i == 5 ? KEY_RANGE_BYTES_MAX : KEY_HASH_BYTES_MAX;

        attributes[i] = (struct attribute){
            .name = bytes_of_string(names[i]),
            .value = {.type = VALUE_B, .text = bytes_of(arena_calloc(&f.arena, 1, bytes), bytes)},
        };
    }
    const struct write write = {.kind = WRITE_PUT, .table = f.table, .key = &item, .item = &item};
    assert_int_equal(table_write(&f.db, &write, true, &result, &f.arena, &err), STATOR_OK);
    write_result_release(&result);
    database_audit(&f.db, f.table);

    request = request_of(&f, &ask);
    begin_page(&page, &f, &request, &f.arena);
    assert_int_equal(page_step(&page, UINT32_MAX, true, &err), STATOR_OK);
    assert_int_equal(page.scanned, 1);
    assert_int_equal(page.last_key.count, COUNT_OF(names));
    page_deinit(&page);

    /* on from there */
    assert_int_equal(plan_scan(&request, &f.db.ring, 0, 1, &page.last_key, &f.arena, &err), STATOR_OK);
    begin_page(&page, &f, &request, &f.arena);
    assert_int_equal(page_step(&page, UINT32_MAX, true, &err), STATOR_OK);
    assert_int_equal(page.scanned, 0);
    page_deinit(&page);
    tear_down(&f);
}

/* Items that go or come while a page is read: those left alone come once, in order, and nothing breaks. */
static void changes_between_steps(void **state)
{
    static const bool waits[][2] = {{true, true}, {false, false}, {false, true}};
    static const char *const indexes[] = {NULL, "lsi", "lsi"};

    (void)state;
    for (size_t w = 0; w < COUNT_OF(waits); w++)
        for (size_t x = 0; x < COUNT_OF(indexes); x++) {
            const struct ask ask = {
                .index = indexes[x], .condition = OF_P3, .values = VALUES, .fetch = x == 2, .backward = x != 0};
            struct stator_error err = {0};
            struct page_request request;
            struct page page;
            char order[256];
            struct fixture f;

            set_up(&f, NULL);
            put_items(&f);
            request = request_of(&f, &ask);
            begin_page(&page, &f, &request, &f.arena);
            assert_int_equal(page_step(&page, 3, waits[w][0], &err), STATOR_OK); /* up to sk 3 */
            database_delete(&f.db, f.table, ITEM(S("pk", "p3"), N("sk", "3")));
            database_delete(&f.db, f.table, ITEM(S("pk", "p3"), N("sk", "4")));
            database_delete(&f.db, f.table, ITEM(S("pk", "p3"), N("sk", "5")));
            database_put(&f.db, f.table, ITEM(S("pk", "p3"), N("sk", "2.5"), S("l", "75"), S("a", "n")));
            while (!page.done)
                assert_int_equal(page_step(&page, 2, waits[w][1], &err), STATOR_OK);
            order_of(order, sizeof(order), &page, &f.arena);
            assert_int_equal(strncmp(order, "1 2 3 ", 6), 0);
            if (strcmp(order, "1 2 3 6 7 8 9") != 0) /* as of the step before */
                assert_string_equal(order, "1 2 3 4 5 6 7 8 9");
            page_deinit(&page);
            tear_down(&f);
        }
}

/* Memory that ends at any allocation ends the page with an error, and the rest is not lost. */
static void memory_ends(void **state)
{
    const struct ask ask = {.condition = OF_P3, .values = VALUES, .filter = "a = :a", .projection = "b", .limit = 5};
    enum stator_rc rc = STATOR_NO_MEMORY;
    struct page_request request;
    size_t refused = 0;
    struct fixture f;

    (void)state;
    set_up(&f, NULL);
    put_items(&f);
    request = request_of(&f, &ask);
    for (size_t max = 0; rc != STATOR_OK; max += 8) {
        struct stator_error err = {0};
        struct arena arena;
        struct page page;

        arena_init(&arena, max);
        begin_page(&page, &f, &request, &arena);
        page.scratch.max_bytes = max;
        rc = page_step(&page, UINT32_MAX, true, &err);
        if (rc != STATOR_OK)
            assert_int_equal(rc, STATOR_NO_MEMORY);
        refused += rc != STATOR_OK;
        page_deinit(&page);
        arena_deinit(&arena);
    }
    assert_true(refused > 3);
    tear_down(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages),
        cmocka_unit_test(pages_from_the_disk),
        cmocka_unit_test(all_items_once),
        cmocka_unit_test(a_megabyte),
        cmocka_unit_test(changes_between_steps),
        cmocka_unit_test(longest_keys),
        cmocka_unit_test(moves_to_a_worker),
        cmocka_unit_test(much_is_deleted),
        cmocka_unit_test(memory_ends),
    };

    nowait_set_cold(true); /* what a test has just written, the system has in memory */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
