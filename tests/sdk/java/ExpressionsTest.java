// SPDX-License-Identifier: Apache-2.0
// Conditions, filters, updates, projections, key conditions and numbers of ../cases.
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

@DisplayName("cases")
class ExpressionsTest {
    private static final Object KEY = Map.of("pk", Map.of("S", "k"));

    private static Map<String, Object> send(String operation, Map<String, Object> input) {
        return Cases.send(Support.CLIENT, operation, input);
    }

    private static Map<String, Object> members(String table, Map<String, Object> some) {
        return Support.with(Map.of("TableName", table), some);
    }

    private static Map<String, Object> members(String table, Map<String, Object> some, Map<String, Object> more) {
        return members(table, Support.with(some, more));
    }

    private static Map<String, Object> put(String table, Map<String, Object> item) {
        return send("PutItem", members(table, Map.of("Item", item)));
    }

    private static Map<String, Object> pk(String text) {
        return Map.of("pk", Map.of("S", text));
    }

    // [expression, ...] of a list of such.
    private static List<List<Object>> rows(Object list) {
        return Cases.list(list).stream().map(Cases::list).toList();
    }

    private static void assertSame(Object expected, Object actual, String what) {
        assertEquals(Cases.comparable(expected), Cases.comparable(actual), what);
    }

    // --- Conditions and filters ---

    private record Conditions(String table, Map<String, Object> cases, Map<String, Object> item) {
        static Conditions prepared() {
            Map<String, Object> cases = Cases.object(Cases.load("conditions"));
            Map<String, Object> item = Support.with(pk("k"), Cases.object(cases.get("item")));
            String table = Support.createTable("hash");
            put(table, item);
            return new Conditions(table, cases, item);
        }

        Map<String, Object> parts(String member, String expression) {
            return Support.with(Map.of(member, expression), Support.placeholders(expression, cases.get("names"), cases.get("values")));
        }

        Object condition(String expression) {
            return send("PutItem", members(table, Map.of("Item", item), parts("ConditionExpression", expression)));
        }

        Map<String, Object> filter(String expression) {
            return send("Scan", members(table, parts("FilterExpression", expression)));
        }

        void holds(String expression) {
            condition(expression);
            assertEquals(Cases.number(1), filter(expression).get("Count"), "as a filter");
        }

        void doesNotHold(String expression) {
            Support.assertRefused("ConditionalCheckFailedException: The conditional request failed", () -> condition(expression));
            assertEquals(Cases.number(0), filter(expression).get("Count"), "as a filter");
        }

        void refused(String expression, String message) {
            String error = "ValidationException: " + message;
            Support.assertRefused(error.replace("{kind}", "ConditionExpression"), () -> condition(expression));
            Support.assertRefused(error.replace("{kind}", "FilterExpression"), () -> filter(expression));
        }
    }

    @TestFactory
    @DisplayName("conditions and filters")
    Stream<DynamicTest> conditions() {
        Conditions on = Conditions.prepared();
        List<DynamicTest> tests = new ArrayList<>();
        for (Object expression : Cases.list(on.cases.get("true"))) {
            tests.add(dynamicTest("holds: " + expression, () -> on.holds(expression.toString())));
        }
        for (Object expression : Cases.list(on.cases.get("false"))) {
            tests.add(dynamicTest("does not hold: " + expression, () -> on.doesNotHold(expression.toString())));
        }
        for (List<Object> row : rows(on.cases.get("errors"))) {
            tests.add(dynamicTest("refused: " + row.get(0), () -> on.refused(row.get(0).toString(), row.get(1).toString())));
        }
        return tests.stream();
    }

    // --- Updates ---

    private record Updates(String table, Map<String, Object> cases) {
        Object stored(Map<String, Object> key) {
            return send("GetItem", members(table, Map.of("Key", key, "ConsistentRead", true))).get("Item");
        }

        Object update(Map<String, Object> key, String expression) {
            Map<String, Object> update = Map.of("Key", key, "UpdateExpression", expression, "ReturnValues", "ALL_NEW");
            return send("UpdateItem", members(table, update, Support.placeholders(expression, cases.get("names"), cases.get("values"))))
                    .get("Attributes");
        }

        void done(Map<String, Object> key, List<Object> row) {
            if (row.get(0) != null) {
                put(table, Support.with(key, Cases.object(row.get(0))));
            }
            Map<String, Object> after = Support.with(key, Cases.object(row.get(2)));
            assertSame(after, update(key, row.get(1).toString()), "ALL_NEW");
            assertSame(after, stored(key), "stored");
        }

        void refused(Map<String, Object> key, List<Object> row) {
            put(table, Support.with(key, Cases.object(row.get(0))));
            Object before = stored(key);
            Support.assertRefused("ValidationException: " + row.get(2), () -> update(key, row.get(1).toString()));
            assertSame(before, stored(key), "nothing may have changed");
        }
    }

    @TestFactory
    @DisplayName("updates")
    Stream<DynamicTest> updates() {
        Updates on = new Updates(Support.createTable("hash"), Cases.object(Cases.load("updates")));
        List<DynamicTest> tests = new ArrayList<>();
        for (List<Object> row : rows(on.cases.get("done"))) {
            Map<String, Object> key = pk("done " + tests.size());
            tests.add(dynamicTest(row.get(1) + " on " + row.get(0), () -> on.done(key, row)));
        }
        for (List<Object> row : rows(on.cases.get("refused"))) {
            Map<String, Object> key = pk("refused " + tests.size());
            tests.add(dynamicTest("refused: " + row.get(1) + " on " + row.get(0), () -> on.refused(key, row)));
        }
        return tests.stream();
    }

    // --- Projections ---

    private record Projections(String table, Object names) {
        Map<String, Object> parts(String expression) {
            return Support.with(Map.of("ProjectionExpression", expression), Support.placeholders(expression, names, null));
        }

        Object get(String expression) {
            return send("GetItem", members(table, Map.of("Key", KEY), parts(expression))).getOrDefault("Item", Map.of());
        }

        void shows(String expression, Map<String, Object> part) {
            Object expected = Boolean.TRUE.equals(part.get("pk")) ? KEY : part;
            assertSame(expected, get(expression), "GetItem");
            assertSame(List.of(expected), send("Scan", members(table, parts(expression))).get("Items"), "Scan");
        }
    }

    @TestFactory
    @DisplayName("projections")
    Stream<DynamicTest> projections() {
        Map<String, Object> cases = Cases.object(Cases.load("projections"));
        Projections on = new Projections(Support.createTable("hash"), cases.get("names"));
        put(on.table, Support.with(pk("k"), Cases.object(cases.get("item"))));
        return Stream.concat(
                rows(cases.get("shown")).stream()
                        .map(row -> dynamicTest(row.get(0).toString(), () -> on.shows(row.get(0).toString(), Cases.object(row.get(1))))),
                rows(cases.get("errors")).stream().map(row -> dynamicTest("refused: " + row.get(0),
                        () -> Support.assertRefused("ValidationException: " + row.get(1), () -> on.get(row.get(0).toString())))));
    }

    // --- Key conditions ---

    private record Keys(String table, Object values) {
        List<Integer> query(String expression, boolean forward) {
            Map<String, Object> all = Support.with(Cases.object(values), Map.of(":p", Map.of("S", "p")));
            Map<String, Object> asked = Map.of("KeyConditionExpression", expression, "ScanIndexForward", forward);
            Map<String, Object> answer = send("Query", members(table, asked, Support.placeholders(expression, Map.of("#sk", "sk"), all)));
            return Cases.list(answer.get("Items")).stream()
                    .map(item -> Integer.parseInt(Cases.object(Cases.object(item).get("place")).get("N").toString())).toList();
        }

        // In an order that is not theirs, so that the server has to sort.
        void fill(List<Object> sorted) {
            List<Integer> places = new ArrayList<>();
            for (int i = 0; i < sorted.size(); i++) {
                places.add((i * 5 + 2) % sorted.size());
            }
            assertEquals(sorted.size(), places.stream().distinct().count());
            for (int place : places) {
                put(table, Map.of("pk", Map.of("S", "p"), "sk", sorted.get(place), "place", Map.of("N", Integer.toString(place))));
            }
        }

        void bothWays(String expression, List<Integer> places) {
            List<Integer> backward = new ArrayList<>(places);
            Collections.reverse(backward);
            assertEquals(places, query(expression, true));
            assertEquals(backward, query(expression, false), "backward");
        }
    }

    private static List<DynamicTest> keysOf(String type, Map<String, Object> cases) {
        Keys on = new Keys(Support.createTable(type.equals("S") ? "range" : "range" + type), cases.get("values"));
        List<Object> sorted = Cases.list(cases.get("sorted"));
        on.fill(sorted);
        List<Integer> everything = Stream.iterate(0, i -> i + 1).limit(sorted.size()).toList();
        List<DynamicTest> tests = new ArrayList<>();
        tests.add(dynamicTest(type + ": the order of the values", () -> on.bothWays("pk = :p", everything)));
        tests.add(dynamicTest(type + ": each by its key", () -> {
            for (int place : everything) {
                Object key = Map.of("pk", Map.of("S", "p"), "sk", sorted.get(place));
                Map<String, Object> item = Cases.object(send("GetItem", members(on.table, Map.of("Key", key))).get("Item"));
                assertEquals(Map.of("N", Integer.toString(place)), item.get("place"));
            }
        }));
        for (List<Object> row : rows(cases.get("conditions"))) {
            List<Integer> places = Cases.list(row.get(1)).stream().map(place -> ((Number) place).intValue()).toList();
            tests.add(dynamicTest(type + ": " + row.get(0), () -> {
                on.bothWays("pk = :p AND " + row.get(0), places);
                on.bothWays("(" + row.get(0) + ") and (:p = pk)", places);
            }));
        }
        return tests;
    }

    @TestFactory
    @DisplayName("key conditions")
    Stream<DynamicTest> keys() {
        Map<String, Object> cases = Cases.object(Cases.load("keys"));
        List<DynamicTest> tests = new ArrayList<>();
        Cases.object(cases.get("types")).forEach((type, part) -> tests.addAll(keysOf(type, Cases.object(part))));
        Keys on = new Keys(Support.createTable("range"), cases.get("error_values"));
        for (List<Object> row : rows(cases.get("errors"))) {
            String expression = row.get(0).toString();
            Map<String, Object> asked = members(on.table, Map.of("KeyConditionExpression", expression),
                    Support.placeholders(expression, null, on.values));
            tests.add(dynamicTest("refused: " + expression,
                    () -> Support.assertRefused("ValidationException: " + row.get(1), () -> send("Query", asked))));
        }
        return tests.stream();
    }

    // --- Numbers ---

    private static void kept(String table, Map<String, Object> key, Object text, Object canonical) {
        put(table, Support.with(key, Map.of("n", Map.of("N", text), "set", Map.of("NS", List.of(text)))));
        Object expected = Support.with(key, Map.of("n", Map.of("N", canonical), "set", Map.of("NS", List.of(canonical))));
        assertSame(expected, send("GetItem", members(table, Map.of("Key", key))).get("Item"), "stored");
    }

    @TestFactory
    @DisplayName("numbers")
    Stream<DynamicTest> numbers() {
        Map<String, Object> cases = Cases.object(Cases.load("numbers"));
        String table = Support.createTable("hash");
        return Stream.concat(
                rows(cases.get("kept")).stream().map(row -> dynamicTest(row.get(0) + " is " + row.get(1),
                        () -> kept(table, pk("kept " + row.get(0)), row.get(0), row.get(1)))),
                rows(cases.get("refused")).stream().map(row -> dynamicTest("refused: " + row.get(0),
                        () -> Support.assertRefused("ValidationException: " + row.get(1),
                                () -> put(table, Support.with(pk("no"), Map.of("n", Map.of("N", row.get(0)))))))));
    }
}
