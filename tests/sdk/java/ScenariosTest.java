// SPDX-License-Identifier: Apache-2.0
// The scenarios of ../cases: whole operations in order, on a table of their own.
import static org.junit.jupiter.api.DynamicContainer.dynamicContainer;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.DynamicNode;
import org.junit.jupiter.api.TestFactory;

@DisplayName("cases")
class ScenariosTest {
    private static final List<String> FILES =
            List.of("tables", "items", "indexes", "reading", "legacy", "capacity", "batches", "transactions", "partiql", "ttl", "around");

    @TestFactory
    @DisplayName("scenarios")
    Stream<DynamicNode> files() {
        return FILES.stream().map(file -> dynamicContainer(file, Cases.list(Cases.load("scenarios/" + file)).stream().map(Cases::object)
                .map(scenario -> dynamicTest(scenario.get("name").toString(), () -> run(file, scenario)))));
    }

    private static void run(String file, Map<String, Object> scenario) {
        Object kind = scenario.get("table");
        String table = kind == null ? Support.uniqueName() : Support.createTable(kind.toString());
        Object count = Cases.object(scenario.get("setup")).getOrDefault("count", 0);
        fill(table, ((Number) count).intValue());
        int number = 0;
        for (Object step : Cases.list(scenario.get("steps"))) {
            number++;
            String where = "step " + number + " (" + shortened(step) + ")";
            try {
                run(Cases.list(step), table);
            } catch (Cases.Unsayable reason) {
                Main.skip(file + ": " + scenario.get("name") + ", " + where, reason.getMessage());
            } catch (AssertionError | RuntimeException error) {
                throw new AssertionError(where + ": " + error.getMessage(), error);
            }
        }
    }

    private static String shortened(Object step) {
        String text = step.toString();
        return text.length() > 200 ? text.substring(0, 200) + " and so on" : text;
    }

    private static void fill(String table, int count) {
        for (int i = 0; i < count; i++) {
            String sk = String.format("%02d", i);
            int n = i;
            Support.CLIENT.putItem(put -> put.tableName(table).item(Map.of("pk", Support.text("p"), "sk", Support.text(sk),
                    "n", Support.number(n), "odd", Support.number(n % 2))));
        }
    }

    private static void run(List<Object> step, String table) {
        boolean repeated = step.get(0).equals("until");
        List<Object> parts = repeated ? step.subList(1, step.size()) : step;
        String operation = parts.get(0).toString();
        Map<String, Object> input = Cases.object(Cases.filled(parts.get(1), table));
        Object expected = Cases.filled(parts.size() > 2 ? parts.get(2) : Map.of(), table);
        Runnable attempt = () -> {
            if (expected instanceof String error) {
                Support.assertRefused(error, () -> Cases.send(Support.CLIENT, operation, input));
            } else {
                Support.assertHas(Cases.send(Support.CLIENT, operation, input), expected, "answer");
            }
        };
        if (repeated) {
            Support.until(attempt);
        } else {
            attempt.run();
        }
    }
}
