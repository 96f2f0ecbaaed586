// SPDX-License-Identifier: Apache-2.0
// A throttled table on a server of one's own: the SDK's exceptions with their reasons, which it takes for throttling itself.
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.dynamodb.DynamoDbClient;
import software.amazon.awssdk.services.dynamodb.model.CreateTableRequest;
import software.amazon.awssdk.services.dynamodb.model.ProvisionedThroughputExceededException;
import software.amazon.awssdk.services.dynamodb.model.ThrottlingException;
import software.amazon.awssdk.services.dynamodb.model.ThrottlingReason;

@DisplayName("throttling")
class ThrottleTest {
    private static final String BINARY = System.getenv("STATOR_BIN");
    private static final Pattern LISTENING = Pattern.compile("\\blistening\\b.*\\bport=(\\d+)");

    private record Server(Process process, String url) implements AutoCloseable {
        static Server started(String... flags) throws IOException {
            ProcessBuilder builder = new ProcessBuilder(BINARY, "--port", "0").redirectErrorStream(true);
            builder.command().addAll(List.of(flags));
            Process process = builder.start();
            BufferedReader log = process.inputReader(StandardCharsets.UTF_8);
            StringBuilder said = new StringBuilder();
            for (String line = log.readLine(); line != null; line = log.readLine()) {
                said.append(line).append('\n');
                Matcher found = LISTENING.matcher(line);
                if (found.find()) {
                    Thread reader = new Thread(() -> log.lines().forEach(ignored -> { }));
                    reader.setDaemon(true); // so that the server never waits for a reader
                    reader.start();
                    return new Server(process, "http://127.0.0.1:" + found.group(1));
                }
            }
            throw new IOException("the server left:\n" + said);
        }

        @Override
        public void close() {
            process.toHandle().destroy(); // Process.destroy would close what the reader reads
            assertEquals(0, process.onExit().join().exitValue(), "the server's exit code");
        }
    }

    // A table that owes far more than it is given.
    private static String exhausted(DynamoDbClient client, String name, Consumer<CreateTableRequest.Builder> billing) {
        CreateTableRequest.Builder table = CreateTableRequest.builder().tableName(name).attributeDefinitions(Support.define("pk", "S"))
                .keySchema(Support.key("pk", null));
        billing.accept(table);
        client.createTable(table.build());
        Support.waiter(client).waitUntilTableExists(asked -> asked.tableName(name));
        client.putItem(put -> put.tableName(name).item(Support.with(Support.pk("big"), FlowsTest.filled(390 * 1024))));
        return name;
    }

    private static void assertReason(String expected, String table, List<ThrottlingReason> reasons) {
        assertEquals(List.of(expected), reasons.stream().map(ThrottlingReason::reason).toList());
        assertTrue(reasons.get(0).resource().endsWith(":table/" + table), reasons.toString());
    }

    @Test
    @DisplayName("what was exceeded")
    void reasons() throws Exception {
        assumeTrue(BINARY != null, "STATOR_BIN names no server");
        try (Server server = Server.started("--in-memory", "--enforce-throughput"); DynamoDbClient client = Support.clientFor(server.url)) {
            String provisioned = exhausted(client, "provisioned",
                    table -> table.provisionedThroughput(units -> units.readCapacityUnits(1L).writeCapacityUnits(1L)));
            var exceeded = FlowsTest.thrown(ProvisionedThroughputExceededException.class,
                    () -> client.putItem(put -> put.tableName(provisioned).item(Support.pk("small"))));
            assertReason("TableWriteProvisionedThroughputExceeded", provisioned, exceeded.throttlingReasons());
            assertTrue(exceeded.isThrottlingException());

            String demand = exhausted(client, "demand", table -> table.billingMode("PAY_PER_REQUEST")
                    .onDemandThroughput(units -> units.maxReadRequestUnits(1L).maxWriteRequestUnits(1L)));
            var throttled = FlowsTest.thrown(ThrottlingException.class,
                    () -> client.putItem(put -> put.tableName(demand).item(Support.pk("small"))));
            assertReason("TableWriteMaxOnDemandThroughputExceeded", demand, throttled.throttlingReasons());
            assertTrue(throttled.isThrottlingException());
        }
    }
}
