/* SPDX-License-Identifier: Apache-2.0 */
/* The macros of api.def that its includer does not need become empty. No include guard: it is read each time. */
#ifndef PATTERN
#define PATTERN(pattern, text)
#endif
#ifndef STRING_SHAPE
#define STRING_SHAPE(shape, min, max, pattern)
#endif
#ifndef NAME_SHAPE
#define NAME_SHAPE(shape, name)
#endif
#ifndef INTEGER_SHAPE
#define INTEGER_SHAPE(shape, min, max)
#endif
#ifndef LONG_SHAPE
#define LONG_SHAPE(shape, min, max)
#endif
#ifndef DOUBLE_SHAPE
#define DOUBLE_SHAPE(shape, min, max)
#endif
#ifndef TIMESTAMP_SHAPE
#define TIMESTAMP_SHAPE(shape, min, max)
#endif
#ifndef BOOLEAN_SHAPE
#define BOOLEAN_SHAPE(shape, min, max)
#endif
#ifndef VALUE_SHAPE
#define VALUE_SHAPE(shape)
#endif
#ifndef ITEM_SHAPE
#define ITEM_SHAPE(shape, key)
#endif
#ifndef ENUM_BEGIN
#define ENUM_BEGIN(shape)
#endif
#ifndef ENUM_VALUE
#define ENUM_VALUE(shape, value)
#endif
#ifndef ENUM_END
#define ENUM_END(shape)
#endif
#ifndef LIST_SHAPE
#define LIST_SHAPE(shape, kind, element, min, max)
#endif
#ifndef MAP_SHAPE
#define MAP_SHAPE(shape, key, kind, element, min, max)
#endif
#ifndef STRUCTURE_BEGIN
#define STRUCTURE_BEGIN(shape)
#endif
#ifndef MEMBER
#define MEMBER(owner, name, kind, shape, need)
#endif
#ifndef MEMBER_LIMITED
#define MEMBER_LIMITED(owner, name, kind, shape, need, min, max) MEMBER(owner, name, kind, shape, need)
#endif
#ifndef STRUCTURE_END
#define STRUCTURE_END(shape)
#endif
#ifndef OPERATION
#define OPERATION(name, service, input, output)
#endif
#ifndef THROWS
#define THROWS(operation, error)
#endif
