/* SPDX-License-Identifier: Apache-2.0 */
/* page: operations that answer in pages, read to their end.
 *
 *     struct stator_pages *pages = stator_query_pages(call, &(struct stator_query_input){...});
 *     const struct stator_item *item;
 *
 *     while ((item = stator_next_item(pages)) != NULL)
 *         ...
 *     if (stator_pages_end(pages) != STATOR_OK)          frees the pages
 *         ... stator_call_failure(call)->message ...
 *
 * or page by page, for what else a page says:
 *
 *     while (stator_page_next(pages)) {
 *         const struct stator_query_output *page = stator_page(pages);
 *
 * Owns:   a copy of *in, but not of what *in points to: that must live as long as the pages.
 * Borrows: the call, which must not be used for anything else meanwhile. A page is good until the next one.
 * Thread: one at a time.
 */
#ifndef STATOR_PAGE_H
#define STATOR_PAGE_H

#include "stator/items.h"
#include "stator/streams.h"
#include "stator/tables.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

struct stator_pages;

/* From where *in says it begins, to the end. No request is made yet. NULL without memory; every function below takes
 * that NULL, and says STATOR_NO_MEMORY in the end. */
struct stator_pages *stator_query_pages(struct stator_call *call, const struct stator_query_input *in);
struct stator_pages *stator_scan_pages(struct stator_call *call, const struct stator_scan_input *in);
struct stator_pages *stator_statement_pages(struct stator_call *call, const struct stator_execute_statement_input *in);
struct stator_pages *stator_table_pages(struct stator_call *call, const struct stator_list_tables_input *in);
struct stator_pages *stator_tag_pages(struct stator_call *call, const struct stator_list_tags_of_resource_input *in);
struct stator_pages *stator_stream_pages(struct stator_call *call, const struct stator_list_streams_input *in);

/* Records of one shard. An open shard has no last page: its pages become empty, and the caller pauses between them. */
struct stator_pages *stator_record_pages(struct stator_call *call, const struct stator_get_records_input *in);

/* Fetches the next page. False at the end, or when it failed. */
bool stator_page_next(struct stator_pages *pages);

/* The page at hand, as the operation's output structure. NULL before the first. */
const void *stator_page(const struct stator_pages *pages);

/* The next item of all pages of a query, scan or statement, fetching as it goes; good until the next page is fetched.
 * NULL at the end, or when it failed. Not to be mixed with stator_page_next. */
const struct stator_item *stator_next_item(struct stator_pages *pages);

/* STATOR_OK when all went well so far, else how a page failed: stator_call_failure(call) says why. */
enum stator_rc stator_pages_rc(const struct stator_pages *pages);

/* The same, and frees the pages. */
enum stator_rc stator_pages_end(struct stator_pages *pages);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
