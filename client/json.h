/* SPDX-License-Identifier: Apache-2.0 */
/* json: what reading (json_read.c) and writing (json_write.c) of stator/json.h share.
 */
#ifndef CLIENT_JSON_H
#define CLIENT_JSON_H

#include "build.h"
#include "stator/json.h"

/* The type that a name marks the one value of its object to be of; VALUE_ABSENT: it is no tag. */
enum value_type json_tag(struct bytes name);

/* Reads DynamoDB JSON whose text lives as long as the builder. */
STATOR_MUST_CHECK enum stator_rc json_read_item_in_place(struct stator_builder *builder, struct item *out,
                                                         struct bytes json, struct stator_error *err);

/* Adds text, which is JSON, with line breaks and blanks to the builder's scratch. */
void json_indent(struct stator_builder *builder, struct bytes json, unsigned indent);

#endif
