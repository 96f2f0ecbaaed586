/* SPDX-License-Identifier: Apache-2.0 */
/* DynamoDB JSON as string literals: ITEM(S("pk", "a"), N("sk", "1")) is {"pk":{"S":"a"},"sk":{"N":"1"}}. */
#ifndef TESTS_UNIT_SERVER_JSON_H
#define TESTS_UNIT_SERVER_JSON_H

#define S(name, text)   "\"" name "\":{\"S\":\"" text "\"}"
#define N(name, digits) "\"" name "\":{\"N\":\"" digits "\"}"

#define JOIN_1(a)                a
#define JOIN_2(a, b)             a "," b
#define JOIN_3(a, b, c)          a "," b "," c
#define JOIN_4(a, b, c, d)       a "," b "," c "," d
#define JOIN_5(a, b, c, d, e)    a "," b "," c "," d "," e
#define JOIN_6(a, b, c, d, e, f) a "," b "," c "," d "," e "," f

#define JOIN_OF(a, b, c, d, e, f, join, ...) join
#define ITEM(...)                            "{" JOIN_OF(__VA_ARGS__, JOIN_6, JOIN_5, JOIN_4, JOIN_3, JOIN_2, JOIN_1, unused)(__VA_ARGS__) "}"

#endif
