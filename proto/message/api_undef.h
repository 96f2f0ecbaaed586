/* SPDX-License-Identifier: Apache-2.0 */
/* Ends a reading of api.def: the next one starts afresh. */
#undef PATTERN
#undef STRING_SHAPE
#undef NAME_SHAPE
#undef INTEGER_SHAPE
#undef LONG_SHAPE
#undef DOUBLE_SHAPE
#undef TIMESTAMP_SHAPE
#undef BOOLEAN_SHAPE
#undef VALUE_SHAPE
#undef ITEM_SHAPE
#undef ENUM_BEGIN
#undef ENUM_VALUE
#undef ENUM_END
#undef LIST_SHAPE
#undef MAP_SHAPE
#undef STRUCTURE_BEGIN
#undef MEMBER
#undef MEMBER_LIMITED
#undef STRUCTURE_END
#undef OPERATION
#undef THROWS
